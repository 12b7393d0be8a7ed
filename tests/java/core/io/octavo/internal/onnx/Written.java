package io.octavo.internal.onnx;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Path;

/** Files in memory: as many as a test likes, without a disk that is waited for. */
final class Written {
    private Written() {}

    static byte[] bytes(ModelDef model) {
        try {
            return bytes(OnnxWriter.of(model));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] bytes(TensorDef tensor) {
        try {
            return bytes(OnnxWriter.of(tensor));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static ModelDef model(byte[] bytes) {
        return OnnxReader.model("written.onnx", ByteBuffer.wrap(bytes), Path.of("none"));
    }

    static TensorDef tensor(byte[] bytes) {
        return OnnxReader.tensor("written.pb", ByteBuffer.wrap(bytes), Path.of("none"));
    }

    private static byte[] bytes(OnnxWriter writer) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        writer.writeTo(Channels.newChannel(bytes));
        return bytes.toByteArray();
    }
}

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
        return bytes(OnnxWriter.of(model));
    }

    static byte[] bytes(TensorDef tensor) {
        return bytes(OnnxWriter.of(tensor));
    }

    static ModelDef model(byte[] bytes) {
        return OnnxReader.model("written.onnx", ByteBuffer.wrap(bytes), Path.of("none"));
    }

    static TensorDef tensor(byte[] bytes) {
        return OnnxReader.tensor("written.pb", ByteBuffer.wrap(bytes), Path.of("none"));
    }

    private static byte[] bytes(OnnxWriter writer) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            writer.writeTo(Channels.newChannel(bytes));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}

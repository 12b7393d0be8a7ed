package io.octavo.internal.onnx;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The bytes of a protobuf message, field by field: what a file may hold, and what it should not. */
final class Proto {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final CodedOutputStream out = CodedOutputStream.newInstance(bytes);

    private interface Call {
        void call() throws IOException;
    }

    private Proto with(Call call) {
        try {
            call.call();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Proto varint(int field, long... values) {
        return with(() -> {
            for (long value : values) {
                out.writeInt64(field, value);
            }
        });
    }

    Proto packed(int field, long... values) {
        return with(() -> {
            int size = 0;
            for (long value : values) {
                size += CodedOutputStream.computeInt64SizeNoTag(value);
            }
            out.writeTag(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
            out.writeUInt32NoTag(size);
            for (long value : values) {
                out.writeInt64NoTag(value);
            }
        });
    }

    Proto fixed32(int field, float value) {
        return with(() -> out.writeFloat(field, value));
    }

    Proto fixed64(int field, double value) {
        return with(() -> out.writeDouble(field, value));
    }

    Proto string(int field, String value) {
        return bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    Proto bytes(int field, byte... value) {
        return with(() -> out.writeByteArray(field, value));
    }

    Proto message(int field, Proto message) {
        return bytes(field, message.toByteArray());
    }

    /** A length that is not that of what follows. */
    Proto length(int field, long length) {
        return with(() -> {
            out.writeTag(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
            out.writeUInt64NoTag(length);
        });
    }

    Proto tag(int field, int wireType) {
        return with(() -> out.writeTag(field, wireType));
    }

    Proto raw(byte... value) {
        return with(() -> out.writeRawBytes(value));
    }

    byte[] toByteArray() {
        with(out::flush);
        return bytes.toByteArray();
    }

    /** Read as a model. */
    ModelDef model() {
        return OnnxReader.model("test.onnx", ByteBuffer.wrap(toByteArray()), Path.of("none"));
    }

    /** Read as a tensor. */
    TensorDef tensor() {
        return OnnxReader.tensor("test.pb", ByteBuffer.wrap(toByteArray()), Path.of("none"));
    }

    // ---- What files are made of
    // --------------------------------------------------------------------------------------------

    /** A model of this graph. */
    static Proto modelOf(Proto graph) {
        return new Proto()
                .varint(Schema.Model.IR_VERSION, 8)
                .message(Schema.Model.GRAPH, graph)
                .message(
                        Schema.Model.OPSET_IMPORT,
                        new Proto().string(Schema.Opset.DOMAIN, "").varint(Schema.Opset.VERSION, 17));
    }

    /** A node without attributes. */
    static Proto node(String opType, String input, String output) {
        return new Proto()
                .string(Schema.Node.INPUT, input)
                .string(Schema.Node.OUTPUT, output)
                .string(Schema.Node.OP_TYPE, opType);
    }

    /** A value of unknown type. */
    static Proto value(String name) {
        return new Proto().string(Schema.Value.NAME, name);
    }

    /** A tensor's name, type and dimensions. */
    static Proto tensorOf(String name, ElementType type, long... dims) {
        return new Proto()
                .varint(Schema.Tensor.DIMS, dims)
                .varint(Schema.Tensor.DATA_TYPE, type.number())
                .string(Schema.Tensor.NAME, name);
    }
}

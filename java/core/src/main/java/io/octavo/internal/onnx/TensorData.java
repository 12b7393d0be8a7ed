package io.octavo.internal.onnx;

import io.octavo.InvalidValueException;
import io.octavo.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.List;

/** Where the elements of a tensor lie. Buffers are read-only slices of the mapped file and little-endian. */
public sealed interface TensorData {
    /** Elements one after the other, small ones packed into bytes, the first into the lowest bits. */
    record Raw(ByteBuffer bytes) implements TensorData {
        public Raw {
            bytes = Bytes.shared(bytes);
        }

        /** A buffer of its own on the same bytes. */
        public ByteBuffer bytes() {
            return Bytes.shared(bytes);
        }
    }

    /**
     * As {@link Raw}, in a file beside the model's.
     *
     * @param location path of the file, as the model gives it
     * @param offset of the first byte in it
     */
    record External(String location, long offset, ByteBuffer bytes) implements TensorData {
        public External {
            bytes = Bytes.shared(bytes);
        }

        /** A buffer of its own on the same bytes. */
        public ByteBuffer bytes() {
            return Bytes.shared(bytes);
        }
    }

    /** Integers of variable length, as protobuf writes numbers; bit patterns of F16 and the like, and packed bytes, are integers too. */
    record Varints(ByteBuffer bytes) implements TensorData {
        public Varints {
            bytes = Bytes.shared(bytes);
        }

        /** A buffer of its own on the same bytes. */
        public ByteBuffer bytes() {
            return Bytes.shared(bytes);
        }
    }

    /** Elements of type STRING. */
    record Strings(List<String> values) implements TensorData {
        public Strings {
            values = List.copyOf(values);
        }
    }

    /** A tensor that is to be written. */
    record Held(Tensor tensor) implements TensorData {
        public Held {
            InvalidValueException.requireNonNull(tensor, "tensor to be written");
        }
    }
}

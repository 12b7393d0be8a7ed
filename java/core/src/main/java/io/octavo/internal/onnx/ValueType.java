package io.octavo.internal.onnx;

import io.octavo.InvalidValueException;
import java.nio.ByteBuffer;
import java.util.List;

/** What a file says of the type of a value. */
public sealed interface ValueType {
    /**
     * A tensor.
     *
     * @param dims null: not even their number is known
     */
    record OfTensor(ElementType element, List<DimDef> dims) implements ValueType {
        public OfTensor {
            InvalidValueException.requireNonNull(element, "element type of a value");
            dims = dims == null ? null : List.copyOf(dims);
        }

        @Override
        public String toString() {
            return element + (dims == null ? " [...]" : " " + dims);
        }
    }

    /** What Octavo has no values of. */
    enum Kind {
        SEQUENCE,
        MAP,
        OPAQUE,
        SPARSE_TENSOR,
        OPTIONAL
    }

    /**
     * No tensor.
     *
     * @param message the file's description, as it stands there
     */
    record Other(Kind kind, ByteBuffer message) implements ValueType {
        public Other {
            message = Bytes.shared(message);
        }

        /** A buffer of its own on the same bytes. */
        public ByteBuffer message() {
            return Bytes.shared(message);
        }

        @Override
        public String toString() {
            return kind.name();
        }
    }

    /** Nothing is said, as is allowed for inner values and in functions. */
    record Unknown() implements ValueType {}

    /** The one {@link Unknown}. */
    ValueType UNKNOWN = new Unknown();
}

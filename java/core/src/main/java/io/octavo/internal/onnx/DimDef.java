package io.octavo.internal.onnx;

/** A dimension of a value. */
public sealed interface DimDef {
    /** A number, 0 or more. */
    record Size(long value) implements DimDef {
        @Override
        public String toString() {
            return Long.toString(value);
        }
    }

    /** Unknown, and the same wherever the name stands. */
    record Named(String name) implements DimDef {
        @Override
        public String toString() {
            return name;
        }
    }

    /** Unknown, and nothing said about it. */
    record Unknown() implements DimDef {
        @Override
        public String toString() {
            return "?";
        }
    }

    /** The one {@link Unknown}. */
    DimDef UNKNOWN = new Unknown();
}

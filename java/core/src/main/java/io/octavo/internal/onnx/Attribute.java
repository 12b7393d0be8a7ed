package io.octavo.internal.onnx;

import io.octavo.InvalidValueException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** The value of an attribute. */
public sealed interface Attribute {
    /** What an attribute holds, with the numbers that files write. */
    enum Kind {
        FLOAT(1),
        INT(2),
        STRING(3),
        TENSOR(4),
        GRAPH(5),
        FLOATS(6),
        INTS(7),
        STRINGS(8),
        TENSORS(9),
        GRAPHS(10),
        SPARSE_TENSOR(11),
        SPARSE_TENSORS(12),
        TYPE(13),
        TYPES(14);

        final int number;

        Kind(int number) {
            this.number = number;
        }
    }

    /** What it holds. */
    Kind kind();

    /** A real number. */
    record OfFloat(float value) implements Attribute {
        @Override
        public Kind kind() {
            return Kind.FLOAT;
        }
    }

    /** An integer. */
    record OfInt(long value) implements Attribute {
        @Override
        public Kind kind() {
            return Kind.INT;
        }
    }

    /** A string. */
    record OfString(String value) implements Attribute {
        public OfString {
            InvalidValueException.requireNonNull(value, "string of an attribute");
        }

        @Override
        public Kind kind() {
            return Kind.STRING;
        }
    }

    /** A constant. */
    record OfTensor(TensorDef value) implements Attribute {
        public OfTensor {
            InvalidValueException.requireNonNull(value, "tensor of an attribute");
        }

        @Override
        public Kind kind() {
            return Kind.TENSOR;
        }
    }

    /** A graph, such as a branch of an If. */
    record OfGraph(GraphDef value) implements Attribute {
        public OfGraph {
            InvalidValueException.requireNonNull(value, "graph of an attribute");
        }

        @Override
        public Kind kind() {
            return Kind.GRAPH;
        }
    }

    /** Real numbers. */
    record OfFloats(float... values) implements Attribute {
        public OfFloats {
            values = values.clone();
        }

        /** A copy. */
        public float[] values() {
            return values.clone();
        }

        @Override
        public Kind kind() {
            return Kind.FLOATS;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof OfFloats floats && Arrays.equals(values, floats.values);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(values);
        }

        @Override
        public String toString() {
            return Arrays.toString(values);
        }
    }

    /** Integers. */
    record OfInts(long... values) implements Attribute {
        public OfInts {
            values = values.clone();
        }

        /** A copy. */
        public long[] values() {
            return values.clone();
        }

        @Override
        public Kind kind() {
            return Kind.INTS;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof OfInts ints && Arrays.equals(values, ints.values);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(values);
        }

        @Override
        public String toString() {
            return Arrays.toString(values);
        }
    }

    /** Strings. */
    record OfStrings(List<String> values) implements Attribute {
        public OfStrings {
            values = List.copyOf(values);
        }

        @Override
        public Kind kind() {
            return Kind.STRINGS;
        }
    }

    /** Constants. */
    record OfTensors(List<TensorDef> values) implements Attribute {
        public OfTensors {
            values = List.copyOf(values);
        }

        @Override
        public Kind kind() {
            return Kind.TENSORS;
        }
    }

    /** Graphs. */
    record OfGraphs(List<GraphDef> values) implements Attribute {
        public OfGraphs {
            values = List.copyOf(values);
        }

        @Override
        public Kind kind() {
            return Kind.GRAPHS;
        }
    }

    /**
     * In a function's node: the value of the function's attribute {@code name} at the call; the node goes without if that has none.
     */
    record Reference(String name, Kind kind) implements Attribute {
        public Reference {
            Names.require(name, "attribute that is referred to");
            InvalidValueException.requireNonNull(kind, "kind of attribute " + Quoted.of(name));
        }
    }

    /**
     * What Octavo has no values of: sparse tensors and types.
     *
     * @param messages as they stand in the file
     */
    record Opaque(Kind kind, List<ByteBuffer> messages) implements Attribute {
        public Opaque {
            messages = messages.stream().map(Bytes::shared).toList();
            switch (kind) {
                case SPARSE_TENSOR, TYPE -> {
                    if (messages.size() != 1) {
                        throw new InvalidValueException(messages.size() + " values of an attribute " + kind);
                    }
                }
                case SPARSE_TENSORS, TYPES -> {}
                default -> throw new InvalidValueException("An attribute " + kind + " has a form of its own");
            }
        }

        /** Buffers of their own on the same bytes. */
        public List<ByteBuffer> messages() {
            return messages.stream().map(Bytes::shared).toList();
        }
    }
}

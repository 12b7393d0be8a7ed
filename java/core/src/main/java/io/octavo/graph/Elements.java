package io.octavo.graph;

import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.ByteBuffer;

/** The elements of a tensor as Java's numbers: real ones of F32, whole ones of all other types, truth as 0 and 1. */
final class Elements {
    private final Tensor tensor;
    private final DType dtype;
    private final ByteBuffer bytes;

    private Elements(Tensor tensor) {
        this.tensor = tensor;
        this.dtype = tensor.dtype();
        this.bytes = tensor.bytes();
    }

    /** Zeros, to be set. */
    Elements(DType dtype, Shape shape) {
        this(Tensor.zeros(dtype, shape));
    }

    /** A tensor's, to be read. */
    static Elements of(Tensor tensor) {
        return new Elements(tensor);
    }

    Tensor tensor() {
        return tensor;
    }

    DType dtype() {
        return dtype;
    }

    Shape shape() {
        return tensor.shape();
    }

    int count() {
        return (int) tensor.elements();
    }

    boolean areReal() {
        return dtype == DType.F32;
    }

    /** An element of F32. */
    double real(int i) {
        return bytes.getFloat(4 * i);
    }

    /** An element of another type. */
    long whole(int i) {
        return switch (dtype) {
            case S64 -> bytes.getLong(8 * i);
            case S32 -> bytes.getInt(4 * i);
            case U8 -> Byte.toUnsignedLong(bytes.get(i));
            case S8 -> bytes.get(i);
            case BOOL -> bytes.get(i) != 0 ? 1 : 0;
            case F32 -> throw new IllegalStateException("a real number");
        };
    }

    /** Rounds to F32. */
    void set(int i, double value) {
        bytes.putFloat(4 * i, (float) value);
    }

    /** Wraps to the type. */
    void set(int i, long value) {
        switch (dtype) {
            case S64 -> bytes.putLong(8 * i, value);
            case S32 -> bytes.putInt(4 * i, (int) value);
            case U8, S8 -> bytes.put(i, (byte) value);
            case BOOL -> bytes.put(i, (byte) (value != 0 ? 1 : 0));
            case F32 -> throw new IllegalStateException("whole numbers in F32");
        }
    }

    /** Below, at or above 0 as element {@code i} is less than, like or greater than element {@code j}. */
    int compare(int i, int j) {
        return areReal() ? Double.compare(real(i), real(j)) : Long.compare(whole(i), whole(j));
    }
}

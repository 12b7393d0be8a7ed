package io.octavo.graph;

import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;

/** The elements of a tensor as Java's numbers: real ones of F32, whole ones of all other types, truth as 0 and 1. */
final class Elements {
    private final DType dtype;
    private final Shape shape;
    private final double[] reals; // null: not F32
    private final long[] wholes; // null: F32

    /** Zeros. */
    Elements(DType dtype, Shape shape) {
        this.dtype = dtype;
        this.shape = shape;
        int count = Math.toIntExact(shape.elements());
        reals = dtype == DType.F32 ? new double[count] : null;
        wholes = dtype == DType.F32 ? null : new long[count];
    }

    /** A copy of a tensor's. */
    static Elements of(Tensor tensor) {
        Elements elements = new Elements(tensor.dtype(), tensor.shape());
        switch (tensor.dtype()) {
            case F32 -> {
                FloatBuffer floats = tensor.floats();
                for (int i = 0; i < elements.reals.length; i++) {
                    elements.reals[i] = floats.get(i);
                }
            }
            case S64 -> tensor.longs().get(elements.wholes);
            case BOOL -> {
                ByteBuffer bytes = tensor.bytes();
                for (int i = 0; i < elements.wholes.length; i++) {
                    elements.wholes[i] = bytes.get(i) != 0 ? 1 : 0;
                }
            }
            case U8, S8, S32 -> {
                int[] ints = tensor.toIntArray();
                for (int i = 0; i < ints.length; i++) {
                    elements.wholes[i] = ints[i];
                }
            }
        }
        return elements;
    }

    /** A tensor of them: real numbers rounded to F32, whole ones wrapped to the type. */
    Tensor tensor() {
        Tensor tensor = Tensor.zeros(dtype, shape);
        ByteBuffer bytes = tensor.bytes();
        FloatBuffer floats = bytes.asFloatBuffer();
        LongBuffer longs = bytes.asLongBuffer();
        for (int i = 0; i < count(); i++) {
            switch (dtype) {
                case F32 -> floats.put(i, (float) reals[i]);
                case S64 -> longs.put(i, wholes[i]);
                case S32 -> bytes.putInt(4 * i, (int) wholes[i]);
                case U8, S8 -> bytes.put(i, (byte) wholes[i]);
                case BOOL -> bytes.put(i, (byte) (wholes[i] != 0 ? 1 : 0));
            }
        }
        return tensor;
    }

    DType dtype() {
        return dtype;
    }

    Shape shape() {
        return shape;
    }

    int count() {
        return reals != null ? reals.length : wholes.length;
    }

    boolean areReal() {
        return reals != null;
    }

    /** An element of F32. */
    double real(int i) {
        return reals[i];
    }

    /** An element of another type. */
    long whole(int i) {
        return wholes[i];
    }

    void set(int i, double value) {
        reals[i] = value;
    }

    void set(int i, long value) {
        wholes[i] = value;
    }

    /** Below, at or above 0 as element {@code i} is less than, like or greater than element {@code j}. */
    int compare(int i, int j) {
        return areReal() ? Double.compare(reals[i], reals[j]) : Long.compare(wholes[i], wholes[j]);
    }
}

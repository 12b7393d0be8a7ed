package io.octavo.tensor;

import io.octavo.InvalidValueException;
import java.util.Arrays;

/**
 * The dimensions of a tensor, such as {@code [N, 3, 32, 32]}. Each is at least 1; the first may be {@link #N}, the batch, which
 * is known at run time only. A shape without dimensions is a scalar's.
 */
public final class Shape {
    /** The batch dimension, known at run time. Only a first dimension may be this. */
    public static final long N = -1;

    /** Most dimensions that a shape may have. */
    public static final int MAX_RANK = 6;

    private final long[] dims;

    private Shape(long[] dims) {
        this.dims = dims;
    }

    /**
     * A shape of the given dimensions.
     *
     * @throws InvalidValueException if there are more than {@link #MAX_RANK}, or one is below 1 and not a first {@link #N}
     */
    public static Shape of(long... dims) {
        if (dims.length > MAX_RANK) {
            throw new InvalidValueException(
                    "A shape has at most " + MAX_RANK + " dimensions, given: " + Arrays.toString(dims));
        }
        for (int i = 0; i < dims.length; i++) {
            if (dims[i] < 1 && !(i == 0 && dims[i] == N)) {
                throw new InvalidValueException("Dimension " + i + " of " + text(dims)
                        + " is out of range: each is at least 1, and only the first may be the batch N");
            }
        }
        return new Shape(dims.clone());
    }

    /** The shape {@code [N, dims...]} of a batch of samples. */
    public static Shape ofBatch(long... sampleDims) {
        long[] dims = new long[sampleDims.length + 1];
        dims[0] = N;
        System.arraycopy(sampleDims, 0, dims, 1, sampleDims.length);
        return of(dims);
    }

    /** Number of dimensions. */
    public int rank() {
        return dims.length;
    }

    /** Dimension {@code i}, counted from 0; {@link #N} for the batch. */
    public long dim(int i) {
        if (i < 0 || i >= dims.length) {
            throw new InvalidValueException("Shape " + this + " has no dimension " + i);
        }
        return dims[i];
    }

    /** A copy of the dimensions. */
    public long[] dims() {
        return dims.clone();
    }

    /** Whether the first dimension is {@link #N}. */
    public boolean hasBatch() {
        return dims.length > 0 && dims[0] == N;
    }

    /** This shape with its first dimension set to {@code n} (which may be {@link #N}). */
    public Shape withBatch(long n) {
        if (dims.length == 0) {
            throw new InvalidValueException("The scalar shape [] has no batch dimension to set");
        }
        long[] changed = dims.clone();
        changed[0] = n;
        return of(changed);
    }

    /**
     * Product of the dimensions.
     *
     * @throws InvalidValueException if the batch is not known, or the product exceeds a {@code long}
     */
    public long elements() {
        if (hasBatch()) {
            throw new InvalidValueException(
                    "Shape " + this + " has no number of elements before its batch N is known: use withBatch(n)");
        }
        return product(0);
    }

    /** Product of the dimensions after the first. */
    public long elementsPerSample() {
        return product(Math.min(1, dims.length));
    }

    private long product(int from) {
        long product = 1;
        for (int i = from; i < dims.length; i++) {
            try {
                product = Math.multiplyExact(product, dims[i]);
            } catch (ArithmeticException e) {
                throw new InvalidValueException("Shape " + this + " has more elements than can be counted", e);
            }
        }
        return product;
    }

    /** Whether {@code concrete} is this shape with any batch in place of {@link #N}. */
    public boolean accepts(Shape concrete) {
        if (dims.length != concrete.dims.length) {
            return false;
        }
        for (int i = 0; i < dims.length; i++) {
            if (dims[i] != concrete.dims[i] && dims[i] != N) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    /** {@code [N, 3, 32, 32]}. */
    @Override
    public String toString() {
        return text(dims);
    }

    private static String text(long[] dims) {
        StringBuilder text = new StringBuilder("[");
        for (int i = 0; i < dims.length; i++) {
            text.append(i == 0 ? "" : ", ").append(i == 0 && dims[i] == N ? "N" : Long.toString(dims[i]));
        }
        return text.append(']').toString();
    }
}

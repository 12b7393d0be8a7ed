package io.octavo.tensor;

import io.octavo.InvalidValueException;
import java.util.Arrays;
import java.util.Map;

/**
 * The dimensions of a tensor, such as {@code [N, 3, 32, 32]}. Each is at least 1, or unknown until a run and has a name then; an
 * unknown first dimension is the batch, {@link #N} if nobody named it. A shape without dimensions is a scalar's.
 */
public final class Shape {
    /** What stands for an unknown dimension among numbers; in {@link #of(long...)} only a first one may be unknown. */
    public static final long N = -1;

    /** Most dimensions that a shape may have. */
    public static final int MAX_RANK = 8;

    private static final String BATCH = "N";

    private final long[] dims; // N: unknown
    private final String[] names; // of unknown dimensions; null: none is unknown

    private Shape(long[] dims, String[] names) {
        this.dims = dims;
        this.names = names;
    }

    /**
     * A shape of the given dimensions, of which the first may be {@link #N}.
     *
     * @throws InvalidValueException if there are more than {@link #MAX_RANK}, or one is below 1 and not a first {@link #N}
     */
    public static Shape of(long... dims) {
        requireRank(dims.length, Arrays.toString(dims));
        for (int i = 0; i < dims.length; i++) {
            if (dims[i] < 1 && !(i == 0 && dims[i] == N)) {
                throw new InvalidValueException("Dimension " + i + " of " + text(dims)
                        + " is out of range: each is at least 1, and only the first may be the batch N");
            }
        }
        String[] names = null;
        if (dims.length > 0 && dims[0] == N) {
            names = new String[dims.length];
            names[0] = BATCH;
        }
        return new Shape(dims.clone(), names);
    }

    /**
     * A shape of dimensions that may be unknown anywhere.
     *
     * @throws InvalidValueException if there are more than {@link #MAX_RANK}
     */
    public static Shape ofDims(Dim... dims) {
        requireRank(dims.length, Arrays.toString(dims));
        long[] sizes = new long[dims.length];
        String[] names = null;
        for (int i = 0; i < dims.length; i++) {
            sizes[i] = dims[i].size();
            if (!dims[i].isKnown()) {
                names = names == null ? new String[dims.length] : names;
                names[i] = dims[i].name();
            }
        }
        return new Shape(sizes, names);
    }

    private static void requireRank(int rank, String dims) {
        if (rank > MAX_RANK) {
            throw new InvalidValueException("A shape has at most " + MAX_RANK + " dimensions, given: " + dims);
        }
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

    /** Dimension {@code i}, counted from 0; {@link #N} for an unknown one. */
    public long dim(int i) {
        if (i < 0 || i >= dims.length) {
            throw new InvalidValueException("Shape " + this + " has no dimension " + i);
        }
        return dims[i];
    }

    /** Dimension {@code i}, counted from 0. */
    public Dim dimension(int i) {
        return dim(i) == N ? Dim.unknown(names[i]) : Dim.of(dims[i]);
    }

    /** A copy of the dimensions, {@link #N} where unknown. */
    public long[] dims() {
        return dims.clone();
    }

    /** A copy of the dimensions. */
    public Dim[] dimensions() {
        Dim[] all = new Dim[dims.length];
        Arrays.setAll(all, this::dimension);
        return all;
    }

    /** Whether the first dimension is unknown. */
    public boolean hasBatch() {
        return dims.length > 0 && dims[0] == N;
    }

    /** Whether all dimensions are numbers. */
    public boolean isKnown() {
        return names == null;
    }

    /** This shape with its first dimension set to {@code n}; {@link #N} makes it unknown, or leaves it so. */
    public Shape withBatch(long n) {
        if (dims.length == 0) {
            throw new InvalidValueException("The scalar shape [] has no batch dimension to set");
        }
        if (n == dims[0]) {
            return this;
        }
        return with(0, n == N ? Dim.unknown(BATCH) : Dim.of(n));
    }

    /** This shape with another dimension {@code i}. */
    public Shape with(int i, Dim dim) {
        dim(i);
        Dim[] changed = dimensions();
        changed[i] = dim;
        return ofDims(changed);
    }

    /** This shape with the numbers of those of its unknown dimensions whose names are given. */
    public Shape with(Map<String, Long> sizes) {
        if (isKnown()) {
            return this;
        }
        Dim[] changed = dimensions();
        for (int i = 0; i < changed.length; i++) {
            Long size = changed[i].isKnown() ? null : sizes.get(changed[i].name());
            changed[i] = size == null ? changed[i] : Dim.of(size);
        }
        return ofDims(changed);
    }

    /**
     * Product of the dimensions.
     *
     * @throws InvalidValueException if one is not known, or the product exceeds a {@code long}
     */
    public long elements() {
        return product(0);
    }

    /**
     * Product of the dimensions after the first.
     *
     * @throws InvalidValueException if one of these is not known, or the product exceeds a {@code long}
     */
    public long elementsPerSample() {
        return product(Math.min(1, dims.length));
    }

    private long product(int from) {
        long product = 1;
        for (int i = from; i < dims.length; i++) {
            if (dims[i] == N) {
                throw new InvalidValueException("Shape " + this + " has no number of elements before its "
                        + (i == 0 ? "batch " : "dimension ") + names[i] + " is known"
                        + (i == 0 ? ": use withBatch(n)" : ""));
            }
            try {
                product = Math.multiplyExact(product, dims[i]);
            } catch (ArithmeticException e) {
                throw new InvalidValueException("Shape " + this + " has more elements than can be counted", e);
            }
        }
        return product;
    }

    /** Whether {@code concrete} is this shape with numbers in place of unknown dimensions, the same for the same name. */
    public boolean accepts(Shape concrete) {
        if (dims.length != concrete.dims.length) {
            return false;
        }
        for (int i = 0; i < dims.length; i++) {
            if (dims[i] != N && dims[i] != concrete.dims[i]) {
                return false;
            }
            for (int j = 0; dims[i] == N && j < i; j++) {
                if (names[i].equals(names[j]) && concrete.dims[i] != concrete.dims[j]) {
                    return false;
                }
            }
        }
        return true;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(dims, shape.dims) && Arrays.equals(names, shape.names);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    /** {@code [N, 3, 32, 32]}. */
    @Override
    public String toString() {
        return Arrays.toString(dimensions());
    }

    private static String text(long[] dims) {
        String text = Arrays.toString(dims);
        return dims.length > 0 && dims[0] == N ? text.replaceFirst("-1", BATCH) : text;
    }
}

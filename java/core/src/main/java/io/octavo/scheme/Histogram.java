package io.octavo.scheme;

import io.octavo.InvalidValueException;
import java.util.Arrays;

/**
 * Counts of values in bins whose width is a power of two and whose edges are multiples of it: bin {@code i} holds the
 * values in {@code [(first + i) * 2^exponent, (first + i + 1) * 2^exponent)}.
 *
 * <p>Because every edge of a coarser histogram is an edge of the finer one too, bins merge exactly when the range
 * grows. The width belongs to the range alone ({@link #exponentFor}), so the counts depend neither on the order of the
 * data nor on how it was split.
 */
public record Histogram(int exponent, long first, long[] counts) {
    /**
     * Bins that a histogram has at most (128 KiB of counts). Data that is not almost constant spreads over more than
     * half of them: four or more to each of the 2,048 bins in which PyTorch searches for a range.
     */
    public static final int MAX_BINS = 16384;

    /** The finest width is {@code 2^LEAST_EXPONENT}, the least normal float. */
    public static final int LEAST_EXPONENT = Float.MIN_EXPONENT;

    /** The coarsest width that the range of floats can need. */
    public static final int GREATEST_EXPONENT = Float.MAX_EXPONENT;

    private static final int FLOAT_FRACTION_BITS = 23;

    /** Copies. Throws {@link InvalidValueException} for a width out of range, no bins or a negative count. */
    public Histogram {
        if (exponent < LEAST_EXPONENT || exponent > GREATEST_EXPONENT) {
            throw new InvalidValueException(
                    "bin width 2^" + exponent + ": must be 2^" + LEAST_EXPONENT + " to 2^" + GREATEST_EXPONENT);
        }
        if (counts.length == 0) {
            throw new InvalidValueException("a histogram without bins");
        }
        counts = counts.clone();
        for (int i = 0; i < counts.length; i++) {
            if (counts[i] < 0) {
                throw new InvalidValueException("count " + counts[i] + " in bin " + i + ": must be 0 or more");
            }
        }
    }

    /** An empty histogram with the bins that values in {@code min..max} need. */
    public static Histogram covering(float min, float max) {
        return covering(min, max, MAX_BINS);
    }

    /** The same with another limit on the bins. */
    static Histogram covering(float min, float max, int maxBins) {
        int exponent = exponentFor(min, max, maxBins);
        long first = bin(min, exponent);
        return new Histogram(exponent, first, new long[(int) (bin(max, exponent) - first + 1)]);
    }

    /**
     * The width of the bins for values in {@code min..max}: the narrowest power of two that covers them with at most
     * {@link #MAX_BINS} bins, yet no narrower than the spacing of floats at the larger of the two magnitudes. Except
     * where that second rule decides (data almost constant), more than {@code MAX_BINS / 2} bins lie between
     * {@code min} and {@code max}. A wider range never gets narrower bins.
     */
    public static int exponentFor(float min, float max) {
        return exponentFor(min, max, MAX_BINS);
    }

    private static int exponentFor(float min, float max, int maxBins) {
        if (!(min <= max) || Float.isInfinite(min) || Float.isInfinite(max)) {
            throw new InvalidValueException("range " + min + ".." + max + ": must be finite and ascending");
        }
        float magnitude = Math.max(Math.abs(min), Math.abs(max));
        int exponent = Math.max(LEAST_EXPONENT, Math.getExponent(magnitude) - FLOAT_FRACTION_BITS);
        while (bin(max, exponent) - bin(min, exponent) >= maxBins) {
            exponent++;
        }
        return exponent;
    }

    /**
     * The number of the bin of width {@code 2^exponent} that a finite value falls in: {@code floor(x / 2^exponent)}.
     */
    public static long bin(float x, int exponent) {
        return (long) Math.floor(x * powerOfTwo(-exponent));
    }

    private static double powerOfTwo(int exponent) {
        return Math.scalb(1.0, exponent);
    }

    /** A copy of the counts. */
    @Override
    public long[] counts() {
        return counts.clone();
    }

    /** Number of bins. */
    public int bins() {
        return counts.length;
    }

    /** How many values fell into bin {@code i}. */
    public long count(int i) {
        return counts[i];
    }

    /** The width of a bin. */
    public double width() {
        return powerOfTwo(exponent);
    }

    /** The lower edge of bin {@code i}, exact; {@code lowerEdge(bins())} is the upper edge of the last one. */
    public double lowerEdge(int i) {
        return (first + i) * width();
    }

    /** Number of values counted. */
    public long total() {
        long total = 0;
        for (long c : counts) {
            total += c;
        }
        return total;
    }

    /**
     * What this and {@code coarser} counted together, in the bins of the latter: neighbours of this one are merged,
     * exactly.
     *
     * @throws InvalidValueException if {@code coarser} has narrower bins or does not reach as far
     */
    public Histogram addedTo(Histogram coarser) {
        int shift = Math.max(0, Math.min(63, coarser.exponent - exponent)); // >> takes no more than 63
        long lowest = first >> shift;
        long highest = (first + counts.length - 1) >> shift;
        if (coarser.exponent < exponent || lowest < coarser.first || highest >= coarser.first + coarser.counts.length) {
            throw new InvalidValueException(this + " does not fit into " + coarser);
        }
        long[] sums = coarser.counts.clone();
        for (int i = 0; i < counts.length; i++) {
            sums[(int) (((first + i) >> shift) - coarser.first)] += counts[i];
        }
        return new Histogram(coarser.exponent, coarser.first, sums);
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Histogram h
                && exponent == h.exponent
                && first == h.first
                && Arrays.equals(counts, h.counts);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * exponent + Long.hashCode(first)) + Arrays.hashCode(counts);
    }

    @Override
    public String toString() {
        return counts.length + " bins of width 2^" + exponent + " from " + lowerEdge(0);
    }
}

package io.octavo.scheme;

import io.octavo.CalibrationException;
import io.octavo.InvalidValueException;
import io.octavo.NotFiniteException;
import io.octavo.internal.bind.Finite;
import io.octavo.internal.bind.GroupArrays;
import io.octavo.tensor.Tensor;
import java.util.Arrays;

/**
 * Levels in geometric progression on both sides of 0: fine near 0, where most weights lie, coarse far out.
 *
 * <p><b>Formulas</b>: with {@code m = 2^(bits-1) - 1} exponents the levels are 0 and {@code ±s * b^-e}, e = 0 .. m-1, b
 * being 2 or sqrt 2: sign, exponent, and a code for zero; one of the {@code 2^bits} codes stays unused. Their 8-bit
 * table is the same for every parameter set: for base 2 the powers 64, 32 .. 1, which are exact (beyond seven exponents
 * the entries are 0 and the codes are wasted); for base sqrt 2 each entry is the integer nearest to the level. s is
 * the one with the least squared error of the data under the levels that run, found exactly. Encode: the nearest level, the lower one
 * of two equally near; nearest by difference, not by ratio, since that is what the squared error counts. Decode:
 * {@code scale * table[code]}.
 *
 * <p><b>Source</b>: Miyashita, Lee and Murmann, <i>Convolutional Neural Networks using Logarithmic Data
 * Representation</i>, 2016, which rounds in the log domain.
 *
 * <p><b>When not to use it</b>: beyond 4 bits base 2 (5 bits base sqrt 2) more codes only add levels ever closer to 0,
 * and the error near the largest weights, a third of their size at worst with base 2, stays. It suits bell-shaped
 * weights at 3 and 4 bits; with few weights a channel {@link KMeans} fits better.
 *
 * @param sqrt2 whether the base is sqrt 2 instead of 2
 */
public record Logarithmic(int bits, boolean sqrt2) implements NonLinearScheme {

    /** Throws {@link InvalidValueException} if bits are not in 2..8. */
    public Logarithmic {
        Bits.check(bits);
    }

    /** Powers of two. */
    public static Logarithmic base2(int bits) {
        return new Logarithmic(bits, false);
    }

    /** Powers of the square root of two. */
    public static Logarithmic baseSqrt2(int bits) {
        return new Logarithmic(bits, true);
    }

    @Override
    public String name() {
        return "logarithmic";
    }

    /**
     * {@inheritDoc}
     *
     * @throws NotFiniteException if a value is NaN or infinite, naming its index
     */
    @Override
    public TableParams fit(Tensor x, Granularity granularity) {
        Finite.check(x);
        Partition parts = Partition.of(x, granularity);
        GroupArrays.Levels positive = positive();
        return params(
                positive,
                GroupArrays.fitScale(parts.flat(), null, parts.groups(), distinct(positive.entries())),
                granularity);
    }

    /**
     * {@inheritDoc}
     *
     * @throws CalibrationException if the distribution has no histogram
     */
    @Override
    public TableParams fit(Distribution observed) {
        CountedValues values = CountedValues.of(observed.requireHistogram(name()));
        GroupArrays.Levels positive = positive();
        float[] scale =
                GroupArrays.fitScale(values.values(), values.counts(), values.group(), distinct(positive.entries()));
        return params(positive, scale, Granularity.perTensor());
    }

    /** The positive levels, the greatest of them 1, and what they are rounded to. */
    private GroupArrays.Levels positive() {
        float[] levels = new float[(1 << (bits - 1)) - 1];
        for (int e = 0; e < levels.length; e++) {
            double halvings = Math.scalb(1.0, sqrt2 ? -(e / 2) : -e);
            levels[e] = (float) (sqrt2 && e % 2 == 1 ? halvings * Math.sqrt(0.5) : halvings);
        }
        return GroupArrays.fitLevels(Tensor.of(levels), null, GroupArrays.Groups.one(levels.length), levels.length);
    }

    /** Ascending entries without zeros, each once. */
    private static byte[] distinct(byte[] entries) {
        byte[] distinct = new byte[entries.length];
        int n = 0;
        for (byte entry : entries) {
            if (entry > (n == 0 ? 0 : distinct[n - 1])) {
                distinct[n++] = entry;
            }
        }
        return Arrays.copyOf(distinct, n);
    }

    private TableParams params(GroupArrays.Levels positive, float[] scales, Granularity granularity) {
        int n = positive.size();
        int size = 2 * n + 1;
        byte[] table = new byte[size];
        for (int i = 0; i < n; i++) {
            table[n + 1 + i] = positive.entries()[i];
            table[n - 1 - i] = (byte) -positive.entries()[i];
        }
        byte[][] tables = new byte[scales.length][];
        float[][] levels = new float[scales.length][size];
        for (int i = 0; i < scales.length; i++) {
            tables[i] = table;
            for (int j = 0; j < n; j++) { // as they would be had they not been rounded to the table's entries
                levels[i][n + 1 + j] = (float) ((double) positive.levels()[j] / positive.scales()[0] * scales[i]);
                levels[i][n - 1 - j] = -levels[i][n + 1 + j];
            }
        }
        return new TableParams(bits, scales, tables, levels, granularity);
    }
}

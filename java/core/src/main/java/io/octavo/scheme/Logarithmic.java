package io.octavo.scheme;

import io.octavo.CalibrationException;
import io.octavo.InvalidValueException;
import io.octavo.NotFiniteException;
import io.octavo.tensor.Tensor;
import java.util.Arrays;

/**
 * Levels in geometric progression on both sides of 0: fine near 0, where most weights lie, coarse far out.
 *
 * <p><b>Formulas</b>: with {@code m = 2^(bits-1) - 1} exponents the levels are 0 and {@code ±s * b^-e}, e = 0 .. m-1, b
 * being 2 or sqrt 2: sign, exponent, and a code for zero; one of the {@code 2^bits} codes stays unused. Their 8-bit
 * table is the same for every parameter set: for base 2 the powers 64, 32 .. 1, which are exact (beyond seven exponents
 * the entries are 0 and the codes are wasted); for base sqrt 2 each entry is the integer nearest to the level. s is
 * searched for the least squared error of the data under the levels that run. Encode: the nearest level, the lower one
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
    private static final int GRID = 1024;
    private static final double WIDEST = 2; // full scale over the greatest magnitude; beyond, the levels repeat
    private static final double NARROWEST = 1.0 / 64;

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
        WeightedValues[] magnitudes = new WeightedValues[parts.count()];
        for (int i = 0; i < magnitudes.length; i++) {
            float[] values = parts.values(i);
            for (int j = 0; j < values.length; j++) {
                values[j] = Math.abs(values[j]);
            }
            magnitudes[i] = WeightedValues.of(values);
        }
        return params(magnitudes, granularity);
    }

    /**
     * {@inheritDoc}
     *
     * @throws CalibrationException if the distribution has no histogram
     */
    @Override
    public TableParams fit(Distribution observed) {
        Distribution magnitudes = Magnitudes.of(observed.requireHistogram(name()));
        return params(new WeightedValues[] {WeightedValues.of(magnitudes)}, Granularity.perTensor());
    }

    private TableParams params(WeightedValues[] magnitudes, Granularity granularity) {
        double[] shape = shape();
        LevelRounding rounding = LevelRounding.of(shape, ones(shape.length));
        byte[] positive = rounding.entries();
        int size = 2 * positive.length + 1;
        byte[] table = new byte[size];
        double[] exact = new double[size]; // the table's entries before rounding
        for (int e = 0; e < positive.length; e++) {
            table[size - 1 - e] = positive[e];
            table[e] = (byte) -positive[e];
            exact[size - 1 - e] = shape[e] / rounding.scale();
            exact[e] = -exact[size - 1 - e];
        }
        float[] scales = new float[magnitudes.length];
        byte[][] tables = new byte[magnitudes.length][];
        float[][] levels = new float[magnitudes.length][size];
        for (int i = 0; i < magnitudes.length; i++) {
            scales[i] = scale(magnitudes[i], positive);
            tables[i] = table;
            for (int j = 0; j < size; j++) {
                levels[i][j] = (float) (exact[j] * scales[i]);
            }
        }
        return new TableParams(bits, scales, tables, levels, granularity);
    }

    /** The positive levels, greatest first, in any unit. */
    private double[] shape() {
        double[] levels = new double[(1 << (bits - 1)) - 1];
        for (int e = 0; e < levels.length; e++) {
            double halvings = Math.scalb(1.0, sqrt2 ? -(e / 2) : -e);
            levels[e] = sqrt2 && e % 2 == 1 ? halvings * Math.sqrt(0.5) : halvings;
        }
        return levels;
    }

    private static double[] ones(int n) {
        double[] ones = new double[n];
        Arrays.fill(ones, 1);
        return ones;
    }

    /** The scale of the table with the least squared error. */
    private static float scale(WeightedValues magnitudes, byte[] positive) {
        double greatest = magnitudes.value(magnitudes.size() - 1);
        if (greatest == 0) {
            return AffineFormula.EPSILON;
        }
        double unit = greatest / positive[0];
        double reach = LineSearch.minimize(NARROWEST, WIDEST, GRID, r -> error(magnitudes, positive, unit * r));
        return (float) Math.max(Math.min(unit * reach, Float.MAX_VALUE / positive[0]), LevelRounding.LEAST_SCALE);
    }

    /** Squared error of magnitudes, each at the nearest of 0 and the positive entries times the scale. */
    private static double error(WeightedValues magnitudes, byte[] positive, double scale) {
        double sum = 0;
        int end = magnitudes.size();
        for (int e = 0; e < positive.length && end > 0; e++) {
            double level = positive[e] * scale;
            double next = e + 1 < positive.length ? positive[e + 1] * scale : 0;
            int begin = magnitudes.countBelow((level + next) / 2);
            if (begin < end) {
                sum += magnitudes.squaredError(begin, end, level);
                end = begin;
            }
        }
        return end > 0 ? sum + magnitudes.squaredError(0, end, 0) : sum;
    }
}

package io.octavo.scheme;

import io.octavo.CalibrationException;
import io.octavo.InvalidValueException;
import io.octavo.NotFiniteException;
import io.octavo.internal.bind.Finite;
import io.octavo.internal.bind.GroupArrays;
import io.octavo.tensor.Tensor;
import java.util.Arrays;

/**
 * A codebook: the levels with the least squared error that {@code 2^bits} levels can have, found exactly.
 *
 * <p><b>Formulas</b>: fit minimizes {@code sum (x - level[code(x)])^2} over all sets of {@code 2^bits} levels, by
 * dynamic programming on the sorted values (a global minimum, no starting values, no chance); a tensor of more than
 * 65,536 distinct values is first gathered into as many equal bins, each at its mean. Then the levels are rounded to
 * 8-bit multiples of a scale, chosen so that the rounding costs least; {@link SchemeError#roundingLossDb()} says what
 * it cost. Encode: the nearest rounded level, the lower one of two equally near. Decode: {@code scale * table[code]}.
 *
 * <p><b>Source</b>: Gong et al., <i>Compressing Deep Convolutional Networks using Vector Quantization</i>, 2014, and
 * Han et al., <i>Deep Compression</i>, 2016, for networks; Wang and Song, <i>Ckmeans.1d.dp</i>, The R Journal, 2011,
 * for the exact algorithm.
 *
 * <p><b>When not to use it</b>: tables are paid for, {@code 2^bits} entries of 8 bits and a scale of 32 for each
 * parameter set; a channel of few weights may cost more in table than in codes (then the table has fewer entries, one a
 * distinct value at most). At 8 bits the 8-bit entries leave little over {@link Uniform}. Activations are encoded by
 * search, so in simulation only.
 */
public record KMeans(int bits) implements NonLinearScheme {

    /** Throws {@link InvalidValueException} if bits are not in 2..8. */
    public KMeans {
        Bits.check(bits);
    }

    /** The scheme with {@code 2^bits} levels. */
    public static KMeans of(int bits) {
        return new KMeans(bits);
    }

    @Override
    public String name() {
        return "kmeans";
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
        return params(GroupArrays.fitLevels(parts.flat(), null, parts.groups(), 1 << bits), granularity);
    }

    /**
     * {@inheritDoc}
     *
     * @throws CalibrationException if the distribution has no histogram
     */
    @Override
    public TableParams fit(Distribution observed) {
        CountedValues values = CountedValues.of(observed.requireHistogram(name()));
        return params(
                GroupArrays.fitLevels(values.values(), values.counts(), values.group(), 1 << bits),
                Granularity.perTensor());
    }

    private TableParams params(GroupArrays.Levels found, Granularity granularity) {
        int size = found.size();
        byte[][] tables = new byte[found.scales().length][];
        float[][] levels = new float[found.scales().length][];
        for (int i = 0; i < tables.length; i++) {
            tables[i] = Arrays.copyOfRange(found.entries(), i * size, (i + 1) * size);
            levels[i] = Arrays.copyOfRange(found.levels(), i * size, (i + 1) * size);
        }
        return new TableParams(bits, found.scales(), tables, levels, granularity);
    }
}

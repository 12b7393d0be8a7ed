package io.octavo.scheme;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** What holds of every scheme. */
class SchemePropertiesTest {
    private static final int TRIES = 150;

    @Provide
    Arbitrary<Scheme> schemes() {
        return Combinators.combine(
                        Arbitraries.integers().between(2, 8),
                        Arbitraries.integers().between(0, 12))
                .as((bits, kind) -> switch (kind) {
                    case 0 -> Uniform.weights(bits);
                    case 1 -> Uniform.activations(bits);
                    case 2 -> Uniform.activations(bits).reduceRange(true);
                    case 3 -> Clipping.weights(bits);
                    case 4 -> Clipping.activations(bits);
                    case 5 -> Clipping.weights(bits).range(Clipping.Range.ACIQ);
                    case 6 -> Clipping.activations(bits).range(Clipping.Range.percentile(99));
                    case 7 -> Logarithmic.base2(bits);
                    case 8 -> Logarithmic.baseSqrt2(bits);
                    case 9 -> Uniform.weights(bits).narrowRange(false);
                    case 10 -> new Uniform(bits, DType.U8, true, false);
                    case 11 -> new Clipping(bits, DType.U8, true, false, false, Clipping.Range.MSE);
                    default -> KMeans.of(bits);
                });
    }

    @Provide
    Arbitrary<Granularity> granularities() {
        return Arbitraries.of(
                Granularity.perTensor(),
                Granularity.perChannel(0),
                Granularity.perChannel(1),
                Granularity.perChannel(2),
                Granularity.perGroup(5),
                Granularity.perGroup(1000));
    }

    @Property(tries = TRIES)
    void encodingAgainWhatWasDecodedChangesNothing(
            @ForAll("schemes") Scheme scheme, @ForAll("granularities") Granularity g, @ForAll long seed) {
        Tensor x = Data.tensor(Data.mixed(seed, 4 * 3 * 7), 4, 3, 7);
        QuantizedTensor q = scheme.quantize(x, g);
        Tensor decoded = q.decode();
        QuantizedTensor again = scheme.encode(decoded, q.params());
        assertArrayEquals(q.codes().toByteArray(), again.codes().toByteArray());
        assertArrayEquals(decoded.toFloatArray(), again.decode().toFloatArray());
    }

    @Property(tries = TRIES)
    void decodingIsMonotone(
            @ForAll("schemes") Scheme scheme, @ForAll long seed, @ForAll @IntRange(min = 1, max = 400) int n) {
        float[] x = Data.mixed(seed, n);
        Arrays.sort(x);
        float[] decoded = scheme.quantize(Data.tensor(x), Granularity.perTensor())
                .decode()
                .toFloatArray();
        for (int i = 1; i < n; i++) {
            assertTrue(decoded[i] >= decoded[i - 1], "at " + i);
        }
    }

    /** Half a step, and what float32 adds when x / scale + zeroPoint is rounded to 24 bits. */
    @Property(tries = TRIES)
    void affineErrorIsHalfAStepInsideTheRange(
            @ForAll @IntRange(min = 2, max = 8) int bits,
            @ForAll boolean weights,
            @ForAll boolean reduce,
            @ForAll("granularities") Granularity g,
            @ForAll long seed) {
        Uniform scheme = (weights ? Uniform.weights(bits) : Uniform.activations(bits)).reduceRange(reduce && bits > 2);
        float[] x = Data.mixed(seed, 4 * 3 * 7);
        QuantizedTensor q = scheme.quantize(Data.tensor(x, 4, 3, 7), g);
        float[] decoded = q.decode().toFloatArray();
        float largest = 0;
        for (int i = 0; i < q.params().count(); i++) {
            largest = Math.max(largest, q.params().scale(i));
        }
        for (int i = 0; i < x.length; i++) {
            assertEquals(x[i], decoded[i], largest * (0.5 + 1e-4), "at " + i);
        }
    }

    /** What is rounded up on one side of 0 is rounded down on the other: data and its mirror image err by opposites. */
    @Property(tries = TRIES)
    void narrowRangesAreUnbiased(
            @ForAll @IntRange(min = 2, max = 8) int bits,
            @ForAll boolean unsigned,
            @ForAll @IntRange(min = 0, max = 3) int kind,
            @ForAll long seed) {
        DType dtype = unsigned ? DType.U8 : DType.S8;
        LinearScheme scheme = kind == 0
                ? new Uniform(bits, dtype, true, false, true)
                : new Clipping(
                        bits,
                        dtype,
                        true,
                        false,
                        true,
                        List.of(Clipping.Range.MSE, Clipping.Range.ACIQ, Clipping.Range.percentile(98))
                                .get(kind - 1));
        float[] x = Data.mixed(seed, 300);
        float[] mirrored = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            mirrored[i] = -x[i];
        }
        AffineParams p = scheme.fit(Data.tensor(x), Granularity.perTensor());
        float[] decoded = scheme.encode(Data.tensor(x), p).decode().toFloatArray();
        float[] opposite = scheme.encode(Data.tensor(mirrored), p).decode().toFloatArray();
        for (int i = 0; i < x.length; i++) {
            // With an odd zero point ties are rounded the same way on both sides.
            if (Math.abs(Math.abs(x[i] - decoded[i]) / p.scale() - 0.5) > 1e-3) {
                assertEquals(decoded[i], -opposite[i] + 0f, "at " + i);
            }
        }
    }

    @Property(tries = TRIES)
    void tableCodesAreTheNearestLevels(
            @ForAll @IntRange(min = 2, max = 8) int bits,
            @ForAll @IntRange(min = 0, max = 2) int kind,
            @ForAll long seed) {
        Scheme scheme = List.of(KMeans.of(bits), Logarithmic.base2(bits), Logarithmic.baseSqrt2(bits))
                .get(kind);
        float[] x = Data.mixed(seed, 300);
        QuantizedTensor q = scheme.quantize(Data.tensor(x), Granularity.perTensor());
        float[] levels = ((TableParams) q.params()).decodedLevels(0);
        float[] decoded = q.decode().toFloatArray();
        for (int i = 0; i < x.length; i++) {
            double nearest = Double.POSITIVE_INFINITY;
            for (float level : levels) {
                nearest = Math.min(nearest, Math.abs((double) x[i] - level));
            }
            // Midpoints between levels may be rounded to float32: the choice can be off by an ulp of the level there.
            assertEquals(nearest, Math.abs((double) x[i] - decoded[i]), 2 * Math.ulp(Math.abs(x[i])), "at " + i);
        }
    }

    @Property(tries = 8)
    void moreBitsMeanLessNoise(@ForAll long seed) {
        Tensor x = Data.tensor(Data.normal(seed, 3000));
        assertSqnrGrows(x, 8, Uniform::weights, 1);
        assertSqnrGrows(x, 8, Uniform::activations, 1);
        assertSqnrGrows(x, 8, Clipping::weights, 1);
        assertSqnrGrows(x, 8, Clipping::activations, 1);
        assertSqnrGrows(x, 6, KMeans::of, 1);
        assertSqnrGrows(x, 4, Logarithmic::base2, 0); // the levels of fewer bits are among those of more
        assertSqnrGrows(x, 5, Logarithmic::baseSqrt2, 0.2);
    }

    private interface WithBits {
        Scheme of(int bits);
    }

    private static void assertSqnrGrows(Tensor x, int greatest, WithBits scheme, double atLeastDb) {
        double before = -100;
        for (int bits = 2; bits <= greatest; bits++) {
            Scheme s = scheme.of(bits);
            double now = s.quantize(x, Granularity.perTensor()).error(x).sqnrDb();
            assertTrue(now >= before + atLeastDb, s + ": " + now + " dB after " + before + " dB with a bit less");
            before = now;
        }
    }

    @Property(tries = 60)
    void parametersPerChannelAreThoseOfTheChannelAlone(@ForAll("schemes") Scheme scheme, @ForAll long seed) {
        float[] x = Data.mixed(seed, 3 * 40);
        QuantizedTensor whole = scheme.quantize(Data.tensor(x, 3, 40), Granularity.perChannel(0));
        for (int c = 0; c < 3; c++) {
            float[] channel = Arrays.copyOfRange(x, c * 40, c * 40 + 40);
            QuantParams alone = scheme.fit(Data.tensor(channel), Granularity.perTensor());
            assertEquals(alone.scale(0), whole.params().scale(c));
            if (alone instanceof AffineParams a) {
                assertEquals(a.zeroPoint(), ((AffineParams) whole.params()).zeroPoint(c));
            } else {
                float[] shared = ((TableParams) whole.params()).decodedLevels(c);
                float[] own = ((TableParams) alone).decodedLevels(0);
                assertArrayEquals(own, Arrays.copyOf(shared, own.length)); // shorter tables repeat their last level
            }
        }
    }

    @Property(tries = 60)
    void channelsOfAnotherAxisAreThoseOfTheTransposedTensor(@ForAll("schemes") Scheme scheme, @ForAll long seed) {
        int rows = 5;
        int columns = 9;
        float[] x = Data.mixed(seed, rows * columns);
        float[] transposed = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            transposed[i % columns * rows + i / columns] = x[i];
        }
        QuantizedTensor a = scheme.quantize(Data.tensor(x, rows, columns), Granularity.perChannel(1));
        QuantizedTensor b = scheme.quantize(Data.tensor(transposed, columns, rows), Granularity.perChannel(0));
        for (int i = 0; i < x.length; i++) {
            assertEquals(a.codes().getInt(i / columns, i % columns), b.codes().getInt(i % columns, i / columns));
        }
        float[] decoded = a.decode().toFloatArray();
        float[] decodedTransposed = b.decode().toFloatArray();
        for (int i = 0; i < x.length; i++) {
            assertEquals(decoded[i], decodedTransposed[i % columns * rows + i / columns]);
        }
    }

    @Property(tries = 60)
    void errorsAreWhatDecodingSays(@ForAll("schemes") Scheme scheme, @ForAll long seed) {
        float[] x = Data.mixed(seed, 200);
        Tensor t = Data.tensor(x);
        QuantizedTensor q = scheme.quantize(t, Granularity.perTensor());
        SchemeError error = q.error(t);
        float[] decoded = q.decode().toFloatArray();
        double sum = Data.squaredError(x, decoded);
        double power = Data.squaredError(x, new float[x.length]);
        // Sums of 200 doubles in another order.
        assertEquals(sum / x.length, error.mse(), sum * 1e-12);
        if (sum > 0) {
            assertEquals(10 * Math.log10(power / sum), error.sqnrDb(), 1e-9);
        } else {
            assertEquals(Double.POSITIVE_INFINITY, error.sqnrDb());
        }
        double greatest = 0;
        for (int i = 0; i < x.length; i++) {
            greatest = Math.max(greatest, Math.abs((double) x[i] - decoded[i]));
        }
        assertEquals(greatest, error.maxAbs());
        if (q.params() instanceof AffineParams) {
            assertEquals(0, error.roundingLossDb());
        }
    }
}

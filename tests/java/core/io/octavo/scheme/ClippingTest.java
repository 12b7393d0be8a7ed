package io.octavo.scheme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.CalibrationException;
import io.octavo.InvalidValueException;
import io.octavo.internal.bind.GroupArrays;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class ClippingTest {
    private static final List<Clipping.Range> RANGES = List.of(
            Clipping.Range.MSE,
            Clipping.Range.PYTORCH_L2,
            Clipping.Range.ACIQ,
            Clipping.Range.ENTROPY,
            Clipping.Range.percentile(99.9));

    @Property(tries = 100)
    void neverHasAGreaterErrorThanTheWholeRange(
            @ForAll @IntRange(min = 2, max = 8) int bits, @ForAll boolean weights, @ForAll long seed) {
        Tensor x = Data.tensor(Data.mixed(seed, 200));
        Scheme clipping = weights ? Clipping.weights(bits) : Clipping.activations(bits);
        Scheme uniform = weights ? Uniform.weights(bits) : Uniform.activations(bits);
        Granularity g = Granularity.perTensor();
        double clipped = clipping.quantize(x, g).error(x).mse();
        double whole = uniform.quantize(x, g).error(x).mse();
        assertTrue(clipped <= whole, clipped + " against " + whole);
    }

    /** An exhaustive scan of 4,000 ranges finds nothing that is better by more than two parts in a hundred. */
    @Property(tries = 400)
    void findsAlmostTheBestRange(@ForAll @IntRange(min = 2, max = 6) int bits, @ForAll long seed) {
        float[] x = Data.normal(seed, 500);
        float greatest = 0;
        for (float v : x) {
            greatest = Math.max(greatest, Math.abs(v));
        }
        Clipping scheme = Clipping.weights(bits);
        Tensor t = Data.tensor(x);
        double found = scheme.quantize(t, Granularity.perTensor()).error(t).mse() * x.length;
        double best = Double.POSITIVE_INFINITY;
        int furthest = (1 << (bits - 1)) - 1;
        for (int i = 1; i <= 4000; i++) {
            double scale = greatest * 1.5 * i / 4000 / furthest;
            double sum = 0;
            for (float v : x) {
                double d = v - Math.max(-furthest, Math.min(furthest, Math.rint(v / scale))) * scale;
                sum += d * d;
            }
            best = Math.min(best, sum);
        }
        assertTrue(found <= best * 1.02, found + " against " + best);
    }

    /** Parts of a few dozen values, of one sign and of both, and a last one that is shorter. */
    @Property(tries = 40)
    void groupsAreFittedAsTheyWouldBeAlone(
            @ForAll @IntRange(min = 2, max = 8) int bits,
            @ForAll boolean weights,
            @ForAll @IntRange(min = 0, max = 4) int kind,
            @ForAll long seed) {
        Clipping scheme = (weights ? Clipping.weights(bits) : Clipping.activations(bits)).range(RANGES.get(kind));
        float[] x = Data.mixed(seed, 3 * 80);
        for (int i = 80; i < 160; i++) {
            x[i] = Math.abs(x[i]);
        }
        AffineParams together = scheme.fit(Tensor.of(x, 3, 80), Granularity.perGroup(32));
        int group = 0;
        for (int row = 0; row < 3; row++) {
            for (int from = 0; from < 80; from += 32, group++) {
                float[] part = java.util.Arrays.copyOfRange(x, row * 80 + from, row * 80 + Math.min(from + 32, 80));
                AffineParams alone = scheme.fit(Data.tensor(part), Granularity.perTensor());
                assertEquals(alone.scale(), together.scale(group), scheme + ", group " + group);
                assertEquals(alone.zeroPoint(), together.zeroPoint(group), scheme + ", group " + group);
            }
        }
    }

    /** U8 codes around their zero point are the levels of S8 codes, whatever the range and however it is chosen. */
    @Property(tries = 60)
    void unsignedSymmetricCodesHaveTheErrorOfSignedOnes(
            @ForAll @IntRange(min = 2, max = 8) int bits,
            @ForAll boolean reduce,
            @ForAll @IntRange(min = 0, max = 4) int kind,
            @ForAll long seed) {
        Clipping.Range range = RANGES.get(kind);
        float[] x = Data.mixed(seed, 400);
        Tensor t = Data.tensor(x);
        Clipping s8 = new Clipping(bits, DType.S8, true, reduce, range);
        Clipping u8 = new Clipping(bits, DType.U8, true, reduce, range);
        AffineParams signed = s8.fit(t, Granularity.perTensor());
        AffineParams unsigned = u8.fit(t, Granularity.perTensor());
        assertEquals(signed.qMin() + unsigned.zeroPoint(), unsigned.qMin());
        // The zero point takes digits from x / scale: next to a tie the code may be the other one.
        double error = s8.encode(t, signed).error(t).mse();
        assertEquals(error, u8.encode(t, unsigned).error(t).mse(), error * 1e-4);
        assertEquals(
                s8.fit(Data.distribution(x)).scale(),
                u8.fit(Data.distribution(x)).scale());
    }

    /** A reduced range is searched for the levels that it is laid over, which are those of one bit less. */
    @Example
    void aReducedRangeIsThatOfOneBitLess() {
        Tensor x = Data.tensor(Data.normal(8, 5000));
        for (DType dtype : List.of(DType.S8, DType.U8)) {
            for (int bits : new int[] {4, 5, 7}) {
                Clipping more = new Clipping(bits, dtype, true, true, Clipping.Range.MSE);
                Clipping less = new Clipping(bits - 1, dtype, true, false, Clipping.Range.MSE);
                assertEquals(
                        less.fit(x, Granularity.perTensor()).scale(),
                        more.fit(x, Granularity.perTensor()).scale());
            }
        }
    }

    @Example
    void onAHistogramTheErrorIsThatOfTheDataWithinABin() {
        float[] x = Data.normal(5, 20_000);
        Tensor t = Data.tensor(x);
        for (int bits : new int[] {3, 4, 8}) {
            Clipping scheme = Clipping.activations(bits);
            AffineParams onData = scheme.fit(t, Granularity.perTensor());
            AffineParams onHistogram = scheme.fit(Data.distribution(x));
            double a = scheme.encode(t, onData).error(t).mse();
            double b = scheme.encode(t, onHistogram).error(t).mse();
            assertTrue(b <= a * 1.02, bits + " bits: " + b + " against " + a);
        }
    }

    @Example
    void theClosedFormIsTheMeanOverEachBin() {
        float[] x = {-1, 0.3f, 0.31f, 2};
        Distribution d = Data.distribution(x);
        AffineFormula formula = AffineFormula.of(Uniform.activations(3));
        float scale = 0.3f;
        int zeroPoint = 2;
        double expected = 0;
        for (int i = 0; i < d.histogram().bins(); i++) {
            if (d.histogram().count(i) > 0) {
                double from = Math.max(-1, d.histogram().lowerEdge(i));
                double to = Math.min(2, d.histogram().lowerEdge(i + 1));
                int steps = 1000;
                for (int k = 0; k < steps; k++) {
                    double v = from + (to - from) * (k + 0.5) / steps;
                    double q = Math.max(0, Math.min(7, Math.rint(v / (double) scale) + zeroPoint));
                    double e = v - (q - zeroPoint) * (double) scale;
                    expected += d.histogram().count(i) * e * e / steps;
                }
            }
        }
        Histogram h = d.histogram();
        double error = GroupArrays.histogramError(
                h.counts(), h.exponent(), h.first(), -1, 2, scale, zeroPoint, formula.qMin(), formula.qMax());
        assertEquals(expected, error, expected * 1e-6); // midpoint rule with 1,000 steps
    }

    @Example
    void percentileKeepsItsShare() {
        float[] x = new float[10_000];
        for (int i = 0; i < x.length; i++) {
            x[i] = i / 100f; // 0 to 99.99
        }
        AffineParams oneSided =
                Clipping.activations(8).range(Clipping.Range.percentile(90)).fit(Data.distribution(x));
        assertEquals(90 / 255f, oneSided.scale(), 0.01f / 255);
        for (int i = 0; i < x.length; i++) {
            x[i] -= 50;
        }
        AffineParams twoSided =
                Clipping.activations(8).range(Clipping.Range.percentile(90)).fit(Data.distribution(x));
        assertEquals(90 / 255f, twoSided.scale(), 0.02f / 255);
        AffineParams symmetric =
                Clipping.weights(8).range(Clipping.Range.percentile(90)).fit(Data.tensor(x), Granularity.perTensor());
        assertEquals(45 / 127.5f, symmetric.scale(), 0.02f / 127);
        AffineParams all =
                Clipping.activations(8).range(Clipping.Range.percentile(100)).fit(Data.distribution(x));
        assertEquals(99.99f / 255, all.scale(), 1e-4f);
        assertThrows(InvalidValueException.class, () -> Clipping.Range.percentile(101));
        assertThrows(InvalidValueException.class, () -> Clipping.Range.percentile(Double.NaN));
    }

    /** A normal distribution of deviation 1 is clipped near the constants of Banner et al. */
    @Example
    void analyticalClippingKnowsTheNormalDistribution() {
        Tensor x = Data.tensor(Data.normal(3, 100_000));
        double[] expected = {1.711, 2.152, 2.559};
        for (int bits = 2; bits <= 4; bits++) {
            AffineParams p = Clipping.weights(bits).range(Clipping.Range.ACIQ).fit(x, Granularity.perTensor());
            double alpha = p.scale() * ((1 << (bits - 1)) - 1);
            assertEquals(expected[bits - 2], alpha, 0.02, bits + " bits"); // the sample's deviation is 1 within 0.5 %
        }
    }

    @Example
    void entropyCutsALongTailAndKeepsAFlatRange() {
        float[] x = Data.normal(4, 50_000);
        x[0] = 40;
        Clipping scheme = Clipping.activations(8).range(Clipping.Range.ENTROPY);
        double range = scheme.fit(Data.distribution(x)).scale() * 255;
        assertTrue(range < 20, "range " + range);
        float[] flat = new float[50_000];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = i / 50_000f;
        }
        assertEquals(1 / 255f, scheme.fit(Data.distribution(flat)).scale(), 0.01f / 255);
    }

    @Example
    void everyRangeTakesConstantsAndZeros() {
        for (Clipping.Range range : RANGES) {
            for (float c : new float[] {0, 0.7f, -0.7f, 1e-20f, 1e20f, -1000.25f}) {
                float[] x = {c, c, c, c, c};
                for (Clipping scheme : List.of(Clipping.weights(8), Clipping.activations(8))) {
                    Clipping s = scheme.range(range);
                    AffineParams p = s.fit(Data.tensor(x), Granularity.perTensor());
                    float decoded = s.encode(Data.tensor(x), p).decode().toFloatArray()[0];
                    assertEquals(c, decoded, Math.abs(c) * 0.01 + 1e-7, s + " of " + c);
                    s.fit(Data.distribution(x));
                }
            }
        }
    }

    @Example
    void aDistributionWithoutAHistogramIsRefused() {
        CalibrationException e = assertThrows(
                CalibrationException.class, () -> Clipping.activations(8).fit(Distribution.ofRange(0, 1, 10)));
        assertTrue(e.getMessage().contains("HistogramObserver"), e.getMessage());
        assertThrows(CalibrationException.class, () -> KMeans.of(4).fit(Distribution.ofRange(0, 1, 10)));
    }
}

package io.octavo.scheme;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.internal.bind.GroupArrays;
import io.octavo.tensor.Tensor;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class KMeansTest {

    @Property(tries = 300)
    void equalsBruteForceOnSmallInputs(
            @ForAll @IntRange(min = 1, max = 11) int n, @ForAll @IntRange(min = 1, max = 6) int k, @ForAll long seed) {
        float[] x = Data.mixed(seed, n);
        GroupArrays.Levels exact = GroupArrays.fitLevels(Data.tensor(x.clone()), null, GroupArrays.Groups.one(n), k);
        Arrays.sort(x);
        double power = Data.squaredError(x, new float[n]);
        assertEquals(best(x, 0, k), error(x, exact.levels()), power * 1e-12); // levels are rounded to float32
        assertTrue(exact.size() <= k);
    }

    /** Squared distance of values from the nearest levels. */
    private static double error(float[] x, float[] levels) {
        double error = 0;
        for (float v : x) {
            double nearest = Double.POSITIVE_INFINITY;
            for (float level : levels) {
                nearest = Math.min(nearest, Math.abs((double) v - level));
            }
            error += nearest * nearest;
        }
        return error;
    }

    /** The least error of cutting the sorted values from {@code from} on into at most k runs, by trying every cut. */
    private static double best(float[] x, int from, int k) {
        if (from == x.length) {
            return 0;
        }
        double best = Double.POSITIVE_INFINITY;
        for (int to = k == 1 ? x.length : from + 1; to <= x.length; to++) {
            double mean = 0;
            for (int i = from; i < to; i++) {
                mean += x[i];
            }
            mean /= to - from;
            double error = 0;
            for (int i = from; i < to; i++) {
                error += (x[i] - mean) * (x[i] - mean);
            }
            best = Math.min(best, error + (k == 1 ? 0 : best(x, to, k - 1)));
        }
        return best;
    }

    @Property(tries = 60)
    void isNeverWorseThanLloyd(
            @ForAll @IntRange(min = 1, max = 2000) int n,
            @ForAll @IntRange(min = 1, max = 40) int k,
            @ForAll long seed) {
        float[] x = Data.mixed(seed, n);
        double exact = error(
                x,
                GroupArrays.fitLevels(Data.tensor(x), null, GroupArrays.Groups.one(n), k)
                        .levels());
        double power = Data.squaredError(x, new float[n]);
        for (int start = 0; start < 3; start++) {
            double lloyd = lloyd(x, k, new Random(seed + start));
            assertTrue(exact <= lloyd + power * 1e-12, exact + " against " + lloyd);
        }
    }

    /** Lloyd's algorithm from random data points. */
    private static double lloyd(float[] x, int k, Random random) {
        double[] centres = new double[k];
        for (int c = 0; c < k; c++) {
            centres[c] = x[random.nextInt(x.length)];
        }
        double error = Double.POSITIVE_INFINITY;
        for (int iteration = 0; iteration < 60; iteration++) {
            double[] sums = new double[k];
            int[] counts = new int[k];
            double now = 0;
            for (float v : x) {
                int nearest = 0;
                for (int c = 1; c < k; c++) {
                    if (Math.abs(v - centres[c]) < Math.abs(v - centres[nearest])) {
                        nearest = c;
                    }
                }
                now += (v - centres[nearest]) * (v - centres[nearest]);
                sums[nearest] += v;
                counts[nearest]++;
            }
            error = now;
            for (int c = 0; c < k; c++) {
                if (counts[c] > 0) {
                    centres[c] = sums[c] / counts[c];
                }
            }
        }
        return error;
    }

    @Example
    void asManyLevelsAsValuesLoseNothingBeforeRounding() {
        float[] x = {3, -1, 0.5f, 3, 7};
        GroupArrays.Levels c = GroupArrays.fitLevels(Data.tensor(x), null, GroupArrays.Groups.one(5), 16);
        assertArrayEquals(new float[] {-1, 0.5f, 3, 7}, c.levels());
    }

    /** Counted values are as if each stood there so often. */
    @Example
    void countsAreWeights() {
        Tensor once = Data.tensor(new float[] {5, 1, 9, 2});
        GroupArrays.Levels counted = GroupArrays.fitLevels(once, new long[] {2, 3, 0, 1}, GroupArrays.Groups.one(4), 2);
        assertArrayEquals(new float[] {1.25f, 5}, counted.levels());
    }

    /** No scale that keeps the levels within 127 does better, whatever it puts the greatest level at. */
    @Property(tries = 50)
    void noOtherScaleOfTheEntriesIsMuchBetter(@ForAll long seed) {
        float[] levels = Data.normal(seed, 16);
        Arrays.sort(levels);
        long[] weights = new long[16];
        double greatest = 0;
        for (int i = 0; i < 16; i++) {
            weights[i] = 1 + i;
            greatest = Math.max(greatest, Math.abs(levels[i]));
        }
        GroupArrays.Levels r = GroupArrays.fitLevels(Data.tensor(levels), weights, GroupArrays.Groups.one(16), 16);
        double found = 0;
        for (int i = 0; i < 16; i++) {
            double d = levels[i] - r.entries()[i] * (double) r.scales()[0];
            found += weights[i] * d * d;
        }
        for (int top = 1; top <= 127; top++) {
            double error = 0;
            for (int i = 0; i < 16; i++) {
                double scale = greatest / top;
                double d = levels[i] - Math.rint(levels[i] / scale) * scale;
                error += weights[i] * d * d;
            }
            assertTrue(found <= error * (1 + 1e-4), "top " + top + ": " + error + " against " + found);
        }
    }

    @Example
    void powersOfTwoAreExactEntries() {
        float[] levels = {0.01f, 0.02f, 0.04f, 0.08f, 0.16f, 0.32f, 0.64f};
        GroupArrays.Levels r = GroupArrays.fitLevels(Data.tensor(levels), null, GroupArrays.Groups.one(7), 7);
        assertArrayEquals(new byte[] {1, 2, 4, 8, 16, 32, 64}, r.entries());
    }

    /** Weights next to nothing are zeros of the least scale; what that is multiplied with stays finite. */
    @Example
    void aTableHasALeastScale() {
        TableParams p =
                KMeans.of(4).fit(Data.tensor(new float[] {1e-36f, -7e-37f, 1, -1}, 2, 2), Granularity.perChannel(0));
        assertEquals(0x1p-64f, p.scale(0));
        assertArrayEquals(new float[2], p.decodedLevels(0));
    }

    @Example
    void tablesAreNoLongerThanTheValuesNeed() {
        TableParams p = KMeans.of(8).fit(Data.tensor(new float[] {1, 2, 3, 4, 4, 4}, 2, 3), Granularity.perChannel(0));
        assertEquals(3, p.tableSize());
        assertArrayEquals(new float[] {4, 4, 4}, p.decodedLevels(1), 1e-6f);
        assertArrayEquals(new float[] {1, 2, 3}, p.decodedLevels(0), 3 / 127f);
        assertEquals(2 * 32 + 2 * 3 * 8, p.storageBits());
    }

    @Example
    void zeroIsKept() {
        Tensor x = Data.tensor(new float[5]);
        assertArrayEquals(
                new float[5],
                KMeans.of(2).quantize(x, Granularity.perTensor()).decode().toFloatArray());
    }

    /** More than 65,536 distinct values go through bins; the error is that of exact k-means but for the bins' width. */
    @Example
    void largeTensorsGoThroughBins() {
        float[] x = Data.normal(9, 200_000);
        Tensor t = Data.tensor(x);
        double sqnr = KMeans.of(4).quantize(t, Granularity.perTensor()).error(t).sqnrDb();
        // Lloyd-Max for a normal source and 16 levels: 20.22 dB (Max, Quantizing for minimum distortion, 1960).
        assertEquals(20.22, sqnr, 0.15);
    }

    @Example
    void roundingOfLevelsIsReported() {
        Tensor x = Data.tensor(Data.normal(11, 5000));
        SchemeError four = KMeans.of(4).quantize(x, Granularity.perTensor()).error(x);
        assertTrue(four.roundingLossDb() > 0 && four.roundingLossDb() < 0.1, "loss " + four.roundingLossDb());
        SchemeError eight = KMeans.of(8).quantize(x, Granularity.perTensor()).error(x);
        assertTrue(eight.roundingLossDb() > 1, "loss " + eight.roundingLossDb());
    }

    @Example
    void fitsAnObservedDistribution() {
        float[] x = Data.normal(12, 50_000);
        Tensor t = Data.tensor(x);
        KMeans scheme = KMeans.of(4);
        double onData = scheme.quantize(t, Granularity.perTensor()).error(t).sqnrDb();
        double onHistogram =
                scheme.encode(t, scheme.fit(Data.distribution(x))).error(t).sqnrDb();
        assertEquals(onData, onHistogram, 0.05);
    }
}

package io.octavo.scheme;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
        KMeansClusters.Clusters exact = KMeansClusters.of(WeightedValues.of(x.clone()), k);
        Arrays.sort(x);
        double best = best(x, 0, k);
        double power = Data.squaredError(x, new float[n]);
        assertEquals(best, exact.squaredError(), power * 1e-13); // sums in another order
        assertTrue(exact.means().length <= k);
        assertEquals(n, Arrays.stream(exact.weights()).sum());
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
        double exact = KMeansClusters.of(WeightedValues.of(x.clone()), k).squaredError();
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
        KMeansClusters.Clusters c = KMeansClusters.of(WeightedValues.of(x), 16);
        assertArrayEquals(new double[] {-1, 0.5, 3, 7}, c.means());
        assertArrayEquals(new double[] {1, 1, 2, 1}, c.weights());
        assertEquals(0, c.squaredError());
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
        WeightedValues values = WeightedValues.of(x.clone());
        assertTrue(values.size() <= WeightedValues.MAX_DISTINCT);
        assertEquals(200_000, values.weight(0, values.size()));
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

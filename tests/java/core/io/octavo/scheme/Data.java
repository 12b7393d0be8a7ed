package io.octavo.scheme;

import io.octavo.tensor.Tensor;
import java.util.Random;

/** Seeded data for the tests of schemes. */
final class Data {
    private Data() {}

    /** Normal values. */
    static float[] normal(long seed, int n) {
        Random random = new Random(seed);
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }

    /** Values of many magnitudes and both signs, with repetitions, zeros and now and then a constant tail. */
    static float[] mixed(long seed, int n) {
        Random random = new Random(seed);
        float[] x = new float[n];
        int kind = random.nextInt(5);
        float unit = (float) Math.pow(10, random.nextInt(9) - 4);
        for (int i = 0; i < n; i++) {
            double v = random.nextGaussian();
            x[i] = (float)
                            switch (kind) {
                                case 0 -> v;
                                case 1 -> Math.max(v, 0);
                                case 2 -> v * v * v;
                                case 3 -> Math.rint(v * 2);
                                default -> random.nextInt(3) == 0 ? 0 : v + 3;
                            }
                    * unit;
        }
        return x;
    }

    static Tensor tensor(float[] x, long... dims) {
        return Tensor.of(x, dims);
    }

    /** The distribution that an observer of exactly these values would hand down. */
    static Distribution distribution(float[] x) {
        float min = x[0];
        float max = x[0];
        for (float v : x) {
            min = Math.min(min, v);
            max = Math.max(max, v);
        }
        Histogram empty = Histogram.covering(min, max);
        long[] counts = empty.counts();
        for (float v : x) {
            counts[(int) (Histogram.bin(v, empty.exponent()) - empty.first())]++;
        }
        return new Distribution(min, max, x.length, new Histogram(empty.exponent(), empty.first(), counts));
    }

    /** Sum of squared differences in double. */
    static double squaredError(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
        }
        return sum;
    }
}

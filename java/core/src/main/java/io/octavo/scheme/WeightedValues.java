package io.octavo.scheme;

import java.util.Arrays;

/**
 * Ascending distinct numbers with weights and prefix sums over them, so that weight, mean and squared error of any run
 * of neighbours come in constant time. All in double; sums are taken around the middle of the range, which keeps them
 * small.
 */
final class WeightedValues {
    /**
     * Distinct values that are kept at most; more are first gathered into this many equal bins, each standing at its
     * mean.
     */
    static final int MAX_DISTINCT = 1 << 16;

    private final double[] values;
    private final double middle;
    private final double[] weights; // prefix sums: entry i is the sum before value i
    private final double[] sums;
    private final double[] squares;

    private WeightedValues(double[] values, double[] weight, int n) {
        this.values = Arrays.copyOf(values, n);
        this.middle = values[0] / 2 + values[n - 1] / 2;
        this.weights = new double[n + 1];
        this.sums = new double[n + 1];
        this.squares = new double[n + 1];
        for (int i = 0; i < n; i++) {
            double v = values[i] - middle;
            weights[i + 1] = weights[i] + weight[i];
            sums[i + 1] = sums[i] + weight[i] * v;
            squares[i + 1] = squares[i] + weight[i] * v * v;
        }
    }

    /** The values of an array, each of weight 1. The array is sorted in place. */
    static WeightedValues of(float[] data) {
        Arrays.sort(data);
        double[] values = new double[data.length];
        double[] weight = new double[data.length];
        int n = 0;
        for (float x : data) {
            if (n == 0 || values[n - 1] != x) {
                values[n++] = x;
            }
            weight[n - 1]++;
        }
        return n <= MAX_DISTINCT ? new WeightedValues(values, weight, n) : binned(values, weight, n);
    }

    private static WeightedValues binned(double[] values, double[] weight, int n) {
        double perUnit = MAX_DISTINCT / (values[n - 1] - values[0]);
        double[] means = new double[MAX_DISTINCT];
        double[] total = new double[MAX_DISTINCT];
        int bins = 0;
        int current = -1;
        double sum = 0;
        for (int i = 0; i < n; i++) {
            int bin = (int) Math.min(MAX_DISTINCT - 1, (values[i] - values[0]) * perUnit);
            if (bin != current) {
                current = bin;
                bins++;
                sum = 0;
            }
            sum += values[i] * weight[i];
            total[bins - 1] += weight[i];
            means[bins - 1] = sum / total[bins - 1];
        }
        return new WeightedValues(means, total, bins);
    }

    /**
     * The occupied bins of an observed distribution, each at its middle or at the least or greatest value if that is
     * nearer.
     */
    static WeightedValues of(Distribution d) {
        Histogram h = d.histogram();
        double[] values = new double[h.bins()];
        double[] weight = new double[h.bins()];
        int n = 0;
        for (int i = 0; i < h.bins(); i++) {
            if (h.count(i) > 0) {
                values[n] = Math.max(d.min(), Math.min(d.max(), h.lowerEdge(i) + h.width() / 2));
                weight[n++] = h.count(i);
            }
        }
        return new WeightedValues(values, weight, n);
    }

    /** Number of distinct values. */
    int size() {
        return values.length;
    }

    double value(int i) {
        return values[i];
    }

    /** Total weight of the values {@code from} to {@code to} (excluded). */
    double weight(int from, int to) {
        return weights[to] - weights[from];
    }

    /** Their weighted mean; there must be at least one. */
    double mean(int from, int to) {
        return middle + (sums[to] - sums[from]) / (weights[to] - weights[from]);
    }

    /** Their weighted squared distance from their mean; there must be at least one. */
    double squaredError(int from, int to) {
        double s = sums[to] - sums[from];
        return Math.max(0, squares[to] - squares[from] - s * s / (weights[to] - weights[from]));
    }

    /** Their weighted squared distance from a level. */
    double squaredError(int from, int to, double level) {
        double l = level - middle;
        return squares[to] - squares[from] - 2 * l * (sums[to] - sums[from]) + l * l * (weights[to] - weights[from]);
    }

    /** How many values are below {@code x}. */
    int countBelow(double x) {
        int at = Arrays.binarySearch(values, x);
        return at >= 0 ? at : -at - 1;
    }
}

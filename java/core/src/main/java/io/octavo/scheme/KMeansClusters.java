package io.octavo.scheme;

import java.util.function.IntUnaryOperator;

/**
 * The partition of numbers into k runs of neighbours with the least weighted squared error: exact k-means in one
 * dimension.
 *
 * <p>{@code D[k][i] = min over j of D[k-1][j] + cost(j, i)}, cost being the squared error of the values j to i around
 * their mean. The best j never falls as i grows, so each row is filled by divide and conquer, the middle first, in
 * {@code O(n log n)}; all in {@code O(k n log n)}. Wang and Song, <i>Ckmeans.1d.dp</i>, The R Journal, 2011; Grønlund
 * et al., <i>Fast exact k-means, k-medians and Bregman divergence clustering in 1D</i>, 2017.
 */
final class KMeansClusters {
    private final WeightedValues values;
    private final char[][]
            splits; // [k][i]: where the last of k+1 clusters of the first i+1 values begins; at most 2^16 values
    private double[] previous;
    private double[] current;

    /** Means and weights of the clusters, ascending. */
    record Clusters(double[] means, double[] weights, double squaredError) {}

    private KMeansClusters(WeightedValues values, int k) {
        this.values = values;
        this.splits = new char[k][values.size()];
        this.previous = new double[values.size()];
        this.current = new double[values.size()];
    }

    /** At most {@code k} clusters: as many as there are distinct values if these are fewer. */
    static Clusters of(WeightedValues values, int k) {
        return new KMeansClusters(values, Math.min(k, values.size())).solve();
    }

    private Clusters solve() {
        int n = values.size();
        int k = splits.length;
        if (k == n) {
            return clusters(index -> index);
        }
        for (int i = 0; i < n; i++) {
            current[i] = values.squaredError(0, i + 1);
        }
        for (int row = 1; row < k; row++) {
            double[] swap = previous;
            previous = current;
            current = swap;
            fill(row, row, n - 1, row, n - 1);
        }
        int[] begins = new int[k];
        int end = n - 1;
        for (int row = k - 1; row >= 0; row--) {
            begins[row] = splits[row][end];
            end = begins[row] - 1;
        }
        return clusters(index -> begins[index]);
    }

    /** Fills D[row][from..to], knowing that the best split lies in {@code least..greatest}. */
    private void fill(int row, int from, int to, int least, int greatest) {
        if (from > to) {
            return;
        }
        int middle = (from + to) >>> 1;
        int best = Math.max(least, row);
        double error = Double.POSITIVE_INFINITY;
        for (int j = best; j <= Math.min(greatest, middle); j++) {
            double e = previous[j - 1] + values.squaredError(j, middle + 1);
            if (e < error) {
                error = e;
                best = j;
            }
        }
        current[middle] = error;
        splits[row][middle] = (char) best;
        fill(row, from, middle - 1, least, best);
        fill(row, middle + 1, to, best, greatest);
    }

    private Clusters clusters(IntUnaryOperator begins) {
        int k = splits.length;
        double[] means = new double[k];
        double[] weights = new double[k];
        double error = 0;
        for (int c = 0; c < k; c++) {
            int from = begins.applyAsInt(c);
            int to = c + 1 < k ? begins.applyAsInt(c + 1) : values.size();
            means[c] = to == from + 1 ? values.value(from) : values.mean(from, to);
            weights[c] = values.weight(from, to);
            error += to == from + 1 ? 0 : values.squaredError(from, to);
        }
        return new Clusters(means, weights, error);
    }
}

package io.octavo.scheme;

/**
 * Squared quantization error of a histogram whose values spread evenly inside each bin, in closed form.
 *
 * <p>With levels at a distance {@code s} from {@code L0} to {@code L1}, the squared distance to the nearest level has
 * the antiderivative {@code k s^3/12 + r^3/3}, {@code k} being the number of the nearest level and {@code r} the signed
 * distance to it; beyond the ends the cubic of the distance to the end goes on.
 */
final class HistogramError implements MseRange.Error {
    private final AffineFormula formula;
    private final double[] from;
    private final double[] to;
    private final long[] counts;

    private HistogramError(AffineFormula formula, double[] from, double[] to, long[] counts) {
        this.formula = formula;
        this.from = from;
        this.to = to;
        this.counts = counts;
    }

    /**
     * The error of a distribution that has a histogram; empty bins are left out, the outer bins end at the least and
     * greatest value.
     */
    static HistogramError of(AffineFormula formula, Distribution d) {
        Histogram h = d.histogram();
        int used = 0;
        for (int i = 0; i < h.bins(); i++) {
            used += h.count(i) > 0 ? 1 : 0;
        }
        double[] from = new double[used];
        double[] to = new double[used];
        long[] counts = new long[used];
        int n = 0;
        for (int i = 0; i < h.bins(); i++) {
            if (h.count(i) > 0) {
                from[n] = Math.max(h.lowerEdge(i), d.min());
                to[n] = Math.min(h.lowerEdge(i + 1), d.max());
                counts[n++] = h.count(i);
            }
        }
        return new HistogramError(formula, from, to, counts);
    }

    @Override
    public double of(float scale, int zeroPoint) {
        double s = scale;
        double first = (formula.qMin() - zeroPoint) * s;
        double last = (formula.qMax() - zeroPoint) * s;
        double sum = 0;
        for (int i = 0; i < counts.length; i++) {
            double width = to[i] - from[i];
            if (width > 0) {
                sum += counts[i] * (integral(to[i], s, first, last) - integral(from[i], s, first, last)) / width;
            } else {
                double nearest = Math.max(first, Math.min(last, first + Math.rint((from[i] - first) / s) * s));
                sum += counts[i] * (from[i] - nearest) * (from[i] - nearest);
            }
        }
        return sum;
    }

    private static double integral(double x, double s, double first, double last) {
        double clamped = Math.max(first, Math.min(last, x));
        double k = Math.rint((clamped - first) / s);
        double r = clamped - (first + k * s);
        double outside = x - clamped;
        return k * (s * s * s / 12) + (r * r * r + outside * outside * outside) / 3;
    }
}

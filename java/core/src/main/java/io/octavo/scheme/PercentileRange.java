package io.octavo.scheme;

/** The range that holds a share of the values. */
final class PercentileRange {
    private PercentileRange() {}

    static Limits of(AffineFormula formula, Distribution d, double percent) {
        double share = percent / 100;
        if (formula.symmetric()) {
            float reach = quantile(Magnitudes.of(d), share);
            return new Limits(-reach, reach);
        }
        double cut = d.min() >= 0 || d.max() <= 0 ? 1 - share : (1 - share) / 2;
        float lo = d.min() >= 0 ? d.min() : quantile(d, cut);
        float hi = d.max() <= 0 ? d.max() : quantile(d, 1 - cut);
        return new Limits(lo, Math.max(lo, hi));
    }

    /** The value below which a share of the values lies, linear inside a bin. */
    static float quantile(Distribution d, double share) {
        Histogram h = d.histogram();
        double wanted = share * h.total();
        double below = 0;
        for (int i = 0; i < h.bins(); i++) {
            if (h.count(i) > 0 && below + h.count(i) >= wanted) {
                double x = h.lowerEdge(i) + (wanted - below) / h.count(i) * h.width();
                return (float) Math.max(d.min(), Math.min(d.max(), x));
            }
            below += h.count(i);
        }
        return d.max();
    }
}

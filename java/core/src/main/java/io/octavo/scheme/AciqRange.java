package io.octavo.scheme;

import io.octavo.internal.bind.GroupArrays;

/**
 * Analytical clipping. For a Laplace distribution of mean absolute deviation b and a normal one of standard deviation
 * sigma, the expected squared error of 2^bits levels over [-alpha, alpha] is (Banner et al. 2019, equations 5 and 6)
 *
 * <pre>
 *   Laplace: 2 b^2 e^(-alpha/b) + alpha^2 / (3 * 4^bits)
 *   normal:  (alpha^2 + sigma^2) erfc(alpha / (sqrt(2) sigma)) + alpha^2 / (3 * 4^bits)
 *            - sqrt(2/pi) alpha sigma e^(-alpha^2 / (2 sigma^2))
 * </pre>
 *
 * The constants below are the minima of these in units of b and sigma. Data of one sign counts as half of a symmetric
 * distribution, whose levels would be twice as many.
 */
final class AciqRange {
    private static final double[] LAPLACE = {2.831, 3.897, 5.029, 6.205, 7.413, 8.646, 9.897, 11.163}; // 2 .. 9 bits
    private static final double[] NORMAL = {1.711, 2.152, 2.559, 2.936, 3.287, 3.615, 3.924, 4.216};

    private AciqRange() {}

    static Limits of(AffineFormula formula, Distribution d) {
        boolean oneSided = !formula.symmetric() && (d.min() >= 0 || d.max() <= 0);
        double centre = formula.symmetric() || oneSided ? 0 : mean(d);
        double[] spread = spread(d, centre);
        int entry = formula.usedBits() + (oneSided ? 1 : 0) - Bits.LEAST;
        Limits laplace = limits(formula, d, centre, LAPLACE[Math.max(entry, 0)] * spread[0]);
        Limits normal = limits(formula, d, centre, NORMAL[Math.max(entry, 0)] * spread[1]);
        return error(formula, d, laplace) <= error(formula, d, normal) ? laplace : normal;
    }

    private static double error(AffineFormula formula, Distribution d, Limits limits) {
        Histogram h = d.histogram();
        float scale = formula.scale(limits.lo(), limits.hi());
        return GroupArrays.histogramError(
                h.counts(),
                h.exponent(),
                h.first(),
                d.min(),
                d.max(),
                scale,
                formula.zeroPoint(limits.lo(), scale),
                formula.qMin(),
                formula.qMax());
    }

    /** The range around the centre, no wider than the data. */
    private static Limits limits(AffineFormula formula, Distribution d, double centre, double alpha) {
        if (formula.symmetric()) {
            float reach = (float) Math.min(alpha, Math.max(Math.abs(d.min()), Math.abs(d.max())));
            return new Limits(-reach, reach);
        }
        return new Limits((float) Math.max(d.min(), centre - alpha), (float) Math.min(d.max(), centre + alpha));
    }

    private static double mean(Distribution d) {
        Histogram h = d.histogram();
        double sum = 0;
        for (int i = 0; i < h.bins(); i++) {
            sum += h.count(i) * (h.lowerEdge(i) + h.width() / 2);
        }
        return sum / h.total();
    }

    /** Mean absolute deviation and standard deviation from the centre, each bin taken at its middle. */
    private static double[] spread(Distribution d, double centre) {
        Histogram h = d.histogram();
        double absolute = 0;
        double squared = 0;
        for (int i = 0; i < h.bins(); i++) {
            double x = h.lowerEdge(i) + h.width() / 2 - centre;
            absolute += h.count(i) * Math.abs(x);
            squared += h.count(i) * x * x;
        }
        return new double[] {absolute / h.total(), Math.sqrt(squared / h.total())};
    }
}

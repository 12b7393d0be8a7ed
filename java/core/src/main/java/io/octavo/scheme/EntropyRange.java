package io.octavo.scheme;

/**
 * The range with the least Kullback-Leibler divergence between the data's histogram, cut at a threshold with the rest
 * piled on the last bin (P), and the same bins quantized to the codes' levels and spread again over those bins that
 * held something (Q). Thresholds are the bins' edges, on magnitudes: a range with both signs is cut at the same
 * distance on either side.
 */
final class EntropyRange {
    private static final int BINS = 2048; // as in Migacz's talk; a power-of-two width makes it 1,025 to 2,048
    private static final double SMOOTHING = 1e-4; // the count that an empty level gets where P has what was cut off

    private EntropyRange() {}

    static Limits of(AffineFormula formula, Distribution d) {
        boolean bothSigns = formula.symmetric() || (d.min() < 0 && d.max() > 0);
        int codes = formula.qMax() - formula.qMin() + 1;
        Distribution magnitudes = Magnitudes.of(d);
        float reach = threshold(magnitudes, bothSigns ? (codes + 1) / 2 : codes);
        if (formula.symmetric()) {
            return new Limits(-reach, reach);
        }
        return new Limits(Math.max(d.min(), -reach), Math.min(d.max(), reach));
    }

    private static float threshold(Distribution magnitudes, int levels) {
        Histogram h = magnitudes.histogram().addedTo(Histogram.covering(0f, magnitudes.max(), BINS));
        long[] counts = h.counts();
        double total = h.total();
        double informationBelow = 0; // sum of c ln c over the bins before the last
        double below = 0;
        for (int i = 0; i < levels - 1 && i < counts.length; i++) {
            informationBelow += term(counts[i]);
            below += counts[i];
        }
        int best = counts.length;
        double least = Double.POSITIVE_INFINITY;
        for (int n = levels; n <= counts.length; n++) {
            double lastBin = total - below;
            double divergence = (informationBelow + term(lastBin)) / total
                    - StrictMath.log(total)
                    - crossInformation(counts, n, lastBin, levels, below + counts[n - 1]) / total;
            if (divergence <= least) { // of equal ones the widest
                least = divergence;
                best = n;
            }
            informationBelow += term(counts[n - 1]);
            below += counts[n - 1];
        }
        return (float) Math.min(magnitudes.max(), best * h.width());
    }

    /** Sum over the bins of P times ln Q, with P not normalized. */
    private static double crossInformation(long[] counts, int n, double lastBin, int levels, double inside) {
        double sum = 0;
        for (int level = 0; level < levels; level++) {
            int from = (int) ((long) level * n / levels);
            int to = (int) ((long) (level + 1) * n / levels);
            double held = 0;
            double occupied = 0;
            for (int i = from; i < to; i++) {
                held += counts[i];
                occupied += counts[i] > 0 || (i == n - 1 && lastBin > 0) ? 1 : 0;
            }
            double mass = to == n ? held - counts[n - 1] + lastBin : held;
            if (mass > 0) {
                sum += mass * StrictMath.log(Math.max(held, SMOOTHING) / occupied / inside);
            }
        }
        return sum;
    }

    private static double term(double count) {
        return count > 0 ? count * StrictMath.log(count) : 0;
    }
}

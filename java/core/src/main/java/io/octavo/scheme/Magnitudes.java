package io.octavo.scheme;

/** The distribution of absolute values. */
final class Magnitudes {
    private Magnitudes() {}

    /**
     * Folds the negative side of a histogram onto the positive one, bin on bin: exact, since the bins are aligned at 0.
     */
    static Distribution of(Distribution d) {
        Histogram h = d.histogram();
        long last = h.first() + h.bins() - 1;
        // Bin i begins at i widths; its mirror image is bin -i - 1.
        long greatest = Math.max(last, -h.first() - 1);
        long least = h.first() >= 0 ? h.first() : last < 0 ? -last - 1 : 0;
        long[] counts = new long[(int) (greatest - least + 1)];
        for (int i = 0; i < h.bins(); i++) {
            long bin = h.first() + i;
            counts[(int) ((bin >= 0 ? bin : -bin - 1) - least)] += h.count(i);
        }
        float min = d.min() > 0 ? d.min() : d.max() < 0 ? -d.max() : 0f;
        float max = Math.max(Math.abs(d.min()), Math.abs(d.max()));
        return new Distribution(min, max, d.count(), new Histogram(h.exponent(), least, counts));
    }
}

package io.octavo.scheme;

/**
 * The range search of PyTorch 2.13's HistogramObserver ({@code _non_linear_param_search}), in the precision that it
 * uses at each step: float32 where PyTorch has tensors, double where it has Python numbers. The order of the float32
 * sum is that of {@code torch.sum}, because the search stops at the first rise of the error and one digit decides
 * where.
 *
 * <p>It is for 256 destination levels whatever the scheme's bits and reduced range, as in PyTorch.
 */
final class PytorchRange {
    static final int BINS = 2048;
    private static final double QUANTILE_STEP = 1e-5;
    private static final int LEVELS = 256;

    private final float[] histogram;
    private final float min;
    private final float max;
    private final float width;
    private final float[] terms;

    /** The bins that the search kept, and their range. */
    record Found(int first, int last, Limits limits) {}

    private PytorchRange(float[] histogram, float min, float max) {
        this.histogram = histogram;
        this.min = min;
        this.max = max;
        this.width = (max - min) / histogram.length;
        this.terms = new float[histogram.length];
    }

    /** The range for a distribution: its histogram is first brought onto PyTorch's bins. */
    static Limits of(Distribution d) {
        return search(resample(d), d.min(), d.max()).limits();
    }

    /** Counts in 2,048 equal bins between least and greatest value; each finer bin goes where its middle lies. */
    private static float[] resample(Distribution d) {
        float[] bins = new float[BINS];
        Histogram h = d.histogram();
        double binWidth = ((double) d.max() - d.min()) / BINS;
        for (int i = 0; i < h.bins(); i++) {
            double middle = h.lowerEdge(i) + h.width() / 2;
            int k = binWidth > 0 ? (int) Math.floor((middle - d.min()) / binWidth) : BINS / 2;
            bins[Math.max(0, Math.min(BINS - 1, k))] += h.count(i);
        }
        return bins;
    }

    /** The search on a histogram of equal bins between {@code min} and {@code max}. */
    static Found search(float[] histogram, float min, float max) {
        return new PytorchRange(histogram, min, max).search();
    }

    private Found search() {
        double total = sum(histogram);
        float[] cumulative = new float[histogram.length];
        double running = 0;
        for (int i = 0; i < histogram.length; i++) {
            running += histogram[i];
            cumulative[i] = (float) running;
        }
        double alpha = 0;
        double beta = 1;
        int first = 0;
        int last = histogram.length - 1;
        double best = Double.POSITIVE_INFINITY;
        while (alpha < beta) {
            double nextAlpha = alpha + QUANTILE_STEP;
            double nextBeta = beta - QUANTILE_STEP;
            int l = first;
            while (l < last && cumulative[l] < (float) (nextAlpha * total)) {
                l++;
            }
            int r = last;
            while (r > first && cumulative[r] > (float) (nextBeta * total)) {
                r--;
            }
            int nextFirst = first;
            int nextLast = last;
            if (l - first > last - r) {
                nextFirst = l;
                alpha = nextAlpha;
            } else {
                nextLast = r;
                beta = nextBeta;
            }
            if (nextFirst == first && nextLast == last) {
                continue;
            }
            double error = error(nextFirst, nextLast);
            if (error > best) {
                break;
            }
            best = error;
            first = nextFirst;
            last = nextLast;
        }
        return new Found(first, last, new Limits(min + width * first, min + width * (last + 1)));
    }

    /** Estimated squared error of 256 levels over the bins {@code first..last}, all bins taking part. */
    private float error(int first, int last) {
        double binWidth = ((double) max - min) / histogram.length;
        double levelWidth = binWidth * (last - first + 1) / LEVELS;
        if (levelWidth == 0) {
            return 0;
        }
        float w = (float) binWidth;
        float d = (float) levelWidth;
        float half = (float) (levelWidth / 2);
        float minusHalf = (float) (-levelWidth / 2);
        for (int i = 0; i < histogram.length; i++) {
            float begin = (i - first) * w;
            float end = begin + w;
            float beginLevel = level(begin, d);
            float endLevel = level(end, d);
            float density = histogram[i] / w;
            float norm = cubes(density, begin - (beginLevel + 0.5f) * d, half);
            norm += (endLevel - beginLevel - 1) * cubes(density, minusHalf, half);
            norm += cubes(density, minusHalf, end - (endLevel * d + half));
            terms[i] = norm;
        }
        return sum(terms);
    }

    private static float cubes(float density, float from, float to) {
        return density * ((to * to * to - from * from * from) / 3);
    }

    /** {@code clamp(floor(x / d), 0, 255)} as PyTorch's float floor division computes it, from the exact remainder. */
    private static float level(float x, float d) {
        float remainder = remainder(x, d);
        float quotient = (x - remainder) / d;
        if (remainder != 0 && remainder < 0) {
            quotient -= 1;
        }
        float floor = (float) Math.floor(quotient);
        if (quotient == 0) {
            floor = 0;
        } else if (quotient - floor > 0.5f) {
            floor += 1;
        }
        return Math.max(0f, Math.min(LEVELS - 1, floor)); // NaN stays NaN, as torch.clamp leaves it
    }

    /** C's fmod. In double the product is exact for the quotients met here, which is far faster than {@code %}. */
    private static float remainder(float x, float d) {
        if (Float.isInfinite(d)) {
            return x % d;
        }
        double quotient = (double) x / d;
        return (float) (x - d * (quotient < 0 ? Math.ceil(quotient) : Math.floor(quotient)));
    }

    /**
     * {@code torch.sum} of float32: 8 lanes in 4 rows, cascaded in powers of 16 rows, then the rows, the rest, the
     * lanes.
     */
    static float sum(float[] x) {
        final int lanes = 8;
        final int rows = 4;
        int vectors = x.length / lanes;
        int blocks = vectors / rows;
        int power = Math.max(4, ceilLog2(blocks) / 4);
        int step = 1 << power;
        float[][] acc = new float[4][rows * lanes];
        int block = 0;
        while (block + step <= blocks) {
            for (int i = 0; i < step; i++, block++) {
                addBlock(acc[0], x, block);
            }
            for (int level = 1; level < 4; level++) {
                for (int k = 0; k < rows * lanes; k++) {
                    acc[level][k] += acc[level - 1][k];
                    acc[level - 1][k] = 0;
                }
                if ((block & ((step - 1) << (level * power))) != 0) {
                    break;
                }
            }
        }
        for (; block < blocks; block++) {
            addBlock(acc[0], x, block);
        }
        for (int level = 1; level < 4; level++) {
            for (int k = 0; k < rows * lanes; k++) {
                acc[0][k] += acc[level][k];
            }
        }
        float[] lane = acc[0];
        for (int v = blocks * rows; v < vectors; v++) {
            for (int k = 0; k < lanes; k++) {
                lane[k] += x[v * lanes + k];
            }
        }
        for (int row = 1; row < rows; row++) {
            for (int k = 0; k < lanes; k++) {
                lane[k] += lane[row * lanes + k];
            }
        }
        float total = 0;
        for (int i = vectors * lanes; i < x.length; i++) {
            total += x[i];
        }
        for (int k = 0; k < lanes; k++) {
            total += lane[k];
        }
        return total;
    }

    private static void addBlock(float[] acc, float[] x, int block) {
        for (int k = 0; k < acc.length; k++) {
            acc[k] += x[block * acc.length + k];
        }
    }

    private static int ceilLog2(int n) {
        return n <= 1 ? 0 : 32 - Integer.numberOfLeadingZeros(n - 1);
    }
}

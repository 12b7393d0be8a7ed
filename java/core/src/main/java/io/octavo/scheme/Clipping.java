package io.octavo.scheme;

import io.octavo.CalibrationException;
import io.octavo.InvalidValueException;
import io.octavo.NotFiniteException;
import io.octavo.internal.bind.Arrays;
import io.octavo.internal.bind.GroupArrays;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.util.List;

/**
 * Uniform quantization over a chosen part of the data's range: values beyond it get its end, and the others get finer
 * steps.
 *
 * <p><b>Formulas</b>: a {@link Range} chooses {@code [lo, hi]}; scale, zero point, encode and decode are then those of
 * {@link Uniform} with that range in place of least and greatest value.
 *
 * <p><b>When not to use it</b>: at 8 bits per channel the whole range costs almost nothing, and clipping the largest
 * weights can hurt a network more than its squared error says: the least error of the weights is not the best accuracy.
 * Below 5 bits, and for activations with long tails, it pays.
 *
 * @param dtype type of the codes, U8 or S8
 * @param symmetric whether the zero point is fixed
 * @param reduceRange whether the range is laid over the codes of one bit less
 * @param narrowRange whether symmetric codes have as many levels above 0 as below; false unless symmetric
 * @param range how the range is chosen
 */
public record Clipping(int bits, DType dtype, boolean symmetric, boolean reduceRange, boolean narrowRange, Range range)
        implements LinearScheme {
    private static final long BINS_A_VALUE = 32;

    /** Ways to choose a range. */
    public enum Method {
        /** Least squared error, see {@link Range#MSE}. */
        MSE,
        /** PyTorch's search, see {@link Range#PYTORCH_L2}. */
        PYTORCH_L2,
        /** A share of the values, see {@link Range#percentile}. */
        PERCENTILE,
        /** A fitted Laplace or normal distribution, see {@link Range#ACIQ}. */
        ACIQ,
        /** Least loss of information, see {@link Range#ENTROPY}. */
        ENTROPY
    }

    /**
     * How the range is chosen.
     *
     * @param percent percentage of values that lie inside, for {@link Method#PERCENTILE}; 100 otherwise
     */
    public record Range(Method method, double percent) {
        /**
         * The range with the least squared error of hundreds of scales and of finer ones around the best few of them; the
         * whole range is among those tried. On data the error is measured, on a histogram it is that of an even spread
         * inside each bin, integrated in closed form.
         */
        public static final Range MSE = new Range(Method.MSE, 100);

        /**
         * The search of PyTorch 2.13's HistogramObserver on 2,048 bins: bounds move inwards by quantiles while an
         * estimate of the squared error, for 256 levels whatever the bits, does not rise.
         */
        public static final Range PYTORCH_L2 = new Range(Method.PYTORCH_L2, 100);

        /**
         * Analytical clipping: the multiple of the mean absolute deviation (Laplace) or of the standard deviation
         * (normal) that is optimal for that distribution and the bits, whichever of the two has the smaller error on
         * the data. Banner et al., <i>Post training 4-bit quantization of convolutional networks for
         * rapid-deployment</i>, 2019.
         */
        public static final Range ACIQ = new Range(Method.ACIQ, 100);

        /**
         * The range whose quantized histogram diverges least from the data's (Kullback-Leibler). Migacz, <i>8-bit
         * inference with TensorRT</i>, 2017. For activations of 8 bits; it has little to say for a few
         * dozen weights.
         */
        public static final Range ENTROPY = new Range(Method.ENTROPY, 100);

        /** Throws {@link InvalidValueException} unless percent is in 50..100. */
        public Range {
            if (!(percent >= 50 && percent <= 100)) {
                throw new InvalidValueException("percentile " + percent + ": must be 50 to 100");
            }
        }

        /**
         * The range that holds {@code percent} of the values, such as 99.9: of the magnitudes for symmetric codes,
         * otherwise cutting as many values at either end (at the far end alone if all have one sign).
         */
        public static Range percentile(double percent) {
            return new Range(Method.PERCENTILE, percent);
        }

        @Override
        public String toString() {
            return method == Method.PERCENTILE ? "percentile " + percent : method.toString();
        }
    }

    /**
     * Throws {@link InvalidValueException} if bits are not in 2..8, the type is not U8 or S8, or the range narrow and not
     * symmetric.
     */
    public Clipping {
        Bits.check(bits);
        AffineFormula.checkDtype(dtype);
        AffineFormula.checkNarrow(narrowRange, symmetric);
    }

    /** The scheme whose range is narrow if it is symmetric and of fewer than 8 bits. */
    public Clipping(int bits, DType dtype, boolean symmetric, boolean reduceRange, Range range) {
        this(bits, dtype, symmetric, reduceRange, AffineFormula.narrowByDefault(bits, symmetric), range);
    }

    /** S8, symmetric, range by {@link Range#MSE}: for weights. */
    public static Clipping weights(int bits) {
        return new Clipping(bits, DType.S8, true, false, Range.MSE);
    }

    /** U8 with a zero point, range by {@link Range#MSE}: for activations. */
    public static Clipping activations(int bits) {
        return new Clipping(bits, DType.U8, false, false, Range.MSE);
    }

    /** The same scheme with its range laid over the codes of one bit less, or over all. */
    public Clipping reduceRange(boolean reduce) {
        return new Clipping(bits, dtype, symmetric, reduce, narrowRange, range);
    }

    /** The same scheme with as many levels above 0 as below, or with all codes, as PyTorch has it. */
    public Clipping narrowRange(boolean narrow) {
        return new Clipping(bits, dtype, symmetric, reduceRange, narrow, range);
    }

    /** The same scheme with another choice of range. */
    public Clipping range(Range chosen) {
        return new Clipping(bits, dtype, symmetric, reduceRange, narrowRange, chosen);
    }

    @Override
    public String name() {
        return "clipping";
    }

    /**
     * {@inheritDoc}
     *
     * @throws NotFiniteException if a value is NaN or infinite, naming its index
     */
    @Override
    public AffineParams fit(Tensor x, Granularity granularity) {
        AffineFormula formula = AffineFormula.of(this);
        Ranges ranges = Ranges.of(x, granularity);
        Partition parts = Partition.of(x, granularity);
        if (range.method() != Method.PYTORCH_L2) {
            GroupArrays.Ranges chosen = GroupArrays.fitRange(parts.flat(), parts.groups(), choice(formula));
            return formula.params(chosen.lo(), chosen.hi(), granularity);
        }
        for (int i = 0; i < parts.count(); i++) {
            Tensor part = parts.part(i);
            float min = ranges.min()[i];
            float max = ranges.max()[i];
            Limits chosen = PytorchRange.of(new Distribution(min, max, part.elements(), histogram(part, min, max)));
            ranges.min()[i] = chosen.lo();
            ranges.max()[i] = chosen.hi();
        }
        return formula.params(ranges.min(), ranges.max(), granularity);
    }

    private static Histogram histogram(Tensor x, float min, float max) {
        // Few values need no more bins than PyTorch's search has, but many groups of them are soon done with these.
        long bins = Math.max(PytorchRange.BINS, Math.min(Histogram.MAX_BINS, BINS_A_VALUE * x.elements()));
        Histogram empty = Histogram.covering(min, max, (int) bins);
        long[] counts = empty.counts();
        Arrays.histogram(x, empty.exponent(), empty.first(), counts);
        return new Histogram(empty.exponent(), empty.first(), counts);
    }

    /**
     * {@inheritDoc}
     *
     * @throws CalibrationException if the distribution has no histogram
     */
    @Override
    public AffineParams fit(Distribution observed) {
        AffineFormula formula = AffineFormula.of(this);
        Limits chosen = limits(formula, observed);
        return formula.params(new float[] {chosen.lo()}, new float[] {chosen.hi()}, Granularity.perTensor());
    }

    @Override
    public AffineParams fit(List<Distribution> channels, int axis) {
        AffineFormula formula = AffineFormula.of(this);
        float[] lo = new float[channels.size()];
        float[] hi = new float[channels.size()];
        for (int i = 0; i < lo.length; i++) {
            Limits chosen = limits(formula, channels.get(i));
            lo[i] = chosen.lo();
            hi[i] = chosen.hi();
        }
        return formula.params(lo, hi, Granularity.perChannel(axis));
    }

    /**
     * The range that is chosen for observed values, before it is extended to hold 0.
     *
     * @throws CalibrationException if the distribution has no histogram
     */
    public Distribution chosenRange(Distribution observed) {
        Limits chosen = limits(AffineFormula.of(this), observed);
        return Distribution.ofRange(chosen.lo(), chosen.hi(), observed.count());
    }

    private Limits limits(AffineFormula formula, Distribution d) {
        d.requireHistogram("clipping by " + range);
        if (range.method() == Method.PYTORCH_L2) {
            return PytorchRange.of(d);
        }
        Histogram h = d.histogram();
        GroupArrays.Ranges chosen =
                GroupArrays.histogramFitRange(h.counts(), h.exponent(), h.first(), d.min(), d.max(), choice(formula));
        return new Limits(chosen.lo()[0], chosen.hi()[0]);
    }

    private GroupArrays.RangeChoice choice(AffineFormula formula) {
        GroupArrays.RangeMethod method =
                switch (range.method()) {
                    case MSE -> GroupArrays.RangeMethod.LEAST_ERROR;
                    case PERCENTILE -> GroupArrays.RangeMethod.PERCENTILE;
                    case ACIQ -> GroupArrays.RangeMethod.ANALYTICAL;
                    case ENTROPY -> GroupArrays.RangeMethod.ENTROPY;
                    case PYTORCH_L2 -> throw new IllegalStateException("the search of PyTorch is not a native one");
                };
        return new GroupArrays.RangeChoice(
                method,
                range.percent(),
                formula.qMin() - formula.middle(),
                formula.qMax() - formula.middle(),
                symmetric);
    }
}

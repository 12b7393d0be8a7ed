package io.octavo.scheme;

import io.octavo.InvalidValueException;
import io.octavo.NotFiniteException;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.util.List;

/**
 * Uniform quantization over the whole range of the data, as PyTorch's min-max observers do it.
 *
 * <p><b>Formulas</b>, all in float32, rint rounding half to even. The range of the data is laid over {@code qMin ..
 * qMax}. With {@code lo = min(min, 0)}, {@code hi = max(max, 0)}:
 *
 * <ul>
 *   <li>affine: the codes are {@code 0 .. 2^bits - 1} (U8) or {@code -2^(bits-1) .. 2^(bits-1) - 1} (S8),
 *       {@code scale = max((hi - lo) / (qMax - qMin), 2^-23)},
 *       {@code zeroPoint = clamp(qMin - rint(lo / scale), qMin, qMax)};
 *   <li>symmetric, {@code scale = max(max(-lo, hi) / ((qMax - qMin) / 2), 2^-23)}: in a narrow range the levels are
 *       {@code -m .. m} times the scale, {@code m = 2^(bits-1) - 1}, the zero point 0 (S8) or m (U8, codes 0 .. 2m). Not
 *       narrow, the codes are all that there are, and the zero point is 0 (S8), 128 (U8 of 8 bits) or m (U8 below);
 *   <li>with {@code reduceRange} qMin and qMax are those of one bit less (two levels beside 0 remain at 2 bits); values
 *       beyond the range then still have codes, as in PyTorch;
 *   <li>encode, per tensor and per group: {@code code = clamp(rint(fma(x, 1 / scale, zeroPoint)))}; per channel product
 *       and sum are rounded each;
 *   <li>decode: {@code (code - zeroPoint) * scale}.
 * </ul>
 *
 * <p><b>Source</b>: {@code torch.ao.quantization.UniformQuantizationObserverBase} and fbgemm's quantize of PyTorch
 * 2.13, equal to the bit where the range is not narrow; the scheme itself, with a narrow range for weights, is that of
 * Jacob et al., <i>Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference</i>,
 * 2018.
 *
 * <p><b>When not to use it</b>: one outlier stretches the range and costs everybody else precision. At 4 bits and
 * below, or for activations with long tails, choose the range with {@link Clipping}; per tensor at low bits prefer
 * parameters per channel or group.
 *
 * @param dtype type of the codes, U8 or S8
 * @param symmetric whether the zero point is fixed
 * @param reduceRange whether the range is laid over the codes of one bit less
 * @param narrowRange whether symmetric codes have as many levels above 0 as below; false unless symmetric
 */
public record Uniform(int bits, DType dtype, boolean symmetric, boolean reduceRange, boolean narrowRange)
        implements LinearScheme {

    /**
     * Throws {@link InvalidValueException} if bits are not in 2..8, the type is not U8 or S8, or the range narrow and not
     * symmetric.
     */
    public Uniform {
        Bits.check(bits);
        AffineFormula.checkDtype(dtype);
        AffineFormula.checkNarrow(narrowRange, symmetric);
    }

    /** The scheme whose range is narrow if it is symmetric and of fewer than 8 bits. */
    public Uniform(int bits, DType dtype, boolean symmetric, boolean reduceRange) {
        this(bits, dtype, symmetric, reduceRange, AffineFormula.narrowByDefault(bits, symmetric));
    }

    /** S8, symmetric: for weights. */
    public static Uniform weights(int bits) {
        return new Uniform(bits, DType.S8, true, false);
    }

    /** U8 with a zero point: for activations. */
    public static Uniform activations(int bits) {
        return new Uniform(bits, DType.U8, false, false);
    }

    /** The same scheme with its range laid over the codes of one bit less, or over all. */
    public Uniform reduceRange(boolean reduce) {
        return new Uniform(bits, dtype, symmetric, reduce, narrowRange);
    }

    /** The same scheme with as many levels above 0 as below, or with all codes, as PyTorch has it. */
    public Uniform narrowRange(boolean narrow) {
        return new Uniform(bits, dtype, symmetric, reduceRange, narrow);
    }

    @Override
    public String name() {
        return "uniform";
    }

    /**
     * {@inheritDoc}
     *
     * @throws NotFiniteException if a value is NaN or infinite, naming its index
     */
    @Override
    public AffineParams fit(Tensor x, Granularity granularity) {
        Ranges ranges = Ranges.of(x, granularity);
        return AffineFormula.of(this).params(ranges.min(), ranges.max(), granularity);
    }

    @Override
    public AffineParams fit(Distribution observed) {
        return AffineFormula.of(this)
                .params(new float[] {observed.min()}, new float[] {observed.max()}, Granularity.perTensor());
    }

    @Override
    public AffineParams fit(List<Distribution> channels, int axis) {
        float[] min = new float[channels.size()];
        float[] max = new float[channels.size()];
        for (int i = 0; i < min.length; i++) {
            min[i] = channels.get(i).min();
            max[i] = channels.get(i).max();
        }
        return AffineFormula.of(this).params(min, max, Granularity.perChannel(axis));
    }
}

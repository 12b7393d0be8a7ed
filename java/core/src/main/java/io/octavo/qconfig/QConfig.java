package io.octavo.qconfig;

import io.octavo.InvalidValueException;
import io.octavo.observe.HistogramObserver;
import io.octavo.observe.Observer;
import io.octavo.scheme.Clipping;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.Scheme;
import io.octavo.scheme.Uniform;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * How one node, or a whole model, is quantized.
 *
 * @param activationObserver makes an observer for each activation that is watched; null: weight-only
 * @param activation the scheme of activations, per tensor; null: they stay F32 (weight-only)
 * @param weight the scheme of weights
 * @param weightGranularity how many weights share parameters; per group, of a multiple of 32, run linear layers alone
 */
public record QConfig(
        Supplier<Observer> activationObserver, Scheme activation, Scheme weight, Granularity weightGranularity) {

    /** The named defaults: Octavo's own, and those of PyTorch's {@code get_default_qconfig}. */
    private enum Default {
        /** Activations all 8 bits, on which every instruction set is exact here; weights S8 per channel, of least squared error. */
        OCTAVO(Clipping.activations(8), Clipping.weights(8), Granularity.perChannel(0)),
        /** Activations laid over 7 of 8 bits, where 16-bit sums of products do not saturate; weights S8 per channel. */
        FBGEMM(pytorch(true), Uniform.weights(8), Granularity.perChannel(0)),
        /** The same under PyTorch's newer name. */
        X86(pytorch(true), Uniform.weights(8), Granularity.perChannel(0)),
        /** Activations all 8 bits; weights per channel: for CPUs with VNNI. */
        ONEDNN(pytorch(false), Uniform.weights(8), Granularity.perChannel(0)),
        /** Activations all 8 bits; weights per tensor. */
        QNNPACK(pytorch(false), Uniform.weights(8), Granularity.perTensor());

        private final Scheme activation;
        private final Scheme weight;
        private final Granularity granularity;

        Default(Scheme activation, Scheme weight, Granularity granularity) {
            this.activation = activation;
            this.weight = weight;
            this.granularity = granularity;
        }

        private static Scheme pytorch(boolean reduceRange) {
            return Clipping.activations(8).reduceRange(reduceRange).range(Clipping.Range.PYTORCH_L2);
        }

        String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Refuses null, but for observer and scheme of activations together. */
    public QConfig {
        if (activation != null || activationObserver != null) {
            Objects.requireNonNull(activationObserver, "activationObserver");
            Objects.requireNonNull(activation, "activation");
        }
        Objects.requireNonNull(weight, "weight");
        Objects.requireNonNull(weightGranularity, "weightGranularity");
    }

    /**
     * "octavo", the one to take, or the default of an engine of PyTorch, for comparisons with it: "fbgemm", "x86", "onednn" or
     * "qnnpack". All observe activations with a {@link HistogramObserver}; weights are S8 and symmetric. PyTorch's clip the range of
     * activations by its search, and take the whole range of weights.
     *
     * <p>"octavo" lays activations over all 8 bits, since sums of their products with weights are exact here on every CPU, and gives
     * activations, and the weights of each channel, the range of least squared error ({@link Clipping.Range#MSE}).
     *
     * @throws InvalidValueException for another name, listing these
     */
    public static QConfig getDefault(String engine) {
        for (Default d : Default.values()) {
            if (d.text().equals(engine)) {
                return new QConfig(HistogramObserver::new, d.activation, d.weight, d.granularity);
            }
        }
        throw new InvalidValueException("no default qconfig is called \"" + engine + "\": there are "
                + Arrays.stream(Default.values()).map(Default::text).collect(Collectors.joining(", ")));
    }

    /**
     * Weights alone are quantized, activations stay F32: for {@code Linear} layers, whose kernel makes floats of the codes as it
     * reads them. Nothing is observed, so {@link io.octavo.quantize.Quantization#quantizeWeightOnly} needs no data. Operators
     * other than {@code Linear} stay float.
     *
     * @param weight any scheme; one of at most 4 bits with levels that all parameter sets share is kept in 4 bits a weight
     * @param granularity per tensor, per channel, or per group of a multiple of 32 weights
     */
    public static QConfig weightOnly(Scheme weight, Granularity granularity) {
        return new QConfig(null, null, weight, granularity);
    }

    /** Whether activations stay F32. */
    public boolean isWeightOnly() {
        return activation == null;
    }

    /** Whether this and {@code other} (null: float) observe and encode activations alike, or both leave them float. */
    public boolean sharesActivations(QConfig other) {
        return other == null
                ? isWeightOnly()
                : Objects.equals(activation, other.activation)
                        && Objects.equals(activationObserver, other.activationObserver);
    }

    /** The same with another scheme and granularity of weights. */
    public QConfig withWeight(Scheme scheme, Granularity granularity) {
        return new QConfig(activationObserver, activation, scheme, granularity);
    }

    /** The same with another observer and scheme of activations. */
    public QConfig withActivation(Supplier<Observer> observer, Scheme scheme) {
        return new QConfig(observer, scheme, weight, weightGranularity);
    }
}

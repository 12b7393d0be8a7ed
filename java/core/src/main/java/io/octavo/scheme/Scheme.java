package io.octavo.scheme;

import io.octavo.NotFiniteException;
import io.octavo.tensor.Tensor;

/**
 * A quantization scheme: chooses parameters for real numbers ({@code fit}) and turns these into integer codes ({@code
 * encode}); {@link QuantizedTensor#decode} turns them back. Schemes are immutable values; two equal ones give equal bytes
 * for equal data, on any machine.
 *
 * <p>Parameters say all there is to know for coding, so {@code encode} follows them: a code is always the one whose real
 * number lies nearest, up to the rounding of the formula that {@link AffineParams} or {@link TableParams} states.
 */
public sealed interface Scheme permits LinearScheme, NonLinearScheme {

    /** "uniform", "clipping", "logarithmic" or "kmeans". */
    String name();

    /** Bits of a code, 2 to 8. */
    int bits();

    /**
     * Parameters for the values of a tensor.
     *
     * @param x F32, any shape that has the axis of {@code granularity}
     * @throws NotFiniteException if a value is NaN or infinite, naming its index
     */
    QuantParams fit(Tensor x, Granularity granularity);

    /**
     * Parameters of a whole tensor (an activation) that was observed. Throws as the scheme says if it needs a histogram
     * and there is none.
     */
    QuantParams fit(Distribution observed);

    /**
     * Codes of an F32 tensor; values beyond the range get its end.
     *
     * @throws NotFiniteException if a value is NaN or infinite, naming its index
     */
    default QuantizedTensor encode(Tensor x, QuantParams params) {
        return Codec.encode(x, params);
    }

    /** {@code encode} with the parameters fitted to the tensor itself. */
    default QuantizedTensor quantize(Tensor x, Granularity granularity) {
        return encode(x, fit(x, granularity));
    }
}

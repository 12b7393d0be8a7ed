package io.octavo.scheme;

import io.octavo.NotFiniteException;
import io.octavo.tensor.Tensor;

/**
 * A quantization scheme: chooses parameters for real numbers ({@code fit}), turns them into integer codes (
 * {@code encode}) and back ({@code decode}). Schemes are immutable values; two equal ones give equal bytes for equal
 * data, on any machine.
 *
 * <p>Codes and parameters say all there is to know for decoding, so {@code encode} and {@code decode} follow the
 * parameters: a code is always the one whose real number lies nearest, up to the rounding of the formula that
 * {@link AffineParams} or {@link TableParams} states.
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

    /** The real numbers (F32, the same shape) that the codes stand for. */
    default Tensor decode(QuantizedTensor q) {
        return Codec.decode(q);
    }

    /** What {@code q}, the codes of {@code x}, lost. */
    default SchemeError error(Tensor x, QuantizedTensor q) {
        return Codec.error(x, q);
    }
}

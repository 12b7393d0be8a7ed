package io.octavo.scheme;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;

/**
 * A tensor as integer codes and what decodes them.
 *
 * @param shape the logical shape
 * @param params how a code becomes a real number
 * @param codes one code an element, of {@code shape}: the type of the affine parameters, or {@link DType#U8} for table
 *     codes. The tensor is shared, not copied: whoever hands it over no longer writes to it
 */
public record QuantizedTensor(Shape shape, QuantParams params, Tensor codes) {

    /** Throws {@link ShapeMismatchException} or {@link InvalidValueException} if the parts do not fit together. */
    public QuantizedTensor {
        if (!codes.shape().equals(shape)) {
            throw new ShapeMismatchException("codes of shape " + codes.shape() + " for a tensor of shape " + shape);
        }
        DType wanted = params instanceof AffineParams a ? a.dtype() : DType.U8;
        if (codes.dtype() != wanted) {
            throw new InvalidValueException(
                    "codes of type " + codes.dtype() + ": " + params + " has codes of type " + wanted);
        }
        int sets = params.granularity().count(shape);
        if (params.count() != sets) {
            throw new ShapeMismatchException(params.count() + " parameter sets for shape " + shape + ": per "
                    + params.granularity() + " there must be " + sets);
        }
    }

    /**
     * Bits an element when stored: the codes at their width, tables at 8 bits an entry, scales at 32 bits, and zero
     * points at 8 bits if any differs from 0.
     */
    public double bitsPerElement() {
        return (double) (shape.elements() * params.bits() + params.storageBits()) / shape.elements();
    }

    /** Bytes of the codes packed at their width together with the parameters. Kernels may hold more: see their plan. */
    public long storageBytes() {
        return (shape.elements() * params.bits() + 7) / 8 + (params.storageBits() + 7) / 8;
    }

    /** The real numbers (F32, the same shape) that the codes stand for. */
    public Tensor decode() {
        return Codec.decode(this);
    }

    /**
     * What the codes lost of {@code original}.
     *
     * @param original F32 of the same shape
     * @throws ShapeMismatchException if the shapes differ
     */
    public SchemeError error(Tensor original) {
        return Codec.error(original, this);
    }
}

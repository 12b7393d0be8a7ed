package io.octavo.graph;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.QuantParams;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;

/**
 * An edge of a graph: an input, a constant, or what a node computes.
 *
 * @param name unique in its graph
 * @param dtype type of the elements; of the codes where the value is quantized
 * @param shape logical shape, {@code [N, C, H, W]} for images; the first dimension may be {@link Shape#N}
 * @param quantization how a code becomes a real number; null: the numbers are what they are
 * @param data the elements (codes where quantized) of a constant; null: known only in a run. Shared, not copied: whoever hands
 *     a tensor over no longer writes to it
 */
public record Value(String name, DType dtype, Shape shape, QuantParams quantization, Tensor data) {
    /**
     * Checks that the parts fit together.
     *
     * @throws InvalidValueException if the name is empty, or the parameters are of codes of another type
     * @throws ShapeMismatchException if the data are not of the type and shape, or there are not as many parameters as the shape asks
     */
    public Value {
        if (name.isEmpty()) {
            throw new InvalidValueException("A value of a graph needs a name");
        }
        if (data != null && (data.dtype() != dtype || !data.shape().equals(shape))) {
            throw new ShapeMismatchException(
                    "Constant '" + name + "' is " + dtype + " " + shape + ", but its data are " + data);
        }
        if (quantization != null) {
            DType codes = quantization instanceof AffineParams affine ? affine.dtype() : DType.U8;
            if (dtype != codes) {
                throw new InvalidValueException("Value '" + name + "' is " + dtype
                        + ", but its quantization parameters (" + quantization + ") are of codes of type " + codes);
            }
            int sets = quantization.granularity().count(shape);
            if (quantization.count() != sets) {
                throw new ShapeMismatchException("Value '" + name + "' " + dtype + " " + shape + " has "
                        + quantization.count() + " parameter sets, but per " + quantization.granularity()
                        + " there must be " + sets);
            }
        }
    }

    /** Whether the elements are part of the graph. */
    public boolean isConstant() {
        return data != null;
    }

    /** Whether the elements are codes. */
    public boolean isQuantized() {
        return quantization != null;
    }

    /**
     * Bytes that a constant takes when stored: quantized codes at their width with their parameters, other numbers as they are.
     * 0 for a value that is no constant.
     */
    public long storageBytes() {
        if (data == null) {
            return 0;
        }
        if (quantization == null) {
            return data.byteSize();
        }
        return (data.elements() * quantization.bits() + 7) / 8 + (quantization.storageBits() + 7) / 8;
    }

    /** Name, type and shape, as messages show them: {@code 'conv1' U8 [N, 6, 32, 32]}. */
    @Override
    public String toString() {
        return "'" + name + "' " + dtype + " " + shape + (isQuantized() ? " quantized" : "");
    }
}

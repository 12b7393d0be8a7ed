package io.octavo.tensor;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import java.nio.ByteBuffer;

/**
 * What a tensor has to be, such as an input of a network: for those who read tensors from files and know no network.
 *
 * @param name of the input
 * @param dtype type of the elements
 * @param shape dimensions, some of which may be unknown
 */
public record TensorSpec(String name, DType dtype, Shape shape) {
    /** Refuses null. */
    public TensorSpec {
        InvalidValueException.requireNonNull(name, "name of a tensor's specification");
        InvalidValueException.requireNonNull(dtype, "type of " + name);
        InvalidValueException.requireNonNull(shape, "shape of " + name);
    }

    /**
     * A tensor as it is wanted here: itself, or one of its elements in the wanted type, or with a first dimension of 1 where a sample
     * comes without a batch. Integers become F32 (rounded beyond 2^24) and other integers if each fits; F32 does not become integer.
     *
     * @param source where the tensor is from, for messages
     * @throws ShapeMismatchException if shape or type do not fit, or an integer is out of the type's range
     */
    public Tensor fit(Tensor tensor, String source) {
        Tensor shaped = tensor;
        if (!shape.accepts(tensor.shape())) {
            Shape single = withLeadingOne(tensor.shape());
            if (single == null || !shape.accepts(single)) {
                throw mismatch(tensor, source);
            }
            shaped = tensor.reshape(single.dims());
        }
        return shaped.dtype() == dtype ? shaped : converted(shaped, source);
    }

    private static Shape withLeadingOne(Shape given) {
        if (given.rank() == Shape.MAX_RANK) {
            return null;
        }
        long[] dims = new long[given.rank() + 1];
        dims[0] = 1;
        System.arraycopy(given.dims(), 0, dims, 1, given.rank());
        return Shape.of(dims);
    }

    private Tensor converted(Tensor given, String source) {
        if (given.dtype() == DType.F32 || given.dtype() == DType.BOOL && dtype != DType.F32 || dtype == DType.BOOL) {
            throw mismatch(given, source);
        }
        Tensor made = Tensor.zeros(dtype, given.shape());
        int elements = Math.toIntExact(given.elements());
        ByteBuffer from = given.bytes();
        ByteBuffer to = made.bytes();
        for (int i = 0; i < elements; i++) {
            long value =
                    switch (given.dtype()) {
                        case U8 -> Byte.toUnsignedInt(from.get(i));
                        case S8, BOOL -> from.get(i);
                        case S32 -> from.getInt(4 * i);
                        default -> from.getLong(8 * i);
                    };
            if (dtype == DType.F32) {
                to.putFloat(value);
                continue;
            }
            if (dtype != DType.S64 && (value < dtype.min() || value > dtype.max())) {
                throw new ShapeMismatchException(source + ": element " + i + " of tensor " + given + " is " + value
                        + ", beyond the " + dtype + " of input '" + name + "'");
            }
            switch (dtype) {
                case S64 -> to.putLong(value);
                case S32 -> to.putInt((int) value);
                default -> to.put((byte) value);
            }
        }
        return made;
    }

    private ShapeMismatchException mismatch(Tensor found, String source) {
        return new ShapeMismatchException(
                source + ": tensor " + found + " does not fit input '" + name + "', which is " + dtype + " " + shape);
    }

    /** Name, type and shape: {@code 'images' F32 [N, 3, 32, 32]}. */
    @Override
    public String toString() {
        return "'" + name + "' " + dtype + " " + shape;
    }
}

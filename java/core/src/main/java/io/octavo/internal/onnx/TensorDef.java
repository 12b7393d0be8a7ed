package io.octavo.internal.onnx;

import io.octavo.InvalidValueException;
import io.octavo.UnsupportedException;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A constant tensor of a file. Its data are as many as its dimensions say; elements are decoded when they are asked for. Two are
 * equal if name, type, dimensions and elements are, wherever these lie.
 *
 * @param name may be empty
 * @param dims each 0 or more; none: one element
 */
public record TensorDef(String name, ElementType type, List<Long> dims, TensorData data) {
    private static final int MAX_RANK = 64;

    public TensorDef {
        InvalidValueException.requireNonNull(name, "name of a tensor");
        InvalidValueException.requireNonNull(type, "element type of tensor " + Quoted.of(name));
        dims = List.copyOf(dims);
        Elements.check(name, type, dims, elements(name, dims), data);
    }

    // ---- To be written
    // -----------------------------------------------------------------------------------------------------

    /** The elements of a tensor, which stays the caller's and open until the file is written. */
    public static TensorDef of(String name, Tensor tensor) {
        return new TensorDef(
                name, ElementType.of(tensor.dtype()), list(tensor.shape().dims()), new TensorData.Held(tensor));
    }

    // ---- What it is
    // --------------------------------------------------------------------------------------------------------

    /** Number of elements. */
    public long elements() {
        return elements(name, dims);
    }

    /** A copy of the dimensions, as {@link Shape#of} takes them. */
    public long[] dimArray() {
        return dims.stream().mapToLong(Long::longValue).toArray();
    }

    /** Bytes of all elements in raw form; 0 for strings. */
    public long rawBytes() {
        return type == ElementType.STRING ? 0 : type.bytes(elements());
    }

    // ---- Elements
    // ----------------------------------------------------------------------------------------------------------

    /**
     * The elements in raw form, as {@link TensorData.Raw} has them: a slice of the file where they lie in it like that, otherwise
     * decoded.
     *
     * @throws UnsupportedException for strings
     */
    public ByteBuffer raw() {
        return Elements.raw(this);
    }

    /**
     * A tensor of these elements: F16, BF16 and F64 as F32, integers as the {@linkplain ElementType#dtype next wider type} that
     * tensors have. Its memory is its own: a tensor can be written to, and native code reads it, long after the file may have been
     * replaced or cut off. The copy does not go through the heap.
     *
     * @throws UnsupportedException if tensors do not have such elements, such a rank, such dimensions or such a size, or for a U64
     *     beyond S64
     */
    public Tensor tensor() {
        return Elements.tensor(this);
    }

    /**
     * All elements of an integer type; of BOOL 0 and 1, of U64 the same 64 bits.
     *
     * @throws UnsupportedException for another type, or more elements than an array takes
     */
    public long[] toLongArray() {
        return Elements.longs(this);
    }

    /**
     * All elements of type F32, F16, BF16 or F64, the last rounded.
     *
     * @throws UnsupportedException for another type, or more elements than an array takes
     */
    public float[] toFloatArray() {
        return Elements.floats(this);
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof TensorDef tensor)
                || !name.equals(tensor.name)
                || type != tensor.type
                || !dims.equals(tensor.dims)) {
            return false;
        }
        return type == ElementType.STRING ? data.equals(tensor.data) : raw().equals(tensor.raw());
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, type, dims);
    }

    /** How messages name it, such as {@code "conv1.weight" F32 [64, 3, 7, 7]}. */
    @Override
    public String toString() {
        return Quoted.of(name) + " " + type + " " + dims;
    }

    private static List<Long> list(long[] dims) {
        return Arrays.stream(dims).boxed().toList();
    }

    static long elements(String name, List<Long> dims) {
        if (dims.size() > MAX_RANK) {
            throw new InvalidValueException(
                    "tensor " + Quoted.of(name) + " has " + dims.size() + " dimensions: expected at most " + MAX_RANK);
        }
        long elements = 1;
        boolean counted = true;
        for (long dim : dims) {
            if (dim < 0) {
                throw new InvalidValueException("tensor " + Quoted.of(name) + " has dimension " + dim + " in " + dims);
            }
            counted &= dim == 0 || elements <= Long.MAX_VALUE / dim;
            elements = counted ? elements * dim : 1;
        }
        if (!counted && !dims.contains(0L)) {
            throw new InvalidValueException(
                    "tensor " + Quoted.of(name) + " " + dims + " has more elements than can be counted");
        }
        return counted ? elements : 0;
    }
}

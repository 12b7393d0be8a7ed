package io.octavo.scheme;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.tensor.Shape;

/**
 * How many elements of a tensor share one parameter set (a scale and zero point, or a scale and table).
 *
 * <ul>
 *   <li>{@link #perTensor()}: all of them.
 *   <li>{@link #perChannel(int)}: those of one index of an axis; for weights axis 0, the output channel.
 *   <li>{@link #perGroup(int)}: each run of {@code size} consecutive weights of an output channel (axis 0), the last
 *       run of a channel being shorter where {@code size} does not divide it. Sets are numbered channel by channel.
 * </ul>
 *
 * @param axis the axis whose indices have sets of their own; -1 per tensor, 0 per group
 * @param groupSize elements of a group; 0 unless per group
 */
public record Granularity(int axis, int groupSize) {
    private static final Granularity PER_TENSOR = new Granularity(-1, 0);

    /**
     * Throws {@link InvalidValueException} for an axis below -1, a negative size, or a group on an axis other than 0.
     */
    public Granularity {
        if (axis < -1) {
            throw new InvalidValueException("axis " + axis + ": must be 0 or more (or -1, the whole tensor)");
        }
        if (groupSize < 0 || (groupSize > 0 && axis != 0)) {
            throw new InvalidValueException("group size " + groupSize + " on axis " + axis
                    + ": groups have a positive size and lie within axis 0");
        }
    }

    /** One parameter set for the whole tensor. */
    public static Granularity perTensor() {
        return PER_TENSOR;
    }

    /** One parameter set for each index of {@code axis}, counted from 0. */
    public static Granularity perChannel(int axis) {
        if (axis < 0) {
            throw new InvalidValueException("channel axis " + axis + ": must be 0 or more");
        }
        return new Granularity(axis, 0);
    }

    /** One parameter set for each {@code size} consecutive elements of an index of axis 0. */
    public static Granularity perGroup(int size) {
        if (size < 1) {
            throw new InvalidValueException("group size " + size + ": must be 1 or more");
        }
        return new Granularity(0, size);
    }

    /** Whether one parameter set serves the whole tensor. */
    public boolean isPerTensor() {
        return axis < 0;
    }

    /** Whether each channel has a parameter set. */
    public boolean isPerChannel() {
        return axis >= 0 && groupSize == 0;
    }

    /** Whether each group of consecutive weights of a channel has a parameter set. */
    public boolean isPerGroup() {
        return groupSize > 0;
    }

    /**
     * The number of parameter sets of a tensor of this shape.
     *
     * @throws ShapeMismatchException if the shape has no such axis, or the batch lies in it
     */
    public int count(Shape shape) {
        if (isPerTensor()) {
            return 1;
        }
        if (axis >= shape.rank()) {
            throw new ShapeMismatchException("shape " + shape + " has no axis " + axis + " for parameters per "
                    + (isPerGroup() ? "group" : "channel") + ": use an axis below " + shape.rank());
        }
        if (shape.dim(axis) < 0) {
            throw new ShapeMismatchException(
                    "shape " + shape + ": axis " + axis + " is the batch, which cannot have parameters of its own");
        }
        long channels = shape.dim(axis);
        if (isPerGroup()) {
            long perChannel = shape.elements() / channels;
            channels *= (perChannel + groupSize - 1) / groupSize;
        }
        if (channels > Integer.MAX_VALUE) {
            throw new ShapeMismatchException("shape " + shape + " has " + channels + " parameter sets: too many");
        }
        return (int) channels;
    }

    /** "tensor", "channel" (axis 0), "channel1" (axis 1), "group32" and so on, as tables and files write it. */
    @Override
    public String toString() {
        return isPerTensor() ? "tensor" : isPerGroup() ? "group" + groupSize : axis == 0 ? "channel" : "channel" + axis;
    }
}

package io.octavo.internal.bind;

import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;

/** The description of one value of a plan, to be handed to {@link PlanBuilder#value}. */
public final class ValueSpec {
    final String name;
    final NativeType type;
    final Role role;
    final Layout layout;
    final Shape shape;
    int axis = -1;
    int groupSize;
    float[] scales = {};
    int[] zeroPoints; // null: all 0
    int codeMin;
    int codeMax;
    byte[][] tables; // null: affine
    Tensor data;

    /**
     * @param name for messages and explanations
     * @param shape logical shape; with a first {@link Shape#N} the batch is given at run time
     */
    public ValueSpec(String name, NativeType type, Role role, Layout layout, Shape shape) {
        this.name = name;
        this.type = type;
        this.role = role;
        this.layout = layout;
        this.shape = shape;
    }

    /** A value that is given when the plan is built, in plain layout: a constant or a state. */
    public static ValueSpec of(String name, Role role, Tensor data) {
        return new ValueSpec(name, NativeType.of(data.dtype()), role, Layout.PLAIN, data.shape()).data(data);
    }

    /** One scale and zero point for the whole tensor, and the codes that can occur. */
    public ValueSpec affine(float scale, int zeroPoint, int codeMin, int codeMax) {
        return affine(-1, 0, new float[] {scale}, new int[] {zeroPoint}).codes(codeMin, codeMax);
    }

    /**
     * Affine parameters.
     *
     * @param axis -1: one set; otherwise one an index of this axis, or, with a group size, one a group within it
     * @param zeroPoints as many as scales, or null: all 0
     */
    public ValueSpec affine(int axis, int groupSize, float[] scales, int[] zeroPoints) {
        this.axis = axis;
        this.groupSize = groupSize;
        this.scales = scales;
        this.zeroPoints = zeroPoints;
        return this;
    }

    /** The smallest and greatest code of an activation. */
    public ValueSpec codes(int min, int max) {
        this.codeMin = min;
        this.codeMax = max;
        return this;
    }

    /** Table parameters: real = scale * table[code]; as many tables as scales, of equal lengths. */
    public ValueSpec tables(int axis, int groupSize, float[] scales, byte[][] tables) {
        affine(axis, groupSize, scales, null);
        this.tables = tables;
        return this;
    }

    /** The elements of a constant or state, in the value's layout. */
    public ValueSpec data(Tensor data) {
        this.data = data;
        return this;
    }
}

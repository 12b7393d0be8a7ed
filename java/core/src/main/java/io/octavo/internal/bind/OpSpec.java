package io.octavo.internal.bind;

import java.util.Arrays;

/** The description of one operator of a plan, to be handed to {@link PlanBuilder#op}. */
public final class OpSpec {
    final String name;
    final OpKind kind;
    BackendId backend = BackendId.AUTO;
    int[] inputs = {};
    int[] outputs = {};
    int[] kernel = {1, 1};
    int[] stride = {1, 1};
    int[] pad = {0, 0, 0, 0};
    int[] dilation = {1, 1};
    int groups = 1;
    boolean ceilMode;
    boolean countIncludePad;
    boolean relu;
    boolean clamp;
    float clampMin;
    float clampMax;
    float epsilon;
    float momentum;
    float probability;
    boolean reduceRange;
    boolean pytorchTail;

    /**
     * @param name for messages and explanations
     */
    public OpSpec(String name, OpKind kind) {
        this.name = name;
        this.kind = kind;
    }

    /** The kind. */
    public OpKind kind() {
        return kind;
    }

    /** Who is to run it. */
    public OpSpec backend(BackendId backend) {
        this.backend = backend;
        return this;
    }

    /** Numbers of the values read, in the kind's order; -1: absent. */
    public OpSpec inputs(int... values) {
        inputs = values.clone();
        return this;
    }

    /** Numbers of the values written, in the kind's order; -1: not wanted. */
    public OpSpec outputs(int... values) {
        outputs = values.clone();
        return this;
    }

    /** Size, step, padding and distance of the taps of a window. */
    public OpSpec window(
            int kernelH,
            int kernelW,
            int strideH,
            int strideW,
            int padTop,
            int padLeft,
            int padBottom,
            int padRight,
            int dilationH,
            int dilationW) {
        kernel = new int[] {kernelH, kernelW};
        stride = new int[] {strideH, strideW};
        pad = new int[] {padTop, padLeft, padBottom, padRight};
        dilation = new int[] {dilationH, dilationW};
        return this;
    }

    /** Groups of a convolution. */
    public OpSpec groups(int groups) {
        this.groups = groups;
        return this;
    }

    /** Rounding of a pooling's output size, and whether padding counts in a mean. */
    public OpSpec pooling(boolean ceilMode, boolean countIncludePad) {
        this.ceilMode = ceilMode;
        this.countIncludePad = countIncludePad;
        return this;
    }

    /** ReLU on the result. */
    public OpSpec relu() {
        relu = true;
        clamp = false;
        return this;
    }

    /** A clamp of the result to {@code [min, max]}, real numbers. */
    public OpSpec clamp(float min, float max) {
        relu = false;
        clamp = true;
        clampMin = min;
        clampMax = max;
        return this;
    }

    /** Epsilon of a batch norm. */
    public OpSpec epsilon(float epsilon) {
        this.epsilon = epsilon;
        return this;
    }

    /** Momentum of a batch norm's running statistics. */
    public OpSpec momentum(float momentum) {
        this.momentum = momentum;
        return this;
    }

    /** Probability of a dropout. */
    public OpSpec probability(float probability) {
        this.probability = probability;
        return this;
    }

    /** Whether a dynamic quantization uses 7 bits. */
    public OpSpec reduceRange(boolean reduceRange) {
        this.reduceRange = reduceRange;
        return this;
    }

    /** Whether an addition of codes rounds the last elements of the batch as PyTorch's kernel does. */
    public OpSpec pytorchTail(boolean pytorchTail) {
        this.pytorchTail = pytorchTail;
        return this;
    }

    @Override
    public String toString() {
        return name + " " + kind + " " + Arrays.toString(inputs) + " -> " + Arrays.toString(outputs);
    }
}

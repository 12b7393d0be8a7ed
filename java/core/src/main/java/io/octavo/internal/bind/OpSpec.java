package io.octavo.internal.bind;

import io.octavo.natives.global.octavo;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The description of one operator of a plan, to be handed to {@link PlanBuilder#op}. */
public final class OpSpec {
    final String name;
    final OpKind kind;
    BackendId backend = BackendId.AUTO;
    int[] inputs = {};
    int[] outputs = {};
    /** By key, {@code long[]} or {@code float[]}: those that were set and are not what stands for an absent one. */
    final Map<String, Object> attributes = new TreeMap<>();

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
        attributes.put("kernel", new long[] {kernelH, kernelW});
        attributes.put("stride", new long[] {strideH, strideW});
        attributes.put("pad", new long[] {padTop, padLeft, padBottom, padRight});
        // Not every operator with a window takes it.
        if (dilationH != 1 || dilationW != 1) {
            attributes.put("dilation", new long[] {dilationH, dilationW});
        }
        return this;
    }

    /** Groups of a convolution, or of channels that are normalized together. */
    public OpSpec groups(int groups) {
        attributes.put("groups", new long[] {groups});
        return this;
    }

    /** Rounding of a pooling's output size, and whether padding counts in a mean. */
    public OpSpec pooling(boolean ceilMode, boolean countIncludePad) {
        flag("ceil_mode", ceilMode);
        flag("count_include_pad", countIncludePad);
        return this;
    }

    /** ReLU on the result. */
    public OpSpec relu() {
        attributes.put("activation", new long[] {octavo.OCTAVO_RELU});
        return this;
    }

    /** A clamp of the result to {@code [min, max]}, real numbers. */
    public OpSpec clamp(float min, float max) {
        attributes.put("activation", new long[] {octavo.OCTAVO_CLAMP});
        attributes.put("clamp_min", new float[] {min});
        attributes.put("clamp_max", new float[] {max});
        return this;
    }

    /** Epsilon of a normalization. */
    public OpSpec epsilon(float epsilon) {
        attributes.put("epsilon", new float[] {epsilon});
        return this;
    }

    /** Momentum of a batch norm's running statistics. */
    public OpSpec momentum(float momentum) {
        attributes.put("momentum", new float[] {momentum});
        return this;
    }

    /** Probability of a dropout. */
    public OpSpec probability(float probability) {
        attributes.put("probability", new float[] {probability});
        return this;
    }

    /** Whether a dynamic quantization uses 7 bits. */
    public OpSpec reduceRange(boolean reduceRange) {
        flag("reduce_range", reduceRange);
        return this;
    }

    /** Whether a quantization rounds quotients, to which it then adds the zero point. */
    public OpSpec quotient(boolean quotient) {
        flag("quotient", quotient);
        return this;
    }

    /** Whether an addition of codes rounds the last elements of the batch as PyTorch's kernel does. */
    public OpSpec pytorchTail(boolean pytorchTail) {
        flag("pytorch_tail", pytorchTail);
        return this;
    }

    /** Which function an elementwise operator computes, as the C header numbers them. */
    public OpSpec function(int number) {
        attributes.put("function", new long[] {number});
        return this;
    }

    /** The dimension along which an operator works, or from which on. */
    public OpSpec axis(int axis) {
        attributes.put("axis", new long[] {axis});
        return this;
    }

    /** The dimensions that are reduced. */
    public OpSpec axes(List<Integer> axes) {
        attributes.put("axes", axes.stream().mapToLong(Integer::longValue).toArray());
        return this;
    }

    /** Whether the logarithm of a softmax is wanted. */
    public OpSpec log(boolean log) {
        flag("log", log);
        return this;
    }

    /** Whether the greatest or the least elements are looked for. */
    public OpSpec greatest(boolean greatest) {
        attributes.put("greatest", new long[] {greatest ? 1 : 0});
        return this;
    }

    /** Whether of equal elements the last one counts. */
    public OpSpec last(boolean last) {
        flag("last", last);
        return this;
    }

    /** Whether a cumulative sum leaves out the element itself, and whether it begins at the end. */
    public OpSpec cumulative(boolean exclusive, boolean reverse) {
        flag("exclusive", exclusive);
        flag("reverse", reverse);
        return this;
    }

    /** Whether the mean is taken for 0. */
    public OpSpec rms(boolean rms) {
        flag("rms", rms);
        return this;
    }

    /** A local response: channels of a sum, and the numbers of its formula. */
    public OpSpec response(int size, float alpha, float beta, float bias) {
        attributes.put("size", new long[] {size});
        attributes.put("bias", new float[] {bias});
        return parameters(alpha, beta);
    }

    /** The parameters of a function of one number. */
    public OpSpec parameters(float alpha, float beta) {
        attributes.put("alpha", new float[] {alpha});
        attributes.put("beta", new float[] {beta});
        return this;
    }

    /** An attribute of integers, by the key that the C header gives it. */
    public OpSpec integers(String key, long... numbers) {
        attributes.put(key, numbers.clone());
        return this;
    }

    /** An attribute of real numbers. */
    public OpSpec reals(String key, float... numbers) {
        attributes.put(key, numbers.clone());
        return this;
    }

    private void flag(String key, boolean set) {
        if (set) {
            attributes.put(key, new long[] {1});
        } else {
            attributes.remove(key);
        }
    }

    @Override
    public String toString() {
        return name + " " + kind + " " + Arrays.toString(inputs) + " -> " + Arrays.toString(outputs);
    }
}

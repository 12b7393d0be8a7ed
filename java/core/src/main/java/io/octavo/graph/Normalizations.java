package io.octavo.graph;

import io.octavo.graph.Normalization.GroupNorm;
import io.octavo.graph.Normalization.LayerNorm;
import io.octavo.graph.Pointwise.Binary;
import io.octavo.graph.Pointwise.Unary;
import io.octavo.graph.Reduction.Reduce;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.List;
import java.util.stream.IntStream;

/** Normalizations, softmax and means over images that are written out as sums, quotients and reductions. */
final class Normalizations {
    private Normalizations() {}

    static boolean apply(Rewriting graph, Node node) {
        if (graph.value(node.output()).isQuantized()) {
            return false;
        }
        if (node.op() instanceof Movement.Reshape) {
            return groupNorm(graph, node);
        }
        if (!(node.op() instanceof Binary) && !(node.op() instanceof Op.Add)) {
            return false;
        }
        return quotient(graph, node) || shifted(graph, node) || parameter(graph, node);
    }

    // ---- Quotients

    /** {@code d / sqrt(mean(d^2) + epsilon)} and {@code e / sum(e)}. */
    private static boolean quotient(Rewriting graph, Node node) {
        for (int i = 0; i < 2; i++) {
            String x = node.input(i);
            String divisor = divisor(graph, node, 1 - i);
            if (divisor != null && (softmax(graph, node, x, divisor) || layerNorm(graph, node, x, divisor))) {
                return true;
            }
        }
        return false;
    }

    /** What a node divides its other input by; null: it divides by nothing. */
    private static String divisor(Rewriting graph, Node node, int index) {
        if (is(node, Binary.Function.DIV)) {
            return index == 1 ? node.input(1) : null;
        }
        Node inverse = is(node, Binary.Function.MUL) ? graph.sole(node.input(index)) : null;
        return inverse != null && is(inverse, Unary.Function.RECIPROCAL) ? inverse.input(0) : null;
    }

    private static boolean softmax(Rewriting graph, Node node, String e, String sum) {
        Node exp = graph.producer(e, 2);
        Node total = graph.sole(sum);
        if (exp == null
                || total == null
                || !is(exp, Unary.Function.EXP)
                || !(total.op() instanceof Reduce reduce)
                || !isAlong(reduce, Reduce.Kind.SUM)
                || !total.input(0).equals(e)
                || !graph.alike(e, node.output())) {
            return false;
        }
        int axis = reduce.axes().get(0);
        String x = exp.input(0);
        Node shift = graph.sole(x);
        if (shift != null && is(shift, Binary.Function.SUB)) {
            Node greatest = graph.sole(shift.input(1));
            boolean fits = greatest != null
                    && greatest.op() instanceof Reduce most
                    && isAlong(most, Reduce.Kind.MAX)
                    && most.axes().equals(reduce.axes())
                    && greatest.input(0).equals(shift.input(0));
            x = fits ? shift.input(0) : x;
        }
        int rank = graph.value(x).shape().rank();
        boolean last = axis == rank - 1 && rank >= 2;
        return graph.replace(node, last ? new Op.Softmax() : new Reduction.SoftmaxAlong(axis, false), x);
    }

    private static boolean isAlong(Reduce reduce, Reduce.Kind kind) {
        return reduce.kind() == kind && reduce.keepDims() && reduce.axes().size() == 1;
    }

    private static boolean layerNorm(Rewriting graph, Node node, String d, String root) {
        Variance variance = Variance.ofRoot(graph, root);
        if (variance == null || !variance.d.equals(d) || !graph.alike(d, node.output())) {
            return false;
        }
        String x = graph.reads(d) == 3 ? centered(graph, d, variance.axes) : null;
        if (x != null && graph.reads(graph.producer(d).input(1)) > 1) {
            x = null; // somebody else reads the mean
        }
        LayerNorm op = new LayerNorm(variance.axes.get(0), variance.epsilon, x == null);
        return graph.replace(node, op, x == null ? d : x);
    }

    /** {@code sqrt(mean(d·d) + epsilon)} over all dimensions from one on. */
    private record Variance(String d, List<Integer> axes, float epsilon) {
        static Variance ofRoot(Rewriting graph, String value) {
            Node root = graph.sole(value);
            Node sum = root != null && is(root, Unary.Function.SQRT) ? graph.sole(root.input(0)) : null;
            if (sum == null || !is(sum, Binary.Function.ADD)) {
                return null;
            }
            int constant = Float.isNaN(graph.scalar(sum.input(0))) ? 1 : 0;
            float epsilon = graph.scalar(sum.input(constant));
            Node mean = graph.sole(sum.input(1 - constant));
            if (!(epsilon >= 0) || mean == null || !(mean.op() instanceof Reduce reduce)) {
                return null;
            }
            Node square = graph.sole(mean.input(0));
            boolean fits = square != null
                    && is(square, Binary.Function.MUL)
                    && square.input(0).equals(square.input(1))
                    && isLast(reduce, graph.value(mean.input(0)).shape().rank());
            return fits ? new Variance(square.input(0), reduce.axes(), epsilon) : null;
        }
    }

    /** Whether a reduction is the mean over all dimensions from one on, which stay. */
    private static boolean isLast(Reduce reduce, int rank) {
        int first = reduce.axes().get(0);
        return reduce.kind() == Reduce.Kind.MEAN
                && reduce.keepDims()
                && reduce.axes().equals(IntStream.range(first, rank).boxed().toList());
    }

    /** The x of a value that is {@code x - mean(x)} over the axes; null: it is something else. */
    private static String centered(Rewriting graph, String value, List<Integer> axes) {
        Node sub = graph.producer(value);
        Node mean = sub != null && is(sub, Binary.Function.SUB) ? graph.producer(sub.input(1)) : null;
        boolean fits = mean != null
                && mean.op() instanceof Reduce reduce
                && isLast(reduce, graph.value(value).shape().rank())
                && reduce.axes().equals(axes)
                && mean.input(0).equals(sub.input(0))
                && !graph.isOutput(sub.input(1))
                && !graph.isOutput(value);
        return fits ? sub.input(0) : null;
    }

    /** {@code x·s + (bias - mean·s)} with {@code s = scale / sqrt(mean((x - mean)^2) + epsilon)}. */
    private static boolean shifted(Rewriting graph, Node node) {
        if (!is(node, Binary.Function.ADD) && !(node.op() instanceof Op.Add)) {
            return false;
        }
        for (int i = 0; i < 2; i++) {
            Node scaled = graph.sole(node.input(i));
            Node offset = graph.sole(node.input(1 - i));
            if (scaled == null
                    || offset == null
                    || !is(scaled, Binary.Function.MUL)
                    || !is(offset, Binary.Function.SUB)
                    || !graph.isConstant(offset.input(0))) {
                continue;
            }
            Node shift = graph.sole(offset.input(1));
            for (int j = 0; shift != null && is(shift, Binary.Function.MUL) && j < 2; j++) {
                if (shifted(graph, node, scaled.input(j), scaled.input(1 - j), offset.input(0), shift)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean shifted(Rewriting graph, Node node, String x, String s, String bias, Node shift) {
        String mean = shift.input(0).equals(s) ? shift.input(1) : shift.input(0);
        Node factor = graph.producer(s, 2);
        boolean reads = shift.inputs().contains(s) && !mean.equals(s);
        if (factor == null || !reads || !is(factor, Binary.Function.MUL)) {
            return false;
        }
        for (int i = 0; i < 2; i++) {
            Node inverse = graph.sole(factor.input(i));
            String scale = factor.input(1 - i);
            if (inverse == null || !is(inverse, Unary.Function.RECIPROCAL) || !graph.isConstant(scale)) {
                continue;
            }
            Variance variance = Variance.ofRoot(graph, inverse.input(0));
            boolean fits = variance != null
                    && graph.reads(variance.d) == 2
                    && x.equals(centered(graph, variance.d, variance.axes))
                    && graph.producer(variance.d).input(1).equals(mean)
                    && graph.reads(mean) == 2
                    && graph.alike(x, node.output());
            if (fits) {
                Tensor scales = row(graph, scale, x, variance.axes.get(0));
                Tensor biases = row(graph, bias, x, variance.axes.get(0));
                if (scales != null && biases != null) {
                    return graph.replace(
                            node,
                            new LayerNorm(variance.axes.get(0), variance.epsilon, false),
                            x,
                            graph.constant(scale + ".row", scales),
                            graph.constant(bias + ".row", biases));
                }
            }
        }
        return false;
    }

    // ---- Scales and biases

    /** A constant that multiplies or is added to a normalization that has no such parameter yet, or one a channel. */
    private static boolean parameter(Rewriting graph, Node node) {
        boolean scales = is(node, Binary.Function.MUL);
        if (!scales && !is(node, Binary.Function.ADD)) {
            return false;
        }
        for (int i = 0; i < 2; i++) {
            String constant = node.input(1 - i);
            Node norm = graph.isConstant(constant) ? graph.sole(node.input(i)) : null;
            if (norm == null || !graph.alike(norm.output(), node.output())) {
                continue;
            }
            if (norm.op() instanceof LayerNorm op && norm.inputs().size() == (scales ? 1 : 2)) {
                Tensor row = row(graph, constant, norm.input(0), op.axis());
                if (row != null) {
                    String parameter =
                            row == graph.value(constant).data() ? constant : graph.constant(constant + ".row", row);
                    String[] inputs = scales
                            ? new String[] {norm.input(0), parameter}
                            : new String[] {norm.input(0), norm.input(1), parameter};
                    return graph.replace(node, op, inputs);
                }
            }
            if (norm.op() instanceof GroupNorm op) {
                float[] each = Constants.along(
                        graph.value(constant), graph.value(norm.output()).shape(), 1);
                if (each != null) {
                    return channels(graph, node, norm, op, each, scales);
                }
            }
        }
        return false;
    }

    private static boolean channels(Rewriting graph, Node node, Node norm, GroupNorm op, float[] each, boolean scales) {
        float[] scale = graph.value(norm.input(1)).data().toFloatArray();
        float[] bias = graph.value(norm.input(2)).data().toFloatArray();
        for (int c = 0; c < each.length; c++) {
            scale[c] = scales ? scale[c] * each[c] : scale[c];
            bias[c] = scales ? bias[c] * each[c] : bias[c] + each[c];
        }
        return graph.replace(
                node,
                op,
                norm.input(0),
                scales ? graph.constant(node.name() + ".scale", Tensor.of(scale)) : norm.input(1),
                graph.constant(node.name() + ".bias", Tensor.of(bias)));
    }

    /** A constant as a row of the dimensions of x from the axis on; null: it differs elsewhere, or is broadcast within them. */
    private static Tensor row(Rewriting graph, String constant, String x, int axis) {
        Shape shape = graph.value(x).shape();
        Shape given = graph.value(constant).shape();
        int length = shape.rank() - axis;
        for (int i = 0; i < given.rank(); i++) {
            int at = i + shape.rank() - given.rank();
            if (at < axis ? given.dim(i) != 1 : given.dim(i) != shape.dim(at)) {
                return null;
            }
        }
        if (given.rank() < length) {
            return null;
        }
        Tensor data = graph.value(constant).data();
        if (given.rank() == length) {
            return data;
        }
        long[] dims = new long[length];
        for (int i = 0; i < length; i++) {
            dims[i] = shape.dim(axis + i);
        }
        return Tensor.of(data.toFloatArray(), dims);
    }

    /** An instance normalization of groups of channels that are laid together for it. */
    private static boolean groupNorm(Rewriting graph, Node node) {
        Node norm = graph.sole(node.input(0));
        Node before = norm != null && norm.op() instanceof GroupNorm ? graph.sole(norm.input(0)) : null;
        if (before == null || !(before.op() instanceof Movement.Reshape)) {
            return false;
        }
        GroupNorm op = (GroupNorm) norm.op();
        String x = before.input(0);
        Shape image = graph.value(x).shape();
        Shape grouped = graph.value(norm.input(0)).shape();
        boolean fits = image.rank() > 2
                && grouped.rank() > 2
                && graph.alike(x, node.output())
                && image.dimension(0).equals(grouped.dimension(0))
                && image.dimension(1).isKnown()
                && image.dim(1) % grouped.dim(1) == 0
                && (op.groups() == 0 || op.groups() == grouped.dim(1))
                && isFilled(graph, norm.input(1), 1)
                && isFilled(graph, norm.input(2), 0);
        if (!fits) {
            return false;
        }
        return graph.replace(
                node,
                new GroupNorm((int) grouped.dim(1), op.epsilon()),
                x,
                graph.constant(node.name() + ".scale", Constants.filled(1, image.dim(1))),
                graph.constant(node.name() + ".bias", Constants.filled(0, image.dim(1))));
    }

    private static boolean isFilled(Rewriting graph, String constant, float number) {
        if (!graph.isConstant(constant)) {
            return false;
        }
        for (float value : graph.value(constant).data().toFloatArray()) {
            if (value != number) {
                return false;
            }
        }
        return true;
    }

    // ---- Means

    /** The mean over lines and columns, which is quantized and runs as a pool. After all patterns that means are parts of. */
    static boolean globalAverage(Rewriting graph, Node node) {
        if (!(node.op() instanceof Reduce reduce)) {
            return false;
        }
        Value x = graph.value(node.input(0));
        boolean image = reduce.kind() == Reduce.Kind.MEAN
                && x.shape().rank() == 4
                && reduce.axes().equals(List.of(2, 3))
                && x.dtype() == DType.F32;
        if (!image) {
            return false;
        }
        Op pool = new Op.AdaptiveAvgPool2d(1, 1);
        return reduce.keepDims()
                ? graph.replace(node, pool, x.name())
                : graph.replace(node, new Op.Flatten(), graph.add(node.name() + ".pool", pool, x.name()));
    }

    private static boolean is(Node node, Binary.Function function) {
        return node.op() instanceof Binary binary && binary.function() == function;
    }

    private static boolean is(Node node, Unary.Function function) {
        return node.op() instanceof Unary unary && unary.function() == function;
    }
}

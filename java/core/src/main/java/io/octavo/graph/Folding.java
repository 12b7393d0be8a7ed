package io.octavo.graph;

import io.octavo.graph.Pointwise.Binary;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Constants that are multiplied or added, one number a channel, taken into the weights and biases of the layer before or behind them.
 * Weights are those of one layer alone; all is computed in double and rounded once.
 */
final class Folding {
    private Folding() {}

    static boolean apply(Rewriting graph, Node node) {
        if (graph.value(node.output()).isQuantized()) {
            return false;
        }
        if (node.op() instanceof Op.BatchNorm norm) {
            return normed(graph, node, norm);
        }
        return node.op() instanceof Binary
                ? behind(graph, node) || behindBounds(graph, node) || combined(graph, node)
                : before(graph, node);
    }

    /** What a node does to each channel of a value: {@code x·factor + summand}; null: 1, or 0. */
    private record Change(String x, float[] factors, float[] summands) {
        /** Of a node with a constant; null: it is no such node. */
        static Change of(Rewriting graph, Node node, boolean lastAxis) {
            if (node == null || !(node.op() instanceof Binary binary)) {
                return null;
            }
            int constant = graph.isConstant(node.input(1)) ? 1 : 0;
            boolean divides = binary.function() == Binary.Function.DIV;
            boolean sums = binary.function() == Binary.Function.ADD;
            boolean known = sums || divides && constant == 1 || binary.function() == Binary.Function.MUL;
            String x = node.input(1 - constant);
            if (!known || !graph.isConstant(node.input(constant)) || !graph.alike(x, node.output())) {
                return null;
            }
            Shape shape = graph.value(x).shape();
            int axis = lastAxis ? shape.rank() - 1 : 1;
            if (shape.rank() < 2) {
                return null;
            }
            float[] each = Constants.along(graph.value(node.input(constant)), shape, axis);
            if (each == null) {
                return null;
            }
            if (sums) {
                return new Change(x, null, each);
            }
            for (int i = 0; i < each.length; i++) {
                each[i] = divides ? 1 / each[i] : each[i];
                if (!Float.isFinite(each[i])) {
                    return null;
                }
            }
            return new Change(x, each, null);
        }
    }

    // ---- Behind a layer

    private static boolean behind(Rewriting graph, Node node) {
        for (int i = 0; i < 2; i++) {
            Node layer = graph.isConstant(node.input(1 - i)) ? graph.sole(node.input(i)) : null;
            boolean plain = layer != null && (isPlain(layer) || layer.op() instanceof Op.BatchNorm);
            Change change = plain ? Change.of(graph, node, layer.op() instanceof Op.Linear) : null;
            if (change != null) {
                return layer.op() instanceof Op.BatchNorm
                        ? intoNorm(graph, node, layer, change)
                        : intoLayer(graph, node, layer, change);
            }
        }
        return false;
    }

    /** Batch norm behind a transposed convolution; those behind others go into them when a graph is fused, after training. */
    private static boolean normed(Rewriting graph, Node node, Op.BatchNorm norm) {
        Node layer = graph.sole(node.input(0));
        boolean takes = layer != null && layer.op() instanceof Op.ConvTranspose && takesFactors(graph, node.input(0));
        if (!takes || !node.inputs().subList(1, 5).stream().allMatch(graph::isConstant)) {
            return false;
        }
        float[] factors = numbers(graph, node.input(1));
        float[] summands = numbers(graph, node.input(2));
        float[] means = numbers(graph, node.input(3));
        float[] variances = numbers(graph, node.input(4));
        for (int c = 0; c < factors.length; c++) {
            double factor = factors[c] / Math.sqrt((double) variances[c] + norm.epsilon());
            factors[c] = (float) factor;
            summands[c] = (float) (summands[c] - means[c] * factor);
        }
        return intoLayer(graph, node, layer, new Change(node.input(0), factors, summands));
    }

    /** A factor above 0 behind the bounds of a layer's results goes before them, and so into the layer. */
    private static boolean behindBounds(Rewriting graph, Node node) {
        int constant = graph.isConstant(node.input(1)) ? 1 : 0;
        float factor = graph.scalar(node.input(constant));
        Node clamp = graph.sole(node.input(1 - constant));
        if (((Binary) node.op()).function() != Binary.Function.MUL
                || !(factor > 0)
                || clamp == null
                || !(clamp.op() instanceof Op.Clamp op)
                || !graph.alike(clamp.input(0), node.output())) {
            return false;
        }
        boolean takes = takesFactors(graph, clamp.input(0));
        float low = op.activation().min() * factor;
        float high = op.activation().max() * factor;
        boolean finite = op.activation().kind() == Activation.Kind.RELU || Float.isFinite(low) && Float.isFinite(high);
        if (!takes || !finite) {
            return false;
        }
        Activation bounds =
                op.activation().kind() == Activation.Kind.RELU ? op.activation() : Activation.clamp(low, high);
        String scaled = graph.add(node.name() + ".factor", node.op(), clamp.input(0), node.input(constant));
        return graph.replace(node, new Op.Clamp(bounds), scaled);
    }

    /** Whether a value comes from a layer that takes in what it is multiplied by. */
    static boolean takesFactors(Rewriting graph, String value) {
        Node layer = graph.sole(value);
        return layer != null
                && isPlain(layer)
                && graph.isOwn(layer.input(1))
                && (layer.input(2).isEmpty() || graph.isOwn(layer.input(2)));
    }

    /** Two constants that are added, or multiplied, one after the other are one. */
    private static boolean combined(Rewriting graph, Node node) {
        Binary.Function function = ((Binary) node.op()).function();
        int constant = graph.isConstant(node.input(1)) ? 1 : 0;
        Node inner = graph.isConstant(node.input(constant)) ? graph.sole(node.input(1 - constant)) : null;
        boolean same = (function == Binary.Function.ADD || function == Binary.Function.MUL)
                && inner != null
                && inner.op().equals(node.op());
        for (int i = 0; same && i < 2; i++) {
            String x = inner.input(1 - i);
            String first = inner.input(i);
            String second = node.input(constant);
            boolean fits = graph.isConstant(first)
                    && graph.alike(x, node.output())
                    && (graph.alike(first, second) || !Float.isNaN(graph.scalar(second)));
            if (fits) {
                float[] a = numbers(graph, first);
                float[] b = numbers(graph, second);
                for (int j = 0; j < a.length; j++) {
                    float other = b[b.length == 1 ? 0 : j];
                    a[j] = function == Binary.Function.ADD ? a[j] + other : a[j] * other;
                }
                String both = graph.constant(
                        first + ".both", Constants.shaped(a, graph.value(first).shape()));
                return graph.replace(node, node.op(), x, both);
            }
        }
        return false;
    }

    private static boolean isPlain(Node layer) {
        boolean plain = layer.op() instanceof Op.Conv2d conv
                        && conv.activation().isNone()
                || layer.op() instanceof Op.Linear linear && linear.activation().isNone()
                || layer.op() instanceof Op.ConvTranspose;
        return plain && layer.input(3).isEmpty();
    }

    private static boolean intoNorm(Rewriting graph, Node node, Node norm, Change change) {
        if (!graph.isOwn(norm.input(1)) || !graph.isOwn(norm.input(2))) {
            return false;
        }
        float[] gamma = numbers(graph, norm.input(1));
        float[] beta = numbers(graph, norm.input(2));
        for (int c = 0; c < beta.length; c++) {
            gamma[c] = change.factors == null ? gamma[c] : gamma[c] * change.factors[c];
            beta[c] = change.factors == null ? beta[c] + change.summands[c] : beta[c] * change.factors[c];
        }
        graph.change(norm.input(1), gamma);
        graph.change(norm.input(2), beta);
        return graph.replace(node, norm.op(), norm.inputs().toArray(String[]::new));
    }

    private static boolean intoLayer(Rewriting graph, Node node, Node layer, Change change) {
        String bias = layer.input(2);
        boolean scales = change.factors != null;
        if (!bias.isEmpty() && !graph.isOwn(bias) || scales && !graph.isOwn(layer.input(1))) {
            return false;
        }
        String summand = node.input(graph.isConstant(node.input(1)) ? 1 : 0); // of a node that adds
        if (bias.isEmpty()
                && !scales
                && graph.value(summand).shape().rank() == 1
                && change.summands.length == graph.value(summand).shape().elements()) {
            // The bias that a file adds keeps its name.
            Node with = new Node(
                    layer.name(), layer.op(), List.of(layer.input(0), layer.input(1), summand), node.outputs());
            return graph.replace(node, with);
        }
        float[] sums = bias.isEmpty() ? null : numbers(graph, bias);
        if (scales) {
            float[] weight = numbers(graph, layer.input(1));
            int perInput = layer.op() instanceof Op.ConvTranspose op
                    ? weight.length
                            / Math.toIntExact(
                                    graph.value(layer.input(1)).shape().dim(0))
                            / (change.factors.length / op.groups())
                    : 0;
            for (int i = 0; i < weight.length; i++) {
                weight[i] *= change.factors[output(graph, layer, i, weight.length, change.factors.length, perInput)];
            }
            graph.change(layer.input(1), weight);
            for (int o = 0; sums != null && o < sums.length; o++) {
                sums[o] *= change.factors[o];
            }
        }
        if (sums == null) {
            sums = change.summands;
        } else if (change.summands != null) {
            for (int o = 0; o < sums.length; o++) {
                sums[o] += change.summands[o];
            }
        }
        return graph.replace(node, withBias(graph, layer, layer.input(0), sums, node.outputs()));
    }

    /** The output channel of a weight; perInput: weights of an output and an input channel, of a transposed convolution. */
    private static int output(Rewriting graph, Node layer, int index, int weights, int outputs, int perInput) {
        if (!(layer.op() instanceof Op.ConvTranspose op)) {
            return index / (weights / outputs);
        }
        int channels = (int) graph.value(layer.input(1)).shape().dim(0);
        int perGroup = outputs / op.groups();
        int group = index / (perInput * perGroup) / (channels / op.groups());
        return group * perGroup + index / perInput % perGroup;
    }

    private static float[] numbers(Rewriting graph, String constant) {
        return graph.value(constant).data().toFloatArray();
    }

    private static Node withBias(Rewriting graph, Node layer, String x, float[] bias, List<String> outputs) {
        List<String> inputs = new ArrayList<>(List.of(x, layer.input(1)));
        if (!layer.input(2).isEmpty()) {
            graph.change(layer.input(2), bias);
            inputs.add(layer.input(2));
        } else if (bias != null) {
            inputs.add(graph.constant(layer.name() + ".bias", Tensor.of(bias)));
        }
        if (!layer.input(3).isEmpty()) {
            inputs.add(inputs.size() == 2 ? "" : layer.input(3));
        }
        return new Node(layer.name(), layer.op(), inputs, outputs);
    }

    // ---- Before a layer

    private static boolean before(Rewriting graph, Node layer) {
        boolean linear = layer.op() instanceof Op.Linear;
        if (!linear && !(layer.op() instanceof Op.Conv2d)
                || !layer.input(3).isEmpty()
                || !graph.isOwn(layer.input(1))
                || !layer.input(2).isEmpty() && !graph.isOwn(layer.input(2))) {
            return false;
        }
        Change change = Change.of(graph, graph.sole(layer.input(0)), linear);
        if (change == null
                || change.summands != null && layer.op() instanceof Op.Conv2d conv && isPadded(conv.window())) {
            return false;
        }
        float[] weight = numbers(graph, layer.input(1));
        Shape shape = graph.value(layer.input(1)).shape();
        int outputs = (int) shape.dim(0);
        int inputs = (int) shape.dim(1);
        int taps = weight.length / outputs / inputs;
        int groups = layer.op() instanceof Op.Conv2d conv ? conv.groups() : 1;
        double[] sums = new double[outputs];
        for (int i = 0; i < weight.length; i++) {
            int o = i / (inputs * taps);
            int channel = o / (outputs / groups) * inputs + i / taps % inputs;
            if (change.summands != null) {
                sums[o] += (double) weight[i] * change.summands[channel];
            } else {
                weight[i] *= change.factors[channel];
            }
        }
        float[] bias = layer.input(2).isEmpty() ? null : numbers(graph, layer.input(2));
        if (change.summands == null) {
            graph.change(layer.input(1), weight);
        } else {
            bias = bias == null ? new float[outputs] : bias;
            for (int o = 0; o < outputs; o++) {
                bias[o] = (float) (bias[o] + sums[o]);
            }
        }
        return graph.replace(layer, withBias(graph, layer, change.x, bias, layer.outputs()));
    }

    private static boolean isPadded(Window window) {
        return window.padTop() + window.padLeft() + window.padBottom() + window.padRight() > 0;
    }
}

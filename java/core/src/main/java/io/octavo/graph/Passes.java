package io.octavo.graph;

import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Predicate;

/**
 * Changes that keep what a graph computes: each takes a graph and gives another. A node that takes in a later one keeps its own
 * name and writes the value of the later one, so that values are found by the same names before and after; the values in between
 * are gone. A value that is an output, or that somebody else reads, is never fused away. What a pass does depends on what the
 * graph computes, not on the order in which nodes stand that do not need each other.
 */
public final class Passes {
    private Passes() {}

    /** {@link #foldBatchNorm}, {@link #fuseResidual} and {@link #fuseActivations}. */
    public static Graph fuse(Graph graph) {
        return fuse(graph, (first, part) -> true);
    }

    /**
     * {@link #fuse(Graph)} where {@code allowed} agrees.
     *
     * @param allowed whether the second node may be taken into the first, which stands before it
     */
    public static Graph fuse(Graph graph, BiPredicate<Node, Node> allowed) {
        return fuseActivations(fuseResidual(foldBatchNorm(graph, allowed), allowed), allowed);
    }

    /**
     * Folds batch norms into the convolution or linear layer before them: {@code w' = w·gamma/sqrt(var + epsilon)}, {@code b' =
     * beta + (b - mean)·gamma/sqrt(var + epsilon)}, computed in double and rounded once to float. Weights and statistics must be
     * constants; a layer without bias gets one.
     */
    public static Graph foldBatchNorm(Graph graph) {
        return foldBatchNorm(graph, (first, part) -> true);
    }

    private static Graph foldBatchNorm(Graph graph, BiPredicate<Node, Node> allowed) {
        Rewrite rewrite = new Rewrite(graph);
        for (Node norm : graph.nodes()) {
            if (!(norm.op() instanceof Op.BatchNorm batchNorm)) {
                continue;
            }
            Optional<Node> before = rewrite.soleProducer(norm.input(0));
            if (before.isEmpty() || !foldable(rewrite, before.get(), norm) || !allowed.test(before.get(), norm)) {
                continue;
            }
            Node layer = before.get();
            String weight = layer.input(1);
            String bias = layer.input(2).isEmpty() ? rewrite.freeName(layer.name() + ".bias") : layer.input(2);
            float[][] folded = fold(rewrite, layer, norm, batchNorm.epsilon());
            rewrite.constant(
                    weight, Tensor.of(folded[0], graph.value(weight).shape().dims()));
            rewrite.constant(bias, Tensor.of(folded[1]));
            rewrite.fuse(
                    norm, new Node(layer.name(), layer.op(), List.of(layer.input(0), weight, bias), norm.outputs()));
        }
        return rewrite.graph();
    }

    /**
     * Makes operators on codes of float operators whose operands are dequantized and whose results are quantized: convolutions, also
     * transposed ones, linear layers (also to float results), functions of one and two numbers, means, and what moves or chooses
     * elements. Integers are computed then where the graph said real numbers, so that results may differ by one where a number lies
     * next to the middle of two codes.
     */
    public static Graph absorbQuantization(Graph graph) {
        return Absorption.absorb(graph);
    }

    /**
     * Recognizes operators that files write out as many simpler ones, leaves out what changes nothing, and computes once what is
     * written twice: a graph of the same results, but for rounding, whose inner values may be gone.
     */
    public static Graph simplify(Graph graph) {
        return Patterns.apply(graph);
    }

    /**
     * Makes ordinary convolutions of transposed ones of equal strides, no dilation and constant weights, with {@link
     * Movement.DepthToSpace} and perhaps {@link Movement.Slice} behind them: the same results, but for rounding.
     *
     * @param wanted which nodes of {@link Op.ConvTranspose}
     */
    public static Graph transposedAsSubPixel(Graph graph, Predicate<Node> wanted) {
        return SubPixel.apply(graph, wanted);
    }

    /** Takes a {@link Op.Clamp} into the convolution, linear layer, addition or other clamp before it. */
    public static Graph fuseActivations(Graph graph) {
        return fuseActivations(graph, (first, part) -> true);
    }

    private static Graph fuseActivations(Graph graph, BiPredicate<Node, Node> allowed) {
        Rewrite rewrite = new Rewrite(graph);
        for (Node clamp : graph.nodes()) {
            if (!(clamp.op() instanceof Op.Clamp activation)) {
                continue;
            }
            rewrite.soleProducer(clamp.input(0)).ifPresent(before -> {
                Op fused = withActivation(before.op(), activation.activation());
                if (fused != null && allowed.test(before, clamp)) {
                    rewrite.fuse(clamp, new Node(before.name(), fused, before.inputs(), clamp.outputs()));
                }
            });
        }
        return rewrite.graph();
    }

    /**
     * Takes an {@link Op.Add} (with its activation) into a convolution that computes one of its operands; the other becomes the
     * convolution's residual. Where both operands come from convolutions that of the second takes it. For float graphs: on quantized
     * values the sum's own rounding would be lost, so those are left as they are.
     */
    public static Graph fuseResidual(Graph graph) {
        return fuseResidual(graph, (first, part) -> true);
    }

    private static Graph fuseResidual(Graph graph, BiPredicate<Node, Node> allowed) {
        Rewrite rewrite = new Rewrite(graph);
        for (Node add : graph.nodes()) {
            if (!(add.op() instanceof Op.Add sum) || graph.value(add.output()).isQuantized()) {
                continue;
            }
            Node chosen = null;
            String other = null;
            for (int i = 0; i < 2; i++) {
                Optional<Node> producer = rewrite.soleProducer(add.input(i));
                if (producer.isPresent()
                        && producer.get().op() instanceof Op.Conv2d conv
                        && conv.activation().isNone()
                        && producer.get().input(3).isEmpty()
                        && allowed.test(producer.get(), add)) {
                    chosen = producer.get();
                    other = add.input(1 - i);
                }
            }
            if (chosen != null) {
                Op.Conv2d conv = (Op.Conv2d) chosen.op();
                rewrite.fuse(
                        add,
                        new Node(
                                chosen.name(),
                                conv.withActivation(sum.activation()),
                                List.of(chosen.input(0), chosen.input(1), chosen.input(2), other),
                                add.outputs()));
            }
        }
        return rewrite.graph();
    }

    /** Drops {@link Op.Dropout}, which does nothing in inference. A dropout that writes an output of the graph stays. */
    public static Graph removeDropout(Graph graph) {
        Rewrite rewrite = new Rewrite(graph);
        for (Node node : graph.nodes()) {
            if (node.op() instanceof Op.Dropout && !graph.isOutput(node.output())) {
                rewrite.bypass(node);
            }
        }
        return rewrite.graph();
    }

    private static boolean foldable(Rewrite rewrite, Node layer, Node norm) {
        boolean plain = layer.op() instanceof Op.Conv2d conv
                        && conv.activation().isNone()
                        && layer.input(3).isEmpty()
                || layer.op() instanceof Op.Linear linear
                        && linear.activation().isNone()
                        && rewrite.rank(norm.output()) == 2;
        return plain
                && norm.inputs().subList(1, 5).stream().allMatch(rewrite::isFloatConstant)
                && rewrite.isOwn(layer.input(1))
                && (layer.input(2).isEmpty() || rewrite.isOwn(layer.input(2)));
    }

    private static float[][] fold(Rewrite rewrite, Node layer, Node norm, float epsilon) {
        float[] weight = rewrite.data(layer.input(1));
        float[] gamma = rewrite.data(norm.input(1));
        float[] beta = rewrite.data(norm.input(2));
        float[] mean = rewrite.data(norm.input(3));
        float[] variance = rewrite.data(norm.input(4));
        int channels = gamma.length;
        float[] bias = layer.input(2).isEmpty() ? new float[channels] : rewrite.data(layer.input(2));
        int perChannel = weight.length / channels;
        for (int c = 0; c < channels; c++) {
            double factor = gamma[c] / Math.sqrt((double) variance[c] + epsilon);
            bias[c] = (float) (beta[c] + ((double) bias[c] - mean[c]) * factor);
            for (int i = c * perChannel; i < (c + 1) * perChannel; i++) {
                weight[i] = (float) (weight[i] * factor);
            }
        }
        return new float[][] {weight, bias};
    }

    /** The operator with the activation behind its own, or null if it takes none. */
    static Op withActivation(Op op, Activation activation) {
        if (op instanceof Op.Conv2d conv) {
            return conv.withActivation(conv.activation().then(activation));
        }
        if (op instanceof Op.Linear linear) {
            return linear.withActivation(linear.activation().then(activation));
        }
        if (op instanceof Op.Clamp clamp) {
            return new Op.Clamp(clamp.activation().then(activation));
        }
        if (op instanceof Op.Add add) {
            Activation both = add.activation().then(activation);
            return both.kind() == Activation.Kind.CLAMP ? null : add.withActivation(both);
        }
        return null;
    }

    /** A graph under change: which nodes are replaced, which are gone, which values stand for others. */
    private static final class Rewrite {
        private final Graph graph;
        private final Map<String, Node> replacement = new HashMap<>(); // old node name -> node in its place
        private final Map<String, Node> producers = new HashMap<>(); // value -> node that computes it now
        private final Set<String> gone = new HashSet<>(); // names of old nodes that are dropped
        private final Map<String, String> alias = new HashMap<>(); // value -> value that stands for it
        private final Map<String, Tensor> constants = new HashMap<>(); // changed or new constants

        Rewrite(Graph graph) {
            this.graph = graph;
            for (Node node : graph.nodes()) {
                node.outputs().forEach(output -> producers.put(output, node));
            }
        }

        /** The node that computes a value, if one other node alone reads it, once, and it is no output. */
        Optional<Node> soleProducer(String value) {
            List<Node> readers = graph.consumers(value);
            boolean sole = readers.size() == 1
                    && readers.get(0).inputs().stream().filter(value::equals).count() == 1
                    && !graph.isOutput(value);
            return sole ? Optional.ofNullable(producers.get(value)) : Optional.empty();
        }

        int rank(String value) {
            return graph.value(value).shape().rank();
        }

        boolean isFloatConstant(String value) {
            return constants.containsKey(value)
                    || graph.value(value).isConstant() && !graph.value(value).isQuantized();
        }

        /** Whether a value is a float constant that one node alone reads. */
        boolean isOwn(String value) {
            return isFloatConstant(value) && graph.consumers(value).size() <= 1;
        }

        /** A copy of a constant's elements as they are now. */
        float[] data(String constant) {
            Tensor changed = constants.get(constant);
            return (changed != null ? changed : graph.value(constant).data()).toFloatArray();
        }

        String freeName(String wanted) {
            String name = wanted;
            while (graph.hasValue(name) || constants.containsKey(name)) {
                name += "_";
            }
            return name;
        }

        void constant(String name, Tensor data) {
            constants.put(name, data);
        }

        /** {@code fused} takes the place of {@code last}, and the node whose name it carries is dropped. */
        void fuse(Node last, Node fused) {
            gone.add(
                    producers.get(last.input(0)) != null
                                    && producers.get(last.input(0)).name().equals(fused.name())
                            ? originOf(last.input(0))
                            : originOf(last.input(1)));
            replacement.put(last.name(), fused);
            producers.put(last.output(), fused);
        }

        /** The name of the old node in whose place stands what computes the value now. */
        private String originOf(String value) {
            return graph.producer(value).orElseThrow().name();
        }

        void bypass(Node node) {
            gone.add(node.name());
            alias.put(node.output(), resolve(node.input(0)));
        }

        private String resolve(String value) {
            return alias.getOrDefault(value, value);
        }

        Graph graph() {
            List<Node> kept = new ArrayList<>();
            Set<String> used = new HashSet<>();
            for (Node old : graph.nodes()) {
                if (gone.contains(old.name())) {
                    continue;
                }
                Node node = replacement.getOrDefault(old.name(), old);
                node = new Node(
                        node.name(),
                        node.op(),
                        node.inputs().stream().map(this::resolve).toList(),
                        node.outputs());
                kept.add(node);
                used.addAll(node.inputs());
            }
            Graph.Builder builder = Graph.builder(graph.name());
            for (Value value : graph.values()) {
                boolean input =
                        !value.isConstant() && graph.producer(value.name()).isEmpty();
                if (constants.containsKey(value.name())) {
                    builder.constant(value.name(), constants.remove(value.name()));
                } else if (input
                        || value.isConstant() && (used.contains(value.name()) || graph.isOutput(value.name()))) {
                    builder.add(value);
                }
            }
            constants.forEach(builder::constant);
            for (Node node : kept) {
                builder.node(node, graph.resultQuantization(node));
            }
            graph.outputs().forEach(output -> builder.output(output.name()));
            return builder.build();
        }
    }
}

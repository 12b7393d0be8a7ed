package io.octavo.runtime;

import io.octavo.UnsupportedException;
import io.octavo.graph.Graph;
import io.octavo.graph.Movement;
import io.octavo.graph.Node;
import io.octavo.graph.Op;
import io.octavo.graph.Pointwise;
import io.octavo.graph.Value;
import io.octavo.internal.bind.BackendId;
import io.octavo.internal.bind.Layout;
import io.octavo.internal.bind.NativeLibrary;
import io.octavo.internal.bind.OpKind;
import io.octavo.internal.bind.OpSpec;
import io.octavo.internal.bind.Plan;
import io.octavo.internal.bind.PlanBuilder;
import io.octavo.internal.bind.PlanOptions;
import io.octavo.internal.bind.Role;
import io.octavo.internal.bind.SharedWeights;
import io.octavo.internal.lower.Lowering;
import io.octavo.internal.lower.NodeValues;
import io.octavo.scheme.QuantParams;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One graph on its way to a native plan. Images lie channels last between operators; what the caller gives and gets is in plain
 * order, so reorderings stand at the borders, or nowhere where quantizing and dequantizing do them by the way.
 */
final class GraphLowering {
    /**
     * A plan and where its outputs are.
     *
     * @param outputs the graph's values that the plan writes to the caller, in the order of its output buffers
     */
    record Lowered(Plan plan, List<Value> outputs) {}

    private final Graph graph;
    private final PlanBuilder builder;
    private final BackendId backend;
    private final Map<String, String> aliases = new HashMap<>(); // results of dropouts -> what they stand for
    private final Set<String> external = new LinkedHashSet<>(); // values that the caller gets
    private final Map<String, Map<Layout, Integer>> numbers = new LinkedHashMap<>();
    private final List<Value> outputs = new ArrayList<>();
    private final boolean
            batched; // whether the first dimension of all values that are no constants is the batch of a run

    private GraphLowering(Graph graph, PlanBuilder builder, BackendId backend) {
        this.graph = graph;
        this.builder = builder;
        this.backend = backend;
        // Also where the batch is known: native code cuts it into chunks.
        this.batched = graph.hasFreeBatch() || graph.withFreeBatch().isPresent();
    }

    /**
     * Lowers what some outputs and the tapped values need.
     *
     * @param graph of known shapes, or with a free batch
     * @param wanted those of its outputs that a run computes
     * @param weights those that plans for other shapes have packed; null: there are none
     */
    static Lowered lower(
            Graph graph,
            List<Value> wanted,
            Collection<String> taps,
            BackendId backend,
            PlanOptions options,
            SharedWeights weights) {
        if (backend == BackendId.ONEDNN || needsOnednn(graph)) {
            NativeLibrary.requireOnednn();
        }
        try (PlanBuilder builder = new PlanBuilder()) {
            GraphLowering lowering = new GraphLowering(graph, builder, backend);
            lowering.describe(wanted, taps);
            Plan plan = builder.build(options, weights, "Session of graph '" + graph.name() + "'");
            return new Lowered(plan, lowering.outputs);
        }
    }

    /** The value that a name stands for: dropouts pass on what they read. */
    static String resolve(Graph graph, String name) {
        String resolved = name;
        while (graph.producer(resolved).isPresent()
                && graph.producer(resolved).get().op() instanceof Op.Dropout) {
            resolved = graph.producer(resolved).get().input(0);
        }
        return resolved;
    }

    private static boolean needsOnednn(Graph graph) {
        return graph.nodes().stream()
                .anyMatch(node -> (node.op() instanceof Op.Conv2d
                                || node.op() instanceof Op.Linear
                                        && !graph.value(node.input(1)).isQuantized()
                                || node.op() instanceof Op.ConvTranspose
                                || node.op() instanceof Op.BatchNorm)
                        && graph.value(node.input(0)).dtype() == DType.F32);
    }

    private void describe(List<Value> wanted, Collection<String> taps) {
        for (Node node : graph.nodes()) {
            if (node.op() instanceof Op.Dropout) {
                aliases.put(node.output(), alias(node.input(0)));
            }
        }
        wanted.forEach(output -> external.add(alias(output.name())));
        for (String tap : taps) {
            if (graph.producer(alias(tap)).isPresent()) {
                external.add(alias(tap));
            }
        }
        for (Value output : wanted) {
            if (wanted.stream()
                            .filter(o -> alias(o.name()).equals(alias(output.name())))
                            .count()
                    > 1) {
                throw new UnsupportedException("Output " + output + " of graph '" + graph.name()
                        + "' is the same as another of its outputs, as Dropout does nothing here: name it once");
            }
        }
        Set<String> needed = needed();
        for (Value input : graph.inputs()) {
            add(input, Role.INPUT, Layout.PLAIN, batched);
        }
        for (Node node : graph.nodes()) {
            if (!(node.op() instanceof Op.Dropout) && node.outputs().stream().anyMatch(needed::contains)) {
                operator(node, needed);
            }
        }
    }

    private Set<String> needed() {
        Set<String> needed = new HashSet<>(external);
        List<Node> nodes = graph.nodes();
        for (int i = nodes.size() - 1; i >= 0; i--) {
            if (nodes.get(i).outputs().stream().anyMatch(needed::contains)) {
                nodes.get(i).inputs().forEach(input -> needed.add(alias(input)));
                needed.remove(""); // inputs that are absent
            }
        }
        return needed;
    }

    private void operator(Node node, Set<String> needed) {
        NodeValues values = NodeValues.of(node, graph::value);
        OpSpec spec = Lowering.operator(values);
        if (spec.kind() == OpKind.CONV2D || spec.kind() == OpKind.LINEAR) {
            spec.backend(backend);
        }
        int[] which = Lowering.reads(values);
        Layout followed = Lowering.followsLayout(values) ? layoutOfInputs(node, which) : null;
        int[] read = new int[which.length];
        for (int i = 0; i < read.length; i++) {
            String name = node.inputs().get(which[i]);
            read[i] = name.isEmpty()
                    ? -1
                    : which[i] == 2 && hasBiasOfOtherUnits(node)
                            ? realBias(graph.value(name))
                            : input(graph.value(alias(name)), node.op(), which[i], followed);
        }
        int[] written = new int[node.outputs().size()];
        List<Value> reordered = new ArrayList<>();
        for (int i = 0; i < written.length; i++) {
            String name = node.outputs().get(i);
            if (!needed.contains(name)) {
                Value unwanted = Lowering.unwanted(values, i);
                written[i] = unwanted == null ? -1 : add(unwanted, Role.TEMP, Layout.PLAIN, batched);
                continue;
            }
            Value result = graph.value(name);
            boolean given = external.contains(name);
            Layout layout =
                    given && node.op() instanceof Op.Dequantize ? Layout.PLAIN : layout(node.op(), result, followed);
            boolean direct = given && layout == Layout.PLAIN;
            written[i] = add(result, direct ? Role.OUTPUT : Role.TEMP, layout, batched);
            if (direct) {
                outputs.add(result);
            } else if (given) {
                reordered.add(result);
            }
        }
        builder.op(spec.inputs(read).outputs(written));
        for (Value result : reordered) {
            reorder(result, Layout.PLAIN, Role.OUTPUT);
            outputs.add(result);
        }
    }

    /** Whether a node has a bias of S32 codes that are not counted in the units of its sums, {@code s_x·s_w}. */
    private boolean hasBiasOfOtherUnits(Node node) {
        if (!(node.op() instanceof Op.Conv2d) && !(node.op() instanceof Op.Linear)) {
            return false;
        }
        Value bias = graph.value(node.input(2));
        if (bias.dtype() != DType.S32 || !bias.isConstant() || !bias.isQuantized()) {
            return false;
        }
        QuantParams weight = graph.value(node.input(1)).quantization();
        float input = graph.value(alias(node.input(0))).quantization().scale(0);
        if (weight.granularity().isPerGroup()) {
            return true;
        }
        for (int o = 0; o < bias.shape().dim(0); o++) {
            float unit = input * weight.scale(weight.count() == 1 ? 0 : o);
            if (bias.quantization().scale(bias.quantization().count() == 1 ? 0 : o) != unit) {
                return true;
            }
        }
        return false;
    }

    /** The number of the real numbers that a bias of codes stands for. */
    private int realBias(Value bias) {
        String name = bias.name() + ":real";
        Map<Layout, Integer> known = numbers.get(name);
        if (known != null) {
            return known.get(Layout.PLAIN);
        }
        Tensor real = new QuantizedTensor(bias.shape(), bias.quantization(), bias.data()).decode();
        return add(new Value(name, DType.F32, bias.shape(), null, real), Role.CONSTANT, Layout.PLAIN, false);
    }

    /** The number of a value in the layout in which the operator reads it. */
    private int input(Value value, Op reader, int index, Layout followed) {
        Map<Layout, Integer> known = numbers.getOrDefault(value.name(), Map.of());
        if (value.isConstant()) {
            int plain = known.isEmpty() ? add(value, Role.CONSTANT, Layout.PLAIN, false) : known.get(Layout.PLAIN);
            Layout layout = isParameter(reader, index) ? Layout.PLAIN : layout(reader, value, followed);
            return layout == Layout.PLAIN
                    ? plain
                    : known.containsKey(layout) ? known.get(layout) : reorder(value, layout, Role.TEMP);
        }
        // Weights that a run computes are no pictures.
        boolean weight = index == 1 && (reader instanceof Op.Conv2d || reader instanceof Op.ConvTranspose);
        boolean anyLayout =
                reader instanceof Op.Quantize || reader instanceof Op.Dequantize || reader instanceof Op.Flatten;
        Layout layout = weight || anyLayout && known.containsKey(Layout.PLAIN)
                ? Layout.PLAIN
                : reader instanceof Movement.Transpose
                        ? known.keySet().iterator().next()
                        : layout(reader, value, followed);
        return known.containsKey(layout) ? known.get(layout) : reorder(value, layout, Role.TEMP);
    }

    /** Whether native code takes a constant at that place as it is: weights and the like, and what is broadcast. */
    private static boolean isParameter(Op reader, int index) {
        boolean elements = reader instanceof Movement.Concat || index == 0 && !(reader instanceof Op.Add);
        return !elements || reader instanceof Pointwise;
    }

    /** How a value lies where an operator reads or writes it. */
    private static Layout layout(Op op, Value value, Layout followed) {
        if (followed == null) {
            return Lowering.naturalLayout(op, value.shape());
        }
        return value.shape().rank() == 4 ? followed : Layout.PLAIN;
    }

    /** Channels last if one of the inputs lies so already. */
    private Layout layoutOfInputs(Node node, int[] which) {
        for (int i : which) {
            if (numbers.getOrDefault(alias(node.inputs().get(i)), Map.of()).containsKey(Layout.NHWC)) {
                return Layout.NHWC;
            }
        }
        return Layout.PLAIN;
    }

    private int reorder(Value value, Layout to, Role role) {
        Map<Layout, Integer> known = numbers.get(value.name());
        int from = known.values().iterator().next();
        Value there = new Value(value.name(), value.dtype(), value.shape(), value.quantization(), null);
        int written = add(there, role, to, batched && !value.isConstant());
        builder.op(new OpSpec(value.name() + (to == Layout.NHWC ? ":nhwc" : ":plain"), OpKind.REORDER)
                .inputs(from)
                .outputs(written));
        return written;
    }

    private int add(Value value, Role role, Layout layout, boolean withBatch) {
        int number = builder.value(Lowering.value(value, role, layout, withBatch));
        numbers.computeIfAbsent(value.name(), key -> new EnumMap<>(Layout.class))
                .put(layout, number);
        return number;
    }

    private String alias(String name) {
        return aliases.getOrDefault(name, name);
    }
}

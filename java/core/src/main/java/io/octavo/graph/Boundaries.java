package io.octavo.graph;

import io.octavo.scheme.QuantParams;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Moves {@link Op.Quantize} in front of operators that choose among elements, and {@link Op.Dequantize} behind them, so that these run
 * on codes and conversions meet: with the same parameters both are gone, with others a {@link Op.Requantize} is left. What is quantized
 * twice alike is quantized once.
 */
final class Boundaries {
    private static final int MOST_IN_A_ROW = 32; // operators that one Quantize is taken past

    private final Graph graph;
    private final Graph.Builder builder;
    private final Set<String> names = new HashSet<>(); // of values, old and new
    private final Set<String> nodeNames = new HashSet<>();
    private final Map<String, String> codes = new HashMap<>(); // real value -> codes that it stands for
    private final Map<String, String> same = new HashMap<>(); // codes -> those that are the same

    private Boundaries(Graph graph) {
        this.graph = graph;
        builder = Graph.builder(graph.name());
        graph.values().forEach(value -> names.add(value.name()));
        graph.nodes().forEach(node -> nodeNames.add(node.name()));
        for (Value value : graph.values()) {
            if (value.isConstant() || graph.producer(value.name()).isEmpty()) {
                builder.add(value);
            }
        }
    }

    static Graph move(Graph graph) {
        Graph moved = new Boundaries(graph).once();
        for (int i = 0; i < MOST_IN_A_ROW; i++) {
            Boundaries next = new Boundaries(moved);
            Map<String, List<Node>> quantizes = next.movable();
            if (quantizes.isEmpty()) {
                break;
            }
            moved = next.hoist(quantizes);
        }
        return new Boundaries(moved).sink();
    }

    // ---- Quantize upwards

    /** Quantizes each value once for all that ask for the same parameters. */
    private Graph once() {
        Map<List<Object>, String> quantized = new HashMap<>();
        for (Node node : graph.nodes()) {
            if (node.op() instanceof Op.Quantize && !graph.isOutput(node.output())) {
                QuantParams to = graph.value(node.output()).quantization();
                String known = quantized.putIfAbsent(List.of(node.op(), node.input(0), to), node.output());
                if (known != null) {
                    same.put(node.output(), known);
                    continue;
                }
            }
            add(node, graph.resultQuantization(node));
        }
        return build();
    }

    /** Nodes that may run on codes as well, by name, each with the Quantizes of its results. */
    private Map<String, List<Node>> movable() {
        Map<String, List<Node>> movable = new HashMap<>();
        for (Node node : graph.nodes()) {
            List<Node> quantizes = quantizes(node);
            if (!quantizes.isEmpty() && lets(node)) {
                movable.put(node.name(), quantizes);
            }
        }
        return movable;
    }

    /** What quantizes the results of a node, all alike, if nothing else reads them. */
    private List<Node> quantizes(Node node) {
        List<Node> quantizes = new ArrayList<>();
        for (String output : node.outputs()) {
            Node reader = isReadOnce(output) ? graph.consumers(output).get(0) : null;
            QuantParams to =
                    reader != null && reader.op() instanceof Op.Quantize ? graph.resultQuantization(reader) : null;
            boolean alike = to != null
                    && to.granularity().isPerTensor()
                    && (quantizes.isEmpty()
                            || to.equals(graph.resultQuantization(quantizes.get(0)))
                                    && reader.op().equals(quantizes.get(0).op()));
            if (!alike) {
                return List.of();
            }
            quantizes.add(reader);
        }
        return quantizes;
    }

    /** Whether a node may run on codes that are quantized before it. */
    private boolean lets(Node node) {
        String x = node.input(0);
        Node source = graph.producer(x).orElse(null);
        boolean computed = isReadOnce(x) && source != null && !(source.op() instanceof Op.Dequantize);
        return switch (CodesRule.of(graph, node)) {
            case CHOOSES -> computed;
            case BOUNDS ->
                dequantized(x) != null
                        || computed && Passes.withActivation(source.op(), ((Op.Clamp) node.op()).activation()) == null;
            case JOINS ->
                node.inputs().stream()
                        .allMatch(input -> dequantized(input) != null
                                || isReadOnce(input) && graph.producer(input).isPresent());
            default -> false;
        };
    }

    private Graph hoist(Map<String, List<Node>> movable) {
        Set<String> gone = new HashSet<>();
        movable.values().forEach(quantizes -> quantizes.forEach(quantize -> gone.add(quantize.name())));
        for (Node node : graph.nodes()) {
            if (gone.contains(node.name())) {
                continue;
            }
            if (!movable.containsKey(node.name())) {
                add(node, graph.resultQuantization(node));
                continue;
            }
            List<Node> quantizes = movable.get(node.name());
            Node quantize = quantizes.get(0);
            QuantParams to = graph.resultQuantization(quantize);
            boolean joins = CodesRule.of(graph, node) == CodesRule.JOINS;
            List<String> inputs = new ArrayList<>(node.inputs());
            for (int i = 0; i < (joins ? inputs.size() : 1); i++) {
                String x = inputs.get(i);
                boolean asTheyAre = joins && dequantized(x) != null;
                inputs.set(
                        i,
                        asTheyAre
                                ? dequantized(x)
                                : add(
                                        new Node(
                                                i == 0 ? quantize.name() : free(quantize.name(), nodeNames),
                                                quantize.op(),
                                                List.of(x),
                                                List.of(free(x + ".q", names))),
                                        to));
            }
            add(onCodes(node, inputs, quantizes.stream().map(Node::output).toList()), to);
        }
        return build();
    }

    // ---- Dequantize downwards

    private Graph sink() {
        for (Node node : graph.nodes()) {
            String x = node.input(0);
            if (node.op() instanceof Op.Dequantize) {
                if (dequantized(node.output()) != null) {
                    codes.put(node.output(), resolve(x));
                }
                add(node, null);
            } else if (node.op() instanceof Op.Quantize && codes.containsKey(x)) {
                meet(node, codes.get(x));
            } else if (CodesRule.of(graph, node) == CodesRule.COUNTS && codes.containsKey(x)) {
                List<String> inputs = new ArrayList<>(node.inputs());
                inputs.set(0, codes.get(x));
                add(new Node(node.name(), node.op(), inputs, node.outputs()), null);
            } else if (runsOnCodes(node)) {
                follow(node);
            } else {
                add(node, graph.resultQuantization(node));
            }
        }
        return build();
    }

    /** Codes that are quantized as they were, or otherwise. */
    private void meet(Node quantize, String from) {
        QuantParams to = graph.resultQuantization(quantize);
        if (to.equals(builder.value(from).quantization()) && !graph.isOutput(quantize.output())) {
            same.put(quantize.output(), from);
        } else {
            add(new Node(quantize.name(), new Op.Requantize(), List.of(from), quantize.outputs()), to);
        }
    }

    private boolean runsOnCodes(Node node) {
        return switch (CodesRule.of(graph, node)) {
            case CHOOSES -> codes.containsKey(node.input(0));
            case BOUNDS ->
                codes.containsKey(node.input(0))
                        && ((Op.Clamp) node.op()).activation().kind() == Activation.Kind.RELU;
            case JOINS ->
                node.inputs().stream().allMatch(codes::containsKey)
                        && node.inputs().stream()
                                        .map(input ->
                                                builder.value(codes.get(input)).quantization())
                                        .distinct()
                                        .count()
                                == 1;
            default -> false;
        };
    }

    /** The node on codes, and behind it what makes real numbers of its results. */
    private void follow(Node node) {
        boolean joins = CodesRule.of(graph, node) == CodesRule.JOINS;
        List<String> inputs = new ArrayList<>(node.inputs());
        for (int i = 0; i < (joins ? inputs.size() : 1); i++) {
            inputs.set(i, codes.get(inputs.get(i)));
        }
        List<String> outputs = node.outputs().stream()
                .map(output -> output.isEmpty() ? "" : free(output + ".q", names))
                .toList();
        add(onCodes(node, inputs, outputs), builder.value(inputs.get(0)).quantization());
        for (int i = 0; i < outputs.size(); i++) {
            if (!outputs.get(i).isEmpty()) {
                String real = node.outputs().get(i);
                codes.put(real, outputs.get(i));
                add(
                        new Node(
                                free(real + ".dequantize", nodeNames),
                                new Op.Dequantize(),
                                List.of(outputs.get(i)),
                                List.of(real)),
                        null);
            }
        }
    }

    // ---- The graph

    private static Node onCodes(Node node, List<String> inputs, List<String> outputs) {
        List<String> read = new ArrayList<>(inputs);
        if (node.op() instanceof Movement.Pad && read.size() > 2) {
            read.set(2, ""); // the number 0 is the zero point
        }
        return new Node(node.name(), node.op(), read, outputs);
    }

    /** Whether one node alone reads a value, once. */
    private boolean isReadOnce(String value) {
        List<Node> readers = graph.consumers(value);
        return readers.size() == 1
                && readers.get(0).inputs().stream().filter(value::equals).count() == 1
                && !graph.isOutput(value);
    }

    /** The codes of an activation that a real value stands for; null if it is computed otherwise. */
    private String dequantized(String value) {
        Node node = graph.producer(value).orElse(null);
        Value from = node != null && node.op() instanceof Op.Dequantize ? graph.value(node.input(0)) : null;
        boolean activation = from != null
                && !from.isConstant()
                && from.quantization().granularity().isPerTensor();
        return activation ? from.name() : null;
    }

    private String resolve(String value) {
        String resolved = value;
        while (same.containsKey(resolved)) {
            resolved = same.get(resolved);
        }
        return resolved;
    }

    private static String free(String wanted, Set<String> taken) {
        String name = wanted;
        while (!taken.add(name)) {
            name += "_";
        }
        return name;
    }

    private String add(Node node, QuantParams parameters) {
        List<String> inputs = node.inputs().stream().map(this::resolve).toList();
        builder.node(new Node(node.name(), node.op(), inputs, node.outputs()), parameters);
        return node.output();
    }

    /** The graph that was built, without what nothing needs any more. */
    private Graph build() {
        graph.outputs().forEach(output -> builder.output(output.name()));
        return builder.build();
    }
}

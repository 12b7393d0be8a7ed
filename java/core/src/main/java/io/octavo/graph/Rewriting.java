package io.octavo.graph;

import io.octavo.scheme.QuantParams;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A graph under change, node after node in running order: patterns look at a node and at what stands before it, as they have left it,
 * and put something in its place. What nobody reads any more falls away. Names of inputs and outputs stay.
 */
final class Rewriting {
    /** What takes a node, and perhaps some before it, for others. */
    @FunctionalInterface
    interface Pattern {
        /** Puts something in the place of the node, if it is what this looks for; whether it did. */
        boolean apply(Rewriting graph, Node node);
    }

    /** Most changes at one node. */
    private static final int ROUNDS = 16;

    private final Graph graph;
    private final Map<String, Value> made =
            new LinkedHashMap<>(); // values that the graph did not have, or had other elements of
    private final Map<String, String> same = new HashMap<>(); // value -> the one that stands for it
    private final Map<String, Node> producers = new HashMap<>();
    private final Map<String, Integer> reads = new HashMap<>(); // as inputs of nodes
    private final Set<String> outputs = new HashSet<>();
    private final Set<String> nodeNames = new HashSet<>();
    private final List<Node> done = new ArrayList<>();
    private Node current; // what stands where patterns look; null: nothing
    private boolean changed;

    private Rewriting(Graph graph) {
        this.graph = graph;
        graph.outputs().forEach(output -> outputs.add(output.name()));
        for (Node node : graph.nodes()) {
            nodeNames.add(node.name());
            node.inputs().forEach(this::read);
        }
    }

    /** The graph after the patterns, each tried at each node until none fits any more. */
    static Graph apply(Graph graph, List<Pattern> patterns) {
        Rewriting rewriting = new Rewriting(graph);
        for (Node node : graph.nodes()) {
            rewriting.visit(node, patterns);
        }
        return rewriting.changed ? rewriting.build() : graph;
    }

    private void visit(Node node, List<Pattern> patterns) {
        place(new Node(
                node.name(),
                node.op(),
                node.inputs().stream()
                        .map(input -> same.getOrDefault(input, input))
                        .toList(),
                node.outputs()));
        // What wants its second result alone has nothing to be replaced by.
        for (int round = 0;
                round < ROUNDS && current != null && !current.output().isEmpty();
                round++) {
            boolean fits = false;
            for (Pattern pattern : patterns) {
                Node now = current;
                fits |= now != null && pattern.apply(this, now);
            }
            if (!fits) {
                break;
            }
            changed = true;
        }
        if (current != null) {
            done.add(current);
        }
    }

    // ---- What is there

    /** What is known of a value. */
    Value value(String name) {
        Value value = made.get(name);
        return value != null ? value : graph.value(name);
    }

    /** The node before the present one that computes a value; null: there is none. */
    Node producer(String value) {
        return producers.get(value);
    }

    /** How many inputs of nodes a value is. */
    int reads(String value) {
        return reads.getOrDefault(value, 0);
    }

    boolean isOutput(String value) {
        return outputs.contains(value);
    }

    /** The node that computes a value alone, if the value is no output and is read so often as said, here; otherwise null. */
    Node producer(String value, int reads) {
        Node node = producers.get(value);
        return node != null && node.outputs().size() == 1 && reads(value) == reads && !isOutput(value) ? node : null;
    }

    /** The node that computes a value alone, if it is read once and no output; otherwise null. */
    Node sole(String value) {
        return producer(value, 1);
    }

    /** Whether a value is a constant of numbers of F32. */
    boolean isConstant(String value) {
        return !value.isEmpty()
                && value(value).isConstant()
                && !value(value).isQuantized()
                && value(value).dtype() == DType.F32;
    }

    /** Whether a value is such a constant that one node alone reads. */
    boolean isOwn(String value) {
        return isConstant(value) && reads(value) == 1 && !isOutput(value);
    }

    /** The only element of a constant of F32; NaN: it is none. */
    float scalar(String value) {
        return isConstant(value) && value(value).shape().elements() == 1
                ? value(value).data().toFloatArray()[0]
                : Float.NaN;
    }

    /** Whether two values have the same type and shape. */
    boolean alike(String a, String b) {
        return value(a).dtype() == value(b).dtype() && value(a).shape().equals(value(b).shape());
    }

    // ---- What is put in its place

    /** Another operator gives the result of the present node. */
    boolean replace(Node node, Op op, String... inputs) {
        return replace(node, new Node(node.name(), op, List.of(inputs), node.outputs()));
    }

    /** Another node gives the results of the present one, perhaps under the name of a node that is not needed then. */
    boolean replace(Node node, Node by) {
        by.inputs().forEach(this::read);
        release(node);
        place(by);
        return true;
    }

    /** The present node does nothing to a value, which stands for its result then; whether that is possible. */
    boolean bypass(Node node, String x) {
        String result = node.output();
        if (!isOutput(result)) {
            same.put(result, x);
            reads.merge(x, reads(result), Integer::sum);
            remove(node);
            return true;
        }
        Node before = sole(x);
        if (before == null || producers.get(x).outputs().size() > 1) {
            return false;
        }
        return replace(node, new Node(before.name(), before.op(), before.inputs(), List.of(result)));
    }

    /** The results of the present node are those of another. */
    void merge(Node node, Node other) {
        for (int i = 0; i < node.outputs().size(); i++) {
            String result = node.outputs().get(i);
            if (!result.isEmpty()) {
                same.put(result, other.outputs().get(i));
                reads.merge(other.outputs().get(i), reads(result), Integer::sum);
            }
        }
        remove(node);
    }

    /** Adds a node before the present one, and gives the name of its result. */
    String add(String wanted, Op op, String... inputs) {
        return insert(new Node(freeNodeName(wanted), op, List.of(inputs), List.of(freeName(wanted))), null);
    }

    /** The present node works under its name with other inputs, and another operator makes its result of what that gives. */
    boolean replace(Node node, Op op, List<String> inputs, Op last) {
        String inner = freeName(node.output() + ".inner");
        insert(
                new Node(node.name(), op, inputs, List.of(inner)),
                value(node.output()).quantization());
        String name = freeNodeName(node.name() + "." + last.type().toLowerCase(Locale.ROOT));
        return replace(node, new Node(name, last, List.of(inner), node.outputs()));
    }

    private String insert(Node node, QuantParams quantization) {
        List<Value> read = new ArrayList<>();
        for (String input : node.inputs()) {
            read.add(input.isEmpty() ? null : value(input));
        }
        Inference.Spec spec =
                Inference.outputs(node, read, graph.entries(), quantization).get(0);
        made.put(node.output(), new Value(node.output(), spec.dtype(), spec.shape(), spec.quantization(), null));
        node.inputs().forEach(this::read);
        producers.put(node.output(), node);
        done.add(node);
        return node.output();
    }

    private String freeNodeName(String wanted) {
        String name = wanted;
        while (!nodeNames.add(name)) {
            name += "_";
        }
        return name;
    }

    /** Adds a constant, and gives its name. */
    String constant(String wanted, Tensor data) {
        String name = freeName(wanted);
        made.put(name, new Value(name, data.dtype(), data.shape(), null, data));
        return name;
    }

    /** Adds a constant of codes, and gives its name. */
    String constant(String wanted, QuantizedTensor codes) {
        String name = freeName(wanted);
        made.put(name, new Value(name, codes.codes().dtype(), codes.shape(), codes.params(), codes.codes()));
        return name;
    }

    /** Gives a constant that one node alone reads other elements. */
    void change(String constant, float[] data) {
        Tensor tensor = Tensor.zeros(DType.F32, value(constant).shape());
        tensor.floats().put(data);
        made.put(constant, new Value(constant, DType.F32, tensor.shape(), null, tensor));
    }

    private String freeName(String wanted) {
        String name = wanted;
        while (graph.hasValue(name) || made.containsKey(name)) {
            name += "_";
        }
        return name;
    }

    private void read(String value) {
        if (!value.isEmpty()) {
            reads.merge(value, 1, Integer::sum);
        }
    }

    private void place(Node node) {
        current = node;
        for (String output : node.outputs()) {
            if (!output.isEmpty()) {
                producers.put(output, node);
            }
        }
    }

    private void remove(Node node) {
        current = null;
        node.outputs().forEach(producers::remove);
        release(node);
    }

    /** A node reads no more; those that made what nobody else reads go with it. */
    private void release(Node node) {
        Deque<Node> open = new ArrayDeque<>(List.of(node));
        while (!open.isEmpty()) {
            for (String input : open.pop().inputs()) {
                if (!input.isEmpty() && reads.merge(input, -1, Integer::sum) == 0) {
                    Node before = producers.get(input);
                    if (before != null && before.outputs().stream().allMatch(this::isUnused)) {
                        before.outputs().forEach(producers::remove);
                        open.push(before);
                    }
                }
            }
        }
    }

    private boolean isUnused(String value) {
        return reads(value) == 0 && !isOutput(value);
    }

    // ---- The graph that is left

    private Graph build() {
        Graph.Builder builder = Graph.builder(graph.name());
        for (Value value : graph.values()) {
            boolean given = graph.producer(value.name()).isEmpty();
            if (given) {
                builder.add(value(value.name()));
            }
        }
        for (Value value : made.values()) {
            if (value.isConstant() && !builder.hasValue(value.name())) {
                builder.add(value);
            }
        }
        for (Node node : done) {
            String named = node.outputs().stream()
                    .filter(output -> !output.isEmpty())
                    .findFirst()
                    .orElse("");
            if (producers.get(named) == node) {
                builder.node(node, value(named).quantization());
            }
        }
        graph.outputs().forEach(output -> builder.output(output.name()));
        return builder.build().pruned();
    }
}

package io.octavo.graph;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.scheme.QuantParams;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import io.octavo.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A network: inputs, constants, and nodes in an order in which they can run. Immutable; made by a {@link Builder}, changed by
 * building another (see {@link Passes}).
 *
 * <p>A quantized network is the same graph with quantized values: float input, {@link Op.Quantize}, quantized edges, {@link
 * Op.Dequantize}, float output; weights are constants of codes with their parameters, biases stay float.
 */
public final class Graph {
    private final String name;
    private final Map<String, Value> values;
    private final List<Value> inputs;
    private final List<Value> outputs;
    private final List<Node> nodes;
    private final Map<String, Node> producers;
    private final Map<String, List<Node>> consumers;
    private final Map<String, List<Entry>> entries; // of small integer results, as far as they are known before a run
    private final Map<String, String> notes; // by node

    private Graph(
            String name,
            Map<String, Value> values,
            List<String> inputs,
            List<String> outputs,
            List<Node> nodes,
            Map<String, List<Entry>> entries,
            Map<String, String> notes) {
        this.name = name;
        this.notes = Map.copyOf(notes);
        this.entries = Map.copyOf(entries);
        this.values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
        this.inputs = inputs.stream().map(this.values::get).toList();
        this.outputs = outputs.stream().map(this.values::get).toList();
        this.nodes = List.copyOf(nodes);
        this.producers = new LinkedHashMap<>();
        this.consumers = new LinkedHashMap<>();
        for (Node node : this.nodes) {
            for (String output : node.outputs()) {
                producers.put(output, node);
            }
            for (String input : new HashSet<>(node.inputs())) {
                consumers.computeIfAbsent(input, key -> new ArrayList<>()).add(node);
            }
        }
    }

    /** Starts an empty graph. */
    public static Builder builder(String name) {
        return new Builder(name);
    }

    /** The name given to {@link #builder}. */
    public String name() {
        return name;
    }

    /** The inputs in the order of their adding. */
    public List<Value> inputs() {
        return inputs;
    }

    /** What tensors the inputs take, in their order: for those who read them from files. */
    public List<TensorSpec> inputSpecs() {
        return inputs.stream()
                .map(input -> new TensorSpec(input.name(), input.dtype(), input.shape()))
                .toList();
    }

    /** The outputs in the order of their naming. */
    public List<Value> outputs() {
        return outputs;
    }

    /** The nodes, each after those whose results it reads. */
    public List<Node> nodes() {
        return nodes;
    }

    /**
     * The value of that name.
     *
     * @throws InvalidValueException if there is none; the message lists the names that there are
     */
    public Value value(String name) {
        Value value = values.get(name);
        if (value == null) {
            throw new InvalidValueException(
                    "Graph '" + this.name + "' has no value '" + name + "'; it has " + values.keySet());
        }
        return value;
    }

    /** Whether there is a value of that name. */
    public boolean hasValue(String name) {
        return values.containsKey(name);
    }

    /** The elements of small results of integers as far as they are known. */
    Map<String, List<Entry>> entries() {
        return entries;
    }

    /** All values: inputs, constants and results, in the order of their adding. */
    public Collection<Value> values() {
        return values.values();
    }

    /** The constants by name, in the order of their adding. */
    public Map<String, Value> constants() {
        Map<String, Value> constants = new LinkedHashMap<>();
        for (Value value : values.values()) {
            if (value.isConstant()) {
                constants.put(value.name(), value);
            }
        }
        return constants;
    }

    /** Bytes that all constants take when stored. */
    public long storageBytes() {
        return values.values().stream().mapToLong(Value::storageBytes).sum();
    }

    /**
     * The node of that name.
     *
     * @throws InvalidValueException if there is none
     */
    public Node node(String name) {
        for (Node node : nodes) {
            if (node.name().equals(name)) {
                return node;
            }
        }
        throw new InvalidValueException("Graph '" + this.name + "' has no node '" + name + "'; it has "
                + nodes.stream().map(Node::name).toList());
    }

    /** What was noted about nodes, by their names: for reports, without meaning for what they compute. */
    public Map<String, String> notes() {
        return notes;
    }

    /** The node that computes a value; empty for inputs and constants. */
    public Optional<Node> producer(String value) {
        return Optional.ofNullable(producers.get(value));
    }

    /** The first result of a node that has a name; empty if nobody wants any. */
    Optional<Value> result(Node node) {
        return node.outputs().stream()
                .filter(output -> !output.isEmpty())
                .findFirst()
                .map(this::value);
    }

    /** Parameters of a node's results; null: none. */
    QuantParams resultQuantization(Node node) {
        return result(node).map(Value::quantization).orElse(null);
    }

    /** The nodes that read a value, in running order, each once. */
    public List<Node> consumers(String value) {
        return Collections.unmodifiableList(consumers.getOrDefault(value, List.of()));
    }

    /** Whether a value is an output of the graph. */
    public boolean isOutput(String value) {
        return outputs.stream().anyMatch(output -> output.name().equals(value));
    }

    /**
     * This graph with other elements in some float constants, as after training or loading.
     *
     * @param changed tensors by the names of constants
     * @throws InvalidValueException if a name is not that of a constant that is not quantized
     * @throws ShapeMismatchException if type or shape differ
     */
    public Graph withConstants(Map<String, Tensor> changed) {
        InvalidValueException.requireNonNull(changed, "constants for graph '" + name + "'");
        Map<String, Value> replaced = new LinkedHashMap<>(values);
        changed.forEach((key, tensor) -> {
            Value old = value(key);
            InvalidValueException.requireNonNull(tensor, "tensor for value " + old + " of graph '" + name + "'");
            if (!old.isConstant() || old.isQuantized()) {
                throw new InvalidValueException("Value " + old + " of graph '" + name
                        + "' takes no other elements: it is not a constant, or is quantized");
            }
            replaced.put(key, new Value(key, old.dtype(), old.shape(), null, tensor));
        });
        return new Graph(name, replaced, names(inputs), names(outputs), nodes, entries, notes);
    }

    /**
     * This graph without some of its outputs; what only they need stays.
     *
     * @throws InvalidValueException if a name is not that of an output, or no output would be left
     */
    public Graph withoutOutputs(Collection<String> dropped) {
        List<String> kept = new ArrayList<>(names(outputs));
        for (String output : dropped) {
            if (!kept.contains(output)) {
                throw new InvalidValueException(
                        "Graph '" + name + "' has no output '" + output + "' to leave out; it has " + names(outputs));
            }
        }
        kept.removeAll(dropped);
        if (kept.isEmpty()) {
            throw new InvalidValueException("Graph '" + name + "' would be left without an output");
        }
        return new Graph(name, values, names(inputs), kept, nodes, entries, notes);
    }

    /**
     * This graph for inputs of these shapes. Unknown dimensions whose names they bind become numbers everywhere, every node is inferred
     * again, and what is constant then is computed: all arithmetic on shapes, and of other nodes on constants those whose results take
     * no more memory than what they read, or 1 MiB; convolutions, linear layers, pools and quantized nodes never. A node that asks
     * for its shape with what is the same as dimensions of what it reads says so itself, so that the batch may stay unknown. Nodes and
     * constants that nobody needs are gone; inputs and outputs, and the names of all values that are left, stay. An output may become a
     * constant.
     *
     * <p>Without shapes only what does not depend on unknown dimensions is computed.
     *
     * @param shapes by name of input; an unknown dimension says nothing, and inputs may be left out
     * @throws InvalidValueException if a name is not that of an input
     * @throws ShapeMismatchException if a shape is not one of its input, or two say different numbers for one name: names the input and
     *     the dimension, what was found and what was expected; or if a node cannot have inputs of such shapes
     * @throws io.octavo.UnsupportedException if a value would have no elements
     */
    public Graph specialize(Map<String, Shape> shapes) {
        return Specialization.of(this, shapes, Map.of());
    }

    /**
     * {@link #specialize(Map)} with some inputs fixed: they are constants of the graph and no inputs any more.
     *
     * @param fixed elements by name of input; shared, and not to be written to any more
     * @throws ShapeMismatchException also if one is not of its input's type
     */
    public Graph specialize(Map<String, Shape> shapes, Map<String, Tensor> fixed) {
        return Specialization.of(this, shapes, fixed);
    }

    /**
     * The inputs whose elements say how many, where or of what shape, themselves or by way of operators that are computed before a run:
     * before the graph can be lowered they must be {@linkplain #specialize(Map, Map) fixed}.
     */
    public List<Value> parameterInputs() {
        return Parameters.of(this);
    }

    /**
     * Whether the batch is free: each value that depends on the inputs has one unknown dimension, its first, of the same name, and no
     * operator mixes what belongs to different indices of it. One plan serves all batches then.
     */
    public boolean hasFreeBatch() {
        return FreeBatch.of(this);
    }

    /** This graph, whose shapes are known, with a {@linkplain #hasFreeBatch free} batch in place of the number; empty if it is not free. */
    public Optional<Graph> withFreeBatch() {
        return FreeBatch.freed(this);
    }

    /** This graph without nodes and constants that no output needs. */
    Graph pruned() {
        Set<String> needed = new HashSet<>(names(outputs));
        List<Node> kept = new ArrayList<>();
        for (int i = nodes.size() - 1; i >= 0; i--) {
            if (nodes.get(i).outputs().stream().anyMatch(needed::contains)) {
                needed.addAll(nodes.get(i).inputs());
                needed.addAll(nodes.get(i).outputs());
                kept.add(nodes.get(i));
            }
        }
        Collections.reverse(kept);
        needed.addAll(names(inputs));
        Map<String, Value> left = new LinkedHashMap<>(values);
        left.keySet().retainAll(needed);
        Map<String, List<Entry>> followed = new LinkedHashMap<>(entries);
        followed.keySet().retainAll(needed);
        return new Graph(name, left, names(inputs), names(outputs), kept, followed, notes);
    }

    /** A builder that holds all of this graph. */
    public Builder toBuilder() {
        Builder builder = new Builder(name);
        builder.values.putAll(values);
        builder.inputs.addAll(names(inputs));
        builder.outputs.addAll(names(outputs));
        builder.entries.putAll(entries);
        builder.notes.putAll(notes);
        for (Node node : nodes) {
            builder.add(node);
            builder.nodeNames.add(node.name());
        }
        return builder;
    }

    private static List<String> names(List<Value> values) {
        return values.stream().map(Value::name).toList();
    }

    /** The nodes, one a line, with their inputs, attributes and results. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("graph " + name + " " + inputs + " -> " + outputs + "\n");
        for (Node node : nodes) {
            text.append("  ")
                    .append(node.name())
                    .append(": ")
                    .append(node.op())
                    .append(' ')
                    .append(node.inputs());
            for (String output : node.outputs()) {
                text.append(" -> ").append(values.get(output));
            }
            text.append('\n');
        }
        return text.toString();
    }

    /**
     * Builds a graph from its inputs to its outputs: what a node reads must have been added before, so that a graph has no
     * cycle. Types, shapes and quantization of results follow by inference when a node is added.
     */
    public static final class Builder {
        private final String name;
        private final Map<String, Value> values = new LinkedHashMap<>();
        private final List<String> inputs = new ArrayList<>();
        private final List<String> outputs = new ArrayList<>();
        private final List<Node> nodes = new ArrayList<>();
        private final Map<String, Node> producers = new LinkedHashMap<>();
        private final Set<String> nodeNames = new HashSet<>();
        private final Map<String, List<Entry>> entries = new LinkedHashMap<>();
        private final Map<String, String> notes = new LinkedHashMap<>();

        private Builder(String name) {
            this.name = name;
        }

        /**
         * Adds an input.
         *
         * @return its name
         * @throws InvalidValueException if a value of that name is there already
         */
        public String input(String name, DType dtype, Shape shape) {
            return input(name, dtype, shape, null);
        }

        /** Adds an input of codes. */
        public String input(String name, DType dtype, Shape shape, QuantParams quantization) {
            define(new Value(name, dtype, shape, quantization, null));
            inputs.add(name);
            return name;
        }

        /** Adds a constant; the tensor is shared and must not be written to any more. */
        public String constant(String name, Tensor data) {
            return define(new Value(name, data.dtype(), data.shape(), null, data));
        }

        /** Adds a constant of codes. */
        public String constant(String name, QuantizedTensor data) {
            Tensor codes = data.codes();
            return define(new Value(name, codes.dtype(), data.shape(), data.params(), codes));
        }

        /**
         * Adds a constant or input of another graph as it is.
         *
         * @throws InvalidValueException if the name is taken
         */
        public String add(Value value) {
            define(value);
            if (!value.isConstant()) {
                inputs.add(value.name());
            }
            return value.name();
        }

        /** Adds a node whose result carries the node's name. */
        public String node(String name, Op op, List<String> inputs) {
            return node(name, op, inputs, null);
        }

        /**
         * Adds a node whose result carries the node's name.
         *
         * @param inputs value names; {@code ""} for an optional input that is absent
         * @param outputQuantization parameters of a quantized result; null: none, or those of the input that are kept
         * @return the name of the result
         * @throws ShapeMismatchException if types or shapes do not fit: names the node, what was found and what was expected
         * @throws InvalidValueException if a name is taken or unknown, or parameters are missing
         * @throws io.octavo.UnsupportedException if a result would have no elements
         */
        public String node(String name, Op op, List<String> inputs, QuantParams outputQuantization) {
            return node(new Node(name, op, inputs, List.of(name)), outputQuantization);
        }

        /**
         * As {@link #node(String, Op, List, QuantParams)} with names of their own for the results, {@code ""} for one that nobody wants.
         *
         * @return the name of the first result
         */
        public String node(Node node, QuantParams outputQuantization) {
            List<Value> read = new ArrayList<>();
            for (String input : node.inputs()) {
                if (!input.isEmpty() && !values.containsKey(input)) {
                    throw new InvalidValueException("Node '" + node.name() + "' ("
                            + node.op().type() + ") reads '" + input + "', which was not added before it");
                }
                read.add(values.get(input));
            }
            if (nodeNames.contains(node.name())) {
                throw new InvalidValueException("Graph '" + name + "' has a node '" + node.name() + "' already");
            }
            List<Inference.Spec> specs = Inference.outputs(node, read, entries, outputQuantization);
            List<Value> written = new ArrayList<>();
            for (int i = 0; i < specs.size(); i++) {
                Inference.Spec spec = specs.get(i);
                if (!node.outputs().get(i).isEmpty()) {
                    written.add(
                            new Value(node.outputs().get(i), spec.dtype(), spec.shape(), spec.quantization(), null));
                }
            }
            Set<String> names = new HashSet<>();
            for (Value value : written) {
                requireFree(value.name());
                if (!names.add(value.name())) {
                    throw new InvalidValueException("Node '" + node.name() + "' ("
                            + node.op().type() + ") writes '" + value.name() + "' twice");
                }
            }
            Map<String, List<Entry>> followed = EntryInference.outputs(node, read, specs, entries);
            written.forEach(this::define);
            entries.putAll(followed);
            nodeNames.add(node.name());
            add(node);
            return node.output();
        }

        /**
         * Adds a node or, where it reads constants alone and {@link Graph#specialize} would compute it, its results as constants.
         *
         * @return the name of the first result
         */
        public String folded(Node node, QuantParams outputQuantization) {
            Specialization.add(this, node, outputQuantization);
            return node.output();
        }

        /**
         * Names an output. It must be computed by a node, or be a constant.
         *
         * @throws InvalidValueException if it is not, or is an output already
         */
        public Builder output(String value) {
            boolean constant = values.containsKey(value) && values.get(value).isConstant();
            if (!constant && !producers.containsKey(value)) {
                throw new InvalidValueException(
                        "Output '" + value + "' of graph '" + name + "' is not computed by any of its nodes");
            }
            if (outputs.contains(value)) {
                throw new InvalidValueException("Value '" + value + "' is an output of graph '" + name + "' already");
            }
            outputs.add(value);
            return this;
        }

        /** The value of that name, with what was inferred for it. */
        public Value value(String name) {
            Value value = values.get(name);
            if (value == null) {
                throw new InvalidValueException("Graph '" + this.name + "' has no value '" + name + "' so far");
            }
            return value;
        }

        /** The elements of small results of integers as far as they are known. */
        Map<String, List<Entry>> entries() {
            return entries;
        }

        /** That name, or one like it that no value has. */
        String freeName(String wanted) {
            String name = wanted;
            while (values.containsKey(name)) {
                name += "_";
            }
            return name;
        }

        /** The node that computes a value so far; empty for inputs and constants. */
        public Optional<Node> producer(String value) {
            return Optional.ofNullable(producers.get(value));
        }

        /** Whether a value of that name was added. */
        public boolean hasValue(String name) {
            return values.containsKey(name);
        }

        /**
         * Gives a value another name, wherever it is used.
         *
         * @throws InvalidValueException if there is no such value or the new name is taken
         */
        public Builder rename(String from, String to) {
            if (from.equals(to)) {
                return this;
            }
            Value old = value(from);
            requireFree(to);
            Map<String, Value> renamed = new LinkedHashMap<>();
            values.forEach((key, value) -> {
                boolean hit = key.equals(from);
                renamed.put(
                        hit ? to : key,
                        hit ? new Value(to, old.dtype(), old.shape(), old.quantization(), old.data()) : value);
            });
            values.clear();
            values.putAll(renamed);
            inputs.replaceAll(input -> input.equals(from) ? to : input);
            outputs.replaceAll(output -> output.equals(from) ? to : output);
            if (entries.containsKey(from)) {
                entries.put(to, entries.remove(from));
            }
            List<Node> before = List.copyOf(nodes);
            nodes.clear();
            producers.clear();
            before.forEach(node -> add(new Node(
                    node.name(),
                    node.op(),
                    node.inputs().stream().map(v -> v.equals(from) ? to : v).toList(),
                    node.outputs().stream().map(v -> v.equals(from) ? to : v).toList())));
            return this;
        }

        /** Notes something about a node of that name, see {@link Graph#notes}. */
        public Builder note(String node, String text) {
            notes.put(node, text);
            return this;
        }

        /**
         * The graph.
         *
         * @throws InvalidValueException if it has no output
         */
        public Graph build() {
            if (outputs.isEmpty()) {
                throw new InvalidValueException("Graph '" + name + "' needs an output, it has none");
            }
            return new Graph(name, values, inputs, outputs, nodes, entries, notes);
        }

        private void add(Node node) {
            nodes.add(node);
            for (String output : node.outputs()) {
                if (!output.isEmpty()) {
                    producers.put(output, node);
                }
            }
        }

        private String define(Value value) {
            requireFree(value.name());
            values.put(value.name(), value);
            return value.name();
        }

        private void requireFree(String valueName) {
            if (values.containsKey(valueName)) {
                throw new InvalidValueException(
                        "Graph '" + name + "' has a value '" + valueName + "' already: names are unique");
            }
        }
    }
}

package io.octavo.train;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.UnsupportedException;
import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import io.octavo.graph.Op;
import io.octavo.graph.Passes;
import io.octavo.graph.Training;
import io.octavo.graph.Value;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reverse-mode differentiation of a graph: the nodes of the forward pass, the loss, then for each node from last to first the
 * nodes that compute the gradients of its inputs from the gradient of its output (a value that several nodes read gets the sum of
 * what they give), then a step of the optimizer for each parameter.
 *
 * <p>Parameters are the float constants that are weight or bias of a convolution or linear layer, or gamma or beta of a batch norm.
 * A batch norm's mean and variance are states that its forward pass moves. All else stays as it is.
 */
final class Autodiff {
    private final Graph graph;
    private final Map<String, Value> values = new LinkedHashMap<>();
    private final List<Node> nodes = new ArrayList<>();
    private final List<String> inputs = new ArrayList<>();
    private final Set<String> parameters = new LinkedHashSet<>();
    private final Set<String> states = new LinkedHashSet<>();
    private final Set<String> nodeNames = new HashSet<>();
    /** Values that depend on a parameter: the others need no gradient. */
    private final Set<String> moving = new HashSet<>();
    /** Value to the gradients that its readers gave. */
    private final Map<String, List<String>> contributions = new LinkedHashMap<>();
    /** Further results of a forward node that its gradient reads, by node name. */
    private final Map<String, List<String>> kept = new LinkedHashMap<>();

    private Autodiff(Graph graph) {
        this.graph = graph;
    }

    /**
     * The training step of a graph with one image input and one output of logits, or of whatever shape the loss takes.
     *
     * @throws InvalidValueException if there is not one input and one output, or nothing to train
     * @throws ShapeMismatchException if the output is not {@code [N, classes]}
     * @throws UnsupportedException if an operator has no gradient, such as those on quantized values
     */
    static TrainingProgram differentiate(Graph graph, Optimizer optimizer) {
        return new Autodiff(Passes.fuseActivations(graph)).program(optimizer);
    }

    private TrainingProgram program(Optimizer optimizer) {
        if (graph.inputs().size() != 1 || graph.outputs().size() != 1) {
            throw new InvalidValueException(
                    "Graph '" + graph.name() + "' has " + graph.inputs().size() + " inputs and "
                            + graph.outputs().size() + " outputs: training takes one of each");
        }
        Value logits = graph.outputs().get(0);
        if (logits.shape().rank() != 2 || logits.dtype() != DType.F32) {
            throw new ShapeMismatchException("Output " + logits + " of graph '" + graph.name()
                    + "' cannot be trained: the loss takes float logits [N, classes]");
        }
        graph.values().forEach(value -> values.put(value.name(), value));
        inputs.add(graph.inputs().get(0).name());
        List<Node> forward = needed(logits.name());
        forward.forEach(this::forward);
        if (!moving.contains(logits.name())) {
            throw new InvalidValueException("Graph '" + graph.name() + "' has no parameter to train");
        }

        String labels = input("labels", DType.S32, Shape.of(Shape.N));
        String loss = value("loss", DType.F32, Shape.of(1));
        String correct = value("correct", DType.S32, Shape.of(1));
        String gradient = gradientOf(logits.name());
        node("loss", new Training.CrossEntropy(), List.of(logits.name(), labels), List.of(loss, gradient, correct));
        contribute(logits.name(), gradient);

        for (int i = forward.size() - 1; i >= 0; i--) {
            backward(forward.get(i));
        }
        Map<String, String> gradients = new LinkedHashMap<>();
        for (String parameter : parameters) {
            gradients.put(parameter, gradient(parameter));
        }
        String hyper = input("hyper", DType.F32, Shape.of(optimizer.hyper(0, 0).length));
        gradients.forEach((parameter, d) -> step(optimizer, parameter, d, hyper));
        // Counters stand last among the inputs.
        inputs.removeAll(counters());
        inputs.addAll(counters());
        states.addAll(parameters);
        return new TrainingProgram(
                values, nodes, inputs, List.of(loss, correct), List.copyOf(states), List.copyOf(parameters), gradients);
    }

    /** The nodes that the output depends on. */
    private List<Node> needed(String output) {
        Set<String> wanted = new HashSet<>(Set.of(output));
        List<Node> needed = new ArrayList<>();
        for (int i = graph.nodes().size() - 1; i >= 0; i--) {
            Node node = graph.nodes().get(i);
            if (node.outputs().stream().anyMatch(wanted::contains)) {
                needed.add(0, node);
                wanted.addAll(node.inputs());
            }
        }
        return needed;
    }

    // ---- Forward
    // ---------------------------------------------------------------------------------------------------------

    private void forward(Node node) {
        Op op = node.op();
        String y = node.output();
        if (graph.value(y).dtype() != DType.F32 || graph.value(y).isQuantized()) {
            throw new UnsupportedException("Node '" + node.name() + "' (" + op.type() + ") has the result "
                    + graph.value(y) + ": only float graphs can be trained");
        }
        GradientRule.TABLE.apply(this, op).forward().accept(node);
        if (node.inputs().stream().anyMatch(name -> moving.contains(name) || parameters.contains(name))) {
            moving.add(y);
        }
    }

    /** A forward pass as in inference. */
    void copy(Node node) {
        node(node.name(), node.op(), node.inputs(), node.outputs());
    }

    /** That of a layer with a weight and perhaps a bias. */
    void weighted(Node node) {
        parameter(node, 1);
        parameter(node, 2);
        copy(node);
    }

    void normalized(Node node, Training op) {
        parameter(node, 1);
        parameter(node, 2);
        state(node, 3);
        state(node, 4);
        Shape channels = graph.value(node.input(1)).shape();
        String mean = value(node.output() + ".mean", DType.F32, channels);
        String deviation = value(node.output() + ".inverse_deviation", DType.F32, channels);
        keep(node, op, node.inputs(), List.of(mean, deviation));
    }

    void indexed(Node node, Training op) {
        String y = node.output();
        String index = value(y + ".index", DType.U8, graph.value(y).shape());
        keep(node, op, node.inputs(), List.of(index));
    }

    void dropped(Node node, Training op) {
        String y = node.output();
        String counter = input(y + ".counter", DType.S32, Shape.of(2));
        String mask = value(y + ".mask", DType.U8, graph.value(y).shape());
        keep(node, op, List.of(node.input(0), counter), List.of(mask));
    }

    private void keep(Node node, Training op, List<String> reads, List<String> further) {
        List<String> outputs = new ArrayList<>(node.outputs());
        outputs.addAll(further);
        node(node.name(), op, reads, outputs);
        kept.put(node.name(), further);
    }

    private void parameter(Node node, int index) {
        String name = node.input(index);
        if (name.isEmpty()) {
            return;
        }
        if (!graph.value(name).isConstant() || graph.value(name).dtype() != DType.F32) {
            throw new UnsupportedException(
                    "Node '" + node.name() + "' (" + node.op().type() + ") takes " + graph.value(name)
                            + " as a parameter: to be trained it must be a float constant");
        }
        parameters.add(name);
    }

    private void state(Node node, int index) {
        if (!graph.value(node.input(index)).isConstant()) {
            throw new UnsupportedException(
                    "Node '" + node.name() + "' (" + node.op().type() + ") takes " + graph.value(node.input(index))
                            + " as a running statistic: to be trained it must be a constant");
        }
        states.add(node.input(index));
    }

    // ---- Backward
    // --------------------------------------------------------------------------------------------------------

    private void backward(Node node) {
        String y = node.output();
        if (!moving.contains(y)) {
            return;
        }
        GradientRule.TABLE.apply(this, node.op()).backward().accept(node, gradient(y));
    }

    /** A further result that a node's forward pass kept. */
    String kept(Node node, int index) {
        return kept.get(node.name()).get(index);
    }

    /** The gradient before an activation that a node does last. */
    String through(Activation activation, Node node, String dy) {
        if (activation.isNone()) {
            return dy;
        }
        String y = node.output();
        String dz =
                value("d." + y + ".before_activation", DType.F32, graph.value(y).shape());
        node("d." + node.name() + ".activation", new Training.ClampGrad(activation), List.of(y, dy), List.of(dz));
        return dz;
    }

    /** A node that gives the gradient of the first input, if that is wanted. */
    void unary(Node node, Training op, String... reads) {
        String x = node.input(0);
        if (!moving.contains(x)) {
            return;
        }
        String dx = gradientOf(x);
        node("d." + node.name(), op, List.of(reads), List.of(dx));
        contribute(x, dx);
    }

    /** A node that gives the gradients of a layer's weight and bias. */
    void weights(Node node, Training op, String dz) {
        String x = node.input(0);
        String dw = gradientOf(node.input(1));
        contribute(node.input(1), dw);
        if (node.input(2).isEmpty()) {
            node("d." + node.name() + ".weight", op, List.of(x, dz), List.of(dw));
            return;
        }
        String db = gradientOf(node.input(2));
        contribute(node.input(2), db);
        node("d." + node.name() + ".weight", op, List.of(x, dz), List.of(dw, db));
    }

    void batchNorm(Node node, String dy) {
        String x = node.input(0);
        String dx = "";
        if (moving.contains(x)) {
            dx = gradientOf(x);
            contribute(x, dx);
        }
        String dgamma = gradientOf(node.input(1));
        String dbeta = gradientOf(node.input(2));
        contribute(node.input(1), dgamma);
        contribute(node.input(2), dbeta);
        node(
                "d." + node.name(),
                new Training.BatchNormGrad(),
                List.of(x, dy, node.input(1), kept(node, 0), kept(node, 1)),
                List.of(dx, dgamma, dbeta));
    }

    /** The gradient of a sum by one operand is the sum's own. */
    void share(String operand, String gradient) {
        if (moving.contains(operand)) {
            contribute(operand, gradient);
        }
    }

    private void contribute(String value, String gradient) {
        contributions.computeIfAbsent(value, v -> new ArrayList<>()).add(gradient);
    }

    /** The whole gradient of a value, once all its readers have given theirs. */
    private String gradient(String of) {
        List<String> parts = contributions.get(of);
        String sum = parts.get(0);
        for (String part : parts.subList(1, parts.size())) {
            String next = gradientOf(of);
            node("d." + of + ".sum", new Op.Add(), List.of(sum, part), List.of(next));
            sum = next;
        }
        contributions.put(of, List.of(sum));
        return sum;
    }

    // ---- Optimizer
    // -------------------------------------------------------------------------------------------------------

    private void step(Optimizer optimizer, String parameter, String gradient, String hyper) {
        List<String> reads = new ArrayList<>(List.of(parameter, gradient));
        for (String state : optimizer.states()) {
            Shape shape = graph.value(parameter).shape();
            String name = free(parameter + "." + state, values.keySet());
            values.put(name, new Value(name, DType.F32, shape, null, Tensor.zeros(DType.F32, shape)));
            states.add(name);
            reads.add(name);
        }
        reads.add(hyper);
        node("step." + parameter, optimizer.step(), reads, List.of());
    }

    // ---- Names
    // -----------------------------------------------------------------------------------------------------------

    private List<String> counters() {
        List<String> counters = new ArrayList<>();
        for (Node node : nodes) {
            if (node.op() instanceof Training.DropoutTrain) {
                counters.add(node.input(1));
            }
        }
        return counters;
    }

    private String input(String wanted, DType dtype, Shape shape) {
        String name = value(wanted, dtype, shape);
        inputs.add(name);
        return name;
    }

    private String gradientOf(String value) {
        Value of = values.get(value);
        return value("d." + value, DType.F32, of.shape());
    }

    private String value(String wanted, DType dtype, Shape shape) {
        String name = free(wanted, values.keySet());
        values.put(name, new Value(name, dtype, shape, null, null));
        return name;
    }

    private void node(String wanted, Op op, List<String> reads, List<String> writes) {
        String name = free(wanted, nodeNames);
        nodeNames.add(name);
        nodes.add(new Node(name, op, reads, writes));
    }

    private static String free(String wanted, Set<String> taken) {
        String name = wanted;
        for (int i = 2; taken.contains(name); i++) {
            name = wanted + "#" + i;
        }
        return name;
    }
}

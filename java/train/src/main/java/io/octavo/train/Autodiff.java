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
        if (op instanceof Op.Conv2d || op instanceof Op.Linear) {
            parameter(node, 1);
            parameter(node, 2);
            copy(node);
        } else if (op instanceof Op.BatchNorm norm) {
            parameter(node, 1);
            parameter(node, 2);
            state(node, 3);
            state(node, 4);
            Shape channels = graph.value(node.input(1)).shape();
            String mean = value(y + ".mean", DType.F32, channels);
            String deviation = value(y + ".inverse_deviation", DType.F32, channels);
            keep(
                    node,
                    new Training.BatchNormTrain(norm.epsilon(), norm.momentum()),
                    node.inputs(),
                    List.of(mean, deviation));
        } else if (op instanceof Op.MaxPool2d pool) {
            String index = value(y + ".index", DType.U8, graph.value(y).shape());
            keep(node, new Training.MaxPool2dTrain(pool.window(), pool.ceilMode()), node.inputs(), List.of(index));
        } else if (op instanceof Op.Dropout dropout) {
            String counter = input(y + ".counter", DType.S32, Shape.of(2));
            String mask = value(y + ".mask", DType.U8, graph.value(y).shape());
            keep(node, new Training.DropoutTrain(dropout.p()), List.of(node.input(0), counter), List.of(mask));
        } else if (op instanceof Op.Clamp
                || op instanceof Op.AvgPool2d
                || op instanceof Op.AdaptiveAvgPool2d
                || op instanceof Op.Flatten
                || op instanceof Op.Add
                || op instanceof Op.Softmax) {
            copy(node);
        } else {
            throw new UnsupportedException("Node '" + node.name() + "' (" + op.type() + ") has no gradient");
        }
        if (node.inputs().stream().anyMatch(name -> moving.contains(name) || parameters.contains(name))) {
            moving.add(y);
        }
    }

    private void copy(Node node) {
        node(node.name(), node.op(), node.inputs(), node.outputs());
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
        Op op = node.op();
        String x = node.input(0);
        String dy = gradient(y);
        if (op instanceof Op.Conv2d conv) {
            String dz = through(conv.activation(), node, dy);
            weights(node, new Training.Conv2dGradWeight(conv.window(), conv.groups()), x, dz);
            unary(node, new Training.Conv2dGradInput(conv.window(), conv.groups()), List.of(dz, node.input(1)));
            share(node.input(3), dz);
        } else if (op instanceof Op.Linear linear) {
            String dz = through(linear.activation(), node, dy);
            weights(node, new Training.LinearGradWeight(), x, dz);
            unary(node, new Training.LinearGradInput(), List.of(dz, node.input(1)));
        } else if (op instanceof Op.BatchNorm) {
            batchNorm(node, dy);
        } else if (op instanceof Op.Clamp clamp) {
            share(x, through(clamp.activation(), node, dy));
        } else if (op instanceof Op.MaxPool2d pool) {
            unary(
                    node,
                    new Training.MaxPool2dGrad(pool.window(), pool.ceilMode()),
                    List.of(dy, kept.get(node.name()).get(0)));
        } else if (op instanceof Op.AvgPool2d pool) {
            unary(
                    node,
                    new Training.AvgPool2dGrad(pool.window(), pool.ceilMode(), pool.countIncludePad()),
                    List.of(dy));
        } else if (op instanceof Op.AdaptiveAvgPool2d) {
            unary(node, new Training.AdaptiveAvgPool2dGrad(), List.of(dy));
        } else if (op instanceof Op.Flatten) {
            unary(node, new Training.FlattenGrad(), List.of(dy));
        } else if (op instanceof Op.Dropout dropout) {
            unary(
                    node,
                    new Training.DropoutGrad(dropout.p()),
                    List.of(dy, kept.get(node.name()).get(0)));
        } else if (op instanceof Op.Add add) {
            String dz = through(add.activation(), node, dy);
            share(x, dz);
            share(node.input(1), dz);
        } else {
            unary(node, new Training.SoftmaxGrad(), List.of(y, dy)); // forward has refused everything else
        }
    }

    /** The gradient before an activation that a node does last. */
    private String through(Activation activation, Node node, String dy) {
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
    private void unary(Node node, Training op, List<String> reads) {
        String x = node.input(0);
        if (!moving.contains(x)) {
            return;
        }
        String dx = gradientOf(x);
        node("d." + node.name(), op, reads, List.of(dx));
        contribute(x, dx);
    }

    private void weights(Node node, Training op, String x, String dz) {
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

    private void batchNorm(Node node, String dy) {
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
        List<String> statistics = kept.get(node.name());
        node(
                "d." + node.name(),
                new Training.BatchNormGrad(),
                List.of(x, dy, node.input(1), statistics.get(0), statistics.get(1)),
                List.of(dx, dgamma, dbeta));
    }

    /** The gradient of a sum by one operand is the sum's own. */
    private void share(String operand, String gradient) {
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

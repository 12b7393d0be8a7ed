package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Movement;
import io.octavo.graph.Node;
import io.octavo.graph.Op;
import io.octavo.graph.Pointwise;
import io.octavo.graph.Value;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.QuantParams;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes of a file that Octavo wrote the graph that it wrote: the operators that the file's {@link Notes} name run on codes again, and
 * no others. Where a note does not fit what stands in the file, as when another program changed it, nothing is restored.
 */
final class Restoration {
    private final Graph graph;
    private final Notes notes;
    private final Map<String, Value> constants = new LinkedHashMap<>(); // made or changed, by name
    private final Map<String, List<Node>> placed = new HashMap<>(); // restored nodes, by the node whose place they take
    private final Map<String, QuantParams> narrowed = new HashMap<>(); // parameters as noted

    private Restoration(Graph graph, Notes notes) {
        this.graph = graph;
        this.notes = notes;
    }

    /** The graph that was written; null: the notes do not fit. */
    static Graph of(Graph graph, Notes notes) {
        Restoration restoration = new Restoration(graph, notes);
        for (Value value : graph.values()) {
            if (value.quantization() instanceof AffineParams params && !value.isConstant()) {
                restoration.narrowed.put(value.name(), notes.of(value.name(), params));
            }
        }
        try {
            return restoration.restore() ? restoration.build() : null;
        } catch (InvalidValueException | ShapeMismatchException e) {
            return null; // such an operator on such codes there is none
        }
    }

    // ---- Nodes

    private boolean restore() {
        Set<String> done = new HashSet<>();
        for (Node node : graph.nodes()) {
            if (node.op() instanceof Op.Quantize && notes.node(node.output()) == null) {
                border(node);
                continue;
            }
            for (String output : node.outputs()) {
                Notes.OnCodes note = output.isEmpty() ? null : notes.node(output);
                if (note != null && done.add(note.node()) && !restore(node, output, note)) {
                    return false;
                }
            }
        }
        return true;
    }

    /** A quantization of its own: as it is noted to round, without the clip that its codes imply. */
    private void border(Node quantize) {
        Op op = notes.roundsSum(quantize.output()) ? new Op.Quantize() : quantize.op();
        String x = unclipped(quantize.input(0), quantize.output());
        placed.put(quantize.name(), List.of(new Node(quantize.name(), op, List.of(x), quantize.outputs())));
    }

    private boolean restore(Node last, String result, Notes.OnCodes note) {
        boolean quantized = last.op() instanceof Op.Quantize;
        Node node = last;
        if (quantized) {
            String exact = unclipped(last.input(0), result);
            node = producer(exact);
            if (node != null && node.op() instanceof Op.Dequantize) {
                List<String> codes = List.of(node.input(0));
                placed.put(last.name(), List.of(new Node(note.node(), new Op.Requantize(), codes, last.outputs())));
                return true;
            }
        }
        Activation activation = Activation.NONE;
        if (node != null && node.op() instanceof Op.Clamp clamp && !isDequantized(node.input(0))) {
            activation = clamp.activation();
            node = producer(node.input(0));
        }
        String residual = null;
        if (node != null && isSum(node.op())) {
            Node first = producer(node.input(0));
            if (first != null && first.op() instanceof Op.Conv2d) {
                residual = node.input(1);
                node = first;
            }
        }
        return node != null && place(last, node, activation, residual, note, quantized);
    }

    private boolean place(
            Node last, Node node, Activation activation, String residual, Notes.OnCodes note, boolean quantized) {
        List<String> read = new ArrayList<>(node.inputs());
        if (residual != null) {
            while (read.size() < 3) {
                read.add("");
            }
            read.add(residual);
        }
        for (int i = 0; i < read.size(); i++) {
            if (note.readsCodes(i)) {
                String codes = codes(read.get(i));
                if (codes == null) {
                    return false;
                }
                read.set(i, codes);
            }
        }
        Op op = withActivation(node.op(), activation);
        if (op == null) {
            return false;
        }
        List<String> outputs = new ArrayList<>();
        for (String output : node.outputs()) {
            outputs.add(node.outputs().size() == 1 ? last.output() : quantized(output));
        }
        if (op instanceof Movement.Pad && note.readsCodes(0) && read.size() > 2 && !note.readsCodes(2)) {
            read.set(2, padding(read.get(2), read.get(0)));
        }
        if (op instanceof Op.Add add && quantized && add.activation().isNone() && mixed(read, last.output())) {
            op = new Pointwise.Binary(Pointwise.Binary.Function.ADD);
        }
        placed.put(last.name(), List.of(new Node(note.node(), op, read, outputs)));
        return true;
    }

    private boolean mixed(List<String> read, String result) {
        DType dtype = graph.value(result).dtype();
        return read.stream().anyMatch(x -> value(x).dtype() != dtype);
    }

    private static boolean isSum(Op op) {
        return op instanceof Op.Add
                || op instanceof Pointwise.Binary binary && binary.function() == Pointwise.Binary.Function.ADD;
    }

    private static Op withActivation(Op op, Activation activation) {
        if (activation.isNone()) {
            return op;
        }
        if (op instanceof Op.Conv2d conv) {
            return conv.withActivation(activation);
        }
        if (op instanceof Op.Linear linear) {
            return linear.withActivation(activation);
        }
        boolean takes = isSum(op) && activation.kind() == Activation.Kind.RELU;
        return takes ? new Op.Add(activation) : null;
    }

    // ---- Values

    private Node producer(String value) {
        return graph.producer(value).orElse(null);
    }

    private Value value(String name) {
        return constants.containsKey(name) ? constants.get(name) : graph.value(name);
    }

    private boolean isDequantized(String value) {
        Node node = producer(value);
        return node != null && node.op() instanceof Op.Dequantize;
    }

    /** What a value was before it was clipped to what its codes can say, if it was. */
    private String unclipped(String x, String codes) {
        AffineParams params = (AffineParams) narrowed.get(codes);
        Node node = producer(x);
        if (params == null || node == null || !(node.op() instanceof Op.Clamp clamp)) {
            return x;
        }
        boolean narrow = params.qMin() != params.dtype().min()
                || params.qMax() != params.dtype().max();
        float[] bounds = Notes.bounds(params);
        boolean same =
                clamp.activation().min() == bounds[0] && clamp.activation().max() == bounds[1];
        return narrow && same ? node.input(0) : x;
    }

    /** The codes that a value is dequantized of; null: it is not. */
    private String codes(String real) {
        Node node = producer(real);
        if (node != null && node.op() instanceof Movement.Reshape && isDequantized(node.input(0))) {
            return reshaped(producer(node.input(0)).input(0), graph.value(real));
        }
        return node != null && node.op() instanceof Op.Dequantize ? node.input(0) : null;
    }

    /** A constant of codes in the shape in which it is read: groups lie within the rows of a matrix in a file. */
    private String reshaped(String codes, Value real) {
        Value matrix = graph.value(codes);
        if (!matrix.isConstant() || matrix.shape().dim(0) != real.shape().dim(0)) {
            return null;
        }
        Tensor data = matrix.data().reshape(real.shape().dims());
        constants.put(codes, new Value(codes, matrix.dtype(), data.shape(), matrix.quantization(), data));
        return codes;
    }

    /** The other result of a node, of which the codes are one if it is quantized. */
    private String quantized(String output) {
        if (output.isEmpty()) {
            return "";
        }
        for (Node reader : graph.consumers(output)) {
            String x = reader.input(0);
            if (reader.op() instanceof Op.Clamp) {
                for (Node next : graph.consumers(reader.output())) {
                    if (next.op() instanceof Op.Quantize
                            && unclipped(reader.output(), next.output()).equals(x)) {
                        return next.output();
                    }
                }
            }
            if (reader.op() instanceof Op.Quantize && notes.node(reader.output()) != null) {
                return reader.output();
            }
        }
        return output;
    }

    /** The code of what a padding puts in new places. */
    private String padding(String real, String codes) {
        if (real.isEmpty() || !graph.value(real).isConstant()) {
            return real;
        }
        AffineParams params = (AffineParams) graph.value(codes).quantization();
        float number = graph.value(real).data().toFloatArray()[0];
        int code = Math.max(
                params.dtype().min(),
                Math.min(params.dtype().max(), (int) Math.rint(number / params.scale()) + params.zeroPoint()));
        Tensor data = Tensor.ofBytes(params.dtype(), new byte[] {(byte) code}).reshape();
        constants.put(real, new Value(real, params.dtype(), data.shape(), null, data));
        return real;
    }

    // ---- The graph

    private Graph build() {
        List<Node> nodes = new ArrayList<>();
        Set<String> needed = new HashSet<>();
        graph.outputs().forEach(output -> needed.add(output.name()));
        for (int i = graph.nodes().size() - 1; i >= 0; i--) {
            Node old = graph.nodes().get(i);
            for (Node node : placed.getOrDefault(old.name(), List.of(old))) {
                if (node.outputs().stream().anyMatch(needed::contains)) {
                    needed.addAll(node.inputs());
                    nodes.add(0, node);
                }
            }
        }
        Graph.Builder builder = Graph.builder(graph.name());
        for (Value value : graph.values()) {
            boolean input = !value.isConstant() && graph.producer(value.name()).isEmpty();
            if (input) {
                builder.input(
                        value.name(),
                        value.dtype(),
                        value.shape(),
                        narrowed.getOrDefault(value.name(), value.quantization()));
            } else if (value.isConstant() && (needed.contains(value.name()) || graph.isOutput(value.name()))) {
                builder.add(value(value.name()));
            }
        }
        for (Node node : nodes) {
            builder.node(node, params(node));
        }
        graph.outputs().forEach(output -> builder.output(output.name()));
        return builder.build();
    }

    private QuantParams params(Node node) {
        for (String output : node.outputs()) {
            if (!output.isEmpty() && graph.hasValue(output)) {
                return narrowed.getOrDefault(output, graph.value(output).quantization());
            }
        }
        return null;
    }
}

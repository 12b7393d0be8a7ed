package io.octavo.graph;

import io.octavo.scheme.AffineParams;
import io.octavo.scheme.QuantParams;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The pass that makes operators on codes of float operators between {@link Op.Dequantize} and {@link Op.Quantize}, as other
 * programs write quantized networks. What is left of such nodes on constants becomes float constants.
 */
final class Absorption {
    private final Graph graph;
    private final Map<String, Node> replaced = new HashMap<>(); // node that stays -> the one in its place
    private final Set<String> gone = new HashSet<>(); // nodes
    private final Map<String, Value> added = new LinkedHashMap<>(); // constants

    private Absorption(Graph graph) {
        this.graph = graph;
    }

    static Graph absorb(Graph given) {
        Graph graph = given.nodes().stream().anyMatch(node -> node.op() instanceof Op.Dequantize)
                ? Boundaries.move(SubPixel.apply(given, node -> readsCodes(given, node)))
                : given;
        Absorption pass = new Absorption(graph);
        for (Node node : graph.nodes()) {
            if (node.op() instanceof Op.Quantize) {
                pass.takeIn(node);
            }
        }
        for (Node node : graph.nodes()) {
            if (node.op() instanceof Op.Linear linear && !pass.gone.contains(node.name())) {
                Node onCodes = pass.product(node, linear, node.outputs());
                if (onCodes != null) {
                    pass.replaced.put(node.name(), onCodes);
                }
            }
        }
        return pass.build();
    }

    /** Whether activation and weight of a node are both dequantized. */
    private static boolean readsCodes(Graph graph, Node node) {
        return node.inputs().subList(0, 2).stream().allMatch(input -> graph.producer(input)
                .map(before -> before.op() instanceof Op.Dequantize)
                .orElse(false));
    }

    // ---- What is absorbed

    /** Takes into a Quantize what computes its input, with a clamp between. */
    private void takeIn(Node quantize) {
        Node clamp = null;
        Node node = sole(quantize.input(0));
        if (node != null && node.op() instanceof Op.Clamp && codes(node.input(0)) == null) {
            clamp = node;
            node = sole(clamp.input(0));
        }
        if (node == null) {
            return;
        }
        Op op = clamp == null ? node.op() : Passes.withActivation(node.op(), ((Op.Clamp) clamp.op()).activation());
        if (op == null) {
            return;
        }
        Node onCodes = onCodes(node, op, quantize);
        if (onCodes != null) {
            replaced.put(quantize.name(), onCodes);
            gone.add(node.name());
            if (clamp != null) {
                gone.add(clamp.name());
            }
        }
    }

    /** The node on codes with the results of the Quantize; null: there is none. */
    private Node onCodes(Node node, Op op, Node quantize) {
        List<String> outputs = quantize.outputs();
        Value to = graph.value(quantize.output());
        return switch (CodesRule.of(graph, node)) {
            case SUMS_PRODUCTS -> product(node, op, outputs);
            case COMPUTES -> ofFirst(node, outputs, from -> true);
            case AVERAGES -> ofFirst(node, outputs, from -> from.dtype() == to.dtype());
            case INTERPOLATES ->
                ofFirst(node, outputs, from -> from.quantization().equals(to.quantization()));
            case COMPUTES_OF_TWO -> ofTwo(node, op, to, outputs);
            default -> null;
        };
    }

    private Node ofFirst(Node node, List<String> outputs, Predicate<Value> fits) {
        String x = codes(node.input(0));
        if (x == null || !fits.test(graph.value(x))) {
            return null;
        }
        List<String> inputs = new ArrayList<>(node.inputs());
        inputs.set(0, x);
        return new Node(node.name(), node.op(), inputs, outputs);
    }

    private Node ofTwo(Node node, Op op, Value to, List<String> outputs) {
        String a = operand(node.input(0), to.dtype());
        String b = operand(node.input(1), to.dtype());
        if (a == null || b == null || codes(node.input(0)) == null && codes(node.input(1)) == null) {
            return null;
        }
        if (op instanceof Op.Add add && (typeOf(a) != to.dtype() || typeOf(b) != to.dtype())) {
            boolean plain = add.activation().isNone();
            op = new Pointwise.Binary(Pointwise.Binary.Function.ADD); // takes codes of other types
            if (!plain) {
                return null;
            }
        }
        return new Node(node.name(), op, List.of(a, b), outputs);
    }

    private DType typeOf(String value) {
        return added.containsKey(value)
                ? added.get(value).dtype()
                : graph.value(value).dtype();
    }

    /** The codes of an activation or constant, also of a single real number; null: there are none. */
    private String operand(String value, DType dtype) {
        String activation = codes(value);
        if (activation != null) {
            return activation;
        }
        Value constant = graph.value(value);
        Value from = dequantized(value);
        if (from != null) {
            boolean fits = from.isConstant()
                    && (from.dtype() == DType.U8 || from.dtype() == DType.S8)
                    && from.quantization() instanceof AffineParams
                    && from.quantization().granularity().isPerTensor();
            return fits ? from.name() : null;
        }
        if (!constant.isConstant()
                || constant.dtype() != DType.F32
                || constant.shape().elements() != 1) {
            return null;
        }
        float number = constant.data().toFloatArray()[0];
        if (!Float.isFinite(number) || number != 0 && Math.abs(number) < Float.MIN_NORMAL) {
            return null;
        }
        AffineParams exact = AffineParams.exactly(dtype, 8, number);
        String name = value + "." + dtype; // all that read it as this type share it
        while (graph.hasValue(name)) {
            name += "_";
        }
        byte code = (byte) (exact.zeroPoint() + Math.signum(number));
        added.putIfAbsent(
                name,
                new Value(
                        name,
                        dtype,
                        constant.shape(),
                        exact,
                        Tensor.ofBytes(dtype, new byte[] {code})
                                .reshape(constant.shape().dims())));
        return name;
    }

    private Node product(Node node, Op op, List<String> outputs) {
        String x = codes(node.input(0));
        String w = weight(node.input(1));
        if (x == null || w == null || !node.input(3).isEmpty()) {
            return null;
        }
        List<String> inputs = new ArrayList<>(List.of(x, w));
        if (!node.input(2).isEmpty()) {
            String bias = bias(node.input(2), graph.value(x), graph.value(w));
            if (bias == null) {
                return null;
            }
            inputs.add(bias);
        }
        return new Node(node.name(), op, inputs, outputs);
    }

    /** The node that computes a value, if one other alone reads it. */
    private Node sole(String value) {
        boolean sole = graph.consumers(value).size() == 1 && !graph.isOutput(value);
        Node node = sole ? graph.producer(value).orElse(null) : null;
        return node == null || node.outputs().size() > 1 ? null : node;
    }

    private Value dequantized(String value) {
        return graph.producer(value)
                .filter(node -> node.op() instanceof Op.Dequantize)
                .map(node -> graph.value(node.input(0)))
                .orElse(null);
    }

    /** The codes of an activation that a float value stands for. */
    private String codes(String value) {
        Value codes = dequantized(value);
        return codes != null
                        && !codes.isConstant()
                        && codes.quantization().granularity().isPerTensor()
                ? codes.name()
                : null;
    }

    private String weight(String value) {
        Value codes = dequantized(value);
        boolean fits = codes != null
                && codes.isConstant()
                && codes.dtype() != DType.S32
                && codes.quantization().granularity().axis() <= 0;
        return fits ? codes.name() : null;
    }

    private String bias(String value, Value x, Value w) {
        if (graph.value(value).isConstant()) {
            return value;
        }
        Value codes = dequantized(value);
        if (codes == null || !codes.isConstant()) {
            return null;
        }
        if (codes.dtype() == DType.S32 && countsSums((AffineParams) codes.quantization(), x, w)) {
            return codes.name();
        }
        return real(value, codes);
    }

    /** Whether the scales of a bias are those of the sums of products, to which its codes are then added. */
    private static boolean countsSums(AffineParams bias, Value x, Value w) {
        float input = x.quantization().scale(0);
        QuantParams weight = w.quantization();
        if (bias.count() < weight.count()) {
            return false;
        }
        for (int i = 0; i < bias.count(); i++) {
            if (bias.scale(i) != input * weight.scale(weight.count() == 1 ? 0 : i)) {
                return false;
            }
        }
        return true;
    }

    /** The constant of the real numbers that codes stand for, under the name of the value that they were dequantized to. */
    private String real(String name, Value codes) {
        Tensor numbers = new QuantizedTensor(codes.shape(), codes.quantization(), codes.data()).decode();
        added.putIfAbsent(name, new Value(name, DType.F32, codes.shape(), null, numbers));
        return name;
    }

    // ---- The graph that is left

    private Graph build() {
        List<Node> nodes = new ArrayList<>();
        Set<String> needed = new HashSet<>();
        graph.outputs().forEach(output -> needed.add(output.name()));
        for (int i = graph.nodes().size() - 1; i >= 0; i--) {
            Node old = graph.nodes().get(i);
            Node node = replaced.getOrDefault(old.name(), old);
            if (gone.contains(old.name()) || node.outputs().stream().noneMatch(needed::contains)) {
                continue;
            }
            Value codes = node.op() instanceof Op.Dequantize ? graph.value(node.input(0)) : null;
            if (codes != null && codes.isConstant() && !graph.isOutput(node.output())) {
                real(node.output(), codes);
                continue;
            }
            needed.addAll(node.inputs());
            nodes.add(0, node);
        }
        Graph.Builder builder = Graph.builder(graph.name());
        for (Value value : graph.values()) {
            boolean input = !value.isConstant() && graph.producer(value.name()).isEmpty();
            if (added.containsKey(value.name())) {
                builder.add(added.remove(value.name()));
            } else if (input || value.isConstant() && needed.contains(value.name())) {
                builder.add(value);
            }
        }
        added.values().stream().filter(value -> needed.contains(value.name())).forEach(builder::add);
        for (Node node : nodes) {
            String named = node.outputs().stream()
                    .filter(name -> !name.isEmpty())
                    .findFirst()
                    .orElseThrow();
            builder.node(node, graph.value(named).quantization());
        }
        graph.outputs().forEach(output -> builder.output(output.name()));
        return builder.build();
    }
}

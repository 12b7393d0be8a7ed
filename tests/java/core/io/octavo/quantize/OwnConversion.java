package io.octavo.quantize;

import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import io.octavo.graph.Op;
import io.octavo.graph.Value;
import io.octavo.qconfig.QConfig;
import io.octavo.qconfig.QConfigMapping;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.Distribution;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.scheme.Uniform;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Preparing and converting once more, by what the pages say and by nothing else of the library's: its own fusing, its own choice of
 * what runs on codes and what is observed, its own scales and codes. For uniform schemes.
 */
final class OwnConversion {
    private enum Kind {
        CODES,
        PASSED,
        WEIGHT_ONLY,
        FLOAT
    }

    /** A node with those that were taken into it; {@code out} is the value of the last. */
    private static final class Unit {
        final Node head;
        String out;
        Node tail;
        Activation activation = Activation.NONE;
        String residual = "";
        float[] weight;
        float[] bias; // null: none
        Kind kind;

        Unit(Node head) {
            this.head = head;
            this.tail = head;
            this.out = head.output();
        }
    }

    private final Graph source;
    private final QConfigMapping mapping;
    private final Map<String, String> standsFor = new HashMap<>(); // results of dropouts
    private final Map<String, Unit> units = new LinkedHashMap<>(); // by the value that they give
    private final Map<String, QConfig> observed = new TreeMap<>();

    OwnConversion(Graph source, QConfigMapping mapping) {
        this.source = source;
        this.mapping = mapping;
        for (Node node : source.nodes()) {
            if (node.op() instanceof Op.Dropout) {
                standsFor.put(node.output(), real(node.input(0)));
            }
        }
        for (Node node : source.nodes()) {
            if (!(node.op() instanceof Op.Dropout)) {
                add(node);
            }
        }
        inOrder().forEach(unit -> unit.kind = kind(unit));
        for (Unit unit : units.values()) {
            if (unit.kind == Kind.CODES) {
                observed.put(scaleOf(unit), qconfig(unit));
            }
        }
        Map<String, Node> first = new HashMap<>(); // float value -> reader on codes of the least name
        for (Unit unit : units.values()) {
            for (String input : activations(unit)) {
                if (unit.kind == Kind.CODES && !isCodes(input)) {
                    first.merge(input, unit.head, (a, b) -> a.name().compareTo(b.name()) < 0 ? a : b);
                }
            }
        }
        first.forEach((value, reader) -> observed.put(
                value,
                qconfig(units.values().stream()
                        .filter(unit -> unit.head == reader)
                        .findFirst()
                        .orElseThrow())));
    }

    /** Observed values with what makes codes of them. */
    Map<String, QConfig> observed() {
        return observed;
    }

    boolean quantizesNothing() {
        return units.values().stream().noneMatch(unit -> unit.kind == Kind.CODES || unit.kind == Kind.WEIGHT_ONLY);
    }

    boolean isAllOnCodes() {
        return units.values().stream().allMatch(unit -> unit.kind == Kind.CODES || unit.kind == Kind.PASSED);
    }

    private List<Unit> inOrder() {
        List<Unit> ordered = new ArrayList<>();
        for (Node node : source.nodes()) {
            units.values().stream().filter(unit -> unit.tail == node).forEach(ordered::add);
        }
        return ordered;
    }

    private String real(String value) {
        return standsFor.getOrDefault(value, value);
    }

    private boolean isOutput(String value) {
        return source.outputs().stream().anyMatch(output -> output.name().equals(value));
    }

    /** How often nodes other than dropouts read a value. */
    private long readings(String value) {
        return source.nodes().stream()
                .filter(node -> !(node.op() instanceof Op.Dropout))
                .flatMap(node -> node.inputs().stream())
                .filter(input -> real(input).equals(value))
                .count();
    }

    private Unit before(String value) {
        String name = real(value);
        return readings(name) == 1 && !isOutput(name) ? units.get(name) : null;
    }

    private void add(Node node) {
        Unit joined = null;
        if (node.op() instanceof Op.BatchNorm norm) {
            joined = fold(node, norm);
        } else if (node.op() instanceof Op.Add) {
            joined = takeSum(node);
        } else if (node.op() instanceof Op.Clamp clamp) {
            joined = takeClamp(node, clamp.activation());
        }
        if (joined != null) {
            units.remove(joined.out);
            joined.out = node.output();
            joined.tail = node;
            units.put(joined.out, joined);
            return;
        }
        Unit unit = new Unit(node);
        if (isProduct(unit)) {
            unit.weight = source.value(node.input(1)).data().toFloatArray();
            unit.bias = node.input(2).isEmpty()
                    ? null
                    : source.value(node.input(2)).data().toFloatArray();
        } else if (node.op() instanceof Op.Clamp clamp) {
            unit.activation = clamp.activation();
        }
        units.put(unit.out, unit);
    }

    private static boolean isProduct(Unit unit) {
        return unit.head.op() instanceof Op.Conv2d || unit.head.op() instanceof Op.Linear;
    }

    private Unit fold(Node node, Op.BatchNorm norm) {
        Unit unit = before(node.input(0));
        if (unit == null
                || !isProduct(unit)
                || !unit.activation.isNone()
                || !unit.residual.isEmpty()
                || readings(unit.head.input(1)) > 1) {
            return null;
        }
        float[][] p = new float[5][];
        for (int i = 1; i < 5; i++) {
            p[i] = source.value(node.input(i)).data().toFloatArray();
        }
        int channels = p[1].length;
        float[] bias = unit.bias == null ? new float[channels] : unit.bias;
        for (int c = 0; c < channels; c++) {
            double factor = p[1][c] / Math.sqrt((double) p[4][c] + norm.epsilon());
            bias[c] = (float) ((bias[c] - (double) p[3][c]) * factor + p[2][c]);
            for (int i = 0; i < unit.weight.length / channels; i++) {
                unit.weight[c * (unit.weight.length / channels) + i] *= (float) factor;
            }
        }
        unit.bias = bias;
        return unit;
    }

    private Unit takeSum(Node node) {
        for (int i = 1; i >= 0; i--) {
            Unit unit = before(node.input(i));
            if (unit != null
                    && unit.head.op() instanceof Op.Conv2d
                    && unit.activation.isNone()
                    && unit.residual.isEmpty()
                    && alike(qconfig(unit), mapping.forNode(node.name(), "Add"))) {
                unit.residual = real(node.input(1 - i));
                return unit;
            }
        }
        return null;
    }

    private Unit takeClamp(Node node, Activation next) {
        Unit unit = before(node.input(0));
        boolean sum = unit != null && unit.head.op() instanceof Op.Add;
        if (unit == null || !sum && !isProduct(unit) && !(unit.head.op() instanceof Op.Clamp)) {
            return null;
        }
        float low = Math.max(next.min(), Math.min(next.max(), unit.activation.min()));
        float high = Math.max(next.min(), Math.min(next.max(), unit.activation.max()));
        if (sum && high != Float.POSITIVE_INFINITY) {
            return null;
        }
        unit.activation = high == Float.POSITIVE_INFINITY ? Activation.RELU : Activation.clamp(low, high);
        return unit;
    }

    private QConfig qconfig(Unit unit) {
        return mapping.forNode(unit.head.name(), unit.head.op().type());
    }

    private static boolean isFloat(QConfig qconfig) {
        return qconfig == null || qconfig.activation() == null;
    }

    private static boolean alike(QConfig a, QConfig b) {
        return isFloat(a) || isFloat(b)
                ? isFloat(a) == isFloat(b)
                : a.activation().equals(b.activation());
    }

    private boolean isCodes(String value) {
        Unit unit = units.get(value);
        return unit != null && (unit.kind == Kind.CODES || unit.kind == Kind.PASSED);
    }

    private Kind kind(Unit unit) {
        QConfig qconfig = qconfig(unit);
        Op op = unit.head.op();
        if (isProduct(unit) || op instanceof Op.Add) {
            boolean weightOnly = op instanceof Op.Linear && qconfig != null && isFloat(qconfig);
            return weightOnly ? Kind.WEIGHT_ONLY : isFloat(qconfig) ? Kind.FLOAT : Kind.CODES;
        }
        if (op instanceof Op.BatchNorm || op instanceof Op.Softmax) {
            return Kind.FLOAT;
        }
        boolean left = mapping.layers().containsKey(unit.head.name()) && isFloat(qconfig);
        return isCodes(real(unit.head.input(0))) && !left ? Kind.PASSED : Kind.FLOAT;
    }

    /** What a unit reads besides constants. */
    private List<String> activations(Unit unit) {
        List<String> read = new ArrayList<>(List.of(real(unit.head.input(0))));
        if (unit.head.op() instanceof Op.Add) {
            read.add(real(unit.head.input(1)));
        }
        if (!unit.residual.isEmpty()) {
            read.add(unit.residual);
        }
        return read;
    }

    private String scaleOf(Unit unit) {
        String value = unit.out;
        List<Unit> readers = units.values().stream()
                .filter(other -> activations(other).contains(value))
                .toList();
        boolean cut = readers.size() == 1
                && !isOutput(value)
                && readers.get(0).head.op() instanceof Op.Clamp
                && readers.get(0).kind == Kind.PASSED;
        return cut ? scaleOf(readers.get(0)) : value;
    }

    // ---- Converting

    /** Parameters over a range that holds 0, by PyTorch's formulas. */
    static AffineParams activation(QConfig qconfig, Distribution seen) {
        Uniform scheme = (Uniform) qconfig.activation();
        int steps = scheme.reduceRange() ? 127 : 255;
        int least = scheme.dtype() == DType.U8 ? 0 : -128;
        float low = Math.min(seen.min(), 0);
        float high = Math.max(seen.max(), 0);
        float scale = Math.max((high - low) / steps, 0x1p-23f);
        int zero = Math.max(least, Math.min(least + steps, least - (int) Math.rint(low / scale)));
        return new AffineParams(
                scheme.dtype(), 8, least, least + 255, new float[] {scale}, new int[] {zero}, Granularity.perTensor());
    }

    private static QuantizedTensor weight(float[] w, QConfig qconfig, long[] dims) {
        boolean perTensor = qconfig.weightGranularity().isPerTensor();
        int bits = qconfig.weight().bits();
        int sets = perTensor ? 1 : (int) dims[0];
        int each = w.length / sets;
        float[] scales = new float[sets];
        byte[] codes = new byte[w.length];
        for (int s = 0; s < sets; s++) {
            float most = 0;
            for (int i = s * each; i < (s + 1) * each; i++) {
                most = Math.max(most, Math.abs(w[i]));
            }
            scales[s] = Math.max(most / (bits == 8 ? 127.5f : 7f), 0x1p-23f);
            for (int i = s * each; i < (s + 1) * each; i++) {
                double code = Math.rint(w[i] * (1 / scales[s]));
                codes[i] = (byte) (bits == 8 ? Math.max(-128, Math.min(127, code)) : Math.max(-7, Math.min(7, code)));
            }
        }
        AffineParams params = new AffineParams(
                DType.S8,
                bits,
                bits == 8 ? -128 : -8,
                bits == 8 ? 127 : 7,
                scales,
                new int[sets],
                qconfig.weightGranularity());
        Tensor tensor = Tensor.ofBytes(DType.S8, codes, dims);
        return new QuantizedTensor(tensor.shape(), params, tensor);
    }

    /** The converted graph; its outputs stand in the order of the source's. */
    Graph convert(Map<String, Distribution> seen) {
        Graph.Builder g = Graph.builder("own");
        Map<String, AffineParams> params = new HashMap<>();
        for (Value input : source.inputs()) {
            g.input("f:" + input.name(), DType.F32, input.shape());
        }
        for (Unit unit : inOrder()) {
            boolean codes = unit.kind == Kind.CODES || unit.kind == Kind.PASSED;
            List<String> inputs = new ArrayList<>();
            for (String value : activations(unit)) {
                inputs.add(codes ? asCodes(g, params, seen, value) : asFloat(g, value));
            }
            if (isProduct(unit)) {
                addConstants(g, unit, inputs);
            } else if (unit.head.op() instanceof Op.BatchNorm) {
                for (String p : unit.head.inputs().subList(1, 5)) {
                    inputs.add(g.constant("p:" + p, source.value(p).data()));
                }
            }
            AffineParams own = unit.kind == Kind.CODES ? activation(qconfig(unit), seen.get(scaleOf(unit))) : null;
            AffineParams out = unit.kind == Kind.PASSED ? params.get(real(unit.head.input(0))) : own;
            params.put(unit.out, out);
            for (int i = 0; i < 2 && codes && unit.head.op() instanceof Op.Add; i++) {
                inputs.set(i, ofType(g, inputs.get(i), out.dtype()));
            }
            g.node((codes ? "q:" : "f:") + unit.out, op(unit), inputs, out);
        }
        List<String> outputs = new ArrayList<>();
        source.outputs().forEach(output -> outputs.add(asFloat(g, output.name())));
        outputs.forEach(g::output);
        return g.build();
    }

    /** Weight and bias go between what is multiplied and what is added. */
    private void addConstants(Graph.Builder g, Unit unit, List<String> inputs) {
        long[] dims = source.value(unit.head.input(1)).shape().dims();
        String name = unit.head.name();
        inputs.add(
                1,
                unit.kind == Kind.FLOAT
                        ? g.constant("w:" + name, Tensor.of(unit.weight, dims))
                        : g.constant("w:" + name, weight(unit.weight, qconfig(unit), dims)));
        inputs.add(2, unit.bias == null ? "" : g.constant("b:" + name, Tensor.of(unit.bias)));
    }

    private static Op op(Unit unit) {
        Op op = unit.head.op();
        if (op instanceof Op.Conv2d conv) {
            return conv.withActivation(unit.activation);
        }
        if (op instanceof Op.Linear linear) {
            return linear.withActivation(unit.activation);
        }
        if (op instanceof Op.Add add) {
            return add.withActivation(unit.activation);
        }
        return op instanceof Op.Clamp ? new Op.Clamp(unit.activation) : op;
    }

    private String asCodes(
            Graph.Builder g, Map<String, AffineParams> params, Map<String, Distribution> seen, String value) {
        if (!g.hasValue("q:" + value)) {
            params.put(value, activation(observed.get(value), seen.get(value)));
            g.node("q:" + value, new Op.Quantize(), List.of("f:" + value), params.get(value));
        }
        return "q:" + value;
    }

    /** Sums take codes of one type; those of the other are told anew, each 128 away. */
    private static String ofType(Graph.Builder g, String codes, DType type) {
        AffineParams p = (AffineParams) g.value(codes).quantization();
        if (p.dtype() == type) {
            return codes;
        }
        int shift = type == DType.S8 ? -128 : 128;
        String name = "t:" + codes;
        return g.hasValue(name)
                ? name
                : g.node(
                        name,
                        new Op.Requantize(),
                        List.of(codes),
                        AffineParams.perTensor(type, 8, p.scale(), p.zeroPoint() + shift));
    }

    private static String asFloat(Graph.Builder g, String value) {
        return g.hasValue("f:" + value)
                ? "f:" + value
                : g.node("f:" + value, new Op.Dequantize(), List.of("q:" + value));
    }
}

package io.octavo.onnx;

import io.octavo.UnsupportedException;
import io.octavo.Version;
import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import io.octavo.graph.Passes;
import io.octavo.graph.Value;
import io.octavo.internal.onnx.Attribute;
import io.octavo.internal.onnx.DimDef;
import io.octavo.internal.onnx.ElementType;
import io.octavo.internal.onnx.GraphDef;
import io.octavo.internal.onnx.ModelDef;
import io.octavo.internal.onnx.NodeDef;
import io.octavo.internal.onnx.TensorDef;
import io.octavo.internal.onnx.ValueInfo;
import io.octavo.tensor.DType;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * One graph on its way to a model, each node by the row of {@link Exports} for its operator. Nodes and values keep their names; what
 * stands beside them in the file is named after them, {@code name:what}, so that a graph that was read is written as it was.
 */
final class Exporter {
    /** The version that a file is written in unless an operator or a type needs a later one. */
    private static final long OPSET = 13;

    private final Graph graph;
    private final long opset;
    private final List<NodeDef> nodes = new ArrayList<>();
    private final Map<String, TensorDef> initializers = new LinkedHashMap<>();
    private final Map<String, String> metadata = new TreeMap<>();
    private final Set<String> nodeNames = new HashSet<>();
    private final Set<String> valueNames = new HashSet<>();
    private final Map<String, String> forms = new HashMap<>(); // value of the graph and form -> name in the file
    private final List<String> refused = new ArrayList<>();
    private final Set<String> written = new HashSet<>(); // nodes
    private long needed;

    private Exporter(Graph graph, long opset) {
        this.graph = graph;
        this.opset = opset;
        this.needed = opset;
        graph.nodes().forEach(node -> nodeNames.add(node.name()));
        graph.values().forEach(value -> valueNames.add(value.name()));
    }

    /**
     * The model of a graph. It is written once to learn which version its operators need, and again in that version.
     *
     * @throws UnsupportedException if operators cannot be written: names each node
     */
    static ModelDef model(Graph graph) {
        Graph special = Passes.removeDropout(graph).specialize(Map.of());
        Exporter exporter = new Exporter(special, OPSET);
        exporter.write();
        while (exporter.needed > exporter.opset) {
            exporter = new Exporter(special, exporter.needed);
            exporter.write();
        }
        return exporter.model();
    }

    private void write() {
        boolean quantized = graph.values().stream().anyMatch(Value::isQuantized);
        for (Node node : graph.nodes()) {
            write(node);
            if (quantized) {
                Notes.node(this, node);
            }
        }
        if (!refused.isEmpty()) {
            throw new UnsupportedException(
                    "Graph '" + graph.name() + "' cannot be written as ONNX: node " + String.join("; node ", refused));
        }
        for (Value output : graph.outputs()) {
            if (output.isConstant()) {
                plain(output);
            }
        }
    }

    /** Writes a node, unless it is written already. */
    void write(Node node) {
        if (!written.add(node.name())) {
            return;
        }
        try {
            ExportNode exported = new ExportNode(this, node);
            Exports.TABLE.apply(exported, node.op());
            QuantizationExports.quantizeResults(exported);
        } catch (UnsupportedException e) {
            refused.add("'" + node.name() + "' (" + node.op().type() + "): " + e.getMessage());
        }
    }

    private ModelDef model() {
        GraphDef def = new GraphDef(
                graph.name(),
                nodes,
                graph.inputs().stream().map(Exporter::info).toList(),
                graph.outputs().stream().map(Exporter::info).toList(),
                List.of(),
                List.copyOf(initializers.values()));
        return new ModelDef(
                irVersion(),
                Map.of("", opset),
                new ModelDef.Producer("octavo", Version.VERSION, "", 0),
                def,
                List.of(),
                metadata);
    }

    /** The version of the format in which a version of the operators came. */
    private long irVersion() {
        return opset < 15 ? 7 : opset < 19 ? 8 : opset < 21 ? 9 : opset < 23 ? 10 : 11;
    }

    private static ValueInfo info(Value value) {
        List<DimDef> dims =
                Arrays.stream(value.shape().dimensions()).map(Exporter::dim).toList();
        return ValueInfo.of(value.name(), elementType(value.dtype()), dims);
    }

    private static DimDef dim(Dim dim) {
        return dim.isKnown() ? new DimDef.Size(dim.size()) : new DimDef.Named(dim.name());
    }

    private static ElementType elementType(DType dtype) {
        return switch (dtype) {
            case F32 -> ElementType.F32;
            case U8 -> ElementType.U8;
            case S8 -> ElementType.S8;
            case S32 -> ElementType.S32;
            case S64 -> ElementType.S64;
            case BOOL -> ElementType.BOOL;
        };
    }

    /** The number by which attributes name a type. */
    static long type(DType dtype) {
        return elementType(dtype).number();
    }

    // ---- What rows ask

    Graph graph() {
        return graph;
    }

    long opset() {
        return opset;
    }

    void needs(long version) {
        needed = Math.max(needed, version);
    }

    /** Notes what the operators of the file cannot say, under a key of our own that other programs pass over. */
    void note(String key, String text) {
        metadata.put(key, text);
    }

    // ---- Names

    /** That name, or one like it that no value has, which is taken then. */
    String freeValue(String wanted) {
        return free(wanted, valueNames);
    }

    /** The same of nodes. */
    String freeNode(String wanted) {
        return free(wanted, nodeNames);
    }

    private static String free(String wanted, Set<String> taken) {
        String name = wanted;
        while (!taken.add(name)) {
            name += "_";
        }
        return name;
    }

    /** The name in the file of what a row makes for a result: of the real numbers that are quantized behind it, if it is. */
    String target(Node node, int index) {
        String name = node.outputs().get(index);
        boolean later = graph.value(name).isQuantized() && !QuantizationExports.quantizes(node.op());
        return later ? form(name, "exact", () -> freeValue(name + ":exact")) : name;
    }

    /** Makes a form of a value. */
    interface Form {
        /** Adds what it needs to the file and gives its name there. */
        String make();
    }

    /** The name in the file of a value in another form, which is made when it is first asked for. */
    String form(String value, String form, Form made) {
        String key = value + "\n" + form;
        String name = forms.get(key);
        if (name == null) {
            name = made.make();
            forms.put(key, name);
        }
        return name;
    }

    // ---- Nodes

    void add(String name, String type, Map<String, Attribute> attributes, List<String> inputs, List<String> outputs) {
        int count = inputs.size();
        while (count > 0 && inputs.get(count - 1).isEmpty()) {
            count--;
        }
        nodes.add(NodeDef.of(name, type, inputs.subList(0, count), outputs, attributes));
    }

    /** Adds an activation of a value. */
    void activation(String name, Activation activation, String x, String to) {
        if (activation.kind() == Activation.Kind.RELU) {
            add(name, "Relu", Attributes.NONE, List.of(x), List.of(to));
        } else {
            clip(name, activation.min(), activation.max(), x, to);
        }
    }

    /** Adds a node that clips. */
    void clip(String name, float min, float max, String x, String to) {
        String low = scalar(freeValue(name + ".min"), min);
        String high = scalar(freeValue(name + ".max"), max);
        add(name, "Clip", Attributes.NONE, List.of(x, low, high), List.of(to));
    }

    // ---- Constants

    /** Adds a constant under a name that is free. */
    String constant(String name, Tensor data) {
        return constant(TensorDef.of(name, data));
    }

    String constant(TensorDef data) {
        initializers.put(data.name(), data);
        return data.name();
    }

    private String scalar(String name, float number) {
        return constant(name, Tensor.of(new float[] {number}).reshape());
    }

    /** The numbers of a value, real ones where it has codes. */
    String numbers(Value value) {
        return value.isQuantized() ? QuantizationExports.dequantized(this, value) : plain(value);
    }

    /** A value as it is, or a constant's elements. */
    String plain(Value value) {
        return value.isConstant()
                ? form(value.name(), "plain", () -> constant(ownName(value, "plain"), value.data()))
                : value.name();
    }

    /** A constant of one element as a number without dimensions. */
    String scalar(Value value) {
        return form(
                value.name(),
                "scalar",
                () -> constant(ownName(value, "scalar"), value.data().reshape()));
    }

    /** A constant of S32 as S64. */
    String longs(Value value) {
        return form(value.name(), "longs", () -> {
            long[] numbers =
                    Arrays.stream(value.data().toIntArray()).asLongStream().toArray();
            return constant(
                    ownName(value, "longs"),
                    Tensor.ofLongs(numbers).reshape(value.shape().dims()));
        });
    }

    /** A constant's name for the first form of it that is written, a name after it for others. */
    String ownName(Value value, String form) {
        return initializers.containsKey(value.name()) ? freeValue(value.name() + ":" + form) : value.name();
    }

    /** A matrix the other way round, for a node that reads it so. */
    String transposed(ExportNode node, Value matrix) {
        if (matrix.isConstant() && !matrix.isQuantized()) {
            return form(
                    matrix.name(),
                    "transposed",
                    () -> constant(ownName(matrix, "transposed"), Transposed.of(matrix.data())));
        }
        if (matrix.isConstant()) {
            return Weights.transposed(this, matrix);
        }
        return node.add(
                "transposed", "Transpose", new Attributes().ints("perm", 1, 0).map(), numbers(matrix));
    }
}

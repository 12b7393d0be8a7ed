package io.octavo.onnx;

import io.octavo.CorruptDataException;
import io.octavo.InvalidValueException;
import io.octavo.OctavoException;
import io.octavo.ShapeMismatchException;
import io.octavo.UnsupportedException;
import io.octavo.graph.Graph;
import io.octavo.graph.Movement;
import io.octavo.graph.Node;
import io.octavo.graph.Passes;
import io.octavo.graph.Value;
import io.octavo.internal.onnx.DimDef;
import io.octavo.internal.onnx.ElementType;
import io.octavo.internal.onnx.GraphDef;
import io.octavo.internal.onnx.ModelDef;
import io.octavo.internal.onnx.NodeDef;
import io.octavo.internal.onnx.TensorDef;
import io.octavo.internal.onnx.ValueInfo;
import io.octavo.internal.onnx.ValueType;
import io.octavo.scheme.QuantParams;
import io.octavo.tensor.DType;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * One model on its way to a graph. Nodes are taken in the file's order, each by the row of {@link Imports} for its operator; what a
 * file names twice for us (values that are the same, constants that nobody reads) is named once or not at all.
 */
final class Importer {
    /** More than any network has. */
    private static final int MOST_NODES = 200_000;

    private static final int MOST_OUTPUTS = 1_000;
    private static final int LONGEST_MESSAGE = 1_000;

    private final String file;
    private final ModelDef model;
    private final Notes notes;
    private final Lookups lookups;
    private final Graph.Builder graph;
    private final Map<String, TensorDef> initializers = new HashMap<>();
    private final Map<String, String> names = new HashMap<>(); // of the file -> of the graph
    private final Map<String, Tensor> constants = new HashMap<>(); // known by then, by the file's name
    private final Map<String, String> derived = new HashMap<>(); // the file's name and a form -> constant of the graph
    private final Map<String, ElementType> types = new HashMap<>(); // that the file gives its inputs and constants
    private final Set<String> absent = new HashSet<>(); // the file's constants without elements
    private final Set<String> nodeNames = new HashSet<>();
    // The last numbers given to names that were taken: many nodes of one name are not each counted from the start.
    private final Map<String, Integer> nodeNumbers = new HashMap<>();
    private final Map<String, Integer> valueNumbers = new HashMap<>();
    private final Set<String> reserved = new HashSet<>(); // value names of the file
    private final Map<String, Long> sizes = new HashMap<>(); // given to names of dimensions
    private final Set<String> made = new HashSet<>(); // values of the graph that nodes write

    private Importer(String file, ModelDef model) {
        this.file = file;
        this.model = model;
        this.notes = new Notes(model.metadata());
        this.lookups = new Lookups(model.graph());
        this.graph = Graph.builder(
                model.graph().name().isEmpty() ? "onnx" : model.graph().name());
    }

    /** The graph of a model. */
    static Graph graph(String file, ModelDef whole, ReadOptions options) {
        ModelDef model = options.outputs().isEmpty() ? whole : Parts.upTo(file, whole, options.outputs());
        Importer importer = new Importer(file, Functions.inline(model));
        importer.requireSupported();
        importer.fix(options.fixed());
        importer.fixShapes(options.shapes());
        try {
            Graph read = Passes.simplify(importer.graph(options.outputs()).specialize(Map.of()));
            Graph written = importer.notes.isQuantized() ? Restoration.of(read, importer.notes) : null;
            return written != null ? written : Passes.absorbQuantization(read);
        } catch (InvalidValueException | ShapeMismatchException e) {
            throw new CorruptDataException(file + ": " + message(e), e);
        }
    }

    long opset(String domain) {
        return model.opsets().getOrDefault(domain, 1L);
    }

    /** The graph so far. */
    Graph.Builder builder() {
        return graph;
    }

    /** Adds a node. */
    String add(Node node, QuantParams params) {
        String result = graph.folded(node, params);
        for (String output : node.outputs()) {
            if (!output.isEmpty() && !graph.value(output).isConstant()) {
                made.add(output);
            }
        }
        return result;
    }

    // ---- What is supported

    private void requireSupported() {
        long opset = opset("");
        if (opset < Onnx.LEAST_OPSET || opset > Onnx.GREATEST_OPSET) {
            throw new UnsupportedException(
                    file + ": opset " + opset + ": versions " + Onnx.LEAST_OPSET + " to " + Onnx.GREATEST_OPSET
                            + " are supported; the exporter, or ONNX's version converter, can write one of them");
        }
        requireAtMost(MOST_NODES, model.graph().nodes().size(), "nodes");
        requireAtMost(MOST_OUTPUTS, model.graph().outputs().size(), "outputs");
        requireSupported(model.graph().nodes());
    }

    private void requireSupported(List<NodeDef> nodes) {
        long opset = opset("");
        Map<String, List<String>> missing = new LinkedHashMap<>();
        for (NodeDef node : nodes) {
            if (!Imports.has(node, opset(node.domain()))) {
                String operator = node.domain().isEmpty() ? node.opType() : node.domain() + "." + node.opType();
                missing.computeIfAbsent(operator, key -> new ArrayList<>())
                        .add(node.name().isEmpty() ? node.outputs().toString() : node.name());
            }
        }
        if (!missing.isEmpty()) {
            List<String> each = new ArrayList<>();
            missing.forEach(
                    (operator, where) -> each.add(operator + " (" + some(where) + ")" + Imports.instead(operator)));
            throw new UnsupportedException(
                    file + ": operators of opset " + opset + " that are not supported: " + String.join("; ", each));
        }
    }

    private void requireAtMost(int most, int found, String of) {
        if (found > most) {
            throw new UnsupportedException(file + ": " + found + " " + of + ": at most " + most + " are supported");
        }
    }

    private static String some(List<String> nodes) {
        int shown = Math.min(nodes.size(), 5);
        String text =
                (nodes.size() == 1 ? "node " : nodes.size() + " nodes: ") + String.join(", ", nodes.subList(0, shown));
        return shown < nodes.size() ? text + ", .." : text;
    }

    /** Takes inputs for constants. */
    private void fix(Map<String, Tensor> fixed) {
        Map<String, ValueInfo> inputs = new LinkedHashMap<>();
        model.graph().inputs().forEach(input -> inputs.put(input.name(), input));
        fixed.forEach((name, tensor) -> {
            if (!inputs.containsKey(name)) {
                throw new InvalidValueException(file + ": no input \"" + name + "\" to fix; it has " + inputs.keySet());
            }
            Shape shape = shape(inputs.get(name));
            if (dtype(inputs.get(name)) != tensor.dtype() || !shape.accepts(tensor.shape())) {
                throw new ShapeMismatchException(file + ": input \"" + name + "\" is " + dtype(inputs.get(name)) + " "
                        + shape + ", given: " + tensor);
            }
            constants.put(name, tensor);
        });
    }

    /** Takes shapes of inputs: sizes for the names of dimensions, wherever these stand. */
    private void fixShapes(Map<String, Shape> given) {
        for (ValueInfo input : model.graph().inputs()) {
            Shape said = given.get(input.name());
            if (said == null) {
                continue;
            }
            Shape own = shape(input);
            boolean fits = own.rank() == said.rank();
            for (int i = 0; fits && i < own.rank(); i++) {
                if (said.dim(i) == Shape.N) {
                    continue;
                }
                Long before = own.dim(i) != Shape.N
                        ? Long.valueOf(own.dim(i))
                        : sizes.putIfAbsent(own.dimension(i).name(), said.dim(i));
                fits = before == null || before == said.dim(i);
            }
            if (!fits) {
                throw new ShapeMismatchException(file + ": input \"" + input.name() + "\" is " + own
                        + (sizes.isEmpty() ? "" : " with " + sizes) + ", given: " + said);
            }
        }
        for (String name : given.keySet()) {
            if (model.graph().inputs().stream().noneMatch(input -> input.name().equals(name))) {
                throw new InvalidValueException(file + ": no input \"" + name + "\" to give a shape; it has "
                        + model.graph().inputs().stream().map(ValueInfo::name).toList());
            }
        }
    }

    // ---- The graph

    private Graph graph(List<String> wanted) {
        GraphDef source = model.graph();
        for (TensorDef initializer : source.initializers()) {
            initializers.put(initializer.name(), initializer);
            types.put(initializer.name(), initializer.type());
            reserved.add(initializer.name());
        }
        source.inputs().forEach(input -> reserved.add(input.name()));
        source.nodes().forEach(node -> reserved.addAll(node.outputs()));
        for (ValueInfo input : source.inputs()) {
            types.putIfAbsent(input.name(), type(input).element());
            // Old files list their constants among the inputs.
            if (!initializers.containsKey(input.name()) && isEmptyList(input)) {
                absent.add(input.name());
            } else if (!initializers.containsKey(input.name()) && !constants.containsKey(input.name())) {
                Shape shape = shape(input).with(sizes);
                names.put(input.name(), graph.input(input.name(), dtype(input), shape, codes(input)));
            }
        }
        for (NodeDef node : source.nodes()) {
            if (!lookups.isInner(node)) {
                node(node, file + ": ");
            }
        }
        Set<String> taken = new HashSet<>();
        List<String> own = source.outputs().stream().map(ValueInfo::name).toList();
        for (String output : wanted.isEmpty() ? own : wanted) {
            output(output, taken);
        }
        return graph.build();
    }

    /** Whether an input can only be a list of no numbers, such as axes: nothing is left to be given. */
    private static boolean isEmptyList(ValueInfo input) {
        return input.type() instanceof ValueType.OfTensor type
                && type.element() == ElementType.S64
                && List.of(new DimDef.Size(0)).equals(type.dims());
    }

    private QuantParams codes(ValueInfo input) {
        DType dtype = dtype(input);
        return dtype == DType.U8 || dtype == DType.S8
                ? QuantizationImports.paramsByReader(
                        this, input.name(), dtype, model.graph().nodes())
                : null;
    }

    private ValueType.OfTensor type(ValueInfo input) {
        if (!(input.type() instanceof ValueType.OfTensor type) || type.element().dtype() == null) {
            throw new UnsupportedException(file + ": input \"" + input.name() + "\" is of type " + input.type()
                    + ": tensors of numbers and truth values are supported");
        }
        return type;
    }

    private DType dtype(ValueInfo input) {
        return type(input).element().dtype();
    }

    private Shape shape(ValueInfo input) {
        ValueType.OfTensor type = type(input);
        if (type.dims() == null) {
            throw new UnsupportedException(
                    file + ": input \"" + input.name() + "\" has no number of dimensions: the exporter must fix it");
        }
        Dim[] dims = new Dim[type.dims().size()];
        for (int i = 0; i < dims.length; i++) {
            DimDef dim = type.dims().get(i);
            if (dim instanceof DimDef.Size size && size.value() > 0) {
                dims[i] = Dim.of(size.value());
            } else if (dim instanceof DimDef.Named named && !named.name().isEmpty()) {
                dims[i] = Dim.unknown(named.name());
            } else {
                // 0 and what is not said are unknown, each by itself.
                dims[i] = Dim.unknown(i == 0 ? "N" : input.name() + "." + i);
            }
        }
        return Shape.ofDims(dims);
    }

    /** What is shown of a message: a file may have a million axes. */
    private static String message(OctavoException e) {
        String message = String.valueOf(e.getMessage());
        return message.length() <= LONGEST_MESSAGE ? message : message.substring(0, LONGEST_MESSAGE) + " ..";
    }

    /** @param where stands before the node in messages */
    private void node(NodeDef node, String where) {
        if (node.outputs().stream().allMatch(String::isEmpty)) {
            return; // nobody can read what it computes
        }
        try {
            Imports.add(new ImportNode(this, node, nodeName(node)));
        } catch (InvalidValueException | ShapeMismatchException e) {
            throw new CorruptDataException(where + node + ": " + message(e), e);
        } catch (UnsupportedException e) {
            throw new UnsupportedException(where + node + ": " + message(e), e);
        } catch (ArithmeticException e) {
            throw new CorruptDataException(where + node + ": a size exceeds what can be counted", e);
        }
        for (String output : node.outputs()) {
            if (!output.isEmpty() && !names.containsKey(output) && !absent.contains(output) && !isConstant(output)) {
                throw new UnsupportedException(where + node + ": its output \"" + output + "\" is not supported");
            }
        }
    }

    /** Takes the nodes of a branch among ours. The format has no name twice, also not in a branch and around it. */
    void inline(GraphDef branch) {
        requireSupported(branch.nodes());
        for (TensorDef initializer : branch.initializers()) {
            once(initializer.name());
            initializers.put(initializer.name(), initializer);
        }
        for (NodeDef node : branch.nodes()) {
            node.outputs().stream().filter(output -> !output.isEmpty()).forEach(this::once);
        }
        branch.nodes().forEach(node -> node(node, ""));
    }

    private void once(String name) {
        if (!reserved.add(name)) {
            throw new InvalidValueException("\"" + name + "\" is the name of a value around the branch, too");
        }
    }

    private String nodeName(NodeDef node) {
        String wanted = !node.name().isEmpty()
                ? node.name()
                : node.hasOutput(0) ? node.outputs().get(0) : node.opType();
        return freeNodeName(wanted);
    }

    /** A name that no node has. */
    String freeNodeName(String wanted) {
        String name = wanted;
        while (!nodeNames.add(name)) {
            name = wanted + "_" + nodeNumbers.merge(wanted, 1, Integer::sum);
        }
        return name;
    }

    /** A name that no value of the file or the graph has. */
    String freeValueName(String wanted) {
        String name = wanted;
        while (reserved.contains(name) || graph.hasValue(name)) {
            name = wanted + "_" + valueNumbers.merge(wanted, 1, Integer::sum);
        }
        return name;
    }

    private void output(String name, Set<String> taken) {
        String value = value(name);
        boolean constant = graph.value(value).isConstant();
        boolean computed = !constant
                && model.graph().inputs().stream()
                        .noneMatch(input -> input.name().equals(value));
        if (value.equals(name) && (computed || constant) && taken.add(value)) {
            graph.output(value);
        } else if (computed && !graph.hasValue(name) && taken.add(name) && !taken.contains(value)) {
            graph.rename(value, name);
            made.add(name);
            names.replaceAll((key, old) -> old.equals(value) ? name : old);
            graph.output(name);
        } else {
            // An input, or a constant or what is an output already under another name.
            String copy = graph.hasValue(name) ? freeValueName(name + ".out") : name;
            List<Movement.Reshape.Part> parts = new ArrayList<>();
            for (int i = 0; i < graph.value(value).shape().rank(); i++) {
                parts.add(new Movement.Reshape.Product(i, i + 1));
            }
            add(new Node(freeNodeName(name), new Movement.Reshape(parts), List.of(value), List.of(copy)), null);
            graph.output(copy);
            taken.add(copy);
        }
    }

    // ---- Constants of codes

    Notes notes() {
        return notes;
    }

    /** How a value that is dequantized is looked up in tables; null: it is not. */
    Lookup lookup(String name) {
        return lookups.of(name);
    }

    /** Adds the nodes of a look-up one by one: it is none that a graph can say. */
    void addInner(Lookup lookup) {
        for (int i = lookup.nodes().size() - 1; i >= 0; i--) {
            node(lookup.nodes().get(i), file + ": ");
        }
    }

    /** Whether a name is that of a constant of the file that no node makes. */
    boolean isInitializer(String name) {
        return initializers.containsKey(name) && !isAbsent(name);
    }

    // ---- Values, by the names of the file

    /** Whether the elements of a value are known. */
    boolean isConstant(String name) {
        String value = names.get(name);
        return value != null
                ? graph.value(value).isConstant() && !graph.value(value).isQuantized()
                : constants.containsKey(name) || initializers.containsKey(name) && !isAbsent(name);
    }

    /** Whether a value is a constant without elements, which stands for nothing. */
    boolean isAbsent(String name) {
        if (absent.contains(name)) {
            return true;
        }
        TensorDef initializer = initializers.get(name);
        return initializer != null && initializer.elements() == 0;
    }

    /** The elements of a constant. */
    Tensor constant(String name) {
        String value = names.get(name);
        Tensor known = value != null ? graph.value(value).data() : constants.get(name);
        if (known == null) {
            TensorDef initializer = initializers.get(name);
            if (initializer == null) {
                throw new UnsupportedException("\"" + name + "\" must be a constant: fix it where it is an input");
            }
            known = tensor(initializer);
            constants.put(name, known);
        }
        return known;
    }

    private Tensor tensor(TensorDef def) {
        if (def.type().dtype() == null) {
            throw new UnsupportedException("constant " + def + ": elements of that type are not supported");
        }
        return def.tensor();
    }

    /** The element type that the file gives an input or a constant; null if it came from elsewhere. */
    ElementType elementType(String name) {
        return types.get(name);
    }

    /** The type of codes that the file gives a value, as far as it says; null if it is none. */
    CodeType codeType(String name) {
        DType dtype = described(name).dtype();
        ElementType type = types.get(name);
        return type != null && type.dtype() == dtype ? CodeType.of(type) : CodeType.of(dtype);
    }

    /** Whether the file says of a value that its elements have 16 bits, whether it computes with so few or not. */
    boolean isHalf(String name) {
        GraphDef source = model.graph();
        return Stream.of(source.inputs(), source.values(), source.outputs())
                .flatMap(List::stream)
                .anyMatch(info -> info.name().equals(name)
                        && info.type() instanceof ValueType.OfTensor type
                        && (type.element() == ElementType.F16 || type.element() == ElementType.BF16));
    }

    /** The value of the graph that a name of the file stands for. */
    String value(String name) {
        String known = names.get(name);
        if (known == null) {
            if (isAbsent(name)) {
                throw new UnsupportedException("\"" + name + "\" has no elements: such tensors are not supported here");
            }
            if (!isConstant(name)) {
                throw new InvalidValueException("reads \"" + name + "\", which no node before it makes");
            }
            known = graph.constant(graph.hasValue(name) ? freeValueName(name) : name, constant(name));
            names.put(name, known);
        }
        return known;
    }

    /** A constant of the graph made of one of the file, in that form; the first form has its name. */
    String derived(String name, String form, UnaryOperator<String> maker) {
        String key = name + "\n" + form;
        String known = derived.get(key);
        if (known == null) {
            known = maker.apply(graph.hasValue(name) ? freeValueName(name + ":" + form) : name);
            derived.put(key, known);
        }
        return known;
    }

    /** What is known of a value. */
    Value described(String name) {
        return graph.value(value(name));
    }

    /** Gives a name of the file a value of the graph. */
    void define(String name, String value) {
        if (!name.isEmpty()) {
            names.put(name, value);
        }
    }

    /** Gives a name of the file a constant; without elements it stands for nothing. */
    void define(String name, TensorDef constant) {
        if (constant.elements() == 0) {
            absent.add(name);
        } else {
            constants.put(name, tensor(constant));
            types.put(name, constant.type());
        }
    }

    /** Gives a name of the file a constant without elements. */
    void defineAbsent(String name) {
        absent.add(name);
    }

    /** Gives a name of the file elements. */
    void define(String name, Tensor constant) {
        constants.put(name, constant);
    }

    /** The name of the file for a value that is the same as another. */
    void alias(String name, String other) {
        if (isAbsent(other)) {
            absent.add(name);
        } else if (isConstant(other)) {
            constants.put(name, constant(other));
        } else {
            names.put(name, value(other));
        }
    }
}

package io.octavo.graph;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.graph.Inference.Spec;
import io.octavo.scheme.QuantParams;
import io.octavo.tensor.DType;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** {@link Graph#specialize}. */
final class Specialization {
    /** Bytes that a result may take although what it is made of takes less. */
    private static final long SMALL = 1 << 20;

    /** Bytes of what is made of a shape, such as weights that a file leaves out: what a tensor holds; memory has a limit of its own. */
    private static final long LARGEST = Integer.MAX_VALUE;

    /** Multiplications of a matrix product that are still done here. */
    private static final long PRODUCTS = 1 << 26;

    private final Graph graph; // null where nodes are added to a graph in the making
    private final Graph.Builder builder;

    private Specialization(Graph graph, Graph.Builder builder) {
        this.graph = graph;
        this.builder = builder;
    }

    /** {@link Graph.Builder#folded}. */
    static void add(Graph.Builder builder, Node node, QuantParams wanted) {
        new Specialization(null, builder).add(node, wanted);
    }

    static Graph of(Graph graph, Map<String, Shape> said, Map<String, Tensor> fixed) {
        InvalidValueException.requireNonNull(said, "shapes for graph '" + graph.name() + "'");
        InvalidValueException.requireNonNull(fixed, "fixed inputs for graph '" + graph.name() + "'");
        Map<String, Shape> shapes = new HashMap<>(said);
        fixed.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
        Specialization special = new Specialization(graph, Graph.builder(graph.name()));
        special.declare(special.bind(shapes), fixed);
        for (Node node : graph.nodes()) {
            special.add(node, graph.resultQuantization(node));
        }
        graph.outputs().forEach(output -> special.builder.output(output.name()));
        return special.builder.build().pruned();
    }

    // ---- Dimensions of inputs

    /** A dimension that an input's shape gives a name. */
    private record Said(long size, String input) {}

    private Map<String, Long> bind(Map<String, Shape> shapes) {
        List<String> names = graph.inputs().stream().map(Value::name).toList();
        Set<String> others = new TreeSet<>(shapes.keySet());
        others.removeAll(names);
        if (!others.isEmpty()) {
            throw new InvalidValueException(
                    "Graph '" + graph.name() + "' has no input " + others + " to give a shape; it has " + names);
        }
        Map<String, Said> said = new HashMap<>();
        for (Value input : graph.inputs()) {
            if (shapes.containsKey(input.name())) {
                bind(input, shapes.get(input.name()), said);
            }
        }
        Map<String, Long> sizes = new HashMap<>();
        said.forEach((name, one) -> sizes.put(name, one.size));
        return sizes;
    }

    private void bind(Value input, Shape given, Map<String, Said> said) {
        InvalidValueException.requireNonNull(given, "shape for " + what(input));
        if (given.rank() != input.shape().rank()) {
            throw new ShapeMismatchException(what(input) + ": found " + given + ", expected "
                    + input.shape().rank() + " dimensions");
        }
        for (int d = 0; d < given.rank(); d++) {
            Dim dim = input.shape().dimension(d);
            long size = given.dim(d);
            if (size == Shape.N) {
                continue;
            }
            if (dim.isKnown() && dim.size() != size) {
                throw new ShapeMismatchException(
                        what(input) + ": dimension " + d + " is " + size + " in " + given + ", expected " + dim);
            }
            Said before = dim.isKnown() ? null : said.putIfAbsent(dim.name(), new Said(size, input.name()));
            if (before != null && before.size != size) {
                throw new ShapeMismatchException(what(input) + ": dimension " + d + " is " + size + " in " + given
                        + ", expected " + before.size + ", as '" + dim.name() + "' is in input '" + before.input + "'");
            }
        }
    }

    private String what(Value input) {
        return "Input " + input + " of graph '" + graph.name() + "'";
    }

    private void declare(Map<String, Long> sizes, Map<String, Tensor> fixed) {
        for (Value value : graph.values()) {
            Tensor data = fixed.get(value.name());
            if (data != null) {
                if (data.dtype() != value.dtype()) {
                    throw new ShapeMismatchException(what(value) + ": found " + data + ", expected " + value.dtype());
                }
                builder.add(new Value(value.name(), value.dtype(), data.shape(), value.quantization(), data));
            } else if (value.isConstant()) {
                builder.add(value);
            } else if (graph.producer(value.name()).isEmpty()) {
                builder.input(value.name(), value.dtype(), value.shape().with(sizes), value.quantization());
            }
        }
    }

    // ---- Nodes

    private void add(Node node, QuantParams wanted) {
        List<Value> inputs = new ArrayList<>();
        for (String input : node.inputs()) {
            inputs.add(input.isEmpty() ? null : builder.value(input));
        }
        List<Spec> specs = Inference.outputs(node, inputs, builder.entries(), wanted);
        List<Tensor> known =
                isFolded(node, inputs, specs) ? Reference.evaluate(node, inputs, specs) : numbers(node, inputs, specs);
        if (known == null) {
            builder.node(explicit(node), wanted);
            return;
        }
        for (int i = 0; i < known.size(); i++) {
            if (!node.outputs().get(i).isEmpty()) {
                builder.constant(node.outputs().get(i), known.get(i));
            }
        }
    }

    private static boolean isFolded(Node node, List<Value> inputs, List<Spec> specs) {
        boolean shapeAlone = node.op() instanceof Shapes.ShapeOf || node.op() instanceof Shapes.SizeOf;
        long read = 0;
        Set<String> counted = new HashSet<>();
        for (Value value : inputs) {
            if (value == null) {
                continue;
            }
            if (shapeAlone ? !value.shape().isKnown() : value.isQuantized() || !value.isConstant()) {
                return false;
            }
            // Once, or a constant joined to itself would double with each node.
            read += shapeAlone || !counted.add(value.name()) ? 0 : value.data().byteSize();
        }
        long allowed = node.op() instanceof Shapes ? LARGEST : Math.max(read, SMALL);
        long written = 0;
        for (Spec spec : specs) {
            if (spec.quantization() != null || spec.shape().elements() > allowed) {
                return false;
            }
            written += spec.shape().elements() * spec.dtype().bytes();
        }
        return written <= allowed && Reference.computes(node.op()) && !isCostly(node.op(), inputs, specs);
    }

    private static boolean isCostly(Op op, List<Value> inputs, List<Spec> specs) {
        if (!(op instanceof Op.MatMul)) {
            return false;
        }
        Shape a = inputs.get(0).shape();
        return specs.get(0).shape().elements() * a.dim(a.rank() - 1) > PRODUCTS;
    }

    /** The results of a node on integers that are known although what it reads is not; null if one is not. */
    private List<Tensor> numbers(Node node, List<Value> inputs, List<Spec> specs) {
        Map<String, List<Entry>> entries = EntryInference.outputs(node, inputs, specs, builder.entries());
        List<Tensor> tensors = new ArrayList<>();
        for (int i = 0; i < specs.size(); i++) {
            List<Entry> output = entries.get(node.outputs().get(i));
            Tensor tensor = output == null
                    ? null
                    : EntryInference.tensor(
                            output, specs.get(i).dtype(), specs.get(i).shape());
            if (tensor == null) {
                return null;
            }
            tensors.add(tensor);
        }
        return tensors;
    }

    /** The node without the arithmetic on unknown dimensions that it would read, if it can say the same by itself. */
    private Node explicit(Node node) {
        if (node.op() instanceof Movement.Reshape reshape && reshape.parts() == null) {
            List<Movement.Reshape.Part> parts = parts(builder.value(node.input(0)), node, reshape.zeroIsZero());
            if (parts != null) {
                return new Node(node.name(), new Movement.Reshape(parts), List.of(node.input(0)), node.outputs());
            }
        }
        if (node.op() instanceof Movement.Resize resize && !node.input(3).isEmpty()) {
            return resized(node, resize);
        }
        return node;
    }

    private List<Entry> entries(String value) {
        return EntryInference.of(builder.value(value), builder.entries());
    }

    /** The dimensions that a reshape asks for, by numbers and dimensions of x, one at most what is left; null if that is not enough. */
    private List<Movement.Reshape.Part> parts(Value x, Node node, boolean zeroIsZero) {
        List<Entry> entries = entries(node.input(1));
        if (entries == null) {
            return null;
        }
        List<Movement.Reshape.Part> parts = new ArrayList<>();
        for (int i = 0; i < entries.size(); i++) {
            Entry entry = entries.get(i);
            int same = entry.isKnown() ? -1 : List.of(x.shape().dimensions()).indexOf(entry.dim());
            if (entry.is(0) && !zeroIsZero) {
                parts.add(new Movement.Reshape.Product(i, i + 1));
            } else if (entry.isKnown() && !entry.is(-1)) {
                parts.add(new Movement.Reshape.Number(entry.number()));
            } else if (same >= 0) {
                parts.add(new Movement.Reshape.Product(same, same + 1));
            } else {
                parts.add(new Movement.Reshape.Rest());
            }
        }
        return parts.stream().filter(Movement.Reshape.Rest.class::isInstance).count() > 1 ? null : parts;
    }

    /** A resize of those axes alone whose sizes change. */
    private Node resized(Node node, Movement.Resize op) {
        Value x = builder.value(node.input(0));
        List<Entry> sizes = entries(node.input(3));
        if (sizes == null
                || sizes.stream().allMatch(Entry::isKnown)
                || op.policy() != Movement.Resize.Policy.STRETCH
                || op.coordinates() == Movement.Resize.Coordinates.TF_CROP_AND_RESIZE) {
            return node;
        }
        List<Integer> axes = new ArrayList<>();
        List<Entry> left = new ArrayList<>();
        for (int i = 0; i < sizes.size(); i++) {
            int axis = op.axes().isEmpty() ? i : op.axes().get(i);
            if (!sizes.get(i).equals(Entry.of(x.shape().dimension(axis)))) {
                axes.add(axis);
                left.add(sizes.get(i));
            }
        }
        Tensor numbers = axes.isEmpty() ? null : EntryInference.tensor(left, DType.S64, Shape.of(axes.size()));
        if (numbers == null) {
            return node;
        }
        String name = builder.freeName(node.name() + ".sizes");
        builder.constant(name, numbers);
        Movement.Resize alone = new Movement.Resize(
                op.interpolation(),
                op.coordinates(),
                op.nearest(),
                axes,
                op.cubicA(),
                op.excludeOutside(),
                op.extrapolation(),
                op.policy(),
                op.antialias());
        return new Node(node.name(), alone, List.of(node.input(0), "", "", name), node.outputs());
    }
}

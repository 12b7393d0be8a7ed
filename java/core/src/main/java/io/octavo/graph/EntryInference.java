package io.octavo.graph;

import io.octavo.graph.Inference.Spec;
import io.octavo.tensor.DType;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Follows small tensors of whole numbers, those that shapes are made of, through a graph whose dimensions are not all known: {@code
 * Shape -> Gather -> Concat -> Reshape} hands the name of the batch on.
 */
final class EntryInference {
    /** Most elements of a tensor that is followed. */
    private static final int MOST = 64;

    private final Node node;
    private final List<Value> inputs; // null: absent
    private final Map<String, List<Entry>> known;

    private EntryInference(Node node, List<Value> inputs, Map<String, List<Entry>> known) {
        this.node = node;
        this.inputs = inputs;
        this.known = known;
    }

    /**
     * What is known of the elements of a node's outputs, by name; nothing is of those that are not there.
     *
     * @param known the same of values before it that are no constants
     */
    static Map<String, List<Entry>> outputs(
            Node node, List<Value> inputs, List<Spec> specs, Map<String, List<Entry>> known) {
        for (Spec spec : specs) {
            if (spec.quantization() != null || !isSmall(spec.dtype(), spec.shape())) {
                return Map.of();
            }
        }
        List<List<Entry>> found = new EntryInference(node, inputs, known).follow(specs);
        Map<String, List<Entry>> named = new HashMap<>();
        for (int i = 0; i < found.size(); i++) {
            if (!node.outputs().get(i).isEmpty()) {
                named.put(node.outputs().get(i), found.get(i));
            }
        }
        return named;
    }

    /** The elements of a value as far as they are known; null: it is not followed. */
    static List<Entry> of(Value value, Map<String, List<Entry>> known) {
        if (!value.isConstant()) {
            return known.get(value.name());
        }
        if (value.isQuantized() || !isSmall(value.dtype(), value.shape())) {
            return null;
        }
        Elements elements = Elements.of(value.data());
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < elements.count(); i++) {
            entries.add(Entry.of(elements.whole(i)));
        }
        return entries;
    }

    /** A tensor of entries that are all numbers; null if they are not. */
    static Tensor tensor(List<Entry> entries, DType dtype, Shape shape) {
        if (!entries.stream().allMatch(Entry::isKnown)) {
            return null;
        }
        Elements elements = new Elements(dtype, shape);
        for (int i = 0; i < entries.size(); i++) {
            elements.set(i, entries.get(i).number());
        }
        return elements.tensor();
    }

    private static boolean isSmall(DType dtype, Shape shape) {
        if (dtype == DType.F32 || !shape.isKnown()) {
            return false;
        }
        long count = 1;
        for (long dim : shape.dims()) {
            if (dim > MOST) {
                return false;
            }
            count *= dim;
        }
        return count <= MOST;
    }

    private List<List<Entry>> follow(List<Spec> specs) {
        if (node.op() instanceof Shapes.ShapeOf shape) {
            return List.of(shapeOf(shape));
        }
        if (node.op() instanceof Shapes.SizeOf) {
            return List.of(List.of(product(inputs.get(0).shape().dimensions())));
        }
        List<Value> constants = constants();
        if (constants != null) {
            return Reference.computes(node.op()) ? numbers(Reference.evaluate(node, constants, specs)) : List.of();
        }
        if (IntStream.range(0, inputs.size()).anyMatch(this::isMoved)) {
            return moved(specs);
        }
        if (node.op() instanceof Pointwise.Cast cast && cast.to() != DType.BOOL) {
            List<Entry> x = of(inputs.get(0), known);
            return x == null ? List.of() : List.of(x);
        }
        if (node.op() instanceof Pointwise.Binary binary) {
            return combined(binary, specs.get(0).shape());
        }
        return List.of();
    }

    private List<Entry> shapeOf(Shapes.ShapeOf op) {
        List<Entry> entries = new ArrayList<>();
        for (int d = op.start(); d < op.end(); d++) {
            entries.add(Entry.of(inputs.get(0).shape().dimension(d)));
        }
        return entries;
    }

    private Entry product(Dim[] dims) {
        Entry product = Entry.of(1);
        for (Dim dim : dims) {
            product = of(Pointwise.Binary.Function.MUL, product, Entry.of(dim), 0);
        }
        return product;
    }

    /** The inputs as small constants; null if one is not known or not small. */
    private List<Value> constants() {
        List<Value> constants = new ArrayList<>();
        for (Value value : inputs) {
            Value constant = value == null ? null : constant(value);
            if (value != null && constant == null) {
                return null;
            }
            constants.add(constant);
        }
        return constants;
    }

    private Value constant(Value value) {
        if (value.isConstant()) {
            return value.data().elements() <= MOST ? value : null;
        }
        List<Entry> entries = known.get(value.name());
        Tensor data = entries == null ? null : tensor(entries, value.dtype(), value.shape());
        return data == null ? null : new Value(value.name(), value.dtype(), value.shape(), null, data);
    }

    private static List<List<Entry>> numbers(List<Tensor> tensors) {
        List<List<Entry>> all = new ArrayList<>();
        for (Tensor tensor : tensors) {
            Elements elements = Elements.of(tensor);
            List<Entry> entries = new ArrayList<>();
            for (int i = 0; i < elements.count(); i++) {
                entries.add(Entry.of(elements.whole(i)));
            }
            all.add(entries);
        }
        return all;
    }

    /** Operators that move elements do so with whatever stands for them: here with their numbers in a list. */
    private List<List<Entry>> moved(List<Spec> specs) {
        List<Entry> pool = new ArrayList<>();
        List<Value> read = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            Value value = inputs.get(i);
            if (value == null) {
                read.add(null);
            } else if (isMoved(i)) {
                List<Entry> entries = of(value, known);
                if (entries == null) {
                    return List.of();
                }
                Elements places = new Elements(DType.S64, value.shape());
                for (int j = 0; j < entries.size(); j++) {
                    places.set(j, (long) pool.size());
                    pool.add(entries.get(j));
                }
                read.add(new Value(value.name(), DType.S64, value.shape(), null, places.tensor()));
            } else {
                Value constant = constant(value);
                if (constant == null) {
                    return List.of();
                }
                read.add(constant);
            }
        }
        List<Spec> places = specs.stream()
                .map(spec -> new Spec(DType.S64, spec.shape(), null))
                .toList();
        List<List<Entry>> found = new ArrayList<>();
        for (List<Entry> output : numbers(Reference.evaluate(node, read, places))) {
            found.add(
                    output.stream().map(place -> pool.get((int) place.number())).toList());
        }
        return found;
    }

    /** Whether the operator gives the elements of an input and no others; other inputs say where from. */
    private boolean isMoved(int input) {
        Op op = node.op();
        if (op instanceof Movement.Concat) {
            return true;
        }
        if (op instanceof Pointwise.Where) {
            return input > 0;
        }
        return input == 0
                && (op instanceof Movement.Reshape
                        || op instanceof Movement.Transpose
                        || op instanceof Movement.Slice
                        || op instanceof Movement.Split
                        || op instanceof Movement.Gather
                        || op instanceof Movement.Expand
                        || op instanceof Movement.Tile);
    }

    private List<List<Entry>> combined(Pointwise.Binary op, Shape shape) {
        List<Entry> a = of(inputs.get(0), known);
        List<Entry> b = of(inputs.get(1), known);
        if (a == null || b == null || inputs.get(0).dtype() == DType.BOOL) {
            return List.of();
        }
        List<Entry> entries = new ArrayList<>();
        Places.forEach(
                shape,
                (i, at) -> entries.add(of(
                        op.function(),
                        a.get(Places.broadcast(at, inputs.get(0).shape())),
                        b.get(Places.broadcast(at, inputs.get(1).shape())),
                        i)));
        return List.of(entries);
    }

    private Entry of(Pointwise.Binary.Function function, Entry a, Entry b, int i) {
        if (a.isKnown() && b.isKnown()) {
            return Entry.of(PointwiseReference.of(function, a.number(), b.number()));
        }
        boolean sameAsA =
                switch (function) {
                    case ADD, SUB -> b.is(0);
                    case MUL, DIV -> b.is(1);
                    case MIN, MAX -> a.equals(b);
                    default -> false;
                };
        boolean sameAsB = function == Pointwise.Binary.Function.ADD && a.is(0)
                || function == Pointwise.Binary.Function.MUL && a.is(1);
        return sameAsA ? a : sameAsB ? b : new Entry(0, node.name() + "." + i);
    }
}

package io.octavo.graph;

import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Networks whose images lie channels last put a transpose before and one behind each convolution. Those that put channels last go behind
 * operators that work in any order of dimensions, those that put them first go before them, until they meet and undo each other, or
 * stand at the borders of the graph.
 */
final class Transposes {
    private Transposes() {}

    static boolean apply(Rewriting graph, Node node) {
        if (node.outputs().size() > 1
                || node.inputs().isEmpty()
                || node.input(0).isEmpty()) {
            return false;
        }
        Op op = node.op();
        if (op instanceof Movement.Transpose transpose) {
            return isChannelsFirst(transpose.order()) && before(graph, node, transpose.order());
        }
        boolean each = op instanceof Op.Add
                || op instanceof Pointwise.Binary
                || op instanceof Pointwise.Compare
                || op instanceof Pointwise.Where
                || op instanceof Movement.Concat;
        List<Integer> order = order(graph, node, each ? node.inputs().size() : 1);
        if (order == null) {
            return false;
        }
        if (each) {
            return pointwise(graph, node, order);
        }
        boolean alone = op instanceof Pointwise.Unary
                || op instanceof Pointwise.Cast
                || op instanceof Op.Clamp
                || (op instanceof Op.Quantize || op instanceof Op.Dequantize || op instanceof Op.Requantize)
                        && isPerTensor(graph.value(node.input(0)))
                        && isPerTensor(graph.value(node.output()));
        if (alone) {
            return behind(graph, node, op, order, source(graph, node.input(0)));
        }
        if (op instanceof Reduction.Reduce reduce) {
            return reduced(graph, node, reduce, order);
        }
        if (op instanceof Movement.Slice && node.inputs().size() > 2) {
            return cut(graph, node, order, 3);
        }
        if (op instanceof Movement.Pad) {
            return cut(graph, node, order, 3);
        }
        return op instanceof Movement.Resize resize && resized(graph, node, resize, order);
    }

    private static boolean isPerTensor(Value value) {
        return !value.isQuantized() || value.quantization().granularity().isPerTensor();
    }

    /**
     * The order in which the first inputs are transposed, all alike that are neither constants nor single pixels; null: they are not, or
     * somebody else wants one of them so.
     */
    private static List<Integer> order(Rewriting graph, Node node, int inputs) {
        List<Integer> order = null;
        for (int i = 0; i < inputs; i++) {
            String input = node.input(i);
            if (input.isEmpty() || graph.value(input).isConstant() || inputs > 1 && isPixel(graph, input)) {
                continue;
            }
            Node before = graph.producer(input);
            if (before == null
                    || !(before.op() instanceof Movement.Transpose transpose)
                    || !isChannelsFirst(inverse(transpose.order()))
                    || order != null && !order.equals(transpose.order())
                    || !isFree(graph, before, node)) {
                return null;
            }
            order = transpose.order();
        }
        return order;
    }

    /** Whether a value is {@code [N, 1, .., 1, C]}, and made so by no transpose. */
    private static boolean isPixel(Rewriting graph, String value) {
        Shape shape = graph.value(value).shape();
        Node before = graph.producer(value);
        boolean pixel = shape.rank() >= 4
                && !graph.value(value).isQuantized()
                && (before == null || !(before.op() instanceof Movement.Transpose));
        for (int i = 1; pixel && i < shape.rank() - 1; i++) {
            pixel = shape.dim(i) == 1;
        }
        return pixel;
    }

    /** {@code 0, n - 1, 1, .. n - 2}. */
    static boolean isChannelsFirst(List<Integer> order) {
        int rank = order.size();
        boolean first = rank >= 4 && order.get(0) == 0 && order.get(1) == rank - 1;
        for (int i = 2; first && i < rank; i++) {
            first = order.get(i) == i - 1;
        }
        return first;
    }

    static List<Integer> inverse(List<Integer> order) {
        return IntStream.range(0, order.size()).mapToObj(order::indexOf).toList();
    }

    /** Whether a transpose goes away, or with it what made its input: several readers mostly each meet another that undoes it. */
    private static boolean isFree(Rewriting graph, Node transpose, Node reader) {
        long here = reader.inputs().stream().filter(transpose.output()::equals).count();
        return !graph.isOutput(transpose.output())
                && (graph.reads(transpose.output()) == here || graph.producer(transpose.input(0)) != null);
    }

    // ---- Channels first, before functions of the graph's inputs

    private static boolean before(Rewriting graph, Node node, List<Integer> order) {
        List<Node> chain = new ArrayList<>();
        String x = node.input(0);
        for (Node at = graph.sole(x); at != null && isFunction(graph, at, order.size()); at = graph.sole(x)) {
            chain.add(at);
            x = at.input(graph.value(at.input(0)).isConstant() ? 1 : 0);
        }
        if (chain.isEmpty() || graph.producer(x) != null) {
            return false;
        }
        String so = graph.add(node.name(), new Movement.Transpose(order), x);
        for (int i = chain.size() - 1; i >= 0; i--) {
            Node function = chain.get(i);
            String[] inputs = new String[function.inputs().size()];
            for (int j = 0; j < inputs.length; j++) {
                Value value = graph.value(function.input(j));
                inputs[j] = value.isConstant() ? untransposed(graph, value, inverse(order)) : so;
            }
            if (i == 0) {
                graph.replace(node, function.op(), inputs);
            } else {
                so = graph.add(function.name(), function.op(), inputs);
            }
        }
        return true;
    }

    private static boolean isFunction(Rewriting graph, Node node, int rank) {
        if (node.op() instanceof Pointwise.Unary
                || node.op() instanceof Pointwise.Cast
                || node.op() instanceof Op.Clamp) {
            return !graph.value(node.output()).isQuantized();
        }
        boolean first = node.op() instanceof Pointwise.Binary
                && graph.isConstant(node.input(0))
                && graph.value(node.input(1)).shape().rank() == rank;
        boolean second = node.op() instanceof Pointwise.Binary
                && graph.isConstant(node.input(1))
                && graph.value(node.input(0)).shape().rank() == rank;
        return (first || second)
                && !graph.value(node.output()).isQuantized()
                && graph.value(node.output()).shape().rank() == rank;
    }

    private static String source(Rewriting graph, String value) {
        return graph.producer(value).input(0);
    }

    /** The operator on what is not transposed yet, and the transpose behind it. */
    private static boolean behind(Rewriting graph, Node node, Op op, List<Integer> order, String... inputs) {
        return graph.replace(node, op, List.of(inputs), new Movement.Transpose(order));
    }

    // ---- Operators of several values

    private static boolean pointwise(Rewriting graph, Node node, List<Integer> order) {
        int rank = order.size();
        String[] inputs = new String[node.inputs().size()];
        for (int i = 0; i < inputs.length; i++) {
            Value value = graph.value(node.input(i));
            if (value.isConstant()
                    && (value.isQuantized() || value.shape().rank() > rank || value.dtype() != DType.F32)) {
                return false;
            }
            if (!value.isConstant() && value.shape().rank() != rank) {
                return false;
            }
        }
        if (graph.value(node.output()).shape().rank() != rank) {
            return false;
        }
        for (int i = 0; i < inputs.length; i++) {
            Value value = graph.value(node.input(i));
            inputs[i] = value.isConstant()
                    ? untransposed(graph, value, order)
                    : isPixel(graph, value.name())
                            ? graph.add(
                                    value.name() + ".untransposed",
                                    new Movement.Reshape(Tidying.reordered(value.shape(), inverse(order))),
                                    value.name())
                            : source(graph, node.input(i));
        }
        Op op = node.op() instanceof Movement.Concat concat ? new Movement.Concat(order.get(concat.axis())) : node.op();
        return behind(graph, node, op, order, inputs);
    }

    /** A constant as it is combined with what is not transposed yet. */
    private static String untransposed(Rewriting graph, Value constant, List<Integer> order) {
        if (constant.shape().elements() == 1) {
            return constant.name();
        }
        int rank = order.size();
        long[] dims = new long[rank];
        Arrays.fill(dims, 1);
        System.arraycopy(
                constant.shape().dims(),
                0,
                dims,
                rank - constant.shape().rank(),
                constant.shape().rank());
        long[] steps = new long[rank]; // in the constant, along each dimension of the result
        long[] to = new long[rank];
        long step = 1;
        for (int d = rank - 1; d >= 0; d--) {
            to[order.get(d)] = dims[d];
            steps[order.get(d)] = step;
            step *= dims[d];
        }
        Tensor tensor = Tensor.zeros(DType.F32, to);
        float[] from = constant.data().toFloatArray();
        Places.forEach(Shape.of(to), (index, at) -> {
            long place = 0;
            for (int d = 0; d < at.length; d++) {
                place += at[d] * steps[d];
            }
            tensor.floats().put(index, from[(int) place]);
        });
        return graph.constant(constant.name() + ".untransposed", tensor);
    }

    // ---- Operators along axes

    private static boolean reduced(Rewriting graph, Node node, Reduction.Reduce reduce, List<Integer> order) {
        if (reduce.axes().equals(List.of(order.size() - 1))) {
            return false; // channels that lie last are normalized there
        }
        List<Integer> axes = reduce.axes().stream().map(order::get).sorted().toList();
        Op op = new Reduction.Reduce(reduce.kind(), axes, reduce.keepDims());
        String x = source(graph, node.input(0));
        if (reduce.keepDims()) {
            return behind(graph, node, op, order, x);
        }
        List<Integer> kept = order.stream().filter(axis -> !axes.contains(axis)).toList();
        List<Integer> sorted = kept.stream().sorted().toList();
        List<Integer> left = kept.stream().map(sorted::indexOf).toList();
        return left.equals(IntStream.range(0, left.size()).boxed().toList())
                ? graph.replace(node, op, x)
                : behind(graph, node, op, left, x);
    }

    /** A slice or pad: the axes that an input names, or which are the first, are others. */
    private static boolean cut(Rewriting graph, Node node, List<Integer> order, int index) {
        for (int i = 1; i < node.inputs().size(); i++) {
            if (!node.input(i).isEmpty() && !graph.value(node.input(i)).isConstant()) {
                return false;
            }
        }
        boolean pads = node.op() instanceof Movement.Pad;
        int count = (int) graph.value(node.input(1)).shape().elements() / (pads ? 2 : 1);
        long[] axes = node.input(index).isEmpty()
                ? IntStream.range(0, count).asLongStream().toArray()
                : Paddings.longs(graph.value(node.input(index)));
        for (int i = 0; i < axes.length; i++) {
            axes[i] = order.get((int) (axes[i] < 0 ? axes[i] + order.size() : axes[i]));
        }
        List<String> inputs = new ArrayList<>(node.inputs());
        while (inputs.size() <= index) {
            inputs.add("");
        }
        inputs.set(0, source(graph, node.input(0)));
        inputs.set(index, graph.constant(node.name() + ".axes", Tensor.ofLongs(axes)));
        return behind(graph, node, node.op(), order, inputs.toArray(String[]::new));
    }

    /** A resize of all axes, whose numbers come in another order then. */
    private static boolean resized(Rewriting graph, Node node, Movement.Resize op, List<Integer> order) {
        String numbers = node.input(2).isEmpty() ? node.input(3) : node.input(2);
        boolean fits = node.input(1).isEmpty()
                && op.coordinates() != Movement.Resize.Coordinates.TF_CROP_AND_RESIZE
                && op.axes().isEmpty()
                && op.policy() == Movement.Resize.Policy.STRETCH
                && graph.value(numbers).isConstant();
        if (!fits) {
            return false;
        }
        Tensor given = graph.value(numbers).data();
        Tensor moved;
        if (given.dtype() == DType.F32) {
            float[] scales = new float[order.size()];
            for (int i = 0; i < scales.length; i++) {
                scales[order.get(i)] = given.toFloatArray()[i];
            }
            moved = Tensor.of(scales);
        } else {
            long[] sizes = new long[order.size()];
            for (int i = 0; i < sizes.length; i++) {
                sizes[order.get(i)] = Paddings.longs(graph.value(numbers))[i];
            }
            moved = Tensor.ofLongs(sizes);
        }
        String constant = graph.constant(node.name() + ".numbers", moved);
        boolean scaled = !node.input(2).isEmpty();
        return behind(
                graph,
                node,
                op,
                order,
                source(graph, node.input(0)),
                "",
                scaled ? constant : "",
                scaled ? "" : constant);
    }
}

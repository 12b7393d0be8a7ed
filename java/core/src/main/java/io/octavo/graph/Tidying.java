package io.octavo.graph;

import io.octavo.graph.Movement.Reshape;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/** Movement that moves nothing is left out, and movement of what has just been moved is one. */
final class Tidying {
    private Tidying() {}

    static boolean apply(Rewriting graph, Node node) {
        if (node.outputs().size() > 1
                || node.inputs().isEmpty()
                || node.input(0).isEmpty()) {
            return false;
        }
        if (isNothing(graph, node) && graph.bypass(node, node.input(0))) {
            return true;
        }
        if (node.op() instanceof Movement.Transpose transpose) {
            return transposed(graph, node, transpose);
        }
        return (node.op() instanceof Reshape || node.op() instanceof Op.Flatten) && reshaped(graph, node);
    }

    private static boolean isNothing(Rewriting graph, Node node) {
        String x = node.input(0);
        boolean same = graph.alike(x, node.output())
                && Objects.equals(
                        graph.value(x).quantization(),
                        graph.value(node.output()).quantization());
        if (!same) {
            return false;
        }
        Op op = node.op();
        if (op instanceof Movement.Slice) {
            return node.input(4).isEmpty() || isFilled(graph, node.input(4), 1);
        }
        if (op instanceof Movement.Pad) {
            return isFilled(graph, node.input(1), 0);
        }
        if (op instanceof Movement.Resize resize) {
            return resize.coordinates() != Movement.Resize.Coordinates.TF_CROP_AND_RESIZE
                    && (node.input(2).isEmpty() || isFilled(graph, node.input(2), 1));
        }
        return op instanceof Reshape
                || op instanceof Movement.Expand
                || op instanceof Movement.Tile
                || op instanceof Pointwise.Cast
                || op instanceof Movement.Split
                || op instanceof Movement.Concat && node.inputs().size() == 1
                || op instanceof Movement.Transpose transpose && isAscending(transpose.order());
    }

    private static boolean isAscending(List<Integer> order) {
        return order.equals(IntStream.range(0, order.size()).boxed().toList());
    }

    private static boolean isFilled(Rewriting graph, String constant, int number) {
        Tensor data = constant.isEmpty() ? null : graph.value(constant).data();
        if (data == null) {
            return false;
        }
        return switch (data.dtype()) {
            case S64 -> Arrays.stream(data.toLongArray()).allMatch(n -> n == number);
            case S32 -> Arrays.stream(data.toIntArray()).allMatch(n -> n == number);
            case F32 ->
                IntStream.range(0, (int) data.elements())
                        .allMatch(i -> data.floats().get(i) == number);
            default -> false;
        };
    }

    // ---- Transposes

    private static boolean transposed(Rewriting graph, Node node, Movement.Transpose transpose) {
        List<Integer> order = transpose.order();
        Node before = graph.producer(node.input(0));
        if (before != null && before.op() instanceof Movement.Transpose first) {
            List<Integer> both = order.stream().map(first.order()::get).toList();
            return isAscending(both) && graph.bypass(node, before.input(0))
                    || graph.replace(node, new Movement.Transpose(both), before.input(0));
        }
        return !Transposes.isChannelsFirst(Transposes.inverse(order)) && unmoved(graph, node);
    }

    /** A transpose that moves dimensions of 1 alone is a reshape; where it may yet meet another only after all patterns. */
    static boolean unmoved(Rewriting graph, Node node) {
        if (!(node.op() instanceof Movement.Transpose transpose)
                || !movesOnes(graph.value(node.input(0)).shape(), transpose.order())) {
            return false;
        }
        return graph.replace(
                node, new Reshape(reordered(graph.value(node.input(0)).shape(), transpose.order())), node.input(0));
    }

    /** Whether in that order the elements of a shape lie as they do. */
    static boolean movesOnes(Shape shape, List<Integer> order) {
        List<Integer> moved =
                order.stream().filter(axis -> shape.dim(axis) != 1).toList();
        return moved.equals(moved.stream().sorted().toList());
    }

    /** A shape's dimensions in another order, in which its elements lie as they do. */
    static List<Reshape.Part> reordered(Shape shape, List<Integer> order) {
        return parts(shape, Shape.ofDims(order.stream().map(shape::dimension).toArray(Dim[]::new)));
    }

    // ---- Reshapes

    private static boolean reshaped(Rewriting graph, Node node) {
        Node before = graph.sole(node.input(0));
        if (before != null && (before.op() instanceof Reshape || before.op() instanceof Op.Flatten)) {
            String x = before.input(0);
            if (graph.alike(x, node.output()) && graph.bypass(node, x)) {
                return true;
            }
            List<Reshape.Part> parts =
                    parts(graph.value(x).shape(), graph.value(node.output()).shape());
            if (parts != null) {
                return graph.replace(node, flatOr(graph, x, node, new Reshape(parts)), x);
            }
        }
        Op flat = flatOr(graph, node.input(0), node, node.op());
        return !flat.equals(node.op()) && graph.replace(node, flat, node.input(0));
    }

    /** An image as rows is flat, which layers behind it know how to read. */
    private static Op flatOr(Rewriting graph, String x, Node node, Op other) {
        Shape from = graph.value(x).shape();
        Shape to = graph.value(node.output()).shape();
        boolean flat = from.rank() == 4 && to.rank() == 2 && from.dimension(0).equals(to.dimension(0));
        return flat ? new Op.Flatten() : other;
    }

    /**
     * A shape by numbers and dimensions of another, one at most what is left; null: that is not enough, or it is not sure that they
     * hold the same elements.
     */
    private static List<Reshape.Part> parts(Shape from, Shape to) {
        List<Dim> left = new ArrayList<>(List.of(from.dimensions()));
        List<Dim> dims = List.copyOf(left);
        List<Reshape.Part> parts = new ArrayList<>();
        long numbers = 1;
        boolean rest = false;
        long elsewhere = IntStream.range(0, to.rank())
                .filter(i -> !to.dimension(i).isKnown() && !isAt(from, i, to.dimension(i)))
                .count();
        for (int i = 0; i < to.rank(); i++) {
            Dim dim = to.dimension(i);
            // What is left says as files do where a dimension goes.
            boolean named = !dim.isKnown() && (isAt(from, i, dim) || elsewhere > 1);
            if (dim.isKnown()) {
                parts.add(new Reshape.Number(dim.size()));
                numbers *= dim.size();
            } else if (named && left.remove(dim)) {
                int at = isAt(from, i, dim) ? i : dims.indexOf(dim);
                parts.add(new Reshape.Product(at, at + 1));
            } else if (rest) {
                return null;
            } else {
                rest = true;
                parts.add(new Reshape.Rest());
            }
        }
        long known = left.stream().filter(Dim::isKnown).mapToLong(Dim::size).reduce(1, (a, b) -> a * b);
        boolean all = left.stream().allMatch(Dim::isKnown);
        return rest ? known % numbers == 0 ? parts : null : all && known == numbers ? parts : null;
    }

    private static boolean isAt(Shape shape, int index, Dim dim) {
        return index < shape.rank() && shape.dimension(index).equals(dim);
    }
}

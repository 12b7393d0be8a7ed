package io.octavo.graph;

import io.octavo.OctavoException;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@link Graph#hasFreeBatch} and {@link Graph#withFreeBatch}. */
final class FreeBatch {
    /** A node and its graph. */
    private record Step(Graph graph, Node node) {
        Value value(int index) {
            return graph.value(node.input(index));
        }

        /** Whether an input is there and differs from run to run. */
        boolean varies(int index) {
            return !node.input(index).isEmpty() && !value(index).isConstant();
        }

        int rank(int index) {
            return value(index).shape().rank();
        }

        int resultRank() {
            return graph.result(node).orElseThrow().shape().rank();
        }

        /** Whether operands that vary, and so have the batch, have it in the result's first dimension. */
        boolean isAligned() {
            for (int i = 0; i < node.inputs().size(); i++) {
                if (varies(i) && rank(i) != resultRank()) {
                    return false;
                }
            }
            return true;
        }
    }

    /**
     * A row an operator: whether what it gives for an index of the first dimension depends on that index of its inputs alone, given
     * that all shapes begin with the batch and have it nowhere else.
     */
    static final OpTable<Step, Boolean> TABLE = OpTable.<Step, Boolean>of("the search for a free batch")
            .row(Op.Conv2d.class, (at, op) -> true)
            .row(Op.ConvTranspose.class, (at, op) -> true)
            .row(Op.Linear.class, (at, op) -> true)
            .row(Op.MatMul.class, (at, op) -> matMul(at))
            .row(Op.BatchNorm.class, (at, op) -> true)
            .row(Op.Clamp.class, (at, op) -> true)
            .row(Op.MaxPool2d.class, (at, op) -> true)
            .row(Op.AvgPool2d.class, (at, op) -> true)
            .row(Op.AdaptiveAvgPool2d.class, (at, op) -> true)
            .row(Op.Flatten.class, (at, op) -> true)
            .row(Op.Dropout.class, (at, op) -> true)
            .row(Op.Add.class, (at, op) -> true)
            .row(Op.Softmax.class, (at, op) -> true)
            .row(Op.Quantize.class, (at, op) -> true)
            .row(Op.Dequantize.class, (at, op) -> true)
            .row(Op.Requantize.class, (at, op) -> true)
            .row(Pointwise.class, (at, op) -> at.isAligned())
            .row(Reduction.Reduce.class, (at, op) -> op.axes().get(0) > 0)
            .row(Reduction.SoftmaxAlong.class, (at, op) -> op.axis() > 0)
            .row(Reduction.ArgReduce.class, (at, op) -> op.axis() > 0)
            .row(Reduction.TopK.class, (at, op) -> op.axis() > 0)
            .row(Reduction.CumSum.class, (at, op) -> op.axis() > 0)
            .row(Normalization.LayerNorm.class, (at, op) -> op.axis() > 0 && at.isAligned())
            .row(Normalization.GroupNorm.class, (at, op) -> true)
            .row(Normalization.LocalResponse.class, (at, op) -> true)
            // Whatever moves the batch away shows it in its shape, but for those that follow.
            .row(Movement.Reshape.class, (at, op) -> true)
            .row(Movement.Transpose.class, (at, op) -> true)
            .row(Movement.Slice.class, (at, op) -> true)
            .row(Movement.Concat.class, (at, op) -> op.axis() > 0)
            .row(Movement.Split.class, (at, op) -> op.axis() > 0)
            .row(Movement.Pad.class, (at, op) -> true)
            .row(Movement.Gather.class, FreeBatch::gather)
            .row(Movement.Expand.class, (at, op) -> at.isAligned())
            .row(Movement.Tile.class, (at, op) -> true)
            .row(Movement.Trilu.class, (at, op) -> at.resultRank() > 2)
            .row(Movement.OneHot.class, (at, op) -> op.axis() > 0)
            .row(
                    Movement.Resize.class,
                    (at, op) -> op.coordinates() != Movement.Resize.Coordinates.TF_CROP_AND_RESIZE
                            || !op.axes().isEmpty() && op.axes().get(0) > 0)
            .row(Movement.SpaceToDepth.class, (at, op) -> true)
            .row(Movement.DepthToSpace.class, (at, op) -> true)
            .row(Shapes.class, (at, op) -> false)
            .row(Training.class, (at, op) -> false)
            .build();

    private FreeBatch() {}

    static boolean of(Graph graph) {
        String name = null;
        for (Value value : graph.values()) {
            if (value.isConstant()) {
                continue;
            }
            Shape shape = value.shape();
            if (!shape.hasBatch()) {
                return false;
            }
            name = name == null ? shape.dimension(0).name() : name;
            if (!shape.dimension(0).name().equals(name)
                    || !shape.with(0, Dim.of(1)).isKnown()) {
                return false;
            }
        }
        return name != null && graph.nodes().stream().allMatch(node -> TABLE.apply(new Step(graph, node), node.op()));
    }

    static Optional<Graph> freed(Graph graph) {
        List<Value> inputs = graph.inputs();
        for (Value input : inputs) {
            if (input.shape().rank() == 0
                    || !input.shape().isKnown()
                    || input.shape().dim(0) != inputs.get(0).shape().dim(0)) {
                return Optional.empty();
            }
        }
        Graph.Builder builder = Graph.builder(graph.name());
        try {
            for (Value value : graph.values()) {
                if (value.isConstant()) {
                    builder.add(value);
                } else if (graph.producer(value.name()).isEmpty()) {
                    builder.input(value.name(), value.dtype(), value.shape().withBatch(Shape.N), value.quantization());
                }
            }
            for (Node node : graph.nodes()) {
                builder.node(freed(graph, node), graph.resultQuantization(node));
            }
        } catch (OctavoException e) {
            return Optional.empty(); // a node insists on the number
        }
        graph.outputs().forEach(output -> builder.output(output.name()));
        return Optional.of(builder.build()).filter(FreeBatch::of);
    }

    /** A reshape whose first dimension is that of what it reads says so, where it said the number. */
    private static Node freed(Graph graph, Node node) {
        if (!(node.op() instanceof Movement.Reshape reshape)
                || graph.value(node.input(0)).isConstant()
                || graph.value(node.input(0)).shape().rank() == 0) {
            return node;
        }
        List<Movement.Reshape.Part> parts =
                reshape.parts() != null ? reshape.parts() : parts(graph.value(node.input(1)), reshape.zeroIsZero());
        long batch = graph.value(node.input(0)).shape().dim(0);
        if (parts == null
                || parts.isEmpty()
                || !(parts.get(0) instanceof Movement.Reshape.Number number)
                || number.size() != batch) {
            return node;
        }
        List<Movement.Reshape.Part> changed = new ArrayList<>(parts);
        changed.set(0, new Movement.Reshape.Product(0, 1));
        return new Node(node.name(), new Movement.Reshape(changed), List.of(node.input(0)), node.outputs());
    }

    /** What a constant shape says; null if it is none, or one that has no elements. */
    private static List<Movement.Reshape.Part> parts(Value shape, boolean zeroIsZero) {
        List<Entry> entries = EntryInference.of(shape, Map.of());
        if (entries == null) {
            return null;
        }
        List<Movement.Reshape.Part> parts = new ArrayList<>();
        for (int i = 0; i < entries.size(); i++) {
            long number = entries.get(i).number();
            if (number == 0 && zeroIsZero) {
                return null;
            }
            parts.add(
                    number == 0
                            ? new Movement.Reshape.Product(i, i + 1)
                            : number < 0 ? new Movement.Reshape.Rest() : new Movement.Reshape.Number(number));
        }
        return parts;
    }

    private static boolean matMul(Step at) {
        boolean rows = at.rank(0) == at.resultRank() && (at.rank(0) > 2 || !at.varies(1));
        boolean matrices = at.rank(1) == at.resultRank() && at.rank(1) > 2;
        return (!at.varies(0) || rows) && (!at.varies(1) || matrices);
    }

    private static boolean gather(Step at, Movement.Gather op) {
        return switch (op.kind()) {
            case SLICES -> !at.varies(0) || op.axis() > 0;
            case ELEMENTS -> at.varies(0) && op.axis() > 0;
            case TUPLES -> at.varies(0) == op.batchDims() > 0;
        };
    }
}

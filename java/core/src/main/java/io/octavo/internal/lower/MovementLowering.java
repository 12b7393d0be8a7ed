package io.octavo.internal.lower;

import io.octavo.graph.Movement;
import io.octavo.graph.OpTable;
import io.octavo.graph.Value;
import io.octavo.internal.bind.OpKind;
import io.octavo.internal.bind.OpSpec;
import io.octavo.tensor.DType;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * How {@link Movement} operators are described to native code: what inputs say about places becomes attributes, as far as the shapes
 * do not say it already.
 */
final class MovementLowering {
    static final OpTable<NodeValues, OpSpec> TABLE = OpTable.<NodeValues, OpSpec>of("lowering", Movement.class)
            .row(Movement.Reshape.class, (node, op) -> new OpSpec(node.name(), OpKind.RESHAPE))
            .row(Movement.Transpose.class, (node, op) -> new OpSpec(node.name(), OpKind.TRANSPOSE)
                    .integers(
                            "axes", op.order().stream().mapToLong(axis -> axis).toArray()))
            .row(Movement.Slice.class, (node, op) -> slice(node))
            .row(Movement.Concat.class, (node, op) -> new OpSpec(node.name(), OpKind.CONCAT)
                    .integers("axis", op.axis()))
            .row(Movement.Split.class, (node, op) -> new OpSpec(node.name(), OpKind.SPLIT).integers("axis", op.axis()))
            .row(Movement.Pad.class, MovementLowering::pad)
            .row(Movement.Gather.class, (node, op) -> new OpSpec(node.name(), OpKind.GATHER)
                    .integers("gather_mode", op.kind().ordinal())
                    .integers("axis", op.axis())
                    .integers("batch_dims", op.batchDims()))
            .row(Movement.Expand.class, (node, op) -> new OpSpec(node.name(), OpKind.EXPAND))
            .row(Movement.Tile.class, (node, op) -> new OpSpec(node.name(), OpKind.TILE))
            .row(Movement.Trilu.class, (node, op) -> new OpSpec(node.name(), OpKind.TRILU)
                    .integers("upper", op.upper() ? 1 : 0)
                    .integers("diagonal", diagonal(node)))
            .row(Movement.OneHot.class, (node, op) -> new OpSpec(node.name(), OpKind.ONE_HOT)
                    .integers("axis", op.axis()))
            .row(Movement.Resize.class, MovementLowering::resize)
            .row(Movement.SpaceToDepth.class, (node, op) -> new OpSpec(node.name(), OpKind.SPACE_TO_DEPTH)
                    .integers("block", op.block()))
            .row(Movement.DepthToSpace.class, (node, op) -> new OpSpec(node.name(), OpKind.DEPTH_TO_SPACE)
                    .integers("block", op.block())
                    .integers("column_row_depth", op.columnRowDepth() ? 1 : 0))
            .build();

    private MovementLowering() {}

    static OpSpec operator(NodeValues node, Movement op) {
        return TABLE.apply(node, op);
    }

    /** Which of a node's inputs are elements that move, or name them in a run; the others only say where. */
    static int[] reads(NodeValues node, Movement op) {
        if (op instanceof Movement.Concat) {
            return IntStream.range(0, node.inputs().size()).toArray();
        }
        if (op instanceof Movement.Gather) {
            return new int[] {0, 1};
        }
        if (op instanceof Movement.OneHot || op instanceof Movement.Pad && node.input(2) != null) {
            return new int[] {0, 2};
        }
        return new int[] {0};
    }

    /** Whether an operator runs in either layout, so that it takes the one in which its elements are there. */
    static boolean followsLayout(NodeValues node, Movement op) {
        if (op instanceof Movement.Gather gather) {
            Value indices = node.input(1);
            return gather.kind() == Movement.Gather.Kind.SLICES
                    && indices.isConstant()
                    && indices.shape().rank() == 1;
        }
        return op instanceof Movement.Slice
                || op instanceof Movement.Concat
                || op instanceof Movement.Split
                || op instanceof Movement.Pad
                || op instanceof Movement.Expand
                || op instanceof Movement.Tile
                || op instanceof Movement.Resize
                || op instanceof Movement.SpaceToDepth
                || op instanceof Movement.DepthToSpace;
    }

    /** Part {@code index} of a split, also where nobody wants it. */
    static Value part(NodeValues node, Movement.Split op, int index) {
        Value x = node.input(0);
        int axis = op.axis();
        int count = node.outputs().size();
        long whole = x.shape().dim(axis);
        long each = (whole + count - 1) / count;
        long size = node.input(1) != null
                ? numbers(node, 1, "sizes")[index]
                : index < count - 1 ? each : whole - each * (count - 1);
        return new Value(
                node.name() + ":" + index, x.dtype(), x.shape().with(axis, Dim.of(size)), x.quantization(), null);
    }

    private static OpSpec slice(NodeValues node) {
        Shape x = node.input(0).shape();
        Shape y = node.output(0).shape();
        long[] starts = numbers(node, 1, "starts");
        long[] given = node.input(4) == null ? null : numbers(node, 4, "steps");
        int[] axes = axes(node, 3, starts.length);
        long[] first = new long[x.rank()];
        long[] steps = new long[x.rank()];
        Arrays.fill(steps, 1);
        for (int i = 0; i < axes.length; i++) {
            int axis = axes[i];
            long size = x.dim(axis);
            if (size == Shape.N) {
                if (starts[i] != 0 || given != null && given[i] != 1) {
                    Lowering.refuse(node, "cuts dimension " + axis + " of " + node.input(0) + ", which is the batch");
                }
                continue;
            }
            // The step of a single element does not matter, and may be beyond all sizes.
            long step = given == null || y.dim(axis) == 1 ? 1 : given[i];
            long start = starts[i] < 0 ? starts[i] + size : starts[i];
            first[axis] = Math.min(Math.max(start, 0), size - 1);
            steps[axis] = step;
        }
        return new OpSpec(node.name(), OpKind.SLICE).integers("starts", first).integers("steps", steps);
    }

    private static OpSpec pad(NodeValues node, Movement.Pad op) {
        long[] pads = numbers(node, 1, "pads");
        int[] axes = axes(node, 3, pads.length / 2);
        long[] before = new long[node.input(0).shape().rank()];
        for (int i = 0; i < axes.length; i++) {
            before[axes[i]] = pads[i];
        }
        return new OpSpec(node.name(), OpKind.PAD)
                .integers("before", before)
                .integers("pad_mode", op.mode().ordinal());
    }

    private static long diagonal(NodeValues node) {
        long diagonal = node.input(1) == null ? 0 : numbers(node, 1, "diagonal")[0];
        // Beyond all sizes they are the same.
        return Math.min(Math.max(diagonal, Integer.MIN_VALUE), Integer.MAX_VALUE);
    }

    private static OpSpec resize(NodeValues node, Movement.Resize op) {
        Shape x = node.input(0).shape();
        int[] axes = op.axes().isEmpty()
                ? IntStream.range(0, x.rank()).toArray()
                : op.axes().stream()
                        .mapToInt(axis -> axis < 0 ? axis + x.rank() : axis)
                        .toArray();
        OpSpec spec = new OpSpec(node.name(), OpKind.RESIZE)
                .integers("interpolation", op.interpolation().ordinal())
                .integers("coordinates", op.coordinates().ordinal())
                .integers("nearest", op.nearest().ordinal())
                .integers("axes", Arrays.stream(axes).asLongStream().toArray())
                .integers("exclude_outside", op.excludeOutside() ? 1 : 0)
                .integers("antialias", op.antialias() ? 1 : 0)
                .reals("cubic_a", op.cubicA())
                .reals("extrapolation", op.extrapolation());
        if (op.coordinates() == Movement.Resize.Coordinates.TF_CROP_AND_RESIZE) {
            spec.reals("roi", constant(node, 1, "region of interest").data().toFloatArray());
        }
        if (node.input(2) != null) {
            return spec.reals("scales", constant(node, 2, "scales").data().toFloatArray());
        }
        if (op.policy() != Movement.Resize.Policy.STRETCH) {
            spec.integers("scale_axis", narrowest(node, x, axes, op.policy()));
        }
        return spec;
    }

    /** The axis whose ratio a policy takes for all of them. */
    private static int narrowest(NodeValues node, Shape x, int[] axes, Movement.Resize.Policy policy) {
        long[] sizes = numbers(node, 3, "sizes");
        int chosen = 0;
        for (int i = 1; i < axes.length; i++) {
            double scale = (double) sizes[i] / x.dim(axes[i]);
            double least = (double) sizes[chosen] / x.dim(axes[chosen]);
            if (policy == Movement.Resize.Policy.NOT_LARGER ? scale < least : scale > least) {
                chosen = i;
            }
        }
        return axes[chosen];
    }

    /** The axes that an input names; the first {@code count} if it is absent. */
    private static int[] axes(NodeValues node, int index, int count) {
        int rank = node.input(0).shape().rank();
        return node.input(index) == null
                ? IntStream.range(0, count).toArray()
                : Arrays.stream(numbers(node, index, "axes"))
                        .mapToInt(axis -> (int) (axis < 0 ? axis + rank : axis))
                        .toArray();
    }

    private static long[] numbers(NodeValues node, int index, String what) {
        Value value = constant(node, index, what);
        return value.dtype() == DType.S64
                ? value.data().toLongArray()
                : Arrays.stream(value.data().toIntArray()).asLongStream().toArray();
    }

    private static Value constant(NodeValues node, int index, String what) {
        Value value = node.input(index);
        if (value == null || !value.isConstant()) {
            Lowering.refuse(node, "needs its " + what + " when it is made ready; they are known in a run only");
        }
        return value;
    }
}

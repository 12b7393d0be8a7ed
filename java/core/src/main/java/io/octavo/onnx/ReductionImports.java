package io.octavo.onnx;

import io.octavo.graph.Movement;
import io.octavo.graph.Op;
import io.octavo.graph.Pointwise;
import io.octavo.graph.Reduction;
import io.octavo.graph.Reduction.Reduce.Kind;
import io.octavo.graph.Shapes;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.IntStream;

/** Operators that take many elements together. */
final class ReductionImports {
    private static final Map<String, Kind> KINDS = Map.of(
            "ReduceSum", Kind.SUM,
            "ReduceMean", Kind.MEAN,
            "ReduceMax", Kind.MAX,
            "ReduceMin", Kind.MIN,
            "ReduceProd", Kind.PROD,
            "ReduceL1", Kind.L1,
            "ReduceL2", Kind.L2,
            "ReduceSumSquare", Kind.SUM_SQUARE,
            "ReduceLogSum", Kind.LOG_SUM,
            "ReduceLogSumExp", Kind.LOG_SUM_EXP);

    private ReductionImports() {}

    static void addTo(Imports.Table table) {
        KINDS.forEach((name, kind) -> table.row(name, node -> reduce(node, kind)));
        table.row("Softmax", node -> softmax(node, false));
        table.row("LogSoftmax", node -> softmax(node, true));
        table.row("Hardmax", ReductionImports::hardmax);
        table.row("ArgMax", node -> arg(node, true));
        table.row("ArgMin", node -> arg(node, false));
        table.row("TopK", ReductionImports::topK);
        table.row("CumSum", ReductionImports::cumSum);
    }

    private static void reduce(ImportNode node, Kind kind) {
        int rank = node.rank(0);
        long[] given = node.numbers("axes", 1);
        boolean none = given == null || given.length == 0;
        if (none && node.flag("noop_with_empty_axes")) {
            unreduced(node, kind);
            return;
        }
        List<Integer> axes = none ? IntStream.range(0, rank).boxed().toList() : node.axes(given, rank);
        if (axes.isEmpty()) {
            unreduced(node, kind); // a scalar
            return;
        }
        String x = node.in(0);
        boolean keep = node.getInt("keepdims", 1) != 0;
        if (node.value(0).dtype() == DType.BOOL && (kind == Kind.MAX || kind == Kind.MIN)) {
            String reduced =
                    node.add(new Reduction.Reduce(kind, axes, keep), node.add(new Pointwise.Cast(DType.S32), x));
            node.out(new Pointwise.Cast(DType.BOOL), reduced);
            return;
        }
        node.out(new Reduction.Reduce(kind, axes, keep), x);
    }

    /** Over no dimension: what the function makes of single elements. */
    private static void unreduced(ImportNode node, Kind kind) {
        String x = node.in(0);
        switch (kind) {
            case SUM, MEAN, MAX, MIN, PROD, LOG_SUM_EXP -> node.same(0);
            case L1, L2 -> node.out(new Pointwise.Unary(Pointwise.Unary.Function.ABS), x);
            case SUM_SQUARE -> node.out(new Pointwise.Binary(Pointwise.Binary.Function.MUL), x, x);
            case LOG_SUM -> node.out(new Pointwise.Unary(Pointwise.Unary.Function.LOG), x);
        }
    }

    private static void softmax(ImportNode node, boolean log) {
        softmax(node, node.in(0), node.opset(), log).out(node);
    }

    /** Of a value, by the rule of a version. */
    static Made softmax(ImportNode node, String x, long opset, boolean log) {
        return along(
                node,
                x,
                opset,
                (y, axis) -> new Made(along(axis, node.value(y).shape().rank(), log), y));
    }

    /** 1 at the first of the greatest elements, 0 elsewhere. */
    private static void hardmax(ImportNode node) {
        Made made = along(node, node.in(0), node.opset(), (x, axis) -> {
            long size = node.value(x).shape().dim(axis);
            if (size == Shape.N) {
                throw node.unsupported("Hardmax along a dimension that is not known, of " + node.value(x) + ",");
            }
            String greatest = node.add(new Reduction.ArgReduce(true, axis, false, false), x);
            String values = node.constant("values", Tensor.of(new float[] {0, 1}));
            return new Made(new Movement.OneHot(axis), greatest, node.scalar("size", DType.S64, size), values);
        });
        made.out(node);
    }

    /** An operator along an axis; up to opset 12 all dimensions from the axis on are one. */
    private static Made along(ImportNode node, String x, long opset, BiFunction<String, Integer, Made> make) {
        int rank = node.value(x).shape().rank();
        long given = node.getInt("axis", opset >= 13 ? -1 : 1);
        int axis = opset < 13 && given == rank ? rank : node.axis(given, rank);
        if (opset >= 13 || axis == rank - 1) {
            return make.apply(x, axis);
        }
        String flat = node.reshape(
                x, List.of(new Movement.Reshape.Product(0, axis), new Movement.Reshape.Product(axis, rank)));
        String result = make.apply(flat, 1).add(node);
        // The shape is that of the input, whatever it is.
        String shape = node.add(new Shapes.ShapeOf(0, rank), x);
        return new Made(new Movement.Reshape(null, true), result, shape);
    }

    private static Op along(int axis, int rank, boolean log) {
        return !log && axis == rank - 1 && rank >= 2 ? new Op.Softmax() : new Reduction.SoftmaxAlong(axis, log);
    }

    private static void arg(ImportNode node, boolean greatest) {
        int axis = node.axis(node.getInt("axis", 0), node.rank(0));
        boolean keep = node.getInt("keepdims", 1) != 0;
        node.out(new Reduction.ArgReduce(greatest, axis, keep, node.flag("select_last_index")), node.in(0));
    }

    private static void topK(ImportNode node) {
        int axis = node.axis(node.getInt("axis", -1), node.rank(0));
        String k = node.opset() < 10 ? node.longs("k", node.requiredInt("k")) : node.in(1);
        node.outs(new Reduction.TopK(axis, node.getInt("largest", 1) != 0), node.in(0), k);
    }

    private static void cumSum(ImportNode node) {
        int axis = node.axis(node.numbers(1)[0], node.rank(0));
        node.out(new Reduction.CumSum(axis, node.flag("exclusive"), node.flag("reverse")), node.in(0));
    }
}

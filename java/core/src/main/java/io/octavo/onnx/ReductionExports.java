package io.octavo.onnx;

import io.octavo.graph.Op;
import io.octavo.graph.OpTable;
import io.octavo.graph.Reduction;
import io.octavo.graph.Reduction.Reduce.Kind;
import io.octavo.internal.onnx.Attribute;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.util.Map;

/** Operators that take many elements together. */
final class ReductionExports {
    private static final Map<Kind, String> NAMES = Map.of(
            Kind.SUM, "ReduceSum",
            Kind.MEAN, "ReduceMean",
            Kind.MAX, "ReduceMax",
            Kind.MIN, "ReduceMin",
            Kind.PROD, "ReduceProd",
            Kind.L1, "ReduceL1",
            Kind.L2, "ReduceL2",
            Kind.SUM_SQUARE, "ReduceSumSquare",
            Kind.LOG_SUM, "ReduceLogSum",
            Kind.LOG_SUM_EXP, "ReduceLogSumExp");

    private ReductionExports() {}

    static void addTo(OpTable.Builder<ExportNode, ExportNode> table) {
        table.row(Reduction.Reduce.class, ReductionExports::reduce);
        table.row(Op.Softmax.class, (node, op) -> node.out("Softmax", Attributes.of("axis", -1), node.in(0)));
        table.row(
                Reduction.SoftmaxAlong.class,
                (node, op) ->
                        node.out(op.log() ? "LogSoftmax" : "Softmax", Attributes.of("axis", op.axis()), node.in(0)));
        table.row(
                Reduction.ArgReduce.class,
                (node, op) -> node.out(
                        op.greatest() ? "ArgMax" : "ArgMin",
                        new Attributes()
                                .put("axis", op.axis())
                                .put("keepdims", op.keepDims())
                                .put("select_last_index", op.last())
                                .map(),
                        node.in(0)));
        table.row(
                Reduction.TopK.class,
                (node, op) -> node.outs(
                        2,
                        "TopK",
                        new Attributes()
                                .put("axis", op.axis())
                                .put("largest", op.greatest())
                                .put("sorted", 1)
                                .map(),
                        node.in(0),
                        node.longs(1)));
        table.row(
                Reduction.CumSum.class,
                (node, op) -> node.out(
                        "CumSum",
                        new Attributes()
                                .put("exclusive", op.exclusive())
                                .put("reverse", op.reverse())
                                .map(),
                        node.in(0),
                        node.constant(
                                "axis", Tensor.ofLongs(new long[] {op.axis()}).reshape())));
    }

    private static ExportNode reduce(ExportNode node, Reduction.Reduce op) {
        String x = node.in(0);
        boolean narrow = !node.value(0).isQuantized() && (node.dtype(0) == DType.U8 || node.dtype(0) == DType.S8);
        if (!narrow || op.kind() == Kind.MAX || op.kind() == Kind.MIN) {
            Attributes attributes = new Attributes().put("keepdims", op.keepDims());
            return node.out(NAMES.get(op.kind()), attributes(node, op, attributes), inputs(node, op, x));
        }
        // Sums of bytes are not among the types of ONNX.
        Attributes attributes = new Attributes().put("keepdims", op.keepDims());
        Map<String, Attribute> all = attributes(node, op, attributes);
        String wide = node.cast("wide", x, DType.S32);
        String sum = node.main(NAMES.get(op.kind()), all, inputs(node, op, wide));
        return node.last("narrow", "Cast", Attributes.of("to", Exporter.type(node.dtype(0))), sum);
    }

    /** Whether the axes are an input in the version that is written. */
    private static boolean asInput(ExportNode node, Reduction.Reduce op) {
        return op.kind() == Kind.SUM || node.opset() >= 18;
    }

    private static Map<String, Attribute> attributes(ExportNode node, Reduction.Reduce op, Attributes others) {
        return asInput(node, op) ? others.map() : others.ints("axes", op.axes()).map();
    }

    private static String[] inputs(ExportNode node, Reduction.Reduce op, String x) {
        return asInput(node, op)
                ? new String[] {
                    x,
                    node.longs(
                            "axes",
                            op.axes().stream().mapToLong(Integer::longValue).toArray())
                }
                : new String[] {x};
    }
}

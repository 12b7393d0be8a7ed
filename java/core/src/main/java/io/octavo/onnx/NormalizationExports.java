package io.octavo.onnx;

import io.octavo.graph.Normalization;
import io.octavo.graph.Op;
import io.octavo.graph.OpTable;
import io.octavo.internal.onnx.Attribute;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;

/** Normalizations. */
final class NormalizationExports {
    private NormalizationExports() {}

    static void addTo(OpTable.Builder<ExportNode, ExportNode> table) {
        table.row(
                Op.BatchNorm.class,
                (node, op) -> node.out(
                        "BatchNormalization",
                        new Attributes()
                                .put("epsilon", op.epsilon())
                                .put("momentum", NormalizationImports.others(op.momentum()))
                                .map(),
                        node.ins()));
        table.row(Normalization.LayerNorm.class, NormalizationExports::layer);
        table.row(Normalization.GroupNorm.class, NormalizationExports::group);
        table.row(
                Normalization.LocalResponse.class,
                (node, op) -> node.out(
                        "LRN",
                        new Attributes()
                                .put("size", op.size())
                                .put("alpha", op.alpha())
                                .put("beta", op.beta())
                                .put("bias", op.bias())
                                .map(),
                        node.in(0)));
    }

    private static ExportNode group(ExportNode node, Normalization.GroupNorm op) {
        Attributes attributes = new Attributes().put("epsilon", op.epsilon());
        if (op.groups() == 0) {
            return node.out("InstanceNormalization", attributes.map(), node.ins());
        }
        // Older versions have a scale for a group, not for a channel.
        return node.needs(21)
                .out(
                        "GroupNormalization",
                        attributes.put("num_groups", op.groups()).map(),
                        node.ins());
    }

    private static ExportNode layer(ExportNode node, Normalization.LayerNorm op) {
        if (op.rms()) {
            return rms(node, op);
        }
        Map<String, Attribute> attributes = new Attributes()
                .put("axis", op.axis())
                .put("epsilon", op.epsilon())
                .map();
        String scale = node.has(1) ? node.in(1) : node.constant("scale", ones(node.shape(0), op.axis()));
        return node.needs(17).outs(1, "LayerNormalization", attributes, node.in(0), scale, node.in(2));
    }

    /** By other operators: the one of its own came late. */
    private static ExportNode rms(ExportNode node, Normalization.LayerNorm op) {
        if (node.node().outputs().size() > 1) {
            throw node.unsupported("the statistics of a normalization without a mean");
        }
        String x = node.in(0);
        int rank = node.shape(0).rank();
        long[] axes = IntStream.range(op.axis(), rank).asLongStream().toArray();
        String square = node.add("square", "Mul", x, x);
        Attributes keep = new Attributes().put("keepdims", 1);
        String mean = node.opset() >= 18
                ? node.add("mean", "ReduceMean", keep.map(), square, node.longs("axes", axes))
                : node.add("mean", "ReduceMean", keep.ints("axes", axes).map(), square);
        String raised = node.add("raised", "Add", mean, node.number("epsilon", op.epsilon()));
        String root = node.add("root", "Sqrt", raised);
        if (!node.has(1) && !node.has(2)) {
            return node.out("Div", x, root);
        }
        String normal = node.add("normal", "Div", x, root);
        if (!node.has(2)) {
            return node.out("Mul", normal, node.in(1));
        }
        String scaled = node.has(1) ? node.add("scaled", "Mul", normal, node.in(1)) : normal;
        return node.out("Add", scaled, node.in(2));
    }

    /** A scale that changes nothing. */
    private static Tensor ones(Shape x, int axis) {
        Dim[] dims = Arrays.copyOfRange(x.dimensions(), axis, x.rank());
        boolean known = Arrays.stream(dims).allMatch(Dim::isKnown);
        Shape shape = known ? Shape.ofDims(dims) : Shape.of(1);
        float[] ones = new float[Math.toIntExact(shape.elements())];
        Arrays.fill(ones, 1);
        return Tensor.of(ones, shape.dims());
    }
}

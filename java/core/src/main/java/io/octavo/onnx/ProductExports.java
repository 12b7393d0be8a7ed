package io.octavo.onnx;

import io.octavo.graph.Activation;
import io.octavo.graph.Op;
import io.octavo.graph.OpTable;
import io.octavo.graph.Value;
import io.octavo.internal.onnx.Attribute;
import io.octavo.tensor.DType;
import java.util.Map;

/** Convolutions and matrix products. */
final class ProductExports {
    private ProductExports() {}

    static void addTo(OpTable.Builder<ExportNode, ExportNode> table) {
        table.row(Op.Conv2d.class, ProductExports::conv);
        table.row(
                Op.ConvTranspose.class,
                (node, op) -> node.out(
                        "ConvTranspose",
                        Windows.attributes(op.window())
                                .put("group", op.groups())
                                .ints("output_padding", op.extraH(), op.extraW())
                                .map(),
                        node.ins()));
        table.row(Op.Linear.class, ProductExports::linear);
        table.row(Op.MatMul.class, (node, op) -> matMul(node));
    }

    private static ExportNode conv(ExportNode node, Op.Conv2d op) {
        Map<String, Attribute> attributes =
                Windows.attributes(op.window()).put("group", op.groups()).map();
        String x = node.in(0);
        String w = node.in(1);
        String[] inputs = node.has(2) ? new String[] {x, w, node.in(2)} : new String[] {x, w};
        if (!node.has(3)) {
            return node.out(op.activation(), "Conv", attributes, inputs);
        }
        String residual = node.in(3);
        return node.last(op.activation(), "sum", "Add", node.main("Conv", attributes, inputs), residual);
    }

    private static ExportNode linear(ExportNode node, Op.Linear op) {
        Value w = node.value(1);
        boolean grouped = w.isQuantized() && w.quantization().granularity().isPerGroup();
        if (w.isConstant() && node.shape(0).rank() == 2 && !grouped) {
            return node.out(op.activation(), "Gemm", Attributes.of("transB", 1), node.ins());
        }
        return product(node, op.activation(), node.exporter().transposed(node, w));
    }

    /** {@code x·w + bias}. */
    private static ExportNode product(ExportNode node, Activation activation, String w) {
        String x = node.in(0);
        if (!node.has(2)) {
            return node.out(activation, "MatMul", Attributes.NONE, x, w);
        }
        String bias = node.in(2);
        return node.last(activation, "bias", "Add", node.main("MatMul", Attributes.NONE, x, w), bias);
    }

    private static ExportNode matMul(ExportNode node) {
        Value b = node.value(1);
        boolean layer = b.isConstant() && b.dtype() == DType.F32 && b.shape().rank() == 2;
        if (layer && node.shape(0).rank() == 2) {
            return node.out(
                    "Gemm",
                    Attributes.of("transB", 1),
                    node.in(0),
                    node.exporter().transposed(node, b));
        }
        return node.out("MatMul", node.in(0), node.in(1));
    }
}

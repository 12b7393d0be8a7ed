package io.octavo.onnx;

import io.octavo.graph.Node;
import io.octavo.graph.Op;
import io.octavo.graph.OpTable;
import io.octavo.graph.Value;
import io.octavo.scheme.AffineParams;
import io.octavo.tensor.Tensor;
import java.util.List;

/**
 * Codes as ONNX's QDQ form has them: an operator on codes is DequantizeLinear, the operator on real numbers, and QuantizeLinear. A
 * value's scale and zero point are constants named after it.
 */
final class QuantizationExports {
    /** The first version with types of 4 bits and with scales for blocks. */
    static final long BLOCKS = 21;

    private QuantizationExports() {}

    static void addTo(OpTable.Builder<ExportNode, ExportNode> table) {
        table.row(Op.Quantize.class, (node, op) -> quantize(node));
        table.row(Op.Requantize.class, (node, op) -> quantize(node));
        table.row(Op.Dequantize.class, (node, op) -> {
            Value x = node.value(0);
            if (x.isConstant()) {
                Weights.dequantize(
                        node.exporter(), x, node.node().name(), node.result().name());
                return node;
            }
            String[] inputs = operands(node.exporter(), x, x.name());
            return node.out("DequantizeLinear", inputs);
        });
    }

    /** Whether an operator is itself what quantizes its result. */
    static boolean quantizes(Op op) {
        return op instanceof Op.Quantize || op instanceof Op.Requantize;
    }

    // ---- Activations

    private static ExportNode quantize(ExportNode node) {
        quantize(node.exporter(), node.node().name(), node.in(0), node.result());
        return node;
    }

    /** Quantizes the results of a row that made real numbers. */
    static void quantizeResults(ExportNode node) {
        if (quantizes(node.node().op())) {
            return;
        }
        Exporter exporter = node.exporter();
        for (int i = 0; i < node.node().outputs().size(); i++) {
            String name = node.node().outputs().get(i);
            if (!name.isEmpty() && exporter.graph().value(name).isQuantized()) {
                String exact = exporter.target(node.node(), i);
                quantize(
                        exporter,
                        exporter.freeNode(name + ":quantize"),
                        exact,
                        exporter.graph().value(name));
            }
        }
    }

    private static void quantize(Exporter exporter, String name, String x, Value to) {
        AffineParams params = (AffineParams) to.quantization();
        String read = x;
        if (params.qMin() != params.dtype().min()
                || params.qMax() != params.dtype().max()) {
            read = exporter.freeValue(to.name() + ":clipped");
            float[] bounds = Notes.bounds(params);
            exporter.clip(exporter.freeNode(to.name() + ":clip"), bounds[0], bounds[1], x, read);
        }
        String[] inputs = operands(exporter, to, read);
        exporter.add(name, "QuantizeLinear", Attributes.NONE, List.of(inputs), List.of(to.name()));
    }

    /** What QuantizeLinear and DequantizeLinear read: numbers, scale and zero point of a value. */
    private static String[] operands(Exporter exporter, Value value, String x) {
        AffineParams params = (AffineParams) value.quantization();
        Notes.codes(
                exporter,
                value.name(),
                params,
                8,
                params.dtype().min(),
                params.dtype().max());
        String scale = exporter.form(
                value.name(),
                "scale",
                () -> exporter.constant(
                        exporter.freeValue(value.name() + ":scale"),
                        Tensor.of(new float[] {params.scale()}).reshape()));
        String zeroPoint = exporter.form(
                value.name(),
                "zero point",
                () -> exporter.constant(
                        exporter.freeValue(value.name() + ":zero_point"),
                        Tensor.ofBytes(params.dtype(), new byte[] {(byte) params.zeroPoint()})
                                .reshape()));
        return new String[] {x, scale, zeroPoint};
    }

    /** The name of the real numbers that a value's codes stand for. */
    static String dequantized(Exporter exporter, Value value) {
        return exporter.form(value.name(), "real", () -> {
            for (Node reader : exporter.graph().consumers(value.name())) {
                if (reader.op() instanceof Op.Dequantize) {
                    exporter.write(reader);
                    return reader.output();
                }
            }
            String real = exporter.freeValue(value.name() + ":real");
            String name = exporter.freeNode(value.name() + ":dequantize");
            if (value.isConstant()) {
                Weights.dequantize(exporter, value, name, real);
                return real;
            }
            String[] inputs = operands(exporter, value, value.name());
            exporter.add(name, "DequantizeLinear", Attributes.NONE, List.of(inputs), List.of(real));
            return real;
        });
    }
}

package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.graph.Activation;
import io.octavo.graph.Op;
import io.octavo.graph.Pointwise;
import io.octavo.graph.Value;
import io.octavo.internal.onnx.NodeDef;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Operators on codes. Where a file keeps a scale and a zero point beside a value, the graph's value has them as its parameters; a
 * value whose parameters change on the way is refused.
 */
final class QuantizationImports {
    /** Where operators have codes, and the scale and zero point that belong to them. */
    private static final Map<String, int[][]> OPERANDS = Map.of(
            "DequantizeLinear", new int[][] {{0, 1, 2}},
            "com.microsoft.DequantizeLinear", new int[][] {{0, 1, 2}},
            "QLinearConv", new int[][] {{0, 1, 2}},
            "com.microsoft.QLinearAdd", new int[][] {{0, 1, 2}, {3, 4, 5}},
            "com.microsoft.QLinearGlobalAveragePool", new int[][] {{0, 1, 2}});

    private QuantizationImports() {}

    /**
     * The parameters that the first reader of a value gives its codes; null if none does, or they are not known before the nodes are
     * read.
     */
    static AffineParams paramsByReader(Importer importer, String value, DType dtype, List<NodeDef> nodes) {
        for (NodeDef node : nodes) {
            String operator = node.domain().isEmpty() ? node.opType() : node.domain() + "." + node.opType();
            for (int[] operand : OPERANDS.getOrDefault(operator, new int[0][])) {
                if (node.hasInput(operand[0])
                        && node.inputs().get(operand[0]).equals(value)
                        && node.hasInput(operand[1])
                        && importer.isConstant(node.inputs().get(operand[1]))
                        && importer.constant(node.inputs().get(operand[1])).elements() == 1) {
                    int zeroPoint = 0;
                    if (node.hasInput(operand[2])) {
                        if (!importer.isConstant(node.inputs().get(operand[2]))) {
                            return null;
                        }
                        zeroPoint =
                                importer.constant(node.inputs().get(operand[2])).toIntArray()[0];
                    }
                    float scale =
                            importer.constant(node.inputs().get(operand[1])).toFloatArray()[0];
                    return AffineParams.perTensor(dtype, 8, scale, zeroPoint);
                }
            }
        }
        return null;
    }

    static void addTo(Imports.Table table) {
        table.rows(QuantizationImports::quantize, "QuantizeLinear", "com.microsoft.QuantizeLinear");
        table.rows(QuantizationImports::dequantize, "DequantizeLinear", "com.microsoft.DequantizeLinear");
        table.row("QLinearConv", QuantizationImports::conv);
        table.row("com.microsoft.QLinearAdd", QuantizationImports::add);
        table.row("com.microsoft.QLinearGlobalAveragePool", QuantizationImports::globalAverage);
    }

    // ---- Parameters

    /** Parameters for the whole tensor, of the type of the zero point, U8 without one. */
    private static AffineParams params(ImportNode node, int scale, int zeroPoint) {
        Tensor scales = node.constant(scale);
        if (scales.elements() != 1) {
            throw node.unsupported("a scale " + scales + " of a value that is no constant: one number is");
        }
        return new AffineParams(
                dtype(node, zeroPoint),
                8,
                dtype(node, zeroPoint).min(),
                dtype(node, zeroPoint).max(),
                scales.toFloatArray(),
                zeroPoints(node, zeroPoint, 1),
                Granularity.perTensor());
    }

    private static DType dtype(ImportNode node, int zeroPoint) {
        DType dtype = node.has(zeroPoint) ? node.constant(zeroPoint).dtype() : DType.U8;
        if (dtype != DType.U8 && dtype != DType.S8) {
            throw node.unsupported("codes of type " + dtype);
        }
        return dtype;
    }

    private static int[] zeroPoints(ImportNode node, int index, int count) {
        if (!node.has(index)) {
            return new int[count];
        }
        Tensor points = node.constant(index);
        int[] given = points.toIntArray();
        if (given.length == count) {
            return given;
        }
        if (given.length != 1) {
            throw new InvalidValueException(given.length + " zero points for " + count + " scales");
        }
        int[] all = new int[count];
        Arrays.fill(all, given[0]);
        return all;
    }

    /** Parameters of a constant of codes: one scale, or one an index of the axis. */
    private static AffineParams constantParams(ImportNode node, Tensor codes, int scale, int zeroPoint, long axis) {
        Tensor scales = node.constant(scale);
        DType dtype = codes.dtype();
        boolean perTensor = scales.elements() == 1
                && scales.shape().rank() <= 1
                && (codes.shape().rank() == 0
                        || scales.shape().rank() == 0
                        || codes.shape().dim(node.axis(axis, codes.shape().rank())) != 1);
        int count = (int) scales.elements();
        Granularity granularity = perTensor
                ? Granularity.perTensor()
                : Granularity.perChannel(node.axis(axis, codes.shape().rank()));
        if (dtype == DType.S32) {
            return new AffineParams(
                    dtype,
                    32,
                    Integer.MIN_VALUE,
                    Integer.MAX_VALUE,
                    scales.toFloatArray(),
                    zeroPoints(node, zeroPoint, count),
                    granularity);
        }
        if (dtype != DType.U8 && dtype != DType.S8) {
            throw node.unsupported("codes of type " + dtype);
        }
        return new AffineParams(
                dtype,
                8,
                dtype.min(),
                dtype.max(),
                scales.toFloatArray(),
                zeroPoints(node, zeroPoint, count),
                granularity);
    }

    /** The codes of a constant input with their parameters, as a constant of the graph. */
    private static String weight(ImportNode node, int index, int scale, int zeroPoint, long axis) {
        Tensor codes = node.constant(index);
        AffineParams params = constantParams(node, codes, scale, zeroPoint, axis);
        return node.constant("weight", new QuantizedTensor(codes.shape(), params, codes));
    }

    /** A value of codes that has these parameters. */
    private static String codes(ImportNode node, int index, AffineParams params) {
        String name = node.in(index);
        Value value = node.value(name);
        if (value.isQuantized() && value.quantization().equals(params)) {
            return name;
        }
        if (value.isConstant() && !value.isQuantized()) {
            return node.constant("codes", new QuantizedTensor(value.shape(), params, value.data()));
        }
        throw node.unsupported("value " + value + " with other parameters than " + params);
    }

    // ---- Borders

    private static void quantize(ImportNode node) {
        if (node.value(0).dtype() != DType.F32) {
            throw node.unsupported("QuantizeLinear of " + node.value(0).dtype());
        }
        if (node.getInt("block_size", 0) != 0) {
            throw node.unsupported("QuantizeLinear by blocks");
        }
        node.out(new Op.Quantize(), params(node, 1, 2), node.in(0));
    }

    private static void dequantize(ImportNode node) {
        if (WeightImports.dequantize(node)) {
            return;
        }
        if (node.getInt("block_size", 0) != 0) {
            throw node.unsupported("DequantizeLinear by blocks");
        }
        if (node.isConstant(0)) {
            Tensor codes = node.constant(0);
            AffineParams params = constantParams(node, codes, 1, 2, node.getInt("axis", 1));
            node.out(new Op.Dequantize(), node.constant("codes", new QuantizedTensor(codes.shape(), params, codes)));
            return;
        }
        Value x = node.value(0);
        if (x.isQuantized()) {
            AffineParams params = params(node, 1, 2);
            node.out(new Op.Dequantize(), codes(node, 0, params));
            return;
        }
        // Integers that are nobody's codes: the real numbers by the formula.
        Tensor scale = node.constant(1);
        if (scale.elements() != 1) {
            throw node.unsupported("DequantizeLinear of a value along an axis");
        }
        String real = node.add(new Pointwise.Cast(DType.F32), node.in(0));
        if (node.has(2) && zeroPoints(node, 2, 1)[0] != 0) {
            String zero = node.scalar("zero", DType.F32, zeroPoints(node, 2, 1)[0]);
            real = node.add(new Pointwise.Binary(Pointwise.Binary.Function.SUB), real, zero);
        }
        node.out(
                new Pointwise.Binary(Pointwise.Binary.Function.MUL),
                real,
                node.scalar("scale", DType.F32, scale.toFloatArray()[0]));
    }

    // ---- Operators on codes

    private static void conv(ImportNode node) {
        if (node.rank(0) != 4) {
            throw node.unsupported("QLinearConv of " + node.value(0));
        }
        String x = codes(node, 0, params(node, 1, 2));
        String w = weight(node, 3, 4, 5, 0);
        Windows windows = new Windows(node, node.value(x).shape(), node.value(w).shape());
        Op.Conv2d conv = new Op.Conv2d(windows.window(), Math.toIntExact(node.getInt("group", 1)), Activation.NONE);
        if (!node.has(8)) {
            node.out(conv, params(node, 6, 7), x, w);
            return;
        }
        float input = ((AffineParams) node.value(x).quantization()).scale(0);
        float[] scales = ((AffineParams) node.value(w).quantization()).scales();
        for (int i = 0; i < scales.length; i++) {
            scales[i] *= input;
        }
        Tensor bias = node.constant(8);
        node.out(
                conv,
                params(node, 6, 7),
                x,
                w,
                node.constant("bias", new QuantizedTensor(bias.shape(), AffineParams.bias(scales), bias)));
    }

    private static void add(ImportNode node) {
        String a = codes(node, 0, params(node, 1, 2));
        String b = codes(node, 3, params(node, 4, 5));
        boolean same = node.value(a).shape().equals(node.value(b).shape());
        Op op = same ? new Op.Add() : new Pointwise.Binary(Pointwise.Binary.Function.ADD);
        node.out(op, params(node, 6, 7), a, b);
    }

    private static void globalAverage(ImportNode node) {
        if (node.flag("channels_last") || node.rank(0) != 4) {
            throw node.unsupported(
                    "QLinearGlobalAveragePool of " + node.value(0) + " with channels last or of other ranks");
        }
        AffineParams to = params(node, 3, 4);
        String x = codes(node, 0, params(node, 1, 2));
        if (!node.value(x).quantization().equals(to)) {
            throw node.unsupported("QLinearGlobalAveragePool to another scale than "
                    + node.value(x).quantization());
        }
        node.out(new Op.AdaptiveAvgPool2d(1, 1), x);
    }
}

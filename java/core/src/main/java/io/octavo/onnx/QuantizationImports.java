package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.graph.Op;
import io.octavo.graph.Pointwise;
import io.octavo.graph.Reduction;
import io.octavo.graph.Value;
import io.octavo.internal.onnx.ElementType;
import io.octavo.internal.onnx.NodeDef;
import io.octavo.scheme.AffineParams;
import io.octavo.tensor.DType;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What makes codes of real numbers and the other way round. Where a file keeps a scale and a zero point beside a value, both constants,
 * the graph's value has them as its parameters.
 */
final class QuantizationImports {
    private static final String MICROSOFT = "com.microsoft.";
    private static final int[][] FIRST = {{0, 1, 2}};
    private static final int[][] TWO = {{0, 1, 2}, {3, 4, 5}};

    /** Where operators have codes, and the scale and zero point that belong to them. */
    private static final Map<String, int[][]> OPERANDS = Map.ofEntries(
            Map.entry("DequantizeLinear", FIRST),
            Map.entry(MICROSOFT + "DequantizeLinear", FIRST),
            Map.entry("QLinearConv", FIRST),
            Map.entry("QLinearMatMul", TWO),
            Map.entry(MICROSOFT + "QGemm", FIRST),
            Map.entry(MICROSOFT + "MatMulIntegerToFloat", new int[][] {{0, 2, 4}}),
            Map.entry(MICROSOFT + "QLinearAdd", TWO),
            Map.entry(MICROSOFT + "QLinearMul", TWO),
            Map.entry(MICROSOFT + "QLinearAveragePool", FIRST),
            Map.entry(MICROSOFT + "QLinearGlobalAveragePool", FIRST),
            Map.entry(MICROSOFT + "QLinearSigmoid", FIRST),
            Map.entry(MICROSOFT + "QLinearLeakyRelu", FIRST),
            Map.entry(MICROSOFT + "QLinearSoftmax", FIRST));

    private QuantizationImports() {}

    /**
     * The parameters that the first reader of a value gives its codes; null if none does, or they are not known before the nodes are
     * read.
     */
    static AffineParams paramsByReader(Importer importer, String value, DType dtype, List<NodeDef> nodes) {
        for (NodeDef node : nodes) {
            for (int[] operand : operands(node)) {
                if (node.hasInput(operand[0])
                        && node.inputs().get(operand[0]).equals(value)
                        && node.hasInput(operand[1])
                        && importer.isConstant(node.inputs().get(operand[1]))
                        && importer.constant(node.inputs().get(operand[1])).elements() == 1) {
                    int zeroPoint = 0;
                    if (node.hasInput(operand[2])) {
                        if (!importer.isConstant(node.inputs().get(operand[2]))
                                || importer.constant(node.inputs().get(operand[2]))
                                                .elements()
                                        != 1) {
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

    private static int[][] operands(NodeDef node) {
        String operator = node.domain().isEmpty() ? node.opType() : node.domain() + "." + node.opType();
        if (operator.equals(MICROSOFT + "QLinearConcat")) {
            int parts = (node.inputs().size() - 2) / 3;
            return IntStream.range(0, parts)
                    .mapToObj(i -> new int[] {3 * i + 2, 3 * i + 3, 3 * i + 4})
                    .toArray(int[][]::new);
        }
        return OPERANDS.getOrDefault(operator, new int[0][]);
    }

    static void addTo(Imports.Table table) {
        table.rows(QuantizationImports::quantize, "QuantizeLinear", MICROSOFT + "QuantizeLinear");
        table.rows(QuantizationImports::dequantize, "DequantizeLinear", MICROSOFT + "DequantizeLinear");
        table.row("DynamicQuantizeLinear", QuantizationImports::dynamic);
    }

    private static void quantize(ImportNode node) {
        String x = node.in(0);
        if (node.value(x).dtype() == DType.S32) {
            x = node.add(new Pointwise.Cast(DType.F32), x);
        }
        if (node.value(x).dtype() != DType.F32) {
            throw node.unsupported("QuantizeLinear of " + node.value(0).dtype());
        }
        CodeType type = node.has(2) ? node.codeType(2) : CodeType.of(ElementType.U8);
        if (!node.has(2) && node.getInt("output_dtype", 0) != 0) {
            ElementType named = elementType(node.getInt("output_dtype", 0));
            type = CodeType.of(named);
            if (type == null) {
                throw node.unsupported("codes of type " + named);
            }
        }
        if (type != null && type.bits() == 32) {
            throw node.unsupported("QuantizeLinear to codes of type S32");
        }
        Codes.made(node, 0, 1, 2, axis(node), node.getInt("block_size", 0), type)
                .quantized(x)
                .out(node);
    }

    private static ElementType elementType(long number) {
        for (ElementType type : ElementType.values()) {
            if (type.number() == number) {
                return type;
            }
        }
        throw new InvalidValueException("attribute \"output_dtype\" is " + number + ", which is no element type");
    }

    private static void dequantize(ImportNode node) {
        if (WeightImports.dequantize(node)) {
            return;
        }
        Codes.along(node, 0, 1, 2, axis(node), node.getInt("block_size", 0))
                .real()
                .out(node);
    }

    /** The axis of several parameters; -1 where one scale without a dimension says that there are none. */
    private static int axis(ImportNode node) {
        if (node.getInt("block_size", 0) < 0) {
            throw new InvalidValueException(
                    "attribute \"block_size\" is " + node.getInt("block_size", 0) + ", expected 0 or more");
        }
        int rank = node.rank(0);
        long axis = node.getInt("axis", 1);
        Value scale = node.value(1);
        boolean one = scale.shape().isKnown() && scale.shape().elements() == 1;
        boolean outside = axis >= rank || axis < -rank;
        return scale.shape().rank() == 0 || one && outside ? -1 : node.axis(axis, rank);
    }

    // ---- Parameters that follow from the numbers

    /** Codes of U8 with the scale and the zero point that were found for them, and this as a number. */
    record Found(String codes, String scale, String zeroPoint) {}

    private static void dynamic(ImportNode node) {
        Found found = dynamic(node, node.in(0));
        node.define(0, found.codes());
        node.define(1, found.scale());
        node.define(2, found.zeroPoint());
    }

    /**
     * By ONNX's formula: the scale is the range, widened to hold 0, by 255, the zero point the code of 0. Numbers that are all 0 have
     * the scale 1.
     */
    static Found dynamic(ImportNode node, String x) {
        if (node.value(x).dtype() != DType.F32) {
            throw node.unsupported(node.def().opType() + " of " + node.value(x).dtype());
        }
        Op min = new Pointwise.Binary(Pointwise.Binary.Function.MIN);
        Op max = new Pointwise.Binary(Pointwise.Binary.Function.MAX);
        Op round = new Pointwise.Unary(Pointwise.Unary.Function.ROUND);
        Op divide = new Pointwise.Binary(Pointwise.Binary.Function.DIV);
        Op subtract = new Pointwise.Binary(Pointwise.Binary.Function.SUB);
        String zero = node.scalar("zero", DType.F32, 0);
        String greatest = node.scalar("greatest", DType.F32, 255);
        String low = node.add(min, end(node, x, Reduction.Reduce.Kind.MIN), zero);
        String high = node.add(max, end(node, x, Reduction.Reduce.Kind.MAX), zero);
        String step = node.add(divide, node.add(subtract, high, low), greatest);
        String none = node.add(new Pointwise.Compare(Pointwise.Compare.Relation.EQUAL), step, zero);
        String scale = node.add(new Pointwise.Where(), none, node.scalar("one", DType.F32, 1), step);
        String below = node.add(divide, node.add(subtract, zero, low), scale);
        String point = node.add(round, node.add(min, below, greatest));
        String moved = node.add(
                new Pointwise.Binary(Pointwise.Binary.Function.ADD),
                node.add(round, node.add(divide, x, scale)),
                point);
        String within = node.add(min, node.add(max, moved, zero), greatest);
        Op code = new Pointwise.Cast(DType.U8);
        return new Found(node.add(code, within), scale, node.add(code, point));
    }

    private static String end(ImportNode node, String x, Reduction.Reduce.Kind kind) {
        List<Integer> axes =
                IntStream.range(0, node.value(x).shape().rank()).boxed().toList();
        return axes.isEmpty() ? x : node.add(new Reduction.Reduce(kind, axes, false), x);
    }
}

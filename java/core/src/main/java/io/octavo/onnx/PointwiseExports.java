package io.octavo.onnx;

import io.octavo.graph.Op;
import io.octavo.graph.OpTable;
import io.octavo.graph.Pointwise;
import io.octavo.graph.Pointwise.Binary;
import io.octavo.graph.Pointwise.Compare;
import io.octavo.graph.Pointwise.Unary;
import io.octavo.internal.onnx.Attribute;
import io.octavo.tensor.DType;
import java.util.Arrays;
import java.util.Map;

/**
 * Functions of one, two or three elements. What ONNX has not had for long is written by functions that it has had: a file should not
 * ask more of other programs than it must.
 */
final class PointwiseExports {
    private static final Map<Unary.Function, String> PLAIN = Map.ofEntries(
            Map.entry(Unary.Function.ABS, "Abs"),
            Map.entry(Unary.Function.NEG, "Neg"),
            Map.entry(Unary.Function.SIGN, "Sign"),
            Map.entry(Unary.Function.FLOOR, "Floor"),
            Map.entry(Unary.Function.CEIL, "Ceil"),
            Map.entry(Unary.Function.ROUND, "Round"),
            Map.entry(Unary.Function.RECIPROCAL, "Reciprocal"),
            Map.entry(Unary.Function.SQRT, "Sqrt"),
            Map.entry(Unary.Function.EXP, "Exp"),
            Map.entry(Unary.Function.LOG, "Log"),
            Map.entry(Unary.Function.ERF, "Erf"),
            Map.entry(Unary.Function.SIN, "Sin"),
            Map.entry(Unary.Function.COS, "Cos"),
            Map.entry(Unary.Function.TAN, "Tan"),
            Map.entry(Unary.Function.ASIN, "Asin"),
            Map.entry(Unary.Function.ACOS, "Acos"),
            Map.entry(Unary.Function.ATAN, "Atan"),
            Map.entry(Unary.Function.SINH, "Sinh"),
            Map.entry(Unary.Function.COSH, "Cosh"),
            Map.entry(Unary.Function.TANH, "Tanh"),
            Map.entry(Unary.Function.ASINH, "Asinh"),
            Map.entry(Unary.Function.ACOSH, "Acosh"),
            Map.entry(Unary.Function.ATANH, "Atanh"),
            Map.entry(Unary.Function.SIGMOID, "Sigmoid"),
            Map.entry(Unary.Function.SOFTPLUS, "Softplus"),
            Map.entry(Unary.Function.SOFTSIGN, "Softsign"),
            Map.entry(Unary.Function.NOT, "Not"),
            Map.entry(Unary.Function.IS_NAN, "IsNaN"));

    private static final Map<Binary.Function, String> PAIRS = Map.ofEntries(
            Map.entry(Binary.Function.ADD, "Add"),
            Map.entry(Binary.Function.SUB, "Sub"),
            Map.entry(Binary.Function.MUL, "Mul"),
            Map.entry(Binary.Function.DIV, "Div"),
            Map.entry(Binary.Function.POW, "Pow"),
            Map.entry(Binary.Function.MIN, "Min"),
            Map.entry(Binary.Function.MAX, "Max"),
            Map.entry(Binary.Function.AND, "And"),
            Map.entry(Binary.Function.OR, "Or"),
            Map.entry(Binary.Function.XOR, "Xor"));

    private static final Map<Compare.Relation, String> RELATIONS = Map.of(
            Compare.Relation.EQUAL, "Equal",
            Compare.Relation.LESS, "Less",
            Compare.Relation.LESS_OR_EQUAL, "LessOrEqual",
            Compare.Relation.GREATER, "Greater",
            Compare.Relation.GREATER_OR_EQUAL, "GreaterOrEqual");

    private PointwiseExports() {}

    static void addTo(OpTable.Builder<ExportNode, ExportNode> table) {
        table.row(Op.Clamp.class, (node, op) -> {
            node.exporter()
                    .activation(
                            node.node().name(),
                            op.activation(),
                            node.in(0),
                            node.exporter().target(node.node(), 0));
            return node;
        });
        table.row(Op.Add.class, (node, op) -> node.out(op.activation(), "Add", Attributes.NONE, node.ins()));
        table.row(Pointwise.Unary.class, PointwiseExports::unary);
        table.row(Pointwise.Binary.class, PointwiseExports::binary);
        table.row(Pointwise.Compare.class, (node, op) -> node.out(RELATIONS.get(op.relation()), wide(node, 0, 2)));
        table.row(Pointwise.Where.class, PointwiseExports::where);
        table.row(
                Pointwise.Cast.class,
                (node, op) -> node.out("Cast", Attributes.of("to", Exporter.type(op.to())), node.in(0)));
    }

    private static ExportNode unary(ExportNode node, Unary op) {
        String x = node.in(0);
        String plain = PLAIN.get(op.function());
        if (plain != null) {
            boolean unsigned = !node.value(0).isQuantized() && node.dtype(0) == DType.U8;
            return unsigned ? narrowed(node, plain, wide(node, 0, 1)) : node.out(plain, x);
        }
        return switch (op.function()) {
            case HARD_SIGMOID ->
                node.out(
                        "HardSigmoid",
                        new Attributes()
                                .put("alpha", op.alpha())
                                .put("beta", op.beta())
                                .map(),
                        x);
            case HARD_SWISH -> node.needs(14).out("HardSwish", x);
            case MISH -> node.needs(18).out("Mish", x);
            case GELU -> gelu(node, "none");
            case GELU_TANH -> gelu(node, "tanh");
            case SWISH -> swish(node, op.alpha());
            case LEAKY_RELU -> node.out("LeakyRelu", Attributes.of("alpha", op.alpha()), x);
            case THRESHOLDED_RELU -> node.out("ThresholdedRelu", Attributes.of("alpha", op.alpha()), x);
            case ELU -> node.out("Elu", Attributes.of("alpha", op.alpha()), x);
            case CELU -> node.out("Celu", Attributes.of("alpha", op.alpha()), x);
            case SELU ->
                node.out(
                        "Selu",
                        new Attributes()
                                .put("alpha", op.alpha())
                                .put("gamma", op.beta())
                                .map(),
                        x);
            case SHRINK ->
                node.out(
                        "Shrink",
                        new Attributes()
                                .put("lambd", op.alpha())
                                .put("bias", op.beta())
                                .map(),
                        x);
            case IS_INF ->
                node.out(
                        "IsInf",
                        new Attributes()
                                .put("detect_negative", op.alpha() != 0)
                                .put("detect_positive", op.beta() != 0)
                                .map(),
                        x);
            default -> throw new IllegalStateException(op.function() + " is written nowhere");
        };
    }

    private static ExportNode gelu(ExportNode node, String approximate) {
        return node.needs(20)
                .out("Gelu", new Attributes().put("approximate", approximate).map(), node.in(0));
    }

    private static ExportNode swish(ExportNode node, float alpha) {
        String x = node.in(0);
        String scaled = alpha == 1 ? x : node.add("scaled", "Mul", x, node.number("alpha", alpha));
        return node.out("Mul", x, node.add("sigmoid", "Sigmoid", scaled));
    }

    private static ExportNode binary(ExportNode node, Binary op) {
        String plain = PAIRS.get(op.function());
        if (plain != null) {
            return isByte(node, 0) ? narrowed(node, plain, wide(node, 0, 2)) : node.out(plain, node.ins());
        }
        String a = node.in(0);
        String b = node.in(1);
        return switch (op.function()) {
            case FMOD -> node.out("Mod", Attributes.of("fmod", 1), a, b);
            case MOD -> {
                if (node.dtype(0) != DType.F32 && !node.value(0).isQuantized()) {
                    yield node.out("Mod", a, b);
                }
                // Of real numbers ONNX has the other remainder alone, which is one b away where the signs differ.
                String rest = node.add("rest", "Mod", Attributes.of("fmod", 1), a, b);
                String sides = node.add("sides", "Mul", rest, b);
                String differ = node.add("differ", "Less", sides, node.number("zero", 0));
                yield node.out("Where", differ, node.add("raised", "Add", rest, b), rest);
            }
            case PRELU -> {
                if (node.result().shape().equals(node.shape(0))) {
                    yield node.out("PRelu", a, b);
                }
                // The slope alone is broadcast in ONNX.
                String below = node.add("below", "Less", a, node.number("zero", 0));
                yield node.out("Where", below, node.add("scaled", "Mul", a, b), a);
            }
            default -> throw new IllegalStateException(op.function() + " is written nowhere");
        };
    }

    private static ExportNode where(ExportNode node, Pointwise.Where op) {
        boolean narrow = isByte(node, 1) || node.dtype(1) == DType.BOOL;
        if (!narrow) {
            return node.out("Where", node.ins());
        }
        String a = node.cast("a", node.in(1), DType.S32);
        String b = node.cast("b", node.in(2), DType.S32);
        return narrowed(node, "Where", node.in(0), a, b);
    }

    // ---- Bytes, for which few programs have arithmetic: they are computed as S32

    private static boolean isByte(ExportNode node, int index) {
        boolean number = !node.value(index).isQuantized();
        return number && (node.dtype(index) == DType.U8 || node.dtype(index) == DType.S8);
    }

    private static String[] wide(ExportNode node, int from, int to) {
        String[] operands = Arrays.copyOfRange(node.ins(), from, to);
        for (int i = from; i < to; i++) {
            if (isByte(node, i)) {
                operands[i - from] = node.cast("wide" + i, operands[i - from], DType.S32);
            }
        }
        return operands;
    }

    /** Computes in S32 and gives the type of the result. */
    private static ExportNode narrowed(ExportNode node, String type, String... operands) {
        String wide = node.main(type, Attributes.NONE, operands);
        Map<String, Attribute> to =
                Attributes.of("to", Exporter.type(node.result().dtype()));
        return node.last("narrow", "Cast", to, wide);
    }
}

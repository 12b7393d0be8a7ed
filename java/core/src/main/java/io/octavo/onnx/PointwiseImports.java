package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.graph.Activation;
import io.octavo.graph.Movement;
import io.octavo.graph.Op;
import io.octavo.graph.Pointwise;
import io.octavo.graph.Pointwise.Binary;
import io.octavo.graph.Pointwise.Compare;
import io.octavo.graph.Pointwise.Unary;
import io.octavo.graph.Value;
import io.octavo.internal.onnx.ElementType;
import io.octavo.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Functions of one, two or three elements. */
final class PointwiseImports {
    private static final Map<String, Unary.Function> PLAIN = Map.ofEntries(
            Map.entry("Abs", Unary.Function.ABS),
            Map.entry("Neg", Unary.Function.NEG),
            Map.entry("Sign", Unary.Function.SIGN),
            Map.entry("Floor", Unary.Function.FLOOR),
            Map.entry("Ceil", Unary.Function.CEIL),
            Map.entry("Round", Unary.Function.ROUND),
            Map.entry("Reciprocal", Unary.Function.RECIPROCAL),
            Map.entry("Sqrt", Unary.Function.SQRT),
            Map.entry("Exp", Unary.Function.EXP),
            Map.entry("Log", Unary.Function.LOG),
            Map.entry("Erf", Unary.Function.ERF),
            Map.entry("Sin", Unary.Function.SIN),
            Map.entry("Cos", Unary.Function.COS),
            Map.entry("Tan", Unary.Function.TAN),
            Map.entry("Asin", Unary.Function.ASIN),
            Map.entry("Acos", Unary.Function.ACOS),
            Map.entry("Atan", Unary.Function.ATAN),
            Map.entry("Sinh", Unary.Function.SINH),
            Map.entry("Cosh", Unary.Function.COSH),
            Map.entry("Tanh", Unary.Function.TANH),
            Map.entry("Asinh", Unary.Function.ASINH),
            Map.entry("Acosh", Unary.Function.ACOSH),
            Map.entry("Atanh", Unary.Function.ATANH),
            Map.entry("Sigmoid", Unary.Function.SIGMOID),
            Map.entry("HardSwish", Unary.Function.HARD_SWISH),
            Map.entry("Mish", Unary.Function.MISH),
            Map.entry("Softplus", Unary.Function.SOFTPLUS),
            Map.entry("Softsign", Unary.Function.SOFTSIGN),
            Map.entry("Not", Unary.Function.NOT),
            Map.entry("IsNaN", Unary.Function.IS_NAN));

    private static final Map<String, Binary.Function> PAIRS = Map.of(
            "Sub", Binary.Function.SUB,
            "Mul", Binary.Function.MUL,
            "Div", Binary.Function.DIV,
            "PRelu", Binary.Function.PRELU,
            "And", Binary.Function.AND,
            "Or", Binary.Function.OR,
            "Xor", Binary.Function.XOR);

    private static final Map<String, Compare.Relation> RELATIONS = Map.of(
            "Equal", Compare.Relation.EQUAL,
            "Less", Compare.Relation.LESS,
            "LessOrEqual", Compare.Relation.LESS_OR_EQUAL,
            "Greater", Compare.Relation.GREATER,
            "GreaterOrEqual", Compare.Relation.GREATER_OR_EQUAL);

    private PointwiseImports() {}

    static void addTo(Imports.Table table) {
        PLAIN.forEach((name, function) -> table.row(name, node -> node.out(new Unary(function), node.in(0))));
        PAIRS.forEach((name, function) -> table.row(name, node -> binary(node, function)));
        RELATIONS.forEach(
                (name, relation) -> table.row(name, node -> node.out(new Compare(relation), node.in(0), second(node))));
        table.row("Add", PointwiseImports::add);
        table.row("Pow", PointwiseImports::pow);
        table.row("Mod", node -> binary(node, node.flag("fmod") ? Binary.Function.FMOD : Binary.Function.MOD));
        table.row("Sum", node -> all(node, Binary.Function.ADD));
        table.row("Max", node -> all(node, Binary.Function.MAX));
        table.row("Min", node -> all(node, Binary.Function.MIN));
        table.row("Mean", PointwiseImports::mean);
        table.row("Where", node -> node.out(new Pointwise.Where(), node.in(0), node.in(1), node.in(2)));
        table.row("Cast", PointwiseImports::cast);
        table.row("CastLike", node -> node.out(new Pointwise.Cast(node.value(1).dtype()), node.in(0)));
        table.row("Relu", PointwiseImports::relu);
        table.row("Clip", PointwiseImports::clip);
        unary(table, "LeakyRelu", Unary.Function.LEAKY_RELU, 0.01f);
        unary(table, "ThresholdedRelu", Unary.Function.THRESHOLDED_RELU, 1);
        unary(table, "Elu", Unary.Function.ELU, 1);
        unary(table, "Celu", Unary.Function.CELU, 1);
        unary(table, "Swish", Unary.Function.SWISH, 1);
        table.row(
                "Selu",
                node -> node.out(
                        new Unary(
                                Unary.Function.SELU,
                                node.getFloat("alpha", 1.67326319217681884765625f),
                                node.getFloat("gamma", 1.05070102214813232421875f)),
                        node.in(0)));
        table.row(
                "HardSigmoid",
                node -> node.out(
                        new Unary(
                                Unary.Function.HARD_SIGMOID, node.getFloat("alpha", 0.2f), node.getFloat("beta", 0.5f)),
                        node.in(0)));
        table.row(
                "Shrink",
                node -> node.out(
                        new Unary(Unary.Function.SHRINK, node.getFloat("lambd", 0.5f), node.getFloat("bias", 0)),
                        node.in(0)));
        table.row(
                "IsInf",
                node -> node.out(
                        new Unary(
                                Unary.Function.IS_INF,
                                node.getInt("detect_negative", 1) != 0 ? 1 : 0,
                                node.getInt("detect_positive", 1) != 0 ? 1 : 0),
                        node.in(0)));
        table.rows(PointwiseImports::gelu, "Gelu", "com.microsoft.Gelu");
        table.row("com.microsoft.FastGelu", PointwiseImports::fastGelu);
        table.row(
                "com.microsoft.QuickGelu",
                node -> node.out(new Unary(Unary.Function.SWISH, node.getFloat("alpha", 1.702f), 0), node.in(0)));
    }

    private static void unary(Imports.Table table, String name, Unary.Function function, float alpha) {
        table.row(name, node -> node.out(new Unary(function, node.getFloat("alpha", alpha), 0), node.in(0)));
    }

    private static void binary(ImportNode node, Binary.Function function) {
        node.out(new Binary(function), node.in(0), second(node));
    }

    /**
     * The second operand. Up to opset 6 its dimensions are those of the first operand from "axis" on, the last ones without it; those of
     * PRelu are its channels.
     */
    private static String second(ImportNode node) {
        boolean channels = node.def().opType().equals("PRelu");
        if (node.opset() >= 7 || !node.def().has("axis") && !channels || node.rank(1) == 0) {
            return node.in(1);
        }
        int rank = node.rank(0);
        int axis = channels ? Math.min(1, rank - 1) : node.axis(node.getInt("axis", 0), rank);
        boolean one = node.rank(1) == 1 && node.value(1).shape().dim(0) == 1;
        List<Movement.Reshape.Part> parts = new ArrayList<>(ImportNode.dims(0, node.rank(1)));
        for (int i = axis + node.rank(1); i < rank && !one; i++) {
            parts.add(ImportNode.one());
        }
        return parts.size() == node.rank(1) ? node.in(1) : node.reshape(node.in(1), parts);
    }

    private static void add(ImportNode node) {
        Value a = node.value(0);
        Value b = node.value(second(node));
        boolean same = a.shape().equals(b.shape())
                && a.dtype() == DType.F32
                && b.dtype() == DType.F32
                && a.shape().rank() > 1
                && !a.isConstant()
                && !b.isConstant();
        node.out(same ? new Op.Add() : new Binary(Binary.Function.ADD), a.name(), b.name());
    }

    private static void pow(ImportNode node) {
        DType dtype = node.value(0).dtype();
        String second = second(node);
        DType exponents = node.value(second).dtype();
        Op pow = new Binary(Binary.Function.POW);
        if (exponents == dtype) {
            node.out(pow, node.in(0), second);
        } else if (exponents == DType.F32) {
            Op real = new Pointwise.Cast(DType.F32);
            node.out(new Pointwise.Cast(dtype), node.add(pow, node.add(real, node.in(0)), second));
        } else {
            node.out(pow, node.in(0), node.add(new Pointwise.Cast(dtype), second));
        }
    }

    private static void all(ImportNode node, Binary.Function function) {
        int count = node.inputs();
        if (count == 1) {
            node.same(0);
            return;
        }
        String so = node.in(0);
        for (int i = 1; i < count - 1; i++) {
            so = node.add(new Binary(function), so, node.in(i));
        }
        node.out(new Binary(function), so, node.in(count - 1));
    }

    private static void mean(ImportNode node) {
        int count = node.inputs();
        String so = node.in(0);
        for (int i = 1; i < count; i++) {
            so = node.add(new Binary(Binary.Function.ADD), so, node.in(i));
        }
        node.out(new Binary(Binary.Function.DIV), so, node.scalar("count", DType.F32, count));
    }

    /** The element type of a number, of those that tensors hold. */
    static ElementType elementType(ImportNode node, long number) {
        for (ElementType type : ElementType.values()) {
            if (type.number() == number && type != ElementType.UNDEFINED) {
                if (type.dtype() == null) {
                    throw node.unsupported(node.def().opType() + " to " + type);
                }
                return type;
            }
        }
        throw new InvalidValueException("element type " + number + " is none");
    }

    private static void cast(ImportNode node) {
        ElementType type = elementType(node, node.requiredInt("to"));
        DType to = type.dtype();
        if (type.isInteger() && type.bits() < 8) {
            fewBits(node, type);
            return;
        }
        if (type.isInteger() && type.bits() != to.bytes() * 8) {
            throw node.unsupported("Cast to " + type);
        }
        if (to == node.value(0).dtype()) {
            node.same(0);
        } else {
            node.out(new Pointwise.Cast(to), node.in(0));
        }
    }

    /** To integers of 2 or 4 bits, one a byte: towards 0, and what does not fit wraps. */
    private static void fewBits(ImportNode node, ElementType type) {
        double levels = 1 << type.bits();
        double below = type == ElementType.S4 || type == ElementType.S2 ? levels / 2 : 0;
        String whole = node.value(0).dtype() == DType.S32
                ? node.in(0)
                : node.add(new Pointwise.Cast(DType.S32), node.add(new Pointwise.Cast(DType.S64), node.in(0)));
        String least = node.scalar("least", DType.S32, below);
        String raised = node.add(new Binary(Binary.Function.ADD), whole, least);
        String wrapped = node.add(new Binary(Binary.Function.MOD), raised, node.scalar("levels", DType.S32, levels));
        String number = node.add(new Binary(Binary.Function.SUB), wrapped, least);
        node.out(new Pointwise.Cast(type.dtype()), number);
    }

    private static void relu(ImportNode node) {
        DType dtype = node.value(0).dtype();
        if (dtype == DType.F32) {
            node.out(new Op.Clamp(Activation.RELU), node.in(0));
        } else {
            node.out(new Binary(Binary.Function.MAX), node.in(0), node.scalar("zero", dtype, 0));
        }
    }

    private static void clip(ImportNode node) {
        DType dtype = node.value(0).dtype();
        boolean attributes = node.opset() < 11;
        boolean known = dtype == DType.F32
                && (attributes || (!node.has(1) || node.isConstant(1)) && (!node.has(2) || node.isConstant(2)));
        if (known) {
            float low = attributes
                    ? node.getFloat("min", -Float.MAX_VALUE)
                    : node.has(1) ? node.number(1) : -Float.MAX_VALUE;
            float high =
                    attributes ? node.getFloat("max", Float.MAX_VALUE) : node.has(2) ? node.number(2) : Float.MAX_VALUE;
            clamp(node, low, high);
            return;
        }
        if (!node.has(1) && !node.has(2)) {
            node.same(0);
            return;
        }
        Op max = new Binary(Binary.Function.MAX);
        Op min = new Binary(Binary.Function.MIN);
        if (!node.has(2)) {
            node.out(max, node.in(0), node.in(1));
        } else {
            node.out(min, node.has(1) ? node.add(max, node.in(0), node.in(1)) : node.in(0), node.in(2));
        }
    }

    /** To bounds that may be those of the type, which are none. */
    private static void clamp(ImportNode node, float low, float high) {
        boolean below = low > -Float.MAX_VALUE;
        boolean above = high < Float.MAX_VALUE;
        if (below && above && low <= high) {
            node.out(new Op.Clamp(Activation.clamp(low, high)), node.in(0));
        } else if (low == 0 && !above) {
            node.out(new Op.Clamp(Activation.RELU), node.in(0));
        } else if (below && above) {
            // Bounds that cross: the upper one, where there is a number.
            String raised = node.add(new Binary(Binary.Function.MAX), node.in(0), node.scalar("min", DType.F32, low));
            node.out(new Binary(Binary.Function.MIN), raised, node.scalar("max", DType.F32, high));
        } else if (below) {
            node.out(new Binary(Binary.Function.MAX), node.in(0), node.scalar("min", DType.F32, low));
        } else if (above) {
            node.out(new Binary(Binary.Function.MIN), node.in(0), node.scalar("max", DType.F32, high));
        } else {
            node.same(0);
        }
    }

    private static void gelu(ImportNode node) {
        String approximate = node.def().getString("approximate", "none");
        switch (approximate) {
            case "none" -> node.out(new Unary(Unary.Function.GELU), node.in(0));
            case "tanh" -> node.out(new Unary(Unary.Function.GELU_TANH), node.in(0));
            default -> throw new InvalidValueException("attribute \"approximate\" is \"" + approximate + "\"");
        }
    }

    private static void fastGelu(ImportNode node) {
        String x = node.has(1) ? node.add(new Binary(Binary.Function.ADD), node.in(0), node.in(1)) : node.in(0);
        node.out(new Unary(Unary.Function.GELU_TANH), x);
    }
}

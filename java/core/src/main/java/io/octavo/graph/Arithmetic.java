package io.octavo.graph;

import io.octavo.graph.Pointwise.Binary;
import io.octavo.graph.Pointwise.Unary;
import io.octavo.tensor.DType;

/** Functions of a number and a constant that are simpler ones: powers, bounds, quotients, and what changes nothing. */
final class Arithmetic {
    private Arithmetic() {}

    static boolean apply(Rewriting graph, Node node) {
        if (!(node.op() instanceof Binary binary)
                || graph.value(node.output()).dtype() != DType.F32
                || graph.value(node.output()).isQuantized()) {
            return false;
        }
        String x = node.input(0);
        String y = node.input(1);
        return switch (binary.function()) {
            case ADD -> neutral(graph, node, x, y, 0) || neutral(graph, node, y, x, 0) || sameShapes(graph, node);
            case SUB -> neutral(graph, node, x, y, 0) || difference(graph, node);
            case MUL -> neutral(graph, node, x, y, 1) || neutral(graph, node, y, x, 1);
            case DIV -> neutral(graph, node, x, y, 1) || quotient(graph, node);
            case POW -> power(graph, node);
            case MAX -> bound(graph, node, x, y, true) || bound(graph, node, y, x, true);
            case MIN -> bound(graph, node, x, y, false) || bound(graph, node, y, x, false);
            default -> false;
        };
    }

    /** A number that leaves every other as it is. */
    private static boolean neutral(Rewriting graph, Node node, String x, String constant, float number) {
        return graph.scalar(constant) == number && graph.alike(x, node.output()) && graph.bypass(node, x);
    }

    /** A sum of two values of one shape. */
    private static boolean sameShapes(Rewriting graph, Node node) {
        boolean same = graph.alike(node.input(0), node.input(1))
                && graph.value(node.output()).shape().rank() > 1
                && !graph.value(node.input(0)).isConstant()
                && !graph.value(node.input(1)).isConstant();
        return same && graph.replace(node, new Op.Add(), node.input(0), node.input(1));
    }

    /** {@code x - c} is {@code x + -c}, to the bit. */
    private static boolean difference(Rewriting graph, Node node) {
        String c = node.input(1);
        if (!graph.isConstant(c) || graph.isConstant(node.input(0))) {
            return false;
        }
        String negative =
                graph.constant(c + ".negative", Constants.scaled(graph.value(c).data(), -1));
        return graph.replace(node, new Binary(Binary.Function.ADD), node.input(0), negative);
    }

    /** {@code 1 / x}, and {@code x / 2^n}, which is {@code x · 2^-n} to the bit. */
    private static boolean quotient(Rewriting graph, Node node) {
        if (graph.scalar(node.input(0)) == 1 && graph.alike(node.input(1), node.output())) {
            return graph.replace(node, new Unary(Unary.Function.RECIPROCAL), node.input(1));
        }
        float divisor = graph.scalar(node.input(1));
        boolean exact = !Float.isNaN(divisor)
                && divisor != 0
                && Math.abs(divisor) == Math.scalb(1f, Math.getExponent(divisor))
                && Math.abs(Math.getExponent(divisor)) < Float.MAX_EXPONENT;
        if (!exact || graph.isConstant(node.input(0))) {
            return false;
        }
        String factor = graph.constant(
                node.input(1) + ".reciprocal",
                Constants.shaped(
                        new float[] {1 / divisor}, graph.value(node.input(1)).shape()));
        return graph.replace(node, new Binary(Binary.Function.MUL), node.input(0), factor);
    }

    private static boolean power(Rewriting graph, Node node) {
        String x = node.input(0);
        float exponent = graph.scalar(node.input(1));
        if (Float.isNaN(exponent) || !graph.alike(x, node.output()) || graph.isConstant(x)) {
            return false;
        }
        Op times = new Binary(Binary.Function.MUL);
        if (exponent == 1) {
            return graph.bypass(node, x);
        } else if (exponent == 2) {
            return graph.replace(node, times, x, x);
        } else if (exponent == 3) {
            return graph.replace(node, times, graph.add(node.name() + ".square", times, x, x), x);
        } else if (exponent == 0.5f) {
            return graph.replace(node, new Unary(Unary.Function.SQRT), x);
        } else if (exponent == -1) {
            return graph.replace(node, new Unary(Unary.Function.RECIPROCAL), x);
        } else if (exponent == -0.5f) {
            String root = graph.add(node.name() + ".root", new Unary(Unary.Function.SQRT), x);
            return graph.replace(node, new Unary(Unary.Function.RECIPROCAL), root);
        }
        return false;
    }

    /** Bounds on both sides, or 0 below, are an activation. */
    private static boolean bound(Rewriting graph, Node node, String x, String constant, boolean below) {
        float number = graph.scalar(constant);
        if (!Float.isFinite(number) || !graph.alike(x, node.output())) {
            return false;
        }
        Node inner = graph.sole(x);
        if (inner != null && inner.op() instanceof Op.Clamp clamp) {
            Activation bounds = clamp.activation();
            boolean fits = below ? number <= bounds.max() : number >= bounds.min();
            float low = below ? Math.max(number, bounds.min()) : bounds.min();
            float high = below ? bounds.max() : Math.min(number, bounds.max());
            boolean finite = Float.isFinite(low) && Float.isFinite(high);
            if (fits && finite) {
                return graph.replace(node, new Op.Clamp(Activation.clamp(low, high)), inner.input(0));
            }
        }
        if (inner != null && inner.op() instanceof Binary binary) {
            boolean other = binary.function() == (below ? Binary.Function.MIN : Binary.Function.MAX);
            for (int i = 0; other && i < 2; i++) {
                float bound = graph.scalar(inner.input(i));
                float low = below ? number : bound;
                float high = below ? bound : number;
                if (Float.isFinite(bound) && low <= high && graph.alike(inner.input(1 - i), node.output())) {
                    return graph.replace(node, new Op.Clamp(Activation.clamp(low, high)), inner.input(1 - i));
                }
            }
        }
        return below && number == 0 && graph.replace(node, new Op.Clamp(Activation.RELU), x);
    }
}

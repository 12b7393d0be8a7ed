package io.octavo.graph;

import io.octavo.graph.Pointwise.Binary;
import io.octavo.graph.Pointwise.Unary;
import java.util.ArrayList;
import java.util.List;

/** Functions of one number that are written out as sums, products and simpler functions. */
final class Activations {
    private static final double GELU_SLOPE = Math.sqrt(2 / Math.PI);
    private static final double GELU_CUBE = 0.044715;
    private static final int DEPTH = 4;

    private Activations() {}

    /** {@code factor · the product of parts}, inner values read by nobody else. */
    private record Product(double factor, List<String> parts) {}

    static boolean apply(Rewriting graph, Node node) {
        if (graph.value(node.output()).isQuantized()) {
            return false;
        }
        Unary found = null;
        String x = null;
        if (node.op() instanceof Binary binary) {
            switch (binary.function()) {
                case MUL, DIV -> {
                    return product(graph, node);
                }
                case ADD -> {
                    return rectified(graph, node);
                }
                case MAX -> {
                    return leaky(graph, node);
                }
                default -> {}
            }
        } else if (node.op() instanceof Op.Add add && add.activation().isNone()) {
            return rectified(graph, node);
        } else if (node.op() instanceof Op.Clamp clamp && clamp.activation().equals(Activation.clamp(0, 1))) {
            Polynomial.Line line = Polynomial.line(graph, node.input(0));
            if (line.factor() != 1 && !Folding.takesFactors(graph, line.x())) {
                x = line.x();
                found = new Unary(Unary.Function.HARD_SIGMOID, (float) line.factor(), (float) line.offset());
            }
        } else if (node.op() instanceof Unary unary) {
            switch (unary.function()) {
                case RECIPROCAL -> {
                    x = logistic(graph, node.input(0));
                    found = new Unary(Unary.Function.SIGMOID);
                }
                case LOG -> {
                    x = onePlusExp(graph, node.input(0), 1);
                    found = new Unary(Unary.Function.SOFTPLUS);
                }
                default -> {}
            }
        }
        return found != null && x != null && graph.alike(x, node.output()) && graph.replace(node, found, x);
    }

    // ---- Products

    private static boolean product(Rewriting graph, Node node) {
        List<String> parts = new ArrayList<>();
        double factor = collect(graph, node, parts, DEPTH);
        if (parts.size() == 1) {
            Unary found = scaled(graph, node, factor, parts.get(0));
            return found != null;
        }
        for (int i = 0; i < 2 && parts.size() == 2; i++) {
            String x = parts.get(i);
            Unary found = gated(graph, factor, x, parts.get(1 - i));
            if (found != null && graph.alike(x, node.output())) {
                return graph.replace(node, found, x);
            }
        }
        return false;
    }

    /** Adds what a product is made of to a list, up to three parts, and gives the numbers' product. */
    private static double collect(Rewriting graph, Node node, List<String> parts, int depth) {
        boolean divides = ((Binary) node.op()).function() == Binary.Function.DIV;
        double right = graph.scalar(node.input(1));
        if (divides) {
            return Double.isNaN(right) ? unknown(node, parts) : operand(graph, node.input(0), parts, depth) / right;
        }
        return operand(graph, node.input(0), parts, depth) * operand(graph, node.input(1), parts, depth);
    }

    private static double unknown(Node node, List<String> parts) {
        parts.add(node.output());
        return 1;
    }

    private static double operand(Rewriting graph, String value, List<String> parts, int depth) {
        double number = graph.scalar(value);
        if (!Double.isNaN(number)) {
            return number;
        }
        Node node = depth > 0 && parts.size() < 3 ? graph.sole(value) : null;
        boolean inner = node != null
                && node.op() instanceof Binary binary
                && (binary.function() == Binary.Function.MUL
                        || binary.function() == Binary.Function.DIV && !Float.isNaN(graph.scalar(node.input(1))));
        if (inner) {
            return collect(graph, node, parts, depth - 1);
        }
        parts.add(value);
        return 1;
    }

    /** {@code clamp(a·x + b, 0, m) / m}. */
    private static Unary scaled(Rewriting graph, Node node, double factor, String part) {
        Node clamp = graph.sole(part);
        if (clamp == null
                || !(clamp.op() instanceof Op.Clamp op)
                || op.activation().min() != 0
                || !Polynomial.isAbout(factor * op.activation().max(), 1)) {
            return null;
        }
        Polynomial.Line line = Polynomial.line(graph, clamp.input(0));
        if (line.factor() == 1 && line.offset() == 0 || !graph.alike(line.x(), node.output())) {
            return null;
        }
        Unary found = new Unary(
                Unary.Function.HARD_SIGMOID, (float) (factor * line.factor()), (float) (factor * line.offset()));
        graph.replace(node, found, line.x());
        return found;
    }

    /** {@code factor · x · gate}, where the gate is made of x; null: none of those that are known. */
    private static Unary gated(Rewriting graph, double factor, String x, String gate) {
        Node node = graph.sole(gate);
        if (node == null) {
            return null;
        }
        boolean plain = Polynomial.isAbout(factor, 1);
        if (node.op() instanceof Op.Clamp clamp) {
            double[] line = Polynomial.of(graph, node.input(0), x);
            Activation bounds = clamp.activation();
            boolean hard = line != null
                    && bounds.min() == 0
                    && Polynomial.isAbout(factor * bounds.max(), 1)
                    && Polynomial.isAbout(line, 0.5 / factor, 1 / (6 * factor));
            return hard ? new Unary(Unary.Function.HARD_SWISH) : null;
        }
        if (plain && node.op() instanceof Unary unary) {
            switch (unary.function()) {
                case SIGMOID:
                    return logistic(Polynomial.of(graph, node.input(0), x));
                case HARD_SIGMOID:
                    boolean hard = node.input(0).equals(x)
                            && Polynomial.isAbout(unary.alpha(), 1 / 6d)
                            && Polynomial.isAbout(unary.beta(), 0.5);
                    return hard ? new Unary(Unary.Function.HARD_SWISH) : null;
                case TANH:
                    Node inner = graph.sole(node.input(0));
                    boolean mish = inner != null
                            && inner.op() instanceof Unary function
                            && function.function() == Unary.Function.SOFTPLUS
                            && inner.input(0).equals(x);
                    return mish ? new Unary(Unary.Function.MISH) : null;
                default:
                    return null;
            }
        }
        return halves(graph, factor, x, gate);
    }

    private static Unary logistic(double[] of) {
        if (of == null) {
            return null;
        }
        if (Polynomial.isAbout(of, 0, 2 * GELU_SLOPE, 0, 2 * GELU_SLOPE * GELU_CUBE)) {
            return new Unary(Unary.Function.GELU_TANH);
        }
        boolean line = of[0] == 0 && of[2] == 0 && of[3] == 0;
        return line ? new Unary(Unary.Function.SWISH, (float) of[1], 0) : null;
    }

    /** {@code factor · x · (a·f(x) + b)} that is {@code x · (1 + f(x)) / 2}. */
    private static Unary halves(Rewriting graph, double factor, String x, String gate) {
        Polynomial.Line line = Polynomial.line(graph, gate);
        Node node = graph.sole(line.x());
        if (node == null
                || !(node.op() instanceof Unary unary)
                || !Polynomial.isAbout(factor * line.factor(), 0.5)
                || !Polynomial.isAbout(factor * line.offset(), 0.5)) {
            return null;
        }
        double[] of = Polynomial.of(graph, node.input(0), x);
        if (unary.function() == Unary.Function.ERF && Polynomial.isAbout(of, 0, Math.sqrt(0.5))) {
            return new Unary(Unary.Function.GELU);
        }
        boolean tanh = unary.function() == Unary.Function.TANH
                && Polynomial.isAbout(of, 0, GELU_SLOPE, 0, GELU_SLOPE * GELU_CUBE);
        return tanh ? new Unary(Unary.Function.GELU_TANH) : null;
    }

    // ---- Exponentials

    /** The x of {@code 1 + e^-x}; null: it is something else. */
    private static String logistic(Rewriting graph, String value) {
        return onePlusExp(graph, value, -1);
    }

    /** The x of {@code 1 + e^(sign·x)}; null: it is something else. */
    private static String onePlusExp(Rewriting graph, String value, int sign) {
        Polynomial.Line sum = Polynomial.line(graph, value);
        Node exp = graph.sole(sum.x());
        if (exp == null
                || sum.factor() != 1
                || sum.offset() != 1
                || !(exp.op() instanceof Unary unary)
                || unary.function() != Unary.Function.EXP) {
            return null;
        }
        if (sign == 1) {
            return exp.input(0);
        }
        Node neg = graph.sole(exp.input(0));
        boolean negated = neg != null
                && (neg.op() instanceof Unary inner && inner.function() == Unary.Function.NEG
                        || neg.op() instanceof Binary binary
                                && binary.function() == Binary.Function.MUL
                                && graph.scalar(neg.input(1)) == -1);
        return negated ? neg.input(0) : null;
    }

    // ---- Two slopes

    /** {@code max(x, a·x)}. */
    private static boolean leaky(Rewriting graph, Node node) {
        for (int i = 0; i < 2; i++) {
            String x = node.input(i);
            double[] other = Polynomial.of(graph, node.input(1 - i), x);
            boolean fits = !graph.isConstant(x)
                    && other != null
                    && other[0] == 0
                    && other[2] == 0
                    && other[3] == 0
                    && other[1] > 0
                    && other[1] < 1
                    && graph.alike(x, node.output());
            if (fits) {
                return graph.replace(node, new Unary(Unary.Function.LEAKY_RELU, (float) other[1], 0), x);
            }
        }
        return false;
    }

    /** {@code relu(x) + c·relu(-x)}, which is PReLU with slopes -c. */
    private static boolean rectified(Rewriting graph, Node node) {
        for (int i = 0; i < 2; i++) {
            Node above = rectifier(graph, node.input(i));
            Node scaled = graph.sole(node.input(1 - i));
            if (above == null
                    || scaled == null
                    || !(scaled.op() instanceof Binary binary)
                    || binary.function() != Binary.Function.MUL) {
                continue;
            }
            for (int j = 0; j < 2; j++) {
                Node below = rectifier(graph, scaled.input(j));
                Node neg = below == null ? null : graph.sole(below.input(0));
                String slope = scaled.input(1 - j);
                boolean fits = neg != null
                        && graph.isConstant(slope)
                        && neg.op() instanceof Unary unary
                        && unary.function() == Unary.Function.NEG
                        && neg.input(0).equals(above.input(0))
                        && graph.alike(neg.input(0), node.output());
                if (fits) {
                    String slopes = graph.constant(
                            slope + ".negative",
                            Constants.scaled(graph.value(slope).data(), -1));
                    return graph.replace(node, new Binary(Binary.Function.PRELU), above.input(0), slopes);
                }
            }
        }
        return false;
    }

    private static Node rectifier(Rewriting graph, String value) {
        Node node = graph.sole(value);
        return node != null
                        && node.op() instanceof Op.Clamp clamp
                        && clamp.activation().equals(Activation.RELU)
                ? node
                : null;
    }
}

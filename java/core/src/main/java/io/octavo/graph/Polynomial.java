package io.octavo.graph;

import io.octavo.graph.Pointwise.Binary;
import io.octavo.graph.Pointwise.Unary;

/** Sums and products of one value and numbers, however a graph writes them. Inner values are read by nobody else. */
final class Polynomial {
    private static final int DEPTH = 6;
    private static final int DEGREE = 3;

    private Polynomial() {}

    /** A value that is {@code factor·x + offset}. */
    record Line(String x, double factor, double offset) {}

    /** The line that a value is; x may be the value itself. */
    static Line line(Rewriting graph, String value) {
        Line line = new Line(value, 1, 0);
        for (int i = 0; i < DEPTH; i++) {
            Line before = step(graph, line);
            if (before == null || !graph.alike(before.x, line.x)) {
                break;
            }
            line = before;
        }
        return line;
    }

    private static Line step(Rewriting graph, Line line) {
        Node node = graph.sole(line.x);
        if (node == null) {
            return null;
        }
        double a = line.factor;
        double b = line.offset;
        if (node.op() instanceof Unary unary && unary.function() == Unary.Function.NEG) {
            return new Line(node.input(0), -a, b);
        }
        if (!(node.op() instanceof Binary binary)) {
            return null;
        }
        double left = graph.scalar(node.input(0));
        double right = graph.scalar(node.input(1));
        if (Double.isNaN(left) == Double.isNaN(right)) {
            return null;
        }
        boolean first = Double.isNaN(right); // the number
        double number = first ? left : right;
        String x = node.input(first ? 1 : 0);
        return switch (binary.function()) {
            case ADD -> new Line(x, a, b + a * number);
            case SUB -> first ? new Line(x, -a, b + a * number) : new Line(x, a, b - a * number);
            case MUL -> new Line(x, a * number, b);
            case DIV -> first ? null : new Line(x, a / number, b);
            default -> null;
        };
    }

    /** Coefficients of 1, x, x^2 and x^3; null: a value is no such polynomial of x. */
    static double[] of(Rewriting graph, String value, String x) {
        return of(graph, value, x, DEPTH);
    }

    private static double[] of(Rewriting graph, String value, String x, int depth) {
        if (value.equals(x)) {
            return new double[] {0, 1, 0, 0};
        }
        double number = graph.scalar(value);
        if (!Double.isNaN(number)) {
            return new double[] {number, 0, 0, 0};
        }
        Node node = depth == 0 ? null : graph.sole(value);
        if (node == null || !graph.alike(value, x)) {
            return null;
        }
        if (node.op() instanceof Unary unary && unary.function() == Unary.Function.NEG) {
            return product(new double[] {-1, 0, 0, 0}, of(graph, node.input(0), x, depth - 1));
        }
        if (node.op() instanceof Op.Add add && add.activation().isNone()) {
            return sum(of(graph, node.input(0), x, depth - 1), of(graph, node.input(1), x, depth - 1), 1);
        }
        if (!(node.op() instanceof Binary binary)) {
            return null;
        }
        double[] a = of(graph, node.input(0), x, depth - 1);
        double[] b = of(graph, node.input(1), x, depth - 1);
        return switch (binary.function()) {
            case ADD -> sum(a, b, 1);
            case SUB -> sum(a, b, -1);
            case MUL -> product(a, b);
            case DIV -> isNumber(b) ? product(a, new double[] {1 / b[0], 0, 0, 0}) : null;
            case POW -> isNumber(b) ? power(a, b[0]) : null;
            default -> null;
        };
    }

    private static boolean isNumber(double[] a) {
        return a != null && a[1] == 0 && a[2] == 0 && a[3] == 0;
    }

    private static double[] sum(double[] a, double[] b, int sign) {
        if (a == null || b == null) {
            return null;
        }
        double[] sum = new double[DEGREE + 1];
        for (int i = 0; i <= DEGREE; i++) {
            sum[i] = a[i] + sign * b[i];
        }
        return sum;
    }

    private static double[] product(double[] a, double[] b) {
        if (a == null || b == null) {
            return null;
        }
        double[] product = new double[DEGREE + 1];
        for (int i = 0; i <= DEGREE; i++) {
            for (int j = 0; j <= DEGREE; j++) {
                if (a[i] * b[j] != 0) {
                    if (i + j > DEGREE) {
                        return null;
                    }
                    product[i + j] += a[i] * b[j];
                }
            }
        }
        return product;
    }

    private static double[] power(double[] a, double exponent) {
        double[] power = a;
        for (int i = 2; i <= exponent; i++) {
            power = product(power, a);
        }
        return exponent == 2 || exponent == 3 ? power : null;
    }

    /** Whether a number is the expected one but for the digits that files leave out. */
    static boolean isAbout(double found, double expected) {
        return Math.abs(found - expected) <= 1e-4 * Math.max(Math.abs(expected), 1e-3);
    }

    /** Whether coefficients are the expected ones but for such digits; null is none. */
    static boolean isAbout(double[] found, double... expected) {
        if (found == null) {
            return false;
        }
        for (int i = 0; i < found.length; i++) {
            if (!isAbout(found[i], i < expected.length ? expected[i] : 0)) {
                return false;
            }
        }
        return true;
    }
}

package io.octavo.graph;

import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;

/** What {@link Pointwise} operators compute. */
final class PointwiseReference {
    static final OpTable<Reference, Tensor> TABLE = OpTable.<Reference, Tensor>of("the reference", Pointwise.class)
            .row(Pointwise.Unary.class, PointwiseReference::unary)
            .row(Pointwise.Binary.class, PointwiseReference::binary)
            .row(Pointwise.Compare.class, PointwiseReference::compare)
            .row(Pointwise.Where.class, (node, op) -> where(node))
            .row(Pointwise.Cast.class, (node, op) -> cast(node))
            .build();

    private PointwiseReference() {}

    static Tensor output(Reference node, Pointwise op) {
        return TABLE.apply(node, op);
    }

    private static Tensor unary(Reference node, Pointwise.Unary op) {
        Elements x = node.elements(0);
        Elements y = node.zeros(0);
        for (int i = 0; i < y.count(); i++) {
            if (y.areReal()) {
                y.set(i, UnaryReference.of(op, x.real(i)));
            } else if (x.areReal()) {
                y.set(i, (long) UnaryReference.of(op, x.real(i)));
            } else {
                y.set(i, UnaryReference.of(op, x.whole(i)));
            }
        }
        return y.tensor();
    }

    private static Tensor binary(Reference node, Pointwise.Binary op) {
        Elements a = node.elements(0);
        Elements b = node.elements(1);
        Elements y = node.zeros(0);
        Places.forEach(y.shape(), (i, at) -> {
            int inA = Places.broadcast(at, a.shape());
            int inB = Places.broadcast(at, b.shape());
            if (y.areReal()) {
                y.set(i, of(op.function(), a.real(inA), b.real(inB)));
            } else {
                y.set(i, of(op.function(), a.whole(inA), b.whole(inB)));
            }
        });
        return y.tensor();
    }

    private static double of(Pointwise.Binary.Function function, double a, double b) {
        return switch (function) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> a / b;
            case POW -> Math.pow(a, b);
            case MIN -> Math.min(a, b);
            case MAX -> Math.max(a, b);
            case MOD -> {
                double rest = a % b;
                yield rest != 0 && rest < 0 != b < 0 ? rest + b : rest;
            }
            case FMOD -> a % b;
            case PRELU -> a < 0 ? a * b : a;
            case AND, OR, XOR -> throw new IllegalStateException(function + " of real numbers");
        };
    }

    static long of(Pointwise.Binary.Function function, long a, long b) {
        return switch (function) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> b == 0 ? 0 : a / b;
            case POW -> power(a, b);
            case MIN -> Math.min(a, b);
            case MAX -> Math.max(a, b);
            case MOD -> b == 0 ? 0 : Math.floorMod(a, b);
            case FMOD -> b == 0 ? 0 : a % b;
            case PRELU -> a < 0 ? a * b : a;
            case AND -> a & b;
            case OR -> a | b;
            case XOR -> a ^ b;
        };
    }

    /** A power that wraps; of negative exponents what is left towards 0, and 0 of 0. */
    private static long power(long base, long exponent) {
        if (exponent < 0) {
            return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
        }
        long power = 1;
        long square = base;
        for (long left = exponent; left > 0; left >>= 1) {
            power *= (left & 1) == 1 ? square : 1;
            square *= square;
        }
        return power;
    }

    private static Tensor compare(Reference node, Pointwise.Compare op) {
        Elements a = node.elements(0);
        Elements b = node.elements(1);
        Elements y = node.zeros(0);
        Places.forEach(y.shape(), (i, at) -> {
            int inA = Places.broadcast(at, a.shape());
            int inB = Places.broadcast(at, b.shape());
            boolean holds = a.areReal()
                    ? holds(op.relation(), a.real(inA), b.real(inB))
                    : holds(op.relation(), a.whole(inA), b.whole(inB));
            y.set(i, holds ? 1L : 0L);
        });
        return y.tensor();
    }

    private static boolean holds(Pointwise.Compare.Relation relation, double a, double b) {
        return switch (relation) {
            case EQUAL -> a == b;
            case LESS -> a < b;
            case LESS_OR_EQUAL -> a <= b;
            case GREATER -> a > b;
            case GREATER_OR_EQUAL -> a >= b;
        };
    }

    private static boolean holds(Pointwise.Compare.Relation relation, long a, long b) {
        return switch (relation) {
            case EQUAL -> a == b;
            case LESS -> a < b;
            case LESS_OR_EQUAL -> a <= b;
            case GREATER -> a > b;
            case GREATER_OR_EQUAL -> a >= b;
        };
    }

    private static Tensor where(Reference node) {
        Elements condition = node.elements(0);
        Elements a = node.elements(1);
        Elements b = node.elements(2);
        Elements y = node.zeros(0);
        Places.forEach(y.shape(), (i, at) -> {
            Elements chosen = condition.whole(Places.broadcast(at, condition.shape())) != 0 ? a : b;
            int from = Places.broadcast(at, chosen.shape());
            if (y.areReal()) {
                y.set(i, chosen.real(from));
            } else {
                y.set(i, chosen.whole(from));
            }
        });
        return y.tensor();
    }

    private static Tensor cast(Reference node) {
        Elements x = node.elements(0);
        Elements y = node.zeros(0);
        for (int i = 0; i < y.count(); i++) {
            if (y.areReal()) {
                y.set(i, x.areReal() ? x.real(i) : toFloat(x.whole(i)));
            } else if (y.dtype() == DType.BOOL) {
                y.set(i, (x.areReal() ? x.real(i) != 0 : x.whole(i) != 0) ? 1L : 0L);
            } else {
                y.set(i, x.areReal() ? toLong(x.real(i)) : x.whole(i));
            }
        }
        return y.tensor();
    }

    /** Rounded once, not to double first. */
    private static double toFloat(long x) {
        return (float) x;
    }

    /** Towards 0; what 64 bits do not hold, and NaN, is the least number, as the processor has it. */
    private static long toLong(double x) {
        return x >= -0x1p63 && x < 0x1p63 ? (long) x : Long.MIN_VALUE;
    }

    /** {@link Op.Clamp}. */
    static Tensor clamp(Reference node, Activation activation) {
        Elements x = node.elements(0);
        Elements y = node.zeros(0);
        for (int i = 0; i < y.count(); i++) {
            y.set(i, activate(x.real(i), activation));
        }
        return y.tensor();
    }

    /** {@link Op.Add}. */
    static Tensor add(Reference node, Activation activation) {
        Elements a = node.elements(0);
        Elements b = node.elements(1);
        Elements y = node.zeros(0);
        for (int i = 0; i < y.count(); i++) {
            y.set(i, activate(a.real(i) + b.real(i), activation));
        }
        return y.tensor();
    }

    private static double activate(double x, Activation activation) {
        return Math.min(Math.max(x, activation.min()), activation.max());
    }
}

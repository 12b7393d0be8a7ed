package io.octavo.graph;

/** The functions of {@link Pointwise.Unary} on a number. */
final class UnaryReference {
    private UnaryReference() {}

    /** Of a real number; truth is 1 or 0. */
    static double of(Pointwise.Unary op, double x) {
        double alpha = op.alpha();
        double beta = op.beta();
        return switch (op.function()) {
            case ABS -> Math.abs(x);
            case NEG -> -x;
            case SIGN -> Math.signum(x);
            case FLOOR -> Math.floor(x);
            case CEIL -> Math.ceil(x);
            case ROUND -> Math.rint(x);
            case RECIPROCAL -> 1 / x;
            case SQRT -> Math.sqrt(x);
            case EXP -> Math.exp(x);
            case LOG -> Math.log(x);
            case ERF -> erf(x);
            case SIN -> Math.sin(x);
            case COS -> Math.cos(x);
            case TAN -> Math.tan(x);
            case ASIN -> Math.asin(x);
            case ACOS -> Math.acos(x);
            case ATAN -> Math.atan(x);
            case SINH -> Math.sinh(x);
            case COSH -> Math.cosh(x);
            case TANH -> Math.tanh(x);
            case ASINH -> asinh(x);
            // With t = x - 1 nothing cancels near 1.
            case ACOSH -> Math.log1p(x - 1 + Math.sqrt((x - 1) * (x + 1)));
            case ATANH -> Math.log1p(2 * x / (1 - x)) / 2;
            case SIGMOID -> sigmoid(x);
            case HARD_SIGMOID -> Math.max(0, Math.min(1, alpha * x + beta));
            case HARD_SWISH -> x * Math.max(0, Math.min(1, x / 6 + 0.5));
            case SWISH -> x * sigmoid(alpha * x);
            case MISH -> x * Math.tanh(softplus(x));
            case GELU -> x / 2 * erfc(-x / Math.sqrt(2));
            case GELU_TANH -> x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
            case LEAKY_RELU -> x < 0 ? alpha * x : x;
            case THRESHOLDED_RELU -> x > alpha ? x : 0;
            case ELU -> x < 0 ? alpha * Math.expm1(x) : x;
            case SELU -> x > 0 ? beta * x : beta * alpha * Math.expm1(x);
            case CELU -> Math.max(0, x) + Math.min(0, alpha * Math.expm1(x / alpha));
            case SOFTPLUS -> softplus(x);
            case SOFTSIGN -> x / (1 + Math.abs(x));
            case SHRINK -> x < -alpha ? x + beta : x > alpha ? x - beta : 0;
            case NOT -> x == 0 ? 1 : 0;
            case IS_NAN -> Double.isNaN(x) ? 1 : 0;
            case IS_INF -> Double.isInfinite(x) && (x < 0 ? alpha : beta) != 0 ? 1 : 0;
        };
    }

    /** Of a whole number, for the functions that integers and truth have. */
    static long of(Pointwise.Unary op, long x) {
        return switch (op.function()) {
            case ABS -> Math.abs(x);
            case NEG -> -x;
            case SIGN -> Long.signum(x);
            case NOT -> x == 0 ? 1 : 0;
            default -> throw new IllegalStateException(op + " of integers");
        };
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    /** {@code ln(1 + e^x)} without overflow. */
    private static double softplus(double x) {
        return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    }

    private static double asinh(double x) {
        double size = Math.abs(x);
        return Math.copySign(Math.log1p(size + size * size / (1 + Math.sqrt(1 + size * size))), x);
    }

    /** The series of positive terms {@code 2/sqrt(pi)·e^(-x^2)·x·(1 + 2x^2/3 + (2x^2)^2/15 + ..)}; Abramowitz and Stegun, 7.1.6. */
    private static double erf(double x) {
        if (Math.abs(x) > 6) {
            return Math.signum(x); // the difference is below 1e-16
        }
        double term = x;
        double sum = x;
        for (int n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
    }

    /** {@code 1 - erf(x)}; where that is small, by the continued fraction {@code 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + ..))))}, 7.1.14. */
    private static double erfc(double x) {
        if (!(x > 2)) {
            return 1 - erf(x);
        }
        double fraction = x;
        for (int n = 100; n > 0; n--) {
            fraction = x + n / 2.0 / fraction;
        }
        return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
    }
}

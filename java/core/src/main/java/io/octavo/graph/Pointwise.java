package io.octavo.graph;

import io.octavo.InvalidValueException;
import io.octavo.tensor.DType;
import java.util.Locale;

/**
 * Operators whose result at each place depends on the operands at that place. Operands of several are broadcast as NumPy does:
 * shapes are aligned at their last dimension, and a dimension of 1, or one that is missing in front, is repeated.
 */
public sealed interface Pointwise extends Op
        permits Pointwise.Unary, Pointwise.Binary, Pointwise.Compare, Pointwise.Where, Pointwise.Cast {

    /**
     * {@code x -> f(x)}, of the type of x. The parameters stand for what the function's line says, and are 0 where it names none.
     */
    record Unary(Function function, float alpha, float beta) implements Pointwise {
        /** Functions of one number. F32 unless said. */
        public enum Function {
            /** {@code |x|}; also of integers. */
            ABS,
            /** {@code -x}; also of integers, which wrap. */
            NEG,
            /** 1, 0 or -1 by the sign of x; also of integers. */
            SIGN,
            /** The greatest integer not above x. */
            FLOOR,
            /** The least integer not below x. */
            CEIL,
            /** The nearest integer, of two the even one. */
            ROUND,
            /** {@code 1 / x}. */
            RECIPROCAL,
            /** {@code sqrt(x)}. */
            SQRT,
            /** {@code e^x}. */
            EXP,
            /** The natural logarithm. */
            LOG,
            /** The Gauss error function. */
            ERF,
            /** Sine. */
            SIN,
            /** Cosine. */
            COS,
            /** Tangent. */
            TAN,
            /** Arc sine. */
            ASIN,
            /** Arc cosine. */
            ACOS,
            /** Arc tangent. */
            ATAN,
            /** Hyperbolic sine. */
            SINH,
            /** Hyperbolic cosine. */
            COSH,
            /** Hyperbolic tangent. */
            TANH,
            /** Inverse hyperbolic sine. */
            ASINH,
            /** Inverse hyperbolic cosine. */
            ACOSH,
            /** Inverse hyperbolic tangent. */
            ATANH,
            /** {@code 1 / (1 + e^-x)}. */
            SIGMOID,
            /** {@code max(0, min(1, alpha·x + beta))}. */
            HARD_SIGMOID,
            /** {@code x · max(0, min(1, x/6 + 1/2))}. */
            HARD_SWISH,
            /** {@code x · sigmoid(alpha·x)}; with alpha 1 SiLU. */
            SWISH,
            /** {@code x · tanh(ln(1 + e^x))}. */
            MISH,
            /** {@code x/2 · (1 + erf(x/sqrt 2))}. */
            GELU,
            /** {@code x/2 · (1 + tanh(sqrt(2/pi) · (x + 0.044715 x^3)))}. */
            GELU_TANH,
            /** x, or {@code alpha·x} where x is below 0. */
            LEAKY_RELU,
            /** x where it is above alpha, otherwise 0. */
            THRESHOLDED_RELU,
            /** x, or {@code alpha·(e^x - 1)} where x is below 0. */
            ELU,
            /** {@code beta·x}, or {@code beta·alpha·(e^x - 1)} where x is not above 0. */
            SELU,
            /** {@code max(0, x) + min(0, alpha·(e^(x/alpha) - 1))}. */
            CELU,
            /** {@code ln(1 + e^x)}. */
            SOFTPLUS,
            /** {@code x / (1 + |x|)}. */
            SOFTSIGN,
            /** {@code x + beta} where x is below {@code -alpha}, {@code x - beta} where it is above alpha, otherwise 0. */
            SHRINK,
            /** The other truth, of BOOL. */
            NOT,
            /** Whether x is NaN, F32 to BOOL. */
            IS_NAN,
            /** Whether x is infinite, F32 to BOOL: with alpha not 0 below 0, with beta not 0 above. */
            IS_INF
        }

        /** Checks that the parameters are numbers. */
        public Unary {
            if (Float.isNaN(alpha) || Float.isNaN(beta)) {
                throw new InvalidValueException(
                        "Unary " + function + " with parameters " + alpha + " and " + beta + ": NaN is none");
            }
        }

        /** Of a function without parameters. */
        public Unary(Function function) {
            this(function, 0, 0);
        }

        @Override
        public String type() {
            return name(function);
        }
    }

    /** {@code a, b -> f(a, b)}, both of one type, which is the result's. */
    record Binary(Function function) implements Pointwise {
        /** Functions of two numbers. Integers wrap. */
        public enum Function {
            /** {@code a + b}. */
            ADD,
            /** {@code a - b}. */
            SUB,
            /** {@code a · b}. */
            MUL,
            /** {@code a / b}; of integers towards 0, and 0 where b is 0. */
            DIV,
            /** {@code a^b}. */
            POW,
            /** The lesser; NaN where one of them is. */
            MIN,
            /** The greater; NaN where one of them is. */
            MAX,
            /** {@code a - b·floor(a/b)}, of the sign of b; of integers 0 where b is 0. */
            MOD,
            /** {@code a - b·trunc(a/b)}, of the sign of a; of integers 0 where b is 0. */
            FMOD,
            /** a, or {@code a·b} where a is below 0. */
            PRELU,
            /** Both, of BOOL. */
            AND,
            /** One or both, of BOOL. */
            OR,
            /** One alone, of BOOL. */
            XOR
        }

        @Override
        public String type() {
            return name(function);
        }
    }

    /** {@code a, b -> whether they compare so}, of one type, to BOOL. What compares with NaN is false. */
    record Compare(Relation relation) implements Pointwise {
        /** Relations of two numbers. */
        public enum Relation {
            /** {@code a == b}; also of BOOL. */
            EQUAL,
            /** {@code a < b}. */
            LESS,
            /** {@code a <= b}. */
            LESS_OR_EQUAL,
            /** {@code a > b}. */
            GREATER,
            /** {@code a >= b}. */
            GREATER_OR_EQUAL
        }

        @Override
        public String type() {
            return name(relation);
        }
    }

    /** {@code condition BOOL, a, b -> a where the condition holds, otherwise b}; a and b of one type. */
    record Where() implements Pointwise {}

    /**
     * {@code x -> x as another type}: to integers towards 0, what does not fit wraps (F32 beyond 64 bits and NaN: the least); to
     * BOOL whether it is not 0.
     */
    record Cast(DType to) implements Pointwise {
        /** A type is needed. */
        public Cast {
            InvalidValueException.requireNonNull(to, "type of a Cast");
        }
    }

    private static String name(Enum<?> function) {
        StringBuilder name = new StringBuilder();
        for (String word : function.name().split("_")) {
            name.append(word.charAt(0)).append(word.substring(1).toLowerCase(Locale.ROOT));
        }
        return name.toString();
    }
}

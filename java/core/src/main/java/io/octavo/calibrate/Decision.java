package io.octavo.calibrate;

import io.octavo.InvalidValueException;
import io.octavo.qconfig.QConfig;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.LinearScheme;
import io.octavo.tensor.DType;
import java.util.List;

/**
 * What becomes of a node of a prepared graph when it is converted.
 *
 * @param kind on which numbers it runs
 * @param qconfig by which its result, or its weight alone, gets codes; null where it makes no codes of its own
 * @param inputs how it reads each of its inputs
 * @param observed the value whose observed distribution gives the result its scale; null where it has none from there. It is the
 *     result, or what a clamp behind it leaves of the result, or what it becomes a part of
 * @param fixed what gives the result its scale, whatever is observed; null where nothing does
 * @param why the reason, in a few words
 */
public record Decision(Kind kind, QConfig qconfig, List<Form> inputs, String observed, Fixed fixed, String why) {
    /** On which numbers a node runs. */
    public enum Kind {
        /** On codes; the result has a scale of its own. */
        QUANTIZED,
        /** On codes; the result keeps the scale of the input. */
        PASSED,
        /** On codes; the result is numbers without a scale, such as places. */
        NUMBERS,
        /** In float, with codes as weights. */
        WEIGHT_ONLY,
        /** In float. */
        FLOAT
    }

    /** How an input is read. */
    public enum Form {
        /** Not at all: the input is absent. */
        ABSENT,
        /** As codes of an activation. */
        CODES,
        /** As codes of an activation, of the type that the result's codes have. */
        CODES_OF_RESULT,
        /** As codes of a constant, over its own range, of the type that the result's codes have. */
        CONSTANT,
        /** As codes of a weight. */
        WEIGHT,
        /** As real numbers. */
        FLOAT
    }

    /**
     * A function's results, whatever its operand: {@code [lo, hi)} in as many steps as there are codes, as PyTorch has them (1/256 for
     * 0..1, 1/128 for -1..1).
     */
    public record Fixed(int lo, int hi) {
        /** Scale and zero point for codes of an activation's type and bits. */
        public AffineParams params(LinearScheme scheme) {
            int levels = 1 << scheme.bits();
            float scale = (float) (hi - lo) / levels;
            int least = scheme.dtype() == DType.U8 ? 0 : -levels / 2;
            return AffineParams.perTensor(scheme.dtype(), scheme.bits(), scale, least - Math.round(lo / scale));
        }

        /** Refuses an empty range. */
        public Fixed {
            if (lo >= hi) {
                throw new InvalidValueException("results from " + lo + " to " + hi + ": the range is empty");
            }
        }
    }

    /** Copies the list. */
    public Decision {
        inputs = List.copyOf(inputs);
    }

    /** Whether the result is codes. */
    public boolean givesCodes() {
        return kind == Kind.QUANTIZED || kind == Kind.PASSED;
    }
}

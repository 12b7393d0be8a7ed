package io.octavo.calibrate;

import io.octavo.qconfig.QConfig;
import java.util.List;

/**
 * What becomes of a node of a prepared graph when it is converted.
 *
 * @param kind on which numbers it runs
 * @param qconfig by which its result, or its weight alone, gets codes; null where it makes no codes of its own
 * @param inputs how it reads each of its inputs
 * @param observed the value whose observed distribution gives the result its scale; null where it has no scale of its own. It is
 *     the result, or what a clamp behind it leaves of the result
 */
public record Decision(Kind kind, QConfig qconfig, List<Form> inputs, String observed) {
    /** On which numbers a node runs. */
    public enum Kind {
        /** On codes; the result has a scale of its own. */
        QUANTIZED,
        /** On codes; the result keeps the scale of the input. */
        PASSED,
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
        /** As codes of a weight. */
        WEIGHT,
        /** As real numbers. */
        FLOAT
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

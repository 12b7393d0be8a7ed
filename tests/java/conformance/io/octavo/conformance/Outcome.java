package io.octavo.conformance;

import java.util.Locale;

/**
 * What became of a case.
 *
 * @param reason empty if it passed
 */
record Outcome(Case of, Result result, String reason) {
    enum Result {
        PASSED,
        FAILED,
        /** Refused by a typed error that names the operator or the type. */
        UNSUPPORTED
    }

    /** How a file of results writes it. */
    String word() {
        return result.name().toLowerCase(Locale.ROOT);
    }
}

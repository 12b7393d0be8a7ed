package io.octavo.train;

import io.octavo.InvalidValueException;

/** Ranges of settings. */
final class Checks {
    private Checks() {}

    /** Refuses a number that is not finite or lies outside. */
    static void range(String what, double value, double least, double greatest) {
        if (!(value >= least && value <= greatest) || Double.isInfinite(value)) {
            throw new InvalidValueException(what + " " + value + " is outside " + least + ".." + greatest);
        }
    }

    /** Refuses a number below 1. */
    static void positive(String what, long value) {
        if (value < 1) {
            throw new InvalidValueException(what + " " + value + ": at least 1 is needed");
        }
    }
}

package io.octavo.scheme;

import io.octavo.InvalidValueException;

/** The code widths that schemes take. */
final class Bits {
    static final int LEAST = 2;
    static final int GREATEST = 8;

    private Bits() {}

    static int check(int bits) {
        if (bits < LEAST || bits > GREATEST) {
            throw new InvalidValueException(bits + " bits: must be " + LEAST + " to " + GREATEST);
        }
        return bits;
    }
}

package io.octavo.internal.onnx;

import io.octavo.InvalidValueException;
import java.nio.ByteBuffer;

/** Protobuf's integers of variable length: seven bits a byte, the lowest first, the eighth bit set in all bytes but the last. */
final class Varint {
    private static final int LONGEST = 10;

    private Varint() {}

    /**
     * How many a buffer holds from its position to its limit.
     *
     * @throws InvalidValueException if the last is not whole, or one is longer than 64 bits need
     */
    static int count(ByteBuffer bytes) {
        int count = 0;
        int length = 0;
        for (int i = bytes.position(); i < bytes.limit(); i++) {
            length++;
            if (length > LONGEST) {
                throw new InvalidValueException("a number is longer than " + LONGEST + " bytes");
            }
            if (bytes.get(i) >= 0) {
                count++;
                length = 0;
            }
        }
        if (length > 0) {
            throw new InvalidValueException("the last number is cut off");
        }
        return count;
    }

    /** The next one of a buffer that was counted. */
    static long next(ByteBuffer bytes) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte b = bytes.get();
            value |= (long) (b & 0x7F) << shift;
            if (b >= 0) {
                return value;
            }
        }
    }
}

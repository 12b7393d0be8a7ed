package io.octavo.internal.onnx;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Bytes of a file, shared without a copy. */
final class Bytes {
    private Bytes() {}

    /** What remains of a buffer as a read-only, little-endian buffer of its own. */
    static ByteBuffer shared(ByteBuffer bytes) {
        return bytes.asReadOnlyBuffer().slice().order(ByteOrder.LITTLE_ENDIAN);
    }
}

package io.octavo.tensor;

import java.nio.ByteBuffer;
import java.util.function.ToLongFunction;

/**
 * The bytes of one tensor or view, as the layer that calls native code needs them: whoever holds this object keeps the bytes
 * alive, whatever becomes of the tensor. For the library's own packages.
 */
public final class Memory {
    private final ByteBuffer buffer;

    // 0: not asked for yet. Two threads may both compute it; they get the same number.
    private volatile long address;

    Memory(ByteBuffer buffer) {
        this.buffer = buffer;
    }

    ByteBuffer buffer() {
        return buffer;
    }

    /**
     * The address of the first byte, asked of {@code locate} once and remembered.
     *
     * @param locate gives the address of a direct buffer's element 0
     */
    public long address(ToLongFunction<ByteBuffer> locate) {
        long known = address;
        if (known == 0) {
            known = locate.applyAsLong(buffer);
            address = known;
        }
        return known;
    }
}

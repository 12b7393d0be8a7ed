package io.octavo.internal.bind;

import io.octavo.tensor.Memory;
import org.bytedeco.javacpp.Pointer;

/** A pointer to memory that somebody else owns and keeps alive. */
final class Address extends Pointer {
    Address(long address) {
        super((Pointer) null);
        this.address = address;
    }

    /** Where the bytes begin. */
    static long of(Memory memory) {
        return memory.address();
    }

    /** A pointer to the bytes; whoever uses it keeps the memory reachable. */
    static Address pointer(Memory memory) {
        return new Address(of(memory));
    }
}

package io.octavo.tensor;

import java.nio.ByteBuffer;
import java.util.ServiceLoader;

/**
 * Where tensors get their memory. For the library's own packages: the one implementation is found by {@link ServiceLoader}, since
 * the native functions stand above this package.
 */
public interface MemorySource {
    /** Whether the native library is there; tensors can be made without it, by the JDK's buffers, and not be run. */
    boolean isAvailable();

    /**
     * Zeroed memory, aligned to 64 bytes.
     *
     * @param bytes at least 1
     * @return its address
     * @throws io.octavo.NativeMemoryException if it cannot be had
     */
    long allocate(long bytes);

    /** A buffer of that memory which does not own it. */
    ByteBuffer buffer(long address, int bytes);

    /** Gives the pages back; the addresses stay valid, and what they hold is zeros. Returns the bytes that this freed. */
    long discard(long address, long bytes);

    /** Frees memory, discarded or not: nobody may know its address any more. */
    void free(long address, long bytes);

    /** The address of a direct buffer's element 0. */
    long address(ByteBuffer direct);
}

package io.octavo.internal.bind;

import io.octavo.NativeLibraryException;
import io.octavo.NativeMemoryException;
import io.octavo.natives.global.octavo;
import io.octavo.tensor.MemorySource;
import java.nio.ByteBuffer;
import org.bytedeco.javacpp.Pointer;

/** Tensors' memory from the native library. Public for the service loader. */
public final class NativeMemory implements MemorySource {
    @Override
    public boolean isAvailable() {
        try {
            NativeLibrary.require();
            return true;
        } catch (NativeLibraryException e) {
            return false;
        }
    }

    @Override
    public long allocate(long bytes) {
        Pointer memory = octavo.octavo_memory_allocate(bytes);
        if (memory == null) {
            throw new NativeMemoryException(octavo.octavo_last_error().getString());
        }
        return memory.address();
    }

    @Override
    public ByteBuffer buffer(long address, int bytes) {
        return new Address(address).capacity(bytes).asByteBuffer();
    }

    @Override
    public long discard(long address, long bytes) {
        return octavo.octavo_memory_discard(new Address(address), bytes);
    }

    @Override
    public void free(long address, long bytes) {
        octavo.octavo_memory_free(new Address(address), bytes);
    }

    @Override
    public long address(ByteBuffer direct) {
        NativeLibrary.require();
        return new Pointer(direct).address();
    }
}

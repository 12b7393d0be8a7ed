package io.octavo.internal.bind;

import io.octavo.tensor.Memory;
import io.octavo.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * The buffers of a run as native code takes them: an array of addresses outside the heap, filled without a crossing and without
 * allocation, and reused from run to run. Holds the memory of the tensors in it. Not thread-safe.
 */
public final class Pointers {
    private final Memory[] held;
    private final LongBuffer addresses;
    private final PointerPointer<Pointer> array;

    /** Room for {@code size} buffers. */
    public Pointers(int size) {
        NativeLibrary.require();
        held = new Memory[size];
        ByteBuffer memory =
                ByteBuffer.allocateDirect(Math.max(1, size) * Long.BYTES).order(ByteOrder.nativeOrder());
        addresses = memory.asLongBuffer();
        array = new PointerPointer<>(new Pointer(memory));
    }

    /**
     * Whether two tensors have bytes in common, as views of one buffer may.
     *
     * @throws io.octavo.ClosedException if one is closed
     */
    public static boolean overlap(Tensor a, Tensor b) {
        long first = Address.of(a.memory());
        long second = Address.of(b.memory());
        return first < second + b.byteSize() && second < first + a.byteSize();
    }

    /** Number of buffers. */
    public int size() {
        return held.length;
    }

    /**
     * Puts a tensor in place {@code index}.
     *
     * @throws io.octavo.ClosedException if it is closed
     */
    public void set(int index, Tensor tensor) {
        Memory memory = tensor.hold();
        if (held[index] != null) {
            held[index].release();
        }
        addresses.put(index, Address.of(memory));
        held[index] = memory;
    }

    /** Lets the tensors go. */
    public void clear() {
        for (int i = 0; i < held.length; i++) {
            if (held[i] != null) {
                held[i].release();
                held[i] = null;
            }
            addresses.put(i, 0);
        }
    }

    PointerPointer<Pointer> array() {
        return array;
    }
}

package io.octavo.internal.bind;

import io.octavo.tensor.DType;
import io.octavo.tensor.Memory;
import io.octavo.tensor.Tensor;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;

/**
 * One call of a native whole-array function. Pointers made while it is open are freed when it is closed, and until then the memory
 * of the tensors that it was asked about is kept reachable.
 */
final class ArrayCall implements AutoCloseable {
    private final PointerScope scope;
    private final List<Memory> used = new ArrayList<>(2);

    ArrayCall() {
        NativeLibrary.require();
        scope = new PointerScope();
    }

    /** The bytes of a tensor. */
    Pointer bytes(Tensor x) {
        Memory memory = x.memory();
        used.add(memory);
        return Address.pointer(memory);
    }

    /** The elements of an F32 tensor. */
    FloatPointer floats(Tensor x) {
        return new FloatPointer(bytes(x));
    }

    @Override
    public void close() {
        scope.close();
        for (Memory memory : used) {
            Reference.reachabilityFence(memory);
        }
    }

    /** The first {@code count} floats. */
    static float[] values(FloatPointer from, int count) {
        float[] values = new float[count];
        from.get(values);
        return values;
    }

    /** The type of a tensor of 8-bit codes; U8 where it is none, which the check then refuses. */
    static DType codes(Tensor q) {
        return q.dtype() == DType.S8 ? DType.S8 : DType.U8;
    }
}

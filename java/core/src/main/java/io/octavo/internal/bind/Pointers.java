package io.octavo.internal.bind;

import io.octavo.natives.octavo_buffer;
import io.octavo.natives.octavo_run_args;
import io.octavo.tensor.Memory;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;

/**
 * The tensors of a run as native code takes them: descriptions outside the heap, filled without a crossing and without allocation,
 * and reused from run to run. Holds the memory of the tensors in it. Not thread-safe.
 */
public final class Pointers {
    /** Where the members of the native structs lie. */
    private static final class Layout {
        static final int BUFFER = Loader.sizeof(octavo_buffer.class);
        static final int SIZE = Loader.offsetof(octavo_buffer.class, "size");
        static final int DATA = Loader.offsetof(octavo_buffer.class, "data");
        static final int BYTES = Loader.offsetof(octavo_buffer.class, "bytes");
        static final int RANK = Loader.offsetof(octavo_buffer.class, "rank");
        static final int DIMS = Loader.offsetof(octavo_buffer.class, "dims");
        static final int ARGS = Loader.sizeof(octavo_run_args.class);
        static final int ARGS_SIZE = Loader.offsetof(octavo_run_args.class, "size");
        static final int INPUT_COUNT = Loader.offsetof(octavo_run_args.class, "input_count");
        static final int INPUTS = Loader.offsetof(octavo_run_args.class, "inputs");
        static final int OUTPUT_COUNT = Loader.offsetof(octavo_run_args.class, "output_count");
        static final int OUTPUTS = Loader.offsetof(octavo_run_args.class, "outputs");
    }

    private static final int SHAPE = Shape.MAX_RANK * Long.BYTES;

    private final Memory[] held;
    private final ByteBuffer buffers; // the structs, and behind them the shapes that they point to
    private final ByteBuffer args;
    private final long address;
    private final octavo_run_args call;

    /** Room for {@code size} tensors. */
    public Pointers(int size) {
        NativeLibrary.require();
        held = new Memory[size];
        buffers = memory(Math.max(1, size) * (Layout.BUFFER + SHAPE));
        args = memory(Layout.ARGS);
        address = new Pointer(buffers).address();
        for (int i = 0; i < size; i++) {
            buffers.putLong(i * Layout.BUFFER + Layout.SIZE, Layout.BUFFER);
            buffers.putLong(i * Layout.BUFFER + Layout.DIMS, address + shape(i));
        }
        args.putLong(Layout.ARGS_SIZE, Layout.ARGS);
        args.putLong(Layout.INPUT_COUNT, size);
        args.putLong(Layout.INPUTS, address);
        call = new octavo_run_args(new Pointer(args));
    }

    private static ByteBuffer memory(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }

    private int shape(int index) {
        return held.length * Layout.BUFFER + index * SHAPE;
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

    /** Number of tensors. */
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
        Shape shape = tensor.shape();
        int at = index * Layout.BUFFER;
        buffers.putLong(at + Layout.DATA, Address.of(memory));
        buffers.putLong(at + Layout.BYTES, tensor.byteSize());
        buffers.putLong(at + Layout.RANK, shape.rank());
        for (int i = 0; i < shape.rank(); i++) {
            buffers.putLong(shape(index) + i * Long.BYTES, shape.dim(i));
        }
        held[index] = memory;
    }

    /** Lets the tensors go. */
    public void clear() {
        for (int i = 0; i < held.length; i++) {
            if (held[i] != null) {
                held[i].release();
                held[i] = null;
            }
            buffers.putLong(i * Layout.BUFFER + Layout.DATA, 0);
        }
    }

    /** The arguments of a run with these inputs. Whoever uses them keeps both objects reachable. */
    octavo_run_args runWith(Pointers outputs) {
        args.putLong(Layout.OUTPUT_COUNT, outputs.held.length);
        args.putLong(Layout.OUTPUTS, outputs.address);
        return call;
    }
}

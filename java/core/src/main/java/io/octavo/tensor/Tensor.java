package io.octavo.tensor;

import io.octavo.ClosedException;
import io.octavo.InvalidValueException;
import io.octavo.NativeMemoryException;
import io.octavo.ShapeMismatchException;
import io.octavo.UnsupportedException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;

/**
 * A dense array of numbers in row-major order, outside the Java heap, so that native code works on it without a copy.
 *
 * <p>The memory is aligned to 64 bytes. {@link #close()} gives it back at once; the garbage collector does so for a tensor that was
 * never closed, once neither the tensor nor a view, a buffer or a run under way refers to it. Any use after closing throws {@link
 * ClosedException}. Views ({@link #reshape}, {@link #slice}) share the memory and stay valid when the tensor that they were made from
 * is closed.
 *
 * <p>Reading from several threads is safe; writing while another thread reads or writes the same elements is not, as with an
 * array. A tensor holds at most 2^31 - 65 bytes.
 */
public final class Tensor implements AutoCloseable {
    private final DType dtype;
    private final Shape shape;
    private final int elements;
    private volatile Memory memory; // null: closed

    private static final VarHandle MEMORY;

    static {
        try {
            MEMORY = MethodHandles.lookup().findVarHandle(Tensor.class, "memory", Memory.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private Tensor(DType dtype, Shape shape, Memory memory) {
        this.dtype = dtype;
        this.shape = shape;
        this.elements = (int) shape.elements();
        this.memory = memory;
    }

    // ---- Creation
    // --------------------------------------------------------------------------------------------------------

    /**
     * A tensor of zeros. All tensors together may hold as many bytes as the system property {@code octavo.maxMemory} says ({@code
     * 512m}, {@code 4g}); without it as many as {@code -XX:MaxDirectMemorySize} allows direct buffers, or else the heap.
     *
     * @param shape without {@link Shape#N}
     * @throws UnsupportedException if it needs 2^31 - 64 bytes or more
     * @throws NativeMemoryException if the memory cannot be had
     */
    public static Tensor zeros(DType dtype, Shape shape) {
        int bytes = byteSize(dtype, shape);
        return new Tensor(dtype, shape, Memory.allocate(bytes, "a tensor " + dtype + " " + shape));
    }

    /** A tensor of zeros, {@code zeros(dtype, Shape.of(dims))}. */
    public static Tensor zeros(DType dtype, long... dims) {
        return zeros(dtype, Shape.of(dims));
    }

    /**
     * An {@link DType#F32} tensor that holds a copy of {@code values}.
     *
     * @param dims dimensions in order; none: the one dimension {@code values.length}
     * @throws ShapeMismatchException if their product is not the number of values
     */
    public static Tensor of(float[] values, long... dims) {
        Tensor tensor = zeros(DType.F32, shapeFor(values.length, dims));
        tensor.floats().put(values);
        return tensor;
    }

    /** An {@link DType#S32} tensor that holds a copy of {@code values}; {@code dims} as in {@link #of}. */
    public static Tensor ofInts(int[] values, long... dims) {
        Tensor tensor = zeros(DType.S32, shapeFor(values.length, dims));
        tensor.ints().put(values);
        return tensor;
    }

    /** An {@link DType#S64} tensor that holds a copy of {@code values}; {@code dims} as in {@link #of}. */
    public static Tensor ofLongs(long[] values, long... dims) {
        Tensor tensor = zeros(DType.S64, shapeFor(values.length, dims));
        tensor.longs().put(values);
        return tensor;
    }

    /** A {@link DType#BOOL} tensor that holds a copy of {@code values}; {@code dims} as in {@link #of}. */
    public static Tensor ofBooleans(boolean[] values, long... dims) {
        Tensor tensor = zeros(DType.BOOL, shapeFor(values.length, dims));
        ByteBuffer bytes = tensor.bytes();
        for (boolean value : values) {
            bytes.put((byte) (value ? 1 : 0));
        }
        return tensor;
    }

    /**
     * A {@link DType#U8} or {@link DType#S8} tensor that holds a copy of {@code values}; {@code dims} as in {@link #of}.
     *
     * @throws InvalidValueException if the type is another
     */
    public static Tensor ofBytes(DType dtype, byte[] values, long... dims) {
        if (dtype != DType.U8 && dtype != DType.S8) {
            throw new InvalidValueException("Bytes make a tensor of U8 or S8, not of " + dtype);
        }
        Tensor tensor = zeros(dtype, shapeFor(values.length, dims));
        tensor.bytes().put(values);
        return tensor;
    }

    /**
     * A tensor on the caller's memory, without a copy: the bytes of {@code buffer} from its position on. Closing the tensor
     * leaves the buffer alone.
     *
     * @param buffer direct, writable, with enough bytes remaining, aligned to the element; its byte order is not looked at:
     *     elements are in native order
     * @throws InvalidValueException if it is not direct, is read-only, or is not aligned
     * @throws ShapeMismatchException if too few bytes remain
     */
    public static Tensor wrap(DType dtype, Shape shape, ByteBuffer buffer) {
        int bytes = byteSize(dtype, shape);
        if (!buffer.isDirect() || buffer.isReadOnly()) {
            throw new InvalidValueException(
                    "A tensor needs a direct, writable buffer: use ByteBuffer.allocateDirect, or copy");
        }
        if (buffer.remaining() < bytes) {
            throw new ShapeMismatchException("A tensor " + dtype + " " + shape + " needs " + bytes + " bytes, but "
                    + buffer.remaining() + " remain in the buffer");
        }
        ByteBuffer slice = buffer.slice(buffer.position(), bytes);
        if (bytes > 0 && slice.alignmentOffset(0, dtype.bytes()) != 0) {
            throw new InvalidValueException("The buffer is not aligned to the " + dtype.bytes() + " bytes of " + dtype);
        }
        return new Tensor(dtype, shape, Memory.of(slice));
    }

    // ---- What it is
    // ------------------------------------------------------------------------------------------------------

    /** The element type. */
    public DType dtype() {
        return dtype;
    }

    /** The shape, without {@link Shape#N}. */
    public Shape shape() {
        return shape;
    }

    /** Number of elements. */
    public long elements() {
        return elements;
    }

    /** Size in bytes. */
    public long byteSize() {
        return (long) elements * dtype.bytes();
    }

    // ---- Elements
    // --------------------------------------------------------------------------------------------------------

    /** All bytes: a direct buffer in native order at position 0, sharing the memory. */
    public ByteBuffer bytes() {
        return buffer().duplicate().order(ByteOrder.nativeOrder());
    }

    /** All elements of an {@link DType#F32} tensor: a buffer at position 0, sharing the memory. */
    public FloatBuffer floats() {
        require(DType.F32);
        return bytes().asFloatBuffer();
    }

    /** All elements of an {@link DType#S32} tensor: a buffer at position 0, sharing the memory. */
    public IntBuffer ints() {
        require(DType.S32);
        return bytes().asIntBuffer();
    }

    /** All elements of an {@link DType#S64} tensor: a buffer at position 0, sharing the memory. */
    public LongBuffer longs() {
        require(DType.S64);
        return bytes().asLongBuffer();
    }

    /** One element of an {@link DType#F32} tensor, by an index for each dimension. */
    public float getFloat(long... index) {
        require(DType.F32);
        return buffer().getFloat(offset(index) * 4);
    }

    /** One element of a tensor of integers up to 32 bits, by an index for each dimension; {@link DType#U8} gives 0 to 255. */
    public int getInt(long... index) {
        ByteBuffer buffer = buffer();
        int offset = offset(index);
        return switch (dtype) {
            case U8 -> Byte.toUnsignedInt(buffer.get(offset));
            case S8 -> buffer.get(offset);
            case S32 -> buffer.getInt(offset * 4);
            case F32, S64, BOOL -> throw wrongType("U8, S8 or S32");
        };
    }

    /** One element of an {@link DType#S64} tensor, by an index for each dimension. */
    public long getLong(long... index) {
        require(DType.S64);
        return buffer().getLong(offset(index) * 8);
    }

    /** A copy of the elements of an {@link DType#F32} tensor. */
    public float[] toFloatArray() {
        float[] values = new float[elements];
        floats().get(values);
        return values;
    }

    /** A copy of the bytes of a {@link DType#U8} or {@link DType#S8} tensor. */
    public byte[] toByteArray() {
        if (dtype != DType.U8 && dtype != DType.S8) {
            throw wrongType("U8 or S8");
        }
        byte[] values = new byte[elements];
        bytes().get(values);
        return values;
    }

    /** A copy of the elements of an {@link DType#S64} tensor. */
    public long[] toLongArray() {
        long[] values = new long[elements];
        longs().get(values);
        return values;
    }

    /** A copy of the elements of a {@link DType#BOOL} tensor; whatever is not 0 is true. */
    public boolean[] toBooleanArray() {
        require(DType.BOOL);
        boolean[] values = new boolean[elements];
        ByteBuffer buffer = buffer();
        for (int i = 0; i < elements; i++) {
            values[i] = buffer.get(i) != 0;
        }
        return values;
    }

    /** A copy of the elements of a tensor of any type as doubles: truth values as 0 and 1, S64 beyond 2^53 rounded. */
    public double[] toDoubleArray() {
        double[] values = new double[elements];
        ByteBuffer bytes = bytes();
        for (int i = 0; i < elements; i++) {
            values[i] = switch (dtype) {
                case F32 -> bytes.getFloat(4 * i);
                case U8 -> Byte.toUnsignedInt(bytes.get(i));
                case S8 -> bytes.get(i);
                case S32 -> bytes.getInt(4 * i);
                case S64 -> bytes.getLong(8 * i);
                case BOOL -> bytes.get(i) == 0 ? 0 : 1;
            };
        }
        return values;
    }

    /** A copy of the elements of a tensor of integers up to 32 bits; {@link DType#U8} gives 0 to 255. */
    public int[] toIntArray() {
        int[] values = new int[elements];
        ByteBuffer buffer = buffer();
        switch (dtype) {
            case U8 -> {
                for (int i = 0; i < elements; i++) {
                    values[i] = Byte.toUnsignedInt(buffer.get(i));
                }
            }
            case S8 -> {
                for (int i = 0; i < elements; i++) {
                    values[i] = buffer.get(i);
                }
            }
            case S32 -> ints().get(values);
            case F32, S64, BOOL -> throw wrongType("U8, S8 or S32");
        }
        return values;
    }

    // ---- Views and copies
    // ------------------------------------------------------------------------------------------------

    /**
     * A view of the same elements under another shape.
     *
     * @throws ShapeMismatchException if the number of elements differs
     */
    public Tensor reshape(long... dims) {
        Shape changed = Shape.of(dims);
        if (changed.elements() != elements) {
            throw new ShapeMismatchException(
                    "Tensor " + this + " cannot be seen as " + changed + ": the number of elements differs");
        }
        return view(changed, bytes());
    }

    /**
     * A view of the entries {@code from} (included) to {@code to} (excluded) of the first dimension.
     *
     * @throws InvalidValueException if the range is empty or not inside the dimension
     */
    public Tensor slice(long from, long to) {
        if (shape.rank() == 0 || from < 0 || to <= from || to > shape.dim(0)) {
            throw new InvalidValueException(
                    "Range " + from + " to " + to + " is not inside the first dimension of tensor " + this);
        }
        long stride = shape.elementsPerSample() * dtype.bytes();
        ByteBuffer part = buffer().slice((int) (from * stride), (int) ((to - from) * stride));
        return view(shape.withBatch(to - from), part);
    }

    private Tensor view(Shape changed, ByteBuffer part) {
        Memory held = memory().view(part);
        if (held == null) {
            throw closed();
        }
        return new Tensor(dtype, changed, held);
    }

    /** A tensor of its own memory with the same elements. */
    public Tensor copy() {
        Tensor copy = zeros(dtype, shape);
        copy.bytes().put(bytes());
        return copy;
    }

    /**
     * Overwrites the elements with those of {@code source}.
     *
     * @throws ShapeMismatchException if type or shape differ
     */
    public void copyFrom(Tensor source) {
        if (source.dtype != dtype || !source.shape.equals(shape)) {
            throw new ShapeMismatchException("Tensor " + this + " cannot take the elements of " + source);
        }
        bytes().put(source.bytes());
    }

    // ---- Life
    // ------------------------------------------------------------------------------------------------------------

    /**
     * Gives the memory back to the system at once, unless a view or a run under way still needs it: then when the last of them is done.
     * A buffer taken from the tensor before reads zeros from then on. Harmless when repeated.
     */
    @Override
    public void close() {
        Memory held = (Memory) MEMORY.getAndSet(this, null);
        if (held != null) {
            held.release();
        }
    }

    /** Whether {@link #close()} was called. */
    public boolean isClosed() {
        return memory == null;
    }

    /**
     * The memory, to be kept alive across a native call. For the library's own packages.
     *
     * @throws ClosedException if the tensor is closed
     */
    public Memory memory() {
        Memory held = memory;
        if (held == null) {
            throw closed();
        }
        return held;
    }

    /**
     * The memory, {@linkplain Memory#hold held} for a run, which must release it. For the library's own packages.
     *
     * @throws ClosedException if the tensor is closed
     */
    public Memory hold() {
        Memory held = memory();
        if (!held.hold()) {
            throw closed();
        }
        return held;
    }

    /** Bytes outside the heap that all tensors of this process hold; see {@link #zeros} for their limit. */
    public static long bytesInUse() {
        return MemoryBudget.inUse();
    }

    private ClosedException closed() {
        return new ClosedException("Tensor " + dtype + " " + shape + " is closed");
    }

    /** Type and shape, such as {@code F32 [1, 3, 32, 32]}. */
    @Override
    public String toString() {
        return dtype + " " + shape + (isClosed() ? " (closed)" : "");
    }

    private ByteBuffer buffer() {
        return memory().buffer();
    }

    private int offset(long[] index) {
        if (index.length != shape.rank()) {
            throw new InvalidValueException(index.length + " indices for tensor " + this);
        }
        long offset = 0;
        for (int i = 0; i < index.length; i++) {
            long dim = shape.dim(i);
            if (index[i] < 0 || index[i] >= dim) {
                throw new InvalidValueException(
                        "Index " + index[i] + " of dimension " + i + " is outside tensor " + this);
            }
            offset = offset * dim + index[i];
        }
        return (int) offset;
    }

    private void require(DType expected) {
        if (dtype != expected) {
            throw wrongType(expected.toString());
        }
    }

    private ShapeMismatchException wrongType(String expected) {
        return new ShapeMismatchException("Tensor " + this + " is asked for elements of type " + expected);
    }

    private static Shape shapeFor(int values, long[] dims) {
        Shape shape = dims.length == 0 ? Shape.of(values) : Shape.of(dims);
        if (shape.elements() != values) {
            throw new ShapeMismatchException(values + " values for a tensor of shape " + shape + ", which has "
                    + shape.elements() + " elements");
        }
        return shape;
    }

    private static int byteSize(DType dtype, Shape shape) {
        long elements = shape.elements();
        if (elements > (Integer.MAX_VALUE - Memory.ALIGNMENT) / dtype.bytes()) {
            throw new UnsupportedException(
                    "A tensor " + dtype + " " + shape + " exceeds the 2 GiB that one tensor may hold");
        }
        return (int) elements * dtype.bytes();
    }
}

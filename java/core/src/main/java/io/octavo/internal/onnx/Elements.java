package io.octavo.internal.onnx;

import io.octavo.InvalidValueException;
import io.octavo.UnsupportedException;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;

/** The elements of a {@link TensorDef}: whether the data are as many as they should be, and what they are. */
final class Elements {
    private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

    private Elements() {}

    // ---- Checked
    // -----------------------------------------------------------------------------------------------------------

    /** Throws {@link InvalidValueException} unless {@code data} are so many elements of that type. */
    static void check(String name, ElementType type, List<Long> dims, long elements, TensorData data) {
        InvalidValueException.requireNonNull(data, "data of tensor " + Quoted.of(name));
        String what = "tensor " + Quoted.of(name) + " " + type + " " + dims;
        if (type == ElementType.UNDEFINED) {
            throw new InvalidValueException("tensor " + Quoted.of(name) + " has no element type");
        }
        if (data instanceof TensorData.Strings strings) {
            if (type != ElementType.STRING) {
                throw new InvalidValueException(what + " has strings for data");
            }
            requireCount(what, elements, strings.values().size(), "strings");
            return;
        }
        if (type == ElementType.STRING) {
            throw new InvalidValueException(what + " has numbers for data");
        }
        long bytes;
        try {
            bytes = type.bytes(elements);
        } catch (ArithmeticException e) {
            throw new InvalidValueException(what + " has more elements than can be counted", e);
        }
        if (data instanceof TensorData.Raw raw) {
            requireCount(what, bytes, raw.bytes().remaining(), "bytes of data");
        } else if (data instanceof TensorData.External external) {
            requireCount(what, bytes, external.bytes().remaining(), "bytes of data");
        } else if (data instanceof TensorData.Varints varints) {
            checkVarints(what, type, type.bits() < 8 ? bytes : elements, varints.bytes());
        } else if (data instanceof TensorData.Held held) {
            if (ElementType.of(held.tensor().dtype()) != type) {
                throw new InvalidValueException(what + " has the data of a tensor " + held.tensor());
            }
            requireCount(what, elements, held.tensor().elements(), "elements");
        }
    }

    private static void requireCount(String what, long expected, long found, String of) {
        if (expected != found) {
            throw new InvalidValueException(what + " needs " + expected + " " + of + ", but has " + found);
        }
    }

    private static void checkVarints(String what, ElementType type, long expected, ByteBuffer bytes) {
        int count;
        try {
            count = Varint.count(bytes);
        } catch (InvalidValueException e) {
            throw new InvalidValueException(what + ": " + e.getMessage(), e);
        }
        requireCount(what, expected, count, "numbers of data");
        for (int i = 0; i < count; i++) {
            long value = Varint.next(bytes);
            if (!fits(type, value)) {
                throw new InvalidValueException(what + ": number " + i + " of its data is " + value);
            }
        }
    }

    /** Whether a number that a file writes for an element, its bits, or a byte of packed ones, is one. */
    private static boolean fits(ElementType type, long value) {
        return switch (type) {
            case S8 -> value == (byte) value;
            case S16 -> value == (short) value;
            case S32 -> value == (int) value;
            case U32 -> value == (value & 0xFFFFFFFFL);
            case S64, U64 -> true;
            case U16, F16, BF16 -> value == (value & 0xFFFF);
            case BOOL -> value == 0 || value == 1;
            // Packed bytes and bit patterns are written with a sign by some exporters.
            case S4, S2 -> value >= Byte.MIN_VALUE && value <= 0xFF;
            default -> value == (value & 0xFF);
        };
    }

    // ---- Decoded
    // -----------------------------------------------------------------------------------------------------------

    static ByteBuffer raw(TensorDef tensor) {
        TensorData data = tensor.data();
        if (data instanceof TensorData.Raw raw) {
            return raw.bytes();
        } else if (data instanceof TensorData.External external) {
            return external.bytes();
        } else if (data instanceof TensorData.Held held) {
            return Bytes.shared(held.tensor().bytes());
        } else if (data instanceof TensorData.Varints varints) {
            return decoded(tensor, varints.bytes());
        }
        throw unsupported(tensor, "a list of strings");
    }

    private static ByteBuffer decoded(TensorDef tensor, ByteBuffer numbers) {
        ByteBuffer raw = ByteBuffer.allocate(size(tensor, tensor.rawBytes())).order(ByteOrder.LITTLE_ENDIAN);
        int bits = tensor.type().bits();
        while (raw.hasRemaining()) {
            long value = Varint.next(numbers);
            switch (bits) {
                case 16 -> raw.putShort((short) value);
                case 32 -> raw.putInt((int) value);
                case 64 -> raw.putLong(value);
                default -> raw.put((byte) value);
            }
        }
        return Bytes.shared(raw.flip());
    }

    static long[] longs(TensorDef tensor) {
        if (!tensor.type().isInteger()) {
            throw unsupported(tensor, "no integers");
        }
        long[] values = new long[size(tensor, tensor.elements())];
        ByteBuffer raw = raw(tensor);
        for (int i = 0; i < values.length; i++) {
            values[i] = integer(tensor.type(), raw, i);
        }
        return values;
    }

    static float[] floats(TensorDef tensor) {
        requireReal(tensor);
        float[] values = new float[size(tensor, tensor.elements())];
        copyReals(tensor, FloatBuffer.wrap(values));
        return values;
    }

    static Tensor tensor(TensorDef tensor) {
        DType dtype = tensor.type().dtype();
        if (dtype == null) {
            throw unsupported(tensor, "nothing that tensors hold");
        }
        if (tensor.data() instanceof TensorData.Held held) {
            return held.tensor().reshape(tensor.dimArray());
        }
        Tensor made = Tensor.zeros(dtype, shape(tensor));
        if (tensor.type().isReal()) {
            copyReals(tensor, made.floats());
        } else if (ElementType.of(dtype) == tensor.type() && dtype != DType.BOOL) {
            made.bytes().put(raw(tensor));
        } else {
            copyIntegers(tensor, made);
        }
        return made;
    }

    private static Shape shape(TensorDef tensor) {
        if (tensor.elements() == 0) {
            throw new UnsupportedException("tensor " + tensor + ": a tensor without elements is not supported");
        }
        try {
            return Shape.of(tensor.dimArray());
        } catch (InvalidValueException e) {
            throw new UnsupportedException("tensor " + tensor + ": " + e.getMessage(), e);
        }
    }

    private static void copyIntegers(TensorDef tensor, Tensor into) {
        ByteBuffer raw = raw(tensor);
        ByteBuffer bytes = into.bytes();
        int elements = Math.toIntExact(into.elements());
        for (int i = 0; i < elements; i++) {
            long value = integer(tensor.type(), raw, i);
            switch (into.dtype().bytes()) {
                case 1 -> bytes.put((byte) value);
                case 4 -> bytes.putInt((int) value);
                default -> {
                    if (value < 0) {
                        throw new UnsupportedException("tensor " + tensor + ": element " + i + " is "
                                + Long.toUnsignedString(value) + ", beyond S64");
                    }
                    bytes.putLong(value);
                }
            }
        }
    }

    private static void copyReals(TensorDef tensor, FloatBuffer into) {
        ByteBuffer raw = raw(tensor);
        switch (tensor.type()) {
            case F32 -> into.put(raw.asFloatBuffer());
            case F16 -> {
                while (into.hasRemaining()) {
                    into.put(half(raw.getShort()));
                }
            }
            case BF16 -> {
                while (into.hasRemaining()) {
                    into.put(Float.intBitsToFloat(raw.getShort() << 16));
                }
            }
            default -> {
                while (into.hasRemaining()) {
                    into.put((float) raw.getDouble());
                }
            }
        }
    }

    /** Element {@code i}; those of less than a byte lie in its low bits first. */
    private static long integer(ElementType type, ByteBuffer raw, int i) {
        return switch (type) {
            case U2 -> raw.get(i / 4) >> i % 4 * 2 & 3;
            case S2 -> (long) raw.get(i / 4) << 62 - i % 4 * 2 >> 62;
            case U4 -> raw.get(i / 2) >> i % 2 * 4 & 15;
            case S4 -> (long) raw.get(i / 2) << 60 - i % 2 * 4 >> 60;
            case U8 -> Byte.toUnsignedInt(raw.get(i));
            case S8 -> raw.get(i);
            case U16 -> Short.toUnsignedInt(raw.getShort(i * 2));
            case S16 -> raw.getShort(i * 2);
            case S32 -> raw.getInt(i * 4);
            case U32 -> Integer.toUnsignedLong(raw.getInt(i * 4));
            case S64, U64 -> raw.getLong(i * 8);
            case BOOL -> raw.get(i) == 0 ? 0 : 1;
            default -> throw new InvalidValueException(type + " is no integer");
        };
    }

    /** The number of IEEE 754's binary16: a sign, five bits of exponent biased by 15, ten bits of fraction. */
    private static float half(short bits) {
        int exponent = bits >> 10 & 0x1F;
        int fraction = bits & 0x3FF;
        float magnitude;
        if (exponent == 0) {
            magnitude = fraction * 0x1p-24f;
        } else if (exponent == 0x1F) {
            magnitude = Float.intBitsToFloat(0x7F800000 | fraction << 13);
        } else {
            magnitude = Float.intBitsToFloat(exponent + 112 << 23 | fraction << 13);
        }
        return Float.intBitsToFloat(Float.floatToRawIntBits(magnitude) | (bits & 0x8000) << 16);
    }

    private static void requireReal(TensorDef tensor) {
        if (!tensor.type().isReal()) {
            throw unsupported(tensor, "no real numbers that F32 can stand for");
        }
    }

    private static int size(TensorDef tensor, long size) {
        if (size > MAX_ARRAY) {
            throw new UnsupportedException("tensor " + tensor + " exceeds what an array can hold");
        }
        return (int) size;
    }

    private static UnsupportedException unsupported(TensorDef tensor, String found) {
        return new UnsupportedException("tensor " + tensor + " holds " + found);
    }
}

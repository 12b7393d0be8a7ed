package io.octavo.tensor;

/** Element types of tensors. */
public enum DType {
    /** 32-bit IEEE float. */
    F32(4),
    /** Unsigned byte, 0 to 255. */
    U8(1),
    /** Signed byte, -128 to 127. */
    S8(1),
    /** 32-bit signed integer. */
    S32(4),
    /** 64-bit signed integer: indices and shapes, never quantized. */
    S64(8),
    /** Truth, a byte of 0 or 1. */
    BOOL(1);

    private final int bytes;

    DType(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of one element. */
    public int bytes() {
        return bytes;
    }

    /** Whether elements are integers. */
    public boolean isInteger() {
        return this != F32 && this != BOOL;
    }

    /** Smallest code that an element can hold; only {@link #U8}, {@link #S8} and {@link #S32} hold codes. */
    public int min() {
        return switch (this) {
            case U8 -> 0;
            case S8 -> Byte.MIN_VALUE;
            case S32 -> Integer.MIN_VALUE;
            case F32, S64, BOOL -> throw new UnsupportedOperationException(this + " holds no codes");
        };
    }

    /** Largest code that an element can hold; only {@link #U8}, {@link #S8} and {@link #S32} hold codes. */
    public int max() {
        return switch (this) {
            case U8 -> 255;
            case S8 -> Byte.MAX_VALUE;
            case S32 -> Integer.MAX_VALUE;
            case F32, S64, BOOL -> throw new UnsupportedOperationException(this + " holds no codes");
        };
    }
}

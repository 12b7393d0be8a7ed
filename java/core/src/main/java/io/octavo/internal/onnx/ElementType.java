package io.octavo.internal.onnx;

import io.octavo.tensor.DType;

/** Element types of ONNX, with their numbers in files. Those without a {@link #dtype} are recognized, and refused when used. */
public enum ElementType {
    UNDEFINED(0, 0, null),
    F32(1, 32, DType.F32),
    U8(2, 8, DType.U8),
    S8(3, 8, DType.S8),
    U16(4, 16, DType.S32),
    S16(5, 16, DType.S32),
    S32(6, 32, DType.S32),
    S64(7, 64, DType.S64),
    STRING(8, 0, null),
    BOOL(9, 8, DType.BOOL),
    F16(10, 16, DType.F32),
    F64(11, 64, DType.F32),
    U32(12, 32, DType.S64),
    U64(13, 64, DType.S64),
    C64(14, 64, null),
    C128(15, 128, null),
    BF16(16, 16, DType.F32),
    F8E4M3FN(17, 8, null),
    F8E4M3FNUZ(18, 8, null),
    F8E5M2(19, 8, null),
    F8E5M2FNUZ(20, 8, null),
    U4(21, 4, DType.U8),
    S4(22, 4, DType.S8),
    F4E2M1(23, 4, null),
    F8E8M0(24, 8, null),
    U2(25, 2, DType.U8),
    S2(26, 2, DType.S8);

    private static final ElementType[] ALL = values();

    private final int number;
    private final int bits;
    private final DType dtype;

    ElementType(int number, int bits, DType dtype) {
        this.number = number;
        this.bits = bits;
        this.dtype = dtype;
    }

    /** The type of that number, or null if there is none. */
    static ElementType of(long number) {
        return number >= 0 && number < ALL.length ? ALL[(int) number] : null;
    }

    /** The type that an {@code S8} and its like is called in files. */
    static ElementType of(DType dtype) {
        return switch (dtype) {
            case F32 -> F32;
            case U8 -> U8;
            case S8 -> S8;
            case S32 -> S32;
            case S64 -> S64;
            case BOOL -> BOOL;
        };
    }

    /** The number that files write. */
    public int number() {
        return number;
    }

    /** Bits of one element; 0 where elements have no fixed size. */
    public int bits() {
        return bits;
    }

    /** The type of a tensor that holds these elements, or one wider; null: there is none. */
    public DType dtype() {
        return dtype;
    }

    /** Whether elements are integers; truth values count as 0 and 1. */
    public boolean isInteger() {
        return switch (this) {
            case U2, S2, U4, S4, U8, S8, U16, S16, U32, S32, U64, S64, BOOL -> true;
            default -> false;
        };
    }

    /** Whether elements are real numbers that F32 can stand for: F16, BF16, F32, F64. */
    public boolean isReal() {
        return this == F32 || this == F16 || this == BF16 || this == F64;
    }

    /**
     * Bytes of so many elements in raw form, small ones packed into bytes.
     *
     * @throws ArithmeticException if that exceeds a long
     */
    long bytes(long elements) {
        if (bits >= 8) {
            return Math.multiplyExact(elements, bits / 8);
        }
        int perByte = 8 / bits;
        return elements / perByte + (elements % perByte == 0 ? 0 : 1);
    }
}

package io.octavo.onnx;

import io.octavo.internal.onnx.ElementType;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.Granularity;
import io.octavo.tensor.DType;

/**
 * A type of codes as files have it. Those of 16 bits are held as S32, those of 4 and 2 bits as bytes.
 *
 * @param least the smallest code
 * @param greatest the largest code
 */
record CodeType(DType dtype, int bits, int least, int greatest) {
    /** The type of that name; null if it is none of codes. */
    static CodeType of(ElementType type) {
        return switch (type) {
            case U8 -> new CodeType(DType.U8, 8, 0, 255);
            case S8 -> new CodeType(DType.S8, 8, -128, 127);
            case U4 -> new CodeType(DType.U8, 4, 0, 15);
            case S4 -> new CodeType(DType.S8, 4, -8, 7);
            case U2 -> new CodeType(DType.U8, 2, 0, 3);
            case S2 -> new CodeType(DType.S8, 2, -2, 1);
            case U16 -> new CodeType(DType.S32, 16, 0, 65535);
            case S16 -> new CodeType(DType.S32, 16, -32768, 32767);
            case S32 -> new CodeType(DType.S32, 32, Integer.MIN_VALUE, Integer.MAX_VALUE);
            default -> null;
        };
    }

    /** The widest type of codes that are held so; null if there is none. */
    static CodeType of(DType dtype) {
        return switch (dtype) {
            case U8 -> of(ElementType.U8);
            case S8 -> of(ElementType.S8);
            case S32 -> of(ElementType.S32);
            case F32, S64, BOOL -> null;
        };
    }

    /** Whether operators on codes take them. */
    boolean isByte() {
        return dtype != DType.S32;
    }

    /** Parameters of such codes. */
    AffineParams params(float[] scales, int[] zeroPoints, Granularity granularity) {
        return new AffineParams(dtype, isByte() ? bits : 32, least, greatest, scales, zeroPoints, granularity);
    }
}

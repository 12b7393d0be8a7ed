package io.octavo.internal.bind;

import io.octavo.natives.global.octavo;
import io.octavo.tensor.DType;

/** Element types of a plan's values: those of tensors, and codes that a table decodes. */
public enum NativeType {
    F32(octavo.OCTAVO_F32),
    U8(octavo.OCTAVO_U8),
    S8(octavo.OCTAVO_S8),
    S32(octavo.OCTAVO_S32),
    S64(octavo.OCTAVO_S64),
    BOOL(octavo.OCTAVO_BOOL),
    /** Table codes 0 to 15, given one a byte. */
    CODE4(octavo.OCTAVO_CODE4),
    /** Table codes 0 to 255, one a byte. */
    CODE8(octavo.OCTAVO_CODE8);

    final int code;

    NativeType(int code) {
        this.code = code;
    }

    /** The type of a tensor's elements. */
    public static NativeType of(DType dtype) {
        return switch (dtype) {
            case F32 -> F32;
            case U8 -> U8;
            case S8 -> S8;
            case S32 -> S32;
            case S64 -> S64;
            case BOOL -> BOOL;
        };
    }
}

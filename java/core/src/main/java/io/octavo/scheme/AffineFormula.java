package io.octavo.scheme;

import io.octavo.InvalidValueException;
import io.octavo.tensor.DType;

/**
 * From a range to scale and zero point: the arithmetic of PyTorch's observers, every step in float32.
 *
 * @param qMin least code that a range is laid over
 * @param qMax greatest code that a range is laid over
 * @param leastCode least code that occurs: below qMin with a reduced range
 * @param greatestCode greatest code that occurs
 * @param middle the zero point of symmetric codes; otherwise 0 and without meaning
 */
record AffineFormula(
        int bits, DType dtype, boolean symmetric, int qMin, int qMax, int leastCode, int greatestCode, int middle) {
    /** The least scale, the spacing of floats at 1. */
    static final float EPSILON = 0x1p-23f;

    static void checkDtype(DType dtype) {
        if (dtype != DType.U8 && dtype != DType.S8) {
            throw new InvalidValueException("codes of type " + dtype + ": must be U8 or S8");
        }
    }

    /** Whether a scheme that does not say so has a narrow range: below 8 bits, where half a step is a lot. */
    static boolean narrowByDefault(int bits, boolean symmetric) {
        return symmetric && bits < Bits.GREATEST;
    }

    static void checkNarrow(boolean narrowRange, boolean symmetric) {
        if (narrowRange && !symmetric) {
            throw new InvalidValueException("a narrow range without symmetric codes: a zero point uses all codes");
        }
    }

    static AffineFormula of(LinearScheme scheme) {
        int bits = scheme.bits();
        int used = scheme.reduceRange() ? bits - 1 : bits;
        boolean unsigned = scheme.dtype() == DType.U8;
        if (scheme.narrowRange()) {
            int reach = Math.max(1, (1 << (used - 1)) - 1); // of one bit there would be the level 0 alone
            int furthest = (1 << (bits - 1)) - 1;
            int middle = unsigned ? furthest : 0;
            return new AffineFormula(
                    bits,
                    scheme.dtype(),
                    true,
                    middle - reach,
                    middle + reach,
                    middle - furthest,
                    middle + furthest,
                    middle);
        }
        int least = unsigned ? 0 : -(1 << (bits - 1));
        int qMin = unsigned ? 0 : -(1 << (used - 1));
        int middle = 0;
        if (unsigned && scheme.symmetric()) {
            // PyTorch's zero point: 128 at 8 bits, whatever the range; else the lower of the two codes in the middle.
            middle = bits == Bits.GREATEST ? 1 << (bits - 1) : (1 << (used - 1)) - 1;
            qMin = bits == Bits.GREATEST ? middle - (1 << (used - 1)) : 0;
        }
        return new AffineFormula(
                bits,
                scheme.dtype(),
                scheme.symmetric(),
                qMin,
                qMin + (1 << used) - 1,
                least,
                least + (1 << bits) - 1,
                middle);
    }

    /**
     * Parameters of each set's range. A reduced range decides the scale alone: codes may still take all bits, as in
     * PyTorch, so that a value beyond the observed range is not cut off.
     */
    AffineParams params(float[] min, float[] max, Granularity granularity) {
        float[] scales = new float[min.length];
        int[] zeroPoints = new int[min.length];
        for (int i = 0; i < min.length; i++) {
            scales[i] = scale(min[i], max[i]);
            zeroPoints[i] = zeroPoint(min[i], scales[i]);
            scales[i] = finite(scales[i], Math.max(qMax - zeroPoints[i], zeroPoints[i] - qMin));
        }
        return new AffineParams(dtype, bits, leastCode, greatestCode, scales, zeroPoints, granularity);
    }

    /** Infinite, and so refused, where the width of the range is beyond float32. */
    float scale(float min, float max) {
        float lo = Math.min(min, 0f);
        float hi = Math.max(max, 0f);
        float scale = symmetric ? Math.max(-lo, hi) / ((qMax - qMin) / 2f) : (hi - lo) / (qMax - qMin);
        return Math.max(scale, EPSILON);
    }

    /** The greatest scale up to this one whose levels are finite: half a step beyond the range they might not be. */
    private static float finite(float scale, int furthestLevel) {
        if (Float.isInfinite(scale)) {
            return scale;
        }
        float finite = Math.min(scale, Float.MAX_VALUE / furthestLevel);
        while (Float.isInfinite(finite * furthestLevel)) {
            finite = Math.nextDown(finite);
        }
        return finite;
    }

    /** The zero point of a range with this least value and scale. */
    int zeroPoint(float min, float scale) {
        if (symmetric) {
            return middle;
        }
        float lo = Math.min(min, 0f);
        return Math.max(qMin, Math.min(qMax, qMin - (int) Math.rint(lo / scale)));
    }
}

package io.octavo.scheme;

import io.octavo.InvalidValueException;
import io.octavo.tensor.DType;

/** From a range to scale and zero point: the arithmetic of PyTorch's observers, every step in float32. */
record AffineFormula(int bits, DType dtype, boolean symmetric, int qMin, int qMax, int greatestCode) {
    /** The least scale, the spacing of floats at 1. */
    static final float EPSILON = 0x1p-23f;

    static void checkDtype(DType dtype) {
        if (dtype != DType.U8 && dtype != DType.S8) {
            throw new InvalidValueException("codes of type " + dtype + ": must be U8 or S8");
        }
    }

    static AffineFormula of(LinearScheme scheme) {
        int used = scheme.reduceRange() ? scheme.bits() - 1 : scheme.bits();
        int qMin = scheme.dtype() == DType.U8 ? 0 : -(1 << (used - 1));
        int greatest = (scheme.dtype() == DType.U8 ? 1 << scheme.bits() : 1 << (scheme.bits() - 1)) - 1;
        return new AffineFormula(
                scheme.bits(), scheme.dtype(), scheme.symmetric(), qMin, qMin + (1 << used) - 1, greatest);
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
        }
        int leastCode = dtype == DType.U8 ? 0 : -greatestCode - 1;
        return new AffineParams(dtype, bits, leastCode, greatestCode, scales, zeroPoints, granularity);
    }

    /** Bits of the codes that the range is laid over: one less with a reduced range. */
    int usedBits() {
        return 32 - Integer.numberOfLeadingZeros(qMax - qMin);
    }

    float scale(float min, float max) {
        float lo = Math.min(min, 0f);
        float hi = Math.max(max, 0f);
        float scale = symmetric ? Math.max(-lo, hi) / ((qMax - qMin) / 2f) : (hi - lo) / (qMax - qMin);
        return Math.max(scale, EPSILON);
    }

    /** The zero point of a range with this least value and scale. */
    int zeroPoint(float min, float scale) {
        if (symmetric) {
            return dtype == DType.U8 ? (greatestCode + 1) / 2 : 0;
        }
        float lo = Math.min(min, 0f);
        return Math.max(qMin, Math.min(qMax, qMin - (int) Math.rint(lo / scale)));
    }
}

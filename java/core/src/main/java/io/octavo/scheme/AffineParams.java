package io.octavo.scheme;

import io.octavo.InvalidValueException;
import io.octavo.tensor.DType;
import java.util.Arrays;

/**
 * Affine decoding: {@code real = (code - zeroPoint) * scale}, the difference exact, the product rounded once to
 * float32.
 *
 * @param dtype type of a code, {@link DType#U8} or {@link DType#S8}; {@link DType#S32} for biases
 * @param bits width of a code, 2 to 8; 32 for S32
 * @param qMin smallest code that occurs
 * @param qMax greatest code that occurs
 * @param scales one a parameter set, finite and greater than 0
 * @param zeroPoints one a parameter set, within the dtype's range (it may lie outside {@code qMin..qMax}); 0 for S32
 */
public record AffineParams(
        DType dtype, int bits, int qMin, int qMax, float[] scales, int[] zeroPoints, Granularity granularity)
        implements QuantParams {

    /** Checks and copies. Throws {@link InvalidValueException} naming what is out of range. */
    public AffineParams {
        checkCodes(dtype, bits);
        int least = least(dtype);
        int greatest = greatest(dtype);
        if (qMin < least || qMax > greatest || qMin >= qMax) {
            throw new InvalidValueException("codes " + qMin + ".." + qMax + ": must be an ascending range within "
                    + least + ".." + greatest + ", the range of " + dtype);
        }
        if (scales.length == 0 || scales.length != zeroPoints.length) {
            throw new InvalidValueException(scales.length + " scales and " + zeroPoints.length
                    + " zero points: must be as many, and at least one");
        }
        if (granularity.isPerTensor() && scales.length != 1) {
            throw new InvalidValueException(scales.length + " parameter sets for a whole tensor: must be 1");
        }
        scales = scales.clone();
        zeroPoints = zeroPoints.clone();
        for (int i = 0; i < scales.length; i++) {
            if (!(scales[i] > 0) || Float.isInfinite(scales[i])) {
                throw new InvalidValueException(
                        "scale " + scales[i] + " of parameter set " + i + ": must be finite and greater than 0");
            }
            if (dtype == DType.S32 && zeroPoints[i] != 0) {
                throw new InvalidValueException("zero point " + zeroPoints[i] + " of parameter set " + i
                        + ": S32 codes are symmetric, it must be 0");
            }
            if (zeroPoints[i] < least || zeroPoints[i] > greatest) {
                throw new InvalidValueException("zero point " + zeroPoints[i] + " of parameter set " + i
                        + ": must be in " + least + ".." + greatest + ", the range of " + dtype);
            }
        }
    }

    /** Parameters of a whole tensor with all the codes of {@code bits} bits. */
    public static AffineParams perTensor(DType dtype, int bits, float scale, int zeroPoint) {
        checkCodes(dtype, bits);
        if (dtype == DType.S32) {
            return perTensor(dtype, bits, least(dtype), greatest(dtype), scale, zeroPoint);
        }
        int least = dtype == DType.U8 ? 0 : -(1 << (bits - 1));
        return perTensor(dtype, bits, least, least + (1 << bits) - 1, scale, zeroPoint);
    }

    /**
     * Parameters of a whole tensor in which one number, and no other but 0, is a code to the bit: the scale is its magnitude.
     *
     * @param number finite
     */
    public static AffineParams exactly(DType dtype, int bits, float number) {
        // Below the normal floats 1 / scale would not be one.
        float scale = number == 0 ? 1 : Math.max(Math.abs(number), Float.MIN_NORMAL);
        return perTensor(dtype, bits, scale, dtype == DType.U8 && number < 0 ? 1 : 0);
    }

    /** Parameters of a bias of S32 codes: one scale, or one an output channel. */
    public static AffineParams bias(float... scales) {
        return new AffineParams(
                DType.S32,
                32,
                least(DType.S32),
                greatest(DType.S32),
                scales,
                new int[scales.length],
                scales.length == 1 ? Granularity.perTensor() : Granularity.perChannel(0));
    }

    private static void checkCodes(DType dtype, int bits) {
        if (dtype == DType.F32) {
            throw new InvalidValueException("affine codes of type F32: must be U8, S8 or S32");
        }
        if (dtype != DType.S32) {
            Bits.check(bits);
        } else if (bits != 32) {
            throw new InvalidValueException(bits + " bits: codes of type S32 have 32");
        }
    }

    private static int least(DType dtype) {
        return dtype == DType.U8 ? 0 : dtype == DType.S8 ? Byte.MIN_VALUE : Integer.MIN_VALUE;
    }

    private static int greatest(DType dtype) {
        return dtype == DType.U8 ? 255 : dtype == DType.S8 ? Byte.MAX_VALUE : Integer.MAX_VALUE;
    }

    /** Parameters of a whole tensor whose codes lie in {@code qMin..qMax}. */
    public static AffineParams perTensor(DType dtype, int bits, int qMin, int qMax, float scale, int zeroPoint) {
        return new AffineParams(
                dtype, bits, qMin, qMax, new float[] {scale}, new int[] {zeroPoint}, Granularity.perTensor());
    }

    @Override
    public int count() {
        return scales.length;
    }

    /** A copy of the scales. */
    @Override
    public float[] scales() {
        return scales.clone();
    }

    /** A copy of the zero points. */
    @Override
    public int[] zeroPoints() {
        return zeroPoints.clone();
    }

    @Override
    public float scale(int set) {
        return scales[set];
    }

    /** Zero point of parameter set {@code set}. */
    public int zeroPoint(int set) {
        return zeroPoints[set];
    }

    /** The scale of a whole tensor. Throws {@link InvalidValueException} if there are several. */
    public float scale() {
        only("scale");
        return scales[0];
    }

    /** The zero point of a whole tensor. Throws {@link InvalidValueException} if there are several. */
    public int zeroPoint() {
        only("zero point");
        return zeroPoints[0];
    }

    private void only(String what) {
        if (scales.length != 1) {
            throw new InvalidValueException("no single " + what + " in " + scales.length + " parameter sets (per "
                    + granularity + "): ask for the one of a set");
        }
    }

    /** Whether every zero point is 0. */
    public boolean isSymmetric() {
        for (int z : zeroPoints) {
            if (z != 0) {
                return false;
            }
        }
        return true;
    }

    /** 32 bits a scale, and 8 bits a zero point unless all of them are 0. */
    @Override
    public long storageBits() {
        return count() * (isSymmetric() ? 32L : 40L);
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof AffineParams p
                && dtype == p.dtype
                && bits == p.bits
                && qMin == p.qMin
                && qMax == p.qMax
                && Arrays.equals(scales, p.scales)
                && Arrays.equals(zeroPoints, p.zeroPoints)
                && granularity.equals(p.granularity);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(scales) + Arrays.hashCode(zeroPoints);
    }

    @Override
    public String toString() {
        String head = "affine " + dtype + " " + bits + " bits, codes " + qMin + ".." + qMax + ", per " + granularity;
        return count() == 1
                ? head + ", scale " + scales[0] + ", zero point " + zeroPoints[0]
                : head + ", " + count() + " parameter sets";
    }
}

package io.octavo.internal.bind;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.natives.global.octavo;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;

/**
 * The native whole-array functions. A tensor per channel is seen as {@code [outer, channels, inner]}; whatever the instruction
 * set, the results are the same bytes.
 */
public final class Arrays {
    private Arrays() {}

    /**
     * Ranges of the channels of a tensor.
     *
     * @param min least finite element of each channel; +infinity if it has none
     * @param max greatest finite element of each channel; -infinity if it has none
     * @param nan number of NaN in the tensor
     * @param inf number of infinities in the tensor
     */
    public record MinMax(float[] min, float[] max, long nan, long inf) {}

    /**
     * The difference between two tensors.
     *
     * @param error sum of (a - b)^2
     * @param power sum of a^2
     */
    public record SquaredError(double error, double power) {}

    /** Least and greatest element of each channel. */
    public static MinMax minMax(Tensor x, long outer, long channels, long inner) {
        check(x, DType.F32, outer, channels, inner);
        try (ArrayCall call = new ArrayCall()) {
            FloatPointer min = new FloatPointer(channels);
            FloatPointer max = new FloatPointer(channels);
            LongPointer nan = new LongPointer(1);
            LongPointer inf = new LongPointer(1);
            Status.check(octavo.octavo_min_max(call.floats(x), outer, channels, inner, min, max, nan, inf));
            int count = (int) channels;
            return new MinMax(ArrayCall.values(min, count), ArrayCall.values(max, count), nan.get(0), inf.get(0));
        }
    }

    /** Adds every finite x to {@code counts[floor(x / 2^exponent) - first]}. */
    public static void histogram(Tensor x, int exponent, long first, long[] counts) {
        check(x, DType.F32, 1, 1, x.elements());
        try (ArrayCall call = new ArrayCall()) {
            LongPointer bins = new LongPointer(counts);
            Status.check(octavo.octavo_histogram(call.floats(x), x.elements(), exponent, first, counts.length, bins));
            bins.get(counts);
        }
    }

    /** Writes the codes of x into q, a U8 or S8 tensor of as many elements. */
    public static void quantize(
            Tensor x,
            long outer,
            long channels,
            long inner,
            float[] scales,
            int[] zeroPoints,
            int qMin,
            int qMax,
            Tensor q) {
        check(x, DType.F32, outer, channels, inner);
        check(q, ArrayCall.codes(q), outer, channels, inner);
        checkParameters(channels, scales, zeroPoints);
        try (ArrayCall call = new ArrayCall()) {
            Status.check(octavo.octavo_quantize(
                    call.floats(x),
                    outer,
                    channels,
                    inner,
                    new FloatPointer(scales),
                    new IntPointer(zeroPoints),
                    NativeType.of(q.dtype()).code,
                    qMin,
                    qMax,
                    call.bytes(q)));
        }
    }

    /** Writes the real numbers that the U8, S8 or S32 codes q stand for into x. */
    public static void dequantize(
            Tensor q, long outer, long channels, long inner, float[] scales, int[] zeroPoints, Tensor x) {
        check(q, q.dtype() == DType.S32 ? DType.S32 : ArrayCall.codes(q), outer, channels, inner);
        check(x, DType.F32, outer, channels, inner);
        checkParameters(channels, scales, zeroPoints);
        try (ArrayCall call = new ArrayCall()) {
            Status.check(octavo.octavo_dequantize(
                    call.bytes(q),
                    NativeType.of(q.dtype()).code,
                    outer,
                    channels,
                    inner,
                    new FloatPointer(scales),
                    new IntPointer(zeroPoints),
                    call.floats(x)));
        }
    }

    /** The difference between two F32 tensors of as many elements. */
    public static SquaredError squaredError(Tensor a, Tensor b) {
        check(a, DType.F32, 1, 1, a.elements());
        check(b, DType.F32, 1, 1, a.elements());
        try (ArrayCall call = new ArrayCall()) {
            DoublePointer error = new DoublePointer(1);
            DoublePointer power = new DoublePointer(1);
            Status.check(octavo.octavo_squared_error(call.floats(a), call.floats(b), a.elements(), error, power));
            return new SquaredError(error.get(0), power.get(0));
        }
    }

    static void check(Tensor x, DType dtype, long outer, long channels, long inner) {
        if (x.dtype() != dtype) {
            throw new ShapeMismatchException("Tensor " + x + " where one of " + dtype + " is needed");
        }
        if (outer < 1 || channels < 1 || inner < 1) {
            throw new InvalidValueException("A tensor seen as [" + outer + ", " + channels + ", " + inner
                    + "]: each dimension must be 1 or more");
        }
        if (Math.multiplyExact(Math.multiplyExact(outer, channels), inner) != x.elements()) {
            throw new ShapeMismatchException(
                    "Tensor " + x + " cannot be seen as [" + outer + ", " + channels + ", " + inner + "]");
        }
    }

    private static void checkParameters(long channels, float[] scales, int[] zeroPoints) {
        if (scales.length != channels || zeroPoints.length != channels) {
            throw new ShapeMismatchException(
                    scales.length + " scales and " + zeroPoints.length + " zero points for " + channels + " channels");
        }
    }
}

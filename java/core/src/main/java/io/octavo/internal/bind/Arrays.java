package io.octavo.internal.bind;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.natives.global.octavo;
import io.octavo.tensor.DType;
import io.octavo.tensor.Memory;
import io.octavo.tensor.Tensor;
import java.lang.ref.Reference;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerScope;

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
        NativeLibrary.require();
        Memory xMemory = x.memory();
        try (PointerScope scope = new PointerScope()) {
            FloatPointer min = new FloatPointer(channels);
            FloatPointer max = new FloatPointer(channels);
            LongPointer nan = new LongPointer(1);
            LongPointer inf = new LongPointer(1);
            Status.check(octavo.octavo_min_max(floats(xMemory), outer, channels, inner, min, max, nan, inf));
            float[] least = new float[(int) channels];
            float[] greatest = new float[(int) channels];
            min.get(least);
            max.get(greatest);
            return new MinMax(least, greatest, nan.get(0), inf.get(0));
        } finally {
            Reference.reachabilityFence(xMemory);
        }
    }

    /** Adds every finite x to {@code counts[floor(x / 2^exponent) - first]}. */
    public static void histogram(Tensor x, int exponent, long first, long[] counts) {
        check(x, DType.F32, 1, 1, x.elements());
        NativeLibrary.require();
        Memory xMemory = x.memory();
        try (PointerScope scope = new PointerScope()) {
            LongPointer bins = new LongPointer(counts);
            Status.check(octavo.octavo_histogram(floats(xMemory), x.elements(), exponent, first, counts.length, bins));
            bins.get(counts);
        } finally {
            Reference.reachabilityFence(xMemory);
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
        check(q, codes(q), outer, channels, inner);
        checkParameters(channels, scales, zeroPoints);
        NativeLibrary.require();
        Memory xMemory = x.memory();
        Memory qMemory = q.memory();
        try (PointerScope scope = new PointerScope()) {
            Status.check(octavo.octavo_quantize(
                    floats(xMemory),
                    outer,
                    channels,
                    inner,
                    new FloatPointer(scales),
                    new IntPointer(zeroPoints),
                    NativeType.of(q.dtype()).code,
                    qMin,
                    qMax,
                    Address.pointer(qMemory)));
        } finally {
            Reference.reachabilityFence(xMemory);
            Reference.reachabilityFence(qMemory);
        }
    }

    /** Writes the real numbers that the U8, S8 or S32 codes q stand for into x. */
    public static void dequantize(
            Tensor q, long outer, long channels, long inner, float[] scales, int[] zeroPoints, Tensor x) {
        check(q, q.dtype() == DType.S32 ? DType.S32 : codes(q), outer, channels, inner);
        check(x, DType.F32, outer, channels, inner);
        checkParameters(channels, scales, zeroPoints);
        NativeLibrary.require();
        Memory qMemory = q.memory();
        Memory xMemory = x.memory();
        try (PointerScope scope = new PointerScope()) {
            Status.check(octavo.octavo_dequantize(
                    Address.pointer(qMemory),
                    NativeType.of(q.dtype()).code,
                    outer,
                    channels,
                    inner,
                    new FloatPointer(scales),
                    new IntPointer(zeroPoints),
                    floats(xMemory)));
        } finally {
            Reference.reachabilityFence(qMemory);
            Reference.reachabilityFence(xMemory);
        }
    }

    /** The difference between two F32 tensors of as many elements. */
    public static SquaredError squaredError(Tensor a, Tensor b) {
        check(a, DType.F32, 1, 1, a.elements());
        check(b, DType.F32, 1, 1, a.elements());
        NativeLibrary.require();
        Memory aMemory = a.memory();
        Memory bMemory = b.memory();
        try (PointerScope scope = new PointerScope()) {
            DoublePointer error = new DoublePointer(1);
            DoublePointer power = new DoublePointer(1);
            Status.check(octavo.octavo_squared_error(floats(aMemory), floats(bMemory), a.elements(), error, power));
            return new SquaredError(error.get(0), power.get(0));
        } finally {
            Reference.reachabilityFence(aMemory);
            Reference.reachabilityFence(bMemory);
        }
    }

    private static FloatPointer floats(Memory x) {
        return new FloatPointer(Address.pointer(x));
    }

    private static DType codes(Tensor q) {
        return q.dtype() == DType.S8 ? DType.S8 : DType.U8;
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

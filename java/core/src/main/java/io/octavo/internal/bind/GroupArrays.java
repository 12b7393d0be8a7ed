package io.octavo.internal.bind;

import io.octavo.ShapeMismatchException;
import io.octavo.natives.global.octavo;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;

/**
 * The native whole-array functions of tensors whose elements have parameters by groups: one call for all groups, on all threads.
 * Whatever the instruction set and the number of threads, the results are the same bytes.
 */
public final class GroupArrays {
    private GroupArrays() {}

    /**
     * A tensor's elements as rows, of which each {@code size} consecutive elements are a group, the last of a row having the rest.
     *
     * @param rows 1 or more
     * @param columns elements of a row, 1 or more
     * @param size elements of a group, 1 or more; columns: a row is a group
     */
    public record Groups(long rows, long columns, long size) {
        /** One group of all elements. */
        public static Groups one(long elements) {
            return new Groups(1, elements, elements);
        }

        private long perRow() {
            return (columns + size - 1) / size;
        }

        /** How many groups there are. */
        public int count() {
            return Math.toIntExact(Math.multiplyExact(rows, perRow()));
        }

        /** Index of a group's first element; that of the group after the last is the number of elements. */
        public long begin(int group) {
            return group / perRow() * columns + group % perRow() * size;
        }

        /** Index behind a group's last element. */
        public long end(int group) {
            return Math.min(begin(group) + size, (group / perRow() + 1) * columns);
        }
    }

    /** Ranges, one a group. */
    public record Ranges(float[] lo, float[] hi) {}

    /**
     * Levels of each group and what they are rounded to.
     *
     * @param size levels of a group: the most that one has, others repeat their last
     * @param levels ascending, {@code [groups, size]}
     * @param entries of -127 to 127, what a level is of the scale, {@code [groups, size]}
     * @param scales one a group
     */
    public record Levels(int size, float[] levels, byte[] entries, float[] scales) {}

    /** Least and greatest element of each group. */
    public static Arrays.MinMax minMax(Tensor x, Groups groups) {
        check(x, DType.F32, groups);
        try (ArrayCall call = new ArrayCall()) {
            FloatPointer min = new FloatPointer(groups.count());
            FloatPointer max = new FloatPointer(groups.count());
            LongPointer nan = new LongPointer(1);
            LongPointer inf = new LongPointer(1);
            Status.check(octavo.octavo_group_min_max(
                    call.floats(x), groups.rows, groups.columns, groups.size, min, max, nan, inf));
            return new Arrays.MinMax(
                    ArrayCall.values(min, groups.count()),
                    ArrayCall.values(max, groups.count()),
                    nan.get(0),
                    inf.get(0));
        }
    }

    /** Writes the codes of x into q, a U8 or S8 tensor of as many elements. */
    public static void quantize(
            Tensor x, Groups groups, float[] scales, int[] zeroPoints, int qMin, int qMax, Tensor q) {
        check(x, DType.F32, groups);
        check(q, ArrayCall.codes(q), groups);
        checkLength(groups, scales.length, 1);
        checkLength(groups, zeroPoints.length, 1);
        try (ArrayCall call = new ArrayCall()) {
            Status.check(octavo.octavo_group_quantize(
                    call.floats(x),
                    groups.rows,
                    groups.columns,
                    groups.size,
                    new FloatPointer(scales),
                    new IntPointer(zeroPoints),
                    NativeType.of(q.dtype()).code,
                    qMin,
                    qMax,
                    call.bytes(q)));
        }
    }

    /** Writes the real numbers that the U8 or S8 codes q stand for into x. */
    public static void dequantize(Tensor q, Groups groups, float[] scales, int[] zeroPoints, Tensor x) {
        check(q, ArrayCall.codes(q), groups);
        check(x, DType.F32, groups);
        checkLength(groups, scales.length, 1);
        checkLength(groups, zeroPoints.length, 1);
        try (ArrayCall call = new ArrayCall()) {
            Status.check(octavo.octavo_group_dequantize(
                    call.bytes(q),
                    NativeType.of(q.dtype()).code,
                    groups.rows,
                    groups.columns,
                    groups.size,
                    new FloatPointer(scales),
                    new IntPointer(zeroPoints),
                    call.floats(x)));
        }
    }

    /**
     * Writes the index of the nearest level of its group for every x into codes, a U8 tensor of as many elements.
     *
     * @param levels ascending, {@code [groups, count]}
     */
    public static void nearestLevel(Tensor x, Groups groups, float[] levels, int count, Tensor codes) {
        check(x, DType.F32, groups);
        check(codes, DType.U8, groups);
        checkLength(groups, levels.length, count);
        try (ArrayCall call = new ArrayCall()) {
            Status.check(octavo.octavo_group_nearest_level(
                    call.floats(x),
                    groups.rows,
                    groups.columns,
                    groups.size,
                    new FloatPointer(levels),
                    count,
                    new BytePointer(call.bytes(codes))));
        }
    }

    /** How a range is chosen, as octavo.h has it. */
    public enum RangeMethod {
        /** Least squared error. */
        LEAST_ERROR(octavo.OCTAVO_RANGE_LEAST_ERROR),
        /** A share of the values. */
        PERCENTILE(octavo.OCTAVO_RANGE_PERCENTILE),
        /** A fitted Laplace or normal distribution. */
        ANALYTICAL(octavo.OCTAVO_RANGE_ANALYTICAL),
        /** Least loss of information. */
        ENTROPY(octavo.OCTAVO_RANGE_ENTROPY);

        private final int code;

        RangeMethod(int code) {
            this.code = code;
        }
    }

    /**
     * A choice of range.
     *
     * @param percent of the values, for {@link RangeMethod#PERCENTILE}
     * @param qMin least of the codes that the range is laid over, counted from the zero point if symmetric
     * @param qMax greatest of them
     */
    public record RangeChoice(RangeMethod method, double percent, int qMin, int qMax, boolean symmetric) {
        private int symmetricFlag() {
            return symmetric ? 1 : 0;
        }
    }

    /** The range of each group. */
    public static Ranges fitRange(Tensor x, Groups groups, RangeChoice choice) {
        check(x, DType.F32, groups);
        try (ArrayCall call = new ArrayCall()) {
            FloatPointer lo = new FloatPointer(groups.count());
            FloatPointer hi = new FloatPointer(groups.count());
            Status.check(octavo.octavo_group_fit_range(
                    call.floats(x),
                    groups.rows,
                    groups.columns,
                    groups.size,
                    choice.method.code,
                    choice.percent,
                    choice.qMin,
                    choice.qMax,
                    choice.symmetricFlag(),
                    lo,
                    hi));
            return new Ranges(ArrayCall.values(lo, groups.count()), ArrayCall.values(hi, groups.count()));
        }
    }

    /**
     * The levels of each group with the least squared error.
     *
     * @param counts how often each x occurs; null: once
     * @param count levels of a group at most, 1 to 256
     */
    public static Levels fitLevels(Tensor x, long[] counts, Groups groups, int count) {
        check(x, DType.F32, groups);
        try (ArrayCall call = new ArrayCall()) {
            long all = (long) groups.count() * count;
            FloatPointer levels = new FloatPointer(all);
            BytePointer entries = new BytePointer(all);
            FloatPointer scales = new FloatPointer(groups.count());
            IntPointer most = new IntPointer(1);
            Status.check(octavo.octavo_group_fit_levels(
                    call.floats(x),
                    longs(x, counts),
                    groups.rows,
                    groups.columns,
                    groups.size,
                    count,
                    levels,
                    entries,
                    scales,
                    most));
            int size = most.get(0);
            float[] fitted = new float[groups.count() * size];
            byte[] rounded = new byte[groups.count() * size];
            for (int i = 0; i < groups.count(); i++) {
                levels.position((long) i * count).get(fitted, i * size, size);
                entries.position((long) i * count).get(rounded, i * size, size);
            }
            return new Levels(size, fitted, rounded, ArrayCall.values(scales, groups.count()));
        }
    }

    /**
     * The scale of each group with which 0 and the entries of either sign have the least squared error.
     *
     * @param counts how often each x occurs; null: once
     * @param entries above 0, ascending
     */
    public static float[] fitScale(Tensor x, long[] counts, Groups groups, byte[] entries) {
        check(x, DType.F32, groups);
        try (ArrayCall call = new ArrayCall()) {
            FloatPointer scales = new FloatPointer(groups.count());
            Status.check(octavo.octavo_group_fit_scale(
                    call.floats(x),
                    longs(x, counts),
                    groups.rows,
                    groups.columns,
                    groups.size,
                    new BytePointer(entries),
                    entries.length,
                    scales));
            return ArrayCall.values(scales, groups.count());
        }
    }

    /** Squared error of counted values, spread evenly over their bins, under affine codes. */
    public static double histogramError(
            long[] counts,
            int exponent,
            long first,
            float min,
            float max,
            float scale,
            int zeroPoint,
            int qMin,
            int qMax) {
        try (ArrayCall call = new ArrayCall()) {
            DoublePointer sum = new DoublePointer(1);
            Status.check(octavo.octavo_histogram_error(
                    new LongPointer(counts),
                    exponent,
                    first,
                    counts.length,
                    min,
                    max,
                    scale,
                    zeroPoint,
                    qMin,
                    qMax,
                    sum));
            return sum.get(0);
        }
    }

    /** The range of such values. */
    public static Ranges histogramFitRange(
            long[] counts, int exponent, long first, float min, float max, RangeChoice choice) {
        try (ArrayCall call = new ArrayCall()) {
            FloatPointer lo = new FloatPointer(1);
            FloatPointer hi = new FloatPointer(1);
            Status.check(octavo.octavo_histogram_fit_range(
                    new LongPointer(counts),
                    exponent,
                    first,
                    counts.length,
                    min,
                    max,
                    choice.method.code,
                    choice.percent,
                    choice.qMin,
                    choice.qMax,
                    choice.symmetricFlag(),
                    lo,
                    hi));
            return new Ranges(ArrayCall.values(lo, 1), ArrayCall.values(hi, 1));
        }
    }

    private static LongPointer longs(Tensor x, long[] counts) {
        if (counts != null && counts.length != x.elements()) {
            throw new ShapeMismatchException(counts.length + " counts for tensor " + x);
        }
        return counts == null ? null : new LongPointer(counts);
    }

    private static void check(Tensor x, DType dtype, Groups groups) {
        Arrays.check(x, dtype, 1, groups.rows, groups.columns);
    }

    private static void checkLength(Groups groups, int length, int each) {
        if (length != (long) groups.count() * each) {
            throw new ShapeMismatchException(
                    length + " parameters for " + groups.count() + " groups, each of which has " + each);
        }
    }
}

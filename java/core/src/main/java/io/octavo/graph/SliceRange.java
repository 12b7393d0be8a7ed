package io.octavo.graph;

import io.octavo.InvalidValueException;

/**
 * The elements of a dimension that a slice takes: {@code first, first + step, ..}, {@code count} of them.
 */
record SliceRange(long first, long step, long count) {
    /** Of a dimension of that size; negative bounds count from its end, bounds beyond it are moved to it (ONNX, Slice). */
    static SliceRange of(long size, long start, long end, long step) {
        if (step == 0) {
            throw new InvalidValueException("Slice with a step of 0");
        }
        long first = start < 0 ? start + size : start;
        long last = end < 0 ? (end < -size ? Long.MIN_VALUE : end + size) : end;
        if (step > 0) {
            first = Math.min(Math.max(first, 0), size);
            last = Math.min(Math.max(last, 0), size);
            return new SliceRange(first, step, last > first ? (last - first - 1) / step + 1 : 0);
        }
        first = Math.min(Math.max(first, 0), size - 1);
        last = Math.min(Math.max(last, -1), size - 1);
        // -(step + 1) + 1 does not overflow for the least step.
        return new SliceRange(first, step, first > last ? Long.divideUnsigned(first - last - 1, -step) + 1 : 0);
    }
}

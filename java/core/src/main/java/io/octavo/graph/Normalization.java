package io.octavo.graph;

import io.octavo.InvalidValueException;

/** Operators that bring numbers to a common mean and size; F32. Axes count from 0. */
public sealed interface Normalization extends Op
        permits Normalization.LayerNorm, Normalization.GroupNorm, Normalization.LocalResponse {

    /**
     * {@code x, [scale], [bias] -> (x - mean) / sqrt(variance + epsilon) · scale + bias}, mean and variance over all dimensions from
     * the axis on; scale and bias broadcast to x. With {@code rms} the mean is taken for 0 (RMSNorm): {@code x / sqrt(mean of squares +
     * epsilon)}.
     */
    record LayerNorm(int axis, float epsilon, boolean rms) implements Normalization {
        /** Checks the numbers. */
        public LayerNorm {
            if (axis < 0) {
                throw new InvalidValueException("LayerNorm from axis " + axis + ": axes count from 0");
            }
            requireEpsilon("LayerNorm", epsilon);
        }
    }

    /**
     * {@code x [N, C, ..], scale [C], bias [C] -> (x - mean) / sqrt(variance + epsilon) · scale + bias}, mean and variance over each
     * sample's groups of channels; with as many groups as channels this is instance normalization.
     *
     * @param groups how many; 0: as many as channels
     */
    record GroupNorm(int groups, float epsilon) implements Normalization {
        /** Checks the numbers. */
        public GroupNorm {
            if (groups < 0) {
                throw new InvalidValueException(
                        "GroupNorm with " + groups + " groups: at least 1, or 0 for each channel");
            }
            requireEpsilon("GroupNorm", epsilon);
        }
    }

    /**
     * {@code x [N, C, ..] -> x / (bias + alpha/size · sum of squares)^beta}, the sum over the {@code size} channels around each: {@code
     * floor((size-1)/2)} before and {@code ceil((size-1)/2)} behind it.
     */
    record LocalResponse(int size, float alpha, float beta, float bias) implements Normalization {
        /** Checks the size. */
        public LocalResponse {
            if (size < 1) {
                throw new InvalidValueException("LocalResponse over " + size + " channels: at least 1");
            }
        }
    }

    private static void requireEpsilon(String op, float epsilon) {
        if (!(epsilon >= 0) || Float.isInfinite(epsilon)) {
            throw new InvalidValueException(op + " epsilon " + epsilon + ": must be finite and at least 0");
        }
    }
}

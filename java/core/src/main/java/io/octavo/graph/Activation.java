package io.octavo.graph;

import io.octavo.InvalidValueException;

/**
 * What an operator does to its result last: nothing, ReLU, or a clamp to {@code [min, max]} (real numbers, also on quantized
 * values).
 *
 * @param min the lower bound; for {@link Kind#NONE} minus infinity
 * @param max the upper bound; infinity unless the kind is {@link Kind#CLAMP}
 */
public record Activation(Kind kind, float min, float max) {
    /** Kinds of activation. */
    public enum Kind {
        /** The result as it is. */
        NONE,
        /** {@code max(x, 0)}. */
        RELU,
        /** {@code min(max(x, min), max)}. */
        CLAMP
    }

    /** The result as it is. */
    public static final Activation NONE = new Activation(Kind.NONE, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY);

    /** {@code max(x, 0)}. */
    public static final Activation RELU = new Activation(Kind.RELU, 0, Float.POSITIVE_INFINITY);

    /** {@code min(max(x, 0), 6)}. */
    public static final Activation RELU6 = clamp(0, 6);

    /**
     * Checks the bounds.
     *
     * @throws InvalidValueException if they are not those of the kind, or a clamp's are not finite and ascending
     */
    public Activation {
        boolean fits =
                switch (kind) {
                    case NONE -> min == Float.NEGATIVE_INFINITY && max == Float.POSITIVE_INFINITY;
                    case RELU -> min == 0 && max == Float.POSITIVE_INFINITY;
                    case CLAMP -> Float.isFinite(min) && Float.isFinite(max) && min <= max;
                };
        if (!fits) {
            throw new InvalidValueException("Bounds " + min + " and " + max + " of activation " + kind
                    + ": NONE has none, RELU has 0 alone, CLAMP has finite ones in ascending order");
        }
    }

    /** A clamp to {@code [min, max]}. */
    public static Activation clamp(float min, float max) {
        return new Activation(Kind.CLAMP, min, max);
    }

    /** This and then another: one activation that does what both do. */
    public Activation then(Activation next) {
        if (isNone() || next.isNone()) {
            return isNone() ? next : this;
        }
        float low = Math.min(Math.max(min, next.min), next.max);
        float high = Math.min(Math.max(max, next.min), next.max);
        return high == Float.POSITIVE_INFINITY ? RELU : clamp(low, high);
    }

    /** Whether this is {@link #NONE}. */
    public boolean isNone() {
        return kind == Kind.NONE;
    }

    /** {@code none}, {@code relu} or {@code clamp(0.0, 6.0)}. */
    @Override
    public String toString() {
        return switch (kind) {
            case NONE -> "none";
            case RELU -> "relu";
            case CLAMP -> "clamp(" + min + ", " + max + ")";
        };
    }
}

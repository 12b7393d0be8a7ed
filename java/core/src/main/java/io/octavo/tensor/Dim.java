package io.octavo.tensor;

import io.octavo.InvalidValueException;

/**
 * One dimension of a shape: a number, or unknown with a name. The same name in several shapes of a graph is the same number.
 *
 * @param size at least 1, or {@link Shape#N} for an unknown dimension
 * @param name of an unknown dimension; {@code ""} for a number
 */
public record Dim(long size, String name) {
    /**
     * Checks that a dimension is one or the other.
     *
     * @throws InvalidValueException if the size is below 1 and not {@link Shape#N}, or an unknown dimension has no name
     */
    public Dim {
        InvalidValueException.requireNonNull(name, "name of a dimension");
        if (size == Shape.N ? name.isEmpty() : size < 1 || !name.isEmpty()) {
            throw new InvalidValueException("A dimension of size " + size + " with the name '" + name
                    + "': it has a size of 1 or more, or is unknown (" + Shape.N + ") and has a name");
        }
    }

    /** A number. */
    public static Dim of(long size) {
        return new Dim(size, "");
    }

    /** An unknown dimension. */
    public static Dim unknown(String name) {
        return new Dim(Shape.N, name);
    }

    /** Whether this is a number. */
    public boolean isKnown() {
        return size != Shape.N;
    }

    /** The number, or the name. */
    @Override
    public String toString() {
        return isKnown() ? Long.toString(size) : name;
    }
}

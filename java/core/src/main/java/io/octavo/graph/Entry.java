package io.octavo.graph;

import io.octavo.tensor.Dim;

/**
 * What is known of an element of a small tensor of whole numbers before a run: the number, or that it is an unknown dimension.
 *
 * @param number any; 0 where it is not known
 * @param name of an unknown dimension; {@code ""} for a number
 */
record Entry(long number, String name) {
    static Entry of(long number) {
        return new Entry(number, "");
    }

    static Entry of(Dim dim) {
        return dim.isKnown() ? of(dim.size()) : new Entry(0, dim.name());
    }

    boolean isKnown() {
        return name.isEmpty();
    }

    boolean is(long other) {
        return isKnown() && number == other;
    }

    /** The dimension of that size, at least 1. */
    Dim dim() {
        return isKnown() ? Dim.of(number) : Dim.unknown(name);
    }

    /** The number, or the name. */
    @Override
    public String toString() {
        return isKnown() ? Long.toString(number) : name;
    }
}

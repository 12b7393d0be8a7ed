package io.octavo.graph;

import io.octavo.tensor.Shape;

/** The places of a tensor in row-major order, as coordinates that count up like an odometer. */
final class Places {
    private final int[] at;
    private final long[] dims;

    private Places(Shape shape) {
        dims = shape.dims();
        at = new int[dims.length];
    }

    /** Takes a place. */
    @FunctionalInterface
    interface Visitor {
        /**
         * @param index counted in row-major order
         * @param at its coordinates; valid during the call
         */
        void visit(int index, int[] at);
    }

    /** All places of a shape. */
    static void forEach(Shape shape, Visitor visitor) {
        Places places = new Places(shape);
        int count = Math.toIntExact(shape.elements());
        for (int i = 0; i < count; i++) {
            visitor.visit(i, places.at);
            places.step();
        }
    }

    private void step() {
        for (int d = at.length - 1; d >= 0 && ++at[d] == dims[d]; d--) {
            at[d] = 0;
        }
    }

    /** The index in a tensor of that shape of the place with those coordinates. */
    static int index(int[] at, Shape shape) {
        long index = 0;
        for (int d = 0; d < at.length; d++) {
            index = index * shape.dim(d) + at[d];
        }
        return (int) index;
    }

    /**
     * The index in a tensor that is broadcast of the element that stands at a place of the result: shapes are aligned at their last
     * dimension, one of 1 is repeated.
     */
    static int broadcast(int[] at, Shape from) {
        long index = 0;
        int missing = at.length - from.rank();
        for (int d = 0; d < from.rank(); d++) {
            long size = from.dim(d);
            index = index * size + (size == 1 ? 0 : at[missing + d]);
        }
        return (int) index;
    }

    /** Product of the dimensions {@code from} (included) to {@code to} (excluded). */
    static int count(Shape shape, int from, int to) {
        long count = 1;
        for (int d = from; d < to; d++) {
            count *= shape.dim(d);
        }
        return Math.toIntExact(count);
    }
}

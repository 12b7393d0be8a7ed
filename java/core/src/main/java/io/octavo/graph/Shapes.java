package io.octavo.graph;

import io.octavo.tensor.DType;

/** Operators on shapes: they are gone when the shapes are known, before anything is lowered. */
public sealed interface Shapes extends Op permits Shapes.ShapeOf, Shapes.SizeOf, Shapes.Range, Shapes.Fill {

    /** {@code x -> its dimensions from start (included) to end (excluded)}, S64; both within the rank. */
    record ShapeOf(int start, int end) implements Shapes {}

    /** {@code x -> the number of its elements}, S64 []. */
    record SizeOf() implements Shapes {}

    /** {@code start [], limit [], delta [] -> start, start + delta, ..} short of the limit, of their type. */
    record Range() implements Shapes {}

    /** {@code shape S64 [rank] -> the value in that shape}; integers and BOOL as the nearest they hold. */
    record Fill(DType dtype, double value) implements Shapes {}
}

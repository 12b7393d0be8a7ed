package io.octavo.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.InvalidValueException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ShapeTest {
    @Test
    void readsAsItIsWritten() {
        Shape shape = Shape.ofBatch(3, 32, 32);
        assertEquals("[N, 3, 32, 32]", shape.toString());
        assertEquals(4, shape.rank());
        assertEquals(Shape.N, shape.dim(0));
        assertEquals(3072, shape.elementsPerSample());
        assertEquals(Shape.of(5, 3, 32, 32), shape.withBatch(5));
        assertEquals(shape, shape.withBatch(5).withBatch(Shape.N));
        assertEquals("[]", Shape.of().toString());
        assertEquals(1, Shape.of().elements());
    }

    @Test
    void aBatchMustBeKnownToBeCounted() {
        InvalidValueException e =
                assertThrows(InvalidValueException.class, () -> Shape.ofBatch(3).elements());
        assertTrue(e.getMessage().contains("[N, 3]"), e.getMessage());
        assertEquals(12, Shape.of(4, 3).elements());
    }

    @Test
    void onlyTheFirstDimensionIsABatch() {
        assertThrows(InvalidValueException.class, () -> Shape.of(2, Shape.N));
        assertThrows(InvalidValueException.class, () -> Shape.of(0));
        assertThrows(InvalidValueException.class, () -> Shape.of(1, 1, 1, 1, 1, 1, 1, 1, 1));
        assertThrows(InvalidValueException.class, () -> Shape.of().withBatch(1));
        assertThrows(InvalidValueException.class, () -> Shape.of(2).dim(1));
        assertThrows(
                InvalidValueException.class, () -> Shape.of(Long.MAX_VALUE, 2).elements());
    }

    @Test
    void acceptsAnyBatchInPlaceOfN() {
        assertTrue(Shape.ofBatch(3).accepts(Shape.of(7, 3)));
        assertFalse(Shape.ofBatch(3).accepts(Shape.of(7, 4)));
        assertFalse(Shape.ofBatch(3).accepts(Shape.of(3)));
        assertFalse(Shape.of(2, 3).accepts(Shape.of(7, 3)));
    }

    @Test
    void dimensionsMayBeUnknownAnywhereAndHaveNames() {
        Shape shape = Shape.ofDims(Dim.unknown("batch"), Dim.of(3), Dim.unknown("side"), Dim.unknown("side"));
        assertEquals("[batch, 3, side, side]", shape.toString());
        assertTrue(shape.hasBatch());
        assertFalse(shape.isKnown());
        assertEquals(Shape.N, shape.dim(2));
        assertEquals(Dim.unknown("side"), shape.dimension(3));
        assertTrue(shape.accepts(Shape.of(2, 3, 8, 8)));
        assertFalse(shape.accepts(Shape.of(2, 3, 8, 9)), "one name is one number");
        assertEquals(Shape.of(2, 3, 8, 8), shape.with(Map.of("batch", 2L, "side", 8L)));
        assertEquals("[batch, 3, 8, 8]", shape.with(Map.of("side", 8L)).toString());
        assertEquals("[5, 3, side, side]", shape.withBatch(5).toString());
        assertEquals(shape, shape.withBatch(Shape.N), "an unknown batch keeps its name");
        assertEquals("[N, 3, side, side]", shape.withBatch(5).withBatch(Shape.N).toString());
        assertNotEquals(Shape.ofBatch(3), Shape.ofDims(Dim.unknown("batch"), Dim.of(3)));
        assertEquals(Shape.ofBatch(3), Shape.ofDims(Dim.unknown("N"), Dim.of(3)));
        InvalidValueException e = assertThrows(InvalidValueException.class, () -> shape.elementsPerSample());
        assertTrue(e.getMessage().contains("side"), e.getMessage());
        assertThrows(InvalidValueException.class, () -> new Dim(0, ""));
        assertThrows(InvalidValueException.class, () -> new Dim(3, "three"));
        assertThrows(InvalidValueException.class, () -> Dim.unknown(""));
    }
}

package io.octavo.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.InvalidValueException;
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
        assertThrows(InvalidValueException.class, () -> Shape.of(1, 1, 1, 1, 1, 1, 1));
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
}

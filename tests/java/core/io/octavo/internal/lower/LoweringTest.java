package io.octavo.internal.lower;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Set;
import org.junit.jupiter.api.Test;

class LoweringTest {
    @Test
    void eachOperatorHasARow() {
        assertEquals(Set.of(), Lowering.OPERATORS.missing());
    }
}

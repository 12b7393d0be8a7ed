package io.octavo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Set;
import org.junit.jupiter.api.Test;

class TrainingTablesTest {
    @Test
    void eachOperatorHasARow() {
        assertEquals(Set.of(), GradientRule.TABLE.missing());
        assertEquals(Set.of(), TrainingLowering.OPERATORS.missing());
    }
}

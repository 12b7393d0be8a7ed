package io.octavo.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.InvalidValueException;
import io.octavo.UnsupportedException;
import java.util.Set;
import org.junit.jupiter.api.Test;

class OpTableTest {
    @Test
    void inferenceAndTheReferenceHaveARowForEachOperator() {
        assertEquals(Set.of(), Inference.TABLE.missing());
        assertEquals(Set.of(), FreeBatch.TABLE.missing());
        assertEquals(Set.of(), CodesRule.TABLE.missing());
        assertEquals(Set.of(), Reference.TABLE.missing());
        assertEquals(Set.of(), ReferenceRunner.TABLE.missing());
    }

    @Test
    void anOperatorWithoutARowIsMissedAndRefused() {
        OpTable<Integer, String> table = OpTable.<Integer, String>of("counting")
                .row(Op.Flatten.class, (n, op) -> n + " " + op.type())
                .row(Training.class, (n, op) -> "training")
                .build();
        assertEquals("3 Flatten", table.apply(3, new Op.Flatten()));
        assertEquals("training", table.apply(3, new Training.FlattenGrad()));
        String message = assertThrows(UnsupportedException.class, () -> table.apply(3, new Op.Dequantize()))
                .getMessage();
        assertTrue(message.contains("Dequantize") && message.contains("counting"), message);
        assertTrue(table.missing().contains(Op.Dequantize.class));
        assertTrue(
                !table.missing().contains(Op.Flatten.class) && !table.missing().contains(Training.AdamStep.class));
        assertTrue(table.missing().contains(Movement.Slice.class), "a family is missed record by record");
    }

    @Test
    void aTableOfAFamilyMissesNoOthers() {
        OpTable<Void, String> table = OpTable.<Void, String>of("steps", Training.class)
                .row(Training.SgdStep.class, (none, op) -> "sgd")
                .build();
        assertTrue(table.missing().contains(Training.AdamStep.class));
        assertTrue(!table.missing().contains(Training.SgdStep.class)
                && !table.missing().contains(Op.Flatten.class));
        assertEquals(17, table.missing().size());
    }

    @Test
    void anOperatorHasOneRow() {
        OpTable.Builder<Integer, String> table =
                OpTable.<Integer, String>of("counting").row(Training.SgdStep.class, (n, op) -> "");
        assertThrows(InvalidValueException.class, () -> table.row(Training.class, (n, op) -> ""));
    }
}

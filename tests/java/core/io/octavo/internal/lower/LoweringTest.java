package io.octavo.internal.lower;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.UnsupportedException;
import io.octavo.graph.Movement;
import io.octavo.graph.Node;
import io.octavo.graph.Value;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LoweringTest {
    @Test
    void eachOperatorHasARow() {
        assertEquals(Set.of(), Lowering.OPERATORS.missing());
        assertEquals(Set.of(), MovementLowering.TABLE.missing());
    }

    @Test
    void placesThatAreKnownInARunOnlyAreRefused() {
        Map<String, Value> values = Map.of(
                "x", new Value("x", DType.F32, Shape.of(4, 4), null, null),
                "k", new Value("k", DType.S64, Shape.of(1), null, null),
                "upper", new Value("upper", DType.F32, Shape.of(4, 4), null, null));
        Node node = new Node("cuts", new Movement.Trilu(true), List.of("x", "k"), List.of("upper"));
        String message = assertThrows(
                        UnsupportedException.class, () -> Lowering.operator(NodeValues.of(node, values::get)))
                .getMessage();
        assertTrue(message.contains("'cuts'") && message.contains("diagonal"), message);
    }
}

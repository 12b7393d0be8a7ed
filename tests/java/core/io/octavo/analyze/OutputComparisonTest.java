package io.octavo.analyze;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.CalibrationException;
import io.octavo.ShapeMismatchException;
import io.octavo.graph.Graph;
import io.octavo.graph.Pointwise;
import io.octavo.runtime.Session;
import io.octavo.tensor.DType;
import io.octavo.tensor.Inputs;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OutputComparisonTest {
    /** x and y, each with a constant added to its elements: outputs of a network whose numbers are known. */
    private static Graph sums(String first, String second, float... added) {
        Graph.Builder builder = Graph.builder("sums");
        builder.input("x", DType.F32, Shape.ofBatch(3));
        builder.input("y", DType.F32, Shape.ofBatch(3));
        builder.constant("c", Tensor.of(added, 1, 3));
        builder.node(first, new Pointwise.Binary(Pointwise.Binary.Function.ADD), List.of("x", "c"));
        builder.node(second, new Pointwise.Binary(Pointwise.Binary.Function.ADD), List.of("y", "c"));
        return builder.output(first).output(second).build();
    }

    private static final Map<String, Tensor> DATA = Map.of(
            "x",
            Tensor.of(new float[] {3, 0, 4, 1, 2, 2}, 2, 3),
            "y",
            Tensor.of(new float[] {0, 0, 0, -5, 5, 0}, 2, 3));

    private static OutputComparison compare(Graph one, Graph other) {
        try (Session a = Session.of(one);
                Session b = Session.of(other)) {
            return OutputComparison.of(a, b, List.of(Inputs.of(DATA)));
        }
    }

    @Test
    void sumsAreThoseOfTheFormulas() {
        OutputComparison comparison = compare(sums("a", "b", 0, 0, 0), sums("a", "b", 2, 0, 0));
        assertEquals(1, comparison.runs());
        OutputComparison.Output a = comparison.outputs().get(0);
        // x: 3 0 4, 1 2 2; with 2 added to the first of three: 5 0 4, 3 2 2.
        assertEquals(34, a.power());
        assertEquals(8, a.error());
        assertEquals(2, a.maxDifference());
        assertEquals(10 * Math.log10(34.0 / 8), a.sqnrDb(), 1e-12);
        assertEquals((15 + 16 + 3 + 4 + 4) / Math.sqrt(34 * (25 + 16 + 9 + 4 + 4)), a.cosine(), 1e-12);
        assertEquals(0.5, a.maxDifferenceOfRange(), 1e-12);
        assertEquals(2, a.rows());
        assertEquals(0, a.top1Agreement(), "2 and 1 became 0 and 0");
        OutputComparison.Output b = comparison.outputs().get(1);
        assertEquals(1, b.top1Agreement(), "the first of equal ones, and the one that stays greatest");
    }

    @Test
    void equalOutputsHaveNoNoise() {
        OutputComparison.Output a = compare(sums("a", "b", 1, 2, 3), sums("a", "b", 1, 2, 3))
                .outputs()
                .get(0);
        assertEquals(Double.POSITIVE_INFINITY, a.sqnrDb());
        assertEquals(1, a.cosine());
        assertEquals(0, a.maxDifferenceOfRange());
        assertEquals(1, a.top1Agreement());
    }

    /** By names where they are the same, whatever their order; by order where they are not. */
    @Test
    void outputsBelongTogetherByNameOrOrder() {
        Graph swapped = sums("b", "a", 0, 0, 0); // its "b" is made of x
        OutputComparison byName = compare(sums("a", "b", 0, 0, 0), swapped);
        assertTrue(byName.outputs().get(0).error() > 0);
        OutputComparison byOrder = compare(sums("a", "b", 0, 0, 0), sums("p", "q", 0, 0, 0));
        assertEquals(0, byOrder.outputs().get(0).error());
        assertEquals(0, byOrder.outputs().get(1).error());
        assertEquals("b", byOrder.outputs().get(1).name());
    }

    @Test
    void whatCannotBeComparedIsRefused() {
        Graph one = sums("a", "b", 0, 0, 0);
        Graph single = one.withoutOutputs(List.of("b"));
        assertThrows(ShapeMismatchException.class, () -> compare(one, single));
        try (Session session = Session.of(one)) {
            assertThrows(CalibrationException.class, () -> OutputComparison.of(session, session, List.of()));
        }
    }
}

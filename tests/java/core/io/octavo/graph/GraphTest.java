package io.octavo.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.QuantParams;
import io.octavo.scheme.TableParams;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GraphTest {
    private static Graph twoLayers() {
        Graph.Builder graph = Graph.builder("two");
        graph.input("x", DType.F32, Shape.ofBatch(4));
        graph.constant("w", Tensor.zeros(DType.F32, 3, 4));
        graph.node("fc", new Op.Linear(), List.of("x", "w"));
        graph.node("relu", new Op.Clamp(Activation.RELU), List.of("fc"));
        graph.node("sum", new Op.Add(), List.of("fc", "relu"));
        return graph.output("sum").build();
    }

    @Test
    void knowsWhoMakesAndWhoReads() {
        Graph graph = twoLayers();
        assertEquals("fc", graph.producer("fc").orElseThrow().name());
        assertTrue(graph.producer("x").isEmpty());
        assertEquals(
                List.of("relu", "sum"),
                graph.consumers("fc").stream().map(Node::name).toList());
        assertTrue(graph.consumers("sum").isEmpty());
        assertTrue(graph.isOutput("sum"));
        assertFalse(graph.isOutput("fc"));
        assertEquals(List.of("w"), List.copyOf(graph.constants().keySet()));
        assertEquals(48, graph.storageBytes());
        assertEquals("sum", graph.node("sum").output());
    }

    @Test
    void namesAreUniqueAndKnown() {
        Graph.Builder graph = Graph.builder("test");
        graph.input("x", DType.F32, Shape.ofBatch(4));
        assertThrows(InvalidValueException.class, () -> graph.input("x", DType.F32, Shape.ofBatch(4)));
        assertThrows(InvalidValueException.class, () -> graph.input("", DType.F32, Shape.ofBatch(4)));
        assertThrows(InvalidValueException.class, () -> graph.constant("x", Tensor.of(new float[1])));
        graph.node("relu", new Op.Clamp(Activation.RELU), List.of("x"));
        assertThrows(
                InvalidValueException.class, () -> graph.node("relu", new Op.Clamp(Activation.RELU), List.of("x")));
        InvalidValueException e =
                assertThrows(InvalidValueException.class, () -> graph.node("y", new Op.Flatten(), List.of("later")));
        assertTrue(e.getMessage().contains("'y'") && e.getMessage().contains("'later'"), e.getMessage());
        assertThrows(InvalidValueException.class, () -> graph.output("x"));
        assertThrows(InvalidValueException.class, () -> graph.output("nothing"));
        assertThrows(InvalidValueException.class, graph::build);
        graph.output("relu");
        assertThrows(InvalidValueException.class, () -> graph.output("relu"));
        assertTrue(assertThrows(InvalidValueException.class, () -> graph.build().value("z"))
                .getMessage()
                .contains("relu"));
    }

    @Test
    void aBuilderOfAGraphHoldsAllOfIt() {
        Graph graph = twoLayers();
        Graph.Builder builder = graph.toBuilder();
        assertEquals(graph.toString(), builder.build().toString());
        builder.rename("fc", "hidden").rename("x", "input");
        Graph renamed = builder.build();
        assertEquals("input", renamed.inputs().get(0).name());
        assertEquals(List.of("hidden", "relu"), renamed.node("sum").inputs());
        assertEquals("hidden", renamed.node("fc").output());
        assertThrows(InvalidValueException.class, () -> builder.rename("hidden", "relu"));
        assertEquals(graph.toString(), twoLayers().toString());
    }

    @Test
    void constantsAreReplacedByOthersOfTheirShape() {
        Graph graph = twoLayers();
        Tensor other = Tensor.of(new float[12], 3, 4);
        assertEquals(other, graph.withConstants(Map.of("w", other)).value("w").data());
        assertThrows(
                ShapeMismatchException.class, () -> graph.withConstants(Map.of("w", Tensor.of(new float[12], 4, 3))));
        assertThrows(InvalidValueException.class, () -> graph.withConstants(Map.of("x", other)));
        assertThrows(InvalidValueException.class, () -> graph.withConstants(null));
        String message = assertThrows(
                        InvalidValueException.class, () -> graph.withConstants(Collections.singletonMap("w", null)))
                .getMessage();
        assertTrue(message.contains("w"), message);
        assertThrows(InvalidValueException.class, () -> graph.withConstants(Map.of("none", other)));
    }

    @Test
    void outputsAreDropped() {
        Graph graph = twoLayers().toBuilder().output("fc").build();
        assertEquals(1, graph.withoutOutputs(List.of("sum")).outputs().size());
        assertThrows(InvalidValueException.class, () -> graph.withoutOutputs(List.of("sum", "fc")));
    }

    @Test
    void valuesHaveTheTypeAndNumberOfTheirParameters() {
        AffineParams s8 = AffineParams.perTensor(DType.S8, 8, 0.1f, 0);
        TableParams table = new TableParams(
                2, new float[] {1}, new byte[][] {{1, 2}}, new float[][] {{1, 2}}, Granularity.perTensor());
        for (QuantParams params : List.of(s8, table, AffineParams.bias(1))) {
            DType right = params == s8 ? DType.S8 : params == table ? DType.U8 : DType.S32;
            for (DType dtype : DType.values()) {
                if (dtype == right) {
                    assertTrue(new Value("v", dtype, Shape.of(3), params, null).isQuantized());
                } else {
                    String message = assertThrows(
                                    InvalidValueException.class, () -> new Value("v", dtype, Shape.of(3), params, null))
                            .getMessage();
                    assertTrue(message.contains("'v' is " + dtype) && message.contains("type " + right), message);
                }
            }
        }
        String message = assertThrows(
                        ShapeMismatchException.class,
                        () -> new Value("v", DType.S32, Shape.of(3), AffineParams.bias(1, 2), null))
                .getMessage();
        assertTrue(message.contains("'v'") && message.contains("2 parameter sets") && message.contains("3"), message);
        Graph.Builder graph = Graph.builder("g");
        message = assertThrows(InvalidValueException.class, () -> graph.input("codes", DType.U8, Shape.ofBatch(3), s8))
                .getMessage();
        assertTrue(message.contains("'codes'"), message);
    }

    @Test
    void outputsThatAreNotThereCannotBeLeftOut() {
        Graph.Builder graph = Graph.builder("g");
        graph.input("x", DType.F32, Shape.ofBatch(3));
        graph.node("y", new Op.Clamp(Activation.RELU), List.of("x"));
        Graph built = graph.output("y").build();
        String message = assertThrows(InvalidValueException.class, () -> built.withoutOutputs(List.of("z")))
                .getMessage();
        assertTrue(message.contains("'z'") && message.contains("[y]"), message);
    }
}

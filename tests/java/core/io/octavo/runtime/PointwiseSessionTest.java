package io.octavo.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.graph.Pointwise.Binary;
import io.octavo.graph.Pointwise.Cast;
import io.octavo.graph.Pointwise.Compare;
import io.octavo.graph.Pointwise.Unary;
import io.octavo.graph.Pointwise.Where;
import io.octavo.scheme.AffineParams;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Every function of elementwise operators in a session. */
class PointwiseSessionTest {
    private final Nets nets = new Nets(23);

    private static Unary unary(Unary.Function function) {
        return switch (function) {
            case HARD_SIGMOID -> new Unary(function, 0.2f, 0.5f);
            case SWISH, ELU, CELU -> new Unary(function, 1.5f, 0);
            case LEAKY_RELU, THRESHOLDED_RELU -> new Unary(function, 0.3f, 0);
            case SELU, SHRINK -> new Unary(function, 0.7f, 0.4f);
            case IS_INF -> new Unary(function, 1, 0);
            default -> new Unary(function);
        };
    }

    @Test
    void everyFunctionOfOneNumber() {
        Tensor image = nets.floats(-3, 3, 2, 5, 3, 4);
        Tensor vector = nets.floats(-3, 3, 2, 37);
        vector.floats().put(3, Float.NaN).put(4, Float.NEGATIVE_INFINITY).put(5, Float.POSITIVE_INFINITY);
        for (Unary.Function function : Unary.Function.values()) {
            if (function == Unary.Function.NOT) {
                continue;
            }
            boolean truth = function == Unary.Function.IS_NAN || function == Unary.Function.IS_INF;
            Graph.Builder g = Graph.builder("unary " + function);
            g.input("x", DType.F32, Shape.ofBatch(5, 3, 4));
            g.node("y", unary(function), List.of("x"));
            AgainstReference.assertAgrees(g.output("y").build(), Map.of("x", image), 2e-6);
            if (truth) {
                Graph.Builder rows = Graph.builder("unary " + function + " of rows");
                rows.input("x", DType.F32, Shape.ofBatch(37));
                rows.node("y", unary(function), List.of("x"));
                rows.node("z", new Unary(Unary.Function.NOT), List.of("y"));
                AgainstReference.assertAgrees(rows.output("y").output("z").build(), Map.of("x", vector), 0);
            }
        }
    }

    /** Codes hold the function of the real number. */
    @Test
    void functionsOfCodesAreTables() {
        for (Unary.Function function : Unary.Function.values()) {
            if (function.compareTo(Unary.Function.NOT) >= 0) {
                continue;
            }
            Graph.Builder g = Graph.builder("unary " + function + " of codes");
            g.input("input", DType.F32, Shape.ofBatch(5, 3, 4));
            AffineParams from = Nets.u8(1 / 64f, 100);
            AffineParams to = Nets.s8(1 / 32f, 5);
            g.node("x", new Op.Quantize(), List.of("input"), from);
            g.node("y", unary(function), List.of("x"), to);
            Graph graph = g.output("x").output("y").build();
            Tensor image = nets.floats(-3, 3, 2, 5, 3, 4);
            try (Session session = Session.of(graph)) {
                List<Tensor> found = session.run(List.of(image));
                int[] codes = found.get(0).toIntArray();
                int[] results = found.get(1).toIntArray();
                float[] reals = new float[codes.length];
                for (int i = 0; i < codes.length; i++) {
                    reals[i] = (codes[i] - 100) / 64f;
                }
                Graph.Builder floats = Graph.builder("unary " + function);
                floats.input("x", DType.F32, Shape.ofBatch(5, 3, 4));
                floats.node("y", unary(function), List.of("x"));
                try (Session real = Session.of(floats.output("y").build())) {
                    float[] expected = real.run(Tensor.of(reals, 2, 5, 3, 4)).toFloatArray();
                    for (int i = 0; i < reals.length; i++) {
                        double code = Float.isNaN(expected[i]) ? 5 : expected[i] * 32.0 + 5;
                        // Next to a tie the float's last digits decide.
                        assertEquals(
                                Math.max(-128, Math.min(127, code)), results[i], 0.501, function + " of " + reals[i]);
                    }
                }
                assertTrue(session.explain()
                        .toString()
                        .contains("unary_" + function.name().toLowerCase()));
            }
        }
    }

    @Test
    void everyFunctionOfTwoNumbersBroadcasts() {
        for (Binary.Function function : Binary.Function.values()) {
            if (function.compareTo(Binary.Function.AND) >= 0) {
                continue;
            }
            boolean power = function == Binary.Function.POW;
            Graph.Builder g = Graph.builder("binary " + function);
            g.input("a", DType.F32, Shape.ofBatch(5, 3, 4));
            g.input("b", DType.F32, Shape.ofBatch(5, 1, 1));
            g.node("per channel", new Binary(function), List.of("a", "b"));
            g.constant("row", nets.floats(0.5, 2, 4));
            g.node("row below", new Binary(function), List.of("a", "row"));
            g.constant("image", nets.floats(0.5, 2, 5, 3, 4));
            g.node("image above", new Binary(function), List.of("image", "b"));
            Graph graph = g.output("per channel")
                    .output("row below")
                    .output("image above")
                    .build();
            AgainstReference.assertAgrees(
                    graph,
                    Map.of("a", nets.floats(power ? 0.1 : -3, 3, 2, 5, 3, 4), "b", nets.floats(0.5, 2, 2, 5, 1, 1)),
                    function == Binary.Function.MOD || function == Binary.Function.FMOD ? 2e-5 : 2e-6);
        }
    }

    @Test
    void integersAndTruth() {
        Graph.Builder g = Graph.builder("integers");
        g.input("x", DType.S64, Shape.ofBatch(7));
        g.input("y", DType.S64, Shape.ofBatch(7));
        for (Binary.Function function : Binary.Function.values()) {
            if (function.compareTo(Binary.Function.AND) < 0) {
                g.output(g.node("binary " + function, new Binary(function), List.of("x", "y")));
            }
        }
        for (Unary.Function function : List.of(Unary.Function.ABS, Unary.Function.NEG, Unary.Function.SIGN)) {
            g.output(g.node("unary " + function, new Unary(function), List.of("x")));
        }
        for (Compare.Relation relation : Compare.Relation.values()) {
            g.output(g.node("compare " + relation, new Compare(relation), List.of("x", "y")));
        }
        String first = "compare " + Compare.Relation.LESS;
        String second = "compare " + Compare.Relation.GREATER_OR_EQUAL;
        for (Binary.Function function : List.of(Binary.Function.AND, Binary.Function.OR, Binary.Function.XOR)) {
            g.output(g.node("logic " + function, new Binary(function), List.of(first, second)));
        }
        g.output(g.node("chosen", new Where(), List.of(first, "x", "y")));
        Tensor x = Tensor.ofLongs(new long[] {0, 1, -1, 5, -7, Long.MIN_VALUE, 3, 2, 2, 9, -9, 7, 1, 0}, 2, 7);
        Tensor y = Tensor.ofLongs(new long[] {0, 2, -1, 5, 3, -1, 0, 4, -2, 2, 2, 7, 3, 1}, 2, 7);
        AgainstReference.assertAgrees(g.build(), Map.of("x", x, "y", y), 0);
    }

    @Test
    void castsAndChoices() {
        Graph.Builder g = Graph.builder("casts");
        g.input("x", DType.F32, Shape.ofBatch(3, 2, 4));
        for (DType to : DType.values()) {
            String there = g.node("to " + to, new Cast(to), List.of("x"));
            g.output(there);
            g.output(g.node("from " + to, new Cast(DType.F32), List.of(there)));
            g.output(g.node("long from " + to, new Cast(DType.S64), List.of(there)));
        }
        g.constant("zero", Tensor.of(new float[] {0}, 1));
        g.node("positive", new Compare(Compare.Relation.GREATER), List.of("x", "zero"));
        g.constant("numbers", Tensor.ofInts(new int[] {1, 2, 3, 4}, 4));
        g.constant("others", Tensor.ofInts(new int[] {-1, -2}, 2, 1));
        g.output(g.node("chosen", new Where(), List.of("positive", "numbers", "others")));
        Tensor x = nets.floats(-300, 300, 2, 3, 2, 4);
        x.floats().put(3, Float.NaN).put(4, 3e9f).put(5, 0).put(6, -1e30f);
        AgainstReference.assertAgrees(g.build(), Map.of("x", x), 0);
    }
}

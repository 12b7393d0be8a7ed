package io.octavo.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.graph.Window;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Products of two matrices and transposed convolutions in a session. */
class ProductSessionTest {
    private final Nets nets = new Nets(31);

    @Test
    void matricesOfAnyBroadcast() {
        Map<String, Tensor> inputs = new HashMap<>();
        Graph.Builder g = Graph.builder("matrices");
        long[][][] pairs = {
            {{3, 4}, {4, 5}},
            {{2, 3, 4}, {2, 4, 5}},
            {{2, 3, 4}, {4, 5}},
            {{3, 4}, {2, 4, 5}},
            {{2, 1, 3, 4}, {5, 4, 6}},
            {{2, 5, 3, 4}, {1, 1, 4, 33}},
            {{1, 40}, {40, 1}},
            {{130, 300}, {300, 70}}
        };
        for (int i = 0; i < pairs.length; i++) {
            for (int side = 0; side < 2; side++) {
                String name = "ab".charAt(side) + "" + i;
                inputs.put(name, nets.floats(-1, 1, pairs[i][side]));
                g.input(name, DType.F32, Shape.of(pairs[i][side]));
            }
            g.output(g.node("y" + i, new Op.MatMul(), List.of("a" + i, "b" + i)));
        }
        AgainstReference.assertAgrees(g.build(), inputs, 2e-5);
    }

    @Test
    void matricesOfWholeNumbersWrap() {
        Graph.Builder g = Graph.builder("whole");
        g.input("a", DType.S32, Shape.of(2, 3, 4));
        g.input("b", DType.S32, Shape.of(4, 5));
        g.output(g.node("y", new Op.MatMul(), List.of("a", "b")));
        int[] a = new int[24];
        int[] b = new int[20];
        for (int i = 0; i < 24; i++) {
            a[i] = 0x12345678 * (i + 3);
            b[i % 20] = -0x7654321 * (i + 1);
        }
        AgainstReference.assertAgrees(
                g.build(), Map.of("a", Tensor.ofInts(a, 2, 3, 4), "b", Tensor.ofInts(b, 4, 5)), 0);
    }

    @Test
    void scoresOfAnyBatchHaveOnePlan() {
        Graph.Builder g = Graph.builder("scores");
        g.input("q", DType.F32, Shape.ofBatch(2, 7, 8));
        g.input("k", DType.F32, Shape.ofBatch(2, 8, 7));
        g.input("rows", DType.F32, Shape.ofBatch(14));
        g.constant("table", nets.floats(-1, 1, 14, 3));
        g.output(g.node("scores", new Op.MatMul(), List.of("q", "k")));
        g.output(g.node("mixed", new Op.MatMul(), List.of("rows", "table")));
        Graph graph = g.build();
        assertEquals(true, graph.hasFreeBatch());
        for (int n : new int[] {1, 3}) {
            AgainstReference.assertAgrees(
                    graph,
                    Map.of(
                            "q", nets.floats(-1, 1, n, 2, 7, 8),
                            "k", nets.floats(-1, 1, n, 2, 8, 7),
                            "rows", nets.floats(-1, 1, n, 14)),
                    1e-5);
        }
    }

    @Test
    void transposedConvolutions() {
        for (boolean bias : List.of(false, true)) {
            for (int groups : new int[] {1, 2}) {
                for (Op.ConvTranspose op : List.of(
                        new Op.ConvTranspose(Window.of(3), groups, 0, 0),
                        new Op.ConvTranspose(Window.of(2).stride(2), groups, 0, 0),
                        new Op.ConvTranspose(Window.of(3).stride(2).padding(1), groups, 1, 1),
                        new Op.ConvTranspose(Window.of(3, 2).stride(3, 1).padding(0, 1, 2, 0), groups, 2, 0),
                        new Op.ConvTranspose(Window.of(3).dilation(2, 1).padding(1), groups, 0, 0))) {
                    Graph.Builder g = Graph.builder(op + (bias ? " bias" : ""));
                    g.input("x", DType.F32, Shape.ofBatch(6, 5, 4));
                    g.constant(
                            "w",
                            nets.floats(
                                    -1,
                                    1,
                                    6,
                                    5,
                                    op.window().kernelH(),
                                    op.window().kernelW()));
                    g.constant("b", nets.floats(-1, 1, 5L * groups));
                    g.output(g.node("y", op, bias ? List.of("x", "w", "b") : List.of("x", "w")));
                    AgainstReference.assertAgrees(g.build(), Map.of("x", nets.floats(-1, 1, 2, 6, 5, 4)), 1e-5);
                }
            }
        }
    }
}

package io.octavo.runtime;

import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import io.octavo.graph.Normalization.GroupNorm;
import io.octavo.graph.Normalization.LayerNorm;
import io.octavo.graph.Normalization.LocalResponse;
import io.octavo.graph.Op;
import io.octavo.graph.Reduction.ArgReduce;
import io.octavo.graph.Reduction.CumSum;
import io.octavo.graph.Reduction.Reduce;
import io.octavo.graph.Reduction.SoftmaxAlong;
import io.octavo.graph.Reduction.TopK;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Reductions and normalizations in a session. */
class ReductionSessionTest {
    private final Nets nets = new Nets(29);

    @Test
    void everyReductionOverEveryAxis() {
        for (Reduce.Kind kind : Reduce.Kind.values()) {
            Graph.Builder g = Graph.builder("reduce " + kind);
            g.input("x", DType.F32, Shape.ofBatch(5, 3, 4));
            g.input("row", DType.F32, Shape.ofBatch(67));
            for (List<Integer> axes : List.of(List.of(1), List.of(2), List.of(3), List.of(2, 3), List.of(1, 2, 3))) {
                for (boolean keep : List.of(true, false)) {
                    g.output(g.node(axes + " " + keep, new Reduce(kind, axes, keep), List.of("x")));
                }
            }
            g.output(g.node("of row", new Reduce(kind, List.of(1), true), List.of("row")));
            AgainstReference.assertAgrees(
                    g.build(), Map.of("x", nets.floats(0.2, 2, 2, 5, 3, 4), "row", nets.floats(0.8, 1.2, 2, 67)), 2e-6);
        }
    }

    @Test
    void reductionsOfCodesAndIntegers() {
        Graph.Builder g = Graph.builder("codes");
        g.input("x", DType.F32, Shape.ofBatch(5, 7, 4));
        g.input("whole", DType.S64, Shape.ofBatch(3, 4));
        g.node("q", new Op.Quantize(), List.of("x"), Nets.u8(1 / 64f, 100));
        for (Reduce.Kind kind : List.of(Reduce.Kind.MEAN, Reduce.Kind.MAX, Reduce.Kind.MIN)) {
            g.output(g.node("pooled " + kind, new Reduce(kind, List.of(2, 3), true), List.of("q")));
            g.output(g.node("flat " + kind, new Reduce(kind, List.of(1, 3), false), List.of("q")));
        }
        for (Reduce.Kind kind :
                List.of(Reduce.Kind.SUM, Reduce.Kind.MEAN, Reduce.Kind.MAX, Reduce.Kind.MIN, Reduce.Kind.PROD)) {
            g.output(g.node("whole " + kind, new Reduce(kind, List.of(2), false), List.of("whole")));
        }
        Tensor whole = Tensor.ofLongs(
                new long[] {1, -2, 3, 4, 5, 6, 7, 8, 9, 10, -11, 12, 1, 1, 1, 1, 0, 5, 3, 2, 7, 7, 7, -7}, 2, 3, 4);
        AgainstReference.assertAgrees(g.build(), Map.of("x", nets.floats(-1, 2, 2, 5, 7, 4), "whole", whole), 0);
    }

    @Test
    void softmaxAlongEveryAxis() {
        Graph.Builder g = Graph.builder("softmax");
        g.input("x", DType.F32, Shape.ofBatch(5, 3, 34));
        for (int axis = 1; axis < 4; axis++) {
            g.output(g.node("softmax " + axis, new SoftmaxAlong(axis, false), List.of("x")));
            g.output(g.node("log " + axis, new SoftmaxAlong(axis, true), List.of("x")));
        }
        AgainstReference.assertAgrees(g.build(), Map.of("x", nets.floats(-8, 8, 2, 5, 3, 34)), 2e-6);
    }

    @Test
    void placesAndSums() {
        Graph.Builder g = Graph.builder("lines");
        g.input("x", DType.F32, Shape.ofBatch(6, 5, 4));
        g.constant("k", Tensor.ofLongs(new long[] {3}, 1));
        for (int axis = 1; axis < 4; axis++) {
            g.output(g.node("arg max " + axis, new ArgReduce(true, axis, true, false), List.of("x")));
            g.output(g.node("arg min " + axis, new ArgReduce(false, axis, false, true), List.of("x")));
            g.output(g.node("sum " + axis, new CumSum(axis, axis == 1, axis == 2), List.of("x")));
            List<String> both = List.of("values " + axis, "indices " + axis);
            g.node(new Node("top " + axis, new TopK(axis, axis != 2), List.of("x", "k"), both), null);
            both.forEach(g::output);
        }
        Tensor x = nets.floats(-8, 8, 2, 6, 5, 4);
        for (int i = 0; i < x.elements(); i++) {
            x.floats().put(i, Math.round(x.floats().get(i))); // so that some are equal
        }
        AgainstReference.assertAgrees(g.build(), Map.of("x", x), 0);
    }

    @Test
    void normalizations() {
        Graph.Builder g = Graph.builder("normalizations");
        g.input("x", DType.F32, Shape.ofBatch(6, 5, 4));
        g.input("rows", DType.F32, Shape.ofBatch(7, 64));
        g.constant("scale", nets.floats(0.5, 2, 64));
        g.constant("bias", nets.floats(-1, 1, 64));
        g.constant("per channel", nets.floats(0.5, 2, 6));
        g.constant("channel bias", nets.floats(-1, 1, 6));
        g.constant("image scale", nets.floats(0.5, 2, 6, 1, 4));
        List<String> rows = List.of("rows", "scale", "bias");
        g.node(new Node("layer", new LayerNorm(2, 1e-5f, false), rows, List.of("y", "mean", "inverse")), null);
        List.of("y", "mean", "inverse").forEach(g::output);
        g.output(g.node("rms", new LayerNorm(2, 1e-6f, true), List.of("rows", "scale")));
        g.output(g.node("from channels on", new LayerNorm(1, 1e-5f, false), List.of("x", "image scale")));
        g.output(g.node("plain", new LayerNorm(3, 1e-5f, false), List.of("x")));
        List<String> image = List.of("x", "per channel", "channel bias");
        g.output(g.node("groups", new GroupNorm(2, 1e-5f), image));
        g.output(g.node("instance", new GroupNorm(0, 1e-5f), image));
        g.output(g.node("response", new LocalResponse(3, 0.3f, 0.75f, 1.5f), List.of("x")));
        AgainstReference.assertAgrees(
                g.build(), Map.of("x", nets.floats(-3, 5, 2, 6, 5, 4), "rows", nets.floats(-3, 5, 2, 7, 64)), 4e-6);
    }
}

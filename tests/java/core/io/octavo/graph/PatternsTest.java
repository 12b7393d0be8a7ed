package io.octavo.graph;

import static io.octavo.graph.PatternChecks.becomes;
import static io.octavo.graph.PatternChecks.keeps;
import static io.octavo.graph.PatternChecks.recognizes;
import static io.octavo.graph.PatternChecks.types;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.graph.PatternChecks.Network;
import io.octavo.graph.Pointwise.Binary;
import io.octavo.graph.Pointwise.Unary;
import io.octavo.graph.Reduction.Reduce;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class PatternsTest {
    private static final long[] ROWS = {3, 5, 8};
    private static final long[] IMAGE = {2, 4, 5, 3};

    private static void written(String type, List<Function<Network, String>> forms) {
        for (Function<Network, String> form : forms) {
            recognizes(type, ROWS, form);
        }
    }

    private static String six(Network n, double offset) {
        return n.clamp(Activation.RELU6, n.add("x", n.number(offset)));
    }

    @Test
    void hardSwishesAreRecognizedInAllOrders() {
        written(
                "HardSwish",
                List.of(
                        n -> n.div(n.mul("x", six(n, 3)), n.number(6)),
                        n -> n.mul(n.mul(six(n, 3), "x"), n.number(1 / 6d)),
                        n -> n.mul("x", n.div(six(n, 3), n.number(6))),
                        n -> n.mul(n.mul(n.number(0.1666667), "x"), six(n, 3)),
                        n -> n.mul("x", n.op(new Unary(Unary.Function.HARD_SIGMOID, 0.16666667f, 0.5f), "x")),
                        n -> n.mul(
                                n.clamp(Activation.clamp(0, 1), n.add(n.mul("x", n.number(0.1666667)), n.number(0.5))),
                                "x"),
                        n -> n.mul(
                                "x",
                                n.div(
                                        n.binary(
                                                Binary.Function.MIN,
                                                n.binary(Binary.Function.MAX, n.add("x", n.number(3)), n.number(0)),
                                                n.number(6)),
                                        n.number(6)))));
    }

    @Test
    void hardSigmoidsAreRecognized() {
        written(
                "HardSigmoid",
                List.of(
                        n -> n.div(six(n, 3), n.number(6)),
                        n -> n.mul(n.number(1 / 6d), six(n, 3)),
                        n -> n.clamp(Activation.clamp(0, 1), n.add(n.number(0.5), n.mul("x", n.number(0.2)))),
                        n -> n.clamp(Activation.clamp(0, 1), n.sub(n.div("x", n.number(5)), n.number(-0.5)))));
    }

    @Test
    void sigmoidsSilusAndSoftplusesAreRecognized() {
        Function<Network, String> exp = n -> n.unary(Unary.Function.EXP, n.unary(Unary.Function.NEG, "x"));
        written(
                "Sigmoid",
                List.of(
                        n -> n.div(n.number(1), n.add(n.number(1), exp.apply(n))),
                        n -> n.unary(Unary.Function.RECIPROCAL, n.add(exp.apply(n), n.number(1)))));
        written(
                "Swish",
                List.of(
                        n -> n.mul("x", n.unary(Unary.Function.SIGMOID, "x")),
                        n -> n.mul(n.unary(Unary.Function.SIGMOID, n.mul("x", n.number(1.702))), "x")));
        written(
                "Softplus",
                List.of(n -> n.unary(Unary.Function.LOG, n.add(n.unary(Unary.Function.EXP, "x"), n.number(1)))));
        written(
                "Mish",
                List.of(
                        n -> n.mul("x", n.unary(Unary.Function.TANH, n.unary(Unary.Function.SOFTPLUS, "x"))),
                        n -> n.mul(
                                n.unary(
                                        Unary.Function.TANH,
                                        n.unary(
                                                Unary.Function.LOG,
                                                n.add(n.number(1), n.unary(Unary.Function.EXP, "x")))),
                                "x")));
    }

    @Test
    void gelusAreRecognizedInAllOrders() {
        Function<Network, String> erf =
                n -> n.add(n.unary(Unary.Function.ERF, n.div("x", n.number(Math.sqrt(2)))), n.number(1));
        written(
                "Gelu",
                List.of(
                        n -> n.mul(n.mul("x", erf.apply(n)), n.number(0.5)),
                        n -> n.mul(n.mul(n.number(0.5), "x"), erf.apply(n)),
                        n -> n.mul("x", n.mul(erf.apply(n), n.number(0.5))),
                        n -> n.mul(
                                "x",
                                n.add(
                                        n.number(0.5),
                                        n.mul(
                                                n.number(0.5),
                                                n.unary(Unary.Function.ERF, n.mul("x", n.number(0.70710677))))))));
        Function<Network, String> cube = n -> n.mul(n.number(0.044715), n.pow("x", n.number(3)));
        double slope = Math.sqrt(2 / Math.PI);
        written(
                "GeluTanh",
                List.of(
                        n -> n.mul(
                                n.mul(n.number(0.5), "x"),
                                n.add(
                                        n.number(1),
                                        n.unary(
                                                Unary.Function.TANH,
                                                n.mul(n.number(slope), n.add("x", cube.apply(n)))))),
                        n -> n.mul(
                                n.mul(
                                        "x",
                                        n.add(
                                                n.unary(
                                                        Unary.Function.TANH,
                                                        n.mul(
                                                                n.mul("x", n.number(0.7978845608)),
                                                                n.add(
                                                                        n.number(1),
                                                                        n.mul(n.mul(n.number(0.044715), "x"), "x")))),
                                                n.number(1))),
                                n.number(0.5)),
                        n -> n.mul(
                                "x",
                                n.unary(
                                        Unary.Function.SIGMOID,
                                        n.mul(n.number(2 * slope), n.add(cube.apply(n), "x"))))));
    }

    @Test
    void functionsThatOnlyLookAlikeStay() {
        List<Function<Network, String>> others = List.of(
                n -> n.mul("x", n.div(six(n, 2.9), n.number(6))),
                n -> n.div(n.mul("x", n.clamp(Activation.RELU6, n.add("x", n.number(3)))), n.number(6.1)),
                n -> n.mul("x", n.unary(Unary.Function.SIGMOID, n.add("x", n.number(1)))),
                n -> n.mul(
                        n.mul("x", n.add(n.unary(Unary.Function.ERF, n.mul("x", n.number(0.6))), n.number(1))),
                        n.number(0.5)),
                n -> n.mul("x", n.unary(Unary.Function.TANH, n.unary(Unary.Function.EXP, "x"))));
        for (Function<Network, String> other : others) {
            Network n = new Network(ROWS);
            Graph after = keeps(n.graph(other.apply(n)));
            assertTrue(
                    types(after).stream().noneMatch(List.of("HardSwish", "Swish", "Gelu", "Mish")::contains),
                    after.toString());
        }
        // A number that makes the result greater than x is no number.
        Network n = new Network(8);
        String gate = n.unary(Unary.Function.SIGMOID, n.mul("x", n.constant(Tensor.of(new float[] {1}, 1, 1))));
        assertFalse(types(keeps(n.graph(n.mul("x", gate)))).contains("Swish"));
    }

    @Test
    void boundsAreClamps() {
        Network both = new Network(ROWS);
        String low = both.binary(Binary.Function.MAX, "x", both.number(-1));
        becomes(both.graph(both.binary(Binary.Function.MIN, low, both.number(2))), "Clamp");
        Network other = new Network(ROWS);
        String high = other.binary(Binary.Function.MIN, other.number(2), "x");
        becomes(other.graph(other.binary(Binary.Function.MAX, other.number(-1), high)), "Clamp");
        Network relu = new Network(ROWS);
        Graph graph = relu.graph(relu.binary(Binary.Function.MAX, relu.number(0), "x"));
        assertEquals(
                new Op.Clamp(Activation.RELU),
                becomes(graph, "Clamp").nodes().get(0).op());
        Network six = new Network(ROWS);
        String rectified = six.clamp(Activation.RELU, "x");
        becomes(six.graph(six.binary(Binary.Function.MIN, rectified, six.number(3))), "Clamp");
        Network crossed = new Network(ROWS);
        String raised = crossed.binary(Binary.Function.MAX, "x", crossed.number(3));
        becomes(crossed.graph(crossed.binary(Binary.Function.MIN, raised, crossed.number(2))), "Max", "Min");
    }

    @Test
    void slopesAreRecognized() {
        recognizes("LeakyRelu", ROWS, n -> n.binary(Binary.Function.MAX, "x", n.mul("x", n.number(0.1))));
        recognizes("LeakyRelu", ROWS, n -> n.binary(Binary.Function.MAX, n.mul(n.number(0.1), "x"), "x"));
        recognizes(
                "Prelu",
                IMAGE,
                n -> n.add(
                        n.clamp(Activation.RELU, "x"),
                        n.mul(n.random(-1, 1, 4, 1, 1), n.clamp(Activation.RELU, n.unary(Unary.Function.NEG, "x")))));
    }

    private static String mean(Network n, String x, int axis) {
        return n.reduce(Reduce.Kind.MEAN, true, x, axis);
    }

    @Test
    void layerNormsAreRecognizedInTheirForms() {
        Function<Network, String> squares = n -> {
            String d = n.sub("x", mean(n, "x", 2));
            String v = mean(n, n.pow(d, n.number(2)), 2);
            String y = n.div(d, n.unary(Unary.Function.SQRT, n.add(v, n.number(1e-5))));
            return n.add(n.mul(y, n.random(0.5, 2, 8)), n.random(-1, 1, 8));
        };
        recognizes("LayerNorm", ROWS, false, squares);
        recognizes("LayerNorm", ROWS, false, n -> {
            // The difference written twice, as by PyTorch's old exporters.
            String m = mean(n, "x", 2);
            String d = n.sub("x", m);
            String again = n.sub("x", m);
            String v = mean(n, n.mul(d, again), 2);
            String inverse = n.div(n.number(1), n.pow(n.add(n.number(1e-6), v), n.number(0.5)));
            return n.mul(n.random(0.5, 2, 1, 1, 8), n.mul(d, inverse));
        });
        recognizes("LayerNorm", ROWS, false, n -> {
            // As TensorFlow writes it.
            String m = mean(n, "x", 2);
            String d = n.sub("x", m);
            String v = mean(n, n.mul(d, d), 2);
            String root = n.unary(Unary.Function.SQRT, n.add(v, n.number(1e-3)));
            String s = n.mul(n.unary(Unary.Function.RECIPROCAL, root), n.random(0.5, 2, 8));
            return n.add(n.mul("x", s), n.sub(n.random(-1, 1, 8), n.mul(m, s)));
        });
        recognizes("LayerNorm", new long[] {2, 3, 4, 5}, false, n -> {
            String d = n.sub("x", n.reduce(Reduce.Kind.MEAN, true, "x", 2, 3));
            String v = n.reduce(Reduce.Kind.MEAN, true, n.mul(d, d), 2, 3);
            return n.div(d, n.unary(Unary.Function.SQRT, n.add(v, n.number(1e-5))));
        });
    }

    @Test
    void rmsNormsAreRecognized() {
        recognizes("LayerNorm", ROWS, false, n -> {
            String v = mean(n, n.pow("x", n.number(2)), 2);
            String inverse = n.pow(n.add(v, n.number(1e-6)), n.number(-0.5));
            return n.mul(n.random(0.5, 2, 8), n.mul("x", inverse));
        });
        Network n = new Network(ROWS);
        String v = mean(n, n.mul("x", "x"), 1);
        keeps(n.graph(n.div("x", n.unary(Unary.Function.SQRT, n.add(v, n.number(1))))));
    }

    @Test
    void groupNormsAreRecognized() {
        recognizes("GroupNorm", IMAGE, false, n -> {
            String grouped = n.reshape("x", 2, 2, 30);
            String ones = n.constant(Tensor.of(new float[] {1, 1}));
            String zeros = n.constant(Tensor.of(new float[] {0, 0}));
            String y = n.reshape(n.op(new Normalization.GroupNorm(0, 1e-5f), grouped, ones, zeros), IMAGE);
            return n.add(n.mul(y, n.random(0.5, 2, 4, 1, 1)), n.random(-1, 1, 1, 4, 1, 1));
        });
    }

    @Test
    void softmaxesAreRecognized() {
        recognizes("Softmax", ROWS, false, n -> {
            String e = n.unary(Unary.Function.EXP, n.sub("x", n.reduce(Reduce.Kind.MAX, true, "x", 2)));
            return n.div(e, n.reduce(Reduce.Kind.SUM, true, e, 2));
        });
        recognizes("SoftmaxAlong", ROWS, false, n -> {
            String e = n.unary(Unary.Function.EXP, "x");
            return n.mul(n.unary(Unary.Function.RECIPROCAL, n.reduce(Reduce.Kind.SUM, true, e, 1)), e);
        });
    }

    @Test
    void meansOverImagesArePools() {
        Network kept = new Network(IMAGE);
        becomes(kept.graph(kept.reduce(Reduce.Kind.MEAN, true, "x", 2, 3)), "AdaptiveAvgPool2d");
        Network flat = new Network(IMAGE);
        becomes(flat.graph(flat.reduce(Reduce.Kind.MEAN, false, "x", 2, 3)), "AdaptiveAvgPool2d", "Flatten");
        Network lines = new Network(IMAGE);
        becomes(lines.graph(lines.reduce(Reduce.Kind.MEAN, true, "x", 1, 2)), "ReduceMean");
    }

    @Test
    void powersQuotientsAndDifferencesBecomeSimpler() {
        Network n = new Network(ROWS);
        String y = n.sub(n.pow("x", n.number(2)), n.random(-1, 1, 8));
        becomes(n.graph(n.div(y, n.number(8))), "Mul", "Add", "Mul");
        Network third = new Network(ROWS);
        becomes(third.graph(third.div("x", third.number(3))), "Div");
        Network nothing = new Network(ROWS);
        String same =
                nothing.add(nothing.mul(nothing.div("x", nothing.number(1)), nothing.number(1)), nothing.number(0));
        becomes(nothing.graph(nothing.unary(Unary.Function.ABS, same)), "Abs");
        Network wider = new Network(8);
        becomes(wider.graph(wider.add("x", wider.constant(Tensor.of(new float[] {0}, 1, 1)))), "Add");
    }

    @Test
    void whatIsComputedTwiceIsComputedOnce() {
        Network n = new Network(ROWS);
        String a = n.mul(n.unary(Unary.Function.EXP, "x"), n.number(3));
        String b = n.mul(n.unary(Unary.Function.EXP, "x"), n.number(3));
        becomes(n.graph(n.unary(Unary.Function.ABS, a), n.unary(Unary.Function.NEG, b)), "Exp", "Mul", "Abs", "Neg");
        Network outputs = new Network(ROWS);
        becomes(
                outputs.graph(outputs.unary(Unary.Function.ABS, "x"), outputs.unary(Unary.Function.ABS, "x")),
                "Abs",
                "Abs");
        Network others = new Network(ROWS);
        String c = others.mul("x", others.number(2));
        String d = others.mul("x", others.number(3));
        becomes(others.graph(others.sub(c, d)), "Mul", "Mul", "Sub");
    }

    @Test
    void manyNodesTakeTimeInProportion() {
        long few = time(2_000);
        long many = time(20_000);
        assertTrue(many < 40 * Math.max(few, 20_000_000), many + " after " + few);
    }

    private static long time(int nodes) {
        Graph.Builder builder = Graph.builder("long");
        builder.input("x", DType.F32, Shape.of(2, 3));
        String half = builder.constant("half", Tensor.of(new float[] {0.5f}));
        String at = "x";
        String product = "x";
        for (int i = 0; i < nodes / 4; i++) {
            String gate = builder.node("s" + i, new Unary(Unary.Function.SIGMOID), List.of(at));
            at = builder.node("m" + i, new Binary(Binary.Function.MUL), List.of(at, gate));
            product = builder.node("p" + i, new Binary(Binary.Function.MUL), List.of(product, at));
            at = builder.node("a" + i, new Binary(Binary.Function.ADD), List.of(at, half));
        }
        Graph graph = builder.output(at).output(product).build();
        long start = System.nanoTime();
        Graph simple = Passes.simplify(graph);
        long end = System.nanoTime();
        assertEquals(nodes / 4 * 3, simple.nodes().size());
        assertSame(simple, Passes.simplify(simple));
        return end - start;
    }
}

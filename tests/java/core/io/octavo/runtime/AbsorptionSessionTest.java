package io.octavo.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Movement;
import io.octavo.graph.Movement.Resize;
import io.octavo.graph.Node;
import io.octavo.graph.Op;
import io.octavo.graph.Passes;
import io.octavo.graph.Pointwise.Binary;
import io.octavo.graph.Pointwise.Unary;
import io.octavo.graph.Reduction;
import io.octavo.graph.Window;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Operators between Dequantize and Quantize, as other programs write them, become operators on codes that give the integers that the
 * graph gave as it was written.
 */
class AbsorptionSessionTest {
    private static final int CHANNELS = 5;
    private static final AffineParams A = Nets.u8(0.031f, 117);
    private static final AffineParams B = Nets.u8(0.0123f, 9);
    private static final AffineParams C = Nets.u8(0.0457f, 60);

    private final Nets nets = new Nets(41);

    /** Adds operators on real numbers; gives what is quantized then. */
    private interface Part {
        String add(Graph.Builder graph, String a, String b);
    }

    private static String real(Graph.Builder graph, String name, AffineParams params) {
        graph.input(name, DType.F32, Shape.ofBatch(CHANNELS, 6, 4));
        graph.node(name + ".q", new Op.Quantize(), List.of(name), params);
        return graph.node(name + ".real", new Op.Dequantize(), List.of(name + ".q"));
    }

    private static long count(Graph graph, Class<? extends Op> op) {
        return graph.nodes().stream().filter(node -> op.isInstance(node.op())).count();
    }

    /** The graph on codes; its result's integers are those of the graph as it was written. */
    private Graph absorb(String what, AffineParams to, Part part) {
        Graph written = written(what, to, part);
        return absorb(what, to, written, written);
    }

    private static Graph written(String what, AffineParams to, Part part) {
        Graph.Builder graph = Graph.builder(what);
        String a = real(graph, "a", A);
        String b = real(graph, "b", B);
        String y = part.add(graph, a, b);
        graph.node("result", new Op.Quantize(), List.of(y), to);
        graph.node("out", new Op.Dequantize(), List.of("result"));
        return graph.output("out").build();
    }

    /** The same of a graph that runs as it is, and one that says the same of codes. */
    private Graph absorb(String what, AffineParams to, Graph running, Graph written) {
        Graph absorbed = Passes.absorbQuantization(written);
        int[] expected = run(running, to);
        int[] found = run(absorbed, to);
        assertEquals(expected.length, found.length, what);
        int differ = 0;
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], found[i], 1, what + ", element " + i);
            differ += expected[i] == found[i] ? 0 : 1;
        }
        // Where a real number lies next to the middle of two codes its last digits decide.
        assertTrue(differ <= expected.length / 100, what + ": " + differ + " of " + expected.length + " differ");
        return absorbed;
    }

    /** The codes of the output. */
    private int[] run(Graph graph, AffineParams params) {
        List<Tensor> inputs = new ArrayList<>();
        Nets data = new Nets(7);
        graph.inputs().forEach(input -> inputs.add(data.floats(-3, 3, 3, CHANNELS, 6, 4)));
        try (Session session = Session.of(graph)) {
            float[] y = session.run(inputs).get(0).toFloatArray();
            int[] codes = new int[y.length];
            for (int i = 0; i < y.length; i++) {
                codes[i] = Math.round(y[i] / params.scale()) + params.zeroPoint();
            }
            return codes;
        }
    }

    /** Nothing is left in float but the ends. */
    private void assertOnCodes(String what, AffineParams to, Part part) {
        assertOnCodes(what, absorb(what, to, part));
    }

    private static void assertOnCodes(String what, Graph graph) {
        for (Node node : graph.nodes()) {
            boolean end = node.op() instanceof Op.Quantize
                            && graph.inputs().stream()
                                    .anyMatch(input -> input.name().equals(node.input(0)))
                    || node.op() instanceof Op.Dequantize && graph.isOutput(node.output());
            assertTrue(
                    end
                            || graph.value(node.output()).isQuantized()
                                    && graph.value(node.input(0)).isQuantized(),
                    what + ": " + node + " in\n" + graph);
        }
    }

    private static String number(Graph.Builder graph, float number) {
        return graph.constant("number", Tensor.of(new float[] {number}, 1));
    }

    private static String longs(Graph.Builder graph, String name, long... numbers) {
        return graph.constant(name, Tensor.ofLongs(numbers, numbers.length));
    }

    private static Resize resize(Resize.Interpolation interpolation) {
        return new Resize(
                interpolation,
                Resize.Coordinates.ASYMMETRIC,
                Resize.Nearest.FLOOR,
                List.of(2, 3),
                -0.75f,
                false,
                0,
                Resize.Policy.STRETCH,
                false);
    }

    @Test
    void transposedConvolutions() {
        for (Op.ConvTranspose op : List.of(
                new Op.ConvTranspose(Window.of(2).stride(2), 1, 0, 0),
                new Op.ConvTranspose(Window.of(4).stride(2).padding(1), 1, 1, 0))) {
            int kernel = op.window().kernelH();
            AffineParams weights = new AffineParams(
                    DType.S8, 8, -127, 127, new float[] {0.01f, 0.02f, 0.015f}, new int[3], Granularity.perChannel(1));
            AffineParams sums = AffineParams.bias(
                    A.scale() * weights.scale(0), A.scale() * weights.scale(1), A.scale() * weights.scale(2));
            Shape shape = Shape.of(CHANNELS, 3, kernel, kernel);
            QuantizedTensor w = new QuantizedTensor(shape, weights, nets.codes(DType.S8, -127, 127, shape.dims()));
            QuantizedTensor bias = new QuantizedTensor(Shape.of(3), sums, Tensor.ofInts(new int[] {500, -70, 9}, 3));
            Graph running = written(
                    op.toString(),
                    C,
                    (g, a, b) -> g.node(
                            "transposed",
                            op,
                            List.of(a, g.constant("w", w.decode()), g.constant("bias", bias.decode()))));
            Graph codes = written(
                    op.toString(),
                    C,
                    (g, a, b) -> g.node(
                            "transposed",
                            op,
                            List.of(
                                    a,
                                    g.node("w.real", new Op.Dequantize(), List.of(g.constant("w", w))),
                                    g.node("bias.real", new Op.Dequantize(), List.of(g.constant("bias", bias))))));
            assertOnCodes(op.toString(), absorb(op.toString(), C, running, codes));
        }
    }

    @Test
    void functions() {
        for (Unary.Function function : List.of(
                Unary.Function.SIGMOID,
                Unary.Function.HARD_SWISH,
                Unary.Function.TANH,
                Unary.Function.GELU,
                Unary.Function.EXP)) {
            assertOnCodes(function.toString(), C, (g, a, b) -> g.node("f", new Unary(function), List.of(a)));
            assertOnCodes(
                    function + " to signed codes",
                    Nets.s8(0.021f, -3),
                    (g, a, b) -> g.node("f", new Unary(function), List.of(a)));
        }
        for (Binary.Function function : List.of(
                Binary.Function.ADD,
                Binary.Function.SUB,
                Binary.Function.MUL,
                Binary.Function.MIN,
                Binary.Function.MAX)) {
            assertOnCodes(function.toString(), C, (g, a, b) -> g.node("f", new Binary(function), List.of(a, b)));
            assertOnCodes(
                    function + " to signed codes",
                    Nets.s8(0.05f, 4),
                    (g, a, b) -> g.node("f", new Binary(function), List.of(a, b)));
            assertOnCodes(
                    function + " of a number",
                    C,
                    (g, a, b) -> g.node("f", new Binary(function), List.of(a, number(g, -0.7f))));
        }
        assertOnCodes("sum", C, (g, a, b) -> g.node("f", new Op.Add(Activation.RELU), List.of(a, b)));
        assertOnCodes("sum to signed codes", Nets.s8(0.05f, 4), (g, a, b) -> g.node("f", new Op.Add(), List.of(a, b)));
    }

    @Test
    void meansToAnotherScale() {
        assertOnCodes(
                "mean",
                Nets.u8(0.004f, 131),
                (g, a, b) -> g.node(
                        "f", new Reduction.Reduce(Reduction.Reduce.Kind.MEAN, List.of(2, 3), false), List.of(a)));
        assertOnCodes(
                "global pool",
                Nets.u8(0.004f, 131),
                (g, a, b) -> g.node("f", new Op.AdaptiveAvgPool2d(1, 1), List.of(a)));
        assertOnCodes(
                "pool",
                Nets.u8(0.02f, 131),
                (g, a, b) -> g.node("f", new Op.AvgPool2d(Window.of(2), false, false), List.of(a)));
        // Squeezed dimensions between.
        assertOnCodes(
                "mean and reshape",
                Nets.u8(0.004f, 131),
                (g, a, b) -> g.node(
                        "r",
                        new Op.Flatten(),
                        List.of(g.node(
                                "f",
                                new Reduction.Reduce(Reduction.Reduce.Kind.MEAN, List.of(2, 3), true),
                                List.of(a)))));
    }

    @Test
    void joinsOfDifferentScales() {
        assertOnCodes("join", C, (g, a, b) -> g.node("f", new Movement.Concat(1), List.of(a, b)));
        assertOnCodes(
                "join with what is computed",
                C,
                (g, a, b) -> g.node(
                        "f",
                        new Movement.Concat(1),
                        List.of(a, g.node("table", new Unary(Unary.Function.SIGMOID), List.of(b)))));
        assertOnCodes(
                "join of moved ones",
                C,
                (g, a, b) -> g.node(
                        "f",
                        new Movement.Concat(1),
                        List.of(
                                g.node("up", resize(Resize.Interpolation.NEAREST), List.of(a, "", scales(g))),
                                g.node("also", resize(Resize.Interpolation.NEAREST), List.of(b, "", "scales")))));
    }

    private static String scales(Graph.Builder graph) {
        return graph.constant("scales", Tensor.of(new float[] {2, 2}, 2));
    }

    @Test
    void conversionsMovePastMovement() {
        List<Part> parts = List.of(
                (g, a, b) -> g.node("f", new Movement.Transpose(List.of(0, 2, 3, 1)), List.of(a)),
                (g, a, b) -> g.node(
                        "f",
                        new Movement.Slice(),
                        List.of(a, longs(g, "starts", 1), longs(g, "ends", 4), longs(g, "axes", 2))),
                (g, a, b) -> g.node(
                        "f",
                        new Movement.Pad(Movement.Pad.Mode.CONSTANT),
                        List.of(a, longs(g, "pads", 0, 0, 1, 0, 0, 0, 0, 1), number(g, 0))),
                (g, a, b) -> g.node("f", new Op.MaxPool2d(Window.of(2), false), List.of(a)),
                (g, a, b) -> g.node("f", new Reduction.Reduce(Reduction.Reduce.Kind.MAX, List.of(3), true), List.of(a)),
                (g, a, b) -> g.node("f", new Movement.Gather(1), List.of(a, longs(g, "indices", 3, 1))),
                (g, a, b) -> g.node("f", new Op.Clamp(Activation.RELU), List.of(a)),
                (g, a, b) -> {
                    g.node(new Node("f", new Movement.Split(2), List.of(a), List.of("up", "down")), null);
                    return g.node("again", new Movement.Concat(3), List.of("down", "up"));
                });
        for (Part part : parts) {
            assertOnCodes("the same scale", A, part);
            assertOnCodes("another scale", C, part);
            // Past what is computed from it, too.
            assertOnCodes(
                    "computed",
                    C,
                    (g, a, b) -> g.node("table", new Unary(Unary.Function.TANH), List.of(part.add(g, a, b))));
            assertOnCodes(
                    "of computed",
                    C,
                    (g, a, b) -> part.add(g, g.node("table", new Unary(Unary.Function.TANH), List.of(a)), b));
        }
        // Bounds need not be codes of what is bounded: they are of the result.
        Part bounds = (g, a, b) -> g.node("f", new Op.Clamp(Activation.clamp(-0.4f, 1.1f)), List.of(a));
        assertOnCodes("bounds", A, bounds);
        assertOnCodes("bounds of another scale", C, bounds);
        assertOnCodes(
                "bounds of computed",
                C,
                (g, a, b) -> bounds.add(g, g.node("table", new Unary(Unary.Function.TANH), List.of(a)), b));
        assertOnCodes(
                "linear", A, (g, a, b) -> g.node("f", resize(Resize.Interpolation.LINEAR), List.of(a, "", scales(g))));
    }

    @Test
    void whatMeetsIsGone() {
        Graph same = absorb(
                "twice",
                A,
                (g, a, b) -> g.node(
                        "again.real", new Op.Dequantize(), List.of(g.node("again", new Op.Quantize(), List.of(a), A))));
        assertEquals(1, count(same, Op.Quantize.class), same.toString());
        Graph other = absorb("to others", C, (g, a, b) -> a);
        assertEquals(1, count(other, Op.Requantize.class), other.toString());
        Graph.Builder graph = Graph.builder("once");
        graph.input("x", DType.F32, Shape.ofBatch(CHANNELS, 6, 4));
        for (String side : List.of("left", "right")) {
            graph.node(side, new Op.Quantize(), List.of("x"), A);
            graph.node(side + ".real", new Op.Dequantize(), List.of(side));
        }
        graph.node("sum", new Op.Add(), List.of("left.real", "right.real"));
        graph.node("result", new Op.Quantize(), List.of("sum"), C);
        graph.node("out", new Op.Dequantize(), List.of("result"));
        Graph once = Passes.absorbQuantization(graph.output("out").build());
        assertEquals(1, count(once, Op.Quantize.class), once.toString());
        assertEquals(1, count(once, Op.Dequantize.class), once.toString());
    }

    /** What would not give the same integers, or what others read as real numbers, stays as it is written. */
    @Test
    void whatIsReadOtherwiseStays() {
        Graph linear = absorb(
                "another scale",
                C,
                (g, a, b) -> g.node("f", resize(Resize.Interpolation.LINEAR), List.of(a, "", scales(g))));
        assertEquals(DType.F32, linear.value("f").dtype());
        Graph constants = absorb(
                "constants",
                C,
                (g, a, b) -> g.node(
                        "f",
                        new Binary(Binary.Function.MUL),
                        List.of(a, g.constant("each", nets.floats(0, 1, CHANNELS, 1, 1)))));
        assertEquals(DType.F32, constants.value("f").dtype());
        Graph far = absorb(
                "a far value",
                C,
                (g, a, b) -> g.node(
                        "f",
                        new Movement.Pad(Movement.Pad.Mode.CONSTANT),
                        List.of(a, longs(g, "pads", 0, 0, 1, 0, 0, 0, 0, 1), number(g, 1.2345f))));
        assertEquals(DType.F32, far.value("f").dtype());
    }
}

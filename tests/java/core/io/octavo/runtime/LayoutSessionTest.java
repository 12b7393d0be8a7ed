package io.octavo.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Movement;
import io.octavo.graph.Op;
import io.octavo.graph.Pointwise;
import io.octavo.graph.Pointwise.Binary;
import io.octavo.graph.Pointwise.Unary;
import io.octavo.graph.Window;
import io.octavo.qconfig.QConfig;
import io.octavo.quantize.Quantization;
import io.octavo.tensor.DType;
import io.octavo.tensor.Inputs;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Images lie channels last inside of a session: they are turned at its borders, and nowhere between operators that run in any order. */
class LayoutSessionTest {
    private static final int CHANNELS = 8;

    private final SplittableRandom random = new SplittableRandom(4);

    private Tensor random(long... dims) {
        Tensor tensor = Tensor.zeros(DType.F32, dims);
        for (int i = 0; i < tensor.elements(); i++) {
            tensor.floats().put(i, (float) random.nextDouble(-0.5, 0.5));
        }
        return tensor;
    }

    private static Graph.Builder images() {
        Graph.Builder graph = Graph.builder("images");
        graph.input("x", DType.F32, Shape.of(1, CHANNELS, 8, 6));
        return graph;
    }

    private String conv(Graph.Builder graph, String name, String x, int kernel) {
        int in = (int) graph.value(x).shape().dim(1);
        String w = graph.constant(name + ".weight", random(CHANNELS, in, kernel, kernel));
        String b = graph.constant(name + ".bias", random(CHANNELS));
        return graph.node(name, new Op.Conv2d(Window.of(kernel).padding(kernel / 2)), List.of(x, w, b));
    }

    private static String unary(Graph.Builder graph, String name, Unary.Function function, String x) {
        return graph.node(name, new Unary(function), List.of(x));
    }

    /** Steps that put elements into the other layout. */
    private static List<String> turns(Graph graph) {
        try (Session session = Session.builder(graph).threads(1).build()) {
            return session.explain().steps().stream()
                    .filter(step -> step.kernel().startsWith("reorder"))
                    .map(Explanation.Step::name)
                    .toList();
        }
    }

    private void assertTurns(Graph.Builder builder, String output, String... turns) {
        assertEquals(List.of(turns), turns(builder.output(output).build()));
    }

    private String mobile(Graph.Builder graph) {
        String stem = unary(graph, "act", Unary.Function.HARD_SWISH, conv(graph, "stem", "x", 3));
        String mean = graph.node("squeeze", new Op.AdaptiveAvgPool2d(1, 1), List.of(stem));
        String gate = graph.node(
                "gate", new Unary(Unary.Function.HARD_SIGMOID, 0.2f, 0.5f), List.of(conv(graph, "excite", mean, 1)));
        String gated = graph.node("gated", new Binary(Binary.Function.MUL), List.of(stem, gate));
        return graph.node("sum", new Op.Add(), List.of(conv(graph, "project", gated, 1), stem));
    }

    @Test
    void squeezeAndExciteKeepsImagesChannelsLast() {
        Graph.Builder graph = images();
        assertTurns(graph, mobile(graph), "x:nhwc", "sum:plain");
    }

    @Test
    void quantizedSqueezeAndExciteTurnsNothing() {
        Graph.Builder graph = images();
        Graph built = graph.output(mobile(graph)).build();
        Graph quantized = Quantization.quantizeStatic(
                built, QConfig.getDefault("x86"), List.of(Inputs.of(random(1, CHANNELS, 8, 6))));
        assertEquals(List.of(), turns(quantized));
    }

    @Test
    void pyramidsKeepImagesChannelsLast() {
        Graph.Builder graph = images();
        String one = graph.constant("one", Tensor.ofLongs(new long[] {1}));
        String half = graph.constant("half", Tensor.ofLongs(new long[] {4}));
        String end = graph.constant("end", Tensor.ofLongs(new long[] {8}));
        String zero = graph.constant("zero", Tensor.ofLongs(new long[] {0}));
        String a = conv(graph, "a", "x", 3);
        String silu = graph.node("silu", new Unary(Unary.Function.SWISH, 1, 0), List.of(a));
        String low = graph.node("low", new Movement.Slice(), List.of(silu, zero, half, one));
        String high = graph.node("high", new Movement.Slice(), List.of(silu, half, end, one));
        String both = graph.node("both", new Movement.Concat(1), List.of(high, low));
        String order = graph.constant("order", Tensor.ofLongs(new long[] {0, 4, 1, 5, 2, 6, 3, 7}));
        String shuffled = graph.node("shuffled", new Movement.Gather(1), List.of(both, order));
        String pool = graph.node("pool", new Op.MaxPool2d(Window.of(2).stride(2), false), List.of(shuffled));
        String scales = graph.constant("scales", Tensor.of(new float[] {1, 1, 2, 2}));
        Movement.Resize twice = new Movement.Resize(
                Movement.Resize.Interpolation.NEAREST,
                Movement.Resize.Coordinates.ASYMMETRIC,
                Movement.Resize.Nearest.FLOOR,
                List.of(),
                -0.75f,
                false,
                0,
                Movement.Resize.Policy.STRETCH,
                false);
        String wide = graph.node("wide", twice, List.of(pool, "", scales, ""));
        String pads = graph.constant("pads", Tensor.ofLongs(new long[] {0, 0, 1, 1, 0, 0, 1, 1}));
        String joined = graph.node("joined", new Movement.Concat(1), List.of(wide, silu));
        String padded = graph.node("padded", new Movement.Pad(Movement.Pad.Mode.EDGE), List.of(joined, pads));
        String y = graph.node(
                "relu", new Op.Clamp(Activation.RELU6), List.of(unary(graph, "tanh", Unary.Function.TANH, padded)));
        assertTurns(graph, conv(graph, "last", y, 3), "x:nhwc", "last:plain");
    }

    @Test
    void whatIsNoImageIsNotTurned() {
        // The heads of attention have four dimensions too.
        Graph.Builder graph = Graph.builder("heads");
        graph.input("q", DType.F32, Shape.of(1, 2, 5, 4));
        graph.input("k", DType.F32, Shape.of(1, 2, 4, 5));
        String scale = graph.constant("scale", Tensor.of(new float[] {0.5f}));
        String scores = graph.node("scores", new Op.MatMul(), List.of("q", "k"));
        String scaled = graph.node("scaled", new Pointwise.Binary(Binary.Function.MUL), List.of(scores, scale));
        String weights = graph.node("weights", new Op.Softmax(), List.of(scaled));
        assertTurns(graph, unary(graph, "y", Unary.Function.ABS, weights));
    }
}

package io.octavo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.graph.Window;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Gradients of every operator against central differences of a forward pass in double. A gradient is read off as what a step of
 * plain descent at learning rate 1 takes from a parameter.
 */
class GradientTest {
    private static final int CLASSES = 3;

    /** A graph under construction with random parameters. */
    private static final class Net {
        final Graph.Builder graph = Graph.builder("net");
        final SplittableRandom random = new SplittableRandom(7);
        int nodes;
        String last = "x";

        Net(long... image) {
            graph.input("x", DType.F32, Shape.ofBatch(image));
        }

        String constant(String name, double low, double high, long... dims) {
            float[] values = new float[(int) Shape.of(dims).elements()];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) (low + (high - low) * random.nextDouble());
            }
            return graph.constant(name, Tensor.of(values, dims));
        }

        Net op(Op op, String... inputs) {
            last = graph.node("n" + nodes++, op, List.of(inputs));
            return this;
        }

        Net then(Op op) {
            return op(op, last);
        }

        Net conv(Op.Conv2d op, long out, boolean bias) {
            long in = graph.value(last).shape().dim(1) / op.groups();
            String w = constant(
                    "w" + nodes,
                    -0.5,
                    0.5,
                    out,
                    in,
                    op.window().kernelH(),
                    op.window().kernelW());
            return bias ? op(op, last, w, constant("b" + nodes, -0.5, 0.5, out)) : op(op, last, w);
        }

        Net linear(Op.Linear op, long out) {
            String w = constant(
                    "w" + nodes, -0.5, 0.5, out, graph.value(last).shape().dim(1));
            return op(op, last, w, constant("b" + nodes, -0.5, 0.5, out));
        }

        Net norm() {
            long channels = graph.value(last).shape().dim(1);
            String gamma = constant("gamma" + nodes, 0.5, 1.5, channels);
            String beta = constant("beta" + nodes, -0.5, 0.5, channels);
            String mean = constant("mean" + nodes, -0.5, 0.5, channels);
            String variance = constant("variance" + nodes, 0.5, 1.5, channels);
            return op(new Op.BatchNorm(1e-5f, 0.1f), last, gamma, beta, mean, variance);
        }

        Graph classifier() {
            if (graph.value(last).shape().rank() == 4) {
                then(new Op.Flatten());
            }
            return linear(new Op.Linear(), CLASSES).done();
        }

        Graph done() {
            return graph.output(last).build();
        }
    }

    private static Op.Conv2d conv(Window window) {
        return new Op.Conv2d(window);
    }

    static Stream<Arguments> nets() {
        Window three = Window.of(3);
        return Stream.of(
                Arguments.of("linear", new Net(5).classifier()),
                Arguments.of(
                        "linear, linear", new Net(5).linear(new Op.Linear(), 4).classifier()),
                Arguments.of(
                        "linear with clamp",
                        new Net(5)
                                .linear(new Op.Linear(Activation.clamp(-0.3f, 0.4f)), 8)
                                .classifier()),
                Arguments.of("conv", new Net(2, 5, 6).conv(conv(three), 4, true).classifier()),
                Arguments.of(
                        "conv without bias",
                        new Net(3, 5, 5).conv(conv(three.padding(1)), 2, false).classifier()),
                Arguments.of(
                        "conv, conv, stride, uneven padding",
                        new Net(2, 7, 6)
                                .conv(conv(three.padding(1)), 3, true)
                                .conv(conv(Window.of(3, 2).stride(2, 1).padding(1, 0, 0, 1)), 4, true)
                                .classifier()),
                Arguments.of(
                        "conv, conv, dilation",
                        new Net(1, 8, 8)
                                .conv(conv(three), 2, false)
                                .conv(conv(three.dilation(2).padding(1)), 3, false)
                                .classifier()),
                Arguments.of(
                        "conv, grouped and depthwise",
                        new Net(2, 5, 5)
                                .conv(conv(Window.of(1)), 4, true)
                                .conv(new Op.Conv2d(three.padding(1), 2, Activation.NONE), 6, true)
                                .conv(new Op.Conv2d(three.padding(1), 6, Activation.NONE), 6, true)
                                .classifier()),
                Arguments.of(
                        "conv with 16 channels and more",
                        new Net(16, 4, 4)
                                .conv(conv(three.padding(1)), 20, true)
                                .conv(conv(three), 17, true)
                                .classifier()),
                Arguments.of(
                        "the demo's shapes",
                        new Net(3, 12, 12)
                                .conv(conv(Window.of(5).padding(2)), 6, false)
                                .then(new Op.Clamp(Activation.RELU))
                                .then(new Op.MaxPool2d(Window.of(2).stride(2), false))
                                .conv(conv(Window.of(5)), 16, false)
                                .then(new Op.Clamp(Activation.RELU))
                                .classifier()),
                Arguments.of(
                        "relu of its own",
                        new Net(2, 4, 4)
                                .conv(conv(three), 3, true)
                                .then(new Op.MaxPool2d(Window.of(2), false))
                                .then(new Op.Clamp(Activation.RELU))
                                .classifier()),
                Arguments.of(
                        "relu6",
                        new Net(2, 4, 4)
                                .norm()
                                .then(new Op.Clamp(Activation.clamp(-0.5f, 0.7f)))
                                .classifier()),
                Arguments.of(
                        "max pool, overlapping, padded, ceil",
                        new Net(2, 6, 6)
                                .conv(conv(three.padding(1)), 3, true)
                                .then(new Op.MaxPool2d(Window.of(3).stride(2).padding(1), true))
                                .classifier()),
                Arguments.of(
                        "average pool",
                        new Net(2, 6, 7)
                                .conv(conv(three.padding(1)), 3, true)
                                .then(new Op.AvgPool2d(Window.of(3).stride(2).padding(1), true, true))
                                .classifier()),
                Arguments.of(
                        "average pool without padding in the mean",
                        new Net(2, 6, 7)
                                .conv(conv(three.padding(1)), 3, true)
                                .then(new Op.AvgPool2d(Window.of(3).stride(2).padding(1), false, false))
                                .classifier()),
                Arguments.of(
                        "adaptive average pool",
                        new Net(2, 7, 5)
                                .conv(conv(three.padding(1)), 3, true)
                                .then(new Op.AdaptiveAvgPool2d(3, 2))
                                .classifier()),
                Arguments.of("batch norm of the input", new Net(3, 4, 4).norm().classifier()),
                Arguments.of(
                        "batch norm inside",
                        new Net(2, 5, 5)
                                .conv(conv(three), 4, false)
                                .norm()
                                .then(new Op.Clamp(Activation.RELU))
                                .classifier()),
                Arguments.of(
                        "batch norm of features",
                        new Net(6).norm().linear(new Op.Linear(), 5).classifier()),
                Arguments.of(
                        "softmax inside",
                        new Net(5)
                                .linear(new Op.Linear(), 6)
                                .then(new Op.Softmax())
                                .classifier()),
                Arguments.of("residual", residual(Activation.NONE)),
                Arguments.of("residual with relu", residual(Activation.RELU)),
                Arguments.of("value added to itself", doubled()),
                Arguments.of("residual inside a convolution", fusedResidual()),
                Arguments.of("one weight in two places", shared()));
    }

    /** conv -> a; a + norm(conv(a)): a has two readers. */
    private static Graph residual(Activation activation) {
        Net net = new Net(2, 4, 4).conv(conv(Window.of(3).padding(1)), 3, true);
        String a = net.last;
        net.conv(conv(Window.of(3).padding(1)), 3, false).norm();
        return net.op(new Op.Add(activation), a, net.last).classifier();
    }

    private static Graph doubled() {
        Net net = new Net(5).linear(new Op.Linear(), 4);
        return net.op(new Op.Add(), net.last, net.last).classifier();
    }

    private static Graph fusedResidual() {
        Net net = new Net(2, 4, 4).conv(conv(Window.of(3).padding(1)), 3, true);
        String a = net.last;
        String w = net.constant("w", -0.5, 0.5, 3, 3, 3, 3);
        return net.op(conv(Window.of(3).padding(1)).withActivation(Activation.RELU), a, w, "", a)
                .classifier();
    }

    private static Graph shared() {
        Net net = new Net(4);
        String w = net.constant("w", -0.5, 0.5, 4, 4);
        return net.op(new Op.Linear(Activation.RELU), "x", w)
                .op(new Op.Linear(), net.last, w)
                .classifier();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("nets")
    void gradientsEqualCentralDifferences(String name, Graph graph) {
        check(graph, 4, Map.of());
    }

    private static void check(Graph graph, int n, Map<String, double[]> masks) {
        float[] x = images(graph, n);
        int[] labels = labels(n);
        Map<String, Tensor> moved = step(graph, x, labels);
        Map<String, double[]> constants = DoubleNet.constants(graph);
        int checked = 0;
        for (String name : Autodiff.differentiate(graph, new Sgd()).parameters()) {
            double[] before = constants.get(name);
            float[] after = moved.get(name).toFloatArray();
            double[] numeric = numeric(graph, constants, name, DoubleNet.doubles(x), labels, masks);
            double greatest = 0;
            for (double g : numeric) {
                greatest = Math.max(greatest, Math.abs(g));
            }
            // A float gradient is off by some roundings of sums of up to a few hundred terms: 1e-4 of the tensor's
            // greatest is
            // generous and far below what a wrong term would change. Parameters near 1 are stored in steps of 6e-8, and
            // the
            // differences themselves are good to about 1e-9.
            double tolerance = 1e-4 * greatest + 2e-7;
            for (int i = 0; i < before.length; i += stride(before.length), checked++) {
                assertEquals(numeric[i], before[i] - after[i], tolerance, name + "[" + i + "]");
            }
            assertTrue(greatest > 1e-5, "the gradient of " + name + " is too small to show anything: " + greatest);
        }
        assertTrue(checked > 0);
    }

    /** All elements of a small tensor, about 150 of a large one. */
    private static int stride(int length) {
        return length <= 300 ? 1 : length / 150;
    }

    private static double[] numeric(
            Graph graph,
            Map<String, double[]> constants,
            String parameter,
            double[] x,
            int[] labels,
            Map<String, double[]> masks) {
        double h = 1e-6; // small, so that hardly ever a kink of relu or max lies between the two points
        double[] values = constants.get(parameter);
        double[] gradient = new double[values.length];
        for (int i = 0; i < values.length; i += stride(values.length)) {
            double value = values[i];
            values[i] = value + h;
            double up = DoubleNet.loss(graph, constants, x, labels, masks);
            values[i] = value - h;
            double down = DoubleNet.loss(graph, constants, x, labels, masks);
            values[i] = value;
            gradient[i] = (up - down) / (2 * h);
        }
        return gradient;
    }

    /** The states after one step of plain descent at learning rate 1. */
    private static Map<String, Tensor> step(Graph graph, float[] x, int[] labels) {
        Sgd sgd = new Sgd();
        TrainingProgram program = Autodiff.differentiate(graph, sgd);
        try (TrainingPlan plan = new TrainingPlan(program, 1)) {
            plan.step(
                    Tensor.of(
                            x,
                            graph.inputs()
                                    .get(0)
                                    .shape()
                                    .withBatch(labels.length)
                                    .dims()),
                    Tensor.ofInts(labels),
                    sgd.hyper(1, 0),
                    0,
                    0);
            return plan.read(program.states());
        }
    }

    private static float[] images(Graph graph, int n) {
        SplittableRandom random = new SplittableRandom(5);
        float[] x = new float[(int) graph.inputs().get(0).shape().withBatch(n).elements()];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) (2 * random.nextDouble() - 1);
        }
        return x;
    }

    private static int[] labels(int n) {
        int[] labels = new int[n];
        for (int i = 0; i < n; i++) {
            labels[i] = i % CLASSES;
        }
        return labels;
    }

    @Test
    void lossAndCorrectRows() {
        Graph graph = new Net(3, 5, 5).conv(conv(Window.of(3)), 4, true).classifier();
        int n = 17;
        float[] x = images(graph, n);
        int[] labels = labels(n);
        Sgd sgd = new Sgd();
        Map<String, double[]> values =
                DoubleNet.forward(graph, DoubleNet.constants(graph), DoubleNet.doubles(x), n, Map.of());
        double[] logits = values.get(graph.outputs().get(0).name());
        int correct = 0;
        for (int i = 0; i < n; i++) {
            int best = 0;
            for (int c = 1; c < CLASSES; c++) {
                best = logits[i * CLASSES + c] > logits[i * CLASSES + best] ? c : best;
            }
            correct += best == labels[i] ? 1 : 0;
        }
        try (TrainingPlan plan = new TrainingPlan(Autodiff.differentiate(graph, sgd), 2)) {
            plan.step(Tensor.of(x, n, 3, 5, 5), Tensor.ofInts(labels), sgd.hyper(0, 0), 0, 0);
            double expected = DoubleNet.loss(graph, DoubleNet.constants(graph), DoubleNet.doubles(x), labels, Map.of());
            assertEquals(expected, plan.loss(), 1e-5 * expected, "a few float roundings");
            assertEquals(correct, plan.correct());
        }
    }

    @Test
    void runningStatisticsMoveByTheUnbiasedVariance() {
        Graph graph = new Net(3, 4, 4).norm().classifier();
        int n = 4;
        float[] x = images(graph, n);
        Map<String, Tensor> moved = step(graph, x, labels(n));
        double[][] statistics = DoubleNet.statistics(DoubleNet.doubles(x), n, 3);
        for (int c = 0; c < 3; c++) {
            double mean = 0.9 * graph.value("mean0").data().getFloat(c) + 0.1 * statistics[0][c];
            double variance = 0.9 * graph.value("variance0").data().getFloat(c) + 0.1 * statistics[1][c] * 64 / 63;
            assertEquals(mean, moved.get("mean0").getFloat(c), 1e-6, "float rounding of numbers below 2");
            assertEquals(variance, moved.get("variance0").getFloat(c), 1e-6, "float rounding of numbers below 2");
        }
    }

    /** With one row, the last layer's gradient is zero exactly in the columns that dropout dropped: so the mask is known. */
    @Test
    void dropoutScalesWhatItKeepsAndPassesItsGradient() {
        float p = 0.3f;
        Net net = new Net(6).linear(new Op.Linear(), 400).then(new Op.Dropout(p));
        String dropped = net.last;
        Graph graph = net.classifier();
        float[] x = images(graph, 1);
        String weight = graph.node("n2").input(1);
        float[] before = graph.value(weight).data().toFloatArray();
        float[] after = step(graph, x, labels(1)).get(weight).toFloatArray();
        double[] mask = new double[400];
        int keptCount = 0;
        for (int k = 0; k < 400; k++) {
            boolean kept = before[k] != after[k];
            mask[k] = kept ? 1 / (1 - (double) p) : 0;
            keptCount += kept ? 1 : 0;
        }
        // 400 draws at 0.7: 6 standard deviations are 55.
        assertTrue(Math.abs(keptCount - 280) < 55, keptCount + " of 400 kept");
        Map<String, double[]> masks = new HashMap<>();
        masks.put(dropped, mask);
        check(graph, 1, masks);
    }
}

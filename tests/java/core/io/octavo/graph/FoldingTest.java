package io.octavo.graph;

import static io.octavo.graph.PatternChecks.becomes;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.octavo.graph.PatternChecks.Network;
import io.octavo.graph.Pointwise.Unary;
import io.octavo.runtime.Session;
import io.octavo.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class FoldingTest {
    private static final long[] IMAGE = {2, 4, 6, 5};

    private static String conv(Network n, String x, Window window, int groups, boolean bias) {
        String w = n.random(-1, 1, 8, 4 / groups, window.kernelH(), window.kernelW());
        Op op = new Op.Conv2d(window, groups, Activation.NONE);
        return bias ? n.op(op, x, w, n.random(-1, 1, 8)) : n.op(op, x, w);
    }

    @Test
    void factorsAndSummandsBehindAConvolutionGoIntoIt() {
        for (boolean bias : new boolean[] {false, true}) {
            for (int groups : new int[] {1, 2}) {
                Network n = new Network(IMAGE);
                String y = conv(n, "x", Window.of(3).padding(1), groups, bias);
                y = n.add(n.mul(y, n.random(-2, 2, 8, 1, 1)), n.random(-1, 1, 1, 8, 1, 1));
                y = n.div(n.sub(y, n.random(-1, 1, 8, 1, 1)), n.random(1, 2, 1, 8, 1, 1));
                Graph after = becomes(n.graph(n.mul(n.number(0.3), y)), "Conv2d");
                assertEquals("conv2d", after.nodes().get(0).name().substring(0, 6));
            }
        }
    }

    @Test
    void factorsAndSummandsBehindALinearLayerGoIntoIt() {
        Network n = new Network(6, 5);
        String y = n.op(new Op.Linear(), "x", n.random(-1, 1, 7, 5), n.random(-1, 1, 7));
        becomes(n.graph(n.add(n.random(-1, 1, 7), n.mul(y, n.random(-1, 1, 1, 7)))), "Linear");
    }

    @Test
    void factorsBehindABatchNormGoIntoIt() {
        Network n = new Network(IMAGE);
        String y = n.op(
                new Op.BatchNorm(),
                "x",
                n.random(-2, 2, 4),
                n.random(-1, 1, 4),
                n.random(-1, 1, 4),
                n.random(0.1, 2, 4));
        becomes(n.graph(n.add(n.mul(y, n.random(-2, 2, 4, 1, 1)), n.random(-1, 1, 4, 1, 1))), "BatchNorm");
    }

    @Test
    void aTransposedConvolutionTakesThemByItsOutputChannels() {
        for (int groups : new int[] {1, 2}) {
            Network n = new Network(IMAGE);
            Op op = new Op.ConvTranspose(Window.of(2, 3).stride(2), groups, 0, 0);
            String y = n.op(op, "x", n.random(-1, 1, 4, 6 / groups, 2, 3));
            Graph before = n.graph(n.add(n.mul(y, n.random(-2, 2, 6, 1, 1)), n.random(-1, 1, 6, 1, 1)));
            Graph after = Passes.simplify(before);
            assertEquals(List.of("ConvTranspose"), PatternChecks.types(after));
            Map<String, Tensor> x = Map.of("x", PatternChecks.random(new SplittableRandom(3), -1, 1, IMAGE));
            float[] expected = reference(before, x.get("x"));
            float[] found = reference(after, x.get("x"));
            for (int i = 0; i < expected.length; i++) {
                assertEquals(expected[i], found[i], 1e-4, "element " + i);
            }
        }
    }

    @Test
    void aTransposedConvolutionTakesABatchNorm() {
        for (int groups : new int[] {1, 2}) {
            Network n = new Network(IMAGE);
            Op op = new Op.ConvTranspose(Window.of(2, 3).stride(2), groups, 0, 0);
            String y = n.op(op, "x", n.random(-1, 1, 4, 6 / groups, 2, 3), n.random(-1, 1, 6));
            Graph before = n.graph(n.op(
                    new Op.BatchNorm(),
                    y,
                    n.random(-2, 2, 6),
                    n.random(-1, 1, 6),
                    n.random(-1, 1, 6),
                    n.random(0.2, 3, 6)));
            Graph after = Passes.simplify(before);
            assertEquals(List.of("ConvTranspose"), PatternChecks.types(after));
            Tensor x = PatternChecks.random(new SplittableRandom(3), -1, 1, IMAGE);
            try (Session plain = Session.of(before);
                    Session simple = Session.of(after)) {
                float[] expected = plain.run(x).toFloatArray();
                float[] found = simple.run(x).toFloatArray();
                for (int i = 0; i < expected.length; i++) {
                    assertEquals(expected[i], found[i], 1e-4, "element " + i);
                }
            }
        }
    }

    /** What specializing a graph with its input fixed makes of it. */
    private static float[] reference(Graph graph, Tensor x) {
        double[] weight = doubles(graph, graph.nodes().get(0).input(1));
        Node node = graph.nodes().get(0);
        Op.ConvTranspose op = (Op.ConvTranspose) node.op();
        long[] out = graph.value(node.output()).shape().dims();
        int outputs = (int) out[1];
        int perGroup = outputs / op.groups();
        int channels = (int) x.shape().dim(1);
        double[] y = new double[(int) graph.value(node.output()).shape().elements()];
        double[] bias = node.input(2).isEmpty() ? new double[outputs] : doubles(graph, node.input(2));
        for (int i = 0; i < y.length; i++) {
            y[i] = bias[(int) (i / (out[2] * out[3]) % outputs)];
        }
        Window w = op.window();
        int index = 0;
        for (int b = 0; b < x.shape().dim(0); b++) {
            for (int c = 0; c < channels; c++) {
                for (int h = 0; h < x.shape().dim(2); h++) {
                    for (int l = 0; l < x.shape().dim(3); l++, index++) {
                        for (int o = 0; o < perGroup; o++) {
                            int to = c / (channels / op.groups()) * perGroup + o;
                            for (int k = 0; k < w.kernelH() * w.kernelW(); k++) {
                                int line = h * w.strideH() + k / w.kernelW();
                                int column = l * w.strideW() + k % w.kernelW();
                                int at = (int) (((b * outputs + to) * out[2] + line) * out[3] + column);
                                y[at] += x.floats().get(index)
                                        * weight[(c * perGroup + o) * w.kernelH() * w.kernelW() + k];
                            }
                        }
                    }
                }
            }
        }
        float[] result = new float[y.length];
        Map<Integer, double[]> factors = constants(graph);
        for (int i = 0; i < y.length; i++) {
            int channel = (int) (i / (out[2] * out[3]) % outputs);
            result[i] = (float) (factors.isEmpty() ? y[i] : y[i] * factors.get(1)[channel] + factors.get(2)[channel]);
        }
        return result;
    }

    /** The constants of the nodes behind the first. */
    private static Map<Integer, double[]> constants(Graph graph) {
        return graph.nodes().size() == 1
                ? Map.of()
                : Map.of(
                        1, doubles(graph, graph.nodes().get(1).input(1)),
                        2, doubles(graph, graph.nodes().get(2).input(1)));
    }

    private static double[] doubles(Graph graph, String constant) {
        float[] values = graph.value(constant).data().toFloatArray();
        double[] numbers = new double[values.length];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = values[i];
        }
        return numbers;
    }

    @Test
    void theNormalizationOfAnInputGoesIntoAConvolutionWithoutPadding() {
        for (int groups : new int[] {1, 2}) {
            Network n = new Network(IMAGE);
            String x = n.div(n.sub("x", n.random(-1, 1, 4, 1, 1)), n.random(1, 2, 1, 4, 1, 1));
            becomes(n.graph(conv(n, n.mul(x, n.number(0.5)), Window.of(3).stride(2), groups, groups == 2)), "Conv2d");
        }
        Network padded = new Network(IMAGE);
        String x = padded.div(padded.sub("x", padded.random(-1, 1, 4, 1, 1)), padded.random(1, 2, 4, 1, 1));
        becomes(padded.graph(conv(padded, x, Window.of(3).padding(0, 1), 1, false)), "Add", "Conv2d");
        Network linear = new Network(3, 5);
        String rows = linear.add(linear.mul("x", linear.random(-1, 1, 5)), linear.number(2));
        becomes(linear.graph(linear.op(new Op.Linear(), rows, linear.random(-1, 1, 7, 5))), "Linear");
    }

    @Test
    void aFactorBehindBoundsGoesBeforeThem() {
        Network n = new Network(IMAGE);
        String y = n.clamp(Activation.RELU6, n.add(conv(n, "x", Window.of(3), 1, true), n.number(3)));
        Graph after = becomes(n.graph(n.mul(y, n.number(1 / 6d))), "Conv2d", "Clamp");
        assertEquals(
                Activation.clamp(0, 6 * (float) (1 / 6d)),
                ((Op.Clamp) after.nodes().get(1).op()).activation());
        Network negative = new Network(IMAGE);
        y = negative.clamp(Activation.RELU, conv(negative, "x", Window.of(3), 1, true));
        becomes(negative.graph(negative.mul(y, negative.number(-2))), "Conv2d", "Clamp", "Mul");
    }

    @Test
    void constantsInARowAreOne() {
        Network n = new Network(IMAGE);
        String y = n.add(n.sub("x", n.random(-1, 1, 4, 1, 1)), n.random(-1, 1, 4, 1, 1));
        becomes(n.graph(n.mul(n.number(3), n.mul(y, n.random(1, 2, 4, 1, 1)))), "Add", "Mul");
        Network read = new Network(IMAGE);
        y = read.add("x", read.random(-1, 1, 4, 1, 1));
        becomes(read.graph(read.add(y, read.random(-1, 1, 4, 1, 1)), y), "Add", "Add");
    }

    @Test
    void nothingIsFoldedThatOthersNeed() {
        Network output = new Network(IMAGE);
        String y = conv(output, "x", Window.of(3), 1, true);
        becomes(output.graph(output.mul(y, output.random(1, 2, 8, 1, 1)), y), "Conv2d", "Mul");
        Network read = new Network(IMAGE);
        String z = conv(read, "x", Window.of(3), 1, true);
        becomes(
                read.graph(read.mul(z, read.random(1, 2, 8, 1, 1)), read.unary(Unary.Function.NEG, z)),
                "Conv2d",
                "Mul",
                "Neg");
        Network before = new Network(IMAGE);
        String x = before.mul("x", before.random(1, 2, 4, 1, 1));
        becomes(
                before.graph(conv(before, x, Window.of(3), 1, true), before.unary(Unary.Function.NEG, x)),
                "Mul",
                "Conv2d",
                "Neg");
        Network shared = new Network(IMAGE);
        String w = shared.random(-1, 1, 4, 4, 3, 3);
        Op op = new Op.Conv2d(Window.of(3).padding(1));
        String first = shared.mul(shared.op(op, "x", w), shared.random(1, 2, 4, 1, 1));
        becomes(
                shared.graph(shared.op(op, shared.unary(Unary.Function.TANH, first), w)),
                "Conv2d",
                "Mul",
                "Tanh",
                "Conv2d");
    }

    @Test
    void whatIsNoNumberAChannelStays() {
        Network n = new Network(IMAGE);
        String y = conv(n, "x", Window.of(3), 1, true);
        becomes(n.graph(n.mul(y, n.random(1, 2, 1, 3))), "Conv2d", "Mul");
        Network lines = new Network(IMAGE);
        String z = conv(lines, "x", Window.of(3), 1, true);
        becomes(lines.graph(lines.add(z, lines.random(1, 2, 4, 3))), "Conv2d", "Add");
        Network wider = new Network(1, 4, 6, 5);
        String one = conv(wider, "x", Window.of(3), 1, true);
        becomes(wider.graph(wider.add(one, wider.random(1, 2, 2, 8, 1, 1))), "Conv2d", "Add");
    }
}

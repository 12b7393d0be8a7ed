package io.octavo.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class PassesTest {
    private final SplittableRandom random = new SplittableRandom(1);

    private Tensor random(double low, double high, long... dims) {
        Tensor tensor = Tensor.zeros(DType.F32, dims);
        for (int i = 0; i < tensor.elements(); i++) {
            tensor.floats().put(i, (float) random.nextDouble(low, high));
        }
        return tensor;
    }

    private String conv(Graph.Builder graph, String name, String x, int in, int out, int groups, boolean bias) {
        String w = graph.constant(name + ".weight", random(-1, 1, out, in / groups, 3, 3));
        Op op = new Op.Conv2d(Window.of(3).padding(1), groups, Activation.NONE);
        return graph.node(
                name, op, bias ? List.of(x, w, graph.constant(name + ".bias", random(-1, 1, out))) : List.of(x, w));
    }

    private String norm(Graph.Builder graph, String name, String x, int channels) {
        return graph.node(
                name,
                new Op.BatchNorm(),
                List.of(
                        x,
                        graph.constant(name + ".weight", random(-2, 2, channels)),
                        graph.constant(name + ".bias", random(-1, 1, channels)),
                        graph.constant(name + ".running_mean", random(-1, 1, channels)),
                        graph.constant(name + ".running_var", random(0.1, 2, channels))));
    }

    private static String relu(Graph.Builder graph, String name, String x) {
        return graph.node(name, new Op.Clamp(Activation.RELU), List.of(x));
    }

    private static Graph.Builder images() {
        Graph.Builder graph = Graph.builder("test");
        graph.input("x", DType.F32, Shape.ofBatch(4, 6, 5));
        return graph;
    }

    /** Values that both graphs have are equal up to float rounding of the weights (relative to the sum of up to 40 terms). */
    private Graph assertKeeps(Graph before, UnaryOperator<Graph> pass, String... survivors) {
        Graph after = pass.apply(before);
        Map<String, Tensor> inputs = Map.of("x", random(-2, 2, 2, 4, 6, 5));
        Map<String, double[]> expected = ReferenceRunner.run(before, inputs);
        Map<String, double[]> found = ReferenceRunner.run(after, inputs);
        for (String name : survivors) {
            assertArrayEquals(expected.get(name), found.get(name), 1e-4, name);
        }
        assertEquals(
                before.outputs().stream().map(Value::name).toList(),
                after.outputs().stream().map(Value::name).toList());
        return after;
    }

    private static List<String> nodes(Graph graph) {
        return graph.nodes().stream().map(Node::name).toList();
    }

    @Test
    void batchNormsFoldIntoConvolutionsWithAndWithoutBiasAndInGroups() {
        Graph.Builder graph = images();
        String a = norm(graph, "bn1", conv(graph, "conv1", "x", 4, 8, 1, false), 8);
        String b = norm(graph, "bn2", conv(graph, "conv2", a, 8, 4, 2, true), 4);
        Graph before = graph.output(b).build();
        Graph after = assertKeeps(before, Passes::foldBatchNorm, "bn1", "bn2");
        assertEquals(List.of("conv1", "conv2"), nodes(after));
        assertEquals("bn1", after.node("conv1").output());
        assertTrue(after.hasValue("conv1.bias"));
        assertFalse(after.hasValue("bn1.running_var"));
        assertFalse(after.hasValue("conv1"));
    }

    @Test
    void severalBatchNormsInARowFold() {
        Graph.Builder graph = images();
        String y = norm(graph, "bn2", norm(graph, "bn1", conv(graph, "conv", "x", 4, 3, 1, false), 3), 3);
        Graph after = assertKeeps(graph.output(y).build(), Passes::foldBatchNorm, "bn2");
        assertEquals(List.of("conv"), nodes(after));
    }

    @Test
    void batchNormsFoldIntoLinearLayers() {
        Graph.Builder graph = images();
        String flat = graph.node("flat", new Op.Flatten(), List.of("x"));
        String w = graph.constant("w", random(-0.1, 0.1, 5, 120));
        String y = norm(graph, "bn", graph.node("fc", new Op.Linear(), List.of(flat, w)), 5);
        Graph after = assertKeeps(graph.output(y).build(), Passes::foldBatchNorm, "bn");
        assertEquals(List.of("flat", "fc"), nodes(after));
    }

    @Test
    void aBatchNormStaysWhereFoldingWouldChangeAnotherReader() {
        Graph.Builder graph = images();
        String c = conv(graph, "conv", "x", 4, 3, 1, false);
        String y = norm(graph, "bn", c, 3);
        Graph read = graph.output(y).output(c).build();
        assertEquals(List.of("conv", "bn"), nodes(Passes.foldBatchNorm(read)));

        Graph.Builder shared = images();
        String w = shared.constant("w", random(-1, 1, 4, 4, 3, 3));
        Op op = new Op.Conv2d(Window.of(3).padding(1));
        String one = shared.node("one", op, List.of("x", w));
        String two = shared.node("two", op, List.of(norm(shared, "bn", one, 4), w));
        assertEquals(
                List.of("one", "bn", "two"),
                nodes(Passes.foldBatchNorm(shared.output(two).build())));

        Graph.Builder alone = images();
        Graph first = alone.output(norm(alone, "bn", "x", 4)).build();
        assertEquals(List.of("bn"), nodes(Passes.foldBatchNorm(first)));
    }

    @Test
    void activationsFuse() {
        Graph.Builder graph = images();
        String c = relu(graph, "relu", conv(graph, "conv", "x", 4, 4, 1, true));
        String s = relu(graph, "relu2", graph.node("add", new Op.Add(), List.of("x", c)));
        String flat = graph.node("flat", new Op.Flatten(), List.of(s));
        String w = graph.constant("w", random(-0.1, 0.1, 5, 120));
        String y = graph.node(
                "relu6", new Op.Clamp(Activation.RELU6), List.of(graph.node("fc", new Op.Linear(), List.of(flat, w))));
        Graph after = assertKeeps(graph.output(y).build(), Passes::fuseActivations, "relu", "relu2", "relu6");
        assertEquals(List.of("conv", "add", "flat", "fc"), nodes(after));
        assertEquals(Activation.RELU6, ((Op.Linear) after.node("fc").op()).activation());
    }

    @Test
    void activationsThatDoNotFitStay() {
        Graph.Builder graph = images();
        String c = conv(graph, "conv", "x", 4, 4, 1, true);
        String r = relu(graph, "relu", c);
        String sum = graph.node("add", new Op.Add(), List.of(r, c)); // reads the convolution too
        String y = graph.node("relu6", new Op.Clamp(Activation.RELU6), List.of(sum));
        Graph before = graph.output(y).build();
        assertEquals(nodes(before), nodes(assertKeeps(before, Passes::fuseActivations, "relu", "relu6")));
    }

    @Test
    void activationsInARowBecomeOne() {
        for (Activation first : List.of(Activation.RELU, Activation.clamp(-1, 0.5f), Activation.clamp(2, 3))) {
            for (Activation second : List.of(Activation.RELU, Activation.RELU6, Activation.clamp(-2, -1.5f))) {
                Graph.Builder graph = images();
                String standing = graph.node("standing", new Op.Clamp(first), List.of("x"));
                String a = graph.node("a", new Op.Clamp(second), List.of(standing));
                String c = graph.node("c", new Op.Clamp(first), List.of(conv(graph, "conv", "x", 4, 4, 1, true)));
                String b = graph.node("b", new Op.Clamp(second), List.of(c));
                Graph after = assertKeeps(graph.output(a).output(b).build(), Passes::fuseActivations, "a", "b");
                assertEquals(List.of("standing", "conv"), nodes(after), first + " and " + second);
            }
        }
    }

    @Test
    void aClampBehindAFusedSumIsFusedToo() {
        Graph.Builder graph = images();
        String sum = graph.node("add", new Op.Add(), List.of("x", conv(graph, "conv", "x", 4, 4, 1, false)));
        String y = graph.node("relu6", new Op.Clamp(Activation.RELU6), List.of(sum));
        Graph after = assertKeeps(graph.output(y).build(), Passes::fuse, "relu6");
        assertEquals(List.of("conv"), nodes(after));
        assertEquals(Activation.RELU6, ((Op.Conv2d) after.node("conv").op()).activation());
        assertEquals("x", after.node("conv").input(3));
    }

    @Test
    void additionsFuseIntoTheConvolutionOfTheSecondOperand() {
        for (boolean swapped : new boolean[] {false, true}) {
            Graph.Builder graph = images();
            if (swapped) {
                conv(graph, "b", "x", 4, 4, 1, false);
            }
            conv(graph, "a", "x", 4, 4, 1, true);
            if (!swapped) {
                conv(graph, "b", "x", 4, 4, 1, false);
            }
            String sum = relu(graph, "relu", graph.node("add", new Op.Add(), List.of("a", "b")));
            String next = graph.node("next", new Op.Add(), List.of(conv(graph, "c", sum, 4, 4, 1, false), sum));
            Graph before = Passes.fuseActivations(graph.output(next).build());
            Graph after = assertKeeps(before, Passes::fuseResidual, "relu", "next");
            assertEquals(List.of("a", "b", "c"), nodes(after));
            assertEquals(List.of("x", "b.weight", "", "a"), after.node("b").inputs());
            assertEquals(Activation.RELU, ((Op.Conv2d) after.node("b").op()).activation());
        }
    }

    @Test
    void additionsOfTheSameValueStay() {
        Graph.Builder graph = images();
        String a = conv(graph, "a", "x", 4, 4, 1, true);
        Graph before =
                graph.output(graph.node("add", new Op.Add(), List.of(a, a))).build();
        assertEquals(List.of("a", "add"), nodes(assertKeeps(before, Passes::fuseResidual, "add")));
    }

    @Test
    void dropoutsGo() {
        Graph.Builder graph = images();
        String d =
                graph.node("d2", new Op.Dropout(0.5f), List.of(graph.node("d1", new Op.Dropout(0.1f), List.of("x"))));
        String y = relu(graph, "relu", d);
        Graph after = assertKeeps(graph.output(y).build(), Passes::removeDropout, "relu");
        assertEquals(List.of("relu"), nodes(after));
        assertEquals(List.of("x"), after.node("relu").inputs());
    }

    @Test
    void allPassesTogether() {
        Graph.Builder graph = images();
        String stem = relu(graph, "relu1", norm(graph, "bn1", conv(graph, "conv1", "x", 4, 4, 1, false), 4));
        String body = relu(graph, "relu2", norm(graph, "bn2", conv(graph, "conv2", stem, 4, 4, 1, false), 4));
        String end = norm(graph, "bn3", conv(graph, "conv3", body, 4, 4, 1, false), 4);
        String y = relu(graph, "relu3", graph.node("add", new Op.Add(), List.of(end, stem)));
        Graph after = assertKeeps(graph.output(y).build(), Passes::fuse, "relu1", "relu2", "relu3");
        assertEquals(List.of("conv1", "conv2", "conv3"), nodes(after));
    }
}

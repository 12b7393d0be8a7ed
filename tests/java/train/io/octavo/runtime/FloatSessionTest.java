package io.octavo.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.graph.ReferenceRunner;
import io.octavo.graph.Window;
import io.octavo.nn.AvgPool2d;
import io.octavo.nn.BatchNorm2d;
import io.octavo.nn.Conv2d;
import io.octavo.nn.Dropout;
import io.octavo.nn.Flatten;
import io.octavo.nn.Linear;
import io.octavo.nn.MaxPool2d;
import io.octavo.nn.ReLU;
import io.octavo.nn.ReLU6;
import io.octavo.nn.Residual;
import io.octavo.nn.Sequential;
import io.octavo.nn.Softmax;
import io.octavo.nn.models.Models;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Float graphs against plain loops. */
class FloatSessionTest {
    private final Nets nets = new Nets(11);

    private void assertRuns(Graph graph, long terms, long... inputDims) {
        Tensor x = nets.floats(-1, 1, inputDims);
        Map<String, double[]> expected = ReferenceRunner.run(graph, Map.of("input", x));
        String output = graph.outputs().get(0).name();
        try (Session session = Session.of(graph)) {
            Close.assertClose(graph.name(), expected.get(output), session.run(x), terms);
        }
    }

    @Test
    void theDemoNetwork() {
        Graph graph = Models.seedNet().graph(Shape.ofBatch(3, 32, 32), 5);
        assertRuns(graph, 1000, 1, 3, 32, 32);
        assertRuns(graph, 1000, 5, 3, 32, 32);
    }

    @Test
    void resnet20() {
        assertRuns(nets.withStatistics(Models.resnet20().graph(Shape.ofBatch(3, 32, 32), 5)), 10_000, 2, 3, 32, 32);
    }

    @Test
    void allKindsOfLayers() {
        Sequential net = new Sequential(
                new Conv2d(4, 8, 3, 5).padding(1, 2).groups(2),
                new ReLU6(),
                new Residual(new Conv2d(8, 8, 3).padding(2).dilation(2)),
                new Dropout(0.3f),
                new MaxPool2d(3).stride(2).padding(1).ceilMode(true),
                new AvgPool2d(2).stride(1).padding(1).countIncludePad(false),
                new Flatten(),
                new Linear(8 * 7 * 6, 12).bias(false),
                new Softmax());
        assertRuns(net.graph(Shape.ofBatch(4, 11, 9), 6), 1000, 3, 4, 11, 9);
    }

    @Test
    void aFixedBatchAndChunksAndThreads() {
        Graph graph = Models.seedNet().graph(Shape.of(7, 3, 32, 32), 5);
        Tensor x = nets.floats(-1, 1, 7, 3, 32, 32);
        try (Session whole = Session.of(graph);
                Session parts = Session.builder(graph).chunk(2).threads(2).build()) {
            Tensor expected = whole.run(x);
            assertEquals(Shape.of(7, 10), expected.shape());
            Close.assertClose("chunks of 2", toDouble(expected), parts.run(x), 1000);
        }
    }

    @Test
    void inputsAndOutputsOfAnyShapeAndNumber() {
        Graph.Builder g = Graph.builder("two");
        g.input("a", DType.F32, Shape.ofBatch(3, 6, 5));
        g.input("b", DType.F32, Shape.ofBatch(4, 6, 5));
        g.constant("w", nets.floats(-1, 1, 4, 3, 3, 3));
        Op conv = new Op.Conv2d(Window.of(3).padding(1), 1, Activation.NONE);
        g.node("conv", conv, List.of("a", "w"));
        g.node("sum", new Op.Add(Activation.RELU), List.of("conv", "b"));
        g.node("rows", new Op.Softmax(), List.of("sum"));
        g.node("mean", new Op.AdaptiveAvgPool2d(2, 2), List.of("sum"));
        Graph graph = g.output("rows").output("mean").output("sum").build();
        Tensor a = nets.floats(-1, 1, 3, 3, 6, 5);
        Tensor b = nets.floats(-1, 1, 3, 4, 6, 5);
        Map<String, double[]> expected = ReferenceRunner.run(graph, Map.of("a", a, "b", b));
        try (Session session = Session.of(graph)) {
            List<Tensor> found = session.run(List.of(a, b));
            Close.assertClose("rows", expected.get("rows"), found.get(0), 100);
            Close.assertClose("mean", expected.get("mean"), found.get(1), 100);
            Close.assertClose("sum", expected.get("sum"), found.get(2), 100);
        }
    }

    @Test
    void tapsDeliverEveryValueAsItWouldBe() {
        Graph graph = new Sequential(
                        new Conv2d(3, 4, 3),
                        new ReLU6(),
                        new Dropout(0.5f),
                        new MaxPool2d(2),
                        new Flatten(),
                        new Linear(4 * 3 * 3, 5))
                .graph(Shape.ofBatch(3, 8, 8), 1);
        List<String> names = List.of("input", "0.conv", "1.relu6", "2.dropout", "3.maxpool", "4.flatten", "logits");
        Map<String, Tensor> delivered = new LinkedHashMap<>();
        Tensor x = nets.floats(-4, 4, 2, 3, 8, 8);
        Map<String, double[]> expected = ReferenceRunner.run(graph, Map.of("input", x));
        try (Session session = Session.builder(graph)
                        .tap(names, (name, tensor) -> delivered.put(name, tensor.copy()))
                        .build();
                Session untapped = Session.of(graph)) {
            Tensor logits = session.run(x);
            assertEquals(names, List.copyOf(delivered.keySet()));
            for (String name : names) {
                assertEquals(
                        graph.value(name).shape().withBatch(2),
                        delivered.get(name).shape(),
                        name);
                Close.assertClose(name, expected.get(name), delivered.get(name), 100);
            }
            assertArrayEquals(logits.toFloatArray(), delivered.get("logits").toFloatArray());
            Close.assertClose("untapped", toDouble(logits), untapped.run(x), 100);
            // Another batch, then the first again: buffers follow.
            session.run(nets.floats(-4, 4, 5, 3, 8, 8));
            assertEquals(5, delivered.get("0.conv").shape().dim(0));
            session.run(x);
            Close.assertClose("0.conv", expected.get("0.conv"), delivered.get("0.conv"), 100);
        }
    }

    @Test
    void batchNormsAreFoldedUnlessAskedNotTo() {
        Graph graph = nets.withStatistics(Models.resnet20().graph(Shape.ofBatch(3, 32, 32), 5));
        Tensor x = nets.floats(-1, 1, 1, 3, 32, 32);
        try (Session folded = Session.of(graph);
                Session plain = Session.builder(graph).optimize(false).build()) {
            Close.assertClose("folded", toDouble(plain.run(x)), folded.run(x), 10_000);
            assertTrue(folded.explain().steps().size() < plain.explain().steps().size());
            assertEquals(graph.storageBytes(), folded.modelBytes());
        }
    }

    @Test
    void explainsWhatWasFused() {
        Graph graph = new Sequential(
                        new Conv2d(3, 4, 3).padding(1),
                        new BatchNorm2d(4),
                        new ReLU6(),
                        new Residual(new Sequential(new Conv2d(4, 4, 3).padding(1), new BatchNorm2d(4))),
                        new ReLU(),
                        new Dropout(0.5f))
                .graph(Shape.ofBatch(3, 8, 8), 1);
        try (Session session = Session.of(graph)) {
            Map<String, String> fused = new LinkedHashMap<>();
            for (Explanation.Step step : session.explain().steps()) {
                fused.put(step.name(), step.fused());
            }
            assertEquals("1.bn, 2.relu6", fused.get("0.conv"));
            assertEquals("3.residual.body.1.bn, 3.residual, 4.relu", fused.get("3.residual.body.0.conv"));
            assertEquals("", fused.get("5.dropout"));
        }
    }

    private static double[] toDouble(Tensor tensor) {
        float[] values = tensor.toFloatArray();
        double[] result = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            result[i] = values[i];
        }
        return result;
    }
}

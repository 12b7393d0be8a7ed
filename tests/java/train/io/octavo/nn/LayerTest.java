package io.octavo.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import io.octavo.graph.Value;
import io.octavo.nn.models.Models;
import io.octavo.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LayerTest {
    private static final Shape CIFAR = Shape.ofBatch(3, 32, 32);

    private static long parameters(Graph graph) {
        return graph.constants().values().stream()
                .filter(value -> !value.name().contains("running"))
                .mapToLong(value -> value.shape().elements())
                .sum();
    }

    @Test
    void theDemoNetworkIsAsDescribed() {
        Graph graph = Models.seedNet().graph(CIFAR, 7);
        assertEquals("input", graph.inputs().get(0).name());
        assertEquals(CIFAR, graph.inputs().get(0).shape());
        assertEquals("logits", graph.outputs().get(0).name());
        assertEquals(Shape.ofBatch(10), graph.outputs().get(0).shape());
        assertEquals(
                List.of(
                        "0.conv",
                        "1.relu",
                        "2.maxpool",
                        "3.conv",
                        "4.relu",
                        "5.maxpool",
                        "6.flatten",
                        "7.linear",
                        "8.relu",
                        "9.linear",
                        "10.relu",
                        "11.linear"),
                graph.nodes().stream().map(Node::name).toList());
        assertEquals(Shape.ofBatch(6, 32, 32), graph.value("0.conv").shape());
        assertEquals(Shape.ofBatch(576), graph.value("6.flatten").shape());
        assertTrue(graph.hasValue("7.linear.bias"));
        assertFalse(graph.hasValue("0.conv.bias"));
        assertEquals(83_104, parameters(graph));
    }

    @Test
    void resnet20IsAsDescribed() {
        Graph graph = Models.resnet20().graph(CIFAR, 7);
        assertEquals(Shape.ofBatch(10), graph.outputs().get(0).shape());
        assertEquals(
                21,
                graph.nodes().stream()
                        .filter(node -> node.op().type().equals("Conv2d"))
                        .count());
        assertEquals(
                9,
                graph.nodes().stream()
                        .filter(node -> node.op().type().equals("Add"))
                        .count());
        assertEquals(272_474, parameters(graph));
        assertEquals(Shape.ofBatch(64, 8, 8), graph.value("20.relu").shape());
    }

    @Test
    void theSeedDecidesTheWeights() {
        Graph one = Models.seedNet().graph(CIFAR, 1);
        Graph same = Models.seedNet().graph(CIFAR, 1);
        Graph other = Models.seedNet().graph(CIFAR, 2);
        for (Map.Entry<String, Value> entry : one.constants().entrySet()) {
            float[] expected = entry.getValue().data().toFloatArray();
            assertArrayEquals(expected, same.value(entry.getKey()).data().toFloatArray());
            assertFalse(
                    Arrays.equals(expected, other.value(entry.getKey()).data().toFloatArray()), entry.getKey());
        }
        // The numbers are part of what a seed means.
        assertEquals(0.015371737f, one.value("0.conv.weight").data().getFloat(0, 0, 0, 0));
    }

    @Test
    void weightsAreUniformWithinPyTorchsBounds() {
        Graph graph = new Sequential(new Linear(400, 300)).graph(Shape.of(400), 3);
        for (String name : List.of("0.linear.weight", "0.linear.bias")) {
            float[] values = graph.value(name).data().toFloatArray();
            double sum = 0;
            double squares = 0;
            for (float v : values) {
                assertTrue(Math.abs(v) <= 0.05f, name);
                sum += v;
                squares += v * v;
            }
            double n = values.length;
            // Mean 0, variance bound^2 / 3: within five standard errors.
            assertEquals(0, sum / n, 5 * 0.05 / Math.sqrt(3 * n), name);
            assertEquals(0.05 * 0.05 / 3, squares / n, 5 * 0.05 * 0.05 * Math.sqrt(4.0 / 45 / n), name);
        }
    }

    @Test
    void aWrongSizeNamesTheLayerFoundAndGiven() {
        Sequential net = new Sequential(
                new Conv2d(3, 6, 5).padding(2).bias(false),
                new ReLU(),
                new MaxPool2d(2),
                new Flatten(),
                new Linear(400, 120));
        String message = assertThrows(ShapeMismatchException.class, () -> net.graph(CIFAR, 0))
                .getMessage();
        assertTrue(message.contains("'4.linear'") && message.contains("400") && message.contains("1536"), message);
        message = assertThrows(ShapeMismatchException.class, () -> new Sequential(new Linear(3072, 1)).graph(CIFAR, 0))
                .getMessage();
        assertTrue(message.contains("flatten"), message);
        message = assertThrows(ShapeMismatchException.class, () -> new Sequential(new Conv2d(4, 6, 5)).graph(CIFAR, 0))
                .getMessage();
        assertTrue(message.contains("'0.conv'") && message.contains("4") && message.contains("has 3"), message);
        message = assertThrows(ShapeMismatchException.class, () -> new Sequential(new Residual(new Conv2d(3, 6, 1)))
                        .graph(CIFAR, 0))
                .getMessage();
        assertTrue(message.contains("shortcut") && message.contains("[N, 6, 32, 32]"), message);
    }

    @Test
    void modulesTakeSamplesBatchesAndFixedBatches() {
        Layer relu = new ReLU();
        assertEquals(CIFAR, relu.graph(Shape.of(3, 32, 32), 0).outputs().get(0).shape());
        assertEquals(CIFAR, relu.graph(CIFAR, 0).outputs().get(0).shape());
        assertEquals(
                Shape.of(2, 3, 4, 4),
                relu.graph(Shape.of(2, 3, 4, 4), 0).outputs().get(0).shape());
        assertThrows(InvalidValueException.class, () -> relu.graph(Shape.of(1, 2, 3, 4, 5), 0));
    }

    @Test
    void namesCanBeGiven() {
        Sequential net = new Sequential()
                .add("stem", new Sequential().add("conv", new Conv2d(3, 4, 3)).add(new BatchNorm2d(4)))
                .add("block", new Residual(new Conv2d(4, 4, 1), new Conv2d(4, 4, 1)))
                .add("pool", new AvgPool2d(2))
                .add("drop", new Dropout())
                .add("softmax", new Softmax());
        Graph graph = net.graph(CIFAR, 0);
        assertEquals(
                List.of("stem.conv", "stem.1.bn", "block.body", "block.shortcut", "block", "pool", "drop", "softmax"),
                graph.nodes().stream().map(Node::name).toList());
        assertTrue(graph.hasValue("stem.1.bn.running_var"));
        assertThrows(
                InvalidValueException.class,
                () -> new Sequential().add("a", relu()).add("a", relu()));
    }

    private static Layer relu() {
        return new ReLU();
    }

    @Test
    void argumentsOutOfRangeAreRefused() {
        assertThrows(InvalidValueException.class, () -> new Conv2d(0, 1, 1));
        assertThrows(InvalidValueException.class, () -> new Conv2d(3, 6, 1).groups(2));
        assertThrows(InvalidValueException.class, () -> new Linear(1, 0));
        assertThrows(InvalidValueException.class, () -> new BatchNorm2d(0));
        assertThrows(InvalidValueException.class, () -> new BatchNorm2d(1).momentum(2));
        assertThrows(InvalidValueException.class, () -> new MaxPool2d(0));
        assertThrows(InvalidValueException.class, () -> new Dropout(1));
        assertThrows(InvalidValueException.class, () -> new Sequential().graph(CIFAR, 0));
    }
}

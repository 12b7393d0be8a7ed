package io.octavo.calibrate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.InvalidValueException;
import io.octavo.calibrate.Decision.Kind;
import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import io.octavo.graph.Op;
import io.octavo.graph.Value;
import io.octavo.graph.Window;
import io.octavo.nn.models.Models;
import io.octavo.observe.MinMaxObserver;
import io.octavo.qconfig.QConfig;
import io.octavo.qconfig.QConfigMapping;
import io.octavo.quantize.Quantization;
import io.octavo.runtime.Session;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.Distribution;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.Uniform;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What is decided for each node, and by what. */
class PreparedTest {
    private static final QConfig Q =
            new QConfig(MinMaxObserver::new, Uniform.activations(8), Uniform.weights(8), Granularity.perChannel(0));
    private static final Graph RESNET = Models.resnet20().graph(Shape.of(Shape.N, 3, 32, 32), 1);

    private static Tensor random(int seed, long... dims) {
        SplittableRandom random = new SplittableRandom(seed);
        Tensor tensor = Tensor.zeros(DType.F32, dims);
        for (int i = 0; i < tensor.elements(); i++) {
            tensor.floats().put(i, (float) random.nextDouble(-1, 1));
        }
        return tensor;
    }

    private static Graph.Builder images() {
        Graph.Builder graph = Graph.builder("test");
        graph.input("x", DType.F32, Shape.ofBatch(4, 6, 6));
        return graph;
    }

    private static String conv(Graph.Builder graph, String name, String x) {
        String weight = graph.constant(name + ".weight", random(name.hashCode(), 4, 4, 1, 1));
        return graph.node(name, new Op.Conv2d(Window.of(1)), List.of(x, weight));
    }

    private static String clamp(Graph.Builder graph, String name, Activation activation, String x) {
        return graph.node(name, new Op.Clamp(activation), List.of(x));
    }

    private static String pool(Graph.Builder graph, String name, String x) {
        return graph.node(name, new Op.MaxPool2d(Window.of(2).stride(2), false), List.of(x));
    }

    private static String add(Graph.Builder graph, String name, String a, String b) {
        return graph.node(name, new Op.Add(), List.of(a, b));
    }

    private static Kind kind(Prepared prepared, String node) {
        return prepared.decisions().get(node).kind();
    }

    private static Calibration calibrate(Prepared prepared) {
        try (Calibrator calibrator = new Calibrator(prepared)) {
            calibrator.observe(random(1, 3, 4, 6, 6));
            return calibrator.result();
        }
    }

    private static String message(Class<? extends RuntimeException> type, Runnable call) {
        return assertThrows(type, call::run).getMessage();
    }

    @Test
    void eachOperatorHasARow() {
        assertEquals(Set.of(), QuantizationRule.TABLE.missing());
    }

    @Test
    void entriesThatNothingAnswersToAreNamed() {
        QConfigMapping mapping = QConfigMapping.global(Q)
                .layer("3.residual", null)
                .layer("3.residul", null)
                .type("add", Q)
                .type("Add", null);
        String message = message(InvalidValueException.class, () -> Prepared.of(RESNET, mapping));
        assertTrue(message.contains("nothing answers to layer '3.residul', type 'add';"), message);
        assertTrue(message.contains("3.residual") && message.contains("Conv2d"), message);
        Prepared prepared = Prepared.of(RESNET, QConfigMapping.global(Q));
        assertThrows(InvalidValueException.class, () -> prepared.with(mapping));
    }

    @Test
    void namesAreThoseBeforeFusion() {
        Prepared all = Prepared.of(RESNET, QConfigMapping.global(Q));
        assertTrue(all.graph().nodes().stream().noneMatch(node -> node.op() instanceof Op.Add));
        Prepared one = Prepared.of(RESNET, QConfigMapping.global(Q).layer("3.residual", null));
        List<Node> sums = one.graph().nodes().stream()
                .filter(node -> node.op() instanceof Op.Add)
                .toList();
        assertEquals(List.of("3.residual"), sums.stream().map(Node::name).toList());
        assertEquals(Kind.FLOAT, kind(one, "3.residual"));
        Node before = one.graph().producer(sums.get(0).input(0)).orElseThrow();
        assertEquals(Kind.QUANTIZED, kind(one, before.name()));
        assertEquals("", before.input(3));
        Prepared none = Prepared.of(RESNET, QConfigMapping.global(Q).type("Add", null));
        assertEquals(
                9,
                none.decisions().entrySet().stream()
                        .filter(entry -> none.graph().node(entry.getKey()).op() instanceof Op.Add
                                && entry.getValue().kind() == Kind.FLOAT)
                        .count());
    }

    @Test
    void partsOfOtherQConfigsStayApart() {
        Graph.Builder g = images();
        String sum = add(g, "sum", "x", conv(g, "conv", "x"));
        Graph graph = g.output(clamp(g, "relu", Activation.RELU, sum)).build();
        QConfig finer = Q.withWeight(Uniform.weights(4), Granularity.perChannel(0));
        QConfig reduced =
                Q.withActivation(MinMaxObserver::new, Uniform.activations(8).reduceRange(true));

        Prepared weights = Prepared.of(graph, QConfigMapping.global(Q).layer("conv", finer));
        assertEquals(Set.of("conv"), weights.decisions().keySet(), "weights have nothing to do with the sum");
        assertEquals(finer, weights.decisions().get("conv").qconfig());

        Prepared activations = Prepared.of(graph, QConfigMapping.global(Q).layer("conv", reduced));
        assertEquals(Set.of("conv", "sum"), activations.decisions().keySet());
        assertEquals(Kind.QUANTIZED, kind(activations, "sum"));
        assertEquals(Map.of("x", reduced, "conv", reduced, "relu", Q), activations.observed());

        Prepared only = Prepared.of(graph, QConfigMapping.global(null).layer("conv", Q));
        assertEquals(Kind.FLOAT, kind(only, "sum"));

        for (QConfigMapping apart : List.of(
                QConfigMapping.global(Q).type("Clamp", null),
                QConfigMapping.global(Q).layer("relu", reduced),
                QConfigMapping.global(null).layer("sum", Q).layer("conv", Q).layer("relu", null))) {
            String message = message(InvalidValueException.class, () -> Prepared.of(graph, apart));
            assertTrue(message.contains("'relu' (Clamp) is part of 'conv'"), message);
        }
        Prepared same = Prepared.of(graph, QConfigMapping.global(Q).layer("relu", Q));
        assertEquals(Set.of("conv"), same.decisions().keySet());
    }

    @Test
    void whatHasNoScaleOfItsOwnFollowsUnlessItIsNamed() {
        Graph.Builder g = images();
        Graph graph = g.output(conv(g, "second", pool(g, "pool", conv(g, "first", "x"))))
                .build();
        QConfigMapping two = QConfigMapping.global(null).layer("first", Q).layer("second", Q);
        assertEquals(Kind.PASSED, kind(Prepared.of(graph, two), "pool"));
        for (QConfigMapping named : List.of(two.layer("pool", null), two.type("MaxPool2d", null))) {
            Prepared prepared = Prepared.of(graph, named);
            assertEquals(Kind.FLOAT, kind(prepared, "pool"));
            Graph mixed = Quantization.convert(prepared, calibrate(prepared));
            assertEquals(DType.F32, mixed.value("pool").dtype());
        }
    }

    @Test
    void scalesAreObservedBehindAClampThatIsAllThatReads() {
        Graph.Builder g = images();
        String fused = add(g, "fused", "x", conv(g, "conv", "x"));
        clamp(g, "six", Activation.RELU6, fused);
        clamp(g, "half", Activation.clamp(-0.25f, 0.25f), add(g, "sum", "six", "x"));
        add(g, "open", "six", "half");
        clamp(g, "cut", Activation.clamp(-0.5f, 0.5f), "open");
        Graph graph = g.output("half").output("cut").output("open").build();
        Prepared prepared = Prepared.of(graph, QConfigMapping.global(Q));
        assertEquals(Set.of("x", "six", "half", "open"), prepared.observed().keySet());
        assertEquals(
                Activation.RELU6, ((Op.Conv2d) prepared.graph().node("conv").op()).activation());
        assertEquals("half", prepared.decisions().get("sum").observed());
        assertEquals("open", prepared.decisions().get("open").observed());
        assertNull(prepared.decisions().get("half").observed());
        Map<String, Distribution> seen = new HashMap<>();
        prepared.observed().keySet().forEach(value -> seen.put(value, new Distribution(-4, 6, 9, null)));
        seen.put("half", new Distribution(-0.25f, 0.25f, 9, null));
        Graph converted = Quantization.convert(prepared, new Calibration(prepared.fingerprint(), 1, seen));
        // Ranges are of what is left: -0.25 to 0.25 on 255 steps.
        assertEquals(0.5f / 255, ((AffineParams) converted.value("sum").quantization()).scale(), 1e-9f);
        assertEquals(
                converted.value("sum").quantization(), converted.value("half.q").quantization());
    }

    /** The graph with its parts added in the order of {@code order}. */
    private static Graph ordered(List<Integer> order, List<Consumer<Graph.Builder>> parts) {
        Graph.Builder g = images();
        order.forEach(i -> parts.get(i).accept(g));
        return g.output("out").build();
    }

    @Test
    void theOrderOfIndependentNodesHasNoPartInIt() {
        QConfig reduced =
                Q.withActivation(MinMaxObserver::new, Uniform.activations(8).reduceRange(true));
        QConfigMapping mapping = QConfigMapping.global(Q).layer("c.other", reduced);
        List<Consumer<Graph.Builder>> parts = List.of(
                g -> pool(g, "p1", conv(g, "a.first", "x")),
                g -> conv(g, "b.second", pool(g, "p2", "x")),
                g -> pool(g, "p3", conv(g, "c.other", "x")),
                g -> clamp(g, "q", Activation.RELU, pool(g, "p4", "x")));
        Set<String> expected = null;
        float[] result = null;
        for (List<Integer> order :
                List.of(List.of(0, 1, 2, 3), List.of(3, 2, 1, 0), List.of(2, 0, 3, 1), List.of(1, 3, 0, 2))) {
            List<Consumer<Graph.Builder>> all = new ArrayList<>(parts);
            all.add(g -> {
                add(g, "s1", "p1", "b.second");
                add(g, "s2", "p3", "q");
                add(g, "out", "s1", "s2");
            });
            List<Integer> whole = new ArrayList<>(order);
            whole.add(4);
            Prepared prepared = Prepared.of(ordered(whole, all), mapping);
            Graph converted = Quantization.convert(prepared, calibrate(prepared));
            Set<String> nodes = new TreeSet<>();
            for (Node node : converted.nodes()) {
                Value value = converted.value(node.output());
                nodes.add(node + " " + value + " " + value.quantization());
            }
            float[] found;
            try (Session session = Session.of(converted)) {
                found = session.run(random(2, 2, 4, 6, 6)).toFloatArray();
            }
            if (expected == null) {
                expected = nodes;
                result = found;
                // The first of the readers' names is that of a Q: codes of x take all 8 bits.
                assertEquals(Q, prepared.observed().get("x"));
                assertEquals(Kind.FLOAT, kind(prepared, "p2"));
            }
            assertEquals(expected, nodes);
            assertArrayEquals(result, found);
            assertEquals(
                    Prepared.of(ordered(List.of(0, 1, 2, 3, 4), all), mapping).fingerprint(), prepared.fingerprint());
        }
    }

    @Test
    void constantsWhereActivationsAreReadLeaveANodeInFloat() {
        Graph.Builder g = Graph.builder("fixed");
        g.input("x", DType.F32, Shape.of(2, 4, 6, 6));
        String shift = g.constant("shift", random(3, 2, 4, 6, 6));
        Graph graph = g.output(add(g, "moved", conv(g, "conv", "x"), shift)).build();
        Prepared prepared = Prepared.of(graph, QConfigMapping.global(Q));
        assertEquals(Kind.QUANTIZED, kind(prepared, "conv"));
        assertEquals(Kind.FLOAT, kind(prepared, "moved"));
        assertEquals(Set.of("x", "conv"), prepared.observed().keySet());
    }

    @Test
    void aQuantizedGraphIsNotPreparedAgain() {
        Graph.Builder g = images();
        Graph graph = g.output(conv(g, "conv", "x")).build();
        Prepared prepared = Prepared.of(graph, QConfigMapping.global(Q));
        Graph converted = Quantization.convert(prepared, calibrate(prepared));
        String message = message(InvalidValueException.class, () -> Prepared.of(converted, QConfigMapping.global(Q)));
        assertTrue(message.contains("quantized already") && message.contains("x.q"), message);
    }

    @Test
    void fingerprintsTellNetworksApart() {
        Graph.Builder g = images();
        Graph graph = g.output(pool(g, "pool", conv(g, "conv", "x"))).build();
        String own = Prepared.of(graph, QConfigMapping.global(Q)).fingerprint();
        assertEquals(64, own.length());
        assertEquals(own, Prepared.of(graph, QConfigMapping.global(Q)).with(Q).fingerprint());
        Tensor moved = random("conv".hashCode(), 4, 4, 1, 1);
        moved.floats().put(15, Math.nextUp(moved.getFloat(3, 3, 0, 0)));
        Graph weights = graph.withConstants(Map.of("conv.weight", moved));
        Graph.Builder attribute = images();
        attribute.node("pool", new Op.MaxPool2d(Window.of(2).stride(2), true), List.of(conv(attribute, "conv", "x")));
        Graph.Builder named = images();
        String inner = conv(named, "conv", "x");
        named.node(
                new Node("pooling", new Op.MaxPool2d(Window.of(2).stride(2), false), List.of(inner), List.of("pool")),
                null);
        for (Graph other : List.of(
                weights,
                attribute.output("pool").build(),
                named.output("pool").build(),
                graph.toBuilder().output("conv").build())) {
            assertNotEquals(own, Prepared.of(other, QConfigMapping.global(Q)).fingerprint());
        }
    }
}

package io.octavo.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.CalibrationException;
import io.octavo.InvalidValueException;
import io.octavo.NotFiniteException;
import io.octavo.UnsupportedException;
import io.octavo.calibrate.Prepared;
import io.octavo.data.Batch;
import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import io.octavo.graph.Op;
import io.octavo.graph.ReferenceRunner;
import io.octavo.graph.Value;
import io.octavo.nn.Conv2d;
import io.octavo.nn.Flatten;
import io.octavo.nn.Linear;
import io.octavo.nn.ReLU;
import io.octavo.nn.Sequential;
import io.octavo.nn.models.Models;
import io.octavo.qconfig.QConfig;
import io.octavo.qconfig.QConfigMapping;
import io.octavo.quantize.Quantization;
import io.octavo.scheme.Clipping;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.KMeans;
import io.octavo.scheme.Logarithmic;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.scheme.Scheme;
import io.octavo.scheme.TableParams;
import io.octavo.scheme.Uniform;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Linear layers with float activations and quantized weights, from qconfig to session. */
class WeightOnlyTest {
    private static final QConfig INT8 = QConfig.weightOnly(Uniform.weights(8), Granularity.perChannel(0));
    private final Nets nets = new Nets(23);

    private static List<String> isas() {
        return Machine.isas().stream()
                .filter(Machine.Isa::supported)
                .map(Machine.Isa::name)
                .toList();
    }

    private static Graph perceptron() {
        return new Sequential(new Linear(200, 150), new ReLU(), new Linear(150, 11)).graph(Shape.ofBatch(200), 1);
    }

    private static float[] run(Graph graph, Tensor x) {
        try (Session session = Session.of(graph)) {
            return session.run(x).toFloatArray();
        }
    }

    @Test
    void everySchemeAndGranularityOnEveryInstructionSet() {
        List<Scheme> schemes = List.of(
                Uniform.weights(8),
                new Uniform(8, DType.U8, false, false),
                Uniform.weights(4),
                Clipping.weights(3),
                KMeans.of(8),
                KMeans.of(4),
                Logarithmic.base2(4));
        List<Granularity> granularities = List.of(
                Granularity.perTensor(),
                Granularity.perChannel(0),
                Granularity.perGroup(32),
                Granularity.perGroup(64),
                Granularity.perGroup(128));
        Tensor x = nets.floats(-2, 2, 9, 200);
        for (Scheme scheme : schemes) {
            for (Granularity granularity : granularities) {
                Graph graph = Quantization.quantizeWeightOnly(perceptron(), QConfig.weightOnly(scheme, granularity));
                String what = scheme + " " + granularity;
                double[] expected = ReferenceRunner.run(graph, Map.of("input", x))
                        .get(graph.outputs().get(0).name());
                float[] first = null;
                for (String isa : isas()) {
                    for (int threads : new int[] {1, 3}) {
                        try (Session session =
                                Session.builder(graph).isa(isa).threads(threads).build()) {
                            Tensor found = session.run(x);
                            Close.assertClose(what + " on " + isa, expected, found, 350);
                            first = first == null ? found.toFloatArray() : first;
                            assertArrayEquals(first, found.toFloatArray(), what + " on " + isa);
                            String steps = session.explain().toString();
                            assertTrue(steps.contains("linear_weight_only"), steps);
                        }
                    }
                }
            }
        }
    }

    @Test
    void allWeightsAndNothingElseAreQuantized() {
        Graph net = perceptron();
        Graph graph = Quantization.quantizeWeightOnly(net, INT8);
        assertEquals(2, graph.nodes().size(), "ReLU is part of its layer: " + graph);
        for (Node node : graph.nodes()) {
            assertTrue(graph.value(node.input(1)).isQuantized(), node.name());
            assertFalse(graph.value(node.output()).isQuantized(), node.name());
        }
        Tensor x = nets.floats(-2, 2, 5, 200);
        float[] reference = run(net, x);
        float[] found = run(graph, x);
        double signal = 0;
        double noise = 0;
        for (int i = 0; i < reference.length; i++) {
            signal += (double) reference[i] * reference[i];
            noise += Math.pow((double) reference[i] - found[i], 2);
        }
        double sqnr = 10 * Math.log10(signal / noise);
        assertTrue(sqnr > 35 && sqnr < 80, sqnr + " dB");
    }

    @Test
    void lowBitsWithGroupsStayHalfAByte() {
        Graph net = new Sequential(new Linear(1024, 256).bias(false)).graph(Shape.ofBatch(1024), 1);
        QConfig qconfig = QConfig.weightOnly(Clipping.weights(4), Granularity.perGroup(128));
        Graph graph = Quantization.quantizeWeightOnly(net, qconfig);
        assertEquals(1024 * 256 / 2 + 256 * 8 * 4, graph.storageBytes());
        try (Session session = Session.of(graph)) {
            assertTrue(session.weightBytes() >= graph.storageBytes(), session.weightBytes() + " bytes");
            boolean bytes = session.explain().toString().contains("f32s8");
            assertTrue(session.weightBytes() < graph.storageBytes() * (bytes ? 2 : 1) + 64, session.explain() + "");
        }
    }

    @Test
    void rowsOfSequencesAreRows() {
        Graph.Builder g = Graph.builder("sequence");
        g.input("input", DType.F32, Shape.ofBatch(7, 40));
        g.node(
                "y",
                new Op.Linear(),
                List.of("input", nets.lowBits(g, "w", 4, Granularity.perGroup(32), 13, 40), nets.bias(g, "b", 13)));
        Graph rows = g.output("y").build();
        Graph.Builder flat = Graph.builder("flat");
        flat.input("input", DType.F32, Shape.ofBatch(40));
        flat.add(rows.value("w"));
        flat.add(rows.value("b"));
        flat.node("y", new Op.Linear(), List.of("input", "w", "b"));
        Tensor x = nets.floats(-1, 1, 3, 7, 40);
        Tensor same = Tensor.of(x.toFloatArray(), 21, 40);
        assertArrayEquals(run(flat.output("y").build(), same), run(rows, x));
    }

    @Test
    void besideIntegerConvolutions() {
        Graph net = Models.seedNet().graph(Shape.ofBatch(3, 32, 32), 3);
        QConfigMapping mapping = QConfigMapping.global(QConfig.getDefault("fbgemm"))
                .type("Linear", QConfig.weightOnly(Uniform.weights(4), Granularity.perGroup(32)));
        Prepared prepared = Quantization.prepare(net, mapping);
        Tensor x = nets.floats(-1, 1, 4, 3, 32, 32);
        Batch batch = new Batch(x, Tensor.ofInts(new int[4], 4));
        Graph graph = Quantization.convert(prepared, Quantization.calibrate(prepared, List.of(batch)));
        assertEquals(
                List.of("Quantize", "Conv2d", "MaxPool2d", "Conv2d", "MaxPool2d", "Flatten", "Dequantize"),
                graph.nodes().stream()
                        .map(node -> node.op().type())
                        .filter(type -> !type.equals("Linear"))
                        .toList());
        Value logits = graph.outputs().get(0);
        double[] expected = ReferenceRunner.run(graph, Map.of("input", x)).get(logits.name());
        for (String isa : isas()) {
            try (Session session = Session.builder(graph).isa(isa).build()) {
                Close.assertClose("logits on " + isa, expected, session.run(x), 576 + 120 + 84);
            }
        }
    }

    @Test
    void aWeightOfTwoLayersHasTheFormThatEachWants() {
        Graph.Builder g = Graph.builder("tied");
        g.input("input", DType.F32, Shape.ofBatch(64));
        g.constant("w", nets.floats(-1, 1, 64, 64));
        g.node("codes", new Op.Linear(), List.of("input", "w"));
        g.node("floats", new Op.Linear(), List.of("codes", "w"));
        Graph net = g.output("floats").build();
        for (String layer : List.of("codes", "floats")) {
            QConfigMapping mapping = QConfigMapping.global(INT8).layer(layer, null);
            Graph graph = Quantization.convert(Quantization.prepare(net, mapping));
            Map<String, Boolean> quantized = new HashMap<>();
            for (Node node : graph.nodes()) {
                quantized.put(node.name(), graph.value(node.input(1)).isQuantized());
            }
            assertEquals(Map.of("codes", !layer.equals("codes"), "floats", !layer.equals("floats")), quantized);
        }
        Graph both = Quantization.quantizeWeightOnly(net, INT8);
        assertEquals(List.of("w"), List.copyOf(both.constants().keySet()));
    }

    @Test
    void whatCannotBeQuantizedIsNamed() {
        QConfig fbgemm = QConfig.getDefault("fbgemm");
        assertSays(
                assertThrows(CalibrationException.class, () -> Quantization.quantizeWeightOnly(perceptron(), fbgemm)),
                "weight-only",
                "calibrate");
        Graph images = new Sequential(new Conv2d(3, 4, 3), new Flatten()).graph(Shape.ofBatch(3, 8, 8), 1);
        assertSays(
                assertThrows(CalibrationException.class, () -> Quantization.quantizeWeightOnly(images, INT8)),
                "no Linear with a weight-only one");
        Graph bad = perceptron();
        bad.value(bad.nodes().get(0).input(1)).data().floats().put(7, Float.NaN);
        assertSays(
                assertThrows(NotFiniteException.class, () -> Quantization.quantizeWeightOnly(bad, INT8)),
                bad.nodes().get(0).name(),
                "index 7");
        assertThrows(NullPointerException.class, () -> new QConfig(null, Uniform.activations(8), INT8.weight(), null));
    }

    @Test
    void whatNoKernelTakesIsRefusedWithTheReason() {
        QConfig groups = QConfig.weightOnly(Uniform.weights(8), Granularity.perGroup(48));
        Graph graph = Quantization.quantizeWeightOnly(perceptron(), groups);
        assertSays(
                assertThrows(UnsupportedException.class, () -> Session.of(graph)), "groups of 48", "multiples of 32");

        Graph fits = Quantization.quantizeWeightOnly(perceptron(), INT8);
        assertThrows(
                UnsupportedException.class,
                () -> Session.builder(fits).backend(Backend.ONEDNN).build());

        Graph.Builder g = Graph.builder("codes");
        g.input("input", DType.F32, Shape.ofBatch(32));
        TableParams table = new TableParams(
                4, new float[] {0.5f}, new byte[][] {{-4, 0, 4}}, new float[][] {{-2, 0, 2}}, Granularity.perTensor());
        Tensor codes = Tensor.zeros(DType.U8, 5, 32);
        codes.bytes().put(40, (byte) 3);
        g.constant("w", new QuantizedTensor(Shape.of(5, 32), table, codes));
        g.node("y", new Op.Linear(), List.of("input", "w"));
        Graph beyond = g.output("y").build();
        assertSays(assertThrows(InvalidValueException.class, () -> Session.of(beyond)), "\"w\"", "code 40 is 3");
    }

    private static void assertSays(Exception error, String... parts) {
        for (String part : parts) {
            assertTrue(error.getMessage().contains(part), error.getMessage());
        }
    }
}

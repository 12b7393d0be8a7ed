package io.octavo.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.UnsupportedException;
import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import io.octavo.graph.Op;
import io.octavo.graph.ReferenceRunner;
import io.octavo.graph.Value;
import io.octavo.graph.Window;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Quantized graphs against plain loops: every code of every value equal, on every instruction set. */
class Int8SessionTest {
    private final Nets nets = new Nets(17);

    private static List<String> isas() {
        List<String> names = new ArrayList<>();
        for (Machine.Isa isa : Machine.isas()) {
            if (isa.supported()) {
                names.add(isa.name());
            }
        }
        return names;
    }

    private void assertEqualsLoops(Graph graph, Tensor x, int threads) {
        Map<String, double[]> expected = ReferenceRunner.run(graph, Map.of("input", x));
        List<String> taps = graph.nodes().stream().map(Node::output).toList();
        assertFalse(isas().isEmpty());
        for (String isa : isas()) {
            Map<String, Tensor> delivered = new LinkedHashMap<>();
            try (Session session = Session.builder(graph)
                    .isa(isa)
                    .threads(threads)
                    .tap(taps, (name, tensor) -> delivered.put(name, tensor.copy()))
                    .build()) {
                session.run(x);
            }
            assertEquals(taps, List.copyOf(delivered.keySet()));
            for (String name : taps) {
                Value value = graph.value(name);
                String what = graph.name() + " " + isa + " " + name;
                if (value.isQuantized()) {
                    Close.assertSame(what, expected.get(name), delivered.get(name));
                } else {
                    Close.assertClose(what, expected.get(name), delivered.get(name), 100);
                }
            }
        }
    }

    @Test
    void theDemoNetwork() {
        assertEqualsLoops(nets.demo(), nets.floats(-1, 1, 1, 3, 32, 32), 1);
        assertEqualsLoops(nets.demo(), nets.floats(-1, 1, 5, 3, 32, 32), 2);
    }

    @Test
    void everyOperator() {
        assertEqualsLoops(nets.everything(), nets.floats(-2, 2, 1, 4, 11, 9), 1);
        assertEqualsLoops(nets.everything(), nets.floats(-2, 2, 6, 4, 11, 9), 2);
    }

    @Test
    void fusedOrTappedTheResultIsTheSame() {
        Graph graph = nets.demo();
        Tensor x = nets.floats(-1, 1, 3, 3, 32, 32);
        double[] expected = ReferenceRunner.run(graph, Map.of("input", x)).get("logits");
        for (int threads : new int[] {1, 2}) {
            for (int chunk : new int[] {0, 1, 2}) {
                try (Session session =
                        Session.builder(graph).threads(threads).chunk(chunk).build()) {
                    Close.assertClose("threads " + threads + " chunk " + chunk, expected, session.run(x), 1);
                }
            }
        }
    }

    @Test
    void codesInAndOut() {
        Graph.Builder g = Graph.builder("codes");
        g.input("input", DType.U8, Shape.ofBatch(5, 7, 6), Nets.u8(0.02f, 100));
        Op conv = new Op.Conv2d(Window.of(3), 1, Activation.NONE);
        g.node("conv", conv, List.of("input", nets.weight(g, "w", true, 19, 5, 3, 3)), Nets.u8(0.05f, 130));
        g.node("pool", new Op.AvgPool2d(Window.of(2).stride(2), false, true), List.of("conv"));
        Graph graph = g.output("conv").output("pool").build();
        Tensor x = nets.codes(DType.U8, 0, 255, 2, 5, 7, 6);
        Map<String, double[]> expected = ReferenceRunner.run(graph, Map.of("input", x));
        try (Session session = Session.of(graph)) {
            List<Tensor> found = session.run(List.of(x));
            assertEquals(DType.U8, found.get(0).dtype());
            Close.assertSame("conv", expected.get("conv"), found.get(0));
            Close.assertSame("pool", expected.get("pool"), found.get(1));
        }
    }

    @Test
    void aLinearLayerMayGiveRealNumbers() {
        Graph.Builder g = Graph.builder("real");
        g.input("input", DType.U8, Shape.ofBatch(40), Nets.u8(0.02f, 100));
        Op linear = new Op.Linear();
        g.node("y", linear, List.of("input", nets.weight(g, "w", true, 11, 40), nets.bias(g, "b", 11)));
        Graph graph = g.output("y").build();
        Tensor x = nets.codes(DType.U8, 0, 255, 3, 40);
        double[] expected = ReferenceRunner.run(graph, Map.of("input", x)).get("y");
        try (Session session = Session.of(graph)) {
            Close.assertClose("y", expected, session.run(x), 10);
        }
    }

    /** A bias of S32 codes whose scales are the products of those of input and weight, or others. */
    private Value biasCodes(Value weight, float inputScale, float factor, boolean perChannel, int size) {
        float[] scales = new float[perChannel ? size : 1];
        for (int i = 0; i < scales.length; i++) {
            scales[i] = inputScale
                    * weight.quantization().scale(weight.quantization().count() == 1 ? 0 : i)
                    * factor;
        }
        int[] codes = new int[size];
        for (int i = 0; i < size; i++) {
            codes[i] = 300 - 97 * i;
        }
        return new Value("b", DType.S32, Shape.of(size), AffineParams.bias(scales), Tensor.ofInts(codes, size));
    }

    @Test
    void aBiasOfCodesCountsByItsOwnScale() {
        for (boolean perChannel : new boolean[] {false, true}) {
            for (float factor : new float[] {1, 7, 0.3f}) {
                Graph.Builder g = Graph.builder("bias " + perChannel + " " + factor);
                g.input("input", DType.F32, Shape.ofBatch(4, 6, 5));
                g.node("quant", new Op.Quantize(), List.of("input"), Nets.u8(0.02f, 100));
                String w = nets.weight(g, "w", perChannel, 8, 4, 3, 3);
                g.add(biasCodes(g.value(w), 0.02f, factor, perChannel, 8));
                g.node("conv", new Op.Conv2d(Window.of(3)), List.of("quant", w, "b"), Nets.u8(0.1f, 120));
                String v = nets.weight(g, "v", true, 8, 8, 1, 1);
                // The same constant where its scale is another: once a code, once a real number.
                g.node("again", new Op.Conv2d(Window.of(1)), List.of("conv", v, "b"), Nets.u8(0.2f, 110));
                assertEqualsLoops(g.output("again").build(), nets.floats(-2, 2, 3, 4, 6, 5), 1);
            }
        }
    }

    @Test
    void aBiasOf100OfScale7Is700() {
        for (float[] scales : new float[][] {{7}, {7, 0.0001f}}) {
            Graph.Builder g = Graph.builder("700");
            g.input("input", DType.U8, Shape.ofBatch(40), Nets.u8(0.02f, 100));
            String w = nets.weight(g, "w", true, 2, 40);
            Tensor codes = Tensor.ofInts(new int[] {100, -20_000});
            g.add(new Value("b", DType.S32, Shape.of(2), AffineParams.bias(scales), codes));
            g.node("y", new Op.Linear(), List.of("input", w, "b"));
            Tensor x = nets.codes(DType.U8, 100, 100, 1, 40); // zeros
            try (Session session = Session.of(g.output("y").build())) {
                float[] found = session.run(x).toFloatArray();
                assertEquals(700, found[0], 1e-4);
                assertEquals(scales.length == 1 ? -140_000 : -2, found[1], 1e-2);
            }
        }
    }

    @Test
    void linearWeightsMayHaveGroups() {
        for (int bits : new int[] {2, 4, 8}) {
            assertGroupsRun(bits);
        }
    }

    private void assertGroupsRun(int bits) {
        Graph.Builder g = Graph.builder("groups");
        g.input("input", DType.U8, Shape.ofBatch(80), Nets.u8(0.02f, 100));
        String w = nets.lowBits(g, "w", bits, Granularity.perGroup(32), 11, 80);
        g.node("y", new Op.Linear(), List.of("input", w));
        Graph graph = g.output("y").build();
        Value value = graph.value(w);
        float[] weights = new QuantizedTensor(value.shape(), value.quantization(), value.data())
                .decode()
                .toFloatArray();
        Tensor x = nets.codes(DType.U8, 0, 255, 3, 80);
        int[] codes = x.toIntArray();
        double[] expected = new double[3 * 11];
        for (int i = 0; i < expected.length; i++) {
            for (int k = 0; k < 80; k++) {
                expected[i] += 0.02f * (codes[i / 11 * 80 + k] - 100) * (double) weights[i % 11 * 80 + k];
            }
        }
        for (String isa : isas()) {
            try (Session session = Session.builder(graph).isa(isa).build()) {
                Close.assertClose("y on " + isa, expected, session.run(x), 100);
            }
        }
    }

    @Test
    void whatNoKernelTakesIsRefusedWithTheReason() {
        Graph.Builder g = Graph.builder("groups");
        g.input("input", DType.U8, Shape.ofBatch(80), Nets.u8(0.02f, 100));
        String w = nets.lowBits(g, "w", 4, Granularity.perGroup(40), 11, 80);
        g.node("grouped", new Op.Linear(), List.of("input", w));
        Graph graph = g.output("grouped").build();
        String message = assertThrows(UnsupportedException.class, () -> Session.of(graph))
                .getMessage();
        assertTrue(message.contains("grouped") && message.contains("groups of 40 along K"), message);
    }

    @Test
    void explainsEveryNodeAndCountsBytes() {
        Graph graph = nets.demo();
        try (Session session = Session.builder(graph).profile(true).build()) {
            for (int i = 0; i < 5; i++) {
                session.run(nets.floats(-1, 1, 1, 3, 32, 32));
            }
            Explanation explanation = session.explain();
            String text = explanation.toString();
            for (Node node : graph.nodes()) {
                assertTrue(text.contains(node.name()), () -> node.name() + " in\n" + text);
            }
            assertTrue(explanation.steps().stream().allMatch(step -> step.nanoseconds() >= 0), text);
            long macs = explanation.steps().stream()
                    .mapToLong(Explanation.Step::macs)
                    .sum();
            assertEquals(32 * 32 * 75 * 6 + 12 * 12 * 150 * 16 + 576 * 120 + 120 * 84 + 84 * 10, macs);
            assertTrue(session.weightBytes() > 0);
            // 82,890 codes, 236 scales, 214 biases.
            assertEquals(82_890 + 236 * 4 + 214 * 4, session.modelBytes());
        }
    }
}

package io.octavo.quantize;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.CalibrationException;
import io.octavo.NotFiniteException;
import io.octavo.analyze.WeightComparison;
import io.octavo.calibrate.Calibration;
import io.octavo.calibrate.Calibrator;
import io.octavo.calibrate.Prepared;
import io.octavo.data.Batch;
import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import io.octavo.graph.Op;
import io.octavo.nn.ReLU;
import io.octavo.nn.Sequential;
import io.octavo.nn.models.Models;
import io.octavo.qconfig.QConfig;
import io.octavo.qconfig.QConfigMapping;
import io.octavo.runtime.Session;
import io.octavo.scheme.Clipping;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.KMeans;
import io.octavo.scheme.Logarithmic;
import io.octavo.scheme.Scheme;
import io.octavo.scheme.Uniform;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class QuantizationTest {
    private static final QConfig FBGEMM = QConfig.getDefault("fbgemm");
    private static final Shape IMAGES = Shape.of(Shape.N, 3, 32, 32);

    private static Graph seedNet() {
        return Models.seedNet().graph(IMAGES, 3);
    }

    private static List<Batch> batches(int count, int size) {
        SplittableRandom random = new SplittableRandom(5);
        List<Batch> batches = new ArrayList<>();
        for (int b = 0; b < count; b++) {
            float[] pixels = new float[size * 3 * 32 * 32];
            for (int i = 0; i < pixels.length; i++) {
                pixels[i] = (float) random.nextDouble(-1, 1);
            }
            batches.add(new Batch(Tensor.of(pixels, size, 3, 32, 32), Tensor.ofInts(new int[size], size)));
        }
        return batches;
    }

    private static double sqnrDb(float[] reference, float[] other) {
        double signal = 0;
        double noise = 0;
        for (int i = 0; i < reference.length; i++) {
            signal += (double) reference[i] * reference[i];
            noise += Math.pow((double) reference[i] - other[i], 2);
        }
        return 10 * Math.log10(signal / noise);
    }

    private static float[] run(Graph graph, Tensor input) {
        try (Session session = Session.of(graph)) {
            return session.run(input).toFloatArray();
        }
    }

    @Test
    void integersEverywhereBetweenFloatEnds() {
        Graph int8 = Quantization.quantizeStatic(seedNet(), FBGEMM, batches(2, 8));
        List<String> types = int8.nodes().stream().map(node -> node.op().type()).toList();
        assertEquals("Quantize", types.get(0));
        assertEquals("Dequantize", types.get(types.size() - 1));
        assertEquals(1, types.stream().filter("Quantize"::equals).count());
        assertEquals(1, types.stream().filter("Dequantize"::equals).count());
        assertFalse(types.contains("Clamp"), "ReLU is part of its producer: " + types);
        for (Node node : int8.nodes()) {
            if (node.op() instanceof Op.Conv2d || node.op() instanceof Op.Linear) {
                assertTrue(int8.value(node.inputs().get(1)).isQuantized(), node.name());
                assertTrue(int8.value(node.outputs().get(0)).isQuantized(), node.name());
            }
        }
        assertEquals(seedNet().outputs().get(0).name(), int8.outputs().get(0).name());
    }

    @Test
    void everySchemeStaysCloseToFloat() {
        Graph net = seedNet();
        List<Batch> data = batches(3, 8);
        Prepared prepared = Quantization.prepare(net, FBGEMM);
        Calibration calibration = Quantization.calibrate(prepared, data);
        float[] reference = run(net, data.get(0).images());
        List<Scheme> schemes = List.of(
                Uniform.weights(8),
                Clipping.weights(8),
                KMeans.of(8),
                KMeans.of(4),
                Uniform.weights(4),
                Clipping.weights(4),
                Logarithmic.base2(4));
        // 2 dB below what each has: ranges twice too wide would cost 6.
        double[] least = {39.7, 39.4, 39.5, 30.4, 24.4, 26.7, 18.3};
        for (int i = 0; i < least.length; i++) {
            QConfig qconfig = FBGEMM.withWeight(schemes.get(i), Granularity.perChannel(0));
            Graph int8 = Quantization.convert(prepared.with(qconfig), calibration);
            double sqnr = sqnrDb(reference, run(int8, data.get(0).images()));
            assertTrue(
                    sqnr > least[i],
                    schemes.get(i).name() + " " + schemes.get(i).bits() + ": " + sqnr + " dB");
        }
    }

    @Test
    void theSameRecipeGivesTheSameBytes() {
        Graph net = seedNet();
        float[] once = run(
                Quantization.quantizeStatic(net, FBGEMM, batches(2, 8)),
                batches(1, 4).get(0).images());
        float[] twice = run(
                Quantization.quantizeStatic(net, FBGEMM, batches(2, 8)),
                batches(1, 4).get(0).images());
        assertArrayEquals(once, twice);
    }

    @Test
    void splitCalibrationsMergeToTheWhole() {
        Prepared prepared = Quantization.prepare(seedNet(), FBGEMM);
        List<Batch> data = batches(4, 4);
        Calibration whole = Quantization.calibrate(prepared, data);
        try (Calibrator first = new Calibrator(prepared);
                Calibrator second = new Calibrator(prepared)) {
            first.observe(data.subList(2, 4));
            second.observe(data.subList(0, 2));
            first.merge(second);
            assertEquals(16, first.images());
            Calibration merged = first.result();
            for (String value : whole.distributions().keySet()) {
                assertEquals(
                        FBGEMM.activation().fit(whole.distribution(value)).toString(),
                        FBGEMM.activation().fit(merged.distribution(value)).toString(),
                        value);
                assertArrayEquals(
                        whole.distribution(value).histogram().counts(),
                        merged.distribution(value).histogram().counts());
            }
        }
    }

    @Test
    void aLayerWithoutQConfigStaysFloat() {
        Graph net = seedNet();
        String layer = net.nodes().stream()
                .filter(n -> n.op() instanceof Op.Linear)
                .findFirst()
                .orElseThrow()
                .name();
        QConfigMapping mapping = QConfigMapping.global(FBGEMM).layer(layer, null);
        Prepared prepared = Quantization.prepare(net, mapping);
        List<Batch> data = batches(2, 8);
        Graph mixed = Quantization.convert(prepared, Quantization.calibrate(prepared, data));
        Node linear = mixed.nodes().stream()
                .filter(n -> n.name().equals(layer))
                .findFirst()
                .orElseThrow();
        assertFalse(mixed.value(linear.inputs().get(0)).isQuantized());
        assertFalse(mixed.value(linear.inputs().get(1)).isQuantized());
        double sqnr =
                sqnrDb(run(net, data.get(0).images()), run(mixed, data.get(0).images()));
        assertTrue(sqnr > 38.9, sqnr + " dB");
    }

    @Test
    void resNetKeepsItsAnswerToo() {
        Graph net = Models.resnet20().graph(IMAGES, 3);
        List<Batch> data = batches(2, 4);
        Graph int8 = Quantization.quantizeStatic(net, FBGEMM, data);
        assertTrue(int8.nodes().stream().noneMatch(n -> n.op() instanceof Op.BatchNorm), "batch norm is folded");
        double sqnr =
                sqnrDb(run(net, data.get(0).images()), run(int8, data.get(0).images()));
        assertTrue(sqnr > 38.9, sqnr + " dB");
    }

    @Test
    void weightsAreComparedHonestly() {
        Prepared prepared = Quantization.prepare(seedNet(), FBGEMM);
        Calibration calibration = Quantization.calibrate(prepared, batches(1, 4));
        WeightComparison uniform = WeightComparison.of(prepared.graph(), Quantization.convert(prepared, calibration));
        assertEquals(5, uniform.layers().size());
        // One byte a weight and a float scale an output channel: 85,434 of the one, 236 of the other.
        long weights = 6 * 75 + 16 * 150 + 120 * 576 + 84 * 120 + 10 * 84;
        assertEquals(8 * (weights + 4.0 * 236) / weights, uniform.bitsPerWeight(), 1e-9);
        assertEquals(0, uniform.tableLossDb());
        WeightComparison table = WeightComparison.of(
                prepared.graph(),
                Quantization.convert(
                        prepared.with(FBGEMM.withWeight(KMeans.of(4), Granularity.perChannel(0))), calibration));
        assertTrue(table.tableLossDb() >= 0, table.tableLossDb() + " dB");
        assertTrue(table.sqnrDb() < uniform.sqnrDb());
    }

    @Test
    void whatCannotBeConvertedIsNamed() {
        Prepared prepared = Quantization.prepare(seedNet(), FBGEMM);
        assertTrue(assertThrows(CalibrationException.class, () -> Quantization.calibrate(prepared, List.of()))
                .getMessage()
                .contains("no data"));
        Calibration seen = Quantization.calibrate(prepared, batches(1, 2));
        Calibration nothing = new Calibration(prepared.fingerprint(), 1, Map.of());
        assertTrue(assertThrows(CalibrationException.class, () -> Quantization.convert(prepared, nothing))
                .getMessage()
                .contains("not observed"));

        Graph onlyRelu = new Sequential(new ReLU()).graph(Shape.of(Shape.N, 4), 1);
        assertThrows(CalibrationException.class, () -> Quantization.prepare(onlyRelu, FBGEMM));

        Graph bad = seedNet();
        Node conv = bad.nodes().get(0);
        bad.value(conv.inputs().get(1)).data().floats().put(7, Float.NaN);
        Prepared spoiled = Quantization.prepare(bad, FBGEMM);
        Calibration its = new Calibration(spoiled.fingerprint(), 2, seen.distributions());
        String message = assertThrows(NotFiniteException.class, () -> Quantization.convert(spoiled, its))
                .getMessage();
        assertTrue(message.contains(conv.name()), message);

        Tensor poisoned = batches(1, 1).get(0).images();
        poisoned.floats().put(100, Float.NaN);
        message = assertThrows(
                        NotFiniteException.class,
                        () -> Quantization.calibrate(
                                prepared, List.of(new Batch(poisoned, Tensor.ofInts(new int[1], 1)))))
                .getMessage();
        assertTrue(message.contains("input"), message);
    }
}

package io.octavo.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.CalibrationException;
import io.octavo.calibrate.Calibration;
import io.octavo.calibrate.Calibrator;
import io.octavo.calibrate.Prepared;
import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.graph.ReferenceRunner;
import io.octavo.graph.Value;
import io.octavo.qconfig.QConfig;
import io.octavo.runtime.Session;
import io.octavo.scheme.Distribution;
import io.octavo.scheme.Uniform;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/** Random networks from float to codes, step by step against a conversion of its own in plain Java. */
class QuantizedGraphPropertiesTest {
    @Property(tries = 200, shrinking = ShrinkingMode.OFF)
    void convertedNetworksGiveWhatPlainLoopsGive(@ForAll long seed) {
        RandomNet net = new RandomNet(seed);
        OwnConversion own = new OwnConversion(net.graph, net.mapping);
        if (own.quantizesNothing()) {
            assertThrows(CalibrationException.class, () -> Quantization.prepare(net.graph, net.mapping));
            return;
        }
        Prepared prepared = Quantization.prepare(net.graph, net.mapping);
        assertEquals(own.observed(), new HashMap<>(prepared.observed()));
        Calibration calibration = calibrate(net, prepared);
        Map<String, Distribution> even = new LinkedHashMap<>();
        calibration
                .distributions()
                .forEach((value, seen) -> even.put(value, even(own.observed().get(value), seen)));
        Graph expected = own.convert(even);
        Map<String, double[]> results = ReferenceRunner.run(expected, named(net.inputs));
        Calibration smoothed = new Calibration(prepared.fingerprint(), 1, even);
        assertGives(expected, results, Quantization.convert(prepared, smoothed), net);
        Graph reordered = net.reordered(seed);
        Prepared again = Quantization.prepare(reordered, net.mapping);
        assertEquals(prepared.fingerprint(), again.fingerprint());
        assertGives(expected, results, Quantization.convert(again, smoothed), net);
        if (own.isAllOnCodes()) {
            Graph uneven = own.convert(calibration.distributions());
            assertGives(
                    uneven,
                    ReferenceRunner.run(uneven, named(net.inputs)),
                    Quantization.convert(prepared, calibration),
                    net);
        }
    }

    private static Map<String, Tensor> named(Map<String, Tensor> inputs) {
        Map<String, Tensor> named = new LinkedHashMap<>();
        inputs.forEach((name, tensor) -> named.put("f:" + name, tensor));
        return named;
    }

    /** What is observed is what plain loops compute. */
    private static Calibration calibrate(RandomNet net, Prepared prepared) {
        if (prepared.observed().isEmpty()) {
            return new Calibration(prepared.fingerprint(), 0, Map.of());
        }
        Calibration calibration;
        try (Calibrator calibrator = new Calibrator(prepared)) {
            calibrator.observe(net.inputs);
            calibration = calibrator.result();
        }
        Map<String, double[]> floats = ReferenceRunner.run(net.graph, net.inputs);
        calibration.distributions().forEach((value, seen) -> {
            double min = Double.POSITIVE_INFINITY;
            double max = Double.NEGATIVE_INFINITY;
            for (double x : floats.get(value)) {
                min = Math.min(min, x);
                max = Math.max(max, x);
            }
            assertEquals(min, seen.min(), 1e-6 * Math.abs(min), value);
            assertEquals(max, seen.max(), 1e-6 * Math.abs(max), value);
        });
        return calibration;
    }

    /** A range near the one seen whose scale is a power of two, so that what is dequantized sums up exactly. */
    private static Distribution even(QConfig qconfig, Distribution seen) {
        int steps = ((Uniform) qconfig.activation()).reduceRange() ? 127 : 255;
        float low = Math.min(seen.min(), 0);
        float high = Math.max(seen.max(), 0);
        float scale = 0x1p-5f;
        while (scale * steps < high - low) {
            scale *= 2;
        }
        float below = (float) Math.min(steps, Math.rint(-low / scale));
        return new Distribution(-below * scale, (steps - below) * scale, seen.count(), null);
    }

    private static void assertGives(Graph expected, Map<String, double[]> results, Graph converted, RandomNet net) {
        for (boolean optimize : new boolean[] {true, false}) {
            List<Tensor> found;
            try (Session session = Session.builder(converted).optimize(optimize).build()) {
                found = session.run(new ArrayList<>(net.inputs.values()));
            }
            assertEquals(expected.outputs().size(), found.size());
            for (int i = 0; i < found.size(); i++) {
                Value output = expected.outputs().get(i);
                assertEquals("f:" + converted.outputs().get(i).name(), output.name());
                boolean exponential =
                        expected.producer(output.name()).orElseThrow().op() instanceof Op.Softmax;
                double[] right = results.get(output.name());
                float[] given = found.get(i).toFloatArray();
                assertEquals(right.length, given.length);
                for (int j = 0; j < given.length; j++) {
                    boolean equal = exponential ? Math.abs(right[j] - given[j]) < 1e-5 : right[j] == given[j];
                    int at = j;
                    assertTrue(
                            equal,
                            () -> output + " " + at + ": " + given[at] + " for " + right[at] + ", optimize " + optimize
                                    + "\n" + net.graph + converted + net.mapping.layers());
                }
            }
        }
    }
}

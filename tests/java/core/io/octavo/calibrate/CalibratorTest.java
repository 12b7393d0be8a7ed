package io.octavo.calibrate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.CalibrationException;
import io.octavo.InvalidValueException;
import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.graph.Window;
import io.octavo.observe.MinMaxObserver;
import io.octavo.observe.Observer;
import io.octavo.qconfig.QConfig;
import io.octavo.qconfig.QConfigMapping;
import io.octavo.quantize.Quantization;
import io.octavo.runtime.Session;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.Uniform;
import io.octavo.tensor.DType;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Observers and networks that a calibration must not mix. */
class CalibratorTest {
    private static Prepared prepared(float weight, Supplier<Observer> observer) {
        Graph.Builder g = Graph.builder("two");
        g.input("x", DType.F32, Shape.ofBatch(2));
        String w = g.constant("w", Tensor.of(new float[] {weight, 1, 1, -1}, 2, 2));
        String y = g.node("y", new Op.Linear(), List.of("x", w));
        QConfig qconfig = new QConfig(observer, Uniform.activations(8), Uniform.weights(8), Granularity.perChannel(0));
        return Prepared.of(g.output(y).build(), QConfigMapping.global(qconfig));
    }

    private static void assertRefused(Supplier<Observer> observer, String... parts) {
        Prepared prepared = prepared(1, observer);
        String message = assertThrows(InvalidValueException.class, () -> new Calibrator(prepared))
                .getMessage();
        for (String part : parts) {
            assertTrue(message.contains(part), message);
        }
    }

    @Test
    void anObserverWatchesOneValue() {
        Observer one = new MinMaxObserver();
        assertRefused(() -> one, "value y", "value x");
        assertRefused(() -> null, "value x", "no observer");
        Observer used = new MinMaxObserver();
        used.observe(Tensor.of(new float[] {100, 200, 300}));
        assertRefused(() -> used, "value x", "3 elements");
    }

    @Test
    void aCalibrationServesItsOwnNetworkAlone(@TempDir Path folder) throws IOException {
        Prepared own = prepared(1, MinMaxObserver::new);
        Prepared other = prepared(1.5f, MinMaxObserver::new);
        assertEquals(own.observed().keySet(), other.observed().keySet());
        try (Calibrator calibrator = new Calibrator(own);
                Calibrator stranger = new Calibrator(other)) {
            calibrator.observe(Tensor.of(new float[] {1, 2}, 1, 2));
            stranger.observe(Tensor.of(new float[] {1, 2}, 1, 2));
            Path file = folder.resolve("calibration.json");
            calibrator.result().save(file);
            Calibration read = Calibration.load(file);
            Quantization.convert(own, read);
            String message = assertThrows(CalibrationException.class, () -> Quantization.convert(other, read))
                    .getMessage();
            assertTrue(message.contains("two") && message.contains(own.fingerprint()), message);
            assertThrows(CalibrationException.class, () -> calibrator.merge(stranger));
            assertEquals(1, calibrator.images());
        }
    }

    @Test
    void aNetworkForImagesOfAnySizeIsCalibratedAndRunOnSeveral() {
        Graph.Builder g = Graph.builder("anysize");
        g.input("x", DType.F32, Shape.ofDims(Dim.unknown("N"), Dim.of(1), Dim.unknown("h"), Dim.unknown("w")));
        String weight = g.constant("weight", Tensor.of(new float[] {1, -1, 0.5f, 0.5f}, 1, 1, 2, 2));
        g.node("conv", new Op.Conv2d(Window.of(2)), List.of("x", weight));
        Graph graph = g.output("conv").build();
        Prepared prepared = Quantization.prepare(graph, QConfig.getDefault("fbgemm"));
        Graph int8;
        try (Calibrator calibrator = new Calibrator(prepared)) {
            calibrator.observe(ramp(1, 1, 6, 4));
            calibrator.observe(ramp(2, 1, 3, 5));
            assertEquals(3, calibrator.images());
            int8 = Quantization.convert(prepared, calibrator.result());
        }
        try (Session quantized = Session.of(int8);
                Session real = Session.of(graph)) {
            for (Tensor x : List.of(ramp(1, 1, 4, 6), ramp(3, 1, 2, 2))) {
                Tensor expected = real.run(x);
                Tensor found = quantized.run(x);
                assertEquals(expected.shape(), found.shape());
                for (int i = 0; i < found.elements(); i++) {
                    assertEquals(expected.toFloatArray()[i], found.toFloatArray()[i], 0.05);
                }
            }
        }
    }

    private static Tensor ramp(long... dims) {
        Tensor tensor = Tensor.zeros(DType.F32, dims);
        for (int i = 0; i < tensor.elements(); i++) {
            tensor.floats().put(i, i * 7 % 11 / 11f);
        }
        return tensor;
    }
}

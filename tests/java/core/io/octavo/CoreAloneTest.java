package io.octavo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.calibrate.Calibration;
import io.octavo.calibrate.Prepared;
import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.graph.Window;
import io.octavo.qconfig.QConfig;
import io.octavo.quantize.Quantization;
import io.octavo.runtime.Session;
import io.octavo.tensor.DType;
import io.octavo.tensor.Inputs;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a program can do that depends on octavo-core and the natives alone, as the tests of this module do: quantize a graph and
 * run it, with no data set, archive or trainer in the process.
 */
class CoreAloneTest {
    private final SplittableRandom random = new SplittableRandom(41);

    private Tensor floats(double low, double high, long... dims) {
        Tensor tensor = Tensor.zeros(DType.F32, dims);
        for (int i = 0; i < tensor.elements(); i++) {
            tensor.floats().put(i, (float) random.nextDouble(low, high));
        }
        return tensor;
    }

    @Test
    void aGraphIsQuantizedAndRuns() {
        Graph.Builder g = Graph.builder("small");
        g.input("image", DType.F32, Shape.ofBatch(3, 8, 8));
        Op conv = new Op.Conv2d(Window.of(3).padding(1), 1, Activation.RELU);
        g.node("conv", conv, List.of("image", g.constant("conv.weight", floats(-0.3, 0.3, 16, 3, 3, 3))));
        g.node("flat", new Op.Flatten(), List.of("conv"));
        g.node("logits", new Op.Linear(), List.of("flat", g.constant("fc.weight", floats(-0.1, 0.1, 10, 16 * 64))));
        Graph graph = g.output("logits").build();

        List<Inputs> data = IntStream.range(0, 4)
                .mapToObj(i -> Inputs.of(Map.of("image", floats(-1, 1, 8, 3, 8, 8))))
                .toList();
        Prepared prepared = Quantization.prepare(graph, QConfig.getDefault("fbgemm"));
        Calibration calibration = Quantization.calibrate(prepared, data);
        assertEquals(32, calibration.images());
        Graph int8 = Quantization.convert(prepared, calibration);

        Tensor x = floats(-1, 1, 5, 3, 8, 8);
        try (Session before = Session.of(graph);
                Session after = Session.of(int8)) {
            float[] expected = before.run(x).toFloatArray();
            float[] found = after.run(x).toFloatArray();
            double signal = 0;
            double noise = 0;
            for (int i = 0; i < expected.length; i++) {
                signal += expected[i] * expected[i];
                noise += Math.pow(expected[i] - found[i], 2);
            }
            double db = 10 * Math.log10(signal / noise);
            assertTrue(db > 30, db + " dB");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "io.octavo.nn.Layer",
                "io.octavo.data.Dataset",
                "io.octavo.train.Trainer",
                "org.apache.commons.compress.archivers.tar.TarArchiveInputStream",
                "org.apache.commons.io.IOUtils",
                "org.apache.commons.lang3.StringUtils"
            })
    void whatTrainingNeedsIsNotThere(String name) {
        assertThrows(ClassNotFoundException.class, () -> Class.forName(name));
    }
}

package io.octavo.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.octavo.calibrate.Calibration;
import io.octavo.calibrate.Prepared;
import io.octavo.data.DataLoader;
import io.octavo.data.Datasets;
import io.octavo.data.TrainTest;
import io.octavo.graph.Graph;
import io.octavo.nn.models.Models;
import io.octavo.qconfig.QConfig;
import io.octavo.quantize.Quantization;
import io.octavo.scheme.Clipping;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.KMeans;
import io.octavo.scheme.Scheme;
import io.octavo.scheme.Uniform;
import io.octavo.tensor.Shape;
import io.octavo.train.Evaluation;
import io.octavo.train.Evaluator;
import io.octavo.train.Schedule;
import io.octavo.train.Sgd;
import io.octavo.train.Trainer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What quantization costs on real CIFAR-10, where this machine has it; a short training serves. */
class CifarQuantizationTest {
    @Test
    void eightBitsCostLessThanAPoint() {
        String folder = System.getenv("OCTAVO_DATA");
        assumeTrue(folder != null, "OCTAVO_DATA is not set: no CIFAR-10 here");
        TrainTest data = Datasets.find(null);
        assumeTrue(data.name().equals("cifar10"), "OCTAVO_DATA holds no CIFAR-10");
        DataLoader images = DataLoader.of(data.train().sample(20_000, 1)).batchSize(64);
        DataLoader test = DataLoader.of(data.test()).batchSize(128);
        Graph trained = Trainer.builder(Models.seedNet().graph(Shape.ofBatch(3, 32, 32), 1))
                .optimizer(new Sgd().momentum(0.9).weightDecay(5e-4))
                .schedule(Schedule.oneCycle(0.05))
                .epochs(3)
                .build()
                .fit(images.shuffle(1).flip(true));
        Evaluation floating = Evaluator.evaluate(trained, test);
        assertTrue(floating.top1() > 45, floating.toString());

        QConfig qconfig = QConfig.getDefault("fbgemm");
        Prepared prepared = Quantization.prepare(trained, qconfig);
        Calibration calibration = Quantization.calibrate(prepared, images);
        for (Scheme scheme : List.of(Uniform.weights(8), Clipping.weights(8), KMeans.of(8))) {
            Graph int8 = Quantization.convert(
                    prepared.with(qconfig.withWeight(scheme, Granularity.perChannel(0))), calibration);
            Evaluation quantized = Evaluator.evaluate(int8, test);
            assertEquals(floating.images(), quantized.images());
            assertEquals(floating.top1(), quantized.top1(), 1, scheme + ": " + floating + ", " + quantized);
        }
    }
}

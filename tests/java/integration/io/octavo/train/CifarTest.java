package io.octavo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.octavo.data.DataLoader;
import io.octavo.data.Dataset;
import io.octavo.data.Datasets;
import io.octavo.data.IdxDataset;
import io.octavo.data.ProgressListener;
import io.octavo.data.TrainTest;
import io.octavo.graph.Graph;
import io.octavo.nn.models.Models;
import io.octavo.tensor.Shape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Real data sets, where this machine has them; skipped where not. */
class CifarTest {
    private static TrainTest cifar() {
        String folder = System.getenv("OCTAVO_DATA");
        assumeTrue(folder != null, "OCTAVO_DATA is not set: no CIFAR-10 here");
        TrainTest data = Datasets.find(null);
        assumeTrue(data.name().equals("cifar10"), "OCTAVO_DATA holds no CIFAR-10");
        return data;
    }

    private static int[] counts(Dataset data) {
        int[] counts = new int[data.classes()];
        for (int i = 0; i < data.size(); i++) {
            counts[data.label(i)]++;
        }
        return counts;
    }

    @Test
    void cifar10IsWhole() {
        TrainTest data = cifar();
        int[] expected = new int[10];
        Arrays.fill(expected, 5000);
        assertArrayEquals(expected, counts(data.train()));
        Arrays.fill(expected, 1000);
        assertArrayEquals(expected, counts(data.test()));
    }

    @Test
    void fashionMnistOfDebian() {
        Path folder = Path.of("/usr/share/datasets/fashion-mnist");
        assumeTrue(Files.isDirectory(folder), "Debian's package dataset-fashion-mnist is not installed");
        TrainTest data = Datasets.open(folder, ProgressListener.NONE);
        assertEquals(IdxDataset.FASHION_NAME, data.name());
        assertEquals(IdxDataset.FASHION_CLASSES, data.train().classNames());
        assertEquals(Shape.of(3, 32, 32), data.test().imageShape());
        int[] expected = new int[10];
        Arrays.fill(expected, 6000);
        assertArrayEquals(expected, counts(data.train()));
        Arrays.fill(expected, 1000);
        assertArrayEquals(expected, counts(data.test()));
    }

    /** A fifth of the data once: guessing gives 10 %, this setting some 40 %. */
    @Test
    void demoNetworkLearnsCifar10() {
        TrainTest data = cifar();
        Graph trained = Trainer.builder(Models.seedNet().graph(Shape.ofBatch(3, 32, 32), 1))
                .optimizer(new Sgd().momentum(0.9).weightDecay(5e-4))
                .schedule(Schedule.oneCycle(0.05))
                .epochs(2)
                .build()
                .fit(DataLoader.of(data.train().sample(10_000, 1))
                        .batchSize(32)
                        .shuffle(1)
                        .flip(true));
        Evaluation evaluation =
                Evaluator.evaluate(trained, DataLoader.of(data.test()).batchSize(256));
        assertEquals(10_000, evaluation.images());
        assertTrue(evaluation.top1() > 33, evaluation.toString());
    }
}

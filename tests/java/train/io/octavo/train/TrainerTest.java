package io.octavo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.TrainingDivergedException;
import io.octavo.UnsupportedException;
import io.octavo.data.DataLoader;
import io.octavo.data.Labelled;
import io.octavo.data.MemoryDataset;
import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.nn.BatchNorm2d;
import io.octavo.nn.Conv2d;
import io.octavo.nn.Dropout;
import io.octavo.nn.Flatten;
import io.octavo.nn.Linear;
import io.octavo.nn.MaxPool2d;
import io.octavo.nn.ReLU;
import io.octavo.nn.Residual;
import io.octavo.nn.Sequential;
import io.octavo.runtime.Session;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.Granularity;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrainerTest {
    /** Three classes of 8 x 8 color images that differ in which third of the rows is bright, with noise. */
    private static final MemoryDataset STRIPES = stripes(75);

    private static MemoryDataset stripes(int count) {
        SplittableRandom random = new SplittableRandom(3);
        byte[] pixels = new byte[count * 192];
        byte[] labels = new byte[count];
        for (int i = 0; i < count; i++) {
            labels[i] = (byte) (i % 3);
            for (int p = 0; p < 192; p++) {
                int row = p % 64 / 8;
                pixels[i * 192 + p] = (byte) (random.nextInt(120) + (row * 3 / 8 == labels[i] ? 120 : 0));
            }
        }
        return new MemoryDataset("stripes", Shape.of(3, 8, 8), pixels, labels, List.of("top", "middle", "bottom"));
    }

    private static Graph net() {
        return new Sequential(
                        new Conv2d(3, 6, 3).padding(1).bias(false),
                        new BatchNorm2d(6),
                        new ReLU(),
                        new Residual(new Sequential(new Conv2d(6, 6, 3).padding(1), new ReLU())),
                        new MaxPool2d(2),
                        new Flatten(),
                        new Dropout(0.2f),
                        new Linear(96, 3))
                .graph(Shape.ofBatch(3, 8, 8), 1);
    }

    private static DataLoader loader() {
        return DataLoader.of(STRIPES).batchSize(16).shuffle(5);
    }

    private static Trainer.Builder trainer(Graph graph) {
        return Trainer.builder(graph)
                .optimizer(new Sgd().momentum(0.9).weightDecay(5e-4))
                .schedule(Schedule.oneCycle(0.05))
                .epochs(8)
                .threads(1);
    }

    private static Map<String, float[]> weights(Graph graph) {
        Map<String, float[]> weights = new HashMap<>();
        graph.constants()
                .forEach((name, value) -> weights.put(name, value.data().toFloatArray()));
        return weights;
    }

    private static void assertSame(Graph a, Graph b) {
        Map<String, float[]> other = weights(b);
        weights(a).forEach((name, values) -> assertArrayEquals(values, other.get(name), name));
    }

    @Test
    void learnsWhatCanBeLearnedAndLeavesTheGraphAlone() {
        Graph graph = net();
        Map<String, float[]> before = weights(graph);
        Graph trained = trainer(graph).build().fit(loader());
        weights(graph).forEach((name, values) -> assertArrayEquals(before.get(name), values, name));
        before.forEach((name, values) ->
                assertFalse(Arrays.equals(values, trained.value(name).data().toFloatArray()), name + " has not moved"));
        Evaluation untrained = Evaluator.evaluate(graph, DataLoader.of(STRIPES).batchSize(16));
        Evaluation evaluation =
                Evaluator.evaluate(trained, DataLoader.of(STRIPES).batchSize(16));
        assertEquals(75, evaluation.images());
        assertTrue(evaluation.top1() > 95, evaluation.toString());
        assertTrue(evaluation.loss() < untrained.loss() / 2, untrained + " before, " + evaluation);
        assertEquals(graph.nodes(), trained.nodes());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void sameSeedAndThreadsGiveTheSameWeights(int threads) {
        Graph first = trainer(net()).threads(threads).seed(9).epochs(2).build().fit(loader());
        Graph second = trainer(net()).threads(threads).seed(9).epochs(2).build().fit(loader().prefetch(0));
        assertSame(first, second);
        Graph other = trainer(net()).threads(threads).seed(10).epochs(2).build().fit(loader());
        boolean differs = false;
        for (Map.Entry<String, float[]> entry : weights(other).entrySet()) {
            differs |= !Arrays.equals(entry.getValue(), weights(first).get(entry.getKey()));
        }
        assertTrue(differs, "the seed decides what dropout drops");
    }

    @Test
    void adamLearnsToo() {
        Graph trained = trainer(net())
                .optimizer(new Adam())
                .schedule(Schedule.cosine(0.005))
                .build()
                .fit(loader());
        assertTrue(Evaluator.evaluate(trained, DataLoader.of(STRIPES).batchSize(75))
                        .top1()
                > 95);
    }

    @Test
    void listenerHearsEveryBatchAndEpoch() {
        List<TrainingProgress> batches = new ArrayList<>();
        List<TrainingProgress> epochs = new ArrayList<>();
        trainer(net())
                .epochs(3)
                .listener(new TrainingListener() {
                    @Override
                    public void onBatch(TrainingProgress progress) {
                        batches.add(progress);
                    }

                    @Override
                    public void onEpoch(TrainingProgress progress) {
                        epochs.add(progress);
                    }
                })
                .build()
                .fit(loader());
        assertEquals(15, batches.size(), "75 images are 5 batches of 16 at most");
        assertEquals(3, epochs.size());
        for (int i = 0; i < 15; i++) {
            TrainingProgress progress = batches.get(i);
            assertEquals(i / 5, progress.epoch());
            assertEquals(i % 5, progress.batch());
            assertEquals(i + 1, progress.step());
            assertEquals(15, progress.steps());
            assertEquals(Schedule.oneCycle(0.05).learningRate(i, 5, 15), progress.learningRate());
            assertTrue(progress.imagesPerSecond() > 0);
        }
        // Means over images, not over batches: the last batch has 11.
        double loss = 0;
        for (int i = 0; i < 5; i++) {
            loss += batches.get(i).loss() * (i < 4 ? 16 : 11) / 75;
        }
        assertEquals(loss, epochs.get(0).epochLoss(), 1e-12, "the same sum in double");
        double right = epochs.get(0).epochAccuracy() * 75 / 100;
        assertEquals(Math.rint(right), right, 1e-9, "a whole number of images");
    }

    @Test
    void divergenceIsAnErrorThatSaysWhere() {
        Graph graph = net();
        Map<String, float[]> before = weights(graph);
        TrainingDivergedException e = assertThrows(
                TrainingDivergedException.class,
                () -> trainer(graph).schedule(Schedule.constant(1e30)).build().fit(loader()));
        assertTrue(e.getMessage().contains("epoch 0, batch") && e.getMessage().contains("1.0E30"), e.getMessage());
        weights(graph).forEach((name, values) -> assertArrayEquals(before.get(name), values, name));
        // The very last step may break the weights without a loss that shows it.
        assertThrows(TrainingDivergedException.class, () -> trainer(graph)
                .epochs(1)
                .schedule(Schedule.constant(Float.MAX_VALUE))
                .optimizer(new Sgd().weightDecay(1e10))
                .build()
                .fit(DataLoader.of(STRIPES).batchSize(75)));
    }

    @Test
    void failingListenerEndsTheTraining() throws InterruptedException {
        assertThrows(IllegalStateException.class, () -> trainer(net())
                .listener(progress -> {
                    throw new IllegalStateException("stop");
                })
                .build()
                .fit(loader()));
    }

    @Test
    void dataThatDoNotFitAreRefused() {
        Graph graph = net();
        MemoryDataset small =
                new MemoryDataset("small", Shape.of(3, 4, 4), new byte[48], new byte[1], List.of("a", "b", "c"));
        assertThrows(ShapeMismatchException.class, () -> trainer(graph).build().fit(DataLoader.of(small)));
        MemoryDataset four =
                new MemoryDataset("four", Shape.of(3, 8, 8), new byte[192], new byte[1], List.of("a", "b", "c", "d"));
        String message = assertThrows(
                        ShapeMismatchException.class,
                        () -> trainer(graph).build().fit(DataLoader.of(four)))
                .getMessage();
        assertTrue(message.contains("4 classes") && message.contains("3 logits"), message);
        assertThrows(InvalidValueException.class, () -> trainer(graph)
                .build()
                .fit(DataLoader.of(STRIPES).batchSize(100).dropLast(true)));
    }

    @Test
    void graphsThatCannotBeTrainedAreRefused() {
        Graph.Builder nothing = Graph.builder("nothing");
        nothing.input("x", DType.F32, Shape.ofBatch(3, 8, 8));
        nothing.output(nothing.node("y", new Op.Flatten(), List.of("x")));
        assertThrows(
                InvalidValueException.class,
                () -> trainer(nothing.build()).build().fit(loader()));

        Graph.Builder images = Graph.builder("images");
        images.input("x", DType.F32, Shape.ofBatch(3, 8, 8));
        images.constant("w", Tensor.zeros(DType.F32, 3, 3, 1, 1));
        images.output(images.node("y", new Op.Conv2d(io.octavo.graph.Window.of(1)), List.of("x", "w")));
        assertThrows(
                ShapeMismatchException.class,
                () -> trainer(images.build()).build().fit(loader()));

        AffineParams params =
                new AffineParams(DType.U8, 8, 0, 255, new float[] {0.1f}, new int[] {3}, Granularity.perTensor());
        Graph.Builder quantized = Graph.builder("quantized");
        quantized.input("x", DType.F32, Shape.ofBatch(192));
        quantized.node("q", new Op.Quantize(), List.of("x"), params);
        quantized.node("y", new Op.Dequantize(), List.of("q"));
        quantized.constant("w", Tensor.zeros(DType.F32, 3, 192));
        quantized.output(quantized.node("z", new Op.Linear(), List.of("y", "w")));
        assertThrows(
                UnsupportedException.class,
                () -> trainer(quantized.build()).build().fit(loader()));

        assertThrows(InvalidValueException.class, () -> Trainer.builder(net()).epochs(0));
        assertThrows(InvalidValueException.class, () -> Trainer.builder(net()).threads(-1));
    }

    @Test
    void everyBitOfTheSeedDecidesWhatDropoutDrops() {
        Graph graph =
                new Sequential(new Flatten(), new Dropout(0.5f), new Linear(192, 3)).graph(Shape.ofBatch(3, 8, 8), 1);
        Set<List<Float>> found = new HashSet<>();
        long[] seeds = {0, 1, 1L << 31, 1L << 32, 1L << 63, -1, 31};
        for (long seed : seeds) {
            Graph trained = trainer(graph).seed(seed).epochs(1).build().fit(loader());
            float[] weight = trained.value("2.linear.weight").data().toFloatArray();
            found.add(List.of(weight[0], weight[50], weight[100], weight[300], weight[500]));
        }
        assertEquals(seeds.length, found.size());
    }

    @Test
    void evaluatorCountsTheFirstOfEqualLogitsAndRefusesForeignLabels() {
        Graph.Builder builder = Graph.builder("identity");
        builder.input("x", DType.F32, Shape.ofBatch(2));
        builder.constant("w", Tensor.of(new float[] {1, 0, 0, 1}, 2, 2));
        Graph graph = builder.output(builder.node("y", new Op.Linear(), List.of("x", "w")))
                .build();
        io.octavo.data.Batch batch = new io.octavo.data.Batch(
                Tensor.of(new float[] {1, 0, 0, 2, 3, 3, 5, -5}, 4, 2), Tensor.ofInts(new int[] {0, 0, 0, 1}));
        Evaluation evaluation = Evaluator.evaluate(graph, List.of(batch, batch));
        assertEquals(50, evaluation.top1());
        assertEquals(8, evaluation.images());
        double loss =
                (Math.log(1 + Math.exp(-1)) + Math.log(1 + Math.exp(2)) + Math.log(2) + Math.log(1 + Math.exp(10))) / 4;
        assertEquals(loss, evaluation.loss(), 1e-12, "double from exact logits");

        io.octavo.data.Batch foreign =
                new io.octavo.data.Batch(Tensor.of(new float[] {1, 0}, 1, 2), Tensor.ofInts(new int[] {2}));
        assertThrows(InvalidValueException.class, () -> Evaluator.evaluate(graph, List.of(foreign)));
        assertThrows(InvalidValueException.class, () -> Evaluator.evaluate(graph, List.of()));
    }

    @Test
    void anImageWithNanAmongItsLogitsIsWrongWhateverItsLabel() {
        Graph.Builder builder = Graph.builder("identity");
        builder.input("x", DType.F32, Shape.ofBatch(2));
        builder.constant("w", Tensor.of(new float[] {1, 0, 0, 1}, 2, 2));
        Graph graph = builder.output(builder.node("y", new Op.Linear(), List.of("x", "w")))
                .build();
        io.octavo.data.Batch nan = new io.octavo.data.Batch(
                Tensor.of(new float[] {Float.NaN, Float.NaN, Float.NaN, Float.NaN, 1, 0, 0, 1}, 4, 2),
                Tensor.ofInts(new int[] {0, 1, 0, 0}));
        Evaluation evaluation = Evaluator.evaluate(graph, List.of(nan));
        assertEquals(25, evaluation.top1());
        assertEquals(2, evaluation.notNumbers());
        assertEquals(4, evaluation.images());
        assertTrue(Double.isNaN(evaluation.loss()));
    }

    @Test
    void oneOfSeveralOutputsIsEvaluatedOnNamedInputs() {
        Graph.Builder builder = Graph.builder("two of each");
        builder.input("a", DType.F32, Shape.ofBatch(2));
        builder.input("b", DType.F32, Shape.ofBatch(2));
        builder.constant("w", Tensor.of(new float[] {1, 0, 0, 1}, 2, 2));
        builder.constant("v", Tensor.of(new float[] {0, 1, 1, 0}, 2, 2));
        builder.node("straight", new Op.Linear(), List.of("b", "w"));
        builder.node("crossed", new Op.Linear(), List.of("a", "v"));
        Graph graph = builder.output("straight").output("crossed").build();
        Labelled batch = Labelled.of(
                Map.of(
                        "b", Tensor.of(new float[] {2, 1, 2, 1, 2, 1}, 3, 2),
                        "a", Tensor.of(new float[] {2, 1, 1, 2, 1, 2}, 3, 2)),
                Tensor.ofInts(new int[] {0, 0, 0}));
        try (Session session = Session.of(graph)) {
            assertEquals(
                    100, Evaluator.evaluate(session, "straight", List.of(batch)).top1());
            assertEquals(
                    200 / 3.0,
                    Evaluator.evaluate(session, "crossed", List.of(batch)).top1(),
                    1e-9);
            assertThrows(ShapeMismatchException.class, () -> Evaluator.evaluate(session, List.of(batch)));
            String message = assertThrows(
                            InvalidValueException.class, () -> Evaluator.evaluate(session, "logits", List.of(batch)))
                    .getMessage();
            assertTrue(message.contains("straight") && message.contains("'logits'"), message);
            io.octavo.data.Batch images =
                    new io.octavo.data.Batch(Tensor.of(new float[2], 1, 2), Tensor.ofInts(new int[1]));
            assertThrows(InvalidValueException.class, () -> Evaluator.evaluate(session, "straight", List.of(images)));
        }
    }
}

package io.octavo.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.octavo.data.Batch;
import io.octavo.data.DataLoader;
import io.octavo.data.Dataset;
import io.octavo.data.Datasets;
import io.octavo.data.ProgressListener;
import io.octavo.data.TrainTest;
import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import io.octavo.graph.Value;
import io.octavo.qconfig.QConfig;
import io.octavo.quantize.Quantization;
import io.octavo.runtime.Session;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.KMeans;
import io.octavo.tensor.Inputs;
import io.octavo.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Quantized networks of trained weights give in ONNX Runtime what they give in a session, from the file that a session reads. */
class WrittenNetworksTest {
    private static final int IMAGES = 64;
    private static final float[] MEAN = {0.485f, 0.456f, 0.406f};
    private static final float[] DEVIATION = {0.229f, 0.224f, 0.225f};

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({
        "resnet20-cifar10, fbgemm",
        "resnet20-cifar10, octavo",
        "resnet32-cifar10, octavo",
        "mobilenetv2-cifar10, octavo",
        "resnet20-cifar10, kmeans",
        "mobilenetv2-cifar10, kmeans"
    })
    void integersMeanTheSame(String model, String recipe) {
        String models = System.getenv("OCTAVO_MODELS");
        String data = System.getenv("OCTAVO_DATA");
        assumeTrue(models != null && data != null, "OCTAVO_MODELS and OCTAVO_DATA name no folders");
        TrainTest cifar = Datasets.open(Path.of(data, "cifar10"), ProgressListener.NONE);
        Tensor images = first(cifar.train());
        Graph floats = Onnx.read(Path.of(models, model + ".onnx"));
        QConfig qconfig = recipe.equals("kmeans")
                ? QConfig.getDefault("octavo").withWeight(KMeans.of(4), Granularity.perChannel(0))
                : QConfig.getDefault(recipe);
        Graph graph = Quantization.quantizeStatic(floats, qconfig, List.of(Inputs.of(List.of(images))));
        Path file = folder.resolve("written.onnx");
        Onnx.write(graph, file);
        Tensor unseen = first(cifar.test());
        Tensor logits = run(graph, unseen);
        Graph read = Onnx.read(file);
        assertEquals(logits.bytes(), run(read, unseen).bytes(), "a session reads what was written");
        Value input = graph.inputs().get(0);
        Tensor others = OnnxRuntime.run(file, graph.outputs(), Map.of(input.name(), unseen))
                .get(0);
        compare(logits, others, step(graph));
    }

    private static Tensor first(Dataset dataset) {
        for (Batch batch : DataLoader.of(dataset).batchSize(IMAGES).normalize(MEAN, DEVIATION)) {
            return batch.images().copy();
        }
        throw new AssertionError("a data set without images");
    }

    private static Tensor run(Graph graph, Tensor images) {
        try (Session session = Session.of(graph)) {
            return session.run(images);
        }
    }

    /** What one code of the output stands for. */
    private static float step(Graph graph) {
        Node last = graph.producer(graph.outputs().get(0).name()).orElseThrow();
        Value codes = graph.value(last.input(0));
        return codes.isQuantized() ? codes.quantization().scale(0) : 0;
    }

    /** Real numbers between the operators of the other program move a result by a code here and there, and with it those behind. */
    private static void compare(Tensor logits, Tensor others, float step) {
        assertEquals(logits.shape(), others.shape());
        int classes = (int) logits.shape().dim(1);
        float[] own = logits.toFloatArray();
        float[] given = others.toFloatArray();
        double off = 0;
        for (int image = 0; image < IMAGES; image++) {
            int best = greatest(own, image * classes, classes);
            int other = greatest(given, image * classes, classes);
            float margin = own[image * classes + best] - own[image * classes + other];
            assertTrue(margin < 2.5 * step, "image " + image + ": class " + other + " for " + best + ", " + margin);
            for (int i = image * classes; i < (image + 1) * classes; i++) {
                off += Math.abs(own[i] - given[i]) / step;
            }
        }
        assertTrue(off / given.length < 1, "codes are off by " + off / given.length + " on average");
    }

    private static int greatest(float[] numbers, int from, int count) {
        int best = 0;
        for (int i = 1; i < count; i++) {
            best = numbers[from + i] > numbers[from + best] ? i : best;
        }
        return best;
    }
}

package io.octavo.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import io.octavo.graph.Op;
import io.octavo.graph.Window;
import io.octavo.internal.bind.OpKind;
import io.octavo.internal.bind.OpSpec;
import io.octavo.runtime.Session;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.scheme.Uniform;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

/**
 * The demo's network, quantized by PyTorch: with its weights, scales and zero points every integer between the layers
 * and every logit is the same here; and so are the int8 weights made from the float ones.
 */
class SeedNetGoldenTest {
    private static final int RECORD = 3073; // of CIFAR-10's binary files: a label, then 3 x 32 x 32 bytes
    private static final int TEST_IMAGES = 64;
    private static final List<String> LINEAR = List.of("fc1", "fc2", "fc3");
    private static final List<String> ALL = List.of("conv1", "conv2", "fc1", "fc2", "fc3");

    @Test
    void committedNetwork() {
        GoldenFile file = GoldenFile.committed("seednet");
        checkNetwork(file, "fused", file.named("fused").input("images"));
        checkNetwork(file, "unfused", file.named("unfused").input("images"));
    }

    @Test
    void fullNetwork() throws IOException {
        GoldenFile file = GoldenFile.full("seednet");
        Tensor images = testImages();
        checkNetwork(file, "fused", images);
        checkNetwork(file, "unfused", images);
    }

    @Test
    void committedWeightsAndDynamicLayers() {
        GoldenFile file = GoldenFile.committed("seednet");
        checkWeights(file);
        checkDynamic(file);
    }

    @Test
    void fullWeightsAndDynamicLayers() {
        GoldenFile file = GoldenFile.full("seednet");
        checkWeights(file);
        checkDynamic(file);
    }

    /** The first records of the fifth training batch in the folder that OCTAVO_DATA names. */
    private static Tensor testImages() throws IOException {
        String folder = System.getenv("OCTAVO_DATA");
        assumeTrue(folder != null, "OCTAVO_DATA names no folder with CIFAR-10");
        Path batch = Path.of(folder, "cifar10", "data_batch_5.bin");
        assumeTrue(Files.exists(batch), () -> batch + " is not there");
        byte[] records = Files.readAllBytes(batch);
        byte[] pixels = new byte[TEST_IMAGES * (RECORD - 1)];
        for (int i = 0; i < TEST_IMAGES; i++) {
            System.arraycopy(records, i * RECORD + 1, pixels, i * (RECORD - 1), RECORD - 1);
        }
        return Tensor.ofBytes(DType.U8, pixels, TEST_IMAGES, 3, 32, 32);
    }

    private static Tensor normalized(GoldenCase c, Tensor images) {
        Tensor x = Tensor.zeros(DType.F32, images.shape());
        FloatBuffer to = x.floats();
        byte[] bytes = images.toByteArray();
        for (byte b : bytes) {
            to.put(((b & 0xff) / 255f - 0.5f) / 0.5f);
        }
        CRC32 crc = new CRC32();
        crc.update(x.bytes());
        assertEquals(((Number) c.param("input_crc32")).longValue(), crc.getValue(), "images as PyTorch saw them");
        return x;
    }

    private static void checkNetwork(GoldenFile file, String name, Tensor images) {
        GoldenCase c = file.named(name);
        Graph graph = graph(c);
        Tensor x = normalized(c, images);
        List<String> taps = graph.nodes().stream().map(Node::name).toList();
        for (String isa : SingleOp.isas()) {
            Tally tally = new Tally(file.label() + " " + name + " on " + isa);
            Map<String, Tensor> seen = new LinkedHashMap<>();
            try (Session session = Session.builder(graph)
                    .isa(isa)
                    .tap(taps, (value, t) -> seen.put(value, t.copy()))
                    .build()) {
                tally.compare("logits, tapped", c.expected("logits"), session.run(x));
            }
            int compared = 0;
            for (String step : seen.keySet()) {
                Tensor expected = c.expected(step + "_out");
                if (expected != null) { // PyTorch's first images
                    Tensor found = seen.get(step).slice(0, expected.shape().dim(0));
                    assertEquals(expected.shape(), found.shape(), step);
                    tally.compare(step, expected, found);
                    compared++;
                }
            }
            assertEquals(((Map<?, ?>) c.param("layers")).size(), compared, "every layer is compared");
            try (Session session = Session.builder(graph).isa(isa).build()) {
                tally.compare("logits", c.expected("logits"), session.run(x));
                Tensor one = session.run(x.slice(0, 1));
                tally.compare("logits of one image", c.expected("logits").slice(0, 1), one);
            }
            tally.check();
        }
    }

    private static AffineParams activation(Map<?, ?> layer) {
        return AffineParams.perTensor(
                DType.U8,
                8,
                ((Number) layer.get("out_scale")).floatValue(),
                ((Number) layer.get("out_zero_point")).intValue());
    }

    private static Graph graph(GoldenCase c) {
        Graph.Builder g = Graph.builder("seednet " + c.name());
        String at = g.input("input", DType.F32, Shape.ofBatch(3, 32, 32));
        for (Map.Entry<?, ?> entry : ((Map<?, ?>) c.param("layers")).entrySet()) {
            String name = (String) entry.getKey();
            Map<?, ?> layer = (Map<?, ?>) entry.getValue();
            if (name.equals("fc1")) {
                at = g.node("flatten", new Op.Flatten(), List.of(at));
            }
            Activation activation = Boolean.TRUE.equals(layer.get("relu")) ? Activation.RELU : Activation.NONE;
            at = switch (name.substring(0, 2)) {
                case "qu" -> g.node(name, new Op.Quantize(), List.of(at), activation(layer));
                case "re" -> g.node(name, new Op.Clamp(Activation.RELU), List.of(at));
                case "po" -> g.node(name, new Op.MaxPool2d(Window.of(2).stride(2), false), List.of(at));
                case "co" ->
                    g.node(
                            name,
                            new Op.Conv2d(Window.of(5).padding(name.equals("conv1") ? 2 : 0), 1, activation),
                            weighted(g, c, name, at),
                            activation(layer));
                default -> g.node(name, new Op.Linear(activation), weighted(g, c, name, at), activation(layer));
            };
        }
        return g.output(g.node("logits", new Op.Dequantize(), List.of(at))).build();
    }

    private static List<String> weighted(Graph.Builder g, GoldenCase c, String name, String input) {
        Tensor codes = c.expected(name + "/weight");
        float[] scales = c.expected(name + "/weight_scale").toFloatArray();
        AffineParams params =
                new AffineParams(DType.S8, 8, -128, 127, scales, new int[scales.length], Granularity.perChannel(0));
        return List.of(
                input,
                g.constant(name + ".weight", new QuantizedTensor(codes.shape(), params, codes)),
                g.constant(name + ".bias", c.expected(name + "/bias")));
    }

    /**
     * int8 weights and their scales from the float weights: per channel as fbgemm's default has it, per tensor where
     * dynamic.
     */
    private static void checkWeights(GoldenFile file) {
        Tally tally = new Tally(file.label() + ": int8 weights");
        for (String name : List.of("fused", "unfused", "dynamic")) {
            GoldenCase c = file.named(name);
            boolean dynamic = name.equals("dynamic");
            for (String layer : dynamic ? LINEAR : ALL) {
                QuantizedTensor q = Uniform.weights(8)
                        .quantize(
                                c.input(layer + ".weight"),
                                dynamic ? Granularity.perTensor() : Granularity.perChannel(0));
                tally.compare(name + " " + layer, c.expected(layer + "/weight"), q.codes());
                AffineParams p = (AffineParams) q.params();
                if (dynamic) {
                    Map<?, ?> parameters = (Map<?, ?>) ((Map<?, ?>) c.param("layers")).get(layer);
                    tally.compare(layer, ((Number) parameters.get("weight_scale")).floatValue(), p.scale());
                } else {
                    tally.compare(name + " " + layer, c.expected(layer + "/weight_scale"), Tensor.of(p.scales()));
                }
            }
        }
        tally.check();
    }

    /** The linear layers with dynamic quantization, from the first one's float input to the logits. */
    private static void checkDynamic(GoldenFile file) {
        GoldenCase c = file.named("dynamic");
        for (String isa : SingleOp.isas()) {
            Tensor x = c.expected("fc1_in");
            for (String layer : LINEAR) {
                Map<?, ?> parameters = (Map<?, ?>) ((Map<?, ?>) c.param("layers")).get(layer);
                Tensor w = c.expected(layer + "/weight");
                float scale = ((Number) parameters.get("weight_scale")).floatValue();
                try (SingleOp op = new SingleOp(isa)) {
                    x = op.floatInput(x)
                            .weights(w, false, new float[] {scale}, 0)
                            .bias(c.expected(layer + "/bias"))
                            .floats(
                                    new OpSpec(layer, OpKind.LINEAR_DYNAMIC).reduceRange(true),
                                    Shape.of(x.shape().dim(0), w.shape().dim(0)));
                }
                if (!layer.equals("fc3")) {
                    FloatBuffer values = x.floats();
                    for (int i = 0; i < values.capacity(); i++) {
                        values.put(i, Math.max(values.get(i), 0f));
                    }
                }
            }
            Tally tally = new Tally(file.label() + " dynamic on " + isa);
            tally.compare("logits", c.expected("logits"), x);
            tally.check();
        }
    }
}

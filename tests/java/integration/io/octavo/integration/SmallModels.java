package io.octavo.integration;

import io.octavo.internal.onnx.Attribute;
import io.octavo.internal.onnx.DimDef;
import io.octavo.internal.onnx.ElementType;
import io.octavo.internal.onnx.GraphDef;
import io.octavo.internal.onnx.ModelDef;
import io.octavo.internal.onnx.NodeDef;
import io.octavo.internal.onnx.OnnxFile;
import io.octavo.internal.onnx.TensorDef;
import io.octavo.internal.onnx.ValueInfo;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import javax.imageio.ImageIO;

/** Model files and pictures that are small enough for a test. */
final class SmallModels {
    private SmallModels() {}

    /** Convolution, activation, pool, linear: pictures [batch, 3, 8, 8] to [batch, 4] logits. */
    static Path classifier(Path file, long seed) {
        return classifier(file, seed, "Relu");
    }

    /** The same with a node of another operator behind the convolution. */
    static Path classifier(Path file, long seed, String operator) {
        Random random = new Random(seed);
        return write(
                file,
                List.of(input("images", ElementType.F32, "batch", 3, 8, 8)),
                List.of(
                        weight("conv.weight", random, 8, 3, 3, 3),
                        weight("conv.bias", random, 8),
                        weight("fc.weight", random, 4, 8),
                        weight("fc.bias", random, 4)),
                List.of(
                        node(
                                "conv",
                                "Conv",
                                "images conv.weight conv.bias",
                                "c",
                                Map.of("pads", new Attribute.OfInts(1, 1, 1, 1))),
                        node("act", operator, "c", "a", Map.of()),
                        node("pool", "GlobalAveragePool", "a", "p", Map.of()),
                        node("flat", "Flatten", "p", "f", Map.of()),
                        node("fc", "Gemm", "f fc.weight fc.bias", "logits", Map.of("transB", new Attribute.OfInt(1)))),
                "logits");
    }

    /** A convolution of pictures of any size. */
    static Path anySize(Path file) {
        return write(
                file,
                List.of(input("images", ElementType.F32, "batch", 3, "height", "width")),
                List.of(weight("w", new Random(3), 4, 3, 3, 3)),
                List.of(node("conv", "Conv", "images w", "map", Map.of())),
                "map");
    }

    /** {@code left + right}, both [batch, 4]. */
    static Path sum(Path file) {
        return write(
                file,
                List.of(input("left", ElementType.F32, "batch", 4), input("right", ElementType.F32, "batch", 4)),
                List.of(),
                List.of(node("add", "Add", "left right", "sum/total:0", Map.of())),
                "sum/total:0");
    }

    private static Path write(
            Path file, List<ValueInfo> inputs, List<TensorDef> constants, List<NodeDef> nodes, String output) {
        GraphDef graph = new GraphDef(
                "small", nodes, inputs, List.of(ValueInfo.of(output, ElementType.F32, null)), List.of(), constants);
        ModelDef.Producer producer = new ModelDef.Producer("tests", "1", "", 0);
        OnnxFile.write(file, new ModelDef(8, Map.of("", 17L), producer, graph, List.of(), Map.of()));
        return file;
    }

    private static ValueInfo input(String name, ElementType type, Object... dims) {
        return ValueInfo.of(
                name,
                type,
                Arrays.stream(dims)
                        .<DimDef>map(dim ->
                                dim instanceof Integer size ? new DimDef.Size(size) : new DimDef.Named((String) dim))
                        .toList());
    }

    private static TensorDef weight(String name, Random random, long... dims) {
        float[] values = new float[(int) Shape.of(dims).elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * 0.4);
        }
        return TensorDef.of(name, Tensor.of(values, dims));
    }

    private static NodeDef node(
            String name, String type, String inputs, String output, Map<String, Attribute> attributes) {
        return new NodeDef(name, "", type, "", List.of(inputs.split(" ")), List.of(output), attributes);
    }

    /** So many pictures of random pixels, as {@code 0.png, 1.png ..}. */
    static Path pictures(Path folder, int count, int height, int width) throws IOException {
        Files.createDirectories(folder);
        Random random = new Random(count);
        for (int i = 0; i < count; i++) {
            BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
            for (int p = 0; p < height * width; p++) {
                image.setRGB(p % width, p / width, random.nextInt(1 << 24));
            }
            ImageIO.write(image, "png", folder.resolve(i + ".png").toFile());
        }
        return folder;
    }
}

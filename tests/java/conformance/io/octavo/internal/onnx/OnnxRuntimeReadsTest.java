package io.octavo.internal.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.octavo.onnx.OnnxRuntime;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files that Octavo writes mean to ONNX Runtime what they mean here. */
class OnnxRuntimeReadsTest {
    private static final int CHANNELS = 3;
    private static final int SIDE = 4;

    @TempDir
    Path folder;

    /** Each kind of field once: codes with scales, attributes, a shape, a function, a branch, an unknown dimension. */
    @Test
    void everyFieldIsUnderstood() {
        Random random = new Random(3);
        byte[] codes = new byte[CHANNELS * 2 * 3 * 3];
        random.nextBytes(codes);
        float[] scales = {0.5f, 0.25f, 2};
        float[] x = new float[2 * 2 * SIDE * SIDE];
        for (int i = 0; i < x.length; i++) {
            x[i] = random.nextInt(9) - 4; // every sum is exact
        }
        Path file = folder.resolve("written.onnx");
        OnnxFile.write(file, model(codes, scales));
        assertArrayEquals(expected(x, codes, scales), run(file, "x", x, 2, 2, SIDE, SIDE));
    }

    private static ModelDef model(byte[] codes, float[] scales) {
        NodeDef dequantize = NodeDef.of(
                "dequantize",
                "DequantizeLinear",
                List.of("codes", "scales", "zero"),
                List.of("w"),
                Map.of("axis", new Attribute.OfInt(0)));
        NodeDef conv = NodeDef.of(
                "conv",
                "Conv",
                List.of("x", "w"),
                List.of("c"),
                Map.of(
                        "auto_pad", new Attribute.OfString("SAME_UPPER"),
                        "strides", new Attribute.OfInts(1, 1)));
        NodeDef reshape = NodeDef.of("reshape", "Reshape", List.of("c", "shape"), List.of("r"), Map.of());
        NodeDef twice = new NodeDef(
                "twice",
                "octavo.test",
                "Times",
                "",
                List.of("r"),
                List.of("r2"),
                Map.of("by", new Attribute.OfFloat(2)));
        NodeDef branch = NodeDef.of(
                "branch",
                "If",
                List.of("yes"),
                List.of("y"),
                Map.of(
                        "then_branch", new Attribute.OfGraph(branch("Identity")),
                        "else_branch", new Attribute.OfGraph(branch("Neg"))));
        FunctionDef times = new FunctionDef(
                "octavo.test",
                "Times",
                "",
                Map.of("", 17L),
                List.of("a"),
                List.of("b"),
                List.of("by"),
                Map.of(),
                List.of(
                        NodeDef.of(
                                "",
                                "Constant",
                                List.of(),
                                List.of("f"),
                                Map.of("value_float", new Attribute.Reference("by", Attribute.Kind.FLOAT))),
                        NodeDef.of("", "Mul", List.of("a", "f"), List.of("b"), Map.of())),
                List.of());
        DimDef n = new DimDef.Named("N");
        DimDef side = new DimDef.Size(SIDE);
        GraphDef graph = new GraphDef(
                "g",
                List.of(dequantize, conv, reshape, twice, branch),
                List.of(ValueInfo.of("x", ElementType.F32, List.of(n, new DimDef.Size(2), side, side))),
                List.of(ValueInfo.of("y", ElementType.F32, List.of(n, DimDef.UNKNOWN))),
                List.of(ValueInfo.of("c", ElementType.F32, null)),
                List.of(
                        TensorDef.of("codes", Tensor.ofBytes(DType.S8, codes, CHANNELS, 2, 3, 3)),
                        TensorDef.of("scales", Tensor.of(scales)),
                        TensorDef.of("zero", Tensor.zeros(DType.S8, CHANNELS)),
                        TensorDef.of("shape", Tensor.ofLongs(new long[] {0, -1})),
                        TensorDef.of("yes", Tensor.ofBooleans(new boolean[] {true}))));
        return new ModelDef(
                8,
                Map.of("", 17L, "octavo.test", 1L),
                new ModelDef.Producer("octavo", "test", "", 1),
                graph,
                List.of(times),
                Map.of("key", "value"));
    }

    private static GraphDef branch(String operator) {
        return new GraphDef(
                operator,
                List.of(NodeDef.of("", operator, List.of("r2"), List.of("out"), Map.of())),
                List.of(),
                List.of(ValueInfo.of("out", ElementType.F32, null)),
                List.of(),
                List.of());
    }

    /** Twice the convolution with padding of one. */
    private static float[] expected(float[] x, byte[] codes, float[] scales) {
        float[] y = new float[2 * CHANNELS * SIDE * SIDE];
        for (int i = 0; i < y.length; i++) {
            int column = i % SIDE;
            int row = i / SIDE % SIDE;
            int channel = i / (SIDE * SIDE) % CHANNELS;
            int sample = i / (SIDE * SIDE * CHANNELS);
            int sum = 0;
            for (int k = 0; k < 2 * 3 * 3; k++) {
                int r = row + k / 3 % 3 - 1;
                int c = column + k % 3 - 1;
                if (r >= 0 && r < SIDE && c >= 0 && c < SIDE) {
                    sum += codes[channel * 18 + k] * (int) x[((sample * 2 + k / 9) * SIDE + r) * SIDE + c];
                }
            }
            y[i] = 2 * scales[channel] * sum;
        }
        return y;
    }

    /** Read and written, a network computes the same. */
    @ParameterizedTest
    @CsvSource({"resnet20-cifar10.onnx, 32", "mobilenetv2-cifar10.onnx, 32", "mobilenetv2-imagenet/model.onnx, 224"})
    void rewrittenModelsComputeTheSame(String name, int side) {
        String models = System.getenv("OCTAVO_MODELS");
        assumeTrue(models != null, "OCTAVO_MODELS names no folder of models");
        Path original = Path.of(models, name);
        Path rewritten = folder.resolve("rewritten.onnx");
        ModelDef model = OnnxFile.read(original);
        OnnxFile.write(rewritten, model);
        assertEquals(model, OnnxFile.read(rewritten));
        float[] x = new float[3 * side * side];
        Random random = new Random(7);
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextGaussian();
        }
        assertArrayEquals(run(original, "input", x, 1, 3, side, side), run(rewritten, "input", x, 1, 3, side, side));
    }

    /** The first output. */
    private static float[] run(Path file, String input, float[] x, long... shape) {
        return OnnxRuntime.run(file, Map.of(input, Tensor.of(x, shape)))
                .values()
                .iterator()
                .next()
                .toFloatArray();
    }
}

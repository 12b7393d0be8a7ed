package io.octavo.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.CorruptDataException;
import io.octavo.OctavoException;
import io.octavo.UnsupportedException;
import io.octavo.graph.Graph;
import io.octavo.internal.onnx.Attribute;
import io.octavo.internal.onnx.ElementType;
import io.octavo.runtime.Session;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Operators on codes, against loops over whole numbers. */
class QuantizedImportTest {
    private static final String MICROSOFT = "com.microsoft";

    private final Random random = new Random(11);

    @TempDir
    private Path folder;

    private Tensor bytes(DType dtype, long... dims) {
        byte[] values = new byte[(int) Shape.of(dims).elements()];
        random.nextBytes(values);
        return Tensor.ofBytes(dtype, values, dims);
    }

    private static Tensor code(DType dtype, int value) {
        return Tensor.ofBytes(dtype, new byte[] {(byte) value}).reshape();
    }

    private static Tensor number(float value) {
        return Tensor.of(new float[] {value}).reshape();
    }

    private Tensor floats(double scale, long... dims) {
        float[] values = new float[(int) Shape.of(dims).elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * scale);
        }
        return Tensor.of(values, dims);
    }

    private Tensor run(Models model, Tensor... inputs) {
        try (Session session = Session.of(Onnx.read(model.write(folder)))) {
            return session.run(List.of(inputs)).get(0);
        }
    }

    private static String types(Graph graph) {
        return graph.nodes().stream().map(node -> node.op().type()).collect(Collectors.joining(" "));
    }

    private static int quotient(float x, float scale, int zeroPoint, int least, int greatest) {
        return (int) Math.max(least, Math.min(greatest, Math.rint(x / scale) + zeroPoint));
    }

    // ---- Borders

    @Test
    void quotientsAreRoundedBeforeTheZeroPointIsAdded() {
        float scale = 0.3f;
        float[] x = new float[600];
        for (int i = 0; i < x.length; i++) {
            x[i] = i % 2 == 0 ? (i - 300) * 0.15f : (float) (random.nextGaussian() * 20);
        }
        for (int zero : new int[] {0, 7, 255}) {
            Models model = new Models()
                    .input("x", ElementType.F32, 600)
                    .constant("s", number(scale))
                    .constant("z", code(DType.U8, zero))
                    .node("QuantizeLinear", "x s z", "y")
                    .output("y");
            int[] found = run(model, Tensor.of(x)).toIntArray();
            for (int i = 0; i < x.length; i++) {
                assertEquals(quotient(x[i], scale, zero, 0, 255), found[i], x[i] + " with zero point " + zero);
            }
        }
    }

    @Test
    void quantizesAndDequantizesAlongAnAxisAndByBlocks() {
        float[] scales = {0.5f, 0.03f, 2};
        int[] zeros = {3, 0, 200};
        Tensor x = floats(20, 2, 3, 5);
        Models model = new Models()
                .input("x", ElementType.F32, "n", 3, 5)
                .constant("s", Tensor.of(scales))
                .constant("z", Tensor.ofBytes(DType.U8, new byte[] {3, 0, (byte) 200}))
                .node("QuantizeLinear", "x s z", "q")
                .node("DequantizeLinear", "q s z", "y")
                .output("y")
                .output("q");
        try (Session session = Session.of(Onnx.read(model.write(folder)))) {
            List<Tensor> found = session.run(List.of(x));
            for (int i = 0; i < 30; i++) {
                int c = i / 5 % 3;
                int code = quotient(x.toFloatArray()[i], scales[c], zeros[c], 0, 255);
                assertEquals(code, found.get(1).toIntArray()[i]);
                assertEquals((code - zeros[c]) * scales[c], found.get(0).toFloatArray()[i]);
            }
        }
        // Blocks of 2 along 5: the last one is shorter.
        Tensor blocks = Tensor.of(new float[] {0.5f, 0.1f, 2, 0.25f, 1, 4}, 2, 3);
        Tensor y = floats(20, 2, 5);
        Models byBlocks = new Models()
                .opset(21)
                .input("x", ElementType.F32, 2, 5)
                .constant("s", blocks)
                .node(
                        "QuantizeLinear",
                        "x s",
                        "y",
                        Map.of(
                                "axis",
                                new Attribute.OfInt(1),
                                "block_size",
                                new Attribute.OfInt(2),
                                "output_dtype",
                                new Attribute.OfInt(ElementType.S16.number())))
                .output("y");
        int[] found = run(byBlocks, y).toIntArray();
        for (int i = 0; i < 10; i++) {
            float scale = blocks.toFloatArray()[i / 5 * 3 + i % 5 / 2];
            assertEquals(quotient(y.toFloatArray()[i], scale, 0, -32768, 32767), found[i]);
        }
    }

    @Test
    void parametersMayComeFromARun() {
        Models model = new Models()
                .input("x", ElementType.F32, 4)
                .input("s", ElementType.F32)
                .input("z", ElementType.S8)
                .node("QuantizeLinear", "x s z", "y")
                .output("y");
        float[] x = {-1000, 0.5f, 0.75f, 3};
        int[] found = run(model, Tensor.of(x), number(0.5f), code(DType.S8, -3)).toIntArray();
        assertArrayEquals(new int[] {-128, -2, -1, 3}, found);
    }

    @Test
    void codesThatAreReadWithOtherParametersThanTheyWereMadeWithKeepTheirNumbers() {
        Models model = new Models()
                .input("x", ElementType.F32, 256)
                .constant("s", number(0.1f))
                .constant("z", code(DType.U8, 17))
                .constant("t", number(3))
                .constant("w", code(DType.U8, 250))
                .node("QuantizeLinear", "x s z", "q")
                .node("DequantizeLinear", "q t w", "y")
                .output("y");
        float[] x = new float[256];
        float[] expected = new float[256];
        for (int i = 0; i < 256; i++) {
            x[i] = (i - 17) * 0.1f;
            expected[i] = (i - 250) * 3f;
        }
        assertArrayEquals(expected, run(model, Tensor.of(x)).toFloatArray());
    }

    @Test
    void rangesAreMeasuredByOnnxsFormula() {
        Models model = new Models()
                .opset(11)
                .input("x", ElementType.F32, "n", 8)
                .node("DynamicQuantizeLinear", "x", "y s z")
                .output("y")
                .output("s")
                .output("z");
        try (Session session = Session.of(Onnx.read(model.write(folder)))) {
            for (float shift : new float[] {0, 5, -5}) {
                float[] x = floats(1, 3, 8).toFloatArray();
                float low = 0;
                float high = 0;
                for (int i = 0; i < x.length; i++) {
                    x[i] += shift;
                    low = Math.min(low, x[i]);
                    high = Math.max(high, x[i]);
                }
                float scale = (high - low) / 255;
                int zero = (int) Math.rint(Math.min(-low / scale, 255));
                List<Tensor> found = session.run(List.of(Tensor.of(x, 3, 8)));
                assertEquals(scale, found.get(1).toFloatArray()[0]);
                assertEquals(zero, found.get(2).toIntArray()[0]);
                for (int i = 0; i < x.length; i++) {
                    assertEquals(
                            quotient(x[i], scale, zero, 0, 255), found.get(0).toIntArray()[i]);
                }
            }
            List<Tensor> none = session.run(List.of(Tensor.of(new float[8], 1, 8)));
            assertEquals(1, none.get(1).toFloatArray()[0], "numbers that are all 0 have the scale 1");
            assertArrayEquals(new int[8], none.get(0).toIntArray());
        }
    }

    // ---- Products

    private static int[] matMul(Tensor a, int[] zeroA, Tensor b, int[] zeroB) {
        int k = (int) b.shape().dim(0);
        int n = (int) b.shape().dim(1);
        int m = (int) a.elements() / k;
        int[] left = a.toIntArray();
        int[] right = b.toIntArray();
        int[] sums = new int[m * n];
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                for (int d = 0; d < k; d++) {
                    sums[i * n + j] +=
                            (left[i * k + d] - zeroA[i % zeroA.length]) * (right[d * n + j] - zeroB[j % zeroB.length]);
                }
            }
        }
        return sums;
    }

    @Test
    void integersAreMultipliedByIntegerKernelsWhateverTheZeroPoints() {
        Tensor a = bytes(DType.U8, 3, 70);
        Tensor b = bytes(DType.S8, 70, 5);
        Models one = new Models()
                .input("a", ElementType.U8, "m", 70)
                .constant("b", b)
                .constant("az", code(DType.U8, 200))
                .constant("bz", Tensor.ofBytes(DType.S8, new byte[] {0, 1, -2, 127, -128}))
                .node("MatMulInteger", "a b az bz", "y")
                .output("y");
        int[] zeros = {0, 1, -2, 127, -128};
        assertEquals("Linear", types(Onnx.read(one.write(folder))));
        assertArrayEquals(matMul(a, new int[] {200}, b, zeros), run(one, a).toIntArray());
        Models rows = new Models()
                .input("a", ElementType.U8, 3, 70)
                .input("az", ElementType.U8, 3)
                .constant("b", b)
                .node("MatMulInteger", "a b az", "y")
                .output("y");
        Tensor points = Tensor.ofBytes(DType.U8, new byte[] {9, (byte) 255, 0});
        assertArrayEquals(
                matMul(a, new int[] {9, 255, 0}, b, new int[1]),
                run(rows, a, points).toIntArray());
    }

    private static int[] conv(Tensor x, int zeroX, Tensor w, int zeroW, int pad, int stride, int groups) {
        long[] dims = x.shape().dims();
        long[] of = w.shape().dims();
        int outH = (int) (dims[2] + 2 * pad - of[2]) / stride + 1;
        int outW = (int) (dims[3] + 2 * pad - of[3]) / stride + 1;
        int[] sums = new int[(int) (dims[0] * of[0] * outH * outW)];
        int at = 0;
        for (int n = 0; n < dims[0]; n++) {
            for (int o = 0; o < of[0]; o++) {
                for (int i = 0; i < outH; i++) {
                    for (int j = 0; j < outW; j++) {
                        int sum = 0;
                        for (int c = 0; c < of[1]; c++) {
                            int channel = (int) (o / (of[0] / groups) * of[1]) + c;
                            for (int u = 0; u < of[2]; u++) {
                                for (int v = 0; v < of[3]; v++) {
                                    int row = i * stride - pad + u;
                                    int column = j * stride - pad + v;
                                    if (row >= 0 && row < dims[2] && column >= 0 && column < dims[3]) {
                                        sum += (x.getInt(n, channel, row, column) - zeroX)
                                                * (w.getInt(o, c, u, v) - zeroW);
                                    }
                                }
                            }
                        }
                        sums[at++] = sum;
                    }
                }
            }
        }
        return sums;
    }

    @Test
    void integersAreConvolvedWithPaddingOfTheirZeroPoint() {
        Map<String, Attribute> attributes = Map.of(
                "pads", new Attribute.OfInts(1, 1, 1, 1),
                "strides", new Attribute.OfInts(2, 2),
                "group", new Attribute.OfInt(2));
        Tensor x = bytes(DType.S8, 2, 6, 7, 8);
        Tensor w = bytes(DType.U8, 4, 3, 3, 3);
        int[] expected = conv(x, -100, w, 30, 1, 2, 2);
        Models constant = new Models()
                .opset(10)
                .input("x", ElementType.S8, "n", 6, 7, 8)
                .constant("w", w)
                .constant("xz", code(DType.S8, -100))
                .constant("wz", code(DType.U8, 30))
                .node("ConvInteger", "x w xz wz", "y", attributes)
                .output("y");
        assertArrayEquals(expected, run(constant, x).toIntArray());
        Models inRun = new Models()
                .opset(10)
                .input("x", ElementType.S8, "n", 6, "h", "w")
                .input("xz", ElementType.S8)
                .constant("w", w)
                .constant("wz", code(DType.U8, 30))
                .node("ConvInteger", "x w xz wz", "y", attributes)
                .output("y");
        assertArrayEquals(expected, run(inRun, x, code(DType.S8, -100)).toIntArray());
        Models weights = new Models()
                .opset(10)
                .input("x", ElementType.S8, 2, 6, 7, 8)
                .input("w", ElementType.U8, 4, 3, 3, 3)
                .constant("xz", code(DType.S8, -100))
                .constant("wz", code(DType.U8, 30))
                .node("ConvInteger", "x w xz wz", "y", attributes)
                .output("y");
        assertArrayEquals(expected, run(weights, x, w).toIntArray());
    }

    @Test
    void integersAreConvolvedOverThreeDimensions() {
        // One pixel high and wide: a convolution along the depth alone.
        Tensor x = bytes(DType.U8, 1, 2, 6, 1, 1);
        Tensor w = bytes(DType.S8, 3, 2, 3, 1, 1);
        Models model = new Models()
                .opset(10)
                .input("x", ElementType.U8, 1, 2, 6, 1, 1)
                .constant("w", w)
                .constant("z", code(DType.U8, 90))
                .node("ConvInteger", "x w z", "y", Map.of("pads", new Attribute.OfInts(1, 0, 0, 1, 0, 0)))
                .output("y");
        int[] expected = conv(x.reshape(1, 2, 6, 1), 90, w.reshape(3, 2, 3, 1), 0, 1, 1, 1);
        int[] found = run(model, x).toIntArray();
        assertEquals(3 * 6, found.length);
        // The loops pad the width as well: their middle column is meant.
        for (int i = 0; i < found.length; i++) {
            assertEquals(expected[3 * i + 1], found[i]);
        }
    }

    @Test
    void aProductOfCodesAndOneNumberIsOneOfCodes() {
        Models model = new Models()
                .input("x", ElementType.U8, 4)
                .constant("s", number(0.5f))
                .constant("z", code(DType.U8, 2))
                .constant("c", number(3))
                .node("DequantizeLinear", "x s z", "d")
                .node("Mul", "d c", "m")
                .node("QuantizeLinear", "m s z", "y")
                .output("y");
        byte[] codes = {0, 2, 5, 100};
        assertArrayEquals(
                new int[] {0, 2, 11, 255},
                run(model, Tensor.ofBytes(DType.U8, codes)).toIntArray());
    }

    @Test
    void floatsOfConvolvedIntegersAreExactWhereOneSumWouldNotBe() {
        // 60 · 9 products of up to 255 · 255 pass 2^24.
        Tensor x = Tensor.ofBytes(DType.U8, filled(60 * 9, 255), 1, 60, 3, 3);
        Tensor w = Tensor.ofBytes(DType.U8, filled(2 * 60 * 9, 255), 2, 60, 3, 3);
        w.bytes().put(3, (byte) 254);
        Models model = new Models()
                .opset(10)
                .input("x", ElementType.U8, 1, 60, 3, 3)
                .input("w", ElementType.U8, 2, 60, 3, 3)
                .node("ConvInteger", "x w", "y")
                .output("y");
        assertArrayEquals(
                new int[] {540 * 255 * 255 - 255, 540 * 255 * 255},
                run(model, x, w).toIntArray());
    }

    private static byte[] filled(int count, int value) {
        byte[] bytes = new byte[count];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    @Test
    void matricesOfCodesBecomeALinearLayerOfCodes() {
        Tensor a = bytes(DType.U8, 4, 33);
        Tensor b = bytes(DType.S8, 33, 3);
        float[] scales = {0.01f, 0.02f, 0.005f};
        Models model = new Models()
                .input("a", ElementType.U8, "m", 33)
                .constant("as", number(0.05f))
                .constant("az", code(DType.U8, 99))
                .constant("b", b)
                .constant("bs", Tensor.of(scales))
                .constant("bz", Tensor.ofBytes(DType.S8, new byte[] {0, 0, 5}))
                .constant("ys", number(0.7f))
                .constant("yz", code(DType.U8, 13))
                .node("QLinearMatMul", "a as az b bs bz ys yz", "y")
                .output("y");
        assertEquals("Linear", types(Onnx.read(model.write(folder))));
        int[] sums = matMul(a, new int[] {99}, b, new int[] {0, 0, 5});
        int[] found = run(model, a).toIntArray();
        for (int i = 0; i < found.length; i++) {
            double steps = (double) sums[i] * 0.05f * scales[i % 3] / 0.7f;
            assertEquals(Math.max(0, Math.min(255, Math.rint(steps) + 13)), found[i], steps + " steps");
        }
    }

    @Test
    void microsoftsGemmGivesCodesOrRealNumbers() {
        Tensor a = bytes(DType.U8, 4, 9);
        Tensor b = bytes(DType.S8, 3, 9);
        int[] c = {1000, -5, 77};
        Models model = new Models()
                .domain(MICROSOFT, 1)
                .input("a", ElementType.U8, "m", 9)
                .constant("as", number(0.05f))
                .constant("az", code(DType.U8, 7))
                .constant("b", b)
                .constant("bs", number(0.02f))
                .constant("bz", code(DType.S8, 0))
                .constant("c", Tensor.ofInts(c, 3))
                .node(
                        MICROSOFT,
                        "QGemm",
                        "a as az b bs bz c",
                        "y",
                        Map.of("transB", new Attribute.OfInt(1), "alpha", new Attribute.OfFloat(0.5f)))
                .output("y");
        float[] found = run(model, a).toFloatArray();
        for (int i = 0; i < 12; i++) {
            int sum = c[i % 3];
            for (int k = 0; k < 9; k++) {
                sum += (a.toIntArray()[i / 3 * 9 + k] - 7) * b.toIntArray()[i % 3 * 9 + k];
            }
            assertEquals(sum * 0.5 * 0.05f * 0.02f, found[i], 1e-5 * Math.abs(sum));
        }
    }

    @Test
    void weightsOfFewBitsAreUnpacked() {
        int k = 64;
        int n = 2;
        byte[] packed = new byte[n * k / 2];
        random.nextBytes(packed);
        float[] scales = {0.1f, 0.2f, 0.3f, 0.4f};
        Tensor x = floats(1, 1, k);
        // Of each output's two blocks the points 3 and 12.
        Tensor points = Tensor.ofBytes(DType.U8, new byte[] {(byte) 0xc3, (byte) 0xc3});
        Models model = new Models()
                .domain(MICROSOFT, 1)
                .input("x", ElementType.F32, "m", k)
                .constant("w", Tensor.ofBytes(DType.U8, packed, n, 2, 16))
                .constant("s", Tensor.of(scales))
                .constant("z", points)
                .node(
                        MICROSOFT,
                        "MatMulNBits",
                        "x w s z",
                        "y",
                        Map.of(
                                "K", new Attribute.OfInt(k),
                                "N", new Attribute.OfInt(n),
                                "bits", new Attribute.OfInt(4),
                                "block_size", new Attribute.OfInt(32)))
                .output("y");
        float[] found = run(model, x).toFloatArray();
        for (int o = 0; o < n; o++) {
            double sum = 0;
            for (int i = 0; i < k; i++) {
                int code = packed[(o * k + i) / 2] >> i % 2 * 4 & 15;
                sum += x.toFloatArray()[i] * (code - (i < 32 ? 3 : 12)) * (double) scales[o * 2 + i / 32];
            }
            assertEquals(sum, found[o], 1e-4);
        }
    }

    // ---- What does not fit

    @Test
    void parametersThatDoNotFitAreNamed() {
        refused(Tensor.of(new float[] {1, 2}), code(DType.U8, 0), "QuantizeLinear", "'s'", "[2]", "3");
        refused(number(-1), code(DType.U8, 0), "'s'", "-1");
        refused(number(Float.NaN), code(DType.U8, 0), "'s'", "NaN");
        refused(number(0), code(DType.U8, 0), "'s'", "0");
        refused(Tensor.of(new float[] {1, 2, 3}), Tensor.ofBytes(DType.U8, new byte[2]), "'z'", "[2]", "dimension 1");
        Models types = new Models()
                .input("a", ElementType.U8, 2, 3)
                .constant("b", bytes(DType.S8, 3, 2))
                .constant("z", code(DType.S8, 0))
                .node("MatMulInteger", "a b z", "y")
                .output("y");
        says(assertThrows(CorruptDataException.class, () -> Onnx.read(types.write(folder))), "'z'", "S8", "U8");
        Models order = new Models()
                .domain(MICROSOFT, 1)
                .input("x", ElementType.F32, 1, 32)
                .constant("w", bytes(DType.U8, 1, 1, 16))
                .constant("s", Tensor.of(new float[] {1}))
                .constant("g", Tensor.ofInts(new int[32]))
                .node(
                        MICROSOFT,
                        "MatMulNBits",
                        "x w s - g",
                        "y",
                        Map.of(
                                "K", new Attribute.OfInt(32),
                                "N", new Attribute.OfInt(1),
                                "block_size", new Attribute.OfInt(32)))
                .output("y");
        says(assertThrows(UnsupportedException.class, () -> Onnx.read(order.write(folder))), "g_idx");
    }

    private void refused(Tensor scale, Tensor zeroPoint, String... parts) {
        Models model = new Models()
                .input("x", ElementType.F32, 2, 3)
                .constant("s", scale)
                .constant("z", zeroPoint)
                .node("QuantizeLinear", "x s z", "y")
                .output("y");
        says(assertThrows(CorruptDataException.class, () -> Onnx.read(model.write(folder))), parts);
    }

    private static void says(OctavoException e, String... parts) {
        for (String part : parts) {
            assertTrue(e.getMessage().contains(part), part + " in " + e.getMessage());
        }
    }
}

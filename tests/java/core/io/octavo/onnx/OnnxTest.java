package io.octavo.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.CorruptDataException;
import io.octavo.DataNotFoundException;
import io.octavo.InvalidValueException;
import io.octavo.OctavoException;
import io.octavo.ShapeMismatchException;
import io.octavo.UnsupportedException;
import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import io.octavo.graph.Op;
import io.octavo.graph.Window;
import io.octavo.internal.onnx.Attribute;
import io.octavo.internal.onnx.ElementType;
import io.octavo.runtime.Session;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxTest {
    private final Random random = new Random(5);

    @TempDir
    private Path folder;

    private Tensor floats(double scale, long... dims) {
        float[] values = new float[(int) Shape.of(dims).elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * scale);
        }
        return Tensor.of(values, dims);
    }

    private Tensor bytes(DType dtype, long... dims) {
        byte[] values = new byte[(int) Shape.of(dims).elements()];
        random.nextBytes(values);
        return Tensor.ofBytes(dtype, values, dims);
    }

    private static Tensor number(float value) {
        return Tensor.of(new float[] {value}).reshape();
    }

    private static Tensor code(DType dtype, int value) {
        return Tensor.ofBytes(dtype, new byte[] {(byte) value}).reshape();
    }

    private static String types(Graph graph) {
        return graph.nodes().stream().map(node -> node.op().type()).collect(Collectors.joining(" "));
    }

    private static Models network(Tensor w, Tensor bias, Tensor fc) {
        return new Models()
                .input("x", ElementType.F32, "batch", 3, 8, 8)
                .constant("w", w)
                .constant("b", bias)
                .constant("fc", fc)
                .node("Conv", "x w b", "c", Map.of("pads", new Attribute.OfInts(1, 1, 1, 1)))
                .node("Relu", "c", "r")
                .node(
                        "MaxPool",
                        "r",
                        "p",
                        Map.of("kernel_shape", new Attribute.OfInts(2, 2), "strides", new Attribute.OfInts(2, 2)))
                .node("Flatten", "p", "f")
                .node("Gemm", "f fc", "y", Map.of("transB", new Attribute.OfInt(1)))
                .output("y");
    }

    @Test
    void aNetworkIsTheGraphThatNnWouldBuild() {
        Tensor w = floats(0.3, 4, 3, 3, 3);
        Tensor bias = floats(1, 4);
        Tensor fc = floats(0.2, 5, 64);
        Graph read = Onnx.read(network(w, bias, fc).write(folder));
        assertEquals("Conv2d Clamp MaxPool2d Flatten Linear", types(read));
        assertEquals("[batch, 3, 8, 8]", read.inputs().get(0).shape().toString());
        assertEquals("[batch, 5]", read.outputs().get(0).shape().toString());
        Graph.Builder own = Graph.builder("own");
        own.input("x", DType.F32, Shape.ofBatch(3, 8, 8));
        own.constant("w", w);
        own.constant("b", bias);
        own.constant("fc", fc);
        own.node("c", new Op.Conv2d(Window.of(3).padding(1)), List.of("x", "w", "b"));
        own.node("r", new Op.Clamp(Activation.RELU), List.of("c"));
        own.node("p", new Op.MaxPool2d(Window.of(2).stride(2), false), List.of("r"));
        own.node("f", new Op.Flatten(), List.of("p"));
        own.node("y", new Op.Linear(), List.of("f", "fc"));
        Tensor x = floats(1, 3, 3, 8, 8);
        try (Session one = Session.of(read);
                Session other = Session.of(own.output("y").build())) {
            assertArrayEquals(other.run(x).toFloatArray(), one.run(x).toFloatArray());
        }
    }

    @Test
    void codesBetweenQuantizeAndDequantizeRunAsIntegers() {
        Tensor w = bytes(DType.S8, 8, 3, 3, 3);
        Tensor scales = Tensor.of(new float[] {0.01f, 0.02f, 0.03f, 0.004f, 0.005f, 0.01f, 0.02f, 0.01f});
        float[] biasScales = scales.toFloatArray();
        for (int i = 0; i < 8; i++) {
            biasScales[i] *= 0.05f;
        }
        Tensor bias = Tensor.ofInts(new int[] {100, -200, 300, 4000, -5000, 6, 7, 8});
        Models model = new Models()
                .input("x", ElementType.F32, "n", 3, 9, 9)
                .constant("xs", number(0.05f))
                .constant("xz", code(DType.U8, 128))
                .constant("w", w)
                .constant("ws", scales)
                .constant("wz", Tensor.ofBytes(DType.S8, new byte[8]))
                .constant("b", bias)
                .constant("bs", Tensor.of(biasScales))
                .constant("ys", number(0.1f))
                .constant("yz", code(DType.U8, 3))
                .node("QuantizeLinear", "x xs xz", "xq")
                .node("DequantizeLinear", "xq xs xz", "xd")
                .node("DequantizeLinear", "w ws wz", "wd", Map.of("axis", new Attribute.OfInt(0)))
                .node("DequantizeLinear", "b bs", "bd", Map.of("axis", new Attribute.OfInt(0)))
                .node("Conv", "xd wd bd", "c")
                .node("Relu", "c", "r")
                .node("QuantizeLinear", "r ys yz", "yq")
                .node("DequantizeLinear", "yq ys yz", "y")
                .output("y");
        Graph read = Onnx.read(model.write(folder));
        assertEquals("Quantize Conv2d Dequantize", types(read));
        Node conv = read.nodes().get(1);
        assertEquals(DType.S32, read.value(conv.input(2)).dtype(), "a bias in units of the sums stays one");
        AffineParams x = AffineParams.perTensor(DType.U8, 8, 0.05f, 128);
        Graph.Builder own = Graph.builder("own");
        own.input("x", DType.F32, Shape.ofBatch(3, 9, 9));
        AffineParams weight =
                new AffineParams(DType.S8, 8, -128, 127, scales.toFloatArray(), new int[8], Granularity.perChannel(0));
        own.constant("w", new QuantizedTensor(w.shape(), weight, w));
        own.constant("b", new QuantizedTensor(bias.shape(), AffineParams.bias(biasScales), bias));
        own.node("q", new Op.Quantize(Op.Quantize.Rounding.QUOTIENT), List.of("x"), x);
        Op relu = new Op.Conv2d(Window.of(3)).withActivation(Activation.RELU);
        own.node("c", relu, List.of("q", "w", "b"), AffineParams.perTensor(DType.U8, 8, 0.1f, 3));
        own.node("y", new Op.Dequantize(), List.of("c"));
        Tensor input = floats(2, 2, 3, 9, 9);
        try (Session one = Session.of(read);
                Session other = Session.of(own.output("y").build())) {
            assertArrayEquals(other.run(input).toFloatArray(), one.run(input).toFloatArray());
        }
    }

    @Test
    void aBiasInOtherUnitsIsAddedAsTheNumberThatItStandsFor() {
        Models model = new Models()
                .input("x", ElementType.F32, 1, 2)
                .constant("s", number(0.5f))
                .constant("z", code(DType.U8, 0))
                .constant("w", Tensor.ofBytes(DType.S8, new byte[] {1, 2}, 2, 1))
                .constant("ws", number(1))
                .constant("b", Tensor.ofInts(new int[] {10}))
                .constant("bs", number(7))
                .node("QuantizeLinear", "x s z", "q")
                .node("DequantizeLinear", "q s z", "d")
                .node("DequantizeLinear", "w ws", "wd")
                .node("DequantizeLinear", "b bs", "bd")
                .node("Gemm", "d wd bd", "y")
                .output("y");
        Graph read = Onnx.read(model.write(folder));
        try (Session session = Session.of(read)) {
            assertEquals(
                    70 + 2 * 1 + 3 * 2,
                    session.run(Tensor.of(new float[] {2, 3}, 1, 2)).toFloatArray()[0]);
        }
    }

    @Test
    void operatorsOnCodesAreReadAsSuch() {
        Models model = new Models()
                .opset(10)
                .input("x", ElementType.U8, 1, 1, 4, 4)
                .constant("xs", number(0.5f))
                .constant("xz", code(DType.U8, 1))
                .constant("w", Tensor.ofBytes(DType.S8, new byte[] {1, 2, 3, 4}, 1, 1, 2, 2))
                .constant("ws", number(0.25f))
                .constant("wz", code(DType.S8, 0))
                .constant("ys", number(1))
                .constant("yz", code(DType.U8, 7))
                .constant("b", Tensor.ofInts(new int[] {16}))
                .node("QLinearConv", "x xs xz w ws wz ys yz b", "y")
                .output("y");
        Graph read = Onnx.read(model.write(folder));
        assertEquals("Conv2d", types(read));
        byte[] image = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
        try (Session session = Session.of(read)) {
            Tensor y = session.run(Tensor.ofBytes(DType.U8, image, 1, 1, 4, 4));
            // (0·1 + 1·2 + 4·3 + 5·4 + 16) · 0.125 + 7 = 13.25; a column on the sum is 10 more.
            assertEquals(13, y.getInt(0, 0, 0, 0));
            assertEquals(15, y.getInt(0, 0, 0, 1), "7.5 steps are 8, the even ones, before 7 is added");
            assertEquals(9, y.elements());
        }
    }

    @Test
    void whatIsNotSupportedIsNamedAtOnce() {
        Models model = new Models()
                .domain("com.example", 1)
                .input("x", ElementType.F32, 1, 2)
                .node("NonMaxSuppression", "x", "a")
                .node("com.example", "Mystery", "a", "b", Map.of())
                .node("NonMaxSuppression", "b", "c")
                .node("Relu", "c", "y")
                .output("y");
        String message = assertThrows(UnsupportedException.class, () -> Onnx.read(model.write(folder)))
                .getMessage();
        for (String part : List.of(
                "model.onnx",
                "opset 17",
                "NonMaxSuppression (2 nodes",
                "ReadOptions.outputs",
                "[a]",
                "[c]",
                "com.example.Mystery (node")) {
            assertTrue(message.contains(part), part + " in " + message);
        }
        assertFalse(message.contains("Relu"), message);
        for (long version : new long[] {0, 1000}) {
            String opset = assertThrows(
                            UnsupportedException.class,
                            () -> Onnx.read(new Models()
                                    .opset(version)
                                    .input("x", ElementType.F32, 1)
                                    .node("Relu", "x", "y")
                                    .output("y")
                                    .write(folder)))
                    .getMessage();
            assertTrue(opset.contains("opset " + version), opset);
        }
        assertThrows(DataNotFoundException.class, () -> Onnx.read(folder.resolve("none.onnx")));
    }

    @Test
    void filesThatDoNotFitTogetherAreCorrupt() {
        Models later = new Models()
                .input("x", ElementType.F32, 1, 2)
                .node("Add", "x later", "y")
                .node("Relu", "x", "later")
                .output("y");
        corrupt(later, "later");
        Models itself = new Models()
                .input("x", ElementType.F32, 1, 2)
                .node("Add", "x y", "y")
                .output("y");
        corrupt(itself, "\"y\"");
        Models shapes = new Models()
                .input("x", ElementType.F32, 1, 2)
                .constant("w", floats(1, 3, 4))
                .node("MatMul", "x w", "y")
                .output("y");
        corrupt(shapes, "MatMul", "[1, 2]", "3");
        corrupt(
                new Models()
                        .input("x", ElementType.F32, 1, 2)
                        .node("Relu", "x", "y")
                        .output("z"),
                "\"z\"");
        corrupt(
                new Models()
                        .input("x", ElementType.F32, 1, 2)
                        .node("Transpose", "x", "y", Map.of("perm", new Attribute.OfInts(0, 0)))
                        .output("y"),
                "Transpose",
                "[0, 0]");
        corrupt(
                new Models()
                        .input("x", ElementType.F32, 1, 2)
                        .node("Concat", "x x", "y", Map.of("axis", new Attribute.OfInt(5)))
                        .output("y"),
                "axis 5");
        corrupt(
                new Models()
                        .input("x", ElementType.F32, 1, 2)
                        .node("Cast", "x", "y", Map.of("to", new Attribute.OfInt(99)))
                        .output("y"),
                "99");
    }

    private void corrupt(Models model, String... says) {
        OctavoException e = assertThrows(CorruptDataException.class, () -> Onnx.read(model.write(folder)));
        for (String part : says) {
            assertTrue(e.getMessage().contains(part), part + " in " + e.getMessage());
        }
        assertTrue(e.getMessage().contains("model.onnx"), e.getMessage());
    }

    @Test
    void inputsThatShapesDependOnAreFixed() {
        Models model = new Models()
                .opset(18)
                .input("x", ElementType.F32, "n", 3, 4)
                .input("axes", ElementType.S64, 1)
                .node("ReduceSum", "x axes", "y", Map.of("keepdims", new Attribute.OfInt(0)))
                .output("y");
        Path file = model.write(folder);
        String message =
                assertThrows(UnsupportedException.class, () -> Onnx.read(file)).getMessage();
        assertTrue(message.contains("\"axes\"") && message.contains("fix"), message);
        Graph read = Onnx.read(file, Map.of("axes", Tensor.ofLongs(new long[] {-1})));
        assertEquals(1, read.inputs().size());
        assertEquals("[n, 3]", read.outputs().get(0).shape().toString());
        assertThrows(
                InvalidValueException.class, () -> Onnx.read(file, Map.of("ages", Tensor.ofLongs(new long[] {1}))));
        assertThrows(
                ShapeMismatchException.class, () -> Onnx.read(file, Map.of("axes", Tensor.ofLongs(new long[] {1, 2}))));
    }

    @Test
    void namesThatStandForTheSameValueAreKept() {
        Models model = new Models()
                .input("x", ElementType.F32, 2, 3)
                .node("Relu", "x", "a")
                .node("Identity", "a", "b")
                .node("Dropout", "b", "c")
                .node("Identity", "x", "d")
                .output("c")
                .output("a")
                .output("d");
        Graph read = Onnx.read(model.write(folder));
        assertEquals(
                List.of("c", "a", "d"),
                read.outputs().stream().map(v -> v.name().replace(".out", "")).toList());
    }

    @Test
    void sumsOfConstantsBecomeBiases() {
        Models model = new Models()
                .input("x", ElementType.F32, "n", 4)
                .constant("w", floats(1, 4, 3))
                .constant("b", floats(1, 3))
                .node("MatMul", "x w", "m")
                .node("Add", "b m", "y")
                .output("y");
        Graph read = Onnx.read(model.write(folder));
        assertEquals("Linear", types(read));
        assertEquals(3, read.nodes().get(0).inputs().size());
    }
}

package io.octavo.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.InvalidValueException;
import io.octavo.OctavoException;
import io.octavo.ShapeMismatchException;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.scheme.TableParams;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class InferenceTest {
    private static final AffineParams U8 = AffineParams.perTensor(DType.U8, 8, 0.1f, 10);
    private static final AffineParams OTHER = AffineParams.perTensor(DType.S8, 8, 0.2f, -3);

    private final Graph.Builder graph = Graph.builder("test");

    private Shape shapeOf(Op op, Shape input) {
        Graph.Builder builder = Graph.builder("test");
        builder.input("x", DType.F32, input);
        return builder.value(builder.node("y", op, List.of("x"))).shape();
    }

    private String image(String name, long... sample) {
        return graph.input(name, DType.F32, Shape.ofBatch(sample));
    }

    private String codes(String name, long... sample) {
        return graph.input(name, DType.U8, Shape.ofBatch(sample), U8);
    }

    private String weight(String name, long... dims) {
        return graph.constant(name, Tensor.zeros(DType.F32, dims));
    }

    private String quantizedWeight(String name, Granularity granularity, int sets, long... dims) {
        float[] scales = new float[sets];
        java.util.Arrays.fill(scales, 0.5f);
        AffineParams params = new AffineParams(DType.S8, 8, -128, 127, scales, new int[sets], granularity);
        return graph.constant(name, new QuantizedTensor(Shape.of(dims), params, Tensor.zeros(DType.S8, dims)));
    }

    private static void assertSays(OctavoException e, String... parts) {
        for (String part : parts) {
            assertTrue(e.getMessage().contains(part), () -> "'" + part + "' in: " + e.getMessage());
        }
    }

    @Test
    void convolutionsFollowTheirWindow() {
        image("x", 6, 32, 31);
        weight("w", 8, 3, 5, 3);
        weight("b", 8);
        Op op = new Op.Conv2d(Window.of(5, 3).stride(2, 3).padding(2, 1, 0, 4).dilation(2, 1), 2, Activation.NONE);
        graph.node("y", op, List.of("x", "w", "b"));
        // (32 + 2 + 0 - 2·4 - 1) / 2 + 1 = 13; (31 + 1 + 4 - 2 - 1) / 3 + 1 = 12
        assertEquals(Shape.ofBatch(8, 13, 12), graph.value("y").shape());
        assertEquals(DType.F32, graph.value("y").dtype());
    }

    @Test
    void poolingRoundsAsPyTorchDoes() {
        Shape x = Shape.ofBatch(3, 7, 8);
        Window window = Window.of(3).stride(2).padding(1);
        assertEquals(Shape.ofBatch(3, 4, 4), shapeOf(new Op.MaxPool2d(window, false), x));
        assertEquals(Shape.ofBatch(3, 4, 5), shapeOf(new Op.MaxPool2d(window, true), x));
        // A last window that would start in the trailing padding is dropped.
        assertEquals(
                Shape.ofBatch(1, 1, 1),
                shapeOf(new Op.AvgPool2d(Window.of(2).stride(3).padding(1), true, true), Shape.ofBatch(1, 2, 2)));
        assertEquals(Shape.ofBatch(3, 2, 3), shapeOf(new Op.AdaptiveAvgPool2d(2, 3), x));
    }

    @Test
    void theRestKeepsOrFlattens() {
        Shape x = Shape.ofBatch(3, 4, 5);
        assertEquals(Shape.ofBatch(60), shapeOf(new Op.Flatten(), x));
        assertEquals(x, shapeOf(new Op.Clamp(Activation.RELU6), x));
        assertEquals(x, shapeOf(new Op.Dropout(0.5f), x));
        assertEquals(x, shapeOf(new Op.Softmax(), x));
        assertEquals(Shape.of(2, 60), shapeOf(new Op.Flatten(), Shape.of(2, 3, 4, 5)));
    }

    @Test
    void linearKeepsAllButTheLast() {
        image("x", 7, 12);
        weight("w", 5, 12);
        graph.node("y", new Op.Linear(), List.of("x", "w"));
        assertEquals(Shape.ofBatch(7, 5), graph.value("y").shape());
    }

    @Test
    void quantizationIsInferredOrAskedFor() {
        codes("x", 4, 6, 6);
        quantizedWeight("w", Granularity.perChannel(0), 8, 8, 4, 3, 3);
        Op conv = new Op.Conv2d(Window.of(3), 1, Activation.RELU);
        graph.node("y", conv, List.of("x", "w"), OTHER);
        assertEquals(DType.S8, graph.value("y").dtype());
        assertEquals(OTHER, graph.value("y").quantization());
        graph.node("pool", new Op.MaxPool2d(Window.of(2), false), List.of("y"));
        assertEquals(OTHER, graph.value("pool").quantization());
        graph.node("flat", new Op.Flatten(), List.of("pool"));
        quantizedWeight("w2", Granularity.perTensor(), 1, 3, 72);
        graph.node("real", new Op.Linear(), List.of("flat", "w2"));
        assertNull(graph.value("real").quantization());
        assertEquals(DType.F32, graph.value("real").dtype());
        graph.node("back", new Op.Quantize(), List.of("real"), U8);
        graph.node("again", new Op.Requantize(), List.of("back"), OTHER);
        graph.node("out", new Op.Dequantize(), List.of("again"));
        assertEquals(DType.F32, graph.value("out").dtype());
    }

    @Test
    void floatLinearLayersTakeCodesAsWeights() {
        image("x", 7, 64);
        quantizedWeight("w", Granularity.perGroup(32), 10, 5, 64);
        weight("b", 5);
        graph.node("y", new Op.Linear(), List.of("x", "w", "b"));
        assertEquals(Shape.ofBatch(7, 5), graph.value("y").shape());
        assertEquals(DType.F32, graph.value("y").dtype());
        quantizedWeight("along", Granularity.perChannel(1), 64, 5, 64);
        assertSays(
                assertThrows(
                        ShapeMismatchException.class, () -> graph.node("l", new Op.Linear(), List.of("x", "along"))),
                "axis 0");
        quantizedWeight("codes", Granularity.perTensor(), 1, 5);
        assertSays(
                assertThrows(
                        ShapeMismatchException.class,
                        () -> graph.node("l", new Op.Linear(), List.of("x", "w", "codes"))),
                "'codes'",
                "F32");
        assertSays(
                assertThrows(
                        ShapeMismatchException.class, () -> graph.node("l", new Op.Linear(), List.of("x", "w"), U8)),
                "gives float");
        image("pixels", 4, 6, 6);
        quantizedWeight("kernel", Granularity.perChannel(0), 8, 8, 4, 3, 3);
        assertSays(
                assertThrows(
                        ShapeMismatchException.class,
                        () -> graph.node("c", new Op.Conv2d(Window.of(3)), List.of("pixels", "kernel"))),
                "'kernel'",
                "F32");
    }

    @Test
    void tableWeightsAreWeights() {
        codes("x", 12);
        TableParams table = new TableParams(
                4, new float[] {0.5f}, new byte[][] {{-4, 0, 4}}, new float[][] {{-2, 0, 2}}, Granularity.perTensor());
        graph.constant("w", new QuantizedTensor(Shape.of(5, 12), table, Tensor.zeros(DType.U8, 5, 12)));
        graph.node("y", new Op.Linear(), List.of("x", "w"), U8);
        assertEquals(Shape.ofBatch(5), graph.value("y").shape());
    }

    @Test
    void errorsNameNodeTensorFoundAndExpected() {
        image("x", 6, 8, 8);
        weight("w", 8, 5, 3, 3);
        Op conv = new Op.Conv2d(Window.of(3));
        assertSays(
                assertThrows(ShapeMismatchException.class, () -> graph.node("conv1", conv, List.of("x", "w"))),
                "'conv1'",
                "Conv2d",
                "'w'",
                "[8, 5, 3, 3]",
                "[O, 6, 3, 3]");
        weight("fits", 8, 6, 3, 3);
        weight("bias", 7);
        assertSays(
                assertThrows(ShapeMismatchException.class, () -> graph.node("c", conv, List.of("x", "fits", "bias"))),
                "'c'",
                "'bias'",
                "[7]",
                "[8]");
        image("small", 6, 2, 2);
        assertSays(
                assertThrows(ShapeMismatchException.class, () -> graph.node("c", conv, List.of("small", "fits"))),
                "'small'",
                "at least 3");
        assertSays(
                assertThrows(
                        ShapeMismatchException.class, () -> graph.node("c", conv, List.of("x", "fits", "", "small"))),
                "'small'",
                "[N, 8, 6, 6]");
        image("rows", 60);
        weight("w1", 10, 61);
        assertSays(
                assertThrows(
                        ShapeMismatchException.class, () -> graph.node("fc", new Op.Linear(), List.of("rows", "w1"))),
                "'fc'",
                "'w1'",
                "[10, 61]",
                "[10, 60]");
        assertSays(
                assertThrows(ShapeMismatchException.class, () -> graph.node("a", new Op.Add(), List.of("x", "small"))),
                "'a'",
                "[N, 6, 2, 2]",
                "[N, 6, 8, 8]");
        assertSays(
                assertThrows(ShapeMismatchException.class, () -> graph.node("a", new Op.Add(), List.of("x"))),
                "1 inputs",
                "expected 2");
        assertSays(
                assertThrows(
                        ShapeMismatchException.class,
                        () -> graph.node("n", new Op.BatchNorm(), List.of("x", "bias", "bias", "bias", "bias"))),
                "gamma",
                "[6]");
        assertSays(
                assertThrows(
                        ShapeMismatchException.class,
                        () -> graph.node("p", new Op.MaxPool2d(Window.of(2).padding(2), false), List.of("x"))),
                "'p'",
                "half of the kernel");
        assertSays(
                assertThrows(ShapeMismatchException.class, () -> graph.node("p", new Op.Flatten(), List.of(""))),
                "lacks its input 0");
    }

    @Test
    void mixedTypesAreRefused() {
        codes("q", 4, 6, 6);
        image("x", 4, 6, 6);
        weight("w", 8, 4, 3, 3);
        quantizedWeight("wq", Granularity.perChannel(1), 4, 8, 4, 3, 3);
        Op conv = new Op.Conv2d(Window.of(3));
        assertSays(
                assertThrows(ShapeMismatchException.class, () -> graph.node("c", conv, List.of("q", "w"), U8)),
                "quantized weights");
        assertSays(
                assertThrows(ShapeMismatchException.class, () -> graph.node("c", conv, List.of("q", "wq"), U8)),
                "axis 0");
        assertSays(assertThrows(ShapeMismatchException.class, () -> graph.node("c", conv, List.of("x", "wq"))), "F32");
        assertSays(
                assertThrows(ShapeMismatchException.class, () -> graph.node("a", new Op.Add(), List.of("x", "q"))),
                "F32");
        assertSays(
                assertThrows(ShapeMismatchException.class, () -> graph.node("s", new Op.Softmax(), List.of("q"))),
                "F32");
        assertSays(
                assertThrows(InvalidValueException.class, () -> graph.node("a", new Op.Add(), List.of("q", "q"))),
                "needs affine parameters");
        assertSays(
                assertThrows(
                        ShapeMismatchException.class, () -> graph.node("f", new Op.Flatten(), List.of("q"), OTHER)),
                "keeps the quantization");
        assertSays(
                assertThrows(ShapeMismatchException.class, () -> graph.node("c", conv, List.of("x", "w"), U8)),
                "gives float");
        assertSays(
                assertThrows(ShapeMismatchException.class, () -> graph.node("d", new Op.Dequantize(), List.of("x"))),
                "U8 or S8");
    }

    @Test
    void attributesOutOfRangeAreRefused() {
        assertThrows(InvalidValueException.class, () -> Window.of(0));
        assertThrows(InvalidValueException.class, () -> Window.of(3).stride(0));
        assertThrows(InvalidValueException.class, () -> Window.of(3).padding(-1));
        assertThrows(InvalidValueException.class, () -> Window.of(3).dilation(0));
        assertThrows(InvalidValueException.class, () -> new Op.Dropout(1));
        assertThrows(InvalidValueException.class, () -> new Op.Dropout(Float.NaN));
        assertThrows(InvalidValueException.class, () -> new Op.BatchNorm(0, 0.1f));
        assertThrows(InvalidValueException.class, () -> new Op.Clamp(Activation.NONE));
        assertThrows(InvalidValueException.class, () -> new Op.Add(Activation.RELU6));
        assertThrows(InvalidValueException.class, () -> Activation.clamp(2, 1));
        assertThrows(InvalidValueException.class, () -> Activation.clamp(0, Float.NaN));
        assertThrows(InvalidValueException.class, () -> new Op.AdaptiveAvgPool2d(0, 1));
        assertThrows(
                InvalidValueException.class, () -> new Op.AvgPool2d(Window.of(3).dilation(2), false, true));
    }
}

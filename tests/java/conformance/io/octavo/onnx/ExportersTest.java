package io.octavo.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.UnsupportedException;
import io.octavo.graph.Graph;
import io.octavo.graph.Value;
import io.octavo.internal.onnx.Attribute;
import io.octavo.internal.onnx.ElementType;
import io.octavo.internal.onnx.GraphDef;
import io.octavo.internal.onnx.NodeDef;
import io.octavo.internal.onnx.ValueInfo;
import io.octavo.qconfig.QConfig;
import io.octavo.quantize.Quantization;
import io.octavo.runtime.Session;
import io.octavo.tensor.DType;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Inputs;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What exporters of networks with unknown dimensions write computes, for several shapes in one session, what ONNX Runtime computes. */
class ExportersTest {
    private final Random random = new Random(11);

    @TempDir
    private Path folder;

    private Tensor floats(long... dims) {
        float[] values = new float[(int) Shape.of(dims).elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return Tensor.of(values, dims);
    }

    private static Attribute ints(long... values) {
        return new Attribute.OfInts(values);
    }

    private static Attribute text(String value) {
        return new Attribute.OfString(value);
    }

    private static Tensor longs(long... values) {
        return Tensor.ofLongs(values);
    }

    /** Compares every output on inputs of F32, given by shapes. */
    private void compare(Models model, long[]... shapes) {
        Path file = model.write(folder);
        Graph graph = Onnx.read(file);
        try (Session session = Session.of(graph)) {
            for (long[] shape : shapes) {
                Map<String, Tensor> x = new LinkedHashMap<>();
                for (Value input : graph.inputs()) {
                    x.put(input.name(), floats(shape));
                }
                Map<String, Tensor> found = session.run(x);
                OnnxRuntime.run(file, x).forEach((name, wanted) -> close(name, wanted, found.get(name)));
            }
        }
    }

    private static void close(String name, Tensor wanted, Tensor found) {
        assertEquals(wanted.shape(), found.shape(), name);
        assertEquals(wanted.dtype(), found.dtype(), name);
        if (wanted.dtype() != DType.F32) {
            assertEquals(wanted, found, name);
            return;
        }
        float[] expected = wanted.toFloatArray();
        float[] values = found.toFloatArray();
        double most = 0;
        for (float value : expected) {
            most = Math.max(most, Math.abs(value));
        }
        for (int i = 0; i < values.length; i++) {
            assertEquals(expected[i], values[i], 1e-5 * most, name + " " + i + " of " + found.shape());
        }
    }

    /** TensorFlow's padding of sizes that only a run knows. */
    @Test
    void paddingThatKeepsTheSizeFollowsTheSize() {
        Models model = new Models()
                .input("x", ElementType.F32, "n", 3, "h", "w")
                .constant("three", floats(4, 3, 3, 3))
                .constant("five", floats(4, 3, 5, 5));
        for (String kind : new String[] {"SAME_UPPER", "SAME_LOWER"}) {
            Attribute same = text(kind);
            model.node("Conv", "x three", "c3" + kind, Map.of("auto_pad", same, "strides", ints(2, 2)))
                    .node("Conv", "x five", "c5" + kind, Map.of("auto_pad", same, "strides", ints(1, 3)))
                    .node(
                            "MaxPool",
                            "x",
                            "m3" + kind,
                            Map.of("auto_pad", same, "strides", ints(2, 2), "kernel_shape", ints(3, 3)))
                    .node(
                            "MaxPool",
                            "x",
                            "m2" + kind,
                            Map.of("auto_pad", same, "strides", ints(2, 2), "kernel_shape", ints(2, 2)))
                    .node(
                            "AveragePool",
                            "x",
                            "a3" + kind,
                            Map.of("auto_pad", same, "strides", ints(2, 3), "kernel_shape", ints(3, 3)))
                    .node(
                            "AveragePool",
                            "x",
                            "i3" + kind,
                            Map.of(
                                    "auto_pad",
                                    same,
                                    "strides",
                                    ints(2, 2),
                                    "kernel_shape",
                                    ints(3, 3),
                                    "count_include_pad",
                                    new Attribute.OfInt(1)));
            for (String output : new String[] {"c3", "c5", "m3", "m2", "a3", "i3"}) {
                model.output(output + kind);
            }
        }
        compare(model, new long[] {1, 3, 8, 8}, new long[] {2, 3, 9, 11}, new long[] {1, 3, 7, 6});
    }

    /** A decoder that brings a picture to the size of another by padding, as PyTorch writes it. */
    @Test
    void paddingFromSizesLeavesTheChannelsKnown() {
        Models model = new Models()
                .input("x", ElementType.F32, "n", 3, "h", "w")
                .constant("w", floats(4, 6, 3, 3))
                .constant("zero", longs(0))
                .constant("zeros", longs(0, 0, 0, 0))
                .constant("two", longs(2))
                .constant("four", longs(4))
                .node("MaxPool", "x", "half", Map.of("kernel_shape", ints(2, 2), "strides", ints(1, 1)))
                .node("Shape", "x", "whole")
                .node("Shape", "half", "part")
                .node("Sub", "whole part", "missing")
                .node("Slice", "missing two four zero", "sides")
                .node("Concat", "zeros zero zero sides", "pads", Map.of("axis", new Attribute.OfInt(0)))
                .node("Pad", "half pads", "padded")
                .node("Concat", "x padded", "both", Map.of("axis", new Attribute.OfInt(1)))
                .node("Conv", "both w", "y", Map.of("pads", ints(1, 1, 1, 1)))
                .output("y");
        compare(model, new long[] {1, 3, 8, 8}, new long[] {2, 3, 5, 7});
    }

    /** A constant picture beside one that a convolution made. */
    @Test
    void constantsLieAsTheOperatorReadsThem() {
        Models model = new Models()
                .input("x", ElementType.F32, 1, 3, 6, 5)
                .constant("w", floats(4, 3, 3, 3))
                .constant("place", floats(1, 2, 6, 5))
                .constant("w2", floats(2, 6, 1, 1))
                .constant("w3", floats(4, 2, 3, 3))
                .node("Conv", "x w", "c", Map.of("pads", ints(1, 1, 1, 1)))
                .node("Concat", "place c", "both", Map.of("axis", new Attribute.OfInt(1)))
                .node("Conv", "both w2", "y")
                .node("Conv", "place w3", "z", Map.of("pads", ints(1, 1, 1, 1)))
                .node("Add", "z c", "sum")
                .node("MaxPool", "place", "m", Map.of("kernel_shape", ints(2, 2)))
                .output("y")
                .output("sum")
                .output("m");
        compare(model, new long[] {1, 3, 6, 5});
    }

    /** The recurrent layers of text recognizers: both directions, biases, states before the first step. */
    @Test
    void recurrentLayersAreWrittenOut() {
        Map<String, Integer> gates = Map.of("LSTM", 4, "GRU", 3, "RNN", 1);
        gates.forEach((operator, count) -> {
            for (int variant = 0; variant < 3; variant++) {
                String[] directions = {"forward", "reverse", "bidirectional"};
                int d = variant == 2 ? 2 : 1;
                Map<String, Attribute> attributes = new LinkedHashMap<>();
                attributes.put("hidden_size", new Attribute.OfInt(6));
                attributes.put("direction", text(directions[variant]));
                if (operator.equals("GRU")) {
                    attributes.put("linear_before_reset", new Attribute.OfInt(variant == 1 ? 0 : 1));
                }
                boolean cell = operator.equals("LSTM");
                Models model = new Models()
                        .input("x", ElementType.F32, 5, "batch", 3)
                        .constant("w", floats(d, count * 6, 3))
                        .constant("r", floats(d, count * 6, 6))
                        .constant("b", floats(d, 2 * count * 6))
                        .constant("h", floats(d, 2, 6))
                        .constant("c", floats(d, 2, 6));
                String inputs = variant == 0 ? "x w r" : variant == 1 ? "x w r b" : "x w r b - h";
                model.node(
                        operator, variant == 2 && cell ? inputs + " c" : inputs, cell ? "y yh yc" : "y yh", attributes);
                model.output("y").output("yh");
                if (cell) {
                    model.output("yc");
                }
                compare(model, new long[] {5, 2, 3}, new long[] {5, variant == 2 ? 2 : 1, 3});
            }
        });
    }

    /** A layer over as many steps as a picture is wide: the width must be said. */
    @Test
    void stepsMustBeKnown() {
        Path file = new Models()
                .input("x", ElementType.F32, "width", "batch", 3)
                .input("more", ElementType.F32, "width", 2)
                .constant("w", floats(1, 6, 3))
                .constant("r", floats(1, 6, 6))
                .node("RNN", "x w r", "y", Map.of("hidden_size", new Attribute.OfInt(6)))
                .node("Relu", "more", "z")
                .output("y")
                .output("z")
                .write(folder);
        String refused =
                assertThrows(UnsupportedException.class, () -> Onnx.read(file)).getMessage();
        assertTrue(refused.contains("\"width\"") && refused.contains("say the shape"), refused);
        Graph graph = Onnx.read(
                file, ReadOptions.none().shape("x", Shape.ofDims(Dim.of(7), Dim.unknown("batch"), Dim.of(3))));
        assertEquals("[7, 2]", graph.inputs().get(1).shape().toString());
        assertEquals("[7, 1, batch, 6]", graph.outputs().get(0).shape().toString());
        for (Shape wrong : new Shape[] {Shape.of(7, 1, 4), Shape.of(7, 1)}) {
            assertThrows(
                    ShapeMismatchException.class,
                    () -> Onnx.read(file, ReadOptions.none().shape("x", wrong)));
        }
        ReadOptions two = ReadOptions.none().shape("x", Shape.of(7, 1, 3)).shape("more", Shape.of(8, 2));
        assertThrows(ShapeMismatchException.class, () -> Onnx.read(file, two));
        assertThrows(
                InvalidValueException.class,
                () -> Onnx.read(file, ReadOptions.none().shape("other", Shape.of(1))));
    }

    /** The body of a network is read up to what follows it and is not supported. */
    @Test
    void aNetworkIsReadUpToOtherOutputs() {
        Path file = new Models()
                .input("x", ElementType.F32, "n", 4)
                .constant("w", floats(4, 3))
                .node("MatMul", "x w", "inner")
                .node("NonZero", "inner", "found")
                .node("Cast", "found", "places", Map.of("to", new Attribute.OfInt(1)))
                .node("Relu", "inner", "y")
                .output("places")
                .output("y")
                .write(folder);
        String refused =
                assertThrows(UnsupportedException.class, () -> Onnx.read(file)).getMessage();
        assertTrue(refused.contains("NonZero"), refused);
        Graph graph = Onnx.read(file, ReadOptions.none().outputs("y", "inner"));
        assertEquals(
                List.of("y", "inner"), graph.outputs().stream().map(Value::name).toList());
        Tensor x = floats(2, 4);
        try (Session session = Session.of(graph)) {
            Map<String, Tensor> found = session.run(Map.of("x", x));
            close("y", OnnxRuntime.run(file, Map.of("x", x)).get("y"), found.get("y"));
        }
        String unknown = assertThrows(
                        InvalidValueException.class,
                        () -> Onnx.read(file, ReadOptions.none().outputs("boxes")))
                .getMessage();
        assertTrue(unknown.contains("\"boxes\"") && unknown.contains("places"), unknown);
    }

    /** PyTorch asks whether a dimension is 1 before it takes it away; both branches call their values by the same names. */
    @Test
    void branchesThatAShapeDecidesAreTaken() {
        Models model = new Models()
                .input("x", ElementType.F32, "n", 1, 4)
                .constant("one", longs(1))
                .constant("two", longs(2))
                .node("Shape", "x", "s", Map.of("start", new Attribute.OfInt(1), "end", new Attribute.OfInt(2)))
                .node("Equal", "s one", "yes")
                .node("Equal", "s two", "no");
        for (String condition : new String[] {"yes", "no"}) {
            model.node(
                    "If",
                    condition,
                    "y" + condition,
                    Map.of(
                            "then_branch",
                            new Attribute.OfGraph(
                                    branch(NodeDef.of("", "Squeeze", List.of("x", "one"), List.of("made"), Map.of()))),
                            "else_branch",
                            new Attribute.OfGraph(
                                    branch(NodeDef.of("", "Neg", List.of("x"), List.of("made"), Map.of())))));
        }
        compare(model.output("yyes").output("yno"), new long[] {2, 1, 4});
    }

    private static GraphDef branch(NodeDef node) {
        return new GraphDef(
                "branch",
                List.of(node, NodeDef.of("", "Exp", List.of("made"), List.of("out"), Map.of())),
                List.of(),
                List.of(ValueInfo.of("out", ElementType.F32, null)),
                List.of(),
                List.of());
    }

    /** Arithmetic on sizes stays what it is when the network around it is quantized. */
    @Test
    void sizesAreNoActivations() {
        Path file = new Models()
                .input("x", ElementType.F32, "n", 3, "h", "w")
                .constant("w1", floats(4, 3, 3, 3))
                .constant("w2", floats(2, 4, 3, 3))
                .constant("two", longs(2))
                .constant("four", longs(4))
                .constant("zero", longs(0))
                .node("Conv", "x w1", "c", Map.of("strides", ints(2, 2)))
                .node("Shape", "x", "s")
                .node("Slice", "s two four zero", "sides")
                .node("Div", "sides two", "halves")
                .node("Shape", "c", "t")
                .node("Slice", "t zero two zero", "front")
                .node("Concat", "front halves", "sizes", Map.of("axis", new Attribute.OfInt(0)))
                .node("Resize", "c - - sizes", "r", Map.of("mode", text("nearest")))
                .node("Conv", "r w2", "y")
                .output("y")
                .write(folder);
        Graph graph = Onnx.read(file);
        List<Inputs> samples = List.of(Inputs.of(floats(1, 3, 12, 12)), Inputs.of(floats(2, 3, 16, 20)));
        Graph codes = Quantization.quantizeStatic(graph, QConfig.getDefault("x86"), samples);
        try (Session session = Session.of(codes)) {
            Tensor x = floats(2, 3, 14, 18);
            float[] expected = OnnxRuntime.run(file, Map.of("x", x)).get("y").toFloatArray();
            float[] found = session.run(x).toFloatArray();
            double signal = 0;
            double noise = 0;
            for (int i = 0; i < expected.length; i++) {
                signal += expected[i] * expected[i];
                noise += (expected[i] - found[i]) * (expected[i] - found[i]);
            }
            assertTrue(noise < signal / 300, "signal " + signal + ", noise " + noise);
        }
    }

    /** A scalar beside codes, as quantizers leave factors of attention and offsets of grids. */
    @Test
    void scalarsJoinCodes() {
        Tensor scale = Tensor.of(new float[] {0.05f}).reshape();
        Path file = new Models()
                .input("x", ElementType.F32, "n", 6)
                .constant("s", scale)
                .constant("z", Tensor.ofBytes(DType.U8, new byte[] {(byte) 128}).reshape())
                .constant("half", Tensor.of(new float[] {0.5f}).reshape())
                .node("QuantizeLinear", "x s z", "xq")
                .node("DequantizeLinear", "xq s z", "xd")
                .node("Sub", "xd half", "less")
                .node("QuantizeLinear", "less s z", "lq")
                .node("DequantizeLinear", "lq s z", "ld")
                .node("Mul", "ld half", "part")
                .node("QuantizeLinear", "part s z", "yq")
                .node("DequantizeLinear", "yq s z", "y")
                .output("y")
                .write(folder);
        Tensor x = floats(3, 6);
        try (Session session = Session.of(Onnx.read(file))) {
            float[] expected = OnnxRuntime.run(file, Map.of("x", x)).get("y").toFloatArray();
            assertArrayEquals(expected, session.run(x).toFloatArray(), 0.0501f); // a step, where halves are rounded
        }
    }

    /** Weights that nodes compute, such as float ones that the file sends through QuantizeLinear and DequantizeLinear. */
    @Test
    void weightsThatAreComputedLieAsWeights() {
        Models model = new Models()
                .input("x", ElementType.F32, "n", 3, 6, 7)
                .constant("w", floats(4, 3, 3, 3))
                .constant("t", floats(4, 5, 3, 3))
                .constant("s", Tensor.of(new float[] {0.05f}).reshape())
                .constant("z", Tensor.ofBytes(DType.S8, new byte[] {0}).reshape())
                .node("QuantizeLinear", "w s z", "wq")
                .node("DequantizeLinear", "wq s z", "wd")
                .node("QuantizeLinear", "t s z", "tq")
                .node("DequantizeLinear", "tq s z", "td")
                .node("Conv", "x wd", "c")
                .node("ConvTranspose", "c td", "y")
                .output("y");
        compare(model, new long[] {1, 3, 6, 7}, new long[] {2, 3, 6, 7});
    }

    /** A pool between operators on codes reads what a quantizer made, without parameters of its own. */
    @Test
    void greatestOfCodes() {
        Models model = new Models()
                .input("x", ElementType.F32, "n", 3, 6, 8)
                .constant("s", Tensor.of(new float[] {0.05f}).reshape())
                .constant("z", Tensor.ofBytes(DType.U8, new byte[] {(byte) 128}).reshape())
                .node("QuantizeLinear", "x s z", "q")
                .node("MaxPool", "q", "m", Map.of("kernel_shape", ints(2, 2), "strides", ints(2, 2)))
                .node("DequantizeLinear", "m s z", "y")
                .output("y");
        compare(model, new long[] {1, 3, 6, 8}, new long[] {2, 3, 6, 8});
    }
}

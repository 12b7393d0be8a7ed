package io.octavo.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.octavo.graph.Graph;
import io.octavo.graph.Value;
import io.octavo.internal.onnx.Attribute;
import io.octavo.internal.onnx.ElementType;
import io.octavo.runtime.Session;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
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
}

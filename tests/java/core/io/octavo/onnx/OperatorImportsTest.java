package io.octavo.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.CorruptDataException;
import io.octavo.OctavoException;
import io.octavo.UnsupportedException;
import io.octavo.internal.onnx.Attribute;
import io.octavo.internal.onnx.ElementType;
import io.octavo.internal.onnx.GraphDef;
import io.octavo.internal.onnx.NodeDef;
import io.octavo.internal.onnx.TensorDef;
import io.octavo.internal.onnx.ValueInfo;
import io.octavo.runtime.Session;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Operators that become several of the graph's, against plain loops of their definition. */
class OperatorImportsTest {
    private final Random random = new Random(7);

    @TempDir
    private Path folder;

    private Tensor floats(long... dims) {
        float[] values = new float[(int) Shape.of(dims).elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return Tensor.of(values, dims);
    }

    private List<Tensor> run(Models model, Tensor... inputs) {
        try (Session session = Session.of(Onnx.read(model.write(folder)))) {
            return session.run(List.of(inputs));
        }
    }

    private static Attribute ints(int... values) {
        long[] all = new long[values.length];
        for (int i = 0; i < all.length; i++) {
            all[i] = values[i];
        }
        return new Attribute.OfInts(all);
    }

    private static void assertClose(double[] expected, Tensor found, String what) {
        float[] given = found.toFloatArray();
        assertEquals(expected.length, given.length, what);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], given[i], 1e-4 * Math.max(1, Math.abs(expected[i])), what + " at " + i);
        }
    }

    /** A window over three dimensions; of fewer the first are 1. */
    private record Window3(int[] kernel, int[] stride, int[] dilation, int[] before, int[] after) {
        long result(int axis, long size, boolean ceil) {
            long room = size + before[axis] + after[axis] - dilation[axis] * (kernel[axis] - 1L) - 1;
            long results = (room + (ceil ? stride[axis] - 1 : 0)) / stride[axis] + 1;
            return ceil && (results - 1) * stride[axis] >= size + before[axis] ? results - 1 : results;
        }

        Map<String, Attribute> attributes(int dims) {
            Map<String, Attribute> all = new HashMap<>();
            all.put("kernel_shape", ints(last(kernel, dims)));
            all.put("strides", ints(last(stride, dims)));
            all.put("dilations", ints(last(dilation, dims)));
            int[] pads = new int[2 * dims];
            System.arraycopy(last(before, dims), 0, pads, 0, dims);
            System.arraycopy(last(after, dims), 0, pads, dims, dims);
            all.put("pads", ints(pads));
            return all;
        }

        private static int[] last(int[] of, int count) {
            return java.util.Arrays.copyOfRange(of, 3 - count, 3);
        }

        /** The place of a tap; -1: outside. */
        int place(int axis, long result, int tap, long size) {
            long place = result * stride[axis] - before[axis] + (long) tap * dilation[axis];
            return place < 0 || place >= size ? -1 : (int) place;
        }
    }

    /** Takes a tap of a window: the results' element, that of x, and the tap's number. */
    private interface Tap {
        void at(int result, int x, int tap);
    }

    /** All taps that meet elements, of one plane. */
    private static void eachTap(Window3 w, long[] size, long[] results, Tap visit) {
        for (int i = 0; i < results[0] * results[1] * results[2]; i++) {
            long[] at = {i / (results[1] * results[2]), i / results[2] % results[1], i % results[2]};
            for (int tap = 0; tap < w.kernel[0] * w.kernel[1] * w.kernel[2]; tap++) {
                int d = w.place(0, at[0], tap / (w.kernel[1] * w.kernel[2]), size[0]);
                int h = w.place(1, at[1], tap / w.kernel[2] % w.kernel[1], size[1]);
                int v = w.place(2, at[2], tap % w.kernel[2], size[2]);
                if (d >= 0 && h >= 0 && v >= 0) {
                    visit.at(i, (int) ((d * size[1] + h) * size[2] + v), tap);
                }
            }
        }
    }

    private static final List<Window3> WINDOWS = List.of(
            new Window3(new int[] {2, 3, 2}, new int[] {1, 2, 1}, new int[] {1, 1, 2}, new int[] {1, 0, 2}, new int[] {
                0, 1, 1
            }),
            new Window3(new int[] {3, 2, 1}, new int[] {2, 1, 3}, new int[] {2, 1, 1}, new int[] {2, 1, 0}, new int[] {
                1, 0, 0
            }));

    @Test
    void convolutionsOverThreeDimensions() {
        long[] size = {5, 6, 7};
        for (Window3 w : WINDOWS) {
            for (int groups : new int[] {1, 2}) {
                Tensor x = floats(2, 4, 5, 6, 7);
                Tensor weight = floats(6, 4 / groups, w.kernel[0], w.kernel[1], w.kernel[2]);
                Tensor bias = floats(6);
                Map<String, Attribute> attributes = w.attributes(3);
                attributes.put("group", new Attribute.OfInt(groups));
                Models model = new Models()
                        .input("x", ElementType.F32, "n", 4, 5, 6, 7)
                        .constant("w", weight)
                        .constant("b", bias)
                        .node("Conv", "x w b", "y", attributes)
                        .output("y");
                long[] results = {w.result(0, 5, false), w.result(1, 6, false), w.result(2, 7, false)};
                int plane = (int) (results[0] * results[1] * results[2]);
                int taps = w.kernel[0] * w.kernel[1] * w.kernel[2];
                double[] expected = new double[2 * 6 * plane];
                float[] xs = x.toFloatArray();
                float[] ws = weight.toFloatArray();
                for (int no = 0; no < 12; no++) {
                    int o = no % 6;
                    for (int i = 0; i < plane; i++) {
                        expected[no * plane + i] = bias.toFloatArray()[o];
                    }
                    for (int c = 0; c < 4 / groups; c++) {
                        int from = (no / 6 * 4 + o / (6 / groups) * (4 / groups) + c) * 210;
                        int first = (o * (4 / groups) + c) * taps;
                        int to = no * plane;
                        eachTap(w, size, results, (i, at, tap) -> expected[to + i] += xs[from + at] * ws[first + tap]);
                    }
                }
                Tensor y = run(model, x).get(0);
                assertArrayEquals(
                        new long[] {2, 6, results[0], results[1], results[2]},
                        y.shape().dims());
                assertClose(expected, y, w + " " + groups);
            }
        }
    }

    @Test
    void transposedConvolutionsOverThreeDimensions() {
        for (Window3 w : WINDOWS) {
            int[] extra = {w.stride[0] - 1, 0, w.stride[2] - 1};
            // The result has the size of a convolution's input, whose result x is.
            long[] size = {0, 0, 0};
            long[] x3 = {3, 2, 4};
            for (int i = 0; i < 3; i++) {
                size[i] = (x3[i] - 1) * w.stride[i]
                        + w.dilation[i] * (w.kernel[i] - 1)
                        + 1
                        - w.before[i]
                        - w.after[i]
                        + extra[i];
            }
            Tensor x = floats(2, 4, 3, 2, 4);
            Tensor weight = floats(4, 3, w.kernel[0], w.kernel[1], w.kernel[2]);
            Map<String, Attribute> attributes = w.attributes(3);
            attributes.put("output_padding", ints(extra));
            attributes.put("group", new Attribute.OfInt(2));
            Models model = new Models()
                    .input("x", ElementType.F32, 2, 4, 3, 2, 4)
                    .constant("w", weight)
                    .node("ConvTranspose", "x w", "y", attributes)
                    .output("y");
            int plane = (int) (size[0] * size[1] * size[2]);
            int taps = w.kernel[0] * w.kernel[1] * w.kernel[2];
            double[] expected = new double[2 * 6 * plane];
            float[] xs = x.toFloatArray();
            float[] ws = weight.toFloatArray();
            for (int nc = 0; nc < 8; nc++) {
                for (int o = 0; o < 3; o++) {
                    int from = nc * 24;
                    int first = (nc % 4 * 3 + o) * taps;
                    int to = (nc / 4 * 6 + nc % 4 / 2 * 3 + o) * plane;
                    eachTap(w, size, x3, (i, at, tap) -> expected[to + at] += xs[from + i] * ws[first + tap]);
                }
            }
            Tensor y = run(model, x).get(0);
            assertArrayEquals(
                    new long[] {2, 6, size[0], size[1], size[2]}, y.shape().dims());
            assertClose(expected, y, w.toString());
        }
    }

    @Test
    void poolsOfAnyWindow() {
        Window3 wide = new Window3(
                new int[] {1, 3, 2}, new int[] {1, 1, 2}, new int[] {1, 1, 1}, new int[] {0, 2, 1}, new int[] {0, 2, 0
                });
        Window3 sparse = new Window3(
                new int[] {1, 2, 3}, new int[] {1, 3, 2}, new int[] {1, 3, 2}, new int[] {0, 1, 1}, new int[] {0, 0, 1
                });
        for (Window3 w : List.of(WINDOWS.get(0), WINDOWS.get(1), wide, sparse)) {
            int dims = w.kernel[0] == 1 ? 2 : 3;
            long[] size = {dims == 3 ? 5 : 1, 6, 7};
            for (boolean ceil : List.of(false, true)) {
                for (String kind : List.of("MaxPool", "AveragePool", "AveragePool with padding", "LpPool")) {
                    check(w, dims, size, ceil, kind);
                }
            }
        }
    }

    private void check(Window3 w, int dims, long[] size, boolean ceil, String kind) {
        long[] results = {w.result(0, size[0], ceil), w.result(1, size[1], ceil), w.result(2, size[2], ceil)};
        int plane = (int) (size[0] * size[1] * size[2]);
        int count = (int) (results[0] * results[1] * results[2]);
        double[] expected = new double[3 * count];
        Tensor x = dims == 2 ? floats(1, 3, 6, 7) : floats(1, 3, 5, 6, 7);
        float[] xs = x.toFloatArray();
        boolean withPadding = kind.endsWith("padding");
        for (int c = 0; c < 3; c++) {
            int to = c * count;
            int from = c * plane;
            double[] taken = new double[count];
            if (kind.equals("MaxPool")) {
                java.util.Arrays.fill(expected, to, to + count, Double.NEGATIVE_INFINITY);
            }
            eachTap(w, size, results, (i, at, tap) -> {
                double v = xs[from + at];
                expected[to + i] = switch (kind) {
                    case "MaxPool" -> Math.max(expected[to + i], v);
                    case "LpPool" -> expected[to + i] + v * v * Math.abs(v);
                    default -> expected[to + i] + v;
                };
                taken[i]++;
            });
            for (int i = 0; i < count; i++) {
                if (kind.equals("LpPool")) {
                    expected[to + i] = Math.cbrt(expected[to + i]);
                } else if (!kind.equals("MaxPool")) {
                    expected[to + i] /= withPadding ? padded(w, size, results, i) : taken[i];
                }
            }
        }
        Map<String, Attribute> attributes = w.attributes(dims);
        attributes.put("ceil_mode", new Attribute.OfInt(ceil ? 1 : 0));
        if (withPadding) {
            attributes.put("count_include_pad", new Attribute.OfInt(1));
        }
        if (kind.equals("LpPool")) {
            attributes.put("p", new Attribute.OfInt(3));
        }
        Object[] shape = dims == 2 ? new Object[] {1, 3, 6, 7} : new Object[] {1, 3, 5, 6, 7};
        Models model = new Models()
                .opset(19)
                .input("x", ElementType.F32, shape)
                .node(kind.split(" ")[0], "x", "y", attributes)
                .output("y");
        assertClose(expected, run(model, x).get(0), kind + " " + ceil + " " + w.attributes(dims));
    }

    /** Taps of a window on elements and on the padding that is asked for. */
    private static int padded(Window3 w, long[] size, long[] results, int result) {
        long[] at = {result / (results[1] * results[2]), result / results[2] % results[1], result % results[2]};
        int count = 1;
        for (int axis = 0; axis < 3; axis++) {
            int inside = 0;
            for (int tap = 0; tap < w.kernel[axis]; tap++) {
                long place = at[axis] * w.stride[axis] - w.before[axis] + (long) tap * w.dilation[axis];
                inside += place < size[axis] + w.after[axis] ? 1 : 0;
            }
            count *= inside;
        }
        return count;
    }

    @Test
    void placesOfMaxima() {
        Tensor x = Tensor.of(new float[] {1, 9, 2, 3, 8, 4, 7, 5, 6, -1, -2, -3, -4, -5, -6, -7, -8, -9}, 1, 2, 3, 3);
        for (int order = 0; order < 2; order++) {
            Models model = new Models()
                    .input("x", ElementType.F32, 1, 2, 3, 3)
                    .node(
                            "MaxPool",
                            "x",
                            "y at",
                            Map.of(
                                    "kernel_shape",
                                    ints(2, 2),
                                    "pads",
                                    ints(1, 0, 0, 0),
                                    "storage_order",
                                    new Attribute.OfInt(order)))
                    .output("y")
                    .output("at");
            List<Tensor> found = run(model, x);
            assertArrayEquals(
                    new float[] {9, 9, 9, 9, 8, 8, -1, -2, -1, -2, -4, -5},
                    found.get(0).toFloatArray());
            assertArrayEquals(
                    order == 0
                            ? new long[] {1, 1, 1, 1, 4, 4, 9, 10, 9, 10, 12, 13}
                            : new long[] {3, 3, 3, 3, 4, 4, 9, 12, 9, 12, 10, 13},
                    found.get(1).toLongArray());
        }
    }

    @Test
    void whatOldVersionsBroadcast() {
        Models model = new Models()
                .opset(6)
                .input("x", ElementType.F32, 1, 2, 2)
                .constant("c", Tensor.of(new float[] {10, 20}))
                .node("Add", "x c", "a", Map.of("broadcast", new Attribute.OfInt(1), "axis", new Attribute.OfInt(1)))
                .node("Mul", "a c", "m", Map.of("broadcast", new Attribute.OfInt(1)))
                .node("PRelu", "m c", "y")
                .output("y");
        assertArrayEquals(
                new float[] {-90 * 10, 240, 230, 480},
                run(model, Tensor.of(new float[] {-19, 2, 3, 4}, 1, 2, 2))
                        .get(0)
                        .toFloatArray());
        String refused = assertThrows(
                        UnsupportedException.class,
                        () -> Onnx.read(new Models()
                                .opset(5)
                                .input("x", ElementType.F32, 2)
                                .node("Cast", "x", "y")
                                .output("y")
                                .write(folder)))
                .getMessage();
        assertTrue(refused.contains("operators of opset 5") && refused.contains("Cast (node"), refused);
    }

    @Test
    void smallIntegersWrap() {
        for (ElementType type : List.of(ElementType.S4, ElementType.U4, ElementType.S2, ElementType.U2)) {
            Models model = new Models()
                    .opset(25)
                    .input("x", ElementType.F32, 7)
                    .node("Cast", "x", "y", Map.of("to", new Attribute.OfInt(type.number())))
                    .output("y");
            int levels = 1 << type.bits();
            boolean signed = type == ElementType.S4 || type == ElementType.S2;
            float[] x = {-9.7f, -1, -0.5f, 0, 1.9f, 7.2f, 17};
            int[] expected = new int[7];
            for (int i = 0; i < 7; i++) {
                int rest = Math.floorMod((int) x[i], levels);
                expected[i] = signed && rest >= levels / 2 ? rest - levels : rest;
            }
            Tensor y = run(model, Tensor.of(x)).get(0);
            assertEquals(signed ? DType.S8 : DType.U8, y.dtype());
            assertArrayEquals(expected, y.toIntArray(), type.toString());
        }
    }

    @Test
    void theGreatestAndTheDiagonal() {
        Models model = new Models()
                .input("x", ElementType.F32, 2, 3)
                .node("Hardmax", "x", "h", Map.of("axis", new Attribute.OfInt(0)))
                .node("EyeLike", "x", "e", Map.of("k", new Attribute.OfInt(1), "dtype", new Attribute.OfInt(7)))
                .node("Cast", "e", "f", Map.of("to", new Attribute.OfInt(1)))
                .node("Add", "h f", "y")
                .output("y");
        Tensor x = Tensor.of(new float[] {1, 5, 2, 3, 5, 1}, 2, 3);
        assertArrayEquals(new float[] {0, 2, 1, 1, 0, 1}, run(model, x).get(0).toFloatArray());
        Models old = new Models()
                .opset(12)
                .input("x", ElementType.F32, 2, 3)
                .node("Hardmax", "x", "y", Map.of("axis", new Attribute.OfInt(0)))
                .output("y");
        assertArrayEquals(new float[] {0, 1, 0, 0, 0, 0}, run(old, x).get(0).toFloatArray(), "all dimensions are one");
    }

    @Test
    void statisticsOfTheRun() {
        Models model = new Models()
                .input("x", ElementType.F32, 2, 2, 2)
                .constant("scale", Tensor.of(new float[] {1, 2}))
                .constant("bias", Tensor.of(new float[] {0, 10}))
                .constant("mean", Tensor.of(new float[] {100, 0}))
                .constant("variance", Tensor.of(new float[] {1, 2}))
                .node(
                        "BatchNormalization",
                        "x scale bias mean variance",
                        "y m v",
                        Map.of(
                                "training_mode",
                                new Attribute.OfInt(1),
                                "momentum",
                                new Attribute.OfFloat(0.75f),
                                "epsilon",
                                new Attribute.OfFloat(0)))
                .output("y")
                .output("m")
                .output("v");
        // Channels: 1 3 1 3, of mean 2 and variance 1; 0 0 4 4, of mean 2 and variance 4.
        List<Tensor> found = run(model, Tensor.of(new float[] {1, 3, 0, 0, 1, 3, 4, 4}, 2, 2, 2));
        assertClose(new double[] {-1, 1, 8, 8, -1, 1, 12, 12}, found.get(0), "y");
        assertClose(new double[] {75.5, 0.5}, found.get(1), "mean");
        assertClose(new double[] {1, 2.5}, found.get(2), "variance");
    }

    private static GraphDef branch(String operator, String constant, float value) {
        return new GraphDef(
                "branch",
                List.of(new NodeDef("", "", operator, "", List.of("x", constant), List.of(constant + "y"), Map.of())),
                List.of(),
                List.of(ValueInfo.of(constant + "y", ElementType.F32, null)),
                List.of(),
                List.of(TensorDef.of(constant, Tensor.of(new float[] {value}))));
    }

    @Test
    void theBranchThatAKnownConditionTakes() {
        for (int rank = 1; rank <= 2; rank++) {
            Models model = new Models()
                    .input("x", ElementType.F32, rank == 1 ? new Object[] {"n"} : new Object[] {"n", 1})
                    .constant("two", Tensor.ofLongs(new long[] {2}))
                    .constant("a", Tensor.of(new float[] {100})) // also a name in a branch
                    .node("Shape", "x", "s")
                    .node("Shape", "s", "r")
                    .node("Equal", "r two", "c")
                    .node(
                            "If",
                            "c",
                            "y",
                            Map.of(
                                    "then_branch",
                                    new Attribute.OfGraph(branch("Add", "a", 5)),
                                    "else_branch",
                                    new Attribute.OfGraph(branch("Mul", "b", 3))))
                    .output("y");
            long[] dims = rank == 1 ? new long[] {2} : new long[] {2, 1};
            assertArrayEquals(
                    rank == 1 ? new float[] {3, 6} : new float[] {6, 7},
                    run(model, Tensor.of(new float[] {1, 2}, dims)).get(0).toFloatArray());
        }
        String open = assertThrows(
                        UnsupportedException.class,
                        () -> Onnx.read(new Models()
                                .input("x", ElementType.F32, "n")
                                .input("c", ElementType.BOOL, 1)
                                .node(
                                        "If",
                                        "c",
                                        "y",
                                        Map.of(
                                                "then_branch",
                                                new Attribute.OfGraph(branch("Add", "a", 5)),
                                                "else_branch",
                                                new Attribute.OfGraph(branch("Mul", "b", 3))))
                                .output("y")
                                .write(folder)))
                .getMessage();
        assertTrue(open.contains("\"c\" is known in a run only"), open);
    }

    @Test
    void elementsWrittenOverOthers() {
        Tensor x = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 3, 2);
        Models rows = new Models()
                .input("x", ElementType.F32, 3, 2)
                .input("u", ElementType.F32, 2, 2)
                .constant("at", Tensor.ofLongs(new long[] {-1, 0}, 2, 1))
                .node("ScatterND", "x at u", "y")
                .output("y");
        assertArrayEquals(
                new float[] {30, 40, 3, 4, 10, 20},
                run(rows, x, Tensor.of(new float[] {10, 20, 30, 40}, 2, 2))
                        .get(0)
                        .toFloatArray());
        Models elements = new Models()
                .input("x", ElementType.F32, 3, 2)
                .input("u", ElementType.F32, 2, 1)
                .constant("at", Tensor.ofLongs(new long[] {1, -2}, 2, 1))
                .node("ScatterElements", "x at u", "y", Map.of("axis", new Attribute.OfInt(1)))
                .output("y");
        assertArrayEquals(
                new float[] {1, 10, 20, 4, 5, 6},
                run(elements, x, Tensor.of(new float[] {10, 20}, 2, 1)).get(0).toFloatArray());
        assertThrows(
                CorruptDataException.class,
                () -> Onnx.read(new Models()
                        .input("x", ElementType.F32, 3, 2)
                        .constant("u", Tensor.of(new float[] {1, 2}, 1, 2))
                        .constant("at", Tensor.ofLongs(new long[] {3}, 1, 1))
                        .node("ScatterND", "x at u", "y")
                        .output("y")
                        .write(folder)),
                "an index outside");
    }

    /** Sums over all places of the letters, which are a to e, of these sizes. */
    private static double[] einsum(String equation, long[] result, List<Tensor> operands) {
        int[] sizes = {2, 3, 4, 1, 5};
        String[] letters = equation.split("->|,");
        double[] sums = new double[(int) Shape.of(result).elements()];
        int[] at = new int[5];
        for (int i = 0; i < 120; i++) {
            int rest = i;
            for (int letter = 4; letter >= 0; letter--) {
                at[letter] = rest % sizes[letter];
                rest /= sizes[letter];
            }
            double product = 1;
            boolean first = true; // of all places that differ in letters that do not occur
            for (int letter = 0; letter < 5; letter++) {
                first &= equation.indexOf('a' + letter) >= 0 || at[letter] == 0;
            }
            for (int o = 0; o < operands.size(); o++) {
                product *= operands.get(o).toFloatArray()[place(letters[o], sizes, at)];
            }
            sums[place(letters.length > operands.size() ? letters[operands.size()] : "", sizes, at)] +=
                    first ? product : 0;
        }
        return sums;
    }

    private static int place(String letters, int[] sizes, int[] at) {
        int place = 0;
        for (char letter : letters.toCharArray()) {
            place = place * sizes[letter - 'a'] + at[letter - 'a'];
        }
        return place;
    }

    @Test
    void sumsOfProductsByLetters() {
        int[] sizes = {2, 3, 4, 1, 5};
        for (String equation : List.of(
                "abc,acb->ab",
                "abc,ce->abe",
                "bac,eac->abe",
                "ab,ce->ecba",
                "abc->cb",
                "abc,abc->",
                "abce,ae,be->ca",
                "a,a->a",
                "abe,abce->abc")) {
            String[] letters = equation.split("->|,");
            int count = equation.endsWith("->") ? letters.length : letters.length - 1;
            Models model = new Models().opset(12);
            List<Tensor> operands = new java.util.ArrayList<>();
            StringBuilder names = new StringBuilder();
            for (int i = 0; i < count; i++) {
                long[] dims = letters[i].chars().mapToLong(c -> sizes[c - 'a']).toArray();
                operands.add(floats(dims));
                Object[] named = letters[i]
                        .chars()
                        .mapToObj(c -> c == 'a' ? (Object) "batch" : (Object) sizes[c - 'a'])
                        .toArray();
                model.input("x" + i, ElementType.F32, named);
                names.append(i == 0 ? "" : " ").append("x").append(i);
            }
            long[] result = count == letters.length
                    ? new long[0]
                    : letters[count].chars().mapToLong(c -> sizes[c - 'a']).toArray();
            model.node("Einsum", names.toString(), "y", Map.of("equation", new Attribute.OfString(equation)))
                    .output("y");
            Tensor y = run(model, operands.toArray(Tensor[]::new)).get(0);
            assertArrayEquals(result, y.shape().dims(), equation);
            assertClose(einsum(equation, result, operands), y, equation);
        }
        Tensor a = floats(2, 3, 4);
        Tensor b = floats(4, 5);
        Models dots = new Models()
                .opset(12)
                .input("a", ElementType.F32, 2, 3, 4)
                .input("b", ElementType.F32, 4, 5)
                .node("Einsum", "a b", "y", Map.of("equation", new Attribute.OfString("...c, c e")))
                .output("y");
        assertClose(
                einsum("abc,ce->abe", new long[] {2, 3, 5}, List.of(a, b)),
                run(dots, a, b).get(0),
                "ellipsis");
    }

    @Test
    void hugeSizesAreRefused() {
        int huge = 1 << 30;
        List<Models> models = List.of(
                new Models()
                        .opset(19)
                        .input("x", ElementType.F32, 1, 1, 4, 4)
                        .node(
                                "AveragePool",
                                "x",
                                "y",
                                Map.of(
                                        "kernel_shape",
                                        ints(3, 3),
                                        "dilations",
                                        ints(2, 2),
                                        "pads",
                                        ints(huge, huge, huge / 2, huge / 2))),
                new Models()
                        .input("x", ElementType.F32, 1, 1, 4, 4)
                        .node(
                                "LpPool",
                                "x",
                                "y",
                                Map.of("kernel_shape", ints(huge, huge), "pads", ints(huge, huge, 0, 0))),
                new Models()
                        .input("x", ElementType.F32, 1, 1, huge, huge)
                        .node("MaxPool", "x", "y at", Map.of("kernel_shape", ints(2, 2))),
                new Models().input("x", ElementType.F32, huge, huge).node("EyeLike", "x", "y"),
                new Models()
                        .input("x", ElementType.F32, 1, 1, huge, 4, 4)
                        .constant("w", Tensor.of(new float[1], 1, 1, 1, 1, 1))
                        .node("Conv", "x w", "y"),
                new Models()
                        .input("x", ElementType.F32, huge, 2)
                        .constant("u", Tensor.of(new float[1], 1, 1))
                        .constant("at", Tensor.ofLongs(new long[1], 1, 1))
                        .node("ScatterElements", "x at u", "y"));
        for (int i = 0; i < models.size(); i++) {
            Path file = models.get(i).output("y").write(folder);
            assertThrows(OctavoException.class, () -> Onnx.read(file), "model " + i);
        }
    }

    @Test
    void axesInAnyOrder() {
        Tensor x = floats(1, 1, 4, 5);
        Models[] both = new Models[2];
        for (int i = 0; i < 2; i++) {
            both[i] = new Models()
                    .opset(19)
                    .input("x", ElementType.F32, 1, 1, 4, 5)
                    .constant("r", Tensor.of(i == 0 ? new float[] {0, 0.1f, 0.9f, 1} : new float[] {0.1f, 0, 1, 0.9f}))
                    .constant("s", Tensor.ofLongs(i == 0 ? new long[] {3, 8} : new long[] {8, 3}))
                    .node(
                            "Resize",
                            "x r - s",
                            "y",
                            Map.of(
                                    "axes",
                                    i == 0 ? ints(2, 3) : ints(-1, 2),
                                    "mode",
                                    new Attribute.OfString("linear"),
                                    "coordinate_transformation_mode",
                                    new Attribute.OfString("tf_crop_and_resize")))
                    .output("y");
        }
        Tensor ordered = run(both[0], x).get(0);
        assertArrayEquals(new long[] {1, 1, 3, 8}, ordered.shape().dims());
        assertArrayEquals(ordered.toFloatArray(), run(both[1], x).get(0).toFloatArray());
    }

    @Test
    void attentionOfGroupsWithAPast() {
        int n = 2;
        int heads = 4;
        int groups = 2;
        int rows = 3;
        int past = 2;
        int keys = rows + past;
        int size = 5;
        Tensor q = floats(n, rows, heads * size);
        Tensor k = floats(n, rows, groups * size);
        Tensor v = floats(n, rows, groups * size);
        Tensor pastK = floats(n, groups, past, size);
        Tensor pastV = floats(n, groups, past, size);
        Tensor mask = Tensor.zeros(DType.BOOL, rows, keys);
        for (int i = 0; i < rows * keys; i++) {
            mask.bytes().put(i, (byte) (i / keys == 1 ? 0 : i % 4 == 3 ? 0 : 1));
        }
        Models model = new Models()
                .opset(23)
                .input("q", ElementType.F32, "n", rows, heads * size)
                .input("k", ElementType.F32, "n", rows, groups * size)
                .input("v", ElementType.F32, "n", rows, groups * size)
                .input("m", ElementType.BOOL, rows, keys)
                .input("pk", ElementType.F32, "n", groups, past, size)
                .input("pv", ElementType.F32, "n", groups, past, size)
                .node(
                        "Attention",
                        "q k v m pk pv",
                        "y",
                        Map.of(
                                "q_num_heads",
                                new Attribute.OfInt(heads),
                                "kv_num_heads",
                                new Attribute.OfInt(groups),
                                "is_causal",
                                new Attribute.OfInt(1),
                                "softcap",
                                new Attribute.OfFloat(2)))
                .output("y");
        double[] expected = new double[n * rows * heads * size];
        for (int b = 0; b < n; b++) {
            for (int h = 0; h < heads; h++) {
                int g = h / (heads / groups);
                for (int i = 0; i < rows; i++) {
                    double[] weights = new double[keys];
                    double sum = 0;
                    for (int j = 0; j < keys; j++) {
                        double dot = 0;
                        for (int e = 0; e < size; e++) {
                            double key = j < past ? pastK.getFloat(b, g, j, e) : k.getFloat(b, j - past, g * size + e);
                            dot += q.getFloat(b, i, h * size + e) * key;
                        }
                        boolean seen = j <= i + past && mask.bytes().get(i * keys + j) != 0;
                        weights[j] = seen ? Math.exp(2 * Math.tanh(dot / Math.sqrt(size) / 2)) : 0;
                        sum += weights[j];
                    }
                    for (int j = 0; j < keys; j++) {
                        for (int e = 0; e < size; e++) {
                            double value =
                                    j < past ? pastV.getFloat(b, g, j, e) : v.getFloat(b, j - past, g * size + e);
                            expected[((b * rows + i) * heads + h) * size + e] +=
                                    sum == 0 ? 0 : weights[j] / sum * value;
                        }
                    }
                }
            }
        }
        assertClose(expected, run(model, q, k, v, mask, pastK, pastV).get(0), "attention");
    }
}

package io.octavo.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.InvalidValueException;
import io.octavo.UnsupportedException;
import io.octavo.graph.Movement.Resize;
import io.octavo.graph.Pointwise.Binary;
import io.octavo.graph.Pointwise.Unary;
import io.octavo.graph.Pointwise.Unary.Function;
import io.octavo.graph.Reduction.Reduce;
import io.octavo.scheme.AffineParams;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** What the operators compute, against numbers worked out by hand or taken from tables of functions. */
class ReferenceTest {
    private static Tensor f(float... values) {
        return Tensor.of(values);
    }

    private static Tensor l(long... values) {
        return Tensor.ofLongs(values);
    }

    private static Tensor scalar(long value) {
        return Tensor.ofLongs(new long[] {value}).reshape();
    }

    /** 1, 2, 3, .. in that shape. */
    private static Tensor count(long... dims) {
        int n = (int) Shape.of(dims).elements();
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = i + 1;
        }
        return Tensor.of(values, dims);
    }

    private static List<Tensor> all(int outputs, Op op, Tensor... inputs) {
        List<Value> values = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (int i = 0; i < inputs.length; i++) {
            names.add(inputs[i] == null ? "" : "in" + i);
            values.add(
                    inputs[i] == null
                            ? null
                            : new Value("in" + i, inputs[i].dtype(), inputs[i].shape(), null, inputs[i]));
        }
        Node node = new Node(
                "node",
                op,
                names,
                IntStream.range(0, outputs).mapToObj(i -> "y" + i).toList());
        return Reference.evaluate(node, values, Inference.outputs(node, values, Map.of(), null));
    }

    private static Tensor of(Op op, Tensor... inputs) {
        return all(1, op, inputs).get(0);
    }

    private static void gives(Tensor expected, Tensor found) {
        assertEquals(expected.toString(), found.toString());
        assertEquals(text(expected), text(found));
    }

    private static String text(Tensor tensor) {
        return switch (tensor.dtype()) {
            case F32 -> Arrays.toString(tensor.toFloatArray());
            case S64 -> Arrays.toString(tensor.toLongArray());
            case BOOL -> Arrays.toString(tensor.toBooleanArray());
            default -> Arrays.toString(tensor.toIntArray());
        };
    }

    private static float unary(Function function, double alpha, double beta, double x) {
        return of(new Unary(function, (float) alpha, (float) beta), f((float) x))
                .toFloatArray()[0];
    }

    @Test
    void functionsOfOneNumber() {
        // Values of the functions to nine digits.
        assertEquals(0.842700793f, unary(Function.ERF, 0, 0, 1), 1e-7f);
        assertEquals(-0.995322265f, unary(Function.ERF, 0, 0, -2), 1e-7f);
        assertEquals(0.112462916f, unary(Function.ERF, 0, 0, 0.1), 1e-8f);
        assertEquals(1f, unary(Function.ERF, 0, 0, 100));
        assertEquals(0.841344746f, unary(Function.GELU, 0, 0, 1), 1e-7f);
        assertEquals(-0.0040496940f, unary(Function.GELU, 0, 0, -3), 1e-9f);
        assertEquals(-1.101668e-14f, unary(Function.GELU, 0, 0, -7.9), 1e-18f);
        assertEquals(0.841191991f, unary(Function.GELU_TANH, 0, 0, 1), 1e-7f);
        assertEquals(0.881373587f, unary(Function.ASINH, 0, 0, 1), 1e-7f);
        assertEquals(-0.881373587f, unary(Function.ASINH, 0, 0, -1), 1e-7f);
        assertEquals(1.316957897f, unary(Function.ACOSH, 0, 0, 2), 1e-7f);
        assertEquals(0.549306144f, unary(Function.ATANH, 0, 0, 0.5), 1e-7f);
        assertEquals(0.731058579f, unary(Function.SIGMOID, 0, 0, 1), 1e-7f);
        assertEquals(0.731058579f, unary(Function.SWISH, 1, 0, 1), 1e-7f);
        assertEquals(0.865098388f, unary(Function.MISH, 0, 0, 1), 1e-7f);
        assertEquals(1.313261688f, unary(Function.SOFTPLUS, 0, 0, 1), 2e-7f);
        assertEquals(1000f, unary(Function.SOFTPLUS, 0, 0, 1000));
        assertEquals(-0.632120559f, unary(Function.ELU, 1, 0, -1), 1e-7f);
        assertEquals(-1.264241118f, unary(Function.SELU, 1, 2, -1), 1e-7f);
        assertEquals(-0.786938681f, unary(Function.CELU, 2, 0, -1), 1e-7f);
        assertEquals(0.7f, unary(Function.HARD_SIGMOID, 0.2, 0.5, 1), 1e-7f);
        assertEquals(0.666666667f, unary(Function.HARD_SWISH, 0, 0, 1), 1e-7f);
        assertEquals(-0.1f, unary(Function.LEAKY_RELU, 0.1, 0, -1), 1e-8f);
        assertEquals(0f, unary(Function.THRESHOLDED_RELU, 1, 0, 1));
        assertEquals(-0.5f, unary(Function.SOFTSIGN, 0, 0, -1));
        assertEquals(-1.5f, unary(Function.SHRINK, 1, 0.5, -2));
        assertEquals(0f, unary(Function.SHRINK, 1, 0.5, 1));
        gives(f(-2, 0, 2, 2), of(new Unary(Function.ROUND), f(-2.5f, 0.5f, 1.5f, 2.4f)));
        gives(
                Tensor.ofInts(new int[] {Integer.MIN_VALUE, -3}),
                of(new Unary(Function.NEG), ints(Integer.MIN_VALUE, 3)));
        gives(l(-1, 0, 1), of(new Unary(Function.SIGN), l(-9, 0, 4)));
        gives(booleans(false, true), of(new Unary(Function.NOT), booleans(true, false)));
        Tensor odd = f(Float.NaN, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY, 1);
        gives(booleans(true, false, false, false), of(new Unary(Function.IS_NAN), odd));
        gives(booleans(false, true, false, false), of(new Unary(Function.IS_INF, 1, 0), odd));
        gives(booleans(false, true, true, false), of(new Unary(Function.IS_INF, 1, 1), odd));
    }

    private static Tensor ints(int... values) {
        return Tensor.ofInts(values);
    }

    private static Tensor booleans(boolean... values) {
        return Tensor.ofBooleans(values);
    }

    private static Tensor binary(Binary.Function function, Tensor a, Tensor b) {
        return of(new Binary(function), a, b);
    }

    @Test
    void functionsOfTwoNumbersAreBroadcastAndIntegersWrap() {
        Tensor a = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
        gives(Tensor.of(new float[] {11, 22, 33, 14, 25, 36}, 2, 3), binary(Binary.Function.ADD, a, f(10, 20, 30)));
        gives(
                Tensor.of(new float[] {9, 8, 7, 16, 15, 14}, 2, 3),
                binary(Binary.Function.SUB, Tensor.of(new float[] {10, 20}, 2, 1), a));
        gives(
                ints(Integer.MIN_VALUE, -2, 0),
                binary(Binary.Function.ADD, ints(Integer.MAX_VALUE, 1, 5), ints(1, -3, -5)));
        gives(u8(4, 250), binary(Binary.Function.SUB, u8(9, 3), u8(5, 9)));
        gives(l(-3, 3, 0), binary(Binary.Function.DIV, l(-7, 7, 7), l(2, 2, 0)));
        gives(l(1, -1, 1, -1, 0), binary(Binary.Function.MOD, l(7, 7, -7, -7, 7), l(2, -2, 2, -2, 0)));
        gives(l(1, 1, -1, -1, 0), binary(Binary.Function.FMOD, l(7, 7, -7, -7, 7), l(2, -2, 2, -2, 0)));
        gives(f(1.5f, -0.5f), binary(Binary.Function.MOD, f(-4.5f, 3.5f), f(2, -2)));
        gives(f(-0.5f, 1.5f), binary(Binary.Function.FMOD, f(-4.5f, 3.5f), f(2, -2)));
        gives(l(8, 1, 0, -1), binary(Binary.Function.POW, l(2, 7, 2, -1), l(3, 0, -1, -3)));
        gives(f(8, 0.5f), binary(Binary.Function.POW, f(2, 2), f(3, -1)));
        gives(f(Float.NaN, 1), binary(Binary.Function.MAX, f(Float.NaN, 1), f(0, -1)));
        gives(f(Float.NaN, -1), binary(Binary.Function.MIN, f(1, 1), f(Float.NaN, -1)));
        gives(f(-0.5f, 2), binary(Binary.Function.PRELU, f(-1, 2), f(0.5f)));
        gives(booleans(false, true), binary(Binary.Function.XOR, booleans(true, false), booleans(true)));
        gives(f(0x1p24f + 2), binary(Binary.Function.ADD, f(0x1p24f), f(1.5f)));
        gives(
                booleans(false, true, false),
                of(new Pointwise.Compare(Pointwise.Compare.Relation.LESS_OR_EQUAL), f(2, 1, Float.NaN), f(1, 1, 1)));
        gives(
                booleans(true, false),
                of(
                        new Pointwise.Compare(Pointwise.Compare.Relation.GREATER),
                        l(Long.MAX_VALUE, 1),
                        l(Long.MAX_VALUE - 1, 1)));
        gives(
                Tensor.of(new float[] {1, 20, 1, 20}, 2, 2),
                of(new Pointwise.Where(), booleans(true, false), f(1), Tensor.of(new float[] {10, 20, 10, 20}, 2, 2)));
    }

    private static Tensor u8(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return Tensor.ofBytes(DType.U8, bytes);
    }

    @Test
    void castsGoTowardsZeroAndWrap() {
        gives(ints(-1, 2, Integer.MIN_VALUE), of(new Pointwise.Cast(DType.S32), f(-1.9f, 2.9f, 0x1p31f)));
        gives(l(Long.MIN_VALUE, Long.MIN_VALUE), of(new Pointwise.Cast(DType.S64), f(Float.NaN, 1e30f)));
        gives(u8(255, 1, 44), of(new Pointwise.Cast(DType.U8), l(-1, 257, 300)));
        gives(booleans(true, false, true), of(new Pointwise.Cast(DType.BOOL), f(0.1f, 0, Float.NaN)));
        gives(f(1, 0), of(new Pointwise.Cast(DType.F32), booleans(true, false)));
        // Above the middle of two floats; rounded to double first it would be the middle, and go to the even one below.
        gives(f(0x1p60f + 0x1p37f), of(new Pointwise.Cast(DType.F32), l((1L << 60) + (1L << 36) + 1)));
    }

    private static Tensor reduce(Reduce.Kind kind, boolean keep, Tensor x, Integer... axes) {
        return of(new Reduce(kind, List.of(axes), keep), x);
    }

    @Test
    void reductions() {
        Tensor x = count(2, 3); // 1 2 3 / 4 5 6
        gives(f(6, 15), reduce(Reduce.Kind.SUM, false, x, 1));
        gives(Tensor.of(new float[] {2.5f, 3.5f, 4.5f}, 1, 3), reduce(Reduce.Kind.MEAN, true, x, 0));
        gives(Tensor.of(new float[] {720}).reshape(), reduce(Reduce.Kind.PROD, false, x, 0, 1));
        gives(f(14, 77), reduce(Reduce.Kind.SUM_SQUARE, false, x, 1));
        gives(f(5, 1), reduce(Reduce.Kind.L2, false, Tensor.of(new float[] {3, -4, 0, 1}, 2, 2), 1));
        gives(f(7, 1), reduce(Reduce.Kind.L1, false, Tensor.of(new float[] {3, -4, 0, 1}, 2, 2), 1));
        gives(f((float) Math.log(6)), reduce(Reduce.Kind.LOG_SUM, true, f(1, 2, 3), 0));
        gives(f((float) (1000 + Math.log(2))), reduce(Reduce.Kind.LOG_SUM_EXP, true, f(1000, 1000), 0));
        gives(f(Float.NaN), reduce(Reduce.Kind.MAX, true, f(1, Float.NaN), 0));
        gives(f(-2), reduce(Reduce.Kind.MIN, true, f(1, -2), 0));
        gives(l(-2), reduce(Reduce.Kind.MEAN, true, l(-4, -1), 0));
        gives(u8(4), reduce(Reduce.Kind.SUM, true, u8(250, 10), 0));
        gives(
                Tensor.of(new float[] {12, 14, 16, 18, 44, 46, 48, 50}, 2, 4),
                of(
                        new Reduce(Reduce.Kind.SUM, List.of(1), false),
                        Tensor.of(new float[] {1, 2, 3, 4, 11, 12, 13, 14, 17, 18, 19, 20, 27, 28, 29, 30}, 2, 2, 4)));
    }

    @Test
    void alongOneAxis() {
        Tensor x = Tensor.of(new float[] {3, 1, 3, 0, 5, 5}, 2, 3);
        gives(l(0, 1), of(new Reduction.ArgReduce(true, 1, false, false), x));
        gives(l(2, 2), of(new Reduction.ArgReduce(true, 1, false, true), x));
        gives(Tensor.ofLongs(new long[] {1, 0, 0}, 1, 3), of(new Reduction.ArgReduce(false, 0, true, false), x));
        List<Tensor> top = all(2, new Reduction.TopK(1, true), x, l(2));
        gives(Tensor.of(new float[] {3, 3, 5, 5}, 2, 2), top.get(0));
        gives(Tensor.ofLongs(new long[] {0, 2, 1, 2}, 2, 2), top.get(1));
        gives(
                Tensor.ofLongs(new long[] {1, 0, 0, 1}, 2, 2),
                all(2, new Reduction.TopK(0, false), Tensor.ofLongs(new long[] {7, 1, 2, 3}, 2, 2), l(2))
                        .get(1));
        gives(l(1, 3, 6), of(new Reduction.CumSum(0, false, false), l(1, 2, 3)));
        gives(f(5, 3, 0), of(new Reduction.CumSum(0, true, true), f(1, 2, 3)));
        float[] soft = of(new Reduction.SoftmaxAlong(0, false), Tensor.of(new float[] {1, 1000, 2, 1000}, 2, 2))
                .toFloatArray();
        assertArrayEquals(new float[] {0.26894143f, 0.5f, 0.7310586f, 0.5f}, soft, 1e-7f);
        float[] log = of(new Reduction.SoftmaxAlong(1, true), Tensor.of(new float[] {0, 200}, 1, 2))
                .toFloatArray();
        assertArrayEquals(new float[] {-200, 0}, log);
    }

    @Test
    void normalizations() {
        Tensor x = Tensor.of(new float[] {1, 3, -2, 2}, 2, 2);
        List<Tensor> layer = all(3, new Normalization.LayerNorm(1, 0, false), x, f(2, 1), f(0, 10));
        gives(Tensor.of(new float[] {-2, 11, -2, 11}, 2, 2), layer.get(0));
        gives(Tensor.of(new float[] {2, 0}, 2, 1), layer.get(1));
        gives(Tensor.of(new float[] {1, 0.5f}, 2, 1), layer.get(2));
        // The mean of 9 and 16 is 12.5.
        gives(
                f((float) (3 / Math.sqrt(12.5)), (float) (4 / Math.sqrt(12.5))),
                of(new Normalization.LayerNorm(0, 0, true), f(3, 4)));
        Tensor channels = Tensor.of(new float[] {1, 3, 5, 7, 10, 10}, 1, 3, 2);
        gives(
                Tensor.of(new float[] {-1, 1, -2, 2, 5, 5}, 1, 3, 2),
                of(new Normalization.GroupNorm(0, 1e-30f), channels, f(1, 2, 3), f(0, 0, 5)));
        gives(
                Tensor.of(new float[] {1 / 5f, 2 / 14f, 3 / 13f}, 1, 3),
                of(new Normalization.LocalResponse(3, 3, 1, 0), Tensor.of(new float[] {1, 2, 3}, 1, 3)));
        gives(
                Tensor.of(new float[] {1 / 5f, 2 / 13f, 3 / 9f}, 1, 3),
                of(new Normalization.LocalResponse(2, 2, 1, 0), Tensor.of(new float[] {1, 2, 3}, 1, 3)));
    }

    @Test
    void products() {
        Tensor a = count(2, 2); // 1 2 / 3 4
        gives(Tensor.of(new float[] {7, 10, 15, 22}, 2, 2), of(new Op.MatMul(), a, a));
        Tensor both = Tensor.of(new float[] {1, 0, 0, 1, 0, 1, 1, 0}, 2, 2, 2);
        gives(Tensor.of(new float[] {1, 2, 3, 4, 2, 1, 4, 3}, 2, 2, 2), of(new Op.MatMul(), a, both));
        gives(
                Tensor.of(new float[] {3, 7, 3, 7}, 2, 2, 1),
                of(
                        new Op.MatMul(),
                        Tensor.of(new float[] {1, 2, 3, 4, 1, 2, 3, 4}, 2, 2, 2),
                        Tensor.of(new float[] {1, 1}, 1, 2, 1)));
    }

    @Test
    void movements() {
        Tensor x = count(2, 3);
        gives(Tensor.of(new float[] {1, 4, 2, 5, 3, 6}, 3, 2), of(new Movement.Transpose(List.of(1, 0)), x));
        gives(Tensor.of(new float[] {3, 1, 6, 4}, 2, 2), of(new Movement.Slice(), x, l(-1), l(-100), l(1), l(-2)));
        gives(Tensor.of(new float[] {4, 5, 6}, 1, 3), of(new Movement.Slice(), x, l(1), l(Long.MAX_VALUE)));
        gives(
                Tensor.of(new float[] {1, 2, 3, 9, 4, 5, 6, 8}, 2, 4),
                of(new Movement.Concat(1), x, Tensor.of(new float[] {9, 8}, 2, 1)));
        List<Tensor> parts = all(2, new Movement.Split(1), x);
        gives(Tensor.of(new float[] {1, 2, 4, 5}, 2, 2), parts.get(0));
        gives(Tensor.of(new float[] {3, 6}, 2, 1), parts.get(1));
        gives(
                Tensor.of(new float[] {1, 1, 2, 2}, 2, 2),
                of(new Movement.Expand(), Tensor.of(new float[] {1, 2}, 2, 1), l(1, 2)));
        gives(l(1, 2, 1, 2), of(new Movement.Tile(), l(1, 2), l(2)));
        gives(Tensor.of(new float[] {1, 2, 3, 0, 5, 6}, 2, 3), of(new Movement.Trilu(true), x));
        gives(Tensor.of(new float[] {0, 0, 0, 4, 0, 0}, 2, 3), of(new Movement.Trilu(false), x, scalar(-1)));
        gives(x.reshape(3, 2), of(new Movement.Reshape(null, false), x, l(-1, 2)));
        gives(
                Tensor.ofLongs(new long[] {5, 6, 5, 5, 6, 5}, 3, 2),
                of(new Movement.OneHot(1), l(1, 7, -2), scalar(2), l(5, 6)));
        gives(Tensor.ofLongs(new long[] {5, 5, 6, 5}, 2, 2), of(new Movement.OneHot(0), l(1, 2), scalar(2), l(5, 6)));
    }

    private static Tensor padded(Movement.Pad.Mode mode, Tensor x, long... pads) {
        return of(new Movement.Pad(mode), x, l(pads));
    }

    @Test
    void padding() {
        gives(f(0, 0, 1, 2, 3, 0), padded(Movement.Pad.Mode.CONSTANT, f(1, 2, 3), 2, 1));
        gives(f(3, 2, 1, 2, 3, 2), padded(Movement.Pad.Mode.REFLECT, f(1, 2, 3), 2, 1));
        gives(f(1, 1, 1, 2, 3, 3), padded(Movement.Pad.Mode.EDGE, f(1, 2, 3), 2, 1));
        gives(f(2, 3, 1, 2, 3, 1), padded(Movement.Pad.Mode.WRAP, f(1, 2, 3), 2, 1));
        gives(f(2, 3, 0), padded(Movement.Pad.Mode.CONSTANT, f(1, 2, 3), -1, 1));
        gives(
                Tensor.ofLongs(new long[] {7, 1, 7, 2}, 2, 2),
                of(
                        new Movement.Pad(Movement.Pad.Mode.CONSTANT),
                        Tensor.ofLongs(new long[] {1, 2}, 2, 1),
                        l(1, 0),
                        scalar(7),
                        l(-1)));
    }

    @Test
    void gathering() {
        Tensor x = count(3, 2); // 1 2 / 3 4 / 5 6
        gives(Tensor.of(new float[] {5, 6, 1, 2}, 2, 2), of(new Movement.Gather(0), x, l(-1, 0)));
        gives(f(2, 4, 6), of(new Movement.Gather(1), x, scalar(1)));
        gives(
                Tensor.of(new float[] {2, 1, 3, 3}, 2, 2),
                of(
                        new Movement.Gather(Movement.Gather.Kind.ELEMENTS, 1, 0),
                        x,
                        Tensor.ofLongs(new long[] {1, 0, 0, -2}, 2, 2)));
        gives(
                f(6, 1),
                of(
                        new Movement.Gather(Movement.Gather.Kind.TUPLES, 0, 0),
                        x,
                        Tensor.ofLongs(new long[] {2, 1, 0, 0}, 2, 2)));
        gives(
                Tensor.of(new float[] {3, 4, 9, 10}, 2, 2),
                of(
                        new Movement.Gather(Movement.Gather.Kind.TUPLES, 0, 1),
                        count(2, 3, 2),
                        Tensor.ofLongs(new long[] {1, 1}, 2, 1)));
        String message = assertThrows(InvalidValueException.class, () -> of(new Movement.Gather(0), x, l(0, 3)))
                .getMessage();
        assertTrue(message.contains("index 3") && message.contains("-3..2"), message);
    }

    @Test
    void blocksOfPixels() {
        Tensor image = count(1, 1, 2, 4); // 1 2 3 4 / 5 6 7 8
        Tensor deep = of(new Movement.SpaceToDepth(2), image);
        gives(Tensor.of(new float[] {1, 3, 2, 4, 5, 7, 6, 8}, 1, 4, 1, 2), deep);
        gives(image, of(new Movement.DepthToSpace(2, false), deep));
        Tensor two = count(1, 8, 1, 1);
        gives(
                Tensor.of(new float[] {1, 3, 5, 7, 2, 4, 6, 8}, 1, 2, 2, 2),
                of(new Movement.DepthToSpace(2, false), two));
        gives(Tensor.of(new float[] {1, 2, 3, 4, 5, 6, 7, 8}, 1, 2, 2, 2), of(new Movement.DepthToSpace(2, true), two));
    }

    private static Resize resize(Resize.Interpolation how, Resize.Coordinates where, Resize.Nearest nearest) {
        return new Resize(how, where, nearest, List.of(), -0.75f, false, 9, Resize.Policy.STRETCH, false);
    }

    private static Tensor resized(Resize op, Tensor x, float... scales) {
        return of(op, x, null, f(scales), null);
    }

    @Test
    void resizing() {
        Resize nearest = resize(Resize.Interpolation.NEAREST, Resize.Coordinates.ASYMMETRIC, Resize.Nearest.FLOOR);
        gives(l(1, 1, 1, 2, 2), resized(nearest, l(1, 2), 2.5f));
        Resize half =
                resize(Resize.Interpolation.LINEAR, Resize.Coordinates.HALF_PIXEL, Resize.Nearest.ROUND_PREFER_FLOOR);
        gives(f(1, 1.25f, 1.75f, 2), resized(half, f(1, 2), 2));
        gives(
                Tensor.of(
                        new float[] {
                            1, 1.25f, 1.75f, 2, 1.5f, 1.75f, 2.25f, 2.5f, 2.5f, 2.75f, 3.25f, 3.5f, 3, 3.25f, 3.75f, 4
                        },
                        4,
                        4),
                resized(half, count(2, 2), 2, 2));
        Resize corners = resize(
                Resize.Interpolation.LINEAR, Resize.Coordinates.ALIGN_CORNERS, Resize.Nearest.ROUND_PREFER_FLOOR);
        float[] third = resized(corners, f(1, 2), 2).toFloatArray();
        assertArrayEquals(new float[] {1, 4 / 3f, 5 / 3f, 2}, third, 1e-6f);
        // Keys' cubic with a = -3/4 at distances 1.25, 0.25, 0.75, 1.75, the outer elements clamped.
        Resize cubic =
                resize(Resize.Interpolation.CUBIC, Resize.Coordinates.HALF_PIXEL, Resize.Nearest.ROUND_PREFER_FLOOR);
        float[] smooth = resized(cubic, f(0, 0, 1, 0), 2).toFloatArray();
        assertEquals(-0.10546875f, smooth[2], 1e-7f);
        assertEquals(0.26171875f, smooth[3], 1e-7f);
        assertEquals(0.87890625f, smooth[4], 1e-7f);
        Resize crop = resize(
                Resize.Interpolation.LINEAR, Resize.Coordinates.TF_CROP_AND_RESIZE, Resize.Nearest.ROUND_PREFER_FLOOR);
        gives(f(2, 3, 9), of(crop, f(1, 2, 3), f(0.5f, 1.5f), null, l(3)));
        Resize wide = new Resize(
                Resize.Interpolation.LINEAR,
                Resize.Coordinates.HALF_PIXEL,
                Resize.Nearest.FLOOR,
                List.of(),
                0,
                true,
                0,
                Resize.Policy.STRETCH,
                true);
        // A triangle of width 4 about 0.5: 3/8, 3/8, 1/8 and outside 1/8, made up for.
        float[] smaller = of(wide, f(0, 0, 7, 0), null, null, l(2)).toFloatArray();
        assertArrayEquals(new float[] {1, 3}, smaller, 1e-6f);
        Resize policy = new Resize(
                Resize.Interpolation.NEAREST,
                Resize.Coordinates.ASYMMETRIC,
                Resize.Nearest.FLOOR,
                List.of(0, 1),
                0,
                false,
                0,
                Resize.Policy.NOT_LARGER,
                false);
        assertEquals(
                Shape.of(2, 4), of(policy, count(4, 8), null, null, l(3, 4)).shape());
        Value codes = new Value("x", DType.U8, Shape.of(2), AffineParams.perTensor(DType.U8, 8, 0.5f, 3), u8(10, 13));
        Node node = new Node("node", half, List.of("x", "", "scales"), List.of("y"));
        List<Value> read =
                new ArrayList<>(Arrays.asList(codes, null, new Value("scales", DType.F32, Shape.of(1), null, f(2))));
        gives(
                u8(10, 11, 12, 13),
                Reference.evaluate(node, read, Inference.outputs(node, read, Map.of(), null))
                        .get(0));
    }

    @Test
    void shapes() {
        gives(l(3, 4), of(new Shapes.ShapeOf(1, 3), count(2, 3, 4)));
        gives(scalar(24), of(new Shapes.SizeOf(), count(2, 3, 4)));
        gives(l(5, 3, 1), of(new Shapes.Range(), scalar(5), scalar(0), scalar(-2)));
        gives(f(1, 1.5f), of(new Shapes.Range(), f(1).reshape(), f(2).reshape(), f(0.5f).reshape()));
        gives(Tensor.ofInts(new int[] {3, 3}, 1, 2), of(new Shapes.Fill(DType.S32, 3), l(1, 2)));
        gives(u8(255), of(new Shapes.Fill(DType.U8, 1e9), l(1)));
    }

    @Test
    void whatIsNotComputedHereSaysSo() {
        Tensor x = count(1, 1, 2, 2);
        String message = assertThrows(UnsupportedException.class, () -> of(new Op.MaxPool2d(Window.of(2), false), x))
                .getMessage();
        assertTrue(message.contains("node") && message.contains("MaxPool2d"), message);
        AffineParams q = AffineParams.perTensor(DType.U8, 8, 1, 0);
        List<Value> codes = List.of(new Value("x", DType.U8, Shape.of(2), q, u8(1, 2)));
        Node node = new Node("exp", new Unary(Function.EXP), List.of("x"), List.of("y"));
        assertThrows(
                UnsupportedException.class,
                () -> Reference.evaluate(node, codes, Inference.outputs(node, codes, Map.of(), q)));
    }

    @Test
    void largeTensorsAreCountedInOrder() {
        long[] numbers = LongStream.range(0, 6000).toArray();
        Tensor x = Tensor.ofLongs(numbers, 10, 20, 30);
        Tensor y = of(new Movement.Transpose(List.of(2, 0, 1)), x);
        for (int i = 0; i < 30; i += 7) {
            for (int j = 0; j < 10; j++) {
                assertEquals(x.getLong(j, 13, i), y.getLong(i, j, 13));
            }
        }
    }
}

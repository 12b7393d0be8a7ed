package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.graph.Activation;
import io.octavo.graph.Movement;
import io.octavo.graph.Op;
import io.octavo.graph.Pointwise;
import io.octavo.graph.Value;
import io.octavo.graph.Window;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Exact sums of products of codes, {@code (x - z_x)·(w - z_w)}, S32. With constant weights they come from the integer kernels, which take
 * x as it is: what its zero point adds, {@code z_x·Σ(w - z_w)}, is known beforehand where z_x is, and otherwise subtracted afterwards.
 */
final class IntegerProducts {
    private static final int EXACT = 1 << 24; // whole numbers up to it are floats
    private static final Op ADD = new Pointwise.Binary(Pointwise.Binary.Function.ADD);
    private static final Op SUBTRACT = new Pointwise.Binary(Pointwise.Binary.Function.SUB);
    private static final Op MULTIPLY = new Pointwise.Binary(Pointwise.Binary.Function.MUL);

    private final ImportNode node;

    IntegerProducts(ImportNode node) {
        this.node = node;
    }

    // ---- Matrices

    /** {@code a·b} of matrices and vectors. */
    Made matMul(Codes a, Codes b) {
        Value left = a.value();
        if (!b.isConstant()
                || b.value().shape().rank() != 2
                || left.isConstant()
                || left.shape().rank() < 2
                || !b.isByte()
                || !a.isByte()) {
            return ProductImports.multiply(node, a.differences(DType.S32), b.differences(DType.S32));
        }
        Tensor weight = Transposed.of(b.value().data());
        int outputs = (int) weight.shape().dim(0);
        int[] sums = sums(weight, b.zeroPoints(outputs));
        String w = node.constant("weight", weight(b, weight));
        if (a.isFixed() && a.isPerTensor()) {
            return new Made(new Op.Linear(), inputs(a.integers(), w, bias(null, a.zeroPoint(), sums)));
        }
        String product = node.add(new Op.Linear(), a.integers(), w);
        String added = node.add(MULTIPLY, a.broadcastZeroPoint(), node.constant("sums", Tensor.ofInts(sums, outputs)));
        return new Made(SUBTRACT, product, added);
    }

    private String[] inputs(String x, String w, Tensor bias) {
        return bias == null ? new String[] {x, w} : new String[] {x, w, node.constant("bias", bias)};
    }

    /** {@code Σ(w - z_w)} of each output. */
    private static int[] sums(Tensor weight, int[] zeroPoints) {
        int[] codes = weight.toIntArray();
        int outputs = zeroPoints.length;
        int depth = codes.length / outputs;
        int[] sums = new int[outputs];
        for (int i = 0; i < codes.length; i++) {
            sums[i / depth] += codes[i] - zeroPoints[i / depth];
        }
        return sums;
    }

    /** A bias less what the zero point of x adds; null for nothing. */
    private static Tensor bias(int[] given, int zeroPoint, int[] sums) {
        int[] bias = new int[sums.length];
        for (int i = 0; i < bias.length; i++) {
            bias[i] = (given == null ? 0 : given[i]) - zeroPoint * sums[i];
        }
        return Arrays.stream(bias).allMatch(b -> b == 0) ? null : Tensor.ofInts(bias, bias.length);
    }

    /** Weights whose scale is 1, outputs first. */
    private static QuantizedTensor weight(Codes w, Tensor codes) {
        int outputs = (int) codes.shape().dim(0);
        int[] zeroPoints = w.zeroPoints(outputs);
        boolean one = Arrays.stream(zeroPoints).distinct().count() == 1;
        float[] scales = new float[one ? 1 : outputs];
        Arrays.fill(scales, 1);
        AffineParams params = w.type()
                .params(
                        scales,
                        one ? new int[] {zeroPoints[0]} : zeroPoints,
                        one ? Granularity.perTensor() : Granularity.perChannel(0));
        return new QuantizedTensor(codes.shape(), params, codes);
    }

    // ---- Convolutions

    /** A convolution over one to three dimensions. */
    Made conv(Codes x, Codes w, int[] bias) {
        int spatial = ProductImports.spatial(node, x.value(), w.value());
        if (spatial < 3) {
            Made pictures = pictures(x, w, bias);
            return spatial == 2 ? pictures : new Made(new Movement.Reshape(ProductImports.thin()), pictures.add(node));
        }
        if (!x.isFixed() || !w.isConstant()) {
            throw node.unsupported(
                    node.def().opType() + " over three dimensions with weights or zero points that are no constants");
        }
        String codes = x.integers();
        String outside = node.scalar("zero", node.value(codes).dtype(), x.zeroPoint());
        return DeepProducts.conv(node, codes, w.integers(), outside, (pictures, weight, window) -> onKernels(
                        x, w, bias, pictures, weight, window)
                .add(node));
    }

    private String image(String value) {
        return node.value(value).shape().rank() == 4 ? value : node.reshape(value, ProductImports.flat());
    }

    private Made pictures(Codes x, Codes w, int[] bias) {
        String codes = image(x.integers());
        String weight = image(w.integers());
        Window window =
                new Windows(node, node.value(codes).shape(), node.value(weight).shape()).window();
        boolean constant = w.isConstant() && !x.value().isConstant();
        return constant && x.isByte() && w.isByte()
                ? onKernels(x, w, bias, codes, weight, window)
                : general(x, w, bias, window);
    }

    /** Of pictures and weights as they are convolved, with the zero points of x and w. */
    private Made onKernels(Codes x, Codes w, int[] bias, String pictures, String weights, Window window) {
        String codes = pictures;
        Tensor weight = node.value(weights).data();
        int groups = Math.toIntExact(node.getInt("group", 1));
        int outputs = (int) weight.shape().dim(0);
        int[] sums = sums(weight, w.zeroPoints(outputs));
        String constant = node.constant("weight", weight(w, weight));
        boolean padded = window.padTop() + window.padLeft() + window.padBottom() + window.padRight() > 0;
        if (x.isFixed()) {
            int zeroPoint = x.zeroPoint();
            Window inner = window;
            if (padded && zeroPoint != 0) {
                codes = node.add(
                        new Movement.Pad(Movement.Pad.Mode.CONSTANT),
                        codes,
                        node.longs(
                                "pads",
                                0,
                                0,
                                window.padTop(),
                                window.padLeft(),
                                0,
                                0,
                                window.padBottom(),
                                window.padRight()),
                        node.scalar("zero", node.value(codes).dtype(), zeroPoint));
                inner = unpadded(window);
            }
            Op conv = new Op.Conv2d(inner, groups, Activation.NONE);
            return new Made(conv, inputs(codes, constant, bias(bias, zeroPoint, sums)));
        }
        Op conv = new Op.Conv2d(window, groups, Activation.NONE);
        String product = node.add(conv, inputs(codes, constant, bias(bias, 0, sums)));
        String times = padded
                ? node.add(new Pointwise.Cast(DType.S32), inside(codes, weight, w.zeroPoints(outputs), window))
                : node.constant("sums", Tensor.ofInts(sums, 1, outputs, 1, 1));
        return new Made(SUBTRACT, product, node.add(MULTIPLY, times, x.broadcastZeroPoint()));
    }

    private static Window unpadded(Window w) {
        return new Window(w.kernelH(), w.kernelW(), w.strideH(), w.strideW(), 0, 0, 0, 0, w.dilationH(), w.dilationW());
    }

    /** {@code Σ(w - z_w)} over the taps that lie inside of the picture, at each place: a convolution of ones. */
    private String inside(String codes, Tensor weight, int[] zeroPoints, Window window) {
        int outputs = zeroPoints.length;
        int taps = window.kernelH() * window.kernelW();
        int[] from = weight.toIntArray();
        int depth = from.length / outputs;
        if ((long) depth * 255 > EXACT) {
            throw node.unsupported(
                    "a zero point that is no constant, of a padded convolution of " + depth + " weights an output,");
        }
        float[] sums = new float[outputs * taps];
        for (int i = 0; i < from.length; i++) {
            sums[i / depth * taps + i % taps] += from[i] - zeroPoints[i / depth];
        }
        String one = node.add(
                new Movement.Slice(), codes, node.longs("starts", 0), node.longs("ends", 1), node.longs("axes", 1));
        String none =
                node.add(MULTIPLY, node.add(new Pointwise.Cast(DType.F32), one), node.scalar("zero", DType.F32, 0));
        return node.add(
                new Op.Conv2d(window),
                node.add(ADD, none, node.scalar("one", DType.F32, 1)),
                node.constant("taps", Tensor.of(sums, outputs, 1, window.kernelH(), window.kernelW())));
    }

    /** In floats, whose sums are exact as long as they stay below 2^24: x in two parts where they would not. */
    private Made general(Codes x, Codes w, int[] bias, Window window) {
        int groups = Math.toIntExact(node.getInt("group", 1));
        String real = image(x.differences(DType.F32));
        String weight = image(w.differences(DType.F32));
        long depth = 1;
        for (int i = 1; i < 4; i++) {
            depth = Math.multiplyExact(depth, node.value(weight).shape().dim(i));
        }
        if (depth < 0 || depth * 16 * 255 > EXACT) {
            throw node.unsupported(node.def().opType() + " of two values that are no constants with "
                    + (depth < 0 ? "an unknown number of" : depth) + " weights an output");
        }
        Op conv = new Op.Conv2d(window, groups, Activation.NONE);
        Op whole = new Pointwise.Cast(DType.S32);
        Made sums;
        if (depth * 255 * 255 <= EXACT) {
            sums = new Made(whole, node.add(conv, real, weight));
        } else {
            String sixteen = node.scalar("sixteen", DType.F32, 16);
            String parts = node.add(
                    new Pointwise.Unary(Pointwise.Unary.Function.FLOOR),
                    node.add(MULTIPLY, real, node.scalar("part", DType.F32, 1 / 16.0)));
            String rest = node.add(SUBTRACT, real, node.add(MULTIPLY, parts, sixteen));
            String most = node.add(
                    MULTIPLY, node.add(whole, node.add(conv, parts, weight)), node.scalar("sixteen", DType.S32, 16));
            sums = new Made(ADD, most, node.add(whole, node.add(conv, rest, weight)));
        }
        return bias == null
                ? sums
                : new Made(ADD, sums.add(node), node.constant("bias", Tensor.ofInts(bias, 1, bias.length, 1, 1)));
    }

    // ---- What becomes of the sums

    /** The real numbers that sums stand for, by the scales of both operands, which broadcast to them. */
    Made real(String sums, String scaleA, String scaleB) {
        return new Made(MULTIPLY, node.add(new Pointwise.Cast(DType.F32), sums), node.add(MULTIPLY, scaleA, scaleB));
    }

    /** Numbers of channels, {@code [C]} or one, as they broadcast to pictures of so many dimensions. */
    String channels(String values, int spatial) {
        int rank = node.value(values).shape().rank();
        if (rank > 1) {
            throw new InvalidValueException("parameters " + node.value(values) + ", expected one dimension at most");
        }
        if (rank == 0) {
            return values;
        }
        List<Movement.Reshape.Part> parts = new ArrayList<>(ImportNode.dims(0, 1));
        for (int i = 0; i < spatial; i++) {
            parts.add(ImportNode.one());
        }
        return node.reshape(values, parts);
    }
}

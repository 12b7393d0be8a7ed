package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.graph.Movement;
import io.octavo.graph.Op;
import io.octavo.graph.Pointwise;
import io.octavo.graph.Reduction;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * Microsoft's operators on codes: what the operator of that name does with the real numbers, on codes where one of the graph's operators
 * takes them so.
 */
final class MicrosoftImports {
    private static final String MICROSOFT = "com.microsoft.";

    private MicrosoftImports() {}

    static void addTo(Imports.Table table) {
        table.row(MICROSOFT + "QLinearAdd", node -> binary(node, Pointwise.Binary.Function.ADD));
        table.row(MICROSOFT + "QLinearMul", node -> binary(node, Pointwise.Binary.Function.MUL));
        table.row(
                MICROSOFT + "QLinearSigmoid",
                node -> unary(node, new Pointwise.Unary(Pointwise.Unary.Function.SIGMOID)));
        table.row(
                MICROSOFT + "QLinearLeakyRelu",
                node -> unary(
                        node,
                        new Pointwise.Unary(Pointwise.Unary.Function.LEAKY_RELU, node.getFloat("alpha", 0.01f), 0)));
        table.row(MICROSOFT + "QLinearConcat", MicrosoftImports::concat);
        table.row(MICROSOFT + "QLinearSoftmax", MicrosoftImports::softmax);
        table.row(MICROSOFT + "QLinearAveragePool", MicrosoftImports::averagePool);
        table.row(MICROSOFT + "QLinearGlobalAveragePool", MicrosoftImports::globalAverage);
        table.row(MICROSOFT + "MatMulNBits", MicrosoftImports::matMulNBits);
    }

    /** The codes that a node makes, of the type of their zero point or else of input 0. */
    private static Codes result(ImportNode node, int like, int scale, int zeroPoint) {
        CodeType type = node.has(zeroPoint) ? node.codeType(zeroPoint) : node.codeType(like);
        return Codes.made(node, like, scale, zeroPoint, -1, 0, type);
    }

    private static void binary(ImportNode node, Pointwise.Binary.Function function) {
        Codes a = Codes.of(node, 0, 1, 2);
        Codes b = Codes.of(node, 3, 4, 5);
        Codes y = result(node, 0, 6, 7);
        if (!a.isPlain() || !b.isPlain() || !y.isPlain()) {
            y.quantized(node.add(
                            new Pointwise.Binary(function),
                            a.real().add(node),
                            b.real().add(node)))
                    .out(node);
            return;
        }
        boolean sum = function == Pointwise.Binary.Function.ADD
                && a.value().shape().equals(b.value().shape());
        node.out(sum ? new Op.Add() : new Pointwise.Binary(function), y.params(), a.quantized(), b.quantized());
    }

    private static void unary(ImportNode node, Op function) {
        Codes x = Codes.of(node, 0, 1, 2);
        Codes y = result(node, 0, 3, 4);
        if (x.isPlain() && y.isPlain() && !x.value().isConstant()) {
            node.out(function, y.params(), x.quantized());
        } else {
            y.quantized(node.add(function, x.real().add(node))).out(node);
        }
    }

    private static void concat(ImportNode node) {
        int parts = (node.inputs() - 2) / 3;
        if (parts < 1 || node.inputs() != 3 * parts + 2) {
            throw new InvalidValueException(
                    node.inputs() + " inputs, expected scale and zero point of the result and three for each part");
        }
        Codes y = result(node, 2, 0, 1);
        List<Codes> all = IntStream.range(0, parts)
                .mapToObj(i -> Codes.of(node, 3 * i + 2, 3 * i + 3, 3 * i + 4))
                .toList();
        Op op = new Movement.Concat(node.axis(node.requiredInt("axis"), node.rank(2)));
        boolean same = y.isPlain()
                && all.stream().allMatch(x -> x.isPlain() && x.params().equals(y.params()));
        if (same) {
            node.out(op, y.params(), all.stream().map(Codes::quantized).toArray(String[]::new));
        } else {
            y.quantized(node.add(op, all.stream().map(x -> x.real().add(node)).toArray(String[]::new)))
                    .out(node);
        }
    }

    private static void softmax(ImportNode node) {
        Codes y = result(node, 0, 3, 4);
        String real = Codes.of(node, 0, 1, 2).real().add(node);
        y.quantized(ReductionImports.softmax(node, real, node.getInt("opset", 13), false)
                        .add(node))
                .out(node);
    }

    // ---- Pools

    private static void averagePool(ImportNode node) {
        pooled(node, x -> PoolImports.average(node, x).add(node));
    }

    private static void globalAverage(ImportNode node) {
        int rank = node.rank(0);
        Op mean = rank == 4
                ? new Op.AdaptiveAvgPool2d(1, 1)
                : new Reduction.Reduce(
                        Reduction.Reduce.Kind.MEAN,
                        IntStream.range(2, rank).boxed().toList(),
                        true);
        pooled(node, x -> node.add(mean, x));
    }

    /** The pool of real numbers; channels may be last. */
    private static void pooled(ImportNode node, UnaryOperator<String> pool) {
        Codes x = Codes.of(node, 0, 1, 2);
        Codes y = result(node, 0, 3, 4);
        int rank = node.rank(0);
        if (rank < 3) {
            throw new InvalidValueException(node.value(0) + " has no picture's dimensions behind samples and channels");
        }
        boolean last = node.flag("channels_last");
        String from = x.real().add(node);
        if (last) {
            from = node.add(new Movement.Transpose(order(rank, true)), from);
        }
        String to = pool.apply(from);
        if (last) {
            to = node.add(new Movement.Transpose(order(rank, false)), to);
        }
        y.quantized(to).out(node);
    }

    private static List<Integer> order(int rank, boolean toFirst) {
        List<Integer> order = new ArrayList<>();
        order.add(0);
        if (toFirst) {
            order.add(rank - 1);
        }
        IntStream.range(toFirst ? 1 : 2, toFirst ? rank - 1 : rank).forEach(order::add);
        if (!toFirst) {
            order.add(1);
        }
        return order;
    }

    // ---- Weights of few bits

    /** {@code A·B} with B packed: of output n block by block, in each as many codes of so many bits, the lowest bits first. */
    private static void matMulNBits(ImportNode node) {
        int bits = Math.toIntExact(node.getInt("bits", 4));
        int k = Math.toIntExact(node.requiredInt("K"));
        int n = Math.toIntExact(node.requiredInt("N"));
        int block = Math.toIntExact(node.requiredInt("block_size"));
        if (bits < 2 || bits > 8 || k < 1 || n < 1 || block < 1) {
            throw new InvalidValueException("attributes bits " + bits + ", K " + k + ", N " + n + ", block_size "
                    + block + ": expected 2 to 8 bits and sizes of at least 1");
        }
        if (node.has(4)) {
            throw node.unsupported("MatMulNBits with \"g_idx\", groups in another order,");
        }
        if (node.value(0).dtype() != DType.F32) {
            throw node.unsupported("MatMulNBits of " + node.value(0).dtype());
        }
        int blocks = (k + block - 1) / block;
        int bytes = (Math.multiplyExact(block, bits) + 7) / 8;
        byte[] packed = packed(node, 1, Math.multiplyExact((long) n * blocks, bytes), "weights");
        byte[] codes = new byte[Math.multiplyExact(n, k)];
        for (int o = 0; o < n; o++) {
            for (int i = 0; i < k; i++) {
                int at = (o * blocks + i / block) * bytes;
                codes[o * k + i] = (byte) code(packed, at, i % block, bits);
            }
        }
        float[] scales = node.constant(2).toFloatArray();
        if (scales.length != n * blocks) {
            throw new ShapeMismatchException("scales " + node.value(2) + ", expected " + (long) n * blocks
                    + " numbers, one a block of " + block);
        }
        String bias = node.optional(5);
        boolean real = node.has(3) && node.constant(3).dtype() == DType.F32;
        if (real || block % 32 != 0) {
            float[] points = real ? node.constant(3).toFloatArray() : new float[0];
            int[] whole = real ? null : zeroPoints(node, n, blocks, bits);
            if (real && points.length != n * blocks) {
                throw new ShapeMismatchException(
                        "zero points " + node.value(3) + ", expected " + (long) n * blocks + " numbers");
            }
            float[] weight = new float[codes.length];
            for (int i = 0; i < weight.length; i++) {
                int at = i / k * blocks + i % k / block;
                weight[i] = ((codes[i] & 0xff) - (real ? points[at] : whole[at])) * scales[at];
            }
            finish(node, node.constant("weight", Tensor.of(weight, n, k)), bias);
            return;
        }
        AffineParams params = new AffineParams(
                DType.U8,
                bits,
                0,
                (1 << bits) - 1,
                scales,
                zeroPoints(node, n, blocks, bits),
                Granularity.perGroup(block));
        Tensor tensor = Tensor.ofBytes(DType.U8, codes, n, k);
        finish(node, node.constant("weight", new QuantizedTensor(tensor.shape(), params, tensor)), bias);
    }

    private static void finish(ImportNode node, String weight, String bias) {
        boolean constant = !bias.isEmpty() && node.value(bias).isConstant();
        if (bias.isEmpty() || constant) {
            node.out(
                    new Op.Linear(),
                    constant ? new String[] {node.in(0), weight, bias} : new String[] {node.in(0), weight});
        } else {
            node.out(
                    new Pointwise.Binary(Pointwise.Binary.Function.ADD),
                    node.add(new Op.Linear(), node.in(0), weight),
                    bias);
        }
    }

    private static byte[] packed(ImportNode node, int index, long bytes, String what) {
        Tensor tensor = node.constant(index);
        if (tensor.dtype() != DType.U8 || tensor.elements() != bytes) {
            throw new ShapeMismatchException(
                    what + " " + node.value(index) + ", expected " + bytes + " bytes of packed codes");
        }
        return tensor.toByteArray();
    }

    /** Code {@code i} of those packed from byte {@code at} on; it may lie in two bytes. */
    private static int code(byte[] packed, int at, int i, int bits) {
        int first = i * bits;
        int low = packed[at + first / 8] & 0xff;
        int last = at + (first + bits - 1) / 8;
        int both = low | (packed[last] & 0xff) << (last == at + first / 8 ? 0 : 8);
        return both >> first % 8 & (1 << bits) - 1;
    }

    private static int[] zeroPoints(ImportNode node, int n, int blocks, int bits) {
        int[] points = new int[n * blocks];
        if (!node.has(3)) {
            Arrays.fill(points, 1 << (bits - 1));
            return points;
        }
        int bytes = (blocks * bits + 7) / 8;
        byte[] packed = packed(node, 3, (long) n * bytes, "zero points");
        for (int i = 0; i < points.length; i++) {
            points[i] = code(packed, i / blocks * bytes, i % blocks, bits);
        }
        return points;
    }
}

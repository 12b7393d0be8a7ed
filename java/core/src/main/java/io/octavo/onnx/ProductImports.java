package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.graph.Activation;
import io.octavo.graph.Movement;
import io.octavo.graph.Op;
import io.octavo.graph.Pointwise;
import io.octavo.graph.Value;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Convolutions and matrix products. */
final class ProductImports {
    private ProductImports() {}

    static void addTo(Imports.Table table) {
        table.row("Conv", ProductImports::conv);
        table.row("ConvTranspose", ProductImports::convTranspose);
        table.row("Gemm", ProductImports::gemm);
        table.row("MatMul", ProductImports::matMul);
    }

    private static void conv(ImportNode node) {
        int spatial = spatial(node, node.value(0), node.value(1));
        if (spatial == 3) {
            DeepProducts.conv(node);
            return;
        }
        String x = node.in(0);
        String w = node.in(1);
        int groups = Math.toIntExact(node.getInt("group", 1));
        if (spatial == 1) {
            x = node.reshape(x, flat());
            w = node.reshape(w, flat());
        }
        Windows windows = new Windows(node, node.value(x).shape(), node.value(w).shape());
        if (windows.isOpen()) {
            x = windows.padded(x, Movement.Pad.Mode.CONSTANT);
        }
        Op.Conv2d conv = new Op.Conv2d(windows.window(), groups, Activation.NONE);
        String[] inputs = node.has(2) ? new String[] {x, w, node.in(2)} : new String[] {x, w};
        finish(node, conv, spatial, inputs);
    }

    private static void convTranspose(ImportNode node) {
        int spatial = spatial(node, node.value(0), node.value(1));
        if (spatial == 3) {
            DeepProducts.transposed(node);
            return;
        }
        String x = node.in(0);
        String w = node.in(1);
        if (spatial == 1) {
            x = node.reshape(x, flat());
            w = node.reshape(w, flat());
        }
        Windows.Transposed windows =
                new Windows(node, node.value(x).shape(), node.value(w).shape()).transposed();
        int groups = Math.toIntExact(node.getInt("group", 1));
        int[] extra = windows.extra();
        Op.ConvTranspose conv = new Op.ConvTranspose(windows.window(), groups, extra[0], extra[1]);
        String[] inputs = node.has(2) ? new String[] {x, w, node.in(2)} : new String[] {x, w};
        finish(node, conv, spatial, inputs);
    }

    /** Spatial dimensions, 1 to 3, of an input and its weight. */
    static int spatial(ImportNode node, Value x, Value w) {
        int spatial = x.shape().rank() - 2;
        if (spatial < 1 || spatial > 3) {
            throw node.unsupported(node.def().opType() + " of " + x + " over " + spatial + " dimensions");
        }
        if (w.shape().rank() != x.shape().rank()) {
            throw new InvalidValueException("weight " + w + " has not as many dimensions as the input " + x);
        }
        return spatial;
    }

    /** {@code [a, b, n] -> [a, b, 1, n]}. */
    static List<Movement.Reshape.Part> flat() {
        List<Movement.Reshape.Part> parts = new ArrayList<>(ImportNode.dims(0, 2));
        parts.add(ImportNode.one());
        parts.addAll(ImportNode.dims(2, 3));
        return parts;
    }

    /** {@code [a, b, 1, n] -> [a, b, n]}. */
    static List<Movement.Reshape.Part> thin() {
        List<Movement.Reshape.Part> parts = new ArrayList<>(ImportNode.dims(0, 2));
        parts.addAll(ImportNode.dims(3, 4));
        return parts;
    }

    static void finish(ImportNode node, Op op, int spatial, String... inputs) {
        if (spatial == 2) {
            node.out(op, inputs);
        } else {
            node.out(new Movement.Reshape(thin()), node.add(op, inputs));
        }
    }

    private static void gemm(ImportNode node) {
        float alpha = node.getFloat("alpha", 1);
        float beta = node.getFloat("beta", 1);
        boolean transposed = node.flag("transB");
        String a = node.in(0);
        if (node.rank(0) != 2 || node.rank(1) != 2) {
            throw new InvalidValueException(
                    "Gemm of " + node.value(0) + " and " + node.value(1) + ": matrices are needed");
        }
        if (node.value(0).dtype() != DType.F32) {
            throw node.unsupported("Gemm of " + node.value(0).dtype());
        }
        if (node.flag("transA")) {
            a = node.add(new Movement.Transpose(List.of(1, 0)), a);
        }
        boolean hasC = node.has(2) && beta != 0;
        if (node.isConstant(1)) {
            Tensor w = transposed ? node.constant(1) : Transposed.of(node.constant(1));
            boolean plain = transposed && alpha == 1;
            String weight = plain
                    ? node.in(1)
                    : alpha == 1 ? node.derived(1, "transposed", () -> w) : node.constant("weight", scaled(w, alpha));
            long outputs = w.shape().dim(0);
            Tensor bias = hasC && node.isConstant(2) ? vector(node.constant(2), outputs, beta) : null;
            if (bias != null) {
                boolean same =
                        beta == 1 && node.rank(2) == 1 && node.constant(2).elements() == outputs;
                node.out(new Op.Linear(), a, weight, same ? node.in(2) : node.constant("bias", bias));
                return;
            }
            if (!hasC) {
                node.out(new Op.Linear(), a, weight);
                return;
            }
            add(node, node.add(new Op.Linear(), a, weight), beta);
            return;
        }
        QuantizedTensor codes = node.quantized(1);
        if (codes != null && alpha == 1) {
            String weight = transposed
                    ? node.in(1)
                    : node.add(new Op.Dequantize(), node.constant("weight", Transposed.of(codes)));
            boolean row = hasC
                    && beta == 1
                    && node.value(2)
                            .shape()
                            .equals(Shape.of(node.value(weight).shape().dim(0)));
            if (!hasC || row) {
                node.out(new Op.Linear(), row ? new String[] {a, weight, node.in(2)} : new String[] {a, weight});
            } else {
                add(node, node.add(new Op.Linear(), a, weight), beta);
            }
            return;
        }
        String b = transposed ? node.add(new Movement.Transpose(List.of(1, 0)), node.in(1)) : node.in(1);
        if (alpha == 1 && !hasC) {
            node.out(new Op.MatMul(), a, b);
            return;
        }
        String product = node.add(new Op.MatMul(), a, b);
        Op times = new Pointwise.Binary(Pointwise.Binary.Function.MUL);
        if (!hasC) {
            node.out(times, product, node.scalar("alpha", DType.F32, alpha));
            return;
        }
        add(node, alpha == 1 ? product : node.add(times, product, node.scalar("alpha", DType.F32, alpha)), beta);
    }

    private static void add(ImportNode node, String product, float beta) {
        Op times = new Pointwise.Binary(Pointwise.Binary.Function.MUL);
        String c = beta == 1 ? node.in(2) : node.add(times, node.in(2), node.scalar("beta", DType.F32, beta));
        node.out(new Pointwise.Binary(Pointwise.Binary.Function.ADD), product, c);
    }

    /** What is added to every row, if it is the same for all of them: one number a column. */
    private static Tensor vector(Tensor c, long columns, float beta) {
        boolean row = c.elements() == columns
                && (c.shape().rank() == 0 || c.shape().dim(c.shape().rank() - 1) == columns);
        if (!row && c.elements() != 1) {
            return null;
        }
        float[] from = c.toFloatArray();
        float[] values = new float[(int) columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = from[row ? i : 0] * beta;
        }
        return Tensor.of(values);
    }

    private static Tensor scaled(Tensor w, float alpha) {
        if (alpha == 1) {
            return w;
        }
        float[] values = w.toFloatArray();
        for (int i = 0; i < values.length; i++) {
            values[i] *= alpha;
        }
        return Tensor.of(values, w.shape().dims());
    }

    /** The dequantized matrix of constants that another is the other way round; null: it is none. */
    private static String turned(ImportNode node, String matrix) {
        return node.importer()
                .builder()
                .producer(matrix)
                .filter(transpose -> transpose.op().equals(new Movement.Transpose(List.of(1, 0))))
                .map(transpose -> transpose.input(0))
                .filter(from -> node.importer()
                        .builder()
                        .producer(from)
                        .filter(producer -> producer.op() instanceof Op.Dequantize
                                && node.value(producer.input(0)).isConstant())
                        .isPresent())
                .orElse(null);
    }

    private static void matMul(ImportNode node) {
        Value a = node.value(0);
        if (a.dtype() != DType.F32 && a.dtype() != DType.S32) {
            throw node.unsupported("MatMul of " + a.dtype());
        }
        if (a.dtype() == DType.F32
                && node.isConstant(1)
                && node.rank(1) == 2
                && a.shape().rank() >= 2) {
            String weight = node.derived(1, "transposed", () -> Transposed.of(node.constant(1)));
            node.out(new Op.Linear(), a.name(), weight);
            return;
        }
        Value b = node.value(1);
        String turned = turned(node, b.name());
        if (turned != null && a.shape().rank() >= 2) {
            node.out(new Op.Linear(), a.name(), turned);
            return;
        }
        QuantizedTensor codes = node.quantized(1);
        if (codes != null && b.shape().rank() == 2 && a.shape().rank() >= 2) {
            String weight = node.add(new Op.Dequantize(), node.constant("weight", Transposed.of(codes)));
            node.out(new Op.Linear(), a.name(), weight);
            return;
        }
        multiply(node, a.name(), b.name()).out(node);
    }

    /** The product of two values. */
    static Made multiply(ImportNode node, String left, String right) {
        boolean rowVector = node.value(left).shape().rank() == 1;
        boolean columnVector = node.value(right).shape().rank() == 1;
        if (!rowVector && !columnVector) {
            return new Made(new Op.MatMul(), left, right);
        }
        // A vector is a matrix of one row, or of one column, which the result then lacks.
        String a = left;
        String b = right;
        if (rowVector) {
            a = node.reshape(a, List.of(ImportNode.one(), new Movement.Reshape.Product(0, 1)));
        }
        if (columnVector) {
            b = node.reshape(b, List.of(new Movement.Reshape.Product(0, 1), ImportNode.one()));
        }
        String product = node.add(new Op.MatMul(), a, b);
        Shape shape = node.value(product).shape();
        int rank = shape.rank();
        List<Movement.Reshape.Part> parts = new ArrayList<>(ImportNode.dims(0, rank - 2));
        if (!rowVector) {
            parts.addAll(ImportNode.dims(rank - 2, rank - 1));
        }
        if (!columnVector) {
            parts.addAll(ImportNode.dims(rank - 1, rank));
        }
        return new Made(new Movement.Reshape(parts), product);
    }
}

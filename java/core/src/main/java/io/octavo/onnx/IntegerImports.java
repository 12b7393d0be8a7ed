package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.graph.Activation;
import io.octavo.graph.Movement;
import io.octavo.graph.Op;
import io.octavo.graph.Pointwise;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.util.List;

/** Convolutions and matrix products of codes, with sums, codes or real numbers as results. */
final class IntegerImports {
    private static final String MICROSOFT = "com.microsoft.";
    private static final Op ADD = new Pointwise.Binary(Pointwise.Binary.Function.ADD);
    private static final Op MULTIPLY = new Pointwise.Binary(Pointwise.Binary.Function.MUL);

    private IntegerImports() {}

    static void addTo(Imports.Table table) {
        table.row("ConvInteger", IntegerImports::convInteger);
        table.row("MatMulInteger", IntegerImports::matMulInteger);
        table.row("QLinearConv", IntegerImports::conv);
        table.row("QLinearMatMul", IntegerImports::matMul);
        table.row(MICROSOFT + "QGemm", IntegerImports::gemm);
        table.row(MICROSOFT + "MatMulIntegerToFloat", IntegerImports::matMulToFloat);
        table.row(MICROSOFT + "DynamicQuantizeMatMul", IntegerImports::dynamicMatMul);
    }

    /** Parameters by row, of the dimension before the last. */
    private static Codes byRow(ImportNode node, int index, int scale, int zeroPoint) {
        return Codes.along(node, index, scale, zeroPoint, Math.max(node.rank(index) - 2, 0), 0);
    }

    /** Parameters by column, of the last dimension. */
    private static Codes byColumn(ImportNode node, int index, int scale, int zeroPoint) {
        return Codes.along(node, index, scale, zeroPoint, node.rank(index) - 1, 0);
    }

    // ---- Sums

    private static void convInteger(ImportNode node) {
        new IntegerProducts(node)
                .conv(Codes.of(node, 0, -1, 2), Codes.along(node, 1, -1, 3, 0, 0), null)
                .out(node);
    }

    private static void matMulInteger(ImportNode node) {
        new IntegerProducts(node)
                .matMul(byRow(node, 0, -1, 2), byColumn(node, 1, -1, 3))
                .out(node);
    }

    // ---- Codes

    private static void conv(ImportNode node) {
        Codes x = Codes.of(node, 0, 1, 2);
        Codes w = Codes.along(node, 3, 4, 5, 0, 0);
        Codes y = Codes.made(node, 0, 6, 7, -1, 0, node.has(7) ? node.codeType(7) : x.type());
        int spatial = ProductImports.spatial(node, x.value(), w.value());
        boolean integers = spatial < 3
                && x.isPlain()
                && y.isPlain()
                && w.isConstant()
                && w.isByte()
                && !node.isConstant(0)
                && (!node.has(8) || node.isConstant(8));
        if (!integers) {
            sums(node, x, w, y, spatial);
            return;
        }
        String codes = x.quantized();
        QuantizedTensor weight = w.constant();
        if (spatial == 1) {
            codes = node.reshape(codes, ProductImports.flat());
            long[] dims = weight.shape().dims();
            Tensor flat = weight.codes().reshape(dims[0], dims[1], 1, dims[2]);
            weight = new QuantizedTensor(flat.shape(), weight.params(), flat);
        }
        Windows windows = new Windows(node, node.value(codes).shape(), weight.shape());
        Op conv = new Op.Conv2d(windows.window(), Math.toIntExact(node.getInt("group", 1)), Activation.NONE);
        String w4 = node.constant("weight", weight);
        String[] inputs = node.has(8)
                ? new String[] {codes, w4, bias(node, 8, x.scale(), (AffineParams) weight.params())}
                : new String[] {codes, w4};
        Made result = new Made(conv, y.params(), inputs);
        (spatial == 2 ? result : new Made(new Movement.Reshape(ProductImports.thin()), result.add(node))).out(node);
    }

    /** A bias of S32 codes, counted in the scales of the products. */
    private static String bias(ImportNode node, int index, float input, AffineParams weight) {
        float[] scales = weight.scales();
        for (int i = 0; i < scales.length; i++) {
            scales[i] *= input;
        }
        Tensor bias = node.constant(index);
        return node.constant("bias", new QuantizedTensor(bias.shape(), AffineParams.bias(scales), bias));
    }

    private static void sums(ImportNode node, Codes x, Codes w, Codes y, int spatial) {
        IntegerProducts products = new IntegerProducts(node);
        int[] bias = node.has(8) && node.isConstant(8) ? node.constant(8).toIntArray() : null;
        String sums = products.conv(x, w, bias).add(node);
        if (node.has(8) && bias == null) {
            sums = node.add(ADD, sums, products.channels(node.in(8), spatial));
        }
        Made real = products.real(sums, x.broadcastScale(), products.channels(node.in(4), spatial));
        y.quantized(real.add(node)).out(node);
    }

    private static void matMul(ImportNode node) {
        Codes a = byRow(node, 0, 1, 2);
        Codes b = byColumn(node, 3, 4, 5);
        Codes y = Codes.made(node, 0, 6, 7, -1, 0, node.has(7) ? node.codeType(7) : a.type());
        if (onIntegers(node, a, b) && y.isPlain()) {
            node.out(new Op.Linear(), y.params(), a.quantized(), node.constant("weight", Transposed.of(b.constant())));
            return;
        }
        IntegerProducts products = new IntegerProducts(node);
        String sums = products.matMul(a, b).add(node);
        y.quantized(products.real(sums, a.broadcastScale(), b.broadcastScale()).add(node))
                .out(node);
    }

    /** Whether a is codes with parameters for all, and b a matrix of constant ones. */
    private static boolean onIntegers(ImportNode node, Codes a, Codes b) {
        return a.isPlain()
                && !a.value().isConstant()
                && a.value().shape().rank() >= 2
                && b.isConstant()
                && b.isByte()
                && b.value().shape().rank() == 2;
    }

    // ---- Microsoft's

    private static void gemm(ImportNode node) {
        float alpha = node.getFloat("alpha", 1);
        boolean transA = node.flag("transA");
        boolean transB = node.flag("transB");
        if (node.rank(0) != 2 || node.rank(3) != 2) {
            throw new InvalidValueException(
                    "QGemm of " + node.value(0) + " and " + node.value(3) + ": matrices are needed");
        }
        Codes a = Codes.of(node, 0, 1, 2);
        Codes b = Codes.along(node, 3, 4, 5, transB ? 0 : 1, 0);
        Codes y = node.has(7) ? Codes.made(node, 0, 7, 8, -1, 0, node.has(8) ? node.codeType(8) : a.type()) : null;
        boolean integers = onIntegers(node, a, b) && alpha > 0 && (y == null || y.isPlain());
        Movement swap = new Movement.Transpose(List.of(1, 0));
        if (integers) {
            QuantizedTensor weight = scaled(transB ? b.constant() : Transposed.of(b.constant()), alpha);
            AffineParams params = (AffineParams) weight.params();
            boolean row = node.has(6)
                    && node.isConstant(6)
                    && node.constant(6).elements() == weight.shape().dim(0);
            if (row || !node.has(6)) {
                String codes = transA ? node.add(swap, a.quantized()) : a.quantized();
                String w = node.constant("weight", weight);
                String[] inputs =
                        row ? new String[] {codes, w, rowBias(node, a.scale(), params)} : new String[] {codes, w};
                node.out(new Op.Linear(), y == null ? null : y.params(), inputs);
                return;
            }
        }
        // In whole numbers, by value.
        String left = a.differences(DType.S32);
        String right = b.differences(DType.S32);
        String sums =
                node.add(new Op.MatMul(), transA ? node.add(swap, left) : left, transB ? node.add(swap, right) : right);
        if (node.has(6)) {
            sums = node.add(ADD, sums, node.in(6));
        }
        IntegerProducts products = new IntegerProducts(node);
        String scale = node.add(MULTIPLY, a.broadcastScale(), node.in(4));
        Made real = products.real(sums, scale, node.scalar("alpha", DType.F32, alpha));
        (y == null ? real : y.quantized(real.add(node))).out(node);
    }

    private static String rowBias(ImportNode node, float input, AffineParams weight) {
        float[] scales = weight.scales();
        for (int i = 0; i < scales.length; i++) {
            scales[i] *= input;
        }
        Tensor row = node.constant(6).reshape(node.constant(6).elements());
        return node.constant("bias", new QuantizedTensor(row.shape(), AffineParams.bias(scales), row));
    }

    private static QuantizedTensor scaled(QuantizedTensor weight, float alpha) {
        AffineParams params = (AffineParams) weight.params();
        float[] scales = params.scales();
        for (int i = 0; i < scales.length; i++) {
            scales[i] *= alpha;
        }
        AffineParams changed = new AffineParams(
                params.dtype(),
                params.bits(),
                params.qMin(),
                params.qMax(),
                scales,
                params.zeroPoints(),
                params.granularity());
        return new QuantizedTensor(weight.shape(), changed, weight.codes());
    }

    private static void matMulToFloat(ImportNode node) {
        Codes a = byRow(node, 0, 2, 4);
        Codes b = byColumn(node, 1, 3, 5);
        if (onIntegers(node, a, b)) {
            String w = node.constant("weight", Transposed.of(b.constant()));
            boolean row = node.has(6) && node.isConstant(6) && node.rank(6) == 1;
            if (row || !node.has(6)) {
                String[] inputs = row ? new String[] {a.quantized(), w, node.in(6)} : new String[] {a.quantized(), w};
                node.out(new Op.Linear(), inputs);
                return;
            }
        }
        IntegerProducts products = new IntegerProducts(node);
        finish(node, products.real(products.matMul(a, b).add(node), a.broadcastScale(), b.broadcastScale()), 6);
    }

    /** With a bias that may be there. */
    private static void finish(ImportNode node, Made real, int bias) {
        (node.has(bias) ? new Made(ADD, real.add(node), node.in(bias)) : real).out(node);
    }

    private static void dynamicMatMul(ImportNode node) {
        QuantizationImports.Found found = QuantizationImports.dynamic(node, node.in(0));
        Codes b = byColumn(node, 1, 2, 3);
        IntegerProducts products = new IntegerProducts(node);
        String sums = products.matMul(Codes.bytes(node, found.codes(), found.scale(), found.zeroPoint()), b)
                .add(node);
        finish(node, products.real(sums, found.scale(), b.broadcastScale()), 4);
    }
}

package io.octavo.onnx;

import io.octavo.graph.Op;
import io.octavo.graph.OpTable;
import io.octavo.graph.Window;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;

/** Pooling over windows and over whole pictures. */
final class PoolExports {
    private PoolExports() {}

    static void addTo(OpTable.Builder<ExportNode, ExportNode> table) {
        table.row(
                Op.MaxPool2d.class,
                (node, op) -> node.out(
                        "MaxPool",
                        Windows.attributes(op.window())
                                .put("ceil_mode", op.ceilMode())
                                .map(),
                        node.in(0)));
        table.row(Op.AvgPool2d.class, (node, op) -> average(node, op.window(), op.ceilMode(), op.countIncludePad()));
        table.row(Op.AdaptiveAvgPool2d.class, PoolExports::adaptive);
    }

    private static ExportNode average(ExportNode node, Window window, boolean ceilMode, boolean countIncludePad) {
        Attributes attributes =
                Windows.undilated(window).put("ceil_mode", ceilMode).put("count_include_pad", countIncludePad);
        return node.out("AveragePool", attributes.map(), node.in(0));
    }

    private static ExportNode adaptive(ExportNode node, Op.AdaptiveAvgPool2d op) {
        if (op.h() == 1 && op.w() == 1) {
            return node.out("GlobalAveragePool", node.in(0));
        }
        Shape x = node.shape(0);
        long height = x.dim(2);
        long width = x.dim(3);
        if (height == Shape.N || width == Shape.N) {
            throw node.unsupported("windows that depend on the size of the picture, which is not known: " + x
                    + "; specialize the graph for one");
        }
        if (height % op.h() == 0 && width % op.w() == 0) {
            Window window = Window.of(Math.toIntExact(height / op.h()), Math.toIntExact(width / op.w()));
            return average(node, window.stride(window.kernelH(), window.kernelW()), false, false);
        }
        // Windows of several sizes: the mean over rows and then over columns, each by a matrix.
        String rows = node.add("rows", "MatMul", node.constant("heights", means(height, op.h(), false)), node.in(0));
        return node.out("MatMul", rows, node.constant("widths", means(width, op.w(), true)));
    }

    /** What each of {@code size} elements adds to each of {@code windows} means: {@code [windows, size]}, or the other way round. */
    private static Tensor means(long size, int windows, boolean transposed) {
        float[] parts = new float[Math.toIntExact(size * windows)];
        for (int i = 0; i < windows; i++) {
            long begin = i * size / windows;
            long end = ((i + 1) * size + windows - 1) / windows;
            for (long j = begin; j < end; j++) {
                parts[(int) (transposed ? j * windows + i : i * size + j)] = 1f / (end - begin);
            }
        }
        return transposed ? Tensor.of(parts, size, windows) : Tensor.of(parts, windows, size);
    }
}

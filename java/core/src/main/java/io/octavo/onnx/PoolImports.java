package io.octavo.onnx;

import io.octavo.graph.Movement;
import io.octavo.graph.Op;
import io.octavo.graph.Pointwise;
import io.octavo.graph.Reduction;
import io.octavo.graph.Shapes;
import io.octavo.graph.Window;
import io.octavo.tensor.DType;
import java.util.List;
import java.util.stream.IntStream;

/** Pooling over windows and over whole pictures. */
final class PoolImports {
    private PoolImports() {}

    static void addTo(Imports.Table table) {
        table.row("MaxPool", node -> pool(node, true));
        table.row("AveragePool", node -> pool(node, false));
        table.row("GlobalAveragePool", node -> global(node, Reduction.Reduce.Kind.MEAN));
        table.row("GlobalMaxPool", node -> global(node, Reduction.Reduce.Kind.MAX));
    }

    private static void pool(ImportNode node, boolean max) {
        int spatial = node.rank(0) - 2;
        if (spatial != 1 && spatial != 2) {
            throw node.unsupported(node.def().opType() + " of " + node.value(0) + " over " + spatial + " dimensions");
        }
        if (node.def().hasOutput(1)) {
            throw node.unsupported("the output \"Indices\" of MaxPool");
        }
        DType dtype = node.value(0).dtype();
        String x = dtype == DType.F32 ? node.in(0) : node.add(new Pointwise.Cast(DType.F32), node.in(0));
        x = spatial == 2 ? x : node.reshape(x, ProductImports.flat());
        Windows windows = new Windows(node, node.value(x).shape(), null);
        boolean ceil = node.flag("ceil_mode");
        Window window = windows.window();
        if (2 * Math.max(window.padTop(), window.padBottom()) > window.kernelH()
                || 2 * Math.max(window.padLeft(), window.padRight()) > window.kernelW()) {
            throw node.unsupported("padding by more than half of the kernel, as in " + window + ",");
        }
        if (!max && (window.dilationH() != 1 || window.dilationW() != 1)) {
            throw node.unsupported("AveragePool with a dilation");
        }
        Op op = max ? new Op.MaxPool2d(window, ceil) : new Op.AvgPool2d(window, ceil, node.flag("count_include_pad"));
        if (windows.isOpen()) {
            if (max && (window.dilationH() != 1 || window.dilationW() != 1)) {
                throw node.unsupported("MaxPool with a dilation and padding for sizes that are not known");
            }
            String shares = max || node.flag("count_include_pad") ? null : shares(node, windows, op, x);
            // What repeats the border is never greater than it, and a dense window that reaches beyond the border holds
            // it.
            x = windows.padded(x, max ? Movement.Pad.Mode.EDGE : Movement.Pad.Mode.CONSTANT);
            if (shares != null) {
                String sums = node.add(op, x);
                ProductImports.finish(node, new Pointwise.Binary(Pointwise.Binary.Function.DIV), spatial, sums, shares);
                return;
            }
        }
        if (dtype == DType.F32) {
            ProductImports.finish(node, op, spatial, x);
            return;
        }
        String pooled = node.add(op, x);
        node.out(new Pointwise.Cast(dtype), spatial == 2 ? pooled : node.reshape(pooled, ProductImports.thin()));
    }

    /** How much of each window is not padding. */
    private static String shares(ImportNode node, Windows windows, Op mean, String x) {
        String sizes =
                node.add(new Movement.Concat(0), node.longs("ones", 1, 1), node.add(new Shapes.ShapeOf(2, 4), x));
        String ones = node.add(new Shapes.Fill(DType.F32, 1), sizes);
        return node.add(mean, windows.padded(ones, Movement.Pad.Mode.CONSTANT));
    }

    private static void global(ImportNode node, Reduction.Reduce.Kind kind) {
        int rank = node.rank(0);
        if (rank == 4 && kind == Reduction.Reduce.Kind.MEAN) {
            node.out(new Op.AdaptiveAvgPool2d(1, 1), node.in(0));
            return;
        }
        List<Integer> axes = IntStream.range(2, rank).boxed().toList();
        node.out(new Reduction.Reduce(kind, axes, true), node.in(0));
    }
}

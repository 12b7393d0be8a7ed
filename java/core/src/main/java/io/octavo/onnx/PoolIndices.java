package io.octavo.onnx;

import io.octavo.graph.Movement;
import io.octavo.graph.Op;
import io.octavo.graph.Pointwise;
import io.octavo.graph.Reduction;
import io.octavo.graph.Value;
import io.octavo.graph.Window;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.util.List;

/** Where the maxima of a pool are: the windows' elements in a row each, their greatest, and what place in x that is. */
final class PoolIndices {
    private PoolIndices() {}

    /**
     * The places of the maxima in the whole of x, counted in row-major order, or, with the attribute "storage_order", column by column
     * in each plane.
     *
     * @param x {@code [N, C, H, W]}
     */
    static String of(ImportNode node, String x, Windows windows) {
        Value value = node.value(x);
        if (!value.shape().isKnown()) {
            throw node.unsupported(
                    "the output \"Indices\" of MaxPool of " + value + ", whose dimensions are not all known,");
        }
        int planes = node.count(value.shape().dim(0), value.shape().dim(1));
        int h = Math.toIntExact(value.shape().dim(2));
        int w = Math.toIntExact(value.shape().dim(3));
        Window window = windows.window();
        boolean ceil = node.flag("ceil_mode");
        PoolImports.Axis rows = PoolImports.Axis.rows(window, h, ceil);
        PoolImports.Axis columns = PoolImports.Axis.columns(window, w, ceil);
        int results = node.count(rows.results(), columns.results());
        int taps = node.count(window.kernelH(), window.kernelW());
        node.count(results, taps);
        boolean byColumns = node.flag("storage_order");
        long[] from = new long[results * taps]; // the place behind the last is less than all others
        long[] names = new long[results * taps];
        for (int i = 0; i < from.length; i++) {
            int row = rows.place(i / taps / columns.results(), i % taps / window.kernelW());
            int column = columns.place(i / taps % columns.results(), i % taps % window.kernelW());
            boolean inside = row >= 0 && row < h && column >= 0 && column < w;
            from[i] = inside ? (long) row * w + column : (long) h * w;
            names[i] = inside ? byColumns ? (long) column * h + row : from[i] : 0;
        }
        long[] firstTap = new long[results];
        for (int i = 0; i < results; i++) {
            firstTap[i] = (long) i * taps;
        }
        long[] firstPlace = new long[planes];
        for (int i = 0; i < planes; i++) {
            firstPlace[i] = (long) i * h * w;
        }
        Movement.Reshape.Part all = new Movement.Reshape.Number(planes);
        String lines = node.reshape(x, List.of(all, new Movement.Reshape.Product(2, 4)));
        String padded = node.add(
                new Movement.Pad(Movement.Pad.Mode.CONSTANT),
                lines,
                node.longs("behind", 0, 0, 0, 1),
                node.scalar("nothing", DType.F32, Double.NEGATIVE_INFINITY));
        String elements =
                node.add(new Movement.Gather(1), padded, node.constant("taps", Tensor.ofLongs(from, results, taps)));
        String best = node.add(new Reduction.ArgReduce(true, 2, false, false), elements);
        Op add = new Pointwise.Binary(Pointwise.Binary.Function.ADD);
        String tap = node.add(add, best, node.constant("first taps", Tensor.ofLongs(firstTap, 1, results)));
        String inPlane = node.add(new Movement.Gather(0), node.constant("places", Tensor.ofLongs(names)), tap);
        String place = node.add(add, inPlane, node.constant("planes", Tensor.ofLongs(firstPlace, planes, 1)));
        return node.reshape(
                place,
                List.of(
                        new Movement.Reshape.Number(value.shape().dim(0)),
                        new Movement.Reshape.Number(value.shape().dim(1)),
                        new Movement.Reshape.Number(rows.results()),
                        new Movement.Reshape.Number(columns.results())));
    }
}

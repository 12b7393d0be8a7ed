package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.graph.Activation;
import io.octavo.graph.Movement;
import io.octavo.graph.Op;
import io.octavo.graph.Pointwise;
import io.octavo.graph.Reduction;
import io.octavo.graph.Shapes;
import io.octavo.graph.Value;
import io.octavo.graph.Window;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Pooling over windows and over whole pictures. What the graph's pools do not know, such as padding by more than half of a window, is
 * made of others: explicit padding for the maximum, sums by a convolution with ones for the rest. Over three dimensions pictures are
 * pooled first, then the depth: maxima, sums, and means of what lies in a box can be taken one dimension after the other.
 */
final class PoolImports {
    private PoolImports() {}

    /** What a window gives. */
    private enum Kind {
        MAX,
        AVERAGE,
        SUM
    }

    static void addTo(Imports.Table table) {
        table.row("MaxPool", PoolImports::max);
        table.row("AveragePool", node -> average(node, node.in(0)).out(node));
        table.row("LpPool", PoolImports::lp);
        table.row("GlobalAveragePool", node -> global(node, Reduction.Reduce.Kind.MEAN));
        table.row("GlobalMaxPool", node -> global(node, Reduction.Reduce.Kind.MAX));
        table.row("GlobalLpPool", PoolImports::globalLp);
    }

    private static void max(ImportNode node) {
        DType dtype = node.value(0).dtype();
        boolean asIs = dtype == DType.F32 || node.value(0).isQuantized(); // codes have the order of what they stand for
        String x = asIs ? node.in(0) : node.add(new Pointwise.Cast(DType.F32), node.in(0));
        Made pooled = pool(node, x, Kind.MAX);
        (asIs ? pooled : new Made(new Pointwise.Cast(dtype), pooled.add(node))).out(node);
        if (node.def().hasOutput(1)) {
            if (spatial(node) == 3) {
                throw node.unsupported("the output \"Indices\" of MaxPool over three dimensions");
            }
            String picture = spatial(node) == 1 ? node.reshape(x, ProductImports.flat()) : x;
            String indices = PoolIndices.of(
                    node, picture, new Windows(node, node.value(picture).shape(), null));
            node.importer()
                    .define(
                            node.def().outputs().get(1),
                            spatial(node) == 1 ? node.reshape(indices, ProductImports.thin()) : indices);
        }
    }

    /** {@code (sum of |x|^p)^(1/p)}. */
    private static void lp(ImportNode node) {
        long p = node.getInt("p", 2);
        root(node, pool(node, power(node, p), Kind.SUM), p).out(node);
    }

    private static String power(ImportNode node, long p) {
        if (p < 1) {
            throw new InvalidValueException("attribute \"p\" is " + p + ", expected 1 or more");
        }
        if (p == 2) {
            return node.add(binary(Pointwise.Binary.Function.MUL), node.in(0), node.in(0));
        }
        String magnitude = node.add(new Pointwise.Unary(Pointwise.Unary.Function.ABS), node.in(0));
        return p == 1
                ? magnitude
                : node.add(binary(Pointwise.Binary.Function.POW), magnitude, node.scalar("p", DType.F32, p));
    }

    private static Made root(ImportNode node, Made sum, long p) {
        if (p == 1) {
            return sum;
        }
        return p == 2
                ? new Made(new Pointwise.Unary(Pointwise.Unary.Function.SQRT), sum.add(node))
                : new Made(
                        binary(Pointwise.Binary.Function.POW), sum.add(node), node.scalar("root", DType.F32, 1.0 / p));
    }

    private static Pointwise.Binary binary(Pointwise.Binary.Function function) {
        return new Pointwise.Binary(function);
    }

    private static int spatial(ImportNode node) {
        int spatial = node.rank(0) - 2;
        if (spatial < 1 || spatial > 3) {
            throw node.unsupported(node.def().opType() + " of " + node.value(0) + " over " + spatial + " dimensions");
        }
        return spatial;
    }

    /** Means of the windows of x, which has as many dimensions as the node's first input. */
    static Made average(ImportNode node, String x) {
        return pool(node, x, Kind.AVERAGE);
    }

    /** A pool of x, which has the shape of the node's first input. */
    private static Made pool(ImportNode node, String x, Kind kind) {
        return switch (spatial(node)) {
            case 1 -> {
                String picture = node.reshape(x, ProductImports.flat());
                yield new Made(
                        new Movement.Reshape(ProductImports.thin()),
                        picture(node, picture, kind).add(node));
            }
            case 2 -> picture(node, x, kind);
            default -> deep(node, x, kind);
        };
    }

    /** Of pictures, whose padding may follow from sizes that only a run knows. */
    private static Made picture(ImportNode node, String x, Kind kind) {
        Windows windows = new Windows(node, node.value(x).shape(), null);
        Window window = windows.window();
        if (!windows.isOpen()) {
            return plane(node, x, kind, window);
        }
        if (kind == Kind.SUM || window.dilationH() != 1 || window.dilationW() != 1) {
            throw node.unsupported(
                    node.def().opType() + " with a dilation, or LpPool, and padding for sizes that are not known");
        }
        boolean ceil = node.flag("ceil_mode");
        if (kind == Kind.MAX) {
            // What repeats the border is never greater than it, and a dense window that reaches beyond the border holds
            // it.
            return new Made(new Op.MaxPool2d(window, ceil), windows.padded(x, Movement.Pad.Mode.EDGE));
        }
        Op mean = new Op.AvgPool2d(window, ceil, node.flag("count_include_pad"));
        String shares = node.flag("count_include_pad") ? null : shares(node, windows, mean, x);
        Made sums = new Made(mean, windows.padded(x, Movement.Pad.Mode.CONSTANT));
        return shares == null ? sums : new Made(binary(Pointwise.Binary.Function.DIV), sums.add(node), shares);
    }

    /** How much of each window is not padding. */
    private static String shares(ImportNode node, Windows windows, Op mean, String x) {
        String sizes =
                node.add(new Movement.Concat(0), node.longs("ones", 1, 1), node.add(new Shapes.ShapeOf(2, 4), x));
        String ones = node.add(new Shapes.Fill(DType.F32, 1), sizes);
        return node.add(mean, windows.padded(ones, Movement.Pad.Mode.CONSTANT));
    }

    private static Made deep(ImportNode node, String x, Kind kind) {
        Value value = node.value(x);
        if (IntStream.range(2, 5).anyMatch(i -> value.shape().dim(i) == Shape.N)) {
            throw node.unsupported(node.def().opType() + " of " + value + " over dimensions that are not known");
        }
        Windows windows = new Windows(node, value.shape(), null);
        String pictures = node.reshape(x, List.of(part(0, 1), part(1, 3), part(3, 4), part(4, 5)));
        String pooled = plane(node, pictures, kind, windows.window()).add(node);
        Shape shape = node.value(pooled).shape();
        Movement.Reshape.Part depth = new Movement.Reshape.Number(value.shape().dim(2));
        String columns = node.reshape(pooled, List.of(part(0, 1), new Movement.Reshape.Rest(), depth, part(2, 4)));
        String along = plane(node, columns, kind, windows.depth()).add(node);
        Movement.Reshape volumes = new Movement.Reshape(List.of(
                part(0, 1),
                part(1, 2),
                part(2, 3),
                new Movement.Reshape.Number(shape.dim(2)),
                new Movement.Reshape.Number(shape.dim(3))));
        return new Made(volumes, along);
    }

    private static Movement.Reshape.Part part(int from, int to) {
        return new Movement.Reshape.Product(from, to);
    }

    /** Of pictures {@code [N, C, H, W]}. */
    private static Made plane(ImportNode node, String x, Kind kind, Window window) {
        boolean ceil = node.flag("ceil_mode");
        boolean narrow = 2 * Math.max(window.padTop(), window.padBottom()) <= window.kernelH()
                && 2 * Math.max(window.padLeft(), window.padRight()) <= window.kernelW();
        if (kind == Kind.MAX && narrow) {
            return new Made(new Op.MaxPool2d(window, ceil), x);
        }
        boolean dense = window.dilationH() == 1 && window.dilationW() == 1;
        if (kind == Kind.AVERAGE && narrow && dense) {
            return new Made(new Op.AvgPool2d(window, ceil, node.flag("count_include_pad")), x);
        }
        Value value = node.value(x);
        if (value.shape().dim(2) == Shape.N
                || value.shape().dim(3) == Shape.N
                || value.shape().dim(1) == Shape.N) {
            throw node.unsupported(node.def().opType() + " with " + window + " of " + value
                    + ", whose dimensions are not all known, with a dilation or with padding by more than half of the"
                    + " kernel,");
        }
        int h = Math.toIntExact(value.shape().dim(2));
        int w = Math.toIntExact(value.shape().dim(3));
        Axis rows = Axis.rows(window, h, ceil);
        Axis columns = Axis.columns(window, w, ceil);
        if (rows.results() < 1 || columns.results() < 1) {
            throw node.unsupported(
                    node.def().opType() + " with " + window + " of " + value + ", which gives no results,");
        }
        // All windows lie in the padding that is asked for, or in that which the last ones of ceil_mode need.
        Window whole = window.padding(rows.before, columns.before, rows.needed(), columns.needed());
        if (kind == Kind.MAX) {
            long[] pads = {0, 0, rows.before, columns.before, 0, 0, rows.needed(), columns.needed()};
            String padded = node.add(
                    new Movement.Pad(Movement.Pad.Mode.CONSTANT),
                    x,
                    node.longs("pads", pads),
                    node.scalar("least", DType.F32, Double.NEGATIVE_INFINITY));
            return new Made(new Op.MaxPool2d(window.padding(0), false), padded);
        }
        int channels = Math.toIntExact(value.shape().dim(1));
        float[] ones = new float[node.count(channels, window.kernelH(), window.kernelW())];
        Arrays.fill(ones, 1);
        String weight = node.constant("ones", Tensor.of(ones, channels, 1, window.kernelH(), window.kernelW()));
        Made sum = new Made(new Op.Conv2d(whole, channels, Activation.NONE), x, weight);
        if (kind == Kind.SUM) {
            return sum;
        }
        boolean withPadding = node.flag("count_include_pad");
        float[] counts = new float[node.count(rows.results(), columns.results())];
        for (int i = 0; i < counts.length; i++) {
            counts[i] = (float) rows.count(i / columns.results(), withPadding)
                    * columns.count(i % columns.results(), withPadding);
        }
        String count = node.constant("counts", Tensor.of(counts, 1, 1, rows.results(), columns.results()));
        return new Made(binary(Pointwise.Binary.Function.DIV), sum.add(node), count);
    }

    /** The windows along a dimension. */
    record Axis(int size, int kernel, int stride, int dilation, int before, int after, boolean ceil) {
        static Axis rows(Window window, int size, boolean ceil) {
            return new Axis(
                    size,
                    window.kernelH(),
                    window.strideH(),
                    window.dilationH(),
                    window.padTop(),
                    window.padBottom(),
                    ceil);
        }

        static Axis columns(Window window, int size, boolean ceil) {
            return new Axis(
                    size,
                    window.kernelW(),
                    window.strideW(),
                    window.dilationW(),
                    window.padLeft(),
                    window.padRight(),
                    ceil);
        }

        /** Elements from the first tap of a window to the last, both included. */
        int reach() {
            return Math.addExact(Math.multiplyExact(dilation, kernel - 1), 1);
        }

        int results() {
            int room = Math.addExact(Math.addExact(size, before), after) - reach();
            if (room < 0) {
                return 0;
            }
            int results = room / stride + (ceil && room % stride > 0 ? 2 : 1);
            return ceil && (results - 1L) * stride >= size + before ? results - 1 : results;
        }

        /** Padding behind, with which all windows lie inside. */
        int needed() {
            return Math.max(after, Math.toIntExact((results() - 1L) * stride + reach() - size - before));
        }

        /** The place of a tap; outside of the elements in the padding. */
        int place(int result, int tap) {
            return result * stride - before + tap * dilation;
        }

        /** Taps of a window on elements, or also on the padding that is asked for. */
        int count(int result, boolean withPadding) {
            int least = withPadding ? -before : 0;
            int most = withPadding ? size + after : size;
            int count = 0;
            for (int tap = 0; tap < kernel; tap++) {
                int place = place(result, tap);
                count += place >= least && place < most ? 1 : 0;
            }
            return count;
        }
    }

    private static void global(ImportNode node, Reduction.Reduce.Kind kind) {
        int rank = node.rank(0);
        if (rank == 4 && kind == Reduction.Reduce.Kind.MEAN) {
            node.out(new Op.AdaptiveAvgPool2d(1, 1), node.in(0));
            return;
        }
        node.out(new Reduction.Reduce(kind, pixels(rank), true), node.in(0));
    }

    private static void globalLp(ImportNode node) {
        long p = node.getInt("p", 2);
        String powers = power(node, p);
        Op sum = new Reduction.Reduce(Reduction.Reduce.Kind.SUM, pixels(node.rank(0)), true);
        root(node, new Made(sum, powers), p).out(node);
    }

    private static List<Integer> pixels(int rank) {
        return IntStream.range(2, rank).boxed().toList();
    }
}

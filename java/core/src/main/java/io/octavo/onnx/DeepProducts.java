package io.octavo.onnx;

import io.octavo.graph.Activation;
import io.octavo.graph.Movement;
import io.octavo.graph.Op;
import io.octavo.graph.Value;
import io.octavo.graph.Window;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Convolutions over three dimensions as convolutions of pictures: one picture a result along the depth, whose channels are those of
 * all the slices that its window meets.
 */
final class DeepProducts {
    private DeepProducts() {}

    static void conv(ImportNode node) {
        int groups = Math.toIntExact(node.getInt("group", 1));
        conv(node, node.in(0), node.in(1), null, (pictures, w, window) -> {
                    Op op = new Op.Conv2d(window, groups, Activation.NONE);
                    return node.has(2) ? node.add(op, pictures, w, node.in(2)) : node.add(op, pictures, w);
                })
                .out(node);
    }

    /** A convolution of pictures. */
    interface OfPictures {
        /** The name of its result. */
        String of(String pictures, String weight, Window window);
    }

    /**
     * The convolution of the node's first input.
     *
     * @param x its elements
     * @param weight {@code [O, C/groups, kd, kh, kw]}
     * @param outside what stands before and behind the slices; null: 0
     */
    static Made conv(ImportNode node, String x, String weight, String outside, OfPictures product) {
        Windows windows =
                new Windows(node, node.value(x).shape(), node.value(weight).shape());
        if (windows.isOpen()) {
            throw node.unsupported(node.def().opType() + " of " + node.value(0)
                    + " over three dimensions, with padding for sizes that are not known,");
        }
        Window depth = windows.depth();
        int size = depth(node);
        long room = (long) size + depth.padTop() + depth.padBottom() - depth.dilationH() * (depth.kernelH() - 1L) - 1;
        int results = room < 0 ? 0 : Math.toIntExact(room / depth.strideH() + 1);
        long[] places = new long[node.count(results, depth.kernelH())];
        for (int i = 0; i < places.length; i++) {
            long place = (long) i / depth.kernelH() * depth.strideH()
                    - depth.padTop()
                    + (long) i % depth.kernelH() * depth.dilationH();
            places[i] = place < 0 || place >= size ? size : place;
        }
        // [O, C, kd, kh, kw]: a kernel's slices are as many channels.
        String w = node.reshape(weight, List.of(part(0, 1), part(1, 3), part(3, 4), part(4, 5)));
        return stacked(node, x, outside, places, results, depth, pictures -> product.of(pictures, w, windows.window()));
    }

    static void transposed(ImportNode node) {
        Windows.Transposed windows =
                new Windows(node, node.value(0).shape(), node.value(1).shape()).transposed();
        Window depth = windows.depth();
        int size = depth(node);
        long all = (size - 1L) * depth.strideH()
                + depth.dilationH() * (depth.kernelH() - 1L)
                + 1
                - depth.padTop()
                - depth.padBottom()
                + windows.extra()[0];
        int results = Math.toIntExact(Math.max(0, all));
        long[] places = new long[node.count(results, depth.kernelH())];
        for (int i = 0; i < places.length; i++) {
            long steps = (long) i / depth.kernelH() + depth.padTop() - (long) i % depth.kernelH() * depth.dilationH();
            boolean met = steps >= 0 && steps % depth.strideH() == 0 && steps / depth.strideH() < size;
            places[i] = met ? steps / depth.strideH() : size;
        }
        // [C, O, kd, kh, kw] likewise.
        String w = node.reshape(
                node.add(new Movement.Transpose(List.of(0, 2, 1, 3, 4)), node.in(1)),
                List.of(part(0, 2), part(2, 3), part(3, 4), part(4, 5)));
        int groups = Math.toIntExact(node.getInt("group", 1));
        Op op = new Op.ConvTranspose(windows.window(), groups, windows.extra()[1], windows.extra()[2]);
        stacked(
                        node,
                        node.in(0),
                        null,
                        places,
                        results,
                        depth,
                        pictures -> node.has(2) ? node.add(op, pictures, w, node.in(2)) : node.add(op, pictures, w))
                .out(node);
    }

    private static int depth(ImportNode node) {
        Value x = node.value(0);
        if (x.shape().dim(2) == Shape.N) {
            throw node.unsupported(node.def().opType() + " of " + x + ", whose depth is not known,");
        }
        return Math.toIntExact(x.shape().dim(2));
    }

    /**
     * @param places slices of x that each result meets, tap by tap; the one behind the last is of what is outside
     */
    private static Made stacked(
            ImportNode node,
            String x,
            String outside,
            long[] places,
            int results,
            Window depth,
            UnaryOperator<String> product) {
        Value input = node.value(x);
        if (results < 1) {
            throw node.unsupported(node.def().opType() + " of " + input + " that gives no results");
        }
        Op pad = new Movement.Pad(Movement.Pad.Mode.CONSTANT);
        String pads = node.longs("pads", 0, 0, 0, 0, 0, 0, 0, 1, 0, 0);
        String padded = outside == null ? node.add(pad, x, pads) : node.add(pad, x, pads, outside);
        String indices = node.constant("slices", Tensor.ofLongs(places, results, depth.kernelH()));
        // [N, C, D, kd, H, W] to [N·D, C·kd, H, W].
        String taps = node.add(new Movement.Gather(2), padded, indices);
        String pictures = node.reshape(
                node.add(new Movement.Transpose(List.of(0, 2, 1, 3, 4, 5)), taps),
                List.of(part(0, 2), part(2, 4), part(4, 5), part(5, 6)));
        String y = product.apply(pictures);
        Movement.Reshape.Part samples = input.shape().dim(0) == Shape.N
                ? new Movement.Reshape.Rest()
                : new Movement.Reshape.Number(input.shape().dim(0));
        String stacked = node.reshape(
                y, List.of(samples, new Movement.Reshape.Number(results), part(1, 2), part(2, 3), part(3, 4)));
        return new Made(new Movement.Transpose(List.of(0, 2, 1, 3, 4)), stacked);
    }

    private static Movement.Reshape.Part part(int from, int to) {
        return new Movement.Reshape.Product(from, to);
    }
}

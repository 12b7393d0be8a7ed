package io.octavo.onnx;

import io.octavo.graph.Activation;
import io.octavo.graph.Movement;
import io.octavo.graph.Op;
import io.octavo.graph.Value;
import io.octavo.graph.Window;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.List;

/**
 * Convolutions over three dimensions as convolutions of pictures: one picture a result along the depth, whose channels are those of
 * all the slices that its window meets.
 */
final class DeepProducts {
    private DeepProducts() {}

    static void conv(ImportNode node) {
        Windows windows = new Windows(node, node.value(0).shape(), node.value(1).shape());
        if (windows.isOpen()) {
            throw node.unsupported(
                    "Conv of " + node.value(0) + " over three dimensions, with padding for sizes that are not known,");
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
        String w = node.reshape(node.in(1), List.of(part(0, 1), part(1, 3), part(3, 4), part(4, 5)));
        int groups = Math.toIntExact(node.getInt("group", 1));
        finish(node, places, results, depth, new Op.Conv2d(windows.window(), groups, Activation.NONE), w);
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
        finish(node, places, results, depth, op, w);
    }

    private static int depth(ImportNode node) {
        Value x = node.value(0);
        if (x.shape().dim(2) == Shape.N) {
            throw node.unsupported(node.def().opType() + " of " + x + ", whose depth is not known,");
        }
        return Math.toIntExact(x.shape().dim(2));
    }

    /**
     * @param places slices of the input that each result meets, tap by tap; the one behind the last is of zeros
     */
    private static void finish(ImportNode node, long[] places, int results, Window depth, Op op, String w) {
        String x = node.in(0);
        Value input = node.value(0);
        if (results < 1) {
            throw node.unsupported(node.def().opType() + " of " + input + " that gives no results");
        }
        String padded = node.add(
                new Movement.Pad(Movement.Pad.Mode.CONSTANT), x, node.longs("pads", 0, 0, 0, 0, 0, 0, 0, 1, 0, 0));
        String indices = node.constant("slices", Tensor.ofLongs(places, results, depth.kernelH()));
        // [N, C, D, kd, H, W] to [N·D, C·kd, H, W].
        String taps = node.add(new Movement.Gather(2), padded, indices);
        String pictures = node.reshape(
                node.add(new Movement.Transpose(List.of(0, 2, 1, 3, 4, 5)), taps),
                List.of(part(0, 2), part(2, 4), part(4, 5), part(5, 6)));
        String y = node.has(2) ? node.add(op, pictures, w, node.in(2)) : node.add(op, pictures, w);
        Movement.Reshape.Part samples = input.shape().dim(0) == Shape.N
                ? new Movement.Reshape.Rest()
                : new Movement.Reshape.Number(input.shape().dim(0));
        String stacked = node.reshape(
                y, List.of(samples, new Movement.Reshape.Number(results), part(1, 2), part(2, 3), part(3, 4)));
        node.out(new Movement.Transpose(List.of(0, 2, 1, 3, 4)), stacked);
    }

    private static Movement.Reshape.Part part(int from, int to) {
        return new Movement.Reshape.Product(from, to);
    }
}

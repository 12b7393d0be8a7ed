package io.octavo.graph;

import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;

/** Channels that are shuffled, and blocks of pixels that become channels or are made of them, written as reshapes and slices. */
final class Blocks {
    private Blocks() {}

    static boolean apply(Rewriting graph, Node node) {
        if (node.op() instanceof Movement.Reshape) {
            return reshaped(graph, node);
        }
        if (node.op() instanceof Movement.Concat concat && concat.axis() == 1) {
            return slices(graph, node);
        }
        return node.op() instanceof Op.Conv2d conv && conv.groups() == 1 && gathered(graph, node);
    }

    // ---- Reshape, transpose, reshape

    private static boolean reshaped(Rewriting graph, Node node) {
        Node transpose = graph.sole(node.input(0));
        Node first = transpose != null && transpose.op() instanceof Movement.Transpose
                ? graph.sole(transpose.input(0))
                : null;
        if (first == null || !(first.op() instanceof Movement.Reshape)) {
            return false;
        }
        String x = first.input(0);
        Shape from = graph.value(x).shape();
        Shape inner = graph.value(first.output()).shape();
        Shape to = graph.value(node.output()).shape();
        List<Integer> order = ((Movement.Transpose) transpose.op()).order();
        if (from.rank() != 4 || to.rank() != 4 || !from.dimension(0).equals(inner.dimension(0))) {
            return false;
        }
        if (inner.rank() == 6 && isKnown(from) && isKnown(inner) && isKnown(to)) {
            return blocks(graph, node, x, from, inner, to, order);
        }
        return shuffled(graph, node, x, from, inner, order);
    }

    /** {@code [N, g, C/g, ..] -> [N, C/g, g, ..]}. */
    private static boolean shuffled(
            Rewriting graph, Node node, String x, Shape from, Shape inner, List<Integer> order) {
        List<Integer> swapped =
                new ArrayList<>(IntStream.range(0, order.size()).boxed().toList());
        if (inner.rank() < 4 || !graph.alike(x, node.output())) {
            return false;
        }
        swapped.set(1, 2);
        swapped.set(2, 1);
        long groups = inner.dim(1);
        long each = inner.dim(2);
        boolean channels = groups > 0 && each > 0 && groups * each == from.dim(1);
        if (!order.equals(swapped) || !channels) {
            return false;
        }
        long[] channelsOf = new long[(int) from.dim(1)];
        for (int i = 0; i < channelsOf.length; i++) {
            channelsOf[i] = i % groups * each + i / groups;
        }
        return gather(graph, node, x, channelsOf);
    }

    private static boolean gather(Rewriting graph, Node node, String x, long[] channels) {
        String indices = graph.constant(node.name() + ".channels", Tensor.ofLongs(channels));
        return graph.replace(node, new Movement.Gather(1), x, indices);
    }

    private static boolean blocks(
            Rewriting graph, Node node, String x, Shape from, Shape inner, Shape to, List<Integer> order) {
        long c = from.dim(1);
        long h = from.dim(2);
        long w = from.dim(3);
        long b = to.dim(2) > h ? to.dim(2) / h : h / to.dim(2);
        if (b < 2) {
            return false;
        }
        int block = (int) b;
        if (to.dim(2) > h) {
            boolean fits = to.dim(1) * b * b == c && to.dim(2) == h * b && to.dim(3) == w * b;
            if (fits && is(inner, b, b, to.dim(1), h, w) && order.equals(List.of(0, 3, 4, 1, 5, 2))) {
                return graph.replace(node, new Movement.DepthToSpace(block, false), x);
            }
            return fits
                    && is(inner, to.dim(1), b, b, h, w)
                    && order.equals(List.of(0, 1, 4, 2, 5, 3))
                    && graph.replace(node, new Movement.DepthToSpace(block, true), x);
        }
        boolean fits =
                to.dim(1) == c * b * b && h == to.dim(2) * b && w == to.dim(3) * b && is(inner, c, h / b, b, w / b, b);
        if (fits && order.equals(List.of(0, 3, 5, 1, 2, 4))) {
            return graph.replace(node, new Movement.SpaceToDepth(block), x);
        }
        if (!fits || !order.equals(List.of(0, 1, 3, 5, 2, 4))) {
            return false;
        }
        long[] channels = new long[(int) (c * b * b)];
        for (int i = 0; i < channels.length; i++) {
            channels[i] = i % (b * b) * c + i / (b * b);
        }
        String deep = graph.add(node.name() + ".blocks", new Movement.SpaceToDepth(block), x);
        return gather(graph, node, deep, channels);
    }

    /** Whether only the batch may be unknown. */
    private static boolean isKnown(Shape shape) {
        return shape.with(0, Dim.of(1)).isKnown();
    }

    private static boolean is(Shape shape, long... behindBatch) {
        long[] dims = shape.dims();
        return Arrays.equals(Arrays.copyOfRange(dims, 1, dims.length), behindBatch);
    }

    // ---- Slices

    /** Every step-th element of lines and columns. */
    private record Phase(String x, int step, int line, int column) {}

    /** One behind the other all phases of an image: the pixels of blocks as channels. */
    private static boolean slices(Rewriting graph, Node node) {
        List<Phase> phases = new ArrayList<>();
        for (String input : node.inputs()) {
            Phase phase = node.inputs().size() > 64 ? null : phase(graph, input);
            if (phase == null) {
                return false;
            }
            phases.add(phase);
        }
        Phase first = phases.get(0);
        int b = first.step;
        boolean whole = phases.size() == b * b
                && new HashSet<>(phases).size() == b * b
                && phases.stream().allMatch(phase -> phase.step == b && phase.x.equals(first.x));
        if (!whole) {
            return false;
        }
        int channels = (int) graph.value(first.x).shape().dim(1);
        long[] from = new long[channels * b * b];
        for (int i = 0; i < from.length; i++) {
            Phase phase = phases.get(i / channels);
            from[i] = (long) (phase.line * b + phase.column) * channels + i % channels;
        }
        Op op = new Movement.SpaceToDepth(b);
        if (Arrays.equals(from, IntStream.range(0, from.length).asLongStream().toArray())) {
            return graph.replace(node, op, first.x);
        }
        return gather(graph, node, graph.add(node.name() + ".blocks", op, first.x), from);
    }

    private static Phase phase(Rewriting graph, String value) {
        long[] starts = new long[4];
        long[] steps = {1, 1, 1, 1};
        String x = value;
        Node slice = graph.sole(x);
        for (int i = 0; i < 2 && slice != null && slice.op() instanceof Movement.Slice; i++) {
            if (!collect(graph, slice, starts, steps)) {
                return null;
            }
            x = slice.input(0);
            slice = graph.isOutput(x) ? null : graph.producer(x); // lines are cut once for two phases
        }
        Shape from = graph.value(x).shape();
        Shape to = graph.value(value).shape();
        int b = (int) steps[2];
        boolean fits = b > 1
                && from.rank() == 4
                && isKnown(from)
                && steps[3] == b
                && starts[2] < b
                && starts[3] < b
                && starts[0] + starts[1] == 0
                && steps[0] * steps[1] == 1
                && from.dimension(0).equals(to.dimension(0))
                && from.dim(1) == to.dim(1)
                && from.dim(2) == to.dim(2) * b
                && from.dim(3) == to.dim(3) * b;
        return fits ? new Phase(x, b, (int) starts[2], (int) starts[3]) : null;
    }

    /** Where a slice of images starts and how it steps, each dimension cut once; whether that is known. */
    private static boolean collect(Rewriting graph, Node slice, long[] starts, long[] steps) {
        for (int i = 1; i < slice.inputs().size(); i++) {
            if (!slice.input(i).isEmpty() && !graph.value(slice.input(i)).isConstant()) {
                return false;
            }
        }
        long[] from = Paddings.longs(graph.value(slice.input(1)));
        long[] by = slice.input(4).isEmpty() ? null : Paddings.longs(graph.value(slice.input(4)));
        long[] axes = slice.input(3).isEmpty()
                ? IntStream.range(0, from.length).asLongStream().toArray()
                : Paddings.longs(graph.value(slice.input(3)));
        for (int i = 0; i < axes.length; i++) {
            int axis = (int) (axes[i] < 0 ? axes[i] + 4 : axes[i]);
            if (axis < 0 || axis > 3 || starts[axis] != 0 || steps[axis] != 1 || from[i] < 0) {
                return false;
            }
            starts[axis] = from[i];
            steps[axis] = by == null ? 1 : by[i];
        }
        return true;
    }

    // ---- Channels in another order

    /** A convolution of channels in another order reads them as they are, with its weights in that order. */
    private static boolean gathered(Rewriting graph, Node conv) {
        Node gather = graph.sole(conv.input(0));
        boolean fits = gather != null
                && gather.op() instanceof Movement.Gather op
                && op.kind() == Movement.Gather.Kind.SLICES
                && op.axis() == 1
                && graph.alike(gather.input(0), gather.output())
                && graph.value(gather.input(1)).isConstant()
                && graph.isOwn(conv.input(1));
        if (!fits) {
            return false;
        }
        long[] channels = Paddings.longs(graph.value(gather.input(1)));
        if (!Arrays.equals(
                Arrays.stream(channels).sorted().toArray(),
                IntStream.range(0, channels.length).asLongStream().toArray())) {
            return false;
        }
        float[] weight = graph.value(conv.input(1)).data().toFloatArray();
        float[] ordered = new float[weight.length];
        int taps = weight.length / (int) graph.value(conv.input(1)).shape().dim(0) / channels.length;
        for (int i = 0; i < weight.length; i++) {
            int channel = i / taps % channels.length;
            ordered[i + ((int) channels[channel] - channel) * taps] = weight[i];
        }
        graph.change(conv.input(1), ordered);
        String[] inputs = conv.inputs().toArray(String[]::new);
        inputs[0] = gather.input(0);
        return graph.replace(conv, conv.op(), inputs);
    }
}

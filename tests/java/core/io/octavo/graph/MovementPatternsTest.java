package io.octavo.graph;

import static io.octavo.graph.PatternChecks.becomes;
import static io.octavo.graph.PatternChecks.keeps;
import static io.octavo.graph.PatternChecks.recognizes;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.octavo.graph.Movement.Resize;
import io.octavo.graph.PatternChecks.Network;
import io.octavo.graph.Pointwise.Unary;
import io.octavo.graph.Reduction.Reduce;
import io.octavo.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class MovementPatternsTest {
    private static final long[] IMAGE = {2, 8, 6, 4};
    private static final Integer[] LAST = {0, 2, 3, 1};
    private static final Integer[] FIRST = {0, 3, 1, 2};

    private static String conv(Network n, String x, Window window, int in, int out) {
        return n.op(new Op.Conv2d(window), x, n.random(-1, 1, out, in, window.kernelH(), window.kernelW()));
    }

    private static String slice(Network n, String x, long[] starts, long[] ends, long[] axes, long[] steps) {
        return n.op(new Movement.Slice(), x, n.longs(starts), n.longs(ends), n.longs(axes), n.longs(steps));
    }

    @Test
    void whatMovesNothingIsLeftOut() {
        Network n = new Network(IMAGE);
        String y = n.reshape("x", 2, 8, 6, 4);
        y = n.transpose(y, 0, 1, 2, 3);
        y = n.op(new Movement.Expand(), y, n.longs(1, 8, 1, 4));
        y = n.op(new Movement.Tile(), y, n.longs(1, 1, 1, 1));
        y = n.op(new Movement.Pad(Movement.Pad.Mode.REFLECT), y, n.longs(0, 0, 0, 0, 0, 0, 0, 0));
        y = slice(n, y, new long[] {0}, new long[] {Long.MAX_VALUE}, new long[] {1}, new long[] {1});
        y = n.op(new Movement.Concat(1), y);
        y = n.op(resize(), y, "", n.constant(Tensor.of(new float[] {1, 1, 1, 1})), "");
        becomes(n.graph(n.unary(Unary.Function.ABS, y)), "Abs");
        Network reversed = new Network(IMAGE);
        becomes(
                reversed.graph(slice(
                        reversed, "x", new long[] {-1}, new long[] {Long.MIN_VALUE}, new long[] {2}, new long[] {-1})),
                "Slice");
        Network shifted = new Network(IMAGE);
        becomes(
                shifted.graph(shifted.op(
                        new Movement.Pad(Movement.Pad.Mode.CONSTANT), "x", shifted.longs(0, 0, 1, 0, 0, 0, -1, 0))),
                "Pad");
    }

    private static Resize resize() {
        return new Resize(
                Resize.Interpolation.NEAREST,
                Resize.Coordinates.ASYMMETRIC,
                Resize.Nearest.FLOOR,
                List.of(),
                -0.75f,
                false,
                0,
                Resize.Policy.STRETCH,
                false);
    }

    @Test
    void anOutputThatIsAnotherValueUnchangedIsMadeByWhatMadeThat() {
        Network n = new Network(IMAGE);
        Graph after = becomes(n.graph(n.reshape(n.unary(Unary.Function.ABS, "x"), IMAGE)), "Abs");
        assertEquals("reshape3", after.nodes().get(0).output());
        Network input = new Network(IMAGE);
        becomes(input.graph(input.reshape("x", IMAGE)), "Reshape");
        Network both = new Network(IMAGE);
        String y = both.unary(Unary.Function.ABS, "x");
        becomes(both.graph(y, both.reshape(y, IMAGE)), "Abs", "Reshape");
    }

    @Test
    void reshapesAndTransposesInARowAreOne() {
        Network n = new Network(IMAGE);
        becomes(n.graph(n.reshape(n.reshape("x", 4, 4, 24), 8, 48)), "Reshape");
        Network back = new Network(IMAGE);
        becomes(back.graph(back.unary(Unary.Function.ABS, back.reshape(back.reshape("x", 4, 96), IMAGE))), "Abs");
        Network flat = new Network(IMAGE);
        becomes(flat.graph(flat.reshape("x", 2, -1)), "Flatten");
        Network twice = new Network(IMAGE);
        Graph after = becomes(twice.graph(twice.transpose(twice.transpose("x", 1, 0, 2, 3), 2, 1, 0, 3)), "Transpose");
        assertEquals(
                new Movement.Transpose(List.of(2, 0, 1, 3)),
                after.nodes().get(0).op());
        Network ones = new Network(2, 8, 1, 1);
        becomes(ones.graph(ones.transpose("x", LAST)), "Reshape");
        Network read = new Network(IMAGE);
        String inner = read.reshape("x", 4, 4, 24);
        becomes(
                read.graph(read.reshape(inner, 8, 48), read.unary(Unary.Function.NEG, inner)),
                "Reshape",
                "Reshape",
                "Neg");
    }

    @Test
    void shuffledChannelsAreGathered() {
        recognizes("Gather", IMAGE, n -> n.reshape(n.transpose(n.reshape("x", 2, 2, 4, 6, 4), 0, 2, 1, 3, 4), IMAGE));
        recognizes("Gather", IMAGE, n -> n.reshape(n.transpose(n.reshape("x", 2, 4, 2, 24), 0, 2, 1, 3), IMAGE));
        Network other = new Network(IMAGE);
        keeps(other.graph(other.reshape(other.transpose(other.reshape("x", 2, 2, 4, 6, 4), 0, 1, 2, 4, 3), IMAGE)));
    }

    @Test
    void blocksOfPixelsAreRecognized() {
        recognizes(
                "DepthToSpace",
                IMAGE,
                n -> n.reshape(n.transpose(n.reshape("x", 2, 2, 2, 2, 6, 4), 0, 3, 4, 1, 5, 2), 2, 2, 12, 8));
        recognizes(
                "DepthToSpace",
                IMAGE,
                n -> n.reshape(n.transpose(n.reshape("x", 2, 2, 2, 2, 6, 4), 0, 1, 4, 2, 5, 3), 2, 2, 12, 8));
        recognizes(
                "SpaceToDepth",
                IMAGE,
                n -> n.reshape(n.transpose(n.reshape("x", 2, 8, 3, 2, 2, 2), 0, 3, 5, 1, 2, 4), 2, 32, 3, 2));
        Network unshuffle = new Network(IMAGE);
        becomes(
                unshuffle.graph(unshuffle.reshape(
                        unshuffle.transpose(unshuffle.reshape("x", 2, 8, 3, 2, 2, 2), 0, 1, 3, 5, 2, 4), 2, 32, 3, 2)),
                "SpaceToDepth",
                "Gather");
    }

    private static String focus(Network n, boolean chained, int[][] phases) {
        String[] parts = new String[phases.length];
        for (int i = 0; i < parts.length; i++) {
            long h = phases[i][0];
            long w = phases[i][1];
            long end = Long.MAX_VALUE;
            parts[i] = chained
                    ? slice(
                            n,
                            slice(n, "x", new long[] {h}, new long[] {end}, new long[] {2}, new long[] {2}),
                            new long[] {w},
                            new long[] {end},
                            new long[] {3},
                            new long[] {2})
                    : slice(n, "x", new long[] {h, w}, new long[] {end, end}, new long[] {-2, -1}, new long[] {2, 2});
        }
        return n.op(new Movement.Concat(1), parts);
    }

    @Test
    void slicesOfAllPhasesAreBlocks() {
        int[][] yolo = {{0, 0}, {1, 0}, {0, 1}, {1, 1}};
        int[][] rows = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
        Network n = new Network(IMAGE);
        becomes(n.graph(focus(n, false, yolo)), "SpaceToDepth", "Gather");
        Network before = new Network(IMAGE);
        becomes(
                before.graph(
                        conv(before, focus(before, true, yolo), Window.of(3).padding(1), 32, 5)),
                "SpaceToDepth",
                "Conv2d");
        Network ordered = new Network(IMAGE);
        becomes(ordered.graph(focus(ordered, true, rows)), "SpaceToDepth");
        Network twice = new Network(IMAGE);
        Graph after = keeps(twice.graph(focus(twice, false, new int[][] {{0, 0}, {1, 0}, {1, 0}, {1, 1}})));
        assertFalse(PatternChecks.types(after).contains("SpaceToDepth"));
    }

    @Test
    void paddingGoesIntoTheWindowBehindIt() {
        Op pad = new Movement.Pad(Movement.Pad.Mode.CONSTANT);
        Network n = new Network(IMAGE);
        String y = n.op(pad, "x", n.longs(0, 0, 0, 1, 0, 0, 1, 2));
        Graph after = becomes(n.graph(conv(n, y, Window.of(3).padding(1).stride(2), 8, 3)), "Conv2d");
        assertEquals(
                Window.of(3).stride(2).padding(1, 2, 2, 3),
                ((Op.Conv2d) after.nodes().get(0).op()).window());
        Network axes = new Network(IMAGE);
        y = axes.op(pad, "x", axes.longs(1, 1), axes.number(0), axes.longs(-1));
        becomes(axes.graph(conv(axes, y, Window.of(3), 8, 3)), "Conv2d");
        Network max = new Network(IMAGE);
        y = max.op(pad, max.clamp(Activation.RELU, "x"), max.longs(0, 0, 1, 1, 0, 0, 1, 1));
        becomes(max.graph(max.op(new Op.MaxPool2d(Window.of(3).stride(2), false), y)), "Clamp", "MaxPool2d");
        Network mean = new Network(IMAGE);
        y = mean.op(pad, "x", mean.longs(0, 0, 1, 0, 0, 0, 1, 1));
        becomes(mean.graph(mean.op(new Op.AvgPool2d(Window.of(3), false, false), y)), "AvgPool2d");
    }

    @Test
    void paddingOfAnotherKindStays() {
        Op pad = new Movement.Pad(Movement.Pad.Mode.CONSTANT);
        Network one = new Network(IMAGE);
        String y = one.op(pad, "x", one.longs(0, 0, 1, 1, 0, 0, 1, 1), one.number(1));
        becomes(one.graph(conv(one, y, Window.of(3), 8, 3)), "Pad", "Conv2d");
        Network channels = new Network(IMAGE);
        y = channels.op(pad, "x", channels.longs(0, 1, 0, 0, 0, 1, 0, 0));
        becomes(channels.graph(conv(channels, y, Window.of(3), 10, 3)), "Pad", "Conv2d");
        Network edge = new Network(IMAGE);
        y = edge.op(new Movement.Pad(Movement.Pad.Mode.EDGE), "x", edge.longs(0, 0, 1, 1, 0, 0, 1, 1));
        becomes(edge.graph(conv(edge, y, Window.of(3), 8, 3)), "Pad", "Conv2d");
        Network max = new Network(IMAGE);
        y = max.op(pad, "x", max.longs(0, 0, 1, 1, 0, 0, 1, 1));
        becomes(max.graph(max.op(new Op.MaxPool2d(Window.of(3), false), y)), "Pad", "MaxPool2d");
        Network read = new Network(IMAGE);
        y = read.op(pad, "x", read.longs(0, 0, 1, 1, 0, 0, 1, 1));
        becomes(
                read.graph(conv(read, y, Window.of(3), 8, 3), read.unary(Unary.Function.NEG, y)),
                "Pad",
                "Conv2d",
                "Neg");
    }

    @Test
    void channelsLastIsChannelsFirstInside() {
        // As TensorFlow's networks are exported: input and output channels last, transposes around each convolution.
        Network n = new Network(2, 6, 5, 4);
        String x = n.mul(n.sub("x", n.random(-1, 1, 4)), n.number(0.5));
        String stem = conv(n, n.transpose(x, FIRST), Window.of(3).padding(1), 4, 8);
        String a = n.clamp(Activation.RELU, n.add(n.transpose(stem, LAST), n.random(-1, 1, 8)));
        String b = n.transpose(conv(n, n.transpose(a, FIRST), Window.of(3).padding(1), 8, 8), LAST);
        String sum = n.op(new Op.Add(), a, n.add(b, n.random(-1, 1, 1, 1, 8)));
        String mean = n.reduce(Reduce.Kind.MEAN, true, sum, 1, 2);
        String gate = n.unary(
                Unary.Function.SIGMOID, n.transpose(conv(n, n.transpose(mean, FIRST), Window.of(1), 8, 8), LAST));
        String gated = n.op(new Movement.Concat(3), n.mul(sum, gate), sum);
        String end = n.reduce(Reduce.Kind.MEAN, false, gated, 1, 2);
        becomes(
                n.graph(n.op(new Op.Linear(), end, n.random(-1, 1, 3, 16))),
                "Transpose",
                "Add",
                "Conv2d",
                "Clamp",
                "Conv2d",
                "Add",
                "AdaptiveAvgPool2d",
                "Conv2d",
                "Sigmoid",
                "Mul",
                "Concat",
                "AdaptiveAvgPool2d",
                "Flatten",
                "Linear");
    }

    @Test
    void gatesOfSinglePixelsAreNoObstacle() {
        Network n = new Network(IMAGE);
        String y = n.transpose(n.unary(Unary.Function.TANH, "x"), LAST);
        String mean = n.reduce(Reduce.Kind.MEAN, false, y, 1, 2);
        String gate = n.reshape(n.unary(Unary.Function.SIGMOID, mean), 2, 1, 1, 8);
        becomes(
                n.graph(n.unary(Unary.Function.ABS, n.transpose(n.mul(y, gate), FIRST))),
                "Tanh",
                "AdaptiveAvgPool2d",
                "Flatten",
                "Sigmoid",
                "Reshape",
                "Mul",
                "Abs");
    }

    @Test
    void meansOfChannelsThatAreImagesAgainStayImages() {
        Network n = new Network(IMAGE);
        String mean = n.reshape(n.reduce(Reduce.Kind.MEAN, false, "x", 2, 3), 2, 8, 1, 1);
        becomes(n.graph(n.mul("x", mean)), "AdaptiveAvgPool2d", "Mul");
    }

    @Test
    void channelsThatLieLastAreNormalizedThere() {
        Network n = new Network(IMAGE);
        String y = n.transpose(n.unary(Unary.Function.TANH, "x"), LAST);
        String d = n.sub(y, n.reduce(Reduce.Kind.MEAN, true, y, 3));
        String v = n.reduce(Reduce.Kind.MEAN, true, n.mul(d, d), 3);
        y = n.div(d, n.unary(Unary.Function.SQRT, n.add(v, n.number(1e-6))));
        becomes(
                n.graph(n.transpose(n.mul(y, n.random(1, 2, 8)), FIRST)),
                "Tanh",
                "Transpose",
                "LayerNorm",
                "Transpose");
    }

    @Test
    void transposesGoBehindWhatCutsAndResizes() {
        Network n = new Network(IMAGE);
        String y = n.transpose(n.unary(Unary.Function.TANH, "x"), LAST);
        y = slice(n, y, new long[] {1}, new long[] {5}, new long[] {1}, new long[] {2});
        y = n.op(new Movement.Pad(Movement.Pad.Mode.CONSTANT), y, n.longs(0, 1, 0, 2, 0, 0, 1, 0));
        y = n.op(resize(), y, "", n.constant(Tensor.of(new float[] {1, 2, 1, 1})), "");
        becomes(n.graph(n.unary(Unary.Function.ABS, n.transpose(y, FIRST))), "Tanh", "Slice", "Pad", "Resize", "Abs");
    }

    @Test
    void aTransposeThatIsNeededStays() {
        Network output = new Network(IMAGE);
        String t = output.transpose(output.unary(Unary.Function.TANH, "x"), LAST);
        becomes(output.graph(output.unary(Unary.Function.ABS, t), t), "Tanh", "Transpose", "Abs");
        Network other = new Network(IMAGE);
        String y = other.transpose(other.unary(Unary.Function.TANH, "x"), 0, 2, 1, 3);
        becomes(other.graph(other.unary(Unary.Function.ABS, y)), "Tanh", "Transpose", "Abs");
        Network mixed = new Network(2, 4, 4, 4);
        String z = mixed.transpose(mixed.unary(Unary.Function.TANH, "x"), LAST);
        becomes(mixed.graph(mixed.op(new Op.Add(), z, "x")), "Tanh", "Transpose", "Add");
    }
}

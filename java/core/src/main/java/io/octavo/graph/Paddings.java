package io.octavo.graph;

import io.octavo.graph.Pointwise.Unary;
import java.util.Arrays;

/** Zeros around an image, put there by a node of their own, belong to the window behind it. */
final class Paddings {
    private Paddings() {}

    static boolean apply(Rewriting graph, Node node) {
        boolean windowed = node.op() instanceof Op.Conv2d
                || node.op() instanceof Op.MaxPool2d pool && !pool.ceilMode()
                || node.op() instanceof Op.AvgPool2d mean && !mean.ceilMode();
        Node pad = windowed ? graph.sole(node.input(0)) : null;
        int[] sides = pad == null ? null : sides(graph, pad);
        if (sides == null || graph.value(node.input(0)).isQuantized()) {
            return false;
        }
        float value = pad.input(2).isEmpty() ? 0 : graph.scalar(pad.input(2));
        String x = pad.input(0);
        if (node.op() instanceof Op.Conv2d conv && value == 0) {
            String[] inputs = node.inputs().toArray(String[]::new);
            inputs[0] = x;
            return graph.replace(
                    node, new Op.Conv2d(wider(conv.window(), sides), conv.groups(), conv.activation()), inputs);
        }
        if (node.op() instanceof Op.AvgPool2d mean && value == 0) {
            Window window = wider(mean.window(), sides);
            boolean counted = mean.countIncludePad() || isUnpadded(mean.window());
            return counted && isPool(window) && graph.replace(node, new Op.AvgPool2d(window, false, true), x);
        }
        if (node.op() instanceof Op.MaxPool2d max) {
            Window window = wider(max.window(), sides);
            boolean never = value <= -Float.MAX_VALUE || value == 0 && isUnpadded(max.window()) && isPositive(graph, x);
            return never && isPool(window) && graph.replace(node, new Op.MaxPool2d(window, false), x);
        }
        return false;
    }

    /** Top, left, bottom, right of what a node puts around images; null: it does something else. */
    private static int[] sides(Rewriting graph, Node pad) {
        if (!(pad.op() instanceof Movement.Pad op)
                || op.mode() != Movement.Pad.Mode.CONSTANT
                || graph.value(pad.input(0)).shape().rank() != 4
                || !graph.value(pad.input(1)).isConstant()
                || !pad.input(3).isEmpty() && !graph.value(pad.input(3)).isConstant()) {
            return null;
        }
        long[] given = longs(graph.value(pad.input(1)));
        long[] axes = pad.input(3).isEmpty() ? new long[] {0, 1, 2, 3} : longs(graph.value(pad.input(3)));
        int[] sides = new int[4];
        for (int i = 0; i < axes.length; i++) {
            int axis = (int) (axes[i] < 0 ? axes[i] + 4 : axes[i]);
            long before = given[i];
            long behind = given[axes.length + i];
            if (before < 0 || behind < 0 || Math.max(before, behind) > 1 << 20 || axis < 2 && before + behind > 0) {
                return null;
            }
            if (axis >= 2) {
                sides[axis - 2] = (int) before;
                sides[axis] = (int) behind;
            }
        }
        return sides;
    }

    static long[] longs(Value constant) {
        return switch (constant.data().dtype()) {
            case S64 -> constant.data().toLongArray();
            default ->
                Arrays.stream(constant.data().toIntArray()).asLongStream().toArray();
        };
    }

    private static Window wider(Window w, int[] sides) {
        return w.padding(
                w.padTop() + sides[0], w.padLeft() + sides[1], w.padBottom() + sides[2], w.padRight() + sides[3]);
    }

    private static boolean isUnpadded(Window w) {
        return w.padTop() + w.padLeft() + w.padBottom() + w.padRight() == 0;
    }

    /** Pools take no more padding than half of their window, in which some element always is. */
    private static boolean isPool(Window w) {
        return 2 * Math.max(w.padTop(), w.padBottom()) <= w.kernelH()
                && 2 * Math.max(w.padLeft(), w.padRight()) <= w.kernelW();
    }

    /** Whether no element is below 0, so that a 0 beside them never wins. */
    private static boolean isPositive(Rewriting graph, String value) {
        Node node = graph.producer(value);
        return node != null
                && (node.op() instanceof Op.Clamp clamp && clamp.activation().min() >= 0
                        || node.op() instanceof Unary unary && unary.function() == Unary.Function.SIGMOID);
    }
}

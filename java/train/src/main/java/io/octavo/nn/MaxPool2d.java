package io.octavo.nn;

import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.graph.Window;

/**
 * The largest element of each window, {@code [N, C, H, W] -> [N, C, oh, ow]}. The step is the kernel's size unless said
 * otherwise.
 */
public final class MaxPool2d implements Layer {
    private final Window window;
    private final boolean ceilMode;

    private MaxPool2d(Window window, boolean ceilMode) {
        this.window = window;
        this.ceilMode = ceilMode;
    }

    /** A square window whose step is its size. */
    public MaxPool2d(int kernel) {
        this(Window.of(kernel).stride(kernel), false);
    }

    /** With another step. */
    public MaxPool2d stride(int stride) {
        return new MaxPool2d(window.stride(stride), ceilMode);
    }

    /** With padding on all sides, at most half of the kernel; padding is never the largest. */
    public MaxPool2d padding(int padding) {
        return new MaxPool2d(window.padding(padding), ceilMode);
    }

    /** With a distance between taps; 1 is dense. */
    public MaxPool2d dilation(int dilation) {
        return new MaxPool2d(window.dilation(dilation), ceilMode);
    }

    /** Whether a last window that is cut off at the border counts. */
    public MaxPool2d ceilMode(boolean ceilMode) {
        return new MaxPool2d(window, ceilMode);
    }

    @Override
    public String kind() {
        return "maxpool";
    }

    @Override
    public String build(Graph.Builder graph, String input, Init init, String name) {
        return LayerChecks.unary(graph, name, new Op.MaxPool2d(window, ceilMode), input);
    }
}

package io.octavo.nn;

import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.graph.Window;

/**
 * The mean of each window, {@code [N, C, H, W] -> [N, C, oh, ow]}. The step is the kernel's size and padding counts as zeros
 * unless said otherwise, as in PyTorch.
 */
public final class AvgPool2d implements Layer {
    private final Window window;
    private final boolean ceilMode;
    private final boolean countIncludePad;

    private AvgPool2d(Window window, boolean ceilMode, boolean countIncludePad) {
        this.window = window;
        this.ceilMode = ceilMode;
        this.countIncludePad = countIncludePad;
    }

    /** A square window whose step is its size. */
    public AvgPool2d(int kernel) {
        this(Window.of(kernel).stride(kernel), false, true);
    }

    /** With another step. */
    public AvgPool2d stride(int stride) {
        return new AvgPool2d(window.stride(stride), ceilMode, countIncludePad);
    }

    /** With padding on all sides, at most half of the kernel. */
    public AvgPool2d padding(int padding) {
        return new AvgPool2d(window.padding(padding), ceilMode, countIncludePad);
    }

    /** Whether a last window that is cut off at the border counts. */
    public AvgPool2d ceilMode(boolean ceilMode) {
        return new AvgPool2d(window, ceilMode, countIncludePad);
    }

    /** Whether padding counts in the mean, as zeros. */
    public AvgPool2d countIncludePad(boolean countIncludePad) {
        return new AvgPool2d(window, ceilMode, countIncludePad);
    }

    @Override
    public String kind() {
        return "avgpool";
    }

    @Override
    public String build(Graph.Builder graph, String input, Init init, String name) {
        return LayerChecks.unary(graph, name, new Op.AvgPool2d(window, ceilMode, countIncludePad), input);
    }
}

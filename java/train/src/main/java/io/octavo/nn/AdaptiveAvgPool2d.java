package io.octavo.nn;

import io.octavo.graph.Graph;
import io.octavo.graph.Op;

/** Means of as many windows as the result has pixels, {@code [N, C, H, W] -> [N, C, h, w]}, whatever the input's size. */
public final class AdaptiveAvgPool2d implements Layer {
    private final Op.AdaptiveAvgPool2d op;

    /** To a square of {@code size} by {@code size} pixels; 1 takes the mean of the whole image. */
    public AdaptiveAvgPool2d(int size) {
        this(size, size);
    }

    /** To {@code h} by {@code w} pixels. */
    public AdaptiveAvgPool2d(int h, int w) {
        op = new Op.AdaptiveAvgPool2d(h, w);
    }

    @Override
    public String kind() {
        return "avgpool";
    }

    @Override
    public String build(Graph.Builder graph, String input, Init init, String name) {
        return LayerChecks.unary(graph, name, op, input);
    }
}

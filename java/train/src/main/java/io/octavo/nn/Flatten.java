package io.octavo.nn;

import io.octavo.graph.Graph;
import io.octavo.graph.Op;

/** {@code [N, C, H, W] -> [N, C·H·W]}, features in the order C, H, W. */
public final class Flatten implements Layer {
    @Override
    public String kind() {
        return "flatten";
    }

    @Override
    public String build(Graph.Builder graph, String input, Init init, String name) {
        return LayerChecks.unary(graph, name, new Op.Flatten(), input);
    }
}

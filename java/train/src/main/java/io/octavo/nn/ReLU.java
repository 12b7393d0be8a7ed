package io.octavo.nn;

import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Op;

/** {@code max(x, 0)}, of any shape. */
public final class ReLU implements Layer {
    @Override
    public String kind() {
        return "relu";
    }

    @Override
    public String build(Graph.Builder graph, String input, Init init, String name) {
        return LayerChecks.unary(graph, name, new Op.Clamp(Activation.RELU), input);
    }
}

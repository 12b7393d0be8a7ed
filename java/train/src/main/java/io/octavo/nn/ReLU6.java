package io.octavo.nn;

import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Op;

/** {@code min(max(x, 0), 6)}, of any shape. */
public final class ReLU6 implements Layer {
    @Override
    public String kind() {
        return "relu6";
    }

    @Override
    public String build(Graph.Builder graph, String input, Init init, String name) {
        return LayerChecks.unary(graph, name, new Op.Clamp(Activation.RELU6), input);
    }
}

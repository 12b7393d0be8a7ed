package io.octavo.nn;

import io.octavo.graph.Graph;
import io.octavo.graph.Op;

/** {@code exp(x) / sum(exp(x))} over the last dimension. */
public final class Softmax implements Layer {
    @Override
    public String kind() {
        return "softmax";
    }

    @Override
    public String build(Graph.Builder graph, String input, Init init, String name) {
        return LayerChecks.unary(graph, name, new Op.Softmax(), input);
    }
}

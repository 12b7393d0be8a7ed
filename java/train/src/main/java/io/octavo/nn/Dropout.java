package io.octavo.nn;

import io.octavo.graph.Graph;
import io.octavo.graph.Op;

/**
 * Dropout (Srivastava et al., 2014): in training zeroes each element with probability p and scales the others by {@code 1 / (1 -
 * p)}; in inference does nothing.
 */
public final class Dropout implements Layer {
    private final Op.Dropout op;

    /**
     * @param p probability, in 0..1, 1 excluded
     * @throws io.octavo.InvalidValueException if it is not
     */
    public Dropout(float p) {
        op = new Op.Dropout(p);
    }

    /** With probability 0.5. */
    public Dropout() {
        this(0.5f);
    }

    @Override
    public String kind() {
        return "dropout";
    }

    @Override
    public String build(Graph.Builder graph, String input, Init init, String name) {
        return LayerChecks.unary(graph, name, op, input);
    }
}

package io.octavo.nn;

import io.octavo.ShapeMismatchException;
import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.tensor.Shape;
import java.util.List;

/**
 * {@code body(x) + shortcut(x)} (He et al., Deep Residual Learning, 2015). Without a shortcut the input itself is added, which
 * must then have the shape of what the body gives. An activation after the sum is the next layer's.
 */
public final class Residual implements Layer {
    private final Layer body;
    private final Layer shortcut; // null: the identity

    /** With the input itself as the other term. */
    public Residual(Layer body) {
        this(body, null);
    }

    /** With a layer on the input as the other term. */
    public Residual(Layer body, Layer shortcut) {
        this.body = body;
        this.shortcut = shortcut;
    }

    @Override
    public String kind() {
        return "residual";
    }

    @Override
    public String build(Graph.Builder graph, String input, Init init, String name) {
        String left = body.build(graph, input, init, name + ".body");
        String right = shortcut == null ? input : shortcut.build(graph, input, init, name + ".shortcut");
        Shape of = graph.value(left).shape();
        if (!of.equals(graph.value(right).shape())) {
            throw new ShapeMismatchException("Layer '" + name + "' (Residual): its body gives " + of + ", "
                    + (shortcut == null ? "its input" : "its shortcut") + " "
                    + graph.value(right).shape()
                    + ": they must be equal" + (shortcut == null ? "; give it a shortcut" : ""));
        }
        return graph.node(name, new Op.Add(), List.of(left, right));
    }
}

package io.octavo.nn;

import io.octavo.ShapeMismatchException;
import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.tensor.Shape;
import java.util.List;

/**
 * Fully connected layer, {@code [N, in] -> [N, out]}: {@code x·w^T + b}, weight {@code [out, in]}, a bias unless {@link #bias}
 * says no.
 */
public final class Linear implements Layer {
    private final int in;
    private final int out;
    private final boolean bias;

    private Linear(int in, int out, boolean bias) {
        this.in = LayerChecks.positive("Linear", "number of input features", in);
        this.out = LayerChecks.positive("Linear", "number of output features", out);
        this.bias = bias;
    }

    /** With a bias. */
    public Linear(int in, int out) {
        this(in, out, true);
    }

    /** With a bias or without. */
    public Linear bias(boolean bias) {
        return new Linear(in, out, bias);
    }

    @Override
    public String kind() {
        return "linear";
    }

    @Override
    public String build(Graph.Builder graph, String input, Init init, String name) {
        Shape found = graph.value(input).shape();
        if (found.rank() < 2 || found.dim(found.rank() - 1) != in) {
            throw new ShapeMismatchException(
                    "Layer '" + name + "' (Linear) was given " + in + " input features, but its input '"
                            + input + "' has shape " + found
                            + (found.rank() == 4
                                    ? ": flatten it first, which gives " + found.elementsPerSample() + " features"
                                    : ", that is " + found.dim(found.rank() - 1) + " features"));
        }
        String weight = graph.constant(name + ".weight", init.weight(Shape.of(out, in)));
        return graph.node(
                name,
                new Op.Linear(),
                bias
                        ? List.of(input, weight, graph.constant(name + ".bias", init.bias(out, in)))
                        : List.of(input, weight));
    }
}

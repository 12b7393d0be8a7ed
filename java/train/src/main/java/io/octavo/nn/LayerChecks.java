package io.octavo.nn;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.tensor.Shape;
import java.util.List;

/** What the layers share: checks of their arguments and inputs. */
final class LayerChecks {
    private LayerChecks() {}

    static int positive(String layer, String what, int value) {
        if (value < 1) {
            throw new InvalidValueException(layer + ": " + what + " is " + value + ", must be 1 or more");
        }
        return value;
    }

    /** A node of one input. */
    static String unary(Graph.Builder graph, String name, Op op, String input) {
        return graph.node(name, op, List.of(input));
    }

    /** The shape of a layer's input, which must be images of so many channels. */
    static Shape images(Graph.Builder graph, String name, String layer, String input, int channels) {
        Shape shape = graph.value(input).shape();
        if (shape.rank() != 4) {
            throw new ShapeMismatchException("Layer '" + name + "' (" + layer
                    + ") takes images [N, C, H, W], its input '" + input + "' has shape " + shape);
        }
        if (shape.dim(1) != channels) {
            throw new ShapeMismatchException("Layer '" + name + "' (" + layer + ") was given " + channels
                    + " input channels, but its input '" + input + "' " + shape + " has " + shape.dim(1));
        }
        return shape;
    }
}

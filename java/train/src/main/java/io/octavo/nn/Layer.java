package io.octavo.nn;

import io.octavo.InvalidValueException;
import io.octavo.graph.Graph;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;

/**
 * A layer, or several put together. Layers are immutable: what looks like a setter gives another layer. {@link #graph} makes
 * the network with fresh weights; the same layer can be built into a graph many times.
 */
public interface Layer {
    /** A short word for the kind of layer, such as {@code conv}: part of the names in a graph. */
    String kind();

    /**
     * Adds this layer's nodes and parameters to a graph.
     *
     * @param graph the graph under construction
     * @param input name of the value that the layer reads
     * @param init where parameters get their first values
     * @param name prefix of all names; the layer's own node carries it
     * @return name of the value that the layer computes
     * @throws io.octavo.ShapeMismatchException if the input's shape does not suit the layer: names it, what was found and what
     *     it was made for
     */
    String build(Graph.Builder graph, String input, Init init, String name);

    /**
     * The network of this layer, with one input "input" and one output "logits".
     *
     * <p>Nodes of a {@link Sequential} are named by place and kind, {@code 0.conv}, {@code 1.relu}; what is inside others gets
     * their name in front, {@code 3.residual.body.0.conv}. Parameters add PyTorch's words to the name of their node: {@code
     * 0.conv.weight}, {@code 0.conv.bias}, for batch norms also {@code running_mean} and {@code running_var}. The value that a node
     * computes carries the node's name.
     *
     * @param input shape of a batch, {@code [N, C, H, W]} or {@code [N, K]}; the batch may be fixed. Of one image {@code [C, H, W]}
     *     or one row {@code [K]}: N is put in front
     * @param seed of the initialization; the same seed gives the same weights on any machine
     */
    default Graph graph(Shape input, long seed) {
        Shape batch = input.rank() == 1 || input.rank() == 3 ? Shape.ofBatch(input.dims()) : input;
        if (batch.rank() != 2 && batch.rank() != 4) {
            throw new InvalidValueException(
                    "Input of shape " + input + ": must be [N, C, H, W] or [N, K], N for any batch");
        }
        Graph.Builder graph = Graph.builder(kind());
        graph.input("input", DType.F32, batch);
        String result = build(graph, "input", new Init(seed), this instanceof Sequential ? "" : kind());
        return graph.rename(result, "logits").output("logits").build();
    }
}

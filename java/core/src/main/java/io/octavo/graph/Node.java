package io.octavo.graph;

import io.octavo.InvalidValueException;
import java.util.List;

/**
 * One operator of a graph with the names of what it reads and writes.
 *
 * @param name unique among the nodes of its graph; names are apart from those of values
 * @param inputs value names in the operator's order; {@code ""} for an optional input that is absent
 * @param outputs value names in the operator's order; none for an optimizer's step
 */
public record Node(String name, Op op, List<String> inputs, List<String> outputs) {
    /** Copies the lists; a node of a graph needs a name and an output. */
    public Node {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        if (name.isEmpty() || outputs.isEmpty() && !(op instanceof Training)) {
            throw new InvalidValueException(
                    "Node '" + name + "' (" + op.type() + ") needs a name and at least one output");
        }
    }

    /** The first output. */
    public String output() {
        return outputs.get(0);
    }

    /** Input {@code index}, or {@code ""} if the node has fewer. */
    public String input(int index) {
        return index < inputs.size() ? inputs.get(index) : "";
    }
}

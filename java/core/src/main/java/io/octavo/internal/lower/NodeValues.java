package io.octavo.internal.lower;

import io.octavo.graph.Node;
import io.octavo.graph.Value;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/**
 * A node of a graph with the values at its ends, as lowering sees it.
 *
 * @param inputs in the node's order; null: absent
 * @param outputs in the node's order; null: nobody wants it
 */
public record NodeValues(Node node, List<Value> inputs, List<Value> outputs) {
    /** Looks the values up by name. */
    public static NodeValues of(Node node, Function<String, Value> values) {
        return new NodeValues(node, find(node.inputs(), values), find(node.outputs(), values));
    }

    private static List<Value> find(List<String> names, Function<String, Value> values) {
        Value[] found = names.stream()
                .map(name -> name.isEmpty() ? null : values.apply(name))
                .toArray(Value[]::new);
        return Collections.unmodifiableList(Arrays.asList(found));
    }

    /** The node's name. */
    public String name() {
        return node.name();
    }

    /** Input {@code index}; null: absent. */
    public Value input(int index) {
        return index < inputs.size() ? inputs.get(index) : null;
    }

    /** Output {@code index}; null: nobody wants it. */
    public Value output(int index) {
        return index < outputs.size() ? outputs.get(index) : null;
    }
}

package io.octavo.internal.onnx;

import io.octavo.InvalidValueException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A graph of a file. That values are made before they are used, and by whom, is not looked at here; only that no two have the same
 * name.
 *
 * @param name may be empty
 * @param nodes in the file's order
 * @param inputs in order; in old files also those that an initializer gives a value
 * @param outputs in order
 * @param values what the file says of inner values: hints, none of which need be there
 * @param initializers constants, each with a name of its own
 */
public record GraphDef(
        String name,
        List<NodeDef> nodes,
        List<ValueInfo> inputs,
        List<ValueInfo> outputs,
        List<ValueInfo> values,
        List<TensorDef> initializers) {
    public GraphDef {
        InvalidValueException.requireNonNull(name, "name of a graph");
        nodes = List.copyOf(nodes);
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        values = List.copyOf(values);
        initializers = List.copyOf(initializers);
        Set<String> given = new HashSet<>();
        for (ValueInfo input : inputs) {
            Names.once(given, input.name(), "input");
        }
        Set<String> constants = new HashSet<>();
        for (TensorDef initializer : initializers) {
            Names.require(initializer.name(), "an initializer");
            Names.once(constants, initializer.name(), "initializer");
        }
        Set<String> ends = new HashSet<>();
        for (ValueInfo output : outputs) {
            Names.once(ends, output.name(), "output");
        }
        given.addAll(constants);
        Names.requireOneOrigin(given, nodes);
    }
}

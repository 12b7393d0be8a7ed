package io.octavo.internal.onnx;

import io.octavo.InvalidValueException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/**
 * A function of a model: an operator that the file itself defines by nodes.
 *
 * @param domain of the operator that it defines
 * @param name of the operator that it defines
 * @param overload which of several of that name; mostly empty
 * @param opsets versions of the operators that its nodes use, by domain
 * @param inputs names of values, in order
 * @param outputs names of values, in order
 * @param attributes those without a default
 * @param defaults those with one, by name
 * @param nodes in the file's order
 * @param values what the file says of inner values
 */
public record FunctionDef(
        String domain,
        String name,
        String overload,
        Map<String, Long> opsets,
        List<String> inputs,
        List<String> outputs,
        List<String> attributes,
        Map<String, Attribute> defaults,
        List<NodeDef> nodes,
        List<ValueInfo> values) {
    public FunctionDef {
        domain = Names.domain(InvalidValueException.requireNonNull(domain, "domain of a function"));
        Names.require(name, "a function");
        InvalidValueException.requireNonNull(overload, "overload of function " + Quoted.of(name));
        opsets = Names.opsets(opsets);
        inputs = Names.distinct(inputs, "input of function " + Quoted.of(name));
        outputs = Names.distinct(outputs, "output of function " + Quoted.of(name));
        attributes = Names.distinct(attributes, "attribute of function " + Quoted.of(name));
        defaults = Names.sorted(defaults, "attribute of function " + Quoted.of(name));
        for (String attribute : attributes) {
            if (defaults.containsKey(attribute)) {
                throw new InvalidValueException("attribute of function " + Quoted.of(name) + " " + Quoted.of(attribute)
                        + " occurs twice, with a default and without");
            }
        }
        nodes = List.copyOf(nodes);
        values = List.copyOf(values);
        Names.requireOneOrigin(new HashSet<>(inputs), nodes);
    }
}

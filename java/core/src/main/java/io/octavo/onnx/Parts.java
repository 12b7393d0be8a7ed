package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.internal.onnx.Attribute;
import io.octavo.internal.onnx.GraphDef;
import io.octavo.internal.onnx.ModelDef;
import io.octavo.internal.onnx.NodeDef;
import io.octavo.internal.onnx.TensorDef;
import io.octavo.internal.onnx.ValueInfo;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Models cut to what is asked for, and branches as a part of the graph around them. */
final class Parts {
    private Parts() {}

    /** The model with the nodes alone that some values need. */
    static ModelDef upTo(String file, ModelDef model, List<String> outputs) {
        GraphDef graph = model.graph();
        Set<String> known = new HashSet<>();
        graph.nodes().forEach(node -> known.addAll(node.outputs()));
        graph.initializers().forEach(initializer -> known.add(initializer.name()));
        graph.inputs().forEach(input -> known.add(input.name()));
        for (String output : outputs) {
            if (output.isEmpty() || !known.contains(output)) {
                throw new InvalidValueException(file + ": no value \"" + output + "\" to be an output; its own are "
                        + graph.outputs().stream().map(ValueInfo::name).toList());
            }
        }
        Set<String> needed = new HashSet<>(outputs);
        List<NodeDef> kept = new ArrayList<>();
        for (int i = graph.nodes().size() - 1; i >= 0; i--) {
            NodeDef node = graph.nodes().get(i);
            if (node.outputs().stream().anyMatch(output -> !output.isEmpty() && needed.contains(output))) {
                read(node, needed);
                kept.add(node);
            }
        }
        Collections.reverse(kept);
        return new ModelDef(
                model.irVersion(),
                model.opsets(),
                model.producer(),
                new GraphDef(graph.name(), kept, graph.inputs(), graph.outputs(), List.of(), graph.initializers()),
                model.functions(),
                model.metadata());
    }

    /** Adds what a node reads, by itself or within its branches. */
    private static void read(NodeDef node, Set<String> values) {
        values.addAll(node.inputs());
        for (Attribute attribute : node.attributes().values()) {
            if (attribute instanceof Attribute.OfGraph branch) {
                branch.value().nodes().forEach(inner -> read(inner, values));
                branch.value().outputs().forEach(output -> values.add(output.name()));
            }
        }
    }

    /** The graph under names of its own: those that it makes itself begin with the prefix, also where graphs within it read them. */
    static GraphDef prefixed(GraphDef graph, String prefix) {
        Map<String, String> names = new HashMap<>();
        graph.initializers().forEach(initializer -> names.put(initializer.name(), prefix + initializer.name()));
        for (NodeDef node : graph.nodes()) {
            node.outputs().stream().filter(name -> !name.isEmpty()).forEach(name -> names.put(name, prefix + name));
        }
        return renamed(graph, names);
    }

    private static GraphDef renamed(GraphDef graph, Map<String, String> names) {
        List<NodeDef> nodes = new ArrayList<>();
        for (NodeDef node : graph.nodes()) {
            Map<String, Attribute> attributes = new TreeMap<>();
            node.attributes()
                    .forEach((key, value) -> attributes.put(
                            key,
                            value instanceof Attribute.OfGraph branch
                                    ? new Attribute.OfGraph(renamed(branch.value(), names))
                                    : value));
            nodes.add(new NodeDef(
                    node.name(),
                    node.domain(),
                    node.opType(),
                    node.overload(),
                    renamed(node.inputs(), names),
                    renamed(node.outputs(), names),
                    attributes));
        }
        List<TensorDef> initializers = new ArrayList<>();
        for (TensorDef initializer : graph.initializers()) {
            String name = names.getOrDefault(initializer.name(), initializer.name());
            initializers.add(new TensorDef(name, initializer.type(), initializer.dims(), initializer.data()));
        }
        List<ValueInfo> outputs = graph.outputs().stream()
                .map(output -> new ValueInfo(names.getOrDefault(output.name(), output.name()), output.type()))
                .toList();
        return new GraphDef(graph.name(), nodes, graph.inputs(), outputs, List.of(), initializers);
    }

    private static List<String> renamed(List<String> values, Map<String, String> names) {
        return values.stream().map(value -> names.getOrDefault(value, value)).toList();
    }
}

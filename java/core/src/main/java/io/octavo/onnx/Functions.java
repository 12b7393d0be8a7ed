package io.octavo.onnx;

import io.octavo.CorruptDataException;
import io.octavo.internal.onnx.Attribute;
import io.octavo.internal.onnx.FunctionDef;
import io.octavo.internal.onnx.GraphDef;
import io.octavo.internal.onnx.ModelDef;
import io.octavo.internal.onnx.NodeDef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Operators that a model defines itself: their nodes stand in for them. */
final class Functions {
    /** More nodes or calls than that come of functions that call each other, not of a network. */
    private static final int MOST = 200_000;

    private static final int DEEPEST = 32;

    private final ModelDef model;
    private final Map<List<String>, FunctionDef> functions = new HashMap<>();
    private final List<NodeDef> nodes = new ArrayList<>();
    private int calls;

    private Functions(ModelDef model) {
        this.model = model;
        for (FunctionDef function : model.functions()) {
            functions.put(List.of(function.domain(), function.name(), function.overload()), function);
        }
    }

    /** The model with no calls of functions left. */
    static ModelDef inline(ModelDef model) {
        if (model.functions().isEmpty()) {
            return model;
        }
        Functions inlined = new Functions(model);
        inlined.add(model.graph().nodes(), 0);
        GraphDef graph = model.graph();
        return new ModelDef(
                model.irVersion(),
                model.opsets(),
                model.producer(),
                new GraphDef(
                        graph.name(), inlined.nodes, graph.inputs(), graph.outputs(), List.of(), graph.initializers()),
                List.of(),
                model.metadata());
    }

    private void add(List<NodeDef> from, int depth) {
        for (NodeDef node : from) {
            FunctionDef function = functions.get(List.of(node.domain(), node.opType(), node.overload()));
            if (function == null) {
                nodes.add(node);
                requireAtMost(nodes.size(), "nodes");
            } else if (depth == DEEPEST) {
                throw new CorruptDataException(
                        "functions of the model call each other more than " + DEEPEST + " deep, as " + node + " does");
            } else {
                add(body(node, function), depth + 1);
            }
        }
    }

    private static void requireAtMost(int found, String of) {
        if (found > MOST) {
            throw new CorruptDataException("functions of the model make more than " + MOST + " " + of);
        }
    }

    private List<NodeDef> body(NodeDef call, FunctionDef function) {
        calls++;
        requireAtMost(calls, "calls");
        String prefix = (call.name().isEmpty() ? function.name() : call.name()) + "#" + calls + "/";
        Map<String, String> names = new HashMap<>();
        for (int i = 0; i < function.inputs().size(); i++) {
            names.put(
                    function.inputs().get(i),
                    i < call.inputs().size() ? call.inputs().get(i) : "");
        }
        for (int i = 0; i < function.outputs().size(); i++) {
            if (call.hasOutput(i)) {
                names.put(function.outputs().get(i), call.outputs().get(i));
            }
        }
        List<NodeDef> body = new ArrayList<>();
        for (NodeDef node : function.nodes()) {
            Map<String, Attribute> attributes = new TreeMap<>();
            node.attributes().forEach((key, value) -> {
                Attribute known = value instanceof Attribute.Reference reference
                        ? call.attributes()
                                .getOrDefault(
                                        reference.name(), function.defaults().get(reference.name()))
                        : value;
                if (known != null) {
                    attributes.put(key, known);
                }
            });
            body.add(new NodeDef(
                    prefix + node.name(),
                    node.domain(),
                    node.opType(),
                    node.overload(),
                    renamed(node.inputs(), names, prefix),
                    renamed(node.outputs(), names, prefix),
                    attributes));
        }
        return body;
    }

    private static List<String> renamed(List<String> values, Map<String, String> names, String prefix) {
        return values.stream()
                .map(value -> value.isEmpty() ? "" : names.getOrDefault(value, prefix + value))
                .toList();
    }
}

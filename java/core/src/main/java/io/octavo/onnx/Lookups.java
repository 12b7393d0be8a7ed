package io.octavo.onnx;

import io.octavo.internal.onnx.GraphDef;
import io.octavo.internal.onnx.NodeDef;
import io.octavo.internal.onnx.TensorDef;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The constants of a file whose codes are looked up in tables. */
final class Lookups {
    private final Map<String, NodeDef> producers = new HashMap<>();
    private final Map<String, Integer> uses = new HashMap<>();
    private final Set<String> constants = new HashSet<>();
    private final Map<String, Lookup> found = new HashMap<>(); // by the value that is dequantized
    private final Set<NodeDef> inner = Collections.newSetFromMap(new IdentityHashMap<>());

    Lookups(GraphDef graph) {
        if (graph.nodes().stream().noneMatch(Lookups::looksUp)) {
            return;
        }
        for (TensorDef initializer : graph.initializers()) {
            constants.add(initializer.name());
        }
        for (NodeDef node : graph.nodes()) {
            node.outputs().forEach(output -> producers.put(output, node));
            node.inputs().forEach(input -> uses.merge(input, 1, Integer::sum));
        }
        graph.outputs().forEach(output -> uses.merge(output.name(), 1, Integer::sum));
        for (NodeDef node : graph.nodes()) {
            if (node.opType().equals("DequantizeLinear") && node.hasInput(0)) {
                Lookup lookup = find(node.inputs().get(0));
                if (lookup != null) {
                    found.put(node.inputs().get(0), lookup);
                    inner.addAll(lookup.nodes());
                }
            }
        }
    }

    private static boolean looksUp(NodeDef node) {
        return node.domain().isEmpty() && node.opType().equals("Gather");
    }

    /** How a value is looked up; null: it is not. */
    Lookup of(String value) {
        return found.get(value);
    }

    /** Whether a node stands within a look-up. */
    boolean isInner(NodeDef node) {
        return inner.contains(node);
    }

    private Lookup find(String entries) {
        List<NodeDef> nodes = new ArrayList<>();
        String at = entries;
        for (String type : List.of("Slice", "Reshape")) {
            NodeDef node = step(at, type, nodes);
            at = node == null ? at : node.inputs().get(0);
        }
        NodeDef gather = step(at, "Gather", nodes);
        if (gather == null
                || gather.getInt("axis", 0) != 0
                || gather.inputs().size() != 2
                || !constants.contains(gather.inputs().get(0))) {
            return null;
        }
        String indices = gather.inputs().get(1);
        NodeDef add = step(indices, "Add", nodes);
        boolean offset = add != null
                && add.inputs().size() == 2
                && constants.contains(add.inputs().get(1));
        if (add != null && !offset) {
            return null;
        }
        NodeDef cast = step(offset ? add.inputs().get(0) : indices, "Cast", nodes);
        if (cast == null || !constants.contains(cast.inputs().get(0))) {
            return null;
        }
        return new Lookup(
                cast.inputs().get(0),
                gather.inputs().get(0),
                offset ? add.inputs().get(1) : null,
                List.copyOf(nodes));
    }

    /** The node that makes a value, if it is of that type and makes it for one reader alone; it is added to those between then. */
    private NodeDef step(String value, String type, List<NodeDef> nodes) {
        NodeDef node = producers.get(value);
        boolean own = node != null
                && node.domain().isEmpty()
                && node.opType().equals(type)
                && !node.inputs().isEmpty()
                && uses.getOrDefault(value, 0) == 1;
        if (own) {
            nodes.add(node);
        }
        return own ? node : null;
    }
}

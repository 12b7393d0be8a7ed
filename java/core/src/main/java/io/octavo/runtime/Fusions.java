package io.octavo.runtime;

import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Which nodes of a graph were taken into which others by the passes that made another graph of it. */
final class Fusions {
    private Fusions() {}

    /**
     * Names of the nodes that are gone, in running order, by the name of the node that does their work.
     *
     * @param before the graph as it was
     * @param after the graph whose nodes kept their names and write the value of the last node that they took in
     */
    static Map<String, List<String>> between(Graph before, Graph after) {
        Set<String> kept = after.nodes().stream().map(Node::name).collect(Collectors.toSet());
        Map<String, List<String>> fused = new HashMap<>();
        for (Node node : after.nodes()) {
            List<String> path = path(before, before.producer(node.output()), node.name(), kept);
            if (path != null && !path.isEmpty()) {
                fused.put(node.name(), path);
            }
        }
        return fused;
    }

    /** The nodes after the one of that name up to {@code last}; null if there is no way over nodes that are gone. */
    private static List<String> path(Graph before, Optional<Node> last, String first, Set<String> kept) {
        if (last.isEmpty()) {
            return null;
        }
        Node node = last.get();
        if (node.name().equals(first)) {
            return new ArrayList<>();
        }
        if (kept.contains(node.name())) {
            return null;
        }
        for (String input : node.inputs()) {
            List<String> path = path(before, before.producer(input), first, kept);
            if (path != null) {
                path.add(node.name());
                return path;
            }
        }
        return null;
    }
}

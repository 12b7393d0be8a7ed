package io.octavo.graph;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** {@link Graph#parameterInputs}. */
final class Parameters {
    private Parameters() {}

    static List<Value> of(Graph graph) {
        Deque<String> open = new ArrayDeque<>();
        Set<String> seen = new HashSet<>();
        for (Node node : graph.nodes()) {
            for (int i = 0; i < node.inputs().size(); i++) {
                if (isParameter(node.op(), i) && seen.add(node.input(i))) {
                    open.add(node.input(i));
                }
            }
        }
        while (!open.isEmpty()) {
            Node producer = graph.producer(open.remove()).orElse(null);
            // What asks for a shape alone does not care for elements; what is not computed before a run cannot be
            // known.
            if (producer == null
                    || producer.op() instanceof Shapes.ShapeOf
                    || producer.op() instanceof Shapes.SizeOf
                    || !Reference.computes(producer.op())) {
                continue;
            }
            producer.inputs().stream().filter(seen::add).forEach(open::add);
        }
        List<Value> found = new ArrayList<>(graph.inputs());
        found.removeIf(input -> !seen.contains(input.name()));
        return found;
    }

    /** Whether an input says how many or where, and not what. */
    private static boolean isParameter(Op op, int input) {
        if (op instanceof Movement && !(op instanceof Movement.Gather) && !(op instanceof Movement.Concat)) {
            return input > 0;
        }
        return op instanceof Reduction.TopK && input == 1 || op instanceof Shapes.Fill || op instanceof Shapes.Range;
    }
}

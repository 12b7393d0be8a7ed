package io.octavo.runtime;

import io.octavo.graph.Graph;
import io.octavo.graph.Passes;
import io.octavo.internal.bind.BackendId;
import io.octavo.internal.bind.PlanOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What all programs of a session are made from.
 *
 * @param graph what runs, with dimensions that may be unknown
 * @param tapped outputs of it that are none of the session's: values that are tapped, so that nothing takes them away
 * @param fused names of the nodes that are gone by the node that does their work
 */
record Recipe(
        Graph graph,
        List<String> tapped,
        Map<String, List<String>> fused,
        Set<String> taps,
        TapListener listener,
        BackendId backend,
        PlanOptions options) {

    /** Folds what is constant and, if so wished, fuses. */
    static Recipe of(
            Graph given,
            boolean optimize,
            Set<String> taps,
            TapListener listener,
            BackendId backend,
            PlanOptions options) {
        Graph.Builder marked = given.toBuilder();
        List<String> tapped = new ArrayList<>();
        for (String tap : taps) {
            if (given.producer(tap).isPresent() && !given.isOutput(tap)) {
                marked.output(tap);
                tapped.add(tap);
            }
        }
        Graph folded = marked.build().specialize(Map.of());
        Graph fused = optimize ? Passes.fuse(folded) : folded;
        return new Recipe(fused, tapped, Fusions.between(folded, fused), taps, listener, backend, options);
    }

    /** A graph made from this one with the session's outputs alone. */
    Graph withoutTapped(Graph special) {
        return special.withoutOutputs(tapped);
    }
}

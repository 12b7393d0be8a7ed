package io.octavo.calibrate;

import io.octavo.NotFiniteException;
import io.octavo.graph.Graph;
import io.octavo.graph.Value;
import io.octavo.observe.MinMaxObserver;
import io.octavo.runtime.Session;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Where in a network NaN or infinity begins. Observers see some values only; layers that stay float may have made it before. One
 * sample at a time, so that all values of a batch are never in memory.
 */
final class NotFiniteSearch {
    private final Map<String, Integer> order =
            new LinkedHashMap<>(); // float value to its place in the order of execution
    private int first = Integer.MAX_VALUE;
    private String found;

    private NotFiniteSearch(Graph graph) {
        Stream.concat(
                        graph.inputs().stream().map(Value::name),
                        graph.nodes().stream().flatMap(node -> node.outputs().stream()))
                .filter(name -> graph.value(name).dtype() == DType.F32)
                .forEach(name -> order.put(name, order.size()));
    }

    /** Which value is the first that is not finite, and what it holds; what {@code seen} says if single samples do not show it. */
    static NotFiniteException explain(Graph graph, List<Tensor> inputs, NotFiniteException seen) {
        NotFiniteSearch search = new NotFiniteSearch(graph);
        try (Session session =
                Session.builder(graph).tap(search.order.keySet(), search::look).build()) {
            boolean single = graph.specialize(Map.of()).hasFreeBatch();
            long samples = single ? inputs.get(0).shape().dim(0) : 1;
            for (long i = 0; i < samples; i++) {
                long at = i;
                int before = search.first;
                List<Tensor> sample = single
                        ? inputs.stream().map(input -> input.slice(at, at + 1)).toList()
                        : inputs;
                session.run(sample).forEach(Tensor::close);
                if (search.first < before && single && samples > 1) {
                    search.found = "sample " + at + " of " + samples + ": " + search.found;
                }
            }
        }
        return search.found == null ? seen : new NotFiniteException("calibration: " + search.found);
    }

    private void look(String value, Tensor tensor) {
        int place = order.get(value);
        if (place < first) {
            try {
                new MinMaxObserver().observe(tensor);
            } catch (NotFiniteException e) {
                first = place;
                found = "value " + value + ": " + e.getMessage();
            }
        }
    }
}

package io.octavo.graph;

import java.util.List;

/** {@link Passes#simplify}. */
final class Patterns {
    /** A change may let nodes before it change; more are never needed in practice, and none loses anything. */
    private static final int SWEEPS = 4;

    private Patterns() {}

    static Graph apply(Graph graph) {
        Graph simple = graph;
        for (int i = 0; i < SWEEPS; i++) {
            Graph next = Rewriting.apply(
                    simple,
                    List.of(
                            new CommonNodes(),
                            Tidying::apply,
                            Transposes::apply,
                            Blocks::apply,
                            Paddings::apply,
                            Arithmetic::apply,
                            Activations::apply,
                            Normalizations::apply,
                            Folding::apply));
            if (next == simple) {
                break;
            }
            simple = next;
        }
        return Rewriting.apply(simple, List.of(Tidying::unmoved, Normalizations::globalAverage, Tidying::apply));
    }
}

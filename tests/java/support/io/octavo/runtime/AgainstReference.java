package io.octavo.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.octavo.graph.Graph;
import io.octavo.graph.ReferenceRunner;
import io.octavo.graph.Value;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Sessions of small graphs against plain loops, on every instruction set, with one thread and with two. */
final class AgainstReference {
    private AgainstReference() {}

    /**
     * Runs a graph and compares its outputs: integers, codes and truth exactly, real numbers to this part of themselves, or of 1 where
     * they are smaller.
     */
    static void assertAgrees(Graph graph, Map<String, Tensor> inputs, double relative) {
        Map<String, double[]> expected = ReferenceRunner.run(graph, inputs);
        List<Tensor> given =
                graph.inputs().stream().map(value -> inputs.get(value.name())).toList();
        List<String> isas = new ArrayList<>();
        for (Machine.Isa isa : Machine.isas()) {
            if (isa.supported()) {
                isas.add(isa.name());
            }
        }
        assertFalse(isas.isEmpty());
        for (String isa : isas) {
            for (int threads = 1; threads <= 2; threads++) {
                try (Session session =
                        Session.builder(graph).isa(isa).threads(threads).build()) {
                    List<Tensor> found = session.run(given);
                    for (int i = 0; i < found.size(); i++) {
                        Value value = graph.outputs().get(i);
                        String what = graph.name() + " " + isa + " " + value.name();
                        assertClose(what, expected.get(value.name()), found.get(i), relative);
                    }
                }
            }
        }
    }

    private static void assertClose(String what, double[] expected, Tensor found, double relative) {
        assertEquals(expected.length, found.elements(), what);
        for (int i = 0; i < expected.length; i++) {
            double number = number(found, i);
            if (found.dtype() != DType.F32 || Double.isNaN(expected[i]) || Double.isInfinite(expected[i])) {
                assertEquals(expected[i], number, what + " at " + i);
            } else {
                assertEquals(expected[i], number, relative * Math.max(1, Math.abs(expected[i])), what + " at " + i);
            }
        }
    }

    private static double number(Tensor tensor, int i) {
        return switch (tensor.dtype()) {
            case F32 -> tensor.floats().get(i);
            case S64 -> tensor.longs().get(i);
            case BOOL -> tensor.bytes().get(i);
            default -> tensor.toIntArray()[i];
        };
    }
}

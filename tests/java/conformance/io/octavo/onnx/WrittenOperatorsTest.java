package io.octavo.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.octavo.graph.Graph;
import io.octavo.runtime.Session;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** ONNX Runtime computes of each operator that is written what a session computes. */
class WrittenOperatorsTest {
    /** Of the greatest number of a result. */
    private static final double RELATIVE = 1e-5;

    @TempDir
    private Path folder;

    static List<String> kinds() {
        return Samples.kinds();
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void operatorsMeanTheSame(String kind) {
        Samples.Sample sample = Samples.of(kind, 5);
        Graph graph = sample.graph();
        Path file = folder.resolve("written.onnx");
        Onnx.write(graph, file);
        List<Tensor> found = OnnxRuntime.run(file, graph.outputs(), sample.inputs());
        if (Samples.NOT_RUN.contains(kind)) {
            return;
        }
        try (Session session = Session.of(graph)) {
            List<Tensor> expected = session.run(graph.inputs().stream()
                    .map(input -> sample.inputs().get(input.name()))
                    .toList());
            for (int i = 0; i < expected.size(); i++) {
                assertClose(kind, expected.get(i), found.get(i));
            }
        }
    }

    static void assertClose(String what, Tensor expected, Tensor found) {
        assertEquals(expected.shape(), found.shape(), what);
        if (expected.dtype() != DType.F32) {
            assertEquals(expected.bytes(), found.bytes(), what);
            return;
        }
        float[] right = expected.toFloatArray();
        float[] given = found.toFloatArray();
        double greatest = 0;
        for (float number : right) {
            greatest = Float.isFinite(number) ? Math.max(greatest, Math.abs(number)) : greatest;
        }
        for (int i = 0; i < right.length; i++) {
            if (!Float.isFinite(right[i])) {
                assertEquals(right[i], given[i], what + " at " + i);
            } else {
                assertEquals(right[i], given[i], RELATIVE * greatest, what + " at " + i);
            }
        }
    }
}

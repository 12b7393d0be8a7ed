package io.octavo.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.graph.Graph;
import io.octavo.graph.Passes;
import io.octavo.graph.Value;
import io.octavo.runtime.Session;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Graphs come back from a file as they went. */
class OnnxWriteTest {
    @Test
    void everyOperatorHasARow() {
        assertEquals(Set.of(), Exports.TABLE.missing());
    }

    static List<String> kinds() {
        return Samples.kinds();
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void operatorsComeBack(String kind) {
        Samples.Sample sample = Samples.of(kind, 3);
        Graph read = assertComesBack(sample.graph());
        if (!Samples.NOT_RUN.contains(kind)) {
            double tolerance = Samples.DECOMPOSED.contains(kind) ? 1e-6 : 0;
            assertRunsTheSame(simple(sample.graph()), read, sample.inputs(), tolerance);
        }
    }

    @Property(tries = 300, shrinking = ShrinkingMode.OFF)
    void randomGraphsComeBack(@ForAll long seed) {
        Samples.Sample sample = Samples.random(seed);
        assertRunsTheSame(simple(sample.graph()), assertComesBack(sample.graph()), sample.inputs(), 0);
    }

    /** The file's graph, which has the same ends; what was read, and so brought into one form, is written and read as it is. */
    static Graph assertComesBack(Graph graph) {
        Path folder = folder();
        try {
            Path first = folder.resolve("first.onnx");
            Path second = folder.resolve("second.onnx");
            Onnx.write(graph, first);
            Graph read = Onnx.read(first);
            assertEquals(graph.name(), read.name());
            assertAlike(graph.inputs(), read.inputs());
            assertAlike(simple(graph).outputs(), read.outputs());
            Onnx.write(read, first);
            Graph again = Onnx.read(first);
            assertEquals(read.toString(), again.toString());
            Onnx.write(again, second);
            assertEquals(-1, Files.mismatch(first, second), () -> graph + "\n" + read);
            return read;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            delete(folder);
        }
    }

    /** A graph as reading makes it. */
    private static Graph simple(Graph graph) {
        return Passes.simplify(graph.specialize(Map.of()));
    }

    private static void assertAlike(List<Value> expected, List<Value> found) {
        assertEquals(expected.size(), found.size());
        for (int i = 0; i < expected.size(); i++) {
            assertTrue(Samples.alike(expected.get(i), found.get(i)), expected.get(i) + " is " + found.get(i));
        }
    }

    /** Real numbers to a part of the greatest, or to the bit where that is 0; all others always to the bit. */
    static void assertRunsTheSame(Graph graph, Graph read, Map<String, Tensor> inputs, double tolerance) {
        try (Session one = Session.of(graph);
                Session other = Session.of(read)) {
            List<Tensor> given = graph.inputs().stream()
                    .map(input -> inputs.get(input.name()))
                    .toList();
            List<Tensor> expected = one.run(given);
            List<Tensor> found = other.run(given);
            for (int i = 0; i < expected.size(); i++) {
                assertEquals(expected.get(i).shape(), found.get(i).shape());
                if (tolerance > 0 && expected.get(i).dtype() == DType.F32) {
                    float delta = (float) tolerance * greatest(expected.get(i));
                    assertArrayEquals(
                            expected.get(i).toFloatArray(), found.get(i).toFloatArray(), delta);
                } else {
                    assertEquals(expected.get(i).bytes(), found.get(i).bytes(), () -> graph + "\nwas read as\n" + read);
                }
            }
        }
    }

    private static float greatest(Tensor tensor) {
        float greatest = 0;
        for (float number : tensor.toFloatArray()) {
            greatest = Math.max(greatest, Math.abs(number));
        }
        return greatest;
    }

    private static Path folder() {
        try {
            return Files.createTempDirectory("octavo");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path folder) {
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
            Files.delete(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

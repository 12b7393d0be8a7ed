package io.octavo.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import io.octavo.graph.Passes;
import io.octavo.graph.Value;
import io.octavo.runtime.Session;
import io.octavo.scheme.QuantParams;
import io.octavo.scheme.TableParams;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Graphs that are written and read again. */
public final class RoundTrip {
    private RoundTrip() {}

    /** A graph of codes in which nothing is twice, which comes back with the same nodes, codes and parameters. */
    public static void assertNodesComeBack(Graph graph, Map<String, Tensor> inputs) {
        Graph read = assertCodesComeBack(graph, inputs);
        Map<String, Node> expected = new TreeMap<>();
        Passes.fuse(graph).nodes().forEach(node -> expected.put(node.name(), trimmed(node)));
        Map<String, Node> found = new TreeMap<>();
        Passes.fuse(read).nodes().forEach(node -> found.put(node.name(), trimmed(node)));
        assertEquals(expected, found, () -> graph + "\nwas read as\n" + read);
    }

    /** A graph with codes, of which those that come back are the same and have the same parameters, and which gives the same integers. */
    public static Graph assertCodesComeBack(Graph graph, Map<String, Tensor> inputs) {
        Graph read = assertComesBack(graph);
        for (Value value : read.values()) {
            boolean known = graph.hasValue(value.name());
            assertTrue(known || !value.isQuantized(), () -> value + " of " + read + "\nis none of " + graph);
            if (!known) {
                continue; // what stands between an operator and its activation
            }
            Value own = graph.value(value.name());
            assertEquals(comparable(own.quantization()), comparable(value.quantization()), value.name());
            if (value.isConstant()) {
                assertEquals(own.shape(), value.shape(), value.name());
                assertEquals(own.data().bytes(), value.data().bytes(), value.name());
            }
        }
        if (!inputs.isEmpty()) {
            assertRunsTheSame(graph, read, inputs, 0);
        }
        return read;
    }

    private static Node trimmed(Node node) {
        int count = node.inputs().size();
        while (count > 0 && node.inputs().get(count - 1).isEmpty()) {
            count--;
        }
        return new Node(node.name(), node.op(), node.inputs().subList(0, count), node.outputs());
    }

    /** All of a table but the levels that it was rounded from, which no file has. */
    private static Object comparable(QuantParams params) {
        return params instanceof TableParams table
                ? List.of(
                        table.bits(),
                        table.granularity(),
                        Arrays.toString(table.scales()),
                        Arrays.deepToString(table.tables()))
                : params == null ? "" : params;
    }

    /**
     * The file's graph, which has the same ends. What was read is written and read as it was, once reading has found all that there is
     * to simplify.
     */
    public static Graph assertComesBack(Graph graph) {
        Path folder = folder();
        try {
            Path file = folder.resolve("graph.onnx");
            Onnx.write(graph, file);
            Graph read = Onnx.read(file);
            assertEquals(graph.name(), read.name());
            assertAlike(graph.inputs(), read.inputs());
            assertAlike(simple(graph).outputs(), read.outputs());
            Onnx.write(read, file);
            Graph settled = Onnx.read(file);
            Onnx.write(settled, file);
            byte[] bytes = Files.readAllBytes(file);
            Graph again = Onnx.read(file);
            assertEquals(settled.toString(), again.toString());
            Onnx.write(again, file);
            assertArrayEquals(bytes, Files.readAllBytes(file), () -> graph + "\nwas read as\n" + read);
            return read;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            delete(folder);
        }
    }

    /** A graph as reading makes it. */
    static Graph simple(Graph graph) {
        return Passes.simplify(graph.specialize(Map.of()));
    }

    private static void assertAlike(List<Value> expected, List<Value> found) {
        assertEquals(expected.size(), found.size());
        for (int i = 0; i < expected.size(); i++) {
            assertTrue(Samples.alike(expected.get(i), found.get(i)), expected.get(i) + " is " + found.get(i));
        }
    }

    /** Real numbers to a part of the greatest, or to the bit where that is 0; all others always to the bit. */
    public static void assertRunsTheSame(Graph graph, Graph read, Map<String, Tensor> inputs, double tolerance) {
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

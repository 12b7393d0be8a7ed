package io.octavo.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.CorruptDataException;
import io.octavo.DataException;
import io.octavo.DataNotFoundException;
import io.octavo.UnsupportedException;
import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.graph.Value;
import io.octavo.internal.onnx.ModelDef;
import io.octavo.internal.onnx.OnnxFile;
import io.octavo.scheme.AffineParams;
import io.octavo.tensor.DType;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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
        Graph read = RoundTrip.assertComesBack(sample.graph());
        if (!Samples.NOT_RUN.contains(kind)) {
            double tolerance = Samples.DECOMPOSED.contains(kind) ? 1e-6 : 0;
            RoundTrip.assertRunsTheSame(RoundTrip.simple(sample.graph()), read, sample.inputs(), tolerance);
        }
    }

    @Property(tries = 300, shrinking = ShrinkingMode.OFF)
    void randomGraphsComeBack(@ForAll long seed) {
        Samples.Sample sample = Samples.random(seed);
        RoundTrip.assertRunsTheSame(
                RoundTrip.simple(sample.graph()), RoundTrip.assertComesBack(sample.graph()), sample.inputs(), 0);
    }

    @Test
    void whatCannotBeWrittenIsNamedAndLeavesTheFileAsItWas(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("model.onnx");
        Files.writeString(file, "what was there");
        Graph.Builder g = Graph.builder("open");
        g.input("x", DType.F32, Shape.ofDims(Dim.of(1), Dim.of(2), Dim.unknown("h"), Dim.unknown("w")));
        g.node("first", new Op.AdaptiveAvgPool2d(3, 2), List.of("x"));
        g.node("second", new Op.AdaptiveAvgPool2d(5, 1), List.of("x"));
        Graph graph = g.output("first").output("second").build();
        String message = assertThrows(UnsupportedException.class, () -> Onnx.write(graph, file))
                .getMessage();
        for (String part : List.of("'open'", "'first' (AdaptiveAvgPool2d)", "'second'", "[1, 2, h, w]")) {
            assertTrue(message.contains(part), part + " in " + message);
        }
        assertEquals("what was there", Files.readString(file));
        try (var files = Files.list(folder)) {
            assertEquals(1, files.count(), "no part of a file is left");
        }
    }

    @Test
    void aFolderThatIsNoneIsNamed(@TempDir Path folder) throws IOException {
        Graph graph = Samples.of("EXP", 1).graph();
        Path lost = folder.resolve("none").resolve("model.onnx");
        String message = assertThrows(DataNotFoundException.class, () -> Onnx.write(graph, lost))
                .getMessage();
        assertTrue(message.contains(lost.toString()), message);
        Files.writeString(folder.resolve("file"), "");
        Path within = folder.resolve("file").resolve("model.onnx");
        message = assertThrows(DataException.class, () -> Onnx.write(graph, within))
                .getMessage();
        assertTrue(message.contains(within.toString()), message);
    }

    /** Dropouts are left out; where one makes an output, what it read has its name. */
    @Test
    void dropoutsAreNotWritten(@TempDir Path folder) {
        Graph.Builder g = Graph.builder("dropouts");
        g.input("x", DType.F32, Shape.ofBatch(4));
        g.node("a", new Op.Clamp(Activation.RELU), List.of("x"));
        g.node("d", new Op.Dropout(0.5f), List.of("a"));
        g.node("b", new Op.Clamp(Activation.RELU6), List.of("d"));
        g.node("last", new Op.Dropout(0.5f), List.of("b"));
        Path file = folder.resolve("model.onnx");
        Onnx.write(g.output("last").build(), file);
        Graph read = Onnx.read(file);
        assertEquals(List.of("last"), read.outputs().stream().map(Value::name).toList());
        assertTrue(read.nodes().stream().allMatch(node -> node.op() instanceof Op.Clamp), read.toString());
    }

    /** What another program made of a file is read by what stands in it. */
    @Test
    void notesThatDoNotFitAreNotBelieved(@TempDir Path folder) {
        Path file = folder.resolve("model.onnx");
        Graph.Builder g = Graph.builder("codes");
        g.input("x", DType.F32, Shape.ofBatch(4));
        g.node("q", new Op.Quantize(), List.of("x"), AffineParams.perTensor(DType.U8, 8, 0.5f, 3));
        g.node("y", new Op.Dequantize(), List.of("q"));
        Onnx.write(g.output("y").build(), file);
        ModelDef written = OnnxFile.read(file);
        for (String note : List.of("1 clamp", "11111 y", "none", "", "1 ")) {
            Map<String, String> metadata = new TreeMap<>(written.metadata());
            metadata.put("octavo.node:y", note);
            OnnxFile.write(
                    file,
                    new ModelDef(
                            written.irVersion(),
                            written.opsets(),
                            written.producer(),
                            written.graph(),
                            List.of(),
                            metadata));
            Graph read = Onnx.read(file);
            assertEquals("[N, 4]", read.outputs().get(0).shape().toString());
        }
        Map<String, String> metadata = new TreeMap<>(written.metadata());
        metadata.put("octavo.codes:q", "99 0 many");
        OnnxFile.write(
                file,
                new ModelDef(
                        written.irVersion(),
                        written.opsets(),
                        written.producer(),
                        written.graph(),
                        List.of(),
                        metadata));
        assertThrows(CorruptDataException.class, () -> Onnx.read(file));
    }
}

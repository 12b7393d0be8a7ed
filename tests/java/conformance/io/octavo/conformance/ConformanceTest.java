package io.octavo.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.octavo.internal.onnx.DimDef;
import io.octavo.internal.onnx.ElementType;
import io.octavo.internal.onnx.GraphDef;
import io.octavo.internal.onnx.ModelDef;
import io.octavo.internal.onnx.NodeDef;
import io.octavo.internal.onnx.OnnxFile;
import io.octavo.internal.onnx.TensorDef;
import io.octavo.internal.onnx.ValueInfo;
import io.octavo.tensor.Tensor;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** No case of the collections fails, and as many pass as the operators that Octavo has should. */
class ConformanceTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "debian, node, 932, 708",
        "debian, pytorch-converted, 82, 82",
        "debian, pytorch-operator, 35, 35",
        "debian, simple, 23, 7",
        "onnx-1.23, node, 677, 659",
        "onnx-1.23, light, 9, 9",
        "octavo-quant, node, 520, 520"
    })
    void noCaseFails(String name, String group, int cases, int least) {
        Collection collection = Collection.ALL.stream()
                .filter(one -> one.name().equals(name))
                .findFirst()
                .orElseThrow();
        assumeTrue(collection.folder().isPresent(), "cases " + name + " are not here");
        List<Outcome> outcomes = Conformance.run(collection.cases().stream()
                .filter(one -> one.group().equals(group))
                .toList());
        assertEquals(cases, outcomes.size());
        assertEquals(
                "",
                outcomes.stream()
                        .filter(outcome -> outcome.result() == Outcome.Result.FAILED)
                        .map(outcome -> outcome.of().name() + ": " + outcome.reason())
                        .collect(Collectors.joining("\n")));
        long passed = Conformance.count(outcomes, Outcome.Result.PASSED);
        assertTrue(passed >= least, passed + " pass, at least " + least + " should");
    }

    @Test
    void theScriptSaysWhatPassesWhatFailsAndWhatIsUnsupported() throws IOException {
        write("test_right", "Relu", Tensor.of(new float[] {0, 2, 0}));
        write("test_near", "Relu", Tensor.of(new float[] {0, 2.01f, 0}));
        write("test_wrong_shape", "Relu", Tensor.of(new float[] {0, 2, 0}, 1, 3));
        write("test_wrong_type", "Relu", Tensor.ofInts(new int[] {0, 2, 0}, 3));
        write("test_unknown", "Frobnicate", Tensor.of(new float[] {0, 2, 0}));
        Files.write(folder.resolve("node/test_unknown/model.onnx.bak"), new byte[1]);
        Path cut = Files.createDirectories(folder.resolve("node/test_cut/test_data_set_0"));
        Files.write(cut.resolveSibling("model.onnx"), new byte[] {10, 20, 30});

        assertEquals(
                "test_cut failed CorruptDataException\n"
                        + "test_near failed output \"y\" element 1 is 2.0, expected 2.01\n"
                        + "test_right passed \n"
                        + "test_unknown unsupported operators of opset 17 that are not supported: Frobnicate (node [y])\n"
                        + "test_wrong_shape failed output \"y\" has shape [3], expected [1, 3]\n"
                        + "test_wrong_type failed output \"y\" is of type F32, expected S32",
                results(1));
        Files.delete(folder.resolve("node/test_wrong_type/model.onnx"));
        Files.delete(folder.resolve("node/test_wrong_shape/model.onnx"));
        Files.delete(folder.resolve("node/test_cut/model.onnx"));
        assertTrue(results(0, "--tolerance", "0.01").contains("test_near passed"));
        Files.writeString(folder.resolve("cases.tsv"), "case\ttolerance\ntest_near\trtol 0 atol 0.001*max\n");
        assertTrue(results(1).contains("test_near failed"));
        Files.writeString(folder.resolve("cases.tsv"), "case\ttolerance\ntest_near\trtol 0 atol 0.006*max\n");
        assertTrue(results(0).contains("test_near passed"));
    }

    @Test
    void integersDifferByNoMoreThanTheirSteps() {
        TensorDef expected = TensorDef.of("y", Tensor.ofLongs(new long[] {5, Long.MIN_VALUE}));
        Tensor near = Tensor.ofLongs(new long[] {6, Long.MIN_VALUE});
        assertEquals("element 0 is 6, expected 5", Comparison.difference(near, expected, Tolerance.ONNX));
        assertNull(Comparison.difference(near, expected, Tolerance.of("1")));
        Tensor far = Tensor.ofLongs(new long[] {5, Long.MAX_VALUE});
        assertNotNull(Comparison.difference(far, expected, Tolerance.of("1")));
    }

    @Test
    void floatsAreNearOrTheSameInfinityOrNoNumbers() {
        float[] special = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 0};
        TensorDef expected = TensorDef.of("y", Tensor.of(special));
        assertNull(Comparison.difference(Tensor.of(special), expected, Tolerance.ONNX));
        for (int i = 0; i < special.length; i++) {
            for (float other : new float[] {1e-6f, Float.MAX_VALUE, -Float.MAX_VALUE, Float.NaN}) {
                float[] found = special.clone();
                found[i] = other;
                String difference = Comparison.difference(Tensor.of(found), expected, Tolerance.ONNX);
                assertEquals(Float.compare(other, special[i]) != 0, difference != null, i + ": " + other);
            }
        }
    }

    /** Name, result and reason of each case, as the script's file has them. */
    private String results(int exitCode, String... options) throws IOException {
        Path file = folder.resolve("results.json");
        StringWriter printed = new StringWriter();
        List<String> arguments = new ArrayList<>(List.of("--cases", folder.toString(), "--json", file.toString()));
        arguments.addAll(List.of(options));
        int found =
                Conformance.commandLine().setOut(new PrintWriter(printed)).execute(arguments.toArray(String[]::new));
        assertEquals(exitCode, found, printed::toString);
        List<?> cases = (List<?>) JSON.std.mapFrom(Files.readString(file)).get("cases");
        return cases.stream()
                .map(one -> (Map<?, ?>) one)
                .map(one -> one.get("name") + " " + one.get("result") + " "
                        + one.get("reason")
                                .toString()
                                .replaceFirst("(CorruptDataException).*", "$1")
                                .replaceFirst("test_data_set_0, ", ""))
                .collect(Collectors.joining("\n"));
    }

    private void write(String name, String operator, Tensor expected) throws IOException {
        Path set = Files.createDirectories(folder.resolve("node").resolve(name).resolve("test_data_set_0"));
        GraphDef graph = new GraphDef(
                name,
                List.of(NodeDef.of("", operator, List.of("x"), List.of("y"), Map.of())),
                List.of(ValueInfo.of("x", ElementType.F32, List.of(new DimDef.Size(3)))),
                List.of(ValueInfo.of("y", ElementType.F32, null)),
                List.of(),
                List.of());
        OnnxFile.write(
                set.resolveSibling("model.onnx"),
                new ModelDef(8, Map.of("", 17L), new ModelDef.Producer("", "", "", 0), graph, List.of(), Map.of()));
        OnnxFile.writeTensor(set.resolve("input_0.pb"), TensorDef.of("x", Tensor.of(new float[] {-1, 2, -3})));
        OnnxFile.writeTensor(set.resolve("output_0.pb"), TensorDef.of("y", expected));
    }
}

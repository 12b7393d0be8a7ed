package io.octavo.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.octavo.internal.onnx.DimDef;
import io.octavo.internal.onnx.ElementType;
import io.octavo.internal.onnx.GraphDef;
import io.octavo.internal.onnx.ModelDef;
import io.octavo.internal.onnx.NodeDef;
import io.octavo.internal.onnx.OnnxFile;
import io.octavo.internal.onnx.ValueInfo;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ModelsBenchTest {
    @TempDir
    Path folder;

    @Test
    void everyRowHasItsFourTimesAndTheirRatio() throws IOException {
        write("tiny-float.onnx", "Softplus");
        write("tiny-qdq.onnx", "Softplus");
        Path json = folder.resolve("rows.json");
        StringWriter printed = new StringWriter();
        assertEquals(
                0, bench(printed, "--models", "tiny", "--batch", "1,3", "--json", json.toString()), printed::toString);
        Map<String, Object> found = JSON.std.mapFrom(Files.readString(json));
        assertTrue(found.get("cpu").toString().length() > 1);
        List<?> rows = (List<?>) found.get("rows");
        assertEquals(2, rows.size());
        for (Object each : rows) {
            Map<?, ?> row = (Map<?, ?>) each;
            assertEquals(
                    Set.of(
                            "model",
                            "batch",
                            "threads",
                            "octavoInt8Micros",
                            "octavoFloatMicros",
                            "ortInt8Micros",
                            "ortFloatMicros",
                            "speedup"),
                    row.keySet());
            assertTrue(number(row, "octavoFloatMicros") > 0);
            double better = Math.min(number(row, "ortInt8Micros"), number(row, "ortFloatMicros"));
            assertEquals(better / number(row, "octavoInt8Micros"), number(row, "speedup"), 1e-9);
        }
    }

    @Test
    void runtimesThatComputeSomethingElseAreNotCompared() {
        assertTrue(ModelsBench.difference(new float[] {0, 1}, new float[] {0, 1.0001f}) < 2e-4);
        assertEquals(0.5, ModelsBench.difference(new float[] {0, 1}, new float[] {0, 2}));
        assertEquals(Double.POSITIVE_INFINITY, ModelsBench.difference(new float[] {0}, new float[] {0, 2}));
        assertNotEquals(0, bench(new StringWriter(), "--models", "absent"));
    }

    private int bench(StringWriter printed, String... options) {
        PrintWriter out = new PrintWriter(printed);
        List<String> line = new ArrayList<>(List.of("--dir", folder.toString(), "--threads", "1", "--rounds", "1"));
        line.addAll(List.of(options));
        return new CommandLine(new ModelsBench()).setOut(out).setErr(out).execute(line.toArray(String[]::new));
    }

    private static double number(Map<?, ?> row, String key) {
        return ((Number) row.get(key)).doubleValue();
    }

    private void write(String name, String operator) {
        GraphDef graph = new GraphDef(
                "tiny",
                List.of(NodeDef.of("", operator, List.of("x"), List.of("y"), Map.of())),
                List.of(ValueInfo.of("x", ElementType.F32, List.of(new DimDef.Named("N"), new DimDef.Size(7)))),
                List.of(ValueInfo.of("y", ElementType.F32, List.of(new DimDef.Named("N"), new DimDef.Size(7)))),
                List.of(),
                List.of());
        OnnxFile.write(
                folder.resolve(name),
                new ModelDef(8, Map.of("", 17L), new ModelDef.Producer("", "", "", 0), graph, List.of(), Map.of()));
    }
}

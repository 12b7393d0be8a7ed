package io.octavo.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.octavo.cli.Main;
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

/** The main job from the command line, on data small enough for a test. */
class DemoTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        return line.execute(arguments);
    }

    @Test
    void trainsQuantizesAndReports(@TempDir Path folder) throws IOException {
        Path data = TinyCifar.write(Files.createDirectory(folder.resolve("data")), 640, 200);
        Path json = folder.resolve("report.json");
        Path weights = folder.resolve("weights.safetensors");

        int code = run(
                "demo",
                "--data",
                data.toString(),
                "--epochs",
                "12",
                "--calibration-images",
                "256",
                "--json",
                json.toString(),
                "--save",
                weights.toString());

        assertEquals(0, code, err + "\n" + out);
        assertTrue(out.toString().contains("cifar10"), out.toString());
        Map<String, Object> report = JSON.std.mapFrom(Files.readString(json));
        assertEquals(Set.of("dataset", "testImages", "isa", "float", "int8", "schemes"), report.keySet());
        assertEquals("cifar10", report.get("dataset"));
        assertEquals(200, report.get("testImages"));
        Map<?, ?> floating = (Map<?, ?>) report.get("float");
        Map<?, ?> int8 = (Map<?, ?>) report.get("int8");
        assertEquals(Set.of("top1", "bytes", "latencyMicros", "imagesPerSecond"), floating.keySet());
        assertTrue(number(floating, "top1") > 60, report.toString());
        assertEquals(number(floating, "top1"), number(int8, "top1"), 5, report.toString());
        assertTrue(number(floating, "bytes") > 3 * number(int8, "bytes"), report.toString());

        List<String> rows = new ArrayList<>();
        for (Object element : (List<?>) report.get("schemes")) {
            Map<?, ?> row = (Map<?, ?>) element;
            rows.add(row.get("scheme") + " " + row.get("bits"));
            assertTrue(number(row, "bitsPerWeight") > number(row, "bits"), "tables and scales are counted: " + row);
            assertTrue(number(row, "sqnrDb") > 10, row.toString());
        }
        assertEquals(
                List.of("uniform 8", "uniform 4", "clipping 8", "clipping 4", "logarithmic 4", "kmeans 4", "kmeans 8"),
                rows);

        assertEquals(
                0, run("demo", "--data", data.toString(), "--load", weights.toString(), "--json", json.toString()));
        Map<?, ?> again = (Map<?, ?>) JSON.std.mapFrom(Files.readString(json)).get("float");
        assertEquals(floating.get("top1"), again.get("top1"), "the saved weights are the trained ones");
    }

    @Test
    void aMissingDataPathIsOneClearLine(@TempDir Path folder) {
        Path json = folder.resolve("report.json");
        assertEquals(1, run("demo", "--data", folder.resolve("nowhere").toString(), "--json", json.toString()));
        assertTrue(err.toString().contains("nowhere"), err.toString());
        assertFalse(err.toString().contains("\tat "), "no stack trace: " + err);
        assertFalse(Files.exists(json));
    }

    @Test
    void aPartialRecordIsNamed(@TempDir Path folder) throws IOException {
        TinyCifar.write(folder, 20, 20);
        Path file = folder.resolve("data_batch_1.bin");
        Files.write(file, new byte[5000]);
        assertEquals(1, run("demo", "--data", folder.toString()));
        assertTrue(err.toString().contains("data_batch_1.bin"), err.toString());
    }

    @Test
    void aReportThatCannotBeWrittenIsRefusedBeforeTheWork(@TempDir Path folder) throws IOException {
        TinyCifar.write(folder, 20, 20);
        Path json = folder.resolve("none").resolve("report.json");
        assertEquals(2, run("demo", "--data", folder.toString(), "--json", json.toString()));
        assertTrue(err.toString().contains("--json"), err.toString());
        assertFalse(out.toString().contains("Trained"), out.toString());
    }

    @Test
    void optionsThatCannotWorkAreRefusedBeforeAnythingIsRead(@TempDir Path folder) throws IOException {
        String load =
                Files.writeString(folder.resolve("none.safetensors"), "no").toString();
        List<List<String>> wrong = List.of(
                List.of("--calibration-images", "0"),
                List.of("--epochs", "0"),
                List.of("--batch-size", "-1"),
                List.of("--threads", "0"),
                List.of("--lr", "NaN"),
                List.of("--peak-lr", "-0.1"),
                List.of("--momentum", "Infinity"),
                List.of("--weight-decay", "-1"),
                List.of("--lr", "0.1", "--peak-lr", "0.1"),
                List.of("--load", load),
                List.of("--epochs", "1", "--load", load),
                List.of("--json", folder.toString()),
                List.of("--save", "/"));
        for (List<String> options : wrong) {
            err.getBuffer().setLength(0);
            List<String> arguments = new ArrayList<>(
                    List.of("demo", "--data", folder.resolve("nowhere").toString()));
            arguments.addAll(options);
            // A file that is none is no wrong option.
            assertEquals(
                    options.get(0).equals("--load") ? 1 : 2, run(arguments.toArray(String[]::new)), options::toString);
            String named = options.get(0).equals("--load") ? load : options.get(0);
            assertTrue(err.toString().contains(named), options + ": " + err);
            assertFalse(err.toString().contains("\tat "), "no stack trace: " + err);
        }
        assertFalse(out.toString().contains("Data:"), out.toString());
    }

    @Test
    void anUnknownOptionIsAUsageError() {
        assertEquals(2, run("demo", "--modle", "seednet"));
        assertEquals(2, run("demo", "--model", "vgg"));
        assertTrue(err.toString().contains("seednet, resnet20"), err.toString());
    }

    private static double number(Map<?, ?> row, String key) {
        return ((Number) row.get(key)).doubleValue();
    }
}

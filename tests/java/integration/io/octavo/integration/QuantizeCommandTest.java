package io.octavo.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.octavo.data.Npy;
import io.octavo.data.Samples;
import io.octavo.graph.Graph;
import io.octavo.onnx.Onnx;
import io.octavo.qconfig.QConfig;
import io.octavo.quantize.Quantization;
import io.octavo.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code octavo quantize}: a float model from a file to a quantized one in a file. */
class QuantizeCommandTest {
    @TempDir
    private Path dir;

    private Path model;
    private Path photos;
    private Path out;

    @BeforeEach
    void models() throws IOException {
        model = SmallModels.classifier(dir.resolve("model.onnx"), 1);
        photos = SmallModels.pictures(dir.resolve("photos"), 6, 12, 10);
        out = dir.resolve("model.int8.onnx");
    }

    @Test
    void theFileIsWhatTheLibraryMakesOfTheSameData() throws IOException {
        String text = CliRun.output("quantize", model, "-o", out, "--calibration", photos);
        for (String word : List.of(
                "qconfig octavo",
                "clipping of 8 bits per channel",
                "6 sample(s)",
                "1 Conv2d",
                "1 Linear",
                "left in float",
                "parameters",
                "latency",
                "SQNR dB",
                "of 6")) {
            assertTrue(text.contains(word), word + " in " + text);
        }
        Graph network = Onnx.read(model);
        Graph own = Quantization.quantizeStatic(
                network, QConfig.getDefault("octavo"), Samples.open(photos, network.inputSpecs()));
        Path ownFile = dir.resolve("own.onnx");
        Onnx.write(own, ownFile);
        assertArrayEquals(Files.readAllBytes(ownFile), Files.readAllBytes(out));

        Map<String, Object> json =
                CliRun.json("quantize", model, "-o", out, "--calibration", photos, "--samples", 4, "--json");
        assertEquals(4, json.get("samples"));
        assertEquals(List.of(), json.get("floatNodes"));
        assertTrue(number(json, "bytesAfter") < 0.5 * number(json, "bytesBefore"), json.toString());
        Map<?, ?> logits = (Map<?, ?>) ((List<?>) json.get("outputs")).get(0);
        assertTrue(number(logits, "sqnrDb") > 20, logits.toString());
        // What was written runs, and is near its origin on other data too.
        Map<String, Object> compared = CliRun.json("compare", model, out, "--data", photos, "--json");
        assertTrue(number((Map<?, ?>) ((List<?>) compared.get("outputs")).get(0), "sqnrDb") > 20, compared.toString());
    }

    @Test
    void everySchemeIsWrittenAndRuns() throws IOException {
        for (String scheme : List.of("uniform", "clipping", "logarithmic", "kmeans")) {
            for (int bits : new int[] {2, 4, 8}) {
                for (String granularity : List.of("tensor", "channel")) {
                    String what = scheme + " " + bits + " " + granularity;
                    Map<String, Object> json = CliRun.json(
                            "quantize",
                            model,
                            "-o",
                            out,
                            "--calibration",
                            photos,
                            "--scheme",
                            scheme,
                            "--bits",
                            bits,
                            "--granularity",
                            granularity,
                            "--json");
                    assertEquals(what, json.get("scheme") + " " + json.get("bits") + " " + json.get("granularity"));
                    Map<?, ?> logits = (Map<?, ?>) ((List<?>) json.get("outputs")).get(0);
                    assertTrue(
                            number(logits, "sqnrDb") > (bits == 8 && !scheme.equals("logarithmic") ? 20 : 0),
                            what + logits);
                    assertTrue(
                            CliRun.output("run", out, "--input", photos.resolve("1.png"))
                                    .contains("logits"),
                            what);
                }
            }
        }
        assertTrue(CliRun.output("quantize", model, "-o", out, "--calibration", photos, "--scheme", "kmeans")
                .contains("kmeans of 4 bits"));
        assertTrue(CliRun.output("quantize", model, "-o", out, "--calibration", photos, "--qconfig", "x86")
                .contains("qconfig x86"));
    }

    @Test
    void weightsAloneNeedNoData() throws IOException {
        Map<String, Object> json = CliRun.json(
                "quantize", model, "-o", out, "--weight-only", "--bits", "4", "--granularity", "group:32", "--json");
        assertEquals(1, json.get("quantizedNodes"));
        assertEquals(Map.of("Linear", 1), json.get("quantizedOperators"));
        assertEquals("group32", json.get("granularity"));
        List<?> floats = (List<?>) json.get("floatNodes");
        assertTrue(
                floats.stream().anyMatch(node -> ((Map<?, ?>) node).get("node").equals("conv")), floats.toString());
        assertTrue(
                floats.stream().noneMatch(node -> ((Map<?, ?>) node).get("why").equals("")), floats.toString());
        String text = CliRun.output("quantize", model, "-o", out, "--weight-only", "--calibration", photos);
        assertTrue(text.contains("SQNR dB") && text.contains("conv"), text);
    }

    @Test
    void namedNodesStayInFloat() throws IOException {
        Map<String, Object> json =
                CliRun.json("quantize", model, "-o", out, "--calibration", photos, "--keep-float", "^fc$", "--json");
        List<?> floats = (List<?>) json.get("floatNodes");
        assertEquals(1, floats.size(), floats.toString());
        assertEquals("fc", ((Map<?, ?>) floats.get(0)).get("node"));
        CliRun.misused(
                "--keep-float nothing conv",
                "quantize",
                model,
                "-o",
                out,
                "--calibration",
                photos,
                "--keep-float",
                "nothing");
        CliRun.misused("--keep-float", "quantize", model, "-o", out, "--calibration", photos, "--keep-float", "(");
    }

    @Test
    void severalInputsAreCalibratedByName() throws IOException {
        Path sum = SmallModels.sum(dir.resolve("sum.onnx"));
        Path sets = dir.resolve("sets");
        Files.createDirectories(sets);
        for (int i = 0; i < 3; i++) {
            Path array = dir.resolve("a" + i + ".npy");
            Npy.write(array, Tensor.of(new float[] {1 + i, -2, 3, 0.5f * i}, 1, 4));
            byte[] bytes = Files.readAllBytes(array);
            try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(sets.resolve(i + ".npz")))) {
                for (String name : List.of("right.npy", "left.npy")) {
                    zip.putNextEntry(new ZipEntry(name));
                    zip.write(bytes);
                    zip.closeEntry();
                }
            }
        }
        Map<String, Object> json = CliRun.json("quantize", sum, "-o", out, "--calibration", sets, "--json");
        assertEquals(Map.of("Add", 1), json.get("quantizedOperators"));
        assertEquals(3, json.get("samples"));
        CliRun.fails("0.png 2 inputs", "quantize", sum, "-o", out, "--calibration", photos);
    }

    @Test
    void whatCannotGoTogetherSaysWhatCan() {
        Object[] start = {"quantize", model, "-o", out, "--calibration", photos};
        CliRun.misused("--bits 2 8", with(start, "--bits", "1"));
        CliRun.misused("--bits 9", with(start, "--bits", "9", "--scheme", "kmeans"));
        CliRun.misused("uniform clipping logarithmic kmeans", with(start, "--scheme", "ternary"));
        CliRun.misused("group:64 --weight-only tensor channel", with(start, "--granularity", "group:64"));
        CliRun.misused("group:33 multiple 32", with(start, "--granularity", "group:33", "--weight-only"));
        CliRun.misused("tensor, channel, group:N", with(start, "--granularity", "row"));
        CliRun.misused("--weight-only --qconfig exclude", with(start, "--weight-only", "--qconfig", "x86"));
        CliRun.misused("mlas octavo fbgemm x86 onednn qnnpack", with(start, "--qconfig", "mlas"));
        CliRun.misused("--calibration --weight-only", "quantize", model, "-o", out);
        CliRun.misused("-o", "quantize", model, "--calibration", photos);
        CliRun.misused("-o none", "quantize", model, "-o", dir.resolve("none/x.onnx"), "--calibration", photos);
        CliRun.misused("photos folder", "quantize", model, "-o", photos, "--calibration", photos);
        assertFalse(Files.exists(out));
    }

    private static Object[] with(Object[] start, Object... more) {
        return Stream.concat(Stream.of(start), Stream.of(more)).toArray();
    }

    @Test
    void aFailureNamesWhatIsWrongAndLeavesWhatWasThere() throws IOException {
        Files.writeString(out, "old");
        Path empty = Files.createDirectory(dir.resolve("empty"));
        CliRun.fails("empty jpg npz", "quantize", model, "-o", out, "--calibration", empty);
        CliRun.fails("nowhere", "quantize", model, "-o", out, "--calibration", dir.resolve("nowhere"));
        CliRun.fails("none.onnx", "quantize", dir.resolve("none.onnx"), "-o", out, "--calibration", photos);
        Path text = Files.writeString(dir.resolve("text.onnx"), "this is no model");
        CliRun.fails("text.onnx", "quantize", text, "-o", out, "--calibration", photos);
        Path odd = SmallModels.classifier(dir.resolve("odd.onnx"), 1, "Frobnicate");
        CliRun.fails("odd.onnx Frobnicate act", "quantize", odd, "-o", out, "--calibration", photos);
        Path wrong = dir.resolve("wrong.npy");
        Npy.write(wrong, Tensor.of(new float[3 * 8 * 9], 1, 3, 8, 9));
        CliRun.fails("wrong.npy images", "quantize", model, "-o", out, "--calibration", wrong);
        Files.write(photos.resolve("4.png"), new byte[10]);
        CliRun.fails("4.png", "quantize", model, "-o", out, "--calibration", photos);
        Files.delete(photos.resolve("4.png"));
        assertEquals("old", Files.readString(out));
        try (Stream<Path> files = Files.list(dir)) {
            assertTrue(files.noneMatch(file -> file.toString().endsWith(".part")), "nothing half-written is left");
        }
        CliRun.output("quantize", model, "-o", out, "--calibration", photos);
        CliRun.fails("quantized already", "quantize", out, "-o", dir.resolve("twice.onnx"), "--calibration", photos);
        assertFalse(Files.exists(dir.resolve("twice.onnx")));
        CliRun.output("quantize", model, "-o", model, "--calibration", photos); // onto itself
        assertArrayEquals(Files.readAllBytes(out), Files.readAllBytes(model));
    }

    /** MobileNetV2 with weights of ImageNet and photographs, where they are at hand. */
    @Test
    void aRealNetworkIsQuantizedAndRuns() throws IOException {
        String models = System.getenv("OCTAVO_MODELS");
        String data = System.getenv("OCTAVO_DATA");
        Path network = Path.of(models == null ? "" : models, "mobilenetv2-imagenet");
        Path pictures = Path.of(data == null ? "" : data, "photos", "calibration");
        assumeTrue(
                Files.exists(network.resolve("model.onnx")) && Files.isDirectory(pictures),
                "no MobileNetV2 in OCTAVO_MODELS, or no photos in OCTAVO_DATA");
        Path report = dir.resolve("report.json");
        CliRun.output(
                "quantize",
                network.resolve("model.onnx"),
                "-o",
                out,
                "--calibration",
                pictures,
                "--mean",
                "0.485,0.456,0.406",
                "--std",
                "0.229,0.224,0.225",
                "--json",
                report);
        Map<String, Object> json = JSON.std.mapFrom(Files.readString(report));
        assertEquals(48, json.get("samples"));
        assertTrue(number(json, "fileBytesBefore") > 3.5 * number(json, "fileBytesAfter"), json.toString());
        assertTrue(number((Map<?, ?>) ((List<?>) json.get("outputs")).get(0), "sqnrDb") > 12, json.toString());
        StringBuilder labels = new StringBuilder();
        for (int i = 0; i < 1000; i++) {
            labels.append(i == 285 ? "Egyptian cat" : "class " + i).append('\n');
        }
        Path names = Files.writeString(dir.resolve("labels.txt"), labels);
        String cat =
                CliRun.output("run", out, "--input", network.resolve("test_data_set_0"), "--top", 3, "--labels", names);
        assertTrue(cat.contains("Egyptian cat"), cat);
        String photo = CliRun.output(
                "run",
                out,
                "--input",
                firstOf(pictures),
                "--labels",
                names,
                "--mean",
                "0.485,0.456,0.406",
                "--std",
                "0.229,0.224,0.225");
        assertEquals(
                5,
                photo.lines()
                        .filter(line -> line.contains("class ") && !line.contains("value"))
                        .count(),
                photo);
    }

    private static Path firstOf(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().findFirst().orElseThrow();
        }
    }

    private static double number(Map<?, ?> row, String key) {
        return ((Number) row.get(key)).doubleValue();
    }
}

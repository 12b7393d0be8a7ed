package io.octavo.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.octavo.cli.Main;
import io.octavo.data.ImageTransform;
import io.octavo.data.Npy;
import io.octavo.graph.Graph;
import io.octavo.onnx.Onnx;
import io.octavo.runtime.Session;
import io.octavo.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands on models from files: run, inspect, compare, bench, completion. */
class CommandsTest {
    @TempDir
    private Path dir;

    private Path model;
    private Path photos;

    @BeforeEach
    void models() throws IOException {
        model = SmallModels.classifier(dir.resolve("model.onnx"), 1);
        photos = SmallModels.pictures(dir.resolve("photos"), 5, 12, 10);
    }

    private float[] logits(Path photo) {
        Graph graph = Onnx.read(model);
        Tensor x = ImageTransform.of(graph.inputSpecs().get(0))
                .mean(0.5f, 0.4f, 0.3f)
                .std(0.2f)
                .read(photo);
        try (Session session = Session.of(graph)) {
            return session.run(x).toFloatArray();
        }
    }

    @Test
    void runPrintsTheClassesOfAPicture() throws IOException {
        Path photo = photos.resolve("2.png");
        float[] logits = logits(photo);
        int best = 0;
        for (int i = 1; i < 4; i++) {
            best = logits[i] > logits[best] ? i : best;
        }
        Path labels = Files.writeString(dir.resolve("labels.txt"), "ape\nbee\ncat\ndog\n");
        Object[] arguments = {
            "run", model, "--input", photo, "--mean", "0.5,0.4,0.3", "--std", "0.2", "--top", "2", "--labels", labels
        };
        String label = List.of("ape", "bee", "cat", "dog").get(best);
        List<String> lines = CliRun.output(arguments).lines().toList();
        assertTrue(lines.get(0).contains("logits F32 [1, 4]"), lines.toString());
        assertTrue(lines.get(2).contains(label), lines.toString());
        arguments = Arrays.copyOf(arguments, arguments.length + 1);
        arguments[arguments.length - 1] = "--json";
        Map<?, ?> output = (Map<?, ?>) ((List<?>) CliRun.json(arguments).get("outputs")).get(0);
        List<?> top = (List<?>) ((List<?>) output.get("top")).get(0);
        assertEquals(2, top.size());
        assertEquals(best, ((Map<?, ?>) top.get(0)).get("class"));
        assertEquals(label, ((Map<?, ?>) top.get(0)).get("label"));
        assertEquals(logits[best], ((Number) ((Map<?, ?>) top.get(0)).get("value")).floatValue());
    }

    @Test
    void runWritesItsOutputs() throws IOException {
        Path sum = SmallModels.sum(dir.resolve("sum.onnx"));
        Npy.write(dir.resolve("l.npy"), Tensor.of(new float[] {1, 2, 3, 4}, 1, 4));
        Npy.write(dir.resolve("r.npy"), Tensor.ofInts(new int[] {10, 20, 30, 40}, 4));
        Path results = dir.resolve("deep/results");
        String left = "left=" + dir.resolve("l.npy");
        String right = "right=" + dir.resolve("r.npy");
        String text = CliRun.output("run", sum, "--input", left, "--input", right, "--output", results);
        assertTrue(text.contains("11.000 22.000 33.000 44.000"), text);
        Tensor written = Npy.read(results.resolve("sum_total_0.npy"));
        assertEquals("F32 [1, 4]", written.toString());
        assertArrayEquals(new float[] {11, 22, 33, 44}, written.toFloatArray());
        Npy.write(dir.resolve("l.npy"), Tensor.of(new float[4], 1, 4));
        CliRun.output("run", sum, "--input", left, "--input", right, "--output", results);
        assertArrayEquals(
                new float[] {10, 20, 30, 40},
                Npy.read(results.resolve("sum_total_0.npy")).toFloatArray(),
                "what was there is replaced");

        CliRun.misused("'right' --input", "run", sum, "--input", left);
        CliRun.misused("NAME=FILE", "run", sum, "--input", left, "--input", "up=" + dir.resolve("r.npy"));
        CliRun.fails("l.npy 2 inputs", "run", sum, "--input", dir.resolve("l.npy"));
    }

    @Test
    void runNamesWhatIsWrong() throws IOException {
        Path photo = photos.resolve("0.png");
        CliRun.misused("--input", "run", model);
        CliRun.misused("--top 0", "run", model, "--input", photo, "--top", "0");
        CliRun.misused("--mean", "run", model, "--input", photo, "--mean", "0.1,x");
        CliRun.misused("mean 3", "run", model, "--input", photo, "--mean", "1,2");
        CliRun.misused("--size", "run", model, "--input", photo, "--size", "8x");
        CliRun.misused("9 9 images", "run", model, "--input", photo, "--size", "9x9");
        CliRun.misused("several", "run", model, "--input", photos);
        CliRun.fails("none.png", "run", model, "--input", dir.resolve("none.png"));
        CliRun.fails("none.onnx", "run", dir.resolve("none.onnx"), "--input", photo);
        CliRun.fails("0.png protobuf", "run", photo, "--input", photo);
        Path broken = Files.write(dir.resolve("broken.jpg"), new byte[100]);
        CliRun.fails("broken.jpg", "run", model, "--input", broken);
        Npy.write(dir.resolve("x.npy"), Tensor.of(new float[3 * 9 * 8], 1, 3, 9, 8));
        CliRun.fails("x.npy [1,3,9,8] images".replace(",", ", "), "run", model, "--input", dir.resolve("x.npy"));
        Path labels = Files.writeString(dir.resolve("labels.txt"), "one\ntwo\n");
        CliRun.fails("labels.txt 2 4", "run", model, "--input", photo, "--labels", labels);
        Path odd = SmallModels.classifier(dir.resolve("odd.onnx"), 1, "Frobnicate");
        CliRun.fails("odd.onnx Frobnicate act", "run", odd, "--input", photo);
    }

    @Test
    void inspectShowsWhatIsInAModelAndHowItRuns() throws IOException {
        String text = CliRun.output("inspect", model);
        for (String word : List.of("opset 17", "Conv", "GlobalAveragePool", "[batch, 3, 8, 8]", "logits", "kernel")) {
            assertTrue(text.contains(word), word + " in " + text);
        }
        Map<String, Object> json = CliRun.json("inspect", "--json", model);
        assertEquals(Map.of("", 17), json.get("opsets"));
        assertEquals(
                Map.of("Conv", 1, "Relu", 1, "GlobalAveragePool", 1, "Flatten", 1, "Gemm", 1), json.get("operators"));
        assertEquals(8 * 27 + 8 + 32 + 4, json.get("parameters"));
        Map<?, ?> input = (Map<?, ?>) ((List<?>) json.get("inputs")).get(0);
        assertEquals(List.of("batch", 3, 8, 8), input.get("shape"));
        List<?> steps = (List<?>) json.get("steps");
        assertTrue(
                steps.stream().anyMatch(step -> ((Map<?, ?>) step).get("node").equals("conv")), steps.toString());
    }

    @Test
    void inspectAsksForShapesThatItNeeds() throws IOException {
        Path any = SmallModels.anySize(dir.resolve("any.onnx"));
        assertTrue(CliRun.output("inspect", any).contains("--shape images=1x3"));
        assertEquals(null, CliRun.json("inspect", any, "--json").get("steps"));
        assertTrue(CliRun.output("inspect", any, "--shape", "images=2x3x16x20").contains("kernel"));
        CliRun.misused("\"images\" [batch 4", "inspect", any, "--shape", "images=2x4x16x20");
        CliRun.misused("pictures", "inspect", any, "--shape", "pictures=2x3x16x20");
        CliRun.misused("'0'", "inspect", any, "--shape", "images=0x3x16x20");
        CliRun.misused("images=1x3x224x224", "inspect", any, "--shape", "1x3x16x20");
        List<?> inputs = (List<?>) CliRun.json("inspect", any, "--shape", "images=?x3x16x20", "--json")
                .get("inputs");
        assertEquals(List.of("batch", 3, 16, 20), ((Map<?, ?>) inputs.get(0)).get("shape"));
    }

    /** A model whose end is not supported is read up to what can run. */
    @Test
    void aModelIsReadUpToOtherOutputs() throws IOException {
        Path odd = SmallModels.classifier(dir.resolve("odd.onnx"), 1, "Frobnicate");
        CliRun.fails("Frobnicate", "run", odd, "--input", photos.resolve("0.png"));
        Map<?, ?> output = (Map<?, ?>)
                ((List<?>) CliRun.json("run", odd, "--outputs", "c", "--input", photos.resolve("0.png"), "--json")
                                .get("outputs"))
                        .get(0);
        assertEquals("c", output.get("name"));
        assertEquals(List.of(1, 8, 8, 8), output.get("shape"));
        CliRun.misused("nothing", "run", odd, "--outputs", "nothing", "--input", photos.resolve("0.png"));
    }

    /** What is in the file is shown even then. */
    @Test
    void inspectNamesOperatorsThatAreNotSupported() {
        Path odd = SmallModels.classifier(dir.resolve("odd.onnx"), 1, "Frobnicate");
        CliRun run = CliRun.of("inspect", odd);
        assertEquals(1, run.code(), run::toString);
        assertTrue(run.out().contains("Frobnicate"), run::toString);
        assertTrue(run.err().contains("odd.onnx") && run.err().contains("Frobnicate (node act)"), run::toString);
    }

    @Test
    void compareSaysHowFarOutputsAreApart() throws IOException {
        String same = CliRun.output("compare", model, model, "--data", photos);
        assertTrue(same.contains("5 sample(s)") && same.contains("5 of 5") && same.contains("∞"), same);
        Path other = SmallModels.classifier(dir.resolve("other.onnx"), 2);
        Map<String, Object> json = CliRun.json("compare", model, other, "--data", photos, "--samples", 3, "--json");
        assertEquals(3, json.get("samples"));
        Map<?, ?> output = (Map<?, ?>) ((List<?>) json.get("outputs")).get(0);
        assertEquals("logits", output.get("name"));
        assertEquals(false, output.get("equal"));
        assertTrue(((Number) output.get("sqnrDb")).doubleValue() < 20, output.toString());
        assertTrue(Math.abs(((Number) output.get("cosine")).doubleValue()) <= 1, output.toString());
        assertEquals(3, output.get("rows"));

        Path file = dir.resolve("results.json");
        String text = CliRun.output("compare", model, other, "--data", photos, "--json", file);
        assertTrue(text.contains("SQNR dB"), text);
        assertEquals(5, JSON.std.mapFrom(Files.readString(file)).get("samples"));
    }

    @Test
    void compareNamesWhatIsWrong() throws IOException {
        CliRun.misused("--data", "compare", model, model);
        CliRun.misused("--samples 0", "compare", model, model, "--data", photos, "--samples", "0");
        CliRun.misused("--json", "compare", model, model, "--data", photos, "--json=" + dir.resolve("no/x.json"));
        Path empty = Files.createDirectory(dir.resolve("empty"));
        CliRun.fails("empty jpg", "compare", model, model, "--data", empty);
        CliRun.fails("inputs left", "compare", model, SmallModels.sum(dir.resolve("sum.onnx")), "--data", photos);
        Path any = SmallModels.anySize(dir.resolve("any.onnx"));
        CliRun.fails("'logits' [1, 4] [1, 4, 6, 6]", "compare", model, any, "--data", photos);
        Files.write(photos.resolve("3.png"), new byte[50]);
        CliRun.fails("3.png", "compare", model, model, "--data", photos);
    }

    @Test
    void benchMeasuresRunsAndSteps() throws IOException {
        Map<String, Object> json =
                CliRun.json("bench", model, "--threads", 1, "--batch", 4, "--runs", 30, "--profile", "--json");
        assertEquals(30, json.get("runs"));
        assertEquals(4, json.get("batch"));
        assertEquals(1, json.get("threads"));
        double median = number(json, "medianMicros");
        assertTrue(0 < number(json, "fastestMicros") && number(json, "fastestMicros") <= median, json.toString());
        assertTrue(median <= number(json, "p95Micros"), json.toString());
        assertTrue(number(json, "p95Micros") <= number(json, "p99Micros"), json.toString());
        assertEquals(4e6 / median, number(json, "imagesPerSecond"), 1e-3 * 4e6 / median);
        List<?> steps = (List<?>) json.get("steps");
        assertTrue(number((Map<?, ?>) steps.get(1), "micros") > 0, steps.toString());
        String text = CliRun.output("bench", model, "--runs", 20, "--input", photos.resolve("1.png"), "--profile");
        for (String word : List.of("median", "p95", "p99", "images/s", "[F32 [1, 3, 8, 8]]", "share")) {
            assertTrue(text.contains(word), word + " in " + text);
        }
        Path any = SmallModels.anySize(dir.resolve("any.onnx"));
        CliRun.misused("--shape height", "bench", any);
        assertTrue(CliRun.output("bench", any, "--shape", "images=1x3x16x20", "--runs", 5)
                .contains("5 runs"));
        CliRun.misused("--runs 0", "bench", model, "--runs", "0");
        CliRun.misused("--batch -1", "bench", model, "--batch", "-1");
    }

    private static double number(Map<?, ?> row, String key) {
        return ((Number) row.get(key)).doubleValue();
    }

    @Test
    void everyCommandHasHelpWithExamplesAndExitCodes() {
        for (String command : Main.commandLine().getSubcommands().keySet()) {
            String help = CliRun.output(command, "--help");
            assertTrue(help.contains("Exit codes:") && help.contains("Usage: octavo " + command), help);
            assertTrue(List.of("demo", "info").contains(command) || help.contains("Examples:\n  "), help);
        }
        assertEquals(2, CliRun.of("qantize").code());
        assertFalse(CliRun.output("--help").isEmpty());
    }

    /** The shell itself reads the text and completes with it. */
    @Test
    void completionCompletes() throws Exception {
        String script = CliRun.output("completion", "bash");
        assertEquals(script, CliRun.output("completion", "zsh"));
        CliRun.misused("fish", "completion", "fish");
        Path file = Files.writeString(
                dir.resolve("complete.sh"),
                script + "\nCOMP_WORDS=(octavo com); COMP_CWORD=1\n_complete_octavo\necho \"${COMPREPLY[@]}\"\n"
                        + "COMP_WORDS=(octavo bench --pro); COMP_CWORD=2; COMPREPLY=()\n_complete_octavo\n"
                        + "echo \"${COMPREPLY[@]}\"\n");
        Path printed = dir.resolve("printed");
        Process bash = new ProcessBuilder("bash", file.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD) // compopt wants to be called by the shell
                .redirectOutput(printed.toFile())
                .start();
        assertTrue(bash.waitFor(60, TimeUnit.SECONDS));
        assertEquals(List.of("compare completion", "--profile"), Files.readAllLines(printed));
    }
}

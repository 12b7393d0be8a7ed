package io.octavo.cli;

import io.octavo.graph.Graph;
import io.octavo.runtime.Explanation;
import io.octavo.runtime.Machine;
import io.octavo.runtime.Session;
import io.octavo.tensor.Tensor;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** How long a model takes. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Versions.class,
        description =
                "Measures how long a run of a model takes, of the whole and with --profile of each step. Inputs are random"
                        + " numbers unless files are given.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  octavo bench model.onnx --threads 1",
            "  octavo bench model.onnx --batch 8 --runs 500 --profile",
            "  octavo bench detector.onnx --shape images=1x3x640x640",
            ""
        })
final class BenchCommand implements Callable<Integer> {
    private static final long WARM_UP_NANOS = 300_000_000;
    private static final long NANOS = 3_000_000_000L;
    private static final int LEAST_RUNS = 20;
    private static final int MOST_RUNS = 200_000;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "MODEL", description = "ONNX file.")
    private Path model;

    @Mixin
    private ThreadsOption threads;

    @Option(
            names = "--batch",
            paramLabel = "N",
            description = "Unknown first dimension of the inputs (default: ${DEFAULT-VALUE}).")
    private int batch = 1;

    @Option(
            names = "--runs",
            paramLabel = "N",
            description = "Runs that are timed (default: as many as take 3 seconds, at least 20).")
    private Integer runs;

    @Option(
            names = "--profile",
            description = "Also time each step; what is measured of the whole is then a little more.")
    private boolean profile;

    @Mixin
    private ReadingOptions reading;

    @Mixin
    private InputOptions inputs;

    @Mixin
    private ImageOptions images;

    @Mixin
    private JsonOption json;

    @Override
    public Integer call() throws IOException {
        json.check(spec);
        threads.check(spec);
        Checks.positive(spec, "--batch", batch);
        Checks.positive(spec, "--runs", runs);
        Graph graph = reading.read(model);
        List<Tensor> given = inputs.isEmpty()
                ? reading.standIns(graph, reading.require(graph, batch))
                : inputs.tensors(graph, images);
        int count = threads.count();
        try (Session session =
                Session.builder(graph).threads(count).profile(profile).build()) {
            Session.Binding binding = session.bind(given, session.run(given));
            long[] times = times(binding);
            Explanation explanation = profile ? session.explain() : null;
            report(given, count, times, explanation);
        }
        return 0;
    }

    private long[] times(Session.Binding binding) {
        long warm = 0;
        int warmRuns = 0;
        for (long start = System.nanoTime(); warm < WARM_UP_NANOS; warm = System.nanoTime() - start) {
            binding.run();
            warmRuns++;
        }
        double each = (double) warm / warmRuns;
        long[] times = new long[runs != null ? runs : (int) Math.max(LEAST_RUNS, Math.min(MOST_RUNS, NANOS / each))];
        long shown = 0;
        try (Progress progress = new Progress("bench")) {
            for (int i = 0; i < times.length; i++) {
                long start = System.nanoTime();
                binding.run();
                long end = System.nanoTime();
                times[i] = end - start;
                if (end - shown > WARM_UP_NANOS) { // not between short runs, which it would cost time
                    progress.step(i + 1L, times.length);
                    shown = end;
                }
            }
            progress.step(times.length, times.length);
        }
        Arrays.sort(times);
        return times;
    }

    private void report(List<Tensor> given, int count, long[] times, Explanation explanation) throws IOException {
        long samples =
                given.get(0).shape().rank() == 0 ? 1 : given.get(0).shape().dim(0);
        double perSecond = samples * 1e9 / percentile(times, 50);
        PrintWriter text = json.text(spec.commandLine().getOut());
        text.printf(
                "%s on %s, ISA %s, %d thread(s), %s, %s runs%n%n",
                model, Machine.cpu(), Machine.isa(), count, given, TextTable.number(times.length));
        new TextTable("", ">")
                .row("median", TextTable.time(percentile(times, 50)))
                .row("p95", TextTable.time(percentile(times, 95)))
                .row("p99", TextTable.time(percentile(times, 99)))
                .row("fastest", TextTable.time(times[0]))
                .row("images/s", TextTable.number(perSecond, 1))
                .print(text);
        if (explanation != null) {
            text.println();
            steps(explanation).print(text);
        }
        text.flush();
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("model", model.toString());
        root.put("cpu", Machine.cpu());
        root.put("isa", Machine.isa());
        root.put("threads", count);
        root.put("batch", samples);
        root.put("runs", times.length);
        root.put("medianMicros", percentile(times, 50) / 1e3);
        root.put("p95Micros", percentile(times, 95) / 1e3);
        root.put("p99Micros", percentile(times, 99) / 1e3);
        root.put("fastestMicros", times[0] / 1e3);
        root.put("imagesPerSecond", perSecond);
        if (explanation != null) {
            root.put("steps", ModelJson.steps(explanation));
        }
        json.write(spec.commandLine().getOut(), root);
    }

    /** The least time that so many percent of all runs do not exceed. */
    private static double percentile(long[] sorted, int percent) {
        return sorted[(int) ((sorted.length * (long) percent + 99) / 100) - 1];
    }

    private static TextTable steps(Explanation explanation) {
        double all = explanation.steps().stream()
                .mapToLong(step -> Math.max(0, step.nanoseconds()))
                .sum();
        TextTable table = new TextTable("node", "kernel", ">µs", ">share", "fused");
        for (Explanation.Step step : explanation.steps()) {
            if (step.nanoseconds() >= 0) {
                table.row(
                        step.name(),
                        step.kernel(),
                        TextTable.number(step.nanoseconds() / 1e3, 2),
                        TextTable.number(100 * step.nanoseconds() / all, 1) + " %",
                        step.fused());
            }
        }
        return table;
    }
}

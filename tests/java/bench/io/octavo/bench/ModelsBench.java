package io.octavo.bench;

import com.fasterxml.jackson.jr.ob.JSON;
import io.octavo.AtomicFile;
import io.octavo.onnx.Onnx;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Whole networks from files, int8 and float, in Octavo and in ONNX Runtime, which read the same two files. */
@Command(
        name = "scripts/bench-models",
        mixinStandardHelpOptions = true,
        description = {
            "Microseconds of a run of whole networks: Octavo and ONNX Runtime (all optimizations, as many threads) on the same files,"
                    + " MODEL-qdq.onnx and MODEL-float.onnx.",
            "One process; the four take turns; before each turn a pause, for ONNX Runtime's workers spin after a run; medians."
        })
final class ModelsBench implements Callable<Integer> {
    /** Some 50 ms is how long workers of ONNX Runtime spin. */
    private static final long PAUSE_MILLIS = 60;

    private static final long WARM_NANOS = 3_000_000;
    private static final long TURN_NANOS = 40_000_000;
    private static final int LEAST_RUNS = 2;
    private static final int MOST_RUNS = 1000;

    /** How far the two runtimes may be from each other, of the range of the outputs. */
    private static final double SAME = 1e-3;

    /** Codes that one rounds up and the other down lead to others further on. */
    private static final double SAME_CODES = 0.05;

    private static final List<String> NAMES = List.of("octavoInt8", "octavoFloat", "ortInt8", "ortFloat");

    @Option(names = "--dir", required = true, paramLabel = "DIR", description = "Folder of the models.")
    private Path dir;

    @Option(names = "--json", paramLabel = "FILE", description = "Where the rows are written.")
    private Path json;

    @Option(
            names = "--models",
            split = ",",
            paramLabel = "LIST",
            defaultValue = "seednet,resnet20,mobilenetv2,resnet50")
    private List<String> models;

    @Option(names = "--threads", split = ",", paramLabel = "LIST", defaultValue = "1,2")
    private List<Integer> threads;

    @Option(names = "--batch", split = ",", paramLabel = "LIST", defaultValue = "1,8")
    private List<Integer> batches;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "9",
            description = "Turns of each contender (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Spec
    private CommandSpec spec;

    /** Executes a command line and ends the process with its exit code. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new ModelsBench()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        String cpu = cpu();
        out.println(cpu);
        out.printf(
                "%-12s %5s %7s %14s %14s %12s %12s %8s%n",
                "model", "batch", "threads", "Octavo int8", "Octavo float", "ORT int8", "ORT float", "speedup");
        List<Map<String, Object>> rows = new ArrayList<>();
        for (String model : models) {
            for (int count : threads) {
                for (int batch : batches) {
                    Map<String, Object> row = row(model, batch, count);
                    rows.add(row);
                    out.printf(
                            Locale.ROOT,
                            "%-12s %5d %7d %14.1f %14.1f %12.1f %12.1f %8.2f%n",
                            row.values().toArray());
                    out.flush();
                }
            }
        }
        if (json != null) {
            byte[] bytes = JSON.std
                    .with(JSON.Feature.PRETTY_PRINT_OUTPUT)
                    .asBytes(new LinkedHashMap<>(Map.of("cpu", cpu, "rows", rows)));
            AtomicFile.write(json, channel -> AtomicFile.writeFully(channel, ByteBuffer.wrap(bytes)));
        }
        return 0;
    }

    private Map<String, Object> row(String model, int batch, int count) throws Exception {
        Path int8 = dir.resolve(model + "-qdq.onnx");
        Path real = dir.resolve(model + "-float.onnx");
        long[] dims = Onnx.read(real).inputs().get(0).shape().withBatch(batch).dims();
        float[] x = random(dims);
        double[] micros = new double[NAMES.size()];
        // Workers are started by a thread that may use every CPU; the one that measures one thread stays where it is.
        try (Contender first = new OctavoContender(int8, count, x, dims);
                Contender second = new OctavoContender(real, count, x, dims);
                Contender third = new OrtContender(int8, count, x, dims);
                Contender fourth = new OrtContender(real, count, x, dims)) {
            List<Contender> contenders = List.of(first, second, third, fourth);
            Pinned.run(count, () -> System.arraycopy(measured(contenders), 0, micros, 0, micros.length));
            requireSame(real, SAME, second.output(), fourth.output());
            requireSame(int8, SAME_CODES, first.output(), third.output());
        }
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("model", model);
        row.put("batch", batch);
        row.put("threads", count);
        for (int i = 0; i < micros.length; i++) {
            row.put(NAMES.get(i) + "Micros", micros[i]);
        }
        row.put("speedup", Math.min(micros[2], micros[3]) / micros[0]);
        return row;
    }

    private double[] measured(List<Contender> contenders) {
        double[][] turns = new double[contenders.size()][rounds];
        for (int round = -1; round < rounds; round++) {
            for (int i = 0; i < contenders.size(); i++) {
                // Another one goes first each time; the first round warms up.
                int who = Math.floorMod(i + round, contenders.size());
                double micros = turn(contenders.get(who));
                if (round >= 0) {
                    turns[who][round] = micros;
                }
            }
        }
        return Arrays.stream(turns).mapToDouble(ModelsBench::median).toArray();
    }

    /** The median of the runs of one turn. */
    private static double turn(Contender contender) {
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        long begin = System.nanoTime();
        do {
            contender.run();
        } while (System.nanoTime() - begin < WARM_NANOS);
        List<Double> runs = new ArrayList<>();
        long start = System.nanoTime();
        while (runs.size() < LEAST_RUNS || System.nanoTime() - start < TURN_NANOS && runs.size() < MOST_RUNS) {
            long before = System.nanoTime();
            contender.run();
            runs.add((System.nanoTime() - before) / 1e3);
        }
        return median(runs.stream().mapToDouble(Double::doubleValue).toArray());
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private static void requireSame(Path model, double tolerance, float[] own, float[] other) {
        double difference = difference(own, other);
        if (!(difference <= tolerance)) {
            throw new IllegalStateException(model + ": the results of the two runtimes differ by " + difference
                    + " of their range; at most " + tolerance + " is expected");
        }
    }

    /** The greatest difference, as a part of the range of the other's numbers. */
    static double difference(float[] own, float[] other) {
        if (own.length != other.length) {
            return Double.POSITIVE_INFINITY;
        }
        double least = Double.POSITIVE_INFINITY;
        double greatest = Double.NEGATIVE_INFINITY;
        double difference = 0;
        for (int i = 0; i < other.length; i++) {
            least = Math.min(least, other[i]);
            greatest = Math.max(greatest, other[i]);
            difference = Math.max(difference, Math.abs(own[i] - other[i]));
        }
        return difference / (greatest - least);
    }

    private static float[] random(long[] dims) {
        SplittableRandom random = new SplittableRandom(1);
        float[] values = new float[Math.toIntExact(Arrays.stream(dims).reduce(1, Math::multiplyExact))];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextDouble(-2, 2);
        }
        return values;
    }

    private static String cpu() throws IOException {
        return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse("unknown");
    }
}

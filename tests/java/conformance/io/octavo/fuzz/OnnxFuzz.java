package io.octavo.fuzz;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Damaged copies of the models of a corpus, one after the other. Each is read, run or refused; whatever else happens, the file stays
 * where it was written, which a crash of the process leaves as well.
 */
final class OnnxFuzz {
    private static final long LARGEST = 16L << 20;

    /** Larger files are taken less often: the time is better spent on many. */
    private static final long USUAL = 64L << 10;

    private static final int SELDOM = 50;
    private static final int MOST_FINDINGS = 20;
    private static final long SLOWEST_MILLIS = 60_000;

    private final List<Path> corpus = new ArrayList<>();
    private final List<Path> large = new ArrayList<>();
    private final Path work;
    private final Map<Import.Result, Integer> results = new EnumMap<>(Import.Result.class);
    private final List<String> findings = new ArrayList<>();

    /**
     * @param corpus files and folders
     * @param work where the damaged files lie
     */
    OnnxFuzz(List<Path> corpus, Path work) {
        this.work = work;
        for (Path folder : corpus) {
            try (Stream<Path> files = Files.walk(folder)) {
                files.filter(file -> file.toString().endsWith(".onnx") && Files.isRegularFile(file))
                        .sorted()
                        .forEach(this::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        for (Import.Result result : Import.Result.values()) {
            results.put(result, 0);
        }
    }

    private void add(Path file) {
        try {
            long size = Files.size(file);
            if (size <= LARGEST) {
                (size <= USUAL ? corpus : large).add(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Tries seeds from {@code seed} on until the time is over, so many were tried, or too many have failed. */
    void run(long seed, long millis, int tries) throws IOException {
        long end = System.nanoTime() + millis * 1_000_000;
        for (long i = seed; System.nanoTime() < end && i - seed < tries && findings.size() < MOST_FINDINGS; i++) {
            one(i);
        }
    }

    /** The file of one seed. */
    void one(long seed) throws IOException {
        Random random = new Random(seed);
        Path file = work.resolve("damaged.onnx");
        Path source = pick(random);
        new Damage(seed).write(source, pick(random), file);
        long begin = System.nanoTime();
        try {
            results.merge(Import.of(file), 1, Integer::sum);
        } catch (RuntimeException | Error e) {
            found(seed, source, file, e.toString() + at(e));
        }
        long millis = (System.nanoTime() - begin) / 1_000_000;
        if (millis > SLOWEST_MILLIS) {
            found(seed, source, file, "took " + millis + " ms");
        }
    }

    private Path pick(Random random) {
        List<Path> from = corpus.isEmpty() || !large.isEmpty() && random.nextInt(SELDOM) == 0 ? large : corpus;
        return from.get(random.nextInt(from.size()));
    }

    private static String at(Throwable e) {
        StackTraceElement[] trace = e.getStackTrace();
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < Math.min(8, trace.length); i++) {
            text.append("\n    at ").append(trace[i]);
        }
        return e.getCause() == null ? text.toString() : text + "\n  cause: " + e.getCause() + at(e.getCause());
    }

    private void found(long seed, Path source, Path file, String what) throws IOException {
        Path kept = work.resolve("seed" + seed + ".onnx");
        Files.copy(file, kept, StandardCopyOption.REPLACE_EXISTING);
        findings.add("seed " + seed + ", of " + source + ", kept as " + kept + ": " + what);
    }

    /** What was no typed error, or took too long. */
    List<String> findings() {
        return findings;
    }

    /** How many files were refused, read, and run. */
    Map<Import.Result, Integer> results() {
        return results;
    }

    int corpusSize() {
        return corpus.size() + large.size();
    }

    /** {@code MINUTES SEED WORK FOLDER...}; exit code 1 if something was found. */
    public static void main(String[] args) throws IOException {
        PrintWriter out = new PrintWriter(System.out, true);
        List<Path> folders = Stream.of(args).skip(3).map(Path::of).toList();
        OnnxFuzz fuzz = new OnnxFuzz(folders, Path.of(args[2]));
        out.println(fuzz.corpusSize() + " models, seeds from " + args[1] + " on");
        fuzz.run(Long.parseLong(args[1]), (long) (Double.parseDouble(args[0]) * 60_000), Integer.MAX_VALUE);
        fuzz.findings().forEach(out::println);
        out.println(fuzz.results() + ", " + fuzz.findings().size() + " findings");
        System.exit(fuzz.findings().isEmpty() ? 0 : 1);
    }
}

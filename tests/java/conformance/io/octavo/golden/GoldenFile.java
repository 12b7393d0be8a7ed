package io.octavo.golden;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.octavo.tensor.SafeTensors;
import io.octavo.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * What PyTorch computes, one family of operations a file: named tensors, and a list of cases that name them. The small
 * files lie in tests/data/golden, whose README gives their origin; a folder of larger ones is named by
 * {@code OCTAVO_GOLDEN}.
 */
public final class GoldenFile {
    private final String label;
    private final List<GoldenCase> cases;

    private GoldenFile(String label, List<GoldenCase> cases) {
        this.label = label;
        this.cases = cases;
    }

    /** The folder of the files that are part of the project. */
    public static Path folder() {
        return Path.of(System.getProperty("octavo.root"), "tests", "data", "golden");
    }

    /** The project's file of a family. */
    public static GoldenFile committed(String family) {
        return read(folder().resolve(family + ".safetensors"), family + " (committed)");
    }

    /** The file of a family in the folder that {@code OCTAVO_GOLDEN} names; skips the test if it names none. */
    public static GoldenFile full(String family) {
        String folder = System.getenv("OCTAVO_GOLDEN");
        assumeTrue(folder != null, "OCTAVO_GOLDEN names no folder of full golden files");
        return read(Path.of(folder, family + ".safetensors"), family + " (full)");
    }

    private static GoldenFile read(Path file, String label) {
        Map<String, Tensor> tensors = SafeTensors.read(file);
        try {
            List<Object> list = JSON.std.listFrom(SafeTensors.metadata(file).get("cases"));
            return new GoldenFile(
                    label,
                    list.stream()
                            .map(c -> new GoldenCase(tensors, (Map<?, ?>) c))
                            .toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Which file this is, for messages. */
    public String label() {
        return label;
    }

    /** The cases that satisfy a condition; there must be some. */
    public List<GoldenCase> cases(Predicate<GoldenCase> wanted) {
        List<GoldenCase> found = cases.stream().filter(wanted).toList();
        assertTrue(!found.isEmpty(), label + " has no such case");
        return found;
    }

    /** Number of all cases. */
    public int size() {
        return cases.size();
    }

    /** The case of this name. */
    public GoldenCase named(String name) {
        return cases(c -> c.name().equals(name)).get(0);
    }
}

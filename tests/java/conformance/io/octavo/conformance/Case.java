package io.octavo.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A case in the format of ONNX's backend tests: a folder with {@code model.onnx} and folders {@code test_data_set_N} of its inputs
 * and expected outputs.
 *
 * @param group the folders between the collection and the case, such as {@code node}; may be empty
 */
record Case(String group, String name, Path model, Tolerance tolerance) {
    private static final int DEEPEST = 4;

    /** All cases below a folder, by name; a {@code cases.tsv} there may give them tolerances. */
    static List<Case> in(Path folder) {
        Map<String, Tolerance> tolerances = tolerances(folder.resolve("cases.tsv"));
        try (Stream<Path> files = Files.walk(folder, DEEPEST)) {
            return files.filter(file -> file.endsWith("model.onnx"))
                    .sorted()
                    .map(model -> {
                        Path place = folder.relativize(model.getParent());
                        String name = model.getParent().getFileName().toString();
                        String group = place.getParent() == null
                                ? ""
                                : place.getParent().toString();
                        return new Case(group, name, model, tolerances.getOrDefault(name, Tolerance.ONNX));
                    })
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, Tolerance> tolerances(Path table) {
        Map<String, Tolerance> found = new HashMap<>();
        try {
            List<String> lines = Files.exists(table) ? Files.readAllLines(table) : List.of("");
            int column = Arrays.asList(lines.get(0).split("\t")).indexOf("tolerance");
            for (String line : column < 0 ? List.<String>of() : lines.subList(1, lines.size())) {
                String[] cells = line.split("\t");
                found.put(cells[0], Tolerance.of(cells[column]));
            }
            return found;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Folders of tensors. Where there are none the expected outputs lie beside the model, as those of whole networks do. */
    List<Path> dataSets() {
        List<Path> sets = new ArrayList<>();
        for (int i = 0; Files.isDirectory(model.resolveSibling("test_data_set_" + i)); i++) {
            sets.add(model.resolveSibling("test_data_set_" + i));
        }
        return sets.isEmpty() ? List.of(model.getParent()) : sets;
    }
}

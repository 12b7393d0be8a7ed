package io.octavo.internal.onnx;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Folders of ONNX files of others: ONNX's own test data where Debian's package puts them, and what {@code OCTAVO_CONFORMANCE} and
 * {@code OCTAVO_MODELS} name.
 */
public enum Collections {
    DEBIAN(Optional.of("/usr/share/libonnx-testdata/data")),
    CONFORMANCE(Optional.ofNullable(System.getenv("OCTAVO_CONFORMANCE"))),
    MODELS(Optional.ofNullable(System.getenv("OCTAVO_MODELS")));

    private final Optional<Path> folder;

    Collections(Optional<String> folder) {
        this.folder = folder.map(Path::of).filter(Files::isDirectory);
    }

    /** Whether it is here. */
    public boolean isPresent() {
        return folder.isPresent();
    }

    /** Its files with that ending, in order. */
    public List<Path> files(String ending) {
        try (Stream<Path> all = Files.walk(folder.orElseThrow())) {
            return all.filter(file -> file.toString().endsWith(ending) && Files.isRegularFile(file))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

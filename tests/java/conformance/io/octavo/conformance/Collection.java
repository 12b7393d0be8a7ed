package io.octavo.conformance;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Cases that lie together. */
record Collection(String name, Optional<Path> folder) {
    private static final Path DEBIAN = Path.of("/usr/share/libonnx-testdata/data");

    /** ONNX's own where Debian's package libonnx-testdata puts them, and the two in the folder that OCTAVO_CONFORMANCE names. */
    static final List<Collection> ALL = List.of(of("debian", DEBIAN), named("onnx-1.23"), named("octavo-quant"));

    static Collection of(String name, Path folder) {
        return new Collection(name, Optional.of(folder).filter(Files::isDirectory));
    }

    private static Collection named(String name) {
        return new Collection(
                name,
                Optional.ofNullable(System.getenv("OCTAVO_CONFORMANCE"))
                        .map(all -> Path.of(all, name))
                        .filter(Files::isDirectory));
    }

    List<Case> cases() {
        return folder.map(Case::in).orElse(List.of());
    }
}

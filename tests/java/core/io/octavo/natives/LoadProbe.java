package io.octavo.natives;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Loads the library of int8, or that of float too, then prints the path of every library that the process maps. */
final class LoadProbe {
    private LoadProbe() {}

    public static void main(String[] args) throws IOException {
        String version = io.octavo.natives.global.octavo.octavo_version().getString();
        if (args[0].equals("float")) {
            version = io.octavo
                    .natives
                    .global
                    .octavo_onednn
                    .octavo_onednn_version()
                    .getString();
        }
        if (!version.matches("\\d+\\.\\d+\\.\\d+")) {
            throw new IllegalStateException("not a version: " + version);
        }
        try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
            lines.map(line -> line.substring(line.indexOf('/') + 1))
                    .filter(path -> path.contains(".so"))
                    .distinct()
                    .forEach(System.out::println);
        }
    }
}

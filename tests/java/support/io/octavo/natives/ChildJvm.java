package io.octavo.natives;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A JVM of its own for what other tests' loaded libraries, heap and settings would blur. */
public final class ChildJvm {
    private ChildJvm() {}

    /** What a JVM printed: its output by lines, its errors as they came. */
    public record Run(List<String> out, String err) {
        public List<String> lines(String start) {
            return out.stream().filter(line -> line.startsWith(start)).toList();
        }
    }

    /** Runs a class with this JVM's class path; fails unless it ends with 0 within a minute. */
    public static Run run(Class<?> main, String... arguments) throws IOException, InterruptedException {
        return run(Map.of(), System.getProperty("java.class.path"), List.of(), main, arguments);
    }

    public static Run run(
            Map<String, String> environment, String classPath, List<String> options, Class<?> main, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        if (Runtime.version().feature() >= 22) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        String cache = System.getProperty("org.bytedeco.javacpp.cachedir");
        if (cache != null) {
            command.add("-Dorg.bytedeco.javacpp.cachedir=" + cache);
        }
        command.addAll(options);
        command.addAll(List.of("-cp", classPath, main.getName()));
        command.addAll(List.of(arguments));
        Path err = Files.createTempFile("child", ".err");
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(err.toFile());
            builder.environment().putAll(environment);
            Process process = builder.start();
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertTrue(process.waitFor(1, TimeUnit.MINUTES));
            String errors = Files.readString(err);
            assertEquals(0, process.exitValue(), out + errors);
            return new Run(out.lines().toList(), errors);
        } finally {
            Files.delete(err);
        }
    }
}

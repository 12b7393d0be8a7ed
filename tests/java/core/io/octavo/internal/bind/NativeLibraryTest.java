package io.octavo.internal.bind;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.Version;
import io.octavo.natives.ChildJvm;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Loading, watched from outside: each case is a JVM of its own. */
class NativeLibraryTest {
    @TempDir
    Path folder;

    private String classPath = System.getProperty("java.class.path");

    private ChildJvm.Run run(Map<String, String> environment, List<String> options, String what) throws Exception {
        return ChildJvm.run(environment, classPath, options, BindProbe.class, what);
    }

    private static long infoLines(ChildJvm.Run run, String text) {
        return run.err().lines().filter(line -> line.contains(text)).count();
    }

    @Test
    void anIntegerSessionLoadsOneLibraryAndLogsOneLine() throws Exception {
        ChildJvm.Run run = run(Map.of(), List.of(), "int8");
        assertEquals(List.of("ran F32 [1, 3]"), run.lines("ran"));
        assertEquals(1, infoLines(run, "Octavo " + Version.VERSION + " on "), run.err());
        assertTrue(run.err().contains("instruction set") && run.err().contains("threads"), run.err());
        assertEquals(0, infoLines(run, "oneDNN"), run.err());
        assertTrue(
                run.lines("maps libdnnl").isEmpty() && run.lines("maps libgomp").isEmpty(), run.out()::toString);
    }

    @Test
    void aFloatSessionLoadsOneDnn() throws Exception {
        ChildJvm.Run run = run(Map.of(), List.of(), "float");
        assertEquals(List.of("ran F32 [1, 3]"), run.lines("ran"));
        assertEquals(1, infoLines(run, "oneDNN"), run.err());
        assertEquals(1, run.lines("maps libdnnl").size(), run.out()::toString);
    }

    @Test
    void theEnvironmentCapsTheInstructionSet() throws Exception {
        ChildJvm.Run run = run(Map.of("OCTAVO_ISA", "scalar"), List.of(), "isa");
        assertEquals(List.of("active scalar", "active scalar"), run.lines("active"));
        assertEquals(1, run.lines("ran").size());
        assertTrue(run.err().contains("instruction set scalar"), run.err());
    }

    @Test
    void anUnknownInstructionSetIsAnErrorThatListsThem() throws Exception {
        ChildJvm.Run run = run(Map.of("OCTAVO_ISA", "mmx"), List.of(), "isa");
        List<String> errors = run.lines("NativeLibraryException");
        assertEquals(3, errors.size(), run.out()::toString);
        for (String error : errors) {
            assertTrue(error.contains("mmx") && error.contains("scalar"), error);
        }
        assertEquals(List.of("isas 4"), run.lines("isas"));
    }

    @Test
    void aMissingPlatformIsNamedAtEveryUseAndTensorsWorkWithout() throws Exception {
        ChildJvm.Run run = run(Map.of(), List.of("-Dorg.bytedeco.javacpp.platform=linux-riscv64"), "load");
        assertEquals(List.of("tensor 2.0"), run.lines("tensor"));
        List<String> errors = run.lines("NativeLibraryException");
        assertEquals(2, errors.size(), run.out()::toString);
        for (String error : errors) {
            assertTrue(error.contains("linux-riscv64") && error.contains("octavo-presets"), error);
        }
    }

    @Test
    void aFailedLoadIsKeptWithItsCause() throws Exception {
        Path broken = folder.resolve("classes/io/octavo/" + Loader.getPlatform());
        Files.createDirectories(broken);
        for (String library : List.of("libjnioctavo.so", "liboctavo.so.0")) {
            Files.writeString(broken.resolve(library), "no library");
        }
        classPath = folder.resolve("classes") + File.pathSeparator + classPath;
        ChildJvm.Run run = run(Map.of(), List.of("-Dorg.bytedeco.javacpp.cachedir=" + folder.resolve("cache")), "load");
        List<String> errors = run.lines("NativeLibraryException");
        assertEquals(2, errors.size(), run.out()::toString);
        for (String error : errors) {
            assertTrue(error.contains("did not load") && !error.endsWith("cause none"), error);
        }
    }

    @Test
    void aLeakIsReportedWithItsPlaceWhenTracing() throws Exception {
        ChildJvm.Run traced = run(Map.of(), List.of("-Doctavo.trace=true"), "leak");
        assertTrue(traced.err().contains("Session of graph 'int8' was never closed"), traced.err());
        assertTrue(traced.err().contains("BindProbe.leak"), traced.err());
        assertTrue(!run(Map.of(), List.of(), "leak").err().contains("never closed"));
    }
}

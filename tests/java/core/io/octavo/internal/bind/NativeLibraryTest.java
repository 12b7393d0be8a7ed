package io.octavo.internal.bind;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.Version;
import io.octavo.natives.ChildJvm;
import java.io.File;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
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
        assertEquals(List.of("isas 5"), run.lines("isas"));
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
        ChildJvm.Run run = runFromFolder("load");
        List<String> errors = run.lines("NativeLibraryException");
        assertEquals(2, errors.size(), run.out()::toString);
        for (String error : errors) {
            assertTrue(error.contains("did not load") && !error.endsWith("cause none"), error);
        }
    }

    @Test
    void aSystemThatIsTooOldIsToldSoInOneSentence() throws Exception {
        String natives = "/io/octavo/" + Loader.getPlatform() + "/";
        copy(natives + "libjnioctavo.so", library(natives + "libjnioctavo.so"));
        askForAnotherGlibc(natives + "liboctavo.so.0");
        assertTooOld("load", "liboctavo.so.0");
    }

    @Test
    void aSystemThatIsTooOldForFloatIsToldSoAndRunsIntegers() throws Exception {
        askForAnotherGlibc("/org/bytedeco/dnnl/" + Loader.getPlatform() + "/libdnnl.so.3");
        assertTooOld("float-refused", "libdnnl.so.3");
        assertEquals(1, runFromFolder("int8").lines("ran").size());
    }

    private ChildJvm.Run runFromFolder(String what) throws Exception {
        classPath = folder.resolve("classes") + File.pathSeparator + classPath;
        return run(Map.of(), List.of("-Dorg.bytedeco.javacpp.cachedir=" + folder.resolve("cache")), what);
    }

    private void assertTooOld(String what, String library) throws Exception {
        String found = new ProcessBuilder("getconf", "GNU_LIBC_VERSION")
                .start()
                .inputReader()
                .readLine();
        List<String> errors = runFromFolder(what).lines("NativeLibraryException");
        assertEquals(2, errors.size());
        for (String error : errors) {
            assertEquals(
                    "NativeLibraryException: The native library did not load: The C library of this system is " + found
                            + "; " + library + " needs glibc 9.99 or newer, cause UnsatisfiedLinkError",
                    error);
        }
    }

    /** Puts a copy of a library before the true one, as if it had been linked with a glibc of a far future. */
    private void askForAnotherGlibc(String resource) throws Exception {
        byte[] library = library(resource);
        // A needed version is a name in the table of strings and, in the table of versions, its hash.
        assertTrue(replace(library, "GLIBC_2.14".getBytes(US_ASCII), "GLIBC_9.99".getBytes(US_ASCII)), resource);
        assertTrue(replace(library, elfHash("GLIBC_2.14"), elfHash("GLIBC_9.99")), resource);
        copy(resource, library);
    }

    private static byte[] library(String resource) throws Exception {
        try (InputStream in = NativeLibrary.class.getResourceAsStream(resource)) {
            return in.readAllBytes();
        }
    }

    private void copy(String resource, byte[] library) throws Exception {
        Path copy = folder.resolve("classes" + resource);
        Files.createDirectories(copy.getParent());
        Files.write(copy, library);
    }

    private static boolean replace(byte[] bytes, byte[] old, byte[] replacement) {
        int places = 0;
        for (int i = 0; i + old.length <= bytes.length; i++) {
            if (Arrays.equals(bytes, i, i + old.length, old, 0, old.length)) {
                System.arraycopy(replacement, 0, bytes, i, old.length);
                places++;
            }
        }
        return places > 0;
    }

    /** The hash of a version's name, as the System V ABI defines it, in the byte order of the file. */
    private static byte[] elfHash(String name) {
        int hash = 0;
        for (byte c : name.getBytes(US_ASCII)) {
            hash = (hash << 4) + c;
            int high = hash & 0xf0000000;
            hash = (hash ^ high >>> 24) & ~high;
        }
        return ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(hash)
                .array();
    }

    @Test
    void whatIsShippedNeedsNoGlibcNewerThanItSays() throws Exception {
        String natives = "/io/octavo/" + Loader.getPlatform() + "/";
        assertNeedsAtMost(28, natives + "liboctavo.so.0");
        assertNeedsAtMost(28, natives + "libjnioctavo.so");
        assertNeedsAtMost(28, natives + "liboctavo_onednn.so.0");
        assertNeedsAtMost(28, natives + "libjnioctavo_onednn.so");
        // Not ours to link: float and training run where these do.
        String dnnl = "/org/bytedeco/dnnl/" + Loader.getPlatform() + "/";
        assertNeedsAtMost(34, dnnl + "libdnnl.so.3");
        assertNeedsAtMost(34, dnnl + "libgomp.so.1");
    }

    private static void assertNeedsAtMost(int minor, String resource) throws Exception {
        int[] versions = Pattern.compile("\\bGLIBC_2\\.(\\d+)\\b")
                .matcher(new String(library(resource), ISO_8859_1))
                .results()
                .mapToInt(version -> Integer.parseInt(version.group(1)))
                .toArray();
        assertTrue(versions.length > 0, resource);
        assertTrue(Arrays.stream(versions).max().getAsInt() <= minor, resource + ": " + Arrays.toString(versions));
    }

    @Test
    void aLeakIsReportedWithItsPlaceWhenTracing() throws Exception {
        ChildJvm.Run traced = run(Map.of(), List.of("-Doctavo.trace=true"), "leak");
        assertTrue(traced.err().contains("Session of graph 'int8' was never closed"), traced.err());
        assertTrue(traced.err().contains("BindProbe.leak"), traced.err());
        assertTrue(!run(Map.of(), List.of(), "leak").err().contains("never closed"));
    }
}

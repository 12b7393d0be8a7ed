package io.octavo.natives;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a process loads: an int8 program one small library, a float program oneDNN and one OpenMP runtime too. */
class LoadTest {
    @Test
    void int8LoadsNeitherOneDnnNorOpenMp() throws Exception {
        List<String> mapped = librariesAfter("int8");
        assertEquals(1, count(mapped, "liboctavo.so"), mapped::toString);
        assertEquals(0, count(mapped, "libdnnl.so"), mapped::toString);
        assertEquals(0, count(mapped, "libgomp.so"), mapped::toString);
        assertEquals(0, count(mapped, "liboctavo_onednn.so"), mapped::toString);
    }

    @Test
    void floatLoadsOneCopyOfEachLibrary() throws Exception {
        List<String> mapped = librariesAfter("float");
        for (String library : List.of("liboctavo.so", "liboctavo_onednn.so", "libdnnl.so", "libgomp.so")) {
            assertEquals(1, count(mapped, library), () -> library + " in " + mapped);
        }
    }

    private static long count(List<String> mapped, String prefix) {
        return mapped.stream()
                .filter(path -> Path.of(path).getFileName().toString().startsWith(prefix))
                .count();
    }

    /** In a JVM where no other test has loaded anything. */
    private static List<String> librariesAfter(String what) throws IOException, InterruptedException {
        return ChildJvm.run(LoadProbe.class, what).out();
    }
}

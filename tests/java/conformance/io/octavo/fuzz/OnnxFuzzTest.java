package io.octavo.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A short run of what scripts/fuzz-onnx does for longer, always with the same files. */
class OnnxFuzzTest {
    private static final Path MODELS = Path.of("/usr/share/libonnx-testdata");
    private static final int TRIES = 1500;
    private static final long MILLIS = 60_000;

    @Test
    void damagedModelsRunOrAreRefused(@TempDir Path work) throws IOException {
        assumeTrue(Files.isDirectory(MODELS), "libonnx-testdata is not here");
        OnnxFuzz fuzz = new OnnxFuzz(List.of(MODELS), work);
        fuzz.run(1, MILLIS, TRIES);
        assertEquals(List.of(), fuzz.findings());
        Map<Import.Result, Integer> results = fuzz.results();
        assertTrue(results.get(Import.Result.REFUSED) > 50 && results.get(Import.Result.RAN) > 20, results::toString);
    }
}

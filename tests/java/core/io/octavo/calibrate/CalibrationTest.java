package io.octavo.calibrate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.CorruptDataException;
import io.octavo.scheme.Distribution;
import io.octavo.scheme.Histogram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CalibrationTest {
    @Test
    void aFileGivesBackTheSameBits(@TempDir Path folder) throws IOException {
        Map<String, Distribution> values = new LinkedHashMap<>();
        values.put("input", new Distribution(-0.1f, 1f / 3, 12, new Histogram(-9, -77, new long[] {3, 0, 1L << 40})));
        values.put("logits", new Distribution(-Float.MIN_VALUE, Float.MAX_VALUE, 7, null));
        Calibration calibration = new Calibration("0f1e", 5, values);
        Path file = folder.resolve("calibration.json");
        calibration.save(file);
        Calibration read = Calibration.load(file);
        assertEquals("0f1e", read.network());
        assertEquals(5, read.images());
        assertEquals(
                List.of("input", "logits"), List.copyOf(read.distributions().keySet()));
        Distribution input = read.distribution("input");
        assertEquals(-0.1f, input.min());
        assertEquals(1f / 3, input.max());
        assertEquals(12, input.count());
        assertEquals(-9, input.histogram().exponent());
        assertEquals(-77, input.histogram().first());
        assertArrayEquals(new long[] {3, 0, 1L << 40}, input.histogram().counts());
        assertEquals(-Float.MIN_VALUE, read.distribution("logits").min());
        assertEquals(Float.MAX_VALUE, read.distribution("logits").max());
        try (var files = Files.list(folder)) {
            assertEquals(1, files.count(), "no temporary file stays");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "{\"format\":1,\"network\":\"a\",\"images\":1,\"values\":{}}",
                "{\"format\":2,\"images\":1,\"values\":{}}",
                "{\"format\":2,\"network\":7,\"images\":1,\"values\":{}}",
                "{\"format\":2,\"network\":\"a\",\"values\":{}}",
                "{\"format\":2,\"network\":\"a\",\"images\":1,\"values\":[]}",
                "{\"format\":2,\"network\":\"a\",\"images\":1,\"values\":{\"a\":{\"min\":1,\"max\":0,\"count\":1}}}",
                "{\"format\":2,\"network\":\"a\",\"images\":1,\"values\":{\"a\":{\"min\":\"NaN\",\"max\":0,\"count\":1}}}",
                "{\"format\":2,\"network\":\"a\",\"images\":1,\"values\":{\"a\":{\"min\":0,\"max\":1,\"count\":1,\"counts\":[-1],"
                        + "\"exponent\":0,\"first\":0}}}",
                "{\"format\":2,\"network\":\"a\",\"images\":1,\"values\":{\"a\":{\"min\":0,\"max\":1,\"count\":1,\"counts\":\"x\"}}}"
            })
    void whatIsNoCalibrationIsRefused(String text, @TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("bad.json"), text);
        String message = assertThrows(CorruptDataException.class, () -> Calibration.load(file))
                .getMessage();
        assertTrue(message.contains("bad.json"), message);
    }

    @Test
    void aMissingFileIsSaidToBeMissing(@TempDir Path folder) {
        assertThrows(NoSuchFileException.class, () -> Calibration.load(folder.resolve("none.json")));
    }
}

package io.octavo.calibrate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.CorruptDataException;
import io.octavo.DataNotFoundException;
import io.octavo.scheme.Distribution;
import io.octavo.scheme.Histogram;
import java.io.IOException;
import java.nio.file.Files;
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
        Histogram bins = Histogram.covering(-0.1f, 1f / 3);
        long[] counts = new long[bins.bins()];
        counts[0] = 3;
        counts[counts.length - 1] = 1L << 40;
        long count = 3 + (1L << 40);
        values.put(
                "input", new Distribution(-0.1f, 1f / 3, count, new Histogram(bins.exponent(), bins.first(), counts)));
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
        assertEquals(count, input.count());
        assertEquals(bins.exponent(), input.histogram().exponent());
        assertEquals(bins.first(), input.histogram().first());
        assertArrayEquals(counts, input.histogram().counts());
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
                "{\"format\":2,\"network\":\"a\",\"images\":1,\"values\":{\"a\":{\"min\":0,\"max\":1,\"count\":1,\"counts\":\"x\"}}}",
                "null",
                "7",
                "{\"format\":2,\"format\":2,\"network\":\"a\",\"images\":1,\"values\":{}}",
                "{\"format\":2,\"network\":\"a\",\"images\":0,\"values\":{}}",
                "{\"format\":2,\"network\":\"a\",\"images\":1.5,\"values\":{}}",
                "{\"format\":2,\"network\":\"a\",\"images\":99999999999999999999,\"values\":{}}",
                "{\"format\":2,\"network\":\"a\",\"images\":1,\"values\":null}",
                "{\"format\":2,\"network\":\"a\",\"images\":1,\"values\":{\"a\":null}}",
                "{\"format\":2,\"network\":\"a\",\"images\":1,\"values\":{\"a\":{\"min\":0,\"max\":1,\"count\":0}}}",
                "{\"format\":2,\"network\":\"a\",\"images\":1,\"values\":{\"a\":{\"min\":0,\"max\":1e99,\"count\":1}}}"
            })
    void whatIsNoCalibrationIsRefused(String text, @TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("bad.json"), text);
        String message = assertThrows(CorruptDataException.class, () -> Calibration.load(file))
                .getMessage();
        assertTrue(message.contains("bad.json"), message);
    }

    /** Of all zeros, which fall into one bin: number 0 of the least width. */
    private static String zeros(String exponent, String first, String counts) {
        return "{\"format\":2,\"network\":\"a\",\"images\":1,\"values\":{\"conv\":{\"min\":0.0,\"max\":0.0,\"count\":5,\"exponent\":"
                + exponent + ",\"first\":" + first + ",\"counts\":" + counts + "}}}";
    }

    @Test
    void aHistogramThatContradictsItsRangeIsRefused(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("zeros.json");
        Files.writeString(file, zeros("-126", "0", "[5]"));
        assertEquals(5, Calibration.load(file).distribution("conv").histogram().total());
        for (String wrong : List.of(
                zeros("-125", "0", "[5]"),
                zeros("99999999999", "0", "[5]"),
                zeros("-126", "1", "[5]"),
                zeros("-126.0", "0", "[5]"),
                zeros("-126", "0", "[4]"),
                zeros("-126", "0", "[6]"),
                zeros("-126", "0", "[5.0]"),
                zeros("-126", "0", "[-5]"),
                zeros("-126", "0", "[5,0]"),
                zeros("-126", "0", "[]"),
                zeros("-126", "0", "[null]"),
                zeros("-126", "0", "[\"5\"]"))) {
            Files.writeString(file, wrong);
            String message = assertThrows(CorruptDataException.class, () -> Calibration.load(file), wrong)
                    .getMessage();
            assertTrue(message.contains("zeros.json") && message.contains("conv"), message);
        }
    }

    @Test
    void aMissingFileIsSaidToBeMissing(@TempDir Path folder) {
        assertThrows(DataNotFoundException.class, () -> Calibration.load(folder.resolve("none.json")));
    }
}

package io.octavo.calibrate;

import com.fasterxml.jackson.jr.ob.JSON;
import io.octavo.CalibrationException;
import io.octavo.CorruptDataException;
import io.octavo.scheme.Distribution;
import io.octavo.scheme.Histogram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What calibration saw: a distribution for each observed value of a prepared graph.
 *
 * @param network {@link Prepared#fingerprint} of the network that was observed; it serves no other
 * @param images how many images were observed
 * @param distributions value name to what was seen there
 */
public record Calibration(String network, long images, Map<String, Distribution> distributions) {
    private static final int FORMAT = 2;

    /** Copies the map, keeping its order. */
    public Calibration {
        Objects.requireNonNull(network, "network");
        distributions = Collections.unmodifiableMap(new LinkedHashMap<>(distributions));
    }

    /**
     * What was seen at {@code value}.
     *
     * @throws CalibrationException if that value was not observed
     */
    public Distribution distribution(String value) {
        Distribution seen = distributions.get(value);
        if (seen == null) {
            throw new CalibrationException("value " + value + " was not observed in calibration; observed were "
                    + distributions.keySet() + ": prepare and calibrate the graph that is converted");
        }
        return seen;
    }

    /** Writes the calibration as JSON: whole, or not at all. Floats are written so that reading gives the same bits. */
    public void save(Path file) throws IOException {
        Map<String, Object> values = new LinkedHashMap<>();
        distributions.forEach((name, seen) -> {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("min", seen.min());
            row.put("max", seen.max());
            row.put("count", seen.count());
            if (seen.histogram() != null) {
                Histogram histogram = seen.histogram();
                row.put("exponent", histogram.exponent());
                row.put("first", histogram.first());
                row.put("counts", Arrays.stream(histogram.counts()).boxed().toList());
            }
            values.put(name, row);
        });
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("format", FORMAT);
        root.put("network", network);
        root.put("images", images);
        root.put("values", values);
        Path target = file.toAbsolutePath();
        Path part =
                Files.createTempFile(target.getParent(), target.getFileName().toString(), ".part");
        try {
            Files.writeString(part, JSON.std.asString(root) + "\n");
            Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    /**
     * Reads what {@link #save} wrote.
     *
     * @throws CorruptDataException if the file is not such a file, naming what is wrong
     */
    public static Calibration load(Path file) throws IOException {
        try {
            Map<String, Object> root = JSON.std.mapFrom(Files.readString(file));
            if (integer(root, "format") != FORMAT) {
                throw new CorruptDataException(
                        file + ": calibration format " + root.get("format") + ", this version reads " + FORMAT);
            }
            Map<String, Distribution> values = new LinkedHashMap<>();
            for (Map.Entry<?, ?> entry : map(root.get("values"), "values").entrySet()) {
                values.put((String) entry.getKey(), distribution(map(entry.getValue(), (String) entry.getKey())));
            }
            if (!(root.get("network") instanceof String network)) {
                throw new IllegalArgumentException("network is not a text but " + root.get("network"));
            }
            return new Calibration(network, integer(root, "images"), values);
        } catch (IOException e) {
            if (e instanceof java.nio.file.FileSystemException) {
                throw e;
            }
            throw new CorruptDataException(file + " is not a calibration: " + e.getMessage());
        } catch (IllegalArgumentException e) {
            throw new CorruptDataException(file + " is not a calibration: " + e.getMessage());
        }
    }

    private static Distribution distribution(Map<?, ?> row) {
        Histogram histogram = null;
        if (row.containsKey("counts")) {
            if (!(row.get("counts") instanceof List<?> list)
                    || list.stream().anyMatch(c -> !(c instanceof Number n) || n.longValue() < 0)) {
                throw new IllegalArgumentException("counts are not a list of numbers >= 0");
            }
            long[] counts =
                    list.stream().mapToLong(c -> ((Number) c).longValue()).toArray();
            histogram = new Histogram(Math.toIntExact(integer(row, "exponent")), integer(row, "first"), counts);
        }
        float min = real(row, "min");
        float max = real(row, "max");
        if (!(min <= max)) {
            throw new IllegalArgumentException("min " + min + " is not <= max " + max);
        }
        return new Distribution(min, max, integer(row, "count"), histogram);
    }

    private static Map<?, ?> map(Object value, String name) {
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw new IllegalArgumentException(name + " is not an object");
    }

    private static long integer(Map<?, ?> row, String key) {
        if (row.get(key) instanceof Number number && !(number instanceof Double)) {
            return number.longValue();
        }
        throw new IllegalArgumentException(key + " is not an integer but " + row.get(key));
    }

    private static float real(Map<?, ?> row, String key) {
        if (row.get(key) instanceof Number number && Float.isFinite(number.floatValue())) {
            return number.floatValue();
        }
        throw new IllegalArgumentException(key + " is not a finite number but " + row.get(key));
    }
}

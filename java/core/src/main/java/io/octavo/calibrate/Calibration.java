package io.octavo.calibrate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.jr.ob.JSON;
import io.octavo.AtomicFile;
import io.octavo.CalibrationException;
import io.octavo.CorruptDataException;
import io.octavo.DataException;
import io.octavo.InvalidValueException;
import io.octavo.scheme.Distribution;
import io.octavo.scheme.Histogram;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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

    /**
     * Writes the calibration as JSON: whole, or not at all, see {@link AtomicFile}. Floats are written so that reading gives the same
     * bits.
     *
     * @throws DataException if it cannot be written
     */
    public void save(Path file) {
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
        AtomicFile.write(
                file, to -> AtomicFile.writeFully(to, StandardCharsets.UTF_8.encode(JSON.std.asString(root) + "\n")));
    }

    /**
     * Reads what {@link #save} wrote. Nothing in the file is believed: a histogram must have the bins that its range asks for and hold as
     * many values as were counted.
     *
     * @throws io.octavo.DataNotFoundException if there is no such file
     * @throws CorruptDataException if it is no such file, naming what is wrong
     * @throws DataException if it cannot be read
     */
    public static Calibration load(Path file) {
        Map<String, Object> root;
        try (InputStream in = Files.newInputStream(file)) {
            root = JSON.std.mapFrom(in);
        } catch (JsonProcessingException e) {
            throw new CorruptDataException(file + " is not a calibration: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw DataException.reading(file, e);
        }
        try {
            require(root != null, "it is no object");
            require(
                    integer(root, "format") == FORMAT,
                    "its format is " + root.get("format") + ", this version reads " + FORMAT);
            require(root.get("network") instanceof String, "network is not a text but " + root.get("network"));
            long images = integer(root, "images");
            require(images >= 1, "it is of " + images + " images");
            Map<String, Distribution> values = new LinkedHashMap<>();
            for (Map.Entry<?, ?> entry : map(root.get("values"), "values").entrySet()) {
                String name = (String) entry.getKey();
                try {
                    values.put(name, distribution(map(entry.getValue(), "it")));
                } catch (InvalidValueException e) {
                    throw new InvalidValueException("value " + name + ": " + e.getMessage());
                }
            }
            return new Calibration((String) root.get("network"), images, values);
        } catch (InvalidValueException e) {
            throw new CorruptDataException(file + " is not a calibration: " + e.getMessage(), e);
        }
    }

    private static Distribution distribution(Map<?, ?> row) {
        float min = real(row, "min");
        float max = real(row, "max");
        long count = integer(row, "count");
        Distribution range = Distribution.ofRange(min, max, count);
        if (!row.containsKey("counts")) {
            return range;
        }
        require(row.get("counts") instanceof List<?>, "counts are no list");
        List<?> list = (List<?>) row.get("counts");
        Histogram bins = Histogram.covering(min, max);
        require(
                integer(row, "exponent") == bins.exponent()
                        && integer(row, "first") == bins.first()
                        && list.size() == bins.bins(),
                "range " + min + ".." + max + " has " + bins + ", not " + list.size() + " of width 2^"
                        + row.get("exponent") + " from the one of number " + row.get("first"));
        long[] counts = new long[list.size()];
        long left = count;
        for (int i = 0; i < counts.length; i++) {
            counts[i] = integer(list.get(i), "count of bin " + i);
            require(
                    counts[i] >= 0 && counts[i] <= left,
                    "bin " + i + " has " + counts[i] + " of " + left + " values left");
            left -= counts[i];
        }
        require(left == 0, left + " of " + count + " values are in no bin");
        require(counts[0] > 0 && counts[counts.length - 1] > 0, "the outer bins are empty, where min and max must be");
        return new Distribution(min, max, count, new Histogram(bins.exponent(), bins.first(), counts));
    }

    private static void require(boolean good, String what) {
        if (!good) {
            throw new InvalidValueException(what);
        }
    }

    private static long integer(Map<?, ?> row, String key) {
        return integer(row.get(key), key);
    }

    private static long integer(Object value, String what) {
        if (value instanceof Integer || value instanceof Long) {
            return ((Number) value).longValue();
        }
        throw new InvalidValueException(what + " is no whole number within 64 bits but " + value);
    }

    private static Map<?, ?> map(Object value, String name) {
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw new InvalidValueException(name + " is not an object");
    }

    private static float real(Map<?, ?> row, String key) {
        if (row.get(key) instanceof Number number && Float.isFinite(number.floatValue())) {
            return number.floatValue();
        }
        throw new InvalidValueException(key + " is not a finite number but " + row.get(key));
    }
}

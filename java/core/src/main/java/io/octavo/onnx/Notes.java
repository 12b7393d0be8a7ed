package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.QuantParams;
import java.util.Arrays;
import java.util.Map;

/**
 * What a file says in its metadata, under keys of Octavo's own, because the operators of ONNX cannot: how many bits the codes of a
 * value have and which of them occur ({@code octavo.codes:<value>}: "bits least greatest"), and which nodes are computed on real
 * numbers although what they read and write has codes ({@code octavo.float:<node>}). Other programs pass over it and compute the
 * same, but for what rounding makes of the latter.
 */
final class Notes {
    private static final String CODES = "octavo.codes:";
    private static final String FLOAT = "octavo.float:";

    private final Map<String, String> metadata;

    Notes(Map<String, String> metadata) {
        this.metadata = metadata;
    }

    // ---- Written

    /** Notes bits and range of codes where they are not those of the type that holds them. */
    static void codes(Exporter exporter, String name, AffineParams params, int bits, int least, int greatest) {
        if (params.bits() != bits || params.qMin() != least || params.qMax() != greatest) {
            exporter.note(CODES + name, params.bits() + " " + params.qMin() + " " + params.qMax());
        }
    }

    /** Notes the bits of codes of a table. */
    static void codes(Exporter exporter, String name, QuantParams table, int bits) {
        if (table.bits() != bits) {
            exporter.note(CODES + name, Integer.toString(table.bits()));
        }
    }

    /** Notes that a node stays as it is. */
    static void isFloat(Exporter exporter, String node) {
        exporter.note(FLOAT + node, "");
    }

    /** The least and the greatest real number that codes stand for, by which a value is clipped before it is quantized. */
    static float[] bounds(AffineParams params) {
        int zero = params.zeroPoint();
        return new float[] {(params.qMin() - zero) * params.scale(), (params.qMax() - zero) * params.scale()};
    }

    // ---- Read

    /** Parameters with the bits and the range that are noted for a value. */
    AffineParams of(String name, AffineParams params) {
        int[] numbers = numbers(name, 3);
        return numbers == null
                ? params
                : new AffineParams(
                        params.dtype(),
                        numbers[0],
                        numbers[1],
                        numbers[2],
                        params.scales(),
                        params.zeroPoints(),
                        params.granularity());
    }

    /** The bits that are noted for codes of a table, or {@code otherwise}. */
    int tableBits(String name, int otherwise) {
        int[] numbers = numbers(name, 1);
        return numbers == null ? otherwise : numbers[0];
    }

    private int[] numbers(String name, int count) {
        String text = metadata.get(CODES + name);
        if (text == null) {
            return null;
        }
        try {
            int[] numbers =
                    Arrays.stream(text.split(" ")).mapToInt(Integer::parseInt).toArray();
            if (numbers.length == count) {
                return numbers;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new InvalidValueException("metadata \"" + CODES + name + "\" is \"" + text + "\", expected " + count
                + (count == 1 ? " number" : " numbers"));
    }

    /** Whether a node of the graph is computed on real numbers whatever stands around it. */
    boolean isFloat(String node) {
        return metadata.containsKey(FLOAT + node);
    }
}

package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import io.octavo.graph.Op;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.QuantParams;
import java.util.Arrays;
import java.util.Map;

/**
 * What a file says in its metadata, under keys of Octavo's own, because the operators of ONNX cannot. Other programs pass over it.
 *
 * <ul>
 *   <li>{@code octavo.quantized}: the file was written by Octavo; operators on codes are those noted, and no others.
 *   <li>{@code octavo.node:<value>}: the value is the result of an operator on codes, by "mask node": a digit an operand, 1 where
 *       the operator reads codes that the file dequantizes, and the node's name.
 *   <li>{@code octavo.codes:<value>}: "bits least greatest" of its codes, where they are not those of their type; of codes of a
 *       table the bits alone.
 *   <li>{@code octavo.sum:<value>}: it is quantized by rounding the sum of quotient and zero point, as PyTorch does, where ONNX adds
 *       the zero point to the rounded quotient.
 * </ul>
 */
final class Notes {
    private static final String QUANTIZED = "octavo.quantized";
    private static final String NODE = "octavo.node:";
    private static final String CODES = "octavo.codes:";
    private static final String SUM = "octavo.sum:";

    /**
     * An operator on codes.
     *
     * @param mask a digit an operand, 1 where it reads codes
     * @param node its name
     */
    record OnCodes(String mask, String node) {
        boolean readsCodes(int operand) {
            return operand < mask.length() && mask.charAt(operand) == '1';
        }
    }

    private final Map<String, String> metadata;

    Notes(Map<String, String> metadata) {
        this.metadata = metadata;
    }

    // ---- Written

    /** Notes what a node of a graph with codes is. */
    static void node(Exporter exporter, Node node) {
        Graph graph = exporter.graph();
        exporter.note(QUANTIZED, "1");
        if (node.op() instanceof Op.Quantize) {
            if (node.op().equals(new Op.Quantize())) {
                exporter.note(SUM + node.output(), "");
            }
            return;
        }
        StringBuilder mask = new StringBuilder();
        for (String input : node.inputs()) {
            mask.append(!input.isEmpty() && graph.value(input).isQuantized() ? '1' : '0');
        }
        if (node.op() instanceof Op.Dequantize || mask.indexOf("1") < 0) {
            return;
        }
        for (String output : node.outputs()) {
            if (!output.isEmpty()) {
                exporter.note(NODE + output, mask + " " + node.name());
            }
        }
    }

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

    /** The least and the greatest real number that codes stand for, by which a value is clipped before it is quantized. */
    static float[] bounds(AffineParams params) {
        int zero = params.zeroPoint();
        return new float[] {(params.qMin() - zero) * params.scale(), (params.qMax() - zero) * params.scale()};
    }

    // ---- Read

    /** Whether a file says which of its operators are on codes. */
    boolean isQuantized() {
        return metadata.containsKey(QUANTIZED);
    }

    /** The operator on codes of which a value is the result; null: none is. */
    OnCodes node(String value) {
        String text = metadata.get(NODE + value);
        int blank = text == null ? -1 : text.indexOf(' ');
        return blank < 0 ? null : new OnCodes(text.substring(0, blank), text.substring(blank + 1));
    }

    /** Whether a value is quantized by rounding a sum. */
    boolean roundsSum(String value) {
        return metadata.containsKey(SUM + value);
    }

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
}

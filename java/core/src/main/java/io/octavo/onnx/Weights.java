package io.octavo.onnx;

import io.octavo.graph.Value;
import io.octavo.internal.onnx.Attribute;
import io.octavo.internal.onnx.ElementType;
import io.octavo.internal.onnx.TensorData;
import io.octavo.internal.onnx.TensorDef;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.TableParams;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A constant of codes on its way into a file. Codes are held in 4 bits where they fit, otherwise in bytes; parameters per channel
 * become an axis of DequantizeLinear, per group its blocks. Codes of a table are looked up in it by Gather, tables of several parameter
 * sets one behind the other, and the entries are dequantized as int8 weights are.
 */
final class Weights {
    private final Exporter exporter;
    private final Value value;

    private Weights(Exporter exporter, Value value) {
        this.exporter = exporter;
        this.value = value;
    }

    /** Adds the nodes of which the last, of that name, makes {@code output}: the real numbers of a constant. */
    static void dequantize(Exporter exporter, Value value, String node, String output) {
        Weights weights = new Weights(exporter, value);
        if (value.quantization() instanceof TableParams table) {
            weights.dequantize(weights.entries(table), table.granularity(), node, output, "");
        } else {
            AffineParams params = (AffineParams) value.quantization();
            String codes = exporter.form(
                    value.name(),
                    "codes",
                    () -> weights.codes("codes", value.data(), weights.matrix(params.granularity())));
            String zero = params.dtype() == DType.S32 ? "" : weights.zeroPoints(params, false);
            weights.dequantize(codes, params.granularity(), node, output, zero);
        }
    }

    /** The name of the real numbers of a matrix the other way round. */
    static String transposed(Exporter exporter, Value value) {
        return exporter.form(value.name(), "real transposed", () -> {
            String output = exporter.freeValue(value.name() + ":transposed");
            String node = exporter.freeNode(value.name() + ":transpose");
            if (value.quantization() instanceof AffineParams params) {
                new Weights(exporter, value).dequantizeTransposed(params, node, output);
            } else {
                Attributes order = new Attributes().ints("perm", 1, 0);
                exporter.add(node, "Transpose", order.map(), List.of(exporter.numbers(value)), List.of(output));
            }
            return output;
        });
    }

    // ---- DequantizeLinear

    /** The shape in which parameters are laid over the codes: groups lie within the rows of a matrix. */
    private long[] matrix(Granularity granularity) {
        Shape shape = value.shape();
        return granularity.isPerGroup() ? new long[] {shape.dim(0), shape.elements() / shape.dim(0)} : shape.dims();
    }

    private void dequantize(String codes, Granularity granularity, String node, String output, String zeroPoints) {
        Attributes attributes = new Attributes();
        boolean reshaped = granularity.isPerGroup() && value.shape().rank() != 2;
        if (granularity.isPerGroup()) {
            exporter.needs(QuantizationExports.BLOCKS);
            attributes.put("axis", 1).put("block_size", granularity.groupSize());
        } else if (granularity.isPerChannel()) {
            attributes.put("axis", granularity.axis());
        }
        String real = reshaped ? exporter.freeValue(value.name() + ":matrix") : output;
        exporter.add(
                reshaped ? exporter.freeNode(value.name() + ":dequantize_blocks") : node,
                "DequantizeLinear",
                attributes.map(),
                List.of(codes, scales(false), zeroPoints),
                List.of(real));
        if (reshaped) {
            String shape = exporter.constant(
                    exporter.freeValue(value.name() + ":shape"),
                    Tensor.ofLongs(value.shape().dims()));
            exporter.add(node, "Reshape", Attributes.NONE, List.of(real, shape), List.of(output));
        }
    }

    private void dequantizeTransposed(AffineParams params, String node, String output) {
        Granularity granularity = params.granularity();
        Tensor codes = Transposed.of(value.data());
        Attributes attributes = new Attributes();
        if (granularity.isPerGroup()) {
            exporter.needs(QuantizationExports.BLOCKS);
            attributes.put("axis", 0).put("block_size", granularity.groupSize());
        } else if (granularity.isPerChannel()) {
            attributes.put("axis", 1 - granularity.axis());
        }
        String held = codes("codes_transposed", codes, codes.shape().dims());
        exporter.add(
                node,
                "DequantizeLinear",
                attributes.map(),
                List.of(held, scales(true), zeroPoints(params, true)),
                List.of(output));
    }

    /** The shape of the scales: none, one an index of the axis, or one a group of a row. */
    private long[] sets() {
        Granularity granularity = value.quantization().granularity();
        int count = value.quantization().count();
        if (granularity.isPerGroup()) {
            long rows = value.shape().dim(0);
            return new long[] {rows, count / rows};
        }
        return granularity.isPerTensor() ? new long[0] : new long[] {count};
    }

    private String scales(boolean transposed) {
        float[] scales = new float[value.quantization().count()];
        for (int i = 0; i < scales.length; i++) {
            scales[i] = value.quantization().scale(i);
        }
        return parameters("scale", Tensor.of(scales), transposed);
    }

    private String zeroPoints(AffineParams params, boolean transposed) {
        int[] points = params.zeroPoints();
        byte[] bytes = new byte[points.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) points[i];
        }
        return parameters("zero_point", Tensor.ofBytes(params.dtype(), bytes), transposed);
    }

    /** One number a parameter set, in the shape of {@link #sets}. */
    private String parameters(String what, Tensor numbers, boolean transposed) {
        long[] sets = sets();
        boolean swapped = transposed && sets.length == 2;
        return exporter.form(value.name(), swapped ? what + " transposed" : what, () -> {
            Tensor shaped = numbers.reshape(sets);
            String name = exporter.freeValue(value.name() + ":" + what);
            Tensor laid = swapped ? Transposed.of(shaped) : shaped;
            return exporter.constant(what.equals("scale") ? TensorDef.of(name, laid) : held(name, laid));
        });
    }

    // ---- Codes

    /** Whether codes and zero points fit in 4 bits, and the scheme has no more. */
    private boolean isNibbles() {
        if (value.quantization().bits() > 4 || value.dtype() == DType.S32) {
            return false;
        }
        int least = value.dtype() == DType.U8 ? 0 : -8;
        for (int code : value.data().toIntArray()) {
            if (code < least || code > least + 15) {
                return false;
            }
        }
        if (value.quantization() instanceof AffineParams params) {
            for (int zero : params.zeroPoints()) {
                if (zero < least || zero > least + 15) {
                    return false;
                }
            }
        }
        return true;
    }

    private boolean nibbles() {
        return exporter.form(value.name(), "type", () -> isNibbles() ? "4" : "8")
                .equals("4");
    }

    private String codes(String form, Tensor codes, long[] dims) {
        String name = exporter.ownName(value, form);
        exporter.constant(held(name, codes.reshape(dims)));
        int bits = nibbles() ? 4 : 8;
        if (value.quantization() instanceof TableParams table) {
            Notes.codes(exporter, name, table, bits);
        } else if (value.dtype() != DType.S32) {
            int least = value.dtype() == DType.U8 ? 0 : -(1 << (bits - 1));
            Notes.codes(exporter, name, (AffineParams) value.quantization(), bits, least, least + (1 << bits) - 1);
        }
        return name;
    }

    /** Integers in the type that holds the codes. */
    private TensorDef held(String name, Tensor integers) {
        if (!nibbles()) {
            return TensorDef.of(name, integers);
        }
        exporter.needs(QuantizationExports.BLOCKS);
        ElementType type = value.dtype() == DType.U8 ? ElementType.U4 : ElementType.S4;
        ByteBuffer from = integers.bytes();
        ByteBuffer packed = ByteBuffer.allocate((from.capacity() + 1) / 2);
        for (int i = 0; i < packed.capacity(); i++) {
            int low = from.get(2 * i) & 15;
            int high = 2 * i + 1 < from.capacity() ? from.get(2 * i + 1) & 15 : 0;
            packed.put(i, (byte) (low | high << 4));
        }
        List<Long> dims = Arrays.stream(integers.shape().dims()).boxed().toList();
        return new TensorDef(name, type, dims, new TensorData.Raw(packed));
    }

    // ---- Tables

    /** The int8 entries that the codes stand for, laid out for the scales. */
    private String entries(TableParams params) {
        return exporter.form(value.name(), "entries", () -> {
            boolean shared = params.isTableShared();
            if (!shared && params.granularity().isPerGroup()) {
                return entriesOfGroups(params);
            }
            String codes = codes("codes", value.data(), matrix(params.granularity()));
            long[] sets = new long[value.shape().rank()];
            Arrays.fill(sets, 1);
            if (!shared) {
                sets[params.granularity().axis()] = params.count();
            }
            return lookUp(params, codes, shared ? null : sets);
        });
    }

    /** Groups with a table each are rows of their own, the last of a channel filled up, while they are looked up. */
    private String entriesOfGroups(TableParams params) {
        int size = params.granularity().groupSize();
        long[] sets = sets();
        long columns = value.shape().elements() / sets[0];
        Tensor filled = Tensor.zeros(DType.U8, sets[0], sets[1], size);
        for (int row = 0; row < sets[0]; row++) {
            filled.bytes()
                    .put((int) (row * sets[1] * size), value.data().bytes(), (int) (row * columns), (int) columns);
        }
        String codes = codes("codes", filled, filled.shape().dims());
        String entries = lookUp(params, codes, new long[] {sets[0], sets[1], 1});
        String rows = inner("rows", "Reshape", Attributes.NONE, entries, longs("row_shape", sets[0], sets[1] * size));
        return sets[1] * size == columns
                ? rows
                : inner(
                        "cut",
                        "Slice",
                        Attributes.NONE,
                        rows,
                        longs("from", 0),
                        longs("to", columns),
                        longs("axis", 1));
    }

    /**
     * Gather from the tables one behind the other.
     *
     * @param sets the shape in which parameter sets are laid over the codes; null: all have the same table
     */
    private String lookUp(TableParams params, String codes, long[] sets) {
        int size = params.tableSize();
        String indices = inner("indices", "Cast", Attributes.of("to", Exporter.type(DType.S32)), codes);
        int count = sets == null ? 1 : params.count();
        byte[] tables = new byte[count * size];
        int[] offsets = new int[count];
        for (int i = 0; i < count; i++) {
            System.arraycopy(params.table(i), 0, tables, i * size, size);
            offsets[i] = i * size;
        }
        if (count > 1) {
            String starts =
                    exporter.constant(exporter.freeValue(value.name() + ":offsets"), Tensor.ofInts(offsets, sets));
            indices = inner("places", "Add", Attributes.NONE, indices, starts);
        }
        String table = exporter.constant(exporter.freeValue(value.name() + ":table"), Tensor.ofBytes(DType.S8, tables));
        return inner("entries", "Gather", Attributes.of("axis", 0), table, indices);
    }

    private String longs(String what, long... numbers) {
        return exporter.constant(exporter.freeValue(value.name() + ":" + what), Tensor.ofLongs(numbers));
    }

    private String inner(String what, String type, Map<String, Attribute> attributes, String... inputs) {
        String made = exporter.freeValue(value.name() + ":" + what);
        String name = exporter.freeNode(value.name() + ":" + what);
        exporter.add(name, type, attributes, List.of(inputs), List.of(made));
        return made;
    }
}

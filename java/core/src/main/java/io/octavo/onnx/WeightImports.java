package io.octavo.onnx;

import io.octavo.graph.Movement;
import io.octavo.graph.Op;
import io.octavo.internal.onnx.ElementType;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.QuantParams;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.scheme.TableParams;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Constants of codes that DequantizeLinear reads: they keep their names, and their groups and tables. */
final class WeightImports {
    private final ImportNode node;
    private final Lookup lookup; // null: the codes are themselves what is dequantized
    private final String name;
    private final Tensor codes;

    private WeightImports(ImportNode node, Lookup lookup, String name) {
        this.node = node;
        this.lookup = lookup;
        this.name = name;
        this.codes = node.importer().constant(name);
    }

    /** Adds what dequantizes a constant, if that is what the node does and a graph can say it. */
    static boolean dequantize(ImportNode node) {
        String input = node.required(0);
        Lookup lookup = node.importer().lookup(input);
        boolean fixed = node.isConstant(1) && (!node.def().hasInput(2) || node.isConstant(2));
        if (lookup != null && !fixed) {
            node.importer().addInner(lookup);
        }
        if (lookup == null && !node.importer().isInitializer(input) || !fixed) {
            return false;
        }
        boolean added = new WeightImports(node, lookup, lookup == null ? input : lookup.codes()).add();
        if (!added && lookup != null) {
            node.importer().addInner(lookup);
        }
        return added;
    }

    private boolean add() {
        Tensor scales = node.constant(1);
        long block = node.getInt("block_size", 0);
        Shape shape = lookup == null ? codes.shape() : shape();
        int rank = shape.rank();
        if (rank == 0 || codes.dtype() != DType.U8 && codes.dtype() != DType.S8 && codes.dtype() != DType.S32) {
            return false;
        }
        long given = node.getInt("axis", 1);
        boolean one = scales.elements() == 1 && scales.shape().rank() == 0;
        if (!one && (given < -rank || given >= rank)) {
            return false;
        }
        int axis = one ? -1 : node.axis(given, rank);
        if (block > 0 && rank == 2 && axis == 0 && lookup == null) {
            return addTransposed(scales, block);
        }
        Granularity granularity;
        if (block > 0) {
            if (rank != 2 || axis != 1) {
                return false;
            }
            granularity = Granularity.perGroup(Math.toIntExact(block));
        } else {
            granularity = one ? Granularity.perTensor() : Granularity.perChannel(axis);
        }
        if (scales.elements() != granularity.count(shape)) {
            return false;
        }
        QuantParams params = lookup == null ? affine(scales, granularity) : table(scales, granularity);
        if (params == null) {
            return false;
        }
        String form = "codes " + node.def().inputs() + axis + " " + block;
        String constant = node.importer().derived(name, form, free -> node.importer()
                .builder()
                .constant(free, new QuantizedTensor(shape, params, cut(shape))));
        node.out(new Op.Dequantize(), constant);
        return true;
    }

    /** Blocks along the columns of a matrix are groups in the rows of the other one. */
    private boolean addTransposed(Tensor scales, long block) {
        Tensor turned = Transposed.of(codes);
        Granularity granularity = Granularity.perGroup(Math.toIntExact(block));
        if (scales.shape().rank() != 2 || scales.elements() != granularity.count(turned.shape())) {
            return false;
        }
        AffineParams params = affine(Transposed.of(scales), granularity);
        if (params == null) {
            return false;
        }
        String form = "codes transposed " + node.def().inputs() + " " + block;
        String constant = node.importer().derived(name, form, free -> node.importer()
                .builder()
                .constant(free, new QuantizedTensor(turned.shape(), params, turned)));
        node.out(new Movement.Transpose(List.of(1, 0)), node.add(new Op.Dequantize(), constant));
        return true;
    }

    // ---- Parameters

    /** Of scales in the order of parameter sets; null if a graph has no such codes. */
    private AffineParams affine(Tensor scales, Granularity granularity) {
        int count = (int) scales.elements();
        int[] points = new int[count];
        if (node.def().hasInput(2)) {
            Tensor zero = node.constant(2);
            if (zero.dtype() != codes.dtype()) {
                return null;
            }
            boolean turned = zero.shape().rank() == 2 && !zero.shape().equals(scales.shape());
            int[] read = (turned ? Transposed.of(zero) : zero).toIntArray();
            if (read.length != 1 && read.length != count) {
                return null;
            }
            for (int i = 0; i < count; i++) {
                points[i] = read[read.length == 1 ? 0 : i];
            }
        }
        ElementType type = node.importer().elementType(name);
        if (type == null
                || codes.dtype() == DType.S32 && (type != ElementType.S32 || points.length > 0 && any(points))) {
            return null;
        }
        DType dtype = codes.dtype();
        int bits = dtype == DType.S32 ? 32 : type.bits();
        int least = dtype == DType.U8 ? 0 : bits == 32 ? Integer.MIN_VALUE : -(1 << (bits - 1));
        int greatest = bits == 32 ? Integer.MAX_VALUE : least + (1 << bits) - 1;
        AffineParams params =
                new AffineParams(dtype, bits, least, greatest, scales.toFloatArray(), points, granularity);
        return dtype == DType.S32 ? params : node.importer().notes().of(name, params);
    }

    private static boolean any(int[] points) {
        return Arrays.stream(points).anyMatch(point -> point != 0);
    }

    private TableParams table(Tensor scales, Granularity granularity) {
        Tensor table = node.importer().constant(lookup.table());
        ElementType type = node.importer().elementType(name);
        boolean symmetric = !node.def().hasInput(2) || !any(node.constant(2).toIntArray());
        if (table.dtype() != DType.S8
                || codes.dtype() != DType.U8
                || table.shape().rank() != 1
                || !symmetric) {
            return null;
        }
        int count = (int) scales.elements();
        byte[] all = table.toByteArray();
        int tables = 1;
        if (lookup.offsets() != null) {
            Tensor offsets = node.importer().constant(lookup.offsets());
            tables = (int) offsets.elements();
            if (offsets.dtype() != DType.S32 || tables != count || all.length % tables != 0) {
                return null;
            }
            int[] starts = offsets.toIntArray();
            for (int i = 0; i < tables; i++) {
                if (starts[i] != i * (all.length / tables)) {
                    return null;
                }
            }
        }
        int size = all.length / tables;
        int bits = node.importer().notes().tableBits(name, type == null ? 8 : type.bits());
        if (bits < 2 || bits > 8 || size > 1 << bits || !fits(size)) {
            return null;
        }
        byte[][] entries = new byte[count][];
        float[][] levels = new float[count][size];
        float[] steps = scales.toFloatArray();
        for (int i = 0; i < count; i++) {
            int from = tables == 1 ? 0 : i * size;
            entries[i] = Arrays.copyOfRange(all, from, from + size);
            for (int j = 0; j < size; j++) {
                levels[i][j] = steps[i] * entries[i][j];
                if (j > 0 && entries[i][j] < entries[i][j - 1]) {
                    return null;
                }
            }
        }
        return new TableParams(bits, steps, entries, levels, granularity);
    }

    private boolean fits(int size) {
        for (byte code : codes.toByteArray()) {
            if (Byte.toUnsignedInt(code) >= size) {
                return false;
            }
        }
        return true;
    }

    // ---- Codes

    /** The shape in which entries are dequantized: rows of groups may have been one filled-up row each. */
    private Shape shape() {
        if (codes.shape().rank() != 3 || node.getInt("block_size", 0) == 0) {
            return codes.shape();
        }
        long filled = codes.shape().dim(1) * codes.shape().dim(2);
        long columns = lookup.nodes().get(0).opType().equals("Slice")
                ? node.importer()
                        .constant(lookup.nodes().get(0).inputs().get(2))
                        .toLongArray()[0]
                : filled;
        return Shape.of(codes.shape().dim(0), columns);
    }

    private Tensor cut(Shape shape) {
        if (codes.shape().equals(shape)) {
            return codes;
        }
        Tensor rows = Tensor.zeros(codes.dtype(), shape);
        int columns = (int) shape.dim(1);
        int filled = (int) (codes.elements() / shape.dim(0));
        for (int row = 0; row < shape.dim(0); row++) {
            rows.bytes().put(row * columns, codes.bytes(), row * filled, columns);
        }
        return rows;
    }
}

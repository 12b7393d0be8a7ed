package io.octavo.scheme;

import io.octavo.ShapeMismatchException;
import io.octavo.internal.bind.Arrays;
import io.octavo.internal.bind.Finite;
import io.octavo.internal.bind.GroupArrays;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/** Encoding and decoding by parameters alone, and what it loses. */
final class Codec {
    private Codec() {}

    static QuantizedTensor encode(Tensor x, QuantParams params) {
        checkCount(x.shape(), params);
        if (params instanceof AffineParams affine) {
            return encodeAffine(x, affine);
        }
        TableParams table = (TableParams) params;
        return encodeTable(x, table, table::decodedLevels);
    }

    private static void checkCount(Shape shape, QuantParams params) {
        int sets = params.granularity().count(shape);
        if (params.count() != sets) {
            throw new ShapeMismatchException(params.count() + " parameter sets for a tensor of shape " + shape
                    + ": per " + params.granularity() + " it needs " + sets);
        }
    }

    private static QuantizedTensor encodeAffine(Tensor x, AffineParams p) {
        Finite.check(x);
        Tensor codes = Tensor.zeros(p.dtype(), x.shape());
        if (p.granularity().isPerGroup()) {
            Partition parts = Partition.of(x, p.granularity());
            GroupArrays.quantize(
                    parts.flat(),
                    parts.groups(),
                    p.scales(),
                    p.zeroPoints(),
                    p.qMin(),
                    p.qMax(),
                    codes.reshape(x.elements()));
        } else {
            Partition.View v = Partition.view(x.shape(), p.granularity());
            Arrays.quantize(
                    x, v.outer(), v.channels(), v.inner(), p.scales(), p.zeroPoints(), p.qMin(), p.qMax(), codes);
        }
        return new QuantizedTensor(x.shape(), p, codes);
    }

    /** The ascending real levels of a parameter set. */
    private interface Levels {
        float[] of(int set);
    }

    private static QuantizedTensor encodeTable(Tensor x, TableParams p, Levels levels) {
        Finite.check(x);
        Partition parts = Partition.of(x, p.granularity());
        Tensor codes = parts.codes();
        float[] all = new float[parts.count() * p.tableSize()];
        for (int i = 0; i < parts.count(); i++) {
            System.arraycopy(levels.of(i), 0, all, i * p.tableSize(), p.tableSize());
        }
        GroupArrays.nearestLevel(parts.flat(), parts.groups(), all, p.tableSize(), codes);
        return new QuantizedTensor(x.shape(), p, parts.restore(codes));
    }

    static Tensor decode(QuantizedTensor q) {
        if (q.params() instanceof AffineParams affine) {
            return decodeAffine(q, affine);
        }
        TableParams table = (TableParams) q.params();
        return decodeTable(q, table, table::decodedLevels);
    }

    private static Tensor decodeAffine(QuantizedTensor q, AffineParams p) {
        Tensor x = Tensor.zeros(DType.F32, q.shape());
        if (p.granularity().isPerGroup()) {
            Partition parts = Partition.of(q.codes(), p.granularity());
            GroupArrays.dequantize(parts.flat(), parts.groups(), p.scales(), p.zeroPoints(), x.reshape(x.elements()));
        } else {
            Partition.View v = Partition.view(q.shape(), p.granularity());
            Arrays.dequantize(q.codes(), v.outer(), v.channels(), v.inner(), p.scales(), p.zeroPoints(), x);
        }
        return x;
    }

    private static Tensor decodeTable(QuantizedTensor q, TableParams p, Levels levels) {
        Partition parts = Partition.of(q.codes(), p.granularity());
        Tensor flat = Tensor.zeros(DType.F32, Shape.of(q.shape().elements()));
        ByteBuffer codes = parts.flat().bytes();
        FloatBuffer x = flat.floats();
        for (int i = 0; i < parts.count(); i++) {
            float[] level = levels.of(i);
            for (int j = (int) parts.groups().begin(i); j < parts.groups().end(i); j++) {
                x.put(j, level[codes.get(j) & 0xff]);
            }
        }
        return parts.restore(flat);
    }

    static SchemeError error(Tensor x, QuantizedTensor q) {
        if (!x.shape().equals(q.shape())) {
            throw new ShapeMismatchException("codes of shape " + q.shape() + " for a tensor of shape " + x.shape());
        }
        Tensor decoded = decode(q);
        Arrays.SquaredError e = Arrays.squaredError(x, decoded);
        FloatBuffer a = x.floats();
        FloatBuffer b = decoded.floats();
        double greatest = 0;
        for (int i = 0; i < a.capacity(); i++) {
            greatest = Math.max(greatest, Math.abs((double) a.get(i) - b.get(i)));
        }
        double sqnr = SchemeError.decibels(e.power(), e.error());
        double loss = 0;
        if (q.params() instanceof TableParams table) {
            Tensor unrounded = decodeTable(encodeTable(x, table, table::fittedLevels), table, table::fittedLevels);
            Arrays.SquaredError best = Arrays.squaredError(x, unrounded);
            loss = best.error() == e.error() ? 0 : SchemeError.decibels(best.power(), best.error()) - sqnr;
        }
        return new SchemeError(e.error() / x.elements(), sqnr, greatest, loss);
    }
}

package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.graph.Movement;
import io.octavo.graph.Op;
import io.octavo.graph.Pointwise;
import io.octavo.graph.Value;
import io.octavo.internal.onnx.ElementType;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Codes that a node reads, or makes, with the scale and the zero point that it reads beside them, which need not be constants. One of
 * these stands for the whole tensor, several stand for the indices of an axis, or for blocks along it.
 */
final class Codes {
    private final ImportNode node;
    private final String codes; // value of the graph
    private final String scale; // "": 1
    private final String zeroPoint; // "": 0
    private final int axis; // of several; -1: there can be but one
    private final long block; // 0: none
    private final CodeType type;

    private Codes(ImportNode node, String codes, String scale, String zeroPoint, int axis, long block, CodeType type) {
        this.node = node;
        this.codes = codes;
        this.scale = scale;
        this.zeroPoint = zeroPoint;
        this.axis = axis;
        this.block = block;
        this.type = type;
        if (type == null) {
            throw node.unsupported("codes of type " + value().dtype());
        }
        if (!scale.isEmpty()) {
            checkScale();
        }
        if (!zeroPoint.isEmpty()) {
            checkZeroPoint();
        }
    }

    /** The codes of an input, with parameters for the whole tensor; the inputs of scale or zero point may be -1 or absent. */
    static Codes of(ImportNode node, int index, int scale, int zeroPoint) {
        return along(node, index, scale, zeroPoint, -1, 0);
    }

    /** The same, which may have parameters along an axis. */
    static Codes along(ImportNode node, int index, int scale, int zeroPoint, int axis, long block) {
        return made(node, index, scale, zeroPoint, axis, block, node.codeType(index));
    }

    /** Codes of a type that are made of a value like input {@code index}. */
    static Codes made(ImportNode node, int index, int scale, int zeroPoint, int axis, long block, CodeType type) {
        return new Codes(
                node,
                node.in(index),
                scale < 0 ? "" : node.in(scale),
                zeroPoint < 0 ? "" : node.optional(zeroPoint),
                axis,
                block,
                type);
    }

    /** Bytes whose parameters are values of the graph. */
    static Codes bytes(ImportNode node, String codes, String scale, String zeroPoint) {
        return new Codes(node, codes, scale, zeroPoint, -1, 0, CodeType.of(ElementType.U8));
    }

    /** The value of the graph. */
    Value value() {
        return node.value(codes);
    }

    CodeType type() {
        return type;
    }

    boolean isByte() {
        return type.isByte();
    }

    // ---- What is known of the parameters

    private boolean isOne(String parameter) {
        if (parameter.isEmpty()) {
            return true;
        }
        Shape shape = node.value(parameter).shape();
        return shape.isKnown() && shape.elements() == 1;
    }

    private boolean isKnown(String name) {
        return name.isEmpty()
                || node.value(name).isConstant() && !node.value(name).isQuantized();
    }

    /** Whether they are constants. */
    boolean isFixed() {
        return isKnown(scale) && isKnown(zeroPoint);
    }

    /** Whether there is one of each. */
    boolean isPerTensor() {
        return isOne(scale) && isOne(zeroPoint);
    }

    /** Whether operators on codes take them: bytes with constants for the whole tensor. */
    boolean isPlain() {
        return type.isByte() && isFixed() && isPerTensor();
    }

    private void checkScale() {
        Value s = node.value(scale);
        if (s.dtype() != DType.F32) {
            throw new InvalidValueException("scale " + s + " of " + value() + ": expected real numbers");
        }
        checkCount(s, "scale");
        for (float number : isKnown(scale) ? s.data().toFloatArray() : new float[0]) {
            if (!(number > 0) || Float.isInfinite(number)) {
                throw new InvalidValueException("scale " + s + " of " + value() + " has an element " + number
                        + ", expected finite numbers above 0");
            }
        }
    }

    private void checkZeroPoint() {
        Value z = node.value(zeroPoint);
        if (z.dtype() != type.dtype() || z.isQuantized()) {
            throw new InvalidValueException(
                    "zero point " + z + " of " + value() + ": expected " + type.dtype() + ", the type of the codes");
        }
        checkCount(z, "zero point");
    }

    private void checkCount(Value parameter, String what) {
        Shape shape = parameter.shape();
        Shape x = value().shape();
        if (!shape.isKnown() || shape.elements() == 1 && (block == 0 || shape.rank() != x.rank())) {
            return;
        }
        if (axis < 0) {
            throw new ShapeMismatchException(what + " " + parameter + ", expected one number for all of " + value());
        }
        if (block == 0 && shape.rank() == 1) {
            if (x.dim(axis) != Shape.N && x.dim(axis) != shape.dim(0)) {
                throw new ShapeMismatchException(what + " " + parameter + ", expected one number, or " + x.dim(axis)
                        + ", one an index of dimension " + axis + " of " + value());
            }
            return;
        }
        boolean fits = shape.rank() == x.rank();
        for (int i = 0; fits && i < x.rank(); i++) {
            long size = x.dim(i);
            if (size != Shape.N) {
                long wanted = i != axis || block == 0 ? size : (size + block - 1) / block;
                fits = shape.dim(i) == wanted || block == 0 && shape.dim(i) == 1;
            }
        }
        if (!fits) {
            throw new ShapeMismatchException(what + " " + parameter + ", expected "
                    + (block == 0
                            ? "what broadcasts to "
                            : "one number a block of " + block + " along dimension " + axis + " of ")
                    + value());
        }
    }

    /** Parameters of the whole tensor. */
    AffineParams params() {
        return type.params(new float[] {scale()}, new int[] {zeroPoint()}, Granularity.perTensor());
    }

    /** The scale of the whole tensor. */
    float scale() {
        return scales(1)[0];
    }

    /** The zero point of the whole tensor. */
    int zeroPoint() {
        return zeroPoints(1)[0];
    }

    /** As many zero points as asked for, of one or of as many. */
    int[] zeroPoints(int count) {
        int[] given =
                zeroPoint.isEmpty() ? new int[1] : node.value(zeroPoint).data().toIntArray();
        if (given.length == 1) {
            int[] all = new int[count];
            Arrays.fill(all, given[0]);
            return all;
        }
        requireCount(given.length, count, "zero points");
        return given;
    }

    /** As many scales as asked for. */
    float[] scales(int count) {
        float[] given =
                scale.isEmpty() ? new float[] {1} : node.value(scale).data().toFloatArray();
        if (given.length == 1) {
            float[] all = new float[count];
            Arrays.fill(all, given[0]);
            return all;
        }
        requireCount(given.length, count, "scales");
        return given;
    }

    private void requireCount(int given, int count, String what) {
        if (given != count) {
            throw new ShapeMismatchException(given + " " + what + " of " + value() + ", expected 1 or " + count);
        }
    }

    /** Whether no zero point but 0 is there. */
    boolean isSymmetric() {
        return zeroPoint.isEmpty()
                || isKnown(zeroPoint)
                        && Arrays.stream(node.value(zeroPoint).data().toIntArray())
                                .allMatch(z -> z == 0);
    }

    // ---- Constants

    /** Whether all is known: the codes too. */
    boolean isConstant() {
        return isKnown(codes) && isFixed();
    }

    /** A constant with its parameters, if a graph can hold them: for the whole tensor or along the axis; otherwise null. */
    QuantizedTensor constant() {
        Tensor data = value().data();
        int scales = scale.isEmpty() ? 1 : (int) node.value(scale).shape().elements();
        int points =
                zeroPoint.isEmpty() ? 1 : (int) node.value(zeroPoint).shape().elements();
        int rank = scale.isEmpty() ? 0 : node.value(scale).shape().rank();
        if (block > 0 || rank > 1 || type.dtype() == DType.S32 && !isSymmetric()) {
            return null;
        }
        int count = Math.max(scales, points);
        // One scale with a dimension is that of the axis, where this has one index.
        boolean one = count == 1 && (axis < 0 || rank == 0 || data.shape().dim(axis) != 1);
        Granularity granularity = one ? Granularity.perTensor() : Granularity.perChannel(axis);
        CodeType held = type.isByte() ? type : CodeType.of(ElementType.S32);
        return new QuantizedTensor(data.shape(), held.params(scales(count), zeroPoints(count), granularity), data);
    }

    // ---- Values of the graph

    /** The codes as operators on codes read them: with the parameters of {@link #params}. */
    String quantized() {
        Value value = value();
        AffineParams params = params();
        if (isSame(value, params)) {
            return codes;
        }
        if (value.isConstant() && !value.isQuantized()) {
            return node.constant("codes", new QuantizedTensor(value.shape(), params, value.data()));
        }
        return node.add(new Op.Quantize(Op.Quantize.Rounding.QUOTIENT), params, real().add(node));
    }

    private static boolean isSame(Value value, AffineParams params) {
        return value.quantization() instanceof AffineParams own
                && own.dtype() == params.dtype()
                && own.granularity().isPerTensor()
                && own.scale() == params.scale()
                && own.zeroPoint() == params.zeroPoint();
    }

    /** The real numbers that the codes stand for. */
    Made real() {
        if (isPlain() && isSame(value(), params())) {
            return new Made(new Op.Dequantize(), codes);
        }
        QuantizedTensor constant = isConstant() ? constant() : null;
        return constant != null
                ? new Made(new Op.Dequantize(), node.constant("codes", constant))
                : new Made(binary(Pointwise.Binary.Function.MUL), less(numbers()), broadcastScale());
    }

    /** The codes less the zero point, F32. */
    private String less(String numbers) {
        return isSymmetric()
                ? numbers
                : node.add(binary(Pointwise.Binary.Function.SUB), numbers, cast(parameter(zeroPoint), DType.F32));
    }

    /** The codes as numbers, F32. */
    private String numbers() {
        if (!(value().quantization() instanceof AffineParams own)) {
            return cast(codes, DType.F32);
        }
        String steps = node.add(
                binary(Pointwise.Binary.Function.DIV),
                node.add(new Op.Dequantize(), codes),
                node.scalar("scale", DType.F32, own.scale()));
        String whole = node.add(new Pointwise.Unary(Pointwise.Unary.Function.ROUND), steps);
        return own.zeroPoint() == 0
                ? whole
                : node.add(
                        binary(Pointwise.Binary.Function.ADD), whole, node.scalar("zero", DType.F32, own.zeroPoint()));
    }

    /** The codes as integers without parameters, of their own type. */
    String integers() {
        return value().isQuantized() ? cast(numbers(), type.dtype()) : codes;
    }

    /** The codes less the zero point, exact. */
    String differences(DType as) {
        return as == DType.F32 ? less(numbers()) : differences();
    }

    private String differences() {
        String whole = cast(integers(), DType.S32);
        return isSymmetric()
                ? whole
                : node.add(binary(Pointwise.Binary.Function.SUB), whole, cast(parameter(zeroPoint), DType.S32));
    }

    /** The scales as they broadcast to the codes. */
    String broadcastScale() {
        return scale.isEmpty() ? node.scalar("scale", DType.F32, 1) : parameter(scale);
    }

    /** The zero points as they broadcast to the codes, S32. */
    String broadcastZeroPoint() {
        return cast(parameter(zeroPoint), DType.S32);
    }

    /** Codes of real numbers by ONNX's formula. */
    Made quantized(String real) {
        if (isPlain() && !node.value(real).isConstant()) {
            return new Made(new Op.Quantize(Op.Quantize.Rounding.QUOTIENT), params(), real);
        }
        String whole = node.add(
                new Pointwise.Unary(Pointwise.Unary.Function.ROUND),
                node.add(binary(Pointwise.Binary.Function.DIV), real, broadcastScale()));
        String moved = isSymmetric()
                ? whole
                : node.add(binary(Pointwise.Binary.Function.ADD), whole, cast(parameter(zeroPoint), DType.F32));
        String above =
                node.add(binary(Pointwise.Binary.Function.MAX), moved, node.scalar("least", DType.F32, type.least()));
        String within = node.add(
                binary(Pointwise.Binary.Function.MIN), above, node.scalar("greatest", DType.F32, type.greatest()));
        return new Made(new Pointwise.Cast(type.dtype()), within);
    }

    private String parameter(String name) {
        Shape shape = node.value(name).shape();
        Shape x = value().shape();
        if (isOne(name)) {
            return shape.rank() == 0 ? name : node.reshape(name, List.of());
        }
        if (block > 0) {
            if (x.dim(axis) == Shape.N) {
                throw node.unsupported("blocks along dimension " + axis + " of unknown size, of " + value());
            }
            long[] blocks = new long[Math.toIntExact(x.dim(axis))];
            for (int i = 0; i < blocks.length; i++) {
                blocks[i] = i / block;
            }
            return node.add(new Movement.Gather(axis), name, node.longs("blocks", blocks));
        }
        if (shape.rank() > 1 || axis == x.rank() - 1) {
            return name;
        }
        List<Movement.Reshape.Part> parts = new ArrayList<>(ImportNode.dims(0, 1));
        for (int i = axis + 1; i < x.rank(); i++) {
            parts.add(ImportNode.one());
        }
        return node.reshape(name, parts);
    }

    private String cast(String value, DType to) {
        return node.value(value).dtype() == to ? value : node.add(new Pointwise.Cast(to), value);
    }

    private static Op binary(Pointwise.Binary.Function function) {
        return new Pointwise.Binary(function);
    }
}

package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.UnsupportedException;
import io.octavo.graph.Movement;
import io.octavo.graph.Node;
import io.octavo.graph.Op;
import io.octavo.graph.Value;
import io.octavo.internal.onnx.NodeDef;
import io.octavo.scheme.QuantParams;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/** A node of a file with what its row needs: its inputs as values of the graph, its attributes, and ways to add nodes. */
final class ImportNode {
    private final Importer importer;
    private final NodeDef node;
    private final String name;
    private int added;

    ImportNode(Importer importer, NodeDef node, String name) {
        this.importer = importer;
        this.node = node;
        this.name = name;
    }

    NodeDef def() {
        return node;
    }

    /** A name that no other node has. */
    String name() {
        return name;
    }

    Importer importer() {
        return importer;
    }

    long opset() {
        return importer.opset(node.domain());
    }

    UnsupportedException unsupported(String what) {
        return new UnsupportedException(what + " is not supported");
    }

    // ---- Attributes

    long getInt(String attribute, long otherwise) {
        return node.getInt(attribute, otherwise);
    }

    float getFloat(String attribute, float otherwise) {
        return node.getFloat(attribute, otherwise);
    }

    boolean flag(String attribute) {
        return node.getInt(attribute, 0) != 0;
    }

    /** An attribute that must be there. */
    long requiredInt(String attribute) {
        if (!node.has(attribute)) {
            throw new InvalidValueException("attribute \"" + attribute + "\" is missing");
        }
        return node.getInt(attribute, 0);
    }

    // ---- Inputs

    int inputs() {
        return node.inputs().size();
    }

    boolean has(int index) {
        return node.hasInput(index) && !importer.isAbsent(node.inputs().get(index));
    }

    /** The name in the file of an input that must be there. */
    String required(int index) {
        if (!node.hasInput(index)) {
            throw new InvalidValueException("input " + index + " is missing");
        }
        return node.inputs().get(index);
    }

    /** The name in the graph of an input that must be there. */
    String in(int index) {
        return importer.value(required(index));
    }

    /** The name in the graph, or {@code ""} for an input that is absent. */
    String optional(int index) {
        return has(index) ? in(index) : "";
    }

    Value value(int index) {
        return importer.builder().value(in(index));
    }

    Value value(String value) {
        return importer.builder().value(value);
    }

    /** The type of the codes of an input, as the file has it; null if it is none of codes. */
    CodeType codeType(int index) {
        return importer.codeType(required(index));
    }

    /** Does not make a value of a constant, which may be wanted in another form alone. */
    int rank(int index) {
        return isConstant(index)
                ? constant(index).shape().rank()
                : value(index).shape().rank();
    }

    boolean isConstant(int index) {
        return node.hasInput(index) && importer.isConstant(node.inputs().get(index));
    }

    Tensor constant(int index) {
        return importer.constant(required(index));
    }

    /** What an input is that dequantizes a constant; null for any other. */
    QuantizedTensor quantized(int index) {
        return importer.builder()
                .producer(in(index))
                .filter(producer -> producer.op() instanceof Op.Dequantize)
                .map(producer -> value(producer.input(0)))
                .filter(Value::isConstant)
                .map(codes -> new QuantizedTensor(codes.shape(), codes.quantization(), codes.data()))
                .orElse(null);
    }

    /**
     * Asks for an input that must be known here, if it is there at all.
     *
     * @throws UnsupportedException if it is no constant
     */
    void requireConstant(int index) {
        if (has(index)) {
            constant(index);
        }
    }

    /** The elements of a constant input of integers. */
    long[] numbers(int index) {
        Tensor tensor = constant(index);
        return switch (tensor.dtype()) {
            case S64 -> tensor.toLongArray();
            case S32, U8, S8 ->
                Arrays.stream(tensor.toIntArray()).asLongStream().toArray();
            case F32, BOOL ->
                throw new InvalidValueException("input " + index + " \""
                        + node.inputs().get(index) + "\" is " + tensor + ", expected integers");
        };
    }

    /**
     * Integers that newer versions of an operator take as an input and older ones as an attribute; null: there are none.
     *
     * @throws UnsupportedException if the input is no constant
     */
    long[] numbers(String attribute, int index) {
        if (node.has(attribute)) {
            return node.getInts(attribute);
        }
        return has(index) ? numbers(index) : null;
    }

    /** A number of F32 that may be an input. */
    float number(int index) {
        Tensor tensor = constant(index);
        if (tensor.elements() != 1 || tensor.dtype() != DType.F32) {
            throw new InvalidValueException("input " + index + " is " + tensor + ", expected one number");
        }
        return tensor.toFloatArray()[0];
    }

    /** An axis counted from 0; from the end if negative. */
    int axis(long axis, int rank) {
        long counted = axis < 0 ? axis + rank : axis;
        if (counted < 0 || counted >= rank) {
            throw new InvalidValueException("axis " + axis + " of " + rank + " dimensions");
        }
        return (int) counted;
    }

    List<Integer> axes(long[] axes, int rank) {
        List<Integer> all = new ArrayList<>();
        for (long axis : axes) {
            int counted = axis(axis, rank);
            if (all.contains(counted)) {
                throw new InvalidValueException("axis " + axis + " is named twice");
            }
            all.add(counted);
        }
        all.sort(null);
        return all;
    }

    // ---- What becomes of it

    /** Adds a node that makes the first output. */
    void out(Op op, String... inputs) {
        out(op, (QuantParams) null, inputs);
    }

    void out(Op op, QuantParams params, String... inputs) {
        List<String> outputs = new ArrayList<>();
        outputs.add(outputName(0));
        importer.add(new Node(next(), op, List.of(inputs), outputs), params);
        importer.define(node.outputs().get(0), outputs.get(0));
    }

    /** Adds a node that makes all outputs. */
    void outs(Op op, String... inputs) {
        List<String> outputs = new ArrayList<>();
        for (int i = 0; i < node.outputs().size(); i++) {
            outputs.add(node.outputs().get(i).isEmpty() ? "" : outputName(i));
        }
        importer.add(new Node(next(), op, List.of(inputs), outputs), null);
        for (int i = 0; i < outputs.size(); i++) {
            importer.define(node.outputs().get(i), outputs.get(i));
        }
    }

    private String outputName(int index) {
        String wanted = node.outputs().get(index);
        return importer.builder().hasValue(wanted) ? importer.freeValueName(wanted) : wanted;
    }

    /** Adds a node that makes an inner value, and gives its name. */
    String add(Op op, String... inputs) {
        return add(op, (QuantParams) null, inputs);
    }

    String add(Op op, QuantParams params, String... inputs) {
        String value = importer.freeValueName(name + ":" + op.type());
        return importer.add(new Node(next(), op, List.of(inputs), List.of(value)), params);
    }

    /** Adds a node that makes several inner values, and gives their names. */
    List<String> addAll(Op op, int outputs, String... inputs) {
        List<String> values = new ArrayList<>();
        for (int i = 0; i < outputs; i++) {
            values.add(importer.freeValueName(name + ":" + op.type() + "." + added + "." + i));
        }
        importer.add(new Node(next(), op, List.of(inputs), values), null);
        return values;
    }

    private String next() {
        added++;
        return added == 1 ? name : importer.freeNodeName(name + ":" + added);
    }

    /** The first output is an input unchanged. */
    void same(int index) {
        importer.alias(node.outputs().get(0), required(index));
    }

    /** The first output is a value that is there already. */
    void define(String value) {
        importer.define(node.outputs().get(0), value);
    }

    /** Output {@code index}, if it is wanted, is a value that is there already. */
    void define(int index, String value) {
        if (node.hasOutput(index)) {
            importer.define(node.outputs().get(index), value);
        }
    }

    /** Adds a constant of our own. */
    String constant(String what, Tensor data) {
        return importer.builder().constant(importer.freeValueName(name + "." + what), data);
    }

    String constant(String what, QuantizedTensor data) {
        return importer.builder().constant(importer.freeValueName(name + "." + what), data);
    }

    /** A constant made of an operand, under its name if nobody has it; made once for all nodes that ask for the same. */
    String derived(int index, String form, Supplier<Tensor> made) {
        return importer.derived(
                required(index), form, name -> importer.builder().constant(name, made.get()));
    }

    /** The same of codes. */
    String derivedCodes(int index, String form, Supplier<QuantizedTensor> made) {
        return importer.derived(
                required(index), form, name -> importer.builder().constant(name, made.get()));
    }

    /**
     * How many numbers a constant has that a row makes of a node's sizes, which a few bytes of a file can say.
     *
     * @throws UnsupportedException if it would be more than 2^24
     */
    int count(long... factors) {
        long count = 1;
        for (long factor : factors) {
            count = Math.multiplyExact(count, factor);
        }
        if (count < 0 || count > 1 << 24) {
            throw unsupported(node.opType() + " by a table of " + count + " numbers, for sizes like these,");
        }
        return (int) count;
    }

    String longs(String what, long... values) {
        return constant(what, Tensor.ofLongs(values));
    }

    /** One number of a type. */
    String scalar(String what, DType dtype, double number) {
        Tensor tensor = Tensor.zeros(dtype, Shape.of());
        switch (dtype) {
            case F32 -> tensor.floats().put(0, (float) number);
            case S32 -> tensor.ints().put(0, (int) number);
            case S64 -> tensor.longs().put(0, (long) number);
            case U8, S8, BOOL -> tensor.bytes().put(0, (byte) number);
        }
        return constant(what, tensor);
    }

    // ---- Shapes

    /** A part for each dimension of a value. */
    static List<Movement.Reshape.Part> dims(int from, int to) {
        List<Movement.Reshape.Part> parts = new ArrayList<>();
        for (int i = from; i < to; i++) {
            parts.add(new Movement.Reshape.Product(i, i + 1));
        }
        return parts;
    }

    static Movement.Reshape.Part one() {
        return new Movement.Reshape.Number(1);
    }

    String reshape(String value, List<Movement.Reshape.Part> parts) {
        return add(new Movement.Reshape(parts), value);
    }
}

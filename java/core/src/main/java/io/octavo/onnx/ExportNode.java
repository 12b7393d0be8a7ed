package io.octavo.onnx;

import io.octavo.UnsupportedException;
import io.octavo.graph.Activation;
import io.octavo.graph.Node;
import io.octavo.graph.Value;
import io.octavo.internal.onnx.Attribute;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A node of a graph with what its row needs: its operands by the names of the file, and ways to add nodes. Codes are read as the real
 * numbers that they stand for, and the results that a row makes are real numbers too; {@link Exporter} quantizes them behind it.
 */
final class ExportNode {
    private final Exporter exporter;
    private final Node node;

    ExportNode(Exporter exporter, Node node) {
        this.exporter = exporter;
        this.node = node;
    }

    Node node() {
        return node;
    }

    Exporter exporter() {
        return exporter;
    }

    UnsupportedException unsupported(String what) {
        return new UnsupportedException(what);
    }

    /** The version of the operators that the file is written in. */
    long opset() {
        return exporter.opset();
    }

    /** Asks for a version of the operators, with which the file is written again if this is not it. */
    ExportNode needs(long opset) {
        exporter.needs(opset);
        return this;
    }

    // ---- Operands

    boolean has(int index) {
        return !node.input(index).isEmpty();
    }

    Value value(int index) {
        return exporter.graph().value(node.input(index));
    }

    DType dtype(int index) {
        return value(index).dtype();
    }

    Shape shape(int index) {
        return value(index).shape();
    }

    /** The name in the file of an operand's numbers; {@code ""} if it is absent. */
    String in(int index) {
        return has(index) ? exporter.numbers(value(index)) : "";
    }

    /** All operands. */
    String[] ins() {
        String[] names = new String[node.inputs().size()];
        for (int i = 0; i < names.length; i++) {
            names[i] = in(i);
        }
        return names;
    }

    /** An operand of integers as S64, which is what ONNX takes. */
    String longs(int index) {
        if (!has(index) || dtype(index) != DType.S32) {
            return in(index);
        }
        return value(index).isConstant() ? exporter.longs(value(index)) : cast("longs" + index, in(index), DType.S64);
    }

    /** The first result. */
    Value result() {
        return exporter.graph().value(node.output());
    }

    // ---- Nodes

    /** Adds the node that makes the first result. */
    ExportNode out(String type, Map<String, Attribute> attributes, String... inputs) {
        exporter.add(node.name(), type, attributes, List.of(inputs), List.of(exporter.target(node, 0)));
        return this;
    }

    ExportNode out(String type, String... inputs) {
        return out(type, Attributes.NONE, inputs);
    }

    /** Adds the node that makes all results, the first {@code required} of which it cannot leave out. */
    ExportNode outs(int required, String type, Map<String, Attribute> attributes, String... inputs) {
        List<String> outputs = new ArrayList<>();
        for (int i = 0; i < Math.max(required, node.outputs().size()); i++) {
            boolean named = i < node.outputs().size() && !node.outputs().get(i).isEmpty();
            outputs.add(named ? exporter.target(node, i) : i < required ? inner("unused" + i) : "");
        }
        exporter.add(node.name(), type, attributes, List.of(inputs), outputs);
        return this;
    }

    /** Adds the node that makes the first result but for an activation behind it. */
    ExportNode out(Activation activation, String type, Map<String, Attribute> attributes, String... inputs) {
        return activation.isNone()
                ? out(type, attributes, inputs)
                : activate(activation, main(type, attributes, inputs));
    }

    /** Adds a node of this one's name, behind which others make the first result, and gives the name of what it makes. */
    String main(String type, Map<String, Attribute> attributes, String... inputs) {
        String made = inner("linear");
        exporter.add(node.name(), type, attributes, List.of(inputs), List.of(made));
        return made;
    }

    /** Adds the last of several nodes, which makes the first result but for an activation. */
    ExportNode last(Activation activation, String what, String type, String... inputs) {
        if (!activation.isNone()) {
            return activate(activation, add(what, type, inputs));
        }
        return last(what, type, Attributes.NONE, inputs);
    }

    /** Adds the last of several nodes, which makes the first result. */
    ExportNode last(String what, String type, Map<String, Attribute> attributes, String... inputs) {
        String name = exporter.freeNode(node.name() + ":" + what);
        exporter.add(name, type, attributes, List.of(inputs), List.of(exporter.target(node, 0)));
        return this;
    }

    private ExportNode activate(Activation activation, String x) {
        exporter.activation(exporter.freeNode(node.name() + ":activation"), activation, x, exporter.target(node, 0));
        return this;
    }

    /** Adds a node of its own name that makes an inner value, and gives the value's name. */
    String add(String what, String type, Map<String, Attribute> attributes, String... inputs) {
        String made = inner(what);
        exporter.add(exporter.freeNode(node.name() + ":" + what), type, attributes, List.of(inputs), List.of(made));
        return made;
    }

    String add(String what, String type, String... inputs) {
        return add(what, type, Attributes.NONE, inputs);
    }

    String cast(String what, String x, DType to) {
        return add(what, "Cast", Attributes.of("to", Exporter.type(to)), x);
    }

    private String inner(String what) {
        return exporter.freeValue(node.name() + ":" + what);
    }

    // ---- Constants

    /** Adds a constant of our own. */
    String constant(String what, Tensor data) {
        return exporter.constant(exporter.freeValue(node.name() + ":" + what), data);
    }

    String longs(String what, long... values) {
        return constant(what, Tensor.ofLongs(values));
    }

    /** One number of F32. */
    String number(String what, float number) {
        return constant(what, Tensor.of(new float[] {number}).reshape());
    }
}

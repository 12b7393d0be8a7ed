package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.graph.Pointwise;
import io.octavo.graph.Shapes;
import io.octavo.internal.onnx.GraphDef;
import io.octavo.internal.onnx.TensorDef;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;

/** Constants, shapes, and operators that do nothing in inference. */
final class ShapeImports {
    private ShapeImports() {}

    static void addTo(Imports.Table table) {
        table.row("Identity", node -> node.same(0));
        table.row("Dropout", ShapeImports::dropout);
        table.row("Constant", ShapeImports::constant);
        table.row("ConstantOfShape", ShapeImports::fill);
        table.row("Shape", ShapeImports::shape);
        table.row("Size", node -> node.out(new Shapes.SizeOf(), node.in(0)));
        table.row("If", ShapeImports::branch);
        table.row("EyeLike", ShapeImports::eye);
        table.row("Range", node -> node.out(new Shapes.Range(), node.in(0), node.in(1), node.in(2)));
    }

    private static void dropout(ImportNode node) {
        boolean trains = node.has(2) && (!node.isConstant(2) || node.constant(2).toBooleanArray()[0]);
        boolean drops = !node.has(1) || !node.isConstant(1) || node.number(1) != 0;
        if (trains && drops) {
            throw node.unsupported("Dropout that trains");
        }
        node.same(0);
        if (node.def().hasOutput(1)) {
            int rank = node.rank(0);
            String mask = rank == 0
                    ? node.constant(
                            "mask", Tensor.ofBooleans(new boolean[] {true}).reshape())
                    : node.add(new Shapes.Fill(DType.BOOL, 1), node.add(new Shapes.ShapeOf(0, rank), node.in(0)));
            node.importer().define(node.def().outputs().get(1), mask);
        }
    }

    /** The branch that a condition which is known takes. */
    private static void branch(ImportNode node) {
        if (!node.isConstant(0)) {
            throw node.unsupported("If whose condition \"" + node.required(0) + "\" is known in a run only (export the"
                    + " model with the branch that is taken, or with known sizes)");
        }
        Tensor condition = node.constant(0);
        if (condition.dtype() != DType.BOOL || condition.elements() != 1) {
            throw new InvalidValueException("the condition is " + condition + ", expected one truth value");
        }
        String taken = condition.toBooleanArray()[0] ? "then_branch" : "else_branch";
        GraphDef branch = node.def().getGraph(taken);
        if (branch == null || branch.outputs().size() != node.def().outputs().size()) {
            throw new InvalidValueException(
                    "attribute \"" + taken + "\" must be a graph with as many outputs as the node");
        }
        branch = Parts.prefixed(branch, node.name() + "/"); // several branches may make values of one name
        node.importer().inline(branch);
        for (int i = 0; i < branch.outputs().size(); i++) {
            if (node.def().hasOutput(i)) {
                node.importer()
                        .alias(
                                node.def().outputs().get(i),
                                branch.outputs().get(i).name());
            }
        }
    }

    private static void constant(ImportNode node) {
        String name = node.def().outputs().get(0);
        TensorDef tensor = node.def().getTensor("value");
        if (tensor != null) {
            node.importer().define(name, tensor);
        } else if (node.def().has("value_int")) {
            node.importer()
                    .define(
                            name,
                            Tensor.ofLongs(new long[] {node.getInt("value_int", 0)})
                                    .reshape());
        } else if (node.def().has("value_float")) {
            node.importer()
                    .define(
                            name,
                            Tensor.of(new float[] {node.getFloat("value_float", 0)})
                                    .reshape());
        } else if (node.def().getInts("value_ints") != null && node.def().getInts("value_ints").length > 0) {
            node.importer().define(name, Tensor.ofLongs(node.def().getInts("value_ints")));
        } else if (node.def().getFloats("value_floats") != null && node.def().getFloats("value_floats").length > 0) {
            node.importer().define(name, Tensor.of(node.def().getFloats("value_floats")));
        } else if (node.def().has("value_ints") || node.def().has("value_floats")) {
            node.importer().defineAbsent(name);
        } else {
            throw node.unsupported(
                    "Constant with attributes " + node.def().attributes().keySet());
        }
    }

    private static void fill(ImportNode node) {
        TensorDef value = node.def().getTensor("value");
        DType dtype = value == null ? DType.F32 : value.type().dtype();
        double number = 0;
        if (value != null) {
            if (value.elements() != 1 || dtype == null) {
                throw new InvalidValueException("attribute \"value\" is " + value + ", expected one number");
            }
            number = value.type().isInteger() ? value.toLongArray()[0] : value.toFloatArray()[0];
        }
        if (!node.has(0)) {
            node.define(node.scalar("value", dtype, number)); // a shape without dimensions: a scalar's
            return;
        }
        node.out(new Shapes.Fill(dtype, number), node.in(0));
    }

    /** 1 on a diagonal of a matrix of the input's shape. */
    private static void eye(ImportNode node) {
        Shape shape = node.value(0).shape();
        if (shape.rank() != 2 || !shape.isKnown()) {
            throw node.unsupported("EyeLike of " + node.value(0) + ": of matrices of known sizes it is");
        }
        DType dtype = node.value(0).dtype();
        if (node.def().has("dtype")) {
            dtype = PointwiseImports.elementType(node, node.requiredInt("dtype"))
                    .dtype();
        }
        long diagonal = node.getInt("k", 0);
        int columns = Math.toIntExact(shape.dim(1));
        float[] values = new float[node.count(shape.dims())];
        for (int i = 0; i < values.length; i++) {
            values[i] = i % columns - i / columns == diagonal ? 1 : 0;
        }
        String ones = node.constant("ones", Tensor.of(values, shape.dims()));
        if (dtype == DType.F32) {
            node.define(ones);
        } else {
            node.out(new Pointwise.Cast(dtype), ones);
        }
    }

    private static void shape(ImportNode node) {
        int rank = node.rank(0);
        int start = bound(node.getInt("start", 0), rank);
        int end = bound(node.getInt("end", rank), rank);
        if (start >= end) {
            node.importer().defineAbsent(node.def().outputs().get(0));
            return;
        }
        node.out(new Shapes.ShapeOf(start, end), node.in(0));
    }

    private static int bound(long given, int rank) {
        long counted = given < 0 ? given + rank : given;
        return (int) Math.max(0, Math.min(rank, counted));
    }
}

package io.octavo.onnx;

import io.octavo.graph.OpTable;
import io.octavo.graph.Shapes;
import io.octavo.internal.onnx.TensorDef;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;

/** Shapes as numbers. */
final class ShapeExports {
    private ShapeExports() {}

    static void addTo(OpTable.Builder<ExportNode, ExportNode> table) {
        table.row(Shapes.ShapeOf.class, ShapeExports::shape);
        table.row(Shapes.SizeOf.class, (node, op) -> node.out("Size", node.in(0)));
        table.row(Shapes.Range.class, (node, op) -> node.out("Range", node.ins()));
        table.row(
                Shapes.Fill.class,
                (node, op) -> node.out(
                        "ConstantOfShape",
                        new Attributes()
                                .put("value", TensorDef.of("", number(op.dtype(), op.value())))
                                .map(),
                        node.longs(0)));
    }

    private static ExportNode shape(ExportNode node, Shapes.ShapeOf op) {
        String x = node.in(0);
        if (op.start() == 0 && op.end() == node.shape(0).rank()) {
            return node.out("Shape", x);
        }
        if (node.opset() >= 15) {
            return node.out(
                    "Shape",
                    new Attributes()
                            .put("start", op.start())
                            .put("end", op.end())
                            .map(),
                    x);
        }
        return node.out(
                "Slice", node.add("whole", "Shape", x), node.longs("start", op.start()), node.longs("end", op.end()));
    }

    /** One number of a type, in a list. */
    static Tensor number(DType dtype, double value) {
        Tensor tensor = Tensor.zeros(dtype, Shape.of(1));
        switch (dtype) {
            case F32 -> tensor.floats().put(0, (float) value);
            case S32 -> tensor.ints().put(0, (int) Math.rint(value));
            case S64 -> tensor.longs().put(0, (long) Math.rint(value));
            case U8, S8 -> {
                double held = Math.max(dtype.min(), Math.min(dtype.max(), Math.rint(value)));
                tensor.bytes().put(0, (byte) (int) held);
            }
            case BOOL -> tensor.bytes().put(0, (byte) (value != 0 ? 1 : 0));
        }
        return tensor;
    }
}

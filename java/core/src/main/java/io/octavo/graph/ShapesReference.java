package io.octavo.graph;

import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;

/** What {@link Shapes} operators compute. */
final class ShapesReference {
    static final OpTable<Reference, Tensor> TABLE = OpTable.<Reference, Tensor>of("the reference", Shapes.class)
            .row(Shapes.ShapeOf.class, ShapesReference::shapeOf)
            .row(Shapes.SizeOf.class, (node, op) -> sizeOf(node))
            .row(Shapes.Range.class, (node, op) -> range(node))
            .row(Shapes.Fill.class, ShapesReference::fill)
            .build();

    private ShapesReference() {}

    static Tensor output(Reference node, Shapes op) {
        return TABLE.apply(node, op);
    }

    private static Tensor shapeOf(Reference node, Shapes.ShapeOf op) {
        Elements y = node.zeros(0);
        for (int i = 0; i < y.count(); i++) {
            y.set(i, node.shape(0).dim(op.start() + i));
        }
        return y.tensor();
    }

    private static Tensor sizeOf(Reference node) {
        Elements y = node.zeros(0);
        y.set(0, node.shape(0).elements());
        return y.tensor();
    }

    private static Tensor range(Reference node) {
        Elements start = node.elements(0);
        Elements delta = node.elements(2);
        Elements y = node.zeros(0);
        for (int i = 0; i < y.count(); i++) {
            if (y.areReal()) {
                y.set(i, start.real(0) + i * delta.real(0));
            } else {
                y.set(i, start.whole(0) + i * delta.whole(0));
            }
        }
        return y.tensor();
    }

    private static Tensor fill(Reference node, Shapes.Fill op) {
        Elements y = node.zeros(0);
        double nearest = Math.rint(op.value());
        for (int i = 0; i < y.count(); i++) {
            if (y.areReal()) {
                y.set(i, op.value());
            } else {
                y.set(i, clamped(op.dtype(), nearest));
            }
        }
        return y.tensor();
    }

    private static long clamped(DType dtype, double value) {
        return switch (dtype) {
            case BOOL -> value >= 1 ? 1 : 0;
            case U8, S8, S32 -> (long) Math.min(Math.max(value, dtype.min()), dtype.max());
            case S64 -> (long) value;
            case F32 -> throw new IllegalStateException("a real number");
        };
    }
}

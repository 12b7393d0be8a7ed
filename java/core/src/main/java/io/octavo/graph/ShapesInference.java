package io.octavo.graph;

import io.octavo.graph.Inference.Spec;
import io.octavo.tensor.DType;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;

/** What {@link Shapes} operators give. */
final class ShapesInference {
    static final OpTable<Inference, Spec> TABLE = OpTable.<Inference, Spec>of("shape inference", Shapes.class)
            .row(Shapes.ShapeOf.class, ShapesInference::shapeOf)
            .row(Shapes.SizeOf.class, (node, op) -> {
                node.only();
                return new Spec(DType.S64, Shape.of(), null);
            })
            .row(Shapes.Range.class, (node, op) -> range(node))
            .row(Shapes.Fill.class, ShapesInference::fill)
            .build();

    private ShapesInference() {}

    static Spec output(Inference node, Shapes op) {
        return TABLE.apply(node, op);
    }

    private static Spec shapeOf(Inference node, Shapes.ShapeOf op) {
        Value x = node.only();
        if (op.start() < 0 || op.end() > x.shape().rank() || op.start() >= op.end()) {
            throw node.mismatch(x, "dimensions " + op.start() + " to " + op.end());
        }
        return new Spec(DType.S64, Shape.of(op.end() - op.start()), null);
    }

    private static Spec range(Inference node) {
        node.arity(3, 3);
        Value start = node.required(0, "start");
        for (int i = 0; i < 3; i++) {
            Value value = node.required(i, i == 0 ? "start" : i == 1 ? "limit" : "delta");
            if (value.dtype() != start.dtype() || value.shape().rank() != 0 || value.isQuantized()) {
                throw node.mismatch(value, "one number of the type " + start.dtype());
            }
        }
        long count = rangeSize(node);
        if (count == 0) {
            throw node.empty(start, "a start that is not short of the limit");
        }
        return new Spec(start.dtype(), Shape.ofDims(count < 0 ? node.unknown(0) : Dim.of(count)), null);
    }

    /** How many numbers a range has, none for a step of 0; -1 if that is not known. */
    private static long rangeSize(Inference node) {
        if (node.required(0, "start").dtype() == DType.F32) {
            double[] reals = new double[3];
            for (int i = 0; i < 3; i++) {
                Value value = node.required(i, "bound");
                if (!value.isConstant()) {
                    return -1;
                }
                reals[i] = value.data().getFloat();
            }
            double count = Math.ceil((reals[1] - reals[0]) / reals[2]);
            return Double.isFinite(count) ? (long) Math.max(0, count) : 0;
        }
        if (node.isOpen(0) || node.isOpen(1) || node.isOpen(2)) {
            return -1;
        }
        long start = node.numbers(0)[0];
        long limit = node.numbers(1)[0];
        long step = node.numbers(2)[0];
        if (step == 0 || step > 0 == start >= limit) {
            return 0;
        }
        return step > 0 ? (limit - start - 1) / step + 1 : (start - limit - 1) / -step + 1;
    }

    private static Spec fill(Inference node, Shapes.Fill op) {
        Value shape = node.only();
        return new Spec(op.dtype(), MovementInference.asShape(node, shape, 0), null);
    }
}

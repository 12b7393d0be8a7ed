package io.octavo.graph;

import io.octavo.graph.Inference.Spec;
import io.octavo.graph.Reduction.Reduce.Kind;
import io.octavo.tensor.DType;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** What {@link Reduction} operators give. */
final class ReductionInference {
    private static final Set<Kind> OF_INTEGERS = Set.of(Kind.SUM, Kind.MEAN, Kind.MAX, Kind.MIN, Kind.PROD);
    private static final Set<Kind> OF_CODES = Set.of(Kind.MEAN, Kind.MAX, Kind.MIN);

    static final OpTable<Inference, List<Spec>> TABLE = OpTable.<Inference, List<Spec>>of(
                    "shape inference", Reduction.class)
            .row(Reduction.Reduce.class, (node, op) -> List.of(reduce(node, op)))
            .row(Reduction.SoftmaxAlong.class, (node, op) -> List.of(softmax(node, op)))
            .row(Reduction.ArgReduce.class, (node, op) -> List.of(arg(node, op)))
            .row(Reduction.TopK.class, ReductionInference::topK)
            .row(Reduction.CumSum.class, (node, op) -> List.of(cumSum(node, op)))
            .build();

    private ReductionInference() {}

    static List<Spec> outputs(Inference node, Reduction op) {
        return TABLE.apply(node, op);
    }

    private static Spec reduce(Inference node, Reduction.Reduce op) {
        Value x = node.only();
        op.axes().forEach(axis -> node.axis(x, axis));
        Shape shape = without(x.shape(), op.axes(), op.keepDims());
        if (x.isQuantized()) {
            node.activationCodes(x);
            if (!OF_CODES.contains(op.kind())) {
                throw node.mismatch(x, "numbers that are not quantized");
            }
            if (op.kind() == Kind.MEAN) {
                return node.mean(shape);
            }
        } else if (!x.dtype().isInteger() || !OF_INTEGERS.contains(op.kind())) {
            node.requireFloat(x);
        }
        return node.same(x, shape);
    }

    private static Shape without(Shape shape, List<Integer> axes, boolean keepDims) {
        List<Dim> dims = new ArrayList<>();
        for (int i = 0; i < shape.rank(); i++) {
            if (!axes.contains(i)) {
                dims.add(shape.dimension(i));
            } else if (keepDims) {
                dims.add(Dim.of(1));
            }
        }
        return Shape.ofDims(dims.toArray(Dim[]::new));
    }

    private static Spec softmax(Inference node, Reduction.SoftmaxAlong op) {
        Value x = node.only();
        node.axis(x, op.axis());
        node.requireFloat(x);
        return node.same(x, x.shape());
    }

    private static Spec arg(Inference node, Reduction.ArgReduce op) {
        Value x = node.only();
        node.axis(x, op.axis());
        node.noParameters();
        return new Spec(DType.S64, without(x.shape(), List.of(op.axis()), op.keepDims()), null);
    }

    private static List<Spec> topK(Inference node, Reduction.TopK op) {
        node.arity(2, 2);
        Value x = node.required(0, "x");
        int axis = node.axis(x, op.axis());
        node.required(1, "k");
        long[] k = node.numbers(1);
        Dim size = node.unknown(axis);
        if (k != null) {
            if (k.length != 1
                    || k[0] < 1
                    || x.shape().dim(axis) != Shape.N && k[0] > x.shape().dim(axis)) {
                throw node.mismatch(x, "at least k = " + Arrays.toString(k) + " elements in dimension " + axis);
            }
            size = Dim.of(k[0]);
        }
        Shape shape = x.shape().with(axis, size);
        return List.of(node.same(x, shape), new Spec(DType.S64, shape, null));
    }

    private static Spec cumSum(Inference node, Reduction.CumSum op) {
        Value x = node.only();
        node.axis(x, op.axis());
        if (x.isQuantized() || x.dtype() == DType.BOOL) {
            throw node.mismatch(x, "numbers that are not quantized");
        }
        return node.same(x, x.shape());
    }
}

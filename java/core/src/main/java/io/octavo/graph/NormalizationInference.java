package io.octavo.graph;

import io.octavo.graph.Inference.Spec;
import io.octavo.tensor.DType;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;
import java.util.Arrays;
import java.util.List;

/** What {@link Normalization} operators give. */
final class NormalizationInference {
    static final OpTable<Inference, List<Spec>> TABLE = OpTable.<Inference, List<Spec>>of(
                    "shape inference", Normalization.class)
            .row(Normalization.LayerNorm.class, NormalizationInference::layerNorm)
            .row(Normalization.GroupNorm.class, NormalizationInference::groupNorm)
            .row(Normalization.LocalResponse.class, (node, op) -> localResponse(node))
            .build();

    private NormalizationInference() {}

    static List<Spec> outputs(Inference node, Normalization op) {
        return TABLE.apply(node, op);
    }

    private static List<Spec> layerNorm(Inference node, Normalization.LayerNorm op) {
        node.arity(1, 3);
        Value x = node.required(0, "x");
        node.requireFloat(x);
        int axis = node.axis(x, op.axis());
        for (int i = 1; i < 3; i++) {
            Value parameter = node.optional(i);
            if (parameter != null) {
                node.requireFloat(parameter);
                if (parameter.shape().rank() > x.shape().rank()
                        || !node.broadcast(x.shape(), parameter.shape()).equals(x.shape())) {
                    throw node.mismatch(parameter, "a shape that is broadcast to " + x);
                }
            }
        }
        Dim[] dims = x.shape().dimensions();
        Arrays.fill(dims, axis, dims.length, Dim.of(1));
        Spec statistic = new Spec(DType.F32, Shape.ofDims(dims), null);
        return List.of(node.same(x, x.shape()), statistic, statistic);
    }

    private static List<Spec> groupNorm(Inference node, Normalization.GroupNorm op) {
        node.arity(3, 3);
        Value x = node.required(0, "x");
        node.requireFloat(x);
        node.atLeastRank(x, 2);
        long channels = node.size(x, 1, node.required(1, "scale").shape().elements());
        if (op.groups() > 0 && channels % op.groups() != 0) {
            throw node.mismatch(x, "a number of channels that " + op.groups() + " groups divide");
        }
        for (int i = 1; i < 3; i++) {
            Value parameter = node.required(i, i == 1 ? "scale" : "bias");
            node.requireFloat(parameter);
            if (!parameter.shape().equals(Shape.of(channels))) {
                throw node.mismatch(parameter, "[" + channels + "], one a channel of " + x);
            }
        }
        return List.of(node.same(x, x.shape()));
    }

    private static List<Spec> localResponse(Inference node) {
        Value x = node.only();
        node.requireFloat(x);
        node.atLeastRank(x, 2);
        return List.of(node.same(x, x.shape()));
    }
}

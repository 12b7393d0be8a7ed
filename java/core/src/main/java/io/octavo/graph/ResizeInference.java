package io.octavo.graph;

import io.octavo.graph.Inference.Spec;
import io.octavo.graph.Movement.Resize.Coordinates;
import io.octavo.graph.Movement.Resize.Policy;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;
import java.util.List;
import java.util.stream.IntStream;

/** What {@link Movement.Resize} gives. */
final class ResizeInference {
    private ResizeInference() {}

    static Spec output(Inference node, Movement.Resize op) {
        node.arity(3, 4);
        Value x = node.required(0, "x");
        if (x.isQuantized()) {
            node.activationCodes(x);
        } else if (op.interpolation() != Movement.Resize.Interpolation.NEAREST) {
            node.requireFloat(x);
        }
        int[] axes = op.axes().isEmpty()
                ? IntStream.range(0, x.shape().rank()).toArray()
                : op.axes().stream().mapToInt(axis -> node.axis(x, axis)).toArray();
        Value scales = node.optional(2);
        Value sizes = node.optional(3);
        if ((scales == null) == (sizes == null)) {
            throw node.mismatch(x, "scales or sizes, one of the two");
        }
        if (op.coordinates() == Coordinates.TF_CROP_AND_RESIZE && node.optional(1) == null) {
            throw node.mismatch(x, "a region of interest");
        }
        Value given = scales != null ? scales : sizes;
        if (given.shape().rank() != 1 || given.shape().dim(0) != axes.length) {
            throw node.mismatch(given, "[" + axes.length + "], one number for each axis");
        }
        Shape shape = x.shape();
        boolean isKnown = scales != null ? scales.isConstant() : !node.isOpen(3);
        if (!isKnown) {
            List<Entry> entries = sizes == null || op.policy() != Policy.STRETCH ? null : node.entries(3);
            for (int i = 0; i < axes.length; i++) {
                boolean said = entries != null
                        && (!entries.get(i).isKnown() || entries.get(i).number() > 0);
                shape = shape.with(axes[i], said ? entries.get(i).dim() : node.unknown(axes[i]));
            }
            return node.same(x, shape);
        }
        long[] wanted = sizes != null ? node.numbers(3) : null;
        double uniform = uniform(x, axes, wanted, op.policy());
        float[] factors = null;
        if (scales != null) {
            node.requireFloat(scales);
            factors = scales.data().toFloatArray();
        }
        for (int i = 0; i < axes.length; i++) {
            long size = x.shape().dim(axes[i]);
            if (factors != null && factors[i] == 1) {
                continue;
            }
            if (size == Shape.N && (wanted == null || op.policy() != Policy.STRETCH)) {
                shape = shape.with(axes[i], node.unknown(axes[i]));
                continue;
            }
            long to;
            if (wanted == null) {
                to = (long) Math.floor((double) size * factors[i]);
            } else {
                to = op.policy() == Policy.STRETCH ? wanted[i] : Math.round(uniform * size);
            }
            if (to < 1) {
                throw node.mismatch(given, "a size of at least 1 in dimension " + axes[i]);
            }
            shape = shape.with(axes[i], Dim.of(to));
        }
        return node.same(x, shape);
    }

    /** The one scale of all axes that a policy other than stretching takes. */
    private static double uniform(Value x, int[] axes, long[] wanted, Policy policy) {
        double chosen = policy == Policy.NOT_LARGER ? Double.POSITIVE_INFINITY : 0;
        for (int i = 0; wanted != null && i < axes.length; i++) {
            double scale = (double) wanted[i] / x.shape().dim(axes[i]);
            chosen = policy == Policy.NOT_LARGER ? Math.min(chosen, scale) : Math.max(chosen, scale);
        }
        return chosen;
    }
}

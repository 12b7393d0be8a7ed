package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.graph.Movement;
import io.octavo.graph.Normalization;
import io.octavo.graph.Op;
import io.octavo.graph.Pointwise;
import io.octavo.graph.Reduction;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Normalizations. */
final class NormalizationImports {
    private NormalizationImports() {}

    static void addTo(Imports.Table table) {
        table.row("BatchNormalization", NormalizationImports::batch);
        table.row("LayerNormalization", node -> layer(node, false));
        table.row("RMSNormalization", node -> layer(node, true));
        table.row("com.microsoft.SimplifiedLayerNormalization", node -> layer(node, true));
        table.row("SimplifiedLayerNormalization", node -> layer(node, true));
        table.row("com.microsoft.SkipLayerNormalization", node -> skip(node, false));
        table.row("com.microsoft.SkipSimplifiedLayerNormalization", node -> skip(node, true));
        table.row("GroupNormalization", NormalizationImports::group);
        table.row(
                "InstanceNormalization",
                node -> node.out(
                        new Normalization.GroupNorm(0, node.getFloat("epsilon", 1e-5f)),
                        node.in(0),
                        node.in(1),
                        node.in(2)));
        table.row(
                "LRN",
                node -> node.out(
                        new Normalization.LocalResponse(
                                Math.toIntExact(node.requiredInt("size")),
                                node.getFloat("alpha", 1e-4f),
                                node.getFloat("beta", 0.75f),
                                node.getFloat("bias", 1)),
                        node.in(0)));
        table.row("LpNormalization", NormalizationImports::lp);
        table.row("MeanVarianceNormalization", NormalizationImports::meanVariance);
    }

    private static void batch(ImportNode node) {
        if (node.opset() < 7 && node.def().hasOutput(1) && !node.flag("is_test")) {
            throw node.unsupported("BatchNormalization that trains, as of opset 6");
        }
        if (node.opset() >= 14 && node.flag("training_mode")) {
            batchOfTheRun(node);
            return;
        }
        if (node.getInt("spatial", 1) == 0) {
            throw node.unsupported("BatchNormalization with spatial = 0");
        }
        float epsilon = node.getFloat("epsilon", 1e-5f);
        node.out(
                new Op.BatchNorm(epsilon, others(node.getFloat("momentum", 0.9f))),
                node.in(0),
                node.in(1),
                node.in(2),
                node.in(3),
                node.in(4));
    }

    /** By the statistics of all that a run has of each channel, to which the given ones move. */
    private static void batchOfTheRun(ImportNode node) {
        int rank = node.rank(0);
        List<Integer> axes =
                IntStream.range(0, rank).filter(axis -> axis != 1).boxed().toList();
        Op mean = new Reduction.Reduce(Reduction.Reduce.Kind.MEAN, axes, true);
        Op add = new Pointwise.Binary(Pointwise.Binary.Function.ADD);
        Op times = new Pointwise.Binary(Pointwise.Binary.Function.MUL);
        String middle = node.add(mean, node.in(0));
        String centred = node.add(new Pointwise.Binary(Pointwise.Binary.Function.SUB), node.in(0), middle);
        String variance = node.add(mean, node.add(times, centred, centred));
        String epsilon = node.scalar("epsilon", DType.F32, node.getFloat("epsilon", 1e-5f));
        String deviation =
                node.add(new Pointwise.Unary(Pointwise.Unary.Function.SQRT), node.add(add, variance, epsilon));
        String normal = node.add(new Pointwise.Binary(Pointwise.Binary.Function.DIV), centred, deviation);
        List<Movement.Reshape.Part> channels = new ArrayList<>(ImportNode.dims(0, 1));
        for (int i = 2; i < rank; i++) {
            channels.add(ImportNode.one());
        }
        String scaled = node.add(times, normal, node.reshape(node.in(1), channels));
        node.out(add, scaled, node.reshape(node.in(2), channels));
        float momentum = node.getFloat("momentum", 0.9f);
        String old = node.scalar("old", DType.F32, momentum);
        String young = node.scalar("new", DType.F32, 1 - momentum);
        String[] found = {middle, variance};
        for (int i = 0; i < 2; i++) {
            if (node.def().hasOutput(i + 1)) {
                String flat = node.reshape(found[i], List.of(new Movement.Reshape.Product(0, rank)));
                String moved = node.add(add, node.add(times, node.in(i + 3), old), node.add(times, flat, young));
                node.importer().define(node.def().outputs().get(i + 1), moved);
            }
        }
    }

    /**
     * The momentum of ONNX is what of the old statistics stays, ours what is new in them: each is 1 less the other, of the numbers as
     * they are written in decimals, so that none is changed by being taken twice.
     */
    static float others(float momentum) {
        return Float.isFinite(momentum)
                ? BigDecimal.ONE
                        .subtract(new BigDecimal(Float.toString(momentum)))
                        .floatValue()
                : momentum;
    }

    private static void layer(ImportNode node, boolean rms) {
        int axis = node.axis(node.getInt("axis", -1), node.rank(0));
        Op norm = new Normalization.LayerNorm(axis, node.getFloat("epsilon", 1e-5f), rms);
        if (node.has(2)) {
            node.outs(norm, node.in(0), node.in(1), node.in(2));
        } else {
            node.outs(norm, node.in(0), node.in(1));
        }
    }

    private static void skip(ImportNode node, boolean rms) {
        Op add = new Pointwise.Binary(Pointwise.Binary.Function.ADD);
        String sum = node.add(add, node.in(0), node.in(1));
        int bias = rms ? 3 : 4;
        if (node.has(bias)) {
            sum = node.add(add, sum, node.in(bias));
        }
        Op norm = new Normalization.LayerNorm(node.rank(0) - 1, node.getFloat("epsilon", 1e-12f), rms);
        if (!rms && node.has(3)) {
            node.out(norm, sum, node.in(2), node.in(3));
        } else {
            node.out(norm, sum, node.in(2));
        }
        if (node.def().hasOutput(3)) {
            node.importer().define(node.def().outputs().get(3), sum);
        }
    }

    private static void group(ImportNode node) {
        int groups = Math.toIntExact(node.requiredInt("num_groups"));
        String scale = node.in(1);
        String bias = node.in(2);
        if (node.opset() < 21) {
            // One number a group; newer ones have one a channel.
            long channels = node.value(0).shape().dim(1);
            scale = node.constant("scale", spread(node.constant(1), groups, channels));
            bias = node.constant("bias", spread(node.constant(2), groups, channels));
        }
        node.out(new Normalization.GroupNorm(groups, node.getFloat("epsilon", 1e-5f)), node.in(0), scale, bias);
    }

    private static Tensor spread(Tensor of, int groups, long channels) {
        if (groups < 1 || of.elements() != groups || channels % groups != 0) {
            throw new InvalidValueException(
                    of.elements() + " parameters for " + groups + " groups of " + channels + " channels");
        }
        float[] values = new float[(int) channels];
        float[] from = of.toFloatArray();
        for (int c = 0; c < values.length; c++) {
            values[c] = from[(int) (c / (channels / groups))];
        }
        return Tensor.of(values);
    }

    private static void lp(ImportNode node) {
        int axis = node.axis(node.getInt("axis", -1), node.rank(0));
        long p = node.getInt("p", 2);
        if (p != 1 && p != 2) {
            throw new InvalidValueException("attribute \"p\" is " + p + ", expected 1 or 2");
        }
        Reduction.Reduce.Kind kind = p == 1 ? Reduction.Reduce.Kind.L1 : Reduction.Reduce.Kind.L2;
        String length = node.add(new Reduction.Reduce(kind, List.of(axis), true), node.in(0));
        node.out(new Pointwise.Binary(Pointwise.Binary.Function.DIV), node.in(0), length);
    }

    private static void meanVariance(ImportNode node) {
        long[] given = node.def().getInts("axes");
        List<Integer> axes = node.axes(given == null ? new long[] {0, 2, 3} : given, node.rank(0));
        Op mean = new Reduction.Reduce(Reduction.Reduce.Kind.MEAN, axes, true);
        String centred =
                node.add(new Pointwise.Binary(Pointwise.Binary.Function.SUB), node.in(0), node.add(mean, node.in(0)));
        Op times = new Pointwise.Binary(Pointwise.Binary.Function.MUL);
        String deviation = node.add(
                new Pointwise.Unary(Pointwise.Unary.Function.SQRT), node.add(mean, node.add(times, centred, centred)));
        String floor = node.scalar("epsilon", DType.F32, 1e-9);
        node.out(
                new Pointwise.Binary(Pointwise.Binary.Function.DIV),
                centred,
                node.add(new Pointwise.Binary(Pointwise.Binary.Function.ADD), deviation, floor));
    }
}

package io.octavo.train;

import io.octavo.graph.OpTable;
import io.octavo.graph.Training;
import io.octavo.internal.bind.OpKind;
import io.octavo.internal.bind.OpSpec;
import io.octavo.internal.lower.Lowering;
import io.octavo.internal.lower.NodeValues;

/** How the operators of a training step are described to native code. */
final class TrainingLowering {
    /** A row for each operator that inference does not have. */
    static final OpTable<String, OpSpec> OPERATORS = OpTable.<String, OpSpec>of("training steps", Training.class)
            .row(Training.Conv2dGradInput.class, (name, op) -> Lowering.window(
                            new OpSpec(name, OpKind.CONV2D_GRAD_INPUT), op.window())
                    .groups(op.groups()))
            .row(Training.Conv2dGradWeight.class, (name, op) -> Lowering.window(
                            new OpSpec(name, OpKind.CONV2D_GRAD_WEIGHT), op.window())
                    .groups(op.groups()))
            .row(Training.LinearGradInput.class, (name, op) -> new OpSpec(name, OpKind.LINEAR_GRAD_INPUT))
            .row(Training.LinearGradWeight.class, (name, op) -> new OpSpec(name, OpKind.LINEAR_GRAD_WEIGHT))
            .row(Training.BatchNormTrain.class, (name, op) -> new OpSpec(name, OpKind.BATCH_NORM_TRAIN)
                    .epsilon(op.epsilon())
                    .momentum(op.momentum()))
            .row(Training.BatchNormGrad.class, (name, op) -> new OpSpec(name, OpKind.BATCH_NORM_GRAD))
            .row(
                    Training.ClampGrad.class,
                    (name, op) -> Lowering.activation(new OpSpec(name, OpKind.CLAMP_GRAD), op.activation()))
            .row(Training.MaxPool2dTrain.class, (name, op) -> Lowering.window(
                            new OpSpec(name, OpKind.MAX_POOL2D_TRAIN), op.window())
                    .pooling(op.ceilMode(), false))
            .row(Training.MaxPool2dGrad.class, (name, op) -> Lowering.window(
                            new OpSpec(name, OpKind.MAX_POOL2D_GRAD), op.window())
                    .pooling(op.ceilMode(), false))
            .row(Training.AvgPool2dGrad.class, (name, op) -> Lowering.window(
                            new OpSpec(name, OpKind.AVG_POOL2D_GRAD), op.window())
                    .pooling(op.ceilMode(), op.countIncludePad()))
            .row(Training.AdaptiveAvgPool2dGrad.class, (name, op) -> new OpSpec(name, OpKind.ADAPTIVE_AVG_POOL2D_GRAD))
            .row(Training.FlattenGrad.class, (name, op) -> new OpSpec(name, OpKind.FLATTEN_GRAD))
            .row(Training.DropoutTrain.class, (name, op) -> new OpSpec(name, OpKind.DROPOUT_TRAIN).probability(op.p()))
            .row(Training.DropoutGrad.class, (name, op) -> new OpSpec(name, OpKind.DROPOUT_GRAD).probability(op.p()))
            .row(Training.SoftmaxGrad.class, (name, op) -> new OpSpec(name, OpKind.SOFTMAX_GRAD))
            .row(Training.CrossEntropy.class, (name, op) -> new OpSpec(name, OpKind.CROSS_ENTROPY))
            .row(Training.SgdStep.class, (name, op) -> new OpSpec(name, OpKind.SGD_STEP))
            .row(Training.AdamStep.class, (name, op) -> new OpSpec(name, OpKind.ADAM_STEP))
            .build();

    private TrainingLowering() {}

    /** The native operator of a node, with its attributes and without its values' numbers. */
    static OpSpec operator(NodeValues node) {
        return node.node().op() instanceof Training op ? OPERATORS.apply(node.name(), op) : Lowering.operator(node);
    }
}

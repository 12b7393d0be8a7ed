package io.octavo.train;

import io.octavo.UnsupportedException;
import io.octavo.graph.Movement;
import io.octavo.graph.Node;
import io.octavo.graph.Normalization;
import io.octavo.graph.Op;
import io.octavo.graph.OpTable;
import io.octavo.graph.Pointwise;
import io.octavo.graph.Reduction;
import io.octavo.graph.Shapes;
import io.octavo.graph.Training;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * How an operator is trained.
 *
 * @param forward adds the nodes of its forward pass in training
 * @param backward adds the nodes that make of the gradient of its output those of its inputs
 */
record GradientRule(Consumer<Node> forward, BiConsumer<Node, String> backward) {
    /** A row an operator. */
    static final OpTable<Autodiff, GradientRule> TABLE = OpTable.<Autodiff, GradientRule>of("gradients")
            .row(
                    Op.Conv2d.class,
                    (tape, op) -> new GradientRule(tape::weighted, (node, dy) -> {
                        String dz = tape.through(op.activation(), node, dy);
                        tape.weights(node, new Training.Conv2dGradWeight(op.window(), op.groups()), dz);
                        tape.unary(node, new Training.Conv2dGradInput(op.window(), op.groups()), dz, node.input(1));
                        tape.share(node.input(3), dz);
                    }))
            .row(
                    Op.Linear.class,
                    (tape, op) -> new GradientRule(tape::weighted, (node, dy) -> {
                        String dz = tape.through(op.activation(), node, dy);
                        tape.weights(node, new Training.LinearGradWeight(), dz);
                        tape.unary(node, new Training.LinearGradInput(), dz, node.input(1));
                    }))
            .row(
                    Op.BatchNorm.class,
                    (tape, op) -> new GradientRule(
                            node -> tape.normalized(node, new Training.BatchNormTrain(op.epsilon(), op.momentum())),
                            tape::batchNorm))
            .row(
                    Op.Clamp.class,
                    (tape, op) -> new GradientRule(
                            tape::copy,
                            (node, dy) -> tape.share(node.input(0), tape.through(op.activation(), node, dy))))
            .row(
                    Op.MaxPool2d.class,
                    (tape, op) -> new GradientRule(
                            node -> tape.indexed(node, new Training.MaxPool2dTrain(op.window(), op.ceilMode())),
                            (node, dy) -> tape.unary(
                                    node,
                                    new Training.MaxPool2dGrad(op.window(), op.ceilMode()),
                                    dy,
                                    tape.kept(node, 0))))
            .row(
                    Op.AvgPool2d.class,
                    (tape, op) ->
                            passed(tape, new Training.AvgPool2dGrad(op.window(), op.ceilMode(), op.countIncludePad())))
            .row(Op.AdaptiveAvgPool2d.class, (tape, op) -> passed(tape, new Training.AdaptiveAvgPool2dGrad()))
            .row(Op.Flatten.class, (tape, op) -> passed(tape, new Training.FlattenGrad()))
            .row(
                    Op.Dropout.class,
                    (tape, op) -> new GradientRule(
                            node -> tape.dropped(node, new Training.DropoutTrain(op.p())),
                            (node, dy) -> tape.unary(node, new Training.DropoutGrad(op.p()), dy, tape.kept(node, 0))))
            .row(
                    Op.Add.class,
                    (tape, op) -> new GradientRule(tape::copy, (node, dy) -> {
                        String dz = tape.through(op.activation(), node, dy);
                        tape.share(node.input(0), dz);
                        tape.share(node.input(1), dz);
                    }))
            .row(
                    Op.Softmax.class,
                    (tape, op) -> new GradientRule(
                            tape::copy, (node, dy) -> tape.unary(node, new Training.SoftmaxGrad(), node.output(), dy)))
            .row(Op.ConvTranspose.class, (tape, op) -> none())
            .row(Op.MatMul.class, (tape, op) -> none())
            .row(Pointwise.class, (tape, op) -> none())
            .row(Reduction.class, (tape, op) -> none())
            .row(Normalization.class, (tape, op) -> none())
            .row(Movement.class, (tape, op) -> none())
            .row(Shapes.class, (tape, op) -> none())
            .row(Op.Quantize.class, (tape, op) -> none())
            .row(Op.Dequantize.class, (tape, op) -> none())
            .row(Op.Requantize.class, (tape, op) -> none())
            .row(Training.class, (tape, op) -> none())
            .build();

    /** Of an operator whose gradient is made of that of its output alone. */
    private static GradientRule passed(Autodiff tape, Training gradient) {
        return new GradientRule(tape::copy, (node, dy) -> tape.unary(node, gradient, dy));
    }

    private static GradientRule none() {
        return new GradientRule(GradientRule::refuse, (node, dy) -> refuse(node));
    }

    private static void refuse(Node node) {
        throw new UnsupportedException(
                "Node '" + node.name() + "' (" + node.op().type() + ") has no gradient");
    }
}

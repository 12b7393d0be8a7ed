package io.octavo.graph;

import io.octavo.InvalidValueException;

/**
 * The operators that only a training step has: forward passes that keep what their gradient needs, gradients, loss, and
 * optimizers. Autodiff makes nodes of them; they never stand in a {@link Graph}. All float unless said. {@code dv} is the gradient
 * of the loss by {@code v}, of the shape of {@code v}. An output {@code ""} is not wanted.
 */
public sealed interface Training extends Op
        permits Training.Conv2dGradInput,
                Training.Conv2dGradWeight,
                Training.LinearGradInput,
                Training.LinearGradWeight,
                Training.BatchNormTrain,
                Training.BatchNormGrad,
                Training.ClampGrad,
                Training.MaxPool2dTrain,
                Training.MaxPool2dGrad,
                Training.AvgPool2dGrad,
                Training.AdaptiveAvgPool2dGrad,
                Training.FlattenGrad,
                Training.DropoutTrain,
                Training.DropoutGrad,
                Training.SoftmaxGrad,
                Training.CrossEntropy,
                Training.SgdStep,
                Training.AdamStep {

    /** {@code dy, w -> dx} of {@link Op.Conv2d}. */
    record Conv2dGradInput(Window window, int groups) implements Training {}

    /** {@code x, dy -> dw, [dbias]} of {@link Op.Conv2d}. */
    record Conv2dGradWeight(Window window, int groups) implements Training {}

    /** {@code dy, w -> dx} of {@link Op.Linear}. */
    record LinearGradInput() implements Training {}

    /** {@code x, dy -> dw, [dbias]} of {@link Op.Linear}. */
    record LinearGradWeight() implements Training {}

    /**
     * {@code x, gamma, beta, running mean (state), running variance (state) -> y, mean [C], 1 / sqrt(variance + epsilon) [C]}: {@link
     * Op.BatchNorm} by the statistics of the batch, which also move the running ones (by the unbiased variance).
     */
    record BatchNormTrain(float epsilon, float momentum) implements Training {}

    /** {@code x, dy, gamma, mean, inverse deviation -> [dx], dgamma, dbeta}. */
    record BatchNormGrad() implements Training {}

    /** {@code y, dy -> dx} of an activation: dy where y lies strictly inside the bounds, else 0. */
    record ClampGrad(Activation activation) implements Training {
        /** Refuses {@link Activation#NONE}. */
        public ClampGrad {
            if (activation.isNone()) {
                throw new InvalidValueException("ClampGrad without an activation");
            }
        }
    }

    /** {@code x -> y, index (u8, like y)}: {@link Op.MaxPool2d} that keeps which element of the window won. */
    record MaxPool2dTrain(Window window, boolean ceilMode) implements Training {}

    /** {@code dy, index -> dx}. */
    record MaxPool2dGrad(Window window, boolean ceilMode) implements Training {}

    /** {@code dy -> dx} of {@link Op.AvgPool2d}. */
    record AvgPool2dGrad(Window window, boolean ceilMode, boolean countIncludePad) implements Training {}

    /** {@code dy -> dx} of {@link Op.AdaptiveAvgPool2d}. */
    record AdaptiveAvgPool2dGrad() implements Training {}

    /** {@code dy -> dx} of {@link Op.Flatten}. */
    record FlattenGrad() implements Training {}

    /** {@code x, counter (s32 [2], other numbers at each step) -> y, mask (u8, like x)} of {@link Op.Dropout}. */
    record DropoutTrain(float p) implements Training {}

    /** {@code dy, mask -> dx}. */
    record DropoutGrad(float p) implements Training {}

    /** {@code y, dy -> dx} of {@link Op.Softmax}. */
    record SoftmaxGrad() implements Training {}

    /**
     * {@code logits [N, C], labels s32 [N] -> loss [1], dlogits, correct s32 [1]}: the mean over the batch of {@code
     * -log(softmax(logits)[label])}, its gradient, and how often the largest logit is the label's.
     */
    record CrossEntropy() implements Training {}

    /** {@code parameter (state), gradient, velocity (state), hyper [5] -> nothing}: a step of stochastic gradient descent. */
    record SgdStep() implements Training {}

    /** {@code parameter (state), gradient, m (state), v (state), hyper [6] -> nothing}: a step of Adam. */
    record AdamStep() implements Training {}
}

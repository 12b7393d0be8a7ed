package io.octavo.train;

import io.octavo.graph.Training;
import java.util.List;

/**
 * Adam (Kingma, Ba 2015) as {@code torch.optim.Adam} has it:
 *
 * <pre>
 * g = gradient + weightDecay * p
 * m = beta1 * m + (1 - beta1) * g
 * v = beta2 * v + (1 - beta2) * g * g
 * p = p - lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)        (t = 1, 2, ..)
 * </pre>
 *
 * @param beta1 0 (included) to 1 (excluded)
 * @param beta2 0 (included) to 1 (excluded)
 * @param epsilon above 0
 * @param weightDecay L2 penalty, 0 or more, on every parameter
 */
public record Adam(float beta1, float beta2, float epsilon, float weightDecay) implements Optimizer {
    /**
     * Checks the values.
     *
     * @throws io.octavo.InvalidValueException if one is out of its range
     */
    public Adam {
        Checks.range("beta1", beta1, 0, Math.nextDown(1f));
        Checks.range("beta2", beta2, 0, Math.nextDown(1f));
        Checks.range("epsilon", epsilon, Float.MIN_VALUE, Float.MAX_VALUE);
        Checks.range("weight decay", weightDecay, 0, Float.MAX_VALUE);
    }

    /** PyTorch's defaults: 0.9, 0.999, 1e-8, no weight decay. */
    public Adam() {
        this(0.9f, 0.999f, 1e-8f, 0);
    }

    /** The same with other decay rates of the two means. */
    public Adam betas(double beta1, double beta2) {
        return new Adam((float) beta1, (float) beta2, epsilon, weightDecay);
    }

    /** The same with another epsilon. */
    public Adam epsilon(double epsilon) {
        return new Adam(beta1, beta2, (float) epsilon, weightDecay);
    }

    /** The same with another weight decay. */
    public Adam weightDecay(double weightDecay) {
        return new Adam(beta1, beta2, epsilon, (float) weightDecay);
    }

    @Override
    public List<String> states() {
        return List.of("m", "v");
    }

    @Override
    public Training step() {
        return new Training.AdamStep();
    }

    @Override
    public float[] hyper(double learningRate, long step) {
        // Beyond 2^24 a float counts no further; beta^t is 0 long before.
        return new float[] {(float) learningRate, beta1, beta2, epsilon, weightDecay, step + 1};
    }
}

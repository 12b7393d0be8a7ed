package io.octavo.train;

import io.octavo.InvalidValueException;
import io.octavo.graph.Training;
import java.util.List;

/**
 * Stochastic gradient descent as {@code torch.optim.SGD} has it:
 *
 * <pre>
 * g = gradient + weightDecay * p
 * v = momentum * v + (1 - dampening) * g        (the first step: v = g)
 * p = p - lr * (nesterov ? g + momentum * v : v)
 * </pre>
 *
 * @param momentum 0 or more
 * @param dampening 0 with nesterov
 * @param weightDecay L2 penalty, 0 or more, on every parameter
 * @param nesterov look ahead by the momentum (Sutskever et al. 2013); needs a momentum
 */
public record Sgd(float momentum, float dampening, float weightDecay, boolean nesterov) implements Optimizer {
    /**
     * Checks the values.
     *
     * @throws InvalidValueException if one is out of its range
     */
    public Sgd {
        Checks.range("momentum", momentum, 0, Float.MAX_VALUE);
        Checks.range("dampening", dampening, -Float.MAX_VALUE, Float.MAX_VALUE);
        Checks.range("weight decay", weightDecay, 0, Float.MAX_VALUE);
        if (nesterov && (momentum <= 0 || dampening != 0)) {
            throw new InvalidValueException(
                    "Nesterov needs a momentum above 0 and no dampening, found " + momentum + " and " + dampening);
        }
    }

    /** Plain descent: no momentum, no weight decay. */
    public Sgd() {
        this(0, 0, 0, false);
    }

    /** The same with another momentum. */
    public Sgd momentum(double momentum) {
        return new Sgd((float) momentum, dampening, weightDecay, nesterov);
    }

    /** The same with another dampening. */
    public Sgd dampening(double dampening) {
        return new Sgd(momentum, (float) dampening, weightDecay, nesterov);
    }

    /** The same with another weight decay. */
    public Sgd weightDecay(double weightDecay) {
        return new Sgd(momentum, dampening, (float) weightDecay, nesterov);
    }

    /** The same with or without Nesterov's look-ahead. */
    public Sgd nesterov(boolean nesterov) {
        return new Sgd(momentum, dampening, weightDecay, nesterov);
    }

    @Override
    public List<String> states() {
        return List.of("velocity");
    }

    @Override
    public Training step() {
        return new Training.SgdStep();
    }

    @Override
    public float[] hyper(double learningRate, long step) {
        return new float[] {(float) learningRate, momentum, step == 0 ? 0 : dampening, weightDecay, nesterov ? 1 : 0};
    }
}

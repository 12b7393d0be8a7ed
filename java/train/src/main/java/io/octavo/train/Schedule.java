package io.octavo.train;

/** The learning rate of each step of a training. */
@FunctionalInterface
public interface Schedule {
    /**
     * The learning rate of a step.
     *
     * @param step number of the step, from 0 to {@code steps - 1}
     * @param stepsPerEpoch batches of one epoch
     * @param steps steps of the whole training
     */
    double learningRate(long step, long stepsPerEpoch, long steps);

    /** The same rate always. */
    static Schedule constant(double rate) {
        Checks.range("learning rate", rate, 0, Double.MAX_VALUE);
        return (step, stepsPerEpoch, steps) -> rate;
    }

    /**
     * {@code rate * gamma^(epoch / epochs)} with whole-number division: PyTorch's StepLR.
     *
     * @param rate of the first epochs
     * @param epochs after which the rate is multiplied by {@code gamma}, again and again; at least 1
     * @param gamma factor, such as 0.1
     */
    static Schedule step(double rate, int epochs, double gamma) {
        Checks.range("learning rate", rate, 0, Double.MAX_VALUE);
        Checks.positive("epochs of a step", epochs);
        Checks.range("gamma", gamma, 0, Double.MAX_VALUE);
        return (step, stepsPerEpoch, steps) -> rate * Math.pow(gamma, step / stepsPerEpoch / epochs);
    }

    /** Half a cosine from {@code rate} to 0 over the whole training, step by step (Loshchilov, Hutter 2017, without restarts). */
    static Schedule cosine(double rate) {
        return cosine(rate, 0);
    }

    /** Half a cosine from {@code rate} to {@code last}: PyTorch's CosineAnnealingLR with {@code T_max} the number of steps. */
    static Schedule cosine(double rate, double last) {
        Checks.range("learning rate", rate, 0, Double.MAX_VALUE);
        Checks.range("last learning rate", last, 0, Double.MAX_VALUE);
        return (step, stepsPerEpoch, steps) -> last + (rate - last) * (1 + Math.cos(Math.PI * step / steps)) / 2;
    }

    /**
     * One cycle with PyTorch's defaults: 30 % of the steps up from {@code peak / 25} to {@code peak}, the rest down to 1/10,000 of
     * where it began. See {@link OneCycle}.
     */
    static Schedule oneCycle(double peak) {
        return new OneCycle(peak, 0.3, 25, 1e4);
    }
}

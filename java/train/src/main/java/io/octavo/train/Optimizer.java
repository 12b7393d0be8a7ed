package io.octavo.train;

import io.octavo.graph.Training;
import java.util.List;

/** How parameters move along their gradients; the learning rate comes from a {@link Schedule}. */
public sealed interface Optimizer permits Sgd, Adam {
    /** Names of what the optimizer keeps for each parameter, all zero at the beginning. */
    List<String> states();

    /** The operator of one step. */
    Training step();

    /**
     * The numbers that a step reads, in the order of its operator.
     *
     * @param learningRate of this step
     * @param step number of the step, from 0
     */
    float[] hyper(double learningRate, long step);
}

package io.octavo.train;

/** Told of the course of a training, by the thread that trains, between two steps. What it throws ends the training. */
@FunctionalInterface
public interface TrainingListener {
    /** Listens to nothing. */
    TrainingListener NONE = progress -> {};

    /** After each batch. */
    void onBatch(TrainingProgress progress);

    /** After each epoch; {@code progress} is that of its last batch. */
    default void onEpoch(TrainingProgress progress) {}
}

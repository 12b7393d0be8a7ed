package io.octavo.train;

/**
 * Where a training stands.
 *
 * @param epoch the epoch, from 0
 * @param epochs how many there will be
 * @param batch the batch of this epoch, from 0
 * @param batches batches of an epoch
 * @param loss mean loss of this batch, before its step
 * @param epochLoss mean loss of this epoch's images so far
 * @param epochAccuracy percentage of this epoch's images so far that the network had right before their step
 * @param learningRate of this batch's step
 * @param imagesPerSecond since the beginning of the epoch
 */
public record TrainingProgress(
        int epoch,
        int epochs,
        int batch,
        int batches,
        double loss,
        double epochLoss,
        double epochAccuracy,
        double learningRate,
        double imagesPerSecond) {
    /** Steps done, this one included. */
    public long step() {
        return (long) epoch * batches + batch + 1;
    }

    /** Steps of the whole training. */
    public long steps() {
        return (long) epochs * batches;
    }
}

package io.octavo.observe;

import io.octavo.InvalidValueException;
import io.octavo.UnsupportedException;

/**
 * The step of the moving-average observers: {@code bound + constant * (batch - bound)}, each operation rounded to
 * float32.
 */
record MovingAverage(float constant) {
    static final double DEFAULT = 0.01;

    MovingAverage {
        if (!(constant > 0 && constant <= 1)) {
            throw new InvalidValueException("averaging constant " + constant + ": must be above 0 and at most 1");
        }
    }

    float step(float bound, float batch) {
        return bound + constant * (batch - bound);
    }

    /** Two averages cannot be joined: the result would depend on which batches came first. */
    static UnsupportedException noMerge() {
        return new UnsupportedException(
                "moving averages depend on the order of the batches and cannot be merged: use MinMaxObserver,"
                        + " PerChannelMinMaxObserver or HistogramObserver where parts are observed separately");
    }
}

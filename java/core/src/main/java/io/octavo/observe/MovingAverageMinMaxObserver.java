package io.octavo.observe;

import io.octavo.InvalidValueException;
import io.octavo.UnsupportedException;
import io.octavo.scheme.Granularity;

/**
 * Moving averages of each batch's least and greatest value, as PyTorch's MovingAverageMinMaxObserver: the first batch
 * as it is, then {@code bound + constant * (batch - bound)}. For training, where the range drifts. It depends on the
 * order of the batches and cannot be merged; for calibration prefer {@link HistogramObserver}.
 */
public final class MovingAverageMinMaxObserver extends RangeObserver {
    private final MovingAverage average;

    /** An observer that has seen nothing, with PyTorch's constant 0.01. */
    public MovingAverageMinMaxObserver() {
        this(MovingAverage.DEFAULT);
    }

    /**
     * An observer that has seen nothing.
     *
     * @param constant weight of a new batch, above 0 and at most 1; rounded to float32
     * @throws InvalidValueException if it is out of range
     */
    public MovingAverageMinMaxObserver(double constant) {
        super(Granularity.perTensor());
        this.average = new MovingAverage((float) constant);
    }

    @Override
    MovingAverageMinMaxObserver fresh() {
        return new MovingAverageMinMaxObserver(average.constant());
    }

    @Override
    public boolean independentOfCut() {
        return false;
    }

    @Override
    float combine(float bound, float batch, boolean least) {
        return average.step(bound, batch);
    }

    /** Throws {@link UnsupportedException}: see the class. */
    @Override
    public Observer merge(Observer other) {
        throw MovingAverage.noMerge();
    }

    @Override
    public byte[] serialize() {
        ObserverFormat.Writer out = new ObserverFormat.Writer(ObserverFormat.Kind.MOVING_AVERAGE_MIN_MAX);
        out.writeFloat(average.constant());
        writeState(out);
        return out.finish();
    }
}

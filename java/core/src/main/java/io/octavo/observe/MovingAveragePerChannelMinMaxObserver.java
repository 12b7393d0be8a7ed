package io.octavo.observe;

import io.octavo.InvalidValueException;
import io.octavo.UnsupportedException;
import io.octavo.scheme.Granularity;

/** {@link MovingAverageMinMaxObserver} for each index of an axis, as PyTorch's observer of this name. */
public final class MovingAveragePerChannelMinMaxObserver extends RangeObserver {
    private final MovingAverage average;

    /** An observer that has seen nothing, with PyTorch's constant 0.01. */
    public MovingAveragePerChannelMinMaxObserver(int axis) {
        this(axis, MovingAverage.DEFAULT);
    }

    /**
     * An observer that has seen nothing.
     *
     * @param axis the axis of the channels, counted from 0
     * @param constant weight of a new batch, above 0 and at most 1; rounded to float32
     * @throws InvalidValueException if one is out of range
     */
    public MovingAveragePerChannelMinMaxObserver(int axis, double constant) {
        super(Granularity.perChannel(axis));
        this.average = new MovingAverage((float) constant);
    }

    /** The axis of the channels. */
    public int axis() {
        return channelAxis();
    }

    @Override
    MovingAveragePerChannelMinMaxObserver fresh() {
        return new MovingAveragePerChannelMinMaxObserver(axis(), average.constant());
    }

    @Override
    public boolean independentOfCut() {
        return false;
    }

    @Override
    float combine(float bound, float batch, boolean least) {
        return average.step(bound, batch);
    }

    /** Throws {@link UnsupportedException}: see {@link MovingAverageMinMaxObserver}. */
    @Override
    public Observer merge(Observer other) {
        throw MovingAverage.noMerge();
    }

    @Override
    public byte[] serialize() {
        ObserverFormat.Writer out = new ObserverFormat.Writer(ObserverFormat.Kind.MOVING_AVERAGE_PER_CHANNEL_MIN_MAX);
        out.writeInt(axis());
        out.writeFloat(average.constant());
        writeState(out);
        return out.finish();
    }
}

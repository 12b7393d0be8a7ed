package io.octavo.observe;

import io.octavo.InvalidValueException;
import io.octavo.scheme.Granularity;

/**
 * Least and greatest value of each index of an axis, as PyTorch's PerChannelMinMaxObserver. Order and split do not
 * matter.
 */
public final class PerChannelMinMaxObserver extends RangeObserver {

    /**
     * An observer that has seen nothing.
     *
     * @param axis the axis of the channels, counted from 0
     * @throws InvalidValueException if it is negative
     */
    public PerChannelMinMaxObserver(int axis) {
        super(Granularity.perChannel(axis));
    }

    /** The axis of the channels. */
    public int axis() {
        return channelAxis();
    }

    @Override
    PerChannelMinMaxObserver fresh() {
        return new PerChannelMinMaxObserver(axis());
    }

    @Override
    float combine(float bound, float batch, boolean least) {
        return least ? Math.min(bound, batch) : Math.max(bound, batch);
    }

    @Override
    public PerChannelMinMaxObserver merge(Observer other) {
        PerChannelMinMaxObserver partner = sameKind(PerChannelMinMaxObserver.class, other);
        if (partner.axis() != axis()) {
            throw new InvalidValueException(
                    "an observer of axis " + axis() + " cannot be merged with one of axis " + partner.axis());
        }
        PerChannelMinMaxObserver merged = new PerChannelMinMaxObserver(axis());
        merged.join(this);
        merged.join(partner);
        return merged;
    }

    @Override
    public byte[] serialize() {
        ObserverFormat.Writer out = new ObserverFormat.Writer(ObserverFormat.Kind.PER_CHANNEL_MIN_MAX);
        out.writeInt(axis());
        writeState(out);
        return out.finish();
    }
}

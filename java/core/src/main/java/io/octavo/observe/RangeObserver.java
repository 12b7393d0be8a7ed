package io.octavo.observe;

import io.octavo.CalibrationException;
import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.internal.bind.Arrays;
import io.octavo.internal.bind.Finite;
import io.octavo.scheme.Distribution;
import io.octavo.scheme.Granularity;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** What the observers of least and greatest values share: a range for the tensor or for each channel, and a count. */
abstract sealed class RangeObserver implements Observer
        permits MinMaxObserver,
                MovingAverageMinMaxObserver,
                PerChannelMinMaxObserver,
                MovingAveragePerChannelMinMaxObserver {
    private final Granularity granularity;
    private float[] min = {};
    private float[] max = {};
    private long count;

    RangeObserver(Granularity granularity) {
        this.granularity = granularity;
    }

    /** The bound that holds after a batch whose bound is {@code batch}; {@code least} tells which of the two it is. */
    abstract float combine(float bound, float batch, boolean least);

    /** An observer of the same kind and settings that has seen nothing. */
    abstract RangeObserver fresh();

    @Override
    public final RangeObserver copy() {
        RangeObserver copy = fresh();
        copy.min = min.clone();
        copy.max = max.clone();
        copy.count = count;
        return copy;
    }

    @Override
    public boolean independentOfCut() {
        return granularity.axis() != 0;
    }

    @Override
    public final void observe(Tensor x) {
        int channels = granularity.count(x.shape());
        if (count > 0 && channels != min.length) {
            throw new ShapeMismatchException("a tensor of shape " + x.shape() + " with " + channels
                    + " channels after one with " + min.length + ": an observer watches one tensor");
        }
        long inner = 1;
        for (int i = granularity.axis() + 1; i < x.shape().rank(); i++) {
            inner *= x.shape().dim(i);
        }
        Arrays.MinMax batch = Arrays.minMax(x, x.elements() / channels / inner, channels, inner);
        Finite.check(x, batch.nan() + batch.inf());
        if (count == 0) {
            min = new float[channels];
            max = new float[channels];
        }
        for (int i = 0; i < channels; i++) {
            // Adding 0 makes one zero of the two, so that equal data give equal bytes.
            min[i] = count == 0 ? batch.min()[i] + 0f : combine(min[i], batch.min()[i] + 0f, true);
            max[i] = count == 0 ? batch.max()[i] + 0f : combine(max[i], batch.max()[i] + 0f, false);
        }
        count += x.elements();
    }

    /** Takes over the state of an observer of the same kind and settings, joined with this one's. */
    final void join(RangeObserver other) {
        if (other.count == 0) {
            return;
        }
        if (count > 0 && other.min.length != min.length) {
            throw new InvalidValueException(
                    "an observer of " + other.min.length + " channels cannot be merged with one of " + min.length);
        }
        if (count == 0) {
            min = other.min.clone();
            max = other.max.clone();
        } else {
            for (int i = 0; i < min.length; i++) {
                min[i] = Math.min(min[i], other.min[i]);
                max[i] = Math.max(max[i], other.max[i]);
            }
        }
        count += other.count;
    }

    @Override
    public final Distribution distribution() {
        requireSeen();
        float least = min[0];
        float greatest = max[0];
        for (int i = 1; i < min.length; i++) {
            least = Math.min(least, min[i]);
            greatest = Math.max(greatest, max[i]);
        }
        return Distribution.ofRange(least, greatest, count);
    }

    @Override
    public final List<Distribution> distributions() {
        requireSeen();
        List<Distribution> channels = new ArrayList<>();
        for (int i = 0; i < min.length; i++) {
            channels.add(Distribution.ofRange(min[i], max[i], count / min.length));
        }
        return List.copyOf(channels);
    }

    private void requireSeen() {
        if (count == 0) {
            throw new CalibrationException("this " + getClass().getSimpleName()
                    + " has seen nothing: run calibration data through the model first");
        }
    }

    @Override
    public final long count() {
        return count;
    }

    /** The axis of the channels, -1 for none. */
    final int channelAxis() {
        return granularity.axis();
    }

    final void writeState(ObserverFormat.Writer out) {
        out.writeLong(count);
        out.writeInt(min.length);
        for (int i = 0; i < min.length; i++) {
            out.writeFloat(min[i]);
            out.writeFloat(max[i]);
        }
    }

    /** Reads what {@link #writeState} wrote into this new observer. */
    final void readState(ObserverFormat.Reader in) {
        long values = in.readLong();
        int channels = in.readInt();
        in.require(values == 0 ? channels == 0 : values > 0 && channels > 0 && values % channels == 0, "counts");
        in.require(granularity.axis() >= 0 || channels <= 1, "number of channels");
        in.requireRemaining(8L * channels);
        float[] least = new float[channels];
        float[] greatest = new float[channels];
        for (int i = 0; i < channels; i++) {
            least[i] = in.readFloat();
            greatest[i] = in.readFloat();
            in.requireRange(least[i], greatest[i]);
        }
        min = least;
        max = greatest;
        count = values;
    }

    /** Refuses a partner of another kind. */
    static <T extends Observer> T sameKind(Class<T> kind, Observer other) {
        if (!kind.isInstance(other)) {
            throw new InvalidValueException("a " + kind.getSimpleName() + " cannot be merged with a "
                    + other.getClass().getSimpleName());
        }
        return kind.cast(other);
    }
}

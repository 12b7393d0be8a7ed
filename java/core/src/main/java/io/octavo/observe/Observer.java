package io.octavo.observe;

import io.octavo.CalibrationException;
import io.octavo.CorruptDataException;
import io.octavo.NotFiniteException;
import io.octavo.UnsupportedException;
import io.octavo.scheme.Distribution;
import io.octavo.tensor.Tensor;
import java.util.List;

/**
 * Watches the values that pass through one tensor and keeps a summary of them, of bounded size whatever the amount of
 * data. Not thread-safe: let each thread observe on its own, then {@link #merge}.
 */
public sealed interface Observer permits RangeObserver, HistogramObserver {
    /** Version of the serialized form. */
    int FORMAT_VERSION = 1;

    /**
     * Takes in the values of an F32 tensor.
     *
     * @throws NotFiniteException if one is NaN or infinite, naming its index; the observer is then as before
     */
    void observe(Tensor x);

    /**
     * A new observer that has seen what this one and {@code other} saw; both stay as they are. The order does not
     * matter.
     *
     * @throws UnsupportedException if the kind depends on the order of what it sees (moving averages)
     * @throws io.octavo.InvalidValueException if {@code other} is of another kind or has other settings
     */
    Observer merge(Observer other);

    /** A new observer in this one's state; from here on each goes its own way. Cheap: no bin is copied. */
    Observer copy();

    /**
     * Whether the data may be cut along the first axis, and the parts observed one after the other, without any change of the
     * result. Not so for moving averages, which step once a tensor, nor for channels along the first axis itself.
     */
    boolean independentOfCut();

    /**
     * The summary of the whole tensor; per-channel observers give the range over all channels.
     *
     * @throws CalibrationException if nothing was observed
     */
    Distribution distribution();

    /**
     * The summary of each channel in order; one for the whole tensor if the observer does not tell channels apart.
     *
     * @throws CalibrationException if nothing was observed
     */
    List<Distribution> distributions();

    /** Number of values observed. */
    long count();

    /** Kind, settings and state as bytes: the same for the same state, on any machine. */
    byte[] serialize();

    /**
     * The observer that {@link #serialize} wrote.
     *
     * @throws CorruptDataException if the bytes are not what {@code serialize} writes
     * @throws UnsupportedException if they are of a later version of the format
     */
    static Observer deserialize(byte[] bytes) {
        return ObserverFormat.read(bytes);
    }
}

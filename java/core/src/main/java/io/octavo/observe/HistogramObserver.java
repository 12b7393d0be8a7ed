package io.octavo.observe;

import io.octavo.CalibrationException;
import io.octavo.internal.bind.Arrays;
import io.octavo.internal.bind.Finite;
import io.octavo.scheme.Distribution;
import io.octavo.scheme.Histogram;
import io.octavo.tensor.Tensor;
import java.util.List;

/**
 * Least and greatest value and a {@link Histogram} of everything seen, in at most {@link Histogram#MAX_BINS} bins (128
 * KiB).
 *
 * <p>Bins are a power of two wide and begin at multiples of their width, which depends on the range alone. When the
 * range grows, neighbouring bins merge exactly, so any split and any order of the data, and any merging of observers,
 * ends in the same bytes. (PyTorch's HistogramObserver spreads the old counts over the new bins; its result depends on
 * the order.)
 */
public final class HistogramObserver implements Observer {
    private long count;
    private float min;
    private float max;
    private Histogram histogram;

    /** An observer that has seen nothing. */
    public HistogramObserver() {}

    @Override
    public void observe(Tensor x) {
        Arrays.MinMax batch = Arrays.minMax(x, 1, 1, x.elements());
        Finite.check(x, batch.nan() + batch.inf());
        grow(batch.min()[0], batch.max()[0]);
        long[] counts = histogram.counts();
        Arrays.histogram(x, histogram.exponent(), histogram.first(), counts);
        histogram = new Histogram(histogram.exponent(), histogram.first(), counts);
        count += x.elements();
    }

    /** Makes the bins reach over another range as well. */
    private void grow(float least, float greatest) {
        // Adding 0 makes one zero of the two, so that equal data give equal bytes.
        float newMin = (count == 0 ? least : Math.min(min, least)) + 0f;
        float newMax = (count == 0 ? greatest : Math.max(max, greatest)) + 0f;
        if (count == 0) {
            histogram = Histogram.covering(newMin, newMax);
        } else if (newMin != min || newMax != max) {
            histogram = histogram.addedTo(Histogram.covering(newMin, newMax));
        }
        min = newMin;
        max = newMax;
    }

    @Override
    public HistogramObserver copy() {
        HistogramObserver copy = new HistogramObserver();
        copy.count = count;
        copy.min = min;
        copy.max = max;
        copy.histogram = histogram; // immutable
        return copy;
    }

    @Override
    public boolean independentOfCut() {
        return true;
    }

    @Override
    public HistogramObserver merge(Observer other) {
        HistogramObserver merged = new HistogramObserver();
        merged.join(this);
        merged.join(RangeObserver.sameKind(HistogramObserver.class, other));
        return merged;
    }

    private void join(HistogramObserver other) {
        if (other.count > 0) {
            grow(other.min, other.max);
            histogram = other.histogram.addedTo(histogram);
            count += other.count;
        }
    }

    @Override
    public Distribution distribution() {
        if (count == 0) {
            throw new CalibrationException(
                    "this HistogramObserver has seen nothing: run calibration data through the model first");
        }
        return new Distribution(min, max, count, histogram);
    }

    @Override
    public List<Distribution> distributions() {
        return List.of(distribution());
    }

    @Override
    public long count() {
        return count;
    }

    /** {@inheritDoc} The bins' width and place follow from the range and are not written. */
    @Override
    public byte[] serialize() {
        ObserverFormat.Writer out = new ObserverFormat.Writer(ObserverFormat.Kind.HISTOGRAM);
        out.writeLong(count);
        if (count > 0) {
            out.writeFloat(min);
            out.writeFloat(max);
            for (int i = 0; i < histogram.bins(); i++) {
                out.writeVarLong(histogram.count(i));
            }
        }
        return out.finish();
    }

    static HistogramObserver read(ObserverFormat.Reader in) {
        HistogramObserver observer = new HistogramObserver();
        long values = in.readLong();
        in.require(values >= 0, "count");
        if (values == 0) {
            return observer;
        }
        float least = in.readFloat();
        float greatest = in.readFloat();
        in.requireRange(least, greatest);
        observer.grow(least, greatest);
        Histogram empty = observer.histogram;
        long[] counts = new long[empty.bins()];
        long total = 0;
        for (int i = 0; i < counts.length; i++) {
            counts[i] = in.readVarLong();
            in.require(counts[i] <= values - total, "sum of the bins");
            total += counts[i];
        }
        in.require(total == values, "sum of the bins");
        in.require(counts[0] > 0 && counts[counts.length - 1] > 0, "outer bins");
        observer.histogram = new Histogram(empty.exponent(), empty.first(), counts);
        observer.count = values;
        return observer;
    }
}

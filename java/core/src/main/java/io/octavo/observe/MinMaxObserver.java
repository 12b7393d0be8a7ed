package io.octavo.observe;

import io.octavo.scheme.Granularity;

/**
 * Least and greatest value of everything seen, as PyTorch's MinMaxObserver. Order and split of the data do not matter.
 * One outlier decides the range: for activations prefer {@link HistogramObserver}.
 */
public final class MinMaxObserver extends RangeObserver {
    /** An observer that has seen nothing. */
    public MinMaxObserver() {
        super(Granularity.perTensor());
    }

    @Override
    MinMaxObserver fresh() {
        return new MinMaxObserver();
    }

    @Override
    float combine(float bound, float batch, boolean least) {
        return least ? Math.min(bound, batch) : Math.max(bound, batch);
    }

    @Override
    public MinMaxObserver merge(Observer other) {
        MinMaxObserver merged = new MinMaxObserver();
        merged.join(this);
        merged.join(sameKind(MinMaxObserver.class, other));
        return merged;
    }

    @Override
    public byte[] serialize() {
        ObserverFormat.Writer out = new ObserverFormat.Writer(ObserverFormat.Kind.MIN_MAX);
        writeState(out);
        return out.finish();
    }
}

package io.octavo.scheme;

import io.octavo.internal.bind.Arrays;
import io.octavo.tensor.Tensor;

/** Least and greatest value of each parameter set of a tensor; 0 and 0 where a set has no element. */
record Ranges(float[] min, float[] max) {

    /** Throws {@link io.octavo.NotFiniteException} naming the first value that is NaN or infinite. */
    static Ranges of(Tensor x, Granularity granularity) {
        granularity.count(x.shape()); // refuses an axis that the shape does not have
        if (granularity.isPerGroup()) {
            return ofParts(Partition.of(x, granularity));
        }
        Partition.View view = Partition.view(x.shape(), granularity);
        Arrays.MinMax found = Arrays.minMax(x, view.outer(), view.channels(), view.inner());
        Finite.check(x, found.nan() + found.inf());
        return new Ranges(found.min(), found.max());
    }

    private static Ranges ofParts(Partition parts) {
        Ranges ranges = new Ranges(new float[parts.count()], new float[parts.count()]);
        for (int i = 0; i < parts.count(); i++) {
            Tensor part = parts.part(i);
            Arrays.MinMax found = Arrays.minMax(part, 1, 1, part.elements());
            if (found.nan() + found.inf() > 0) {
                Finite.check(parts.flat(), 1);
            }
            ranges.min[i] = found.min()[0];
            ranges.max[i] = found.max()[0];
        }
        return ranges;
    }
}

package io.octavo.scheme;

import io.octavo.internal.bind.Arrays;
import io.octavo.internal.bind.Finite;
import io.octavo.internal.bind.GroupArrays;
import io.octavo.tensor.Tensor;

/** Least and greatest value of each parameter set of a tensor; 0 and 0 where a set has no element. */
record Ranges(float[] min, float[] max) {

    /** Throws {@link io.octavo.NotFiniteException} naming the first value that is NaN or infinite. */
    static Ranges of(Tensor x, Granularity granularity) {
        granularity.count(x.shape()); // refuses an axis that the shape does not have
        Arrays.MinMax found;
        if (granularity.isPerGroup()) {
            Partition parts = Partition.of(x, granularity);
            found = GroupArrays.minMax(parts.flat(), parts.groups());
        } else {
            Partition.View view = Partition.view(x.shape(), granularity);
            found = Arrays.minMax(x, view.outer(), view.channels(), view.inner());
        }
        Finite.check(x, found.nan() + found.inf());
        return new Ranges(found.min(), found.max());
    }
}

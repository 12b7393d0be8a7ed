package io.octavo.scheme;

import io.octavo.internal.bind.GroupArrays;
import io.octavo.tensor.Tensor;
import java.util.Arrays;

/** Values and how often each of them occurs. */
record CountedValues(Tensor values, long[] counts) {

    /**
     * The occupied bins of an observed distribution, each at its middle or at the least or greatest value if that is
     * nearer.
     */
    static CountedValues of(Distribution d) {
        Histogram h = d.histogram();
        float[] values = new float[h.bins()];
        long[] counts = new long[h.bins()];
        int n = 0;
        for (int i = 0; i < h.bins(); i++) {
            if (h.count(i) > 0) {
                values[n] = (float) Math.max(d.min(), Math.min(d.max(), h.lowerEdge(i) + h.width() / 2));
                counts[n++] = h.count(i);
            }
        }
        return new CountedValues(Tensor.of(Arrays.copyOf(values, n)), Arrays.copyOf(counts, n));
    }

    GroupArrays.Groups group() {
        return GroupArrays.Groups.one(counts.length);
    }
}

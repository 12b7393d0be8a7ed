package io.octavo.scheme;

import io.octavo.golden.GoldenCase;
import io.octavo.golden.GoldenFile;
import io.octavo.golden.Tally;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/**
 * The search for a range on PyTorch's own histograms: bins kept and range equal to the bit, also where digits run out.
 */
class RangeSearchGoldenTest {

    @Test
    void committedSearches() {
        check(GoldenFile.committed("observers"), c -> c.param("observer").equals("HistogramSearch"));
    }

    @Test
    void allSearches() {
        check(GoldenFile.full("observers"), c -> c.param("observer").equals("HistogramSearch"));
    }

    /** From the histograms that the observers of the cases ended with. */
    @Test
    void allObservedHistograms() {
        check(GoldenFile.full("observers"), c -> c.param("observer").equals("Histogram"));
    }

    private static void check(GoldenFile file, Predicate<GoldenCase> wanted) {
        Tally tally = new Tally(file.label() + ": range searches");
        for (GoldenCase c : file.cases(wanted)) {
            boolean given = c.input("histogram") != null;
            float[] all = (given ? c.input("histogram") : c.expected("histogram")).toFloatArray();
            float[] mins = (given ? c.input("min") : c.expected("min")).toFloatArray();
            float[] maxs = (given ? c.input("max") : c.expected("max")).toFloatArray();
            float[] histogram = new float[PytorchRange.BINS];
            System.arraycopy(all, all.length - histogram.length, histogram, 0, histogram.length);
            PytorchRange.Found found = PytorchRange.search(histogram, mins[mins.length - 1], maxs[maxs.length - 1]);
            tally.compare(
                    c.name(),
                    c.expected("search_min").toFloatArray()[0],
                    found.limits().lo());
            tally.compare(
                    c.name(),
                    c.expected("search_max").toFloatArray()[0],
                    found.limits().hi());
            if (c.expectedNumber("first_bin") != null) {
                tally.compare(c.name(), c.expectedNumber("first_bin").intValue(), found.first());
                tally.compare(c.name(), c.expectedNumber("last_bin").intValue(), found.last());
            }
        }
        tally.check();
    }
}

package io.octavo.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.observe.HistogramObserver;
import io.octavo.observe.MinMaxObserver;
import io.octavo.observe.MovingAverageMinMaxObserver;
import io.octavo.observe.MovingAveragePerChannelMinMaxObserver;
import io.octavo.observe.Observer;
import io.octavo.observe.PerChannelMinMaxObserver;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.Clipping;
import io.octavo.scheme.Distribution;
import io.octavo.scheme.Uniform;
import io.octavo.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Observers, and the scale and zero point that follow from them, against PyTorch's. */
class ObserverGoldenTest {
    private static final int PYTORCH_BINS = 2048;

    /**
     * Histogram cases whose range is further from PyTorch's than one of its bins. PyTorch spreads the counts of an old
     * histogram over the bins of a wider one, the exact histogram does not; its search stops at the first rise of the
     * error, and with 960 values in 2,048 bins one count in the next bin can end it elsewhere. "large12" is data of
     * scale 10^12, where the search's float32 cubes lose most of their digits.
     */
    private static final Set<String> OTHER_RANGE_COMMITTED = Set.of("Histogram/negative/2shrink");

    private static final Set<String> OTHER_RANGE_FULL =
            Set.of("Histogram/shifted/5mixed", "Histogram/large12/1", "Histogram/large12/5grow");

    @Test
    void committedMinMaxCases() {
        checkMinMax(GoldenFile.committed("observers"));
    }

    @Test
    void allMinMaxCases() {
        checkMinMax(GoldenFile.full("observers"));
    }

    @Test
    void committedHistogramCases() {
        checkHistogram(GoldenFile.committed("observers"), OTHER_RANGE_COMMITTED);
    }

    @Test
    void allHistogramCases() {
        checkHistogram(GoldenFile.full("observers"), OTHER_RANGE_FULL);
    }

    private static void checkMinMax(GoldenFile file) {
        Tally tally = new Tally(file.label() + ": min, max, scale, zero point");
        for (GoldenCase c : file.cases(each -> each.param("observer").toString().contains("MinMax"))) {
            Integer axis = c.param("axis") == null ? null : c.integer("axis");
            double constant = ((Number) c.param("averaging_constant")).doubleValue();
            Observer observer =
                    switch (c.param("observer").toString()) {
                        case "MinMax" -> new MinMaxObserver();
                        case "MovingAverageMinMax" -> new MovingAverageMinMaxObserver(constant);
                        case "PerChannelMinMax" -> new PerChannelMinMaxObserver(axis);
                        case "MovingAveragePerChannelMinMax" ->
                            new MovingAveragePerChannelMinMaxObserver(axis, constant);
                        default -> throw new IllegalArgumentException(c.name());
                    };
            float[] min = c.expected("min").toFloatArray();
            float[] max = c.expected("max").toFloatArray();
            for (int b = 0; c.input("batch" + b) != null; b++) {
                observer.observe(c.input("batch" + b));
                List<Distribution> channels = observer.distributions();
                for (int i = 0; i < channels.size(); i++) {
                    tally.compare(
                            c.name(),
                            min[b * channels.size() + i],
                            channels.get(i).min());
                    tally.compare(
                            c.name(),
                            max[b * channels.size() + i],
                            channels.get(i).max());
                }
            }
            compareParameters(tally, c, observer.distributions());
        }
        tally.check();
    }

    /** Scale and zero point of each of the case's configurations for these ranges, one a channel. */
    private static void compareParameters(Tally tally, GoldenCase c, List<Distribution> channels) {
        float[] scale = c.expected("scale").toFloatArray();
        int[] zeroPoint = c.expected("zero_point").toIntArray();
        List<?> configs = (List<?>) c.param("configs");
        assertEquals(scale.length, configs.size() * channels.size(), c.name());
        for (int k = 0; k < configs.size(); k++) {
            Map<?, ?> config = (Map<?, ?>) configs.get(k);
            Uniform scheme = new Uniform(
                    8,
                    config.get("dtype").equals("quint8") ? DType.U8 : DType.S8,
                    config.get("qscheme").toString().endsWith("symmetric"),
                    (Boolean) config.get("reduce_range"));
            AffineParams p = scheme.fit(channels, 0);
            for (int i = 0; i < channels.size(); i++) {
                tally.compare(c.name() + " " + config, scale[k * channels.size() + i], p.scale(i));
                tally.compare(c.name() + " " + config, zeroPoint[k * channels.size() + i], p.zeroPoint(i));
            }
        }
    }

    private static void checkHistogram(GoldenFile file, Set<String> otherRange) {
        Tally tally = new Tally(file.label() + ": histograms' min, max; parameters of PyTorch's range");
        List<String> far = new ArrayList<>();
        int within = 0;
        for (GoldenCase c : file.cases(each -> each.param("observer").equals("Histogram"))) {
            HistogramObserver observer = new HistogramObserver();
            float[] min = c.expected("min").toFloatArray();
            float[] max = c.expected("max").toFloatArray();
            int last = -1;
            for (int b = 0; c.input("batch" + b) != null; b++) {
                observer.observe(c.input("batch" + b));
                tally.compare(c.name(), min[b], observer.distribution().min());
                tally.compare(c.name(), max[b], observer.distribution().max());
                last = b;
            }
            float searchMin = c.expected("search_min").toFloatArray()[0];
            float searchMax = c.expected("search_max").toFloatArray()[0];
            compareParameters(tally, c, List.of(Distribution.ofRange(searchMin, searchMax, 1)));
            double bin = ((double) max[last] - min[last]) / PYTORCH_BINS;
            double off = distance(observer.distribution(), searchMin, searchMax);
            // The bounds are float32 multiples of the bin: a little more than a whole bin is one bin.
            if (off <= bin * 1.01) {
                within++;
            } else {
                far.add(c.name());
            }
        }
        tally.check();
        System.out.println(file.label() + ": " + within + " ranges within one of PyTorch's bins, further: " + far);
        assertTrue(within > 0);
        assertEquals(otherRange, Set.copyOf(far), "cases whose range lies further off");
    }

    /**
     * How far the range that this library searches on its own histogram lies from PyTorch's, at the end that is further
     * off.
     */
    private static double distance(Distribution observed, float searchMin, float searchMax) {
        Distribution range =
                Clipping.activations(8).range(Clipping.Range.PYTORCH_L2).chosenRange(observed);
        return Math.max(Math.abs((double) range.min() - searchMin), Math.abs((double) range.max() - searchMax));
    }
}

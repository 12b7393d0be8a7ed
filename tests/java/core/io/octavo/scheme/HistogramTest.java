package io.octavo.scheme;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.InvalidValueException;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class HistogramTest {

    @Property(tries = 500)
    void binsCoverTheRangeFinelyButNotTooFinely(@ForAll long seed) {
        Random random = new Random(seed);
        float a = Float.intBitsToFloat(random.nextInt());
        float b = random.nextBoolean() ? Float.intBitsToFloat(random.nextInt()) : a * (1 + random.nextFloat());
        if (!Float.isFinite(a) || !Float.isFinite(b)) {
            return;
        }
        float min = Math.min(a, b);
        float max = Math.max(a, b);
        Histogram h = Histogram.covering(min, max);
        assertTrue(h.lowerEdge(0) <= min && min < h.lowerEdge(1), "first bin");
        assertTrue(h.lowerEdge(h.bins() - 1) <= max && max < h.lowerEdge(h.bins()), "last bin");
        assertTrue(h.bins() <= Histogram.MAX_BINS);
        double spacing = Math.max(Math.ulp(Math.max(Math.abs(min), Math.abs(max))), 0x1p-126);
        if ((double) max - min > spacing * Histogram.MAX_BINS) {
            assertTrue(h.bins() > Histogram.MAX_BINS / 2, h.bins() + " bins");
        }
        // A wider range never has narrower bins.
        float wider = Math.min(Float.MAX_VALUE, max + Math.abs(max) * random.nextFloat());
        assertTrue(Histogram.exponentFor(min, wider) >= h.exponent());
    }

    @Example
    void aConstantHasOneBin() {
        for (float c : new float[] {0, 1, -0.7f, 1e-45f, -1e-40f, Float.MAX_VALUE, -Float.MAX_VALUE}) {
            assertEquals(1, Histogram.covering(c, c).bins(), "constant " + c);
        }
    }

    @Example
    void negativeValuesFallIntoTheBinBelow() {
        assertEquals(-1, Histogram.bin(-1e-38f, 100));
        assertEquals(-1, Histogram.bin(-Float.MIN_VALUE, -126));
        assertEquals(0, Histogram.bin(-0f, 0));
        assertEquals(-3, Histogram.bin(-2.5f, 0));
    }

    @Example
    void neighboursMerge() {
        Histogram fine = new Histogram(0, -3, new long[] {1, 2, 4, 8, 16});
        Histogram coarse = fine.addedTo(new Histogram(1, -2, new long[4]));
        assertArrayEquals(new long[] {1, 2 + 4, 8 + 16, 0}, coarse.counts());
        assertEquals(31, coarse.total());
        assertThrows(InvalidValueException.class, () -> coarse.addedTo(fine));
        assertThrows(InvalidValueException.class, () -> fine.addedTo(new Histogram(0, 0, new long[2])));
    }

    @Example
    void whatMakesNoSenseIsRefused() {
        assertThrows(InvalidValueException.class, () -> new Histogram(0, 0, new long[0]));
        assertThrows(InvalidValueException.class, () -> new Histogram(0, 0, new long[] {-1}));
        assertThrows(InvalidValueException.class, () -> new Histogram(-200, 0, new long[1]));
        assertThrows(InvalidValueException.class, () -> Histogram.exponentFor(1, 0));
        assertThrows(InvalidValueException.class, () -> Histogram.exponentFor(Float.NaN, 0));
        assertThrows(InvalidValueException.class, () -> new Distribution(0, Float.POSITIVE_INFINITY, 1, null));
        assertThrows(InvalidValueException.class, () -> Distribution.ofRange(0, 1, 0));
    }
}

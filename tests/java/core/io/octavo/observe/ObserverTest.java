package io.octavo.observe;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.CalibrationException;
import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.UnsupportedException;
import io.octavo.scheme.Distribution;
import io.octavo.scheme.Histogram;
import io.octavo.tensor.Tensor;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ObserverTest {

    @Test
    void minMaxKeepsTheExtremes() {
        MinMaxObserver observer = new MinMaxObserver();
        observer.observe(Tensor.of(new float[] {1, 2}));
        observer.observe(Tensor.of(new float[] {-3, 0.5f}));
        assertEquals(Distribution.ofRange(-3, 2, 4), observer.distribution());
        assertEquals(List.of(observer.distribution()), observer.distributions());
    }

    @Test
    void channelsHaveRangesOfTheirOwn() {
        PerChannelMinMaxObserver observer = new PerChannelMinMaxObserver(1);
        observer.observe(Tensor.of(new float[] {1, 2, 3, 4, 5, 6, 7, 8}, 2, 2, 2));
        observer.observe(Tensor.of(new float[] {-1, 0, 5, 9}, 1, 2, 2));
        assertEquals(List.of(Distribution.ofRange(-1, 6, 6), Distribution.ofRange(3, 9, 6)), observer.distributions());
        assertEquals(Distribution.ofRange(-1, 9, 12), observer.distribution());
        assertThrows(ShapeMismatchException.class, () -> observer.observe(Tensor.of(new float[3], 1, 3)));
        assertThrows(ShapeMismatchException.class, () -> observer.observe(Tensor.of(new float[3], 3)));
    }

    @Test
    void movingAveragesTakeAHundredth() {
        MovingAverageMinMaxObserver observer = new MovingAverageMinMaxObserver();
        observer.observe(Tensor.of(new float[] {-1, 1}));
        observer.observe(Tensor.of(new float[] {-3, 2}));
        assertEquals(-1 + 0.01f * (-3f - -1f), observer.distribution().min());
        assertEquals(1 + 0.01f * (2f - 1f), observer.distribution().max());
        assertThrows(InvalidValueException.class, () -> new MovingAverageMinMaxObserver(0));
        assertThrows(InvalidValueException.class, () -> new MovingAveragePerChannelMinMaxObserver(0, Double.NaN));
        assertThrows(UnsupportedException.class, () -> observer.merge(new MovingAverageMinMaxObserver()));
    }

    @Test
    void nothingSeenIsNothingToHandDown() {
        for (Observer observer :
                List.of(new MinMaxObserver(), new HistogramObserver(), new PerChannelMinMaxObserver(0))) {
            assertEquals(0, observer.count());
            CalibrationException e = assertThrows(CalibrationException.class, observer::distribution);
            assertTrue(e.getMessage().contains("seen nothing"), e.getMessage());
            assertThrows(CalibrationException.class, observer::distributions);
        }
    }

    @Test
    void onlyEqualKindsMerge() {
        assertThrows(InvalidValueException.class, () -> new MinMaxObserver().merge(new HistogramObserver()));
        assertThrows(InvalidValueException.class, () -> new HistogramObserver().merge(new MinMaxObserver()));
        assertThrows(InvalidValueException.class, () -> new PerChannelMinMaxObserver(0)
                .merge(new PerChannelMinMaxObserver(1)));
        PerChannelMinMaxObserver two = new PerChannelMinMaxObserver(0);
        two.observe(Tensor.of(new float[2], 2));
        PerChannelMinMaxObserver three = new PerChannelMinMaxObserver(0);
        three.observe(Tensor.of(new float[3], 3));
        assertThrows(InvalidValueException.class, () -> two.merge(three));
    }

    @Test
    void mergingLeavesBothAsTheyWere() {
        HistogramObserver a = new HistogramObserver();
        a.observe(Tensor.of(new float[] {1, 2}));
        HistogramObserver b = new HistogramObserver();
        b.observe(Tensor.of(new float[] {100}));
        byte[] before = a.serialize();
        assertEquals(3, a.merge(b).count());
        assertArrayEquals(before, a.serialize());
        assertEquals(1, b.count());
    }

    /** A million values over a range that grows a thousandfold stay within the bound of bins and of bytes. */
    @Test
    void theHistogramIsBounded() {
        HistogramObserver observer = new HistogramObserver();
        Random random = new Random(1);
        for (int batch = 0; batch < 20; batch++) {
            float[] x = new float[50_000];
            for (int i = 0; i < x.length; i++) {
                x[i] = (float) (random.nextGaussian() * Math.pow(1.4, batch));
            }
            observer.observe(Tensor.of(x));
            Histogram h = observer.distribution().histogram();
            assertTrue(h.bins() <= Histogram.MAX_BINS && h.bins() > Histogram.MAX_BINS / 2, h.bins() + " bins");
            assertEquals(50_000L * (batch + 1), h.total());
        }
        assertTrue(observer.serialize().length < 64 * 1024);
    }
}

package io.octavo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.octavo.InvalidValueException;
import org.junit.jupiter.api.Test;

class ScheduleTest {
    @Test
    void constantAndStep() {
        assertEquals(0.1, Schedule.constant(0.1).learningRate(7, 3, 30));
        Schedule step = Schedule.step(0.1, 2, 0.5);
        // Epochs of 3 batches: the rate halves every 6 steps.
        assertEquals(0.1, step.learningRate(5, 3, 30), 1e-15);
        assertEquals(0.05, step.learningRate(6, 3, 30), 1e-15);
        assertEquals(0.025, step.learningRate(12, 3, 30), 1e-15);
    }

    @Test
    void cosineFallsFromTheRateToTheLast() {
        Schedule cosine = Schedule.cosine(0.4, 0.1);
        assertEquals(0.4, cosine.learningRate(0, 5, 10), 1e-15);
        assertEquals(0.25, cosine.learningRate(5, 5, 10), 1e-15);
        assertEquals(0.1, cosine.learningRate(10, 5, 10), 1e-15);
        assertEquals(0.1 + 0.15 * (1 + Math.cos(Math.PI * 0.3)), cosine.learningRate(3, 5, 10), 1e-15);
    }

    /** By hand from the formulas: ten steps, the peak at step 10 * 0.3 - 1 = 2. */
    @Test
    void oneCycleOfTenSteps() {
        Schedule cycle = Schedule.oneCycle(1);
        assertEquals(0.04, cycle.learningRate(0, 10, 10), 1e-12);
        assertEquals(0.52, cycle.learningRate(1, 10, 10), 1e-12);
        assertEquals(1, cycle.learningRate(2, 10, 10), 1e-12);
        double last = 0.04 / 1e4;
        assertEquals(last + (1 - last) / 2 * (1 + Math.cos(Math.PI / 7)), cycle.learningRate(3, 10, 10), 1e-12);
        assertEquals(last, cycle.learningRate(9, 10, 10), 1e-12);
    }

    @Test
    void oneCycleOfVeryFewSteps() {
        for (int steps = 1; steps < 6; steps++) {
            for (int step = 0; step < steps; step++) {
                double rate = Schedule.oneCycle(0.05).learningRate(step, steps, steps);
                assertEquals(0.025, rate, 0.025 + 1e-12, step + " of " + steps);
            }
        }
    }

    @Test
    void valuesOutOfRangeAreRefused() {
        assertThrows(InvalidValueException.class, () -> Schedule.constant(-1));
        assertThrows(InvalidValueException.class, () -> Schedule.constant(Double.NaN));
        assertThrows(InvalidValueException.class, () -> Schedule.step(0.1, 0, 0.1));
        assertThrows(InvalidValueException.class, () -> new OneCycle(0.1, 1.5, 25, 1e4));
        assertThrows(InvalidValueException.class, () -> Schedule.oneCycle(Double.POSITIVE_INFINITY));
    }
}

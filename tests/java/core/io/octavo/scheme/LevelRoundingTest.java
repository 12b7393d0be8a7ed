package io.octavo.scheme;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class LevelRoundingTest {

    @Example
    void powersOfTwoAreExact() {
        double[] levels = {0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64};
        LevelRounding r = LevelRounding.of(levels, new double[] {1, 1, 1, 1, 1, 1, 1});
        assertArrayEquals(new byte[] {1, 2, 4, 8, 16, 32, 64}, r.entries());
    }

    @Example
    void zerosStayZero() {
        LevelRounding r = LevelRounding.of(new double[] {0, 0}, new double[] {1, 1});
        assertArrayEquals(new byte[2], r.entries());
        assertTrue(r.scale() > 0);
    }

    /** No scale that keeps the levels within 127 does better, whatever it puts the greatest level at. */
    @Property(tries = 50)
    void noOtherScaleIsMuchBetter(@ForAll long seed) {
        float[] levels = Data.normal(seed, 16);
        double[] exact = new double[16];
        double[] weights = new double[16];
        double greatest = 0;
        for (int i = 0; i < 16; i++) {
            exact[i] = levels[i];
            weights[i] = 1 + i;
            greatest = Math.max(greatest, Math.abs(exact[i]));
        }
        LevelRounding r = LevelRounding.of(exact, weights);
        double found = 0;
        for (int i = 0; i < 16; i++) {
            double d = exact[i] - r.entries()[i] * (double) r.scale();
            found += weights[i] * d * d;
        }
        for (int top = 1; top <= 127; top++) {
            double error = 0;
            for (int i = 0; i < 16; i++) {
                double scale = greatest / top;
                double d = exact[i] - Math.rint(exact[i] / scale) * scale;
                error += weights[i] * d * d;
            }
            assertTrue(found <= error * (1 + 1e-5), "top " + top + ": " + error + " against " + found);
        }
        assertEquals(16, r.entries().length);
    }
}

package io.octavo.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.tensor.Tensor;

/** Equality of results: exact for integers, one bound for floats. */
final class Close {
    private Close() {}

    /**
     * Float results against the same in double. A sum of n products in float, in whatever order, is off by less than n half steps
     * of the sum of magnitudes; layers add up. The largest result stands for that sum; with terms = the products of all layers
     * along the longest path this has a wide margin for random signs, where errors grow like the root of n.
     */
    static void assertClose(String what, double[] expected, Tensor found, long terms) {
        float[] values = found.toFloatArray();
        assertEquals(expected.length, values.length, what);
        double scale = 0;
        for (double e : expected) {
            scale = Math.max(scale, Math.abs(e));
        }
        assertTrue(scale > 0, () -> what + ": all results are 0, which proves nothing");
        double bound = scale * Math.sqrt(terms) * Math.ulp(1f);
        for (int i = 0; i < values.length; i++) {
            assertEquals(expected[i], values[i], bound, what + " at " + i);
        }
    }

    /** Integer results, exactly; refuses results that are all the same, which would prove nothing. */
    static void assertSame(String what, double[] expected, Tensor found) {
        int[] values = found.toIntArray();
        assertEquals(expected.length, values.length, what);
        boolean varied = false;
        for (int i = 0; i < values.length; i++) {
            assertEquals((int) expected[i], values[i], what + " at " + i);
            varied |= values[i] != values[0];
        }
        assertTrue(varied || values.length < 4, () -> what + ": all results are equal, which proves nothing");
    }
}

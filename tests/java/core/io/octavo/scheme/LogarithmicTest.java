package io.octavo.scheme;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.tensor.Tensor;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class LogarithmicTest {

    @Example
    void base2OfFourBitsIsExactInEight() {
        TableParams p = Logarithmic.base2(4).fit(Data.tensor(Data.normal(1, 500)), Granularity.perTensor());
        assertArrayEquals(new byte[] {-64, -32, -16, -8, -4, -2, -1, 0, 1, 2, 4, 8, 16, 32, 64}, p.table(0));
        assertArrayEquals(p.decodedLevels(0), p.fittedLevels(0));
        Tensor x = Data.tensor(Data.normal(1, 500));
        Logarithmic scheme = Logarithmic.base2(4);
        assertEquals(0, scheme.encode(x, p).error(x).roundingLossDb());
    }

    @Example
    void thereIsACodeForZero() {
        for (Logarithmic scheme :
                new Logarithmic[] {Logarithmic.base2(2), Logarithmic.base2(4), Logarithmic.baseSqrt2(5)}) {
            Tensor x = Data.tensor(new float[] {0, -1, 1, -0f});
            float[] decoded =
                    scheme.quantize(x, Granularity.perTensor()).decode().toFloatArray();
            assertArrayEquals(new float[] {0, -1, 1, 0}, decoded, 1e-6f);
        }
    }

    @Example
    void powersOfTwoAreKept() {
        float[] x = {0.5f, -0.25f, 0.125f, 1, -0.03125f, 0, 0.0625f, -0.015625f};
        Logarithmic scheme = Logarithmic.base2(4);
        Tensor t = Data.tensor(x);
        assertArrayEquals(
                x, scheme.quantize(t, Granularity.perTensor()).decode().toFloatArray(), 1e-6f);
    }

    @Example
    void levelsOfBaseSqrt2HalveEveryTwo() {
        TableParams p = Logarithmic.baseSqrt2(4).fit(Data.tensor(Data.normal(2, 500)), Granularity.perTensor());
        float[] levels = p.fittedLevels(0);
        for (int i = 0; i + 2 <= 6; i++) {
            assertEquals(2, levels[14 - i] / levels[12 - i], 1e-6f);
        }
        for (int i = 0; i < levels.length; i++) {
            // An entry is off by at most half a unit of at most 127 full scale: 1/254 and a little for tops below 127.
            assertEquals(levels[i], p.decodedLevels(0)[i], levels[14] / 127);
        }
    }

    /** No scale of 5,000 is better: the one found is the best of all, rounded to float32. */
    @Property(tries = 40)
    void findsTheBestScale(@ForAll @IntRange(min = 2, max = 5) int bits, @ForAll boolean sqrt2, @ForAll long seed) {
        float[] x = Data.normal(seed, 400);
        Tensor t = Data.tensor(x);
        Logarithmic scheme = new Logarithmic(bits, sqrt2);
        TableParams p = scheme.fit(t, Granularity.perTensor());
        double found = scheme.encode(t, p).error(t).mse() * x.length;
        byte[] table = p.table(0);
        double best = Double.POSITIVE_INFINITY;
        for (int i = 1; i <= 5000; i++) {
            double scale = 6.0 * i / 5000 / 127;
            double sum = 0;
            for (float v : x) {
                double nearest = Double.POSITIVE_INFINITY;
                for (byte entry : table) {
                    nearest = Math.min(nearest, Math.abs(v - entry * scale));
                }
                sum += nearest * nearest;
            }
            best = Math.min(best, sum);
        }
        assertTrue(found <= best * (1 + 1e-6), found + " against " + best);
    }

    @Example
    void zerosAndConstants() {
        for (float c : new float[] {0, 0.3f, -5, 1e30f, 3e38f, 1e-30f, 1e-40f}) {
            Tensor x = Data.tensor(new float[] {c, c, c});
            float decoded = Logarithmic.base2(4)
                    .quantize(x, Granularity.perTensor())
                    .decode()
                    .toFloatArray()[0];
            assertEquals(c, decoded, Math.abs(c) * 1e-6 + 0x1p-65); // half the least scale of a table
        }
    }

    @Example
    void allChannelsShareATableThatIsCountedOnce() {
        QuantizedTensor q =
                Logarithmic.base2(4).quantize(Data.tensor(Data.normal(1, 640), 10, 64), Granularity.perChannel(0));
        assertEquals(4 + (15 * 8 + 10 * 32) / 640.0, q.bitsPerElement());
    }
}

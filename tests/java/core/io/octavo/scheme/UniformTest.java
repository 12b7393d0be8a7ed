package io.octavo.scheme;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.InvalidValueException;
import io.octavo.NotFiniteException;
import io.octavo.ShapeMismatchException;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UniformTest {
    private static final float EPSILON = 0x1p-23f;

    @Test
    void symmetricScaleIsTheGreatestMagnitudeOverHalfTheCodes() {
        AffineParams p = Uniform.weights(8).fit(Data.tensor(new float[] {-2, 0.5f, 1}), Granularity.perTensor());
        assertEquals(2 / 127.5f, p.scale());
        assertEquals(0, p.zeroPoint());
        assertEquals(-128, p.qMin());
        assertEquals(127, p.qMax());
    }

    /** Below 8 bits the levels reach as far above 0 as below: no greatest weight is cut off, no sum is biased. */
    @Test
    void symmetricBelowEightBitsLeavesACodeOut() {
        Tensor x = Data.tensor(new float[] {-3, -1.5f, 0, 1.5f, 3});
        AffineParams s8 = Uniform.weights(4).fit(x, Granularity.perTensor());
        assertEquals(AffineParams.perTensor(DType.S8, 4, -7, 7, 3 / 7f, 0), s8);
        QuantizedTensor q = Uniform.weights(4).encode(x, s8);
        assertArrayEquals(new byte[] {-7, -4, 0, 4, 7}, q.codes().toByteArray()); // 3.5 steps are rounded to even
        assertArrayEquals(new float[] {-3, -12 / 7f, 0, 12 / 7f, 3}, q.decode().toFloatArray(), 1e-6f);
        AffineParams u8 = new Uniform(4, DType.U8, true, false).fit(x, Granularity.perTensor());
        assertEquals(AffineParams.perTensor(DType.U8, 4, 0, 14, 3 / 7f, 7), u8);
        AffineParams two = Uniform.weights(2).reduceRange(true).fit(x, Granularity.perTensor());
        assertEquals(AffineParams.perTensor(DType.S8, 2, -1, 1, 3, 0), two); // one bit less would leave 0 alone
        AffineParams reduced = Uniform.weights(4).reduceRange(true).fit(x, Granularity.perTensor());
        assertEquals(AffineParams.perTensor(DType.S8, 4, -7, 7, 1, 0), reduced);
        assertFalse(Uniform.weights(8).narrowRange());
        AffineParams eight = Uniform.weights(8).narrowRange(true).fit(x, Granularity.perTensor());
        assertEquals(AffineParams.perTensor(DType.S8, 8, -127, 127, 3 / 127f, 0), eight);
        assertThrows(InvalidValueException.class, () -> Uniform.activations(4).narrowRange(true));
    }

    /** The rule of PyTorch's observers with quant_min and quant_max given, and with none at 8 bits. */
    @Test
    void allCodesAreAsPyTorchHasThem() {
        Distribution d = Distribution.ofRange(-2, 3, 2);
        Uniform s8 = Uniform.weights(4).narrowRange(false);
        assertEquals(AffineParams.perTensor(DType.S8, 4, -8, 7, 3 / 7.5f, 0), s8.fit(d));
        Uniform u8 = new Uniform(4, DType.U8, true, false, false);
        assertEquals(AffineParams.perTensor(DType.U8, 4, 0, 15, 3 / 7.5f, 7), u8.fit(d));
        assertEquals(
                AffineParams.perTensor(DType.U8, 4, 0, 15, 3 / 3.5f, 3),
                u8.reduceRange(true).fit(d));
        Uniform three = new Uniform(3, DType.U8, true, false, false);
        assertEquals(AffineParams.perTensor(DType.U8, 3, 0, 7, 3 / 3.5f, 3), three.fit(d));
        Uniform eight = new Uniform(8, DType.U8, true, false);
        assertEquals(AffineParams.perTensor(DType.U8, 8, 0, 255, 3 / 127.5f, 128), eight.fit(d));
        assertEquals(
                AffineParams.perTensor(DType.U8, 8, 0, 255, 3 / 63.5f, 128),
                eight.reduceRange(true).fit(d));
    }

    /** The greatest floats have levels too: nothing decodes to infinity, half a step beyond the range. */
    @Test
    void theGreatestFloatsAreQuantized() {
        float most = Float.MAX_VALUE;
        Tensor x = Data.tensor(new float[] {-most, most / 3, most});
        for (int bits = 2; bits <= 8; bits++) {
            for (Uniform scheme : List.of(
                    Uniform.weights(bits),
                    Uniform.weights(bits).narrowRange(false),
                    new Uniform(bits, DType.U8, true, false, false))) {
                QuantizedTensor q = scheme.quantize(x, Granularity.perTensor());
                float[] decoded = q.decode().toFloatArray();
                for (int i = 0; i < decoded.length; i++) {
                    assertEquals(x.toFloatArray()[i], decoded[i], q.params().scale(0) * 1.01f, scheme.toString());
                }
            }
        }
    }

    @Test
    void affineRangeIncludesZero() {
        AffineParams p = Uniform.activations(8).fit(Data.tensor(new float[] {1, 3}), Granularity.perTensor());
        assertEquals(3 / 255f, p.scale());
        assertEquals(0, p.zeroPoint());
        AffineParams negative = Uniform.activations(8).fit(Data.tensor(new float[] {-3, -1}), Granularity.perTensor());
        assertEquals(255, negative.zeroPoint());
        AffineParams both = Uniform.activations(8).fit(Data.tensor(new float[] {-1, 3}), Granularity.perTensor());
        assertEquals(4 / 255f, both.scale());
        assertEquals(64, both.zeroPoint());
    }

    @Test
    void aReducedRangeHasOneBitLess() {
        AffineParams u8 = Uniform.activations(8).reduceRange(true).fit(Distribution.ofRange(-1, 3, 2));
        assertEquals(255, u8.qMax()); // the scale is for 7 bits; a value beyond the range still gets its code
        assertEquals(4 / 127f, u8.scale());
        assertEquals(32, u8.zeroPoint());
        AffineParams s8 = Uniform.weights(8).reduceRange(true).fit(Distribution.ofRange(-1, 3, 2));
        assertEquals(-128, s8.qMin());
        assertEquals(127, s8.qMax());
        assertEquals(3 / 63.5f, s8.scale());
    }

    @Test
    void zerosGetTheLeastScale() {
        QuantizedTensor q = Uniform.weights(8).quantize(Data.tensor(new float[4], 2, 2), Granularity.perChannel(0));
        assertEquals(EPSILON, q.params().scale(1));
        assertArrayEquals(new byte[4], q.codes().toByteArray());
        assertEquals(
                Double.POSITIVE_INFINITY,
                q.error(Data.tensor(new float[4], 2, 2)).sqnrDb());
    }

    @Test
    void aConstantIsTheEndOfTheRange() {
        for (float c : new float[] {0.7f, -0.7f}) {
            Tensor x = Data.tensor(new float[] {c, c, c});
            Uniform scheme = Uniform.activations(8);
            QuantizedTensor q = scheme.quantize(x, Granularity.perTensor());
            assertEquals(0.7f / 255, q.params().scale(0));
            assertEquals(c, q.decode().toFloatArray()[1], 1e-6f);
        }
    }

    @Test
    void groupsCountWithinEachChannel() {
        float[] x = {1, 2, 3, 4, 5, 10, 20, 30, 40, 50};
        AffineParams p = Uniform.weights(8).fit(Data.tensor(x, 2, 5), Granularity.perGroup(3));
        assertEquals(4, p.count());
        assertArrayEquals(new float[] {3 / 127.5f, 5 / 127.5f, 30 / 127.5f, 50 / 127.5f}, p.scales());
    }

    @Test
    void distributionsPerChannelGiveParametersPerChannel() {
        AffineParams p =
                Uniform.activations(8).fit(List.of(Distribution.ofRange(0, 1, 5), Distribution.ofRange(-1, 1, 5)), 1);
        assertEquals(Granularity.perChannel(1), p.granularity());
        assertArrayEquals(new float[] {1 / 255f, 2 / 255f}, p.scales());
        assertArrayEquals(new int[] {0, 127}, p.zeroPoints()); // 1 / (2 / 255f) is a little less than 127.5
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 1, 9, 32})
    void bitsOutOfRangeAreRefused(int bits) {
        for (Runnable make : List.<Runnable>of(
                () -> Uniform.weights(bits),
                () -> Clipping.activations(bits),
                () -> Logarithmic.base2(bits),
                () -> KMeans.of(bits))) {
            InvalidValueException e = assertThrows(InvalidValueException.class, make::run);
            assertTrue(e.getMessage().contains(bits + " bits"), e.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void whatIsNotFiniteIsRefusedByIndex(float bad) {
        Tensor x = Data.tensor(new float[] {1, 2, 3, bad, 5, bad}, 3, 2);
        for (Scheme scheme : List.of(Uniform.weights(8), Clipping.weights(4), Logarithmic.base2(4), KMeans.of(4))) {
            for (Granularity g : List.of(Granularity.perTensor(), Granularity.perChannel(0), Granularity.perGroup(1))) {
                NotFiniteException e = assertThrows(NotFiniteException.class, () -> scheme.fit(x, g));
                assertTrue(e.getMessage().contains("index 3"), e.getMessage());
                assertTrue(e.getMessage().contains("[3, 2]") || g.isPerGroup(), e.getMessage());
            }
            QuantParams fitted = scheme.fit(Data.tensor(new float[] {1, 2}), Granularity.perTensor());
            assertThrows(NotFiniteException.class, () -> scheme.encode(x, fitted));
        }
    }

    @Test
    void aRangeBeyondFloatsIsRefused() {
        Tensor x = Data.tensor(new float[] {-3e38f, 3e38f});
        assertThrows(InvalidValueException.class, () -> Uniform.activations(8).fit(x, Granularity.perTensor()));
    }

    @Test
    void parametersOfAnotherShapeAreRefused() {
        AffineParams p = Uniform.weights(8).fit(Data.tensor(new float[6], 3, 2), Granularity.perChannel(0));
        Tensor other = Data.tensor(new float[6], 2, 3);
        assertThrows(ShapeMismatchException.class, () -> Uniform.weights(8).encode(other, p));
        assertThrows(ShapeMismatchException.class, () -> Uniform.weights(8).fit(other, Granularity.perChannel(2)));
        assertThrows(InvalidValueException.class, () -> new Uniform(8, DType.F32, true, false));
    }
}

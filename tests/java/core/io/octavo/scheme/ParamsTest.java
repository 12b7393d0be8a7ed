package io.octavo.scheme;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class ParamsTest {
    private static final Granularity TENSOR = Granularity.perTensor();

    @Test
    void affineParametersAreChecked() {
        AffineParams.perTensor(DType.U8, 8, 1, 0);
        assertThrows(InvalidValueException.class, () -> AffineParams.perTensor(DType.U8, 8, 0, 0));
        assertThrows(InvalidValueException.class, () -> AffineParams.perTensor(DType.U8, 8, -1, 0));
        assertThrows(InvalidValueException.class, () -> AffineParams.perTensor(DType.U8, 8, Float.NaN, 0));
        assertThrows(
                InvalidValueException.class, () -> AffineParams.perTensor(DType.U8, 8, Float.POSITIVE_INFINITY, 0));
        assertThrows(InvalidValueException.class, () -> AffineParams.perTensor(DType.U8, 8, 1, 256));
        assertThrows(InvalidValueException.class, () -> AffineParams.perTensor(DType.S8, 8, 1, 128));
        assertThrows(InvalidValueException.class, () -> AffineParams.perTensor(DType.F32, 8, 1, 0));
        assertThrows(InvalidValueException.class, () -> AffineParams.perTensor(DType.U8, 9, 1, 0));
        assertThrows(InvalidValueException.class, () -> AffineParams.perTensor(DType.U8, 8, 5, 5, 1, 0));
        assertThrows(
                InvalidValueException.class,
                () -> new AffineParams(DType.S8, 8, -128, 127, new float[2], new int[1], Granularity.perChannel(0)));
        assertThrows(
                InvalidValueException.class,
                () -> new AffineParams(DType.S8, 8, -128, 127, new float[] {1, 1}, new int[2], TENSOR));
    }

    @Test
    void parametersAreValues() {
        float[] scales = {1, 2};
        AffineParams p = new AffineParams(DType.S8, 8, -128, 127, scales, new int[2], Granularity.perChannel(0));
        scales[0] = 9;
        p.scales()[1] = 9;
        assertEquals(1, p.scale(0));
        assertEquals(2, p.scale(1));
        assertEquals(p, new AffineParams(DType.S8, 8, -128, 127, p.scales(), new int[2], Granularity.perChannel(0)));
        assertNotEquals(p, new AffineParams(DType.S8, 8, -128, 127, p.scales(), new int[2], Granularity.perChannel(1)));
        assertThrows(InvalidValueException.class, p::scale);
        assertThrows(InvalidValueException.class, p::zeroPoint);
    }

    @Test
    void bitsAreCountedHonestly() {
        Tensor codes = Tensor.zeros(DType.S8, 4, 10);
        AffineParams symmetric =
                new AffineParams(DType.S8, 4, -8, 7, new float[] {1, 1, 1, 1}, new int[4], Granularity.perChannel(0));
        QuantizedTensor q = new QuantizedTensor(codes.shape(), symmetric, codes);
        assertEquals(4 + 4 * 32 / 40.0, q.bitsPerElement());
        assertEquals(20 + 16, q.storageBytes());
        AffineParams affine = new AffineParams(
                DType.S8, 4, -8, 7, new float[] {1, 1, 1, 1}, new int[] {0, 0, 1, 0}, Granularity.perChannel(0));
        assertEquals(4 + 4 * 40 / 40.0, new QuantizedTensor(codes.shape(), affine, codes).bitsPerElement());
        assertFalse(affine.isSymmetric());
        byte[][] tables = {{-1, 0, 1}, {-2, 0, 1}};
        TableParams table = new TableParams(
                2, new float[] {1, 1}, tables, new float[][] {{-1, 0, 1}, {-2, 0, 1}}, Granularity.perGroup(20));
        assertEquals(2 * 32 + 2 * 3 * 8, table.storageBits());
        assertThrows(
                ShapeMismatchException.class,
                () -> new QuantizedTensor(Shape.of(4, 10), table, Tensor.zeros(DType.U8, 4, 10)));
    }

    @Test
    void tableParametersAreChecked() {
        float[] one = {1};
        assertThrows(InvalidValueException.class, () -> table(2, one, new byte[][] {{0, 1, 2, 3, 4}}));
        assertThrows(InvalidValueException.class, () -> table(2, one, new byte[][] {{1, 0}}));
        assertThrows(InvalidValueException.class, () -> table(2, one, new byte[][] {{}}));
        assertThrows(InvalidValueException.class, () -> table(2, new float[] {0}, new byte[][] {{0, 1}}));
        assertThrows(
                InvalidValueException.class,
                () -> new TableParams(2, one, new byte[][] {{0, 1}}, new float[][] {{0, Float.NaN}}, TENSOR));
        assertTrue(table(2, one, new byte[][] {{0, 1}}).isTableShared());
    }

    private static TableParams table(int bits, float[] scales, byte[][] tables) {
        return new TableParams(bits, scales, tables, new float[1][tables[0].length], TENSOR);
    }

    @Test
    void granularityCountsItsSets() {
        Shape shape = Shape.of(4, 3, 5);
        assertEquals(1, TENSOR.count(shape));
        assertEquals(4, Granularity.perChannel(0).count(shape));
        assertEquals(5, Granularity.perChannel(2).count(shape));
        assertEquals(4 * 4, Granularity.perGroup(4).count(shape));
        assertEquals(4, Granularity.perGroup(100).count(shape));
        assertThrows(
                ShapeMismatchException.class, () -> Granularity.perChannel(3).count(shape));
        assertThrows(
                ShapeMismatchException.class, () -> Granularity.perChannel(0).count(Shape.ofBatch(3)));
        assertEquals(3, Granularity.perChannel(1).count(Shape.ofBatch(3)));
        assertThrows(InvalidValueException.class, () -> Granularity.perChannel(-1));
        assertThrows(InvalidValueException.class, () -> Granularity.perGroup(0));
        assertThrows(InvalidValueException.class, () -> new Granularity(1, 8));
        assertEquals(
                "tensor channel channel1 group32",
                TENSOR + " " + Granularity.perChannel(0) + " " + Granularity.perChannel(1) + " "
                        + Granularity.perGroup(32));
    }

    @Test
    void codesMustFitTheirParameters() {
        AffineParams p = AffineParams.perTensor(DType.U8, 8, 1, 0);
        Tensor s8 = Tensor.zeros(DType.S8, 2, 2);
        assertThrows(InvalidValueException.class, () -> new QuantizedTensor(s8.shape(), p, s8));
        Tensor u8 = Tensor.zeros(DType.U8, 4);
        assertThrows(ShapeMismatchException.class, () -> new QuantizedTensor(Shape.of(2, 2), p, u8));
    }

    @Test
    void aBiasHasS32CodesWithoutZeroPoint() {
        AffineParams one = AffineParams.bias(0.5f);
        assertEquals(AffineParams.perTensor(DType.S32, 32, 0.5f, 0), one);
        assertEquals(32, one.bits());
        assertEquals(Granularity.perChannel(0), AffineParams.bias(0.5f, 2).granularity());
        assertArrayEquals(
                new float[] {50, -8e9f},
                new QuantizedTensor(
                                Shape.of(2), AffineParams.bias(0.5f, 4), Tensor.ofInts(new int[] {100, -2_000_000_000}))
                        .decode()
                        .toFloatArray());
        for (String message : List.of(
                assertThrows(InvalidValueException.class, () -> AffineParams.perTensor(DType.S32, 8, 1, 0))
                        .getMessage(),
                assertThrows(InvalidValueException.class, () -> AffineParams.perTensor(DType.S32, 32, 1, 5))
                        .getMessage(),
                assertThrows(InvalidValueException.class, () -> AffineParams.perTensor(DType.F32, 32, 1, 0))
                        .getMessage())) {
            assertTrue(message.contains("S32"), message);
        }
    }
}

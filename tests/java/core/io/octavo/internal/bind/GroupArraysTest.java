package io.octavo.internal.bind;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.octavo.InvalidValueException;
import io.octavo.NotFiniteException;
import io.octavo.ShapeMismatchException;
import io.octavo.internal.bind.GroupArrays.Groups;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;

class GroupArraysTest {
    private final Tensor x = Tensor.of(new float[] {1, -2, 3, 4, 0.5f, -6}, 2, 3);
    private final Groups pairs = new Groups(2, 3, 2);

    @Test
    void theLastGroupOfARowMayBeShorter() {
        assertEquals(4, pairs.count());
        long[] begins = {0, 2, 3, 5, 6};
        for (int i = 0; i < 4; i++) {
            assertEquals(begins[i], pairs.begin(i));
            assertEquals(begins[i + 1], pairs.end(i));
        }
        Arrays.MinMax found = GroupArrays.minMax(x, pairs);
        assertArrayEquals(new float[] {-2, 3, 0.5f, -6}, found.min());
        assertArrayEquals(new float[] {1, 3, 4, -6}, found.max());
    }

    @Test
    void codesThereAndBack() {
        Tensor codes = Tensor.zeros(DType.S8, 2, 3);
        float[] scales = {0.5f, 1, 0.25f, 2};
        int[] zeroPoints = {0, 1, 0, -1};
        GroupArrays.quantize(x, pairs, scales, zeroPoints, -10, 10, codes);
        assertArrayEquals(new byte[] {2, -4, 4, 10, 2, -4}, codes.toByteArray());
        Tensor back = Tensor.zeros(DType.F32, 2, 3);
        GroupArrays.dequantize(codes, pairs, scales, zeroPoints, back);
        assertArrayEquals(new float[] {1, -2, 3, 2.5f, 0.5f, -6}, back.toFloatArray());
    }

    @Test
    void nearestLevels() {
        Tensor codes = Tensor.zeros(DType.U8, 2, 3);
        GroupArrays.nearestLevel(x, pairs, new float[] {0, 1, 5, 6, 0, 2, -7, -5}, 2, codes);
        assertArrayEquals(new int[] {1, 0, 0, 1, 0, 0}, codes.toIntArray());
        assertThrows(
                NotFiniteException.class,
                () -> GroupArrays.nearestLevel(
                        Tensor.of(new float[] {Float.NaN}), Groups.one(1), new float[1], 1, Tensor.zeros(DType.U8, 1)));
    }

    @Test
    void whatDoesNotFitIsRefused() {
        assertThrows(ShapeMismatchException.class, () -> GroupArrays.minMax(x, Groups.one(5)));
        assertThrows(
                ShapeMismatchException.class,
                () -> GroupArrays.quantize(x, pairs, new float[3], new int[4], 0, 1, Tensor.zeros(DType.U8, 6)));
        assertThrows(ShapeMismatchException.class, () -> GroupArrays.fitScale(x, new long[2], pairs, new byte[] {1}));
        assertThrows(InvalidValueException.class, () -> GroupArrays.fitScale(x, null, pairs, new byte[] {2, 1}));
        assertThrows(InvalidValueException.class, () -> GroupArrays.fitLevels(x, new long[6], pairs, 2));
    }
}

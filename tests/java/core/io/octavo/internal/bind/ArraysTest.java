package io.octavo.internal.bind;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.octavo.ClosedException;
import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;

class ArraysTest {
    private final Tensor x = Tensor.of(new float[] {1, -2, Float.NaN, 4, 0.5f, Float.POSITIVE_INFINITY}, 2, 3);

    @Test
    void rangesOfChannels() {
        Arrays.MinMax perChannel = Arrays.minMax(x, 1, 2, 3);
        assertArrayEquals(new float[] {-2, 0.5f}, perChannel.min());
        assertArrayEquals(new float[] {1, 4}, perChannel.max());
        assertEquals(1, perChannel.nan());
        assertEquals(1, perChannel.inf());
        Arrays.MinMax whole = Arrays.minMax(x, 1, 1, 6);
        assertArrayEquals(new float[] {-2}, whole.min());
        assertArrayEquals(new float[] {4}, whole.max());
    }

    @Test
    void histogramsAddUp() {
        long[] counts = {0, 0, 10, 0, 0, 0, 0};
        Arrays.histogram(Tensor.of(new float[] {-2, -0.25f, 0, 0.9f, 4}), 0, -2, counts);
        assertArrayEquals(new long[] {1, 1, 12, 0, 0, 0, 1}, counts);
        assertThrows(InvalidValueException.class, () -> Arrays.histogram(Tensor.of(new float[] {9}), 0, -2, counts));
        assertArrayEquals(new long[] {1, 1, 12, 0, 0, 0, 1}, counts);
    }

    @Test
    void codesThereAndBack() {
        Tensor values = Tensor.of(new float[] {-1, 0, 0.5f, 100}, 2, 2);
        Tensor codes = Tensor.zeros(DType.U8, 2, 2);
        Arrays.quantize(values, 1, 1, 4, new float[] {0.25f}, new int[] {10}, 0, 127, codes);
        assertArrayEquals(new int[] {6, 10, 12, 127}, codes.toIntArray());
        Tensor back = Tensor.zeros(DType.F32, 2, 2);
        Arrays.dequantize(codes, 1, 1, 4, new float[] {0.25f}, new int[] {10}, back);
        assertArrayEquals(new float[] {-1, 0, 0.5f, 29.25f}, back.toFloatArray());
        Arrays.SquaredError error = Arrays.squaredError(values, back);
        assertEquals(70.75 * 70.75, error.error());
        assertEquals(10001.25, error.power());
    }

    @Test
    void whatDoesNotFitIsRefused() {
        assertThrows(ShapeMismatchException.class, () -> Arrays.minMax(x, 1, 2, 2));
        assertThrows(InvalidValueException.class, () -> Arrays.minMax(x, 0, 2, 3));
        assertThrows(ShapeMismatchException.class, () -> Arrays.minMax(Tensor.zeros(DType.U8, 6), 1, 1, 6));
        assertThrows(
                ShapeMismatchException.class,
                () -> Arrays.quantize(
                        x, 1, 2, 3, new float[] {1}, new int[] {0}, 0, 255, Tensor.zeros(DType.U8, 2, 3)));
        assertThrows(ShapeMismatchException.class, () -> Arrays.squaredError(x, Tensor.zeros(DType.F32, 5)));
        Tensor closed = Tensor.of(new float[1]);
        closed.close();
        assertThrows(ClosedException.class, () -> Arrays.minMax(closed, 1, 1, 1));
    }
}

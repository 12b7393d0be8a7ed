package io.octavo.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.ClosedException;
import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.UnsupportedException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class TensorTest {
    @Test
    void holdsWhatItIsGiven() {
        Tensor floats = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
        assertEquals(6, floats.getFloat(1, 2));
        assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, floats.toFloatArray());
        assertEquals("F32 [2, 3]", floats.toString());
        Tensor ints = Tensor.ofInts(new int[] {-1, Integer.MAX_VALUE});
        assertEquals(Integer.MAX_VALUE, ints.getInt(1));
        assertArrayEquals(new int[] {-1, Integer.MAX_VALUE}, ints.toIntArray());
        Tensor unsigned = Tensor.ofBytes(DType.U8, new byte[] {(byte) 200, 1}, 2);
        assertEquals(200, unsigned.getInt(0));
        assertArrayEquals(new int[] {200, 1}, unsigned.toIntArray());
        Tensor signed = Tensor.ofBytes(DType.S8, new byte[] {-128, 127}, 2);
        assertArrayEquals(new int[] {-128, 127}, signed.toIntArray());
        assertArrayEquals(new byte[] {-128, 127}, signed.toByteArray());
    }

    @Test
    void longsAndTruthAreHeldToo() {
        Tensor longs = Tensor.ofLongs(new long[] {-1, Long.MAX_VALUE, 7, 8}, 2, 2);
        assertEquals(Long.MAX_VALUE, longs.getLong(0, 1));
        assertArrayEquals(new long[] {-1, Long.MAX_VALUE, 7, 8}, longs.toLongArray());
        assertEquals(32, longs.byteSize());
        assertArrayEquals(new long[] {7, 8}, longs.slice(1, 2).toLongArray());
        Tensor truth = Tensor.ofBooleans(new boolean[] {true, false, true});
        assertArrayEquals(new boolean[] {true, false, true}, truth.toBooleanArray());
        assertEquals(3, truth.byteSize());
        assertThrows(ShapeMismatchException.class, longs::toIntArray);
        assertThrows(ShapeMismatchException.class, truth::toByteArray);
        assertThrows(ShapeMismatchException.class, () -> truth.getInt(0));
        assertThrows(InvalidValueException.class, () -> Tensor.ofBytes(DType.BOOL, new byte[] {2}));
    }

    @Test
    void scalarsHaveOneElement() {
        Tensor scalar = Tensor.zeros(DType.F32, Shape.of());
        scalar.floats().put(0, 7);
        assertEquals(7, scalar.getFloat());
        assertEquals(4, scalar.byteSize());
    }

    @Test
    void memoryIsAlignedAndOfTheRightSize() {
        for (int n : new int[] {1, 3, 63, 64, 65, 1000}) {
            ByteBuffer bytes = Tensor.zeros(DType.U8, n).bytes();
            assertEquals(n, bytes.remaining());
            assertTrue(bytes.isDirect());
            assertEquals(ByteOrder.nativeOrder(), bytes.order());
            assertEquals(0, bytes.alignmentOffset(0, 64));
        }
    }

    @Test
    void viewsShareMemoryAndOutliveTheirTensor() {
        Tensor tensor = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 3, 2);
        Tensor rows = tensor.slice(1, 3);
        Tensor flat = tensor.reshape(6);
        flat.floats().put(2, 30);
        assertEquals(30, rows.getFloat(0, 0));
        assertEquals(Shape.of(2, 2), rows.shape());
        Tensor copy = tensor.copy();
        tensor.close();
        assertEquals(6, rows.getFloat(1, 1));
        assertEquals(30, copy.getFloat(1, 0));
        copy.floats().put(0, 9);
        assertEquals(1, flat.getFloat(0));
    }

    @Test
    void viewsThatDoNotFitAreRefused() {
        Tensor tensor = Tensor.zeros(DType.S8, 3, 2);
        assertThrows(ShapeMismatchException.class, () -> tensor.reshape(7));
        assertThrows(InvalidValueException.class, () -> tensor.slice(2, 2));
        assertThrows(InvalidValueException.class, () -> tensor.slice(-1, 2));
        assertThrows(InvalidValueException.class, () -> tensor.slice(0, 4));
        assertThrows(InvalidValueException.class, () -> tensor.getInt(3, 0));
        assertThrows(InvalidValueException.class, () -> tensor.getInt(0));
        assertThrows(ShapeMismatchException.class, () -> tensor.getFloat(0, 0));
        assertThrows(ShapeMismatchException.class, () -> tensor.copyFrom(Tensor.zeros(DType.S8, 2, 3)));
        assertThrows(ShapeMismatchException.class, () -> Tensor.of(new float[5], 2, 3));
        assertThrows(InvalidValueException.class, () -> Tensor.ofBytes(DType.F32, new byte[4], 1));
        assertThrows(UnsupportedException.class, () -> Tensor.zeros(DType.F32, 1L << 30));
        assertThrows(InvalidValueException.class, () -> Tensor.zeros(DType.F32, Shape.ofBatch(2)));
    }

    @Test
    void wrapsTheCallersBuffer() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(32).order(ByteOrder.nativeOrder());
        buffer.position(8);
        Tensor tensor = Tensor.wrap(DType.S32, Shape.of(2), buffer);
        buffer.putInt(12, 77);
        assertEquals(77, tensor.getInt(1));
        tensor.close();
        assertEquals(77, buffer.getInt(12));
        assertThrows(ShapeMismatchException.class, () -> Tensor.wrap(DType.S32, Shape.of(7), buffer));
        assertThrows(InvalidValueException.class, () -> Tensor.wrap(DType.U8, Shape.of(1), ByteBuffer.allocate(1)));
        assertThrows(InvalidValueException.class, () -> Tensor.wrap(DType.U8, Shape.of(1), buffer.asReadOnlyBuffer()));
        buffer.position(9);
        assertThrows(InvalidValueException.class, () -> Tensor.wrap(DType.F32, Shape.of(1), buffer));
    }

    @Test
    void everyUseAfterCloseIsRefused() {
        List<Consumer<Tensor>> uses = List.of(
                Tensor::bytes,
                Tensor::floats,
                t -> t.getFloat(0),
                Tensor::toFloatArray,
                t -> t.reshape(1, 2),
                t -> t.slice(0, 1),
                Tensor::copy,
                t -> t.copyFrom(Tensor.of(new float[2])),
                t -> Tensor.of(new float[2]).copyFrom(t),
                Tensor::memory);
        for (Consumer<Tensor> use : uses) {
            Tensor tensor = Tensor.of(new float[] {1, 2});
            tensor.close();
            tensor.close();
            assertTrue(tensor.isClosed());
            ClosedException e = assertThrows(ClosedException.class, () -> use.accept(tensor));
            assertTrue(e.getMessage().contains("[2]"), e.getMessage());
        }
    }
}

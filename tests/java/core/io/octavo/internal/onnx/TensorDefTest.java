package io.octavo.internal.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.CorruptDataException;
import io.octavo.UnsupportedException;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Elements, in each place where a file may have them. */
class TensorDefTest {
    private static TensorDef raw(ElementType type, long elements, int... bytes) {
        return new TensorDef("x", type, List.of(elements), new TensorData.Raw(ByteBuffer.wrap(bytes(bytes))));
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    // ---- Raw
    // ---------------------------------------------------------------------------------------------------------------

    @Test
    void integersWiden() {
        TensorDef u16 = raw(ElementType.U16, 2, 0xFF, 0xFF, 1, 0);
        assertArrayEquals(new long[] {65535, 1}, u16.toLongArray());
        assertEquals(DType.S32, u16.tensor().dtype());
        assertArrayEquals(new int[] {65535, 1}, u16.tensor().toIntArray());
        assertArrayEquals(
                new int[] {-1, 256},
                raw(ElementType.S16, 2, 0xFF, 0xFF, 0, 1).tensor().toIntArray());
        TensorDef u32 = raw(ElementType.U32, 1, 0xFE, 0xFF, 0xFF, 0xFF);
        assertEquals(DType.S64, u32.tensor().dtype());
        assertArrayEquals(new long[] {4294967294L}, u32.tensor().toLongArray());
        assertArrayEquals(
                new int[] {-2},
                raw(ElementType.S32, 1, 0xFE, 0xFF, 0xFF, 0xFF).tensor().toIntArray());
        assertArrayEquals(
                new long[] {258},
                raw(ElementType.U64, 1, 2, 1, 0, 0, 0, 0, 0, 0).tensor().toLongArray());
        assertArrayEquals(
                new long[] {Long.MIN_VALUE},
                raw(ElementType.S64, 1, 0, 0, 0, 0, 0, 0, 0, 0x80).tensor().toLongArray());
    }

    @Test
    void aU64BeyondS64IsNoTensor() {
        TensorDef tensor = raw(ElementType.U64, 1, 0, 0, 0, 0, 0, 0, 0, 0x80);
        UnsupportedException e = assertThrows(UnsupportedException.class, tensor::tensor);
        assertTrue(e.getMessage().contains("9223372036854775808"), e.getMessage());
        assertArrayEquals(new long[] {Long.MIN_VALUE}, tensor.toLongArray());
    }

    @Test
    void smallIntegersArePackedFromTheLowestBits() {
        TensorDef u4 = raw(ElementType.U4, 3, 0xF1, 0x07);
        assertArrayEquals(new long[] {1, 15, 7}, u4.toLongArray());
        assertEquals(DType.U8, u4.tensor().dtype());
        assertArrayEquals(new byte[] {1, 15, 7}, u4.tensor().toByteArray());
        TensorDef s4 = raw(ElementType.S4, 4, 0x8F, 0x71);
        assertArrayEquals(new long[] {-1, -8, 1, 7}, s4.toLongArray());
        assertEquals(DType.S8, s4.tensor().dtype());
        assertArrayEquals(
                new long[] {0, 1, 2, 3, 1}, raw(ElementType.U2, 5, 0xE4, 0x01).toLongArray());
        assertArrayEquals(
                new long[] {0, 1, -2, -1, 1}, raw(ElementType.S2, 5, 0xE4, 0x01).toLongArray());
    }

    /** Whatever byte a file has for true, one is handed on. */
    @Test
    void truthIsOne() {
        TensorDef bool = raw(ElementType.BOOL, 3, 0, 1, 2);
        assertArrayEquals(new long[] {0, 1, 1}, bool.toLongArray());
        assertEquals(DType.BOOL, bool.tensor().dtype());
        assertEquals(1, bool.tensor().bytes().get(2));
    }

    /** All 65,536 of them, against a computation in double from the definition. */
    @Test
    void halfPrecisionIsExact() {
        ByteBuffer bytes = ByteBuffer.allocate(2 << 16).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 1 << 16; i++) {
            bytes.putShort((short) i);
        }
        TensorDef halves = new TensorDef("h", ElementType.F16, List.of(65536L), new TensorData.Raw(bytes.flip()));
        float[] values = halves.toFloatArray();
        for (int i = 0; i < 1 << 16; i++) {
            int exponent = i >> 10 & 31;
            int fraction = i & 1023;
            double magnitude = exponent == 31
                    ? (fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN)
                    : exponent == 0 ? fraction * Math.pow(2, -24) : (1024 + fraction) * Math.pow(2, exponent - 25);
            float expected = (float) (i >= 1 << 15 ? -magnitude : magnitude);
            assertEquals(expected, values[i], "bits " + i);
        }
        assertArrayEquals(values, halves.tensor().toFloatArray());
    }

    @Test
    void otherRealsBecomeF32() {
        float[] expected = {1, -2.5f, Float.NEGATIVE_INFINITY};
        assertArrayEquals(
                expected,
                raw(ElementType.BF16, 3, 0x80, 0x3F, 0x20, 0xC0, 0x80, 0xFF).toFloatArray());
        ByteBuffer doubles = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
        doubles.putDouble(1).putDouble(-2.5).putDouble(-1e300).flip();
        TensorDef f64 = new TensorDef("d", ElementType.F64, List.of(3L), new TensorData.Raw(doubles));
        assertArrayEquals(expected, f64.toFloatArray());
        assertArrayEquals(expected, f64.tensor().toFloatArray());
        assertEquals(DType.F32, f64.tensor().dtype());
    }

    /** A slice of a file begins anywhere. */
    @Test
    void elementsNeedNoAlignment() {
        for (int at = 0; at < 9; at++) {
            ByteBuffer file = ByteBuffer.allocateDirect(at + 16).order(ByteOrder.LITTLE_ENDIAN);
            file.putFloat(at, 1.5f).putFloat(at + 4, -3).putInt(at + 8, 7).putInt(at + 12, 0);
            ByteBuffer floats = file.slice(at, 8);
            ByteBuffer longs = file.slice(at + 8, 8);
            TensorDef f32 = new TensorDef("f", ElementType.F32, List.of(2L, 1L), new TensorData.Raw(floats));
            assertArrayEquals(new float[] {1.5f, -3}, f32.tensor().toFloatArray());
            TensorDef s64 = new TensorDef("s", ElementType.S64, List.of(), new TensorData.Raw(longs));
            assertArrayEquals(new long[] {7}, s64.tensor().toLongArray());
            assertEquals(0, s64.tensor().shape().rank());
        }
    }

    @Test
    void noElementsAreAnArrayAndNoTensor() {
        TensorDef none = new TensorDef(
                "e", ElementType.S64, List.of(0L, 1L << 62, 1L << 62), new TensorData.Raw(ByteBuffer.allocate(0)));
        assertEquals(0, none.elements());
        assertArrayEquals(new long[0], none.toLongArray());
        assertThrows(UnsupportedException.class, none::tensor);
    }

    // ---- In the fields of their types
    // -----------------------------------------------------------------------------------------

    /** Packed, one by one, and some of each: parsers take them all. */
    @Test
    void typedFieldsComeInAnyForm() {
        Proto packed =
                Proto.tensorOf("x", ElementType.S64, 4).packed(Schema.Tensor.INT64_DATA, 1, -1, 300, Long.MIN_VALUE);
        Proto single =
                Proto.tensorOf("x", ElementType.S64, 4).varint(Schema.Tensor.INT64_DATA, 1, -1, 300, Long.MIN_VALUE);
        Proto mixed = Proto.tensorOf("x", ElementType.S64, 4)
                .varint(Schema.Tensor.INT64_DATA, 1)
                .packed(Schema.Tensor.INT64_DATA, -1, 300)
                .packed(Schema.Tensor.INT64_DATA)
                .varint(Schema.Tensor.INT64_DATA, Long.MIN_VALUE);
        for (Proto proto : List.of(packed, single, mixed)) {
            assertArrayEquals(
                    new long[] {1, -1, 300, Long.MIN_VALUE}, proto.tensor().toLongArray());
            assertEquals(packed.tensor(), proto.tensor());
            assertEquals(proto.tensor(), Written.tensor(Written.bytes(proto.tensor())));
        }
        Proto dims = new Proto()
                .packed(Schema.Tensor.DIMS, 2, 1)
                .varint(Schema.Tensor.DATA_TYPE, 1)
                .fixed32(Schema.Tensor.FLOAT_DATA, 2.5f)
                .bytes(Schema.Tensor.FLOAT_DATA, bytes(0, 0, 0x80, 0xBF));
        assertArrayEquals(new float[] {2.5f, -1}, dims.tensor().toFloatArray());
        Proto doubles = Proto.tensorOf("d", ElementType.F64, 2)
                .fixed64(Schema.Tensor.DOUBLE_DATA, 0.1)
                .fixed64(Schema.Tensor.DOUBLE_DATA, -4);
        assertArrayEquals(new float[] {0.1f, -4}, doubles.tensor().toFloatArray());
    }

    @Test
    void int32DataHoldsSmallTypes() {
        assertArrayEquals(
                new long[] {-128, 127}, int32(ElementType.S8, 2, -128, 127).toLongArray());
        assertArrayEquals(
                new byte[] {-128, 127},
                int32(ElementType.S8, 2, -128, 127).tensor().toByteArray());
        assertArrayEquals(new long[] {0, 255}, int32(ElementType.U8, 2, 0, 255).toLongArray());
        assertArrayEquals(new long[] {65535}, int32(ElementType.U16, 1, 65535).toLongArray());
        assertArrayEquals(new long[] {-32768}, int32(ElementType.S16, 1, -32768).toLongArray());
        assertArrayEquals(
                new long[] {Integer.MIN_VALUE},
                int32(ElementType.S32, 1, Integer.MIN_VALUE).toLongArray());
        assertArrayEquals(new long[] {1, 0}, int32(ElementType.BOOL, 2, 1, 0).toLongArray());
        assertArrayEquals(
                new float[] {1, -2}, int32(ElementType.F16, 2, 0x3C00, 0xC000).toFloatArray());
        assertArrayEquals(
                new float[] {1, -2}, int32(ElementType.BF16, 2, 0x3F80, 0xC000).toFloatArray());
        assertArrayEquals(
                new long[] {1, -8, 7}, int32(ElementType.S4, 3, 0x81, 0x07).toLongArray());
        assertArrayEquals(
                new long[] {4294967295L, 1},
                Proto.tensorOf("x", ElementType.U32, 2)
                        .packed(Schema.Tensor.UINT64_DATA, 4294967295L, 1)
                        .tensor()
                        .toLongArray());
    }

    private static TensorDef int32(ElementType type, long elements, long... values) {
        return Proto.tensorOf("x", type, elements)
                .packed(Schema.Tensor.INT32_DATA, values)
                .tensor();
    }

    @Test
    void whatATypeCannotHoldIsRefused() {
        assertRefused("number 1 of its data is 256", () -> int32(ElementType.U8, 2, 0, 256));
        assertRefused("number 0 of its data is -1", () -> int32(ElementType.U8, 1, -1));
        assertRefused("is 128", () -> int32(ElementType.S8, 1, 128));
        assertRefused("is 65536", () -> int32(ElementType.F16, 1, 65536));
        assertRefused("is 2", () -> int32(ElementType.BOOL, 1, 2));
        assertRefused("is 4294967296", () -> int32(ElementType.S32, 1, 1L << 32));
    }

    private static void assertRefused(String said, Executable read) {
        CorruptDataException e = assertThrows(CorruptDataException.class, read);
        assertTrue(
                e.getMessage().startsWith("test.pb: ")
                        && e.getMessage().contains("\"x\"")
                        && e.getMessage().contains(said),
                e.getMessage());
    }

    // ---- What is recognized only
    // --------------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource(ElementType.class)
    void everyTypeIsRefusedOrAnswers(ElementType type) {
        if (type == ElementType.UNDEFINED || type == ElementType.STRING) {
            return;
        }
        TensorDef tensor =
                new TensorDef("x", type, List.of(8L), new TensorData.Raw(ByteBuffer.allocate((int) type.bytes(8))));
        assertEquals(type.bytes(8), tensor.raw().remaining());
        if (type.isInteger()) {
            assertEquals(8, tensor.toLongArray().length);
        } else {
            assertThrows(UnsupportedException.class, tensor::toLongArray);
        }
        if (type.isReal()) {
            assertEquals(8, tensor.toFloatArray().length);
        } else {
            assertThrows(UnsupportedException.class, tensor::toFloatArray);
        }
        if (type.dtype() == null) {
            UnsupportedException e = assertThrows(UnsupportedException.class, tensor::tensor);
            assertTrue(e.getMessage().contains("\"x\" " + type), e.getMessage());
        } else {
            assertEquals(type.dtype(), tensor.tensor().dtype());
        }
    }

    @Test
    void stringsAreReadAndNotUsed() {
        TensorDef strings = Proto.tensorOf("s", ElementType.STRING, 2)
                .string(Schema.Tensor.STRING_DATA, "ü")
                .string(Schema.Tensor.STRING_DATA, "")
                .tensor();
        assertEquals(new TensorData.Strings(List.of("ü", "")), strings.data());
        assertThrows(UnsupportedException.class, strings::tensor);
        assertThrows(UnsupportedException.class, strings::raw);
    }

    @Test
    void aTensorThatIsWrittenIsThatTensor() {
        Tensor tensor = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
        TensorDef held = TensorDef.of("w", tensor);
        assertArrayEquals(new float[] {1, 2, 3, 4}, held.toFloatArray());
        tensor.floats().put(0, 9);
        assertEquals(9, held.tensor().getFloat(0, 0));
        for (DType dtype : DType.values()) {
            assertEquals(dtype, TensorDef.of("", Tensor.zeros(dtype, 3)).type().dtype());
        }
    }
}

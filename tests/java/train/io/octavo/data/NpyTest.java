package io.octavo.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.CorruptDataException;
import io.octavo.DataException;
import io.octavo.DataNotFoundException;
import io.octavo.OctavoException;
import io.octavo.UnsupportedException;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpyTest {
    @TempDir
    Path dir;

    /** A file of the format's version 1 with a dictionary as given. */
    static byte[] npy(String dict, byte[] data) {
        return npy(new byte[] {1, 0, (byte) (dict.length() + 1), (byte) ((dict.length() + 1) >> 8)}, dict + "\n", data);
    }

    private static byte[] npy(byte[] versionAndLength, String header, byte[] data) {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'});
        file.writeBytes(versionAndLength);
        file.writeBytes(header.getBytes(StandardCharsets.UTF_8));
        file.writeBytes(data);
        return file.toByteArray();
    }

    static String dict(String descr, String shape) {
        return "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }";
    }

    private Tensor read(byte[] bytes) throws IOException {
        return Npy.read(Files.write(dir.resolve("array.npy"), bytes));
    }

    private static ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void everyTypeIsRead() throws IOException {
        byte[] f8 = buffer(16).putDouble(1.5).putDouble(-0.1).array();
        assertArrayEquals(
                new float[] {1.5f, -0.1f}, read(npy(dict("<f8", "(2,)"), f8)).toFloatArray());
        byte[] f4 = buffer(8).putFloat(1.5f).putFloat(Float.NaN).array();
        assertArrayEquals(
                new float[] {1.5f, Float.NaN},
                read(npy(dict("<f4", "(2,)"), f4)).toFloatArray());
        byte[] f2 = buffer(4).putShort((short) 0x3C00).putShort((short) 0xC100).array();
        assertArrayEquals(
                new float[] {1, -2.5f}, read(npy(dict("<f2", "(2,)"), f2)).toFloatArray());
        byte[] bytes = {1, -1, 127, -128};
        Tensor u1 = read(npy(dict("|u1", "(2, 2)"), bytes));
        assertEquals("U8 [2, 2]", u1.toString());
        assertArrayEquals(new int[] {1, 255, 127, 128}, u1.toIntArray());
        assertArrayEquals(
                new int[] {1, -1, 127, -128},
                read(npy(dict("|i1", "(4,)"), bytes)).toIntArray());
        assertArrayEquals(
                new boolean[] {true, false},
                read(npy(dict("|b1", "(2,)"), new byte[] {1, 0})).toBooleanArray());
        byte[] i2 = buffer(4).putShort((short) -3).putShort((short) 40000).array();
        assertArrayEquals(
                new int[] {-3, 40000 - 65536},
                read(npy(dict("<i2", "(2,)"), i2)).toIntArray());
        assertArrayEquals(
                new int[] {65533, 40000}, read(npy(dict("<u2", "(2,)"), i2)).toIntArray());
        byte[] i4 = buffer(4).putInt(-5).array();
        Tensor s32 = read(npy(dict("<i4", "(1,)"), i4));
        assertEquals(DType.S32, s32.dtype());
        assertArrayEquals(new int[] {-5}, s32.toIntArray());
        assertArrayEquals(
                new long[] {4294967291L}, read(npy(dict("<u4", "(1,)"), i4)).toLongArray());
        byte[] i8 = buffer(8).putLong(-5L << 40).array();
        assertArrayEquals(
                new long[] {-5L << 40}, read(npy(dict("<i8", "(1,)"), i8)).toLongArray());
        assertThrows(UnsupportedException.class, () -> read(npy(dict("<u8", "(1,)"), i8)));
    }

    @Test
    void headersOfOtherVersionsAndStylesAreRead() throws IOException {
        byte[] one = {7};
        String odd = "  {\"shape\":(1L ,) ,'descr':\"|u1\",'fortran_order':False}  ";
        assertEquals(7, read(npy(odd, one)).getInt(0));
        byte[] length =
                buffer(6).put((byte) 2).put((byte) 0).putInt(odd.length()).array();
        assertEquals(7, read(npy(length, odd, one)).getInt(0));
        length[0] = 3;
        assertEquals(7, read(npy(length, odd, one)).getInt(0));
        Tensor scalar = read(npy(dict("|u1", "()"), one));
        assertEquals(0, scalar.shape().rank());
    }

    @Test
    void fortranOrderIsTransposed() throws IOException {
        // Element [i, j, k] of 2 x 3 x 2 is 100 i + 10 j + k; the first index runs quickest.
        byte[] data = new byte[12];
        for (int i = 0, at = 0; i < 2; i++) {
            for (int j = 0; j < 3; j++) {
                for (int k = 0; k < 2; k++, at++) {
                    data[i + 2 * j + 6 * k] = (byte) (100 * i + 10 * j + k);
                }
            }
        }
        Tensor read = read(npy(dict("|u1", "(2, 3, 2)").replace("False", "True"), data));
        assertEquals("U8 [2, 3, 2]", read.toString());
        assertArrayEquals(new int[] {0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121}, read.toIntArray());
    }

    @Test
    void whatIsWrittenIsReadAgain() throws IOException {
        Random random = new Random(3);
        for (DType dtype : DType.values()) {
            for (Shape shape : List.of(Shape.of(), Shape.of(5), Shape.of(2, 3), Shape.of(1, 2, 1, 4))) {
                Tensor tensor = Tensor.zeros(dtype, shape);
                byte[] bytes = new byte[(int) tensor.byteSize()];
                for (int i = 0; i < bytes.length; i++) {
                    bytes[i] = (byte) (dtype == DType.BOOL ? random.nextInt(2) : random.nextInt(128));
                }
                tensor.bytes().put(bytes);
                Path file = dir.resolve("t.npy");
                Npy.write(file, tensor);
                Tensor read = Npy.read(file);
                assertEquals(tensor.toString(), read.toString());
                assertEquals(tensor.bytes(), read.bytes());
                assertEquals(0, (Files.size(file) - tensor.byteSize()) % 64, "elements are aligned");
            }
        }
        // What NumPy 2 itself writes for such an array.
        Npy.write(dir.resolve("t.npy"), Tensor.of(new float[6], 2, 3));
        String start = new String(Files.readAllBytes(dir.resolve("t.npy")), StandardCharsets.ISO_8859_1);
        assertEquals(
                "\u0093NUMPY\u0001\0v\0{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }" + " ".repeat(58)
                        + "\n",
                start.substring(0, 128));
    }

    @Test
    void zipsAreReadByName() throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        files.put("b.npy", npy(dict("|u1", "(2,)"), new byte[] {1, 2}));
        files.put("a/x:0.npy", npy(dict("<f4", "(1,)"), buffer(4).putFloat(3).array()));
        TinyData.writeZip(dir.resolve("t.npz"), files);
        Map<String, Tensor> read = Npy.readZip(dir.resolve("t.npz"));
        assertEquals(List.of("a/x:0", "b"), List.copyOf(read.keySet()));
        assertEquals(3f, read.get("a/x:0").getFloat(0));
        assertEquals(2, read.get("b").getInt(1));

        files.put("readme.txt", new byte[1]);
        TinyData.writeZip(dir.resolve("t.npz"), files);
        assertTrue(message(CorruptDataException.class, () -> Npy.readZip(dir.resolve("t.npz")))
                .contains("t.npz: entry readme.txt"));
        files.remove("readme.txt");
        files.put("c.npy", npy(dict("<f8", "(200000000,)"), new byte[8]));
        TinyData.writeZip(dir.resolve("t.npz"), files);
        assertTrue(message(CorruptDataException.class, () -> Npy.readZip(dir.resolve("t.npz")))
                .contains("t.npz: entry c.npy"));
        Files.write(dir.resolve("t.npz"), new byte[] {'P', 'K', 3, 4, 0});
        message(CorruptDataException.class, () -> Npy.readZip(dir.resolve("t.npz")));
    }

    @Test
    void whatIsNoArrayOfNumbersIsRefusedByName() {
        byte[] data = new byte[8];
        Map<String, byte[]> wrong = new TreeMap<>();
        wrong.put("mark", "no npy at all".getBytes());
        wrong.put("mark of nothing", new byte[0]);
        wrong.put("takes 40000000 bytes", npy(dict("<f4", "(10000000,)"), data));
        wrong.put("more bytes than can be counted", npy(dict("<f4", "(3000000000, 3000000000)"), data));
        wrong.put("bytes follow", npy(dict("<f4", "(1,)"), data));
        wrong.put(
                "dictionary of descr, fortran_order and shape", npy("{'descr': '<f4', 'fortran_order': False}", data));
        wrong.put("dictionary of a list", npy("[1, 2]", data));
        wrong.put("dictionary of twice", npy(dict("<f4", "(2,), 'descr': '<f4'"), data));
        wrong.put("dictionary of no number", npy(dict("<f4", "(2, x)"), data));
        wrong.put("dictionary of below 0", npy(dict("<f4", "(-2,)"), data));
        wrong.put("dictionary of a hole", npy(dict("<f4", "(2,,1)"), data));
        wrong.put("dictionary of code", npy(dict("<f4", "__import__('os')"), data));
        wrong.put("is missing", npy(new byte[] {1, 0}, "", new byte[1]));
        wrong.put("the header has", npy(new byte[] {1, 0, 100, 0}, "{", new byte[0]));
        wrong.put("claims 4294967295 bytes", npy(new byte[] {2, 0, -1, -1, -1, -1}, "{", data));
        wrong.forEach((expected, bytes) -> {
            String message = message(CorruptDataException.class, () -> read(bytes));
            assertTrue(message.contains(expected.replaceAll(" of .*", "")) && message.contains("array.npy"), message);
        });
        Map<String, byte[]> unsupported = new TreeMap<>();
        unsupported.put("'>f4'", npy(dict(">f4", "(2,)"), data));
        unsupported.put("'|O'", npy(dict("|O", "(1,)"), data));
        unsupported.put("'<c8'", npy(dict("<c8", "(1,)"), data));
        unsupported.put("'<U2'", npy(dict("<U2", "(1,)"), data));
        unsupported.put("[('a'", npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}", data));
        unsupported.put("no elements", npy(dict("<f4", "(2, 0)"), new byte[0]));
        unsupported.put("9 dimensions", npy(dict("<f4", "(1,1,1,1,1,1,1,1,2)"), data));
        unsupported.put("version 9", npy(new byte[] {9, 0, 0, 0}, "", data));
        unsupported.forEach((expected, bytes) -> {
            String message = message(UnsupportedException.class, () -> read(bytes));
            assertTrue(message.contains(expected) && message.contains("array.npy"), message);
        });
        assertThrows(DataNotFoundException.class, () -> Npy.read(dir.resolve("none.npy")));
        assertThrows(DataNotFoundException.class, () -> Npy.readZip(dir.resolve("none.npz")));
        assertThrows(DataException.class, () -> Npy.read(dir));
    }

    /** A header of thousands of dimensions must not exhaust the stack of a pattern. */
    @Test
    void longHeadersAreRefusedToo() {
        String shape = "(" + "1,".repeat(4000) + ")";
        assertTrue(message(OctavoException.class, () -> read(npy(dict("|u1", shape), new byte[1])))
                .contains("4000 dimensions"));
        String spaces = dict("|u1", "(1,)").replace(", }", " ".repeat(9000) + "x}");
        message(CorruptDataException.class, () -> read(npy(spaces, new byte[1])));
    }

    @Test
    void damagedBytesNeverEscapeAsAnotherError() throws IOException {
        byte[] whole = npy(dict("<f4", "(2, 3)"), new byte[24]);
        Random random = new Random(11);
        int refused = 0;
        for (int i = 0; i < 3000; i++) {
            byte[] damaged = Arrays.copyOf(whole, random.nextInt(4) == 0 ? random.nextInt(whole.length) : whole.length);
            for (int k = random.nextInt(3); k >= 0 && damaged.length > 0; k--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
            }
            try {
                read(damaged).close();
            } catch (OctavoException e) {
                assertTrue(e.getMessage().contains("array.npy"), e.getMessage());
                refused++;
            }
        }
        assertTrue(refused > 1000, "refused " + refused);
    }

    private static <T extends Exception> String message(Class<T> type, org.junit.jupiter.api.function.Executable body) {
        return assertThrows(type, body).getMessage();
    }
}

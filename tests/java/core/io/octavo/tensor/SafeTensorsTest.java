package io.octavo.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.CorruptDataException;
import io.octavo.DataNotFoundException;
import io.octavo.InvalidValueException;
import io.octavo.OctavoException;
import io.octavo.UnsupportedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafeTensorsTest {
    @TempDir
    Path folder;

    @Test
    void whatIsWrittenIsRead() throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("codes", Tensor.ofBytes(DType.U8, new byte[] {0, -1, 7}, 3));
        tensors.put("0.weight", Tensor.of(new float[] {1.5f, -2, Float.MIN_VALUE, 0}, 2, 2));
        tensors.put("s8 \"quoted\"", Tensor.ofBytes(DType.S8, new byte[] {-128, 127}, 1, 2));
        tensors.put("scalar", Tensor.ofInts(new int[] {-5}, 1).reshape());
        Path file = folder.resolve("model.safetensors");
        SafeTensors.write(file, tensors, Map.of("format", "octavo", "note", "ü"));
        Map<String, Tensor> back = SafeTensors.read(file);
        assertEquals(tensors.keySet(), back.keySet());
        for (String name : tensors.keySet()) {
            assertEquals(tensors.get(name).dtype(), back.get(name).dtype());
            assertEquals(tensors.get(name).shape(), back.get(name).shape());
            assertEquals(tensors.get(name).bytes(), back.get(name).bytes());
        }
        assertEquals(Map.of("format", "octavo", "note", "ü"), SafeTensors.metadata(file));
        byte[] bytes = Files.readAllBytes(file);
        assertEquals(
                0, ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong() % 8); // wide tensors are aligned
        SafeTensors.write(file, tensors, Map.of());
        assertEquals(Map.of(), SafeTensors.metadata(file));
        try (var files = Files.list(folder)) {
            assertEquals(List.of(file), files.toList()); // no temporary file is left
        }
    }

    @Test
    void theOrderOfMetadataDoesNotChangeTheBytes() throws IOException {
        Map<String, Tensor> tensors = Map.of("a", Tensor.of(new float[] {1, 2}, 2));
        Map<String, String> up = new LinkedHashMap<>();
        Map<String, String> down = new LinkedHashMap<>();
        for (int i = 0; i < 9; i++) {
            up.put("key" + i, "value");
            down.put("key" + (8 - i), "value");
        }
        Path first = folder.resolve("up.safetensors");
        Path second = folder.resolve("down.safetensors");
        SafeTensors.write(first, tensors, up);
        SafeTensors.write(second, tensors, down);
        assertArrayEquals(Files.readAllBytes(first), Files.readAllBytes(second));
    }

    @Test
    void aFailedWriteLeavesTheOldFile() throws IOException {
        Path file = folder.resolve("old.safetensors");
        Files.writeString(file, "old");
        Tensor closed = Tensor.of(new float[] {1});
        closed.close();
        assertThrows(OctavoException.class, () -> SafeTensors.write(file, Map.of("x", closed), Map.of()));
        assertEquals("old", Files.readString(file));
        try (var files = Files.list(folder)) {
            assertEquals(1, files.count());
        }
        Path nowhere = folder.resolve("none/x.safetensors");
        assertThrows(OctavoException.class, () -> SafeTensors.write(nowhere, Map.of(), Map.of()));
        assertThrows(
                InvalidValueException.class,
                () -> SafeTensors.write(file, Map.of("__metadata__", Tensor.of(new float[] {1})), Map.of()));
    }

    @Test
    void wideTypesAreNarrowedWhereTheyFit() throws IOException {
        ByteBuffer data = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
        data.putLong(-7).putLong(Integer.MAX_VALUE).putDouble(0.1).putDouble(1e300);
        String header = "{\"i\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[0,16]},"
                + "\"d\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[16,32]}}";
        Map<String, Tensor> t = SafeTensors.read(file(header, data.array()));
        assertArrayEquals(new int[] {-7, Integer.MAX_VALUE}, t.get("i").toIntArray());
        assertArrayEquals(
                new float[] {0.1f, Float.POSITIVE_INFINITY}, t.get("d").toFloatArray());
        data.putLong(8, 1L << 31);
        assertThrows(UnsupportedException.class, () -> SafeTensors.read(file(header, data.array())));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "null",
                "{",
                "{\"x\":1}",
                "{\"x\":{}}",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                        + "\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[-2,-1],\"data_offsets\":[0,8]}}",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":\"2\",\"data_offsets\":[0,8]}}",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,9]}}",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,4294967296],\"data_offsets\":[0,8]}}",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,9223372036854775807]}}",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,99999999999999999999]}}",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                        + "\"y\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
                "{\"__metadata__\":3}",
                "{\"__metadata__\":{\"a\":3},\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
            })
    void malformedHeadersAreRefused(String header) throws IOException {
        Path file = file(header, new byte[8]);
        CorruptDataException e = assertThrows(CorruptDataException.class, () -> SafeTensors.read(file));
        assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"x\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[0,8]}}",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[2,1,1,1,1,1,1,1,1],\"data_offsets\":[0,8]}}",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}",
            })
    void whatIsNotSupportedSaysSo(String header) throws IOException {
        Path file = file(header, new byte[8]);
        assertThrows(UnsupportedException.class, () -> SafeTensors.read(file));
    }

    @Test
    void deepNestingIsRefused() throws IOException {
        assertThrows(
                CorruptDataException.class, () -> SafeTensors.read(file("{\"x\":" + "[".repeat(200_000), new byte[8])));
    }

    @Test
    void everyPrefixOfAFileIsRefused() throws IOException {
        Path file = folder.resolve("whole");
        SafeTensors.write(file, Map.of("x", Tensor.of(new float[] {1, 2, 3})), Map.of("k", "v"));
        byte[] whole = Files.readAllBytes(file);
        for (int n = 0; n < whole.length; n++) {
            Path prefix = folder.resolve("prefix");
            Files.write(prefix, Arrays.copyOf(whole, n));
            assertThrows(CorruptDataException.class, () -> SafeTensors.read(prefix));
        }
        Files.write(file, Arrays.copyOf(whole, whole.length + 1));
        assertThrows(CorruptDataException.class, () -> SafeTensors.read(file));
        byte[] longHeader = whole.clone();
        ByteBuffer.wrap(longHeader).order(ByteOrder.LITTLE_ENDIAN).putLong(0, -1);
        Files.write(file, longHeader);
        assertThrows(CorruptDataException.class, () -> SafeTensors.metadata(file));
        assertThrows(DataNotFoundException.class, () -> SafeTensors.read(folder.resolve("absent")));
    }

    private Path file(String header, byte[] data) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(json.length).put(json).put(data);
        return Files.write(folder.resolve("file.safetensors"), bytes.array());
    }
}

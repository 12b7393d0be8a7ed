package io.octavo.internal.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.CorruptDataException;
import io.octavo.DataNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A model takes weights from files beside it, and from no others. */
class ExternalDataTest {
    @TempDir
    Path outside;

    private Path folder;

    @BeforeEach
    void makeFiles() throws IOException {
        folder = Files.createDirectories(outside.resolve("model/below"));
        folder = folder.getParent();
        Files.write(outside.resolve("secret"), new byte[] {9, 9, 9, 9});
        Files.write(folder.resolve("weights"), new byte[] {1, 2, 3, 4, 5, 6});
        Files.write(folder.resolve("below/weights"), new byte[] {7, 8, 9, 10});
        Files.createSymbolicLink(folder.resolve("out"), outside.resolve("secret"));
        Files.createSymbolicLink(folder.resolve("above"), outside);
        Files.createSymbolicLink(folder.resolve("in"), folder.resolve("below/weights"));
    }

    private TensorDef read(String location, String offset, String length, ElementType type, long elements)
            throws IOException {
        Proto tensor = Proto.tensorOf("w", type, elements)
                .varint(Schema.Tensor.DATA_LOCATION, Schema.Tensor.EXTERNAL)
                .message(Schema.Tensor.EXTERNAL_DATA, entry("location", location));
        if (offset != null) {
            tensor.message(Schema.Tensor.EXTERNAL_DATA, entry("offset", offset));
        }
        if (length != null) {
            tensor.message(Schema.Tensor.EXTERNAL_DATA, entry("length", length));
        }
        Path file = Files.write(folder.resolve("tensor.pb"), tensor.toByteArray());
        return OnnxFile.readTensor(file);
    }

    private static Proto entry(String key, String value) {
        return new Proto().string(Schema.Entry.KEY, key).string(Schema.Entry.VALUE, value);
    }

    @Test
    void elementsComeFromTheFile() throws IOException {
        TensorDef tensor = read("weights", "1", "4", ElementType.U8, 4);
        assertArrayEquals(new long[] {2, 3, 4, 5}, tensor.toLongArray());
        TensorData.External data = (TensorData.External) tensor.data();
        assertEquals("weights", data.location());
        assertEquals(1, data.offset());
        assertArrayEquals(
                new long[] {0x0201, 0x0403},
                read("weights", null, null, ElementType.U16, 2).toLongArray());
        assertArrayEquals(
                new byte[] {7, 8},
                read("below/weights", null, "2", ElementType.S8, 2).tensor().toByteArray());
        assertArrayEquals(
                new long[] {10}, read("in", "3", null, ElementType.U8, 1).toLongArray());
        assertEquals(0, read("weights", "6", "0", ElementType.U8, 0).toLongArray().length);
        // Written, it is part of the model.
        assertArrayEquals(
                new long[] {2, 3, 4, 5}, Written.tensor(Written.bytes(tensor)).toLongArray());
    }

    @ParameterizedTest
    @CsvSource({
        "../secret, , , without \"..\"",
        "below/../weights, , , without \"..\"",
        "'', , , without \"..\"",
        "out, , , leads out of the model's folder",
        "above/secret, , , leads out of the model's folder",
        "below, , , no regular file",
        "weights, 3, , lies at bytes 3 to 3 + 4 of",
        "weights, 9223372036854775807, , lies at bytes 9223372036854775807",
        "weights, -1, , offset of its external data is \"-1\"",
        "weights, 1e3, , offset of its external data is \"1e3\"",
        "weights, 99999999999999999999, , offset of its external data",
        "weights, , 3, 'needs 4 bytes, its external data are 3 long'",
        "weights, , 5, 'needs 4 bytes, its external data are 5 long'",
        "weights, , -4, length of its external data is \"-4\""
    })
    void otherPlacesAreRefused(String location, String offset, String length, String said) {
        CorruptDataException e =
                assertThrows(CorruptDataException.class, () -> read(location, offset, length, ElementType.U8, 4));
        assertTrue(
                e.getMessage().startsWith(folder.resolve("tensor.pb") + ": tensor \"w\"")
                        && e.getMessage().contains(said),
                e.getMessage());
    }

    @Test
    void absolutePathsAreRefused() {
        String inside = folder.resolve("weights").toString();
        assertThrows(CorruptDataException.class, () -> read(inside, null, null, ElementType.U8, 4));
        assertThrows(CorruptDataException.class, () -> read("/etc/passwd", null, null, ElementType.U8, 4));
        assertThrows(CorruptDataException.class, () -> read("a\0b", null, null, ElementType.U8, 4));
    }

    @Test
    void anAbsentFileIsNamed() {
        DataNotFoundException e =
                assertThrows(DataNotFoundException.class, () -> read("absent", null, null, ElementType.U8, 4));
        assertTrue(e.getMessage().contains("\"w\"") && e.getMessage().contains("absent"), e.getMessage());
    }

    @Test
    void elementsBesideExternalOnesAreRefused() throws IOException {
        Proto both = Proto.tensorOf("w", ElementType.U8, 4)
                .varint(Schema.Tensor.DATA_LOCATION, Schema.Tensor.EXTERNAL)
                .message(Schema.Tensor.EXTERNAL_DATA, entry("location", "weights"))
                .bytes(Schema.Tensor.RAW_DATA, new byte[4]);
        Path file = Files.write(folder.resolve("both.pb"), both.toByteArray());
        assertThrows(CorruptDataException.class, () -> OnnxFile.readTensor(file));
    }

    /** What no single mapping holds: each tensor has its own. */
    @Test
    void filesBeyondTwoGibibytesAreRead() throws IOException {
        long far = 5L << 30;
        try (RandomAccessFile file =
                new RandomAccessFile(folder.resolve("large").toFile(), "rw")) {
            file.seek(far);
            file.write(new byte[] {1, 2, 3, 4});
        }
        assertArrayEquals(
                new long[] {2, 3, 4},
                read("large", Long.toString(far + 1), "3", ElementType.U8, 3).toLongArray());
    }
}

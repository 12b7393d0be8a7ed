package io.octavo.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.CorruptDataException;
import io.octavo.DataNotFoundException;
import io.octavo.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Cifar10Test {
    @TempDir
    Path dir;

    @Test
    void folderOfBinaryFilesInTheOrderOfTheirNumbers() throws IOException {
        TrainTest data = Cifar10.open(TinyData.cifarFolder(dir));
        assertEquals(6, data.train().size());
        assertEquals(4, data.test().size());
        assertEquals("cifar10", data.name());
        assertEquals(Shape.of(3, 32, 32), data.train().imageShape());
        assertEquals(Cifar10.CLASSES, data.train().classNames());
        for (int i = 0; i < 6; i++) {
            assertEquals(i, data.train().label(i));
            byte[] record = TinyData.cifarRecords(i, 1);
            assertArrayEquals(Arrays.copyOfRange(record, 1, record.length), TinyData.pixels(data.train(), i));
        }
        assertEquals(0, data.test().label(0));
    }

    @Test
    void officialArchive() throws IOException {
        Path file = dir.resolve("anything");
        Files.write(file, TinyData.cifarArchive());
        TrainTest data = Cifar10.open(file);
        assertEquals(5, data.train().size());
        assertEquals(4, data.test().size());
        for (int i = 0; i < 5; i++) {
            assertEquals(i, data.train().label(i));
        }
        // The archive is also found in a folder, and so is what it unpacks to.
        Files.move(file, dir.resolve("cifar-10-binary.tar.gz"));
        assertEquals(5, Cifar10.open(dir).train().size());
        Path unpacked = dir.resolve("unpacked");
        TinyData.cifarFolder(unpacked.resolve("cifar-10-batches-bin"));
        assertEquals(6, Cifar10.open(unpacked).train().size());
    }

    @Test
    void partialRecordIsRefusedWithFileAndSize() throws IOException {
        TinyData.cifarFolder(dir);
        Path file = dir.resolve("data_batch_2.bin");
        Files.write(file, Arrays.copyOf(TinyData.cifarRecords(0, 2), 2 * Cifar10.RECORD - 1));
        String message = assertThrows(CorruptDataException.class, () -> Cifar10.open(dir))
                .getMessage();
        assertTrue(message.contains("data_batch_2.bin") && message.contains("6145"), message);

        Files.write(file, new byte[0]);
        assertThrows(CorruptDataException.class, () -> Cifar10.open(dir));
    }

    @Test
    void labelOutOfRangeIsRefusedWithItsRecord() throws IOException {
        TinyData.cifarFolder(dir);
        byte[] records = TinyData.cifarRecords(0, 3);
        records[2 * Cifar10.RECORD] = 10;
        Files.write(dir.resolve("data_batch_1.bin"), records);
        String message = assertThrows(CorruptDataException.class, () -> Cifar10.open(dir))
                .getMessage();
        assertTrue(message.contains("record 2") && message.contains("label 10"), message);
    }

    @Test
    void damagedArchiveIsATypedErrorWhereverItIsCut() throws IOException {
        byte[] archive = TinyData.cifarArchive();
        Path file = dir.resolve("a.tar.gz");
        for (int length = 2; length < archive.length - 8; length += archive.length / 37) {
            Files.write(file, Arrays.copyOf(archive, length));
            assertThrows(CorruptDataException.class, () -> Cifar10.open(file), "cut to " + length);
        }
        byte[] damaged = archive.clone();
        damaged[archive.length / 2] ^= 0x55;
        Files.write(file, damaged);
        assertThrows(CorruptDataException.class, () -> Cifar10.open(file));
    }

    @Test
    void otherFilesAreRefused() throws IOException {
        Path text = Files.writeString(dir.resolve("a.txt"), "not an archive");
        assertThrows(CorruptDataException.class, () -> Cifar10.open(text));
        Path other = dir.resolve("other.tar.gz");
        Files.write(other, TinyData.tarGz(Map.of("readme", new byte[10])));
        assertThrows(CorruptDataException.class, () -> Cifar10.open(other));
        assertThrows(DataNotFoundException.class, () -> Cifar10.open(dir.resolve("absent")));
        Path empty = Files.createDirectory(dir.resolve("empty"));
        assertThrows(DataNotFoundException.class, () -> Cifar10.open(empty));
        Path half = TinyData.cifarFolder(dir.resolve("half"));
        Files.delete(half.resolve("test_batch.bin"));
        String message = assertThrows(DataNotFoundException.class, () -> Cifar10.open(half))
                .getMessage();
        assertTrue(message.contains("test_batch.bin"), message);
    }

    @Test
    void zipOfImagesBesideIncompleteBinaryFilesIsTaken() throws IOException {
        Files.write(dir.resolve("data_batch_1.bin"), TinyData.cifarRecords(0, 3));
        TinyData.writeZip(dir.resolve("cifar10-images.zip"), ImageFolderTest.cifarImages());
        TrainTest data = Cifar10.open(dir);
        assertEquals(20, data.train().size());
        assertEquals(10, data.test().size());
    }
}

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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdxDatasetTest {
    @TempDir
    Path dir;

    @Test
    void compressedAndPlainFiles() throws IOException {
        TrainTest data = IdxDataset.open(TinyData.idxFolder(dir));
        assertEquals(5, data.train().size());
        assertEquals(3, data.test().size());
        assertEquals(Shape.of(1, 28, 28), data.train().imageShape());
        assertEquals(9, data.train().label(0));
        assertEquals("mnist", data.name(), "only Fashion-MNIST's own labels give its name");
        byte[] image = TinyData.pixels(data.train(), 1);
        for (int i = 0; i < 784; i++) {
            assertEquals((byte) (784 + i), image[i]);
        }
    }

    @Test
    void datasetsPadsItAndRepeatsTheChannel() throws IOException {
        Dataset train =
                Datasets.open(TinyData.idxFolder(dir), ProgressListener.NONE).train();
        assertEquals(Shape.of(3, 32, 32), train.imageShape());
        byte[] color = TinyData.pixels(train, 2);
        byte[] grey = TinyData.pixels(IdxDataset.open(dir).train(), 2);
        for (int c = 0; c < 3; c++) {
            for (int y = 0; y < 32; y++) {
                for (int x = 0; x < 32; x++) {
                    boolean inside = y >= 2 && y < 30 && x >= 2 && x < 30;
                    assertEquals(inside ? grey[(y - 2) * 28 + x - 2] : 0, color[(c * 32 + y) * 32 + x]);
                }
            }
        }
    }

    @Test
    void damageIsATypedErrorThatNamesTheFile() throws IOException {
        byte[] good = TinyData.idx(0x803, new int[] {5, 28, 28}, new byte[5 * 784]);
        check("cut short", Arrays.copyOf(good, good.length - 1));
        check("too long", Arrays.copyOf(good, good.length + 1));
        check("header cut", Arrays.copyOf(good, 9));
        check("labels in place of images", TinyData.idx(0x801, new int[] {5}, new byte[5]));
        check("negative size", TinyData.idx(0x803, new int[] {-1, 28, 28}, new byte[0]));
        check("size that lies", TinyData.idx(0x803, new int[] {2_000_000, 28, 28}, new byte[5]));
        check("size beyond memory", TinyData.idx(0x803, new int[] {65536, 65536, 65536}, new byte[5]));
        check("other number than labels", TinyData.idx(0x803, new int[] {4, 28, 28}, new byte[4 * 784]));
        byte[] gzip = TinyData.gzip(good);
        check("gzip cut", Arrays.copyOf(gzip, gzip.length / 2));
        check("empty", new byte[0]);
    }

    private void check(String what, byte[] images) throws IOException {
        TinyData.idxFolder(dir);
        Files.write(dir.resolve("train-images-idx3-ubyte.gz"), images);
        String message = assertThrows(CorruptDataException.class, () -> IdxDataset.open(dir), what)
                .getMessage();
        assertTrue(message.contains("train-images-idx3-ubyte.gz"), message);
    }

    @Test
    void labelWithoutClassAndMissingFile() throws IOException {
        TinyData.idxFolder(dir);
        Files.write(dir.resolve("t10k-labels-idx1-ubyte"), TinyData.idx(0x801, new int[] {3}, new byte[] {4, 10, 6}));
        assertThrows(CorruptDataException.class, () -> IdxDataset.open(dir));
        Files.delete(dir.resolve("t10k-labels-idx1-ubyte"));
        assertThrows(DataNotFoundException.class, () -> IdxDataset.open(dir));
    }

    @Test
    void viewsOfADataset() {
        Dataset data = TinyData.dataset(20, 1, 2, 3, 4);
        assertEquals(7, data.range(3, 10).size());
        assertEquals(data.label(5), data.range(3, 10).label(2));
        assertArrayEquals(TinyData.pixels(data, 5), TinyData.pixels(data.range(3, 10), 2));
        assertEquals(20, data.take(100).size());
        Dataset sample = data.sample(8, 5);
        assertEquals(8, sample.size());
        assertArrayEquals(TinyData.pixels(sample, 3), TinyData.pixels(data.sample(8, 5), 3));
        assertThrows(io.octavo.InvalidValueException.class, () -> data.range(3, 21));
        assertThrows(io.octavo.ShapeMismatchException.class, () -> data.pad(1, 9));
        assertThrows(io.octavo.ShapeMismatchException.class, () -> TinyData.dataset(2, 2, 2, 2, 2)
                .toColor());
    }
}

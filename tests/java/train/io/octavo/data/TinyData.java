package io.octavo.data;

import io.octavo.tensor.Shape;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** Small data in every format that the readers know, made from a formula. */
final class TinyData {
    private TinyData() {}

    /** {@code count} images of numbers that tell image, channel, row and column apart; label = index modulo classes. */
    static MemoryDataset dataset(int count, int channels, int height, int width, int classes) {
        byte[] pixels = new byte[count * channels * height * width];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (i * 37 + i / 251);
        }
        byte[] labels = new byte[count];
        for (int i = 0; i < count; i++) {
            labels[i] = (byte) (i % classes);
        }
        List<String> names = new java.util.ArrayList<>();
        for (int c = 0; c < classes; c++) {
            names.add("class" + c);
        }
        return new MemoryDataset("tiny", Shape.of(channels, height, width), pixels, labels, names);
    }

    /** Records of CIFAR-10's binary layout; record i has label (first + i) % 10 and the pixel bytes first + i + position. */
    static byte[] cifarRecords(int first, int count) {
        byte[] records = new byte[count * Cifar10.RECORD];
        for (int i = 0; i < count; i++) {
            records[i * Cifar10.RECORD] = (byte) ((first + i) % 10);
            for (int p = 0; p < Cifar10.PIXELS; p++) {
                records[i * Cifar10.RECORD + 1 + p] = (byte) (first + i + p);
            }
        }
        return records;
    }

    static Path cifarFolder(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.write(folder.resolve("data_batch_1.bin"), cifarRecords(0, 3));
        Files.write(folder.resolve("data_batch_2.bin"), cifarRecords(3, 2));
        Files.write(folder.resolve("data_batch_10.bin"), cifarRecords(5, 1));
        Files.write(folder.resolve("test_batch.bin"), cifarRecords(100, 4));
        return folder;
    }

    /** The official archive's layout. */
    static byte[] cifarArchive() throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        files.put("cifar-10-batches-bin/batches.meta.txt", "airplane\n".getBytes());
        files.put("cifar-10-batches-bin/data_batch_2.bin", cifarRecords(3, 2));
        files.put("cifar-10-batches-bin/data_batch_1.bin", cifarRecords(0, 3));
        files.put("cifar-10-batches-bin/test_batch.bin", cifarRecords(100, 4));
        return tarGz(files);
    }

    static byte[] tarGz(Map<String, byte[]> files) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(new GZIPOutputStream(bytes))) {
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                TarArchiveEntry entry = new TarArchiveEntry(file.getKey());
                entry.setSize(file.getValue().length);
                tar.putArchiveEntry(entry);
                tar.write(file.getValue());
                tar.closeArchiveEntry();
            }
        }
        return bytes.toByteArray();
    }

    static byte[] image(String format, int type, int height, int width, int seed) throws IOException {
        BufferedImage image = new BufferedImage(width, height, type);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                if (type == BufferedImage.TYPE_BYTE_GRAY) {
                    image.getRaster().setSample(x, y, 0, (seed + 7 * y + x) & 0xff);
                } else {
                    image.setRGB(x, y, rgb(seed, y, x));
                }
            }
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImageIO.write(image, format, bytes);
        return bytes.toByteArray();
    }

    static int rgb(int seed, int y, int x) {
        return 0xff000000 | (((seed + y) & 0xff) << 16) | (((seed + x + 50) & 0xff) << 8) | ((seed + 3 * y + x) & 0xff);
    }

    static byte[] png(int height, int width, int seed) throws IOException {
        return image("png", BufferedImage.TYPE_INT_RGB, height, width, seed);
    }

    static byte[] jpeg(int height, int width, int seed) throws IOException {
        return image("jpg", BufferedImage.TYPE_INT_RGB, height, width, seed);
    }

    static void writeFolder(Path root, Map<String, byte[]> files) throws IOException {
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            Path path = root.resolve(file.getKey());
            Files.createDirectories(path.getParent());
            Files.write(path, file.getValue());
        }
    }

    static void writeZip(Path zip, Map<String, byte[]> files) throws IOException {
        try (OutputStream out = Files.newOutputStream(zip);
                ZipOutputStream entries = new ZipOutputStream(out)) {
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                entries.putNextEntry(new ZipEntry(file.getKey()));
                entries.write(file.getValue());
                entries.closeEntry();
            }
        }
    }

    static byte[] idx(int magic, int[] dims, byte[] data) {
        ByteBuffer buffer =
                ByteBuffer.allocate(4 + 4 * dims.length + data.length).putInt(magic);
        for (int dim : dims) {
            buffer.putInt(dim);
        }
        return buffer.put(data).array();
    }

    static byte[] gzip(byte[] data) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
            out.write(data);
        }
        return bytes.toByteArray();
    }

    /** MNIST's four files: 5 training and 3 test images of 28 x 28. */
    static Path idxFolder(Path folder) throws IOException {
        Files.createDirectories(folder);
        byte[] train = new byte[5 * 784];
        for (int i = 0; i < train.length; i++) {
            train[i] = (byte) i;
        }
        Files.write(folder.resolve("train-images-idx3-ubyte.gz"), gzip(idx(0x803, new int[] {5, 28, 28}, train)));
        Files.write(
                folder.resolve("train-labels-idx1-ubyte.gz"),
                gzip(idx(0x801, new int[] {5}, new byte[] {9, 0, 1, 2, 3})));
        Files.write(folder.resolve("t10k-images-idx3-ubyte"), idx(0x803, new int[] {3, 28, 28}, new byte[3 * 784]));
        Files.write(folder.resolve("t10k-labels-idx1-ubyte"), idx(0x801, new int[] {3}, new byte[] {4, 5, 6}));
        return folder;
    }

    static byte[] pixels(Dataset data, int index) {
        byte[] pixels = new byte[(int) data.imageShape().elements()];
        data.image(index, pixels);
        return pixels;
    }
}

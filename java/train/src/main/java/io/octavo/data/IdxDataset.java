package io.octavo.data;

import io.octavo.CorruptDataException;
import io.octavo.DataException;
import io.octavo.DataNotFoundException;
import io.octavo.tensor.Shape;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import java.util.zip.GZIPInputStream;

/**
 * The IDX files of MNIST and of data sets in its layout: grey images of bytes ({@code idx3-ubyte}) and their labels
 * ({@code idx1-ubyte}), gzip-compressed or plain. Format: 4 bytes of magic number (0, 0, 8 = unsigned byte, number of
 * dimensions), the dimensions as big-endian 32-bit numbers, then the data.
 */
public final class IdxDataset {
    /** The classes of Fashion-MNIST, in the order of its labels. */
    public static final List<String> FASHION_CLASSES = List.of(
            "t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot");

    /** Name of Fashion-MNIST in reports. */
    public static final String FASHION_NAME = "fashion-mnist";

    private static final int IMAGES_MAGIC = 0x0803;
    private static final int LABELS_MAGIC = 0x0801;
    /** Checksum of Fashion-MNIST's test labels: its file names are MNIST's, so only the content tells them apart. */
    private static final long FASHION_TEST_LABELS_CRC = 0x242bc73fL;

    private IdxDataset() {}

    /**
     * Reads a folder with MNIST's four files ({@code train-images-idx3-ubyte}, {@code train-labels-idx1-ubyte},
     * {@code t10k-images-idx3-ubyte}, {@code t10k-labels-idx1-ubyte}, each with or without {@code .gz}). Fashion-MNIST (Xiao,
     * Rasul, Vollgraf 2017) is known by its labels and gets its name and class names; any other data is called {@code "mnist"}
     * with classes {@code "0"} to {@code "9"}.
     *
     * @return images {@code [1, H, W]} as stored: see {@link Dataset#pad} and {@link Dataset#toColor}
     * @throws DataNotFoundException if a file is missing
     * @throws CorruptDataException if a file is no IDX file, is cut short or too long, if images and labels differ in number, or
     *     a label is above 9
     */
    public static TrainTest open(Path folder) {
        byte[] testLabels = readLabels(find(folder, "t10k-labels", "idx1-ubyte"));
        CRC32 crc = new CRC32();
        crc.update(testLabels);
        boolean fashion = crc.getValue() == FASHION_TEST_LABELS_CRC;
        String name = fashion ? FASHION_NAME : "mnist";
        List<String> classes = fashion
                ? FASHION_CLASSES
                : IntStream.range(0, 10).mapToObj(Integer::toString).toList();
        byte[] trainLabels = readLabels(find(folder, "train-labels", "idx1-ubyte"));
        Dataset train = read(find(folder, "train-images", "idx3-ubyte"), trainLabels, name, classes);
        Dataset test = read(find(folder, "t10k-images", "idx3-ubyte"), testLabels, name, classes);
        return new TrainTest(train, test, name, "");
    }

    /**
     * Reads one pair of files.
     *
     * @param images IDX file of unsigned bytes with three dimensions: number, height, width
     * @param labels IDX file of unsigned bytes with one dimension
     * @throws CorruptDataException as {@link #open}
     */
    public static Dataset read(Path images, Path labels, String name, List<String> classNames) {
        return read(images, readLabels(labels), name, classNames);
    }

    static boolean isIn(Path folder) {
        return existing(folder, "train-images", "idx3-ubyte") != null;
    }

    private static Path find(Path folder, String stem, String type) {
        Path file = existing(folder, stem, type);
        if (file == null) {
            throw new DataNotFoundException("no " + stem + "-" + type + " (or .gz) in " + folder);
        }
        return file;
    }

    private static Path existing(Path folder, String stem, String type) {
        for (String name :
                List.of(stem + "-" + type + ".gz", stem + "-" + type, stem + "." + type + ".gz", stem + "." + type)) {
            if (Files.isRegularFile(folder.resolve(name))) {
                return folder.resolve(name);
            }
        }
        return null;
    }

    private static Dataset read(Path file, byte[] labels, String name, List<String> classNames) {
        Idx idx = read(file, IMAGES_MAGIC, 3);
        if (idx.dims[0] != labels.length) {
            throw new CorruptDataException(
                    file + " holds " + idx.dims[0] + " images, but there are " + labels.length + " labels");
        }
        return new MemoryDataset(name, Shape.of(1, idx.dims[1], idx.dims[2]), idx.data, labels, classNames);
    }

    private static byte[] readLabels(Path file) {
        return read(file, LABELS_MAGIC, 1).data;
    }

    private record Idx(int[] dims, byte[] data) {}

    private static Idx read(Path file, int magic, int rank) {
        try (DataInputStream in = new DataInputStream(stream(file))) {
            int found = in.readInt();
            if (found != magic) {
                throw new CorruptDataException(String.format(
                        "%s is not an IDX file of unsigned bytes with %d dimension%s: it begins with %08x, not %08x",
                        file, rank, rank == 1 ? "" : "s", found, magic));
            }
            int[] dims = new int[rank];
            long size = 1;
            for (int i = 0; i < rank; i++) {
                dims[i] = in.readInt();
                if (dims[i] < 1 || size * dims[i] > Integer.MAX_VALUE - 64) {
                    throw new CorruptDataException(file + ": dimension " + i + " is "
                            + Integer.toUnsignedString(dims[i]) + ", which is no size that fits in memory");
                }
                size *= dims[i];
            }
            // Grows with what really arrives, so that a header which lies costs no memory.
            byte[] data = in.readNBytes((int) size);
            if (data.length != size || in.read() >= 0) {
                throw new CorruptDataException(file + ": its header promises " + size + " bytes of data, but there are "
                        + (data.length == size ? "more" : "only " + data.length));
            }
            return new Idx(dims, data);
        } catch (IOException e) {
            throw DataException.reading(file, e);
        }
    }

    private static InputStream stream(Path file) throws IOException {
        InputStream in = Files.newInputStream(file);
        try {
            return FileKind.of(file) == FileKind.GZIP ? new GZIPInputStream(in, 1 << 16) : in;
        } catch (IOException | RuntimeException e) {
            in.close();
            throw e;
        }
    }
}

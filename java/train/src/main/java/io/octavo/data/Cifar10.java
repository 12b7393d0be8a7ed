package io.octavo.data;

import io.octavo.CorruptDataException;
import io.octavo.DataException;
import io.octavo.DataNotFoundException;
import io.octavo.InvalidValueException;
import io.octavo.tensor.Shape;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/**
 * CIFAR-10: 60,000 colour images of 32 x 32 pixels in ten classes (Krizhevsky, "Learning multiple layers of features from tiny
 * images", 2009), in any of the forms in which it is found:
 *
 * <ul>
 *   <li>the official archive {@code cifar-10-binary.tar.gz};
 *   <li>a folder with its files {@code data_batch_1.bin} ... and {@code test_batch.bin}: records of one label byte and 3,072
 *       pixel bytes (red plane, green plane, blue plane, each row by row), any whole number of them;
 *   <li>images as files, {@code train/<class>/*.jpg} and {@code test/<class>/*.jpg} (or png), in a folder or a zip.
 * </ul>
 */
public final class Cifar10 {
    /** The classes, in the order of the official labels. */
    public static final List<String> CLASSES =
            List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

    /** The name of the data set in reports. */
    public static final String NAME = "cifar10";

    static final Shape IMAGE = Shape.of(3, 32, 32);
    static final int PIXELS = 3 * 32 * 32;
    static final int RECORD = 1 + PIXELS;

    private static final Pattern TRAIN_FILE = Pattern.compile("data_batch_(\\d+)\\.bin");
    private static final String TEST_FILE = "test_batch.bin";
    /** Folder inside the official archive. */
    private static final String ARCHIVE_FOLDER = "cifar-10-batches-bin";

    private Cifar10() {}

    /**
     * Reads the whole of CIFAR-10 into memory (184 MB when complete).
     *
     * @param path a folder, the official archive, or a zip of images
     * @throws DataNotFoundException if there is no such path, or nothing there is CIFAR-10
     * @throws CorruptDataException if a file is damaged: a partial record, a label above 9, an unreadable image, an image that
     *     is not 32 x 32, other classes than CIFAR-10's ten, a broken archive; the message names file and place
     */
    public static TrainTest open(Path path, ProgressListener listener) {
        InvalidValueException.requireNonNull(path, "path of Cifar10.open");
        InvalidValueException.requireNonNull(
                listener, "listener of Cifar10.open (ProgressListener.NONE takes no notice)");
        if (Files.isDirectory(path)) {
            return openFolder(path, listener);
        }
        if (!Files.isRegularFile(path)) {
            throw new DataNotFoundException("no CIFAR-10 at " + path + ": there is no such file or folder");
        }
        return switch (FileKind.of(path)) {
            case GZIP -> openArchive(path, listener);
            case ZIP -> openImages(path, listener);
            case OTHER ->
                throw new CorruptDataException(path + " is neither a gzip nor a zip file: CIFAR-10 is read from "
                        + "cifar-10-binary.tar.gz, from a zip of images, or from a folder");
        };
    }

    /** {@link #open(Path, ProgressListener)} without a listener. */
    public static TrainTest open(Path path) {
        return open(path, ProgressListener.NONE);
    }

    /**
     * Reads files of the binary layout as one data set, in the order given.
     *
     * @throws CorruptDataException if a file holds a partial record, no record at all, or a label above 9
     */
    public static Dataset readBinary(List<Path> files) {
        List<byte[]> parts = new ArrayList<>();
        for (Path file : files) {
            try (InputStream in = Files.newInputStream(file)) {
                parts.add(readRecords(file.toString(), in, Files.size(file)));
            } catch (IOException e) {
                throw DataException.reading(file, e);
            }
        }
        return assemble(parts);
    }

    private static TrainTest openFolder(Path folder, ProgressListener listener) {
        for (Path place : List.of(folder, folder.resolve(ARCHIVE_FOLDER))) {
            List<Path> train = trainFiles(place);
            if (!train.isEmpty() && Files.isRegularFile(place.resolve(TEST_FILE))) {
                return new TrainTest(readBinary(train), readBinary(List.of(place.resolve(TEST_FILE))), NAME, "");
            }
        }
        for (String name : List.of("cifar-10-binary.tar.gz", "cifar10-images.zip")) {
            if (Files.isRegularFile(folder.resolve(name))) {
                return open(folder.resolve(name), listener);
            }
        }
        if (ImageFolder.isLayout(folder)) {
            return openImages(folder, listener);
        }
        if (!trainFiles(folder).isEmpty()) {
            throw new DataNotFoundException(folder + " holds CIFAR-10 training files, but no " + TEST_FILE);
        }
        throw new DataNotFoundException("no CIFAR-10 in " + folder + ": looked for data_batch_*.bin with " + TEST_FILE
                + ", cifar-10-binary.tar.gz, cifar10-images.zip, and folders train/<class> and test/<class>");
    }

    /** Whether {@link #open} would find something in this folder. */
    static boolean isIn(Path folder) {
        return Files.isDirectory(folder)
                && (!trainFiles(folder).isEmpty()
                        || !trainFiles(folder.resolve(ARCHIVE_FOLDER)).isEmpty()
                        || Files.isRegularFile(folder.resolve("cifar-10-binary.tar.gz"))
                        || Files.isRegularFile(folder.resolve("cifar10-images.zip"))
                        || ImageFolder.isLayout(folder));
    }

    private static List<Path> trainFiles(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        TreeMap<Integer, Path> found = new TreeMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Matcher name = TRAIN_FILE.matcher(file.getFileName().toString());
                if (name.matches() && name.group(1).length() < 9) {
                    found.put(Integer.valueOf(name.group(1)), file);
                }
            }
        } catch (IOException e) {
            throw DataException.reading(folder, e);
        }
        return List.copyOf(found.values());
    }

    private static TrainTest openImages(Path path, ProgressListener listener) {
        TrainTest images = ImageFolder.open(path, new ImageFolder.Expected(NAME, CLASSES, 32, 32), listener);
        return new TrainTest(images.train(), images.test(), NAME, "");
    }

    private static TrainTest openArchive(Path path, ProgressListener listener) {
        String task = "reading " + path.getFileName();
        TreeMap<Integer, byte[]> train = new TreeMap<>();
        List<byte[]> test = new ArrayList<>();
        try (CountingInputStream file = new CountingInputStream(Files.newInputStream(path));
                TarArchiveInputStream tar = new TarArchiveInputStream(
                        new GZIPInputStream(new BufferedInputStream(file, 1 << 16), 1 << 16))) {
            long total = Files.size(path);
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                String name = entry.getName().substring(entry.getName().lastIndexOf('/') + 1);
                Matcher batch = TRAIN_FILE.matcher(name);
                String place = path + ", entry " + entry.getName();
                if (batch.matches() && batch.group(1).length() < 9) {
                    train.put(Integer.valueOf(batch.group(1)), readRecords(place, tar, entry.getSize()));
                } else if (name.equals(TEST_FILE)) {
                    test.add(readRecords(place, tar, entry.getSize()));
                }
                listener.update(task, file.count(), total);
            }
        } catch (IOException | IllegalArgumentException e) {
            // commons-compress answers some damaged headers with IllegalArgumentException.
            throw e instanceof FileSystemException system
                    ? DataException.reading(path, system)
                    : new CorruptDataException("damaged archive " + path + ": " + e.getMessage(), e);
        }
        if (train.isEmpty() || test.isEmpty()) {
            throw new CorruptDataException(path + " is not the CIFAR-10 archive: it holds " + train.size()
                    + " files data_batch_*.bin and " + test.size() + " files " + TEST_FILE);
        }
        return new TrainTest(assemble(List.copyOf(train.values())), assemble(test), NAME, "");
    }

    private static byte[] readRecords(String place, InputStream in, long size) throws IOException {
        if (size <= 0 || size % RECORD != 0) {
            throw new CorruptDataException(place + ": " + size + " bytes are not a whole number of CIFAR-10 records of "
                    + RECORD + " bytes (" + size / RECORD + " records and " + size % RECORD + " bytes)");
        }
        if (size > Integer.MAX_VALUE - 64) {
            throw new CorruptDataException(
                    place + ": " + size + " bytes are more than a file of CIFAR-10 records may have");
        }
        // Grows with what really arrives, so that a size which lies costs no memory.
        byte[] records = in.readNBytes((int) size);
        if (records.length != size) {
            throw new CorruptDataException(place + ": ends after " + records.length + " of " + size + " bytes");
        }
        for (int i = 0; i < records.length; i += RECORD) {
            int label = records[i] & 0xff;
            if (label >= CLASSES.size()) {
                throw new CorruptDataException(place + ", record " + i / RECORD + ": label " + label + " is outside 0.."
                        + (CLASSES.size() - 1));
            }
        }
        return records;
    }

    private static Dataset assemble(List<byte[]> parts) {
        long count = parts.stream().mapToLong(part -> part.length / RECORD).sum();
        if (count * PIXELS > Integer.MAX_VALUE - 64) {
            throw new CorruptDataException(count + " CIFAR-10 records are more than fit in memory at once");
        }
        byte[] pixels = new byte[(int) count * PIXELS];
        byte[] labels = new byte[(int) count];
        int image = 0;
        for (byte[] part : parts) {
            for (int from = 0; from < part.length; from += RECORD, image++) {
                labels[image] = part[from];
                System.arraycopy(part, from + 1, pixels, image * PIXELS, PIXELS);
            }
        }
        return new MemoryDataset(NAME, IMAGE, pixels, labels, CLASSES);
    }
}

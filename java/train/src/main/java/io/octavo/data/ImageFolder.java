package io.octavo.data;

import io.octavo.CorruptDataException;
import io.octavo.DataException;
import io.octavo.DataNotFoundException;
import io.octavo.InvalidValueException;
import io.octavo.OctavoException;
import io.octavo.tensor.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Images as files, a folder for each class: {@code train/<class>/*} and {@code test/<class>/*}, in a folder or in a zip (there
 * also below other folders). Files that end in jpg, jpeg or png are read, others and hidden ones are not.
 *
 * <p>Labels follow the sorted class names, except that CIFAR-10's ten names keep CIFAR-10's order. Images stand class by class,
 * sorted by name inside a class: take a random {@linkplain Dataset#sample sample} of them, not the first ones.
 */
public final class ImageFolder {
    private static final Set<String> EXTENSIONS = Set.of("jpg", "jpeg", "png");
    /** No picture of a data set held in memory is as large as this; what claims to be is refused before it is read. */
    private static final long MAX_FILE_BYTES = 64L << 20;

    /** What the images must be; height and width 0 and an empty list: whatever is found. */
    record Expected(String name, List<String> classes, int height, int width) {}

    private ImageFolder() {}

    /**
     * Decodes all images into memory, on all processors. In a folder symbolic links are followed, and names are read as UTF-8
     * whatever the locale.
     *
     * @param path a folder or a zip file
     * @throws DataNotFoundException if there is no such path, or it has no {@code train} and {@code test}
     * @throws CorruptDataException if a zip is damaged, an image cannot be decoded or has another size than the first, or train and
     *     test have other classes; the message names the entry
     * @throws DataException if a file cannot be read, a link to nowhere among them
     */
    public static TrainTest open(Path path, ProgressListener listener) {
        InvalidValueException.requireNonNull(path, "path of ImageFolder.open");
        InvalidValueException.requireNonNull(
                listener, "listener of ImageFolder.open (ProgressListener.NONE takes no notice)");
        String name = path.toAbsolutePath().normalize().getFileName().toString().replaceFirst("\\.[^.]*$", "");
        return open(path, new Expected(name, List.of(), 0, 0), listener);
    }

    /** {@link #open(Path, ProgressListener)} without a listener. */
    public static TrainTest open(Path path) {
        return open(path, ProgressListener.NONE);
    }

    static boolean isLayout(Path folder) {
        return Files.isDirectory(folder.resolve("train")) && Files.isDirectory(folder.resolve("test"));
    }

    static TrainTest open(Path path, Expected expected, ProgressListener listener) {
        if (Files.isDirectory(path)) {
            if (!isLayout(path)) {
                throw new DataNotFoundException(
                        path + " is not a folder of images: it must hold train/<class> and test/<class>");
            }
            return read(path, folderEntries(path), expected, listener);
        }
        if (!Files.isRegularFile(path)) {
            throw new DataNotFoundException("no images at " + path + ": there is no such file or folder");
        }
        try (ZipFile zip = new ZipFile(path.toFile())) {
            return read(path, zipEntries(zip), expected, listener);
        } catch (IOException e) {
            throw DataException.reading(path, e);
        }
    }

    /** One image file: where it stands and how its bytes are had. */
    private record Entry(String split, String className, String name, ByteSource bytes) {}

    private interface ByteSource {
        byte[] read() throws IOException;
    }

    private static List<Entry> folderEntries(Path root) {
        List<Entry> entries = new ArrayList<>();
        for (String split : List.of("train", "test")) {
            Map<String, Path> classes = new HashMap<>();
            for (Path folder : children(root.resolve(split))) {
                if (!Files.isDirectory(folder)) { // links are followed
                    continue;
                }
                String className = name(folder);
                Path other = classes.put(className, folder);
                if (other != null) {
                    throw new CorruptDataException(root + ": two folders of " + split + " are both called " + className
                            + " in UTF-8: rename one");
                }
                for (Path file : children(folder)) {
                    String fileName = name(file);
                    if (isImage(fileName) && !Files.isDirectory(file)) {
                        entries.add(new Entry(
                                split, className, split + "/" + className + "/" + fileName, () -> read(file)));
                    }
                }
            }
        }
        return entries;
    }

    private static List<Path> children(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        } catch (IOException e) {
            throw DataException.reading(folder, e);
        }
    }

    /**
     * The last name of a path, its bytes taken as UTF-8. A path's own text is made with the locale's character set, which in the C
     * locale has no letters beyond ASCII: different names become the same question marks. Its URI keeps the bytes.
     */
    static String name(Path path) {
        String[] names = path.toUri().getRawPath().split("/");
        return URLDecoder.decode(names[names.length - 1].replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    static byte[] read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return read(in);
        }
    }

    private static byte[] read(InputStream in) throws IOException {
        byte[] bytes = in.readNBytes((int) MAX_FILE_BYTES);
        if (bytes.length == MAX_FILE_BYTES) {
            throw new IOException(MAX_FILE_BYTES + " bytes or more are too many for an image");
        }
        return bytes;
    }

    private static List<Entry> zipEntries(ZipFile zip) {
        List<Entry> entries = new ArrayList<>();
        for (Enumeration<? extends ZipEntry> all = zip.entries(); all.hasMoreElements(); ) {
            ZipEntry entry = all.nextElement();
            String[] parts = entry.getName().split("/");
            int last = parts.length - 1;
            if (entry.isDirectory()
                    || last < 2
                    || !isImage(parts[last])
                    || entry.getName().startsWith("__MACOSX/")) {
                continue;
            }
            String split = parts[last - 2];
            if (split.equals("train") || split.equals("test")) {
                entries.add(new Entry(split, parts[last - 1], entry.getName(), () -> {
                    try (InputStream in = zip.getInputStream(entry)) {
                        return read(in);
                    }
                }));
            }
        }
        return entries;
    }

    static boolean isImage(String fileName) {
        String extension = fileName.substring(fileName.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        return !fileName.startsWith(".") && EXTENSIONS.contains(extension);
    }

    private static TrainTest read(Path path, List<Entry> entries, Expected expected, ProgressListener listener) {
        // split -> class -> entries; sorted, so that the order never depends on the file system or the archive.
        TreeMap<String, TreeMap<String, List<Entry>>> splits = new TreeMap<>();
        for (Entry entry : entries) {
            splits.computeIfAbsent(entry.split(), s -> new TreeMap<>())
                    .computeIfAbsent(entry.className(), c -> new ArrayList<>())
                    .add(entry);
        }
        for (String split : List.of("train", "test")) {
            if (!splits.containsKey(split)) {
                throw new DataNotFoundException(
                        path + " is not a folder of images: no jpg or png found at " + split + "/<class>/");
            }
        }
        List<String> classes =
                classes(path, splits.get("train").keySet(), splits.get("test").keySet(), expected);
        List<Entry> train = inOrder(splits.get("train"), classes);
        List<Entry> test = inOrder(splits.get("test"), classes);
        String task = "decoding " + path.getFileName();
        Pixels pixels = decode(path, train, test, expected, task, listener);
        return new TrainTest(
                new MemoryDataset(expected.name(), pixels.image, pixels.train, labels(train, classes), classes),
                new MemoryDataset(expected.name(), pixels.image, pixels.test, labels(test, classes), classes),
                expected.name(),
                "");
    }

    private static List<String> classes(Path path, Set<String> train, Set<String> test, Expected expected) {
        if (!train.equals(test)) {
            Set<String> odd = new TreeSet<>(train);
            odd.addAll(test);
            Set<String> both = new HashSet<>(train);
            both.retainAll(test);
            odd.removeAll(both);
            throw new CorruptDataException(path + ": train has " + train.size() + " classes and test has " + test.size()
                    + "; only one of them has " + odd);
        }
        if (!expected.classes().isEmpty() && !train.equals(Set.copyOf(expected.classes()))) {
            throw new CorruptDataException(path + ": found " + train.size() + " classes " + train + ", but "
                    + expected.name() + " has " + expected.classes().size() + ": " + expected.classes());
        }
        if (train.size() < 2 || train.size() > 256) {
            throw new CorruptDataException(path + ": found " + train.size() + " classes; 2 to 256 can be told apart");
        }
        return train.equals(Set.copyOf(Cifar10.CLASSES)) ? Cifar10.CLASSES : List.copyOf(train);
    }

    private static List<Entry> inOrder(TreeMap<String, List<Entry>> byClass, List<String> classes) {
        List<Entry> ordered = new ArrayList<>();
        for (String name : classes) {
            List<Entry> entries = byClass.get(name);
            entries.sort((a, b) -> a.name().compareTo(b.name()));
            ordered.addAll(entries);
        }
        return ordered;
    }

    private static byte[] labels(List<Entry> entries, List<String> classes) {
        byte[] labels = new byte[entries.size()];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = (byte) classes.indexOf(entries.get(i).className());
        }
        return labels;
    }

    private record Pixels(Shape image, byte[] train, byte[] test) {}

    private static Pixels decode(
            Path path, List<Entry> train, List<Entry> test, Expected expected, String task, ProgressListener listener) {
        Shape image = expected.height() > 0
                ? Shape.of(3, expected.height(), expected.width())
                : firstShape(path, train.get(0));
        byte[] trainPixels = allocate(path, train.size(), image);
        byte[] testPixels = allocate(path, test.size(), image);
        int total = train.size() + test.size();
        int imageBytes = (int) image.elements();
        int workers = Math.max(1, Math.min(Runtime.getRuntime().availableProcessors(), total));
        AtomicInteger next = new AtomicInteger();
        ExecutorService pool = Executors.newFixedThreadPool(workers, work -> {
            Thread thread = new Thread(work, "octavo-decode");
            thread.setDaemon(true);
            return thread;
        });
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int w = 0; w < workers; w++) {
                running.add(pool.submit(() -> {
                    try (ImageDecoder decoder = new ImageDecoder()) {
                        for (int i = next.getAndIncrement(); i < total; i = next.getAndIncrement()) {
                            boolean isTrain = i < train.size();
                            int position = isTrain ? i : i - train.size();
                            Entry entry = isTrain ? train.get(position) : test.get(position);
                            byte[] pixels = isTrain ? trainPixels : testPixels;
                            decodeOne(path, entry, decoder, image, pixels, position * imageBytes);
                        }
                    }
                }));
            }
            await(running, () -> listener.update(task, Math.min(next.get(), total), total));
        } finally {
            next.set(total); // after a failure nobody begins another image
            pool.shutdownNow();
        }
        listener.update(task, total, total);
        return new Pixels(image, trainPixels, testPixels);
    }

    private static void decodeOne(
            Path path, Entry entry, ImageDecoder decoder, Shape image, byte[] pixels, int offset) {
        try {
            int height = (int) image.dim(1);
            int width = (int) image.dim(2);
            decoder.decode(entry.bytes().read(), entry.name(), height, width, pixels, offset);
        } catch (IOException e) {
            throw unreadable(path, entry, e);
        }
    }

    private static Shape firstShape(Path path, Entry entry) {
        try {
            return ImageDecoder.shape(entry.bytes().read(), entry.name());
        } catch (IOException e) {
            throw unreadable(path, entry, e);
        }
    }

    private static DataException unreadable(Path path, Entry entry, IOException e) {
        return e instanceof FileSystemException
                ? DataException.reading("image " + entry.name() + " in " + path, e)
                : new CorruptDataException(
                        "unreadable image " + entry.name() + " in " + path + ": " + e.getMessage(), e);
    }

    private static byte[] allocate(Path path, int count, Shape image) {
        long bytes = count * image.elements();
        if (bytes > Integer.MAX_VALUE - 64) {
            throw new CorruptDataException(
                    path + ": " + count + " images of " + image + " are more than fit in memory at once");
        }
        return new byte[(int) bytes];
    }

    /** Waits for all; meanwhile reports progress from this thread. The first failure ends the wait. */
    private static void await(List<Future<?>> running, Runnable report) {
        List<Future<?>> left = new ArrayList<>(running);
        while (!left.isEmpty()) {
            report.run();
            try {
                left.get(0).get(100, TimeUnit.MILLISECONDS);
                left.remove(0);
            } catch (TimeoutException e) {
                // Another one may have failed already: look at the others in turn.
                Collections.rotate(left, 1);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new OctavoException("interrupted while images were being decoded", e);
            } catch (ExecutionException e) {
                if (e.getCause() instanceof RuntimeException failure) {
                    throw failure;
                }
                if (e.getCause() instanceof Error failure) {
                    throw failure;
                }
                throw new IllegalStateException(e.getCause());
            }
        }
    }
}

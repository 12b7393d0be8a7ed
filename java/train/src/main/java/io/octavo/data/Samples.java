package io.octavo.data;

import io.octavo.CorruptDataException;
import io.octavo.DataException;
import io.octavo.DataNotFoundException;
import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.internal.onnx.OnnxFile;
import io.octavo.tensor.Inputs;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import io.octavo.tensor.TensorSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a network reads, from files of a user: for calibration, comparison, a run. Read are, by the ends of their names,
 *
 * <ul>
 *   <li>pictures, {@code .jpg}, {@code .jpeg}, {@code .png}, for networks of one input, as an {@link ImageTransform} says;
 *   <li>{@code .npy}, one array, for networks of one input;
 *   <li>{@code .npz}, arrays by the names of the inputs;
 *   <li>{@code .pb}, a tensor as ONNX's test data have them: a folder with {@code input_0.pb}, {@code input_1.pb} .. is a sample of
 *       inputs by position, and any other one, but for {@code output_*.pb}, a sample for networks of one input.
 * </ul>
 *
 * <p>A folder is read with all below it, links followed, in the order of its paths; other files and hidden ones are passed over. A
 * sample is one picture, or what one file or folder of tensors holds; where a network fixes its first dimension, so many pictures make
 * one sample, and arrays that are several times as long are cut. Tensors are fitted as {@link TensorSpec#fit} does. Files are read when
 * an iterator comes to them, again in every pass.
 */
public final class Samples implements Iterable<Inputs> {
    private static final String READ = "jpg, jpeg, png, npy, npz or pb";

    private final Path path;
    private final List<TensorSpec> inputs;
    private final ImageTransform transform; // null: there are no pictures
    private final List<Source> sources;
    private final int most;

    /** A file or folder, or the pictures of one batch. */
    private record Source(Kind kind, List<Path> files) {}

    private enum Kind {
        IMAGE,
        NPY,
        NPZ,
        TENSOR,
        TENSORS;

        static Kind of(Path file) {
            String name = ImageFolder.name(file);
            String lower = name.toLowerCase(Locale.ROOT);
            return ImageFolder.isImage(name)
                    ? IMAGE
                    : name.startsWith(".")
                            ? null
                            : lower.endsWith(".npy")
                                    ? NPY
                                    : lower.endsWith(".npz") ? NPZ : lower.endsWith(".pb") ? TENSOR : null;
        }
    }

    private Samples(Path path, List<TensorSpec> inputs, ImageTransform transform, List<Source> sources, int most) {
        this.path = path;
        this.inputs = inputs;
        this.transform = transform;
        this.sources = sources;
        this.most = most;
    }

    /**
     * Finds the samples of a file or folder; pictures become what {@link ImageTransform#of} the input says.
     *
     * @param inputs the network's, such as a graph's {@code inputSpecs()}
     * @throws DataNotFoundException if there is no such path, or nothing to read in it
     * @throws InvalidValueException if there are pictures or single arrays, but several inputs
     * @throws ShapeMismatchException if there are pictures, but the input takes none
     * @throws DataException if a folder cannot be read
     */
    public static Samples open(Path path, List<TensorSpec> inputs) {
        return open(path, inputs, null);
    }

    /** {@link #open(Path, List)} with a transform for pictures. */
    public static Samples open(Path path, List<TensorSpec> inputs, ImageTransform transform) {
        InvalidValueException.requireNonNull(path, "path of samples");
        List<Source> sources = new ArrayList<>();
        List<Path> images = new ArrayList<>();
        for (Path file : files(path)) {
            Kind kind = Kind.of(file);
            if (kind == Kind.IMAGE) {
                images.add(file);
            } else if (kind == Kind.TENSOR && Files.isRegularFile(file.resolveSibling("input_0.pb"))) {
                if (ImageFolder.name(file).equals("input_0.pb")) {
                    sources.add(new Source(
                            Kind.TENSORS, List.of(file.toAbsolutePath().getParent())));
                }
            } else if (kind != null && !ImageFolder.name(file).startsWith("output_")) {
                sources.add(new Source(kind, List.of(file)));
            }
        }
        for (Source source : sources) {
            if ((source.kind() == Kind.NPY || source.kind() == Kind.TENSOR) && inputs.size() != 1) {
                throw several(source.files().get(0), inputs);
            }
        }
        ImageTransform how = transform;
        if (!images.isEmpty()) {
            if (inputs.size() != 1) {
                throw several(images.get(0), inputs);
            }
            how = transform != null ? transform : ImageTransform.of(inputs.get(0));
            sources.addAll(batches(path, images, inputs.get(0)));
        }
        if (sources.isEmpty()) {
            throw new DataNotFoundException(path + ": nothing to read: " + READ + " files are");
        }
        return new Samples(path, List.copyOf(inputs), how, List.copyOf(sources), Integer.MAX_VALUE);
    }

    private static InvalidValueException several(Path file, List<TensorSpec> inputs) {
        return new InvalidValueException(file + ": one tensor for a network of " + inputs.size() + " inputs, " + inputs
                + ": give them by name in .npz files, or by position in folders of input_0.pb, input_1.pb ..");
    }

    /** A file itself, or all files below a folder, in an order that depends on nothing but their names. */
    private static List<Path> files(Path path) {
        if (!Files.isDirectory(path)) {
            if (!Files.exists(path)) {
                throw new DataNotFoundException(path + ": there is no such file or folder");
            }
            if (!Files.isRegularFile(path) || Kind.of(path) == null) {
                throw new InvalidValueException(path + ": no file that is read here; " + READ + " files are");
            }
            return List.of(path);
        }
        try (Stream<Path> all = Files.walk(path, FileVisitOption.FOLLOW_LINKS)) {
            return all
                    .filter(file -> !isHidden(path, file) && !Files.isDirectory(file))
                    .collect(Collectors.toMap(
                            file -> file.toUri().getRawPath(), file -> file, (one, other) -> one, TreeMap::new))
                    .values()
                    .stream()
                    .toList();
        } catch (UncheckedIOException e) {
            throw DataException.reading(path, e.getCause());
        } catch (IOException e) {
            throw DataException.reading(path, e);
        }
    }

    private static boolean isHidden(Path root, Path file) {
        for (Path part : root.relativize(file)) {
            if (part.toString().startsWith(".")) {
                return true;
            }
        }
        return false;
    }

    /** Pictures one by one, or as many together as the network's first dimension says; a last batch that is not full is left out. */
    private static List<Source> batches(Path path, List<Path> images, TensorSpec input) {
        long first = input.shape().rank() == 4 ? input.shape().dim(0) : 1;
        int batch = first == Shape.N ? 1 : (int) Math.min(first, Integer.MAX_VALUE);
        if (batch > images.size()) {
            throw new ShapeMismatchException(path + ": " + images.size() + " pictures; the network takes " + batch
                    + " at once, as its input " + input + " says");
        }
        List<Source> sources = new ArrayList<>();
        for (int i = 0; i + batch <= images.size(); i += batch) {
            sources.add(new Source(Kind.IMAGE, List.copyOf(images.subList(i, i + batch))));
        }
        return sources;
    }

    /**
     * At most so many samples, evenly spread over all: the first and others at equal distances. Folders often hold one class after the
     * other.
     *
     * @throws InvalidValueException if below 1
     */
    public Samples take(int count) {
        if (count < 1) {
            throw new InvalidValueException(count + " samples: at least 1 is needed");
        }
        List<Source> taken = new ArrayList<>();
        int kept = Math.min(count, sources.size());
        for (int i = 0; i < kept; i++) {
            taken.add(sources.get((int) ((long) i * sources.size() / kept)));
        }
        return new Samples(path, inputs, transform, taken, Math.min(count, most));
    }

    /** Files, folders of tensors and batches of pictures that a pass reads: the number of samples, unless arrays are cut. */
    public int size() {
        return sources.size();
    }

    @Override
    public Iterator<Inputs> iterator() {
        return new Pass();
    }

    private final class Pass implements Iterator<Inputs>, AutoCloseable {
        private final ImageDecoder decoder = transform == null ? null : new ImageDecoder();
        private final Deque<Inputs> parts = new ArrayDeque<>();
        private int next;
        private int given;

        @Override
        public boolean hasNext() {
            return given < most && (!parts.isEmpty() || next < sources.size());
        }

        @Override
        public Inputs next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            if (parts.isEmpty()) {
                parts.addAll(read(sources.get(next++), decoder));
            }
            given++;
            return parts.remove();
        }

        @Override
        public void close() {
            if (decoder != null) {
                decoder.close();
            }
        }
    }

    private List<Inputs> read(Source source, ImageDecoder decoder) {
        Path file = source.files().get(0);
        if (source.kind() == Kind.IMAGE) {
            return List.of(Inputs.of(images(source.files(), decoder)));
        }
        List<Tensor> tensors =
                switch (source.kind()) {
                    case NPY -> List.of(Npy.read(file));
                    case NPZ -> named(file, Npy.readZip(file));
                    case TENSOR -> List.of(OnnxFile.readTensor(file).tensor());
                    default -> positional(file);
                };
        return fitted(tensors, file);
    }

    private Tensor images(List<Path> files, ImageDecoder decoder) {
        List<Tensor> each = new ArrayList<>();
        for (Path file : files) {
            each.add(transform.read(decoder, file));
        }
        Tensor first = each.get(0);
        if (each.size() == 1) {
            return inputs.get(0).fit(first, files.get(0).toString());
        }
        Tensor batch = Tensor.zeros(first.dtype(), first.shape().withBatch(each.size()));
        for (int i = 0; i < each.size(); i++) {
            if (!each.get(i).shape().equals(first.shape())) {
                throw new ShapeMismatchException(files.get(i) + ": "
                        + each.get(i).shape() + " in one batch with " + first.shape() + ": give the size to cut out");
            }
            batch.slice(i, i + 1).copyFrom(each.get(i));
        }
        return inputs.get(0).fit(batch, files.get(0) + " and those after it");
    }

    private List<Tensor> named(Path file, Map<String, Tensor> found) {
        Set<String> wanted = new LinkedHashSet<>();
        inputs.forEach(input -> wanted.add(input.name()));
        if (!found.keySet().equals(wanted)) {
            throw new CorruptDataException(
                    file + ": holds arrays " + found.keySet() + ", but the inputs of the network are " + wanted);
        }
        return wanted.stream().map(found::get).toList();
    }

    private List<Tensor> positional(Path folder) {
        List<Tensor> tensors = new ArrayList<>();
        for (int i = 0; Files.isRegularFile(folder.resolve("input_" + i + ".pb")); i++) {
            tensors.add(
                    OnnxFile.readTensor(folder.resolve("input_" + i + ".pb")).tensor());
        }
        if (tensors.size() != inputs.size()) {
            throw new CorruptDataException(folder + ": holds input_0.pb to input_" + (tensors.size() - 1)
                    + ".pb, but the network has " + inputs.size() + " inputs, " + inputs);
        }
        return tensors;
    }

    /** One sample of the tensors as they are, or, where they are a multiple of what the network takes, several. */
    private List<Inputs> fitted(List<Tensor> tensors, Path file) {
        long parts = 1;
        for (int i = 0; i < tensors.size(); i++) {
            parts = Math.max(
                    parts, multiple(inputs.get(i).shape(), tensors.get(i).shape()));
        }
        long wanted = Math.min(parts, ((long) most + sources.size() - 1) / sources.size());
        List<Inputs> samples = new ArrayList<>();
        for (long k = 0; k < wanted; k++) {
            long part = k * parts / wanted;
            List<Tensor> sample = new ArrayList<>();
            for (int i = 0; i < tensors.size(); i++) {
                Tensor tensor = tensors.get(i);
                if (parts > 1 && multiple(inputs.get(i).shape(), tensor.shape()) == parts) {
                    long rows = inputs.get(i).shape().dim(0);
                    tensor = tensor.slice(part * rows, (part + 1) * rows);
                }
                sample.add(inputs.get(i).fit(tensor, file.toString()));
            }
            samples.add(Inputs.of(sample));
        }
        return samples;
    }

    /** How many times {@code wanted}, whose first dimension is known, {@code found} is long; 0 if it is no such multiple. */
    private static long multiple(Shape wanted, Shape found) {
        boolean cut = found.rank() == wanted.rank()
                && found.rank() > 0
                && wanted.dim(0) != Shape.N
                && found.dim(0) % wanted.dim(0) == 0
                && wanted.accepts(found.withBatch(wanted.dim(0)));
        return cut ? found.dim(0) / wanted.dim(0) : 0;
    }
}

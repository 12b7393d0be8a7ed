package io.octavo.data;

import io.octavo.DataNotFoundException;
import io.octavo.InvalidValueException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;

/** Finds the data set to train and measure on. */
public final class Datasets {
    /** The official archive and its checksum, both as given on https://www.cs.toronto.edu/~kriz/cifar.html. */
    private static final URI CIFAR10_ARCHIVE = URI.create("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz");

    private static final String CIFAR10_MD5 = "c32a1d4ab5d03f1284b67883e8d87530";

    /** Where Debian's package dataset-fashion-mnist puts its files. */
    private static final Path DEBIAN_FASHION = Path.of("/usr/share/datasets/fashion-mnist");

    private Datasets() {}

    /**
     * Finds CIFAR-10, or else Fashion-MNIST, in this order:
     *
     * <ol>
     *   <li>{@code data}, if it is not null: nothing else is then looked at;
     *   <li>the folder that the environment variable {@code OCTAVO_DATA} names: its folder {@code cifar10}, or itself;
     *   <li>the user's cache, {@code $XDG_CACHE_HOME/octavo} or {@code ~/.cache/octavo};
     *   <li>the official archive, downloaded into that cache, its checksum verified; gives up within seconds without a network;
     *   <li>Fashion-MNIST where Debian's package {@code dataset-fashion-mnist} puts it: the note of the result then says so, and
     *       why.
     * </ol>
     *
     * Every data set comes as three channels of 32 x 32 (Fashion-MNIST's 28 x 28 padded, its grey channel repeated).
     *
     * @param data a path that {@link #open} reads; null to search
     * @param listener told of download and decoding
     * @throws DataNotFoundException if there is none, or {@code data} or {@code OCTAVO_DATA} name nothing; says what to do
     * @throws io.octavo.CorruptDataException if what was found is damaged
     */
    public static TrainTest find(Path data, ProgressListener listener) {
        InvalidValueException.requireNonNull(
                listener, "listener of Datasets.find (ProgressListener.NONE takes no notice)");
        return new DataFinder(
                        System.getenv("OCTAVO_DATA"),
                        cache(System.getenv("XDG_CACHE_HOME")),
                        new Download(CIFAR10_ARCHIVE, CIFAR10_MD5),
                        List.of(DEBIAN_FASHION))
                .find(data, listener);
    }

    /** {@link #find(Path, ProgressListener)} without a listener. */
    public static TrainTest find(Path data) {
        return find(data, ProgressListener.NONE);
    }

    /**
     * Reads CIFAR-10 in any form that {@link Cifar10#open} takes, or a folder of MNIST's files (see {@link IdxDataset#open};
     * padded to 32 x 32 and three channels).
     *
     * @throws DataNotFoundException if there is no such path, or nothing there is a data set
     * @throws io.octavo.CorruptDataException if it is damaged
     */
    public static TrainTest open(Path path, ProgressListener listener) {
        InvalidValueException.requireNonNull(path, "path of Datasets.open");
        if (IdxDataset.isIn(path)) {
            TrainTest grey = IdxDataset.open(path);
            return new TrainTest(
                    grey.train().pad(32, 32).toColor(), grey.test().pad(32, 32).toColor(), grey.name(), grey.note());
        }
        return Cifar10.open(path, listener);
    }

    private static Path cache(String xdg) {
        Path base = xdg == null || xdg.isEmpty() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(xdg);
        return base.resolve("octavo");
    }
}

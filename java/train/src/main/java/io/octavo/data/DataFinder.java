package io.octavo.data;

import io.octavo.DataNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The search behind {@link Datasets#find}, with every place a parameter.
 *
 * @param environment value of OCTAVO_DATA, or null
 * @param cache the user's cache folder; need not exist
 * @param download the official archive
 * @param fashion folders where Fashion-MNIST may be
 */
record DataFinder(String environment, Path cache, Download download, List<Path> fashion) {
    TrainTest find(Path data, ProgressListener listener) {
        if (data != null) {
            return Datasets.open(data, listener);
        }
        if (environment != null && !environment.isEmpty()) {
            Path folder = Path.of(environment);
            if (!Files.isDirectory(folder)) {
                throw new DataNotFoundException("OCTAVO_DATA is " + folder + ", which is no folder");
            }
            for (Path place : List.of(folder.resolve("cifar10"), folder)) {
                if (isDataset(place)) {
                    return Datasets.open(place, listener);
                }
            }
        }
        for (Path place : List.of(cache.resolve("cifar10"), cache)) {
            if (isDataset(place)) {
                return Datasets.open(place, listener);
            }
        }
        DataNotFoundException noDownload;
        try {
            return Cifar10.open(download.into(cache, listener), listener);
        } catch (DataNotFoundException e) {
            noDownload = e;
        }
        for (Path place : fashion) {
            if (IdxDataset.isIn(place)) {
                TrainTest found = Datasets.open(place, listener);
                return found.withNote("CIFAR-10 was not found, and could not be downloaded (" + noDownload.getMessage()
                        + "): this is " + found.name() + " from " + place);
            }
        }
        throw new DataNotFoundException(
                "No data set found. Give the path of CIFAR-10 (--data PATH), name its folder in OCTAVO_DATA, put "
                        + download.fileName() + " into " + cache
                        + ", or install Debian's package dataset-fashion-mnist. "
                        + "The download failed: " + noDownload.getMessage(),
                noDownload);
    }

    private static boolean isDataset(Path place) {
        return Cifar10.isIn(place) || IdxDataset.isIn(place);
    }
}

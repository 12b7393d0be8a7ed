package io.octavo.internal.onnx;

import io.octavo.DataException;
import io.octavo.DataNotFoundException;
import io.octavo.InvalidValueException;
import io.octavo.UnsupportedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;

/**
 * Elements that lie in files beside a model's: mapped, each file once. A model must not be a way to other files of the machine: a file
 * is taken from the model's own folder or one below it, and not through a link that leads elsewhere.
 */
final class ExternalData {
    private final Path folder;
    private final Map<String, Path> files = new HashMap<>();
    private final Map<Path, ByteBuffer> mapped = new HashMap<>();

    /**
     * @param folder of the model
     */
    ExternalData(Path folder) {
        this.folder = folder;
    }

    /**
     * Bytes of a file.
     *
     * @param fields what the tensor says of the place: {@code location}, {@code offset} and {@code length}, the last two if wanted
     * @param expected how many bytes the tensor needs
     * @param what how messages name the tensor
     * @throws InvalidValueException if the place is none that a model may name, or does not hold these bytes
     * @throws DataException if the file cannot be read
     */
    TensorData.External read(Map<String, String> fields, long expected, String what) {
        String location = fields.getOrDefault("location", "");
        long offset = number(fields, "offset", 0, what);
        long length = number(fields, "length", expected, what);
        if (length != expected) {
            throw new InvalidValueException(
                    what + " needs " + expected + " bytes, its external data are " + length + " long");
        }
        if (length > Integer.MAX_VALUE) {
            throw new UnsupportedException(what + " of " + length + " bytes exceeds 2 GiB");
        }
        Path file = files.computeIfAbsent(location, place -> find(place, what));
        try {
            return new TensorData.External(location, offset, map(file, offset, (int) length, what));
        } catch (IOException e) {
            throw DataException.reading(file, e);
        }
    }

    private ByteBuffer map(Path file, long offset, int length, String what) throws IOException {
        ByteBuffer whole = mapped.get(file);
        if (whole != null) {
            requireInside(file, offset, length, whole.limit(), what);
            return whole.slice((int) offset, length);
        }
        // What find() saw is opened, not what a link may name by now.
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            long size = channel.size();
            requireInside(file, offset, length, size, what);
            if (size > Integer.MAX_VALUE) {
                return channel.map(FileChannel.MapMode.READ_ONLY, offset, length);
            }
            whole = channel.map(FileChannel.MapMode.READ_ONLY, 0, size);
            mapped.put(file, whole);
            return whole.slice((int) offset, length);
        }
    }

    private static void requireInside(Path file, long offset, long length, long size, String what) {
        if (offset > size || length > size - offset) {
            throw new InvalidValueException(what + " lies at bytes " + offset + " to " + offset + " + " + length
                    + " of " + file + ", which has " + size);
        }
    }

    /** The real path of a file that a model may name. */
    private Path find(String location, String what) {
        Path relative;
        try {
            relative = Path.of(location);
        } catch (InvalidPathException e) {
            throw new InvalidValueException(
                    what + ": external data in " + Quoted.of(location) + ", which is no path", e);
        }
        boolean up = false;
        for (Path part : relative) {
            up |= part.toString().equals("..");
        }
        if (location.isEmpty() || relative.isAbsolute() || up) {
            throw new InvalidValueException(what + ": external data in " + Quoted.of(location)
                    + ": expected a path below the model's folder, without \"..\"");
        }
        Path file = folder.resolve(relative);
        try {
            Path real = file.toRealPath();
            if (!real.startsWith(folder.toRealPath())) {
                throw new InvalidValueException(what + ": external data in " + Quoted.of(location)
                        + ", a link that leads out of the model's folder");
            }
            if (!Files.isRegularFile(real)) {
                throw new InvalidValueException(
                        what + ": external data in " + Quoted.of(location) + ", which is no regular file");
            }
            return real;
        } catch (NoSuchFileException e) {
            throw new DataNotFoundException(what + ": its external data should be in " + file + ": no such file", e);
        } catch (IOException e) {
            throw DataException.reading(file, e);
        }
    }

    private static long number(Map<String, String> fields, String key, long otherwise, String what) {
        String text = fields.get(key);
        if (text == null) {
            return otherwise;
        }
        try {
            long number = Long.parseLong(text);
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new InvalidValueException(
                what + ": " + key + " of its external data is " + Quoted.of(text) + ", expected a number of bytes");
    }
}

package io.octavo.internal.onnx;

import io.octavo.AtomicFile;
import io.octavo.CorruptDataException;
import io.octavo.DataException;
import io.octavo.UnsupportedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * ONNX files. What was read refers to the mapped file as long as any part of it is reachable: a file may be replaced by a rename
 * meanwhile, as all that Octavo writes is, but must not be shortened.
 */
public final class OnnxFile {
    private OnnxFile() {}

    /**
     * Reads a model.
     *
     * @throws io.octavo.DataNotFoundException if it, or a file of its external data, is not there
     * @throws CorruptDataException if it is no well-formed model
     * @throws UnsupportedException if it has more than 2 GiB, sparse initializers, or more parts than the heap can hold
     * @throws DataException if it cannot be read
     */
    public static ModelDef read(Path file) {
        return parsed(file, OnnxReader::model);
    }

    /** Reads a file of a single tensor, as ONNX's test data are; throws as {@link #read}. */
    public static TensorDef readTensor(Path file) {
        return parsed(file, OnnxReader::tensor);
    }

    /**
     * Writes a model, or leaves what was there as it was; see {@link AtomicFile}. Equal models are equal bytes. Elements go from
     * where they lie to the file; external ones become part of it.
     *
     * @throws UnsupportedException if it takes more than 2 GiB
     * @throws io.octavo.ClosedException if a tensor that it holds is closed
     * @throws DataException if it cannot be written
     */
    public static void write(Path file, ModelDef model) {
        OnnxWriter writer = OnnxWriter.of(model);
        AtomicFile.write(file, writer::writeTo);
    }

    /** Writes a file of a single tensor; throws as {@link #write}. */
    public static void writeTensor(Path file, TensorDef tensor) {
        OnnxWriter writer = OnnxWriter.of(tensor);
        AtomicFile.write(file, writer::writeTo);
    }

    private interface Parser<T> {
        T parse(String file, ByteBuffer bytes, Path folder);
    }

    private static <T> T parsed(Path file, Parser<T> parser) {
        try {
            // A pipe would be waited for.
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                throw new DataException(file + ": cannot be read: it is no regular file");
            }
            return parser.parse(
                    file.toString(), map(file), file.toAbsolutePath().getParent());
        } catch (IOException e) {
            throw DataException.reading(file, e);
        } catch (InternalError e) {
            // What the JDK throws for a page that the file no longer has.
            throw new CorruptDataException(file + ": became shorter while it was read", e);
        }
    }

    private static ByteBuffer map(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size > Integer.MAX_VALUE) {
                throw new UnsupportedException(
                        file + ": " + size
                                + " bytes: protobuf files have at most 2 GiB, larger models keep their weights in external data");
            }
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, size);
        }
    }
}

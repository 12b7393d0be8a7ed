package io.octavo.tensor;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.jr.ob.JSON;
import io.octavo.AtomicFile;
import io.octavo.CorruptDataException;
import io.octavo.DataException;
import io.octavo.InvalidValueException;
import io.octavo.OctavoException;
import io.octavo.UnsupportedException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Named tensors in a file of the safetensors format: 8 bytes of header length (little-endian), a JSON header with type,
 * shape and place of each tensor and a map of strings under {@code __metadata__}, then the tensors' bytes
 * (little-endian, row-major).
 *
 * <p>Reading believes nothing: sizes are checked against the file before memory is allocated, tensors must fill the
 * data without gaps or overlaps, and whatever does not hold is a {@link CorruptDataException} that names it.
 */
public final class SafeTensors {
    private static final String METADATA = "__metadata__";
    private static final int LENGTH_BYTES = 8;
    private static final long MAX_HEADER = 100_000_000; // the format's own limit

    private SafeTensors() {}

    /** Type names of the format with the bytes of an element and the type that a tensor of it gets here. */
    private enum Stored {
        F32(4, DType.F32),
        U8(1, DType.U8),
        I8(1, DType.S8),
        I32(4, DType.S32),
        F64(8, DType.F32),
        I64(8, DType.S32);

        final int bytes;
        final DType dtype;

        Stored(int bytes, DType dtype) {
            this.bytes = bytes;
            this.dtype = dtype;
        }
    }

    private record Entry(String name, Stored stored, Shape shape, long begin, long end) {}

    private record Header(List<Entry> entries, Map<String, String> metadata, long dataBegin) {}

    /**
     * All tensors in the header's order. F32, U8, I8 (as S8) and I32 (as S32) are read as they are; F64 is rounded to
     * F32, and I64 becomes S32 if every element fits.
     *
     * @throws io.octavo.DataNotFoundException if there is no such file
     * @throws CorruptDataException if it is not a well-formed file of the format
     * @throws UnsupportedException for another type, a tensor without elements, one of more than {@link Shape#MAX_RANK}
     *     dimensions or 2 GiB, or an I64 beyond 32 bits
     */
    public static Map<String, Tensor> read(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            Header header = header(file, channel);
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            for (Entry e : header.entries()) {
                tensors.put(e.name(), load(file, channel, header.dataBegin(), e));
            }
            return tensors;
        } catch (IOException e) {
            throw DataException.reading(file, e);
        }
    }

    /** The file's map of strings, empty if it has none. Throws as {@link #read}. */
    public static Map<String, String> metadata(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return header(file, channel).metadata();
        } catch (IOException e) {
            throw DataException.reading(file, e);
        }
    }

    /**
     * Writes a file, or leaves what was there as it was; see {@link AtomicFile}. S8 is written as I8, S32 as I32. Tensors of wider elements come first, so that all are aligned; else
     * the map's order holds.
     *
     * @throws InvalidValueException if a tensor is called {@code __metadata__}
     * @throws DataException if it cannot be written
     */
    public static void write(Path file, Map<String, Tensor> tensors, Map<String, String> metadata) {
        List<Map.Entry<String, Tensor>> ordered = new ArrayList<>(tensors.entrySet());
        ordered.sort(Comparator.comparing(e -> -e.getValue().dtype().bytes()));
        byte[] header = headerBytes(ordered, metadata);
        AtomicFile.write(file, to -> {
            ByteBuffer length = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            AtomicFile.writeFully(to, length.putLong(header.length).flip());
            AtomicFile.writeFully(to, ByteBuffer.wrap(header));
            for (Map.Entry<String, Tensor> e : ordered) {
                AtomicFile.writeFully(to, e.getValue().bytes());
            }
        });
    }

    private static byte[] headerBytes(List<Map.Entry<String, Tensor>> ordered, Map<String, String> metadata) {
        Map<String, Object> header = new LinkedHashMap<>();
        if (!metadata.isEmpty()) {
            header.put(METADATA, new TreeMap<>(metadata)); // sorted: the same weights are the same bytes
        }
        long at = 0;
        for (Map.Entry<String, Tensor> e : ordered) {
            if (e.getKey().equals(METADATA)) {
                throw new InvalidValueException("a tensor cannot be called " + METADATA + " in a safetensors file");
            }
            Tensor t = e.getValue();
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("dtype", storedName(t.dtype()));
            entry.put("shape", t.shape().dims());
            entry.put("data_offsets", new long[] {at, at + t.byteSize()});
            at += t.byteSize();
            header.put(e.getKey(), entry);
        }
        try {
            String json = JSON.std.asString(header);
            int length = json.getBytes(StandardCharsets.UTF_8).length;
            return (json + " ".repeat((LENGTH_BYTES - length % LENGTH_BYTES) % LENGTH_BYTES))
                    .getBytes(StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new OctavoException("names or metadata cannot be written as JSON: " + e.getMessage(), e);
        }
    }

    private static String storedName(DType dtype) {
        return switch (dtype) {
            case F32 -> "F32";
            case U8 -> "U8";
            case S8 -> "I8";
            case S32 -> "I32";
            case S64, BOOL ->
                throw new UnsupportedException(
                        "a tensor of type " + dtype + " cannot be saved as" + " safetensors: F32, U8, S8 and S32 can");
        };
    }

    private static Header header(Path file, FileChannel channel) throws IOException {
        long size = channel.size();
        require(size >= LENGTH_BYTES, file, size + " bytes are too few for a safetensors file");
        long length = read(file, channel, 0, LENGTH_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .getLong();
        require(
                length >= 2 && length <= Math.min(MAX_HEADER, size - LENGTH_BYTES),
                file,
                "its header would be " + Long.toUnsignedString(length) + " bytes long in a file of " + size);
        byte[] json = read(file, channel, LENGTH_BYTES, (int) length).array();
        Map<String, Object> fields;
        try {
            fields = JSON.std.mapFrom(json);
        } catch (JsonProcessingException e) {
            throw new CorruptDataException(file + ": the header is not JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new CorruptDataException(file + ": the header is not a JSON object: " + e.getMessage(), e);
        }
        require(fields != null, file, "the header is not a JSON object");
        long dataBegin = LENGTH_BYTES + length;
        List<Entry> entries = new ArrayList<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        for (Map.Entry<String, Object> field : fields.entrySet()) {
            if (field.getKey().equals(METADATA)) {
                readMetadata(file, field.getValue(), metadata);
            } else {
                entries.add(entry(file, field.getKey(), field.getValue()));
            }
        }
        requireGapless(file, entries, size - dataBegin);
        return new Header(entries, metadata, dataBegin);
    }

    private static void readMetadata(Path file, Object value, Map<String, String> metadata) {
        require(value instanceof Map, file, METADATA + " is not a map");
        for (Map.Entry<?, ?> e : ((Map<?, ?>) value).entrySet()) {
            require(e.getValue() instanceof String, file, METADATA + " \"" + e.getKey() + "\" is not a string");
            metadata.put((String) e.getKey(), (String) e.getValue());
        }
    }

    private static Entry entry(Path file, String name, Object value) {
        String what = "tensor \"" + name + "\": ";
        require(value instanceof Map, file, what + "its entry is not a map");
        Map<?, ?> fields = (Map<?, ?>) value;
        require(fields.get("dtype") instanceof String, file, what + "no dtype");
        long[] dims = numbers(file, what + "shape", fields.get("shape"));
        long[] offsets = numbers(file, what + "data_offsets", fields.get("data_offsets"));
        require(offsets.length == 2 && offsets[0] <= offsets[1], file, what + "data_offsets are not a range");
        Stored stored = stored(file, what, (String) fields.get("dtype"));
        long bytes = stored.bytes;
        for (long dim : dims) {
            if (dim == 0) {
                throw new UnsupportedException(file + ": " + what + "it has no elements");
            }
            require(dim <= Long.MAX_VALUE / bytes, file, what + "its shape exceeds any file");
            bytes *= dim;
        }
        require(
                bytes == offsets[1] - offsets[0],
                file,
                what + "its shape needs " + bytes + " bytes, its data_offsets hold " + (offsets[1] - offsets[0]));
        if (dims.length > Shape.MAX_RANK) {
            throw new UnsupportedException(
                    file + ": " + what + dims.length + " dimensions: at most " + Shape.MAX_RANK + " are supported");
        }
        return new Entry(name, stored, Shape.of(dims), offsets[0], offsets[1]);
    }

    private static Stored stored(Path file, String what, String dtype) {
        for (Stored s : Stored.values()) {
            if (s.name().equals(dtype)) {
                return s;
            }
        }
        throw new UnsupportedException(
                file + ": " + what + "type " + dtype + ": F32, U8, I8, I32, F64 and I64 are supported");
    }

    private static long[] numbers(Path file, String what, Object value) {
        require(value instanceof List, file, what + " is not a list");
        List<?> list = (List<?>) value;
        long[] numbers = new long[list.size()];
        for (int i = 0; i < numbers.length; i++) {
            Object n = list.get(i);
            require(
                    (n instanceof Integer || n instanceof Long) && ((Number) n).longValue() >= 0,
                    file,
                    what + " has " + n);
            numbers[i] = ((Number) n).longValue();
        }
        return numbers;
    }

    private static void requireGapless(Path file, List<Entry> entries, long dataBytes) {
        List<Entry> ordered = new ArrayList<>(entries);
        ordered.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        long at = 0;
        for (Entry e : ordered) {
            require(
                    e.begin() == at,
                    file,
                    "tensor \"" + e.name() + "\" begins at byte " + e.begin() + " of the data, not at " + at
                            + ", where the one before it ends");
            at = e.end();
        }
        require(
                at == dataBytes,
                file,
                "its tensors hold " + at + " bytes, the file " + dataBytes + " after the header");
    }

    private static Tensor load(Path file, FileChannel channel, long dataBegin, Entry e) throws IOException {
        Tensor tensor = Tensor.zeros(e.stored().dtype, e.shape());
        if (e.stored().bytes == e.stored().dtype.bytes()) {
            readAll(file, channel, dataBegin + e.begin(), tensor.bytes());
            return tensor;
        }
        ByteBuffer wide = read(file, channel, dataBegin + e.begin(), Math.toIntExact(e.end() - e.begin()))
                .order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer narrow = tensor.bytes();
        for (int i = 0; i < tensor.elements(); i++) {
            if (e.stored() == Stored.F64) {
                narrow.putFloat((float) wide.getDouble());
                continue;
            }
            long value = wide.getLong();
            if (value != (int) value) {
                throw new UnsupportedException(
                        file + ": tensor \"" + e.name() + "\": element " + i + " is " + value + ", beyond 32 bits");
            }
            narrow.putInt((int) value);
        }
        return tensor;
    }

    private static ByteBuffer read(Path file, FileChannel channel, long position, int bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(bytes);
        readAll(file, channel, position, buffer);
        return buffer.flip();
    }

    private static void readAll(Path file, FileChannel channel, long position, ByteBuffer into) throws IOException {
        long at = position;
        while (into.hasRemaining()) {
            int n = channel.read(into, at);
            if (n < 0) {
                throw new EOFException(file + " became shorter while it was read");
            }
            at += n;
        }
    }

    private static void require(boolean good, Path file, String what) {
        if (!good) {
            throw new CorruptDataException(file + ": " + what);
        }
    }
}

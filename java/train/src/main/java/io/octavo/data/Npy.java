package io.octavo.data;

import io.octavo.AtomicFile;
import io.octavo.CorruptDataException;
import io.octavo.DataException;
import io.octavo.InvalidValueException;
import io.octavo.UnsupportedException;
import io.octavo.internal.onnx.TensorData;
import io.octavo.internal.onnx.TensorDef;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * NumPy's files of arrays: {@code .npy}, one array, and {@code .npz}, a zip of several by name.
 *
 * <p>Read are versions 1 to 3 of the format with little-endian elements of types f2, f4, f8 (as F32), i1, u1, i2, u2, i4 (as S32), u4, i8,
 * u8 (as S64) and b1. Arrays in Fortran's order are transposed. Nothing in a file is believed: memory is taken only for what the file is
 * large enough to hold.
 */
public final class Npy {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final int ALIGNMENT = 64; // of the elements in a file, as the format asks
    /** Deflate makes at most 1032 bytes of one: what a zip's entry claims beyond that is not in it. */
    private static final long MOST_INFLATED = 1032;

    private Npy() {}

    /**
     * Reads a {@code .npy} file.
     *
     * @throws io.octavo.DataNotFoundException if there is no such file
     * @throws CorruptDataException if it is no well-formed one, naming what is wrong
     * @throws UnsupportedException for elements that tensors do not hold (structures, objects, strings, complex and big-endian
     *     numbers), an array without elements, or one of more than {@link Shape#MAX_RANK} dimensions or 2 GiB
     * @throws DataException if it cannot be read
     */
    public static Tensor read(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return read(file.toString(), in, Files.size(file));
        } catch (IOException e) {
            throw DataException.reading(file, e);
        }
    }

    /**
     * Reads a {@code .npz} file: its arrays by name, in the order of the names. Throws as {@link #read}.
     */
    public static Map<String, Tensor> readZip(Path file) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        try (ZipFile zip = new ZipFile(file.toFile())) {
            List<ZipEntry> entries = zip.stream()
                    .filter(entry -> !entry.isDirectory())
                    .sorted((a, b) -> a.getName().compareTo(b.getName()))
                    .collect(Collectors.toList());
            for (ZipEntry entry : entries) {
                String what = file + ": entry " + entry.getName();
                if (!entry.getName().endsWith(".npy")) {
                    throw new CorruptDataException(what + ": an .npz file holds .npy files alone");
                }
                String name = entry.getName().substring(0, entry.getName().length() - ".npy".length());
                try (InputStream in = zip.getInputStream(entry)) {
                    long most = Math.min(entry.getSize(), (entry.getCompressedSize() + 1) * MOST_INFLATED);
                    if (tensors.put(name, read(what, in, most)) != null) {
                        throw new CorruptDataException(what + " occurs twice");
                    }
                }
            }
        } catch (IOException e) {
            throw DataException.reading(file, e);
        }
        return Collections.unmodifiableMap(tensors);
    }

    /**
     * Writes a tensor as a {@code .npy} file: whole, or not at all, see {@link AtomicFile}.
     *
     * @throws DataException if it cannot be written
     */
    public static void write(Path file, Tensor tensor) {
        InvalidValueException.requireNonNull(tensor, "tensor for " + file);
        String descr =
                switch (tensor.dtype()) {
                    case F32 -> "<f4";
                    case U8 -> "|u1";
                    case S8 -> "|i1";
                    case S32 -> "<i4";
                    case S64 -> "<i8";
                    case BOOL -> "|b1";
                };
        String dims = Arrays.stream(tensor.shape().dims())
                .mapToObj(dim -> dim + (tensor.shape().rank() == 1 ? "," : ""))
                .collect(Collectors.joining(", "));
        String dict = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (" + dims + "), }";
        int start = MAGIC.length + 4;
        int padding = ALIGNMENT - (start + dict.length() + 1) % ALIGNMENT;
        byte[] header = (dict + " ".repeat(padding) + "\n").getBytes(StandardCharsets.US_ASCII);
        AtomicFile.write(file, to -> {
            AtomicFile.writeFully(to, ByteBuffer.wrap(MAGIC));
            AtomicFile.writeFully(
                    to, ByteBuffer.wrap(new byte[] {1, 0, (byte) header.length, (byte) (header.length >> 8)}));
            AtomicFile.writeFully(to, ByteBuffer.wrap(header));
            AtomicFile.writeFully(to, tensor.bytes());
        });
    }

    /** {@code most}: bytes that {@code in} may have. */
    private static Tensor read(String what, InputStream in, long most) throws IOException {
        byte[] start = in.readNBytes(MAGIC.length + 2);
        if (start.length < MAGIC.length + 2 || !Arrays.equals(start, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
            throw new CorruptDataException(what + ": no .npy file: it does not begin with NumPy's mark");
        }
        int version = start[MAGIC.length];
        if (version < 1 || version > 3) {
            throw new UnsupportedException(what + ": version " + version + " of the format; 1 to 3 are read");
        }
        NpyHeader header = NpyHeader.read(what, in, version);
        long bytes = header.bytes();
        if (bytes > most) {
            throw new CorruptDataException(what + ": its array " + header + " takes " + bytes
                    + " bytes, but not more than " + most + " are there");
        }
        if (bytes == 0) {
            throw new UnsupportedException(what + ": its array " + header + " has no elements");
        }
        try (Tensor raw = Tensor.zeros(DType.U8, bytes)) {
            fill(what, in, raw.bytes());
            if (in.read() >= 0) {
                throw new CorruptDataException(what + ": bytes follow its array " + header);
            }
            try (Tensor ordered = header.fortran() ? transposed(header, raw) : raw) {
                return new TensorDef("", header.type(), header.dims(), new TensorData.Raw(ordered.bytes())).tensor();
            }
        } catch (UnsupportedException e) {
            throw new UnsupportedException(what + ": " + e.getMessage(), e);
        }
    }

    private static void fill(String what, InputStream in, ByteBuffer bytes) throws IOException {
        ReadableByteChannel channel = Channels.newChannel(in);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes) < 0) {
                throw new EOFException(bytes.remaining() + " bytes of the array are missing");
            }
        }
    }

    /** Elements whose first index runs quickest, in an order in which the last one does. */
    private static Tensor transposed(NpyHeader header, Tensor raw) {
        int size = header.type().bits() / 8;
        int rank = header.dims().size();
        ByteBuffer from = raw.bytes();
        Tensor ordered = Tensor.zeros(DType.U8, raw.shape());
        ByteBuffer to = ordered.bytes();
        long[] index = new long[rank];
        long[] stride = new long[rank];
        long step = size;
        for (int d = 0; d < rank; d++) {
            stride[d] = step;
            step *= header.dims().get(d);
        }
        byte[] element = new byte[size];
        while (to.hasRemaining()) {
            long at = 0;
            for (int d = 0; d < rank; d++) {
                at += index[d] * stride[d];
            }
            from.get((int) at, element);
            to.put(element);
            for (int d = rank - 1; d >= 0 && ++index[d] == header.dims().get(d); d--) {
                index[d] = 0;
            }
        }
        return ordered;
    }
}

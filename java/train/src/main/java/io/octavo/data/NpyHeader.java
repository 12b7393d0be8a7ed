package io.octavo.data;

import io.octavo.CorruptDataException;
import io.octavo.UnsupportedException;
import io.octavo.internal.onnx.ElementType;
import io.octavo.tensor.Shape;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The header of a {@code .npy} file: a Python dictionary with the keys descr, fortran_order and shape, as text.
 *
 * @param fortran whether the first index runs quickest
 */
record NpyHeader(String descr, ElementType type, boolean fortran, List<Long> dims) {
    private static final int MAX_LENGTH = 10_000; // as NumPy's own reader has it
    private static final Map<String, ElementType> TYPES = Map.ofEntries(
            Map.entry("f2", ElementType.F16),
            Map.entry("f4", ElementType.F32),
            Map.entry("f8", ElementType.F64),
            Map.entry("i1", ElementType.S8),
            Map.entry("u1", ElementType.U8),
            Map.entry("i2", ElementType.S16),
            Map.entry("u2", ElementType.U16),
            Map.entry("i4", ElementType.S32),
            Map.entry("u4", ElementType.U32),
            Map.entry("i8", ElementType.S64),
            Map.entry("u8", ElementType.U64),
            Map.entry("b1", ElementType.BOOL));

    /** One entry of the dictionary: a name, then a string, a truth value, a tuple, or a list of whatever. */
    private static final Pattern ENTRY = Pattern.compile(
            "\\s*(['\"])(\\w+)\\1\\s*:\\s*('[^']*'|\"[^\"]*\"|True|False|\\([^()]*\\)|\\[.*\\])\\s*(,|$)");

    private static final Pattern DIM = Pattern.compile("\\d{1,18}L?");

    /** Reads what follows the version. */
    static NpyHeader read(String what, InputStream in, int version) throws IOException {
        int width = version == 1 ? 2 : 4;
        byte[] size = in.readNBytes(width);
        if (size.length < width) {
            throw new EOFException("the length of the header is missing");
        }
        long length = 0;
        for (int i = width - 1; i >= 0; i--) {
            length = length << 8 | size[i] & 0xff;
        }
        if (length > MAX_LENGTH) {
            throw new CorruptDataException(
                    what + ": its header claims " + length + " bytes; more than " + MAX_LENGTH + " are not believed");
        }
        byte[] text = in.readNBytes((int) length);
        if (text.length < length) {
            throw new EOFException("the header has " + text.length + " of " + length + " bytes");
        }
        return parse(what, new String(text, version < 3 ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8));
    }

    private static NpyHeader parse(String what, String text) {
        String dict = text.strip();
        if (!dict.startsWith("{") || !dict.endsWith("}")) {
            throw corrupt(what, text);
        }
        Map<String, String> values = new HashMap<>();
        String inner = dict.substring(1, dict.length() - 1).stripTrailing();
        Matcher entry = ENTRY.matcher(inner);
        int at = 0;
        while (at < inner.length()) {
            if (!entry.region(at, inner.length()).lookingAt() || values.put(entry.group(2), entry.group(3)) != null) {
                throw corrupt(what, text);
            }
            at = entry.end();
        }
        String descr = values.get("descr");
        String order = values.get("fortran_order");
        String shape = values.get("shape");
        if (values.size() != 3 || descr == null || order == null || shape == null) {
            throw corrupt(what, text);
        }
        if (!order.equals("True") && !order.equals("False") || !shape.startsWith("(")) {
            throw corrupt(what, text);
        }
        List<Long> dims = new ArrayList<>();
        String[] parts = shape.substring(1, shape.length() - 1).split(",", -1);
        for (int i = 0; i < parts.length; i++) {
            String dim = parts[i].strip();
            if (DIM.matcher(dim).matches()) {
                dims.add(Long.parseLong(dim.replace("L", "")));
            } else if (i < parts.length - 1 || !dim.isEmpty()) { // one comma may come last
                throw corrupt(what, text);
            }
        }
        if (dims.size() > Shape.MAX_RANK) {
            throw new UnsupportedException(
                    what + ": its array has " + dims.size() + " dimensions; tensors have at most " + Shape.MAX_RANK);
        }
        NpyHeader header = new NpyHeader(descr, type(what, descr), order.equals("True"), dims);
        if (header.bytes() < 0) {
            throw new CorruptDataException(what + ": its array " + header + " has more bytes than can be counted");
        }
        return header;
    }

    private static ElementType type(String what, String descr) {
        String name = descr.substring(1, descr.length() - 1);
        ElementType type = name.length() == 3 ? TYPES.get(name.substring(1)) : null;
        if (type == null || "<|=".indexOf(name.charAt(0)) < 0 && type.bits() > 8) {
            throw new UnsupportedException(
                    what + ": its elements are of type " + descr
                            + "; little-endian f2, f4, f8, i1 to i8, u1 to u8 and b1 are read: convert with NumPy's astype('<f4')");
        }
        return type;
    }

    private static CorruptDataException corrupt(String what, String text) {
        String shown = text.length() > 200 ? text.substring(0, 200) + ".." : text;
        return new CorruptDataException(what + ": its header is not a dictionary of descr, fortran_order and shape but "
                + shown.strip().replaceAll("\\p{Cntrl}", "?"));
    }

    /** Bytes of all elements; -1 if they cannot be counted. */
    long bytes() {
        long bytes = type.bits() / 8;
        for (long dim : dims) {
            if (dim == 0) {
                return 0;
            }
            if (bytes > Long.MAX_VALUE / dim) {
                return dims.contains(0L) ? 0 : -1;
            }
            bytes *= dim;
        }
        return bytes;
    }

    /** Type and dimensions as the file writes them. */
    @Override
    public String toString() {
        return descr + " " + dims;
    }
}

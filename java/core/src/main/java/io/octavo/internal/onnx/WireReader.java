package io.octavo.internal.onnx;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import io.octavo.CorruptDataException;
import io.octavo.UnsupportedException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The fields of a protobuf message one after the other, and where in the file one stands. What is wrong is a {@link
 * CorruptDataException} with that place; nothing is allocated by a length before so many bytes are known to be there.
 */
final class WireReader {
    /** Messages within messages; a graph in a node's attribute is three. */
    static final int MAX_DEPTH = 100;

    /** Bytes of the heap that the parts of one file may take, by a rough count: a small hostile file can ask for forty times its size. */
    static final long MAX_HEAP = Runtime.getRuntime().maxMemory() / 2;

    // What is counted, in bytes.
    private static final int MESSAGE = 160;
    private static final int NEW_STRING = 120;
    private static final int KNOWN_STRING = 8;

    private final String file;
    private final ByteBuffer bytes;
    private final CodedInputStream in;
    private final CharsetDecoder utf8 = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    private final Map<String, String> strings = new HashMap<>();

    // The messages that are being read, from the outermost on: what each is, which of several, its single fields seen
    // so far.
    private final String[] what = new String[MAX_DEPTH];
    private final int[] index = new int[MAX_DEPTH];
    private final long[] seen = new long[MAX_DEPTH];
    private int depth;

    private long heap;
    private int tag;

    /**
     * @param file how messages name it
     * @param bytes the message, from position to limit
     */
    WireReader(String file, ByteBuffer bytes) {
        this.file = file;
        this.bytes = Bytes.shared(bytes);
        this.in = CodedInputStream.newInstance(new Input(Bytes.shared(bytes)));
        read(() -> in.pushLimit(this.bytes.limit()));
    }

    // ---- Fields
    // ------------------------------------------------------------------------------------------------------------

    /** Number of the next field; 0: the message ends here. */
    int next() {
        tag = read(in::readTag);
        return WireFormat.getTagFieldNumber(tag);
    }

    /** This reader, for a field that a message has once. */
    WireReader once() {
        int field = WireFormat.getTagFieldNumber(tag);
        if ((seen[depth] & 1L << field) != 0) {
            throw corrupt("field " + field + " occurs twice");
        }
        seen[depth] |= 1L << field;
        return this;
    }

    /** Steps over the field, whatever it is. */
    void skip() {
        read(() -> in.skipField(tag));
    }

    long varint() {
        require(WireFormat.WIRETYPE_VARINT);
        return read(in::readInt64);
    }

    float fixed32() {
        require(WireFormat.WIRETYPE_FIXED32);
        return read(in::readFloat);
    }

    /** The bytes of a field, where they lie. */
    ByteBuffer slice() {
        int length = length();
        int from = in.getTotalBytesRead();
        read(() -> {
            in.skipRawBytes(length);
            return null;
        });
        return Bytes.shared(bytes.slice(from, length));
    }

    /** A string, which is UTF-8; equal ones of a file are one object. */
    String string() {
        ByteBuffer text = slice();
        count(KNOWN_STRING);
        if (!text.hasRemaining()) {
            return "";
        }
        try {
            String string = utf8.decode(text).toString();
            String known = strings.putIfAbsent(string, string);
            count(known == null ? NEW_STRING + 2L * string.length() : 0);
            return known == null ? string : known;
        } catch (CharacterCodingException e) {
            throw corrupt("field " + WireFormat.getTagFieldNumber(tag) + " is no UTF-8", e);
        }
    }

    /** Adds the integers of a field, packed into one or a single one. */
    void integers(Longs into) {
        if (WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_VARINT) {
            count(Long.BYTES);
            into.add(varint());
            return;
        }
        ByteBuffer packed = slice();
        int count = Varint.count(packed);
        count((long) count * Long.BYTES);
        into.expect(count);
        for (int i = 0; i < count; i++) {
            into.add(Varint.next(packed));
        }
    }

    /**
     * Adds the bytes of numbers, packed or a single one.
     *
     * @param wireType of a single number
     */
    void packed(Parts into, int wireType) {
        if (WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
            ByteBuffer part = slice();
            count(into.isEmpty() ? 0 : part.remaining());
            into.add(part);
            return;
        }
        require(wireType);
        int from = in.getTotalBytesRead();
        skip();
        int size = in.getTotalBytesRead() - from;
        count(size);
        into.add(bytes.slice(from, size));
    }

    /**
     * A message within this one.
     *
     * @param name what it is, for messages of errors
     * @param number which of several; -1: there is one
     * @param body reads its fields until {@link #next} is 0
     */
    <T> T message(String name, int number, Supplier<T> body) {
        int length = length();
        count(MESSAGE);
        if (depth + 1 == MAX_DEPTH) {
            throw corrupt("messages lie within messages deeper than " + MAX_DEPTH);
        }
        int outer = read(() -> in.pushLimit(length));
        depth++;
        what[depth] = name;
        index[depth] = number;
        seen[depth] = 0;
        T result = body.get();
        depth--;
        in.popLimit(outer);
        return result;
    }

    private int length() {
        require(WireFormat.WIRETYPE_LENGTH_DELIMITED);
        int length = read(in::readRawVarint32);
        int left = in.getBytesUntilLimit();
        if (length < 0 || length > left) {
            throw corrupt("field " + WireFormat.getTagFieldNumber(tag) + " is " + Integer.toUnsignedString(length)
                    + " bytes long where " + left + " are left");
        }
        return length;
    }

    private void require(int wireType) {
        int found = WireFormat.getTagWireType(tag);
        if (found != wireType) {
            throw corrupt("field " + WireFormat.getTagFieldNumber(tag) + " has wire type " + found + ", expected "
                    + wireType);
        }
    }

    private void count(long more) {
        heap += more;
        if (heap > MAX_HEAP) {
            throw unsupported("the file has so many parts that they would take more than half of the heap, " + MAX_HEAP
                    + " bytes: raise its size, -Xmx");
        }
    }

    // ---- Errors
    // ------------------------------------------------------------------------------------------------------------

    CorruptDataException corrupt(String message) {
        return new CorruptDataException(place() + message);
    }

    CorruptDataException corrupt(String message, Exception cause) {
        return new CorruptDataException(place() + message, cause);
    }

    UnsupportedException unsupported(String message) {
        return new UnsupportedException(place() + message);
    }

    /** File and messages, such as {@code model.onnx: graph, node 3: }. */
    private String place() {
        StringBuilder place = new StringBuilder(file).append(": ");
        for (int i = 1; i <= depth; i++) {
            place.append(i == 1 ? "" : ", ").append(what[i]);
            if (index[i] >= 0) {
                place.append(' ').append(index[i]);
            }
        }
        return place.append(depth == 0 ? "" : ": ").toString();
    }

    /** A call of the protobuf library. */
    private interface Call<T> {
        T call() throws IOException;
    }

    private <T> T read(Call<T> call) {
        try {
            return call.call();
        } catch (InvalidProtocolBufferException e) {
            throw corrupt("no protobuf: " + e.getMessage(), e);
        } catch (IOException e) {
            throw corrupt("cannot be read: " + e.getMessage(), e);
        }
    }

    // ---- Parts
    // -------------------------------------------------------------------------------------------------------------

    /** Integers as they come. */
    static final class Longs {
        private long[] values = {};
        private int size;

        void expect(int more) {
            if (more > values.length - size) {
                values = Arrays.copyOf(values, Math.max(size + more, size + size / 2));
            }
        }

        void add(long value) {
            expect(1);
            values[size++] = value;
        }

        long[] toArray() {
            return Arrays.copyOf(values, size);
        }

        int size() {
            return size;
        }
    }

    /** The bytes of packed numbers: of one part, as in all files of today, a slice of the file, of several a copy. */
    static final class Parts {
        private ByteBuffer first;
        private ByteArrayOutputStream all; // from the second part on

        void add(ByteBuffer part) {
            if (!part.hasRemaining()) {
                return;
            }
            if (first == null) {
                first = part;
                return;
            }
            if (all == null) {
                all = new ByteArrayOutputStream();
                append(first);
            }
            append(part);
        }

        boolean isEmpty() {
            return first == null;
        }

        ByteBuffer bytes() {
            return all == null ? first : ByteBuffer.wrap(all.toByteArray());
        }

        private void append(ByteBuffer part) {
            byte[] copy = new byte[part.remaining()];
            part.duplicate().get(copy);
            all.writeBytes(copy);
        }
    }

    /** The bytes of a buffer as a stream: to skip is to move a position. */
    private static final class Input extends InputStream {
        private final ByteBuffer bytes;

        Input(ByteBuffer bytes) {
            this.bytes = bytes;
        }

        @Override
        public int read() {
            return bytes.hasRemaining() ? bytes.get() & 0xFF : -1;
        }

        @Override
        public int read(byte[] into, int offset, int length) {
            if (!bytes.hasRemaining()) {
                return length == 0 ? 0 : -1;
            }
            int count = Math.min(length, bytes.remaining());
            bytes.get(into, offset, count);
            return count;
        }

        @Override
        public long skip(long count) {
            int skipped = (int) Math.max(0, Math.min(count, bytes.remaining()));
            bytes.position(bytes.position() + skipped);
            return skipped;
        }

        @Override
        public int available() {
            return bytes.remaining();
        }
    }
}

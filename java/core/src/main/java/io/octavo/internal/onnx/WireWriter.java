package io.octavo.internal.onnx;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import io.octavo.AtomicFile;
import io.octavo.UnsupportedException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.Arrays;

/**
 * Writes the fields of a protobuf message. A message's length stands before it, so the same calls are made twice: the first time sizes
 * are added up and noted in the order in which messages begin, the second time bytes are written. Data are never held here.
 */
final class WireWriter {
    private static final int BUFFER = 1 << 16;

    private int[] sizes = new int[64]; // of messages, in the order of their beginnings
    private int messages;
    private long total;
    private CodedOutputStream out; // null: sizes are added up
    private WritableByteChannel channel;

    /** What a message consists of: calls of the writer, the same each time. */
    interface Body {
        void write() throws IOException;
    }

    /** Bytes that are had only when they are written. */
    interface Data {
        ByteBuffer bytes();
    }

    /**
     * Adds up the sizes; must come first.
     *
     * @throws UnsupportedException if they exceed what protobuf allows
     */
    void measure(Body body) {
        try {
            body.write();
        } catch (IOException e) {
            throw new UncheckedIOException("nothing is written yet", e);
        }
        if (total > Integer.MAX_VALUE) {
            throw new UnsupportedException("the model takes " + total
                    + " bytes: protobuf files have at most 2 GiB, and external data are not written");
        }
    }

    /** Writes the bytes. */
    void write(WritableByteChannel to, Body body) throws IOException {
        messages = 0;
        channel = to;
        out = CodedOutputStream.newInstance(new Stream(to), BUFFER);
        body.write();
        out.flush();
    }

    // ---- Fields
    // ------------------------------------------------------------------------------------------------------------

    void varint(int field, long value) throws IOException {
        if (out == null) {
            total += CodedOutputStream.computeInt64Size(field, value);
        } else {
            out.writeInt64(field, value);
        }
    }

    void fixed32(int field, float value) throws IOException {
        if (out == null) {
            total += CodedOutputStream.computeFloatSize(field, value);
        } else {
            out.writeFloat(field, value);
        }
    }

    void string(int field, String value) throws IOException {
        if (out == null) {
            total += CodedOutputStream.computeStringSize(field, value);
        } else {
            out.writeString(field, value);
        }
    }

    /** Nothing, if it is empty: absent strings are. */
    void optional(int field, String value) throws IOException {
        if (!value.isEmpty()) {
            string(field, value);
        }
    }

    /** A field for each number, as ONNX's own files have them. */
    void integers(int field, long[] values) throws IOException {
        for (long value : values) {
            varint(field, value);
        }
    }

    /** As {@link #integers}. */
    void reals(int field, float[] values) throws IOException {
        for (float value : values) {
            fixed32(field, value);
        }
    }

    /** Bytes, of which so many will be there; where they are many they go to the channel from where they lie. */
    void data(int field, long size, Data data) throws IOException {
        begin(field, size);
        if (out == null) {
            total += size;
            return;
        }
        if (size < BUFFER) {
            out.writeRawBytes(data.bytes());
            return;
        }
        out.flush();
        AtomicFile.writeFully(channel, data.bytes());
    }

    void message(int field, Body body) throws IOException {
        int index = messages++;
        if (out != null) {
            begin(field, sizes[index]);
            body.write();
            return;
        }
        if (index == sizes.length) {
            sizes = Arrays.copyOf(sizes, 2 * index);
        }
        long before = total;
        body.write();
        long size = total - before;
        begin(field, size);
        sizes[index] = (int) size; // more than that is refused when all are added up
    }

    private void begin(int field, long size) throws IOException {
        if (out == null) {
            total += CodedOutputStream.computeTagSize(field) + CodedOutputStream.computeUInt64SizeNoTag(size);
        } else {
            out.writeTag(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
            out.writeUInt64NoTag(size);
        }
    }

    /** A channel as the protobuf library writes to one. */
    private static final class Stream extends OutputStream {
        private final WritableByteChannel to;

        Stream(WritableByteChannel to) {
            this.to = to;
        }

        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            AtomicFile.writeFully(to, ByteBuffer.wrap(bytes, offset, length));
        }
    }
}

package io.octavo.observe;

import io.octavo.CorruptDataException;
import io.octavo.InvalidValueException;
import io.octavo.UnsupportedException;
import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;

/**
 * Observers as bytes: the magic "OCOB", the format's version (1 byte), the kind (1 byte), settings and state as the
 * kind writes them, the CRC-32 of all that (4 bytes). Numbers are big-endian; bin counts are unsigned LEB128. Reading
 * checks every number before it is believed, and allocates no more than the bytes justify.
 */
final class ObserverFormat {
    private static final int MAGIC = 'O' << 24 | 'C' << 16 | 'O' << 8 | 'B';
    private static final int CRC_BYTES = 4;
    private static final int LEAST_BYTES = 4 + 1 + 1 + CRC_BYTES;

    private ObserverFormat() {}

    /** Kinds in the order of their numbers. */
    enum Kind {
        MIN_MAX,
        MOVING_AVERAGE_MIN_MAX,
        PER_CHANNEL_MIN_MAX,
        MOVING_AVERAGE_PER_CHANNEL_MIN_MAX,
        HISTOGRAM
    }

    static Observer read(byte[] bytes) {
        if (bytes.length < LEAST_BYTES) {
            throw new CorruptDataException(
                    bytes.length + " bytes are too few for an observer: at least " + LEAST_BYTES + " are needed");
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        if (buffer.getInt() != MAGIC) {
            throw new CorruptDataException("no observer: the bytes do not begin with \"OCOB\"");
        }
        int version = buffer.get();
        if (version != Observer.FORMAT_VERSION) {
            throw new UnsupportedException("an observer in version " + version
                    + " of the format: this library reads version " + Observer.FORMAT_VERSION);
        }
        int body = bytes.length - CRC_BYTES;
        if (buffer.getInt(body) != crc(bytes, body)) {
            throw new CorruptDataException("observer of " + bytes.length + " bytes: its checksum does not match");
        }
        int kind = buffer.get();
        if (kind < 0 || kind >= Kind.values().length) {
            throw new CorruptDataException("observer of unknown kind " + kind);
        }
        Reader in = new Reader(buffer.limit(body));
        Observer observer;
        try {
            observer = read(Kind.values()[kind], in);
        } catch (InvalidValueException e) {
            throw new CorruptDataException("observer: " + e.getMessage(), e);
        } catch (BufferUnderflowException e) {
            throw new CorruptDataException("observer: ends at byte " + body + " in the middle of a number", e);
        }
        in.require(!buffer.hasRemaining(), "length");
        return observer;
    }

    private static Observer read(Kind kind, Reader in) {
        RangeObserver observer =
                switch (kind) {
                    case MIN_MAX -> new MinMaxObserver();
                    case MOVING_AVERAGE_MIN_MAX -> new MovingAverageMinMaxObserver(in.readFloat());
                    case PER_CHANNEL_MIN_MAX -> new PerChannelMinMaxObserver(in.readInt());
                    case MOVING_AVERAGE_PER_CHANNEL_MIN_MAX ->
                        new MovingAveragePerChannelMinMaxObserver(in.readInt(), in.readFloat());
                    case HISTOGRAM -> null;
                };
        if (observer == null) {
            return HistogramObserver.read(in);
        }
        observer.readState(in);
        return observer;
    }

    private static int crc(byte[] bytes, int length) {
        CRC32 crc = new CRC32();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }

    /** Collects the bytes. */
    static final class Writer {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        Writer(Kind kind) {
            writeInt(MAGIC);
            out.write(Observer.FORMAT_VERSION);
            out.write(kind.ordinal());
        }

        void writeInt(int value) {
            out.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(value).array());
        }

        void writeLong(long value) {
            out.writeBytes(ByteBuffer.allocate(Long.BYTES).putLong(value).array());
        }

        void writeFloat(float value) {
            writeInt(Float.floatToIntBits(value));
        }

        /** A number of 0 or more, seven bits a byte, lowest first. */
        void writeVarLong(long value) {
            long rest = value;
            while (rest >= 0x80) {
                out.write((int) (rest & 0x7f | 0x80));
                rest >>>= 7;
            }
            out.write((int) rest);
        }

        byte[] finish() {
            byte[] body = out.toByteArray();
            writeInt(crc(body, body.length));
            return out.toByteArray();
        }
    }

    /** Gives the numbers back, or says at which byte they make no sense. */
    static final class Reader {
        private final ByteBuffer in;

        Reader(ByteBuffer in) {
            this.in = in;
        }

        int readInt() {
            return in.getInt();
        }

        long readLong() {
            return in.getLong();
        }

        float readFloat() {
            return in.getFloat();
        }

        long readVarLong() {
            long value = 0;
            for (int shift = 0; shift < 63; shift += 7) {
                byte b = in.get();
                value |= (long) (b & 0x7f) << shift;
                if (b >= 0) {
                    require(b != 0 || shift == 0, "number"); // one way to write each number
                    return value;
                }
            }
            throw corrupt("number");
        }

        void require(boolean good, String what) {
            if (!good) {
                throw corrupt(what);
            }
        }

        void requireRemaining(long bytes) {
            require(bytes <= in.remaining(), "length");
        }

        void requireRange(float min, float max) {
            require(min <= max && Float.isFinite(min) && Float.isFinite(max), "range");
        }

        private CorruptDataException corrupt(String what) {
            return new CorruptDataException("observer: impossible " + what + " before byte " + in.position());
        }
    }
}

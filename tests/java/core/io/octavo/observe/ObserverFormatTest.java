package io.octavo.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.CorruptDataException;
import io.octavo.OctavoException;
import io.octavo.UnsupportedException;
import io.octavo.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

/** Bytes that no observer wrote are refused, with a typed error and without using memory that they do not justify. */
class ObserverFormatTest {

    private static List<Observer> observers() {
        Tensor x = Tensor.of(new float[] {-1, 2, 3, 4.5f, 0, 7}, 2, 3);
        List<Observer> all = List.of(
                new MinMaxObserver(),
                new MovingAverageMinMaxObserver(),
                new PerChannelMinMaxObserver(1),
                new MovingAveragePerChannelMinMaxObserver(1),
                new HistogramObserver());
        all.forEach(o -> o.observe(x));
        return all;
    }

    @Test
    void everyPrefixAndEveryFlippedBitIsRefused() {
        for (Observer observer : observers()) {
            byte[] good = observer.serialize();
            int step = Math.max(1, good.length / 500);
            for (int i = 0; i < good.length; i += step) {
                byte[] prefix = Arrays.copyOf(good, i);
                assertThrows(CorruptDataException.class, () -> Observer.deserialize(prefix));
                byte[] flipped = good.clone();
                flipped[i] ^= 1 << (i % 8);
                OctavoException e = assertThrows(OctavoException.class, () -> Observer.deserialize(flipped));
                assertEquals(i == 4, e instanceof UnsupportedException, "byte " + i + ": " + e);
            }
            assertThrows(CorruptDataException.class, () -> Observer.deserialize(Arrays.copyOf(good, good.length + 1)));
        }
    }

    /**
     * Random changes under a checksum that fits: each either is refused or reads as an observer that writes the same
     * bytes.
     */
    @Test
    void forgedBytesAreRefusedOrConsistent() {
        Random random = new Random(7);
        int refused = 0;
        for (Observer observer : observers()) {
            byte[] good = observer.serialize();
            for (int i = 0; i < 2000; i++) {
                byte[] forged =
                        Arrays.copyOf(good, random.nextInt(4) == 0 ? 10 + random.nextInt(good.length) : good.length);
                for (int k = random.nextInt(3); k >= 0; k--) {
                    forged[5 + random.nextInt(forged.length - 9)] = (byte) random.nextInt();
                }
                seal(forged);
                try {
                    byte[] back = Observer.deserialize(forged).serialize();
                    assertTrue(Arrays.equals(forged, back), "reads as another observer than it is");
                } catch (CorruptDataException e) {
                    refused++;
                }
            }
        }
        assertTrue(refused > 3000, refused + " refused");
    }

    @Test
    void aHugeNumberOfChannelsIsNotAllocated() {
        byte[] forged = ByteBuffer.allocate(30)
                .putInt('O' << 24 | 'C' << 16 | 'O' << 8 | 'B')
                .put((byte) 1)
                .put((byte) 2)
                .putInt(0)
                .putLong(Integer.MAX_VALUE)
                .putInt(Integer.MAX_VALUE)
                .array();
        seal(forged);
        assertThrows(CorruptDataException.class, () -> Observer.deserialize(forged));
    }

    private static void seal(byte[] bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes, 0, bytes.length - 4);
        ByteBuffer.wrap(bytes).putInt(bytes.length - 4, (int) crc.getValue());
    }
}

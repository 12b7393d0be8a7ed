package io.octavo.internal.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.octavo.DataException;
import io.octavo.UnsupportedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Damaged files are read or refused, in memory that their size bounds; what is read is written and read again. The corpus: the
 * repository's files, random models, and some of those collections that are here.
 */
class OnnxFuzzTest {
    private static final int LARGEST = 64 << 10;
    private static final int SAMPLE = 200;
    private static final int RANDOM_MODELS = 20;

    private static final List<byte[]> MODELS = new ArrayList<>();
    private static final List<byte[]> TENSORS = new ArrayList<>();

    static {
        for (int i = 0; i < RANDOM_MODELS; i++) {
            MODELS.add(Written.bytes(RandomModel.of(i)));
        }
        Path own = Path.of(System.getProperty("octavo.root"), "tests", "data", "onnx");
        try (Stream<Path> files = Files.list(own)) {
            for (Path file : files.sorted().toList()) {
                add(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Random random = new Random(1);
        for (Collections collection : Collections.values()) {
            if (collection.isPresent()) {
                List<Path> models = collection.files(".onnx");
                List<Path> tensors = collection.files(".pb");
                for (int i = 0; i < SAMPLE; i++) {
                    add(models.get(random.nextInt(models.size())));
                    add(tensors.get(random.nextInt(tensors.size())));
                }
            }
        }
    }

    private static void add(Path file) {
        try {
            if (Files.size(file) <= LARGEST) {
                if (file.toString().endsWith(".onnx")) {
                    MODELS.add(Files.readAllBytes(file));
                } else if (file.toString().endsWith(".pb")) {
                    TENSORS.add(Files.readAllBytes(file));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Property(tries = 5000)
    void damagedModelsAreReadOrRefused(@ForAll long seed) {
        byte[] bytes = damaged(MODELS, new Random(seed));
        ModelDef model = null;
        long before = allocated();
        try {
            model = Written.model(bytes);
        } catch (DataException | UnsupportedException e) {
            assertTrue(e.getMessage() != null && e.getMessage().length() < 2000, e.getMessage());
        }
        assertBounded(bytes, before);
        if (model != null) {
            model.graph().initializers().forEach(OnnxFuzzTest::use);
            assertEquals(model, Written.model(Written.bytes(model)));
        }
    }

    @Property(tries = 5000)
    void damagedTensorsAreReadOrRefused(@ForAll long seed) {
        byte[] bytes = damaged(TENSORS, new Random(seed));
        TensorDef tensor = null;
        long before = allocated();
        try {
            tensor = Written.tensor(bytes);
        } catch (DataException | UnsupportedException e) {
            assertTrue(e.getMessage() != null && e.getMessage().length() < 2000, e.getMessage());
        }
        assertBounded(bytes, before);
        if (tensor != null) {
            use(tensor);
            assertEquals(tensor, Written.tensor(Written.bytes(tensor)));
        }
    }

    /** Every way to its elements gives some, or says why not. */
    private static void use(TensorDef tensor) {
        try {
            if (tensor.type().isInteger()) {
                assertEquals(tensor.elements(), tensor.toLongArray().length);
            } else {
                assertEquals(tensor.elements(), tensor.toFloatArray().length);
            }
            tensor.tensor().close();
        } catch (UnsupportedException e) {
            assertTrue(e.getMessage().contains("tensor "), e.getMessage());
        }
    }

    private static byte[] damaged(List<byte[]> corpus, Random random) {
        byte[] bytes = corpus.get(random.nextInt(corpus.size())).clone();
        for (int i = 1 + random.nextInt(4); i > 0 && bytes.length > 0; i--) {
            bytes = damaged(bytes, random);
        }
        return bytes;
    }

    private static byte[] damaged(byte[] bytes, Random random) {
        int at = random.nextInt(bytes.length);
        int count = Math.min(1 + random.nextInt(16), bytes.length - at);
        byte[] changed = bytes.clone();
        switch (random.nextInt(6)) {
            case 0 -> changed[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> changed[at] = (byte) random.nextInt(256);
            case 2 -> Arrays.fill(changed, at, at + count, (byte) (random.nextBoolean() ? 0xFF : 0));
            case 3 -> changed = Arrays.copyOf(bytes, at);
            case 4 -> System.arraycopy(bytes, at, changed, random.nextInt(bytes.length - count + 1), count);
            default -> {
                // Some bytes once more.
                changed = Arrays.copyOf(bytes, bytes.length + count);
                System.arraycopy(bytes, at, changed, at + count, bytes.length - at);
            }
        }
        return changed;
    }

    private static void assertBounded(byte[] bytes, long before) {
        long taken = allocated() - before;
        assertTrue(taken < (1 << 20) + 200L * bytes.length, taken + " bytes for a file of " + bytes.length);
    }

    private static long allocated() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }
}

package io.octavo.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.ClosedException;
import io.octavo.InvalidValueException;
import io.octavo.OctavoException;
import io.octavo.ShapeMismatchException;
import io.octavo.internal.random.SplitMix64;
import io.octavo.tensor.Inputs;
import io.octavo.tensor.Shape;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DataLoaderTest {
    /** 23 images of [2, 3, 4]. */
    private final MemoryDataset data = TinyData.dataset(23, 2, 3, 4, 23);

    private record Pass(List<float[]> images, List<Integer> labels, List<Integer> sizes) {}

    private static Pass run(Iterable<Batch> batches) {
        Pass pass = new Pass(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        for (Batch batch : batches) {
            pass.sizes.add(batch.size());
            for (int i = 0; i < batch.size(); i++) {
                pass.images.add(batch.images().slice(i, i + 1).toFloatArray());
                pass.labels.add(batch.labels().getInt(i));
            }
        }
        return pass;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 7, 64})
    void everyImageOnceInOrderNormalized(int prefetch) {
        float[] mean = {0.25f, 0.5f};
        float[] std = {0.5f, 2f};
        DataLoader loader = DataLoader.of(data).batchSize(5).prefetch(prefetch).normalize(mean, std);
        assertEquals(5, loader.batches());
        Pass pass = run(loader);
        assertEquals(List.of(5, 5, 5, 5, 3), pass.sizes);
        for (int i = 0; i < 23; i++) {
            assertEquals(i, pass.labels.get(i));
            byte[] pixels = TinyData.pixels(data, i);
            for (int p = 0; p < pixels.length; p++) {
                int c = p / 12;
                assertEquals(
                        ((pixels[p] & 0xff) / 255f - mean[c]) / std[c],
                        pass.images.get(i)[p]);
            }
        }
    }

    @Test
    void defaultNormalizationIsMinusOneToOne() {
        byte[] pixels = {0, (byte) 255};
        Dataset two = new MemoryDataset("two", Shape.of(1, 1, 2), pixels, new byte[1], List.of("a"));
        assertArrayEquals(new float[] {-1, 1}, run(DataLoader.of(two)).images.get(0));
    }

    @Test
    void shapesOfBatches() {
        try (BatchIterator batches = DataLoader.of(data).batchSize(20).iterator()) {
            assertEquals(Shape.of(20, 2, 3, 4), batches.next().images().shape());
            Batch last = batches.next();
            assertEquals(Shape.of(3, 2, 3, 4), last.images().shape());
            assertEquals(Shape.of(3), last.labels().shape());
            assertFalse(batches.hasNext());
            assertThrows(NoSuchElementException.class, batches::next);
        }
        assertEquals(23, run(DataLoader.of(data).batchSize(1000)).labels.size());
    }

    @Test
    void shuffleIsAPermutationThatDependsOnSeedAndEpochAlone() {
        DataLoader loader = DataLoader.of(data).batchSize(4).shuffle(3);
        Pass first = run(loader.epoch(0));
        assertEquals(23, new HashSet<>(first.labels).size());
        assertEquals(first.labels, run(loader.epoch(0)).labels);
        assertEquals(first.labels, run(loader.prefetch(0).batchSize(7).epoch(0)).labels);
        assertNotEquals(first.labels, run(loader.epoch(1)).labels);
        assertNotEquals(first.labels, run(loader.shuffle(4).epoch(0)).labels);
        // The numbers themselves are part of the contract: a recorded training must be repeatable by a later version.
        assertArrayEquals(new int[] {0, 3, 4, 1, 5, 2}, SplitMix64.permutation(6, 1));
    }

    @Test
    void flipMirrorsAboutHalfOfTheImages() {
        Dataset many = TinyData.dataset(400, 1, 2, 5, 2);
        DataLoader plain = DataLoader.of(many).batchSize(32);
        DataLoader flipped = plain.flip(true);
        Pass original = run(plain);
        Pass changed = run(flipped.epoch(3));
        int mirrored = 0;
        for (int i = 0; i < 400; i++) {
            float[] a = original.images.get(i);
            float[] b = changed.images.get(i);
            float[] mirror = new float[10];
            for (int p = 0; p < 10; p++) {
                mirror[p] = a[p / 5 * 5 + 4 - p % 5];
            }
            if (Arrays.equals(mirror, b)) {
                mirrored++;
            } else {
                assertArrayEquals(a, b);
            }
        }
        // 400 fair coins: 6 standard deviations are 60.
        assertTrue(Math.abs(mirrored - 200) < 60, mirrored + " of 400 mirrored");
        // The order of the images has no say in who is flipped.
        Pass shuffled = run(flipped.shuffle(0).epoch(3));
        Set<String> unshuffled = new HashSet<>();
        changed.images.forEach(image -> unshuffled.add(Arrays.toString(image)));
        shuffled.images.forEach(image -> assertTrue(unshuffled.contains(Arrays.toString(image))));
        boolean differs = false;
        Pass other = run(flipped.epoch(4));
        for (int i = 0; i < 400; i++) {
            differs |= !Arrays.equals(other.images.get(i), changed.images.get(i));
        }
        assertTrue(differs, "each epoch flips anew");
    }

    @Test
    void shiftMovesAnImageAndFillsWithZeros() {
        Dataset many = TinyData.dataset(300, 2, 4, 5, 2);
        DataLoader plain = DataLoader.of(many).batchSize(32);
        Pass original = run(plain);
        Pass moved = run(plain.shift(2).flip(true).epoch(1));
        int[] seen = new int[50];
        for (int i = 0; i < 300; i++) {
            int found = -1;
            for (int way = 0; way < 50; way++) {
                float[] expected = moved(original.images.get(i), way / 10 - 2, way / 2 % 5 - 2, way % 2 == 1);
                found = Arrays.equals(expected, moved.images.get(i)) ? way : found;
            }
            assertTrue(found >= 0, "image " + i + " was not moved by up to 2 pixels");
            seen[found]++;
        }
        // 300 draws of 50 equally likely ways: each is missed with probability 0.98^300 = 0.2 %.
        assertTrue(Arrays.stream(seen).filter(count -> count > 0).count() > 45, Arrays.toString(seen));
        assertEquals(run(plain.shift(1).shuffle(4)).labels, run(plain.shuffle(4)).labels);
    }

    private static float[] moved(float[] image, int down, int right, boolean flipped) {
        float[] moved = new float[40];
        for (int i = 0; i < 40; i++) {
            int y = i / 5 % 4 - down;
            int x = i % 5 - right;
            boolean inside = y >= 0 && y < 4 && x >= 0 && x < 5;
            moved[i] = inside ? image[i / 20 * 20 + y * 5 + (flipped ? 4 - x : x)] : -1;
        }
        return moved;
    }

    @Test
    void dropLastAndTake() {
        DataLoader loader = DataLoader.of(data).batchSize(5);
        assertEquals(List.of(5, 5, 5, 5), run(loader.dropLast(true)).sizes);
        assertEquals(20, loader.dropLast(true).images());
        assertEquals(List.of(0, 1, 2, 3, 4, 5, 6), run(loader.take(7)).labels);
        assertEquals(List.of(5, 2), run(loader.take(7)).sizes);
        assertEquals(23, loader.take(100).images());
        assertEquals(
                0, run(DataLoader.of(data).batchSize(50).dropLast(true)).labels.size());
        assertEquals(
                run(loader.shuffle(2)).labels.subList(0, 7),
                run(loader.shuffle(2).take(7)).labels);
    }

    @Test
    void batchStaysUntouchedUntilTheNextIsAskedFor() throws InterruptedException {
        try (BatchIterator batches =
                DataLoader.of(data).batchSize(2).prefetch(3).iterator()) {
            batches.next();
            Batch held = batches.next();
            float[] before = held.images().toFloatArray();
            Thread.sleep(50); // the thread has filled every other buffer by now
            assertTrue(batches.hasNext());
            assertArrayEquals(before, held.images().toFloatArray());
        }
    }

    @Test
    void buffersAreReusedNotAllocatedAnew() {
        Set<Integer> seen = new HashSet<>();
        for (Batch batch : DataLoader.of(data).batchSize(1).prefetch(2)) {
            seen.add(System.identityHashCode(batch.images()));
        }
        assertEquals(3, seen.size());
    }

    @Test
    void closingEarlyEndsTheThread() throws InterruptedException {
        BatchIterator batches = DataLoader.of(data).batchSize(1).prefetch(2).iterator();
        batches.next();
        Thread worker = loaderThreads().get(0);
        batches.close();
        batches.close();
        worker.join(10_000);
        assertFalse(worker.isAlive());
        assertFalse(batches.hasNext());
        assertThrows(ClosedException.class, batches::next);
    }

    @Test
    void forgottenPassEndsItsThread() throws InterruptedException {
        for (Batch batch : DataLoader.of(data).batchSize(1).prefetch(2)) {
            assertEquals(1, batch.size());
            break;
        }
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (!loaderThreads().isEmpty() && System.nanoTime() < deadline) {
            System.gc();
            Thread.sleep(20);
        }
        assertEquals(List.of(), loaderThreads());
    }

    private static List<Thread> loaderThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("octavo-data-loader"))
                .toList();
    }

    @Test
    void failureOfTheDatasetReachesTheConsumer() {
        AtomicInteger calls = new AtomicInteger();
        Dataset failing = new MemoryDataset("f", Shape.of(1, 1, 1), new byte[9], new byte[9], List.of("a")).range(0, 9);
        Dataset broken = new DatasetWrapper(failing) {
            @Override
            public void image(int index, byte[] into) {
                if (calls.incrementAndGet() == 6) {
                    throw new IllegalStateException("image lost");
                }
                super.image(index, into);
            }
        };
        try (BatchIterator batches =
                DataLoader.of(broken).batchSize(2).prefetch(1).iterator()) {
            batches.next();
            batches.next();
            assertEquals(
                    "image lost",
                    assertThrows(IllegalStateException.class, batches::next).getMessage());
            assertFalse(batches.hasNext());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void anErrorOfTheDatasetReachesTheConsumerAndEndsTheThread(int prefetch) {
        Dataset broken = new DatasetWrapper(data) {
            @Override
            public void image(int index, byte[] into) {
                if (index == 5) {
                    throw new AssertionError("boom");
                }
                super.image(index, into);
            }
        };
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            AssertionError error = assertThrows(AssertionError.class, () -> {
                for (Batch batch : DataLoader.of(broken).batchSize(2).prefetch(prefetch)) {
                    assertTrue(batch.labels().getInt(0) < 5);
                }
            });
            assertEquals("boom", error.getMessage());
            while (!loaderThreads().isEmpty()) {
                Thread.sleep(5);
            }
        });
    }

    /** A data set may restore the interrupt that it was woken by; nobody closed the pass. */
    @Test
    void aDatasetThatInterruptsItsThreadDoesNotLeaveTheConsumerWaiting() {
        Dataset interrupting = new DatasetWrapper(data) {
            @Override
            public void image(int index, byte[] into) {
                super.image(index, into);
                if (index == 7) {
                    Thread.currentThread().interrupt();
                }
            }
        };
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            OctavoException error = assertThrows(OctavoException.class, () -> {
                for (Batch batch : DataLoader.of(interrupting).batchSize(1).prefetch(1)) {
                    assertTrue(batch.size() == 1);
                }
            });
            assertTrue(error.getMessage().contains("interrupted"), error.getMessage());
        });
    }

    @Test
    void aFailedPassOverBatchesEndsItsThread() {
        DataLoader loader = DataLoader.of(data).batchSize(1).prefetch(2);
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            assertThrows(
                    IllegalStateException.class,
                    () -> Inputs.forEach(loader, batch -> {
                        throw new IllegalStateException("refused");
                    }));
            while (!loaderThreads().isEmpty()) {
                Thread.sleep(5);
            }
        });
    }

    @Test
    void valuesOutOfRangeAreRefused() {
        DataLoader loader = DataLoader.of(data);
        assertThrows(InvalidValueException.class, () -> loader.batchSize(0));
        assertThrows(InvalidValueException.class, () -> loader.take(0));
        assertThrows(InvalidValueException.class, () -> loader.prefetch(-1));
        assertThrows(InvalidValueException.class, () -> loader.shift(-1));
        assertThrows(ShapeMismatchException.class, () -> loader.normalize(new float[3], new float[3]));
        assertThrows(InvalidValueException.class, () -> loader.normalize(new float[2], new float[2]));
        assertSame(data, loader.dataset());
    }

    private static class DatasetWrapper implements Dataset {
        private final Dataset inner;

        DatasetWrapper(Dataset inner) {
            this.inner = inner;
        }

        @Override
        public int size() {
            return inner.size();
        }

        @Override
        public int classes() {
            return inner.classes();
        }

        @Override
        public String name() {
            return inner.name();
        }

        @Override
        public Shape imageShape() {
            return inner.imageShape();
        }

        @Override
        public void image(int index, byte[] into) {
            inner.image(index, into);
        }

        @Override
        public int label(int index) {
            return inner.label(index);
        }

        @Override
        public List<String> classNames() {
            return inner.classNames();
        }
    }
}

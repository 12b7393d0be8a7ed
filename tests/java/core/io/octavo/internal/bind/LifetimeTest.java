package io.octavo.internal.bind;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.ClosedException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 1, unit = TimeUnit.MINUTES)
class LifetimeTest {
    private final AtomicInteger freed = new AtomicInteger();

    @Test
    void freesOnceHoweverOftenItIsClosed() {
        Lifetime lifetime = new Lifetime(this, "Thing", freed::incrementAndGet);
        lifetime.enter();
        lifetime.exit();
        assertFalse(lifetime.isClosed());
        lifetime.close();
        lifetime.close();
        assertTrue(lifetime.isClosed());
        assertEquals(1, freed.get());
        for (int i = 0; i < 3; i++) {
            assertEquals(
                    "Thing is closed",
                    assertThrows(ClosedException.class, lifetime::enter).getMessage());
        }
    }

    @Test
    void closingWaitsForCallsAndKeepsAnInterrupt() throws Exception {
        Lifetime lifetime = new Lifetime(this, "Thing", freed::incrementAndGet);
        lifetime.enter();
        lifetime.enter();
        AtomicBoolean interrupted = new AtomicBoolean();
        Thread closer = new Thread(() -> {
            lifetime.close();
            interrupted.set(Thread.currentThread().isInterrupted());
        });
        closer.start();
        while (!lifetime.isClosed()) {
            Thread.onSpinWait();
        }
        assertThrows(ClosedException.class, lifetime::enter);
        closer.interrupt();
        lifetime.exit();
        closer.join(50);
        assertTrue(closer.isAlive());
        assertEquals(0, freed.get());
        lifetime.exit();
        closer.join();
        assertEquals(1, freed.get());
        assertTrue(interrupted.get());
    }

    @Test
    void noCallIsUnderWayWhenItIsFreed() throws Exception {
        for (int round = 0; round < 200; round++) {
            AtomicInteger inside = new AtomicInteger();
            AtomicInteger insideWhenFreed = new AtomicInteger(-1);
            Lifetime lifetime = new Lifetime(this, "Thing", () -> insideWhenFreed.set(inside.get()));
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                threads.add(new Thread(() -> {
                    try {
                        while (true) {
                            lifetime.enter();
                            inside.incrementAndGet();
                            inside.decrementAndGet();
                            lifetime.exit();
                        }
                    } catch (ClosedException e) {
                        assertTrue(lifetime.isClosed());
                    }
                }));
            }
            threads.forEach(Thread::start);
            Thread.sleep(0, 200_000);
            lifetime.close();
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(0, insideWhenFreed.get());
        }
    }

    @Test
    void whatIsDroppedIsFreed() throws Exception {
        makeAndDrop();
        for (int i = 0; i < 200 && freed.get() == 0; i++) {
            System.gc();
            Thread.sleep(10);
        }
        assertEquals(1, freed.get());
    }

    private void makeAndDrop() {
        Object owner = new Object();
        AtomicInteger count = freed;
        new Lifetime(owner, "Thing", count::incrementAndGet);
    }
}

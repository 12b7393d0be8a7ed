package io.octavo.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.octavo.graph.Graph;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A session in long use takes no more memory than in short use. */
class SessionSoakTest {
    private static final int RUNS = 100_000;

    private final Nets nets = new Nets(29);
    private final Graph graph = nets.demo();

    @Test
    void runsAllocateNothingOnTheHeap() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        Tensor x = nets.floats(-1, 1, 1, 3, 32, 32);
        Tensor out = Tensor.zeros(DType.F32, 1, 10);
        try (Session session = Session.builder(graph).threads(1).build()) {
            Session.Binding binding = session.bind(List.of(x), List.of(out));
            assertAllocatesNothing(threads, () -> session.run(x, out));
            assertAllocatesNothing(threads, binding::run);
        }
    }

    /** What the measurement itself takes, and what the JVM does by the way, is less than a byte a run. */
    private static void assertAllocatesNothing(ThreadMXBean threads, Runnable run) {
        long id = Thread.currentThread().getId();
        for (int i = 0; i < 2_000; i++) {
            run.run();
        }
        long before = threads.getThreadAllocatedBytes(id);
        for (int i = 0; i < 5_000; i++) {
            run.run();
        }
        long allocated = threads.getThreadAllocatedBytes(id) - before;
        assertTrue(allocated < 5_000, () -> allocated + " bytes in 5,000 runs");
    }

    @Test
    void manyRunsDoNotGrowMemory() throws IOException {
        Tensor x = nets.floats(-1, 1, 1, 3, 32, 32);
        Tensor out = Tensor.zeros(DType.F32, 1, 10);
        try (Session session = Session.of(graph)) {
            run(session, x, out, RUNS / 10);
            long workspaces = session.memory().workspaces();
            long arena = session.memory().arenaBytes();
            long heap = heapAfterCollection();
            long resident = residentBytes();
            run(session, x, out, RUNS);
            assertEquals(workspaces, session.memory().workspaces());
            assertEquals(arena, session.memory().arenaBytes());
            long heapGrowth = heapAfterCollection() - heap;
            long residentGrowth = residentBytes() - resident;
            // A leak of 16 bytes a run would show as 1.6 MB; the JVM's own comings and goings are below that on the
            // heap after a
            // collection, and below a few MB in the process.
            assertTrue(heapGrowth < 1_000_000, () -> "heap grew by " + heapGrowth + " bytes");
            assertTrue(residentGrowth < 8_000_000, () -> "process grew by " + residentGrowth + " bytes");
        }
    }

    @Test
    void sessionsThatAreClosedLeaveNothing() throws IOException {
        Tensor x = nets.floats(-1, 1, 1, 3, 32, 32);
        openAndClose(x, 400); // touches as much of the heap as what follows
        long heap = heapAfterCollection();
        long resident = residentBytes();
        openAndClose(x, 400);
        long heapGrowth = heapAfterCollection() - heap;
        long residentGrowth = residentBytes() - resident;
        // A session's packed weights are over 80 kB: 400 leaked ones would be 32 MB.
        assertTrue(heapGrowth < 2_000_000, () -> "heap grew by " + heapGrowth + " bytes");
        assertTrue(residentGrowth < 16_000_000, () -> "process grew by " + residentGrowth + " bytes");
    }

    private void openAndClose(Tensor x, int times) {
        for (int i = 0; i < times; i++) {
            try (Session session = Session.of(graph)) {
                session.run(x);
            }
        }
    }

    private static void run(Session session, Tensor x, Tensor out, int times) {
        for (int i = 0; i < times; i++) {
            session.run(x, out);
        }
    }

    private static long heapAfterCollection() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private static long residentBytes() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                return 1024 * Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        throw new IOException("no VmRSS in /proc/self/status");
    }
}

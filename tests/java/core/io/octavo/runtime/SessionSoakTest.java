package io.octavo.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.octavo.graph.Graph;
import io.octavo.natives.ChildJvm;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A session in long use takes no more memory than in short use. */
class SessionSoakTest {
    static final int RUNS = 100_000;
    static final int SESSIONS = 400;

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
    void manyRunsTakeNoMoreWorkspaces() {
        Tensor x = nets.floats(-1, 1, 1, 3, 32, 32);
        Tensor out = Tensor.zeros(DType.F32, 1, 10);
        try (Session session = Session.of(graph)) {
            session.run(x, out);
            long workspaces = session.memory().workspaces();
            long arena = session.memory().arenaBytes();
            for (int i = 0; i < 1_000; i++) {
                session.run(x, out);
            }
            assertEquals(workspaces, session.memory().workspaces());
            assertEquals(arena, session.memory().arenaBytes());
        }
    }

    /** A leak of 64 bytes a run would show as 6.4 MB. */
    @Test
    void manyRunsDoNotGrowMemory() throws Exception {
        assertGrowsLess("runs", 6_000_000);
    }

    /** A session's packed weights are over 80 kB: 400 leaked ones would be 32 MB. */
    @Test
    void sessionsThatAreClosedLeaveNothing() throws Exception {
        assertGrowsLess("sessions", 8_000_000);
    }

    private static void assertGrowsLess(String what, long bytes) throws Exception {
        // A heap that is resident from the start, and one compiler that soon rests: what grows is neither.
        List<String> options =
                List.of("-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");
        ChildJvm.Run run =
                ChildJvm.run(Map.of(), System.getProperty("java.class.path"), options, SoakProbe.class, what);
        assertTrue(grown(run, "heap ") < 1_000_000, run.out()::toString);
        assertTrue(grown(run, "process ") < bytes, run.out()::toString);
    }

    private static long grown(ChildJvm.Run run, String what) {
        List<String> lines = run.lines(what);
        assertEquals(1, lines.size(), run.out()::toString);
        return Long.parseLong(lines.get(0).substring(what.length()));
    }
}

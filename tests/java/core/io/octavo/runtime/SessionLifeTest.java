package io.octavo.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.ClosedException;
import io.octavo.InvalidValueException;
import io.octavo.OctavoException;
import io.octavo.ShapeMismatchException;
import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Wrong arguments, closing, and many threads. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class SessionLifeTest {
    private static final int THREADS = 8;

    private final Nets nets = new Nets(23);
    private final Graph graph = nets.demo();

    private static void assertSays(OctavoException e, String... parts) {
        for (String part : parts) {
            assertTrue(e.getMessage().contains(part), () -> "'" + part + "' in: " + e.getMessage());
        }
    }

    @Test
    void tensorsThatDoNotFitAreRefused() {
        try (Session session = Session.of(graph)) {
            Tensor x = Tensor.zeros(DType.F32, 1, 3, 32, 32);
            assertSays(
                    assertThrows(
                            ShapeMismatchException.class, () -> session.run(Tensor.zeros(DType.F32, 1, 3, 28, 28))),
                    "'input'",
                    "[N, 3, 32, 32]",
                    "[1, 3, 28, 28]");
            assertSays(
                    assertThrows(ShapeMismatchException.class, () -> session.run(Tensor.zeros(DType.U8, 1, 3, 32, 32))),
                    "F32",
                    "U8");
            assertSays(
                    assertThrows(ShapeMismatchException.class, () -> session.run(x, Tensor.zeros(DType.F32, 2, 10))),
                    "'logits'",
                    "[1, 10]",
                    "[2, 10]");
            assertThrows(ShapeMismatchException.class, () -> session.run(List.of(x, x)));
            assertThrows(ShapeMismatchException.class, () -> session.bind(List.of(x), List.of()));
        }
    }

    /** A graph of the shape of its input, {@code 3x + 1}, so that input and output may lie in one buffer. */
    private static Graph tripled() {
        Graph.Builder g = Graph.builder("tripled");
        g.input("x", DType.F32, Shape.ofBatch(4));
        Tensor w = Tensor.of(new float[] {3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 3}, 4, 4);
        g.node("y", new Op.Linear(), List.of("x", g.constant("w", w), g.constant("b", Tensor.of(new float[] {1, 1, 1, 1
        }))));
        g.node("z", new Op.Clamp(Activation.RELU), List.of("y"));
        return g.output("y").output("z").build();
    }

    @Test
    void memoryOfInputAndOutputMustBeApart() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(24 * 4).order(ByteOrder.nativeOrder());
        Tensor whole = Tensor.wrap(DType.F32, Shape.of(6, 4), buffer);
        whole.floats().put(new float[] {1, 2, 3, 4, 5, 6, 7, 8});
        Tensor x = whole.slice(0, 2);
        Tensor apart = whole.slice(2, 4);
        Graph one = tripled().withoutOutputs(List.of("z"));
        try (Session session = Session.of(one)) {
            for (Tensor out : List.of(x, x.reshape(2, 4), whole.slice(1, 3))) {
                assertSays(
                        assertThrows(InvalidValueException.class, () -> session.run(x, out)),
                        "'x'",
                        "'y'",
                        "tripled",
                        "memory in common");
            }
            // Seen from the other side: the output ends within the input.
            assertThrows(InvalidValueException.class, () -> session.run(whole.slice(1, 3), x));
            assertThrows(InvalidValueException.class, () -> session.bind(List.of(x), List.of(whole.slice(1, 3))));
            session.run(x, apart);
            assertArrayEquals(new float[] {4, 7, 10, 13, 16, 19, 22, 25}, apart.toFloatArray());
        }
        try (Session session = Session.of(tripled())) {
            Tensor other = whole.slice(4, 6);
            assertSays(
                    assertThrows(
                            InvalidValueException.class,
                            () -> session.bind(List.of(x), List.of(apart, whole.slice(3, 5)))),
                    "'y'",
                    "'z'");
            assertSays(
                    assertThrows(InvalidValueException.class, () -> session.bind(List.of(x), List.of(apart, x))),
                    "'x'",
                    "'z'");
            session.bind(List.of(x), List.of(apart, other)).run();
            assertArrayEquals(apart.toFloatArray(), other.toFloatArray());
        }
    }

    @Test
    void choicesOutOfRangeAreRefused() {
        Session.Builder builder = Session.builder(graph);
        assertThrows(InvalidValueException.class, () -> builder.threads(-1));
        assertThrows(InvalidValueException.class, () -> builder.threads(1025));
        assertThrows(InvalidValueException.class, () -> builder.chunk(-1));
        assertSays(assertThrows(InvalidValueException.class, () -> builder.tap(List.of("w1"), (n, t) -> {})), "'w1'");
        assertSays(assertThrows(InvalidValueException.class, () -> builder.tap(List.of("zz"), (n, t) -> {})), "'zz'");
        assertSays(
                assertThrows(
                        OctavoException.class,
                        () -> Session.builder(graph).isa("mmx").build()),
                "mmx",
                "scalar");
        assertThrows(InvalidValueException.class, () -> Machine.setThreads(0));
    }

    @Test
    void closedThingsAreRefused() {
        Session session = Session.of(graph);
        Tensor x = nets.floats(-1, 1, 1, 3, 32, 32);
        Tensor out = Tensor.zeros(DType.F32, 1, 10);
        Session.Binding binding = session.bind(List.of(x), List.of(out));
        binding.run();
        x.close();
        assertThrows(ClosedException.class, () -> session.run(x, out));
        assertThrows(ClosedException.class, binding::run);
        Tensor fresh = nets.floats(-1, 1, 1, 3, 32, 32);
        out.close();
        assertThrows(ClosedException.class, () -> session.run(fresh, out));
        session.run(fresh);
        session.close();
        session.close();
        assertTrue(session.isClosed());
        assertSays(assertThrows(ClosedException.class, () -> session.run(fresh)), "demo-int8");
        assertThrows(ClosedException.class, session::explain);
        assertThrows(ClosedException.class, session::weightBytes);
    }

    @Test
    void bindingsRunOnWhatTheirTensorsHold() {
        try (Session session = Session.of(graph)) {
            Tensor x = nets.floats(-1, 1, 2, 3, 32, 32);
            Tensor out = Tensor.zeros(DType.F32, 2, 10);
            Session.Binding binding = session.bind(List.of(x), List.of(out));
            binding.run();
            assertArrayEquals(session.run(x).toFloatArray(), out.toFloatArray());
            x.copyFrom(nets.floats(-1, 1, 2, 3, 32, 32));
            binding.run();
            assertArrayEquals(session.run(x).toFloatArray(), out.toFloatArray());
        }
    }

    @Test
    void eightThreadsGiveTheBytesOfOne() throws Exception {
        try (Session session = Session.of(graph)) {
            List<Tensor> inputs = new ArrayList<>();
            List<byte[]> expected = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                Tensor x = nets.floats(-1, 1, 1 + i % 3, 3, 32, 32);
                inputs.add(x);
                expected.add(bytes(session.run(x)));
            }
            runTogether(thread -> () -> {
                for (int i = 0; i < 300; i++) {
                    int which = (thread + i) % THREADS;
                    assertArrayEquals(expected.get(which), bytes(session.run(inputs.get(which))));
                }
                return null;
            });
        }
    }

    @Test
    void tapsOfManyThreadsStayApart() throws Exception {
        ThreadLocal<byte[]> tapped = new ThreadLocal<>();
        try (Session session = Session.builder(graph)
                .tap(List.of("conv2"), (name, tensor) -> tapped.set(tensor.toByteArray()))
                .build()) {
            List<Tensor> inputs = new ArrayList<>();
            List<byte[]> expected = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                inputs.add(nets.floats(-1, 1, 1, 3, 32, 32));
                session.run(inputs.get(i));
                expected.add(tapped.get());
            }
            runTogether(thread -> () -> {
                for (int i = 0; i < 100; i++) {
                    int which = (thread + i) % THREADS;
                    session.run(inputs.get(which));
                    assertArrayEquals(expected.get(which), tapped.get());
                }
                return null;
            });
        }
    }

    @Test
    void closingWaitsForRunsAndRefusesLaterOnes() throws Exception {
        for (int round = 0; round < 20; round++) {
            Session session = Session.of(graph);
            Tensor x = nets.floats(-1, 1, 4, 3, 32, 32);
            byte[] expected = bytes(session.run(x));
            CountDownLatch running = new CountDownLatch(THREADS - 1);
            AtomicInteger refused = new AtomicInteger();
            runTogether(thread -> () -> {
                if (thread == 0) {
                    running.await();
                    session.close();
                    return null;
                }
                running.countDown();
                try {
                    while (true) {
                        assertArrayEquals(expected, bytes(session.run(x)));
                    }
                } catch (ClosedException e) {
                    refused.incrementAndGet();
                }
                return null;
            });
            assertEquals(THREADS - 1, refused.get());
        }
    }

    @Test
    void tensorsMayBeClosedWhileARunUsesThem() throws Exception {
        try (Session session = Session.of(graph)) {
            Tensor kept = nets.floats(-1, 1, 2, 3, 32, 32);
            byte[] expected = bytes(session.run(kept));
            AtomicInteger finished = new AtomicInteger();
            runTogether(thread -> () -> {
                for (int i = 0; i < 50; i++) {
                    Tensor x = kept.copy();
                    // Memory that was freed too early would be taken, and written to, by the tensors made here.
                    Thread closer = new Thread(() -> {
                        x.close();
                        for (int j = 0; j < 4; j++) {
                            kept.copy().bytes().put(new byte[(int) kept.byteSize()]);
                        }
                    });
                    if (i % 2 == 0) {
                        closer.start();
                    }
                    try {
                        Tensor y = session.run(x);
                        finished.incrementAndGet();
                        assertArrayEquals(expected, bytes(y));
                    } catch (ClosedException e) {
                        assertTrue(x.isClosed());
                    }
                    if (i % 2 != 0) {
                        closer.start();
                    }
                    closer.join();
                }
                return null;
            });
            assertTrue(finished.get() >= THREADS * 25, finished + " runs came to their end");
        }
    }

    private static byte[] bytes(Tensor tensor) {
        byte[] bytes = new byte[(int) tensor.byteSize()];
        tensor.bytes().get(bytes);
        return bytes;
    }

    private interface Work {
        Callable<Void> of(int thread);
    }

    private static void runTogether(Work work) throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(THREADS);
        try {
            List<Future<Void>> futures = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                futures.add(executor.submit(work.of(i)));
            }
            for (Future<Void> future : futures) {
                future.get();
            }
        } catch (ExecutionException e) {
            throw new AssertionError("a thread failed: " + e.getCause(), e.getCause());
        } finally {
            executor.shutdownNow();
        }
    }
}

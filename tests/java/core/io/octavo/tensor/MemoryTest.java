package io.octavo.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.NativeMemoryException;
import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.natives.ChildJvm;
import io.octavo.runtime.Session;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Tensors' memory: given back when they close, counted, and never gone under somebody's feet. */
class MemoryTest {
    private static List<String> child(List<String> options, String what) throws Exception {
        return ChildJvm.run(Map.of(), System.getProperty("java.class.path"), options, Probe.class, what)
                .out();
    }

    @Test
    void closedTensorsOfAnySizeLeaveRoomWithoutTheCollector() throws Exception {
        assertEquals(
                List.of("fine"),
                child(List.of("-XX:+DisableExplicitGC", "-XX:MaxDirectMemorySize=64m", "-Xmx1g"), "closed"));
    }

    @Test
    void tensorsThatNobodyClosedAreFoundByTheCollector() throws Exception {
        assertEquals(List.of("fine"), child(List.of("-Doctavo.maxMemory=64m", "-Xmx1g"), "dropped"));
    }

    @Test
    void theLimitIsToldWithWhatIsHeld() throws Exception {
        List<String> out = child(List.of("-Doctavo.maxMemory=64m", "-Xmx1g"), "held");
        assertTrue(
                out.get(0).contains("67108864")
                        && out.get(0).contains("F32 [262144]")
                        && out.get(0).contains("octavo.maxMemory"),
                out.toString());
        assertEquals("63 held", out.get(1));
    }

    @Test
    void aSmallHeapBesideManyTensorsMakesASession() throws Exception {
        assertEquals(List.of("fine"), child(List.of("-Xmx64m", "-XX:MaxDirectMemorySize=2g"), "small-heap"));
    }

    @Test
    void memoryIsCountedUntilTheLastHolderLetsGo() {
        Tensor tensor = Tensor.zeros(DType.F32, 1 << 16);
        Tensor view = tensor.slice(0, 10);
        tensor.floats().put(9, 5);
        Memory run = tensor.hold();
        long before = Tensor.bytesInUse();
        tensor.close();
        view.floats().put(3, 7);
        assertEquals(5, view.getFloat(9));
        view.close();
        view.close();
        assertEquals(before, Tensor.bytesInUse());
        assertEquals(7, run.buffer().getFloat(12));
        run.release();
        assertEquals(before - (4 << 16), Tensor.bytesInUse());
    }

    @Test
    void aBufferThatOutlivesItsTensorReadsZeros() {
        Tensor tensor = Tensor.zeros(DType.F32, 1 << 16);
        FloatBuffer floats = tensor.floats();
        for (int i = 0; i < floats.capacity(); i++) {
            floats.put(i, 1);
        }
        tensor.close();
        System.gc();
        for (int i = 0; i < floats.capacity(); i++) {
            assertEquals(0, floats.get(i));
            floats.put(i, 2);
        }
    }

    @Test
    void limitsAreReadInTheUsualUnits() {
        assertEquals(123, MemoryBudget.limit("123"));
        assertEquals(5L << 10, MemoryBudget.limit("5k"));
        assertEquals(512L << 20, MemoryBudget.limit("512M"));
        assertEquals(4L << 30, MemoryBudget.limit(" 4g "));
        for (String wrong : List.of("", "g", "-1", "0", "1.5g", "9999999999999g", "4gb")) {
            String message = assertThrows(NativeMemoryException.class, () -> MemoryBudget.limit(wrong))
                    .getMessage();
            assertTrue(message.contains("octavo.maxMemory=" + wrong), message);
        }
        assertTrue(MemoryBudget.limit(null) > 0);
    }

    /** In a JVM with other limits. */
    static final class Probe {
        public static void main(String[] what) {
            switch (what[0]) {
                case "closed" -> {
                    for (int size : new int[] {1 << 18, 1 << 10, 1 << 8}) {
                        for (int i = 0; i < (1 << 27) / size; i++) {
                            try (Tensor t = Tensor.zeros(DType.F32, size)) {
                                t.floats().put(0, i);
                            }
                        }
                    }
                    System.out.println("fine");
                }
                case "dropped" -> {
                    for (int i = 0; i < 1000; i++) {
                        Tensor.zeros(DType.F32, 1 << 18);
                    }
                    System.out.println("fine");
                }
                case "held" -> {
                    List<Tensor> held = new ArrayList<>();
                    Tensor.zeros(DType.F32, 1 << 18).close();
                    held.add(Tensor.zeros(DType.F32, 100)); // some bytes less than 64 are left
                    try {
                        while (true) {
                            held.add(Tensor.zeros(DType.F32, 1 << 18));
                        }
                    } catch (NativeMemoryException e) {
                        System.out.println(e.getMessage());
                        System.out.println(held.size() - 1 + " held");
                    }
                }
                default -> {
                    List<Tensor> held = new ArrayList<>();
                    for (int i = 0; i < 8; i++) {
                        held.add(Tensor.zeros(DType.F32, 16 << 20));
                        held.get(i).floats().put(0, 1);
                    }
                    Graph.Builder graph = Graph.builder("small");
                    String x = graph.input("x", DType.F32, Shape.ofBatch(16));
                    String w = graph.constant("w", Tensor.zeros(DType.F32, 4, 16));
                    graph.output(graph.node("y", new Op.Linear(), List.of(x, w)));
                    try (Session session = Session.of(graph.build())) {
                        session.run(Tensor.zeros(DType.F32, 1, 16));
                    }
                    System.out.println("fine");
                }
            }
        }
    }
}

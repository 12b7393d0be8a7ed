package io.octavo.runtime;

import io.octavo.graph.Graph;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Prints by how many bytes the heap and the process grow between a first spell of work and an equal second one. */
final class SoakProbe {
    private SoakProbe() {}

    public static void main(String[] args) throws IOException {
        Nets nets = new Nets(29);
        Graph graph = nets.demo();
        Tensor x = nets.floats(-1, 1, 1, 3, 32, 32);
        if (args[0].equals("runs")) {
            Tensor out = Tensor.zeros(DType.F32, 1, 10);
            try (Session session = Session.of(graph)) {
                Runnable spell = () -> {
                    for (int i = 0; i < SessionSoakTest.RUNS; i++) {
                        session.run(x, out);
                    }
                };
                printGrowth(spell);
            }
        } else {
            printGrowth(() -> {
                for (int i = 0; i < SessionSoakTest.SESSIONS; i++) {
                    try (Session session = Session.of(graph)) {
                        session.run(x);
                    }
                }
            });
        }
    }

    private static void printGrowth(Runnable spell) throws IOException {
        spell.run();
        long heap = heapAfterCollection();
        long resident = residentBytes();
        spell.run();
        System.out.println("heap " + (heapAfterCollection() - heap));
        System.out.println("process " + (residentBytes() - resident));
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

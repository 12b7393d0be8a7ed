package io.octavo.internal.bind;

import io.octavo.OctavoException;
import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.runtime.Machine;
import io.octavo.runtime.Session;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A program of its own, so that loading can be watched: prints what it meets, a line each. */
final class BindProbe {
    private BindProbe() {}

    public static void main(String[] args) throws Exception {
        System.out.println("tensor " + Tensor.of(new float[] {1, 2}).getFloat(1));
        switch (args[0]) {
            case "isa" -> {
                report(() -> System.out.println("active " + Machine.isa()));
                report(() -> System.out.println("active " + Machine.isa()));
                report(() -> run(int8()));
                System.out.println("isas " + Machine.isas().size());
            }
            case "load" -> {
                report(Machine::threads);
                report(() -> run(int8()));
            }
            case "int8" -> run(int8());
            case "float" -> run(real());
            case "float-refused" -> {
                report(() -> run(real()));
                report(() -> run(real()));
            }
            case "leak" -> {
                leak();
                for (int i = 0; i < 50; i++) {
                    System.gc();
                    Thread.sleep(10);
                }
            }
            default -> throw new IllegalArgumentException(args[0]);
        }
        try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
            lines.filter(line -> line.contains(".so"))
                    .map(line -> "maps " + line.substring(line.lastIndexOf('/') + 1))
                    .distinct()
                    .forEach(System.out::println);
        }
    }

    private static void report(Runnable action) {
        try {
            action.run();
        } catch (OctavoException e) {
            System.out.println(e.getClass().getSimpleName() + ": " + e.getMessage() + ", cause "
                    + (e.getCause() == null ? "none" : e.getCause().getClass().getSimpleName()));
        }
    }

    private static void leak() {
        Session.of(int8());
    }

    private static void run(Graph graph) {
        try (Session session = Session.of(graph)) {
            System.out.println("ran " + session.run(Tensor.zeros(DType.F32, 1, 4)));
        }
    }

    private static Graph real() {
        Graph.Builder g = Graph.builder("float");
        g.input("x", DType.F32, Shape.ofBatch(4));
        g.constant("w", Tensor.zeros(DType.F32, 3, 4));
        g.node("y", new Op.Linear(), List.of("x", "w"));
        return g.output("y").build();
    }

    private static Graph int8() {
        Graph.Builder g = Graph.builder("int8");
        g.input("x", DType.F32, Shape.ofBatch(4));
        AffineParams params = AffineParams.perTensor(DType.U8, 8, 0.1f, 0);
        AffineParams weights =
                new AffineParams(DType.S8, 8, -128, 127, new float[] {1}, new int[] {0}, Granularity.perTensor());
        g.constant("w", new QuantizedTensor(Shape.of(3, 4), weights, Tensor.zeros(DType.S8, 3, 4)));
        g.node("q", new Op.Quantize(), List.of("x"), params);
        g.node("fc", new Op.Linear(), List.of("q", "w"), params);
        g.node("y", new Op.Dequantize(), List.of("fc"));
        return g.output("y").build();
    }
}

package io.octavo.calibrate;

import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.graph.Window;
import io.octavo.qconfig.QConfig;
import io.octavo.qconfig.QConfigMapping;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Calibrates two convolutions of 64 channels on 64 images of 224 x 224 and prints the most memory that the process had. */
public final class MemoryProbe {
    private MemoryProbe() {}

    public static void main(String[] args) throws Exception {
        Graph.Builder g = Graph.builder("great");
        g.input("x", DType.F32, Shape.ofBatch(1, 224, 224));
        Op first = new Op.Conv2d(Window.of(1), 1, Activation.NONE);
        Op second = new Op.Conv2d(Window.of(1), 64, Activation.NONE);
        g.node("a", first, List.of("x", g.constant("a.weight", ones(64, 1, 1, 1))));
        g.node("b", second, List.of("a", g.constant("b.weight", ones(64, 1, 1, 1))));
        g.node("mean", new Op.AdaptiveAvgPool2d(1, 1), List.of("b"));
        Prepared prepared = Prepared.of(g.output("mean").build(), QConfigMapping.global(QConfig.getDefault("fbgemm")));
        try (Calibrator calibrator = new Calibrator(prepared)) {
            calibrator.observe(ones(64, 1, 224, 224));
            System.out.println("images " + calibrator.result().images());
        }
        String peak = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .findFirst()
                .orElseThrow();
        System.out.println("peak " + peak.replaceAll("[^0-9]", ""));
    }

    private static Tensor ones(long... dims) {
        Tensor tensor = Tensor.zeros(DType.F32, dims);
        for (int i = 0; i < tensor.elements(); i++) {
            tensor.floats().put(i, 1);
        }
        return tensor;
    }
}

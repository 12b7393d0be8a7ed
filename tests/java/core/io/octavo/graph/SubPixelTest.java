package io.octavo.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.runtime.Session;
import io.octavo.tensor.DType;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Transposed convolutions as ordinary ones give the results that they gave. */
class SubPixelTest {
    private final SplittableRandom random = new SplittableRandom(3);

    private Tensor floats(long... dims) {
        Tensor tensor = Tensor.zeros(DType.F32, dims);
        for (int i = 0; i < tensor.elements(); i++) {
            tensor.floats().put(i, (float) random.nextDouble(-1, 1));
        }
        return tensor;
    }

    private Graph network(Op.ConvTranspose op, boolean bias, boolean bounded) {
        Graph.Builder graph = Graph.builder("test");
        int in = 2 * op.groups();
        graph.input("x", DType.F32, Shape.ofDims(Dim.unknown("N"), Dim.of(in), Dim.unknown("H"), Dim.unknown("W")));
        Window w = op.window();
        List<String> inputs =
                new ArrayList<>(List.of("x", graph.constant("w", floats(in, 3, w.kernelH(), w.kernelW()))));
        if (bias) {
            inputs.add(graph.constant("b", floats(3L * op.groups())));
        }
        String y = graph.node("transposed", op, inputs);
        if (bounded) {
            y = graph.node("bounds", new Op.Clamp(Activation.RELU), List.of(y));
        }
        return graph.output(y).build();
    }

    private static List<float[]> run(Graph graph, List<Tensor> images) {
        List<float[]> results = new ArrayList<>();
        try (Session session = Session.of(graph)) {
            for (Tensor image : images) {
                results.add(session.run(List.of(image)).get(0).toFloatArray());
            }
        }
        return results;
    }

    @Test
    void resultsAreTheSame() {
        for (int i = 0; i < 60; i++) {
            int stride = random.nextInt(1, 4);
            int h = random.nextInt(1, 6);
            int w = random.nextInt(1, 6);
            int extra = random.nextInt(stride);
            Window window = Window.of(h, w)
                    .stride(stride)
                    .padding(random.nextInt(h), random.nextInt(w), random.nextInt(h), random.nextInt(w));
            Op.ConvTranspose op = new Op.ConvTranspose(window, random.nextInt(1, 3), extra, random.nextInt(stride));
            Graph graph = network(op, i % 3 > 0, i % 2 > 0);
            int in = 2 * op.groups();
            List<Tensor> images = List.of(floats(2, in, 6, 7), floats(1, in, 9, 5));
            Graph convolved = Passes.transposedAsSubPixel(graph, node -> true);
            assertTrue(
                    convolved.nodes().stream().noneMatch(node -> node.op() instanceof Op.ConvTranspose),
                    convolved.toString());
            List<float[]> expected = run(graph, images);
            List<float[]> found = run(convolved, images);
            for (int image = 0; image < images.size(); image++) {
                assertEquals(expected.get(image).length, found.get(image).length, op.toString());
                for (int e = 0; e < expected.get(image).length; e++) {
                    assertEquals(expected.get(image)[e], found.get(image)[e], 2e-5, op + ", element " + e);
                }
            }
        }
    }

    @Test
    void whatIsNotWantedOrHasNoPhasesStays() {
        Graph plain = network(new Op.ConvTranspose(Window.of(2).stride(2), 1, 0, 0), true, false);
        assertSame(plain, Passes.transposedAsSubPixel(plain, node -> false));
        Graph uneven = network(new Op.ConvTranspose(Window.of(2).stride(1, 2), 1, 0, 0), true, false);
        assertSame(uneven, Passes.transposedAsSubPixel(uneven, node -> true));
        Graph dilated = network(new Op.ConvTranspose(Window.of(2).dilation(2), 1, 0, 0), true, false);
        assertSame(dilated, Passes.transposedAsSubPixel(dilated, node -> true));
    }
}

package io.octavo.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.ClosedException;
import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.UnsupportedException;
import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.graph.Pointwise;
import io.octavo.graph.ReferenceRunner;
import io.octavo.graph.Shapes;
import io.octavo.graph.Value;
import io.octavo.graph.Window;
import io.octavo.tensor.DType;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sessions of graphs whose inputs have other shapes from run to run. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class SessionShapesTest {
    private final Nets nets = new Nets(31);

    private static Shape images(String batch, String height, String width) {
        return Shape.ofDims(Dim.unknown(batch), Dim.of(3), Dim.unknown(height), Dim.unknown(width));
    }

    /** On integers, for images of any size: a convolution, a pool, a convolution of half the size, the mean of all pixels, a layer. */
    private Graph anySize(Shape input) {
        Graph.Builder graph = Graph.builder("anysize");
        graph.input("image", DType.F32, input);
        graph.node("codes", new Op.Quantize(), List.of("image"), Nets.u8(0.02f, 110));
        Window three = new Window(3, 3, 1, 1, 1, 1, 1, 1, 1, 1);
        graph.node(
                "conv1",
                new Op.Conv2d(three, 1, Activation.RELU),
                List.of("codes", nets.weight(graph, "w1", true, 8, 3, 3, 3)),
                Nets.u8(0.03f, 0));
        graph.node("pool", new Op.MaxPool2d(new Window(2, 2, 2, 2, 0, 0, 0, 0, 1, 1), false), List.of("conv1"));
        graph.node(
                "conv2",
                new Op.Conv2d(three, 1, Activation.RELU),
                List.of("pool", nets.weight(graph, "w2", true, 16, 8, 3, 3)),
                Nets.u8(0.02f, 0));
        graph.node("map", new Op.Dequantize(), List.of("conv2"));
        graph.node("mean", new Op.AdaptiveAvgPool2d(1, 1), List.of("conv2"));
        graph.node("flat", new Op.Flatten(), List.of("mean"));
        graph.node("logits", new Op.Linear(), List.of("flat", nets.weight(graph, "w3", true, 5, 16)));
        return graph.output("logits").output("map").build();
    }

    private void checked(Session session, Graph graph, long... dims) {
        Tensor x = nets.floats(-1, 1, dims);
        Map<String, Tensor> found = session.run(Map.of("image", x));
        Map<String, double[]> expected = ReferenceRunner.run(graph, Map.of("image", x));
        assertEquals(
                Shape.of(dims[0], 16, dims[2] / 2, dims[3] / 2),
                found.get("map").shape());
        for (String output : List.of("logits", "map")) {
            float[] values = found.get(output).toFloatArray();
            double[] wanted = expected.get(output);
            assertEquals(wanted.length, values.length);
            for (int i = 0; i < values.length; i++) {
                assertEquals(wanted[i], values[i], 1e-6 * Math.abs(wanted[i]), output + " " + i);
            }
        }
    }

    @Test
    void imagesOfAnySizeGiveWhatAGraphOfThatSizeGives() {
        Graph graph = anySize(images("N", "h", "w"));
        try (Session session = Session.builder(graph).plans(3).build()) {
            assertEquals(0, session.plans());
            checked(session, graph, 2, 3, 8, 8);
            checked(session, graph, 1, 3, 8, 8);
            checked(session, graph, 5, 3, 8, 8);
            assertEquals(1, session.plans(), "the batch is free");
            checked(session, graph, 1, 3, 12, 6);
            checked(session, graph, 1, 3, 6, 12);
            checked(session, graph, 3, 3, 8, 8);
            assertEquals(3, session.plans());
            checked(session, graph, 1, 3, 4, 4);
            checked(session, graph, 1, 3, 8, 8);
            checked(session, graph, 1, 3, 12, 6);
            assertEquals(3, session.plans(), "no more are kept");
        }
    }

    @Test
    void plansThatPackWeightsInOneWayShareThem() {
        try (Session session = Session.of(anySize(images("N", "h", "w")))) {
            Explanation one = session.explain(Map.of("image", Shape.of(1, 3, 32, 32)));
            long weights = session.weightBytes();
            assertTrue(weights > 0);
            Explanation two = session.explain(Map.of("image", Shape.of(1, 3, 48, 32)));
            assertEquals(2, session.plans());
            assertEquals(kernels(one), kernels(two));
            assertEquals(weights, session.weightBytes());
        }
    }

    private static List<String> kernels(Explanation explanation) {
        return explanation.steps().stream().map(Explanation.Step::kernel).toList();
    }

    @Test
    void whatIsSaidOfAPlanIsOfTheLatestOrOfShapes() {
        Graph graph = anySize(images("N", "h", "w"));
        try (Session session = Session.of(graph)) {
            assertThrows(InvalidValueException.class, session::explain);
            assertThrows(InvalidValueException.class, () -> session.explain(Map.of()));
            Explanation small = session.explain(Map.of("image", Shape.of(1, 3, 8, 8)));
            Explanation large = session.explain(Map.of("image", Shape.of(1, 3, 16, 16)));
            assertNotEquals(macs(small, "conv1"), macs(large, "conv1"));
            assertEquals(macs(large, "conv1"), macs(session.explain(), "conv1"));
            session.run(List.of(Tensor.zeros(DType.F32, 2, 3, 8, 8)));
            assertEquals(macs(small, "conv1"), macs(session.explain(), "conv1"));
            assertTrue(session.weightBytes() > 0);
            assertThrows(ShapeMismatchException.class, () -> session.explain(Map.of("image", Shape.of(1, 4, 16, 16))));
        }
    }

    private static long macs(Explanation explanation, String step) {
        return explanation.steps().stream()
                .filter(one -> one.name().equals(step))
                .findFirst()
                .orElseThrow()
                .macs();
    }

    @Test
    void shapesThatDoNotFitAreRefusedByInputAndDimension() {
        try (Session session = Session.of(anySize(images("N", "s", "s")))) {
            says("'image'", "dimension 1 is 4", "expected 3", session, Tensor.zeros(DType.F32, 1, 4, 8, 8));
            says("'image'", "dimension 3 is 6", "expected 8", session, Tensor.zeros(DType.F32, 1, 3, 8, 6));
            says("'image'", "F32", "U8", session, Tensor.zeros(DType.U8, 1, 3, 8, 8));
            says("'image'", "[3, 8, 8]", "4 dimensions", session, Tensor.zeros(DType.F32, 3, 8, 8));
            says("Node 'pool'", "dimension 2", "at least 2", session, Tensor.zeros(DType.F32, 1, 3, 1, 1));
            assertEquals(0, session.plans());
        }
    }

    private static void says(String a, String b, String c, Session session, Tensor x) {
        String message = assertThrows(ShapeMismatchException.class, () -> session.run(List.of(x)))
                .getMessage();
        assertTrue(message.contains(a) && message.contains(b) && message.contains(c), message);
    }

    @Test
    void aBindingOutlivesThePlanThatItWasMadeWith() {
        Graph graph = anySize(images("N", "h", "w")).withoutOutputs(List.of("map"));
        try (Session session = Session.builder(graph).plans(1).build()) {
            Tensor x = nets.floats(-1, 1, 2, 3, 8, 8);
            Tensor out = Tensor.zeros(DType.F32, 2, 5);
            Session.Binding binding = session.bind(List.of(x), List.of(out));
            binding.run();
            float[] first = out.toFloatArray();
            session.run(Tensor.zeros(DType.F32, 1, 3, 4, 4), Tensor.zeros(DType.F32, 1, 5));
            assertEquals(1, session.plans());
            x.floats().put(0, 50);
            binding.run();
            assertNotEquals(first[0], out.toFloatArray()[0]);
            x.floats().put(0, 0);
            assertArrayEquals(session.run(x).toFloatArray(), rerun(binding, out));
            session.close();
            assertThrows(ClosedException.class, binding::run);
            assertThrows(ClosedException.class, () -> session.run(x));
            assertThrows(ClosedException.class, () -> session.run(Tensor.zeros(DType.F32, 1, 3, 6, 6)));
        }
    }

    private static float[] rerun(Session.Binding binding, Tensor out) {
        binding.run();
        return out.toFloatArray();
    }

    @Test
    void manyThreadsWithManyShapesAndFewPlans() throws Exception {
        Graph graph = anySize(images("N", "h", "w"));
        List<Tensor> inputs = new ArrayList<>();
        List<float[]> expected = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            Tensor x = nets.floats(-1, 1, 1 + i % 2, 3, 4 + 2 * i, 6);
            inputs.add(x);
            try (Session session = Session.of(anySizeLike(graph, x.shape()))) {
                expected.add(session.run(List.of(x)).get(0).toFloatArray());
            }
        }
        ExecutorService pool = Executors.newFixedThreadPool(4);
        try (Session session = Session.builder(graph).plans(2).threads(1).build()) {
            List<Future<?>> runs = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                int from = t;
                runs.add(pool.submit(() -> {
                    for (int i = 0; i < 120; i++) {
                        int at = (from + i * 5) % inputs.size();
                        assertArrayEquals(
                                expected.get(at),
                                session.run(List.of(inputs.get(at))).get(0).toFloatArray());
                    }
                    return null;
                }));
            }
            for (Future<?> run : runs) {
                run.get();
            }
            assertEquals(2, session.plans());
        } finally {
            pool.shutdownNow();
        }
    }

    private static Graph anySizeLike(Graph graph, Shape input) {
        return graph.specialize(Map.of("image", input));
    }

    @Test
    void innerTensorsAreDeliveredInTheShapeOfTheRun() {
        Graph graph = anySize(images("N", "h", "w"));
        List<Shape> seen = new ArrayList<>();
        try (Session session = Session.builder(graph)
                .tap(List.of("pool", "image"), (name, tensor) -> seen.add(tensor.shape()))
                .build()) {
            session.run(List.of(Tensor.zeros(DType.F32, 2, 3, 8, 8)));
            session.run(List.of(Tensor.zeros(DType.F32, 1, 3, 6, 4)));
        }
        assertEquals(
                List.of(Shape.of(2, 8, 4, 4), Shape.of(2, 3, 8, 8), Shape.of(1, 8, 3, 2), Shape.of(1, 3, 6, 4)), seen);
    }

    @Test
    void inputsOfOtherFirstDimensionsAndResultsThatNothingComputes() {
        Graph.Builder graph = Graph.builder("apart");
        graph.input("a", DType.F32, Shape.of(2, 4));
        graph.input("b", DType.F32, Shape.of(3, 4));
        graph.input("ids", DType.S64, Shape.of());
        graph.constant("w", nets.floats(-1, 1, 5, 4));
        graph.node("one", new Op.Linear(), List.of("a", "w"));
        graph.node("two", new Op.Clamp(Activation.RELU), List.of("b"));
        graph.node("shape", new Shapes.ShapeOf(0, 2), List.of("b"));
        Graph built = graph.output("one").output("shape").output("two").build();
        Tensor a = nets.floats(-1, 1, 2, 4);
        Tensor b = nets.floats(-1, 1, 3, 4);
        Map<String, Tensor> in = Map.of("a", a, "b", b, "ids", Tensor.zeros(DType.S64));
        try (Session session = Session.of(built)) {
            Map<String, Tensor> out = session.run(in);
            assertArrayEquals(new long[] {3, 4}, out.get("shape").toLongArray());
            Map<String, double[]> expected = ReferenceRunner.run(built, in);
            for (String name : List.of("one", "two")) {
                float[] found = out.get(name).toFloatArray();
                for (int i = 0; i < found.length; i++) {
                    assertEquals(expected.get(name)[i], found[i], 1e-6);
                }
            }
            Tensor shape = Tensor.zeros(DType.S64, 2);
            Tensor one = Tensor.zeros(DType.F32, 2, 5);
            Tensor two = Tensor.zeros(DType.F32, 3, 4);
            session.bind(in, Map.of("one", one, "shape", shape, "two", two)).run();
            assertArrayEquals(new long[] {3, 4}, shape.toLongArray());
            assertArrayEquals(out.get("two").toFloatArray(), two.toFloatArray());
        }
    }

    @Test
    void aGraphThatOnlyAsksForShapesNeedsNoPlan() {
        Graph.Builder graph = Graph.builder("sizes");
        graph.input("x", DType.F32, images("n", "h", "w"));
        graph.node("shape", new Shapes.ShapeOf(1, 4), List.of("x"));
        graph.node("same", new Op.Dropout(0.5f), List.of("x"));
        Session session = Session.of(graph.output("shape").output("same").build());
        Tensor x = nets.floats(-1, 1, 1, 3, 5, 7);
        List<Tensor> out = session.run(List.of(x));
        assertArrayEquals(new long[] {3, 5, 7}, out.get(0).toLongArray());
        assertArrayEquals(x.toFloatArray(), out.get(1).toFloatArray());
        assertEquals(0, session.weightBytes());
        assertEquals(1, session.explain().steps().size());
        session.close();
        assertThrows(ClosedException.class, () -> session.run(List.of(x)));
    }

    @Test
    void aGraphMayHaveNoInput() {
        Graph.Builder graph = Graph.builder("constant");
        graph.constant("shape", Tensor.ofLongs(new long[] {2, 2}));
        graph.node("y", new Shapes.Fill(DType.F32, 7), List.of("shape"));
        try (Session session = Session.of(graph.output("y").build())) {
            Map<String, Tensor> out = session.run(Map.of());
            assertArrayEquals(new float[] {7, 7, 7, 7}, out.get("y").toFloatArray());
        }
    }

    /** {@code y = x + fill(shape)} and a range, whose lengths inputs say. */
    private static Graph toldByInputs() {
        Graph.Builder graph = Graph.builder("told");
        graph.input("shape", DType.S64, Shape.of(2));
        graph.input("x", DType.F32, Shape.ofDims(Dim.unknown("N"), Dim.of(4)));
        graph.input("limit", DType.S64, Shape.of());
        graph.constant("zero", Tensor.ofLongs(new long[] {0}).reshape());
        graph.constant("one", Tensor.ofLongs(new long[] {1}).reshape());
        graph.node("fill", new Shapes.Fill(DType.F32, 2), List.of("shape"));
        graph.node("y", new Pointwise.Binary(Pointwise.Binary.Function.ADD), List.of("x", "fill"));
        graph.node("range", new Shapes.Range(), List.of("zero", "limit", "one"));
        return graph.output("y").output("range").build();
    }

    @Test
    void elementsOfInputsThatSayShapesAreFixedInAPlan() {
        Graph graph = toldByInputs();
        assertEquals(
                List.of("shape", "limit"),
                graph.parameterInputs().stream().map(Value::name).toList());
        List<String> seen = new ArrayList<>();
        try (Session session = Session.builder(graph)
                .plans(2)
                .tap(List.of("shape", "y"), (name, tensor) -> seen.add(name + tensor.shape()))
                .build()) {
            Tensor shape = Tensor.ofLongs(new long[] {1, 4});
            for (long limit = 1; limit < 4; limit++) {
                for (long n = 1; n < 3; n++) {
                    Tensor x = nets.floats(-1, 1, n, 4);
                    Map<String, Tensor> in = Map.of("shape", shape, "x", x, "limit", scalar(limit));
                    Map<String, Tensor> out = session.run(in);
                    assertEquals(limit, out.get("range").elements());
                    assertEquals(limit - 1, out.get("range").toLongArray()[(int) limit - 1]);
                    assertEquals(x.shape(), out.get("y").shape());
                    for (int i = 0; i < 4 * n; i++) {
                        assertEquals(x.toFloatArray()[i] + 2, out.get("y").toFloatArray()[i]);
                    }
                }
            }
            assertEquals(2, session.plans(), "no more are kept");
            assertEquals(List.of("shape[2]", "y[1, 4]", "shape[2]", "y[2, 4]"), seen.subList(0, 4));
            Tensor x = nets.floats(-1, 1, 1, 4);
            Map<String, Tensor> wide =
                    session.run(Map.of("shape", Tensor.ofLongs(new long[] {3, 1}), "x", x, "limit", scalar(1)));
            assertEquals(Shape.of(3, 4), wide.get("y").shape());
            assertThrows(
                    InvalidValueException.class,
                    () -> session.explain(Map.of("shape", Shape.of(2), "x", Shape.of(1, 4), "limit", Shape.of())));
            assertThrows(
                    UnsupportedException.class,
                    () -> session.run(Map.of("shape", Tensor.ofLongs(new long[] {3, 0}), "x", x, "limit", scalar(1))));
            assertThrows(
                    ShapeMismatchException.class,
                    () -> session.run(Map.of("shape", Tensor.ofInts(new int[] {3, 1}), "x", x, "limit", scalar(1))));
        }
    }

    private static Tensor scalar(long value) {
        return Tensor.ofLongs(new long[] {value}).reshape();
    }
}

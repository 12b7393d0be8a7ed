package io.octavo.calibrate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.InvalidValueException;
import io.octavo.NotFiniteException;
import io.octavo.ShapeMismatchException;
import io.octavo.UnsupportedException;
import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Op;
import io.octavo.graph.Window;
import io.octavo.natives.ChildJvm;
import io.octavo.observe.HistogramObserver;
import io.octavo.observe.MinMaxObserver;
import io.octavo.observe.MovingAverageMinMaxObserver;
import io.octavo.observe.Observer;
import io.octavo.qconfig.QConfig;
import io.octavo.qconfig.QConfigMapping;
import io.octavo.quantize.Quantization;
import io.octavo.runtime.Session;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.Uniform;
import io.octavo.tensor.DType;
import io.octavo.tensor.Inputs;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What calibration is given: tensors by name and place, batches of any size, batches that it must refuse. */
class CalibrationDataTest {
    private final SplittableRandom random = new SplittableRandom(12);

    private Tensor floats(double low, double high, long... dims) {
        Tensor tensor = Tensor.zeros(DType.F32, dims);
        for (int i = 0; i < tensor.elements(); i++) {
            tensor.floats().put(i, (float) random.nextDouble(low, high));
        }
        return tensor;
    }

    private static QConfig qconfig(Supplier<Observer> observer) {
        return new QConfig(observer, Uniform.activations(8), Uniform.weights(8), Granularity.perChannel(0));
    }

    private static Prepared prepare(Graph graph, Supplier<Observer> observer) {
        return Prepared.of(graph, QConfigMapping.global(qconfig(observer)));
    }

    // ---- Several inputs and outputs
    // ------------------------------------------------------------------------------------------

    /** Two images and a row of numbers in, two vectors out: "sum" of all, "left" of the first image. */
    private Graph threeToTwo() {
        Graph.Builder g = Graph.builder("three to two");
        g.input("left", DType.F32, Shape.ofBatch(2, 6, 6));
        g.input("right", DType.F32, Shape.ofBatch(2, 6, 6));
        g.input("row", DType.F32, Shape.ofBatch(12));
        Op conv = new Op.Conv2d(Window.of(3).padding(1), 1, Activation.RELU);
        g.node("a", conv, List.of("left", g.constant("a.weight", floats(-0.5, 0.5, 4, 2, 3, 3))));
        g.node("b", conv, List.of("right", g.constant("b.weight", floats(-0.5, 0.5, 4, 2, 3, 3))));
        g.node("both", new Op.Add(), List.of("a", "b"));
        g.node("flat", new Op.Flatten(), List.of("both"));
        g.node("c", new Op.Linear(), List.of("flat", g.constant("c.weight", floats(-0.2, 0.2, 8, 144))));
        g.node("d", new Op.Linear(), List.of("row", g.constant("d.weight", floats(-0.5, 0.5, 8, 12))));
        g.node("sum.out", new Op.Add(), List.of("c", "d"));
        g.node("flat2", new Op.Flatten(), List.of("a"));
        g.node("left.out", new Op.Linear(), List.of("flat2", g.constant("e.weight", floats(-0.2, 0.2, 3, 144))));
        return g.output("sum.out").output("left.out").build();
    }

    private Map<String, Tensor> sample(int n) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("row", floats(-3, 3, n, 12)); // not in the graph's order
        tensors.put("right", floats(-1, 1, n, 2, 6, 6));
        tensors.put("left", floats(-2, 2, n, 2, 6, 6));
        return tensors;
    }

    @Test
    void tensorsByNameAndByPlaceAreTheSame() {
        Prepared prepared = prepare(threeToTwo(), HistogramObserver::new);
        List<Map<String, Tensor>> data =
                IntStream.range(0, 3).mapToObj(i -> sample(4 + i)).toList();
        try (Calibrator byName = new Calibrator(prepared);
                Calibrator byPlace = new Calibrator(prepared)) {
            data.forEach(byName::observe);
            data.forEach(x -> byPlace.observe(x.get("left"), x.get("right"), x.get("row")));
            assertEquals(4 + 5 + 6, byName.images());
            assertEquals(byName.images(), byPlace.images());
            for (String value : prepared.observed().keySet()) {
                assertSame(byName.result(), byPlace.result(), value);
            }
            Calibration sequence = Quantization.calibrate(
                    prepared, data.stream().map(Inputs::of).toList());
            assertEquals(15, sequence.images());
            assertSame(byName.result(), sequence, "row");
            assertEquals(3, sequence.distribution("row").max(), 0.2);
            assertEquals(1, sequence.distribution("right").max(), 0.02);
            assertEquals(2, sequence.distribution("left").max(), 0.02);
        }
    }

    private static void assertSame(Calibration expected, Calibration found, String value) {
        assertEquals(
                expected.distribution(value).min(), found.distribution(value).min(), value);
        assertEquals(
                expected.distribution(value).max(), found.distribution(value).max(), value);
        assertArrayEquals(
                expected.distribution(value).histogram().counts(),
                found.distribution(value).histogram().counts(),
                value);
    }

    @Test
    void aGraphOfSeveralInputsAndOutputsIsQuantizedAndRunsByName() {
        Graph graph = threeToTwo();
        List<Inputs> data =
                IntStream.range(0, 8).mapToObj(i -> Inputs.of(sample(16))).toList();
        Graph int8 = Quantization.quantizeStatic(graph, QConfig.getDefault("fbgemm"), data);
        Map<String, Tensor> x = sample(9);
        try (Session before = Session.of(graph);
                Session after = Session.of(int8)) {
            Map<String, Tensor> expected = before.run(x);
            Map<String, Tensor> found = after.run(x);
            assertEquals(List.of("sum.out", "left.out"), List.copyOf(found.keySet()));
            List<Tensor> byPlace = after.run(List.of(x.get("left"), x.get("right"), x.get("row")));
            assertArrayEquals(
                    byPlace.get(0).toFloatArray(), found.get("sum.out").toFloatArray());
            assertArrayEquals(
                    byPlace.get(1).toFloatArray(), found.get("left.out").toFloatArray());
            Map<String, Tensor> kept =
                    Map.of("left.out", Tensor.zeros(DType.F32, 9, 3), "sum.out", Tensor.zeros(DType.F32, 9, 8));
            after.bind(x, kept).run();
            for (String output : found.keySet()) {
                assertArrayEquals(
                        found.get(output).toFloatArray(), kept.get(output).toFloatArray());
                double db = sqnrDb(
                        expected.get(output).toFloatArray(), found.get(output).toFloatArray());
                assertTrue(db > 30, output + ": " + db + " dB");
            }
        }
    }

    private static double sqnrDb(float[] expected, float[] found) {
        double signal = 0;
        double noise = 0;
        for (int i = 0; i < expected.length; i++) {
            signal += expected[i] * expected[i];
            noise += Math.pow(expected[i] - found[i], 2);
        }
        return 10 * Math.log10(signal / noise);
    }

    @Test
    void namesAndShapesThatDoNotFitAreRefusedWithTheirNames() {
        Prepared prepared = prepare(threeToTwo(), MinMaxObserver::new);
        Map<String, Tensor> x = sample(2);
        Map<String, Tensor> wrong = new LinkedHashMap<>(x);
        wrong.put("middle", wrong.remove("right"));
        try (Calibrator calibrator = new Calibrator(prepared);
                Session session = Session.of(prepared.graph())) {
            for (Runnable call : List.<Runnable>of(() -> calibrator.observe(wrong), () -> session.run(wrong))) {
                String message =
                        assertThrows(InvalidValueException.class, call::run).getMessage();
                assertTrue(message.contains("missing [right]") && message.contains("[middle]"), message);
            }
            assertThrows(InvalidValueException.class, () -> calibrator.observe(x.get("left"), x.get("right")));
            assertThrows(
                    ShapeMismatchException.class,
                    () -> calibrator.observe(x.get("left"), x.get("row"), x.get("right")));
            assertThrows(
                    ShapeMismatchException.class,
                    () -> calibrator.observe(x.get("left"), floats(0, 1, 3, 2, 6, 6), x.get("row")));
            assertEquals(0, calibrator.images());
        }
    }

    // ---- Batches that are refused
    // --------------------------------------------------------------------------------------------

    /** Two linear layers of so great weights that inputs beyond 1e-10 overflow in the second, and of a width that is cut. */
    private static Graph overflowing() {
        float[] big = new float[16];
        Arrays.fill(big, 1e20f);
        Graph.Builder g = Graph.builder("overflow");
        g.input("input", DType.F32, Shape.ofBatch(4));
        g.node("one", new Op.Linear(), List.of("input", g.constant("w1", Tensor.of(big, 4, 4))));
        g.node("two", new Op.Linear(), List.of("one", g.constant("w2", Tensor.of(big, 4, 4))));
        return g.output("two").build();
    }

    private static byte[] state(Calibrator calibrator, String value) {
        return (calibrator.result().distribution(value).toString()
                        + Arrays.toString(
                                calibrator.result().distribution(value).hasHistogram()
                                        ? calibrator
                                                .result()
                                                .distribution(value)
                                                .histogram()
                                                .counts()
                                        : new long[0]))
                .getBytes();
    }

    @ParameterizedTest
    @ValueSource(strings = {"min-max", "histogram", "moving average"})
    void aRefusedBatchLeavesNoTrace(String kind) {
        Map<String, Supplier<Observer>> observers = Map.of(
                "min-max", MinMaxObserver::new,
                "histogram", HistogramObserver::new,
                "moving average", MovingAverageMinMaxObserver::new);
        Prepared prepared = prepare(overflowing(), observers.get(kind));
        try (Calibrator calibrator = new Calibrator(prepared);
                Calibrator untouched = new Calibrator(prepared)) {
            Tensor fine = Tensor.of(new float[] {1e-20f, -1e-20f, 2e-20f, 0}, 1, 4);
            calibrator.observe(fine);
            untouched.observe(fine);
            String message = assertThrows(
                            NotFiniteException.class,
                            () -> calibrator.observe(Tensor.of(new float[] {1, 5, -1, 3}, 1, 4)))
                    .getMessage();
            assertTrue(message.contains("value two"), message);
            assertEquals(1, calibrator.images());
            assertEquals(2e-20f, calibrator.result().distribution("input").max());
            calibrator.observe(fine);
            untouched.observe(fine);
            for (String value : prepared.observed().keySet()) {
                assertArrayEquals(state(untouched, value), state(calibrator, value), value);
            }
        }
    }

    /** The bad sample is in the last part of a batch that goes through in parts. */
    @Test
    void aBatchInPartsIsRefusedAsAWhole() {
        Prepared prepared = prepare(wide(), HistogramObserver::new);
        Tensor x = floats(-1, 1, 40, 1, 128, 128);
        try (Calibrator calibrator = new Calibrator(prepared)) {
            calibrator.observe(x);
            byte[] before = state(calibrator, "a");
            x.floats().put((int) x.elements() - 1, Float.POSITIVE_INFINITY);
            assertThrows(NotFiniteException.class, () -> calibrator.observe(x));
            assertEquals(40, calibrator.images());
            assertArrayEquals(before, state(calibrator, "a"));
        }
    }

    @Test
    void aMergeThatIsRefusedLeavesBothAsTheyWere() {
        Graph graph = overflowing();
        QConfigMapping mixed = QConfigMapping.global(qconfig(MinMaxObserver::new))
                .layer("two", qconfig(MovingAverageMinMaxObserver::new));
        Prepared prepared = Prepared.of(graph, mixed);
        try (Calibrator first = new Calibrator(prepared);
                Calibrator second = new Calibrator(prepared)) {
            first.observe(Tensor.of(new float[] {1e-20f, 0, 0, 0}, 1, 4));
            second.observe(Tensor.of(new float[] {4e-20f, 0, 0, 0}, 1, 4));
            assertThrows(UnsupportedException.class, () -> first.merge(second));
            assertEquals(1, first.images());
            assertEquals(1e-20f, first.result().distribution("input").max());
        }
    }

    /** NaN arises in "b" and goes on into all that follows; names are not in the order of execution. */
    @Test
    void theFirstValueThatHoldsNanIsNamed() {
        float[] bad = new float[16];
        bad[5] = Float.NaN;
        Graph.Builder g = Graph.builder("nan");
        g.input("z", DType.F32, Shape.ofBatch(4));
        String before = "z";
        for (String name : List.of("y", "b", "a", "x", "c", "w")) {
            Tensor weight = name.equals("b") ? Tensor.of(bad, 4, 4) : floats(-1, 1, 4, 4);
            before = g.node(name, new Op.Linear(), List.of(before, g.constant(name + ".weight", weight)));
        }
        Prepared prepared = prepare(g.output(before).build(), MinMaxObserver::new);
        try (Calibrator calibrator = new Calibrator(prepared)) {
            String message = assertThrows(NotFiniteException.class, () -> calibrator.observe(floats(-1, 1, 3, 4)))
                    .getMessage();
            assertTrue(message.contains("value b:"), message);
        }
    }

    /** "b" stays float, so that nobody observes it; the second sample's is infinite, and NaN is all that follows. */
    @Test
    void theFirstValueIsNamedThoughNothingObservesIt() {
        float[] unit = {1, 0, 0, 1};
        Graph.Builder g = Graph.builder("float in between");
        g.input("x", DType.F32, Shape.ofBatch(2));
        g.node("a", new Op.Linear(), List.of("x", g.constant("a.weight", Tensor.of(unit, 2, 2))));
        float[] great = {3e38f, 0, 0, 1};
        g.node("b", new Op.Linear(), List.of("a", g.constant("b.weight", Tensor.of(great, 2, 2))));
        g.node("soft", new Op.Softmax(), List.of("b"));
        g.node("c", new Op.Linear(), List.of("soft", g.constant("c.weight", Tensor.of(unit, 2, 2))));
        QConfigMapping mapping =
                QConfigMapping.global(qconfig(MinMaxObserver::new)).layer("b", null);
        Prepared prepared = Prepared.of(g.output("c").build(), mapping);
        assertTrue(!prepared.observed().containsKey("b"), prepared.observed().toString());
        try (Calibrator calibrator = new Calibrator(prepared)) {
            String message = assertThrows(
                            NotFiniteException.class,
                            () -> calibrator.observe(Tensor.of(new float[] {0.5f, 1, 8, 1, 1, 1}, 3, 2)))
                    .getMessage();
            assertTrue(message.contains("sample 1 of 3: value b: Infinity"), message);
            assertEquals(0, calibrator.images());
        }
    }

    private static final class Closing implements Iterator<Inputs>, AutoCloseable {
        private final Iterator<Inputs> batches;
        private boolean closed;

        Closing(List<Inputs> batches) {
            this.batches = batches.iterator();
        }

        @Override
        public boolean hasNext() {
            return batches.hasNext();
        }

        @Override
        public Inputs next() {
            return batches.next();
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    @Test
    void theIteratorIsClosedWhetherCalibrationFailsOrNot() {
        Prepared prepared = prepare(overflowing(), MinMaxObserver::new);
        Inputs fine = Inputs.of(Tensor.of(new float[] {1e-20f, 0, 0, 0}, 1, 4));
        Inputs bad = Inputs.of(Tensor.of(new float[] {1, 5, -1, 3}, 1, 4));
        Closing whole = new Closing(List.of(fine, fine));
        Quantization.calibrate(prepared, () -> whole);
        assertTrue(whole.closed);
        Closing failed = new Closing(List.of(fine, bad, fine));
        assertThrows(NotFiniteException.class, () -> Quantization.calibrate(prepared, () -> failed));
        assertTrue(failed.closed);
    }

    // ---- Memory
    // --------------------------------------------------------------------------------------------------------------

    /** 8 MiB of observed values a sample. */
    private Graph wide() {
        Graph.Builder g = Graph.builder("wide");
        g.input("x", DType.F32, Shape.ofBatch(1, 128, 128));
        Op first = new Op.Conv2d(Window.of(1), 1, Activation.NONE);
        Op second = new Op.Conv2d(Window.of(1), 64, Activation.NONE);
        g.node("a", first, List.of("x", g.constant("a.weight", floats(-1, 1, 64, 1, 1, 1))));
        g.node("b", second, List.of("a", g.constant("b.weight", floats(-1, 1, 64, 1, 1, 1))));
        g.node("mean", new Op.AdaptiveAvgPool2d(1, 1), List.of("b"));
        return g.output("mean").build();
    }

    @Test
    void partsOfABatchGiveTheResultOfTheWhole() {
        Prepared prepared = prepare(wide(), HistogramObserver::new);
        Tensor x = floats(-1, 1, 20, 1, 128, 128);
        try (Calibrator whole = new Calibrator(prepared);
                Calibrator single = new Calibrator(prepared)) {
            whole.observe(x);
            for (int i = 0; i < 20; i++) {
                single.observe(x.slice(i, i + 1));
            }
            assertEquals(20, whole.images());
            for (String value : prepared.observed().keySet()) {
                assertArrayEquals(state(single, value), state(whole, value), value);
            }
        }
    }

    @Test
    void movingAveragesStepOnceABatch() {
        Prepared prepared = prepare(wide(), () -> new MovingAverageMinMaxObserver(0.5));
        Tensor x = Tensor.zeros(DType.F32, 20, 1, 128, 128);
        x.floats().put(19 * 128 * 128, 8); // in the last part, if there were parts
        try (Calibrator calibrator = new Calibrator(prepared)) {
            calibrator.observe(Tensor.zeros(DType.F32, 1, 1, 128, 128));
            calibrator.observe(x);
            assertEquals(4, calibrator.result().distribution("x").max());
        }
    }

    /** A batch of 64 has 2 GiB of observed values; what is in memory at once is the batch, the budget and the library. */
    @Test
    void observedValuesOfAGreatBatchAreNotInMemoryAtOnce() throws Exception {
        ChildJvm.Run run = ChildJvm.run(
                Map.of(),
                System.getProperty("java.class.path"),
                List.of("-Xmx64m", "-XX:MaxDirectMemorySize=160m"),
                MemoryProbe.class);
        long peak = Long.parseLong(run.lines("peak ").get(0).substring("peak ".length()));
        assertTrue(peak < 600 << 10, peak + " KiB resident, of an input of 12 MiB");
        assertEquals(List.of("images 64"), run.lines("images "));
    }
}

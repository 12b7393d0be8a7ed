package io.octavo.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.calibrate.Decision;
import io.octavo.calibrate.Prepared;
import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Movement;
import io.octavo.graph.Movement.Resize;
import io.octavo.graph.Node;
import io.octavo.graph.Op;
import io.octavo.graph.Pointwise.Binary;
import io.octavo.graph.Pointwise.Unary;
import io.octavo.graph.Reduction;
import io.octavo.graph.Value;
import io.octavo.graph.Window;
import io.octavo.qconfig.QConfig;
import io.octavo.runtime.Explanation;
import io.octavo.runtime.Session;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.QuantizedTensor;
import io.octavo.tensor.DType;
import io.octavo.tensor.Inputs;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Operators of real networks between convolutions: they run on codes, and give the codes of what they compute. */
class OperatorsOnCodesTest {
    private static final int CHANNELS = 16;
    private static final int SIDE = 6;
    private static final QConfig OCTAVO = QConfig.getDefault("octavo");

    /** Adds an operator to a graph; x and z are results of convolutions. */
    private interface Part {
        String add(Graph.Builder graph, String x, String z);
    }

    private final SplittableRandom random = new SplittableRandom(17);

    private Tensor floats(double low, double high, long... dims) {
        Tensor tensor = Tensor.zeros(DType.F32, dims);
        for (int i = 0; i < tensor.elements(); i++) {
            tensor.floats().put(i, (float) random.nextDouble(low, high));
        }
        return tensor;
    }

    private String conv(Graph.Builder graph, String name, String x, Activation activation) {
        long channels = graph.value(x).shape().dim(1);
        double reach = 2 / Math.sqrt(channels);
        String weight = graph.constant(name + ".weight", floats(-reach, reach, CHANNELS, channels, 1, 1));
        String bias = graph.constant(name + ".bias", floats(-0.3, 0.3, CHANNELS));
        return graph.node(name, new Op.Conv2d(Window.of(1), 1, activation), List.of(x, weight, bias));
    }

    private static String longs(Graph.Builder graph, String name, long... numbers) {
        return graph.constant(name, Tensor.ofLongs(numbers, numbers.length));
    }

    private List<Inputs> data(int count) {
        List<Inputs> data = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            data.add(Inputs.of(floats(-1, 1, 2, CHANNELS, SIDE, SIDE)));
        }
        return data;
    }

    /** The graph's input into two convolutions, the operator, and a convolution of its result where that is an image. */
    private Graph network(String name, Part part) {
        Graph.Builder graph = Graph.builder(name);
        graph.input("input", DType.F32, Shape.ofBatch(CHANNELS, SIDE, SIDE));
        String x = conv(graph, "before", "input", Activation.NONE);
        String z = conv(graph, "beside", "input", Activation.RELU);
        String y = part.add(graph, x, z);
        String last = graph.value(y).shape().rank() == 4 ? conv(graph, "after", y, Activation.NONE) : y;
        graph.output(last);
        if (graph.producer(z).isPresent() && !last.equals(z)) {
            graph.output(z);
        }
        return graph.build();
    }

    private Graph assertOnCodes(String operator, Part part) {
        Graph network = network(operator, part);
        Prepared prepared = Quantization.prepare(network, OCTAVO);
        List<Inputs> data = data(4);
        Graph int8 = Quantization.convert(prepared, Quantization.calibrate(prepared, data));
        assertConversionsAtTheEnds(int8);
        assertTrue(sqnr(network, int8, data.get(0)) > 20, operator + ": " + sqnr(network, int8, data.get(0)) + " dB");
        assertComputesWhatItSays(int8, data.get(0));
        return int8;
    }

    /** Codes are made of inputs and real numbers of outputs alone. */
    private static void assertConversionsAtTheEnds(Graph int8) {
        for (Node node : int8.nodes()) {
            boolean input =
                    int8.inputs().stream().anyMatch(value -> value.name().equals(node.input(0)));
            boolean output = int8.isOutput(node.output());
            if (node.op() instanceof Op.Quantize && !input
                    || node.op() instanceof Op.Dequantize && !output
                    || node.op() instanceof Op.Requantize) {
                throw new AssertionError(node + " stands inside of\n" + int8);
            }
        }
    }

    /** Signal to noise of the first output, in dB. */
    private static double sqnr(Graph network, Graph int8, Inputs inputs) {
        try (Session real = Session.of(network);
                Session codes = Session.of(int8)) {
            Tensor x = inputs.tensors(List.of("input")).get(0);
            float[] expected = real.run(List.of(x)).get(0).toFloatArray();
            float[] found = codes.run(List.of(x)).get(0).toFloatArray();
            double signal = 0;
            double noise = 1e-30;
            for (int i = 0; i < expected.length; i++) {
                signal += (double) expected[i] * expected[i];
                noise += ((double) expected[i] - found[i]) * ((double) expected[i] - found[i]);
            }
            return 10 * Math.log10(signal / noise);
        }
    }

    /**
     * Each operator on codes alone, but for convolutions: the codes nearest to what it computes of the real numbers that its operands'
     * codes stand for. Next to the middle of two codes the last digits of floats may decide for the other one.
     */
    private static void assertComputesWhatItSays(Graph int8, Inputs inputs) {
        Map<String, Tensor> values = new HashMap<>();
        List<String> taps = int8.nodes().stream()
                .flatMap(node -> node.outputs().stream())
                .filter(name -> int8.value(name).isQuantized())
                .toList();
        try (Session session = Session.builder(int8)
                .tap(taps, (name, tensor) -> values.put(name, copy(tensor)))
                .build()) {
            session.run(List.of(inputs.tensors(List.of("input")).get(0)));
        }
        for (Node node : int8.nodes()) {
            boolean elsewhere = node.op() instanceof Op.Conv2d
                    || node.op() instanceof Op.Linear
                    || node.op() instanceof Op.Quantize
                    || node.op() instanceof Op.Dequantize;
            if (!elsewhere) {
                assertComputes(int8, node, values);
            }
        }
    }

    private static void assertComputes(Graph int8, Node node, Map<String, Tensor> values) {
        Graph.Builder alone = Graph.builder(node.name());
        List<Tensor> given = new ArrayList<>();
        List<String> read = new ArrayList<>();
        for (String name : node.inputs()) {
            Value value = name.isEmpty() ? null : int8.value(name);
            if (value == null || read.contains(name)) {
                read.add(name);
            } else if (value.isConstant()) {
                Tensor numbers = value.isQuantized()
                        ? new QuantizedTensor(value.shape(), value.quantization(), value.data()).decode()
                        : value.data();
                read.add(alone.constant(name, numbers));
            } else {
                Tensor codes = values.get(name);
                given.add(new QuantizedTensor(codes.shape(), value.quantization(), codes).decode());
                read.add(alone.input(name, DType.F32, codes.shape()));
            }
        }
        alone.node(new Node(node.name(), node.op(), read, node.outputs()), null);
        node.outputs().forEach(alone::output);
        List<Tensor> real;
        try (Session session = Session.of(alone.build())) {
            real = session.run(given);
        }
        for (int o = 0; o < real.size(); o++) {
            AffineParams params =
                    (AffineParams) int8.value(node.outputs().get(o)).quantization();
            float[] numbers = real.get(o).toFloatArray();
            int[] codes = values.get(node.outputs().get(o)).toIntArray();
            assertEquals(numbers.length, codes.length, node.toString());
            for (int i = 0; i < codes.length; i++) {
                double steps = (double) numbers[i] / params.scale();
                double code = Math.max(params.qMin(), Math.min(params.qMax(), steps + params.zeroPoint()));
                assertEquals(code, codes[i], 0.5 + 1e-3, node + ", element " + i + ", real " + numbers[i]);
            }
        }
    }

    private static Tensor copy(Tensor tensor) {
        Tensor copy = Tensor.zeros(tensor.dtype(), tensor.shape());
        copy.bytes().put(tensor.bytes());
        return copy;
    }

    private static Resize resize(Resize.Interpolation interpolation) {
        return new Resize(
                interpolation,
                Resize.Coordinates.HALF_PIXEL,
                Resize.Nearest.ROUND_PREFER_FLOOR,
                List.of(2, 3),
                -0.75f,
                false,
                0,
                Resize.Policy.STRETCH,
                false);
    }

    // ---- Rows

    @Test
    void transposedConvolutionsAreConvolutionsSideBySide() {
        for (Op.ConvTranspose op : List.of(
                new Op.ConvTranspose(Window.of(2).stride(2), 1, 0, 0),
                new Op.ConvTranspose(Window.of(4).stride(2).padding(1), 2, 0, 0),
                new Op.ConvTranspose(Window.of(3).stride(2).padding(1), 1, 1, 1),
                new Op.ConvTranspose(Window.of(3).padding(1), 1, 0, 0))) {
            int kernel = op.window().kernelH();
            for (boolean bounded : new boolean[] {false, true}) {
                Graph int8 = assertOnCodes(op + (bounded ? ", bounded" : ""), (g, x, z) -> {
                    String w =
                            g.constant("weight", floats(-0.5, 0.5, CHANNELS, CHANNELS / op.groups(), kernel, kernel));
                    String bias = g.constant("bias", floats(-0.3, 0.3, CHANNELS));
                    String y = g.node("transposed", op, List.of(x, w, bias));
                    return bounded ? g.node("bounds", new Op.Clamp(Activation.RELU), List.of(y)) : y;
                });
                assertTrue(int8.node("transposed").op() instanceof Op.Conv2d, int8.toString());
                assertTrue(
                        int8.nodes().stream().noneMatch(node -> node.op() instanceof Op.Clamp),
                        "the convolution takes the bounds in:\n" + int8);
            }
        }
    }

    @Test
    void transposedConvolutionsWithoutSuchPhasesStayFloat() {
        Graph network = network("uneven", (g, x, z) -> {
            String w = g.constant("weight", floats(-0.5, 0.5, CHANNELS, CHANNELS, 2, 2));
            return g.node("transposed", new Op.ConvTranspose(Window.of(2).stride(2, 1), 1, 0, 0), List.of(x, w));
        });
        Prepared prepared = Quantization.prepare(network, OCTAVO);
        assertEquals(Decision.Kind.FLOAT, prepared.decisions().get("transposed").kind());
        assertTrue(
                prepared.decisions().get("transposed").why().contains("equal strides"),
                prepared.decisions().get("transposed").why());
    }

    @Test
    void functionsOfOneNumberAreTables() {
        for (Unary.Function function : Unary.Function.values()) {
            boolean partial =
                    switch (function) {
                        case NOT, IS_NAN, IS_INF -> true;
                        case RECIPROCAL, SQRT, LOG, TAN, ASIN, ACOS, ACOSH, ATANH, SINH, COSH ->
                            true; // not of all numbers, or too steep
                        case SIGN, FLOOR, CEIL, ROUND, SHRINK, THRESHOLDED_RELU ->
                            true; // a rounding of the operand changes them by far
                        default -> false;
                    };
            if (partial) {
                continue;
            }
            Unary op =
                    switch (function) {
                        case HARD_SIGMOID -> new Unary(function, 0.2f, 0.5f);
                        case SWISH, ELU, CELU -> new Unary(function, 1, 0);
                        case LEAKY_RELU -> new Unary(function, 0.1f, 0);
                        case SELU -> new Unary(function, 1.67f, 1.05f);
                        default -> new Unary(function);
                    };
            Graph int8 = assertOnCodes(function.toString(), (g, x, z) -> g.node("op", op, List.of(x)));
            AffineParams params = (AffineParams) int8.value("op").quantization();
            switch (function) {
                case SIGMOID, HARD_SIGMOID -> assertEquals(AffineParams.perTensor(DType.U8, 8, 1 / 256f, 0), params);
                case TANH, ERF, SOFTSIGN -> assertEquals(AffineParams.perTensor(DType.U8, 8, 1 / 128f, 128), params);
                default -> assertTrue(params.scale() != 1 / 256f, params.toString());
            }
        }
    }

    @Test
    void functionsOfPositiveNumbersAreTables() {
        for (Unary.Function function : List.of(Unary.Function.SQRT, Unary.Function.ROUND)) {
            Graph.Builder graph = Graph.builder("table");
            graph.input("input", DType.F32, Shape.ofBatch(CHANNELS, SIDE, SIDE));
            String x = conv(graph, "before", "input", Activation.RELU);
            graph.output(graph.node("op", new Unary(function), List.of(x)));
            List<Inputs> data = data(2);
            Graph int8 = Quantization.quantizeStatic(graph.build(), OCTAVO, data);
            assertConversionsAtTheEnds(int8);
            assertComputesWhatItSays(int8, data.get(0));
        }
    }

    @Test
    void functionsOfTwoNumbersBroadcast() {
        for (Binary.Function function : List.of(
                Binary.Function.ADD,
                Binary.Function.SUB,
                Binary.Function.MUL,
                Binary.Function.MIN,
                Binary.Function.MAX)) {
            Binary op = new Binary(function);
            assertOnCodes(function + " of images", (g, x, z) -> g.node("op", op, List.of(x, z)));
            assertOnCodes(
                    function + " by channels",
                    (g, x, z) ->
                            g.node("op", op, List.of(x, g.node("pool", new Op.AdaptiveAvgPool2d(1, 1), List.of(z)))));
            assertOnCodes(
                    function + " with a number",
                    (g, x, z) ->
                            g.node("op", op, List.of(x, g.constant("number", Tensor.of(new float[] {-0.37f}, 1)))));
            assertOnCodes(
                    function + " with a number before",
                    (g, x, z) -> g.node("op", op, List.of(g.constant("number", Tensor.of(new float[] {0.7f}, 1)), z)));
            assertOnCodes(
                    function + " with constants",
                    (g, x, z) -> g.node("op", op, List.of(x, g.constant("numbers", floats(0.2, 0.9, CHANNELS, 1, 1)))));
        }
        assertOnCodes(
                "slopes",
                (g, x, z) -> g.node(
                        "op",
                        new Binary(Binary.Function.PRELU),
                        List.of(x, g.constant("slopes", floats(0.05, 0.3, CHANNELS, 1, 1)))));
        assertOnCodes(
                "quotients",
                (g, x, z) -> g.node(
                        "op",
                        new Binary(Binary.Function.DIV),
                        List.of(x, g.constant("number", Tensor.of(new float[] {6}, 1)))));
    }

    @Test
    void meansHaveScalesOfTheirOwn() {
        Graph int8 = assertOnCodes(
                "mean",
                (g, x, z) -> g.node(
                        "op", new Reduction.Reduce(Reduction.Reduce.Kind.MEAN, List.of(2, 3), true), List.of(x)));
        assertTrue(int8.value("op").quantization().scale(0)
                < 0.8 * int8.value("before").quantization().scale(0));
        for (Reduction.Reduce.Kind kind : List.of(Reduction.Reduce.Kind.MAX, Reduction.Reduce.Kind.MIN)) {
            Graph extremes = assertOnCodes(
                    kind.toString(),
                    (g, x, z) -> g.node("op", new Reduction.Reduce(kind, List.of(2), true), List.of(x)));
            assertEquals(
                    extremes.value("before").quantization(),
                    extremes.value("op").quantization());
        }
    }

    @Test
    void movementPassesCodesOn() {
        Map<String, Part> parts = new HashMap<>();
        parts.put("transpose", (g, x, z) -> g.node("op", new Movement.Transpose(List.of(0, 1, 3, 2)), List.of(x)));
        parts.put(
                "reshape",
                (g, x, z) -> g.node(
                        "op",
                        new Movement.Reshape(List.of(
                                new Movement.Reshape.Product(0, 1),
                                new Movement.Reshape.Number(CHANNELS),
                                new Movement.Reshape.Number(4),
                                new Movement.Reshape.Rest())),
                        List.of(x)));
        parts.put(
                "slice",
                (g, x, z) -> g.node(
                        "op",
                        new Movement.Slice(),
                        List.of(x, longs(g, "starts", 1), longs(g, "ends", 5), longs(g, "axes", 2))));
        parts.put(
                "pad",
                (g, x, z) -> g.node(
                        "op",
                        new Movement.Pad(Movement.Pad.Mode.CONSTANT),
                        List.of(
                                x,
                                longs(g, "pads", 0, 0, 1, 2, 0, 0, 0, 1),
                                g.constant("zero", Tensor.of(new float[] {0}, 1)))));
        parts.put(
                "pad by edges",
                (g, x, z) -> g.node(
                        "op",
                        new Movement.Pad(Movement.Pad.Mode.EDGE),
                        List.of(x, longs(g, "pads", 0, 0, 1, 2, 0, 0, 0, 1))));
        parts.put(
                "gather", (g, x, z) -> g.node("op", new Movement.Gather(2), List.of(x, longs(g, "indices", 4, 0, -1))));
        parts.put("tile", (g, x, z) -> g.node("op", new Movement.Tile(), List.of(x, longs(g, "repeats", 1, 1, 2, 1))));
        parts.put("space to depth", (g, x, z) -> g.node("op", new Movement.SpaceToDepth(2), List.of(x)));
        parts.put("depth to space", (g, x, z) -> g.node("op", new Movement.DepthToSpace(2, true), List.of(x)));
        parts.put(
                "nearest",
                (g, x, z) -> g.node(
                        "op",
                        resize(Resize.Interpolation.NEAREST),
                        List.of(x, "", g.constant("scales", Tensor.of(new float[] {2, 1.5f}, 2)))));
        parts.put(
                "linear",
                (g, x, z) -> g.node(
                        "op",
                        resize(Resize.Interpolation.LINEAR),
                        List.of(x, "", g.constant("scales", Tensor.of(new float[] {2, 1.5f}, 2)))));
        parts.put("max pool", (g, x, z) -> g.node("op", new Op.MaxPool2d(Window.of(2), false), List.of(x)));
        parts.forEach((name, part) -> {
            Graph int8 = assertOnCodes(name, part);
            assertEquals(int8.value("before").quantization(), int8.value("op").quantization(), name);
        });
    }

    @Test
    void splitsAndJoins() {
        Graph int8 = assertOnCodes("split", (g, x, z) -> {
            g.node(new Node("split", new Movement.Split(1), List.of(x), List.of("low", "high")), null);
            String table = g.node("table", new Unary(Unary.Function.HARD_SWISH), List.of("high"));
            String wide = g.node("wide", new Unary(Unary.Function.EXP), List.of(z));
            return g.node("op", new Movement.Concat(1), List.of("low", table, wide));
        });
        // What the join alone reads is computed in its scale at once; what others read is requantized on the way.
        assertEquals(int8.value("op").quantization(), int8.value("table").quantization());
        assertTrue(!int8.value("op").quantization().equals(int8.value("low").quantization()));
    }

    /** A value that a constant pads with, or that no code stands for, is not put among codes. */
    @Test
    void whatCodesCannotHoldStaysFloat() {
        Graph network = network("float", (g, x, z) -> {
            String padded = g.node(
                    "pad",
                    new Movement.Pad(Movement.Pad.Mode.CONSTANT),
                    List.of(
                            x,
                            longs(g, "pads", 0, 0, 1, 1, 0, 0, 1, 1),
                            g.constant("far", Tensor.of(new float[] {-1e9f}, 1))));
            return g.node("op", new Op.MaxPool2d(Window.of(3), false), List.of(padded));
        });
        Prepared prepared = Quantization.prepare(network, OCTAVO);
        assertEquals(Decision.Kind.FLOAT, prepared.decisions().get("pad").kind());
        assertTrue(prepared.decisions().get("pad").why().contains("outside"));
        List<Inputs> data = data(2);
        Graph int8 = Quantization.convert(prepared, Quantization.calibrate(prepared, data));
        assertTrue(sqnr(network, int8, data.get(0)) > 20);
        try (Session session = Session.of(int8)) {
            Explanation.Step pad = session.explain().steps().stream()
                    .filter(step -> step.name().equals("pad"))
                    .findFirst()
                    .orElseThrow();
            assertEquals("in float: its value may lie outside of the input's codes", pad.reason());
        }
    }

    /** Conversions for one operator alone would cost more than they save. */
    @Test
    void whatStandsAmongFloatsStaysFloat() {
        Graph.Builder graph = Graph.builder("island");
        graph.input("input", DType.F32, Shape.ofBatch(CHANNELS, SIDE, SIDE));
        String y = graph.node("table", new Unary(Unary.Function.GELU), List.of("input"));
        y = graph.node("product", new Binary(Binary.Function.MUL), List.of(y, "input"));
        y = graph.node("transpose", new Movement.Transpose(List.of(0, 1, 3, 2)), List.of(y));
        graph.output(conv(graph, "after", y, Activation.NONE));
        Map<String, Decision> decisions =
                Quantization.prepare(graph.build(), OCTAVO).decisions();
        for (String node : List.of("table", "product", "transpose")) {
            assertEquals(Decision.Kind.FLOAT, decisions.get(node).kind());
            assertTrue(
                    decisions.get(node).why().contains("float"),
                    decisions.get(node).why());
        }
        assertEquals(Decision.Kind.QUANTIZED, decisions.get("after").kind());
    }

    @Test
    void placesAreFoundInCodes() {
        Graph network = network(
                "places", (g, x, z) -> g.node("op", new Reduction.ArgReduce(true, 1, false, false), List.of(x)));
        Graph int8 = Quantization.quantizeStatic(network, OCTAVO, data(2));
        assertTrue(int8.value(int8.node("op").input(0)).isQuantized());
        assertEquals(DType.S64, int8.value("op").dtype());
    }

    // ---- Blocks

    private String depthwise(Graph.Builder graph, String name, String x) {
        String weight = graph.constant(name + ".weight", floats(-0.5, 0.5, CHANNELS, 1, 3, 3));
        return graph.node(name, new Op.Conv2d(Window.of(3).padding(1), CHANNELS, Activation.NONE), List.of(x, weight));
    }

    private String squeezeAndExcite(Graph.Builder graph, String x, Unary gate) {
        String mean = graph.node(
                "squeeze", new Reduction.Reduce(Reduction.Reduce.Kind.MEAN, List.of(2, 3), true), List.of(x));
        String reduced = conv(graph, "reduce", mean, Activation.RELU);
        String open = graph.node("gate", gate, List.of(conv(graph, "expand", reduced, Activation.NONE)));
        return graph.node("excite", new Binary(Binary.Function.MUL), List.of(x, open));
    }

    private void assertBlockOnIntegers(String name, Unary function, Unary gate) {
        Graph.Builder graph = Graph.builder(name);
        graph.input("input", DType.F32, Shape.ofBatch(CHANNELS, SIDE, SIDE));
        String x = conv(graph, "stem", "input", Activation.NONE);
        String y = graph.node("act1", function, List.of(conv(graph, "wide", x, Activation.NONE)));
        y = graph.node("act2", function, List.of(depthwise(graph, "depthwise", y)));
        y = squeezeAndExcite(graph, y, gate);
        y = graph.node("add", new Op.Add(), List.of(x, conv(graph, "narrow", y, Activation.NONE)));
        Graph network = graph.output(y).build();
        List<Inputs> data = data(4);
        Graph int8 = Quantization.quantizeStatic(network, OCTAVO, data);
        assertConversionsAtTheEnds(int8);
        assertTrue(sqnr(network, int8, data.get(1)) > 22, name + ": " + sqnr(network, int8, data.get(1)) + " dB");
        assertComputesWhatItSays(int8, data.get(1));
        try (Session session = Session.of(int8)) {
            session.run(List.of(data.get(0).tensors(List.of("input")).get(0)));
            TreeSet<String> floats = new TreeSet<>();
            for (Explanation.Step step : session.explain().steps()) {
                if (step.kernel().contains("f32") && !step.kernel().contains("quantize")) {
                    floats.add(step.name() + " by " + step.kernel());
                }
            }
            assertEquals(new TreeSet<>(), floats);
        }
    }

    @Test
    void blocksOfMobileNetV3() {
        assertBlockOnIntegers(
                "MobileNetV3",
                new Unary(Unary.Function.HARD_SWISH),
                new Unary(Unary.Function.HARD_SIGMOID, 1 / 6f, 0.5f));
    }

    @Test
    void blocksOfEfficientNet() {
        assertBlockOnIntegers("EfficientNet", new Unary(Unary.Function.SWISH, 1, 0), new Unary(Unary.Function.SIGMOID));
    }
}

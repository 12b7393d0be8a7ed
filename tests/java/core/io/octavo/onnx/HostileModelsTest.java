package io.octavo.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.OctavoException;
import io.octavo.graph.Graph;
import io.octavo.graph.Value;
import io.octavo.internal.onnx.Attribute;
import io.octavo.internal.onnx.DimDef;
import io.octavo.internal.onnx.ElementType;
import io.octavo.internal.onnx.FunctionDef;
import io.octavo.internal.onnx.GraphDef;
import io.octavo.internal.onnx.ModelDef;
import io.octavo.internal.onnx.NodeDef;
import io.octavo.internal.onnx.OnnxFile;
import io.octavo.internal.onnx.TensorData;
import io.octavo.internal.onnx.TensorDef;
import io.octavo.internal.onnx.ValueInfo;
import io.octavo.runtime.Session;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Well-formed files that no exporter writes: a graph or a typed error, soon, in memory that is there. */
class HostileModelsTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final long HUGE = 1L << 40;

    @TempDir
    private Path folder;

    private Graph read(Models model) {
        return read(model.model());
    }

    private Graph read(ModelDef model) {
        Path file = folder.resolve("hostile.onnx");
        OnnxFile.write(file, model);
        return assertTimeoutPreemptively(SOON, () -> Onnx.read(file));
    }

    /** The error of reading a model, or else of running it on inputs of ones. */
    private OctavoException error(Models model) {
        Graph graph;
        try {
            graph = read(model);
        } catch (OctavoException e) {
            return e;
        }
        List<Tensor> inputs = graph.inputs().stream()
                .map(Value::shape)
                .map(shape -> Tensor.zeros(DType.F32, shape.withBatch(1)))
                .toList();
        return assertThrows(
                OctavoException.class,
                () -> assertTimeoutPreemptively(SOON, () -> {
                    try (Session session = Session.of(graph)) {
                        session.run(inputs);
                    }
                }));
    }

    private static Models small() {
        return new Models().input("x", ElementType.F32, 2, 3);
    }

    /** Whatever is missing, or is not what it should be, is told as such. */
    @Test
    void nodesOfTooFewInputsOrOthers() {
        int read = 0;
        int refused = 0;
        List<String> failures = new ArrayList<>();
        for (String operator : Imports.operators()) {
            int dot = operator.lastIndexOf('.');
            String domain = dot < 0 ? "" : operator.substring(0, dot);
            for (String inputs :
                    List.of("", "x", "-", "- x", "x x", "x c", "c c", "c - x", "x c c", "x c c c c c c c c")) {
                for (String outputs : List.of("y", "- y", "z y")) {
                    Models model = small().opset(21)
                            .domain("com.microsoft", 1)
                            .constant("c", Tensor.ofLongs(new long[] {1, 0}))
                            .node(domain, operator.substring(dot + 1), inputs, outputs, Map.of())
                            .output("y");
                    try {
                        read(model);
                        read++;
                    } catch (OctavoException e) {
                        refused++;
                    } catch (RuntimeException e) {
                        failures.add(operator + " of \"" + inputs + "\" to \"" + outputs + "\": " + e + " at "
                                + e.getStackTrace()[1]);
                    }
                }
            }
        }
        assertEquals(List.of(), failures);
        assertTrue(read > 100 && refused > 1000, read + " read, " + refused + " refused");
    }

    @Test
    void cyclesAreRefused() {
        assertTrue(error(small().node("Add", "x b", "a").node("Relu", "a", "b").output("b"))
                .getMessage()
                .contains("\"b\""));
        assertTrue(error(small().node("Relu", "a", "a2").node("Relu", "a2", "a").output("a"))
                .getMessage()
                .contains("\"a\""));
        assertTrue(
                error(small().node("Relu", "x", "y").output("z")).getMessage().contains("\"z\""));
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MIN_VALUE, HUGE, Long.MAX_VALUE})
    void dimensionsOfInputs(long size) {
        ModelDef model = small().node("Relu", "x", "y").output("y").model();
        GraphDef graph = model.graph();
        List<ValueInfo> inputs = List.of(ValueInfo.of(
                "x", ElementType.F32, List.of(new DimDef.Size(size), new DimDef.Size(size), new DimDef.Size(2))));
        ModelDef hostile = new ModelDef(
                8,
                model.opsets(),
                model.producer(),
                new GraphDef("g", graph.nodes(), inputs, graph.outputs(), List.of(), List.of()),
                List.of(),
                Map.of());
        try {
            Graph read = read(hostile);
            // Negative ones are taken for unknown, and there may be a machine for others.
            assertEquals(size > 0, read.inputs().get(0).shape().dimension(1).isKnown());
        } catch (OctavoException e) {
            assertTrue(size > 0 && e.getMessage().contains("x"), e.getMessage());
        }
    }

    @Test
    void anInputOfAThousandDimensions() {
        Object[] dims = Collections.nCopies(1000, 1).toArray();
        assertTrue(error(new Models()
                        .input("x", ElementType.F32, dims)
                        .node("Relu", "x", "y")
                        .output("y"))
                .getMessage()
                .contains("x"));
    }

    /** What a few bytes ask for. */
    @ParameterizedTest
    @CsvSource({
        "ConstantOfShape, n",
        "Expand, x n",
        "Tile, x n",
        "Reshape, x n",
        "Pad, x n4",
        "Range, zero far one",
        "OneHot, zeros far1 pair",
        "Resize, x - - n",
        "CumSum, x far",
        "TopK, x far1",
        "Unsqueeze, x n",
        "Squeeze, x n",
        "Gather, x zero-far",
        "ReduceSum, x n",
        "Slice, x n n"
    })
    void sizesThatNobodyHas(String operator, String inputs) {
        for (long huge :
                new long[] {1 << 30, Integer.MAX_VALUE, 1L << 31, HUGE, Long.MAX_VALUE, Long.MIN_VALUE, -HUGE}) {
            Models model = small().constant("n", Tensor.ofLongs(new long[] {huge, huge}))
                    .constant("n4", Tensor.ofLongs(new long[] {huge, huge, huge, huge}))
                    .constant("zero", Tensor.ofLongs(new long[] {0}).reshape())
                    .constant("one", Tensor.ofLongs(new long[] {1}).reshape())
                    .constant("far", Tensor.ofLongs(new long[] {huge}).reshape())
                    .constant("far1", Tensor.ofLongs(new long[] {huge}))
                    .constant("zero-far", Tensor.ofLongs(new long[] {0, huge}))
                    .constant("zeros", Tensor.ofLongs(new long[4]))
                    .constant("pair", Tensor.of(new float[] {0, 1}))
                    .node(operator, inputs, "y")
                    .output("y");
            String message = error(model).getMessage();
            assertTrue(message.length() < 2000, message);
        }
    }

    /** Each node doubles what the one before made. */
    @ParameterizedTest
    @CsvSource({"Concat, c", "Concat, x", "Sum, c", "Mul, c"})
    void doublingAgainAndAgain(String operator, String first) {
        Models model = small().constant("c", Tensor.of(new float[64]));
        String last = first;
        for (int i = 0; i < 60; i++) {
            model.node(
                    operator,
                    last + " " + last,
                    "d" + i,
                    operator.equals("Concat") ? Map.of("axis", new Attribute.OfInt(0)) : Map.of());
            last = "d" + i;
        }
        Models whole = model.output(last);
        if (operator.equals("Concat")) {
            error(whole);
        } else {
            read(whole);
        }
    }

    @Test
    void aMillionNodes() {
        List<NodeDef> nodes = new ArrayList<>(
                Collections.nCopies(1_000_000, new NodeDef("same", "", "Relu", "", List.of("x"), List.of(), Map.of())));
        OctavoException e = assertThrows(OctavoException.class, () -> read(model(nodes, List.of(), "x")));
        assertTrue(e.getMessage().contains("1000000 nodes"), e.getMessage());
    }

    /** What names count up to must not be tried from the start for each. */
    @Test
    void manyNodesOfOneName() {
        List<NodeDef> nodes = new ArrayList<>();
        for (int i = 0; i < 50_000; i++) {
            nodes.add(new NodeDef(
                    "n", "", "Relu", "", List.of(i == 0 ? "x" : "n_" + (i - 1)), List.of("n_" + i), Map.of()));
        }
        Graph graph = read(model(nodes, List.of(), "n_49999"));
        assertEquals(1, graph.outputs().size());
    }

    @Test
    void functionsThatMultiplyEachOther() {
        List<FunctionDef> functions = new ArrayList<>();
        for (int level = 0; level < 31; level++) {
            List<NodeDef> calls = level == 30
                    ? List.of()
                    : Collections.nCopies(
                            8, new NodeDef("", "d", "F" + (level + 1), "", List.of(), List.of(), Map.of()));
            functions.add(new FunctionDef(
                    "d",
                    "F" + level,
                    "",
                    Map.of("", 17L),
                    List.of(),
                    List.of(),
                    List.of(),
                    Map.of(),
                    calls,
                    List.of()));
        }
        ModelDef model = model(List.of(new NodeDef("", "d", "F0", "", List.of(), List.of(), Map.of())), functions, "x");
        OctavoException e = assertThrows(OctavoException.class, () -> read(model));
        assertTrue(e.getMessage().contains("functions of the model"), e.getMessage());
    }

    @Test
    void attributesOfAMillionNumbers() {
        long[] many = new long[1_000_000];
        for (String[] one : new String[][] {
            {"Transpose", "perm"},
            {"ReduceMean", "axes"},
            {"MaxPool", "kernel_shape"},
            {"Conv", "pads"},
            {"Constant", "value_ints"}
        }) {
            Models model = small().constant("w", Tensor.of(new float[3], 1, 3, 1, 1))
                    .node(
                            one[0],
                            one[0].equals("Conv") ? "x w" : one[0].equals("Constant") ? "" : "x",
                            "y",
                            Map.of(one[1], new Attribute.OfInts(many)))
                    .node("Tile", "x y", "z")
                    .output("z");
            String message = error(model).getMessage();
            assertTrue(message.length() < 2000, () -> one[0] + ": " + message.length() + " characters");
        }
    }

    @Test
    void stringsAreNoNumbers() {
        List<String> strings =
                IntStream.range(0, 100_000).mapToObj(i -> "text " + i).toList();
        ModelDef model = small().node("Add", "x s", "y").output("y").model();
        GraphDef graph = model.graph();
        TensorDef constant = new TensorDef("s", ElementType.STRING, List.of(100_000L), new TensorData.Strings(strings));
        ModelDef hostile = new ModelDef(
                8,
                model.opsets(),
                model.producer(),
                new GraphDef("g", graph.nodes(), graph.inputs(), graph.outputs(), List.of(), List.of(constant)),
                List.of(),
                Map.of());
        OctavoException e = assertThrows(OctavoException.class, () -> read(hostile));
        assertTrue(e.getMessage().contains("STRING") && e.getMessage().length() < 2000, e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(ints = {900, 100_000})
    void manyOutputs(int count) {
        List<NodeDef> nodes = new ArrayList<>();
        List<ValueInfo> outputs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            nodes.add(new NodeDef("", "", "Identity", "", List.of("x"), List.of("y" + i), Map.of()));
            outputs.add(ValueInfo.of("y" + i, ElementType.F32, null));
        }
        ModelDef model = model(nodes, List.of(), "y1");
        ModelDef many = new ModelDef(
                8,
                model.opsets(),
                model.producer(),
                new GraphDef("g", nodes, model.graph().inputs(), outputs, List.of(), List.of()),
                List.of(),
                Map.of());
        if (count < 1000) {
            assertEquals(count, read(many).outputs().size());
        } else {
            assertTrue(assertThrows(OctavoException.class, () -> read(many))
                    .getMessage()
                    .contains("100000 outputs"));
        }
    }

    private static ModelDef model(List<NodeDef> nodes, List<FunctionDef> functions, String output) {
        GraphDef graph = new GraphDef(
                "g",
                nodes,
                List.of(ValueInfo.of("x", ElementType.F32, List.of(new DimDef.Size(2), new DimDef.Size(3)))),
                List.of(ValueInfo.of(output, ElementType.F32, null)),
                List.of(),
                List.of());
        return new ModelDef(
                8, Map.of("", 17L, "d", 1L), new ModelDef.Producer("", "", "", 0), graph, functions, Map.of());
    }
}

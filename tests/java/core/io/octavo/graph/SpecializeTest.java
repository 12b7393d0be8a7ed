package io.octavo.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.graph.Pointwise.Binary;
import io.octavo.graph.Pointwise.Unary;
import io.octavo.tensor.DType;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Graphs of unknown dimensions for inputs of known ones. */
class SpecializeTest {
    private static Shape shape(Object... dims) {
        Dim[] all = new Dim[dims.length];
        for (int i = 0; i < dims.length; i++) {
            all[i] = dims[i] instanceof String name ? Dim.unknown(name) : Dim.of((Integer) dims[i]);
        }
        return Shape.ofDims(all);
    }

    private static Tensor scalar(long value) {
        return Tensor.ofLongs(new long[] {value}).reshape();
    }

    /** What PyTorch's exporter makes of {@code y.view(x.shape[0], -1)} and the like. */
    private static Graph.Builder view(String batch, long... rest) {
        Graph.Builder graph = Graph.builder("view");
        graph.input("x", DType.F32, shape(batch, 6, 2, 2));
        graph.constant("first", scalar(0));
        graph.constant("axes", Tensor.ofLongs(new long[] {1}));
        graph.constant("rest", Tensor.ofLongs(rest));
        graph.node("shape", new Shapes.ShapeOf(0, 4), List.of("x"));
        graph.node("n", new Movement.Gather(0), List.of("shape", "first"));
        graph.node("n1", new Movement.Reshape(null, false), List.of("n", "axes"));
        graph.node("target", new Movement.Concat(0), List.of("n1", "rest"));
        graph.node("y", new Movement.Reshape(null, false), List.of("x", "target"));
        return graph;
    }

    private static List<String> names(Graph graph) {
        return graph.nodes().stream().map(Node::name).collect(Collectors.toList());
    }

    @Test
    void aReshapeThatKeepsTheBatchByArithmeticKeepsItFree() {
        Graph graph = view("N", 24).output("y").build();
        assertEquals("[N, 24]", graph.value("y").shape().toString(), "known when the node is added");
        assertFalse(graph.hasFreeBatch(), "as long as the arithmetic is there");
        Graph folded = graph.specialize(Map.of());
        assertEquals(List.of("y"), names(folded));
        assertTrue(folded.hasFreeBatch());
        assertEquals("[N, 24]", folded.value("y").shape().toString());
        assertTrue(view("N", 3, -1).output("y").build().specialize(Map.of()).hasFreeBatch());
        Graph four = graph.specialize(Map.of("x", Shape.of(4, 6, 2, 2)));
        assertEquals(Shape.of(4, 24), four.value("y").shape());
        assertTrue(four.constants().values().stream()
                .allMatch(value -> four.consumers(value.name()).size() > 0));
        assertTrue(four.withFreeBatch().isEmpty() || four.withFreeBatch().get().hasFreeBatch());
    }

    @Test
    void namesAreBoundEverywhereAndInputsMayBeLeftOut() {
        Graph.Builder graph = Graph.builder("two");
        graph.input("a", DType.F32, shape("n", "t"));
        graph.input("b", DType.F32, shape("n", 1));
        graph.node("sum", new Binary(Binary.Function.ADD), List.of("a", "b"));
        Graph built = graph.output("sum").build();
        Graph special = built.specialize(Map.of("a", Shape.of(2, 5)));
        assertEquals(Shape.of(2, 1), special.value("b").shape());
        assertEquals(Shape.of(2, 5), special.value("sum").shape());
        assertEquals(
                "[n, 5]",
                built.specialize(Map.of("a", shape("n", 5)))
                        .value("sum")
                        .shape()
                        .toString());
        refused(
                "'b' F32 [n, 1] of graph 'two': dimension 0 is 3 in [3, 1], expected 2, as 'n' is in input 'a'",
                () -> built.specialize(inOrder("a", Shape.of(2, 5), "b", Shape.of(3, 1))));
        refused("dimension 1 is 2 in [3, 2], expected 1", () -> built.specialize(Map.of("b", Shape.of(3, 2))));
        refused("[3], expected 2 dimensions", () -> built.specialize(Map.of("b", Shape.of(3))));
        assertThrows(InvalidValueException.class, () -> built.specialize(Map.of("c", Shape.of(3))));
    }

    private static Map<String, Shape> inOrder(String a, Shape x, String b, Shape y) {
        Map<String, Shape> shapes = new LinkedHashMap<>();
        shapes.put(a, x);
        shapes.put(b, y);
        return shapes;
    }

    private static void refused(String says, Executable run) {
        String message = assertThrows(ShapeMismatchException.class, run).getMessage();
        assertTrue(message.contains(says), message);
    }

    @Test
    void aNodeThatCannotHaveTheShapeSaysSo() {
        Graph.Builder graph = Graph.builder("halves");
        graph.input("x", DType.F32, shape("n"));
        graph.constant("shape", Tensor.ofLongs(new long[] {2, -1}));
        graph.node("pairs", new Movement.Reshape(null, false), List.of("x", "shape"));
        Graph built = graph.output("pairs").build();
        refused("pairs", () -> built.specialize(Map.of("x", Shape.of(7))));
    }

    @Test
    void constantsAreFoldedUnlessTheyGrow() {
        Graph.Builder graph = Graph.builder("constants");
        graph.input("x", DType.F32, shape("n", 4));
        graph.constant("w", Tensor.of(new float[] {1, 2, 3, 4}, 2, 2));
        graph.constant("flat", Tensor.ofLongs(new long[] {4}));
        graph.constant("wide", Tensor.ofLongs(new long[] {1000, 1000, 4}));
        graph.node("doubled", new Binary(Binary.Function.ADD), List.of("w", "w"));
        graph.node("row", new Movement.Reshape(null, false), List.of("doubled", "flat"));
        graph.node("y", new Binary(Binary.Function.MUL), List.of("x", "row"));
        graph.node("huge", new Movement.Expand(), List.of("row", "wide"));
        graph.node("dead", new Unary(Unary.Function.EXP), List.of("y"));
        Graph folded = graph.output("y").output("huge").build().specialize(Map.of());
        assertEquals(List.of("y", "huge"), names(folded));
        assertArrayEquals(new float[] {2, 4, 6, 8}, folded.value("row").data().toFloatArray());
        assertFalse(folded.hasValue("w") || folded.hasValue("flat") || folded.hasValue("doubled"));
        assertSame(graph.value("wide").data(), folded.value("wide").data());
    }

    @Test
    void anOutputMayBecomeAConstant() {
        Graph.Builder graph = Graph.builder("sizes");
        graph.input("x", DType.F32, shape("n", 4));
        graph.node("shape", new Shapes.ShapeOf(0, 2), List.of("x"));
        graph.node("size", new Shapes.SizeOf(), List.of("x"));
        Graph built = graph.output("shape").output("size").build();
        Graph special = built.specialize(Map.of("x", Shape.of(3, 4)));
        assertEquals(List.of(), special.nodes());
        assertArrayEquals(new long[] {3, 4}, special.value("shape").data().toLongArray());
        assertArrayEquals(new long[] {12}, special.value("size").data().toLongArray());
        assertEquals(2, built.specialize(Map.of()).nodes().size());
    }

    @Test
    void whatAFileWritesAsAShapeIsMadeHoweverLarge() {
        Graph.Builder graph = Graph.builder("light");
        graph.input("x", DType.F32, shape("N", 5000));
        graph.constant("shape", Tensor.ofLongs(new long[] {5000, 5000}));
        graph.node("w", new Shapes.Fill(DType.F32, 0.5), List.of("shape"));
        graph.node("y", new Op.Linear(), List.of("x", "w"));
        Graph folded = graph.output("y").build().specialize(Map.of());
        assertEquals(List.of("y"), names(folded));
        try (Tensor w = folded.value("w").data()) {
            assertEquals(0.5f, w.getFloat(4999, 4999));
        }
    }

    @Test
    void aResizeToTheSizeOfAnotherValueKeepsTheBatchFree() {
        Graph.Builder graph = Graph.builder("pyramid");
        graph.input("x", DType.F32, shape("N", 3, 4, 4));
        graph.input("like", DType.F32, shape("N", 5, 9, 7));
        graph.node("head", new Shapes.ShapeOf(0, 2), List.of("x"));
        graph.node("tail", new Shapes.ShapeOf(2, 4), List.of("like"));
        graph.node("sizes", new Movement.Concat(0), List.of("head", "tail"));
        Movement.Resize op = new Movement.Resize(
                Movement.Resize.Interpolation.NEAREST,
                Movement.Resize.Coordinates.ASYMMETRIC,
                Movement.Resize.Nearest.FLOOR,
                List.of(),
                -0.75f,
                false,
                0,
                Movement.Resize.Policy.STRETCH,
                false);
        graph.node("y", op, List.of("x", "", "", "sizes"));
        Graph folded = graph.output("y").build().specialize(Map.of());
        assertEquals("[N, 3, 9, 7]", folded.value("y").shape().toString());
        assertEquals(List.of(2, 3), ((Movement.Resize) folded.node("y").op()).axes());
        assertTrue(folded.hasFreeBatch());
    }

    @Test
    void theBatchIsFreeWhereNothingMixesSamples() {
        assertTrue(free(new Unary(Unary.Function.EXP), "N", 3));
        assertTrue(free(new Reduction.SoftmaxAlong(1, false), "N", 3));
        assertFalse(free(new Reduction.SoftmaxAlong(0, false), "N", 3));
        assertFalse(free(new Reduction.CumSum(0, false, false), "N", 3));
        assertFalse(free(new Normalization.LayerNorm(0, 1e-5f, false), "N", 3));
        assertTrue(free(new Normalization.LayerNorm(1, 1e-5f, false), "N", 3));
        assertFalse(free(new Movement.Transpose(List.of(1, 0)), "N", 3));
        assertFalse(free(new Movement.Trilu(true), "N", 3));
        assertTrue(free(new Movement.Trilu(true), "N", 3, 3));
        assertFalse(free(new Reduction.Reduce(Reduction.Reduce.Kind.SUM, List.of(0), true), "N", 3));
        assertFalse(free(new Unary(Unary.Function.EXP), "N", "t"));
        assertFalse(free(new Unary(Unary.Function.EXP), 2, 3));
        assertFalse(free(new Unary(Unary.Function.EXP)));
    }

    private static boolean free(Op op, Object... dims) {
        Graph.Builder graph = Graph.builder("one");
        graph.input("x", DType.F32, shape(dims));
        graph.node("y", op, List.of("x"));
        return graph.output("y").build().hasFreeBatch();
    }

    @Test
    void operandsOfOtherRanksMixSamples() {
        assertTrue(free2(new Binary(Binary.Function.ADD), shape("N", 3), shape("N", 1)));
        assertFalse(free2(new Binary(Binary.Function.ADD), shape("N", 3), shape("N")));
        assertFalse(free2(new Op.MatMul(), shape("N", 3), shape("N", 5)));
        assertTrue(free2(new Op.MatMul(), shape("N", 2, 3), shape("N", 3, 5)));
        assertFalse(free2(new Binary(Binary.Function.ADD), shape("N", 3), shape("M", 3)));
        Graph.Builder graph = Graph.builder("rows");
        graph.input("i", DType.S64, shape("N", 2));
        graph.input("x", DType.F32, shape("N", 2));
        graph.constant("table", Tensor.zeros(DType.F32, 10, 3));
        graph.node("embedding", new Movement.Gather(0), List.of("table", "i"));
        assertTrue(graph.output("embedding").build().hasFreeBatch());
        graph.node("others", new Movement.Gather(Movement.Gather.Kind.ELEMENTS, 0, 0), List.of("x", "i"));
        assertFalse(graph.output("others").build().hasFreeBatch());
    }

    private static boolean free2(Op op, Shape a, Shape b) {
        Graph.Builder graph = Graph.builder("two");
        graph.input("a", DType.F32, a);
        graph.input("b", DType.F32, b);
        graph.node("y", op, List.of("a", "b"));
        return graph.output("y").build().hasFreeBatch();
    }

    @Test
    void aKnownBatchIsFreedWhereNoNodeInsistsOnIt() {
        Graph.Builder graph = Graph.builder("known");
        graph.input("x", DType.F32, Shape.of(8, 4));
        graph.node("y", new Unary(Unary.Function.EXP), List.of("x"));
        assertTrue(graph.output("y").build().withFreeBatch().orElseThrow().hasFreeBatch());
        graph.constant("pairs", Tensor.ofLongs(new long[] {8, 2, -1}));
        graph.node("z", new Movement.Reshape(null, false), List.of("y", "pairs"));
        graph.node(
                "again",
                new Movement.Reshape(List.of(new Movement.Reshape.Number(8), new Movement.Reshape.Rest())),
                List.of("z"));
        Graph free = graph.output("again").build().withFreeBatch().orElseThrow();
        assertEquals("[N, 2, 2]", free.value("z").shape().toString());
        assertEquals("[N, 4]", free.value("again").shape().toString());
        graph.constant("flat", Tensor.ofLongs(new long[] {4, 8}));
        graph.node("mixed", new Movement.Reshape(null, false), List.of("y", "flat"));
        assertTrue(graph.output("mixed").build().withFreeBatch().isEmpty());
    }

    // ---- Random graphs

    /** Arithmetic on the shape of x, each result an output. */
    private static Graph arithmetic(Random random) {
        Graph.Builder graph = Graph.builder("arithmetic");
        graph.input("x", DType.F32, shape("n", 3, "t"));
        List<String> vectors = new ArrayList<>(List.of(graph.node("shape", new Shapes.ShapeOf(0, 3), List.of("x"))));
        List<String> made = new ArrayList<>(vectors);
        for (int i = 0; i < 8; i++) {
            String from = vectors.get(random.nextInt(vectors.size()));
            String other = vectors.get(random.nextInt(vectors.size()));
            int length = (int) graph.value(from).shape().dim(0);
            String constant = graph.constant(
                    "c" + i, Tensor.ofLongs(new long[] {random.nextInt(length) - (random.nextBoolean() ? length : 0)}));
            String name = "v" + i;
            String two = graph.constant("two" + i, Tensor.ofLongs(new long[] {1 + random.nextInt(3)}));
            switch (random.nextInt(7)) {
                case 0 -> graph.node(name, new Movement.Gather(0), List.of(from, constant));
                case 1 -> {
                    if (length + graph.value(other).shape().dim(0) > 8) {
                        continue;
                    }
                    graph.node(name, new Movement.Concat(0), List.of(from, other));
                }
                case 2 -> {
                    String end = graph.constant("end" + i, Tensor.ofLongs(new long[] {Long.MAX_VALUE}));
                    graph.node(name, new Movement.Slice(), List.of(from, constant, end));
                }
                case 3 -> graph.node(name, new Binary(Binary.Function.values()[random.nextInt(6)]), List.of(from, two));
                case 4 ->
                    graph.node(name, new Reduction.Reduce(Reduction.Reduce.Kind.PROD, List.of(0), true), List.of(from));
                case 5 -> {
                    graph.node(name + "i", new Pointwise.Cast(DType.F32), List.of(from));
                    graph.node(name, new Pointwise.Cast(DType.S64), List.of(name + "i"));
                }
                default -> {
                    graph.node(name + "c", new Pointwise.Compare(Pointwise.Compare.Relation.LESS), List.of(from, two));
                    graph.node(name, new Pointwise.Where(), List.of(name + "c", two, from));
                }
            }
            vectors.add(name);
            made.add(name);
        }
        made.forEach(graph::output);
        return graph.build();
    }

    @Property(tries = 300)
    void arithmeticOnShapesIsFoldedToWhatARunGives(@ForAll long seed) {
        Random random = new Random(seed);
        Graph graph = arithmetic(random);
        long n = 1 + random.nextInt(4);
        long t = 1 + random.nextInt(4);
        Map<String, double[]> expected = ReferenceRunner.run(graph, Map.of("x", Tensor.zeros(DType.F32, n, 3, t)));
        Graph special = graph.specialize(Map.of("x", Shape.of(n, 3, t)));
        assertEquals(List.of(), special.nodes());
        for (Value output : special.outputs()) {
            long[] found = output.data().toLongArray();
            double[] wanted = expected.get(output.name());
            assertEquals(wanted.length, found.length);
            for (int i = 0; i < found.length; i++) {
                assertEquals((long) wanted[i], found[i], graph + " " + output.name());
            }
        }
        // In two steps, and from what is known of a part.
        Graph half = graph.specialize(Map.of("x", shape("n", 3, (int) t)));
        Map<String, double[]> again = ReferenceRunner.run(half, Map.of("x", Tensor.zeros(DType.F32, n, 3, t)));
        for (Value output : half.outputs()) {
            assertArrayEquals(expected.get(output.name()), again.get(output.name()), half + " " + output.name());
        }
        assertEquals(List.of(), half.specialize(Map.of("x", Shape.of(n, 3, t))).nodes());
    }

    @Property(tries = 100)
    void aSpecializedNetworkComputesTheSame(@ForAll long seed) {
        Random random = new Random(seed);
        Graph.Builder graph = Graph.builder("network");
        graph.input("x", DType.F32, shape("n", "c", "t"));
        graph.constant("back", Tensor.ofLongs(new long[] {0, 0, -1}));
        graph.constant("half", Tensor.of(new float[] {0.5f}));
        graph.node("exp", new Unary(Unary.Function.SIGMOID), List.of("x"));
        graph.node("shape", new Shapes.ShapeOf(0, 2), List.of("x"));
        graph.constant("minus", Tensor.ofLongs(new long[] {-1}));
        graph.node(
                "target",
                new Movement.Concat(0),
                random.nextBoolean() ? List.of("shape", "minus") : List.of("minus", "shape"));
        graph.node("moved", new Movement.Transpose(List.of(2, 0, 1)), List.of("exp"));
        graph.node("seen", new Movement.Reshape(null, false), List.of("moved", "target"));
        graph.node("fill", new Shapes.Fill(DType.F32, 0.25), List.of("shape"));
        graph.node("scaled", new Binary(Binary.Function.MUL), List.of("fill", "half"));
        graph.node("sum", new Reduction.Reduce(Reduction.Reduce.Kind.SUM, List.of(2), false), List.of("exp"));
        graph.node("both", new Binary(Binary.Function.ADD), List.of("sum", "scaled"));
        Graph built = graph.output("seen").output("both").build();
        long[] dims = {1 + random.nextInt(4), 1 + random.nextInt(4), 1 + random.nextInt(4)};
        Tensor x = Tensor.zeros(DType.F32, dims);
        for (int i = 0; i < x.elements(); i++) {
            x.floats().put(i, random.nextFloat());
        }
        Map<String, double[]> expected = ReferenceRunner.run(built, Map.of("x", x));
        for (Graph special : List.of(
                built.specialize(Map.of()),
                built.specialize(Map.of("x", Shape.of(dims))),
                built.specialize(Map.of("x", shape("n", (int) dims[1], "t"))))) {
            Map<String, double[]> found = ReferenceRunner.run(special, Map.of("x", x));
            assertArrayEquals(expected.get("seen"), found.get("seen"));
            assertArrayEquals(expected.get("both"), found.get("both"));
        }
        assertFalse(built.specialize(Map.of("x", Shape.of(dims))).hasValue("shape"));
    }
}

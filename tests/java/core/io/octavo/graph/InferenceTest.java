package io.octavo.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.InvalidValueException;
import io.octavo.OctavoException;
import io.octavo.ShapeMismatchException;
import io.octavo.UnsupportedException;
import io.octavo.graph.Movement.Reshape;
import io.octavo.tensor.DType;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Shapes and types of the general operators; expected ones follow from the text of each operator in ONNX. */
class InferenceTest {
    private final Graph.Builder graph = Graph.builder("shapes");
    private int count;

    private String in(DType dtype, Object... dims) {
        Dim[] all = new Dim[dims.length];
        for (int i = 0; i < dims.length; i++) {
            all[i] = dims[i] instanceof String name ? Dim.unknown(name) : Dim.of((Integer) dims[i]);
        }
        return graph.input("in" + count++, dtype, Shape.ofDims(all));
    }

    private String x(Object... dims) {
        return in(DType.F32, dims);
    }

    private String longs(long... values) {
        return graph.constant("c" + count++, Tensor.ofLongs(values));
    }

    private String scalar(long value) {
        return graph.constant("c" + count++, Tensor.ofLongs(new long[] {value}).reshape());
    }

    private String shape(Op op, String... inputs) {
        return graph.value(graph.node("n" + count++, op, List.of(inputs)))
                .shape()
                .toString();
    }

    private void empty(Op op, String... inputs) {
        String message = assertThrows(UnsupportedException.class, () -> shape(op, inputs))
                .getMessage();
        assertTrue(message.contains("a tensor without elements is not supported"), message);
    }

    private void refused(String says, Op op, String... inputs) {
        String message = assertThrows(ShapeMismatchException.class, () -> shape(op, inputs))
                .getMessage();
        assertTrue(message.contains(says), message);
    }

    @Test
    void operandsAreBroadcast() {
        Op add = new Pointwise.Binary(Pointwise.Binary.Function.ADD);
        assertEquals("[2, 3, 4]", shape(add, x(2, 3, 4), x(4)));
        assertEquals("[2, 3, 4]", shape(add, x(2, 1, 4), x(3, 1)));
        assertEquals("[n, 3]", shape(add, x("n", 1), x(3)));
        assertEquals("[n, 3]", shape(add, x("n", 3), x("n", 3)));
        assertEquals("[5]", shape(add, x("n"), x(5)));
        assertEquals("[]", shape(add, x(), x()));
        assertTrue(shape(add, x("n"), x("m")).contains(".0"), "whatever it is, it is neither n nor m for sure");
        refused("[2, 3] and [2]", add, x(2, 3), x(2));
        refused("S64", new Pointwise.Compare(Pointwise.Compare.Relation.LESS), in(DType.S64, 2), x(2));
        refused("BOOL", new Pointwise.Where(), x(2), x(2), x(2));
        String less =
                graph.node("less", new Pointwise.Compare(Pointwise.Compare.Relation.LESS), List.of(x("n", 2), x(2)));
        assertEquals(DType.BOOL, graph.value(less).dtype());
        assertEquals("[n, 2]", shape(new Pointwise.Where(), less, x(1, 2), x()));
        refused("F32", new Pointwise.Unary(Pointwise.Unary.Function.EXP), in(DType.S32, 2));
        assertEquals("[2]", shape(new Pointwise.Unary(Pointwise.Unary.Function.ABS), in(DType.S32, 2)));
        String cast = graph.node("cast", new Pointwise.Cast(DType.S64), List.of(x("n")));
        assertEquals(DType.S64, graph.value(cast).dtype());
    }

    @Test
    void unknownDimensionsThatStandOnBothSidesOfAReshapeCancel() {
        assertEquals("[n, 12]", shape(new Reshape(null, false), x("n", 3, 4), longs(0, -1)));
        assertEquals("[n, 12]", shape(new Reshape(null, false), x("n", 3, 4), longs(-1, 12)));
        assertEquals("[n, 2, 6]", shape(new Reshape(null, false), x("n", 3, 4), longs(0, 2, -1)));
        assertEquals("[6, 4]", shape(new Reshape(null, false), x(2, 3, 4), longs(6, -1)));
        assertEquals("[]", shape(new Reshape(List.of()), x(1, 1)));
        assertEquals(
                "[n, 12]",
                shape(new Reshape(List.of(new Reshape.Product(0, 1), new Reshape.Product(1, 3))), x("n", 3, 4)));
        assertEquals("[1, n]", shape(new Reshape(List.of(new Reshape.Number(1), new Reshape.Product(0, 1))), x("n")));
        String open = shape(new Reshape(null, false), x("n", 3), in(DType.S64, 3));
        assertEquals(3, open.split(",").length, open);
        assertTrue(shape(new Reshape(null, false), x("n", 3, 4), longs(-1, 24)).startsWith("[n"), "not n");
        refused("24", new Reshape(null, false), x(2, 3), longs(24));
        refused("multiple of 4", new Reshape(null, false), x(2, 3), longs(4, -1));
        refused("one -1", new Reshape(null, false), x(2, 3), longs(-1, -1));
        empty(new Reshape(null, true), x(2, 3), longs(0, 6));
        refused("from -1 on", new Reshape(null, true), x(2, 3), longs(-2, 6));
        assertThrows(InvalidValueException.class, () -> new Reshape(List.of(new Reshape.Rest(), new Reshape.Rest())));
    }

    @Test
    void slicesTakeWhatTheyName() {
        Op slice = new Movement.Slice();
        assertEquals("[2, 4]", shape(slice, x(5, 4), longs(1), longs(3)));
        assertEquals("[5, 2]", shape(slice, x(5, 4), longs(-2), longs(Long.MAX_VALUE), longs(1)));
        assertEquals("[5, 4]", shape(slice, x(5, 4), longs(-1), longs(Long.MIN_VALUE), longs(0), longs(-1)));
        assertEquals("[3, 4]", shape(slice, x(5, 4), longs(0), longs(100), longs(-2), longs(2)));
        assertEquals("[n, 2]", shape(slice, x("n", 4), longs(1), longs(3), longs(1)));
        assertEquals("[n, 4]", shape(slice, x("n", 4), longs(0), longs(Long.MAX_VALUE), longs(0)));
        empty(slice, x(5), longs(3), longs(3));
        refused("dimension 2", slice, x(5), longs(0), longs(3), longs(2));
        refused("different dimensions", slice, x(5, 4), longs(0, 0), longs(3, 3), longs(1, -1));
        assertThrows(
                OctavoException.class, () -> shape(slice, x(5), longs(0), longs(3), longs(0), longs(0)), "a step of 0");
    }

    @Test
    void partsAndTheirSums() {
        assertEquals("[2, 7, 4]", shape(new Movement.Concat(1), x(2, 3, 4), x(2, 4, 4)));
        assertEquals("[2, 3, 4]", shape(new Movement.Concat(1), x("n", 1, 4), x(2, 2, 4)));
        refused("4 in dimension 2", new Movement.Concat(1), x(2, 3, 4), x(2, 3, 5));
        Node split = new Node("split", new Movement.Split(1), List.of(x("n", 7)), List.of("a", "b", "c"));
        assertEquals("a", graph.node(split, null));
        List<String> shapes = new ArrayList<>();
        for (String part : List.of("a", "b", "c")) {
            shapes.add(graph.value(part).shape().toString());
        }
        assertEquals(List.of("[n, 3]", "[n, 3]", "[n, 1]"), shapes);
        Node wrong = new Node("wrong", new Movement.Split(0), List.of(x(5), longs(2, 2)), List.of("d", "e"));
        assertThrows(ShapeMismatchException.class, () -> graph.node(wrong, null));
        assertTrue(!graph.hasValue("d") && !graph.hasValue("e"), "a node that is refused leaves nothing");
        Node twice = new Node("twice", new Movement.Split(0), List.of(x(4)), List.of("f", "f"));
        assertThrows(InvalidValueException.class, () -> graph.node(twice, null));
        assertTrue(!graph.hasValue("f"));
        Node many = new Node("many", new Pointwise.Cast(DType.S32), List.of(x(4)), List.of("g", "h"));
        assertThrows(InvalidValueException.class, () -> graph.node(many, null));
    }

    @Test
    void elementsGoElsewhere() {
        assertEquals("[4, n, 3]", shape(new Movement.Transpose(List.of(2, 0, 1)), x("n", 3, 4)));
        refused("3 dimensions", new Movement.Transpose(List.of(2, 0, 1)), x(3, 4));
        assertThrows(InvalidValueException.class, () -> new Movement.Transpose(List.of(0, 0)));
        assertEquals("[2, 5, 6, 4]", shape(new Movement.Gather(1), x(2, 3, 4), in(DType.S64, 5, 6)));
        assertEquals("[2, 4]", shape(new Movement.Gather(1), x(2, 3, 4), in(DType.S64)));
        assertEquals(
                "[2, 1]",
                shape(new Movement.Gather(Movement.Gather.Kind.ELEMENTS, 1, 0), x(2, 3), in(DType.S32, 2, 1)));
        assertEquals(
                "[2, 5, 6]",
                shape(new Movement.Gather(Movement.Gather.Kind.TUPLES, 0, 1), x(2, 3, 4, 6), in(DType.S64, 2, 5, 2)));
        refused("S64", new Movement.Gather(0), x(3), x(2));
        Movement.Pad pad = new Movement.Pad(Movement.Pad.Mode.CONSTANT);
        assertEquals("[n, 9]", shape(pad, x("n", 4), longs(0, 2, 0, 3)));
        assertEquals("[3, 4]", shape(pad, x(4, 4), longs(-1, 0), "", longs(0)));
        refused("padding 4", new Movement.Pad(Movement.Pad.Mode.REFLECT), x(4), longs(4, 0));
        assertEquals("[2, 3, 4]", shape(new Movement.Expand(), x(3, 1), longs(2, 1, 4)));
        assertEquals("[n, 6]", shape(new Movement.Tile(), x("n", 3), longs(1, 2)));
        assertEquals("[n, 3, 5]", shape(new Movement.OneHot(2), in(DType.S64, "n", 3), scalar(5), x(2)));
        assertEquals("[n, 12, 2, 3]", shape(new Movement.SpaceToDepth(2), x("n", 3, 4, 6)));
        assertEquals("[n, 3, 4, 6]", shape(new Movement.DepthToSpace(2, true), x("n", 12, 2, 3)));
        refused("multiple of 2", new Movement.SpaceToDepth(2), x(1, 3, 5, 6));
    }

    @Test
    void resizingTakesScalesOrSizes() {
        Movement.Resize resize = resize(Movement.Resize.Policy.STRETCH);
        String doubled = graph.constant("scales", Tensor.of(new float[] {1, 1, 2, 2.5f}));
        assertEquals("[n, 3, 8, 12]", shape(resize, x("n", 3, 4, 5), "", doubled));
        assertEquals("[1, 3, 7, 9]", shape(resize, x(1, 3, "h", 5), "", "", longs(1, 3, 7, 9)));
        refused("one of the two", resize, x(1, 3, 4, 5), "", doubled, longs(1, 3, 7, 9));
        assertEquals(
                "[1, 1, 7, 9]",
                shape(resize(Movement.Resize.Policy.NOT_LARGER), x(1, 1, 14, 18), "", "", longs(7, 10)));
        assertEquals(
                "[1, 1, 8, 10]",
                shape(resize(Movement.Resize.Policy.NOT_SMALLER), x(1, 1, 14, 18), "", "", longs(7, 10)));
    }

    private static Movement.Resize resize(Movement.Resize.Policy policy) {
        return new Movement.Resize(
                Movement.Resize.Interpolation.LINEAR,
                Movement.Resize.Coordinates.HALF_PIXEL,
                Movement.Resize.Nearest.FLOOR,
                policy == Movement.Resize.Policy.STRETCH ? List.of() : List.of(2, 3),
                -0.75f,
                false,
                0,
                policy,
                false);
    }

    @Test
    void manyBecomeOne() {
        assertEquals(
                "[n, 1, 4]", shape(new Reduction.Reduce(Reduction.Reduce.Kind.MEAN, List.of(1), true), x("n", 3, 4)));
        assertEquals("[n]", shape(new Reduction.Reduce(Reduction.Reduce.Kind.L2, List.of(1, 2), false), x("n", 3, 4)));
        refused("dimension 3", new Reduction.Reduce(Reduction.Reduce.Kind.MAX, List.of(3), false), x(2, 3));
        refused("F32", new Reduction.Reduce(Reduction.Reduce.Kind.L1, List.of(0), false), in(DType.S64, 3));
        Node topK = new Node("top", new Reduction.TopK(1, true), List.of(x("n", 9), longs(4)), List.of("v", "i"));
        graph.node(topK, null);
        assertEquals("[n, 4]", graph.value("v").shape().toString());
        assertEquals(DType.S64, graph.value("i").dtype());
        refused("k = [10]", new Reduction.TopK(1, true), x(2, 9), longs(10));
        assertEquals("[n, 3]", shape(new Reduction.ArgReduce(true, 1, false, false), x("n", 7, 3)));
        assertEquals("[2, n, 3, 5]", shape(new Op.MatMul(), x("n", 3, 4), x(2, 1, 4, 5)));
        refused("4 in dimension 0", new Op.MatMul(), x(3, 4), x(5, 2));
        assertEquals(
                "[n, 6, 9, 9]",
                shape(
                        new Op.ConvTranspose(Window.of(3).stride(2).padding(1), 1, 0, 0),
                        x("n", 4, 5, 5),
                        x(4, 6, 3, 3)));
        assertEquals("[n, 3, 4]", shape(new Normalization.LayerNorm(1, 1e-5f, false), x("n", 3, 4), x(3, 4), x(4)));
        refused("do not fit", new Normalization.LayerNorm(2, 1e-5f, false), x(2, 3, 4), x(3));
        assertEquals("[2, 4, 5]", shape(new Normalization.GroupNorm(2, 1e-5f), x(2, 4, 5), x(4), x(4)));
    }

    @Test
    void shapesAreNumbersOnceTheyAreKnown() {
        assertEquals("[2]", shape(new Shapes.ShapeOf(1, 3), x("n", 3, 4)));
        assertEquals("[]", shape(new Shapes.SizeOf(), x("n", 3, 4)));
        assertEquals("[2, 3]", shape(new Shapes.Fill(DType.F32, 1), longs(2, 3)));
        assertEquals("[4]", shape(new Shapes.Range(), scalar(1), scalar(8), scalar(2)));
        assertEquals("[3]", shape(new Shapes.Range(), scalar(3), scalar(0), scalar(-1)));
        empty(new Shapes.Range(), scalar(3), scalar(0), scalar(1));
    }

    @Test
    void convolutionsKeepNamesOfWhatTheyKeep() {
        String w = graph.constant("w", Tensor.zeros(DType.F32, 8, 3, 3, 3));
        assertEquals("[batch, 8, h, w]", shape(new Op.Conv2d(Window.of(3).padding(1)), x("batch", 3, "h", "w"), w));
        String half = shape(new Op.Conv2d(Window.of(3).padding(1).stride(2)), x("batch", 3, "h", 9), w);
        assertTrue(half.startsWith("[batch, 8, n") && half.endsWith(".2, 5]"), half);
        assertEquals("[batch, 48]", shape(new Op.Flatten(), x("batch", 3, 4, 4)));
        assertEquals("[batch, 8, 2, 2]", shape(new Op.Conv2d(Window.of(3)), x("batch", "c", 4, 4), w));
        refused("[O, 4, 3, 3] for input", new Op.Conv2d(Window.of(3)), x("batch", 4, 4, 4), w);
        assertEquals(
                "[n, 5]", shape(new Op.Linear(), x("n", "k"), graph.constant("fc", Tensor.zeros(DType.F32, 5, 7))));
    }

    /** Numbers of which some are known and others are dimensions. */
    @Test
    void whatIsKnownOfPartsIsKept() {
        String x = x("n", 3, "h", 8);
        String sizes = graph.node("sizes", new Shapes.ShapeOf(2, 3), List.of(x));
        String pads = graph.node("pads", new Movement.Concat(0), List.of(longs(0, 1, 0, 2, 0, 1), sizes, longs(3)));
        String padded = shape(new Movement.Pad(Movement.Pad.Mode.CONSTANT), x, pads);
        assertTrue(padded.startsWith("[n, 5, n") && padded.endsWith(".2, 13]"), padded);
        Op slice = new Movement.Slice();
        String ends = graph.node("ends", new Movement.Concat(0), List.of(longs(2), sizes, longs(5)));
        assertEquals("[n, 2, h, 3]", shape(slice, x, longs(0, 0, 2), ends, longs(1, 2, 3)));
        String open = shape(slice, x, longs(0, 1, 2), ends, longs(1, 2, 3));
        assertTrue(open.startsWith("[n, 2, n") && open.endsWith(".2, 3]"), open);
        String times = graph.node("times", new Movement.Concat(0), List.of(longs(1, 2), sizes, longs(1)));
        assertEquals("[n, 6, h, 8]", shape(new Movement.Tile(), x("n", 3, 1, 8), times));
        String parts = graph.node("parts", new Movement.Concat(0), List.of(sizes, longs(3)));
        graph.node(new Node("split", new Movement.Split(1), List.of(x("n", "m"), parts), List.of("a", "b")), null);
        assertEquals("[n, h]", graph.value("a").shape().toString());
        assertEquals("[n, 3]", graph.value("b").shape().toString());
        List<Reshape.Part> all = List.of(new Reshape.Product(0, 3));
        assertEquals("[n]", shape(new Reshape(all), x(1, "n", 1)));
        assertTrue(shape(new Reshape(all), x(2, "n", 1)).endsWith(".0]"));
        refused("[2], one number for each", slice, x(5, 4), longs(0, 0), longs(3));
    }
}

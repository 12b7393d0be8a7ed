package io.octavo.runtime;

import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Movement;
import io.octavo.graph.Movement.Resize;
import io.octavo.graph.Node;
import io.octavo.graph.Op;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Every operator that moves elements in a session: of rows, of images in both layouts, of codes. */
class MovementSessionTest {
    private final Nets nets = new Nets(29);
    private final Graph.Builder g = Graph.builder("movement");
    private final List<String> results = new ArrayList<>();

    /** An image as it is given, channels last behind another operator, and as codes. */
    private List<String> images(long... shape) {
        g.input("x", DType.F32, Shape.ofBatch(shape));
        g.node("last", new Op.Clamp(Activation.clamp(-100, 100)), List.of("x"));
        g.node("codes", new Op.Quantize(), List.of("x"), Nets.u8(1 / 16f, 100));
        return List.of("x", "last", "codes");
    }

    private void each(List<String> images, String what, Op op, String... more) {
        for (String image : images) {
            List<String> inputs = new ArrayList<>(List.of(image));
            inputs.addAll(List.of(more));
            results.add(g.node(what + " of " + image, op, inputs));
        }
    }

    private String numbers(String name, long... numbers) {
        return g.constant(name, Tensor.ofLongs(numbers, numbers.length));
    }

    private void check(Map<String, Tensor> inputs) {
        results.forEach(g::output);
        AgainstReference.assertAgrees(g.build(), inputs, 1e-5);
    }

    @Test
    void shapesAndOrders() {
        List<String> images = images(6, 5, 4);
        var reshape = new Movement.Reshape(List.of(
                new Movement.Reshape.Product(0, 1),
                new Movement.Reshape.Number(2),
                new Movement.Reshape.Number(3),
                new Movement.Reshape.Rest()));
        each(images, "reshape", reshape);
        each(
                images,
                "flat",
                new Movement.Reshape(List.of(new Movement.Reshape.Product(0, 1), new Movement.Reshape.Rest())));
        each(images, "channels last", new Movement.Transpose(List.of(0, 2, 3, 1)));
        each(images, "channels second", new Movement.Transpose(List.of(0, 3, 1, 2)));
        each(images, "turned", new Movement.Transpose(List.of(0, 1, 3, 2)));
        // A channel shuffle as it is written out.
        for (String image : images) {
            String grouped = g.node(
                    image + " grouped",
                    new Movement.Reshape(List.of(
                            new Movement.Reshape.Product(0, 1),
                            new Movement.Reshape.Number(3),
                            new Movement.Reshape.Number(2),
                            new Movement.Reshape.Product(2, 3),
                            new Movement.Reshape.Product(3, 4))),
                    List.of(image));
            String swapped =
                    g.node(image + " swapped", new Movement.Transpose(List.of(0, 2, 1, 3, 4)), List.of(grouped));
            results.add(g.node(
                    image + " shuffled",
                    new Movement.Reshape(List.of(
                            new Movement.Reshape.Product(0, 1),
                            new Movement.Reshape.Number(6),
                            new Movement.Reshape.Product(3, 4),
                            new Movement.Reshape.Product(4, 5))),
                    List.of(swapped)));
        }
        check(Map.of("x", nets.floats(-4, 4, 3, 6, 5, 4)));
    }

    @Test
    void partsTakenAndPutTogether() {
        List<String> images = images(6, 5, 8);
        numbers("starts", -1, 1);
        numbers("ends", Long.MIN_VALUE, 7);
        numbers("axes", 1, -1);
        numbers("steps", -2, 3);
        each(images, "slice", new Movement.Slice(), "starts", "ends", "axes", "steps");
        numbers("one", 2);
        numbers("beyond", Long.MAX_VALUE);
        numbers("axis", 3);
        numbers("far", 1L << 40);
        each(images, "slice of one", new Movement.Slice(), "one", "beyond", "axis", "far");
        numbers("sizes", 1, 3, 2);
        for (String image : images) {
            List<String> thirds = List.of("", image + " 1", image + " 2");
            g.node(new Node(image + " split", new Movement.Split(1), List.of(image, "sizes"), thirds), null);
            results.add(g.node(image + " joined", new Movement.Concat(1), List.of(image + " 2", image, image + " 1")));
            List<String> halves = List.of(image + " left", image + " middle", image + " right");
            g.node(new Node(image + " cut", new Movement.Split(3), List.of(image), halves), null);
            results.add(image + " right");
            results.add(g.node(
                    image + " turned about", new Movement.Concat(3), List.of(image + " right", image + " left")));
        }
        check(Map.of("x", nets.floats(-4, 4, 3, 6, 5, 8)));
    }

    @Test
    void padding() {
        List<String> images = images(3, 5, 4);
        numbers("pads", 0, 1, 2, 1, 0, -1, 1, 3);
        numbers("inner", 2, -1, 2, 1);
        numbers("axes", 3, 2);
        g.constant("value", Tensor.of(new float[] {2.5f}, new long[] {}));
        each(images.subList(0, 2), "pad", new Movement.Pad(Movement.Pad.Mode.CONSTANT), "pads", "value");
        for (Movement.Pad.Mode mode : Movement.Pad.Mode.values()) {
            if (mode == Movement.Pad.Mode.CONSTANT) {
                each(images, "pad with 0", new Movement.Pad(mode), "inner", "", "axes");
            } else {
                each(images, "pad " + mode, new Movement.Pad(mode), "inner", "", "axes");
            }
        }
        check(Map.of("x", nets.floats(-4, 4, 2, 3, 5, 4)));
    }

    @Test
    void gathering() {
        g.input("rows", DType.S64, Shape.ofBatch(3));
        g.constant("table", nets.floats(-1, 1, 7, 5));
        results.add(g.node("embedding", new Movement.Gather(0), List.of("table", "rows")));
        g.input("x", DType.F32, Shape.ofBatch(6, 2, 4));
        g.node("last", new Op.Clamp(Activation.clamp(-100, 100)), List.of("x"));
        g.constant("order", Tensor.ofInts(new int[] {4, -1, 0, 0}, 4));
        g.constant("single", Tensor.ofLongs(new long[] {-2}, new long[] {}));
        for (String image : List.of("x", "last")) {
            results.add(g.node("channels of " + image, new Movement.Gather(1), List.of(image, "order")));
            results.add(g.node("column of " + image, new Movement.Gather(3), List.of(image, "single")));
        }
        g.input("places", DType.S64, Shape.ofBatch(2, 2, 4));
        results.add(g.node(
                "elements", new Movement.Gather(Movement.Gather.Kind.ELEMENTS, 1, 0), List.of("last", "places")));
        g.input("tuples", DType.S64, Shape.ofBatch(3, 2));
        results.add(
                g.node("points", new Movement.Gather(Movement.Gather.Kind.TUPLES, 0, 1), List.of("last", "tuples")));
        check(Map.of(
                "rows",
                Tensor.ofLongs(new long[] {0, 6, -7, 3, -1, 2}, 2, 3),
                "x",
                nets.floats(-4, 4, 2, 6, 2, 4),
                "places",
                Tensor.ofLongs(
                        new long[] {
                            0, 1, 2, 3, 4, 5, -1, -2, -3, -4, -5, -6, 0, 0, 0, 5, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4,
                            4, 4, 4
                        },
                        2,
                        2,
                        2,
                        4),
                "tuples",
                Tensor.ofLongs(new long[] {0, 0, 5, 1, -1, -2, 1, 1, 2, 0, 3, -1}, 2, 3, 2)));
    }

    @Test
    void repeatedAndChosenByPlace() {
        List<String> images = images(3, 1, 4);
        numbers("shape", 1, 1, 5, 1);
        each(images, "expand", new Movement.Expand(), "shape");
        numbers("repeats", 1, 2, 3, 2);
        each(images, "tile", new Movement.Tile(), "repeats");
        g.constant("above", Tensor.ofLongs(new long[] {1}, new long[] {}));
        each(images.subList(0, 2), "upper", new Movement.Trilu(true), "above");
        each(images, "lower", new Movement.Trilu(false));
        g.input("classes", DType.S64, Shape.ofBatch(4));
        g.constant("depth", Tensor.ofLongs(new long[] {6}, new long[] {}));
        g.constant("values", Tensor.of(new float[] {-1, 2}, 2));
        results.add(g.node("one-hot", new Movement.OneHot(1), List.of("classes", "depth", "values")));
        results.add(g.node("one-hot behind", new Movement.OneHot(2), List.of("classes", "depth", "values")));
        check(Map.of(
                "x",
                nets.floats(-4, 4, 2, 3, 1, 4),
                "classes",
                Tensor.ofLongs(new long[] {0, 5, -1, 6, -6, -7, 3, 2}, 2, 4)));
    }

    @Test
    void blocksOfPixels() {
        List<String> images = images(8, 4, 6);
        each(images, "to depth", new Movement.SpaceToDepth(2));
        each(images, "to space", new Movement.DepthToSpace(2, false));
        each(images, "shuffled", new Movement.DepthToSpace(2, true));
        check(Map.of("x", nets.floats(-4, 4, 2, 8, 4, 6)));
    }

    @Test
    void resizing() {
        List<String> images = images(3, 6, 4);
        g.constant("twice", Tensor.of(new float[] {1, 1, 2, 2}, 4));
        g.constant("smaller", Tensor.of(new float[] {0.5f, 0.75f}, 2));
        numbers("sizes", 9, 5);
        for (Resize.Interpolation kind : Resize.Interpolation.values()) {
            each(
                    images,
                    kind + " twice",
                    resize(kind, Resize.Coordinates.HALF_PIXEL, List.of(), Resize.Policy.STRETCH),
                    "",
                    "twice");
            // Of codes sums next to a tie may fall on either side; these are exact.
            List<String> floats = images.subList(0, kind == Resize.Interpolation.NEAREST ? 3 : 2);
            for (Resize.Coordinates coordinates : Resize.Coordinates.values()) {
                if (coordinates != Resize.Coordinates.TF_CROP_AND_RESIZE) {
                    each(
                            floats,
                            kind + " smaller " + coordinates,
                            resize(kind, coordinates, List.of(2, 3), Resize.Policy.STRETCH),
                            "",
                            "smaller");
                    each(
                            floats,
                            kind + " sizes " + coordinates,
                            resize(kind, coordinates, List.of(2, 3), Resize.Policy.STRETCH),
                            "",
                            "",
                            "sizes");
                }
            }
            each(
                    floats,
                    kind + " not smaller",
                    resize(kind, Resize.Coordinates.HALF_PIXEL, List.of(2, 3), Resize.Policy.NOT_SMALLER),
                    "",
                    "",
                    "sizes");
            each(
                    floats,
                    kind + " not larger",
                    resize(kind, Resize.Coordinates.HALF_PIXEL, List.of(2, 3), Resize.Policy.NOT_LARGER),
                    "",
                    "",
                    "sizes");
        }
        g.constant("region", Tensor.of(new float[] {0.25f, -0.25f, 0.75f, 1}, 4));
        each(
                images.subList(0, 2),
                "crop",
                resize(
                        Resize.Interpolation.LINEAR,
                        Resize.Coordinates.TF_CROP_AND_RESIZE,
                        List.of(2, 3),
                        Resize.Policy.STRETCH),
                "region",
                "",
                "sizes");
        check(Map.of("x", nets.floats(-4, 4, 2, 3, 6, 4)));
    }

    private static Resize resize(
            Resize.Interpolation kind, Resize.Coordinates coordinates, List<Integer> axes, Resize.Policy policy) {
        return new Resize(kind, coordinates, Resize.Nearest.ROUND_PREFER_FLOOR, axes, -0.75f, false, 7, policy, false);
    }
}

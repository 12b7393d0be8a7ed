package io.octavo.onnx;

import io.octavo.graph.Movement;
import io.octavo.graph.Movement.Reshape;
import io.octavo.graph.Movement.Resize;
import io.octavo.graph.Op;
import io.octavo.graph.OpTable;
import io.octavo.graph.Value;
import io.octavo.scheme.AffineParams;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Operators that put elements elsewhere. */
final class MovementExports {
    private MovementExports() {}

    static void addTo(OpTable.Builder<ExportNode, ExportNode> table) {
        table.row(Op.Flatten.class, (node, op) -> node.out("Flatten", Attributes.of("axis", 1), node.in(0)));
        table.row(Movement.Reshape.class, MovementExports::reshape);
        table.row(
                Movement.Transpose.class,
                (node, op) -> node.out(
                        "Transpose", new Attributes().ints("perm", op.order()).map(), node.in(0)));
        table.row(
                Movement.Slice.class,
                (node, op) ->
                        node.out("Slice", node.in(0), node.longs(1), node.longs(2), node.longs(3), node.longs(4)));
        table.row(
                Movement.Concat.class, (node, op) -> node.out("Concat", Attributes.of("axis", op.axis()), node.ins()));
        table.row(Movement.Split.class, MovementExports::split);
        table.row(Movement.Pad.class, MovementExports::pad);
        table.row(Movement.Gather.class, MovementExports::gather);
        table.row(Movement.Expand.class, (node, op) -> node.out("Expand", node.in(0), node.longs(1)));
        table.row(Movement.Tile.class, (node, op) -> node.out("Tile", node.in(0), node.longs(1)));
        table.row(Movement.Trilu.class, (node, op) -> node.needs(14)
                .out("Trilu", new Attributes().put("upper", op.upper()).map(), node.in(0), node.longs(1)));
        table.row(
                Movement.OneHot.class, (node, op) -> node.out("OneHot", Attributes.of("axis", op.axis()), node.ins()));
        table.row(Movement.Resize.class, MovementExports::resize);
        table.row(
                Movement.SpaceToDepth.class,
                (node, op) -> node.out("SpaceToDepth", Attributes.of("blocksize", op.block()), node.in(0)));
        table.row(
                Movement.DepthToSpace.class,
                (node, op) -> node.out(
                        "DepthToSpace",
                        new Attributes()
                                .put("blocksize", op.block())
                                .put("mode", op.columnRowDepth() ? "CRD" : "DCR")
                                .map(),
                        node.in(0)));
    }

    // ---- Reshape

    private static ExportNode reshape(ExportNode node, Reshape op) {
        String x = node.in(0);
        if (op.parts() == null) {
            if (!op.zeroIsZero()) {
                return node.out("Reshape", x, node.longs(1));
            }
            return node.needs(14).out("Reshape", Attributes.of("allowzero", 1), x, node.longs(1));
        }
        Shape from = node.shape(0);
        int flat = flattened(op.parts(), from.rank());
        if (flat >= 0) {
            return node.out("Flatten", Attributes.of("axis", flat), x);
        }
        List<Integer> added = added(op.parts(), from.rank());
        if (added != null && !added.isEmpty()) {
            return node.out("Unsqueeze", x, axes(node, added));
        }
        List<Integer> dropped = dropped(op.parts(), from);
        if (dropped != null && !dropped.isEmpty()) {
            return node.out("Squeeze", x, axes(node, dropped));
        }
        long[] numbers = numbers(op.parts(), from);
        if (numbers != null) {
            return node.out("Reshape", x, node.longs("shape", numbers));
        }
        return node.out("Reshape", x, computed(node, op.parts(), x));
    }

    private static String axes(ExportNode node, List<Integer> axes) {
        return node.longs("axes", axes.stream().mapToLong(Integer::longValue).toArray());
    }

    /** The axis of a Flatten that is this reshape; -1: it is none. */
    private static int flattened(List<Reshape.Part> parts, int rank) {
        boolean two = parts.size() == 2
                && parts.get(0) instanceof Reshape.Product first
                && parts.get(1) instanceof Reshape.Product second
                && first.from() == 0
                && first.to() == second.from()
                && second.to() == rank;
        return two ? ((Reshape.Product) parts.get(0)).to() : -1;
    }

    /** The shape in ONNX's numbers, 0 for the same dimension of x and -1 for what is left; null if these do not say it. */
    private static long[] numbers(List<Reshape.Part> parts, Shape x) {
        long[] numbers = new long[parts.size()];
        int left = 0;
        for (int i = 0; i < numbers.length; i++) {
            if (parts.get(i) instanceof Reshape.Number number) {
                numbers[i] = number.size();
            } else if (parts.get(i) instanceof Reshape.Product product
                    && product.equals(new Reshape.Product(i, i + 1))) {
                numbers[i] = 0;
            } else {
                numbers[i] = size(parts.get(i), x);
                left += numbers[i] < 0 ? 1 : 0;
            }
        }
        return left > 1 ? null : numbers;
    }

    /** The product of dimensions; -1 if it is not known, or what is left. */
    private static long size(Reshape.Part part, Shape x) {
        if (!(part instanceof Reshape.Product product)) {
            return -1;
        }
        long size = 1;
        for (int d = product.from(); d < product.to(); d++) {
            if (x.dim(d) == Shape.N) {
                return -1;
            }
            size = Math.multiplyExact(size, x.dim(d));
        }
        return size;
    }

    /** Where dimensions of 1 stand between those of x; null if it is not that. */
    private static List<Integer> added(List<Reshape.Part> parts, int rank) {
        List<Integer> axes = new ArrayList<>();
        int next = 0;
        for (int i = 0; i < parts.size(); i++) {
            if (parts.get(i).equals(new Reshape.Number(1))) {
                axes.add(i);
            } else if (parts.get(i).equals(new Reshape.Product(next, next + 1))) {
                next++;
            } else {
                return null;
            }
        }
        return next == rank ? axes : null;
    }

    /** Which dimensions of x, all of 1, are left out; null if it is not that. */
    private static List<Integer> dropped(List<Reshape.Part> parts, Shape x) {
        List<Integer> axes = new ArrayList<>();
        int next = 0;
        for (int d = 0; d < x.rank(); d++) {
            if (next < parts.size() && parts.get(next).equals(new Reshape.Product(d, d + 1))) {
                next++;
            } else if (x.dim(d) == 1) {
                axes.add(d);
            } else {
                return null;
            }
        }
        return next == parts.size() ? axes : null;
    }

    /** The shape by arithmetic on that of x. */
    private static String computed(ExportNode node, List<Reshape.Part> parts, String x) {
        String shape = node.add("shape", "Shape", x);
        List<String> sizes = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            if (parts.get(i) instanceof Reshape.Product product) {
                String dims = node.add(
                        "dims" + i,
                        "Slice",
                        shape,
                        node.longs("from" + i, product.from()),
                        node.longs("to" + i, product.to()));
                boolean one = product.to() == product.from() + 1;
                sizes.add(one ? dims : product(node, i, dims));
            } else {
                long size = parts.get(i) instanceof Reshape.Number number ? number.size() : -1;
                sizes.add(node.longs("size" + i, size));
            }
        }
        return node.add("sizes", "Concat", Attributes.of("axis", 0), sizes.toArray(String[]::new));
    }

    private static String product(ExportNode node, int i, String dims) {
        Attributes keep = new Attributes().put("keepdims", 1);
        return node.opset() >= 18
                ? node.add("size" + i, "ReduceProd", keep.map(), dims, node.longs("axes" + i, 0))
                : node.add("size" + i, "ReduceProd", keep.ints("axes", 0).map(), dims);
    }

    // ---- Parts

    private static ExportNode split(ExportNode node, Movement.Split op) {
        int count = node.node().outputs().size();
        Attributes attributes = new Attributes().put("axis", op.axis());
        if (node.has(1)) {
            return node.outs(count, "Split", attributes.map(), node.in(0), node.longs(1));
        }
        long size = node.shape(0).dim(op.axis());
        if (size == Shape.N || size % count != 0) {
            node.needs(18); // before that parts are equal
        }
        if (node.opset() >= 18) {
            attributes.put("num_outputs", count);
        }
        return node.outs(count, "Split", attributes.map(), node.in(0));
    }

    private static ExportNode pad(ExportNode node, Movement.Pad op) {
        if (op.mode() == Movement.Pad.Mode.WRAP) {
            node.needs(19);
        }
        if (node.has(3)) {
            node.needs(18);
        }
        return node.out(
                "Pad",
                new Attributes()
                        .put("mode", op.mode().name().toLowerCase(Locale.ROOT))
                        .map(),
                node.in(0),
                node.longs(1),
                node.has(2) ? padding(node) : "",
                node.longs(3));
    }

    /** What stands in the new places, as one number; of codes the real number. */
    private static String padding(ExportNode node) {
        Value value = node.value(2);
        boolean raw = node.value(0).isQuantized() && !value.isQuantized();
        if (!raw) {
            boolean list = value.shape().rank() > 0 && value.isConstant() && !value.isQuantized();
            return list ? node.exporter().scalar(value) : node.in(2);
        }
        AffineParams params = (AffineParams) node.value(0).quantization();
        int code = value.data().toIntArray()[0];
        float real = params.scale() * (code - params.zeroPoint());
        Exporter exporter = node.exporter();
        return exporter.form(
                value.name(),
                "real of " + node.node().input(0),
                () -> exporter.constant(
                        exporter.ownName(value, "real"),
                        Tensor.of(new float[] {real}).reshape()));
    }

    private static ExportNode gather(ExportNode node, Movement.Gather op) {
        return switch (op.kind()) {
            case SLICES -> node.out("Gather", Attributes.of("axis", op.axis()), node.in(0), node.in(1));
            case ELEMENTS -> node.out("GatherElements", Attributes.of("axis", op.axis()), node.in(0), node.in(1));
            case TUPLES -> node.out("GatherND", Attributes.of("batch_dims", op.batchDims()), node.in(0), node.longs(1));
        };
    }

    // ---- Resize

    private static ExportNode resize(ExportNode node, Resize op) {
        Resize.Coordinates coordinates = op.coordinates();
        Resize.Nearest nearest = op.nearest();
        if (coordinates == Resize.Coordinates.TF_HALF_PIXEL_FOR_NN) {
            if (op.interpolation() != Resize.Interpolation.NEAREST || nearest != Resize.Nearest.FLOOR) {
                throw node.unsupported("coordinates TF_HALF_PIXEL_FOR_NN, which ONNX dropped with opset 13, other than "
                        + "with the nearest element before");
            }
            // The element before a place is the one nearest to half an element before it.
            coordinates = Resize.Coordinates.HALF_PIXEL;
            nearest = Resize.Nearest.ROUND_PREFER_CEIL;
        }
        if (coordinates == Resize.Coordinates.HALF_PIXEL_SYMMETRIC) {
            node.needs(19);
        }
        Attributes attributes = new Attributes()
                .put("mode", op.interpolation().name().toLowerCase(Locale.ROOT))
                .put("coordinate_transformation_mode", coordinates.name().toLowerCase(Locale.ROOT))
                .put("nearest_mode", nearest.name().toLowerCase(Locale.ROOT))
                .put("cubic_coeff_a", op.cubicA())
                .put("exclude_outside", op.excludeOutside())
                .put("extrapolation_value", op.extrapolation());
        if (!op.axes().isEmpty() || op.antialias() || op.policy() != Resize.Policy.STRETCH) {
            node.needs(18);
            if (!op.axes().isEmpty()) {
                attributes.ints("axes", op.axes());
            }
            attributes
                    .put("antialias", op.antialias())
                    .put("keep_aspect_ratio_policy", op.policy().name().toLowerCase(Locale.ROOT));
        }
        return node.out("Resize", attributes.map(), node.in(0), node.in(1), node.in(2), node.longs(3));
    }
}

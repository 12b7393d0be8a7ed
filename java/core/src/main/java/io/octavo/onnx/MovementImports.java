package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.graph.Movement;
import io.octavo.graph.Movement.Reshape;
import io.octavo.graph.Movement.Resize;
import io.octavo.graph.Op;
import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Operators that put elements elsewhere. */
final class MovementImports {
    private MovementImports() {}

    static void addTo(Imports.Table table) {
        table.row("Reshape", MovementImports::reshape);
        table.row("Flatten", MovementImports::flatten);
        table.row("Squeeze", MovementImports::squeeze);
        table.row("Unsqueeze", MovementImports::unsqueeze);
        table.row("Transpose", MovementImports::transpose);
        table.row("Slice", MovementImports::slice);
        table.row(
                "Concat",
                node -> node.out(
                        new Movement.Concat(node.axis(
                                node.opset() < 4 ? node.getInt("axis", 1) : node.requiredInt("axis"),
                                node.rank(present(node, 0)))),
                        parts(node)));
        table.row("Split", MovementImports::split);
        table.row("Pad", MovementImports::pad);
        table.row(
                "Gather",
                node -> node.out(
                        new Movement.Gather(node.axis(node.getInt("axis", 0), node.rank(0))), node.in(0), node.in(1)));
        table.row(
                "GatherElements",
                node -> node.out(
                        new Movement.Gather(
                                Movement.Gather.Kind.ELEMENTS, node.axis(node.getInt("axis", 0), node.rank(0)), 0),
                        node.in(0),
                        node.in(1)));
        table.row(
                "GatherND",
                node -> node.out(
                        new Movement.Gather(
                                Movement.Gather.Kind.TUPLES, 0, Math.toIntExact(node.getInt("batch_dims", 0))),
                        node.in(0),
                        node.in(1)));
        table.row("Expand", node -> node.out(new Movement.Expand(), node.in(0), node.in(1)));
        table.row("Tile", node -> node.out(new Movement.Tile(), node.in(0), node.in(1)));
        table.row("Trilu", node -> {
            Movement.Trilu op = new Movement.Trilu(node.getInt("upper", 1) != 0);
            if (node.has(1)) {
                node.out(op, node.in(0), node.in(1));
            } else {
                node.out(op, node.in(0));
            }
        });
        table.row("OneHot", MovementImports::oneHot);
        table.row(
                "SpaceToDepth",
                node -> node.out(
                        new Movement.SpaceToDepth(Math.toIntExact(node.requiredInt("blocksize"))), node.in(0)));
        table.row(
                "DepthToSpace",
                node -> node.out(
                        new Movement.DepthToSpace(
                                Math.toIntExact(node.requiredInt("blocksize")),
                                mode(node, "DCR", "DCR", "CRD").equals("CRD")),
                        node.in(0)));
        table.row("Resize", MovementImports::resize);
        table.row("Upsample", MovementImports::upsample);
    }

    private static String mode(ImportNode node, String otherwise, String... known) {
        String mode = node.def().getString("mode", otherwise);
        if (!List.of(known).contains(mode)) {
            throw new InvalidValueException(
                    "attribute \"mode\" is \"" + mode + "\", expected one of " + List.of(known));
        }
        return mode;
    }

    private static int present(ImportNode node, int from) {
        int index = from;
        while (index < node.inputs() && !node.has(index)) {
            index++;
        }
        if (index == node.inputs()) {
            throw node.unsupported("a tensor without elements");
        }
        return index;
    }

    /** All inputs that have elements. */
    private static String[] parts(ImportNode node) {
        return IntStream.range(0, node.inputs())
                .filter(node::has)
                .mapToObj(node::in)
                .toArray(String[]::new);
    }

    // ---- Shapes

    private static void reshape(ImportNode node) {
        boolean zeroIsZero = node.flag("allowzero");
        if (node.def().has("shape")) {
            node.out(
                    new Reshape(null, zeroIsZero),
                    node.in(0),
                    node.longs("shape", node.def().getInts("shape")));
        } else if (node.has(1)) {
            node.out(new Reshape(null, zeroIsZero), node.in(0), node.in(1));
        } else {
            node.out(new Reshape(List.of()), node.in(0)); // a shape without dimensions: a scalar's
        }
    }

    private static void flatten(ImportNode node) {
        int rank = node.rank(0);
        long given = node.getInt("axis", 1);
        int axis = given == rank ? rank : rank == 0 && given == 0 ? 0 : node.axis(given, rank);
        node.out(
                axis == 1 && rank == 4
                        ? new Op.Flatten()
                        : new Reshape(List.of(new Reshape.Product(0, axis), new Reshape.Product(axis, rank))),
                node.in(0));
    }

    private static void squeeze(ImportNode node) {
        int rank = node.rank(0);
        long[] given = node.numbers("axes", 1);
        List<Integer> axes;
        if (given != null) {
            axes = node.axes(given, rank);
        } else {
            if (!node.value(0).shape().isKnown()) {
                throw node.unsupported("Squeeze of " + node.value(0) + " without axes");
            }
            axes = IntStream.range(0, rank)
                    .filter(i -> node.value(0).shape().dim(i) == 1)
                    .boxed()
                    .toList();
        }
        List<Reshape.Part> parts = new ArrayList<>();
        for (int i = 0; i < rank; i++) {
            if (!axes.contains(i)) {
                parts.add(new Reshape.Product(i, i + 1));
            } else if (node.value(0).shape().dim(i) > 1) {
                throw new InvalidValueException(
                        "Squeeze of " + node.value(0) + " along axis " + i + ", which is not 1");
            }
        }
        node.out(new Reshape(parts), node.in(0));
    }

    private static void unsqueeze(ImportNode node) {
        long[] given = node.numbers("axes", 1);
        if (given == null) {
            throw new InvalidValueException("the axes are missing");
        }
        int rank = node.rank(0) + given.length;
        List<Integer> axes = node.axes(given, rank);
        List<Reshape.Part> parts = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < rank; i++) {
            if (axes.contains(i)) {
                parts.add(ImportNode.one());
            } else {
                parts.add(new Reshape.Product(from, from + 1));
                from++;
            }
        }
        node.out(new Reshape(parts), node.in(0));
    }

    private static void transpose(ImportNode node) {
        int rank = node.rank(0);
        long[] order = node.def().getInts("perm");
        List<Integer> dims = order == null
                ? IntStream.range(0, rank).mapToObj(i -> rank - 1 - i).toList()
                : Arrays.stream(order).mapToObj(Math::toIntExact).toList();
        node.out(new Movement.Transpose(dims), node.in(0));
    }

    // ---- Parts

    private static void slice(ImportNode node) {
        if (node.opset() < 10) {
            long[] starts = node.def().getInts("starts");
            long[] ends = node.def().getInts("ends");
            if (starts == null || ends == null || starts.length != ends.length) {
                throw new InvalidValueException("attributes \"starts\" and \"ends\" must be there, as many of each");
            }
            long[] axes = node.def().getInts("axes");
            if (axes == null) {
                axes = IntStream.range(0, starts.length).asLongStream().toArray();
            }
            node.out(
                    new Movement.Slice(),
                    node.in(0),
                    node.longs("starts", starts),
                    node.longs("ends", ends),
                    node.longs("axes", axes));
            return;
        }
        if (!node.has(1)) {
            node.same(0); // nothing is cut
            return;
        }
        if (isEmpty(node)) {
            node.importer().defineAbsent(node.def().outputs().get(0));
            return;
        }
        node.requireConstant(3);
        List<String> inputs = new ArrayList<>(List.of(node.in(0), node.in(1), node.in(2)));
        for (int i = 3; i < node.inputs(); i++) {
            inputs.add(node.optional(i));
        }
        node.out(new Movement.Slice(), inputs.toArray(String[]::new));
    }

    /** Whether nothing is left of a shape's numbers. */
    private static boolean isEmpty(ImportNode node) {
        boolean known = node.isConstant(1)
                && node.isConstant(2)
                && node.rank(0) == 1
                && node.value(0).shape().isKnown()
                && (!node.has(4) || node.isConstant(4));
        if (!known || node.numbers(1).length != 1 || node.numbers(2).length != 1) {
            return false;
        }
        long size = node.value(0).shape().dim(0);
        long start = node.numbers(1)[0];
        long end = node.numbers(2)[0];
        long step = node.has(4) ? node.numbers(4)[0] : 1;
        long first = start < 0 ? start + size : start;
        long last = end < 0 ? end + size : end;
        return step > 0 && Math.min(last, size) <= Math.max(first, 0);
    }

    private static void split(ImportNode node) {
        Movement.Split op = new Movement.Split(node.axis(node.getInt("axis", 0), node.rank(0)));
        if (node.def().has("split")) {
            node.outs(op, node.in(0), node.longs("split", node.def().getInts("split")));
        } else if (node.has(1)) {
            node.outs(op, node.in(0), node.in(1));
        } else {
            node.outs(op, node.in(0));
        }
    }

    private static void pad(ImportNode node) {
        Movement.Pad.Mode mode =
                switch (mode(node, "constant", "constant", "reflect", "edge", "wrap")) {
                    case "constant" -> Movement.Pad.Mode.CONSTANT;
                    case "reflect" -> Movement.Pad.Mode.REFLECT;
                    case "edge" -> Movement.Pad.Mode.EDGE;
                    default -> Movement.Pad.Mode.WRAP;
                };
        if (node.opset() < 11) {
            long[] pads = node.def().getInts("pads");
            if (pads == null) {
                throw new InvalidValueException("attribute \"pads\" is missing");
            }
            String value = node.scalar("value", node.value(0).dtype(), node.getFloat("value", 0));
            node.out(new Movement.Pad(mode), node.in(0), node.longs("pads", pads), value);
            return;
        }
        node.requireConstant(3);
        node.out(new Movement.Pad(mode), node.in(0), node.in(1), node.optional(2), node.optional(3));
    }

    private static void oneHot(ImportNode node) {
        int rank = node.rank(0) + 1;
        String indices = node.in(0);
        node.out(new Movement.OneHot(node.axis(node.getInt("axis", -1), rank)), indices, depth(node), node.in(2));
    }

    /** The depth may be of any type of number. */
    private static String depth(ImportNode node) {
        node.requireConstant(1);
        Tensor depth = node.constant(1);
        if (depth.dtype() == DType.S64 && depth.shape().rank() == 0) {
            return node.in(1);
        }
        long number =
                switch (depth.dtype()) {
                    case F32 -> (long) depth.toFloatArray()[0];
                    case S64 -> depth.toLongArray()[0];
                    default -> depth.toIntArray()[0];
                };
        return node.scalar("depth", DType.S64, number);
    }

    // ---- Resize

    private static Resize.Interpolation interpolation(ImportNode node) {
        return switch (mode(node, "nearest", "nearest", "linear", "bilinear", "cubic")) {
            case "nearest" -> Resize.Interpolation.NEAREST;
            case "cubic" -> Resize.Interpolation.CUBIC;
            default -> Resize.Interpolation.LINEAR;
        };
    }

    private static void upsample(ImportNode node) {
        String scales;
        if (node.opset() < 9) {
            float[] given = node.def().getFloats("scales");
            if (given == null) {
                throw new InvalidValueException("attribute \"scales\" is missing");
            }
            scales = node.constant("scales", Tensor.of(given));
        } else {
            scales = node.in(1);
        }
        node.out(asymmetric(interpolation(node)), node.in(0), "", scales, "");
    }

    /** As Upsample and the first Resize have it. */
    private static Resize asymmetric(Resize.Interpolation interpolation) {
        return new Resize(
                interpolation,
                Resize.Coordinates.ASYMMETRIC,
                Resize.Nearest.FLOOR,
                List.of(),
                -0.75f,
                false,
                0,
                Resize.Policy.STRETCH,
                false);
    }

    private static void resize(ImportNode node) {
        if (node.opset() < 11) {
            node.out(asymmetric(interpolation(node)), node.in(0), "", node.in(1), "");
            return;
        }
        int rank = node.rank(0);
        long[] axes = node.def().getInts("axes");
        List<Integer> over = axes == null ? List.of() : node.axes(axes, rank);
        Resize op = new Resize(
                interpolation(node),
                coordinates(node.def().getString("coordinate_transformation_mode", "half_pixel")),
                nearest(node.def().getString("nearest_mode", "round_prefer_floor")),
                over,
                node.getFloat("cubic_coeff_a", -0.75f),
                node.flag("exclude_outside"),
                node.getFloat("extrapolation_value", 0),
                policy(node.def().getString("keep_aspect_ratio_policy", "stretch")),
                node.flag("antialias"));
        node.out(op, node.in(0), inOrder(node, 1, axes), inOrder(node, 2, axes), inOrder(node, 3, axes));
    }

    /** What an input says of each of the axes, of each axis' end as well if it is a region, by ascending axes. */
    private static String inOrder(ImportNode node, int index, long[] axes) {
        if (axes == null || !node.has(index)) {
            return node.optional(index);
        }
        int count = axes.length;
        int rank = node.rank(0);
        List<Integer> order = IntStream.range(0, count)
                .boxed()
                .sorted(Comparator.comparingInt(i -> node.axis(axes[i], rank)))
                .toList();
        if (order.equals(order.stream().sorted().toList())) {
            return node.in(index);
        }
        long[] from = IntStream.range(0, index == 1 ? 2 * count : count)
                .mapToLong(i -> order.get(i % count) + i / count * count)
                .toArray();
        return node.add(new Movement.Gather(0), node.in(index), node.longs("order", from));
    }

    private static Resize.Coordinates coordinates(String name) {
        return switch (name) {
            case "half_pixel" -> Resize.Coordinates.HALF_PIXEL;
            case "half_pixel_symmetric" -> Resize.Coordinates.HALF_PIXEL_SYMMETRIC;
            case "pytorch_half_pixel" -> Resize.Coordinates.PYTORCH_HALF_PIXEL;
            case "align_corners" -> Resize.Coordinates.ALIGN_CORNERS;
            case "asymmetric" -> Resize.Coordinates.ASYMMETRIC;
            case "tf_half_pixel_for_nn" -> Resize.Coordinates.TF_HALF_PIXEL_FOR_NN;
            case "tf_crop_and_resize" -> Resize.Coordinates.TF_CROP_AND_RESIZE;
            default ->
                throw new InvalidValueException("attribute \"coordinate_transformation_mode\" is \"" + name + "\"");
        };
    }

    private static Resize.Nearest nearest(String name) {
        return switch (name) {
            case "round_prefer_floor", "" -> Resize.Nearest.ROUND_PREFER_FLOOR;
            case "round_prefer_ceil" -> Resize.Nearest.ROUND_PREFER_CEIL;
            case "floor" -> Resize.Nearest.FLOOR;
            case "ceil" -> Resize.Nearest.CEIL;
            default -> throw new InvalidValueException("attribute \"nearest_mode\" is \"" + name + "\"");
        };
    }

    private static Resize.Policy policy(String name) {
        return switch (name) {
            case "stretch" -> Resize.Policy.STRETCH;
            case "not_larger" -> Resize.Policy.NOT_LARGER;
            case "not_smaller" -> Resize.Policy.NOT_SMALLER;
            default -> throw new InvalidValueException("attribute \"keep_aspect_ratio_policy\" is \"" + name + "\"");
        };
    }
}

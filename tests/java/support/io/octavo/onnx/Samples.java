package io.octavo.onnx;

import io.octavo.graph.Activation;
import io.octavo.graph.Graph;
import io.octavo.graph.Movement;
import io.octavo.graph.Movement.Reshape;
import io.octavo.graph.Movement.Resize;
import io.octavo.graph.Node;
import io.octavo.graph.Normalization;
import io.octavo.graph.Op;
import io.octavo.graph.Pointwise;
import io.octavo.graph.Reduction;
import io.octavo.graph.Shapes;
import io.octavo.graph.Value;
import io.octavo.graph.Window;
import io.octavo.tensor.DType;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;

/** Small float graphs to be written: one operator of each kind on random values, or many of them one behind the other. */
final class Samples {
    /** A graph with inputs for one run. */
    record Sample(Graph graph, Map<String, Tensor> inputs) {}

    /** Kinds that are written by other operators, which round otherwise. */
    static final Set<String> DECOMPOSED = Set.of("layer norm true", "mean of parts", "mean of uneven parts");

    /** Kinds that no session runs. */
    static final Set<String> NOT_RUN =
            Set.of("transposed conv", "product", "product with a constant", "mean of uneven parts");

    /** Adds an operator on a value of F32 and gives its result; null: it takes no such value. */
    private interface Maker {
        String make(String name, String x);
    }

    private final Random random;
    private final Graph.Builder graph;
    private final Map<String, Tensor> inputs = new LinkedHashMap<>();
    private final Map<String, Maker> makers = new LinkedHashMap<>();
    private int constants;

    private Samples(String name, long seed) {
        random = new Random(seed);
        graph = Graph.builder(name);
        pointwise();
        products();
        pools();
        reductions();
        normalizations();
        movement();
        parts();
    }

    /** Names of the kinds of operators. */
    static List<String> kinds() {
        return List.copyOf(new Samples("kinds", 0).makers.keySet());
    }

    /** An operator of that kind on a picture of a batch that is free, and on a matrix, so far as it takes them. */
    static Sample of(String kind, long seed) {
        Samples made = new Samples(kind, seed);
        made.input("x", Dim.unknown("batch"), Dim.of(4), Dim.of(6), Dim.of(8));
        made.input("m", Dim.unknown("batch"), Dim.of(4));
        for (String x : List.of("x", "m")) {
            String y = made.makers.get(kind).make(kind + "/" + x, x);
            if (y != null) {
                made.output(y);
            }
        }
        return made.sample();
    }

    /** Operators at random, each on the result of one before. */
    static Sample random(long seed) {
        Samples made = new Samples("random " + seed, seed);
        boolean open = made.random.nextBoolean();
        made.input("x", open ? Dim.unknown("N") : Dim.of(2), Dim.of(4), Dim.of(6), Dim.of(8));
        made.input("m", open ? Dim.unknown("N") : Dim.of(3), Dim.of(4));
        List<String> values = new ArrayList<>(List.of("x", "m"));
        made.makers.keySet().removeAll(DECOMPOSED);
        made.makers.keySet().removeAll(NOT_RUN);
        // Results that nobody wants get names in a file, and with them other layouts and other roundings.
        made.makers.keySet().removeAll(Set.of("top false", "uneven parts"));
        List<Maker> kinds = List.copyOf(made.makers.values());
        int wanted = 2 + made.random.nextInt(8);
        for (int i = 0; values.size() < wanted + 2; i++) {
            String x = values.get(made.random.nextInt(values.size()));
            if (made.graph.value(x).dtype() == DType.F32) {
                String y = kinds.get(made.random.nextInt(kinds.size())).make("n" + i + "." + x.length(), x);
                if (y != null) {
                    values.add(y);
                }
            }
        }
        Graph draft = made.graph.output(values.get(values.size() - 1)).build();
        for (String value : values.subList(2, values.size() - 1)) {
            if (draft.consumers(value).isEmpty() || made.random.nextInt(4) == 0) {
                made.output(value);
            }
        }
        return made.sample();
    }

    private Sample sample() {
        return new Sample(graph.build(), inputs);
    }

    private void output(String value) {
        graph.output(value);
    }

    private void input(String name, Dim... dims) {
        Shape shape = Shape.ofDims(dims);
        graph.input(name, DType.F32, shape);
        long[] sizes = shape.dims();
        sizes[0] = sizes[0] == Shape.N ? 3 : sizes[0];
        inputs.put(name, floats(sizes));
    }

    Tensor floats(long... dims) {
        float[] values = new float[(int) Shape.of(dims).elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return Tensor.of(values, dims);
    }

    private String constant(Tensor data) {
        return graph.constant("c" + constants++, data);
    }

    private String numbers(long... values) {
        return constant(Tensor.ofLongs(values));
    }

    private int rank(String x) {
        return graph.value(x).shape().rank();
    }

    private long dim(String x, int axis) {
        return graph.value(x).shape().dim(axis);
    }

    private boolean known(String x, int from) {
        return IntStream.range(from, rank(x)).allMatch(d -> dim(x, d) != Shape.N);
    }

    private String node(String name, Op op, String... read) {
        return graph.node(new Node(name, op, List.of(read), List.of(name + ".out")), null);
    }

    private void row(String kind, Maker maker) {
        makers.put(kind, maker);
    }

    // ---- Functions of elements

    private void pointwise() {
        for (Pointwise.Unary.Function function : Pointwise.Unary.Function.values()) {
            if (function != Pointwise.Unary.Function.NOT) {
                boolean takes = function == Pointwise.Unary.Function.IS_INF;
                row(
                        function.name(),
                        (name, x) ->
                                node(name, new Pointwise.Unary(function, takes ? 1 : 0.75f, takes ? 0 : 0.25f), x));
            }
        }
        for (Pointwise.Binary.Function function : Pointwise.Binary.Function.values()) {
            if (function.ordinal() < Pointwise.Binary.Function.AND.ordinal()) {
                row(function.name(), (name, x) -> {
                    String other = constant(floats(dim(x, rank(x) - 1) == Shape.N ? 1 : dim(x, rank(x) - 1)));
                    return node(name, new Pointwise.Binary(function), x, other);
                });
            }
        }
        row("PRELU of a slope", (name, x) -> {
            if (rank(x) != 4) {
                return null;
            }
            String last = node(name + ".first", new Movement.Slice(), x, numbers(0), numbers(1), numbers(3));
            return node(name, new Pointwise.Binary(Pointwise.Binary.Function.PRELU), last, x);
        });
        for (Pointwise.Compare.Relation relation : Pointwise.Compare.Relation.values()) {
            row(relation.name(), (name, x) -> {
                String truth = node(name + ".truth", new Pointwise.Compare(relation), x, scalar(0.1f));
                String other = node(name + ".not", new Pointwise.Unary(Pointwise.Unary.Function.NOT), truth);
                String both = node(name + ".and", new Pointwise.Binary(Pointwise.Binary.Function.XOR), truth, other);
                return node(name, new Pointwise.Where(), both, x, scalar(2));
            });
        }
        for (DType dtype : new DType[] {DType.S32, DType.S64, DType.S8, DType.U8}) {
            row("cast to " + dtype, (name, x) -> {
                String positive = node(name + ".abs", new Pointwise.Unary(Pointwise.Unary.Function.ABS), x);
                String whole = node(name + ".whole", new Pointwise.Cast(dtype), positive);
                String sum = node(name + ".sum", new Pointwise.Binary(Pointwise.Binary.Function.ADD), whole, whole);
                String less = node(name + ".less", new Pointwise.Compare(Pointwise.Compare.Relation.LESS), sum, whole);
                String chosen = node(name + ".chosen", new Pointwise.Where(), less, whole, sum);
                return node(name, new Pointwise.Cast(DType.F32), chosen);
            });
        }
        row("cast to truth", (name, x) -> node(name, new Pointwise.Cast(DType.BOOL), x));
        row("relu", (name, x) -> node(name, new Op.Clamp(Activation.RELU), x));
        row("clamp", (name, x) -> node(name, new Op.Clamp(Activation.clamp(-0.5f, 1.25f)), x));
        row("add", (name, x) -> node(name, new Op.Add(Activation.RELU), x, x));
    }

    private String scalar(float number) {
        return constant(Tensor.of(new float[] {number}).reshape());
    }

    // ---- Products and pools

    private void products() {
        for (Activation activation : List.of(Activation.NONE, Activation.RELU, Activation.clamp(-1, 2))) {
            row("conv " + activation, (name, x) -> {
                if (rank(x) != 4 || !known(x, 1) || dim(x, 1) % 2 != 0) {
                    return null;
                }
                int groups = random.nextInt(2) + 1;
                Window window = Window.of(3, 1 + 2 * random.nextInt(2))
                        .padding(1, 2, 2, 1)
                        .stride(1 + random.nextInt(2), 1)
                        .dilation(1 + random.nextInt(2), 1);
                if (dim(x, 2) < 3) {
                    return null;
                }
                String w = constant(floats(4, dim(x, 1) / groups, 3, window.kernelW()));
                Op op = new Op.Conv2d(window, groups, activation);
                return random.nextBoolean() ? node(name, op, x, w) : node(name, op, x, w, constant(floats(4)));
            });
            row("residual " + activation, (name, x) -> {
                if (rank(x) != 4 || !known(x, 1)) {
                    return null;
                }
                String w = constant(floats(dim(x, 1), dim(x, 1), 3, 3));
                Op op = new Op.Conv2d(Window.of(3).padding(1), 1, activation);
                return node(name, op, x, w, constant(floats(dim(x, 1))), x);
            });
            row("linear " + activation, (name, x) -> {
                if (rank(x) < 2 || !known(x, rank(x) - 1)) {
                    return null;
                }
                String w = constant(floats(3, dim(x, rank(x) - 1)));
                Op op = new Op.Linear(activation);
                return random.nextBoolean() ? node(name, op, x, w) : node(name, op, x, w, constant(floats(3)));
            });
        }
        row("transposed conv", (name, x) -> {
            if (rank(x) != 4 || !known(x, 1)) {
                return null;
            }
            Window window = Window.of(3, 2).stride(2, 1).padding(1, 0);
            String w = constant(floats(dim(x, 1), 3, 3, 2));
            return node(name, new Op.ConvTranspose(window, 1, 1, 0), x, w, constant(floats(3)));
        });
        row("product", (name, x) -> {
            if (rank(x) < 3 || !known(x, 1)) {
                return null;
            }
            int rank = rank(x);
            List<Integer> order =
                    new ArrayList<>(IntStream.range(0, rank).boxed().toList());
            order.add(rank - 2, order.remove(rank - 1));
            return node(name, new Op.MatMul(), x, node(name + ".t", new Movement.Transpose(order), x));
        });
        row("product with a constant", (name, x) -> {
            if (rank(x) < 2 || !known(x, 1)) {
                return null;
            }
            return node(name, new Op.MatMul(), x, constant(floats(dim(x, rank(x) - 1), 5)));
        });
    }

    private void pools() {
        for (boolean flag : new boolean[] {false, true}) {
            row(
                    "greatest of windows " + flag,
                    (name, x) -> image(x, 3)
                            ? node(name, new Op.MaxPool2d(Window.of(3).stride(2).padding(1), flag), x)
                            : null);
            row(
                    "mean of windows " + flag,
                    (name, x) -> image(x, 3)
                            ? node(
                                    name,
                                    new Op.AvgPool2d(Window.of(3, 2).stride(2).padding(1, 0), false, flag),
                                    x)
                            : null);
        }
        row("mean of all", (name, x) -> rank(x) == 4 ? node(name, new Op.AdaptiveAvgPool2d(1, 1), x) : null);
        row(
                "mean of parts",
                (name, x) -> image(x, 2) && dim(x, 2) % 2 == 0 && dim(x, 3) % 2 == 0
                        ? node(name, new Op.AdaptiveAvgPool2d(2, 2), x)
                        : null);
        row("mean of uneven parts", (name, x) -> image(x, 5) ? node(name, new Op.AdaptiveAvgPool2d(4, 3), x) : null);
        row("flatten", (name, x) -> node(name, new Op.Flatten(), rank(x) >= 2 ? x : column(name, x)));
    }

    private String column(String name, String x) {
        return node(name + ".column", new Reshape(List.of(new Reshape.Rest(), new Reshape.Number(1))), x);
    }

    private boolean image(String x, int size) {
        return rank(x) == 4 && known(x, 1) && dim(x, 2) >= size && dim(x, 3) >= size;
    }

    // ---- Many elements together

    private void reductions() {
        for (Reduction.Reduce.Kind kind : Reduction.Reduce.Kind.values()) {
            for (boolean keep : new boolean[] {false, true}) {
                row("reduce " + kind + " " + keep, (name, x) -> {
                    if (rank(x) < 2) {
                        return null;
                    }
                    List<Integer> axes = rank(x) == 4 ? List.of(1, 3) : List.of(rank(x) - 1);
                    return node(name, new Reduction.Reduce(kind, axes, keep), x);
                });
            }
        }
        for (DType dtype : new DType[] {DType.S32, DType.S64, DType.U8}) {
            row("sum of " + dtype, (name, x) -> {
                if (rank(x) < 1) {
                    return null;
                }
                String positive = node(name + ".abs", new Pointwise.Unary(Pointwise.Unary.Function.ABS), x);
                String whole = node(name + ".whole", new Pointwise.Cast(dtype), positive);
                return node(name, new Reduction.Reduce(Reduction.Reduce.Kind.SUM, List.of(rank(x) - 1), true), whole);
            });
        }
        row("softmax", (name, x) -> rank(x) >= 2 ? node(name, new Op.Softmax(), x) : null);
        row(
                "softmax of channels",
                (name, x) -> rank(x) == 4 ? node(name, new Reduction.SoftmaxAlong(1, false), x) : null);
        row("log softmax", (name, x) -> rank(x) >= 2 ? node(name, new Reduction.SoftmaxAlong(1, true), x) : null);
        for (boolean greatest : new boolean[] {false, true}) {
            row(
                    "place " + greatest,
                    (name, x) ->
                            rank(x) >= 2 ? node(name, new Reduction.ArgReduce(greatest, 1, greatest, false), x) : null);
            row("top " + greatest, (name, x) -> {
                if (rank(x) < 2 || dim(x, 1) < 2) {
                    return null;
                }
                Op op = new Reduction.TopK(1, greatest);
                List<String> outputs = List.of(greatest ? name + ".values" : "", name + ".places");
                graph.node(new Node(name, op, List.of(x, numbers(2)), outputs), null);
                return outputs.get(greatest ? 0 : 1);
            });
            row(
                    "running sum " + greatest,
                    (name, x) -> rank(x) >= 2 ? node(name, new Reduction.CumSum(1, greatest, !greatest), x) : null);
        }
    }

    private void normalizations() {
        row("batch norm", (name, x) -> {
            if (rank(x) < 2 || dim(x, 1) == Shape.N) {
                return null;
            }
            long c = dim(x, 1);
            float[] variance = floats(c).toFloatArray();
            for (int i = 0; i < c; i++) {
                variance[i] = Math.abs(variance[i]) + 0.5f;
            }
            String[] parameters = {
                constant(floats(c)), constant(floats(c)), constant(floats(c)), constant(Tensor.of(variance))
            };
            return node(
                    name,
                    new Op.BatchNorm(1e-4f, 0.25f),
                    x,
                    parameters[0],
                    parameters[1],
                    parameters[2],
                    parameters[3]);
        });
        for (boolean rms : new boolean[] {false, true}) {
            row("layer norm " + rms, (name, x) -> {
                if (rank(x) < 2 || !known(x, 1)) {
                    return null;
                }
                long size = dim(x, rank(x) - 1);
                Op op = new Normalization.LayerNorm(rank(x) - 1, 1e-3f, rms);
                return switch (random.nextInt(3)) {
                    case 0 -> node(name, op, x);
                    case 1 -> node(name, op, x, constant(floats(size)));
                    default -> node(name, op, x, constant(floats(size)), constant(floats(size)));
                };
            });
        }
        for (int groups : new int[] {0, 2}) {
            row("group norm " + groups, (name, x) -> {
                if (rank(x) != 4 || dim(x, 1) == Shape.N || dim(x, 1) % 2 != 0) {
                    return null;
                }
                String scale = constant(floats(dim(x, 1)));
                return node(name, new Normalization.GroupNorm(groups, 1e-3f), x, scale, constant(floats(dim(x, 1))));
            });
        }
        row(
                "local response",
                (name, x) ->
                        rank(x) == 4 ? node(name, new Normalization.LocalResponse(3, 0.5f, 0.75f, 1.5f), x) : null);
    }

    // ---- Movement

    private void movement() {
        row(
                "reshape",
                (name, x) -> rank(x) == 4 && known(x, 1) && dim(x, 1) * dim(x, 3) % 2 == 0
                        ? node(
                                name,
                                new Reshape(List.of(
                                        new Reshape.Product(0, 1),
                                        new Reshape.Number(2),
                                        new Reshape.Rest(),
                                        new Reshape.Product(2, 3))),
                                x)
                        : null);
        row(
                "swapped sizes",
                (name, x) -> rank(x) >= 2
                        ? node(
                                name,
                                new Reshape(List.of(new Reshape.Product(1, rank(x)), new Reshape.Product(0, 1))),
                                x)
                        : null);
        row(
                "flat",
                (name, x) -> rank(x) >= 2
                        ? node(
                                name,
                                new Reshape(List.of(
                                        new Reshape.Product(0, rank(x) - 1),
                                        new Reshape.Product(rank(x) - 1, rank(x)))),
                                x)
                        : null);
        row("unsqueezed", (name, x) -> {
            List<Reshape.Part> parts = new ArrayList<>(List.of(new Reshape.Number(1)));
            IntStream.range(0, rank(x)).forEach(d -> parts.add(new Reshape.Product(d, d + 1)));
            return rank(x) < 5 ? node(name, new Reshape(parts), x) : null;
        });
        row("squeezed", (name, x) -> {
            if (rank(x) != 4) {
                return null;
            }
            String one = node(name + ".mean", new Reduction.Reduce(Reduction.Reduce.Kind.MEAN, List.of(2), true), x);
            List<Reshape.Part> parts =
                    List.of(new Reshape.Product(0, 1), new Reshape.Product(1, 2), new Reshape.Product(3, 4));
            return node(name, new Reshape(parts), one);
        });
        row("like another", (name, x) -> {
            String like = node(name + ".shape", new Shapes.ShapeOf(0, rank(x)), x);
            String flat = node(name + ".flat", new Reshape(List.of(new Reshape.Rest())), x);
            return node(name, new Reshape(null, true), flat, like);
        });
        row("transpose", (name, x) -> {
            List<Integer> order =
                    new ArrayList<>(IntStream.range(0, rank(x)).boxed().toList());
            java.util.Collections.shuffle(order, random);
            return rank(x) >= 2 ? node(name, new Movement.Transpose(order), x) : null;
        });
        row("expand", (name, x) -> {
            long[] shape = new long[rank(x) + 1];
            Arrays.fill(shape, 1);
            shape[0] = 2;
            return rank(x) < 5 ? node(name, new Movement.Expand(), x, numbers(shape)) : null;
        });
        row("tile", (name, x) -> {
            long[] repeats = new long[rank(x)];
            Arrays.fill(repeats, 1);
            repeats[rank(x) - 1] = 2;
            return rank(x) >= 2 && known(x, 1) ? node(name, new Movement.Tile(), x, numbers(repeats)) : null;
        });
        row(
                "lower triangle",
                (name, x) -> rank(x) >= 2
                        ? node(
                                name,
                                new Movement.Trilu(false),
                                x,
                                constant(Tensor.ofLongs(new long[] {1}).reshape()))
                        : null);
        row("upper triangle", (name, x) -> rank(x) >= 2 ? node(name, new Movement.Trilu(true), x) : null);
        row("one hot", (name, x) -> {
            String depth = constant(Tensor.ofLongs(new long[] {3}).reshape());
            String whole = node(name + ".whole", new Pointwise.Cast(DType.S64), x);
            String values = constant(Tensor.of(new float[] {-1, 2}));
            return rank(x) < 5 ? node(name, new Movement.OneHot(rank(x)), whole, depth, values) : null;
        });
        row(
                "depth to space",
                (name, x) -> rank(x) == 4 && dim(x, 1) == 4
                        ? node(name, new Movement.DepthToSpace(2, random.nextBoolean()), x)
                        : null);
        row(
                "space to depth",
                (name, x) -> image(x, 2) && dim(x, 2) % 2 == 0 && dim(x, 3) % 2 == 0
                        ? node(name, new Movement.SpaceToDepth(2), x)
                        : null);
        for (Resize.Interpolation mode : Resize.Interpolation.values()) {
            row(
                    "resize by scales " + mode,
                    (name, x) -> image(x, 4)
                            ? node(name, resize(mode, List.of()), x, "", constant(Tensor.of(new float[] {1, 1, 2, 1.5f
                            })))
                            : null);
            row(
                    "resize to sizes " + mode,
                    (name, x) ->
                            image(x, 4) ? node(name, resize(mode, List.of(2, 3)), x, "", "", numbers(5, 9)) : null);
        }
        row(
                "pixels of TensorFlow",
                (name, x) -> image(x, 4)
                        ? node(
                                name,
                                new Resize(
                                        Resize.Interpolation.NEAREST,
                                        Resize.Coordinates.TF_HALF_PIXEL_FOR_NN,
                                        Resize.Nearest.FLOOR,
                                        List.of(),
                                        -0.75f,
                                        false,
                                        0,
                                        Resize.Policy.STRETCH,
                                        false),
                                x,
                                "",
                                constant(Tensor.of(new float[] {1, 1, 1.5f, 0.5f})))
                        : null);
    }

    private Resize resize(Resize.Interpolation mode, List<Integer> axes) {
        Resize.Coordinates[] coordinates = {
            Resize.Coordinates.HALF_PIXEL,
            Resize.Coordinates.ASYMMETRIC,
            Resize.Coordinates.ALIGN_CORNERS,
            Resize.Coordinates.PYTORCH_HALF_PIXEL
        };
        Resize.Coordinates chosen = coordinates[random.nextInt(coordinates.length)];
        return new Resize(mode, chosen, Resize.Nearest.FLOOR, axes, -0.75f, false, 0, Resize.Policy.STRETCH, false);
    }

    private void parts() {
        row(
                "slice",
                (name, x) -> rank(x) >= 2 && known(x, 1) && dim(x, rank(x) - 1) >= 4
                        ? node(name, new Movement.Slice(), x, numbers(-1), numbers(-4), numbers(-1), numbers(-2))
                        : null);
        row("concat", (name, x) -> rank(x) >= 2 ? node(name, new Movement.Concat(1), x, x) : null);
        row("split", (name, x) -> {
            if (rank(x) < 2 || dim(x, 1) != 4) {
                return null;
            }
            List<String> outputs = List.of(name + ".left", name + ".right");
            graph.node(new Node(name, new Movement.Split(1), List.of(x, numbers(1, 3)), outputs), null);
            return outputs.get(random.nextInt(2));
        });
        row("uneven parts", (name, x) -> {
            if (rank(x) < 2 || dim(x, 1) != 4) {
                return null;
            }
            List<String> outputs = List.of(name + ".a", "", name + ".c");
            graph.node(new Node(name, new Movement.Split(rank(x) - 1), List.of(x, lengths(x)), outputs), null);
            return outputs.get(2);
        });
        row("halves", (name, x) -> {
            if (rank(x) < 2 || dim(x, 1) != 4) {
                return null;
            }
            List<String> outputs = List.of(name + ".a", name + ".b");
            graph.node(new Node(name, new Movement.Split(1), List.of(x), outputs), null);
            return outputs.get(1);
        });
        for (Movement.Pad.Mode mode : Movement.Pad.Mode.values()) {
            row("pad " + mode, (name, x) -> {
                if (rank(x) < 2 || !known(x, 1) || dim(x, rank(x) - 1) < 3) {
                    return null;
                }
                long[] pads = new long[2 * rank(x)];
                pads[rank(x) - 1] = 1;
                pads[2 * rank(x) - 1] = 2;
                return node(name, new Movement.Pad(mode), x, numbers(pads), scalar(0.5f));
            });
        }
        row(
                "pad of an axis",
                (name, x) -> rank(x) >= 2 && known(x, 1)
                        ? node(name, new Movement.Pad(Movement.Pad.Mode.CONSTANT), x, numbers(1, -1), "", numbers(-1))
                        : null);
        row(
                "gather",
                (name, x) -> rank(x) >= 2 && dim(x, 1) >= 3
                        ? node(name, new Movement.Gather(1), x, constant(Tensor.ofInts(new int[] {2, -1, 0}, 3, 1)))
                        : null);
        row("gather of elements", (name, x) -> {
            if (rank(x) != 2 || dim(x, 1) < 3) {
                return null;
            }
            Op op = new Movement.Gather(Movement.Gather.Kind.ELEMENTS, 1, 0);
            return node(name, op, x, constant(Tensor.ofLongs(new long[] {2, 1}, 1, 2)));
        });
        row("gather at places", (name, x) -> {
            Op op = new Movement.Gather(Movement.Gather.Kind.TUPLES, 0, 0);
            return rank(x) >= 2 && dim(x, 1) >= 3
                    ? node(name, op, x, constant(Tensor.ofInts(new int[] {0, 2, 1, 0}, 2, 2)))
                    : null;
        });
        row("range and fill", (name, x) -> {
            String size = node(name + ".size", new Shapes.SizeOf(), x);
            String start = constant(Tensor.ofLongs(new long[] {0}).reshape());
            String step = constant(Tensor.ofLongs(new long[] {2}).reshape());
            String range = node(name + ".range", new Shapes.Range(), start, size, step);
            String shape = node(name + ".shape", new Shapes.ShapeOf(0, 1), x);
            String fill = node(name + ".fill", new Shapes.Fill(DType.S64, 3), shape);
            String real = node(name + ".real", new Pointwise.Cast(DType.F32), range);
            String filled = node(name + ".filled", new Pointwise.Cast(DType.F32), fill);
            return node(name, new Movement.Concat(0), real, filled);
        });
    }

    private String lengths(String x) {
        long size = dim(x, rank(x) - 1);
        return numbers(1, size - 3, 2);
    }

    /** What two values say of type and shape is the same. */
    static boolean alike(Value a, Value b) {
        return a.name().equals(b.name()) && a.dtype() == b.dtype() && a.shape().equals(b.shape());
    }
}

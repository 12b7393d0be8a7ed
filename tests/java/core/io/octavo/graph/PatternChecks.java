package io.octavo.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.octavo.runtime.Session;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;

/** Graphs of one input in a few lines, and what every pattern must keep. */
final class PatternChecks {
    private static final double TOLERANCE = 2e-5;

    /** A graph in the making. */
    static final class Network {
        final Graph.Builder builder = Graph.builder("test");
        private final SplittableRandom random = new SplittableRandom(5);
        private int nodes;

        Network(long... dims) {
            builder.input("x", DType.F32, Shape.of(dims));
        }

        String op(Op op, String... inputs) {
            nodes++;
            return builder.node(op.type().toLowerCase() + nodes, op, List.of(inputs));
        }

        String binary(Pointwise.Binary.Function function, String a, String b) {
            return op(new Pointwise.Binary(function), a, b);
        }

        String add(String a, String b) {
            return binary(Pointwise.Binary.Function.ADD, a, b);
        }

        String sub(String a, String b) {
            return binary(Pointwise.Binary.Function.SUB, a, b);
        }

        String mul(String a, String b) {
            return binary(Pointwise.Binary.Function.MUL, a, b);
        }

        String div(String a, String b) {
            return binary(Pointwise.Binary.Function.DIV, a, b);
        }

        String pow(String a, String b) {
            return binary(Pointwise.Binary.Function.POW, a, b);
        }

        String unary(Pointwise.Unary.Function function, String x) {
            return op(new Pointwise.Unary(function), x);
        }

        String clamp(Activation activation, String x) {
            return op(new Op.Clamp(activation), x);
        }

        String reduce(Reduction.Reduce.Kind kind, boolean keep, String x, Integer... axes) {
            return op(new Reduction.Reduce(kind, List.of(axes), keep), x);
        }

        String reshape(String x, long... dims) {
            return op(new Movement.Reshape(null, false), x, longs(dims));
        }

        String transpose(String x, Integer... order) {
            return op(new Movement.Transpose(List.of(order)), x);
        }

        String number(double value) {
            return constant(Tensor.of(new float[] {(float) value}, new long[] {1}));
        }

        String longs(long... values) {
            return constant(Tensor.ofLongs(values));
        }

        String constant(Tensor data) {
            nodes++;
            return builder.constant("c" + nodes, data);
        }

        String random(double low, double high, long... dims) {
            return constant(PatternChecks.random(random, low, high, dims));
        }

        Graph graph(String... outputs) {
            for (String output : outputs) {
                builder.output(output);
            }
            return builder.build();
        }
    }

    private PatternChecks() {}

    static Tensor random(SplittableRandom random, double low, double high, long... dims) {
        Tensor tensor = Tensor.zeros(DType.F32, dims);
        for (int i = 0; i < tensor.elements(); i++) {
            tensor.floats().put(i, (float) random.nextDouble(low, high));
        }
        return tensor;
    }

    static List<String> types(Graph graph) {
        return graph.nodes().stream().map(node -> node.op().type()).toList();
    }

    /** The graph made simple: of those operators in this order, of the same results, and as simple as it gets. */
    static Graph becomes(Graph before, String... types) {
        Graph after = keeps(before);
        assertEquals(List.of(types), types(after), () -> before + " became " + after);
        return after;
    }

    /** The graph made simple, which computes the same by plain loops and in a session. */
    static Graph keeps(Graph before) {
        Graph after = Passes.simplify(before);
        assertSame(after, Passes.simplify(after), "simple graphs stay as they are");
        assertEquals(before.inputs(), after.inputs());
        assertEquals(
                before.outputs().stream().map(PatternChecks::described).toList(),
                after.outputs().stream().map(PatternChecks::described).toList());
        SplittableRandom random = new SplittableRandom(7);
        Map<String, Tensor> inputs = new HashMap<>();
        for (Value input : before.inputs()) {
            inputs.put(input.name(), random(random, -4, 4, input.shape().dims()));
        }
        Map<String, double[]> expected = ReferenceRunner.run(before, inputs);
        Map<String, double[]> found = ReferenceRunner.run(after, inputs);
        try (Session plain = Session.builder(before).threads(1).build();
                Session simple = Session.builder(after).threads(1).build()) {
            Map<String, Tensor> run = plain.run(inputs);
            Map<String, Tensor> again = simple.run(inputs);
            for (Value output : before.outputs()) {
                String name = output.name();
                near(expected.get(name), found.get(name), name + " by plain loops in " + after);
                near(real(run.get(name)), real(again.get(name)), name + " in a session of " + after);
                near(expected.get(name), real(again.get(name)), name + " of both in " + after);
            }
        }
        return after;
    }

    private static String described(Value value) {
        return value.name() + value.dtype() + value.shape();
    }

    private static double[] real(Tensor tensor) {
        float[] values = tensor.toFloatArray();
        double[] numbers = new double[values.length];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = values[i];
        }
        return numbers;
    }

    private static void near(double[] expected, double[] found, String what) {
        double range = 1;
        for (double value : expected) {
            range = Math.max(range, Math.abs(value));
        }
        assertArrayEquals(expected, found, TOLERANCE * range, what);
    }

    /**
     * What is written so becomes one operator; and stays what it is, computing the same, if any inner value is an output, or is read by
     * somebody else.
     */
    static void recognizes(String type, long[] dims, Function<Network, String> written) {
        recognizes(type, dims, true, written);
    }

    /** @param whole whether nothing of it is recognized where an inner value is needed */
    static void recognizes(String type, long[] dims, boolean whole, Function<Network, String> written) {
        Network alone = new Network(dims);
        Graph graph = alone.graph(written.apply(alone));
        becomes(graph, type);
        List<String> inner = new ArrayList<>();
        for (Node node : graph.nodes()) {
            if (!graph.isOutput(node.output())) {
                inner.add(node.output());
            }
        }
        for (String value : inner) {
            Network given = new Network(dims);
            Graph kept = keeps(given.graph(written.apply(given), value));
            Network read = new Network(dims);
            String result = written.apply(read);
            Graph shared = keeps(read.graph(result, read.unary(Pointwise.Unary.Function.ABS, value)));
            assertFalse(whole && types(kept).contains(type), () -> value + " is an output of " + kept);
            assertFalse(whole && types(shared).contains(type), () -> value + " is read in " + shared);
        }
    }
}

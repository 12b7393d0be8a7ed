package io.octavo.onnx;

import io.octavo.InvalidValueException;
import io.octavo.graph.Movement;
import io.octavo.graph.Movement.Reshape;
import io.octavo.graph.Op;
import io.octavo.graph.Pointwise.Binary;
import io.octavo.graph.Pointwise.Unary;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * Recurrent layers, written out: a product with the inputs of all steps at once, then for each step a product with the state before it
 * and what follows. The number of steps must be known.
 */
final class RecurrentImports {
    /** Steps that are still written out. */
    private static final int MOST_STEPS = 1024;

    private final ImportNode node;
    private final int gates;
    private final long hidden;
    private final int steps;
    private final boolean batchFirst;

    private RecurrentImports(ImportNode node, int gates) {
        this.node = node;
        this.gates = gates;
        batchFirst = node.flag("layout");
        if (node.rank(0) != 3) {
            throw new InvalidValueException("x is " + node.value(0) + ", expected [steps, batch, features]");
        }
        long length = node.value(0).shape().dim(batchFirst ? 1 : 0);
        if (length == Shape.N) {
            throw node.unsupported(node.def().opType() + " over a number of steps that is not known, \""
                    + node.value(0).shape().dimension(batchFirst ? 1 : 0) + "\" (say the shape of the input),");
        }
        if (length > MOST_STEPS) {
            throw node.unsupported(node.def().opType() + " over " + length + " steps, more than " + MOST_STEPS + ",");
        }
        steps = (int) length;
        hidden = node.requiredInt("hidden_size");
    }

    static void addTo(Imports.Table table) {
        table.row("LSTM", node -> new RecurrentImports(node, 4).layer());
        table.row("GRU", node -> new RecurrentImports(node, 3).layer());
        table.row("RNN", node -> new RecurrentImports(node, 1).layer());
    }

    /** The states of one direction, by step of time, and the last ones. */
    private record Direction(List<String> states, String last, String cell) {}

    private void layer() {
        requirePlain();
        String direction = node.def().getString("direction", "forward").toLowerCase(Locale.ROOT);
        List<Boolean> backwards =
                switch (direction) {
                    case "forward" -> List.of(false);
                    case "reverse" -> List.of(true);
                    case "bidirectional" -> List.of(false, true);
                    default -> throw new InvalidValueException("attribute \"direction\" is \"" + direction + "\"");
                };
        requireShape(
                1,
                Shape.of(backwards.size(), gates * hidden, node.value(0).shape().dim(2)));
        requireShape(2, Shape.of(backwards.size(), gates * hidden, hidden));
        if (node.has(3)) {
            requireShape(3, Shape.of(backwards.size(), 2 * gates * hidden));
        }
        String x = batchFirst ? node.add(new Movement.Transpose(List.of(1, 0, 2)), node.in(0)) : node.in(0);
        List<Direction> directions = new ArrayList<>();
        for (int d = 0; d < backwards.size(); d++) {
            directions.add(direction(x, d, backwards.get(d)));
        }
        if (node.def().hasOutput(0)) {
            List<String> all = directions.stream()
                    .map(one -> joined(0, one.states.stream().map(this::row).toList()))
                    .toList();
            String y = joined(1, all);
            node.importer()
                    .define(
                            node.def().outputs().get(0),
                            batchFirst ? node.add(new Movement.Transpose(List.of(2, 0, 1, 3)), y) : y);
        }
        last(1, directions.stream().map(Direction::last).toList());
        last(2, directions.stream().map(Direction::cell).toList());
    }

    /** [batch, hidden] as [1, 1, batch, hidden]. */
    private String row(String state) {
        return node.reshape(
                state,
                List.of(ImportNode.one(), ImportNode.one(), new Reshape.Product(0, 1), new Reshape.Product(1, 2)));
    }

    /** An output of the states after all steps. */
    private void last(int output, List<String> states) {
        if (!node.def().hasOutput(output)) {
            return;
        }
        List<String> all = states.stream()
                .map(state -> node.reshape(
                        state, List.of(ImportNode.one(), new Reshape.Product(0, 1), new Reshape.Product(1, 2))))
                .toList();
        String y = joined(0, all);
        node.importer()
                .define(
                        node.def().outputs().get(output),
                        batchFirst ? node.add(new Movement.Transpose(List.of(1, 0, 2)), y) : y);
    }

    /** Refuses what makes another layer of it. */
    private void requirePlain() {
        if (node.has(4)) {
            if (Arrays.stream(node.numbers(4)).anyMatch(length -> length != steps)) {
                throw node.unsupported(node.def().opType() + " over other numbers of steps from sample to sample");
            }
        }
        if (node.has(7) || node.def().has("clip") || node.flag("input_forget")) {
            throw node.unsupported(node.def().opType() + " with peepholes, a clip, or coupled gates");
        }
        List<String> usual =
                switch (gates) {
                    case 4 -> List.of("sigmoid", "tanh", "tanh");
                    case 3 -> List.of("sigmoid", "tanh");
                    default -> List.of("tanh");
                };
        List<String> given = node.def().getStrings("activations");
        for (int i = 0; given != null && i < given.size(); i++) {
            if (!given.get(i).toLowerCase(Locale.ROOT).equals(usual.get(i % usual.size()))) {
                throw node.unsupported(node.def().opType() + " with activations " + given);
            }
        }
    }

    private void requireShape(int input, Shape expected) {
        node.requireConstant(input);
        if (!node.value(input).shape().equals(expected)) {
            throw new InvalidValueException("input " + input + " is " + node.value(input) + ", expected " + expected);
        }
    }

    // ---- One direction

    private Direction direction(String x, int d, boolean backwards) {
        String w = node.constant(
                "w" + d, part(1, d, 0, gates, node.value(0).shape().dim(2)));
        float[] ofInput = node.has(3) ? vector(d, 0) : new float[(int) (gates * hidden)];
        float[] ofState = node.has(3) ? vector(d, gates) : new float[(int) (gates * hidden)];
        // Of a GRU the new state's gate takes its two biases apart.
        boolean reset = gates == 3 && node.flag("linear_before_reset");
        int shared = (int) ((reset ? 2 : gates) * hidden);
        for (int i = 0; i < shared; i++) {
            ofInput[i] += ofState[i];
        }
        String bias = node.constant("b" + d, Tensor.of(ofInput));
        List<String> parts = split(0, Collections.nCopies(steps, 1L), node.add(new Op.Linear(), x, w, bias));
        String h = node.has(5) ? initial(5, d) : null;
        String c = node.has(6) ? initial(6, d) : null;
        Cell cell =
                switch (gates) {
                    case 4 -> new Lstm(d);
                    case 3 -> reset ? new GruAfter(d, Arrays.copyOfRange(ofState, shared, ofState.length)) : new Gru(d);
                    default -> new Rnn(d);
                };
        String[] states = new String[steps];
        for (int i = 0; i < steps; i++) {
            int t = backwards ? steps - 1 - i : i;
            String in = node.reshape(parts.get(t), List.of(new Reshape.Product(0, 2), new Reshape.Product(2, 3)));
            String[] next = cell.step(in, h, c);
            h = next[0];
            c = next[1];
            states[t] = h;
        }
        return new Direction(List.of(states), h, c);
    }

    /** Rows of a weight: gates {@code from} to {@code to} of a direction. */
    private Tensor part(int input, int d, int from, int to, long columns) {
        float[] all = node.constant(input).toFloatArray();
        int row = (int) (hidden * columns);
        int start = (d * gates + from) * row;
        return Tensor.of(Arrays.copyOfRange(all, start, start + (to - from) * row), (to - from) * hidden, columns);
    }

    /** Half of a direction's biases. */
    private float[] vector(int d, int from) {
        float[] all = node.constant(3).toFloatArray();
        int start = (int) ((2L * d * gates + from) * hidden);
        return Arrays.copyOfRange(all, start, start + (int) (gates * hidden));
    }

    /** A direction's state before the first step, [batch, hidden]. */
    private String initial(int input, int d) {
        String given = node.in(input);
        if (batchFirst) {
            given = node.add(new Movement.Transpose(List.of(1, 0, 2)), given);
        }
        String one = node.add(
                new Movement.Slice(), given, node.longs("from", d), node.longs("to", d + 1L), node.longs("axis", 0));
        return node.reshape(one, List.of(new Reshape.Product(0, 2), new Reshape.Product(2, 3)));
    }

    // ---- Steps

    /** A step: from what the input adds to the gates and the states before it (null: zeros) to the states after it. */
    private interface Cell {
        String[] step(String in, String h, String c);
    }

    private String recurrence(int d, int from, int to) {
        return node.constant("r" + d, part(2, d, from, to, hidden));
    }

    private final class Lstm implements Cell {
        private final String r;

        Lstm(int d) {
            r = recurrence(d, 0, 4);
        }

        @Override
        public String[] step(String in, String h, String c) {
            String sums = h == null ? in : plus(in, node.add(new Op.Linear(), h, r));
            List<String> parts = split(1, List.of(3 * hidden, hidden), sums);
            List<String> open = split(1, List.of(hidden, hidden, hidden), sigmoid(parts.get(0)));
            String added = times(open.get(0), tanh(parts.get(1)));
            String cell = c == null ? added : plus(times(open.get(2), c), added);
            return new String[] {times(open.get(1), tanh(cell)), cell};
        }
    }

    /** The reset gate works on the state. */
    private final class Gru implements Cell {
        private final String gatesOfState;
        private final String newOfState;

        Gru(int d) {
            gatesOfState = recurrence(d, 0, 2);
            newOfState = recurrence(d, 2, 3);
        }

        @Override
        public String[] step(String in, String h, String c) {
            List<String> parts = split(1, List.of(2 * hidden, hidden), in);
            String sums = h == null ? parts.get(0) : plus(parts.get(0), node.add(new Op.Linear(), h, gatesOfState));
            List<String> open = split(1, List.of(hidden, hidden), sigmoid(sums));
            String made = h == null
                    ? tanh(parts.get(1))
                    : tanh(plus(parts.get(1), node.add(new Op.Linear(), times(open.get(1), h), newOfState)));
            return new String[] {mixed(open.get(0), made, h), null};
        }
    }

    /** The reset gate works on the product with the state. */
    private final class GruAfter implements Cell {
        private final String r;
        private final String bias;
        private final String newBias;

        GruAfter(int d, float[] ofNew) {
            r = recurrence(d, 0, 3);
            float[] all = new float[(int) (3 * hidden)];
            System.arraycopy(ofNew, 0, all, (int) (2 * hidden), ofNew.length);
            bias = node.constant("rb" + d, Tensor.of(all));
            newBias = node.constant("rn" + d, Tensor.of(ofNew));
        }

        @Override
        public String[] step(String in, String h, String c) {
            List<String> parts = split(1, List.of(2 * hidden, hidden), in);
            String sums = parts.get(0);
            String ofState = newBias;
            if (h != null) {
                List<String> products = split(1, List.of(2 * hidden, hidden), node.add(new Op.Linear(), h, r, bias));
                sums = plus(sums, products.get(0));
                ofState = products.get(1);
            }
            List<String> open = split(1, List.of(hidden, hidden), sigmoid(sums));
            String made = tanh(plus(parts.get(1), times(open.get(1), ofState)));
            return new String[] {mixed(open.get(0), made, h), null};
        }
    }

    private final class Rnn implements Cell {
        private final String r;

        Rnn(int d) {
            r = recurrence(d, 0, 1);
        }

        @Override
        public String[] step(String in, String h, String c) {
            return new String[] {tanh(h == null ? in : plus(in, node.add(new Op.Linear(), h, r))), null};
        }
    }

    /** {@code (1 - z) * made + z * h}. */
    private String mixed(String z, String made, String h) {
        String kept = h == null ? null : times(z, node.add(new Binary(Binary.Function.SUB), h, made));
        return h == null ? node.add(new Binary(Binary.Function.SUB), made, times(z, made)) : plus(made, kept);
    }

    // ---- Nodes

    private List<String> split(int axis, List<Long> sizes, String of) {
        if (sizes.size() == 1) {
            return List.of(of);
        }
        return node.addAll(
                new Movement.Split(axis),
                sizes.size(),
                of,
                node.longs("sizes", sizes.stream().mapToLong(Long::longValue).toArray()));
    }

    private String joined(int axis, List<String> parts) {
        return parts.size() == 1 ? parts.get(0) : node.add(new Movement.Concat(axis), parts.toArray(String[]::new));
    }

    private String plus(String a, String b) {
        return node.add(new Binary(Binary.Function.ADD), a, b);
    }

    private String times(String a, String b) {
        return node.add(new Binary(Binary.Function.MUL), a, b);
    }

    private String sigmoid(String x) {
        return node.add(new Unary(Unary.Function.SIGMOID), x);
    }

    private String tanh(String x) {
        return node.add(new Unary(Unary.Function.TANH), x);
    }
}

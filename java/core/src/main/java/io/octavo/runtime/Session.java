package io.octavo.runtime;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import io.octavo.graph.Op;
import io.octavo.graph.Value;
import io.octavo.internal.bind.Plan;
import io.octavo.internal.bind.PlanOptions;
import io.octavo.internal.bind.Pointers;
import io.octavo.tensor.Inputs;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A graph made ready to run on this machine: weights packed, operators fused, memory planned, once. A run is then one call into
 * native code that reads and writes the caller's tensors in place. Where dimensions of the graph's inputs are unknown, other than a batch
 * that is {@linkplain Graph#hasFreeBatch free}, this is done when inputs of other shapes come first, and kept for some shapes; so it is for
 * other elements of inputs that say shapes, places or counts ({@link Graph#parameterInputs}).
 *
 * <p>A session may be used from many threads at once; results do not depend on that, nor on the number of threads. {@link
 * #close()} waits for runs under way; a run after it throws {@link io.octavo.ClosedException}.
 *
 * <p>Tensors are in plain order, {@code [N, C, H, W]} for images. Each run may have other numbers in place of unknown dimensions; the
 * shapes of outputs follow.
 */
public final class Session implements AutoCloseable {
    private final Graph graph;
    private final long modelBytes;
    private final List<Value> inputs;
    private final List<Value> outputs;
    private final Map<String, List<String>> fused; // by node: those that passes took into it
    private final Program only; // null: programs are made for the shapes that come
    private final Programs programs; // null: there is one for all shapes
    private volatile boolean closed;

    private Session(Builder builder) {
        graph = builder.graph;
        inputs = graph.inputs();
        outputs = graph.outputs();
        modelBytes = graph.storageBytes();
        Recipe recipe = Recipe.of(
                graph,
                builder.optimize,
                builder.taps,
                builder.listener,
                builder.backend.id,
                new PlanOptions(builder.threads, builder.chunk, builder.isa, builder.profile));
        fused = recipe.fused();
        boolean one = Programs.isOneEnough(recipe.graph());
        only = one ? new Program(recipe, recipe.graph(), Map.of(), null) : null;
        programs = one ? null : new Programs(recipe, builder.plans);
    }

    /** A session with everything left to the library. */
    public static Session of(Graph graph) {
        return builder(graph).build();
    }

    /** Starts a session with choices. */
    public static Builder builder(Graph graph) {
        InvalidValueException.requireNonNull(graph, "graph of a session");
        return new Builder(graph);
    }

    /** The graph as it was given. */
    public Graph graph() {
        return graph;
    }

    /**
     * Runs a graph of one input and one output.
     *
     * @return a new tensor of the output's shape for that of the input
     * @throws ShapeMismatchException if the input is not of the graph's type and shape
     * @throws io.octavo.ClosedException if the session or the tensor is closed
     */
    public Tensor run(Tensor x) {
        requireOneAndOne();
        Program program = enter(x);
        try {
            Value output = program.output(0);
            Tensor out = Tensor.zeros(output.dtype(), Program.shape(output, Program.batch(x)));
            program.run(x, out, Program.batch(x));
            return out;
        } finally {
            exit(program);
        }
    }

    /**
     * Runs the graph.
     *
     * @param x one tensor an input, in the graph's order
     * @return new tensors, one an output, in the graph's order
     * @throws ShapeMismatchException if there are more or fewer tensors than inputs, or one is not of its input's type and shape
     */
    public List<Tensor> run(List<Tensor> x) {
        Program program = enter(x);
        try {
            long batch = program.batch(x);
            List<Tensor> out = new ArrayList<>();
            for (int i = 0; i < outputs.size(); i++) {
                Value output = program.output(i);
                out.add(Tensor.zeros(output.dtype(), Program.shape(output, batch)));
            }
            Calls.Call call = program.take();
            try {
                program.fill(call, x, out);
                program.execute(call, x, out, batch);
            } finally {
                program.give(call);
            }
            return out;
        } finally {
            exit(program);
        }
    }

    /**
     * Runs the graph on tensors by name.
     *
     * @param x a tensor for each of the graph's inputs
     * @return a new tensor for each of its outputs, in the graph's order
     * @throws InvalidValueException if an input has no tensor, or a tensor names no input
     * @throws ShapeMismatchException if a tensor is not of its input's type and shape
     */
    public Map<String, Tensor> run(Map<String, Tensor> x) {
        List<Tensor> found = run(ordered("Inputs", x, inputs));
        Map<String, Tensor> out = new LinkedHashMap<>();
        for (int i = 0; i < found.size(); i++) {
            out.put(outputs.get(i).name(), found.get(i));
        }
        return out;
    }

    /**
     * Runs a graph of one input and one output into a tensor that is there already. Once warm, allocates nothing.
     *
     * @throws ShapeMismatchException if a tensor is not of the graph's type and shape
     * @throws InvalidValueException if the two have bytes in common
     * @throws io.octavo.ClosedException if the session or a tensor is closed
     */
    public void run(Tensor x, Tensor out) {
        requireOneAndOne();
        Program program = enter(x);
        try {
            long batch = Program.batch(x);
            checkOutput(program, 0, out, batch);
            checkApart("Input", inputs.get(0), x, outputs.get(0), out);
            program.run(x, out, batch);
        } finally {
            exit(program);
        }
    }

    /**
     * Checks tensors once, for many runs on them.
     *
     * @param in one tensor an input, in the graph's order
     * @param out one tensor an output, in the graph's order, written by each run
     * @throws ShapeMismatchException if a tensor is not of the graph's type and shape
     * @throws InvalidValueException if an output has bytes in common with an input or another output
     */
    public Binding bind(List<Tensor> in, List<Tensor> out) {
        Program program = enter(in);
        try {
            if (out.size() != outputs.size()) {
                throw new ShapeMismatchException(out.size() + " output tensors for graph '" + graph.name()
                        + "', which has " + outputs.size() + " outputs: " + outputs);
            }
            for (int i = 0; i < out.size(); i++) {
                checkOutput(program, i, out.get(i), program.batch(in));
                for (int j = 0; j < in.size(); j++) {
                    checkApart("Input", inputs.get(j), in.get(j), outputs.get(i), out.get(i));
                }
                for (int j = 0; j < i; j++) {
                    checkApart("Output", outputs.get(j), out.get(j), outputs.get(i), out.get(i));
                }
            }
            return new Binding(this, program, in, out);
        } finally {
            exit(program);
        }
    }

    /** {@link #bind(List, List)} of tensors by the names of the graph's inputs and outputs. */
    public Binding bind(Map<String, Tensor> in, Map<String, Tensor> out) {
        return bind(ordered("Inputs", in, inputs), ordered("Outputs", out, outputs));
    }

    /**
     * How each node runs, and, if the session profiles, how long it took; of a session with several plans in the one that was used last.
     *
     * @throws InvalidValueException if the graph has unknown dimensions other than a batch and there was no run so far: see {@link
     *     #explain(Map)}
     */
    public Explanation explain() {
        Program program = only != null ? only : programs.latest();
        if (program == null) {
            throw new InvalidValueException("Session of graph '" + graph.name() + "' has no plan so far: its inputs "
                    + inputs + " have unknown dimensions; run it first, or say shapes of inputs");
        }
        return explain(program);
    }

    /**
     * How each node runs for inputs of these shapes. A plan for them is made if there is none.
     *
     * @param shapes by name of input
     * @throws ShapeMismatchException if they are not shapes of the graph's inputs
     * @throws InvalidValueException if an input has none, or a name is not that of an input
     */
    public Explanation explain(Map<String, Shape> shapes) {
        for (Value input : inputs) {
            if (!shapes.containsKey(input.name()) || !shapes.get(input.name()).isKnown()) {
                throw new InvalidValueException("Input " + input + " of graph '" + graph.name()
                        + "' has no shape of known dimensions among " + shapes);
            }
        }
        graph.specialize(shapes);
        if (only != null) {
            return explain(only);
        }
        Program program = programs.enter(shapes);
        try {
            return explain(program);
        } finally {
            program.exit();
        }
    }

    private Explanation explain(Program program) {
        List<Explanation.Step> steps = new ArrayList<>();
        Plan plan = program.plan();
        if (plan != null) {
            plan.steps((name, kernel, reason, taken, weightBytes, macs, nanoseconds) -> {
                List<String> others = new ArrayList<>(fused.getOrDefault(name, List.of()));
                if (!taken.isEmpty()) {
                    others.add(taken);
                }
                String all = String.join(", ", others);
                String why = Stream.of(graph.notes().getOrDefault(name, ""), reason)
                        .filter(part -> !part.isEmpty())
                        .collect(Collectors.joining("; "));
                steps.add(new Explanation.Step(name, kernel, why, all, weightBytes, macs, nanoseconds));
            });
        }
        for (Node node : graph.nodes()) {
            if (node.op() instanceof Op.Dropout) {
                steps.add(new Explanation.Step(node.name(), "view", "does nothing in inference", "", 0, 0, -1));
            }
        }
        return new Explanation(graph.name(), plan == null ? Machine.isa() : plan.isa(), steps);
    }

    /** Bytes of all weights as packed for this machine; those that several plans use count once. */
    public long weightBytes() {
        if (only == null) {
            return programs.weightBytes();
        }
        return only.plan() == null ? 0 : only.plan().memory().weightBytes();
    }

    /** Bytes of the graph's parameters when stored: codes at their width, scales, zero points, tables, float biases. */
    public long modelBytes() {
        return modelBytes;
    }

    /** Whether {@link #close} was called. */
    public boolean isClosed() {
        return closed;
    }

    /** Waits for runs under way, then frees. Harmless when repeated. */
    @Override
    public void close() {
        closed = true;
        if (only != null) {
            only.close();
        } else {
            programs.close();
        }
    }

    /** What the only plan occupies now. */
    Plan.MemoryInfo memory() {
        return only.plan().memory();
    }

    /** How many plans there are now. */
    int plans() {
        return only != null ? 1 : programs.count();
    }

    private List<Tensor> ordered(String what, Map<String, Tensor> byName, List<Value> values) {
        List<String> names = values.stream().map(Value::name).toList();
        try {
            return Inputs.of(byName).tensors(names);
        } catch (InvalidValueException e) {
            throw new InvalidValueException(what + " of graph '" + graph.name() + "': " + e.getMessage());
        }
    }

    private void requireOneAndOne() {
        if (outputs.size() != 1 || inputs.size() != 1) {
            throw new ShapeMismatchException("Graph '" + graph.name() + "' has " + inputs.size() + " inputs and "
                    + outputs.size() + " outputs: use run(List) or run(Map)");
        }
    }

    /** The program for an input; {@link #exit} follows. */
    private Program enter(Tensor x) {
        if (only == null) {
            return programs.enter(x);
        }
        if (!only.takes(0, x)) {
            throw mismatch(0, x);
        }
        return only;
    }

    /** The program for inputs; {@link #exit} follows. */
    private Program enter(List<Tensor> in) {
        if (in.size() != inputs.size()) {
            throw new ShapeMismatchException(in.size() + " input tensors for graph '" + graph.name() + "', which has "
                    + inputs.size() + " inputs: " + inputs);
        }
        if (only == null) {
            return programs.enter(in);
        }
        if (!only.takes(in)) {
            for (int i = 0; i < in.size(); i++) {
                if (!only.takes(i, in.get(i))) {
                    throw mismatch(i, in.get(i));
                }
            }
            throw batches(in);
        }
        return only;
    }

    private void exit(Program program) {
        if (only == null) {
            program.exit();
        }
    }

    private ShapeMismatchException mismatch(int index, Tensor x) {
        Value input = inputs.get(index);
        StringBuilder where = new StringBuilder();
        for (int d = 0;
                d < input.shape().rank() && x.shape().rank() == input.shape().rank();
                d++) {
            long expected = input.shape().dim(d);
            if (expected != Shape.N && expected != x.shape().dim(d) && where.length() == 0) {
                where.append("; dimension " + d + " is " + x.shape().dim(d) + ", expected " + expected);
            }
        }
        return new ShapeMismatchException("Input '" + input.name() + "' of graph '" + graph.name() + "' is "
                + input.dtype() + " " + input.shape() + ", given: " + x + where);
    }

    private ShapeMismatchException batches(List<Tensor> in) {
        int other = 0;
        while (Program.batch(in.get(other)) == only.batch(in)) {
            other++;
        }
        return new ShapeMismatchException(
                "Inputs of graph '" + graph.name() + "' have batches " + only.batch(in) + " ('"
                        + inputs.get(0).name() + "') and " + Program.batch(in.get(other)) + " ('"
                        + inputs.get(other).name() + "'): they must be equal");
    }

    private void checkOutput(Program program, int index, Tensor out, long batch) {
        Value output = program.output(index);
        Shape shape = output.shape();
        if (out.dtype() != output.dtype()
                || !shape.accepts(out.shape())
                || !shape.isKnown() && out.shape().dim(0) != batch) {
            throw new ShapeMismatchException("Output '" + output.name() + "' of graph '" + graph.name() + "' is "
                    + output.dtype() + " " + Program.shape(output, batch) + ", given: " + out);
        }
    }

    /** A run writes results while inputs and earlier results are still read. */
    private void checkApart(String role, Value other, Tensor tensor, Value output, Tensor out) {
        if (Pointers.overlap(tensor, out)) {
            throw new InvalidValueException(
                    role + " '" + other.name() + "' (" + tensor + ") and output '" + output.name()
                            + "' (" + out + ") of graph '" + graph.name()
                            + "' have memory in common: give each output memory of its own");
        }
    }

    /** Tensors checked once, for many runs. For one thread at a time; each thread makes its own. */
    public static final class Binding {
        private final Session session;
        private final List<Tensor> inputs;
        private final List<Tensor> outputs;
        private final long batch;
        private Program program;
        private Calls.Call call;

        private Binding(Session session, Program program, List<Tensor> in, List<Tensor> out) {
            this.session = session;
            this.inputs = List.copyOf(in);
            this.outputs = List.copyOf(out);
            this.batch = program.batch(in);
            use(program);
        }

        private void use(Program chosen) {
            program = chosen;
            call = chosen.fresh();
            chosen.fill(call, inputs, outputs);
        }

        /** The tensors read. */
        public List<Tensor> inputs() {
            return inputs;
        }

        /** The tensors written. */
        public List<Tensor> outputs() {
            return outputs;
        }

        /**
         * Runs the session on the tensors as they are now. Allocates nothing.
         *
         * @throws io.octavo.ClosedException if the session or a tensor is closed
         */
        public void run() {
            for (int i = 0; i < inputs.size(); i++) {
                inputs.get(i).memory();
            }
            for (int i = 0; i < outputs.size(); i++) {
                outputs.get(i).memory();
            }
            if (session.only != null) {
                program.execute(call, inputs, outputs, batch);
                return;
            }
            if (!program.enter()) {
                use(session.programs.enter(inputs)); // the plan had to make room
            }
            try {
                program.execute(call, inputs, outputs, batch);
            } finally {
                program.exit();
            }
        }
    }

    /** Choices for a session. */
    public static final class Builder {
        private final Graph graph;
        private final Set<String> taps = new LinkedHashSet<>();
        private TapListener listener;
        private int threads;
        private int chunk;
        private String isa;
        private boolean profile;
        private boolean optimize = true;
        private int plans = 8;
        private Backend backend = Backend.AUTO;

        private Builder(Graph graph) {
            this.graph = graph;
        }

        /**
         * Most threads that a run may use, the caller's included; 0, the default: {@link Machine#threads()} at the time of the run.
         *
         * @throws InvalidValueException if not in 0..1024
         */
        public Builder threads(int threads) {
            if (threads < 0 || threads > 1024) {
                throw new InvalidValueException(
                        "Session with " + threads + " threads: must be in 1..1024, or 0 for the default");
            }
            this.threads = threads;
            return this;
        }

        /** Caps the instruction set, by a name of {@link Machine#isas()}, beside {@code OCTAVO_ISA}: what both allow runs. */
        public Builder isa(String isa) {
            this.isa = isa;
            return this;
        }

        /**
         * Samples of a batch that go through the network together; 0, the default: so many that their inner tensors fit the cache.
         *
         * @throws InvalidValueException if negative
         */
        public Builder chunk(int chunk) {
            if (chunk < 0) {
                throw new InvalidValueException(
                        "Session with chunks of " + chunk + " samples: must be 1 or more, or 0 for the default");
            }
            this.chunk = chunk;
            return this;
        }

        /**
         * Most plans that are kept of a graph with unknown dimensions other than a free batch, each for other shapes of its inputs; the
         * default is 8. The one that was not used for longest makes room.
         *
         * @throws InvalidValueException if less than 1
         */
        public Builder plans(int plans) {
            if (plans < 1) {
                throw new InvalidValueException("Session with " + plans + " plans: must be 1 or more");
            }
            this.plans = plans;
            return this;
        }

        /** Whether every step is timed, for {@link Session#explain()}. */
        public Builder profile(boolean profile) {
            this.profile = profile;
            return this;
        }

        /** Who runs convolutions and linear layers. */
        public Builder backend(Backend backend) {
            this.backend = backend;
            return this;
        }

        /**
         * Whether batch norms are folded and activations and additions fused first, as {@link io.octavo.graph.Passes} does; the default is yes. Values
         * that are tapped are kept.
         */
        public Builder optimize(boolean optimize) {
            this.optimize = optimize;
            return this;
        }

        /**
         * Delivers inner tensors to {@code listener} after each run.
         *
         * @param values names of values of the graph that are not constants
         * @throws InvalidValueException if there is no such value or it is a constant
         */
        public Builder tap(Collection<String> values, TapListener listener) {
            InvalidValueException.requireNonNull(values, "values to tap");
            InvalidValueException.requireNonNull(listener, "listener of tapped values");
            for (String name : values) {
                if (graph.value(name).isConstant()) {
                    throw new InvalidValueException("Value " + graph.value(name) + " of graph '" + graph.name()
                            + "' is a constant and cannot be tapped: it is part of the graph");
                }
            }
            taps.clear();
            taps.addAll(values);
            this.listener = listener;
            return this;
        }

        /**
         * Lowers the graph.
         *
         * @throws io.octavo.UnsupportedException if nothing runs a node; says why
         * @throws io.octavo.NativeLibraryException if the native library is not there
         */
        public Session build() {
            return new Session(this);
        }
    }
}

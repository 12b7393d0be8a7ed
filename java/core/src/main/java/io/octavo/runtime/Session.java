package io.octavo.runtime;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.graph.Graph;
import io.octavo.graph.Node;
import io.octavo.graph.Op;
import io.octavo.graph.Passes;
import io.octavo.graph.Value;
import io.octavo.internal.bind.Plan;
import io.octavo.internal.bind.PlanOptions;
import io.octavo.internal.bind.Pointers;
import io.octavo.tensor.Inputs;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A graph made ready to run on this machine: weights packed, operators fused, memory planned, once. A run is then one call into
 * native code that reads and writes the caller's tensors in place.
 *
 * <p>A session may be used from many threads at once; results do not depend on that, nor on the number of threads. {@link
 * #close()} waits for runs under way; a run after it throws {@link io.octavo.ClosedException}.
 *
 * <p>Tensors are in plain order, {@code [N, C, H, W]} for images. Where the graph's batch is {@link io.octavo.tensor.Shape#N},
 * each run may have another.
 */
public final class Session implements AutoCloseable {
    private final Graph graph;
    private final Plan plan;
    private final String isa;
    private final long modelBytes;
    private final List<Value> inputs;
    private final List<Value> outputs;
    private final int[] outputSlots; // by graph output: which buffer of the plan
    private final Map<String, List<String>> fused; // by node: those that passes took into it
    private final Taps taps; // null: none
    private final Calls calls;

    private Session(Builder builder) {
        graph = builder.graph;
        inputs = graph.inputs();
        outputs = graph.outputs();
        modelBytes = graph.storageBytes();
        Graph optimized = builder.optimize ? optimize(graph, builder.taps) : graph;
        GraphLowering.Lowered lowered = GraphLowering.lower(
                optimized,
                builder.taps,
                builder.backend.id,
                new PlanOptions(builder.threads, builder.chunk, builder.isa, builder.profile));
        plan = lowered.plan();
        fused = Fusions.between(graph, optimized);
        isa = plan.isa();
        List<String> slots = lowered.outputs().stream().map(Value::name).toList();
        outputSlots = outputs.stream()
                .mapToInt(output -> slots.indexOf(GraphLowering.resolve(optimized, output.name())))
                .toArray();
        taps = builder.taps.isEmpty()
                ? null
                : new Taps(optimized, inputs, outputSlots, slots, builder.taps, builder.listener);
        calls = new Calls(inputs.size(), slots.size());
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
     * @return a new tensor of the output's shape with the input's batch
     * @throws ShapeMismatchException if the input is not of the graph's type and shape
     * @throws io.octavo.ClosedException if the session or the tensor is closed
     */
    public Tensor run(Tensor x) {
        requireOneAndOne();
        Tensor out = Tensor.zeros(outputs.get(0).dtype(), outputs.get(0).shape().withBatch(batch(0, x)));
        run(x, out);
        return out;
    }

    /**
     * Runs the graph.
     *
     * @param x one tensor an input, in the graph's order
     * @return new tensors, one an output, in the graph's order
     * @throws ShapeMismatchException if there are more or fewer tensors than inputs, or one is not of its input's type and shape
     */
    public List<Tensor> run(List<Tensor> x) {
        long batch = batch(x);
        List<Tensor> out = new ArrayList<>();
        for (Value output : outputs) {
            out.add(Tensor.zeros(output.dtype(), output.shape().withBatch(batch)));
        }
        Calls.Call call = calls.take();
        try {
            fill(call, x, out);
            execute(call, x, out, batch);
        } finally {
            calls.give(call);
        }
        return out;
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
        long batch = batch(0, x);
        checkOutput(0, out, batch);
        checkApart("Input", inputs.get(0), x, outputs.get(0), out);
        Calls.Call call = calls.take();
        try {
            call.inputs.set(0, x);
            call.outputs.set(outputSlots[0], out);
            if (taps != null) {
                taps.prepare(call, batch);
            }
            plan.run(call.inputs, call.outputs);
            if (taps != null) {
                taps.deliver(call, List.of(x), List.of(out));
            }
        } finally {
            calls.give(call);
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
        long batch = batch(in);
        if (out.size() != outputs.size()) {
            throw new ShapeMismatchException(out.size() + " output tensors for graph '" + graph.name() + "', which has "
                    + outputs.size() + " outputs: " + outputs);
        }
        for (int i = 0; i < out.size(); i++) {
            checkOutput(i, out.get(i), batch);
            for (int j = 0; j < in.size(); j++) {
                checkApart("Input", inputs.get(j), in.get(j), outputs.get(i), out.get(i));
            }
            for (int j = 0; j < i; j++) {
                checkApart("Output", outputs.get(j), out.get(j), outputs.get(i), out.get(i));
            }
        }
        return new Binding(this, in, out, batch);
    }

    /** {@link #bind(List, List)} of tensors by the names of the graph's inputs and outputs. */
    public Binding bind(Map<String, Tensor> in, Map<String, Tensor> out) {
        return bind(ordered("Inputs", in, inputs), ordered("Outputs", out, outputs));
    }

    /** How each node runs, and, if the session profiles, how long it took. */
    public Explanation explain() {
        List<Explanation.Step> steps = new ArrayList<>();
        plan.steps((name, kernel, reason, taken, weightBytes, macs, nanoseconds) -> {
            List<String> others = new ArrayList<>(fused.getOrDefault(name, List.of()));
            if (!taken.isEmpty()) {
                others.add(taken);
            }
            String all = String.join(", ", others);
            steps.add(new Explanation.Step(name, kernel, reason, all, weightBytes, macs, nanoseconds));
        });
        for (Node node : graph.nodes()) {
            if (node.op() instanceof Op.Dropout) {
                steps.add(new Explanation.Step(node.name(), "view", "does nothing in inference", "", 0, 0, -1));
            }
        }
        return new Explanation(graph.name(), isa, steps);
    }

    /** Bytes of all weights as packed for this machine. */
    public long weightBytes() {
        return plan.memory().weightBytes();
    }

    /** Bytes of the graph's parameters when stored: codes at their width, scales, zero points, tables, float biases. */
    public long modelBytes() {
        return modelBytes;
    }

    /** Whether {@link #close} was called. */
    public boolean isClosed() {
        return plan.isClosed();
    }

    /** Waits for runs under way, then frees. Harmless when repeated. */
    @Override
    public void close() {
        plan.close();
        calls.clear();
    }

    /** What the plan occupies now. */
    Plan.MemoryInfo memory() {
        return plan.memory();
    }

    private void execute(Calls.Call call, List<Tensor> in, List<Tensor> out, long batch) {
        if (taps != null) {
            taps.prepare(call, batch);
        }
        plan.run(call.inputs, call.outputs);
        if (taps != null) {
            taps.deliver(call, in, out);
        }
    }

    private void fill(Calls.Call call, List<Tensor> in, List<Tensor> out) {
        for (int i = 0; i < in.size(); i++) {
            call.inputs.set(i, in.get(i));
        }
        for (int i = 0; i < out.size(); i++) {
            call.outputs.set(outputSlots[i], out.get(i));
        }
    }

    private static Graph optimize(Graph graph, Set<String> taps) {
        Graph.Builder marked = graph.toBuilder();
        List<String> extra = new ArrayList<>();
        for (String tap : taps) {
            if (graph.producer(tap).isPresent() && !graph.isOutput(tap)) {
                marked.output(tap);
                extra.add(tap);
            }
        }
        // A tapped value that counts as an output is not fused away.
        return Passes.fuse(marked.build()).withoutOutputs(extra);
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
        if (outputSlots.length != 1 || inputs.size() != 1) {
            throw new ShapeMismatchException("Graph '" + graph.name() + "' has " + inputs.size() + " inputs and "
                    + outputs.size() + " outputs: use run(List) or run(Map)");
        }
    }

    private long batch(List<Tensor> in) {
        if (in.size() != inputs.size()) {
            throw new ShapeMismatchException(in.size() + " input tensors for graph '" + graph.name() + "', which has "
                    + inputs.size() + " inputs: " + inputs);
        }
        long batch = batch(0, in.get(0));
        for (int i = 1; i < in.size(); i++) {
            if (batch(i, in.get(i)) != batch) {
                throw new ShapeMismatchException("Inputs of graph '" + graph.name() + "' have batches " + batch
                        + " and " + in.get(i).shape().dim(0) + ": they must be equal");
            }
        }
        return batch;
    }

    private long batch(int index, Tensor x) {
        Value input = inputs.get(index);
        if (x.dtype() != input.dtype() || !input.shape().accepts(x.shape())) {
            throw new ShapeMismatchException("Input '" + input.name() + "' of graph '" + graph.name() + "' is "
                    + input.dtype() + " " + input.shape() + ", given: " + x);
        }
        return x.shape().dim(0);
    }

    private void checkOutput(int index, Tensor out, long batch) {
        Value output = outputs.get(index);
        if (out.dtype() != output.dtype()
                || !output.shape().accepts(out.shape())
                || out.shape().dim(0) != batch) {
            throw new ShapeMismatchException("Output '" + output.name() + "' of graph '" + graph.name() + "' is "
                    + output.dtype() + " " + output.shape().withBatch(batch) + ", given: " + out);
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
        private final Calls.Call call;

        private Binding(Session session, List<Tensor> in, List<Tensor> out, long batch) {
            this.session = session;
            this.inputs = List.copyOf(in);
            this.outputs = List.copyOf(out);
            this.batch = batch;
            this.call = session.calls.fresh();
            session.fill(call, inputs, outputs);
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
            session.execute(call, inputs, outputs, batch);
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
         * Whether batch norms are folded and activations and additions fused first, as {@link Passes} does; the default is yes. Values
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

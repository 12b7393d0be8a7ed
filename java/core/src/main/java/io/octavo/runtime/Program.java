package io.octavo.runtime;

import io.octavo.ClosedException;
import io.octavo.graph.Graph;
import io.octavo.graph.Value;
import io.octavo.internal.bind.Plan;
import io.octavo.internal.bind.SharedWeights;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A session's graph for inputs of known shapes, or of known shapes but for a free batch: one plan and what a run of it needs. Of
 * several programs of a session the one that was not used for longest makes room; it is closed when nobody runs it any more.
 */
final class Program {
    private static final int RETIRED = Integer.MIN_VALUE;

    private final String name;
    private final List<Value> inputs;
    private final List<Value> outputs;
    private final boolean anyBatch;
    private final int[] places; // by input: which buffer of the plan; -1: it is fixed
    private final int first; // the first input that is not fixed; -1: none
    private final Plan plan; // null: there is nothing to compute
    private final int[] slots; // by output: which buffer of the plan; -1: it is no result of the plan
    private final int[] sources; // by output: the input that it is; -1: none
    private final boolean direct; // whether all outputs are results of the plan
    private final Taps taps; // null: none
    private final Calls calls;
    private final AtomicInteger users = new AtomicInteger(); // RETIRED is added when it has to go
    private volatile boolean closed;
    private volatile long used;

    /**
     * Lowers a graph.
     *
     * @param special of known shapes, or with a free batch
     * @param fixed inputs of the recipe's graph that are constants of this one
     * @param weights those that other programs have packed; null: there are none
     */
    Program(Recipe recipe, Graph special, Map<String, Tensor> fixed, SharedWeights weights) {
        Graph graph = recipe.withoutTapped(special);
        name = graph.name();
        List<String> given = graph.inputs().stream().map(Value::name).toList();
        inputs = recipe.graph().inputs().stream()
                .map(input -> fixed.containsKey(input.name())
                        ? new Value(
                                input.name(),
                                input.dtype(),
                                fixed.get(input.name()).shape(),
                                input.quantization(),
                                fixed.get(input.name()))
                        : graph.value(input.name()))
                .toList();
        places = inputs.stream().mapToInt(input -> given.indexOf(input.name())).toArray();
        first = given.isEmpty() ? -1 : Arrays.stream(places).boxed().toList().indexOf(0);
        outputs = graph.outputs();
        anyBatch = graph.inputs().stream().anyMatch(input -> !input.shape().isKnown());
        List<String> names = inputs.stream().map(Value::name).toList();
        sources = new int[outputs.size()];
        Set<String> copied = new HashSet<>();
        for (int i = 0; i < sources.length; i++) {
            String output = outputs.get(i).name();
            sources[i] = names.indexOf(GraphLowering.resolve(graph, output));
            if (sources[i] >= 0 || outputs.get(i).isConstant()) {
                copied.add(output);
            }
        }
        direct = copied.isEmpty();
        List<Value> computed = outputs.stream()
                .filter(output -> !copied.contains(output.name()))
                .toList();
        boolean tapped = recipe.taps().stream().anyMatch(tap -> graph.producer(GraphLowering.resolve(graph, tap))
                .isPresent());
        GraphLowering.Lowered lowered = computed.isEmpty() && !tapped
                ? new GraphLowering.Lowered(null, List.of())
                : GraphLowering.lower(graph, computed, recipe.taps(), recipe.backend(), recipe.options(), weights);
        plan = lowered.plan();
        List<String> buffers = lowered.outputs().stream().map(Value::name).toList();
        slots = outputs.stream()
                .mapToInt(output -> copied.contains(output.name())
                        ? -1
                        : buffers.indexOf(GraphLowering.resolve(graph, output.name())))
                .toArray();
        taps = recipe.taps().isEmpty()
                ? null
                : new Taps(graph, inputs, slots, buffers, recipe.taps(), recipe.listener());
        calls = new Calls(given.size(), buffers.size());
    }

    // ---- Shapes

    /** Whether a tensor may stand in that place of the inputs. */
    boolean takes(int input, Tensor x) {
        Value value = inputs.get(input);
        return x.dtype() == value.dtype()
                && value.shape().accepts(x.shape())
                && (places[input] >= 0 || x.bytes().equals(value.data().bytes()));
    }

    /** Whether the tensors, one an input, may be given together. */
    boolean takes(List<Tensor> in) {
        for (int i = 0; i < in.size(); i++) {
            if (!takes(i, in.get(i)) || anyBatch && places[i] >= 0 && batch(in.get(i)) != batch(in)) {
                return false;
            }
        }
        return true;
    }

    /** Whether tensors of these shapes, one an input, may be given together; not if one is fixed. */
    boolean takes(Map<String, Shape> shapes) {
        long batch = -1;
        for (Value input : inputs) {
            Shape shape = shapes.get(input.name());
            if (input.isConstant()
                    || !input.shape().accepts(shape)
                    || anyBatch && batch >= 0 && shape.dim(0) != batch) {
                return false;
            }
            batch = anyBatch ? shape.dim(0) : batch;
        }
        return true;
    }

    /** The first dimension, which is the batch where that is free. */
    static long batch(Tensor x) {
        return x.shape().rank() == 0 ? 1 : x.shape().dim(0);
    }

    /** The batch of a run. */
    long batch(List<Tensor> in) {
        return first < 0 ? 1 : batch(in.get(first));
    }

    Value output(int index) {
        return outputs.get(index);
    }

    /** The shape of a value in a run of that batch. */
    static Shape shape(Value value, long batch) {
        return value.shape().isKnown() ? value.shape() : value.shape().withBatch(batch);
    }

    // ---- Runs

    Calls.Call take() {
        return calls.take();
    }

    Calls.Call fresh() {
        return calls.fresh();
    }

    void give(Calls.Call call) {
        calls.give(call);
    }

    /** Puts a run's tensors in place. */
    void fill(Calls.Call call, List<Tensor> in, List<Tensor> out) {
        for (int i = 0; i < in.size(); i++) {
            if (places[i] >= 0) {
                call.inputs.set(places[i], in.get(i));
            }
        }
        for (int i = 0; i < out.size(); i++) {
            if (slots[i] >= 0) {
                call.outputs.set(slots[i], out.get(i));
            }
        }
    }

    /** Runs on tensors that are in place. */
    void execute(Calls.Call call, List<Tensor> in, List<Tensor> out, long batch) {
        if (taps != null) {
            taps.prepare(call, batch);
        }
        compute(call);
        if (!direct) {
            for (int i = 0; i < slots.length; i++) {
                copy(i, sources[i] < 0 ? null : in.get(sources[i]), out.get(i));
            }
        }
        if (taps != null) {
            taps.deliver(call, in, out);
        }
    }

    /** The same with one input and one output. */
    void run(Tensor x, Tensor out, long batch) {
        Calls.Call call = calls.take();
        try {
            if (first == 0) {
                call.inputs.set(0, x);
            }
            if (direct) {
                call.outputs.set(slots[0], out);
            }
            if (taps != null) {
                taps.prepare(call, batch);
            }
            compute(call);
            if (!direct) {
                copy(0, x, out);
            }
            if (taps != null) {
                taps.deliver(call, List.of(x), List.of(out));
            }
        } finally {
            calls.give(call);
        }
    }

    private void compute(Calls.Call call) {
        if (plan != null) {
            plan.run(call.inputs, call.outputs);
        } else if (closed) {
            throw new ClosedException("Session of graph '" + name + "' is closed");
        }
    }

    /** An output that is a constant or an input. */
    private void copy(int output, Tensor input, Tensor out) {
        if (slots[output] < 0) {
            out.copyFrom(sources[output] < 0 ? outputs.get(output).data() : input);
        }
    }

    // ---- What it is

    /** The native plan; null if there is nothing to compute. */
    Plan plan() {
        return plan;
    }

    boolean isClosed() {
        return closed;
    }

    // ---- Life

    /** Begins a use; false if this has to go. */
    boolean enter() {
        if (users.incrementAndGet() < 0) {
            exit();
            return false;
        }
        return true;
    }

    /** Ends a use that {@link #enter} let begin; the last one of a program that has to go closes it. */
    void exit() {
        if (users.decrementAndGet() == RETIRED) {
            close();
        }
    }

    /** Refuses further uses; closes now or when those under way are over. */
    void retire() {
        if (users.getAndAdd(RETIRED) == 0) {
            close();
        }
    }

    /** When it was used last, by the session's count. */
    long used() {
        return used;
    }

    void used(long count) {
        used = count;
    }

    /** Waits for runs under way, then frees. Harmless when repeated. */
    void close() {
        closed = true;
        if (plan != null) {
            plan.close();
        }
        calls.clear();
    }
}

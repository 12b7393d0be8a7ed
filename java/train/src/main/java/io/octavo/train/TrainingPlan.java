package io.octavo.train;

import io.octavo.graph.Node;
import io.octavo.graph.Value;
import io.octavo.internal.bind.Layout;
import io.octavo.internal.bind.NativeLibrary;
import io.octavo.internal.bind.NativeType;
import io.octavo.internal.bind.OpKind;
import io.octavo.internal.bind.OpSpec;
import io.octavo.internal.bind.Plan;
import io.octavo.internal.bind.PlanBuilder;
import io.octavo.internal.bind.PlanOptions;
import io.octavo.internal.bind.Pointers;
import io.octavo.internal.bind.Role;
import io.octavo.internal.bind.ValueSpec;
import io.octavo.internal.lower.NodeValues;
import io.octavo.internal.random.SplitMix64;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A training step in native code. Images inside are channels-last, what comes in and goes out is in plain order. Not for use by
 * several threads at the same time.
 */
final class TrainingPlan implements AutoCloseable {
    private final TrainingProgram program;
    private final Plan plan;
    private final Map<String, Integer> numbers = new LinkedHashMap<>();
    private final Pointers inputs;
    private final Pointers outputs;
    private final Tensor loss;
    private final Tensor correct;
    private final Tensor hyper;
    private final Tensor[] counters;

    /**
     * @param threads most threads of a step; 0: the process's setting
     */
    TrainingPlan(TrainingProgram program, int threads) {
        NativeLibrary.requireOnednn();
        this.program = program;
        try (PlanBuilder builder = new PlanBuilder()) {
            Set<String> used = new HashSet<>(program.inputs());
            for (Node node : program.nodes()) {
                used.addAll(node.inputs());
                used.addAll(node.outputs());
            }
            // Inputs and outputs in the order in which their buffers are given.
            program.inputs().forEach(name -> define(builder, name, Role.INPUT));
            program.outputs().forEach(name -> define(builder, name, Role.OUTPUT));
            for (Value value : program.values().values()) {
                if (used.contains(value.name()) && !numbers.containsKey(value.name())) {
                    define(builder, value.name(), roleInside(value));
                }
            }
            toChannelsLast(builder, program.inputs().get(0));
            for (Node node : program.nodes()) {
                builder.op(TrainingLowering.operator(NodeValues.of(node, program.values()::get))
                        .inputs(numbers(node.inputs()))
                        .outputs(numbers(node.outputs())));
            }
            this.plan = builder.build(new PlanOptions(threads, 0, null, false), "Training step");
        }
        this.inputs = new Pointers(program.inputs().size());
        this.outputs = new Pointers(2);
        this.loss = Tensor.zeros(DType.F32, Shape.of(1));
        outputs.set(0, loss);
        this.correct = Tensor.zeros(DType.S32, Shape.of(1));
        outputs.set(1, correct);
        this.hyper = Tensor.zeros(
                DType.F32, program.values().get(program.inputs().get(2)).shape());
        inputs.set(2, hyper);
        this.counters = new Tensor[program.inputs().size() - 3];
        for (int i = 0; i < counters.length; i++) {
            counters[i] = Tensor.zeros(DType.S32, Shape.of(2));
            inputs.set(3 + i, counters[i]);
        }
    }

    /**
     * Runs a step.
     *
     * @param images f32, plain, of the graph's input shape with this batch
     * @param labels s32 [N], inside the classes
     * @param numbers the optimizer's, see {@link Optimizer#hyper}
     * @param step number of the step; with all bits of {@code seed} and its place it decides what a dropout drops
     */
    void step(Tensor images, Tensor labels, float[] numbers, long step, long seed) {
        inputs.set(0, images);
        inputs.set(1, labels);
        hyper.floats().put(numbers);
        for (int i = 0; i < counters.length; i++) {
            long key = SplitMix64.mix(SplitMix64.mix(seed, i), step);
            counters[i].ints().put(0, (int) key).put(1, (int) (key >>> 32));
        }
        plan.run(inputs, outputs);
    }

    /** The loss of the last step, the mean of its batch. */
    float loss() {
        return loss.getFloat(0);
    }

    /** How many images of the last step's batch the network had right, before the step. */
    int correct() {
        return correct.getInt(0);
    }

    /** Copies of parameters and running statistics as they are now. */
    Map<String, Tensor> read(Collection<String> states) {
        Map<String, Tensor> read = new LinkedHashMap<>();
        for (String name : states) {
            Tensor tensor = Tensor.zeros(DType.F32, program.values().get(name).shape());
            plan.readState(numbers.get(name), tensor);
            read.put(name, tensor);
        }
        return read;
    }

    @Override
    public void close() {
        plan.close();
    }

    // ---- Lowering
    // --------------------------------------------------------------------------------------------------------

    private Role roleInside(Value value) {
        if (program.states().contains(value.name())) {
            return Role.STATE;
        }
        return value.isConstant() ? Role.CONSTANT : Role.TEMP;
    }

    private void define(PlanBuilder builder, String name, Role role) {
        Value value = program.values().get(name);
        boolean image =
                role == Role.TEMP && value.shape().rank() == 4 && value.shape().hasBatch();
        ValueSpec spec = role == Role.STATE || role == Role.CONSTANT
                ? ValueSpec.of(name, role, value.data())
                : new ValueSpec(
                        name, NativeType.of(value.dtype()), role, image ? Layout.NHWC : Layout.PLAIN, value.shape());
        numbers.put(name, builder.value(spec));
    }

    /** The graph's input comes in plain order: from here on its name stands for the reordered images. */
    private void toChannelsLast(PlanBuilder builder, String input) {
        Value value = program.values().get(input);
        if (value.shape().rank() != 4) {
            return;
        }
        int images =
                builder.value(new ValueSpec(input + ".nhwc", NativeType.F32, Role.TEMP, Layout.NHWC, value.shape()));
        builder.op(new OpSpec(input + ".nhwc", OpKind.REORDER)
                .inputs(numbers.get(input))
                .outputs(images));
        numbers.put(input, images);
    }

    private int[] numbers(List<String> names) {
        return names.stream()
                .mapToInt(name -> name.isEmpty() ? -1 : numbers.get(name))
                .toArray();
    }
}

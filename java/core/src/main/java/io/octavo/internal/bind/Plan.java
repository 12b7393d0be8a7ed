package io.octavo.internal.bind;

import io.octavo.natives.global.octavo;
import io.octavo.natives.octavo_plan;
import io.octavo.natives.octavo_plan_memory;
import io.octavo.natives.octavo_step_info;
import io.octavo.tensor.Memory;
import io.octavo.tensor.Tensor;
import java.lang.ref.Reference;
import org.bytedeco.javacpp.PointerScope;

/**
 * A native plan: a network packed for this machine. Runs may come from several threads at once (those of a plan with states wait
 * for each other). Closing waits for them; use after it throws {@link io.octavo.ClosedException}.
 */
public final class Plan implements AutoCloseable {
    private final octavo_plan plan;
    private final Lifetime lifetime;

    Plan(octavo_plan plan, String what) {
        this.plan = plan;
        this.lifetime = new Lifetime(this, what, () -> octavo.octavo_plan_destroy(plan));
    }

    /** Takes the steps of a plan, one a call; what each number means {@code runtime.Explanation.Step} says. */
    @FunctionalInterface
    public interface StepReader {
        /** One step. */
        void step(
                String name, String kernel, String reason, String fused, long weightBytes, long macs, long nanoseconds);
    }

    /**
     * What a plan occupies.
     *
     * @param weightBytes all constants as packed
     * @param arenaBytes one workspace
     * @param workspaces workspaces allocated so far
     * @param chunk samples that go through together
     */
    public record MemoryInfo(long weightBytes, long arenaBytes, long workspaces, long chunk) {}

    /**
     * Runs the plan on the batch that the tensors' shapes have in common. Allocates nothing.
     *
     * @param inputs one tensor an input value, in the order of their adding
     * @param outputs one an output value; no two of all tensors have memory in common
     * @throws io.octavo.ShapeMismatchException if a shape is not that of the plan's value, which the message names
     */
    public void run(Pointers inputs, Pointers outputs) {
        lifetime.enter();
        try {
            Status.check(octavo.octavo_plan_run(plan, inputs.runWith(outputs)));
        } finally {
            Reference.reachabilityFence(inputs);
            Reference.reachabilityFence(outputs);
            Reference.reachabilityFence(this);
            lifetime.exit();
        }
    }

    /** Bytes of input buffer {@code index} for {@code batch} samples; -1 if there is none. */
    public long inputBytes(int index, long batch) {
        lifetime.enter();
        try {
            return octavo.octavo_plan_input_bytes(plan, index, batch);
        } finally {
            Reference.reachabilityFence(this);
            lifetime.exit();
        }
    }

    /** Bytes of output buffer {@code index} for {@code batch} samples; -1 if there is none. */
    public long outputBytes(int index, long batch) {
        lifetime.enter();
        try {
            return octavo.octavo_plan_output_bytes(plan, index, batch);
        } finally {
            Reference.reachabilityFence(this);
            lifetime.exit();
        }
    }

    /** Copies a state, by its number from {@link PlanBuilder#value}, into a tensor of its exact size. */
    public void readState(int value, Tensor into) {
        Memory memory = into.memory();
        lifetime.enter();
        try {
            Status.check(octavo.octavo_plan_read_state(plan, value, Address.pointer(memory), into.byteSize()));
        } finally {
            Reference.reachabilityFence(memory);
            Reference.reachabilityFence(this);
            lifetime.exit();
        }
    }

    /** Overwrites a state with the elements of a tensor of its exact size. */
    public void writeState(int value, Tensor from) {
        Memory memory = from.memory();
        lifetime.enter();
        try {
            Status.check(octavo.octavo_plan_write_state(plan, value, Address.pointer(memory), from.byteSize()));
        } finally {
            Reference.reachabilityFence(memory);
            Reference.reachabilityFence(this);
            lifetime.exit();
        }
    }

    /** The instruction set that the kernels were chosen under. */
    public String isa() {
        lifetime.enter();
        try {
            return octavo.octavo_plan_isa(plan).getString();
        } finally {
            Reference.reachabilityFence(this);
            lifetime.exit();
        }
    }

    /** Tells the steps in running order, with their timings so far. */
    public void steps(StepReader reader) {
        lifetime.enter();
        try (PointerScope scope = new PointerScope()) {
            octavo_step_info info = new octavo_step_info();
            info.size(info.sizeof());
            for (int i = 0; i < octavo.octavo_plan_step_count(plan); i++) {
                Status.check(octavo.octavo_plan_step(plan, i, info));
                reader.step(
                        info.name().getString(),
                        info.kernel().getString(),
                        info.reason().getString(),
                        info.fused().getString(),
                        info.weight_bytes(),
                        info.macs(),
                        info.nanoseconds());
            }
        } finally {
            Reference.reachabilityFence(this);
            lifetime.exit();
        }
    }

    /** What the plan occupies now. */
    public MemoryInfo memory() {
        lifetime.enter();
        try (PointerScope scope = new PointerScope()) {
            octavo_plan_memory memory = new octavo_plan_memory();
            memory.size(memory.sizeof());
            Status.check(octavo.octavo_plan_memory_info(plan, memory));
            return new MemoryInfo(memory.weight_bytes(), memory.arena_bytes(), memory.workspaces(), memory.chunk());
        } finally {
            Reference.reachabilityFence(this);
            lifetime.exit();
        }
    }

    /** Whether {@link #close} was called. */
    public boolean isClosed() {
        return lifetime.isClosed();
    }

    /** Waits for runs under way, then frees. Harmless when repeated. */
    @Override
    public void close() {
        lifetime.close();
    }
}

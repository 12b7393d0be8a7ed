package io.octavo.internal.bind;

import io.octavo.natives.global.octavo;
import io.octavo.natives.octavo_attribute;
import io.octavo.natives.octavo_builder;
import io.octavo.natives.octavo_op_desc;
import io.octavo.natives.octavo_plan;
import io.octavo.natives.octavo_plan_options;
import io.octavo.natives.octavo_value_desc;
import io.octavo.natives.octavo_weights;
import io.octavo.tensor.Memory;
import io.octavo.tensor.Shape;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerScope;

/** Describes a network to the native library: values, then operators in running order, then the plan. Not thread-safe. */
public final class PlanBuilder implements AutoCloseable {
    private final octavo_builder builder;
    private final Lifetime lifetime;
    private final List<Memory> lent = new ArrayList<>(); // reachable until the description is freed

    /**
     * Starts an empty description.
     *
     * @throws io.octavo.NativeLibraryException if the native library is not there
     */
    public PlanBuilder() {
        NativeLibrary.require();
        octavo_builder created = new octavo_builder();
        Status.check(octavo.octavo_builder_create(created));
        builder = created;
        lifetime = new Lifetime(this, "Plan builder", () -> octavo.octavo_builder_destroy(created));
    }

    /**
     * Adds a value and gives its number, counted from 0. A constant's data are not copied: they stay as they are until this is
     * closed.
     */
    public int value(ValueSpec spec) {
        Memory data = spec.data == null ? null : spec.data.memory();
        lifetime.enter();
        try (PointerScope scope = new PointerScope()) {
            octavo_value_desc desc = new octavo_value_desc();
            desc.size(desc.sizeof());
            desc.name(text(spec.name));
            desc.dtype(spec.type.code);
            desc.role(spec.role.code);
            desc.layout(spec.layout.code);
            desc.batched(spec.shape.hasBatch() ? 1 : 0);
            desc.rank(spec.shape.rank());
            long[] dims = spec.shape.dims();
            for (int i = 0; i < dims.length; i++) {
                dims[i] = dims[i] == Shape.N ? 1 : dims[i];
            }
            desc.dims(new LongPointer(dims));
            desc.axis(spec.axis);
            desc.group_size(spec.groupSize);
            desc.param_count(spec.scales.length);
            desc.scales(spec.scales.length == 0 ? null : new FloatPointer(spec.scales));
            desc.zero_points(spec.zeroPoints == null ? null : new IntPointer(spec.zeroPoints));
            desc.code_min(spec.codeMin);
            desc.code_max(spec.codeMax);
            desc.table_size(spec.tables == null ? 0 : spec.tables[0].length);
            desc.table(spec.tables == null ? null : table(spec.tables));
            desc.data(data == null ? null : Address.pointer(data));
            boolean constant = spec.role == Role.CONSTANT;
            desc.lent(constant ? 1 : 0);
            int[] number = new int[1];
            Status.check(octavo.octavo_builder_value(builder, desc, number));
            if (constant) {
                lent.add(data);
            }
            return number[0];
        } finally {
            Reference.reachabilityFence(spec.data);
            Reference.reachabilityFence(this);
            lifetime.exit();
        }
    }

    /** Adds an operator; the values it reads are written by earlier ones. */
    public void op(OpSpec spec) {
        lifetime.enter();
        try (PointerScope scope = new PointerScope()) {
            octavo_op_desc desc = new octavo_op_desc();
            desc.size(desc.sizeof());
            desc.name(text(spec.name));
            desc.kind(spec.kind.code);
            desc.backend(spec.backend.code);
            desc.input_count(spec.inputs.length);
            desc.inputs(new IntPointer(spec.inputs));
            desc.output_count(spec.outputs.length);
            desc.outputs(new IntPointer(spec.outputs));
            desc.attribute_count(spec.attributes.size());
            desc.attributes(attributes(spec.attributes));
            Status.check(octavo.octavo_builder_op(builder, desc));
        } finally {
            Reference.reachabilityFence(this);
            lifetime.exit();
        }
    }

    /**
     * Checks, packs and plans.
     *
     * @param what how messages name the plan, such as {@code Session of graph 'resnet20'}
     */
    public Plan build(PlanOptions options, String what) {
        return build(options, null, what);
    }

    /**
     * The same, with weights from those that other plans have packed.
     *
     * @param weights where they are found and kept for later plans; null: this plan has its own
     */
    public Plan build(PlanOptions options, SharedWeights weights, String what) {
        lifetime.enter();
        octavo_weights shared = null;
        try (PointerScope scope = new PointerScope()) {
            octavo_plan_options wanted = new octavo_plan_options();
            wanted.size(wanted.sizeof());
            wanted.threads(options.threads());
            wanted.chunk(options.chunk());
            wanted.isa(options.isa() == null ? null : text(options.isa()));
            wanted.profile(options.profile() ? 1 : 0);
            shared = weights == null ? null : weights.enter();
            wanted.weights(shared);
            octavo_plan plan = new octavo_plan();
            Status.check(octavo.octavo_builder_build(builder, wanted, plan));
            return new Plan(plan, what);
        } finally {
            if (shared != null) {
                weights.exit();
            }
            Reference.reachabilityFence(this);
            lifetime.exit();
        }
    }

    /** Frees the description; plans built from it stay. Harmless when repeated. */
    @Override
    public void close() {
        lifetime.close();
    }

    private static octavo_attribute attributes(Map<String, Object> attributes) {
        octavo_attribute all = new octavo_attribute(Math.max(1, attributes.size()));
        long at = 0;
        for (Map.Entry<String, Object> entry : attributes.entrySet()) {
            octavo_attribute attribute = all.getPointer(at++);
            attribute.size(attribute.sizeof());
            attribute.key(text(entry.getKey()));
            if (entry.getValue() instanceof long[] integers) {
                attribute.count(integers.length);
                attribute.integers(new LongPointer(integers));
                attribute.reals(null);
            } else {
                float[] reals = (float[]) entry.getValue();
                attribute.count(reals.length);
                attribute.integers(null);
                attribute.reals(new FloatPointer(reals));
            }
        }
        return all;
    }

    private static BytePointer text(String text) {
        return new BytePointer(text, StandardCharsets.UTF_8);
    }

    private static BytePointer table(byte[][] tables) {
        int size = tables[0].length;
        byte[] flat = new byte[tables.length * size];
        for (int i = 0; i < tables.length; i++) {
            System.arraycopy(tables[i], 0, flat, i * size, size);
        }
        return new BytePointer(flat);
    }
}

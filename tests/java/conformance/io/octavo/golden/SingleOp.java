package io.octavo.golden;

import static org.junit.jupiter.api.Assertions.assertFalse;

import io.octavo.internal.bind.Layout;
import io.octavo.internal.bind.NativeType;
import io.octavo.internal.bind.OpSpec;
import io.octavo.internal.bind.Plan;
import io.octavo.internal.bind.PlanBuilder;
import io.octavo.internal.bind.PlanOptions;
import io.octavo.internal.bind.Pointers;
import io.octavo.internal.bind.Role;
import io.octavo.internal.bind.ValueSpec;
import io.octavo.runtime.Machine;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A native plan of one operator, run once on one instruction set. */
final class SingleOp implements AutoCloseable {
    private final PlanBuilder builder = new PlanBuilder();
    private final String isa;
    private final List<Integer> operands = new ArrayList<>();
    private final List<Tensor> inputs = new ArrayList<>();

    SingleOp(String isa) {
        this.isa = isa;
    }

    /** The instruction sets of this machine. */
    static List<String> isas() {
        List<String> names = Machine.isas().stream()
                .filter(Machine.Isa::supported)
                .map(Machine.Isa::name)
                .toList();
        assertFalse(names.isEmpty());
        return names;
    }

    /** An operand that is given when the operator runs: U8 codes, already in the layout's order. */
    SingleOp quantizedInput(Tensor codes, Layout layout, float scale, int zeroPoint) {
        operands.add(builder.value(
                new ValueSpec("x", NativeType.U8, Role.INPUT, layout, codes.shape()).affine(scale, zeroPoint, 0, 255)));
        inputs.add(codes);
        return this;
    }

    /** A float operand that is given when the operator runs. */
    SingleOp floatInput(Tensor x) {
        operands.add(builder.value(new ValueSpec("x", NativeType.F32, Role.INPUT, Layout.PLAIN, x.shape())));
        inputs.add(x);
        return this;
    }

    /** int8 weights of axis 0: one scale for all or one a channel, and one zero point. */
    SingleOp weights(Tensor w, boolean perChannel, float[] scales, int zeroPoint) {
        int[] zeroPoints = new int[scales.length];
        Arrays.fill(zeroPoints, zeroPoint);
        operands.add(
                builder.value(ValueSpec.of("w", Role.CONSTANT, w).affine(perChannel ? 0 : -1, 0, scales, zeroPoints)));
        return this;
    }

    /** A float bias, or none. */
    SingleOp bias(Tensor bias) {
        operands.add(bias == null ? -1 : builder.value(ValueSpec.of("bias", Role.CONSTANT, bias)));
        return this;
    }

    /** Runs the operator; the result is U8 with these parameters, in the layout's order. */
    Tensor quantized(OpSpec op, Layout layout, Shape shape, float scale, int zeroPoint) {
        int y = builder.value(
                new ValueSpec("y", NativeType.U8, Role.OUTPUT, layout, shape).affine(scale, zeroPoint, 0, 255));
        return run(op, y, Tensor.zeros(DType.U8, shape));
    }

    /** Runs the operator; the result is float. */
    Tensor floats(OpSpec op, Shape shape) {
        int y = builder.value(new ValueSpec("y", NativeType.F32, Role.OUTPUT, Layout.PLAIN, shape));
        return run(op, y, Tensor.zeros(DType.F32, shape));
    }

    private Tensor run(OpSpec op, int y, Tensor result) {
        builder.op(op.inputs(operands.stream().mapToInt(i -> i).toArray()).outputs(y));
        try (Plan plan = builder.build(new PlanOptions(1, 0, isa, false), "golden case")) {
            Pointers in = new Pointers(inputs.size());
            for (int i = 0; i < inputs.size(); i++) {
                in.set(i, inputs.get(i));
            }
            Pointers out = new Pointers(1);
            out.set(0, result);
            plan.run(in, out);
        }
        return result;
    }

    @Override
    public void close() {
        builder.close();
    }
}

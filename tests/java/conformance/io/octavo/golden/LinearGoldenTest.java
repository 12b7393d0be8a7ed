package io.octavo.golden;

import io.octavo.internal.bind.Layout;
import io.octavo.internal.bind.OpKind;
import io.octavo.internal.bind.OpSpec;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Quantized linear layers, static and dynamic, against PyTorch's fbgemm. */
class LinearGoldenTest {

    @Test
    void committedStaticCases() {
        checkStatic(GoldenFile.committed("linear_static"));
    }

    @Test
    void allStaticCases() {
        checkStatic(GoldenFile.full("linear_static"));
    }

    @Test
    void committedDynamicCases() {
        checkDynamic(GoldenFile.committed("linear_dynamic"));
    }

    @Test
    void allDynamicCases() {
        checkDynamic(GoldenFile.full("linear_dynamic"));
    }

    private static void checkStatic(GoldenFile file) {
        for (String isa : SingleOp.isas()) {
            Tally tally = new Tally(file.label() + " on " + isa);
            // Where results pass 2^31 steps, PyTorch gives the least code for the greatest; a session saturates.
            for (GoldenCase c : file.cases(any -> !any.name().startsWith("beyond_int32/"))) {
                Tensor expected = c.expected("y");
                OpSpec op = new OpSpec("linear", OpKind.LINEAR);
                if (c.flag("relu")) {
                    op.relu();
                }
                try (SingleOp single = new SingleOp(isa)) {
                    Tensor y = single.quantizedInput(
                                    c.input("a"), Layout.PLAIN, c.number("a_scale"), c.integer("a_zero_point"))
                            .weights(
                                    c.input("w"),
                                    c.flag("per_channel"),
                                    c.input("w_scale").toFloatArray(),
                                    c.integer("w_zero_point"))
                            .bias(c.input("bias"))
                            .quantized(
                                    op,
                                    Layout.PLAIN,
                                    expected.shape(),
                                    c.number("out_scale"),
                                    c.integer("out_zero_point"));
                    tally.compare(c.name(), expected, y);
                }
            }
            tally.check();
        }
    }

    private static void checkDynamic(GoldenFile file) {
        for (String isa : SingleOp.isas()) {
            Tally tally = new Tally(file.label() + " on " + isa);
            for (GoldenCase c : file.cases(any -> true)) {
                Tensor expected = c.expected("y");
                try (SingleOp single = new SingleOp(isa)) {
                    Tensor y = single.floatInput(c.input("x"))
                            .weights(
                                    c.input("w"),
                                    c.flag("per_channel"),
                                    c.input("w_scale").toFloatArray(),
                                    c.integer("w_zero_point"))
                            .bias(c.input("bias"))
                            .floats(
                                    new OpSpec("linear", OpKind.LINEAR_DYNAMIC).reduceRange(c.flag("reduce_range")),
                                    Shape.of(expected.shape().dims()));
                    tally.compare(c.name(), expected, y);
                }
            }
            tally.check();
        }
    }
}

package io.octavo.golden;

import io.octavo.internal.bind.Layout;
import io.octavo.internal.bind.OpKind;
import io.octavo.internal.bind.OpSpec;
import io.octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;

/**
 * Quantized convolutions against PyTorch's fbgemm. Its depthwise kernel saturates pairs of products to 16 bits; where
 * that changed the sums the case is left out, since Octavo's sums are exact.
 */
class ConvGoldenTest {

    @Test
    void committedCases() {
        check(GoldenFile.committed("conv2d_static"));
    }

    @Test
    void allCases() {
        check(GoldenFile.full("conv2d_static"));
    }

    private static void check(GoldenFile file) {
        for (String isa : SingleOp.isas()) {
            Tally tally = new Tally(file.label() + " on " + isa);
            for (GoldenCase c : file.cases(each -> each.integer("differ_from_exact_sums") == 0)) {
                Tensor expected = c.expected("y");
                try (SingleOp single = new SingleOp(isa)) {
                    Tensor y = single.quantizedInput(
                                    Layouts.toChannelsLast(c.input("a")),
                                    Layout.NHWC,
                                    c.number("a_scale"),
                                    c.integer("a_zero_point"))
                            .weights(
                                    c.input("w"),
                                    c.flag("per_channel"),
                                    c.input("w_scale").toFloatArray(),
                                    c.integer("w_zero_point"))
                            .bias(c.input("bias"))
                            .quantized(
                                    op(c),
                                    Layout.NHWC,
                                    expected.shape(),
                                    c.number("out_scale"),
                                    c.integer("out_zero_point"));
                    tally.compare(c.name(), expected, Layouts.fromChannelsLast(y));
                }
            }
            tally.check();
        }
    }

    private static OpSpec op(GoldenCase c) {
        int[] stride = c.integers("stride");
        int[] pad = c.integers("padding");
        int[] dilation = c.integers("dilation");
        Tensor w = c.input("w");
        OpSpec op = new OpSpec("conv", OpKind.CONV2D)
                .window(
                        (int) w.shape().dim(2),
                        (int) w.shape().dim(3),
                        stride[0],
                        stride[1],
                        pad[0],
                        pad[1],
                        pad[0],
                        pad[1],
                        dilation[0],
                        dilation[1])
                .groups(c.integer("groups"));
        return c.flag("relu") ? op.relu() : op;
    }
}

package io.octavo.golden;

import io.octavo.internal.bind.Layout;
import io.octavo.internal.bind.OpKind;
import io.octavo.internal.bind.OpSpec;
import io.octavo.tensor.Tensor;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Addition, pooling and clamps of quantized tensors against PyTorch. Its formula of addition and of means depends on
 * the order in memory, so cases of channels-last tensors run in that layout and the others in plain layout. The file's
 * multiplications, concatenations and softmax on codes are of operators that quantized graphs do not have.
 */
class OpsGoldenTest {
    private static final Set<String> OPS =
            Set.of("add", "add_relu", "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "relu", "relu6", "clamp");

    @Test
    void committedCases() {
        check(GoldenFile.committed("ops"));
    }

    @Test
    void allCases() {
        check(GoldenFile.full("ops"));
    }

    private static void check(GoldenFile file) {
        for (String isa : SingleOp.isas()) {
            for (String name : OPS.stream().sorted().toList()) {
                Tally tally = new Tally(file.label() + " " + name + " on " + isa);
                for (GoldenCase c : file.cases(each -> each.param("op").equals(name))) {
                    tally.compare(c.name(), c.expected("y"), run(c, isa));
                }
                tally.check();
            }
        }
    }

    private static Tensor run(GoldenCase c, String isa) {
        boolean last = c.flag("channels_last");
        Layout layout = last ? Layout.NHWC : Layout.PLAIN;
        boolean add = c.param("op").toString().startsWith("add");
        try (SingleOp single = new SingleOp(isa)) {
            single.quantizedInput(stored(c.input("a"), last), layout, c.number("a_scale"), c.integer("a_zero_point"));
            if (add) {
                single.quantizedInput(
                        stored(c.input("b"), last), layout, c.number("b_scale"), c.integer("b_zero_point"));
            }
            Tensor y = single.quantized(
                    op(c),
                    layout,
                    c.expected("y").shape(),
                    c.number(add ? "out_scale" : "a_scale"),
                    c.integer(add ? "out_zero_point" : "a_zero_point"));
            return last ? Layouts.fromChannelsLast(y) : y;
        }
    }

    private static Tensor stored(Tensor x, boolean last) {
        return last ? Layouts.toChannelsLast(x) : x;
    }

    private static OpSpec op(GoldenCase c) {
        return switch (c.param("op").toString()) {
            case "add" -> new OpSpec("add", OpKind.ADD).pytorchTail(true);
            case "add_relu" -> new OpSpec("add", OpKind.ADD).relu().pytorchTail(true);
            case "max_pool2d" ->
                window(new OpSpec("pool", OpKind.MAX_POOL2D), c).pooling(c.flag("ceil_mode"), false);
            case "avg_pool2d" ->
                window(new OpSpec("pool", OpKind.AVG_POOL2D), c)
                        .pooling(c.flag("ceil_mode"), c.flag("count_include_pad"));
            case "adaptive_avg_pool2d" -> new OpSpec("pool", OpKind.ADAPTIVE_AVG_POOL2D);
            case "relu" -> new OpSpec("relu", OpKind.CLAMP).relu();
            case "relu6" -> new OpSpec("relu6", OpKind.CLAMP).clamp(0, 6);
            case "clamp" -> new OpSpec("clamp", OpKind.CLAMP).clamp(c.number("min"), c.number("max"));
            default -> throw new IllegalArgumentException(c.name());
        };
    }

    private static OpSpec window(OpSpec op, GoldenCase c) {
        int[] k = c.integers("kernel");
        int[] s = c.integers("stride");
        int[] p = c.integers("padding");
        int[] d = c.param("dilation") == null ? new int[] {1, 1} : c.integers("dilation");
        return op.window(k[0], k[1], s[0], s[1], p[0], p[1], p[0], p[1], d[0], d[1]);
    }
}

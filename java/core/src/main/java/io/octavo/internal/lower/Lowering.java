package io.octavo.internal.lower;

import io.octavo.UnsupportedException;
import io.octavo.graph.Activation;
import io.octavo.graph.Movement;
import io.octavo.graph.Normalization;
import io.octavo.graph.Op;
import io.octavo.graph.OpTable;
import io.octavo.graph.Pointwise;
import io.octavo.graph.Reduction;
import io.octavo.graph.Shapes;
import io.octavo.graph.Training;
import io.octavo.graph.Value;
import io.octavo.graph.Window;
import io.octavo.internal.bind.Layout;
import io.octavo.internal.bind.NativeType;
import io.octavo.internal.bind.OpKind;
import io.octavo.internal.bind.OpSpec;
import io.octavo.internal.bind.Role;
import io.octavo.internal.bind.ValueSpec;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.TableParams;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How values and operators of a graph are described to native code: shared by sessions and training plans.
 */
public final class Lowering {
    /** A row an operator. */
    static final OpTable<NodeValues, OpSpec> OPERATORS = OpTable.<NodeValues, OpSpec>of("lowering")
            .row(
                    Op.Conv2d.class,
                    (node, op) -> activation(
                            window(new OpSpec(node.name(), OpKind.CONV2D), op.window())
                                    .groups(op.groups()),
                            op.activation()))
            .row(Op.Linear.class, (node, op) -> activation(new OpSpec(node.name(), OpKind.LINEAR), op.activation()))
            .row(Op.BatchNorm.class, (node, op) -> new OpSpec(node.name(), OpKind.BATCH_NORM).epsilon(op.epsilon()))
            .row(Op.Clamp.class, (node, op) -> activation(new OpSpec(node.name(), OpKind.CLAMP), op.activation()))
            .row(Op.MaxPool2d.class, (node, op) -> window(new OpSpec(node.name(), OpKind.MAX_POOL2D), op.window())
                    .pooling(op.ceilMode(), false))
            .row(Op.AvgPool2d.class, (node, op) -> window(new OpSpec(node.name(), OpKind.AVG_POOL2D), op.window())
                    .pooling(op.ceilMode(), op.countIncludePad()))
            .row(Op.AdaptiveAvgPool2d.class, (node, op) -> new OpSpec(node.name(), OpKind.ADAPTIVE_AVG_POOL2D))
            .row(Op.Flatten.class, (node, op) -> new OpSpec(node.name(), OpKind.FLATTEN))
            .row(Op.Dropout.class, (node, op) -> refuse(node, "does nothing in inference and has no native operator"))
            .row(Op.Add.class, (node, op) -> activation(new OpSpec(node.name(), OpKind.ADD), op.activation()))
            .row(Op.Softmax.class, (node, op) -> new OpSpec(node.name(), OpKind.SOFTMAX))
            .row(Op.Quantize.class, (node, op) -> new OpSpec(node.name(), OpKind.QUANTIZE)
                    .quotient(op.rounding() == Op.Quantize.Rounding.QUOTIENT))
            .row(Op.Dequantize.class, (node, op) -> new OpSpec(node.name(), OpKind.DEQUANTIZE))
            .row(Op.Requantize.class, (node, op) -> new OpSpec(node.name(), OpKind.REQUANTIZE))
            .row(Op.ConvTranspose.class, (node, op) -> window(
                            new OpSpec(node.name(), OpKind.CONV_TRANSPOSE2D), op.window())
                    .groups(op.groups()))
            .row(Op.MatMul.class, (node, op) -> new OpSpec(node.name(), OpKind.MATMUL))
            // The C header numbers functions and relations in the order of these enumerations.
            .row(Pointwise.Unary.class, (node, op) -> new OpSpec(node.name(), OpKind.UNARY)
                    .function(op.function().ordinal())
                    .parameters(op.alpha(), op.beta()))
            .row(Pointwise.Binary.class, (node, op) -> new OpSpec(node.name(), OpKind.BINARY)
                    .function(op.function().ordinal()))
            .row(Pointwise.Compare.class, (node, op) -> new OpSpec(node.name(), OpKind.COMPARE)
                    .function(op.relation().ordinal()))
            .row(Pointwise.Where.class, (node, op) -> new OpSpec(node.name(), OpKind.WHERE))
            .row(Pointwise.Cast.class, (node, op) -> new OpSpec(node.name(), OpKind.CAST))
            .row(Reduction.Reduce.class, (node, op) -> new OpSpec(node.name(), OpKind.REDUCE)
                    .function(op.kind().ordinal())
                    .axes(op.axes()))
            .row(Reduction.SoftmaxAlong.class, (node, op) -> new OpSpec(node.name(), OpKind.SOFTMAX)
                    .axis(op.axis())
                    .log(op.log()))
            .row(Reduction.ArgReduce.class, (node, op) -> new OpSpec(node.name(), OpKind.ARG_REDUCE)
                    .axis(op.axis())
                    .greatest(op.greatest())
                    .last(op.last()))
            .row(Reduction.TopK.class, (node, op) -> new OpSpec(node.name(), OpKind.TOP_K)
                    .axis(op.axis())
                    .greatest(op.greatest()))
            .row(Reduction.CumSum.class, (node, op) -> new OpSpec(node.name(), OpKind.CUM_SUM)
                    .axis(op.axis())
                    .cumulative(op.exclusive(), op.reverse()))
            .row(Normalization.LayerNorm.class, (node, op) -> new OpSpec(node.name(), OpKind.LAYER_NORM)
                    .axis(op.axis())
                    .epsilon(op.epsilon())
                    .rms(op.rms()))
            .row(Normalization.GroupNorm.class, (node, op) -> new OpSpec(node.name(), OpKind.GROUP_NORM)
                    .groups(
                            op.groups() > 0
                                    ? op.groups()
                                    : (int) node.input(0).shape().dim(1))
                    .epsilon(op.epsilon()))
            .row(Normalization.LocalResponse.class, (node, op) -> new OpSpec(node.name(), OpKind.LOCAL_RESPONSE)
                    .response(op.size(), op.alpha(), op.beta(), op.bias()))
            .row(Movement.class, MovementLowering::operator)
            .row(Shapes.class, (node, op) -> refuse(node, "depends on shapes that are not known"))
            .row(Training.class, (node, op) -> refuse(node, "belongs to a training step, not to inference"))
            .build();

    private Lowering() {}

    /**
     * The native operator of a node, with its attributes and without its values' numbers.
     *
     * @throws UnsupportedException for an operator that inference does not run: {@link Op.Dropout}
     */
    public static OpSpec operator(NodeValues node) {
        return OPERATORS.apply(node, node.node().op());
    }

    /** Which of a node's inputs are values of the plan; the others show in attributes and shapes. */
    public static int[] reads(NodeValues node) {
        if (node.node().op() instanceof Movement op) {
            return MovementLowering.reads(node, op);
        }
        int count = node.node().op() instanceof Reduction.TopK
                ? 1
                : node.node().inputs().size();
        return IntStream.range(0, count).toArray();
    }

    /**
     * What an operator must write although nobody wants it: a part of a split. Null for all else.
     *
     * @param index of the output
     */
    public static Value unwanted(NodeValues node, int index) {
        return node.node().op() instanceof Movement.Split op ? MovementLowering.part(node, op, index) : null;
    }

    /** Whether an operator runs in either layout, so that it takes the one in which its elements are there. */
    public static boolean followsLayout(NodeValues node) {
        Op op = node.node().op();
        return op instanceof Pointwise
                || op instanceof Op.Clamp
                || op instanceof Op.Add
                || op instanceof Op.Requantize
                || op instanceof Reduction.Reduce
                || op instanceof Movement movement && MovementLowering.followsLayout(node, movement);
    }

    static OpSpec refuse(NodeValues node, String why) {
        throw new UnsupportedException(
                "Node '" + node.name() + "' (" + node.node().op().type() + ") " + why);
    }

    /**
     * The native description of a value: type, quantization and, for constants and states, the elements.
     *
     * @param batched whether the first dimension is the batch of the run
     */
    public static ValueSpec value(Value value, Role role, Layout layout, boolean batched) {
        Shape shape = batched ? value.shape().withBatch(Shape.N) : value.shape();
        NativeType type = NativeType.of(value.dtype());
        if (value.quantization() instanceof TableParams table) {
            type = table.bits() <= 4 ? NativeType.CODE4 : NativeType.CODE8;
        }
        ValueSpec spec = new ValueSpec(value.name(), type, role, layout, shape).data(value.data());
        if (value.quantization() instanceof AffineParams affine) {
            spec.affine(
                    affine.granularity().axis(),
                    affine.granularity().groupSize(),
                    affine.scales(),
                    affine.zeroPoints());
            if (value.dtype() != DType.S32) {
                spec.codes(affine.qMin(), affine.qMax());
            }
        } else if (value.quantization() instanceof TableParams table) {
            spec.tables(table.granularity().axis(), table.granularity().groupSize(), table.scales(), table.tables());
        }
        return spec;
    }

    /** How the results of an operator lie in memory by nature: channels last, if they are images. */
    public static Layout naturalLayout(Op op, Shape shape) {
        if (op instanceof Movement) {
            // An image as others have it, channels last, becomes one of ours.
            boolean image = op instanceof Movement.Transpose transpose
                    && transpose.order().equals(List.of(0, 3, 1, 2));
            return image ? Layout.NHWC : Layout.PLAIN;
        }
        boolean plain = op instanceof Op.Softmax
                || op instanceof Op.Linear
                || op instanceof Op.MatMul
                || op instanceof Normalization.LayerNorm
                || op instanceof Reduction && !(op instanceof Reduction.Reduce);
        return shape.rank() == 4 && !plain ? Layout.NHWC : Layout.PLAIN;
    }

    /** The operator with a window's numbers. */
    public static OpSpec window(OpSpec spec, Window w) {
        return spec.window(
                w.kernelH(),
                w.kernelW(),
                w.strideH(),
                w.strideW(),
                w.padTop(),
                w.padLeft(),
                w.padBottom(),
                w.padRight(),
                w.dilationH(),
                w.dilationW());
    }

    /** The operator with an activation. */
    public static OpSpec activation(OpSpec spec, Activation activation) {
        return switch (activation.kind()) {
            case NONE -> spec;
            case RELU -> spec.relu();
            case CLAMP -> spec.clamp(activation.min(), activation.max());
        };
    }
}

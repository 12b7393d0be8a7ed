package io.octavo.runtime;

import io.octavo.UnsupportedException;
import io.octavo.graph.Activation;
import io.octavo.graph.Node;
import io.octavo.graph.Op;
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

/**
 * How values and operators of a graph are described to native code: shared by sessions and training plans. For the library's
 * own packages; users run a {@link Session}.
 */
public final class Lowering {
    private Lowering() {}

    /**
     * The native operator of a node, with its attributes and without values.
     *
     * @throws UnsupportedException for an operator that inference does not run: {@link Op.Dropout}
     */
    public static OpSpec operator(Node node) {
        Op op = node.op();
        if (op instanceof Op.Conv2d conv) {
            OpSpec spec = window(new OpSpec(node.name(), OpKind.CONV2D), conv.window())
                    .groups(conv.groups());
            return activation(spec, conv.activation());
        }
        if (op instanceof Op.Linear linear) {
            return activation(new OpSpec(node.name(), OpKind.LINEAR), linear.activation());
        }
        if (op instanceof Op.BatchNorm norm) {
            return new OpSpec(node.name(), OpKind.BATCH_NORM)
                    .epsilon(norm.epsilon())
                    .momentum(norm.momentum());
        }
        if (op instanceof Op.Clamp clamp) {
            return activation(new OpSpec(node.name(), OpKind.CLAMP), clamp.activation());
        }
        if (op instanceof Op.MaxPool2d pool) {
            return window(new OpSpec(node.name(), OpKind.MAX_POOL2D), pool.window())
                    .pooling(pool.ceilMode(), false);
        }
        if (op instanceof Op.AvgPool2d pool) {
            return window(new OpSpec(node.name(), OpKind.AVG_POOL2D), pool.window())
                    .pooling(pool.ceilMode(), pool.countIncludePad());
        }
        if (op instanceof Op.Add add) {
            return activation(new OpSpec(node.name(), OpKind.ADD), add.activation());
        }
        if (op instanceof Op.Dropout) {
            throw new UnsupportedException(
                    "Node '" + node.name() + "' (Dropout) does nothing in inference and has no native operator");
        }
        return new OpSpec(node.name(), plainKind(op));
    }

    private static OpKind plainKind(Op op) {
        if (op instanceof Op.AdaptiveAvgPool2d) {
            return OpKind.ADAPTIVE_AVG_POOL2D;
        }
        if (op instanceof Op.Flatten) {
            return OpKind.FLATTEN;
        }
        if (op instanceof Op.Softmax) {
            return OpKind.SOFTMAX;
        }
        if (op instanceof Op.Quantize) {
            return OpKind.QUANTIZE;
        }
        if (op instanceof Op.Dequantize) {
            return OpKind.DEQUANTIZE;
        }
        if (op instanceof Op.Requantize) {
            return OpKind.REQUANTIZE;
        }
        throw new UnsupportedException("Operator " + op.type() + " has no native counterpart");
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
        return shape.rank() == 4 && !(op instanceof Op.Softmax) && !(op instanceof Op.Linear)
                ? Layout.NHWC
                : Layout.PLAIN;
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

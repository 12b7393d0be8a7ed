package io.octavo.graph;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.QuantParams;
import io.octavo.tensor.DType;
import io.octavo.tensor.Shape;
import java.util.List;

/** Shape and type inference of the operators of {@link Op}, with the checks that a node must pass to enter a graph. */
final class Inference {
    /** Type, shape and parameters of an output. */
    record Spec(DType dtype, Shape shape, QuantParams quantization) {}

    /** A row an operator. */
    static final OpTable<Inference, Spec> TABLE = OpTable.<Inference, Spec>of("shape inference")
            .row(Op.Conv2d.class, Inference::conv2d)
            .row(Op.Linear.class, (node, op) -> node.linear())
            .row(Op.BatchNorm.class, (node, op) -> node.batchNorm())
            .row(Op.Clamp.class, (node, op) -> node.unchanged())
            .row(Op.MaxPool2d.class, (node, op) -> node.pool(op.window(), op.ceilMode()))
            .row(Op.AvgPool2d.class, (node, op) -> node.pool(op.window(), op.ceilMode()))
            .row(Op.AdaptiveAvgPool2d.class, Inference::adaptive)
            .row(Op.Flatten.class, (node, op) -> node.flatten())
            .row(Op.Dropout.class, (node, op) -> node.unchanged())
            .row(Op.Add.class, (node, op) -> node.add())
            .row(Op.Softmax.class, (node, op) -> node.softmax())
            .row(Op.Quantize.class, (node, op) -> node.quantize())
            .row(Op.Dequantize.class, (node, op) -> node.dequantize())
            .row(Op.Requantize.class, (node, op) -> node.requantize())
            .row(Training.class, (node, op) -> node.training())
            .build();

    private final String node;
    private final Op op;
    private final List<Value> inputs; // null: absent
    private final QuantParams wanted;

    private Inference(String node, Op op, List<Value> inputs, QuantParams wanted) {
        this.node = node;
        this.op = op;
        this.inputs = inputs;
        this.wanted = wanted;
    }

    /**
     * What the node's one output is.
     *
     * @param inputs null where absent
     * @param wanted parameters that the output is to have; null: those that follow from the inputs
     */
    static Spec output(String node, Op op, List<Value> inputs, QuantParams wanted) {
        return TABLE.apply(new Inference(node, op, inputs, wanted), op);
    }

    private Spec training() {
        throw new InvalidValueException(
                where() + " belongs to a training step, which is made from a graph: no graph holds it");
    }

    private Spec adaptive(Op.AdaptiveAvgPool2d pool) {
        Value x = image(only());
        return like(x, Shape.of(x.shape().dim(0), x.shape().dim(1), pool.h(), pool.w()));
    }

    private Spec flatten() {
        Value x = only();
        atLeastRank(x, 2);
        return like(x, Shape.of(x.shape().dim(0), x.shape().elementsPerSample()));
    }

    private Spec unchanged() {
        Value x = only();
        return like(x, x.shape());
    }

    private Spec softmax() {
        Value x = only();
        requireFloat(x);
        atLeastRank(x, 2);
        return like(x, x.shape());
    }

    private Spec quantize() {
        Value x = only();
        requireFloat(x);
        return quantized(x.shape());
    }

    private Spec dequantize() {
        Value x = only();
        activationCodes(x);
        noParameters();
        return new Spec(DType.F32, x.shape(), null);
    }

    private Spec requantize() {
        Value x = only();
        activationCodes(x);
        return quantized(x.shape());
    }

    private Spec conv2d(Op.Conv2d conv) {
        arity(2, 4);
        Value x = image(required(0, "x"));
        Value w = required(1, "weight");
        Window window = conv.window();
        long channels = x.shape().dim(1);
        if (channels % conv.groups() != 0) {
            throw mismatch(x, "a number of channels that " + conv.groups() + " groups divide");
        }
        if (w.shape().rank() != 4
                || w.shape().dim(1) != channels / conv.groups()
                || w.shape().dim(2) != window.kernelH()
                || w.shape().dim(3) != window.kernelW()) {
            throw mismatch(
                    w,
                    "[O, " + channels / conv.groups() + ", " + window.kernelH() + ", " + window.kernelW()
                            + "] for input " + x + (conv.groups() == 1 ? "" : " in " + conv.groups() + " groups"));
        }
        long out = w.shape().dim(0);
        if (out % conv.groups() != 0) {
            throw mismatch(w, "a number of output channels that " + conv.groups() + " groups divide");
        }
        Shape shape = Shape.of(x.shape().dim(0), out, outH(x, window, false), outW(x, window, false));
        Spec spec = product(x, w, out, shape, false);
        Value residual = optional(3);
        if (residual != null) {
            if (!residual.shape().equals(shape)) {
                throw mismatch(residual, shape + ", the shape of the result to which it is added");
            }
            if (spec.quantization() == null) {
                requireFloat(residual);
            } else {
                activationCodes(residual);
            }
        }
        return spec;
    }

    private Spec linear() {
        arity(2, 3);
        Value x = required(0, "x");
        Value w = required(1, "weight");
        atLeastRank(x, 2);
        int last = x.shape().rank() - 1;
        long k = x.shape().dim(last);
        if (w.shape().rank() != 2) {
            throw mismatch(w, "[O, " + k + "]");
        }
        if (w.shape().dim(1) != k) {
            throw mismatch(
                    w,
                    "[" + w.shape().dim(0) + ", " + k + "]: its input " + x + " has " + k
                            + " features, the weight was made for " + w.shape().dim(1));
        }
        long[] dims = x.shape().dims();
        dims[last] = w.shape().dim(0);
        return product(x, w, w.shape().dim(0), Shape.of(dims), true);
    }

    /** Types and bias of a convolution or linear layer. */
    private Spec product(Value x, Value w, long out, Shape shape, boolean linear) {
        Value bias = optional(2);
        if (bias != null && !bias.shape().equals(Shape.of(out))) {
            throw mismatch(bias, "[" + out + "], one bias an output channel");
        }
        if (!x.isQuantized()) {
            requireFloat(x);
            if (linear && w.isQuantized()) {
                weightCodes(w);
            } else {
                requireFloat(w);
            }
            if (bias != null) {
                requireFloat(bias);
            }
            noParameters();
            return new Spec(DType.F32, shape, null);
        }
        activationCodes(x);
        if (!w.isQuantized()) {
            throw mismatch(w, "quantized weights, as its input " + x + " is quantized");
        }
        weightCodes(w);
        if (bias != null && bias.dtype() != DType.F32 && !isBiasCodes(bias)) {
            throw mismatch(bias, "F32, or quantized S32 with a scale for all or one an output channel");
        }
        if (wanted == null && linear) {
            return new Spec(DType.F32, shape, null);
        }
        return quantized(shape);
    }

    private static boolean isBiasCodes(Value bias) {
        return bias.dtype() == DType.S32
                && bias.quantization() != null
                && !bias.quantization().granularity().isPerGroup();
    }

    private Spec batchNorm() {
        arity(5, 5);
        Value x = required(0, "x");
        requireFloat(x);
        atLeastRank(x, 2);
        long channels = x.shape().dim(1);
        String[] names = {"x", "gamma", "beta", "mean", "variance"};
        for (int i = 1; i < 5; i++) {
            Value p = required(i, names[i]);
            requireFloat(p);
            if (!p.shape().equals(Shape.of(channels))) {
                throw mismatch(p, "[" + channels + "], one " + names[i] + " a channel of " + x);
            }
        }
        return like(x, x.shape());
    }

    private Spec add() {
        arity(2, 2);
        Value a = required(0, "a");
        Value b = required(1, "b");
        if (!a.shape().equals(b.shape())) {
            throw mismatch(b, a.shape() + ", the shape of the other operand " + a);
        }
        if (!a.isQuantized()) {
            requireFloat(a);
            requireFloat(b);
            noParameters();
            return new Spec(DType.F32, a.shape(), null);
        }
        activationCodes(a);
        activationCodes(b);
        return quantized(a.shape());
    }

    private Spec pool(Window window, boolean ceilMode) {
        Value x = image(only());
        if (2 * Math.max(window.padTop(), window.padBottom()) > window.kernelH()
                || 2 * Math.max(window.padLeft(), window.padRight()) > window.kernelW()) {
            throw new ShapeMismatchException(where() + " window " + window
                    + ": padding must be at most half of the kernel, or some windows hold nothing else");
        }
        return like(
                x, Shape.of(x.shape().dim(0), x.shape().dim(1), outH(x, window, ceilMode), outW(x, window, ceilMode)));
    }

    private long outH(Value x, Window w, boolean ceil) {
        return steps(x, 2, w.kernelH(), w.strideH(), w.padTop(), w.padBottom(), w.dilationH(), ceil);
    }

    private long outW(Value x, Window w, boolean ceil) {
        return steps(x, 3, w.kernelW(), w.strideW(), w.padLeft(), w.padRight(), w.dilationW(), ceil);
    }

    private long steps(Value x, int axis, int kernel, int stride, int before, int after, int dilation, boolean ceil) {
        long size = x.shape().dim(axis);
        long reach = (long) dilation * (kernel - 1) + 1;
        long room = size + before + after - reach;
        if (room < 0) {
            throw mismatch(
                    x,
                    "at least " + (reach - before - after) + " in dimension " + axis + " for a window of " + reach
                            + " with padding " + before + " and " + after);
        }
        long steps = (room + (ceil ? stride - 1 : 0)) / stride + 1;
        // A last window that would start beyond the input and its leading padding holds nothing.
        return ceil && (steps - 1) * stride >= size + before ? steps - 1 : steps;
    }

    // ---- Checks
    // ----------------------------------------------------------------------------------------------------------

    private Spec like(Value x, Shape shape) {
        if (wanted != null && !wanted.equals(x.quantization())) {
            throw new ShapeMismatchException(where() + " keeps the quantization of its input " + x
                    + "; other parameters were asked for its output: requantize after it");
        }
        if (x.isQuantized()) {
            activationCodes(x);
        } else {
            requireFloat(x);
        }
        return new Spec(x.dtype(), shape, x.quantization());
    }

    private Spec quantized(Shape shape) {
        if (!(wanted instanceof AffineParams affine) || !affine.granularity().isPerTensor()) {
            throw new InvalidValueException(
                    where() + " gives quantized values and needs affine parameters for the whole tensor, " + "given: "
                            + (wanted == null ? "none" : wanted));
        }
        return new Spec(affine.dtype(), shape, affine);
    }

    private void noParameters() {
        if (wanted != null) {
            throw new ShapeMismatchException(where()
                    + " has float inputs and gives float, but quantization parameters were asked for its output");
        }
    }

    private void activationCodes(Value x) {
        if (!x.isQuantized()
                || !(x.quantization() instanceof AffineParams affine)
                || !affine.granularity().isPerTensor()
                || (x.dtype() != DType.U8 && x.dtype() != DType.S8)) {
            throw mismatch(x, "a U8 or S8 value with affine parameters for the whole tensor");
        }
    }

    private void weightCodes(Value w) {
        if (w.quantization().granularity().axis() > 0) {
            throw mismatch(
                    w,
                    "parameters per tensor, or per index or group of axis 0 (they are per "
                            + w.quantization().granularity() + ")");
        }
    }

    private void requireFloat(Value x) {
        if (x.dtype() != DType.F32) {
            throw mismatch(x, "F32");
        }
    }

    private Value image(Value x) {
        if (x.shape().rank() != 4) {
            throw mismatch(x, "four dimensions, [N, C, H, W]");
        }
        return x;
    }

    private void atLeastRank(Value x, int rank) {
        if (x.shape().rank() < rank) {
            throw mismatch(x, rank + " dimensions or more, the first of them the batch");
        }
    }

    private Value only() {
        arity(1, 1);
        return required(0, "x");
    }

    private void arity(int least, int most) {
        if (inputs.size() < least || inputs.size() > most) {
            throw new ShapeMismatchException(where() + " has " + inputs.size() + " inputs, expected "
                    + (least == most ? "" + least : least + " to " + most));
        }
    }

    private Value required(int index, String what) {
        Value value = inputs.get(index);
        if (value == null) {
            throw new ShapeMismatchException(where() + " lacks its input " + index + " (" + what + ")");
        }
        return value;
    }

    private Value optional(int index) {
        return index < inputs.size() ? inputs.get(index) : null;
    }

    private ShapeMismatchException mismatch(Value found, String expected) {
        return new ShapeMismatchException(where() + ": tensor " + found + " does not fit, expected " + expected);
    }

    private String where() {
        return "Node '" + node + "' (" + op.type() + ")";
    }
}

package io.octavo.graph;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.UnsupportedException;
import io.octavo.scheme.AffineParams;
import io.octavo.scheme.QuantParams;
import io.octavo.tensor.DType;
import io.octavo.tensor.Dim;
import io.octavo.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Shape and type inference of the operators of {@link Op}, with the checks that a node must pass to enter a graph. What depends on
 * dimensions or numbers that are not known yet gets unknown dimensions, named after the node.
 */
final class Inference {
    /** Type, shape and parameters of an output. */
    record Spec(DType dtype, Shape shape, QuantParams quantization) {}

    /** A row an operator: its outputs in order, those that may be absent included. */
    static final OpTable<Inference, List<Spec>> TABLE = OpTable.<Inference, List<Spec>>of("shape inference")
            .row(Op.Conv2d.class, (node, op) -> List.of(node.conv2d(op)))
            .row(Op.ConvTranspose.class, (node, op) -> List.of(node.convTranspose(op)))
            .row(Op.Linear.class, (node, op) -> List.of(node.linear(op)))
            .row(Op.MatMul.class, (node, op) -> List.of(node.matMul()))
            .row(Op.BatchNorm.class, (node, op) -> List.of(node.batchNorm()))
            .row(Op.Clamp.class, (node, op) -> List.of(node.unchanged()))
            .row(
                    Op.MaxPool2d.class,
                    (node, op) -> List.of(node.like(node.only(), node.pool(op.window(), op.ceilMode()))))
            .row(Op.AvgPool2d.class, (node, op) -> List.of(node.mean(node.pool(op.window(), op.ceilMode()))))
            .row(Op.AdaptiveAvgPool2d.class, (node, op) -> List.of(node.mean(node.adaptive(op))))
            .row(Op.Flatten.class, (node, op) -> List.of(node.flatten()))
            .row(Op.Dropout.class, (node, op) -> List.of(node.unchanged()))
            .row(Op.Add.class, (node, op) -> List.of(node.add()))
            .row(Op.Softmax.class, (node, op) -> List.of(node.softmax()))
            .row(Op.Quantize.class, (node, op) -> List.of(node.quantize()))
            .row(Op.Dequantize.class, (node, op) -> List.of(node.dequantize()))
            .row(Op.Requantize.class, (node, op) -> List.of(node.requantize()))
            .row(Pointwise.class, (node, op) -> List.of(PointwiseInference.output(node, op)))
            .row(Reduction.class, ReductionInference::outputs)
            .row(Normalization.class, NormalizationInference::outputs)
            .row(Movement.class, MovementInference::outputs)
            .row(Shapes.class, (node, op) -> List.of(ShapesInference.output(node, op)))
            .row(Training.class, (node, op) -> List.of(node.training()))
            .build();

    private final Node node;
    private final List<Value> inputs; // null: absent
    private final Map<String, List<Entry>> known;
    private final QuantParams wanted;

    private Inference(Node node, List<Value> inputs, Map<String, List<Entry>> known, QuantParams wanted) {
        this.node = node;
        this.inputs = inputs;
        this.known = known;
        this.wanted = wanted;
    }

    /**
     * What the node's outputs are, one for each that the node names.
     *
     * @param inputs null where absent
     * @param known elements of inputs that are no constants, by name, as far as {@link EntryInference} followed them
     * @param wanted parameters that a quantized output is to have; null: those that follow from the inputs
     */
    static List<Spec> outputs(Node node, List<Value> inputs, Map<String, List<Entry>> known, QuantParams wanted) {
        Inference inference = new Inference(node, inputs, known, wanted);
        List<Spec> specs = TABLE.apply(inference, node.op());
        if (node.outputs().size() > specs.size()) {
            throw new InvalidValueException(
                    inference.where() + " has " + node.outputs().size() + " outputs, expected "
                            + (specs.size() == 1 ? "1" : "at most " + specs.size()));
        }
        return specs.subList(0, node.outputs().size());
    }

    private Spec training() {
        throw new InvalidValueException(
                where() + " belongs to a training step, which is made from a graph: no graph holds it");
    }

    private Shape adaptive(Op.AdaptiveAvgPool2d pool) {
        Value x = image(only());
        return Shape.ofDims(x.shape().dimension(0), x.shape().dimension(1), Dim.of(pool.h()), Dim.of(pool.w()));
    }

    private Spec flatten() {
        Value x = only();
        atLeastRank(x, 2);
        return like(
                x,
                Shape.ofDims(
                        x.shape().dimension(0), product(x.shape(), 1, x.shape().rank(), 1)));
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
        if (!x.isConstant() || !x.isQuantized()) {
            activationCodes(x);
        }
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
        long channels = size(x, 1, w.shape().rank() == 4 ? w.shape().dim(1) * conv.groups() : 1);
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
        Shape shape = Shape.ofDims(x.shape().dimension(0), Dim.of(out), outH(x, window, false), outW(x, window, false));
        Spec spec = product(x, w, out, shape, conv.activation());
        Value residual = optional(3);
        if (residual != null) {
            if (spec.dtype() == DType.S32) {
                throw mismatch(residual, "nothing: the sums of products of integers " + x + " take no residual");
            }
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

    private Spec linear(Op.Linear linear) {
        arity(2, 3);
        Value x = required(0, "x");
        Value w = required(1, "weight");
        atLeastRank(x, 2);
        int last = x.shape().rank() - 1;
        long k = size(x, last, w.shape().rank() == 2 ? w.shape().dim(1) : 1);
        if (w.shape().rank() != 2) {
            throw mismatch(w, "[O, " + k + "]");
        }
        if (w.shape().dim(1) != k) {
            throw mismatch(
                    w,
                    "[" + w.shape().dim(0) + ", " + k + "]: its input " + x + " has " + k
                            + " features, the weight was made for " + w.shape().dim(1));
        }
        return product(
                x, w, w.shape().dim(0), x.shape().with(last, Dim.of(w.shape().dim(0))), linear.activation());
    }

    /** Types and bias of a convolution or linear layer. */
    private Spec product(Value x, Value w, long out, Shape shape, Activation activation) {
        boolean linear = node.op() instanceof Op.Linear;
        Value bias = optional(2);
        if (bias != null && !bias.shape().equals(Shape.of(out))) {
            throw mismatch(bias, "[" + out + "], one bias an output channel");
        }
        if (!x.isQuantized() && (x.dtype() == DType.U8 || x.dtype() == DType.S8)) {
            return sums(x, w, bias, shape, activation);
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

    /** Of integers. */
    private Spec sums(Value x, Value w, Value bias, Shape shape, Activation activation) {
        if (!(w.quantization() instanceof AffineParams)
                || w.quantization().granularity().isPerGroup()) {
            throw mismatch(w, "affine weights without groups, as its input " + x + " are integers");
        }
        weightCodes(w);
        if (bias != null && (bias.dtype() != DType.S32 || bias.isQuantized())) {
            throw mismatch(bias, "S32 integers, as its input " + x + " are integers");
        }
        if (!activation.isNone()) {
            throw mismatch(x, "codes or F32, as integers take no activation (" + activation + ")");
        }
        noParameters();
        return new Spec(DType.S32, shape, null);
    }

    private static boolean isBiasCodes(Value bias) {
        return bias.dtype() == DType.S32
                && bias.quantization() != null
                && !bias.quantization().granularity().isPerGroup();
    }

    private Spec convTranspose(Op.ConvTranspose conv) {
        arity(2, 3);
        Value x = image(required(0, "x"));
        Value w = required(1, "weight");
        requireFloat(x);
        requireFloat(w);
        noParameters();
        Window window = conv.window();
        long channels = size(x, 1, w.shape().rank() == 4 ? w.shape().dim(0) : 1);
        if (channels % conv.groups() != 0) {
            throw mismatch(x, "a number of channels that " + conv.groups() + " groups divide");
        }
        if (w.shape().rank() != 4
                || w.shape().dim(0) != channels
                || w.shape().dim(2) != window.kernelH()
                || w.shape().dim(3) != window.kernelW()) {
            throw mismatch(
                    w,
                    "[" + channels + ", O/groups, " + window.kernelH() + ", " + window.kernelW() + "] for input " + x);
        }
        long out = w.shape().dim(1) * conv.groups();
        Value bias = optional(2);
        if (bias != null) {
            requireFloat(bias);
            if (!bias.shape().equals(Shape.of(out))) {
                throw mismatch(bias, "[" + out + "], one bias an output channel");
            }
        }
        Dim h = spread(
                x,
                2,
                window.kernelH(),
                window.strideH(),
                window.padTop(),
                window.padBottom(),
                window.dilationH(),
                conv.extraH());
        Dim width = spread(
                x,
                3,
                window.kernelW(),
                window.strideW(),
                window.padLeft(),
                window.padRight(),
                window.dilationW(),
                conv.extraW());
        return new Spec(DType.F32, Shape.ofDims(x.shape().dimension(0), Dim.of(out), h, width), null);
    }

    private Dim spread(Value x, int axis, int kernel, int stride, int before, int after, int dilation, int extra) {
        long size = x.shape().dim(axis);
        if (size == Shape.N) {
            return unknown(axis);
        }
        long result = (size - 1) * stride + (long) dilation * (kernel - 1) + 1 - before - after + extra;
        if (result < 1) {
            throw mismatch(x, "more in dimension " + axis + " than the padding takes away");
        }
        return Dim.of(result);
    }

    private Spec matMul() {
        arity(2, 2);
        Value a = required(0, "a");
        Value b = required(1, "b");
        atLeastRank(a, 2);
        atLeastRank(b, 2);
        int m = a.shape().rank() - 2;
        int n = b.shape().rank() - 1;
        long k = a.shape().dim(m + 1);
        if (k != Shape.N && b.shape().dim(n - 1) != Shape.N && b.shape().dim(n - 1) != k) {
            throw mismatch(b, k + " in dimension " + (n - 1) + ", as many as the last of " + a);
        }
        Dim[] outer = broadcast(leading(a), leading(b)).dimensions();
        Dim[] dims = Arrays.copyOf(outer, outer.length + 2);
        dims[outer.length] = a.shape().dimension(m);
        dims[outer.length + 1] = b.shape().dimension(n);
        if (a.isQuantized()) {
            activationCodes(a);
            activationCodes(b);
            return quantized(Shape.ofDims(dims));
        }
        if (a.dtype() != DType.S32) {
            requireFloat(a);
        }
        if (b.dtype() != a.dtype() || b.isQuantized()) {
            throw mismatch(b, a.dtype() + ", the type of the other matrix " + a);
        }
        noParameters();
        return new Spec(a.dtype(), Shape.ofDims(dims), null);
    }

    private static Shape leading(Value value) {
        Dim[] dims = value.shape().dimensions();
        return Shape.ofDims(Arrays.copyOf(dims, dims.length - 2));
    }

    private Spec batchNorm() {
        arity(5, 5);
        Value x = required(0, "x");
        requireFloat(x);
        atLeastRank(x, 2);
        long channels = size(x, 1, required(1, "gamma").shape().elements());
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

    private Shape pool(Window window, boolean ceilMode) {
        Value x = image(only());
        if (2 * Math.max(window.padTop(), window.padBottom()) > window.kernelH()
                || 2 * Math.max(window.padLeft(), window.padRight()) > window.kernelW()) {
            throw new ShapeMismatchException(where() + " window " + window
                    + ": padding must be at most half of the kernel, or some windows hold nothing else");
        }
        return Shape.ofDims(
                x.shape().dimension(0), x.shape().dimension(1), outH(x, window, ceilMode), outW(x, window, ceilMode));
    }

    private Dim outH(Value x, Window w, boolean ceil) {
        return steps(x, 2, w.kernelH(), w.strideH(), w.padTop(), w.padBottom(), w.dilationH(), ceil);
    }

    private Dim outW(Value x, Window w, boolean ceil) {
        return steps(x, 3, w.kernelW(), w.strideW(), w.padLeft(), w.padRight(), w.dilationW(), ceil);
    }

    private Dim steps(Value x, int axis, int kernel, int stride, int before, int after, int dilation, boolean ceil) {
        long size = x.shape().dim(axis);
        if (size == Shape.N) {
            // A dense window of step 1 with all the padding that it needs keeps the size, whatever it is.
            boolean same = stride == 1 && before + after == (long) dilation * (kernel - 1);
            return same ? x.shape().dimension(axis) : unknown(axis);
        }
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
        return Dim.of(ceil && (steps - 1) * stride >= size + before ? steps - 1 : steps);
    }

    // ---- Checks
    // ----------------------------------------------------------------------------------------------------------

    /** A result of the type and with the parameters of an input. */
    Spec like(Value x, Shape shape) {
        if (wanted != null && !wanted.equals(x.quantization())) {
            throw new ShapeMismatchException(where() + " keeps the quantization of its input " + x
                    + "; other parameters were asked for its output: requantize after it");
        }
        if (x.isQuantized()) {
            activationCodes(x);
        } else {
            requireFloat(x);
        }
        return same(x, shape);
    }

    /** Means of the elements of the only input: of codes with parameters of their own, if such are asked for. */
    Spec mean(Shape shape) {
        Value x = only();
        if (!x.isQuantized() || wanted == null) {
            return like(x, shape);
        }
        activationCodes(x);
        Spec spec = quantized(shape);
        if (spec.dtype() != x.dtype()) {
            throw mismatch(x, "the type of the codes asked for, " + spec.dtype());
        }
        return spec;
    }

    /** As {@link #like}, of any type. */
    Spec same(Value x, Shape shape) {
        if (wanted != null && !wanted.equals(x.quantization())) {
            throw new ShapeMismatchException(where() + " keeps the quantization of its input " + x
                    + "; other parameters were asked for its output: requantize after it");
        }
        return new Spec(x.dtype(), shape, x.quantization());
    }

    /** A dimension that is known in a run only. */
    Dim unknown(int i) {
        return Dim.unknown(node.name() + "." + i);
    }

    /** The product of some dimensions; unknown, as dimension {@code i} of the result, if one of several is, which are not 1. */
    Dim product(Shape shape, int from, int to, int i) {
        long product = 1;
        Dim open = null;
        for (int d = from; d < to; d++) {
            Dim dim = shape.dimension(d);
            if (dim.isKnown()) {
                product = Math.multiplyExact(product, dim.size());
            } else {
                open = open == null ? dim : unknown(i);
            }
        }
        return open == null ? Dim.of(product) : product == 1 ? open : unknown(i);
    }

    /** The shape to which two are broadcast. */
    Shape broadcast(Shape a, Shape b) {
        Dim[] dims = new Dim[Math.max(a.rank(), b.rank())];
        for (int i = 0; i < dims.length; i++) {
            int inA = i - dims.length + a.rank();
            int inB = i - dims.length + b.rank();
            Dim one = inA < 0 ? Dim.of(1) : a.dimension(inA);
            Dim other = inB < 0 ? Dim.of(1) : b.dimension(inB);
            if (one.equals(other) || other.size() == 1) {
                dims[i] = one;
            } else if (one.size() == 1 || !one.isKnown() && other.isKnown()) {
                dims[i] = other;
            } else if (!other.isKnown()) {
                dims[i] = one.isKnown() ? one : unknown(i);
            } else {
                throw new ShapeMismatchException(where() + ": shapes " + a + " and " + b
                        + " do not fit together: counted from the last, dimensions are equal or one of them is 1");
            }
        }
        return Shape.ofDims(dims);
    }

    /** The numbers of an input of integers; null: absent, or known in a run only. */
    long[] numbers(int index) {
        Value value = optional(index);
        if (value == null) {
            return null;
        }
        if (value.isQuantized() || value.dtype() != DType.S64 && value.dtype() != DType.S32) {
            throw mismatch(value, "S64 or S32");
        }
        if (value.isConstant()) {
            return value.dtype() == DType.S64
                    ? value.data().toLongArray()
                    : Arrays.stream(value.data().toIntArray()).asLongStream().toArray();
        }
        List<Entry> entries = known.get(value.name());
        return entries != null && entries.stream().allMatch(Entry::isKnown)
                ? entries.stream().mapToLong(Entry::number).toArray()
                : null;
    }

    /** The elements of an input of integers as far as they are known; null: absent, or nothing is. */
    List<Entry> entries(int index) {
        long[] numbers = numbers(index);
        if (numbers != null) {
            return Arrays.stream(numbers).mapToObj(Entry::of).toList();
        }
        return optional(index) == null ? null : known.get(optional(index).name());
    }

    /** Whether an input of integers is there but not known before a run. */
    boolean isOpen(int index) {
        return optional(index) != null && numbers(index) == null;
    }

    /** An axis that must be one of the dimensions. */
    int axis(Value x, long axis) {
        long counted = axis < 0 ? axis + x.shape().rank() : axis;
        if (counted < 0 || counted >= x.shape().rank()) {
            throw mismatch(x, "a dimension " + axis);
        }
        return (int) counted;
    }

    /** A size that parameters depend on: one that is not known yet is taken for theirs, {@code otherwise}. */
    long size(Value x, int axis, long otherwise) {
        long size = x.shape().dim(axis);
        return size == Shape.N ? otherwise : size;
    }

    Node node() {
        return node;
    }

    /** Parameters that are asked for a quantized output. */
    QuantParams wanted() {
        return wanted;
    }

    /** A quantized result of a scale of its own. */
    Spec quantized(Shape shape) {
        if (!(wanted instanceof AffineParams affine) || !affine.granularity().isPerTensor()) {
            throw new InvalidValueException(
                    where() + " gives quantized values and needs affine parameters for the whole tensor, " + "given: "
                            + (wanted == null ? "none" : wanted));
        }
        return new Spec(affine.dtype(), shape, affine);
    }

    void noParameters() {
        if (wanted != null) {
            throw new ShapeMismatchException(where()
                    + " has float inputs and gives float, but quantization parameters were asked for its output");
        }
    }

    void activationCodes(Value x) {
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

    void requireFloat(Value x) {
        if (x.dtype() != DType.F32) {
            throw mismatch(x, "F32");
        }
    }

    Value image(Value x) {
        if (x.shape().rank() != 4) {
            throw mismatch(x, "four dimensions, [N, C, H, W]");
        }
        return x;
    }

    void atLeastRank(Value x, int rank) {
        if (x.shape().rank() < rank) {
            throw mismatch(x, rank + " dimensions or more, the first of them the batch");
        }
    }

    Value only() {
        arity(1, 1);
        return required(0, "x");
    }

    void arity(int least, int most) {
        if (inputs.size() < least || inputs.size() > most) {
            throw new ShapeMismatchException(where() + " has " + inputs.size() + " inputs, expected "
                    + (least == most ? "" + least : least + " to " + most));
        }
    }

    Value required(int index, String what) {
        Value value = inputs.get(index);
        if (value == null) {
            throw new ShapeMismatchException(where() + " lacks its input " + index + " (" + what + ")");
        }
        return value;
    }

    Value optional(int index) {
        return index < inputs.size() ? inputs.get(index) : null;
    }

    ShapeMismatchException mismatch(Value found, String expected) {
        return new ShapeMismatchException(where() + ": tensor " + found + " does not fit, expected " + expected);
    }

    /** A dimension of 0, which tensors cannot have. */
    UnsupportedException empty(Value found, String asked) {
        return new UnsupportedException(
                where() + ": tensor " + found + ", " + asked + ": a tensor without elements is not supported");
    }

    String where() {
        return "Node '" + node.name() + "' (" + node.op().type() + ")";
    }
}

package io.octavo.calibrate;

import io.octavo.graph.Graph;
import io.octavo.graph.Movement;
import io.octavo.graph.Node;
import io.octavo.graph.Normalization;
import io.octavo.graph.Op;
import io.octavo.graph.OpTable;
import io.octavo.graph.Pointwise;
import io.octavo.graph.Reduction;
import io.octavo.graph.Shapes;
import io.octavo.graph.Training;
import io.octavo.graph.Value;
import io.octavo.tensor.DType;

/**
 * How an operator is quantized: a row of the one table that says so. {@link Prepared} decides by it what becomes of each node;
 * all later stages read the {@link Decision}s.
 *
 * @param scale where the scale of the result comes from
 * @param operands what the operator reads besides activations
 * @param fixed what results a fixed scale is for; null unless the scale is
 * @param narrows whether the result is the input within bounds, so that what it cuts off need not be told apart before it
 * @param why the reason, for reports
 */
record QuantizationRule(Scale scale, Operands operands, Decision.Fixed fixed, boolean narrows, String why) {
    /** Where the scale of a result comes from. */
    enum Scale {
        /** One of its own, from what is observed; also where no operand is codes yet. */
        OWN,
        /** One of its own, where an operand is codes already: to make codes for this alone would cost more than it saves. */
        OWN_AMONG_CODES,
        /** As before; inputs that nothing else reads are computed in that scale at once. */
        COMMON,
        /** That which the function's results ask for, where the operand is codes already. */
        FIXED,
        /** That of its input, whose codes it passes on: any are welcome. */
        INPUT,
        /** None: the result counts something, the same of codes as of real numbers. */
        NUMBERS,
        /** None: the operator runs in float. */
        FLOAT,
        /** None: the operator stands in no float graph. */
        ABSENT
    }

    /** What an operator reads. */
    enum Operands {
        /** Activations, the first of them codes; all else as it is. */
        FIRST,
        /** Activations and constants, codes of the type that the result's have. */
        ALL_OF_ONE_TYPE,
        /** Activations and constants, codes of any type. */
        ALL,
        /** Codes, a weight and a bias, which must be constants. */
        WEIGHTED,
        /** The same; also floats with codes as weights alone. */
        WEIGHTED_OR_WEIGHT_ONLY
    }

    private static final QuantizationRule PASSED = passed("each result is one of the input's codes");
    private static final QuantizationRule MEAN_OF_INPUT =
            passed("means lie between the input's codes, as PyTorch's poolings have them");
    private static final QuantizationRule SUM = own(
            Operands.ALL_OF_ONE_TYPE,
            "a sum reaches farther than its operands: their codes are added with both scales");
    private static final QuantizationRule ABSENT =
            new QuantizationRule(Scale.ABSENT, Operands.FIRST, null, false, "stands in no float graph");
    private static final Decision.Fixed FROM_0_TO_1 = new Decision.Fixed(0, 1);
    private static final Decision.Fixed FROM_MINUS_1_TO_1 = new Decision.Fixed(-1, 1);

    /** A row an operator. */
    static final OpTable<Place, QuantizationRule> TABLE = OpTable.<Place, QuantizationRule>of("quantization")
            .row(Op.Conv2d.class, (at, op) -> own(Operands.WEIGHTED, "products of codes are summed exactly"))
            .row(
                    Op.Linear.class,
                    (at, op) -> own(Operands.WEIGHTED_OR_WEIGHT_ONLY, "products of codes are summed exactly"))
            .row(Op.Add.class, (at, op) -> SUM)
            .row(
                    Op.Clamp.class,
                    (at, op) -> new QuantizationRule(
                            Scale.INPUT, Operands.FIRST, null, true, "bounds are codes of the input's scale"))
            .row(Op.MaxPool2d.class, (at, op) -> PASSED)
            .row(Op.AvgPool2d.class, (at, op) -> MEAN_OF_INPUT)
            .row(Op.AdaptiveAvgPool2d.class, (at, op) -> MEAN_OF_INPUT)
            .row(Op.Flatten.class, (at, op) -> PASSED)
            .row(Op.Dropout.class, (at, op) -> PASSED)
            .row(
                    Op.BatchNorm.class,
                    (at, op) -> stays("channels differ too much for one scale unless a convolution takes it in"))
            .row(Op.Softmax.class, (at, op) -> stays("the quotients of exponentials are computed in float"))
            .row(
                    Op.ConvTranspose.class,
                    (at, op) -> stays(
                            "on codes it runs as a convolution, of equal strides, no dilation and constant weights"))
            .row(Op.MatMul.class, (at, op) -> stays("products of two activations have no kernel on codes"))
            .row(Pointwise.Unary.class, (at, op) -> unary(op))
            .row(Pointwise.Binary.class, QuantizationRule::binary)
            .row(Pointwise.Compare.class, (at, op) -> stays("rounding to codes would change what is equal or less"))
            .row(Pointwise.Where.class, (at, op) -> stays("what is chosen from may differ in scale by far"))
            .row(Pointwise.Cast.class, (at, op) -> stays("numbers of other types are exact"))
            .row(Reduction.Reduce.class, (at, op) -> reduce(op))
            .row(Reduction.SoftmaxAlong.class, (at, op) -> stays("the quotients of exponentials are computed in float"))
            .row(
                    Reduction.ArgReduce.class,
                    (at, op) -> numbers("codes have the order of the numbers that they stand for"))
            .row(Reduction.TopK.class, (at, op) -> stays("rounding to codes would change which are the first"))
            .row(Reduction.CumSum.class, (at, op) -> stays("sums grow along the axis, errors with them"))
            .row(Normalization.class, (at, op) -> stays("statistics of 8-bit codes are too coarse to divide by"))
            .row(Movement.Reshape.class, (at, op) -> PASSED)
            .row(Movement.Transpose.class, (at, op) -> PASSED)
            .row(Movement.Slice.class, (at, op) -> PASSED)
            .row(
                    Movement.Concat.class,
                    (at, op) -> new QuantizationRule(
                            Scale.COMMON,
                            Operands.ALL,
                            null,
                            false,
                            "what stands side by side has one scale; parts that others read too are requantized on the way"))
            .row(Movement.Split.class, (at, op) -> PASSED)
            .row(Movement.Pad.class, QuantizationRule::pad)
            .row(Movement.Gather.class, (at, op) -> PASSED)
            .row(Movement.Expand.class, (at, op) -> PASSED)
            .row(Movement.Tile.class, (at, op) -> PASSED)
            .row(Movement.Trilu.class, (at, op) -> PASSED)
            .row(Movement.OneHot.class, (at, op) -> stays("it reads places, not activations"))
            .row(Movement.Resize.class, (at, op) -> resize(op))
            .row(Movement.SpaceToDepth.class, (at, op) -> PASSED)
            .row(Movement.DepthToSpace.class, (at, op) -> PASSED)
            .row(Shapes.ShapeOf.class, (at, op) -> numbers("a shape is the same of codes"))
            .row(Shapes.SizeOf.class, (at, op) -> numbers("a size is the same of codes"))
            .row(Shapes.Range.class, (at, op) -> stays("it reads no activations"))
            .row(Shapes.Fill.class, (at, op) -> stays("it reads no activations"))
            .row(Op.Quantize.class, (at, op) -> ABSENT)
            .row(Op.Dequantize.class, (at, op) -> ABSENT)
            .row(Op.Requantize.class, (at, op) -> ABSENT)
            .row(Training.class, (at, op) -> ABSENT)
            .build();

    /** A node and the graph that it stands in. */
    record Place(Graph graph, Node node) {
        /** Whether an input is a constant with nothing but this number in it. */
        private boolean isConstant(int index, float number) {
            Value value = node.input(index).isEmpty() ? null : graph.value(node.input(index));
            if (value == null || !value.isConstant() || value.dtype() != DType.F32) {
                return false;
            }
            for (float each : value.data().toFloatArray()) {
                if (each != number) {
                    return false;
                }
            }
            return true;
        }

        private boolean isConstant(int index) {
            return graph.value(node.input(index)).isConstant();
        }
    }

    static QuantizationRule of(Graph graph, Node node) {
        return TABLE.apply(new Place(graph, node), node.op());
    }

    /** Whether the scale of the result is one of its own, from what is observed. */
    boolean isOwn() {
        return scale == Scale.OWN || scale == Scale.OWN_AMONG_CODES || scale == Scale.COMMON;
    }

    /** Whether input 1 is a weight and input 2 a bias. */
    boolean weighted() {
        return operands == Operands.WEIGHTED || operands == Operands.WEIGHTED_OR_WEIGHT_ONLY;
    }

    private static QuantizationRule unary(Pointwise.Unary op) {
        String why = "a table has the result of each of 256 codes";
        return switch (op.function()) {
            case SIGMOID, HARD_SIGMOID -> fixed(FROM_0_TO_1, why + "; results lie in 0..1");
            case TANH, ERF, SOFTSIGN -> fixed(FROM_MINUS_1_TO_1, why + "; results lie in -1..1");
            case NOT, IS_NAN, IS_INF -> stays("truths are no real numbers");
            default -> amongCodes(Operands.FIRST, why);
        };
    }

    private static QuantizationRule binary(Place at, Pointwise.Binary op) {
        if (at.graph.value(at.node.input(0)).dtype() != DType.F32) {
            return stays("whole numbers are exact");
        }
        return switch (op.function()) {
            case ADD, SUB -> amongCodes(Operands.ALL_OF_ONE_TYPE, SUM.why());
            case MUL ->
                amongCodes(Operands.ALL_OF_ONE_TYPE, "products of codes are exact, the result has a scale of its own");
            case MIN, MAX -> amongCodes(Operands.ALL, "of two real numbers that codes stand for one is taken");
            case PRELU ->
                at.isConstant(1)
                        ? amongCodes(Operands.ALL, "slopes are constants, the result has a scale of its own")
                        : stays("slopes are not known");
            case DIV ->
                at.isConstant(1) && !at.isConstant(1, 0)
                        ? amongCodes(Operands.ALL, "the divisor is a constant, the result has a scale of its own")
                        : stays("quotients by small numbers need more than 8 bits");
            case POW, MOD, FMOD -> stays("a rounding of the operands is not a rounding of the result");
            case AND, OR, XOR -> stays("truths are no real numbers");
        };
    }

    private static QuantizationRule reduce(Reduction.Reduce op) {
        return switch (op.kind()) {
            case MAX, MIN -> PASSED;
            case MEAN ->
                amongCodes(Operands.FIRST, "codes are summed exactly; means spread less than what they are of");
            default -> stays("sums reach too far, or take powers of codes");
        };
    }

    private static QuantizationRule pad(Place at, Movement.Pad op) {
        boolean zero =
                op.mode() != Movement.Pad.Mode.CONSTANT || at.node().input(2).isEmpty() || at.isConstant(2, 0);
        return zero ? PASSED : stays("its value may lie outside of the input's codes");
    }

    private static QuantizationRule resize(Movement.Resize op) {
        if (op.coordinates() == Movement.Resize.Coordinates.TF_CROP_AND_RESIZE) {
            return stays("what stands outside of the region may lie outside of the input's codes");
        }
        return switch (op.interpolation()) {
            case NEAREST -> PASSED;
            case LINEAR -> passed("what lies between codes is rounded to one");
            case CUBIC -> stays("results reach beyond the input's codes");
        };
    }

    private static QuantizationRule own(Operands operands, String why) {
        return new QuantizationRule(Scale.OWN, operands, null, false, why);
    }

    private static QuantizationRule amongCodes(Operands operands, String why) {
        return new QuantizationRule(Scale.OWN_AMONG_CODES, operands, null, false, why);
    }

    private static QuantizationRule fixed(Decision.Fixed range, String why) {
        return new QuantizationRule(Scale.FIXED, Operands.FIRST, range, false, why);
    }

    private static QuantizationRule passed(String why) {
        return new QuantizationRule(Scale.INPUT, Operands.FIRST, null, false, why);
    }

    private static QuantizationRule numbers(String why) {
        return new QuantizationRule(Scale.NUMBERS, Operands.FIRST, null, false, why);
    }

    private static QuantizationRule stays(String why) {
        return new QuantizationRule(Scale.FLOAT, Operands.FIRST, null, false, why);
    }
}

package io.octavo.graph;

import io.octavo.graph.Movement.Resize.Coordinates;
import io.octavo.graph.Movement.Resize.Interpolation;
import io.octavo.tensor.DType;

/** What an operator means for codes that stand for its real operands: a row of the table by which conversions are moved and absorbed. */
enum CodesRule {
    /** Each result is an element of the first input, or 0: the same ones of codes are the results' codes. */
    CHOOSES,
    /** Each result is an element of one of the inputs. */
    JOINS,
    /** Results are the first input's elements within bounds, and so are their codes within the bounds'. */
    BOUNDS,
    /** Results count something: they are the same of codes. */
    COUNTS,
    /** Sums of products with a constant weight. */
    SUMS_PRODUCTS,
    /** Computed of one operand's codes, to codes of any parameters. */
    COMPUTES,
    /** Computed of one operand's codes, to codes of any parameters of the same type. */
    AVERAGES,
    /** Computed of one operand's codes, to codes of the same parameters. */
    INTERPOLATES,
    /** Computed of two operands' codes, to codes of any parameters. */
    COMPUTES_OF_TWO,
    /** Runs on real numbers. */
    REAL;

    /** A row an operator; of nodes whose operands are as a graph has them. */
    static final OpTable<Place, CodesRule> TABLE = OpTable.<Place, CodesRule>of("absorption")
            .row(Op.Conv2d.class, (at, op) -> SUMS_PRODUCTS)
            .row(Op.Linear.class, (at, op) -> SUMS_PRODUCTS)
            .row(Op.BatchNorm.class, (at, op) -> REAL)
            .row(Op.Clamp.class, (at, op) -> BOUNDS)
            .row(Op.MaxPool2d.class, (at, op) -> CHOOSES)
            .row(Op.AvgPool2d.class, (at, op) -> AVERAGES)
            .row(Op.AdaptiveAvgPool2d.class, (at, op) -> AVERAGES)
            .row(Op.Flatten.class, (at, op) -> CHOOSES)
            .row(Op.Dropout.class, (at, op) -> CHOOSES)
            .row(Op.Add.class, (at, op) -> COMPUTES_OF_TWO)
            .row(Op.Softmax.class, (at, op) -> REAL)
            .row(Op.ConvTranspose.class, (at, op) -> REAL)
            .row(Op.MatMul.class, (at, op) -> REAL)
            .row(Op.Quantize.class, (at, op) -> REAL)
            .row(Op.Dequantize.class, (at, op) -> REAL)
            .row(Op.Requantize.class, (at, op) -> REAL)
            .row(Pointwise.Unary.class, (at, op) -> switch (op.function()) {
                case NOT, IS_NAN, IS_INF -> REAL;
                default -> COMPUTES;
            })
            .row(Pointwise.Binary.class, (at, op) -> switch (op.function()) {
                case AND, OR, XOR -> REAL;
                default -> COMPUTES_OF_TWO;
            })
            .row(Pointwise.Compare.class, (at, op) -> REAL)
            .row(Pointwise.Where.class, (at, op) -> REAL)
            .row(Pointwise.Cast.class, (at, op) -> REAL)
            .row(Reduction.Reduce.class, (at, op) -> switch (op.kind()) {
                case MAX, MIN -> CHOOSES;
                case MEAN -> AVERAGES;
                default -> REAL;
            })
            .row(Reduction.SoftmaxAlong.class, (at, op) -> REAL)
            .row(Reduction.ArgReduce.class, (at, op) -> COUNTS)
            .row(Reduction.TopK.class, (at, op) -> REAL)
            .row(Reduction.CumSum.class, (at, op) -> REAL)
            .row(Normalization.class, (at, op) -> REAL)
            .row(Movement.Reshape.class, (at, op) -> CHOOSES)
            .row(Movement.Transpose.class, (at, op) -> CHOOSES)
            .row(Movement.Slice.class, (at, op) -> CHOOSES)
            .row(Movement.Concat.class, (at, op) -> JOINS)
            .row(Movement.Split.class, (at, op) -> CHOOSES)
            .row(Movement.Pad.class, CodesRule::pad)
            .row(Movement.Gather.class, (at, op) -> CHOOSES)
            .row(Movement.Expand.class, (at, op) -> CHOOSES)
            .row(Movement.Tile.class, (at, op) -> CHOOSES)
            .row(Movement.Trilu.class, (at, op) -> CHOOSES)
            .row(Movement.OneHot.class, (at, op) -> REAL)
            .row(Movement.Resize.class, (at, op) -> resize(op))
            .row(Movement.SpaceToDepth.class, (at, op) -> CHOOSES)
            .row(Movement.DepthToSpace.class, (at, op) -> CHOOSES)
            .row(Shapes.ShapeOf.class, (at, op) -> COUNTS)
            .row(Shapes.SizeOf.class, (at, op) -> COUNTS)
            .row(Shapes.Range.class, (at, op) -> REAL)
            .row(Shapes.Fill.class, (at, op) -> REAL)
            .row(Training.class, (at, op) -> REAL)
            .build();

    /** A node and what looks its values up. */
    record Place(Graph graph, Node node) {}

    static CodesRule of(Graph graph, Node node) {
        return TABLE.apply(new Place(graph, node), node.op());
    }

    private static CodesRule pad(Place at, Movement.Pad op) {
        String value = at.node.input(2);
        return op.mode() != Movement.Pad.Mode.CONSTANT || value.isEmpty() || isZero(at.graph.value(value))
                ? CHOOSES
                : REAL;
    }

    private static boolean isZero(Value value) {
        return value.isConstant() && value.dtype() == DType.F32 && value.data().toFloatArray()[0] == 0;
    }

    private static CodesRule resize(Movement.Resize op) {
        if (op.coordinates() == Coordinates.TF_CROP_AND_RESIZE || op.interpolation() == Interpolation.CUBIC) {
            return REAL;
        }
        return op.interpolation() == Interpolation.NEAREST ? CHOOSES : INTERPOLATES;
    }
}

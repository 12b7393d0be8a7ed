package io.octavo.calibrate;

import io.octavo.graph.Movement;
import io.octavo.graph.Normalization;
import io.octavo.graph.Op;
import io.octavo.graph.OpTable;
import io.octavo.graph.Pointwise;
import io.octavo.graph.Reduction;
import io.octavo.graph.Shapes;
import io.octavo.graph.Training;

/**
 * How an operator is quantized: a row of the one table that says so. {@link Prepared} decides by it what becomes of each node;
 * all later stages read the {@link Decision}s.
 *
 * @param scale where the scale of the result comes from
 * @param weighted whether input 1 is a weight and input 2 a bias, which must then be constants
 * @param weightOnly whether the operator also runs on codes as weights with float activations
 * @param oneType whether the codes of all inputs must be of the type of the result's
 * @param narrows whether the result is the input within bounds, so that what it cuts off need not be told apart before it
 */
record QuantizationRule(Scale scale, boolean weighted, boolean weightOnly, boolean oneType, boolean narrows) {
    /** Where the scale of a result comes from. */
    enum Scale {
        /** One of its own, from what is observed. */
        OWN,
        /** That of its input, whose codes it passes on: any are welcome. */
        INPUT,
        /** None: the operator runs in float. */
        FLOAT,
        /** None: the operator stands in no float graph. */
        ABSENT
    }

    private static final QuantizationRule CONVOLUTION = new QuantizationRule(Scale.OWN, true, false, false, false);
    private static final QuantizationRule LINEAR = new QuantizationRule(Scale.OWN, true, true, false, false);
    private static final QuantizationRule SUM = new QuantizationRule(Scale.OWN, false, false, true, false);
    private static final QuantizationRule CLAMP = new QuantizationRule(Scale.INPUT, false, false, false, true);
    private static final QuantizationRule PASSED = new QuantizationRule(Scale.INPUT, false, false, false, false);
    private static final QuantizationRule FLOAT = new QuantizationRule(Scale.FLOAT, false, false, false, false);
    private static final QuantizationRule ABSENT = new QuantizationRule(Scale.ABSENT, false, false, false, false);

    /** A row an operator. */
    static final OpTable<Void, QuantizationRule> TABLE = OpTable.<Void, QuantizationRule>of("quantization")
            .row(Op.Conv2d.class, (none, op) -> CONVOLUTION)
            .row(Op.Linear.class, (none, op) -> LINEAR)
            .row(Op.Add.class, (none, op) -> SUM)
            .row(Op.Clamp.class, (none, op) -> CLAMP)
            .row(Op.MaxPool2d.class, (none, op) -> PASSED)
            .row(Op.AvgPool2d.class, (none, op) -> PASSED)
            .row(Op.AdaptiveAvgPool2d.class, (none, op) -> PASSED)
            .row(Op.Flatten.class, (none, op) -> PASSED)
            .row(Op.Dropout.class, (none, op) -> PASSED)
            .row(Op.BatchNorm.class, (none, op) -> FLOAT)
            .row(Op.Softmax.class, (none, op) -> FLOAT)
            .row(Op.ConvTranspose.class, (none, op) -> FLOAT)
            .row(Op.MatMul.class, (none, op) -> FLOAT)
            .row(Pointwise.class, (none, op) -> FLOAT)
            .row(Reduction.class, (none, op) -> FLOAT)
            .row(Normalization.class, (none, op) -> FLOAT)
            .row(Movement.class, (none, op) -> FLOAT)
            .row(Shapes.class, (none, op) -> FLOAT)
            .row(Op.Quantize.class, (none, op) -> ABSENT)
            .row(Op.Dequantize.class, (none, op) -> ABSENT)
            .row(Op.Requantize.class, (none, op) -> ABSENT)
            .row(Training.class, (none, op) -> ABSENT)
            .build();

    static QuantizationRule of(Op op) {
        return TABLE.apply(null, op);
    }
}

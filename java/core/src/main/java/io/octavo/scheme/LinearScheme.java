package io.octavo.scheme;

import io.octavo.tensor.DType;
import io.octavo.tensor.Tensor;
import java.util.List;

/**
 * Schemes with equally spaced levels: {@code real = (code - zeroPoint) * scale}. They differ in how they choose the
 * range.
 */
public sealed interface LinearScheme extends Scheme permits Uniform, Clipping {

    /** Type of the codes, U8 or S8. */
    DType dtype();

    /** Whether the zero point is fixed (0 for S8, a middle code for U8) and the range reaches as far on both sides. */
    boolean symmetric();

    /**
     * Whether symmetric codes leave one out, so that there are as many levels above 0 as below: the default below 8 bits.
     * All codes, as PyTorch has them, reach a level further on one side, and values at the other end are rounded down.
     */
    boolean narrowRange();

    /**
     * Whether the range is laid over the codes of one bit less, so that 16-bit sums of products cannot saturate as long
     * as the data keeps to it.
     */
    boolean reduceRange();

    @Override
    AffineParams fit(Tensor x, Granularity granularity);

    @Override
    AffineParams fit(Distribution observed);

    /** Parameters per channel of {@code axis} from the channels' own distributions. */
    AffineParams fit(List<Distribution> channels, int axis);
}

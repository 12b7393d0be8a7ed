package io.octavo.scheme;

/**
 * What turns integer codes back into real numbers: the result of fitting a {@link Scheme}. Immutable. There are
 * {@link #count()} parameter sets, one for each part of the tensor that {@link #granularity()} names.
 */
public sealed interface QuantParams permits AffineParams, TableParams {
    /** What each parameter set is for: the tensor, a channel, a group. */
    Granularity granularity();

    /** Bits of a code: 2 to 8, or 32 for the S32 codes of a bias. */
    int bits();

    /** Number of parameter sets. */
    int count();

    /** The scale of a parameter set, finite and greater than 0. */
    float scale(int set);

    /**
     * Bits that the parameters take when stored (without the codes): scales 32 each; the others as the subclass says.
     */
    long storageBits();
}

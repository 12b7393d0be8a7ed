package io.octavo.scheme;

import io.octavo.tensor.Tensor;

/**
 * Schemes whose levels are not equally spaced: a code is an index into a table of 8-bit integers, which a scale makes
 * real.
 */
public sealed interface NonLinearScheme extends Scheme permits Logarithmic, KMeans {

    @Override
    TableParams fit(Tensor x, Granularity granularity);

    @Override
    TableParams fit(Distribution observed);
}

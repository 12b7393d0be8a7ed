// Ranges for affine codes, one for each group of an array or for a histogram.
#ifndef OCTAVO_OPS_FIT_RANGE_H
#define OCTAVO_OPS_FIT_RANGE_H

#include <cstdint>

#include "octavo/octavo.h"
#include "ops/groups.h"
#include "ops/occupied.h"
#include "ops/range_codes.h"

namespace octavo {

// How a range is chosen; share: of the values, 0 to 1, for OCTAVO_RANGE_PERCENTILE.
struct RangeChoice {
    octavo_range method;
    double share;
};

// lo, hi: [groups.count()]. Throws OCTAVO_NOT_FINITE.
void group_fit_range(const float* x, const Groups& groups, const RangeChoice& choice, const RangeCodes& codes,
                     float* lo, float* hi);

// The sum of (x - dequantize(quantize(x)))^2, the values of a bin spread evenly over it, or over the part of it within min .. max.
// Throws for a scale or codes out of range.
double histogram_error(const Counted& x, float scale, int32_t zero_point, int32_t q_min, int32_t q_max);
void histogram_fit_range(const Counted& x, const RangeChoice& choice, const RangeCodes& codes, float* lo, float* hi);

}  // namespace octavo

#endif

// The range of least squared error for affine codes.
#ifndef OCTAVO_OPS_FIT_RANGE_H
#define OCTAVO_OPS_FIT_RANGE_H

#include <cstdint>

#include "ops/groups.h"

namespace octavo {

// Codes that a range is laid over; those of symmetric codes are counted from their zero point.
struct RangeCodes {
    int32_t q_min, q_max;
    bool symmetric;
};

// The range of each group of x that makes the least squared error when it is quantized by the per-tensor formula. lo, hi:
// [groups.count()]. Throws OCTAVO_NOT_FINITE.
void group_fit_range(const float* x, const Groups& groups, const RangeCodes& codes, float* lo, float* hi);

// Counts of values in bins of width 2^exponent, bin i from (first + i) 2^exponent on, and their least and greatest.
struct Counted {
    const int64_t* counts;
    int32_t exponent;
    int64_t first, bins;
    float min, max;
};

// The sum of (x - dequantize(quantize(x)))^2, the values of a bin spread evenly over it, or over the part of it within min .. max.
// Throws for a scale or codes out of range.
double histogram_error(const Counted& x, float scale, int32_t zero_point, int32_t q_min, int32_t q_max);
// The range with the least such error.
void histogram_fit_range(const Counted& x, const RangeCodes& codes, float* lo, float* hi);

}  // namespace octavo

#endif

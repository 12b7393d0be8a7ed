// Functions of whole arrays: what observers and schemes compute. They run at once, on the instruction set in use and the
// process's default threads; every instruction set and thread count gives the same bytes. Sizes are trusted, values are
// checked: what is wrong throws Error.
#ifndef OCTAVO_OPS_ARRAYS_H
#define OCTAVO_OPS_ARRAYS_H

#include <cstdint>

#include "octavo/octavo.h"

namespace octavo {

// A tensor as [outer, channels, inner].
struct ChannelShape {
    int64_t outer, channels, inner;

    int64_t runs() const { return outer * channels; }
};

// min, max: [channels]; counts over the whole tensor. -0 counts as +0.
void array_min_max(const float* x, const ChannelShape& shape, float* min, float* max, int64_t* nan_count,
                   int64_t* inf_count);

// Adds to counts[bins]; throws OCTAVO_INVALID_ARGUMENT, with counts unchanged, for a finite x outside the bins.
void array_histogram(const float* x, int64_t n, int32_t exponent, int64_t first, int64_t bins, int64_t* counts);

// scales, zero_points: [channels]; one channel takes the per-tensor formula.
void array_quantize(const float* x, const ChannelShape& shape, const float* scales, const int32_t* zero_points,
                    octavo_dtype dtype, int32_t q_min, int32_t q_max, void* q);
void array_dequantize(const void* q, octavo_dtype dtype, const ChannelShape& shape, const float* scales,
                      const int32_t* zero_points, float* x);

// Adds 16 partial sums up, halves on halves; any NaN is one and the same.
double sum_pairwise(double* parts);

double array_affine_error(const float* x, int64_t n, float scale, int32_t zero_point, int32_t q_min, int32_t q_max);
// error, power: may be null.
void array_squared_error(const float* a, const float* b, int64_t n, double* error, double* power);

}  // namespace octavo

#endif

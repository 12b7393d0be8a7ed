// Sums, ranges and searches over whole arrays: what observers and schemes ask. Sums in double have one order for every
// instruction set: element i goes to partial sum i mod 16.
#ifndef OCTAVO_KERNELS_STATS_H
#define OCTAVO_KERNELS_STATS_H

#include <stddef.h>
#include <stdint.h>

namespace octavo {

constexpr int sum_parts = 16;

// Start at min = +inf, max = -inf, counts 0; calls add up. Zeros of either sign count as +0.
struct Range {
    float min, max;
    int64_t nan_count, inf_count;
};

// Thresholds of a nearest-level search: code = number of i with x > thresholds[i].
struct LevelSearch {
    const float* thresholds;  // [255] ascending, +inf where there is no further level
    int32_t depth;            // 2^depth > number of finite thresholds, 0 to 8
};

// Bin i holds the x with floor(x * factor) == first + i.
struct Bins {
    double factor;  // a power of two
    double first;   // a whole number, within 2^53
    int64_t count;  // 1 to 2^20
};

struct AffineCodes {
    float scale, inverse;
    int32_t zero_point, lo, hi;
};

struct StatsKernels {
    const char* suffix;
    void (*range)(const float* x, int64_t n, Range* range);
    // counts[4][stride], stride > bins: each element adds 1 to one of the tables, at floor(x * factor) - first, with factor a
    // power of two; at `bins` if that is outside the bins or x not finite. Which table is not said: their sum counts.
    void (*histogram)(const float* x, int64_t n, const Bins& bins, uint32_t* counts, int64_t stride);
    // Returns the number of NaN (their codes are 0).
    int64_t (*nearest_level)(const float* x, int64_t n, const LevelSearch& search, uint8_t* codes);
    // Adds to parts[16]. n is a multiple of 16 except in the last of several calls.
    void (*affine_error)(const float* x, int64_t n, const AffineCodes& codes, double* parts);
    void (*squared_error)(const float* a, const float* b, int64_t n, double* error_parts, double* power_parts);
};

extern const StatsKernels stats_scalar, stats_avx2, stats_avx512;

}  // namespace octavo

#endif

// Searches for the parameters of schemes: what they ask most often. All in double and in one order for every instruction set.
#ifndef OCTAVO_KERNELS_SEARCH_H
#define OCTAVO_KERNELS_SEARCH_H

#include <stddef.h>
#include <stdint.h>

namespace octavo {

// Sums over the values before each of n ascending ones: entry i is over values 0 .. i - 1; [n + 1].
struct PrefixSums {
    const double *weights, *sums, *squares;
};

// Levels that are rounded to multiples of a scale, at most greatest_entry of them.
struct RoundedLevels {
    const double *levels, *weights;  // [n]
    int64_t n;
};

constexpr int greatest_entry = 127;

// Bins whose values spread evenly from `from` to `to`; where these are equal all of them are that value.
struct Spreads {
    const double *from, *to, *counts;  // [n]
    int64_t n;
};

// Levels at a distance of `step` from `first` to `last`.
struct Steps {
    double step, first, last;
};

constexpr int range_lanes = 16;

// Ranges of codes, one a lane: least .. least + steps, whole numbers, times the scale.
struct RangeLanes {
    const float *scales, *least;  // [range_lanes]
    float steps;
};

constexpr int64_t range_block = 256;

struct SearchKernels {
    const char* suffix;
    // The first j in [from, to] with the least before[j] + the squared error of values j .. end - 1 around their mean, their
    // squares less sum^2 / weight, at least 0; *error is that. from <= to < end.
    int64_t (*best_split)(const double* before, const PrefixSums& of, int64_t from, int64_t to, int64_t end,
                          double* error);
    // errors[i] = sum over the levels, one after the other, of weight * (level - entry * scales[i])^2,
    // entry = rint(level / scales[i]) within +-greatest_entry.
    void (*rounding_errors)(const RoundedLevels& levels, const float* scales, int64_t count, double* errors);
    // Adds the squared distances of all values from their nearest steps to parts[16], bin i to part i mod 16.
    void (*spread_error)(const Spreads& bins, const Steps& steps, double* parts);
    // Adds to errors[range_lanes] the squared distances of finite x from the nearest of each range, in units of the squared scale:
    // of (t - clamp(rint(t)))^2, t = x * (1 / scale), in float, element after element, and in double over blocks of range_block.
    void (*range_errors)(const float* x, int64_t n, const RangeLanes& lanes, double* errors);
};

extern const SearchKernels search_scalar, search_avx2, search_avx512;

}  // namespace octavo

#endif

// What the vector kernels of family stats share for histograms: blocks of bins are computed and stored, then counted.
#ifndef OCTAVO_KERNELS_HISTOGRAM_H
#define OCTAVO_KERNELS_HISTOGRAM_H

#include "kernels/stats.h"

namespace octavo {
namespace {

constexpr int64_t histogram_block = 128;

// Floats do where they are exact: scaling up loses nothing, and a bin beyond 32 bits converts to INT_MIN, which is outside.
inline bool few_and_exact(const Bins& bins) {
    return bins.factor >= 1 && bins.factor <= 0x1p127 && bins.first >= -0x1p30 && bins.first <= 0x1p30 &&
           bins.count <= 0xffff;
}

// Counting waits for stores, so that loads do not run far ahead: what comes soon is fetched.
inline void fetch_ahead(const float* x) {
    constexpr int64_t distance = 4096;  // bytes
    for (int64_t i = 0; i < histogram_block * 4; i += 64)
        __builtin_prefetch(reinterpret_cast<const char*>(x) + distance + i);
}

// Bins of a block are stored, then counted: 64 bits of them a load.
template <class Index>
void increment(const Index* bin, int64_t n, uint32_t* counts, int64_t stride) {
    constexpr int64_t a_load = 8 / sizeof(Index);
    for (int64_t i = 0; i < n / 4; i++) {
        uint64_t some[4 / a_load];
        __builtin_memcpy(some, bin + 4 * i, sizeof some);
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
            const uint64_t shifted = some[j / a_load] >> j % a_load * 8 * sizeof(Index);
            counts[j * stride + static_cast<Index>(shifted)]++;
        }
    }
    for (int64_t i = 0; i < n % 4; i++) counts[bin[n - 1 - i]]++;
}

}  // namespace
}  // namespace octavo

#endif

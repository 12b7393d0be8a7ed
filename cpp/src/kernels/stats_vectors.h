// Statistics of arrays in vectors (see vectors.h).
#ifndef OCTAVO_KERNELS_STATS_VECTORS_H
#define OCTAVO_KERNELS_STATS_VECTORS_H

#include "kernels/stats.h"
#include "kernels/vectors.h"

namespace octavo {
namespace {

void range(const float* x, int64_t n, Range* range) {
    const Vec top = vec(__builtin_inff()), bottom = vec(-__builtin_inff());
    Vec least[4] = {top, top, top, top}, most[4] = {bottom, bottom, bottom, bottom};
    const auto see = [&](auto j, Vec v, auto there) {
        const Mask k = is_finite(v) & there;
        least[j] = select(k, min(least[j], v), least[j]);
        most[j] = select(k, max(most[j], v), most[j]);
        if (__builtin_expect(bits(k) != bits(there), 0)) {
            const int nan = __builtin_popcount(bits(is_nan(v) & there));
            range->nan_count += nan;
            range->inf_count += __builtin_popcount(bits(k) ^ bits(there)) - nan;
        }
    };
    int64_t i = 0;
    for (; i + 4 * lanes <= n; i += 4 * lanes) {
        see(Constant<0>{}, load(x + i), Whole{});
        see(Constant<1>{}, load(x + i + lanes), Whole{});
        see(Constant<2>{}, load(x + i + 2 * lanes), Whole{});
        see(Constant<3>{}, load(x + i + 3 * lanes), Whole{});
    }
    each_vector(n - i, [&](int64_t at, auto k) { see(Constant<0>{}, load(x + i + at, k), k); });
    const float low = min_of(min(min(least[0], least[1]), min(least[2], least[3]))) + 0.0f;  // -0 becomes +0
    const float high = max_of(max(max(most[0], most[1]), max(most[2], most[3]))) + 0.0f;
    if (low < range->min) range->min = low;
    if (high > range->max) range->max = high;
}

constexpr int64_t histogram_block = 128;

// Floats do where they are exact: scaling up loses nothing, and a bin beyond 32 bits converts to INT_MIN, which is outside.
bool few_and_exact(const Bins& bins) {
    return bins.factor >= 1 && bins.factor <= 0x1p127 && bins.first >= -0x1p30 && bins.first <= 0x1p30 &&
           bins.count <= 0xffff;
}

// Counting waits for stores, so that loads do not run far ahead: what comes soon is fetched.
void fetch_ahead(const float* x) {
    constexpr int64_t distance = 4096;  // bytes
    for (int64_t i = 0; i < histogram_block * 4; i += 64)
        __builtin_prefetch(reinterpret_cast<const char*>(x) + distance + i);
}

// Bins of a block are stored, then counted: 64 bits of them a load. Where in a cache line the loop begins is up to a tenth of its
// time.
template <class Index>
__attribute__((aligned(64))) void increment(const Index* bin, int64_t n, uint32_t* counts, int64_t stride) {
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

// store_bins(a, b, bin): the bins of two vectors of numbers.
template <class Index, class Store>
void count_bins(const float* x, int64_t n, const Store& store_bins, uint32_t* counts, int64_t stride) {
    alignas(64) Index bin[histogram_block + lanes];
    for (; n >= histogram_block; x += histogram_block, n -= histogram_block) {
        fetch_ahead(x);
        for (int64_t i = 0; i < histogram_block; i += 2 * lanes) store_bins(load(x + i), load(x + i + lanes), bin + i);
        increment(bin, histogram_block, counts, stride);
    }
    each_vector(n, [&](int64_t i, auto k) { store_bins(load(x + i, k), vec(0), bin + i); });
    increment(bin, n, counts, stride);
}

void histogram(const float* x, int64_t n, const Bins& bins, uint32_t* counts, int64_t stride) {
    const IVec outside = ivec(static_cast<int32_t>(bins.count));
    if (few_and_exact(bins)) {
        const Vec scale = vec(static_cast<float>(bins.factor));
        const IVec origin = ivec(static_cast<int32_t>(bins.first));
        const auto bin_of = [&](Vec v) { return min_unsigned(floor(v * scale) - origin, outside); };
        const auto store_bins = [&](Vec a, Vec b, uint16_t* bin) { narrow(bin, bin_of(a), bin_of(b)); };
        count_bins<uint16_t>(x, n, store_bins, counts, stride);
    } else {
        const DVec scale = dvec(bins.factor), origin = dvec(bins.first);
        const auto bin_of = [&](Vec v) {
            const DVec low = floor(low_half(v) * scale) - origin, high = floor(high_half(v) * scale) - origin;
            return min_unsigned(truncate(low, high), outside);
        };
        const auto store_bins = [&](Vec a, Vec b, uint32_t* bin) {
            store(bin, bin_of(a));
            store(bin + lanes, bin_of(b));
        };
        count_bins<uint32_t>(x, n, store_bins, counts, stride);
    }
}

// Thresholds: of a search, at(index, step) gives those at some indices.
template <class Thresholds>
int64_t nearest_level(const float* x, int64_t n, const LevelSearch& search, uint8_t* codes) {
    const Thresholds thresholds(search);
    int64_t nan_count = 0;
    each_vector(n, [&](int64_t i, auto k) {
        const Vec v = load(x + i, k);
        nan_count += __builtin_popcount(bits(is_nan(v)));
        IVec code = ivec(0);
        for (int step = 1 << search.depth >> 1; step > 0; step /= 2)
            code = add_where(v > thresholds.at(code + ivec(step - 1), step), code, ivec(step));
        narrow(codes + i, code, k);
    });
    return nan_count;
}

// The partial sums in registers: those of the lanes of sixteen numbers.
struct Parts {
    static constexpr int64_t half = lanes / 2, count = 16 / half;
    DVec sums[count];

    explicit Parts(const double* parts) {
        for (int64_t i = 0; i < count; i++) sums[i] = load(parts + half * i);
    }

    void store_to(double* parts) const {
        for (int64_t i = 0; i < count; i++) store(parts + half * i, sums[i]);
    }

    // Adds the squares of the lanes of k to the sums of vector j of the sixteen. No sum is ever -0.
    template <class Lanes>
    void add(int j, DVec low, DVec high, Lanes k) {
        sums[2 * j] = add_low(k, sums[2 * j], low * low);
        sums[2 * j + 1] = add_high(k, sums[2 * j + 1], high * high);
    }
};

void affine_error(const float* x, int64_t n, const AffineCodes& p, double* parts) {
    const CodeScale s(p.inverse, p.zero_point, p.lo, p.hi);
    const Vec scale = vec(p.scale);
    const IVec zero_point = ivec(p.zero_point);
    Parts sums(parts);
    each_of_sixteen(n, [&](int64_t i, auto j, auto k) {
        const Vec v = load(x + i, k);
        const IVec code = round(max(s.up_to_hi(fma(v, s.inverse, s.zero)), s.lo));
        const Vec decoded = to_floats(code - zero_point) * scale;
        sums.add(j, low_half(v) - low_half(decoded), high_half(v) - high_half(decoded), k);
    });
    sums.store_to(parts);
}

void squared_error(const float* a, const float* b, int64_t n, double* error_parts, double* power_parts) {
    Parts errors(error_parts), powers(power_parts);
    each_of_sixteen(n, [&](int64_t i, auto j, auto k) {
        const Vec x = load(a + i, k), y = load(b + i, k);
        errors.add(j, low_half(x) - low_half(y), high_half(x) - high_half(y), k);
        powers.add(j, low_half(x), high_half(x), k);
    });
    errors.store_to(error_parts);
    powers.store_to(power_parts);
}

}  // namespace
}  // namespace octavo

#endif

// Statistics of arrays with AVX2. The last elements, fewer than a vector, are taken one by one or by masked loads.
#include "kernels/stats.h"

#include <immintrin.h>

#include "kernels/histogram.h"

namespace octavo {
namespace {

__m256i first_lanes(int64_t n) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n < 0 ? 0 : n > 8 ? 8 : n)), lane);
}

__m256 finite(__m256 x) {
    const __m256 magnitude = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
    return _mm256_cmp_ps(magnitude, _mm256_set1_ps(__FLT_MAX__), _CMP_LE_OQ);
}

void range(const float* x, int64_t n, Range* range) {
    const __m256 top = _mm256_set1_ps(__builtin_inff()), bottom = _mm256_set1_ps(-__builtin_inff());
    __m256 least[4] = {top, top, top, top}, most[4] = {bottom, bottom, bottom, bottom};
    const auto see = [&](int j, __m256 v, __m256 there) {
        const __m256 k = _mm256_and_ps(finite(v), there);
        least[j] = _mm256_min_ps(least[j], _mm256_blendv_ps(top, v, k));
        most[j] = _mm256_max_ps(most[j], _mm256_blendv_ps(bottom, v, k));
        const int skipped = _mm256_movemask_ps(there) ^ _mm256_movemask_ps(k);
        if (skipped != 0) {
            const int nan = __builtin_popcount(_mm256_movemask_ps(_mm256_cmp_ps(v, v, _CMP_UNORD_Q)) & skipped);
            range->nan_count += nan;
            range->inf_count += __builtin_popcount(skipped) - nan;
        }
    };
    const __m256 all = _mm256_castsi256_ps(_mm256_set1_epi32(-1));
    int64_t i = 0;
    for (; i + 32 <= n; i += 32) {
        see(0, _mm256_loadu_ps(x + i), all);
        see(1, _mm256_loadu_ps(x + i + 8), all);
        see(2, _mm256_loadu_ps(x + i + 16), all);
        see(3, _mm256_loadu_ps(x + i + 24), all);
    }
    for (; i < n; i += 8) {
        const __m256i k = first_lanes(n - i);
        see(0, _mm256_maskload_ps(x + i, k), _mm256_castsi256_ps(k));
    }
    alignas(32) float low[8], high[8];
    _mm256_store_ps(low, _mm256_min_ps(_mm256_min_ps(least[0], least[1]), _mm256_min_ps(least[2], least[3])));
    _mm256_store_ps(high, _mm256_max_ps(_mm256_max_ps(most[0], most[1]), _mm256_max_ps(most[2], most[3])));
    for (int j = 0; j < 8; j++) {
        const float a = low[j] + 0.0f, b = high[j] + 0.0f;  // -0 becomes +0
        if (a < range->min) range->min = a;
        if (b > range->max) range->max = b;
    }
}

// store(a, b, bin): the bins of 16 numbers.
template <class Index, class Store>
void count(const float* x, int64_t n, const Store& store, uint32_t* counts, int64_t stride) {
    constexpr int64_t block = histogram_block;
    alignas(64) Index bin[block];
    for (; n >= block; x += block, n -= block) {
        fetch_ahead(x);
        for (int64_t i = 0; i < block; i += 16) store(_mm256_loadu_ps(x + i), _mm256_loadu_ps(x + i + 8), bin + i);
        increment(bin, block, counts, stride);
    }
    for (int64_t i = 0; i < n; i += 16)
        store(_mm256_maskload_ps(x + i, first_lanes(n - i)), _mm256_maskload_ps(x + i + 8, first_lanes(n - i - 8)),
              bin + i);
    increment(bin, n, counts, stride);
}

void histogram(const float* x, int64_t n, const Bins& bins, uint32_t* counts, int64_t stride) {
    const __m256i outside = _mm256_set1_epi32(static_cast<int32_t>(bins.count));
    if (few_and_exact(bins)) {
        const __m256 scale = _mm256_set1_ps(static_cast<float>(bins.factor));
        const __m256i origin = _mm256_set1_epi32(static_cast<int32_t>(bins.first));
        const auto eight = [&](__m256 v) {
            const __m256i floor = _mm256_cvttps_epi32(_mm256_floor_ps(_mm256_mul_ps(v, scale)));
            return _mm256_min_epu32(_mm256_sub_epi32(floor, origin), outside);
        };
        const auto store = [&](__m256 a, __m256 b, uint16_t* bin) {
            const __m256i words = _mm256_packus_epi32(eight(a), eight(b));
            _mm256_store_si256(reinterpret_cast<__m256i*>(bin), _mm256_permute4x64_epi64(words, 0xd8));
        };
        count<uint16_t>(x, n, store, counts, stride);
    } else {
        const __m256d scale = _mm256_set1_pd(bins.factor), origin = _mm256_set1_pd(bins.first);
        const auto half = [&](__m128 v) {
            const __m256d floor = _mm256_floor_pd(_mm256_mul_pd(_mm256_cvtps_pd(v), scale));
            return _mm256_cvttpd_epi32(_mm256_sub_pd(floor, origin));
        };
        const auto eight = [&](__m256 v, uint32_t* bin) {
            const __m256i all = _mm256_set_m128i(half(_mm256_extractf128_ps(v, 1)), half(_mm256_castps256_ps128(v)));
            _mm256_store_si256(reinterpret_cast<__m256i*>(bin), _mm256_min_epu32(all, outside));
        };
        const auto store = [&](__m256 a, __m256 b, uint32_t* bin) {
            eight(a, bin);
            eight(b, bin + 8);
        };
        count<uint32_t>(x, n, store, counts, stride);
    }
}

int64_t nearest_level(const float* x, int64_t n, const LevelSearch& search, uint8_t* codes) {
    int64_t nan_count = 0;
    for (int64_t i = 0; i < n; i += 8) {
        const __m256 v = _mm256_maskload_ps(x + i, first_lanes(n - i));
        nan_count += __builtin_popcount(_mm256_movemask_ps(_mm256_cmp_ps(v, v, _CMP_UNORD_Q)));
        __m256i code = _mm256_setzero_si256();
        for (int step = 1 << search.depth >> 1; step > 0; step /= 2) {
            const __m256i at = _mm256_add_epi32(code, _mm256_set1_epi32(step - 1));
            const __m256 threshold = _mm256_i32gather_ps(search.thresholds, at, 4);
            const __m256i above = _mm256_castps_si256(_mm256_cmp_ps(v, threshold, _CMP_GT_OQ));
            code = _mm256_add_epi32(code, _mm256_and_si256(above, _mm256_set1_epi32(step)));
        }
        alignas(32) int32_t lanes[8];
        _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), code);
        for (int64_t j = 0; j < 8 && i + j < n; j++) codes[i + j] = static_cast<uint8_t>(lanes[j]);
    }
    return nan_count;
}

// The partial sums in registers.
struct Parts {
    __m256d sums[4];

    explicit Parts(const double* parts) {
        for (int i = 0; i < 4; i++) sums[i] = _mm256_loadu_pd(parts + 4 * i);
    }

    void store(double* parts) const {
        for (int i = 0; i < 4; i++) _mm256_storeu_pd(parts + 4 * i, sums[i]);
    }

    // Adds the squares of the lanes of k to sums[first] and the next. Other lanes add +0 to a sum that is never -0.
    void add(int first, __m256d a, __m256d b, __m256i k) {
        const __m256d ka = _mm256_castsi256_pd(_mm256_cvtepi32_epi64(_mm256_castsi256_si128(k)));
        const __m256d kb = _mm256_castsi256_pd(_mm256_cvtepi32_epi64(_mm256_extracti128_si256(k, 1)));
        sums[first] = _mm256_add_pd(sums[first], _mm256_and_pd(_mm256_mul_pd(a, a), ka));
        sums[first + 1] = _mm256_add_pd(sums[first + 1], _mm256_and_pd(_mm256_mul_pd(b, b), kb));
    }
};

__m256d low_half(__m256 x) { return _mm256_cvtps_pd(_mm256_castps256_ps128(x)); }

__m256d high_half(__m256 x) { return _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1)); }

void affine_error(const float* x, int64_t n, const AffineCodes& p, double* parts) {
    const __m256 inverse = _mm256_set1_ps(p.inverse), scale = _mm256_set1_ps(p.scale);
    const __m256 z = _mm256_set1_ps(static_cast<float>(p.zero_point));
    const __m256 lo = _mm256_set1_ps(static_cast<float>(p.lo)), hi = _mm256_set1_ps(static_cast<float>(p.hi));
    const __m256 nan = _mm256_max_ps(_mm256_min_ps(z, hi), lo);
    const __m256i zero_point = _mm256_set1_epi32(p.zero_point);
    Parts sums(parts);
    const auto eight = [&](int64_t i, int first) {
        const __m256i k = first_lanes(n - i);
        const __m256 v = _mm256_maskload_ps(x + i, k);
        const __m256 w = _mm256_fmadd_ps(v, inverse, z);
        const __m256 limited = _mm256_max_ps(_mm256_min_ps(w, hi), lo);
        const __m256i q = _mm256_cvtps_epi32(_mm256_blendv_ps(nan, limited, _mm256_cmp_ps(w, w, _CMP_ORD_Q)));
        const __m256 decoded = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(q, zero_point)), scale);
        sums.add(first, _mm256_sub_pd(low_half(v), low_half(decoded)), _mm256_sub_pd(high_half(v), high_half(decoded)),
                 k);
    };
    for (int64_t i = 0; i < n; i += 16) {
        eight(i, 0);
        eight(i + 8, 2);
    }
    sums.store(parts);
}

void squared_error(const float* a, const float* b, int64_t n, double* error_parts, double* power_parts) {
    Parts errors(error_parts), powers(power_parts);
    const auto eight = [&](int64_t i, int first) {
        const __m256i k = first_lanes(n - i);
        const __m256 x = _mm256_maskload_ps(a + i, k), y = _mm256_maskload_ps(b + i, k);
        errors.add(first, _mm256_sub_pd(low_half(x), low_half(y)), _mm256_sub_pd(high_half(x), high_half(y)), k);
        powers.add(first, low_half(x), high_half(x), k);
    };
    for (int64_t i = 0; i < n; i += 16) {
        eight(i, 0);
        eight(i + 8, 2);
    }
    errors.store(error_parts);
    powers.store(power_parts);
}

}  // namespace

const StatsKernels stats_avx2 = {"avx2", range, histogram, nearest_level, affine_error, squared_error};

}  // namespace octavo

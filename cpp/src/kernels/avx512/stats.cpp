// Statistics of arrays with AVX-512.
#include "kernels/stats.h"

#include <immintrin.h>

#include "kernels/histogram.h"

namespace octavo {
namespace {

__mmask16 first_lanes(int64_t n) { return static_cast<__mmask16>(n >= 16 ? 0xffff : n <= 0 ? 0 : (1u << n) - 1); }

__mmask16 finite(__m512 x) { return _mm512_cmp_ps_mask(_mm512_abs_ps(x), _mm512_set1_ps(__FLT_MAX__), _CMP_LE_OQ); }

void range(const float* x, int64_t n, Range* range) {
    __m512 least[4], most[4];
    for (int j = 0; j < 4; j++) {
        least[j] = _mm512_set1_ps(__builtin_inff());
        most[j] = _mm512_set1_ps(-__builtin_inff());
    }
    const auto see = [&](int j, __m512 v, __mmask16 there) {
        const __mmask16 k = finite(v) & there;
        least[j] = _mm512_mask_min_ps(least[j], k, least[j], v);
        most[j] = _mm512_mask_max_ps(most[j], k, most[j], v);
        if (k != there) {
            const int nan = __builtin_popcount(_mm512_mask_cmp_ps_mask(there, v, v, _CMP_UNORD_Q));
            range->nan_count += nan;
            range->inf_count += __builtin_popcount(there ^ k) - nan;
        }
    };
    int64_t i = 0;
    for (; i + 64 <= n; i += 64) {
        see(0, _mm512_loadu_ps(x + i), 0xffff);
        see(1, _mm512_loadu_ps(x + i + 16), 0xffff);
        see(2, _mm512_loadu_ps(x + i + 32), 0xffff);
        see(3, _mm512_loadu_ps(x + i + 48), 0xffff);
    }
    for (; i < n; i += 16) {
        const __mmask16 k = first_lanes(n - i);
        see(0, _mm512_maskz_loadu_ps(k, x + i), k);
    }
    const __m512 min = _mm512_min_ps(_mm512_min_ps(least[0], least[1]), _mm512_min_ps(least[2], least[3]));
    const __m512 max = _mm512_max_ps(_mm512_max_ps(most[0], most[1]), _mm512_max_ps(most[2], most[3]));
    const float low = _mm512_reduce_min_ps(min) + 0.0f, high = _mm512_reduce_max_ps(max) + 0.0f;  // -0 becomes +0
    if (low < range->min) range->min = low;
    if (high > range->max) range->max = high;
}

// store(v, bin): the bins of 16 numbers.
template <class Index, class Store>
void count(const float* x, int64_t n, const Store& store, uint32_t* counts, int64_t stride) {
    constexpr int64_t block = histogram_block;
    alignas(64) Index bin[block];
    for (; n >= block; x += block, n -= block) {
        fetch_ahead(x);
        for (int64_t i = 0; i < block; i += 16) store(_mm512_loadu_ps(x + i), bin + i);
        increment(bin, block, counts, stride);
    }
    for (int64_t i = 0; i < n; i += 16) store(_mm512_maskz_loadu_ps(first_lanes(n - i), x + i), bin + i);
    increment(bin, n, counts, stride);
}

void histogram(const float* x, int64_t n, const Bins& bins, uint32_t* counts, int64_t stride) {
    const __m512i outside = _mm512_set1_epi32(static_cast<int32_t>(bins.count));
    if (few_and_exact(bins)) {
        const __m512 scale = _mm512_set1_ps(static_cast<float>(bins.factor));
        const __m512i origin = _mm512_set1_epi32(static_cast<int32_t>(bins.first));
        const auto store = [&](__m512 v, uint16_t* bin) {
            const __m512i floor =
                _mm512_cvt_roundps_epi32(_mm512_mul_ps(v, scale), _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
            const __m512i inside = _mm512_min_epu32(_mm512_sub_epi32(floor, origin), outside);
            _mm256_store_si256(reinterpret_cast<__m256i*>(bin), _mm512_cvtepi32_epi16(inside));
        };
        count<uint16_t>(x, n, store, counts, stride);
    } else {
        const __m512d scale = _mm512_set1_pd(bins.factor), origin = _mm512_set1_pd(bins.first);
        const auto half = [&](__m256 v) {
            const __m512d floor = _mm512_roundscale_pd(_mm512_mul_pd(_mm512_cvtps_pd(v), scale), 0x09);
            return _mm512_cvttpd_epi32(_mm512_sub_pd(floor, origin));
        };
        const auto store = [&](__m512 v, uint32_t* bin) {
            const __m512i all = _mm512_inserti64x4(_mm512_castsi256_si512(half(_mm512_castps512_ps256(v))),
                                                   half(_mm512_extractf32x8_ps(v, 1)), 1);
            _mm512_store_si512(bin, _mm512_min_epu32(all, outside));
        };
        count<uint32_t>(x, n, store, counts, stride);
    }
}

// Up to 16 levels the thresholds are one register. With more, every 16th of them is one, for the steps of 16 and above.
int64_t nearest_level(const float* x, int64_t n, const LevelSearch& search, uint8_t* codes) {
    int64_t nan_count = 0;
    const __m512i every_16th =
        _mm512_setr_epi32(15, 31, 47, 63, 79, 95, 111, 127, 143, 159, 175, 191, 207, 223, 239, 254);
    const bool few = search.depth <= 4;
    const __m512 table =
        few ? _mm512_loadu_ps(search.thresholds) : _mm512_i32gather_ps(every_16th, search.thresholds, 4);
    for (int64_t i = 0; i < n; i += 16) {
        const __mmask16 k = first_lanes(n - i);
        const __m512 v = _mm512_maskz_loadu_ps(k, x + i);
        nan_count += __builtin_popcount(_mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q));
        __m512i code = _mm512_setzero_si512();
        for (int step = 1 << search.depth >> 1; step > 0; step /= 2) {
            const __m512i at = _mm512_add_epi32(code, _mm512_set1_epi32(step - 1));
            const __m512 threshold = few          ? _mm512_permutexvar_ps(at, table)
                                     : step >= 16 ? _mm512_permutexvar_ps(_mm512_srli_epi32(at, 4), table)
                                                  : _mm512_i32gather_ps(at, search.thresholds, 4);
            const __mmask16 above = _mm512_cmp_ps_mask(v, threshold, _CMP_GT_OQ);
            code = _mm512_mask_add_epi32(code, above, code, _mm512_set1_epi32(step));
        }
        _mm512_mask_cvtepi32_storeu_epi8(codes + i, k, code);
    }
    return nan_count;
}

// The partial sums in registers.
struct Parts {
    __m512d low, high;

    explicit Parts(const double* parts) : low(_mm512_loadu_pd(parts)), high(_mm512_loadu_pd(parts + 8)) {}

    void store(double* parts) const {
        _mm512_storeu_pd(parts, low);
        _mm512_storeu_pd(parts + 8, high);
    }

    // Adds the squares of the lanes of k.
    void add(__m512d a, __m512d b, __mmask16 k) {
        low = _mm512_mask_add_pd(low, static_cast<__mmask8>(k), low, _mm512_mul_pd(a, a));
        high = _mm512_mask_add_pd(high, static_cast<__mmask8>(k >> 8), high, _mm512_mul_pd(b, b));
    }
};

__m512d low_half(__m512 x) { return _mm512_cvtps_pd(_mm512_castps512_ps256(x)); }

__m512d high_half(__m512 x) { return _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1)); }

void affine_error(const float* x, int64_t n, const AffineCodes& p, double* parts) {
    const __m512 inverse = _mm512_set1_ps(p.inverse), scale = _mm512_set1_ps(p.scale);
    const __m512 z = _mm512_set1_ps(static_cast<float>(p.zero_point));
    const __m512 lo = _mm512_set1_ps(static_cast<float>(p.lo)), hi = _mm512_set1_ps(static_cast<float>(p.hi));
    const __m512 nan = _mm512_max_ps(_mm512_min_ps(z, hi), lo);
    const __m512i zero_point = _mm512_set1_epi32(p.zero_point);
    Parts sums(parts);
    for (int64_t i = 0; i < n; i += 16) {
        const __mmask16 k = first_lanes(n - i);
        const __m512 v = _mm512_maskz_loadu_ps(k, x + i);
        const __m512 w = _mm512_fmadd_ps(v, inverse, z);
        const __mmask16 number = _mm512_cmp_ps_mask(w, w, _CMP_ORD_Q);
        const __m512i q = _mm512_cvtps_epi32(_mm512_max_ps(_mm512_mask_min_ps(nan, number, w, hi), lo));
        const __m512 decoded = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(q, zero_point)), scale);
        sums.add(_mm512_sub_pd(low_half(v), low_half(decoded)), _mm512_sub_pd(high_half(v), high_half(decoded)), k);
    }
    sums.store(parts);
}

void squared_error(const float* a, const float* b, int64_t n, double* error_parts, double* power_parts) {
    Parts errors(error_parts), powers(power_parts);
    for (int64_t i = 0; i < n; i += 16) {
        const __mmask16 k = first_lanes(n - i);
        const __m512 x = _mm512_maskz_loadu_ps(k, a + i), y = _mm512_maskz_loadu_ps(k, b + i);
        errors.add(_mm512_sub_pd(low_half(x), low_half(y)), _mm512_sub_pd(high_half(x), high_half(y)), k);
        powers.add(low_half(x), high_half(x), k);
    }
    errors.store(error_parts);
    powers.store(power_parts);
}

}  // namespace

const StatsKernels stats_avx512 = {"avx512", range, histogram, nearest_level, affine_error, squared_error};

}  // namespace octavo

// Searches for the parameters of schemes with AVX-512, eight at a time.
#include "kernels/search.h"

#include <immintrin.h>

namespace octavo {
namespace {

__m512d clamp(__m512d x, double low, double high) {
    return _mm512_max_pd(_mm512_min_pd(x, _mm512_set1_pd(high)), _mm512_set1_pd(low));
}

__m512d rint(__m512d x) { return _mm512_roundscale_pd(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

__mmask8 first_lanes(int64_t n) { return static_cast<__mmask8>(n >= 8 ? 0xff : (1u << n) - 1); }

int64_t best_split(const double* before, const PrefixSums& of, int64_t from, int64_t to, int64_t end, double* error) {
    const __m512d weight_end = _mm512_set1_pd(of.weights[end]), sum_end = _mm512_set1_pd(of.sums[end]),
                  square_end = _mm512_set1_pd(of.squares[end]), zero = _mm512_setzero_pd(), one = _mm512_set1_pd(1);
    __m512d least = _mm512_set1_pd(__builtin_inf());
    __m512i best = _mm512_set1_epi64(from), at = _mm512_add_epi64(best, _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7));
    for (int64_t j = from; j <= to; j += 8) {
        // Lanes behind the end divide nothing by 1, and lose.
        const __mmask8 k = first_lanes(to + 1 - j);
        const __m512d weight = _mm512_mask_sub_pd(one, k, weight_end, _mm512_maskz_loadu_pd(k, of.weights + j));
        const __m512d sum = _mm512_sub_pd(sum_end, _mm512_maskz_loadu_pd(k, of.sums + j));
        const __m512d square = _mm512_sub_pd(square_end, _mm512_maskz_loadu_pd(k, of.squares + j));
        const __m512d around_mean = _mm512_sub_pd(square, _mm512_div_pd(_mm512_mul_pd(sum, sum), weight));
        const __m512d e = _mm512_add_pd(_mm512_maskz_loadu_pd(k, before + j), _mm512_max_pd(around_mean, zero));
        const __mmask8 less = _mm512_mask_cmp_pd_mask(k, e, least, _CMP_LT_OQ);
        least = _mm512_mask_mov_pd(least, less, e);
        best = _mm512_mask_mov_epi64(best, less, at);
        at = _mm512_add_epi64(at, _mm512_set1_epi64(8));
    }
    *error = _mm512_reduce_min_pd(least);
    const __mmask8 equal = _mm512_cmp_pd_mask(least, _mm512_set1_pd(*error), _CMP_EQ_OQ);
    return _mm512_mask_reduce_min_epi64(equal, best);
}

void rounding_errors(const RoundedLevels& of, const float* scales, int64_t count, double* errors) {
    for (int64_t i = 0; i < count; i += 8) {
        const __mmask8 k = first_lanes(count - i);
        const __m512d scale = _mm512_cvtps_pd(_mm256_mask_loadu_ps(_mm256_set1_ps(1), k, scales + i));
        __m512d sum = _mm512_setzero_pd();
        for (int64_t j = 0; j < of.n; j++) {
            const __m512d level = _mm512_set1_pd(of.levels[j]);
            const __m512d entry = clamp(rint(_mm512_div_pd(level, scale)), -greatest_entry, greatest_entry);
            const __m512d d = _mm512_sub_pd(level, _mm512_mul_pd(entry, scale));
            sum = _mm512_add_pd(sum, _mm512_mul_pd(_mm512_mul_pd(_mm512_set1_pd(of.weights[j]), d), d));
        }
        _mm512_mask_storeu_pd(errors + i, k, sum);
    }
}

__m512d cube(__m512d x) { return _mm512_mul_pd(_mm512_mul_pd(x, x), x); }

__m512d integral(__m512d x, const Steps& p) {
    const __m512d step = _mm512_set1_pd(p.step), first = _mm512_set1_pd(p.first);
    const __m512d inside = clamp(x, p.first, p.last);
    const __m512d k = rint(_mm512_div_pd(_mm512_sub_pd(inside, first), step));
    const __m512d r = _mm512_sub_pd(inside, _mm512_add_pd(first, _mm512_mul_pd(k, step)));
    const __m512d cubes = _mm512_add_pd(cube(r), cube(_mm512_sub_pd(x, inside)));
    return _mm512_add_pd(_mm512_mul_pd(k, _mm512_set1_pd(p.step * p.step * p.step / 12)),
                         _mm512_div_pd(cubes, _mm512_set1_pd(3)));
}

void spread_error(const Spreads& of, const Steps& p, double* parts) {
    const __m512d step = _mm512_set1_pd(p.step), first = _mm512_set1_pd(p.first), zero = _mm512_setzero_pd();
    for (int64_t i = 0; i < of.n; i += 8) {
        const __mmask8 k = first_lanes(of.n - i);
        const __m512d from = _mm512_maskz_loadu_pd(k, of.from + i), to = _mm512_maskz_loadu_pd(k, of.to + i);
        const __m512d width = _mm512_sub_pd(to, from);
        const __m512d steps = rint(_mm512_div_pd(_mm512_sub_pd(from, first), step));
        const __m512d nearest = clamp(_mm512_add_pd(first, _mm512_mul_pd(steps, step)), p.first, p.last);
        const __m512d d = _mm512_sub_pd(from, nearest);
        const __mmask8 wide = _mm512_cmp_pd_mask(width, zero, _CMP_GT_OQ);
        const __m512d mean =
            _mm512_mask_div_pd(_mm512_mul_pd(d, d), wide, _mm512_sub_pd(integral(to, p), integral(from, p)), width);
        const __m512d error = _mm512_mul_pd(_mm512_maskz_loadu_pd(k, of.counts + i), mean);
        double* part = parts + i % 16;
        const __m512d before = _mm512_loadu_pd(part);
        _mm512_storeu_pd(part, _mm512_mask_add_pd(before, k, before, error));
    }
}

void range_errors(const float* x, int64_t n, const RangeLanes& of, double* errors) {
    const __m512 inverse = _mm512_div_ps(_mm512_set1_ps(1), _mm512_loadu_ps(of.scales)),
                 least = _mm512_loadu_ps(of.least), greatest = _mm512_add_ps(least, _mm512_set1_ps(of.steps));
    __m512d low = _mm512_loadu_pd(errors), high = _mm512_loadu_pd(errors + 8);
    for (int64_t from = 0; from < n; from += range_block) {
        const int64_t end = from + range_block < n ? from + range_block : n;
        __m512 sum = _mm512_setzero_ps();
        for (int64_t i = from; i < end; i++) {
            const __m512 t = _mm512_mul_ps(_mm512_set1_ps(x[i]), inverse);
            const __m512 rounded = _mm512_roundscale_ps(t, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
            const __m512 d = _mm512_sub_ps(t, _mm512_max_ps(_mm512_min_ps(rounded, greatest), least));
            sum = _mm512_add_ps(sum, _mm512_mul_ps(d, d));
        }
        low = _mm512_add_pd(low, _mm512_cvtps_pd(_mm512_castps512_ps256(sum)));
        high = _mm512_add_pd(high, _mm512_cvtps_pd(_mm512_extractf32x8_ps(sum, 1)));
    }
    _mm512_storeu_pd(errors, low);
    _mm512_storeu_pd(errors + 8, high);
}

}  // namespace

const SearchKernels search_avx512 = {"avx512", best_split, rounding_errors, spread_error, range_errors};

}  // namespace octavo

// Searches for the parameters of schemes with AVX2: four at a time, the last of them one by one as the definition has it.
#include "kernels/search.h"

#include <immintrin.h>

namespace octavo {
namespace {

__m256d clamp(__m256d x, double low, double high) {
    return _mm256_max_pd(_mm256_min_pd(x, _mm256_set1_pd(high)), _mm256_set1_pd(low));
}

__m256d rint(__m256d x) { return _mm256_round_pd(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

__m256i first_lanes(int64_t n) { return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3)); }

int64_t best_split(const double* before, const PrefixSums& of, int64_t from, int64_t to, int64_t end, double* error) {
    const __m256d weight_end = _mm256_set1_pd(of.weights[end]), sum_end = _mm256_set1_pd(of.sums[end]),
                  square_end = _mm256_set1_pd(of.squares[end]), zero = _mm256_setzero_pd();
    __m256d least = _mm256_set1_pd(__builtin_inf());
    __m256i best = _mm256_set1_epi64x(from), at = _mm256_add_epi64(best, _mm256_setr_epi64x(0, 1, 2, 3));
    for (int64_t j = from; j <= to; j += 4) {
        // Lanes behind the end divide nothing by 1, and lose.
        const __m256i k = first_lanes(to + 1 - j);
        const __m256d there = _mm256_castsi256_pd(k);
        const __m256d weight = _mm256_blendv_pd(
            _mm256_set1_pd(1), _mm256_sub_pd(weight_end, _mm256_maskload_pd(of.weights + j, k)), there);
        const __m256d sum = _mm256_sub_pd(sum_end, _mm256_maskload_pd(of.sums + j, k));
        const __m256d square = _mm256_sub_pd(square_end, _mm256_maskload_pd(of.squares + j, k));
        const __m256d around_mean = _mm256_sub_pd(square, _mm256_div_pd(_mm256_mul_pd(sum, sum), weight));
        const __m256d e = _mm256_add_pd(_mm256_maskload_pd(before + j, k), _mm256_max_pd(around_mean, zero));
        const __m256d less = _mm256_and_pd(_mm256_cmp_pd(e, least, _CMP_LT_OQ), there);
        least = _mm256_blendv_pd(least, e, less);
        best = _mm256_blendv_epi8(best, at, _mm256_castpd_si256(less));
        at = _mm256_add_epi64(at, _mm256_set1_epi64x(4));
    }
    alignas(32) double errors[4];
    alignas(32) int64_t places[4];
    _mm256_store_pd(errors, least);
    _mm256_store_si256(reinterpret_cast<__m256i*>(places), best);
    int lane = 0;
    for (int i = 1; i < 4; i++)
        if (errors[i] < errors[lane] || (errors[i] == errors[lane] && places[i] < places[lane])) lane = i;
    *error = errors[lane];
    return places[lane];
}

void rounding_errors(const RoundedLevels& of, const float* scales, int64_t count, double* errors) {
    for (int64_t i = 0; i < count; i += 4) {
        alignas(16) float some[4] = {1, 1, 1, 1};
        const int64_t rest = count - i < 4 ? count - i : 4;
        for (int64_t j = 0; j < rest; j++) some[j] = scales[i + j];
        const __m256d scale = _mm256_cvtps_pd(_mm_load_ps(some));
        __m256d sum = _mm256_setzero_pd();
        for (int64_t j = 0; j < of.n; j++) {
            const __m256d level = _mm256_set1_pd(of.levels[j]);
            const __m256d entry = clamp(rint(_mm256_div_pd(level, scale)), -greatest_entry, greatest_entry);
            const __m256d d = _mm256_sub_pd(level, _mm256_mul_pd(entry, scale));
            sum = _mm256_add_pd(sum, _mm256_mul_pd(_mm256_mul_pd(_mm256_set1_pd(of.weights[j]), d), d));
        }
        alignas(32) double sums[4];
        _mm256_store_pd(sums, sum);
        for (int64_t j = 0; j < rest; j++) errors[i + j] = sums[j];
    }
}

__m256d cube(__m256d x) { return _mm256_mul_pd(_mm256_mul_pd(x, x), x); }

__m256d integral(__m256d x, const Steps& p) {
    const __m256d step = _mm256_set1_pd(p.step), first = _mm256_set1_pd(p.first);
    const __m256d inside = clamp(x, p.first, p.last);
    const __m256d k = rint(_mm256_div_pd(_mm256_sub_pd(inside, first), step));
    const __m256d r = _mm256_sub_pd(inside, _mm256_add_pd(first, _mm256_mul_pd(k, step)));
    const __m256d cubes = _mm256_add_pd(cube(r), cube(_mm256_sub_pd(x, inside)));
    return _mm256_add_pd(_mm256_mul_pd(k, _mm256_set1_pd(p.step * p.step * p.step / 12)),
                         _mm256_div_pd(cubes, _mm256_set1_pd(3)));
}

void spread_error(const Spreads& of, const Steps& p, double* parts) {
    const __m256d step = _mm256_set1_pd(p.step), first = _mm256_set1_pd(p.first), zero = _mm256_setzero_pd();
    for (int64_t i = 0; i < of.n; i += 4) {
        const __m256i k = first_lanes(of.n - i);
        const __m256d from = _mm256_maskload_pd(of.from + i, k), to = _mm256_maskload_pd(of.to + i, k);
        const __m256d width = _mm256_sub_pd(to, from);
        const __m256d steps = rint(_mm256_div_pd(_mm256_sub_pd(from, first), step));
        const __m256d nearest = clamp(_mm256_add_pd(first, _mm256_mul_pd(steps, step)), p.first, p.last);
        const __m256d d = _mm256_sub_pd(from, nearest);
        const __m256d spread = _mm256_div_pd(_mm256_sub_pd(integral(to, p), integral(from, p)), width);
        const __m256d mean = _mm256_blendv_pd(_mm256_mul_pd(d, d), spread, _mm256_cmp_pd(width, zero, _CMP_GT_OQ));
        const __m256d error = _mm256_mul_pd(_mm256_maskload_pd(of.counts + i, k), mean);
        double* part = parts + i % 16;
        _mm256_storeu_pd(part, _mm256_add_pd(_mm256_loadu_pd(part), _mm256_and_pd(error, _mm256_castsi256_pd(k))));
    }
}

void range_errors(const float* x, int64_t n, const RangeLanes& of, double* errors) {
    for (int lane = 0; lane < range_lanes; lane += 8) {
        const __m256 inverse = _mm256_div_ps(_mm256_set1_ps(1), _mm256_loadu_ps(of.scales + lane)),
                     least = _mm256_loadu_ps(of.least + lane),
                     greatest = _mm256_add_ps(least, _mm256_set1_ps(of.steps));
        __m256d low = _mm256_loadu_pd(errors + lane), high = _mm256_loadu_pd(errors + lane + 4);
        for (int64_t from = 0; from < n; from += range_block) {
            const int64_t end = from + range_block < n ? from + range_block : n;
            __m256 sum = _mm256_setzero_ps();
            for (int64_t i = from; i < end; i++) {
                const __m256 t = _mm256_mul_ps(_mm256_set1_ps(x[i]), inverse);
                const __m256 rounded = _mm256_round_ps(t, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
                const __m256 d = _mm256_sub_ps(t, _mm256_max_ps(_mm256_min_ps(rounded, greatest), least));
                sum = _mm256_add_ps(sum, _mm256_mul_ps(d, d));
            }
            low = _mm256_add_pd(low, _mm256_cvtps_pd(_mm256_castps256_ps128(sum)));
            high = _mm256_add_pd(high, _mm256_cvtps_pd(_mm256_extractf128_ps(sum, 1)));
        }
        _mm256_storeu_pd(errors + lane, low);
        _mm256_storeu_pd(errors + lane + 4, high);
    }
}

}  // namespace

const SearchKernels search_avx2 = {"avx2", best_split, rounding_errors, spread_error, range_errors};

}  // namespace octavo

// Quantize and dequantize with AVX2. Tails are masked loads and a copy of bytes.
#include "kernels/quantize.h"

#include <immintrin.h>

namespace octavo {
namespace {

__m256i first_lanes(int64_t n) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n < 0 ? 0 : n > 8 ? 8 : n)), lane);
}

void copy_bytes(uint8_t* to, const uint8_t* from, int64_t n) {
    for (int64_t i = 0; i < n; i++) to[i] = from[i];
}

// Constants of a run in registers. NaN becomes `nan`, the zero point within the limits.
struct Scale {
    __m256 inverse, z, nan, lo, hi;

    Scale(float inv, int32_t zero_point, int32_t low, int32_t high)
        : inverse(_mm256_set1_ps(inv)),
          z(_mm256_set1_ps(static_cast<float>(zero_point))),
          lo(_mm256_set1_ps(static_cast<float>(low))),
          hi(_mm256_set1_ps(static_cast<float>(high))) {
        nan = _mm256_max_ps(_mm256_min_ps(z, hi), lo);
    }
};

template <bool fused>
__m256i codes(__m256 x, const Scale& s) {
    const __m256 v = fused ? _mm256_fmadd_ps(x, s.inverse, s.z) : _mm256_add_ps(_mm256_mul_ps(x, s.inverse), s.z);
    const __m256 number = _mm256_cmp_ps(v, v, _CMP_ORD_Q);
    const __m256 limited = _mm256_max_ps(_mm256_min_ps(v, s.hi), s.lo);
    return _mm256_cvtps_epi32(_mm256_blendv_ps(s.nan, limited, number));
}

template <bool is_signed>
__m256i pack(__m256i a, __m256i b, __m256i c, __m256i d) {
    const __m256i ab = _mm256_packs_epi32(a, b), cd = _mm256_packs_epi32(c, d);
    const __m256i bytes = is_signed ? _mm256_packs_epi16(ab, cd) : _mm256_packus_epi16(ab, cd);
    // Packs work in lanes of 128 bits: double word l * 4 + j holds elements 8 j + 4 l and on.
    return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

template <bool fused, bool is_signed>
void run(const QuantizeRun& p) {
    const Scale s(p.inverse, p.zero_point, p.lo, p.hi);
    const float* x = p.x;
    uint8_t* y = static_cast<uint8_t*>(p.y);
    int64_t i = 0;
    for (; i + 32 <= p.n; i += 32) {
        const __m256i a = codes<fused>(_mm256_loadu_ps(x + i), s), b = codes<fused>(_mm256_loadu_ps(x + i + 8), s);
        const __m256i c = codes<fused>(_mm256_loadu_ps(x + i + 16), s),
                      d = codes<fused>(_mm256_loadu_ps(x + i + 24), s);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(y + i), pack<is_signed>(a, b, c, d));
    }
    if (i < p.n) {
        const int64_t left = p.n - i;
        __m256i q[4];
        for (int j = 0; j < 4; j++)
            q[j] = left > 8 * j ? codes<fused>(_mm256_maskload_ps(x + i + 8 * j, first_lanes(left - 8 * j)), s)
                                : _mm256_setzero_si256();
        uint8_t bytes[32];
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(bytes), pack<is_signed>(q[0], q[1], q[2], q[3]));
        copy_bytes(y + i, bytes, left);
    }
}

struct FromU8 {
    using Type = uint8_t;
    static __m256i load(const Type* x) {
        return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(x)));
    }
};

struct FromS8 {
    using Type = int8_t;
    static __m256i load(const Type* x) {
        return _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(x)));
    }
};

struct FromS32 {
    using Type = int32_t;
    static __m256i load(const Type* x) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x)); }
};

template <class From>
void dequantize(const DequantizeRun& p) {
    using Type = typename From::Type;
    const Type* x = static_cast<const Type*>(p.x);
    const __m256i z = _mm256_set1_epi32(p.zero_point);
    const __m256 scale = _mm256_set1_ps(p.scale);
    const auto decode = [&](const Type* from) {
        return _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(From::load(from), z)), scale);
    };
    int64_t i = 0;
    for (; i + 8 <= p.n; i += 8) _mm256_storeu_ps(p.y + i, decode(x + i));
    if (i < p.n) {
        Type last[8] = {};
        for (int64_t j = 0; j < p.n - i; j++) last[j] = x[i + j];
        _mm256_maskstore_ps(p.y + i, first_lanes(p.n - i), decode(last));
    }
}

}  // namespace

const QuantizeKernels quantize_avx2 = {
    "avx2",           run<true, false>,   run<true, true>,    run<false, false>,
    run<false, true>, dequantize<FromU8>, dequantize<FromS8>, dequantize<FromS32>,
};

}  // namespace octavo

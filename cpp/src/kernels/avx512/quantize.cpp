// Quantize and dequantize with AVX-512.
#include "kernels/quantize.h"

#include <immintrin.h>

namespace octavo {
namespace {

__mmask16 first_lanes(int64_t n) { return static_cast<__mmask16>(n >= 16 ? 0xffff : n <= 0 ? 0 : (1u << n) - 1); }

__mmask64 first_bytes(int64_t n) { return n >= 64 ? ~__mmask64{0} : (__mmask64{1} << n) - 1; }

// Constants of a run in registers. NaN becomes `nan`, the zero point within the limits.
struct Scale {
    __m512 inverse, z, nan, lo, hi;

    Scale(float inv, int32_t zero_point, int32_t low, int32_t high)
        : inverse(_mm512_set1_ps(inv)),
          z(_mm512_set1_ps(static_cast<float>(zero_point))),
          lo(_mm512_set1_ps(static_cast<float>(low))),
          hi(_mm512_set1_ps(static_cast<float>(high))) {
        nan = _mm512_max_ps(_mm512_min_ps(z, hi), lo);
    }
};

// Scaled and limited from above; what is below the 32-bit range converts to INT_MIN, which the packs saturate.
template <bool fused>
__m512i codes_to_hi(__m512 x, const Scale& s) {
    const __m512 v = fused ? _mm512_fmadd_ps(x, s.inverse, s.z) : _mm512_add_ps(_mm512_mul_ps(x, s.inverse), s.z);
    const __mmask16 number = _mm512_cmp_ps_mask(v, v, _CMP_ORD_Q);
    return _mm512_cvtps_epi32(_mm512_mask_min_ps(s.nan, number, v, s.hi));
}

template <bool is_signed>
__m512i pack(__m512i a, __m512i b, __m512i c, __m512i d, __m512i lo) {
    const __m512i ab = _mm512_packs_epi32(a, b), cd = _mm512_packs_epi32(c, d);
    const __m512i bytes = is_signed ? _mm512_packs_epi16(ab, cd) : _mm512_packus_epi16(ab, cd);
    // Packs work in lanes of 128 bits: double word l * 4 + j holds elements 16 j + 4 l and on.
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i straight = _mm512_permutexvar_epi32(order, bytes);
    return is_signed ? _mm512_max_epi8(straight, lo) : _mm512_max_epu8(straight, lo);
}

template <bool fused, bool is_signed>
void run(const QuantizeRun& p) {
    const Scale s(p.inverse, p.zero_point, p.lo, p.hi);
    const __m512i lo = _mm512_set1_epi8(static_cast<char>(p.lo));
    const float* x = p.x;
    uint8_t* y = static_cast<uint8_t*>(p.y);
    int64_t i = 0;
    for (; i + 64 <= p.n; i += 64) {
        const __m512i a = codes_to_hi<fused>(_mm512_loadu_ps(x + i), s);
        const __m512i b = codes_to_hi<fused>(_mm512_loadu_ps(x + i + 16), s);
        const __m512i c = codes_to_hi<fused>(_mm512_loadu_ps(x + i + 32), s);
        const __m512i d = codes_to_hi<fused>(_mm512_loadu_ps(x + i + 48), s);
        _mm512_storeu_si512(y + i, pack<is_signed>(a, b, c, d, lo));
    }
    if (i < p.n) {
        const int64_t left = p.n - i;
        const __m512i a = codes_to_hi<fused>(_mm512_maskz_loadu_ps(first_lanes(left), x + i), s);
        const __m512i b = codes_to_hi<fused>(_mm512_maskz_loadu_ps(first_lanes(left - 16), x + i + 16), s);
        const __m512i c = codes_to_hi<fused>(_mm512_maskz_loadu_ps(first_lanes(left - 32), x + i + 32), s);
        const __m512i d = codes_to_hi<fused>(_mm512_maskz_loadu_ps(first_lanes(left - 48), x + i + 48), s);
        _mm512_mask_storeu_epi8(y + i, first_bytes(left), pack<is_signed>(a, b, c, d, lo));
    }
}

struct FromU8 {
    static __m512i load(const void* x, int64_t i, __mmask16 k) {
        return _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(k, static_cast<const uint8_t*>(x) + i));
    }
};

struct FromS8 {
    static __m512i load(const void* x, int64_t i, __mmask16 k) {
        return _mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(k, static_cast<const int8_t*>(x) + i));
    }
};

struct FromS32 {
    static __m512i load(const void* x, int64_t i, __mmask16 k) {
        return _mm512_maskz_loadu_epi32(k, static_cast<const int32_t*>(x) + i);
    }
};

template <class From>
void dequantize(const DequantizeRun& p) {
    const __m512i z = _mm512_set1_epi32(p.zero_point);
    const __m512 scale = _mm512_set1_ps(p.scale);
    int64_t i = 0;
    for (; i + 16 <= p.n; i += 16) {
        const __m512i q = _mm512_sub_epi32(From::load(p.x, i, 0xffff), z);
        _mm512_storeu_ps(p.y + i, _mm512_mul_ps(_mm512_cvtepi32_ps(q), scale));
    }
    const __mmask16 k = first_lanes(p.n - i);
    const __m512i q = _mm512_sub_epi32(From::load(p.x, i, k), z);
    _mm512_mask_storeu_ps(p.y + i, k, _mm512_mul_ps(_mm512_cvtepi32_ps(q), scale));
}

}  // namespace

const QuantizeKernels quantize_avx512 = {
    "avx512",         run<true, false>,   run<true, true>,    run<false, false>,
    run<false, true>, dequantize<FromU8>, dequantize<FromS8>, dequantize<FromS32>,
};

}  // namespace octavo

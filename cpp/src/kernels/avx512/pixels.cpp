// Planes to pixels with AVX-512.
#include "kernels/pixels.h"

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

// Scaled and limited on both sides.
__m512i codes(__m512 x, const Scale& s) {
    const __m512 v = _mm512_fmadd_ps(x, s.inverse, s.z);
    const __mmask16 number = _mm512_cmp_ps_mask(v, v, _CMP_ORD_Q);
    return _mm512_cvtps_epi32(_mm512_max_ps(_mm512_mask_min_ps(s.nan, number, v, s.hi), s.lo));
}

// 16 pixels a step: the channels' codes side by side in a double word each, then the unused bytes squeezed out.
template <int channels>
void pixels(const QuantizePixels& p) {
    const Scale s(p.inverse, p.zero_point, p.lo, p.hi);
    const __m512i byte = _mm512_set1_epi32(0xff);
    const __m512i squeeze =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    const __m512i join = _mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, 11, 15);
    uint8_t* y = static_cast<uint8_t*>(p.y);
    for (int64_t i = 0; i < p.pixels; i += 16) {
        const __mmask16 k = first_lanes(p.pixels - i);
        __m512i q = _mm512_and_si512(codes(_mm512_maskz_loadu_ps(k, p.x + i), s), byte);
#pragma GCC unroll 3
        for (int c = 1; c < channels; c++) {
            const __m512i v = codes(_mm512_maskz_loadu_ps(k, p.x + c * p.plane_stride + i), s);
            q = _mm512_or_si512(q, _mm512_slli_epi32(_mm512_and_si512(v, byte), 8 * c));
        }
        uint8_t* to = y + i * channels;
        if (channels == 2) {
            _mm512_mask_cvtepi32_storeu_epi16(to, k, q);
        } else if (channels == 3) {
            q = _mm512_permutexvar_epi32(join, _mm512_shuffle_epi8(q, squeeze));
            _mm512_mask_storeu_epi8(to, first_bytes(p.pixels - i >= 16 ? 48 : (p.pixels - i) * 3), q);
        } else {
            _mm512_mask_storeu_epi32(to, k, q);
        }
    }
}

void pixels_any(const QuantizePixels& p) {
    if (p.channels == 2)
        pixels<2>(p);
    else if (p.channels == 3)
        pixels<3>(p);
    else
        pixels<4>(p);
}

}  // namespace

const PixelsKernels pixels_avx512 = {"avx512", pixels_any, pixels_any};

}  // namespace octavo

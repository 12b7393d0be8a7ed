// Planes to pixels with AVX2.
#include "kernels/pixels.h"

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

__m256i codes(__m256 x, const Scale& s) {
    const __m256 v = _mm256_fmadd_ps(x, s.inverse, s.z);
    const __m256 number = _mm256_cmp_ps(v, v, _CMP_ORD_Q);
    const __m256 limited = _mm256_max_ps(_mm256_min_ps(v, s.hi), s.lo);
    return _mm256_cvtps_epi32(_mm256_blendv_ps(s.nan, limited, number));
}

// 8 pixels a step: the channels' codes side by side in a double word each, then the unused bytes squeezed out.
template <int channels>
void pixels(const QuantizePixels& p) {
    const Scale s(p.inverse, p.zero_point, p.lo, p.hi);
    const __m256i byte = _mm256_set1_epi32(0xff);
    const __m256i squeeze =
        channels == 2
            ? _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, -1, -1, -1, -1, -1, -1, -1, -1))
            : _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    uint8_t* y = static_cast<uint8_t*>(p.y);
    for (int64_t i = 0; i < p.pixels; i += 8) {
        const int64_t left = p.pixels - i < 8 ? p.pixels - i : 8;
        const __m256i k = first_lanes(left);
        __m256i q = _mm256_and_si256(codes(_mm256_maskload_ps(p.x + i, k), s), byte);
#pragma GCC unroll 3
        for (int c = 1; c < channels; c++) {
            const __m256i v = codes(_mm256_maskload_ps(p.x + c * p.plane_stride + i, k), s);
            q = _mm256_or_si256(q, _mm256_slli_epi32(_mm256_and_si256(v, byte), 8 * c));
        }
        if (channels < 4) q = _mm256_shuffle_epi8(q, squeeze);
        // Each half holds 4 pixels; the second goes over the unused end of the first.
        const auto store = [&](uint8_t* to) {
            _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_castsi256_si128(q));
            _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 4 * channels), _mm256_extracti128_si256(q, 1));
        };
        uint8_t* to = y + i * channels;
        if ((p.pixels - i) * channels >= 4 * channels + 16) {
            store(to);
        } else {
            uint8_t bytes[32];
            store(bytes);
            copy_bytes(to, bytes, left * channels);
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

const PixelsKernels pixels_avx2 = {"avx2", pixels_any, pixels_any};

}  // namespace octavo

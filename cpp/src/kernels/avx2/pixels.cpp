// Planes to pixels with AVX2.
#include "kernels/pixels_vectors.h"

namespace octavo {
namespace {

template <int channels>
struct Pixels {
    static void store(uint8_t* y, IVec q, int64_t left) {
        const __m128i squeeze = channels == 2 ? _mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, -1, -1, -1, -1, -1, -1, -1, -1)
                                              : _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
        if (channels < 4) q.v = _mm256_shuffle_epi8(q.v, _mm256_broadcastsi128_si256(squeeze));
        if (left * channels >= 4 * channels + 16) {
            store_halves(y, q);
        } else {
            uint8_t bytes[32];
            store_halves(bytes, q);
            const int64_t n = left < 8 ? left * channels : 8 * channels;
            for (int64_t i = 0; i < n; i++) y[i] = bytes[i];
        }
    }

    // Each half holds 4 pixels; the second goes over the unused end of the first.
    static void store_halves(uint8_t* y, IVec q) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(y), _mm256_castsi256_si128(q.v));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(y + 4 * channels), _mm256_extracti128_si256(q.v, 1));
    }
};

}  // namespace

const PixelsKernels pixels_avx2 = {"avx2", pixels_any<Fused, Pixels>, pixels_any<Fused, Pixels>,
                                   pixels_any<Quotient, Pixels>, pixels_any<Quotient, Pixels>};

}  // namespace octavo

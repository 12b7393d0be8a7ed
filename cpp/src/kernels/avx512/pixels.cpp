// Planes to pixels with AVX-512.
#include "kernels/pixels_vectors.h"

namespace octavo {
namespace {

template <int channels>
struct Pixels {
    static void store(uint8_t* y, IVec q, int64_t left) {
        if (channels == 2) {
            _mm512_mask_cvtepi32_storeu_epi16(y, first_lanes(left).v, q.v);
        } else if (channels == 3) {
            const __m512i squeeze =
                _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
            const __m512i join = _mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, 11, 15);
            q.v = _mm512_permutexvar_epi32(join, _mm512_shuffle_epi8(q.v, squeeze));
            _mm512_mask_storeu_epi8(y, first_bytes(left >= 16 ? 48 : left * 3), q.v);
        } else {
            _mm512_mask_storeu_epi32(y, first_lanes(left).v, q.v);
        }
    }
};

}  // namespace

const PixelsKernels pixels_avx512 = {"avx512", pixels_any<Fused, Pixels>, pixels_any<Fused, Pixels>,
                                     pixels_any<Quotient, Pixels>, pixels_any<Quotient, Pixels>};

}  // namespace octavo

// Family depthwise on AVX-512 (BW): two taps of 32 channels interleaved as bytes, widened to 16 bits, multiplied and added in
// pairs, exactly.
#include "kernels/depthwise.h"

#include "kernels/output_avx512.h"

namespace octavo {
namespace {

constexpr int block = 32;
const uint8_t order[block] = {0, 1, 2,  3,  4,  5,  6,  7,  16, 17, 18, 19, 20, 21, 22, 23,
                              8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31};

void line(const DepthwiseArgs& args) {
    const OutputStage& stage = *args.stage;
    const Rounding r = rounding(stage);
    const __m512i* b = static_cast<const __m512i*>(args.b);
    // The four bytes of each channel group after the packs, in the order of channels.
    const __m512i channel_order = _mm512_setr_epi32(0, 4, 1, 5, 8, 12, 9, 13, 0, 0, 0, 0, 0, 0, 0, 0);
    for (int64_t first = 0; first < args.channels; first += block, b += args.taps) {
        const int64_t rest = args.channels - first;
        const __mmask32 mask = rest >= block ? ~0u : (1u << rest) - 1;
        const uint8_t* a = args.a + first;
        uint8_t* c = args.c + first;
        for (int64_t p = 0; p < args.pixels; p++, a += args.pixel_stride, c += args.channels) {
            __m512i sums[2] = {_mm512_loadu_si512(stage.start + first), _mm512_loadu_si512(stage.start + first + 16)};
            for (int64_t t = 0; t < args.taps; t += 2) {
                const __m256i t0 = _mm256_maskz_loadu_epi8(mask, a + args.offsets[t]);
                const __m256i t1 = _mm256_maskz_loadu_epi8(mask, a + args.offsets[t + 1]);
                const __m512i low = _mm512_cvtepu8_epi16(_mm256_unpacklo_epi8(t0, t1));
                const __m512i high = _mm512_cvtepu8_epi16(_mm256_unpackhi_epi8(t0, t1));
                sums[0] = _mm512_add_epi32(sums[0], _mm512_madd_epi16(low, _mm512_load_si512(b + t)));
                sums[1] = _mm512_add_epi32(sums[1], _mm512_madd_epi16(high, _mm512_load_si512(b + t + 1)));
            }
#pragma GCC unroll 2
            for (int j = 0; j < 2; j++) {
                const int64_t n = first + 16 * j;
                __m512 x = _mm512_cvtepi32_ps(sums[j]);
                if (stage.bias != nullptr) {
                    x = _mm512_fmadd_ps(_mm512_loadu_ps(stage.bias + n), _mm512_loadu_ps(stage.bias_scale + n), x);
                }
                sums[j] = _mm512_cvtps_epi32(_mm512_mul_ps(x, _mm512_loadu_ps(stage.multiplier + n)));
            }
            const __m512i bytes = to_bytes(sums[0], sums[1], sums[0], sums[1], r);
            _mm256_mask_storeu_epi8(c, mask, _mm512_castsi512_si256(_mm512_permutexvar_epi32(channel_order, bytes)));
        }
    }
}

}  // namespace

const DepthwiseRow depthwise_avx512 = {"avx512", line, block, 2, order, 0, 25};

}  // namespace octavo

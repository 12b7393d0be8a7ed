// Family depthwise on AVX512-VNNI, pixel by pixel: four taps of 64 channels are interleaved by two levels of byte unpacking, so
// that each 32-bit lane holds one channel's four taps. The packs of the output stage undo the order that this makes.
#ifndef OCTAVO_KERNELS_DEPTHWISE_GATHER_H
#define OCTAVO_KERNELS_DEPTHWISE_GATHER_H

#include "kernels/depthwise.h"
#include "kernels/output_avx512.h"

namespace octavo {
namespace {

constexpr int block = 64;  // in the order of order_of_64
OCTAVO_INLINE void add_taps(__m512i (&sums)[4], __m512i t0, __m512i t1, __m512i t2, __m512i t3, const __m512i* w) {
    const __m512i low01 = _mm512_unpacklo_epi8(t0, t1), high01 = _mm512_unpackhi_epi8(t0, t1);
    const __m512i low23 = _mm512_unpacklo_epi8(t2, t3), high23 = _mm512_unpackhi_epi8(t2, t3);
    sums[0] = _mm512_dpbusd_epi32(sums[0], _mm512_unpacklo_epi16(low01, low23), w[0]);
    sums[1] = _mm512_dpbusd_epi32(sums[1], _mm512_unpackhi_epi16(low01, low23), w[1]);
    sums[2] = _mm512_dpbusd_epi32(sums[2], _mm512_unpacklo_epi16(high01, high23), w[2]);
    sums[3] = _mm512_dpbusd_epi32(sums[3], _mm512_unpackhi_epi16(high01, high23), w[3]);
}

// nine: a 3x3 filter, whose last group has a single tap; its twelve vectors of weights stay in registers.
template <bool nine>
OCTAVO_INLINE void channels_of_block(const DepthwiseArgs& args, int64_t first, const __m512i* b) {
    const OutputStage& stage = *args.stage;
    const int64_t rest = args.channels - first;
    const __mmask64 mask = rest >= block ? ~0ull : (1ull << rest) - 1;
    const Rounding r = rounding(stage);
    const uint8_t* a = args.a + first;
    uint8_t* c = args.c + first;
    __m512i weights[12];
    if constexpr (nine) {
#pragma GCC unroll 12
        for (int i = 0; i < 12; i++) weights[i] = _mm512_load_si512(b + i);
    }
    for (int64_t p = 0; p < args.pixels; p++, a += args.pixel_stride, c += args.channels) {
        __m512i sums[4];
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) sums[j] = _mm512_loadu_si512(stage.start + first + 16 * j);
        const int32_t* offset = args.offsets;
        if constexpr (nine) {
            __m512i taps[9];
#pragma GCC unroll 9
            for (int t = 0; t < 9; t++) taps[t] = _mm512_maskz_loadu_epi8(mask, a + offset[t]);
            add_taps(sums, taps[0], taps[1], taps[2], taps[3], weights);
            add_taps(sums, taps[4], taps[5], taps[6], taps[7], weights + 4);
            add_taps(sums, taps[8], taps[8], taps[8], taps[8], weights + 8);
        } else {
            for (int64_t t = 0; t < args.taps; t += 4) {
                add_taps(sums, _mm512_maskz_loadu_epi8(mask, a + offset[t]),
                         _mm512_maskz_loadu_epi8(mask, a + offset[t + 1]),
                         _mm512_maskz_loadu_epi8(mask, a + offset[t + 2]),
                         _mm512_maskz_loadu_epi8(mask, a + offset[t + 3]), b + t);
            }
        }
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
            __m512 x = _mm512_cvtepi32_ps(sums[j]);
            if (stage.bias != nullptr) {
                x = _mm512_fmadd_ps(_mm512_loadu_ps(stage.bias + first + 16 * j),
                                    _mm512_loadu_ps(stage.bias_scale + first + 16 * j), x);
            }
            sums[j] = _mm512_cvtps_epi32(_mm512_mul_ps(x, _mm512_loadu_ps(stage.multiplier + first + 16 * j)));
        }
        _mm512_mask_storeu_epi8(c, mask, to_bytes(sums[0], sums[1], sums[2], sums[3], r));
    }
}

void line(const DepthwiseArgs& args) {
    const __m512i* b = static_cast<const __m512i*>(args.b);
    const int32_t* last = args.offsets + 8;
    const bool nine = args.taps == 12 && last[1] == last[0] && last[2] == last[0] && last[3] == last[0];
    for (int64_t first = 0; first < args.channels; first += block, b += args.taps) {
        if (nine) {
            channels_of_block<true>(args, first, b);
        } else {
            channels_of_block<false>(args, first, b);
        }
    }
}

}  // namespace
}  // namespace octavo

#endif

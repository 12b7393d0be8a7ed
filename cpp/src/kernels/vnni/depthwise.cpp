// Family depthwise on AVX512-VNNI: four taps of 64 channels are interleaved by two levels of byte unpacking, so that each
// 32-bit lane holds one channel's four taps. The packs of the output stage undo the order that this makes.
#include "kernels/depthwise.h"

#include "kernels/depthwise_lines.h"
#include "kernels/output_avx512.h"

namespace octavo {
namespace {

constexpr int block = 64;
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

// Blocks without byte permutes across lanes.
struct Wide : Block32 {
    static OCTAVO_INLINE void mix(Pair a, Pair b, __m512i (&lanes)[2]) {
        // Of the low and high bytes of 16 channels: the first two pixels' eight, then the other two's.
        alignas(64) static constexpr uint16_t order[32] = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                                           21, 6,  22, 7,  23, 32, 48, 33, 49, 34, 50,
                                                           35, 51, 36, 52, 37, 53, 38, 54, 39, 55};
        const __m512i even = _mm512_shuffle_i64x2(a, b, 0x44), odd = _mm512_shuffle_i64x2(a, b, 0xee);
        const __m512i low = _mm512_unpacklo_epi8(even, odd), high = _mm512_unpackhi_epi8(even, odd);
        const __m512i first = _mm512_load_si512(order), second = _mm512_add_epi16(first, _mm512_set1_epi16(8));
        lanes[0] = _mm512_permutex2var_epi16(low, first, high);
        lanes[1] = _mm512_permutex2var_epi16(low, second, high);
    }
};

struct Narrow : Block16 {
    static OCTAVO_INLINE void mix(Pair a, Pair b, __m512i (&lanes)[1]) {
        const __m512i dwords = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
        const __m512i bytes = _mm512_set4_epi32(0x0f0b0703, 0x0e0a0602, 0x0d090501, 0x0c080400);
        const __m512i four = _mm512_inserti64x4(_mm512_castsi256_si512(a), b, 1);
        lanes[0] = _mm512_shuffle_epi8(_mm512_permutexvar_epi32(dwords, four), bytes);
    }
    static OCTAVO_INLINE void slide(__m512i (&lanes)[1], Pixel pixel) {
        lanes[0] = _mm512_or_si512(_mm512_srli_epi32(lanes[0], 8), last(pixel));
    }
    static OCTAVO_INLINE void slide_two(__m512i (&lanes)[1], Pair pair) {
        slide(lanes, _mm256_castsi256_si128(pair));
        slide(lanes, _mm256_extracti128_si256(pair, 1));
    }
    static OCTAVO_INLINE __m512i last(Pixel pixel) { return _mm512_slli_epi32(_mm512_cvtepu8_epi32(pixel), 24); }
};

constexpr DepthwiseBlock blocks[depthwise_vnni_blocks] = {wide_block(), lines_block<Wide>(), lines_block<Narrow>()};

}  // namespace

const DepthwiseRow depthwise_vnni = {"vnni", line, block, 4, order_of_64, 0, 70, blocks, depthwise_vnni_blocks, 110};
const DepthwiseRow depthwise_vbmi = {
    "vnni", line, block, 4, order_of_64, 0, 70, depthwise_blocks_vbmi, depthwise_vnni_blocks, 115};

}  // namespace octavo

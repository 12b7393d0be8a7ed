// Family depthwise on AVX512-VNNI: lines by columns without byte permutes across lanes.
#include "kernels/depthwise_gather.h"
#include "kernels/depthwise_lines.h"

namespace octavo {
namespace {

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

constexpr DepthwiseBlock blocks[] = {wide_block(), lines_block<Wide>(), lines_block<Narrow>()};

}  // namespace

const DepthwiseRow depthwise_vnni = {"vnni", line, block, 4, order_of_64, 0, 70, blocks, 3, 110, nullptr, 0};

}  // namespace octavo

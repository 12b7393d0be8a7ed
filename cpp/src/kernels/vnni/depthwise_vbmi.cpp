// Family depthwise by lines with the byte permutes of VBMI: one interleaves four pixels' channels.
#include "kernels/depthwise_gather.h"
#include "kernels/depthwise_image.h"
#include "kernels/depthwise_lines.h"

namespace octavo {
namespace {

struct Wide : Block32 {
    static OCTAVO_INLINE void mix(Pair a, Pair b, __m512i (&lanes)[2]) {
        alignas(64) static constexpr uint8_t low[64] = {
            0,  32,  64, 96,  1,  33,  65, 97,  2,  34,  66, 98,  3,  35,  67, 99,  4,  36,  68, 100, 5,  37,
            69, 101, 6,  38,  70, 102, 7,  39,  71, 103, 8,  40,  72, 104, 9,  41,  73, 105, 10, 42,  74, 106,
            11, 43,  75, 107, 12, 44,  76, 108, 13, 45,  77, 109, 14, 46,  78, 110, 15, 47,  79, 111};
        const __m512i first = _mm512_load_si512(low);
        const __m512i second = _mm512_add_epi8(first, _mm512_set1_epi8(16));
        lanes[0] = _mm512_permutex2var_epi8(a, first, b);
        lanes[1] = _mm512_permutex2var_epi8(a, second, b);
    }
};

struct Narrow : Block16 {
    static OCTAVO_INLINE void mix(Pair a, Pair b, __m512i (&lanes)[1]) {
        alignas(64) static constexpr uint8_t order[64] = {
            0,  16, 64, 80, 1,  17, 65, 81, 2,  18, 66, 82, 3,  19, 67, 83, 4,  20, 68, 84, 5,  21,
            69, 85, 6,  22, 70, 86, 7,  23, 71, 87, 8,  24, 72, 88, 9,  25, 73, 89, 10, 26, 74, 90,
            11, 27, 75, 91, 12, 28, 76, 92, 13, 29, 77, 93, 14, 30, 78, 94, 15, 31, 79, 95};
        lanes[0] =
            _mm512_permutex2var_epi8(_mm512_castsi256_si512(a), _mm512_load_si512(order), _mm512_castsi256_si512(b));
    }
    static OCTAVO_INLINE void slide(__m512i (&lanes)[1], __m128i pixel) {
        alignas(64) static constexpr uint8_t order[64] = {
            1,  2,  3,  64, 5,  6,  7,  65, 9,  10, 11, 66, 13, 14, 15, 67, 17, 18, 19, 68, 21, 22,
            23, 69, 25, 26, 27, 70, 29, 30, 31, 71, 33, 34, 35, 72, 37, 38, 39, 73, 41, 42, 43, 74,
            45, 46, 47, 75, 49, 50, 51, 76, 53, 54, 55, 77, 57, 58, 59, 78, 61, 62, 63, 79};
        lanes[0] = _mm512_permutex2var_epi8(lanes[0], _mm512_load_si512(order), _mm512_castsi128_si512(pixel));
    }
    static OCTAVO_INLINE void slide_two(__m512i (&lanes)[1], Pair pair) {
        alignas(64) static constexpr uint8_t order[64] = {
            2,  3,  64, 80, 6,  7,  65, 81, 10, 11, 66, 82, 14, 15, 67, 83, 18, 19, 68, 84, 22, 23,
            69, 85, 26, 27, 70, 86, 30, 31, 71, 87, 34, 35, 72, 88, 38, 39, 73, 89, 42, 43, 74, 90,
            46, 47, 75, 91, 50, 51, 76, 92, 54, 55, 77, 93, 58, 59, 78, 94, 62, 63, 79, 95};
        lanes[0] = _mm512_permutex2var_epi8(lanes[0], _mm512_load_si512(order), _mm512_castsi256_si512(pair));
    }
};

constexpr DepthwiseBlock blocks[] = {wide_block(), lines_block<Wide>(), lines_block<Narrow>()};
constexpr DepthwiseImage images[] = {image_of<Narrow, 3, 1, 4>(), image_of<Narrow, 3, 1, 7>(),
                                     image_of<Narrow, 5, 1, 7>(), image_of<Narrow, 5, 1, 14>(),
                                     image_of<Narrow, 5, 2, 14>()};

}  // namespace

const DepthwiseRow depthwise_vbmi_vnni = {"vbmi", line, block, 4, order_of_64, 0, 70, blocks, 3, 115, images, 5};

}  // namespace octavo

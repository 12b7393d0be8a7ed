// Family depthwise on AVX2: two taps of 16 channels interleaved as bytes, widened to 16 bits, multiplied and added in pairs,
// exactly.
#include "kernels/depthwise.h"

#include "kernels/output_avx2.h"

namespace octavo {
namespace {

constexpr int block = 16;
const uint8_t order[block] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

OCTAVO_INLINE __m128i load(const uint8_t* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }

void line(const DepthwiseArgs& args) {
    const OutputStage& stage = *args.stage;
    const __m256i* b = static_cast<const __m256i*>(args.b);
    for (int64_t first = 0; first < args.channels; first += block, b += args.taps) {
        const int rest = static_cast<int>(args.channels - first < block ? args.channels - first : block);
        const uint8_t* a = args.a + first;
        const __m256i* start = reinterpret_cast<const __m256i*>(stage.start + first);
        for (int64_t p = 0; p < args.pixels; p++, a += args.pixel_stride) {
            __m256i low = _mm256_loadu_si256(start), high = _mm256_loadu_si256(start + 1);
            for (int64_t t = 0; t < args.taps; t += 2) {
                const __m128i t0 = load(a + args.offsets[t]), t1 = load(a + args.offsets[t + 1]);
                const __m256i pairs_low = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(t0, t1));
                const __m256i pairs_high = _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(t0, t1));
                low = _mm256_add_epi32(low, _mm256_madd_epi16(pairs_low, _mm256_load_si256(b + t)));
                high = _mm256_add_epi32(high, _mm256_madd_epi16(pairs_high, _mm256_load_si256(b + t + 1)));
            }
            const int64_t i = p * args.channels + first;
            write_sums(stage, low, first, rest, nullptr, nullptr, 0, args.c, i);
            if (rest > 8) write_sums(stage, high, first + 8, rest - 8, nullptr, nullptr, 0, args.c, i + 8);
        }
    }
}

}  // namespace

const DepthwiseRow depthwise_avx2 = {"avx2", line, block, 2, order, block - 1, 15};

}  // namespace octavo

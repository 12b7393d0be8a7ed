// Family depthwise on AVX2: two taps of 16 channels interleaved as bytes, widened to 16 bits, multiplied and added in pairs,
// exactly.
#include "kernels/depthwise.h"

#include "kernels/output_avx2.h"
// Needs OCTAVO_INLINE.
#include "kernels/depthwise_columns.h"

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

// 16 channels by columns: rows widened to 16 bits, then two and two interleaved; an odd last one has a pair of its own.
struct Columns16 {
    using Vector = __m256i;
    static constexpr int sums = 2;
    static constexpr int groups(int kernel) { return kernel / 2 + 1; }
    static constexpr bool keeps(int) { return false; }

    const OutputStage stage;
    const __m256i zero_point;  // 16 bits; with everything 128 higher for s8, as on AVX-512
    const __m128i lo, hi, flip;

    static int shift(const OutputStage& s) { return s.type == output_s8 ? 128 : 0; }
    explicit Columns16(const OutputStage& s)
        : stage(s),
          zero_point(_mm256_set1_epi16(static_cast<short>(s.zero_point + shift(s)))),
          lo(_mm_set1_epi8(static_cast<char>(s.lo + shift(s)))),
          hi(_mm_set1_epi8(static_cast<char>(s.hi + shift(s)))),
          flip(_mm_set1_epi8(static_cast<char>(shift(s)))) {}

    OCTAVO_INLINE void start(__m256i (&sum)[2]) const {
        const __m256i* from = reinterpret_cast<const __m256i*>(stage.start);
        sum[0] = _mm256_loadu_si256(from);
        sum[1] = _mm256_loadu_si256(from + 1);
    }
    static OCTAVO_INLINE __m256i padding(int code) { return _mm256_set1_epi16(static_cast<short>(code)); }
    static OCTAVO_INLINE __m256i multiply(__m256i sum, __m256i column, __m256i w) {
        return _mm256_add_epi32(sum, _mm256_madd_epi16(column, w));
    }
    template <int kernel, int group>
    OCTAVO_INLINE void column(const uint8_t* const (&rows)[kernel], int64_t at, __m256i (&column)[2]) const {
        const __m256i even = _mm256_cvtepu8_epi16(load(rows[2 * group] + at));
        const __m256i odd = 2 * group + 1 < kernel ? _mm256_cvtepu8_epi16(load(rows[2 * group + 1] + at)) : even;
        column[0] = _mm256_unpacklo_epi16(even, odd);
        column[1] = _mm256_unpackhi_epi16(even, odd);
    }
    OCTAVO_INLINE void write(const __m256i (&sum)[2], uint8_t* c) const {
        __m256i rounded[2];
#pragma GCC unroll 2
        for (int j = 0; j < 2; j++) {
            __m256 x = _mm256_cvtepi32_ps(sum[j]);
            if (stage.bias != nullptr) {
                const __m256 bias = _mm256_loadu_ps(stage.bias + 8 * j);
                x = _mm256_fmadd_ps(bias, _mm256_set1_ps(*stage.bias_scale), x);
            }
            rounded[j] = _mm256_cvtps_epi32(_mm256_mul_ps(x, _mm256_loadu_ps(stage.multiplier + 8 * j)));
        }
        const __m256i words = _mm256_adds_epi16(_mm256_packs_epi32(rounded[0], rounded[1]), zero_point);
        const __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(c), _mm_xor_si128(_mm_min_epu8(_mm_max_epu8(bytes, lo), hi), flip));
    }
};

// Accumulator j, 128-bit lane l, element e: channel 8 l + 4 j + e.
const uint8_t order_of_columns[16] = {0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15};

constexpr DepthwiseBlock blocks[] = {columns_block<Columns16, 2>(16, order_of_columns)};

}  // namespace

const DepthwiseRow depthwise_avx2 = {"avx2", line, block, 2, order, block - 1, 15, blocks, 1, 35, nullptr, 0};

}  // namespace octavo

// Family depthwise on AVX-512 (BW): two taps of 32 channels interleaved as bytes, widened to 16 bits, multiplied and added in
// pairs, exactly.
#include "kernels/depthwise.h"

#include "kernels/output_avx512.h"
// Needs OCTAVO_INLINE.
#include "kernels/depthwise_columns.h"

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

// 32 channels by columns: rows widened to 16 bits, then two and two interleaved; an odd last one has a pair of its own.
struct Columns32 {
    using Vector = __m512i;
    static constexpr int sums = 2;
    static constexpr int groups(int kernel) { return kernel / 2 + 1; }
    static constexpr bool keeps(int kernel) { return kernel == 3; }
    static OCTAVO_INLINE void hold(Vector& x) { asm("" : "+v"(x)); }

    const OutputStage stage;
    const Rounding r;

    explicit Columns32(const OutputStage& s) : stage(s), r(rounding(s)) {}

    OCTAVO_INLINE void start(__m512i (&sum)[2]) const {
        sum[0] = _mm512_loadu_si512(stage.start);
        sum[1] = _mm512_loadu_si512(stage.start + 16);
    }
    static OCTAVO_INLINE __m512i padding(int code) { return _mm512_set1_epi16(static_cast<short>(code)); }
    static OCTAVO_INLINE __m512i multiply(__m512i sum, __m512i column, __m512i w) {
        return _mm512_add_epi32(sum, _mm512_madd_epi16(column, w));
    }
    static OCTAVO_INLINE __m512i row(const uint8_t* p) {
        return _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
    }
    template <int kernel, int group>
    OCTAVO_INLINE void column(const uint8_t* const (&rows)[kernel], int64_t at, __m512i (&column)[2]) const {
        const __m512i even = row(rows[2 * group] + at);
        const __m512i odd = 2 * group + 1 < kernel ? row(rows[2 * group + 1] + at) : even;
        column[0] = _mm512_unpacklo_epi16(even, odd);
        column[1] = _mm512_unpackhi_epi16(even, odd);
    }
    OCTAVO_INLINE void write(const __m512i (&sum)[2], uint8_t* c) const {
        __m512i rounded[2];
#pragma GCC unroll 2
        for (int j = 0; j < 2; j++) {
            __m512 x = _mm512_cvtepi32_ps(sum[j]);
            if (stage.bias != nullptr) {
                const __m512 bias = _mm512_loadu_ps(stage.bias + 16 * j);
                x = _mm512_fmadd_ps(bias, _mm512_set1_ps(*stage.bias_scale), x);
            }
            rounded[j] = _mm512_cvtps_epi32(_mm512_mul_ps(x, _mm512_loadu_ps(stage.multiplier + 16 * j)));
        }
        // Bytes 0 to 7 of each lane are the lane's eight channels, in order.
        const __m512i bytes = to_bytes(rounded[0], rounded[1], rounded[0], rounded[1], r);
        const __m512i packed = _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 0, 2, 4, 6), bytes);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(c), _mm512_castsi512_si256(packed));
    }
};

// 16 channels in the same way with vectors of half the width.
struct Columns16 {
    using Vector = __m256i;
    static constexpr int sums = 2;
    static constexpr int groups(int kernel) { return kernel / 2 + 1; }
    static constexpr bool keeps(int kernel) { return kernel == 3; }
    static OCTAVO_INLINE void hold(Vector& x) { asm("" : "+v"(x)); }

    const OutputStage stage;
    const __m256i lo, hi, zero_point;  // 32 bits; limits before the zero point is added

    explicit Columns16(const OutputStage& s)
        : stage(s),
          lo(_mm256_set1_epi32(s.lo - s.zero_point)),
          hi(_mm256_set1_epi32(s.hi - s.zero_point)),
          zero_point(_mm256_set1_epi32(s.zero_point)) {}

    OCTAVO_INLINE void start(__m256i (&sum)[2]) const {
        const __m256i* from = reinterpret_cast<const __m256i*>(stage.start);
        sum[0] = _mm256_loadu_si256(from);
        sum[1] = _mm256_loadu_si256(from + 1);
    }
    static OCTAVO_INLINE __m256i padding(int code) { return _mm256_set1_epi16(static_cast<short>(code)); }
    static OCTAVO_INLINE __m256i multiply(__m256i sum, __m256i column, __m256i w) {
        return _mm256_add_epi32(sum, _mm256_madd_epi16(column, w));
    }
    static OCTAVO_INLINE __m256i row(const uint8_t* p) {
        return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    }
    template <int kernel, int group>
    OCTAVO_INLINE void column(const uint8_t* const (&rows)[kernel], int64_t at, __m256i (&column)[2]) const {
        const __m256i even = row(rows[2 * group] + at);
        const __m256i odd = 2 * group + 1 < kernel ? row(rows[2 * group + 1] + at) : even;
        column[0] = _mm256_unpacklo_epi16(even, odd);
        column[1] = _mm256_unpackhi_epi16(even, odd);
    }
    OCTAVO_INLINE void write(const __m256i (&sum)[2], uint8_t* c) const {
#pragma GCC unroll 2
        for (int j = 0; j < 2; j++) {
            __m256 x = _mm256_cvtepi32_ps(sum[j]);
            if (stage.bias != nullptr) {
                const __m256 bias = _mm256_loadu_ps(stage.bias + 8 * j);
                x = _mm256_fmadd_ps(bias, _mm256_set1_ps(*stage.bias_scale), x);
            }
            const __m256i rounded = _mm256_cvtps_epi32(_mm256_mul_ps(x, _mm256_loadu_ps(stage.multiplier + 8 * j)));
            const __m256i code = _mm256_add_epi32(_mm256_min_epi32(_mm256_max_epi32(rounded, lo), hi), zero_point);
            // Channels 0 to 3 and 8 to 11, or 4 to 7 and 12 to 15.
            const uint64_t bytes = static_cast<uint64_t>(_mm_cvtsi128_si64(_mm256_cvtepi32_epi8(code)));
            const uint32_t low = static_cast<uint32_t>(bytes), high = static_cast<uint32_t>(bytes >> 32);
            __builtin_memcpy(c + 4 * j, &low, 4);
            __builtin_memcpy(c + 4 * j + 8, &high, 4);
        }
    }
};

// Accumulator j, 128-bit lane l, element e: channel 8 l + 4 j + e.
const uint8_t order_of_32[32] = {0, 1, 2, 3, 8,  9,  10, 11, 16, 17, 18, 19, 24, 25, 26, 27,
                                 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31};
const uint8_t order_of_16[16] = {0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15};

constexpr DepthwiseBlock blocks[] = {columns_block<Columns32, 2>(32, order_of_32),
                                     columns_block<Columns16, 2>(16, order_of_16)};

}  // namespace

const DepthwiseRow depthwise_avx512 = {"avx512", line, block, 2, order, 0, 25, blocks, 2, 40, nullptr, 0};

}  // namespace octavo

// Family depthwise on AVX512-VNNI: four taps of 64 channels are interleaved by two levels of byte unpacking, so that each
// 32-bit lane holds one channel's four taps. The packs of the output stage undo the order that this makes.
#include "kernels/depthwise.h"

#include "kernels/output_avx512.h"
// Needs OCTAVO_INLINE.
#include "kernels/depthwise_columns.h"

namespace octavo {
namespace {

constexpr int block = 64;
// Accumulator j, 128-bit lane l, element e: channel 16 l + 4 j + e.
const uint8_t order[block] = {0,  1,  2,  3,  16, 17, 18, 19, 32, 33, 34, 35, 48, 49, 50, 51, 4,  5,  6,  7,  20, 21,
                              22, 23, 36, 37, 38, 39, 52, 53, 54, 55, 8,  9,  10, 11, 24, 25, 26, 27, 40, 41, 42, 43,
                              56, 57, 58, 59, 12, 13, 14, 15, 28, 29, 30, 31, 44, 45, 46, 47, 60, 61, 62, 63};

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

// 64 channels by columns, in the order of `line`, or 32 of two lines; a fifth row has a group of its own.
template <int lines_together>
struct ColumnsWide {
    using Vector = __m512i;
    static constexpr int lines = lines_together;
    static constexpr int sums = 4;
    static constexpr int groups(int kernel) { return kernel / 4 + 1; }
    static constexpr bool keeps(int kernel) { return kernel == 3; }
    static OCTAVO_INLINE void hold(Vector& x) { asm("" : "+v"(x)); }

    const OutputStage stage;
    const Rounding r;

    // Nothing is below the zero point, as after a ReLU: then the pack to bytes cuts off what is, and saturates above.
    const bool from_zero;
    const __m512i zero_bytes;

    explicit ColumnsWide(const OutputStage& s)
        : stage(s),
          r(rounding(s)),
          from_zero(s.type == output_u8 && s.lo == s.zero_point),
          zero_bytes(_mm512_set1_epi8(static_cast<char>(s.zero_point))) {}

    OCTAVO_INLINE void start(__m512i (&sum)[4]) const {
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) sum[j] = _mm512_loadu_si512(stage.start + 16 * j);
    }
    static OCTAVO_INLINE __m512i padding(int code) { return _mm512_set1_epi8(static_cast<char>(code)); }
    static OCTAVO_INLINE __m512i multiply(__m512i sum, __m512i column, __m512i w) {
        return _mm512_dpbusd_epi32(sum, column, w);
    }
    // Row i of the first line, and of the second in the upper half.
    template <int kernel>
    static OCTAVO_INLINE __m512i row(const uint8_t* const (&rows)[kernel * lines], int i, int64_t at) {
        if constexpr (lines == 1) return _mm512_loadu_si512(rows[i] + at);
        const __m256i first = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(rows[i] + at));
        const __m256i second =
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(rows[kernel * (lines - 1) + i] + at));
        return _mm512_inserti64x4(_mm512_castsi256_si512(first), second, 1);
    }
    static OCTAVO_INLINE void store(uint8_t* c, int64_t to_second, __m512i codes) {
        if constexpr (lines == 1) {
            _mm512_storeu_si512(c, codes);
        } else {
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(c + to_second), _mm512_extracti64x4_epi64(codes, 1));
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(c), _mm512_castsi512_si256(codes));
        }
    }
    template <int kernel, int group>
    OCTAVO_INLINE void column(const uint8_t* const (&rows)[kernel * lines], int64_t at, __m512i (&column)[4]) const {
        const __m512i t0 = row<kernel>(rows, 4 * group, at);
        const __m512i t1 = 4 * group + 1 < kernel ? row<kernel>(rows, 4 * group + 1, at) : t0;
        const __m512i t2 = 4 * group + 2 < kernel ? row<kernel>(rows, 4 * group + 2, at) : t1;
        const __m512i t3 = 4 * group + 3 < kernel ? row<kernel>(rows, 4 * group + 3, at) : t2;
        const __m512i low01 = _mm512_unpacklo_epi8(t0, t1), high01 = _mm512_unpackhi_epi8(t0, t1);
        const __m512i low23 = _mm512_unpacklo_epi8(t2, t3), high23 = _mm512_unpackhi_epi8(t2, t3);
        column[0] = _mm512_unpacklo_epi16(low01, low23);
        column[1] = _mm512_unpackhi_epi16(low01, low23);
        column[2] = _mm512_unpacklo_epi16(high01, high23);
        column[3] = _mm512_unpackhi_epi16(high01, high23);
    }
    OCTAVO_INLINE void write(const __m512i (&sum)[4], uint8_t* c, int64_t to_second) const {
        __m512i rounded[4];
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
            __m512 x = _mm512_cvtepi32_ps(sum[j]);
            if (stage.bias != nullptr) {
                const __m512 bias = _mm512_loadu_ps(stage.bias + 16 * j);
                x = _mm512_fmadd_ps(bias, _mm512_set1_ps(*stage.bias_scale), x);
            }
            rounded[j] = _mm512_cvtps_epi32(_mm512_mul_ps(x, _mm512_loadu_ps(stage.multiplier + 16 * j)));
        }
        if (from_zero) {
            const __m512i codes = _mm512_packus_epi16(_mm512_packs_epi32(rounded[0], rounded[1]),
                                                      _mm512_packs_epi32(rounded[2], rounded[3]));
            store(c, to_second, _mm512_min_epu8(_mm512_adds_epu8(codes, zero_bytes), r.hi));
        } else {
            store(c, to_second, to_bytes(rounded[0], rounded[1], rounded[2], rounded[3], r));
        }
    }
};

// 16 channels: four rows in one vector, transposed by a permute of dwords and one of bytes within lanes. Channels stay in order.
struct Columns16 {
    using Vector = __m512i;
    static constexpr int lines = 1;
    static constexpr int sums = 1;
    static constexpr int groups(int kernel) { return kernel / 4 + 1; }
    static constexpr bool keeps(int) { return true; }
    static OCTAVO_INLINE void hold(Vector& x) { asm("" : "+v"(x)); }

    const OutputStage stage;
    const __m512i lo, hi, zero_point;  // 32 bits; limits before the zero point is added

    explicit Columns16(const OutputStage& s)
        : stage(s),
          lo(_mm512_set1_epi32(s.lo - s.zero_point)),
          hi(_mm512_set1_epi32(s.hi - s.zero_point)),
          zero_point(_mm512_set1_epi32(s.zero_point)) {}

    OCTAVO_INLINE void start(__m512i (&sum)[1]) const { sum[0] = _mm512_loadu_si512(stage.start); }
    static OCTAVO_INLINE __m512i padding(int code) { return _mm512_set1_epi8(static_cast<char>(code)); }
    static OCTAVO_INLINE __m512i multiply(__m512i sum, __m512i column, __m512i w) {
        return _mm512_dpbusd_epi32(sum, column, w);
    }
    static OCTAVO_INLINE __m128i row(const uint8_t* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }
    template <int kernel, int group>
    OCTAVO_INLINE void column(const uint8_t* const (&rows)[kernel], int64_t at, __m512i (&column)[1]) const {
        if constexpr (group == 1) {
            column[0] = _mm512_cvtepu8_epi32(row(rows[4] + at));
        } else {
            const __m512i lanes = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
            const __m512i bytes = _mm512_set4_epi32(0x0f0b0703, 0x0e0a0602, 0x0d090501, 0x0c080400);
            const __m256i two =
                _mm256_inserti128_si256(_mm256_castsi128_si256(row(rows[0] + at)), row(rows[1] + at), 1);
            __m512i four = _mm512_inserti32x4(_mm512_castsi256_si512(two), row(rows[2] + at), 2);
            if constexpr (kernel == 5) four = _mm512_inserti32x4(four, row(rows[3] + at), 3);
            column[0] = _mm512_shuffle_epi8(_mm512_permutexvar_epi32(lanes, four), bytes);
        }
    }
    OCTAVO_INLINE void write(const __m512i (&sum)[1], uint8_t* c, int64_t) const {
        __m512 x = _mm512_cvtepi32_ps(sum[0]);
        if (stage.bias != nullptr)
            x = _mm512_fmadd_ps(_mm512_loadu_ps(stage.bias), _mm512_set1_ps(*stage.bias_scale), x);
        const __m512i rounded = _mm512_cvtps_epi32(_mm512_mul_ps(x, _mm512_loadu_ps(stage.multiplier)));
        const __m512i code = _mm512_add_epi32(_mm512_min_epi32(_mm512_max_epi32(rounded, lo), hi), zero_point);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(c), _mm512_cvtepi32_epi8(code));
    }
};

// Accumulator j, 128-bit lane l, element e: channel 16 (l mod 2) + 4 j + e.
const uint8_t order_of_32[64] = {0,  1,  2,  3,  16, 17, 18, 19, 0,  1,  2,  3,  16, 17, 18, 19, 4,  5,  6,  7, 20, 21,
                                 22, 23, 4,  5,  6,  7,  20, 21, 22, 23, 8,  9,  10, 11, 24, 25, 26, 27, 8,  9, 10, 11,
                                 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31, 12, 13, 14, 15, 28, 29, 30, 31};
const uint8_t order_of_16[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

constexpr DepthwiseBlock blocks[] = {columns_block<ColumnsWide<1>, false>(64, order),
                                     columns_block<ColumnsWide<2>, false>(32, order_of_32),
                                     columns_block<Columns16>(16, order_of_16)};

}  // namespace

const DepthwiseRow depthwise_vnni = {"vnni", line, block, 4, order, 0, 70, blocks, 3, 95};

}  // namespace octavo

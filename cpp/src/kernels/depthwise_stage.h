// What the lines of family depthwise on AVX512-VNNI share: the output stage, blocks of channels, weights.
#ifndef OCTAVO_KERNELS_DEPTHWISE_STAGE_H
#define OCTAVO_KERNELS_DEPTHWISE_STAGE_H

#include "kernels/output_avx512.h"

namespace octavo {
namespace {

// The stage for sums of 16 channels a vector, `parts` vectors a pixel, from one or two lines.
template <int parts, bool plain>
struct LineStage {
    // plain: neither a float bias nor anything to do after the pack to bytes.
    static bool fits(const OutputStage& s) {
        return s.bias == nullptr && s.type == output_u8 && s.zero_point == 0 && s.lo == 0 && s.hi == 255;
    }

    const OutputStage stage;
    const Rounding r;
    const bool unit_bias;

    explicit LineStage(const OutputStage& s)
        : stage(s), r(rounding(s)), unit_bias(s.bias != nullptr && *s.bias_scale == 1) {}

    template <int lines>
    OCTAVO_INLINE void start(__m512i (&sum)[lines][parts]) const {
#pragma GCC unroll 4
        for (int i = 0; i < parts; i++) {
            const __m512i from = _mm512_loadu_si512(stage.start + 16 * i);
#pragma GCC unroll 2
            for (int l = 0; l < lines; l++) sum[l][i] = from;
        }
    }

    template <int lines>
    OCTAVO_INLINE void write(const __m512i (&sum)[lines][parts], uint8_t* c, uint8_t* second) const {
        __m512 x[lines][parts];
#pragma GCC unroll 4
        for (int i = 0; i < parts; i++) {
#pragma GCC unroll 2
            for (int l = 0; l < lines; l++) x[l][i] = _mm512_cvtepi32_ps(sum[l][i]);
        }
        if (!plain && stage.bias != nullptr) {
#pragma GCC unroll 4
            for (int i = 0; i < parts; i++) {
                const __m512 bias = _mm512_loadu_ps(stage.bias + 16 * i);
                // The same number; an addition has ports of its own.
                if (unit_bias) {
#pragma GCC unroll 2
                    for (int l = 0; l < lines; l++) x[l][i] = _mm512_add_ps(x[l][i], bias);
                } else {
#pragma GCC unroll 2
                    for (int l = 0; l < lines; l++)
                        x[l][i] = _mm512_fmadd_ps(bias, _mm512_set1_ps(*stage.bias_scale), x[l][i]);
                }
            }
        }
        __m512i rounded[lines][parts];
#pragma GCC unroll 4
        for (int i = 0; i < parts; i++) {
            const __m512 multiplier = _mm512_loadu_ps(stage.multiplier + 16 * i);
#pragma GCC unroll 2
            for (int l = 0; l < lines; l++) rounded[l][i] = _mm512_cvtps_epi32(_mm512_mul_ps(x[l][i], multiplier));
        }
        // Of each 128 bits: the first part, then the second or again the first; of the other line, or parts 2 and 3, likewise.
        const __m512i &v0 = rounded[0][0], &v1 = rounded[0][parts > 1 ? 1 : 0];
        const __m512i &v2 = rounded[lines - 1][parts == 4 ? 2 : 0], &v3 = rounded[lines - 1][parts - 1];
        const __m512i bytes = plain ? _mm512_packus_epi16(_mm512_packs_epi32(v0, v1), _mm512_packs_epi32(v2, v3))
                                    : to_bytes(v0, v1, v2, v3, r);
        store<lines>(bytes, c, second);
    }

    // Of each 128 bits: four channels of each part, then those of the second line.
    template <int lines>
    static OCTAVO_INLINE void store(__m512i bytes, uint8_t* c, uint8_t* second) {
        if constexpr (parts == 4) {
            _mm512_storeu_si512(c, bytes);
        } else if constexpr (parts == 2) {
            const __m512i ordered = in_order(bytes);
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(c), _mm512_castsi512_si256(ordered));
            if constexpr (lines == 2)
                _mm256_storeu_si256(reinterpret_cast<__m256i*>(second), _mm512_extracti64x4_epi64(ordered, 1));
        } else {
            const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 2, 6, 10, 14, 0, 4, 8, 12, 2, 6, 10, 14);
            const __m256i ordered = _mm512_castsi512_si256(_mm512_permutexvar_epi32(order, bytes));
            _mm_storeu_si128(reinterpret_cast<__m128i*>(c), _mm256_castsi256_si128(ordered));
            if constexpr (lines == 2)
                _mm_storeu_si128(reinterpret_cast<__m128i*>(second), _mm256_extracti128_si256(ordered, 1));
        }
    }
};

// Blocks of 32 and 16 channels; what interleaves them is in the units of the instruction sets.
struct Block32 {
    using Pixel = __m256i;
    using Pair = __m512i;
    using Mask = __mmask32;
    static constexpr int parts = 2;

    static OCTAVO_INLINE Mask mask(bool all) { return all ? ~0u : 0u; }
    static OCTAVO_INLINE Pair padding(int code) { return _mm512_set1_epi8(static_cast<char>(code)); }
    static OCTAVO_INLINE Pixel half(const uint8_t* p) {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    }
    static OCTAVO_INLINE Pixel half(const uint8_t* p, Mask mask, Pair padding) {
        return _mm256_mask_loadu_epi8(_mm512_castsi512_si256(padding), mask, p);
    }
    static OCTAVO_INLINE Pair pair(Pixel p, Pixel q) { return _mm512_inserti64x4(_mm512_castsi256_si512(p), q, 1); }
};

struct Block16 {
    using Pixel = __m128i;
    using Pair = __m256i;
    using Mask = __mmask16;
    static constexpr int parts = 1;

    static OCTAVO_INLINE Mask mask(bool all) { return static_cast<Mask>(all ? ~0u : 0u); }
    static OCTAVO_INLINE Pair padding(int code) { return _mm256_set1_epi8(static_cast<char>(code)); }
    static OCTAVO_INLINE Pixel half(const uint8_t* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }
    static OCTAVO_INLINE Pixel half(const uint8_t* p, Mask mask, Pair padding) {
        return _mm_mask_loadu_epi8(_mm256_castsi256_si128(padding), mask, p);
    }
    static OCTAVO_INLINE Pair pair(Pixel p, Pixel q) {
        return _mm256_inserti128_si256(_mm256_castsi128_si256(p), q, 1);
    }
};

// Weights of the kernels' groups, the first `near` vectors in registers, the others read where they are needed.
template <int near, int parts>
struct GroupWeights {
    __m512i held[near > 0 ? near : 1];
    const __m512i* all;

    explicit OCTAVO_INLINE GroupWeights(const void* b) : all(static_cast<const __m512i*>(b)) {
#pragma GCC unroll 16
        for (int i = 0; i < near; i++) {
            held[i] = _mm512_load_si512(all + i);
            opaque(held[i]);
        }
    }
    OCTAVO_INLINE __m512i at(int group, int part) const {
        const int i = group * parts + part;
        return i < near ? held[i] : _mm512_load_si512(all + i);
    }
};

template <int parts, class Weights>
OCTAVO_INLINE void multiply(__m512i (&sum)[parts], const __m512i (&lanes)[parts], const Weights& b, int group) {
#pragma GCC unroll 4
    for (int i = 0; i < parts; i++) sum[i] = _mm512_dpbusd_epi32(sum[i], lanes[i], b.at(group, i));
}

}  // namespace
}  // namespace octavo

#endif

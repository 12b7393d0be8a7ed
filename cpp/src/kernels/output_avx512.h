// The output stage with 512-bit vectors, for the units compiled for AVX-512; each gets a copy of its own.
#ifndef OCTAVO_KERNELS_OUTPUT_AVX512_H
#define OCTAVO_KERNELS_OUTPUT_AVX512_H

#include <immintrin.h>
#include <stdint.h>

#include "kernels/output.h"

namespace octavo {
namespace {

#define OCTAVO_INLINE inline __attribute__((always_inline))

// Keeps g++ from moving a register's value through memory, or from merging it with an equal one.
OCTAVO_INLINE void opaque(__m512i& x) { asm("" : "+v"(x)); }
template <class T>
OCTAVO_INLINE void opaque(const T*& pointer) {
    asm("" : "+r"(pointer));
}

// Parameters of the last steps for u8 and s8 alike: s8 is computed with everything 128 higher, then the top bit is flipped.
struct Rounding {
    __m512i zero_point;    // 16 bits
    __m512i lo, hi, span;  // 8 bits; span = hi - lo
    __m512i flip;
    bool from_zero;  // u8 with nothing below the zero point, as after a ReLU
};

OCTAVO_INLINE Rounding rounding(const OutputStage& stage) {
    const int shift = stage.type == output_s8 ? 128 : 0;
    return {_mm512_set1_epi16(static_cast<short>(stage.zero_point + shift)),
            _mm512_set1_epi8(static_cast<char>(stage.lo + shift)),
            _mm512_set1_epi8(static_cast<char>(stage.hi + shift)),
            _mm512_set1_epi8(static_cast<char>(stage.hi - stage.lo)),
            _mm512_set1_epi8(static_cast<char>(shift)),
            shift == 0 && stage.lo == stage.zero_point};
}

// Rounded products to bytes: within each 128 bits four bytes of v0, four of v1, v2, v3. Saturating at 16 bits before the zero
// point is added changes nothing: a zero point is at most 255, and the limits are those of a byte. Limits come first and sums do
// not saturate, since saturating additions share the ports of the products on Zen 4 and minima do not.
OCTAVO_INLINE __m512i to_bytes(__m512i v0, __m512i v1, __m512i v2, __m512i v3, const Rounding& r) {
    const __m512i first = _mm512_packs_epi32(v0, v1), second = _mm512_packs_epi32(v2, v3);
    // The pack to bytes cuts off what is below the zero point, and lo is that zero point.
    if (r.from_zero) return _mm512_add_epi8(_mm512_min_epu8(_mm512_packus_epi16(first, second), r.span), r.lo);
    const __m512i most = _mm512_set1_epi16(INT16_MAX - UINT8_MAX);
    const __m512i bytes = _mm512_packus_epi16(_mm512_add_epi16(_mm512_min_epi16(first, most), r.zero_point),
                                              _mm512_add_epi16(_mm512_min_epi16(second, most), r.zero_point));
    return _mm512_xor_si512(_mm512_min_epu8(_mm512_max_epu8(bytes, r.lo), r.hi), r.flip);
}

// The bytes of to_bytes in the order v0, v1, v2, v3.
OCTAVO_INLINE __m512i in_order(__m512i bytes) {
    return _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), bytes);
}

OCTAVO_INLINE __mmask16 mask_of(int columns) {
    return static_cast<__mmask16>(columns >= 16 ? 0xffff : (1u << columns) - 1);
}

// Writes `columns` (at most 16) outputs of one row from x, the sums as floats; any type but s32, residual.
OCTAVO_INLINE void write_reals(const OutputStage& stage, __m512 x, int64_t n, int columns, const void* residual,
                               int64_t residual_i, void* c, int64_t i) {
    const __mmask16 mask = mask_of(columns);
    const __m512 multiplier = _mm512_loadu_ps(stage.multiplier + n);
    if (stage.type == output_f32) {
        const __m512 y = stage.bias != nullptr ? _mm512_fmadd_ps(x, multiplier, _mm512_loadu_ps(stage.bias + n))
                                               : _mm512_mul_ps(x, multiplier);
        _mm512_mask_storeu_ps(static_cast<float*>(c) + i, mask, y);
        return;
    }
    if (stage.bias != nullptr)
        x = _mm512_fmadd_ps(_mm512_loadu_ps(stage.bias + n), _mm512_loadu_ps(stage.bias_scale + n), x);
    __m512 v = _mm512_mul_ps(x, multiplier);
    if (residual != nullptr) {
        const __m128i codes = _mm_maskz_loadu_epi8(mask, static_cast<const uint8_t*>(residual) + residual_i);
        const __m512i r = stage.residual_signed ? _mm512_cvtepi8_epi32(codes) : _mm512_cvtepu8_epi32(codes);
        const __m512 difference = _mm512_cvtepi32_ps(_mm512_sub_epi32(r, _mm512_set1_epi32(stage.residual_zero)));
        v = _mm512_add_ps(v, _mm512_mul_ps(difference, _mm512_set1_ps(stage.residual_scale)));
    }
    const __m512i rounded = _mm512_cvtps_epi32(v);
    const __m512i bytes = in_order(to_bytes(rounded, rounded, rounded, rounded, rounding(stage)));
    _mm_mask_storeu_epi8(static_cast<uint8_t*>(c) + i, mask, _mm512_castsi512_si128(bytes));
}

// The same from the sums themselves; any type, weight zero points.
OCTAVO_INLINE void write_sums(const OutputStage& stage, __m512i sum, int64_t n, int columns, const int32_t* row_sum,
                              const void* residual, int64_t residual_i, void* c, int64_t i) {
    if (stage.weight_zero != nullptr) {
        const __m512i zero = _mm512_loadu_si512(stage.weight_zero + n);
        sum = _mm512_sub_epi32(sum, _mm512_mullo_epi32(zero, _mm512_set1_epi32(*row_sum)));
    }
    if (stage.type == output_s32) {
        _mm512_mask_storeu_epi32(static_cast<int32_t*>(c) + i, mask_of(columns), sum);
        return;
    }
    write_reals(stage, _mm512_cvtepi32_ps(sum), n, columns, residual, residual_i, c, i);
}

}  // namespace
}  // namespace octavo

#endif

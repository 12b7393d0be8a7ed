// The output stage with 256-bit vectors, for the units compiled for AVX2; each gets a copy of its own.
#ifndef OCTAVO_KERNELS_OUTPUT_AVX2_H
#define OCTAVO_KERNELS_OUTPUT_AVX2_H

#include <immintrin.h>
#include <stdint.h>

#include "kernels/output.h"

namespace octavo {
namespace {

#define OCTAVO_INLINE inline __attribute__((always_inline))

// Keeps g++ from moving a register's value through memory, or from merging it with an equal one.
OCTAVO_INLINE void opaque(__m256i& x) { asm("" : "+x"(x)); }
template <class T>
OCTAVO_INLINE void opaque(const T*& pointer) {
    asm("" : "+r"(pointer));
}

// Rounded products to bytes in the low eight of the result. Clamped before the zero point is added, so nothing wraps.
OCTAVO_INLINE __m128i to_bytes(__m256i v, const OutputStage& stage) {
    v = _mm256_max_epi32(v, _mm256_set1_epi32(stage.lo - stage.zero_point));
    v = _mm256_min_epi32(v, _mm256_set1_epi32(stage.hi - stage.zero_point));
    v = _mm256_add_epi32(v, _mm256_set1_epi32(stage.zero_point));
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    return stage.type == output_s8 ? _mm_packs_epi16(words, words) : _mm_packus_epi16(words, words);
}

// Up to eight bytes from or to memory, no byte more.
OCTAVO_INLINE __m128i load_bytes(const void* memory, int count) {
    int64_t bytes = 0;
    if (count >= 8) {
        __builtin_memcpy(&bytes, memory, 8);
    } else {
        __builtin_memcpy(&bytes, memory, static_cast<size_t>(count));
    }
    return _mm_cvtsi64_si128(bytes);
}
OCTAVO_INLINE void store_bytes(void* memory, __m128i x, int count) {
    const int64_t bytes = _mm_cvtsi128_si64(x);
    if (count >= 8) {
        __builtin_memcpy(memory, &bytes, 8);
    } else {
        __builtin_memcpy(memory, &bytes, static_cast<size_t>(count));
    }
}
OCTAVO_INLINE __m256i mask_of(int count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

// Writes `columns` (at most 8) outputs of one row from x, the sums as floats; any type but s32, residual.
OCTAVO_INLINE void write_reals(const OutputStage& stage, __m256 x, int64_t n, int columns, const void* residual,
                               int64_t residual_i, void* c, int64_t i) {
    const __m256 multiplier = _mm256_loadu_ps(stage.multiplier + n);
    if (stage.type == output_f32) {
        const __m256 y = stage.bias != nullptr ? _mm256_fmadd_ps(x, multiplier, _mm256_loadu_ps(stage.bias + n))
                                               : _mm256_mul_ps(x, multiplier);
        _mm256_maskstore_ps(static_cast<float*>(c) + i, mask_of(columns), y);
        return;
    }
    if (stage.bias != nullptr)
        x = _mm256_fmadd_ps(_mm256_loadu_ps(stage.bias + n), _mm256_loadu_ps(stage.bias_scale + n), x);
    __m256 v = _mm256_mul_ps(x, multiplier);
    if (residual != nullptr) {
        const __m128i codes = load_bytes(static_cast<const uint8_t*>(residual) + residual_i, columns);
        const __m256i r = stage.residual_signed ? _mm256_cvtepi8_epi32(codes) : _mm256_cvtepu8_epi32(codes);
        const __m256 difference = _mm256_cvtepi32_ps(_mm256_sub_epi32(r, _mm256_set1_epi32(stage.residual_zero)));
        v = _mm256_add_ps(v, _mm256_mul_ps(difference, _mm256_set1_ps(stage.residual_scale)));
    }
    store_bytes(static_cast<uint8_t*>(c) + i, to_bytes(_mm256_cvtps_epi32(v), stage), columns);
}

// The same from the sums themselves; any type, weight zero points.
OCTAVO_INLINE void write_sums(const OutputStage& stage, __m256i sum, int64_t n, int columns, const int32_t* row_sum,
                              const void* residual, int64_t residual_i, void* c, int64_t i) {
    if (stage.weight_zero != nullptr) {
        const __m256i zero = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(stage.weight_zero + n));
        sum = _mm256_sub_epi32(sum, _mm256_mullo_epi32(zero, _mm256_set1_epi32(*row_sum)));
    }
    if (stage.type == output_s32) {
        _mm256_maskstore_epi32(static_cast<int32_t*>(c) + i, mask_of(columns), sum);
        return;
    }
    write_reals(stage, _mm256_cvtepi32_ps(sum), n, columns, residual, residual_i, c, i);
}

}  // namespace
}  // namespace octavo

#endif

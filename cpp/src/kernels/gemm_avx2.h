// Rows of integer products with 256-bit vectors: what a tile reads of A, and how it writes its sums.
#ifndef OCTAVO_KERNELS_GEMM_AVX2_H
#define OCTAVO_KERNELS_GEMM_AVX2_H

#include "kernels/gemm.h"
#include "kernels/output_avx2.h"

namespace octavo {
namespace {

OCTAVO_INLINE __m256i load(const __m256i* p) { return _mm256_load_si256(p); }

// Four bytes of row i in every lane; i a constant. next: the address of row 3.
OCTAVO_INLINE __m256i broadcast_row(const uint8_t* a, const uint8_t* next, int64_t stride, int i) {
    const uint8_t* row = i < 3 ? a : next;
    int32_t bytes;
    __builtin_memcpy(&bytes, i % 3 == 0 ? row : i % 3 == 1 ? row + stride : row + 2 * stride, 4);
    return _mm256_set1_epi32(bytes);
}

// Rounded products to 32 bytes, those of v0 first. Saturating at 16 bits before the zero point is added changes nothing: a zero point
// is at most 255, and the limits are those of a byte. s8 is computed with everything 128 higher.
OCTAVO_INLINE __m256i to_codes(__m256i v0, __m256i v1, __m256i v2, __m256i v3, const OutputStage& stage) {
    const int shift = stage.type == output_s8 ? 128 : 0;
    const __m256i zero_point = _mm256_set1_epi16(static_cast<short>(stage.zero_point + shift));
    const __m256i low = _mm256_adds_epi16(_mm256_packs_epi32(v0, v1), zero_point);
    const __m256i high = _mm256_adds_epi16(_mm256_packs_epi32(v2, v3), zero_point);
    __m256i bytes = _mm256_packus_epi16(low, high);
    bytes = _mm256_max_epu8(bytes, _mm256_set1_epi8(static_cast<char>(stage.lo + shift)));
    bytes = _mm256_min_epu8(bytes, _mm256_set1_epi8(static_cast<char>(stage.hi + shift)));
    bytes = _mm256_xor_si256(bytes, _mm256_set1_epi8(static_cast<char>(shift)));
    return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

// Rounds and writes a tile of u8 or s8 without weight zero points, four vectors at a time.
template <int rows, int vectors>
OCTAVO_INLINE void write_tile(const GemmArgs& args, const __m256i (&sums)[rows][vectors]) {
    constexpr int rows_at_once = 4 / vectors;
    const OutputStage& stage = *args.stage;
    uint8_t* c = static_cast<uint8_t*>(args.c);
#pragma GCC unroll 4
    for (int first = 0; first < rows; first += rows_at_once) {
        __m256i v[4];
#pragma GCC unroll 4
        for (int q = 0; q < 4; q++) {
            const int i = first + q / vectors, j = q % vectors;
            if (i >= rows) {
                v[q] = v[0];
                continue;
            }
            const int64_t n = args.column + 8 * j;
            __m256 x = _mm256_cvtepi32_ps(sums[i][j]);
            if (stage.bias != nullptr)
                x = _mm256_fmadd_ps(_mm256_loadu_ps(stage.bias + n), _mm256_loadu_ps(stage.bias_scale + n), x);
            x = _mm256_mul_ps(x, _mm256_loadu_ps(stage.multiplier + n));
            if (args.residual != nullptr && 8 * j < args.columns) {
                const uint8_t* from = static_cast<const uint8_t*>(args.residual) + i * args.residual_stride + 8 * j;
                const __m128i codes = load_bytes(from, args.columns - 8 * j);
                const __m256i r = stage.residual_signed ? _mm256_cvtepi8_epi32(codes) : _mm256_cvtepu8_epi32(codes);
                const __m256 other = _mm256_cvtepi32_ps(_mm256_sub_epi32(r, _mm256_set1_epi32(stage.residual_zero)));
                x = _mm256_add_ps(x, _mm256_mul_ps(other, _mm256_set1_ps(stage.residual_scale)));
            }
            v[q] = _mm256_cvtps_epi32(x);
        }
        const __m256i bytes = to_codes(v[0], v[1], v[2], v[3], stage);
        const __m128i half[2] = {_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1)};
#pragma GCC unroll 4
        for (int q = 0; q < rows_at_once; q++) {
            if (first + q >= rows) continue;
            uint8_t* row = c + (first + q) * args.c_stride;
            const __m128i x = half[q * vectors / 2];
            if (vectors == 2 && args.columns == 16) {
                _mm_storeu_si128(reinterpret_cast<__m128i*>(row), x);
            } else if (vectors == 2) {
                store_bytes(row, x, args.columns);
                if (args.columns > 8) store_bytes(row + 8, _mm_unpackhi_epi64(x, x), args.columns - 8);
            } else {
                store_bytes(row, q % 2 == 0 ? x : _mm_unpackhi_epi64(x, x), args.columns);
            }
        }
    }
}

}  // namespace
}  // namespace octavo

#endif

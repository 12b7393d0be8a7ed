// Family gemm with 512-bit vectors: the tile, for any way to multiply and add four bytes. Registers of a tile: rows * vectors
// accumulators, `vectors` of B (twice that for words) and one of A.
#ifndef OCTAVO_KERNELS_GEMM_AVX512_H
#define OCTAVO_KERNELS_GEMM_AVX512_H

#include "kernels/gemm.h"
#include "kernels/output_avx512.h"

namespace octavo {
namespace {

// Row i's four bytes, i a constant: base, stride and three times the stride serve four rows, the next four have a new base.
OCTAVO_INLINE __m512i broadcast_row(const uint8_t* a, int64_t stride, int64_t stride3, int i) {
    const uint8_t* base = a + (i / 4) * 4 * stride;
    const uint8_t* row = i % 4 == 0   ? base
                         : i % 4 == 1 ? base + stride
                         : i % 4 == 2 ? base + 2 * stride
                                      : base + stride3;
    int32_t bytes;
    __builtin_memcpy(&bytes, row, 4);
    return _mm512_set1_epi32(bytes);
}

// Rounds and writes a tile of u8 or s8 without weight zero points from registers.
template <int rows, int vectors>
OCTAVO_INLINE void write_tile(const GemmArgs& args, __m512i (&sums)[rows][vectors]) {
    constexpr int rows_at_once = vectors == 1 ? 4 : vectors == 2 ? 2 : 1;
    constexpr int row_bytes = 16 * vectors;
    const OutputStage& stage = *args.stage;
    const Rounding r = rounding(stage);
    if (stage.bias != nullptr) {
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++) {
            const __m512 bias = _mm512_loadu_ps(stage.bias + args.column + 16 * j);
            const __m512 scale = _mm512_loadu_ps(stage.bias_scale + args.column + 16 * j);
#pragma GCC unroll 16
            for (int i = 0; i < rows; i++) {
                sums[i][j] = _mm512_castps_si512(_mm512_fmadd_ps(bias, scale, _mm512_cvtepi32_ps(sums[i][j])));
            }
        }
    } else {
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) {
#pragma GCC unroll 4
            for (int j = 0; j < vectors; j++) sums[i][j] = _mm512_castps_si512(_mm512_cvtepi32_ps(sums[i][j]));
        }
    }
    const __mmask64 mask = args.columns >= 64 ? ~0ull : (1ull << args.columns) - 1;
    if (args.residual != nullptr) {
        // A s8 residual with its top bit flipped is a u8 one whose zero point is 128 higher.
        const __m128i flip = _mm_set1_epi8(static_cast<char>(stage.residual_signed ? 128 : 0));
        const __m512i zero = _mm512_set1_epi32(stage.residual_zero + (stage.residual_signed ? 128 : 0));
        const __m512 scale = _mm512_set1_ps(stage.residual_scale);
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++) {
            const __m512 multiplier = _mm512_loadu_ps(stage.multiplier + args.column + 16 * j);
            const __mmask16 m = static_cast<__mmask16>(mask >> (16 * j));
#pragma GCC unroll 16
            for (int i = 0; i < rows; i++) {
                const uint8_t* from = static_cast<const uint8_t*>(args.residual) + i * args.residual_stride + 16 * j;
                const __m512i code = _mm512_cvtepu8_epi32(_mm_xor_si128(_mm_maskz_loadu_epi8(m, from), flip));
                const __m512 other = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(code, zero)), scale);
                const __m512 product = _mm512_mul_ps(_mm512_castsi512_ps(sums[i][j]), multiplier);
                sums[i][j] = _mm512_cvtps_epi32(_mm512_add_ps(product, other));
            }
        }
    } else {
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++) {
            const __m512 multiplier = _mm512_loadu_ps(stage.multiplier + args.column + 16 * j);
#pragma GCC unroll 16
            for (int i = 0; i < rows; i++) {
                sums[i][j] = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_castsi512_ps(sums[i][j]), multiplier));
            }
        }
    }
    uint8_t* c = static_cast<uint8_t*>(args.c);
    // Rows that follow one another without gaps are written together.
    const bool gapless = args.c_stride == row_bytes && args.columns == row_bytes;
#pragma GCC unroll 16
    for (int i = 0; i < rows; i += rows_at_once) {
        __m512i quad[4];
#pragma GCC unroll 4
        for (int q = 0; q < 4; q++) {
            const int row = i + q / vectors;
            quad[q] = row < rows && q < rows_at_once * vectors ? sums[row < rows ? row : i][q % vectors] : sums[i][0];
        }
        const __m512i bytes = in_order(to_bytes(quad[0], quad[1], quad[2], quad[3], r));
        uint8_t* row = c + i * args.c_stride;
        if (vectors >= 3) {
            _mm512_mask_storeu_epi8(row, mask & (~0ull >> (64 - row_bytes)), bytes);
        } else if (gapless) {
            const int count = (rows - i < rows_at_once ? rows - i : rows_at_once) * row_bytes;
            if (count == 64) {
                _mm512_storeu_si512(row, bytes);
            } else {
                _mm512_mask_storeu_epi8(row, (1ull << (count & 63)) - 1, bytes);
            }
        } else if constexpr (vectors == 1) {
            const __mmask16 m = static_cast<__mmask16>(mask);
            _mm_mask_storeu_epi8(row, m, _mm512_castsi512_si128(bytes));
            if (i + 1 < rows) _mm_mask_storeu_epi8(row + args.c_stride, m, _mm512_extracti32x4_epi32(bytes, 1));
            if (i + 2 < rows) _mm_mask_storeu_epi8(row + 2 * args.c_stride, m, _mm512_extracti32x4_epi32(bytes, 2));
            if (i + 3 < rows) _mm_mask_storeu_epi8(row + 3 * args.c_stride, m, _mm512_extracti32x4_epi32(bytes, 3));
        } else if constexpr (vectors == 2) {
            const __mmask32 m = static_cast<__mmask32>(mask);
            _mm256_mask_storeu_epi8(row, m, _mm512_castsi512_si256(bytes));
            if (i + 1 < rows) _mm256_mask_storeu_epi8(row + args.c_stride, m, _mm512_extracti64x4_epi64(bytes, 1));
        }
    }
}

// Everything that write_tile does not do.
template <int rows, int vectors>
__attribute__((noinline)) void write_tile_from_memory(const GemmArgs& args, const int32_t* sums) {
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < vectors && 16 * j < args.columns; j++) {
            write_sums(*args.stage, _mm512_load_si512(sums + (i * vectors + j) * 16), args.column + 16 * j,
                       args.columns - 16 * j, args.row_sums + i, args.residual, i * args.residual_stride + 16 * j,
                       args.c, i * args.c_stride + 16 * j);
        }
    }
}

// Product: static bool words; add(sum, a, w) for bytes, add(sum, even bytes of a, odd bytes of a, w0, w1) for words.
template <class Product, int rows, int vectors>
void gemm_tile(const GemmArgs& args) {
    constexpr int step = Product::words ? 2 * vectors : vectors;
    __m512i sums[rows][vectors];
#pragma GCC unroll 4
    for (int j = 0; j < vectors; j++) {
        const __m512i start = _mm512_loadu_si512(args.stage->start + args.column + 16 * j);
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) {
            sums[i][j] = start;
            opaque(sums[i][j]);
        }
    }
    const __m512i* b = static_cast<const __m512i*>(args.b);
    const int32_t* offset = args.offsets;
    const int32_t* const end = offset + args.groups;
    const int64_t stride = args.a_stride, stride3 = 3 * args.a_stride;
    for (; offset != end; offset++) {
        const uint8_t* a = args.a + *offset;
        opaque(a);
        __m512i w[step];
#pragma GCC unroll 8
        for (int j = 0; j < step; j++) w[j] = _mm512_load_si512(b + j);
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) {
            const __m512i x = broadcast_row(a, stride, stride3, i);
            if constexpr (Product::words) {
                const __m512i even = _mm512_and_si512(x, _mm512_set1_epi16(255)), odd = _mm512_srli_epi16(x, 8);
#pragma GCC unroll 4
                for (int j = 0; j < vectors; j++) {
                    sums[i][j] = Product::add(sums[i][j], even, odd, w[j], w[vectors + j]);
                    opaque(sums[i][j]);
                }
            } else {
#pragma GCC unroll 4
                for (int j = 0; j < vectors; j++) {
                    sums[i][j] = Product::add(sums[i][j], x, w[j]);
                    opaque(sums[i][j]);
                }
            }
        }
        b += step;
    }
    const OutputStage& stage = *args.stage;
    if ((stage.type == output_u8 || stage.type == output_s8) && stage.weight_zero == nullptr) {
        write_tile<rows, vectors>(args, sums);
    } else {
        alignas(64) int32_t memory[rows * vectors * 16];
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) {
#pragma GCC unroll 4
            for (int j = 0; j < vectors; j++) _mm512_store_si512(memory + (i * vectors + j) * 16, sums[i][j]);
        }
        write_tile_from_memory<rows, vectors>(args, memory);
    }
}

}  // namespace
}  // namespace octavo

#endif

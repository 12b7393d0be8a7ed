// Rows of integer products with 512-bit vectors: what a tile reads of A, and how it writes its sums.
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

// Adds the residual of `count` rows (a constant) to four vectors of products; plain: u8 of all columns, without branches.
template <int vectors, bool plain>
OCTAVO_INLINE void add_residual(const OutputStage& stage, const uint8_t* residual, int64_t stride, int count,
                                __mmask64 mask, __m512 (&x)[4]) {
    const __m512i zero = _mm512_set1_epi32(stage.residual_zero);
    const __m512 scale = _mm512_set1_ps(stage.residual_scale);
#pragma GCC unroll 4
    for (int q = 0; q < count * vectors; q++) {
        const uint8_t* from = residual + q / vectors * stride + 16 * (q % vectors);
        const __m128i codes = plain ? _mm_loadu_si128(reinterpret_cast<const __m128i*>(from))
                                    : _mm_maskz_loadu_epi8(static_cast<__mmask16>(mask >> (16 * (q % vectors))), from);
        const __m512i code =
            !plain && stage.residual_signed ? _mm512_cvtepi8_epi32(codes) : _mm512_cvtepu8_epi32(codes);
        const __m512 other = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(code, zero)), scale);
        x[q] = _mm512_add_ps(x[q], other);
    }
}

// How a tile's rows are written, read once.
struct RowForm {
    const float *multiplier, *bias;
    __mmask64 mask;
    bool gapless;         // rows of all columns follow one another without gaps, and are written together
    bool plain_residual;  // u8 of all columns
};

template <int vectors>
OCTAVO_INLINE RowForm row_form(const GemmArgs& args) {
    const bool whole = args.columns == 16 * vectors;
    return {args.stage->multiplier + args.column, args.stage->bias,
            args.columns >= 64 ? ~0ull : (1ull << args.columns) - 1, whole && args.c_stride == 16 * vectors,
            whole && !args.stage->residual_signed};
}

// Rounds and writes four vectors of a tile of u8 or s8, those from row i on, a constant: four rows, two or one.
template <int rows, int vectors>
OCTAVO_INLINE void write_four(const GemmArgs& args, const RowForm& form, const Rounding& r, const uint8_t* residual,
                              uint8_t* c, int i, __m512i (&sums)[rows][vectors]) {
    constexpr int rows_at_once = vectors == 1 ? 4 : vectors == 2 ? 2 : 1;
    constexpr int at_once = rows_at_once * vectors;
    constexpr int row_bytes = 16 * vectors;
    const OutputStage& stage = *args.stage;
    const __mmask64 mask = form.mask;
    const float *multiplier = form.multiplier, *bias = form.bias;
    // Read again for each: registers are better used for sums.
    opaque(multiplier);
    opaque(bias);
    __m512 x[4];
#pragma GCC unroll 4
    for (int q = 0; q < at_once; q++) {
        if (i + q / vectors < rows) x[q] = _mm512_cvtepi32_ps(sums[i + q / vectors][q % vectors]);
    }
    if (bias != nullptr) {
#pragma GCC unroll 4
        for (int q = 0; q < at_once; q++) {
            const int64_t column = args.column + 16 * (q % vectors);
            if (i + q / vectors < rows) {
                x[q] =
                    _mm512_fmadd_ps(_mm512_loadu_ps(bias + column), _mm512_loadu_ps(stage.bias_scale + column), x[q]);
            }
        }
    }
#pragma GCC unroll 4
    for (int q = 0; q < at_once; q++) {
        if (i + q / vectors < rows) x[q] = _mm512_mul_ps(x[q], _mm512_loadu_ps(multiplier + 16 * (q % vectors)));
    }
    if (residual != nullptr) {
        const uint8_t* from = residual + i * args.residual_stride;
        const int count = rows - i < rows_at_once ? rows - i : rows_at_once;
        if (form.plain_residual) {
            add_residual<vectors, true>(stage, from, args.residual_stride, count, mask, x);
        } else {
            add_residual<vectors, false>(stage, from, args.residual_stride, count, mask, x);
        }
    }
    __m512i quad[4];
#pragma GCC unroll 4
    for (int q = 0; q < 4; q++) {
        const bool exists = q < at_once && i + q / vectors < rows;
        quad[q] = exists ? _mm512_cvtps_epi32(x[q]) : quad[0];
    }
    const __m512i bytes = in_order(to_bytes(quad[0], quad[1], quad[2], quad[3], r));
    uint8_t* row = c + i * args.c_stride;
    if (vectors >= 3) {
        _mm512_mask_storeu_epi8(row, mask & (~0ull >> (64 - row_bytes)), bytes);
    } else if (form.gapless) {
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

template <int rows, int vectors>
OCTAVO_INLINE void write_bytes(const GemmArgs& args, const uint8_t* residual, uint8_t* c,
                               __m512i (&sums)[rows][vectors]) {
    const Rounding r = rounding(*args.stage);
    const RowForm form = row_form<vectors>(args);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i += vectors == 1 ? 4 : vectors == 2 ? 2 : 1) {
        write_four(args, form, r, residual, c, i, sums);
    }
}

template <int rows, int vectors>
OCTAVO_INLINE void write_words(const GemmArgs& args, uint8_t* c, __m512i (&sums)[rows][vectors]) {
    const OutputStage& stage = *args.stage;
    const int64_t row_bytes = args.c_stride * 4;
#pragma GCC unroll 4
    for (int j = 0; j < vectors; j++) {
        const int columns = args.columns - 16 * j;
        const __mmask16 mask = static_cast<__mmask16>(columns >= 16 ? 0xffff : columns <= 0 ? 0 : (1u << columns) - 1);
        const int64_t column = args.column + 16 * j;
        if (stage.type == output_f32) {
            const __m512 multiplier = _mm512_loadu_ps(stage.multiplier + column);
            const __m512 bias = stage.bias != nullptr ? _mm512_loadu_ps(stage.bias + column) : _mm512_setzero_ps();
#pragma GCC unroll 16
            for (int i = 0; i < rows; i++) {
                const __m512 x = _mm512_cvtepi32_ps(sums[i][j]);
                const __m512 y =
                    stage.bias != nullptr ? _mm512_fmadd_ps(x, multiplier, bias) : _mm512_mul_ps(x, multiplier);
                sums[i][j] = _mm512_castps_si512(y);
            }
        }
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) _mm512_mask_storeu_epi32(c + i * row_bytes + 64 * j, mask, sums[i][j]);
    }
}

// The output stage for a whole tile whose first sum goes to c.
template <int rows, int vectors>
OCTAVO_INLINE void write_tile(const GemmArgs& args, const int32_t* row_sums, const uint8_t* residual, uint8_t* c,
                              __m512i (&sums)[rows][vectors]) {
    const OutputStage& stage = *args.stage;
    if (stage.weight_zero != nullptr) {
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++) {
            const __m512i zero = _mm512_loadu_si512(stage.weight_zero + args.column + 16 * j);
#pragma GCC unroll 16
            for (int i = 0; i < rows; i++) {
                const __m512i row_sum = _mm512_set1_epi32(row_sums[i]);
                sums[i][j] = _mm512_sub_epi32(sums[i][j], _mm512_mullo_epi32(zero, row_sum));
            }
        }
    }
    if (stage.type == output_u8 || stage.type == output_s8) {
        write_bytes<rows, vectors>(args, residual, c, sums);
    } else {
        write_words<rows, vectors>(args, c, sums);
    }
}

}  // namespace
}  // namespace octavo

#endif

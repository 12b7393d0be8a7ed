// Family pairs on AVX2. Registers of the tile 4x16, cross: 8 accumulators, 4 of B, 2 of A, 2 sums.
#include "kernels/pairs.h"

#include "kernels/gemm_avx2.h"
#include "kernels/pairs_rows.h"

namespace octavo {
namespace {

// sums += the products of one group of bytes.
template <int rows, int vectors>
OCTAVO_INLINE void add_bytes(__m256i (&sums)[rows][vectors], const uint8_t* a, const uint8_t* next, int64_t stride,
                             const __m256i* b) {
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
        const __m256i x = broadcast_row(a, next, stride, i);
#pragma GCC unroll 2
        for (int j = 0; j < vectors; j++) {
            const __m256i pairs = _mm256_maddubs_epi16(x, load(b + j));
            sums[i][j] = _mm256_add_epi32(sums[i][j], _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
            opaque(sums[i][j]);
        }
    }
}

// Writes a tile of f32 without weight zero points.
template <int rows, int vectors>
OCTAVO_INLINE void write_reals_tile(const GemmArgs& args, const __m256i (&sums)[rows][vectors]) {
    const OutputStage& stage = *args.stage;
#pragma GCC unroll 2
    for (int j = 0; j < vectors; j++) {
        if (8 * j >= args.columns) continue;
        const int64_t n = args.column + 8 * j;
        const __m256 multiplier = _mm256_loadu_ps(stage.multiplier + n);
        const __m256 bias = stage.bias != nullptr ? _mm256_loadu_ps(stage.bias + n) : _mm256_setzero_ps();
        const __m256i mask = mask_of(args.columns - 8 * j);
        const bool whole = args.columns >= 8 * (j + 1);
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            const __m256 x = _mm256_cvtepi32_ps(sums[i][j]);
            const __m256 y =
                stage.bias != nullptr ? _mm256_fmadd_ps(x, multiplier, bias) : _mm256_mul_ps(x, multiplier);
            float* c = static_cast<float*>(args.c) + i * args.c_stride + 8 * j;
            if (whole) {
                _mm256_storeu_ps(c, y);
            } else {
                _mm256_maskstore_ps(c, mask, y);
            }
        }
    }
}

// Everything that neither does.
__attribute__((noinline)) void write_tile_from_memory(const GemmArgs& args, const int32_t* sums, int rows,
                                                      int vectors) {
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < vectors && 8 * j < args.columns; j++) {
            write_sums(*args.stage, load(reinterpret_cast<const __m256i*>(sums) + i * vectors + j), args.column + 8 * j,
                       args.columns - 8 * j, args.row_sums + i, args.residual, i * args.residual_stride + 8 * j, args.c,
                       i * args.c_stride + 8 * j);
        }
    }
}

// sums += the products of groups that lie side by side; b goes on behind them.
template <PairsForm form, int rows, int vectors>
OCTAVO_INLINE void add_span(__m256i (&sums)[rows][vectors], const uint8_t* a, int64_t stride, const __m256i*& b,
                            int64_t groups) {
    const uint8_t* next = a + 3 * stride;
    if constexpr (form == pairs_cross) {
        for (int64_t g = 0; g < groups; g++) {
            opaque(a);
            opaque(next);
            __m256i w[2 * vectors];
#pragma GCC unroll 4
            for (int j = 0; j < 2 * vectors; j++) w[j] = load(b + j);
#pragma GCC unroll 8
            for (int i = 0; i < rows; i++) {
                const __m256i x = broadcast_row(a, next, stride, i), y = broadcast_row(a + 4, next + 4, stride, i);
#pragma GCC unroll 2
                for (int j = 0; j < vectors; j++) {
                    const __m256i products =
                        _mm256_madd_epi16(_mm256_add_epi16(x, w[j]), _mm256_add_epi16(y, w[vectors + j]));
                    sums[i][j] = _mm256_add_epi32(sums[i][j], products);
                    opaque(sums[i][j]);
                }
            }
            a += 8;
            next += 8;
            b += 2 * vectors;
        }
    } else if constexpr (form == pairs_bytes) {
        for (int64_t g = 0; g < groups; g++) {
            opaque(a);
            opaque(next);
            add_bytes<rows, vectors>(sums, a, next, stride, b);
            a += 4;
            next += 4;
            b += vectors;
        }
    } else {
        for (int64_t g = 0; g < groups; g += 2) {
            opaque(a);
            opaque(next);
#pragma GCC unroll 8
            for (int i = 0; i < rows; i++) {
                const __m256i x = broadcast_row(a, next, stride, i), y = broadcast_row(a + 4, next + 4, stride, i);
#pragma GCC unroll 2
                for (int j = 0; j < vectors; j++) {
                    const __m256i quads = _mm256_add_epi16(_mm256_maddubs_epi16(x, load(b + j)),
                                                           _mm256_maddubs_epi16(y, load(b + vectors + j)));
                    sums[i][j] = _mm256_add_epi32(sums[i][j], _mm256_madd_epi16(quads, _mm256_set1_epi16(1)));
                    opaque(sums[i][j]);
                }
            }
            a += 8;
            next += 8;
            b += 2 * vectors;
        }
    }
}

template <PairsForm form, int rows, int vectors>
OCTAVO_INLINE void pairs_tile(const PairsArgs& args) {
    __m256i sums[rows][vectors];
#pragma GCC unroll 2
    for (int j = 0; j < vectors; j++) {
        const __m256i start = _mm256_add_epi32(
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(args.stage->start + args.column + 8 * j)),
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(args.terms + 8 * j)));
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            sums[i][j] = start;
            opaque(sums[i][j]);
        }
    }
    const __m256i* b = static_cast<const __m256i*>(args.b);
    const int64_t stride = args.a_stride;
    for (int64_t s = 0; s < args.span_count; s++) {
        const uint8_t* a = args.a + args.spans[s].offset;
        add_span<form, rows, vectors>(sums, a, stride, b, args.spans[s].groups);
    }
    if constexpr (form == pairs_cross) {
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            const __m256i term = _mm256_set1_epi32(args.row_terms[i]);
#pragma GCC unroll 2
            for (int j = 0; j < vectors; j++) sums[i][j] = _mm256_sub_epi32(sums[i][j], term);
        }
    }
    if constexpr (form != pairs_cross) {
        const __m256i* extra = static_cast<const __m256i*>(args.extra_b);
        for (int64_t e = 0; e < args.extras; e++) {
            const uint8_t* from = args.a + args.extra_offsets[e];
            add_bytes<rows, vectors>(sums, from, from + 3 * stride, stride, extra);
            extra += vectors;
        }
    }
    const OutputStage& stage = *args.stage;
    if ((stage.type == output_u8 || stage.type == output_s8) && stage.weight_zero == nullptr) {
        write_tile<rows, vectors>(args, sums);
        return;
    }
    if (stage.type == output_f32 && stage.weight_zero == nullptr) {
        write_reals_tile<rows, vectors>(args, sums);
        return;
    }
    alignas(32) int32_t memory[rows * vectors * 8];
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 2
        for (int j = 0; j < vectors; j++) {
            _mm256_store_si256(reinterpret_cast<__m256i*>(memory + (i * vectors + j) * 8), sums[i][j]);
        }
    }
    write_tile_from_memory(args, memory, rows, vectors);
}

template <PairsForm form, int rows, int vectors>
void pairs_tiles(PairsArgs args) {
    for (; args.tiles > 0; next_tile(args)) {
        pairs_tile<form, rows, vectors>(args);
        args.row_terms += rows;
    }
}

#define OCTAVO_TO_4(form, vectors)                                                               \
    pairs_tiles<form, 1, vectors>, pairs_tiles<form, 2, vectors>, pairs_tiles<form, 3, vectors>, \
        pairs_tiles<form, 4, vectors>
#define OCTAVO_TO_6(form, vectors) \
    OCTAVO_TO_4(form, vectors), pairs_tiles<form, 5, vectors>, pairs_tiles<form, 6, vectors>
const PairsFn cross_8[] = {OCTAVO_TO_6(pairs_cross, 1)}, cross_16[] = {OCTAVO_TO_4(pairs_cross, 2)};
const PairsFn bytes_8[] = {OCTAVO_TO_6(pairs_bytes, 1)}, bytes_16[] = {OCTAVO_TO_4(pairs_bytes, 2)};
const PairsFn quads_8[] = {OCTAVO_TO_6(pairs_quads, 1)}, quads_16[] = {OCTAVO_TO_4(pairs_quads, 2)};
#undef OCTAVO_TO_6
#undef OCTAVO_TO_4

}  // namespace

const PairsRow pairs_avx2 = {"avx2",
                             {6, 8, {cross_8, bytes_8, quads_8}},
                             {4, 16, {cross_16, bytes_16, quads_16}},
                             false,
                             rows_of_bytes,
                             rows_of_words,
                             image_of_words,
                             8,
                             100};

}  // namespace octavo

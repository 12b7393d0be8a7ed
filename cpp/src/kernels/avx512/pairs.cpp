// Family pairs on AVX-512 (F, BW, VL, DQ). Registers of the tile 10x32, cross: 20 accumulators, 4 of B, 2 of A, 2 sums.
#include "kernels/pairs.h"

#include "kernels/gemm_avx512.h"
#include "kernels/pairs_rows.h"

namespace octavo {
namespace {

// sums += the products of one group of bytes.
template <int rows, int vectors>
OCTAVO_INLINE void add_bytes(__m512i (&sums)[rows][vectors], const uint8_t* a, int64_t stride, const __m512i* b) {
    __m512i w[vectors];
#pragma GCC unroll 2
    for (int j = 0; j < vectors; j++) w[j] = _mm512_load_si512(b + j);
#pragma GCC unroll 10
    for (int i = 0; i < rows; i++) {
        const __m512i x = broadcast_row(a, stride, 3 * stride, i);
#pragma GCC unroll 2
        for (int j = 0; j < vectors; j++) {
            const __m512i pairs = _mm512_maddubs_epi16(x, w[j]);
            sums[i][j] = _mm512_add_epi32(sums[i][j], _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
            opaque(sums[i][j]);
        }
    }
}

// sums += the products of groups that lie side by side; b goes on behind them.
template <PairsForm form, int rows, int vectors>
OCTAVO_INLINE void add_span(__m512i (&sums)[rows][vectors], const uint8_t* a, int64_t stride, const __m512i*& b,
                            int64_t groups) {
    const int64_t stride3 = 3 * stride;
    if constexpr (form == pairs_bytes) {
        for (int64_t g = 0; g < groups; g++) {
            opaque(a);
            add_bytes<rows, vectors>(sums, a, stride, b);
            a += 4;
            b += vectors;
        }
    } else {
        constexpr int step = form == pairs_cross ? 1 : 2;
        for (int64_t g = 0; g < groups; g += step) {
            opaque(a);
            __m512i w[2 * vectors];
#pragma GCC unroll 4
            for (int j = 0; j < 2 * vectors; j++) w[j] = _mm512_load_si512(b + j);
#pragma GCC unroll 10
            for (int i = 0; i < rows; i++) {
                const __m512i x = broadcast_row(a, stride, stride3, i), y = broadcast_row(a + 4, stride, stride3, i);
#pragma GCC unroll 2
                for (int j = 0; j < vectors; j++) {
                    if constexpr (form == pairs_cross) {
                        const __m512i products =
                            _mm512_madd_epi16(_mm512_add_epi16(x, w[j]), _mm512_add_epi16(y, w[vectors + j]));
                        sums[i][j] = _mm512_add_epi32(sums[i][j], products);
                    } else {
                        const __m512i quads =
                            _mm512_add_epi16(_mm512_maddubs_epi16(x, w[j]), _mm512_maddubs_epi16(y, w[vectors + j]));
                        sums[i][j] = _mm512_add_epi32(sums[i][j], _mm512_madd_epi16(quads, _mm512_set1_epi16(1)));
                    }
                    opaque(sums[i][j]);
                }
            }
            a += 8;
            b += 2 * vectors;
        }
    }
}

// What is not written as bytes at once: one function for all tiles keeps the library small.
__attribute__((noinline)) void write_tile_from_memory(const GemmArgs& args, const int32_t* sums, int rows,
                                                      int vectors) {
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < vectors && 16 * j < args.columns; j++) {
            write_sums(*args.stage, _mm512_load_si512(sums + (i * vectors + j) * 16), args.column + 16 * j,
                       args.columns - 16 * j, args.row_sums + i, args.residual, i * args.residual_stride + 16 * j,
                       args.c, i * args.c_stride + 16 * j);
        }
    }
}

template <PairsForm form, int rows, int vectors>
OCTAVO_INLINE void pairs_tile(const PairsArgs& args) {
    __m512i sums[rows][vectors];
#pragma GCC unroll 2
    for (int j = 0; j < vectors; j++) {
        const __m512i start = _mm512_add_epi32(_mm512_loadu_si512(args.stage->start + args.column + 16 * j),
                                               _mm512_loadu_si512(args.terms + 16 * j));
#pragma GCC unroll 10
        for (int i = 0; i < rows; i++) {
            sums[i][j] = start;
            opaque(sums[i][j]);
        }
    }
    const __m512i* b = static_cast<const __m512i*>(args.b);
    const int64_t stride = args.a_stride;
    for (int64_t s = 0; s < args.span_count; s++) {
        add_span<form, rows, vectors>(sums, args.a + args.spans[s].offset, stride, b, args.spans[s].groups);
    }
    if constexpr (form == pairs_cross) {
#pragma GCC unroll 10
        for (int i = 0; i < rows; i++) {
            const __m512i term = _mm512_set1_epi32(args.row_terms[i]);
#pragma GCC unroll 2
            for (int j = 0; j < vectors; j++) sums[i][j] = _mm512_sub_epi32(sums[i][j], term);
        }
    } else {
        const __m512i* extra = static_cast<const __m512i*>(args.extra_b);
        for (int64_t e = 0; e < args.extras; e++) {
            add_bytes<rows, vectors>(sums, args.a + args.extra_offsets[e], stride, extra);
            extra += vectors;
        }
    }
    const OutputStage& stage = *args.stage;
    if ((stage.type == output_u8 || stage.type == output_s8) && stage.weight_zero == nullptr) {
        write_bytes<rows, vectors>(args, static_cast<const uint8_t*>(args.residual), static_cast<uint8_t*>(args.c),
                                   sums);
        return;
    }
    alignas(64) int32_t memory[rows * vectors * 16];
#pragma GCC unroll 10
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 2
        for (int j = 0; j < vectors; j++) _mm512_store_si512(memory + (i * vectors + j) * 16, sums[i][j]);
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

#define OCTAVO_TO_10(form, vectors)                                                                      \
    {                                                                                                    \
        pairs_tiles<form, 1, vectors>, pairs_tiles<form, 2, vectors>, pairs_tiles<form, 3, vectors>,     \
            pairs_tiles<form, 4, vectors>, pairs_tiles<form, 5, vectors>, pairs_tiles<form, 6, vectors>, \
            pairs_tiles<form, 7, vectors>, pairs_tiles<form, 8, vectors>, pairs_tiles<form, 9, vectors>, \
            pairs_tiles<form, 10, vectors>                                                               \
    }
const PairsFn cross_16[] = OCTAVO_TO_10(pairs_cross, 1), cross_32[] = OCTAVO_TO_10(pairs_cross, 2);
const PairsFn bytes_16[] = OCTAVO_TO_10(pairs_bytes, 1), bytes_32[] = OCTAVO_TO_10(pairs_bytes, 2);
const PairsFn quads_16[] = OCTAVO_TO_10(pairs_quads, 1), quads_32[] = OCTAVO_TO_10(pairs_quads, 2);
#undef OCTAVO_TO_10

}  // namespace

const PairsRow pairs_avx512 = {"avx512",
                               {10, 16, {cross_16, bytes_16, quads_16}},
                               {10, 32, {cross_32, bytes_32, quads_32}},
                               true,
                               rows_of_bytes,
                               rows_of_words,
                               image_of_words,
                               16,
                               110};

}  // namespace octavo

// Family gemm on AVX512-VNNI: four products and the sum in one instruction, without saturation. Registers
// of a tile: rows * vectors sums, `vectors` of B and one of A.
#include "kernels/gemm_avx512.h"

namespace octavo {
namespace {

// Adds the groups [offset, end) to the rows [from, to) of a tile.
template <int rows, int vectors, int from, int to>
OCTAVO_INLINE void add_groups(const uint8_t* tile, int64_t stride, const int32_t* offset, const int32_t* end,
                              const __m512i* b, int64_t ahead, __m512i (&sums)[rows][vectors]) {
    const int64_t stride3 = 3 * stride;
    for (; offset != end; offset++) {
        const uint8_t* a = tile + *offset;
        opaque(a);
        __m512i w[vectors];
#pragma GCC unroll 8
        for (int j = 0; j < vectors; j++) {
            w[j] = _mm512_load_si512(b + j);
            // Where rows are few, reading B is all the work and needs no help.
            if constexpr (rows >= 4) _mm_prefetch(reinterpret_cast<const char*>(b + j) + ahead, _MM_HINT_T1);
        }
#pragma GCC unroll 16
        for (int i = from; i < to; i++) {
            const __m512i x = broadcast_row(a, stride, stride3, i);
#pragma GCC unroll 4
            for (int j = 0; j < vectors; j++) {
                sums[i][j] = _mm512_dpbusd_epi32(sums[i][j], x, w[j]);
                opaque(sums[i][j]);
            }
        }
        b += vectors;
    }
}

template <int rows, int vectors>
OCTAVO_INLINE void start_rows(const int32_t* start, int from, int to, __m512i (&sums)[rows][vectors]) {
#pragma GCC unroll 4
    for (int j = 0; j < vectors; j++) {
        const __m512i x = _mm512_loadu_si512(start + 16 * j);
#pragma GCC unroll 16
        for (int i = from; i < to; i++) {
            sums[i][j] = x;
            opaque(sums[i][j]);
        }
    }
}

// Fields are read one by one where they are needed: a copy of args would wait for the caller's writes to reach memory.
template <int rows, int vectors, bool bordered>
OCTAVO_INLINE void tiles_of(const GemmArgs& args) {
    const __m512i* b = static_cast<const __m512i*>(args.b);
    const int32_t* offsets = args.offsets;
    const int64_t stride = args.a_stride, row_bytes = args.c_stride * element_bytes(*args.stage), tiles = args.tiles;
    const uint8_t* a = args.a;
    const int32_t* row_sums = args.row_sums;
    const auto* residual = static_cast<const uint8_t*>(args.residual);
    auto* c = static_cast<uint8_t*>(args.c);
    int64_t ahead = args.ahead;
    for (int64_t tile = 0; tile < tiles; tile++) {
        __m512i sums[rows][vectors];
        if constexpr (!bordered) {
            start_rows(args.start + args.column, 0, rows, sums);
            add_groups<rows, vectors, 0, rows>(a, stride, offsets, offsets + args.groups, b, ahead, sums);
        } else {
            const int64_t kind =
                args.ends & ((tile == 0 ? tile_with_first : 0) | (tile == tiles - 1 ? tile_with_last : 0));
            const TileTaps& taps = args.taps[kind];
            if (rows > 1) start_rows(taps.start + args.column, 1, rows - 1, sums);
            if (rows > 1) start_rows(taps.last_start + args.column, rows - 1, rows, sums);
            // The only row of a line's last tile is a last one.
            start_rows((rows == 1 && kind == tile_with_last ? taps.last_start : taps.first_start) + args.column, 0, 1,
                       sums);
            for (const GroupRun *run = taps.runs, *end = run + taps.run_count; run != end; run++) {
                const int32_t *first = offsets + run->first, *last = first + run->count;
                const __m512i* from = b + vectors * run->first;
                if (run->rows == tile_rows_all) {
                    add_groups<rows, vectors, 0, rows>(a, stride, first, last, from, ahead, sums);
                } else if (run->rows == tile_rows_but_first) {
                    add_groups<rows, vectors, 1, rows>(a, stride, first, last, from, ahead, sums);
                } else {
                    add_groups<rows, vectors, 0, rows - 1>(a, stride, first, last, from, ahead, sums);
                }
            }
        }
        if constexpr (bordered) {
            write_bytes<rows, vectors>(args, residual, c, sums);
        } else {
            write_tile<rows, vectors>(args, row_sums, residual, c, sums);
        }
        a += rows * stride;
        c += rows * row_bytes;
        if (row_sums != nullptr) row_sums += rows;
        if (residual != nullptr) residual += rows * args.residual_stride;
        ahead = 0;
    }
}

template <int rows, int vectors>
void gemm_tile(const GemmArgs& args) {
    tiles_of<rows, vectors, false>(args);
}

template <int rows, int vectors>
void bordered_tile(const GemmArgs& args) {
    tiles_of<rows, vectors, true>(args);
}

#define OCTAVO_TO_4(tile, vectors) tile<1, vectors>, tile<2, vectors>, tile<3, vectors>, tile<4, vectors>
#define OCTAVO_TO_6(tile, vectors) OCTAVO_TO_4(tile, vectors), tile<5, vectors>, tile<6, vectors>
#define OCTAVO_TO_8(tile, vectors) OCTAVO_TO_6(tile, vectors), tile<7, vectors>, tile<8, vectors>
#define OCTAVO_TO_14(tile, vectors)                                                                        \
    OCTAVO_TO_8(tile, vectors), tile<9, vectors>, tile<10, vectors>, tile<11, vectors>, tile<12, vectors>, \
        tile<13, vectors>, tile<14, vectors>
#define OCTAVO_TO_16(tile, vectors) OCTAVO_TO_14(tile, vectors), tile<15, vectors>, tile<16, vectors>
const GemmFn columns_16[] = {OCTAVO_TO_16(gemm_tile, 1)}, bordered_16[] = {OCTAVO_TO_16(bordered_tile, 1)};
const GemmFn columns_32[] = {OCTAVO_TO_14(gemm_tile, 2)}, bordered_32[] = {OCTAVO_TO_14(bordered_tile, 2)};
const GemmFn columns_48[] = {OCTAVO_TO_8(gemm_tile, 3)}, bordered_48[] = {OCTAVO_TO_8(bordered_tile, 3)};
const GemmFn columns_64[] = {OCTAVO_TO_6(gemm_tile, 4)}, bordered_64[] = {OCTAVO_TO_6(bordered_tile, 4)};
#undef OCTAVO_TO_16
#undef OCTAVO_TO_14
#undef OCTAVO_TO_8
#undef OCTAVO_TO_6
#undef OCTAVO_TO_4

const GemmTile tiles[] = {{16, 16, columns_16, bordered_16},
                          {14, 32, columns_32, bordered_32},
                          {8, 48, columns_48, bordered_48},
                          {6, 64, columns_64, bordered_64}};

void row_sums(const RowSumsArgs& args) {
    const __m512i ones = _mm512_set1_epi8(1);
    for (int64_t i = 0; i < args.rows; i++) {
        __m512i sum = _mm512_setzero_si512();
        for (int64_t r = 0; r < args.run_count; r++) {
            const uint8_t* run = args.a + i * args.a_stride + args.runs[r].offset;
            int64_t rest = args.runs[r].length;
            for (; rest >= 64; rest -= 64, run += 64) sum = _mm512_dpbusd_epi32(sum, _mm512_loadu_si512(run), ones);
            if (rest > 0) sum = _mm512_dpbusd_epi32(sum, _mm512_maskz_loadu_epi8((1ull << rest) - 1, run), ones);
        }
        args.sums[i] = _mm512_reduce_add_epi32(sum);
    }
}

}  // namespace

const GemmRow gemm_vnni = {"vnni", tiles, 4, row_sums, 16, 200};

}  // namespace octavo

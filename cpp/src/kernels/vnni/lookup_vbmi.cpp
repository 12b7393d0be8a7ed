// Family lookup on AVX512-VNNI and VBMI, layout columns: one table for all columns lies in a register four times, so that the
// byte permute needs no mask: of an index it ignores the upper two bits, and the two between change nothing.
#include "kernels/lookup.h"
#include "kernels/output_avx512.h"

namespace octavo {
namespace {

constexpr int vectors = 4, panel = 16 * vectors;

OCTAVO_INLINE __m512i broadcast(const uint8_t* p) {
    int32_t bytes;
    __builtin_memcpy(&bytes, p, 4);
    return _mm512_set1_epi32(bytes);
}

template <int rows, bool grouped, bool bytes = false>
void product_of_columns(const LookupArgs& args) {
    // One row's four chains of sums would wait for each other's products; twice as many do not.
    constexpr int chains = rows == 1 ? 2 : 1;
    __m512i table = _mm512_setzero_si512();
    if constexpr (!bytes) {
        table = _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(args.tables)));
        opaque(table);
    }
    alignas(64) float reals[grouped ? rows * panel : 16] = {};
    const uint8_t* codes = args.codes;
    const uint8_t* a = args.a;
    int64_t left = args.blocks, group = 0;
    do {
        int64_t blocks = grouped && left > args.group_blocks ? args.group_blocks : left;
        left -= blocks;
        const int32_t* starts = grouped ? args.starts + group * args.group_step : args.stage->start + args.column;
        __m512i sums[rows][vectors], more[vectors];
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) {
            __m512i start = _mm512_loadu_si512(starts + 16 * v);
            if constexpr (grouped) start = _mm512_mullo_epi32(start, _mm512_set1_epi32(args.zero_point));
            more[v] = _mm512_setzero_si512();
#pragma GCC unroll 8
            for (int i = 0; i < rows; i++) {
                sums[i][v] = start;
                opaque(sums[i][v]);
            }
        }
        for (; blocks > 0; blocks--, codes += (bytes ? 8 : 4) * panel, a += 8) {
            // Of five rows and more the bytes of A do not fit the registers: each vector of columns reads them again, or, where
            // weights need no permutes, each row the weights.
            constexpr bool kept = rows <= 4;
            if constexpr (bytes && !kept) {
#pragma GCC unroll 2
                for (int half = 0; half < 2; half++) {
                    __m512i w[vectors];
#pragma GCC unroll 4
                    for (int v = 0; v < vectors; v++) w[v] = _mm512_load_si512(codes + 4 * panel * half + 64 * v);
#pragma GCC unroll 8
                    for (int i = 0; i < rows; i++) {
                        const __m512i x = broadcast(a + i * args.a_stride + 4 * half);
#pragma GCC unroll 4
                        for (int v = 0; v < vectors; v++) {
                            sums[i][v] = _mm512_dpbusd_epi32(sums[i][v], x, w[v]);
                            opaque(sums[i][v]);
                        }
                    }
                }
                continue;
            }
            __m512i x[rows][2];
#pragma GCC unroll 8
            for (int i = 0; kept && i < rows; i++) {
                x[i][0] = broadcast(a + i * args.a_stride);
                x[i][1] = broadcast(a + i * args.a_stride + 4);
            }
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++) {
                __m512i first = _mm512_load_si512(codes + 64 * v), second;
                if constexpr (bytes) {
                    second = _mm512_load_si512(codes + 4 * panel + 64 * v);
                } else {
                    second = _mm512_permutexvar_epi8(_mm512_srli_epi16(first, 4), table);
                    first = _mm512_permutexvar_epi8(first, table);
                }
                const uint8_t* again = a;
                if (!kept) opaque(again);
#pragma GCC unroll 8
                for (int i = 0; i < rows; i++) {
                    const uint8_t* row = again + i * args.a_stride;
                    sums[i][v] = _mm512_dpbusd_epi32(sums[i][v], kept ? x[i][0] : broadcast(row), first);
                    opaque(sums[i][v]);
                    __m512i& sum = chains == 2 ? more[v] : sums[i][v];
                    sum = _mm512_dpbusd_epi32(sum, kept ? x[i][1] : broadcast(row + 4), second);
                    opaque(sum);
                }
            }
        }
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++) {
                __m512i sum = sums[i][v];
                if constexpr (chains == 2) sum = _mm512_add_epi32(sum, more[v]);
                if constexpr (grouped) {
                    float* real = reals + i * panel + 16 * v;
                    const __m512 scale = _mm512_loadu_ps(args.scales + group * args.group_step + 16 * v);
                    _mm512_store_ps(real, _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), scale, _mm512_load_ps(real)));
                } else if (16 * v < args.columns) {
                    write_sums(*args.stage, sum, args.column + 16 * v, args.columns - 16 * v, nullptr, nullptr, 0,
                               args.c, i * args.c_stride + 16 * v);
                }
            }
        }
        group++;
    } while (left > 0);
    if constexpr (grouped) {
        for (int i = 0; i < rows; i++) {
            for (int v = 0; 16 * v < args.columns; v++) {
                write_reals(*args.stage, _mm512_load_ps(reals + i * panel + 16 * v), args.column + 16 * v,
                            args.columns - 16 * v, nullptr, 0, args.c, i * args.c_stride + 16 * v);
            }
        }
    }
}

void decode(const DecodeArgs& args) {
    const __m512i table = _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(args.tables)));
    const uint8_t* codes = args.codes;
    int8_t* to = args.to;
    for (int64_t block = 0; block < args.blocks; block++, codes += 4 * panel, to += 8 * panel) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) {
            const __m512i pairs = _mm512_load_si512(codes + 64 * v);
            _mm512_store_si512(to + 64 * v, _mm512_permutexvar_epi8(pairs, table));
            _mm512_store_si512(to + 4 * panel + 64 * v, _mm512_permutexvar_epi8(_mm512_srli_epi16(pairs, 4), table));
        }
    }
}

const LookupFn sums[] = {product_of_columns<1, false>, product_of_columns<2, false>, product_of_columns<3, false>,
                         product_of_columns<4, false>, product_of_columns<5, false>, product_of_columns<6, false>};
const LookupFn grouped[] = {product_of_columns<1, true>, product_of_columns<2, true>, product_of_columns<3, true>,
                            product_of_columns<4, true>, product_of_columns<5, true>, product_of_columns<6, true>};
const LookupFn grouped_bytes[] = {product_of_columns<1, true, true>, product_of_columns<2, true, true>,
                                  product_of_columns<3, true, true>, product_of_columns<4, true, true>,
                                  product_of_columns<5, true, true>, product_of_columns<6, true, true>};

}  // namespace

const LookupRow lookup_one_table_vnni = {"vbmi",  lookup_columns, 8,       panel,   panel, 1, 6, sums,
                                         grouped, grouped_bytes,  nullptr, nullptr, decode};

}  // namespace octavo

// Family lookup with 512-bit vectors, layout lanes. A vector holds four columns, 16 consecutive codes each in a 128-bit lane, so
// that one byte shuffle looks them up in the four columns' own tables; the four 32-bit partial sums of a lane are added at the
// end. Rows of A come with each 16 bytes four times, for loading them into all lanes would take a shuffle. Bytes need no looking
// up.
#ifndef OCTAVO_KERNELS_LOOKUP_AVX512_H
#define OCTAVO_KERNELS_LOOKUP_AVX512_H

#include "kernels/lookup.h"
#include "kernels/output_avx512.h"

namespace octavo {
namespace {

// The sums of 16 columns in order, from the four partial sums of each.
OCTAVO_INLINE __m512i sums_of_lanes(const __m512i* s) {
    const __m512i s01 = _mm512_add_epi32(_mm512_unpacklo_epi32(s[0], s[1]), _mm512_unpackhi_epi32(s[0], s[1]));
    const __m512i s23 = _mm512_add_epi32(_mm512_unpacklo_epi32(s[2], s[3]), _mm512_unpackhi_epi32(s[2], s[3]));
    return _mm512_add_epi32(_mm512_unpacklo_epi64(s01, s23), _mm512_unpackhi_epi64(s01, s23));
}

constexpr int parts = 2;  // of a panel

// Product::add(sum, a, w): a u8, w s8. Parts [part, part + count) of the panel.
template <class Product, int rows, int count, bool grouped, bool bytes>
OCTAVO_INLINE void product_of_parts(const LookupArgs& args, int part) {
    constexpr int vectors = 4 * count;
    const __m512i low_bits = _mm512_set1_epi8(15);
    const int64_t column = args.column + 16 * part;
    __m512 reals[rows][count];
#pragma GCC unroll 4
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 2
        for (int p = 0; p < count; p++) reals[i][p] = _mm512_setzero_ps();
    }
    const uint8_t* codes = args.codes + 256 * part;
    const uint8_t* a = args.a;
    const int8_t* table = bytes ? nullptr : args.tables + 256 * part;
    int64_t left = args.blocks, parameters = 16 * part;
    do {
        int64_t blocks = grouped && left > args.group_blocks ? args.group_blocks : left;
        left -= blocks;
        __m512i tables[vectors], sums[rows][vectors];
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) {
            if constexpr (!bytes) {
                tables[v] = _mm512_load_si512(table + 64 * v);
                opaque(tables[v]);
            }
#pragma GCC unroll 4
            for (int i = 0; i < rows; i++) sums[i][v] = _mm512_setzero_si512();
        }
        for (; blocks > 0; blocks--, codes += (bytes ? 512 : 256) * parts, a += 128) {
            __m512i x[rows][2];
#pragma GCC unroll 4
            for (int i = 0; i < rows; i++) {
                x[i][0] = _mm512_loadu_si512(a + i * args.a_stride);
                x[i][1] = _mm512_loadu_si512(a + i * args.a_stride + 64);
            }
#pragma GCC unroll 8
            for (int v = 0; v < vectors; v++) {
                __m512i first = _mm512_load_si512(codes + 64 * v), second;
                if constexpr (bytes) {
                    second = _mm512_load_si512(codes + 256 * parts + 64 * v);
                } else {
                    second = _mm512_shuffle_epi8(tables[v], _mm512_and_si512(_mm512_srli_epi16(first, 4), low_bits));
                    first = _mm512_shuffle_epi8(tables[v], _mm512_and_si512(first, low_bits));
                }
#pragma GCC unroll 4
                for (int i = 0; i < rows; i++) {
                    sums[i][v] = Product::add(Product::add(sums[i][v], x[i][0], first), x[i][1], second);
                    opaque(sums[i][v]);
                }
            }
        }
#pragma GCC unroll 2
        for (int p = 0; p < count; p++) {
            const int32_t* starts = grouped ? args.starts + parameters : args.stage->start + column;
            __m512i start = _mm512_loadu_si512(starts + 16 * p);
            if constexpr (grouped) start = _mm512_mullo_epi32(start, _mm512_set1_epi32(args.zero_point));
#pragma GCC unroll 4
            for (int i = 0; i < rows; i++) {
                const __m512i sum = _mm512_add_epi32(start, sums_of_lanes(sums[i] + 4 * p));
                if constexpr (grouped) {
                    const __m512 scale = _mm512_loadu_ps(args.scales + parameters + 16 * p);
                    reals[i][p] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), scale, reals[i][p]);
                } else if (16 * (part + p) < args.columns) {
                    write_sums(*args.stage, sum, column + 16 * p, args.columns - 16 * (part + p), nullptr, nullptr, 0,
                               args.c, i * args.c_stride + 16 * (part + p));
                }
            }
        }
        if constexpr (!bytes) table += args.table_step;
        parameters += args.group_step;
    } while (left > 0);
    if constexpr (grouped) {
#pragma GCC unroll 4
        for (int i = 0; i < rows; i++) {
#pragma GCC unroll 2
            for (int p = 0; p < count; p++) {
                if (16 * (part + p) >= args.columns) break;
                write_reals(*args.stage, reals[i][p], column + 16 * p, args.columns - 16 * (part + p), nullptr, 0,
                            args.c, i * args.c_stride + 16 * (part + p));
            }
        }
    }
}

// One row takes both parts at once, which reads it once; more rows would not fit the registers.
template <class Product, int rows, bool grouped, bool bytes = false>
void product_of_lanes(const LookupArgs& args) {
    if constexpr (rows == 1) {
        product_of_parts<Product, rows, parts, grouped, bytes>(args, 0);
    } else {
        for (int part = 0; 16 * part < args.columns; part++) {
            product_of_parts<Product, rows, 1, grouped, bytes>(args, part);
        }
    }
}

template <class Product>
struct Lanes {
    static constexpr LookupFn sums[] = {product_of_lanes<Product, 1, false>, product_of_lanes<Product, 2, false>,
                                        product_of_lanes<Product, 3, false>, product_of_lanes<Product, 4, false>};
    static constexpr LookupFn grouped[] = {product_of_lanes<Product, 1, true>, product_of_lanes<Product, 2, true>,
                                           product_of_lanes<Product, 3, true>, product_of_lanes<Product, 4, true>};
    static constexpr LookupFn bytes[] = {
        product_of_lanes<Product, 1, true, true>, product_of_lanes<Product, 2, true, true>,
        product_of_lanes<Product, 3, true, true>, product_of_lanes<Product, 4, true, true>};
};

}  // namespace
}  // namespace octavo

#endif

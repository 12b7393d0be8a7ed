// Family lookup with 512-bit vectors. A vector holds four columns, 16 consecutive codes each in a 128-bit lane, so that one byte
// shuffle looks them up in the four columns' own tables; the four 32-bit partial sums of a lane are added at the end.
#ifndef OCTAVO_KERNELS_LOOKUP_AVX512_H
#define OCTAVO_KERNELS_LOOKUP_AVX512_H

#include "kernels/lookup.h"
#include "kernels/output_avx512.h"

namespace octavo {
namespace {

// Product::add(sum, a, w): a u8, w s8.
template <class Product, int rows>
void product_of_codes(const LookupArgs& args) {
    const __m512i low_bits = _mm512_set1_epi8(15);
    __m512i tables[4], sums[rows][4];
#pragma GCC unroll 4
    for (int v = 0; v < 4; v++) {
        tables[v] = _mm512_loadu_si512(args.tables + 64 * v);
#pragma GCC unroll 4
        for (int i = 0; i < rows; i++) sums[i][v] = _mm512_setzero_si512();
    }
    const uint8_t* codes = args.codes;
    const uint8_t* a = args.a;
    for (int64_t k = 0; k < args.blocks; k++, codes += 256, a += lookup_block) {
        __m512i x[rows][2];
#pragma GCC unroll 4
        for (int i = 0; i < rows; i++) {
            const uint8_t* row = a + i * args.a_stride;
            x[i][0] = _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row)));
            x[i][1] = _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row + 16)));
        }
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) {
            const __m512i pairs = _mm512_load_si512(codes + 64 * v);
            const __m512i first = _mm512_shuffle_epi8(tables[v], _mm512_and_si512(pairs, low_bits));
            const __m512i second =
                _mm512_shuffle_epi8(tables[v], _mm512_and_si512(_mm512_srli_epi16(pairs, 4), low_bits));
#pragma GCC unroll 4
            for (int i = 0; i < rows; i++) {
                sums[i][v] = Product::add(Product::add(sums[i][v], x[i][0], first), x[i][1], second);
                opaque(sums[i][v]);
            }
        }
    }
    const __m512i start = _mm512_loadu_si512(args.stage->start + args.column);
#pragma GCC unroll 4
    for (int i = 0; i < rows; i++) {
        const __m512i(&s)[4] = sums[i];
        const __m512i s01 = _mm512_add_epi32(_mm512_unpacklo_epi32(s[0], s[1]), _mm512_unpackhi_epi32(s[0], s[1]));
        const __m512i s23 = _mm512_add_epi32(_mm512_unpacklo_epi32(s[2], s[3]), _mm512_unpackhi_epi32(s[2], s[3]));
        const __m512i sum = _mm512_add_epi32(_mm512_unpacklo_epi64(s01, s23), _mm512_unpackhi_epi64(s01, s23));
        write_sums(*args.stage, _mm512_add_epi32(start, sum), args.column, args.columns, nullptr, nullptr, 0, args.c,
                   i * args.c_stride);
    }
}

}  // namespace
}  // namespace octavo

#endif

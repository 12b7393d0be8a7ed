// Family lookup on AVX512-VNNI.
#include "kernels/lookup_avx512.h"

namespace octavo {
namespace {

struct Dot {
    static OCTAVO_INLINE __m512i add(__m512i sum, __m512i a, __m512i w) { return _mm512_dpbusd_epi32(sum, a, w); }
};

// Of a part's four vectors each lane is a column of 16 k: in-lane unpacks bring the four columns of a lane together, k by fours.
OCTAVO_INLINE void store_columns(const __m512i (&w)[4], int8_t* to) {
    constexpr int step = 64 * parts;
    const __m512i low01 = _mm512_unpacklo_epi32(w[0], w[1]), low23 = _mm512_unpacklo_epi32(w[2], w[3]);
    const __m512i high01 = _mm512_unpackhi_epi32(w[0], w[1]), high23 = _mm512_unpackhi_epi32(w[2], w[3]);
    _mm512_store_si512(to, _mm512_unpacklo_epi64(low01, low23));
    _mm512_store_si512(to + step, _mm512_unpackhi_epi64(low01, low23));
    _mm512_store_si512(to + 2 * step, _mm512_unpacklo_epi64(high01, high23));
    _mm512_store_si512(to + 3 * step, _mm512_unpackhi_epi64(high01, high23));
}

void decode(const DecodeArgs& args) {
    const __m512i low_bits = _mm512_set1_epi8(15);
    for (int part = 0; part < parts; part++) {
        __m512i tables[4];
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) tables[v] = _mm512_load_si512(args.tables + 256 * part + 64 * v);
        const uint8_t* codes = args.codes + 256 * part;
        int8_t* to = args.to + 64 * part;
        for (int64_t block = 0; block < args.blocks; block++, codes += 256 * parts, to += 32 * 16 * parts) {
            __m512i first[4], second[4];
#pragma GCC unroll 4
            for (int v = 0; v < 4; v++) {
                const __m512i pairs = _mm512_load_si512(codes + 64 * v);
                first[v] = _mm512_shuffle_epi8(tables[v], _mm512_and_si512(pairs, low_bits));
                second[v] = _mm512_shuffle_epi8(tables[v], _mm512_and_si512(_mm512_srli_epi16(pairs, 4), low_bits));
            }
            store_columns(first, to);
            store_columns(second, to + 16 * 16 * parts);
        }
    }
}

}  // namespace

const LookupRow lookup_vnni = {
    "vnni",  lookup_lanes, 32,    16 * parts, 16, 4, 4, Lanes<Dot>::sums, Lanes<Dot>::grouped, Lanes<Dot>::bytes,
    nullptr, nullptr,      decode};

}  // namespace octavo

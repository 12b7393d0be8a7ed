// Family gemm on AVX-512 (F, BW, VL, DQ). bytes: pairs of products are added in 16 bits, which only panels proved safe may do;
// words: 16-bit factors, exact for all.
#include "kernels/gemm_avx512.h"

namespace octavo {
namespace {

struct Pairs {
    static constexpr bool words = false;
    static OCTAVO_INLINE __m512i add(__m512i sum, __m512i a, __m512i w) {
        const __m512i pairs = _mm512_maddubs_epi16(a, w);
        return _mm512_add_epi32(sum, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
    }
};

struct Words {
    static constexpr bool words = true;
    static OCTAVO_INLINE __m512i add(__m512i sum, __m512i even, __m512i odd, __m512i w0, __m512i w1) {
        return _mm512_add_epi32(_mm512_add_epi32(sum, _mm512_madd_epi16(even, w0)), _mm512_madd_epi16(odd, w1));
    }
};

#define OCTAVO_ROWS(product, vectors)                                                                       \
    {                                                                                                       \
        gemm_tile<product, 1, vectors>, gemm_tile<product, 2, vectors>, gemm_tile<product, 3, vectors>,     \
            gemm_tile<product, 4, vectors>, gemm_tile<product, 5, vectors>, gemm_tile<product, 6, vectors>, \
            gemm_tile<product, 7, vectors>, gemm_tile<product, 8, vectors>, gemm_tile<product, 9, vectors>, \
            gemm_tile<product, 10, vectors>                                                                 \
    }
const GemmFn pairs_16[] = OCTAVO_ROWS(Pairs, 1), pairs_32[] = OCTAVO_ROWS(Pairs, 2);
const GemmFn words_16[] = OCTAVO_ROWS(Words, 1), words_32[] = OCTAVO_ROWS(Words, 2);
#undef OCTAVO_ROWS

const GemmTile tiles[] = {{10, 16, pairs_16, words_16}, {10, 32, pairs_32, words_32}};

}  // namespace

const GemmRow gemm_avx512 = {"avx512", tiles, 2, 16, 70};

}  // namespace octavo

// A function of one code with AVX-512: two registers are a table of 64 pairs of results; x / 2 finds the pair, its last bit the
// one of the two. Even and odd bytes apart, as words.
#include "kernels/map.h"

#include <immintrin.h>

namespace octavo {
namespace {

__mmask64 first_bytes(int64_t n) { return n >= 64 ? ~__mmask64{0} : (__mmask64{1} << n) - 1; }

void map_bytes(const uint8_t* x, uint8_t* y, int64_t n, const uint8_t* table) {
    const __m512i a = _mm512_load_si512(table), b = _mm512_load_si512(table + 64);
    const __m512i c = _mm512_load_si512(table + 128), d = _mm512_load_si512(table + 192);
    const __m512i eight = _mm512_set1_epi16(8);
    const auto pairs = [&](__m512i index, __mmask32 upper) {
        return _mm512_mask_blend_epi16(upper, _mm512_permutex2var_epi16(a, index, b),
                                       _mm512_permutex2var_epi16(c, index, d));
    };
    const auto look_up = [&](__m512i v) {
        const __m512i even = pairs(_mm512_srli_epi16(v, 1), _mm512_test_epi16_mask(v, _mm512_set1_epi16(128)));
        const __m512i odd = pairs(_mm512_srli_epi16(v, 9), _mm512_movepi16_mask(v));
        // The wanted one goes down to the even byte, up to the odd byte.
        const __m512i down = _mm512_and_si512(_mm512_slli_epi16(v, 3), eight);
        const __m512i up = _mm512_andnot_si512(_mm512_srli_epi16(v, 5), eight);
        return _mm512_mask_blend_epi8(0xaaaaaaaaaaaaaaaa, _mm512_srlv_epi16(even, down), _mm512_sllv_epi16(odd, up));
    };
    int64_t i = 0;
    for (; i + 64 <= n; i += 64) _mm512_storeu_si512(y + i, look_up(_mm512_loadu_si512(x + i)));
    if (i < n) {
        const __mmask64 k = first_bytes(n - i);
        _mm512_mask_storeu_epi8(y + i, k, look_up(_mm512_maskz_loadu_epi8(k, x + i)));
    }
}

}  // namespace

const MapKernels map_avx512 = {"avx512", map_bytes};

}  // namespace octavo

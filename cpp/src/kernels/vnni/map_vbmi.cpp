// A function of one code with byte permutes (AVX512-VBMI): the table in four registers, two permutes look up 64 codes.
#include <immintrin.h>

#include "kernels/map.h"

namespace octavo {
namespace {

__mmask64 first_bytes(int64_t n) { return n >= 64 ? ~__mmask64{0} : (__mmask64{1} << n) - 1; }

void map_bytes(const uint8_t* x, uint8_t* y, int64_t n, const uint8_t* table) {
    const __m512i a = _mm512_load_si512(table), b = _mm512_load_si512(table + 64);
    const __m512i c = _mm512_load_si512(table + 128), d = _mm512_load_si512(table + 192);
    const auto look_up = [&](__m512i v) {
        return _mm512_mask_blend_epi8(_mm512_movepi8_mask(v), _mm512_permutex2var_epi8(a, v, b),
                                      _mm512_permutex2var_epi8(c, v, d));
    };
    int64_t i = 0;
    for (; i + 128 <= n; i += 128) {
        const __m512i first = look_up(_mm512_loadu_si512(x + i)), second = look_up(_mm512_loadu_si512(x + i + 64));
        _mm512_storeu_si512(y + i, first);
        _mm512_storeu_si512(y + i + 64, second);
    }
    for (; i < n; i += 64) {
        const __mmask64 k = first_bytes(n - i);
        _mm512_mask_storeu_epi8(y + i, k, look_up(_mm512_maskz_loadu_epi8(k, x + i)));
    }
}

}  // namespace

const MapKernels map_vnni = {"vbmi", map_bytes};

}  // namespace octavo

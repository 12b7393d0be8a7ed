// Family winograd on AVX-512 (F, BW, VL, DQ).
#include "kernels/winograd.h"

#include "kernels/winograd_avx512.h"

namespace octavo {
namespace {

struct Multiply {
    static OCTAVO_INLINE __m512i add(__m512i sum, __m512i x, __m512i w) {
        return _mm512_add_epi32(sum, _mm512_madd_epi16(x, w));
    }
};

}  // namespace

const WinogradRow winograd_avx512 = {"avx512", most_rows,          columns, 200, 320, 80,
                                     input,    products<Multiply>, output,  240};

}  // namespace octavo

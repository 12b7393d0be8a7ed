// Family winograd on AVX-512 with VNNI.
#include "kernels/winograd.h"

#include "kernels/winograd_avx512.h"

namespace octavo {
namespace {

struct Multiply {
    static OCTAVO_INLINE __m512i add(__m512i sum, __m512i x, __m512i w) { return _mm512_dpwssd_epi32(sum, x, w); }
};

}  // namespace

const WinogradRow winograd_vnni = {"vnni", most_rows, columns, 300, 450, 50, input, products<Multiply>, output, 350};

}  // namespace octavo

// Family lookup on AVX512-VNNI.
#include "kernels/lookup_avx512.h"

namespace octavo {
namespace {

struct Dot {
    static OCTAVO_INLINE __m512i add(__m512i sum, __m512i a, __m512i w) { return _mm512_dpbusd_epi32(sum, a, w); }
};

}  // namespace

const LookupRow lookup_vnni = {
    "vnni",
    {product_of_codes<Dot, 1>, product_of_codes<Dot, 2>, product_of_codes<Dot, 3>, product_of_codes<Dot, 4>},
    16};

}  // namespace octavo

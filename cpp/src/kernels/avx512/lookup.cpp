// Family lookup on AVX-512 (BW): looked-up weights are widened to 16 bits, so that the products are exact; or pairs of products
// are added in 16 bits, where these hold them.
#include "kernels/lookup_avx512.h"

namespace octavo {
namespace {

struct Words {
    static OCTAVO_INLINE __m512i add(__m512i sum, __m512i a, __m512i w) {
        const __m512i even = _mm512_madd_epi16(_mm512_and_si512(a, _mm512_set1_epi16(255)),
                                               _mm512_srai_epi16(_mm512_slli_epi16(w, 8), 8));
        const __m512i odd = _mm512_madd_epi16(_mm512_srli_epi16(a, 8), _mm512_srai_epi16(w, 8));
        return _mm512_add_epi32(sum, _mm512_add_epi32(even, odd));
    }
};

struct Pairs {
    static OCTAVO_INLINE __m512i add(__m512i sum, __m512i a, __m512i w) {
        return _mm512_add_epi32(sum, _mm512_madd_epi16(_mm512_maddubs_epi16(a, w), _mm512_set1_epi16(1)));
    }
};

}  // namespace

const LookupRow lookup_avx512 = {"avx512",
                                 lookup_lanes,
                                 32,
                                 16 * parts,
                                 16,
                                 4,
                                 4,
                                 Lanes<Words>::sums,
                                 Lanes<Words>::grouped,
                                 Lanes<Words>::bytes,
                                 Lanes<Pairs>::sums,
                                 Lanes<Pairs>::grouped,
                                 nullptr};

}  // namespace octavo

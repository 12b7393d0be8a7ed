// Family lookup on AVX512-VNNI.
#include "kernels/lookup_avx512.h"

namespace octavo {
namespace {

struct Dot {
    static OCTAVO_INLINE __m512i add(__m512i sum, __m512i a, __m512i w) { return _mm512_dpbusd_epi32(sum, a, w); }
};

}  // namespace

const LookupRow lookup_vnni = {"vnni", lookup_lanes, 32, 16 * parts, 16, 4, 4, Lanes<Dot>::sums, Lanes<Dot>::grouped};

}  // namespace octavo

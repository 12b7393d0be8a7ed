// Family lookup on AVX2: two columns a vector, 16 consecutive codes each in a 128-bit lane; looked-up weights are widened to
// 16 bits, so the products are exact.
#include "kernels/lookup.h"

#include "kernels/output_avx2.h"

namespace octavo {
namespace {

OCTAVO_INLINE __m256i load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
OCTAVO_INLINE __m256i broadcast(const uint8_t* p) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}

OCTAVO_INLINE __m256i add(__m256i sum, __m256i a, __m256i w) {
    const __m256i even =
        _mm256_madd_epi16(_mm256_and_si256(a, _mm256_set1_epi16(255)), _mm256_srai_epi16(_mm256_slli_epi16(w, 8), 8));
    const __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(a, 8), _mm256_srai_epi16(w, 8));
    return _mm256_add_epi32(sum, _mm256_add_epi32(even, odd));
}

template <int rows>
void product(const LookupArgs& args) {
    const __m256i low_bits = _mm256_set1_epi8(15);
    __m256i sums[rows][4];
#pragma GCC unroll 4
    for (int v = 0; v < 4; v++) {
#pragma GCC unroll 4
        for (int i = 0; i < rows; i++) sums[i][v] = _mm256_setzero_si256();
    }
    const uint8_t* codes = args.codes;
    const uint8_t* a = args.a;
    for (int64_t k = 0; k < args.blocks; k++, codes += 128, a += lookup_block) {
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) {
            const __m256i table = load(args.tables + 32 * v), pairs = load(codes + 32 * v);
            const __m256i first = _mm256_shuffle_epi8(table, _mm256_and_si256(pairs, low_bits));
            const __m256i second = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(pairs, 4), low_bits));
#pragma GCC unroll 4
            for (int i = 0; i < rows; i++) {
                const uint8_t* row = a + i * args.a_stride;
                sums[i][v] = add(add(sums[i][v], broadcast(row), first), broadcast(row + 16), second);
            }
        }
    }
    const __m256i start = load(args.stage->start + args.column);
    for (int i = 0; i < rows; i++) {
        const __m256i(&s)[4] = sums[i];
        const __m256i s01 = _mm256_add_epi32(_mm256_unpacklo_epi32(s[0], s[1]), _mm256_unpackhi_epi32(s[0], s[1]));
        const __m256i s23 = _mm256_add_epi32(_mm256_unpacklo_epi32(s[2], s[3]), _mm256_unpackhi_epi32(s[2], s[3]));
        const __m256i sum = _mm256_add_epi32(_mm256_unpacklo_epi64(s01, s23), _mm256_unpackhi_epi64(s01, s23));
        write_sums(*args.stage, _mm256_add_epi32(start, sum), args.column, args.columns, nullptr, nullptr, 0, args.c,
                   i * args.c_stride);
    }
}

}  // namespace

const LookupRow lookup_avx2 = {"avx2", {product<1>, product<2>, product<3>, product<4>}, 8};

}  // namespace octavo

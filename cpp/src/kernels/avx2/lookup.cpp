// Family lookup on AVX2: two columns a vector, 16 consecutive codes each in a 128-bit lane; looked-up weights are widened to
// 16 bits, so that the products are exact; or pairs of products are added in 16 bits, where these hold them. Bytes need no
// looking up.
#include "kernels/lookup.h"

#include "kernels/output_avx2.h"

namespace octavo {
namespace {

OCTAVO_INLINE __m256i load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
OCTAVO_INLINE __m256i broadcast(const uint8_t* p) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}

template <bool in_pairs>
OCTAVO_INLINE __m256i add(__m256i sum, __m256i a, __m256i w) {
    if (in_pairs) return _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(a, w), _mm256_set1_epi16(1)));
    const __m256i even =
        _mm256_madd_epi16(_mm256_and_si256(a, _mm256_set1_epi16(255)), _mm256_srai_epi16(_mm256_slli_epi16(w, 8), 8));
    const __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(a, 8), _mm256_srai_epi16(w, 8));
    return _mm256_add_epi32(sum, _mm256_add_epi32(even, odd));
}

// The sums of 8 columns in order, from the four partial sums of each.
OCTAVO_INLINE __m256i sums_of_lanes(const __m256i (&s)[4]) {
    const __m256i s01 = _mm256_add_epi32(_mm256_unpacklo_epi32(s[0], s[1]), _mm256_unpackhi_epi32(s[0], s[1]));
    const __m256i s23 = _mm256_add_epi32(_mm256_unpacklo_epi32(s[2], s[3]), _mm256_unpackhi_epi32(s[2], s[3]));
    return _mm256_add_epi32(_mm256_unpacklo_epi64(s01, s23), _mm256_unpackhi_epi64(s01, s23));
}

template <int rows, bool grouped, bool in_pairs, bool bytes>
void product(const LookupArgs& args) {
    const __m256i low_bits = _mm256_set1_epi8(15);
    __m256 reals[rows];
#pragma GCC unroll 4
    for (int i = 0; i < rows; i++) reals[i] = _mm256_setzero_ps();
    const uint8_t* codes = args.codes;
    const uint8_t* a = args.a;
    const int8_t* tables = args.tables;
    int64_t left = args.blocks, group = 0;
    do {
        int64_t blocks = grouped && left > args.group_blocks ? args.group_blocks : left;
        left -= blocks;
        __m256i sums[rows][4];
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) {
#pragma GCC unroll 4
            for (int i = 0; i < rows; i++) sums[i][v] = _mm256_setzero_si256();
        }
        for (; blocks > 0; blocks--, codes += bytes ? 256 : 128, a += 32) {
#pragma GCC unroll 4
            for (int v = 0; v < 4; v++) {
                __m256i first = load(codes + 32 * v), second;
                if constexpr (bytes) {
                    second = load(codes + 128 + 32 * v);
                } else {
                    const __m256i table = load(tables + 32 * v);
                    second = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(first, 4), low_bits));
                    first = _mm256_shuffle_epi8(table, _mm256_and_si256(first, low_bits));
                }
#pragma GCC unroll 4
                for (int i = 0; i < rows; i++) {
                    const uint8_t* row = a + i * args.a_stride;
                    sums[i][v] =
                        add<in_pairs>(add<in_pairs>(sums[i][v], broadcast(row), first), broadcast(row + 16), second);
                }
            }
        }
        const int32_t* starts = grouped ? args.starts + group * args.group_step : args.stage->start + args.column;
        __m256i start = load(starts);
        if constexpr (grouped) start = _mm256_mullo_epi32(start, _mm256_set1_epi32(args.zero_point));
#pragma GCC unroll 4
        for (int i = 0; i < rows; i++) {
            const __m256i sum = _mm256_add_epi32(start, sums_of_lanes(sums[i]));
            if constexpr (grouped) {
                const __m256 scale = _mm256_loadu_ps(args.scales + group * args.group_step);
                reals[i] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum), scale, reals[i]);
            } else {
                write_sums(*args.stage, sum, args.column, args.columns, nullptr, nullptr, 0, args.c, i * args.c_stride);
            }
        }
        if constexpr (!bytes) tables += args.table_step;
        group++;
    } while (left > 0);
    if constexpr (grouped) {
        for (int i = 0; i < rows; i++) {
            write_reals(*args.stage, reals[i], args.column, args.columns, nullptr, 0, args.c, i * args.c_stride);
        }
    }
}

template <bool grouped, bool in_pairs, bool bytes = false>
struct Rows {
    static constexpr LookupFn functions[] = {product<1, grouped, in_pairs, bytes>, product<2, grouped, in_pairs, bytes>,
                                             product<3, grouped, in_pairs, bytes>,
                                             product<4, grouped, in_pairs, bytes>};
};

}  // namespace

const LookupRow lookup_avx2 = {"avx2",
                               lookup_lanes,
                               32,
                               8,
                               8,
                               1,
                               4,
                               Rows<false, false>::functions,
                               Rows<true, false>::functions,
                               Rows<true, false, true>::functions,
                               Rows<false, true>::functions,
                               Rows<true, true>::functions,
                               nullptr};

}  // namespace octavo

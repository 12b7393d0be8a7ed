// Family gemm on AVX2 and FMA. bytes: pairs of products are added in 16 bits, which only panels proved safe may do; words:
// 16-bit factors, exact for all. Registers of the tile 4x16: 8 accumulators, 4 of B (words), 2 of A, 1 mask.
#include "kernels/gemm.h"
#include "kernels/output_avx2.h"

namespace octavo {
namespace {

OCTAVO_INLINE __m256i load(const __m256i* p) { return _mm256_load_si256(p); }

template <bool words, int rows, int vectors>
void gemm_tile(const GemmArgs& args) {
    constexpr int step = words ? 2 * vectors : vectors;
    __m256i sums[rows][vectors];
#pragma GCC unroll 2
    for (int j = 0; j < vectors; j++) {
        const __m256i start =
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(args.stage->start + args.column + 8 * j));
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            sums[i][j] = start;
            opaque(sums[i][j]);
        }
    }
    const __m256i* b = static_cast<const __m256i*>(args.b);
    const int32_t* offset = args.offsets;
    const int32_t* const end = offset + args.groups;
    for (; offset != end; offset++) {
        const uint8_t* a = args.a + *offset;
        opaque(a);
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            int32_t bytes;
            __builtin_memcpy(&bytes, a, 4);
            a += args.a_stride;
            const __m256i x = _mm256_set1_epi32(bytes);
            if constexpr (words) {
                const __m256i even = _mm256_and_si256(x, _mm256_set1_epi16(255)), odd = _mm256_srli_epi16(x, 8);
#pragma GCC unroll 2
                for (int j = 0; j < vectors; j++) {
                    sums[i][j] = _mm256_add_epi32(sums[i][j], _mm256_madd_epi16(even, load(b + j)));
                    sums[i][j] = _mm256_add_epi32(sums[i][j], _mm256_madd_epi16(odd, load(b + vectors + j)));
                    opaque(sums[i][j]);
                }
            } else {
#pragma GCC unroll 2
                for (int j = 0; j < vectors; j++) {
                    const __m256i pairs = _mm256_maddubs_epi16(x, load(b + j));
                    sums[i][j] = _mm256_add_epi32(sums[i][j], _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
                    opaque(sums[i][j]);
                }
            }
        }
        b += step;
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 2
        for (int j = 0; j < vectors; j++) {
            if (8 * j < args.columns) {
                write_sums(*args.stage, sums[i][j], args.column + 8 * j, args.columns - 8 * j, args.row_sums + i,
                           args.residual, i * args.residual_stride + 8 * j, args.c, i * args.c_stride + 8 * j);
            }
        }
    }
}

const GemmFn pairs_8[] = {gemm_tile<false, 1, 1>, gemm_tile<false, 2, 1>, gemm_tile<false, 3, 1>,
                          gemm_tile<false, 4, 1>, gemm_tile<false, 5, 1>, gemm_tile<false, 6, 1>};
const GemmFn words_8[] = {gemm_tile<true, 1, 1>, gemm_tile<true, 2, 1>, gemm_tile<true, 3, 1>,
                          gemm_tile<true, 4, 1>, gemm_tile<true, 5, 1>, gemm_tile<true, 6, 1>};
const GemmFn pairs_16[] = {gemm_tile<false, 1, 2>, gemm_tile<false, 2, 2>, gemm_tile<false, 3, 2>,
                           gemm_tile<false, 4, 2>};
const GemmFn words_16[] = {gemm_tile<true, 1, 2>, gemm_tile<true, 2, 2>, gemm_tile<true, 3, 2>, gemm_tile<true, 4, 2>};
const GemmTile tiles[] = {{6, 8, pairs_8, words_8}, {4, 16, pairs_16, words_16}};

}  // namespace

const GemmRow gemm_avx2 = {"avx2", tiles, 2, 8, 50};

}  // namespace octavo

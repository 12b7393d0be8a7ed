// Family gemm on AVX512-VNNI: four products and the sum in one instruction, without saturation.
#include "kernels/gemm_avx512.h"

namespace octavo {
namespace {

struct Dot {
    static constexpr bool words = false;
    static OCTAVO_INLINE __m512i add(__m512i sum, __m512i a, __m512i w) { return _mm512_dpbusd_epi32(sum, a, w); }
};

#define OCTAVO_TILE(rows, vectors) gemm_tile<Dot, rows, vectors>
const GemmFn columns_16[] = {OCTAVO_TILE(1, 1),  OCTAVO_TILE(2, 1),  OCTAVO_TILE(3, 1),  OCTAVO_TILE(4, 1),
                             OCTAVO_TILE(5, 1),  OCTAVO_TILE(6, 1),  OCTAVO_TILE(7, 1),  OCTAVO_TILE(8, 1),
                             OCTAVO_TILE(9, 1),  OCTAVO_TILE(10, 1), OCTAVO_TILE(11, 1), OCTAVO_TILE(12, 1),
                             OCTAVO_TILE(13, 1), OCTAVO_TILE(14, 1), OCTAVO_TILE(15, 1), OCTAVO_TILE(16, 1)};
const GemmFn columns_32[] = {OCTAVO_TILE(1, 2),  OCTAVO_TILE(2, 2),  OCTAVO_TILE(3, 2),  OCTAVO_TILE(4, 2),
                             OCTAVO_TILE(5, 2),  OCTAVO_TILE(6, 2),  OCTAVO_TILE(7, 2),  OCTAVO_TILE(8, 2),
                             OCTAVO_TILE(9, 2),  OCTAVO_TILE(10, 2), OCTAVO_TILE(11, 2), OCTAVO_TILE(12, 2),
                             OCTAVO_TILE(13, 2), OCTAVO_TILE(14, 2)};
const GemmFn columns_48[] = {OCTAVO_TILE(1, 3), OCTAVO_TILE(2, 3), OCTAVO_TILE(3, 3), OCTAVO_TILE(4, 3),
                             OCTAVO_TILE(5, 3), OCTAVO_TILE(6, 3), OCTAVO_TILE(7, 3), OCTAVO_TILE(8, 3)};
const GemmFn columns_64[] = {OCTAVO_TILE(1, 4), OCTAVO_TILE(2, 4), OCTAVO_TILE(3, 4),
                             OCTAVO_TILE(4, 4), OCTAVO_TILE(5, 4), OCTAVO_TILE(6, 4)};
#undef OCTAVO_TILE

const GemmTile tiles[] = {{16, 16, columns_16, nullptr},
                          {14, 32, columns_32, nullptr},
                          {8, 48, columns_48, nullptr},
                          {6, 64, columns_64, nullptr}};

}  // namespace

const GemmRow gemm_vnni = {"vnni", tiles, 4, 16, 200};

}  // namespace octavo

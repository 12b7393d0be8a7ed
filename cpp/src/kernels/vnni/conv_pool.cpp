// Family conv_pool on AVX512-VNNI: 24 sums of up to 12 pixels of two lines, a quarter of them through the output stage.
#include "kernels/conv_pool.h"

#include "kernels/gemm_avx512.h"

namespace octavo {
namespace {

template <int rows, int vectors>
void tile(const ConvPoolArgs& args) {
    constexpr int pixels = 2 * rows;
    const GemmArgs& gemm = args.gemm;
    __m512i sums[2][pixels][vectors];
#pragma GCC unroll 2
    for (int j = 0; j < vectors; j++) {
        const __m512i start = _mm512_loadu_si512(gemm.stage->start + gemm.column + 16 * j);
#pragma GCC unroll 24
        for (int i = 0; i < 2 * pixels; i++) {
            sums[i / pixels][i % pixels][j] = start;
            opaque(sums[i / pixels][i % pixels][j]);
        }
    }
    const __m512i* b = static_cast<const __m512i*>(gemm.b);
    const int32_t* offset = gemm.offsets;
    const int32_t* const end = offset + gemm.groups;
    const int64_t stride = gemm.a_stride, stride3 = 3 * gemm.a_stride, lower = args.lower;
    for (; offset != end; offset++) {
        const uint8_t* a = gemm.a + *offset;
        __m512i w[vectors];
#pragma GCC unroll 2
        for (int j = 0; j < vectors; j++) w[j] = _mm512_load_si512(b + j);
#pragma GCC unroll 2
        for (int l = 0; l < 2; l++) {
            const uint8_t* line = l == 0 ? a : a + lower;
            opaque(line);
#pragma GCC unroll 12
            for (int i = 0; i < pixels; i++) {
                const __m512i x = broadcast_row(line, stride, stride3, i);
#pragma GCC unroll 2
                for (int j = 0; j < vectors; j++) {
                    sums[l][i][j] = _mm512_dpbusd_epi32(sums[l][i][j], x, w[j]);
                    opaque(sums[l][i][j]);
                }
            }
        }
        b += vectors;
    }
    __m512i most[rows][vectors];
#pragma GCC unroll 6
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 2
        for (int j = 0; j < vectors; j++) {
            most[i][j] = _mm512_max_epi32(_mm512_max_epi32(sums[0][2 * i][j], sums[0][2 * i + 1][j]),
                                          _mm512_max_epi32(sums[1][2 * i][j], sums[1][2 * i + 1][j]));
        }
    }
    write_bytes<rows, vectors>(gemm, nullptr, static_cast<uint8_t*>(gemm.c), most);
}

const ConvPoolFn columns_16[] = {tile<1, 1>, tile<2, 1>, tile<3, 1>, tile<4, 1>, tile<5, 1>, tile<6, 1>};
const ConvPoolFn columns_32[] = {tile<1, 2>, tile<2, 2>, tile<3, 2>};
const ConvPoolTile tiles[] = {{{6, 16, nullptr}, columns_16}, {{3, 32, nullptr}, columns_32}};

}  // namespace

const ConvPoolRow conv_pool_vnni = {"vnni", tiles, 2, 200};

}  // namespace octavo

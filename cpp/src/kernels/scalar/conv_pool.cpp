// Family conv_pool, the definition: start[j] + sum over k of A[pixel, k] * B[k, j] of 2 x 2 pixels, the largest, the output stage.
#include "kernels/conv_pool.h"

#include "kernels/scalar/output.h"

namespace octavo {
namespace {

template <int rows, int columns>
void tile(const ConvPoolArgs& args) {
    const GemmArgs& gemm = args.gemm;
    const int8_t* b = static_cast<const int8_t*>(gemm.b);
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < gemm.columns; j++) {
            int32_t most = INT32_MIN;
            for (int pixel = 0; pixel < 4; pixel++) {
                int32_t sum = gemm.stage->start[gemm.column + j];
                for (int64_t g = 0; g < gemm.groups; g++) {
                    const uint8_t* a = gemm.a + (2 * i + pixel % 2) * gemm.a_stride + pixel / 2 * args.lower;
                    for (int k = 0; k < 4; k++)
                        sum = multiply_add(sum, a[gemm.offsets[g] + k], b[(g * columns + j) * 4 + k]);
                }
                most = sum > most ? sum : most;
            }
            write_output(*gemm.stage, most, gemm.column + j, nullptr, 0, gemm.c, i * gemm.c_stride + j);
        }
    }
}

const ConvPoolFn rows[] = {tile<1, 16>, tile<2, 16>, tile<3, 16>, tile<4, 16>};
const ConvPoolTile tiles[] = {{{4, 16, nullptr}, rows}};

}  // namespace

const ConvPoolRow conv_pool_scalar = {"scalar", tiles, 1, 1};

}  // namespace octavo

// Family gemm, the definition, for any tile: C[i, j] = start[j] + sum over k of A[i, k] * B[k, j], then the output stage.
#ifndef OCTAVO_KERNELS_SCALAR_GEMM_TILE_H
#define OCTAVO_KERNELS_SCALAR_GEMM_TILE_H

#include "kernels/gemm.h"
#include "kernels/scalar/output.h"

namespace octavo {
namespace {

template <int rows, int columns>
void one_tile(const GemmArgs& args) {
    const int8_t* b = static_cast<const int8_t*>(args.b);
    const OutputStage& stage = *args.stage;
    int32_t sums[rows][columns];
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) sums[i][j] = args.start[args.column + j];
    }
    for (int64_t g = 0; g < args.groups; g++) {
        for (int i = 0; i < rows; i++) {
            const uint8_t* a = args.a + i * args.a_stride + args.offsets[g];
            for (int j = 0; j < columns; j++) {
                for (int k = 0; k < 4; k++) sums[i][j] = multiply_add(sums[i][j], a[k], b[(g * columns + j) * 4 + k]);
            }
        }
    }
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < args.columns; j++) {
            const int64_t n = args.column + j;
            int32_t sum = sums[i][j];
            if (stage.weight_zero != nullptr) {
                const uint32_t correction =
                    static_cast<uint32_t>(stage.weight_zero[n]) * static_cast<uint32_t>(args.row_sums[i]);
                sum = static_cast<int32_t>(static_cast<uint32_t>(sum) - correction);
            }
            write_output(stage, sum, n, args.residual, i * args.residual_stride + j, args.c, i * args.c_stride + j);
        }
    }
}

template <int rows, int columns>
void gemm_tile(const GemmArgs& given) {
    for (GemmArgs args = given; args.tiles > 0; next_tile(args)) one_tile<rows, columns>(args);
}

}  // namespace
}  // namespace octavo

#endif

#include "kernels/scalar/gemm_tile.h"

namespace octavo {
namespace {

const GemmFn rows_of_8[] = {gemm_tile<1, 8>, gemm_tile<2, 8>, gemm_tile<3, 8>, gemm_tile<4, 8>};
const GemmTile tiles[] = {{4, 8, rows_of_8}};

void row_sums(const RowSumsArgs& args) {
    for (int64_t i = 0; i < args.rows; i++) {
        int32_t sum = 0;
        for (int64_t r = 0; r < args.run_count; r++) {
            const uint8_t* run = args.a + i * args.a_stride + args.runs[r].offset;
            for (int32_t k = 0; k < args.runs[r].length; k++) sum += run[k];
        }
        args.sums[i] = sum;
    }
}

}  // namespace

const GemmRow gemm_scalar = {"scalar", tiles, 1, row_sums, 8, 1};

}  // namespace octavo

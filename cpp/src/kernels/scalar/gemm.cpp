#include "kernels/scalar/gemm_tile.h"

namespace octavo {
namespace {

const GemmFn rows_of_8[] = {gemm_tile<1, 8>, gemm_tile<2, 8>, gemm_tile<3, 8>, gemm_tile<4, 8>};
const GemmTile tiles[] = {{4, 8, rows_of_8}};

}  // namespace

const GemmRow gemm_scalar = {"scalar", tiles, 1, 8, 1};

}  // namespace octavo

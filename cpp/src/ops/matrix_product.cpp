#include "ops/matrix_product.h"

#include "ops/pairs_product.h"

namespace octavo {

std::unique_ptr<MatrixProduct> matrix_product(Isa isa, GroupLayout layout, const StageOperands& operands, int groups,
                                              int64_t group_bytes, int64_t width, const ConvGeometry* padded) {
    if (const PairsRow* row = pairs_row(isa))
        return std::make_unique<PairsProduct>(*row, layout, operands, groups, group_bytes, width);
    return std::make_unique<GemmProduct>(gemm_row(isa), std::move(layout), operands, groups, group_bytes, width,
                                         padded);
}

bool has_borders(Isa isa) { return pairs_row(isa) == nullptr && gemm_row(isa).tiles->bordered != nullptr; }

}  // namespace octavo

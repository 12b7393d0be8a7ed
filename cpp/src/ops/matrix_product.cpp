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

int over_read_of(Isa isa, const GroupLayout& layout, const DenseWeights& weights, int groups, int64_t width) {
    if (pairs_row(isa) == nullptr) return layout.over_read;
    return PairsProduct::over_read_of(PairsProduct::depth_of(layout, weights, groups, width));
}

bool has_borders(Isa isa) { return pairs_row(isa) == nullptr && gemm_row(isa).tiles->bordered != nullptr; }

}  // namespace octavo

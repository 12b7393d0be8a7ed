// Lines of pixels by whichever family of products the instruction set has.
#ifndef OCTAVO_OPS_MATRIX_PRODUCT_H
#define OCTAVO_OPS_MATRIX_PRODUCT_H

#include <memory>

#include "ops/gemm_product.h"

namespace octavo {

// Operands as for GemmProduct.
std::unique_ptr<MatrixProduct> matrix_product(Isa isa, GroupLayout layout, const StageOperands& operands, int groups,
                                              int64_t group_bytes, int64_t width, const ConvGeometry* padded = nullptr);

// As over_read() of that product.
int over_read_of(Isa isa, const GroupLayout& layout, const DenseWeights& weights, int groups, int64_t width);

// True if matrix_product takes a convolution whose padding is in no memory.
bool has_borders(Isa isa);

}  // namespace octavo

#endif

#include "registry/products.h"

namespace octavo {

const GemmRow& gemm_row(Isa isa) {
    static const GemmRow* const rows[isa_count] = {&gemm_scalar, &gemm_avx2, &gemm_avx512, &gemm_vnni};
    return *rows[static_cast<int>(isa)];
}

const DepthwiseRow& depthwise_row(Isa isa) {
    static const DepthwiseRow* const rows[isa_count] = {&depthwise_scalar, &depthwise_avx2, &depthwise_avx512,
                                                        &depthwise_vnni};
    return *rows[static_cast<int>(isa)];
}

const LookupRow& lookup_row(Isa isa, bool one_table) {
    if (one_table && isa == Isa::vnni && has_vbmi()) return lookup_one_table_vnni;
    static const LookupRow* const rows[isa_count] = {&lookup_scalar, &lookup_avx2, &lookup_avx512, &lookup_vnni};
    return *rows[static_cast<int>(isa)];
}

const ConvLineRow* conv_line_row(Isa isa) {
    if (isa == Isa::scalar) return &conv_line_scalar;
    return isa == Isa::vnni && has_vbmi() ? &conv_line_vnni : nullptr;
}

const ConvPoolRow* conv_pool_row(Isa isa) {
    if (isa == Isa::scalar) return &conv_pool_scalar;
    return isa == Isa::vnni ? &conv_pool_vnni : nullptr;
}

}  // namespace octavo

#include "registry/products.h"

namespace octavo {

const GemmRow& gemm_row(Isa isa) {
    static const GemmRow* const rows[isa_count] = {&gemm_scalar, &gemm_scalar, &gemm_scalar, &gemm_vnni};
    return *rows[static_cast<int>(isa)];
}

const PairsRow* pairs_row(Isa isa) {
    static const PairsRow* const rows[isa_count] = {nullptr, &pairs_avx2, &pairs_avx512, nullptr};
    return rows[static_cast<int>(isa)];
}

ProductRate product_rate(Isa isa) {
    const PairsRow* pairs = pairs_row(isa);
    if (pairs != nullptr) return {pairs->lanes, pairs->macs_per_ns};
    return {gemm_row(isa).lanes, gemm_row(isa).macs_per_ns};
}

const DepthwiseRow& depthwise_row(Isa isa) {
    static const DepthwiseRow* const rows[isa_count] = {&depthwise_scalar, &depthwise_avx2, &depthwise_avx512,
                                                        has_vbmi() ? &depthwise_vbmi_vnni : &depthwise_vnni};
    return *rows[static_cast<int>(isa)];
}

const LookupRow& lookup_row(Isa isa, bool one_table) {
    if (one_table && isa == Isa::vnni && has_vbmi()) return lookup_one_table_vnni;
    static const LookupRow* const rows[isa_count] = {&lookup_scalar, &lookup_avx2, &lookup_avx512, &lookup_vnni};
    return *rows[static_cast<int>(isa)];
}

const WeightOnlyRow& weight_only_row(Isa isa) {
    static const WeightOnlyRow* const rows[isa_count] = {&weight_only_scalar, &weight_only_avx2, &weight_only_avx512,
                                                         &weight_only_avx512};
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

const WinogradRow* winograd_row(Isa isa, int64_t outputs) {
    static const WinogradRow* const rows[isa_count] = {nullptr, &winograd_avx2, &winograd_avx512, &winograd_vnni};
    // Two narrow vectors are filled by what fills one wide one.
    if (isa == Isa::avx512 && outputs <= winograd_avx2.columns) return &winograd_avx2;
    return rows[static_cast<int>(isa)];
}

const TapsRow* taps_row(Isa isa) { return isa == Isa::vnni ? &taps_vnni : nullptr; }

}  // namespace octavo

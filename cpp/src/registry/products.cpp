#include "registry/products.h"

#include "registry/best_row.h"

namespace octavo {
namespace {

// Products of matrices: one of the two families.
struct MatrixRows {
    const GemmRow* gemm;
    const PairsRow* pairs;
};
constexpr MatrixRows matrix_vnni = {&gemm_vnni, nullptr}, matrix_avx512 = {nullptr, &pairs_avx512},
                     matrix_avx2 = {nullptr, &pairs_avx2}, matrix_scalar = {&gemm_scalar, nullptr};
const RegistryRow<MatrixRows> matrix_rows[] = {
    {Isa::vnni, &matrix_vnni},
    {Isa::avx512, &matrix_avx512},
    {Isa::avx2, &matrix_avx2},
    {Isa::scalar, &matrix_scalar},
};

const RegistryRow<DepthwiseRow> depthwise_rows[] = {
    {Isa::vbmi, &depthwise_vbmi_vnni}, {Isa::vnni, &depthwise_vnni},     {Isa::avx512, &depthwise_avx512},
    {Isa::avx2, &depthwise_avx2},      {Isa::scalar, &depthwise_scalar},
};

const RegistryRow<LookupRow> lookup_rows[] = {
    {Isa::vnni, &lookup_vnni},
    {Isa::avx512, &lookup_avx512},
    {Isa::avx2, &lookup_avx2},
    {Isa::scalar, &lookup_scalar},
};

const RegistryRow<WeightOnlyRow> weight_only_rows[] = {
    {Isa::avx512, &weight_only_avx512},
    {Isa::avx2, &weight_only_avx2},
    {Isa::scalar, &weight_only_scalar},
};

const RegistryRow<WinogradRow> winograd_rows[] = {
    {Isa::vnni, &winograd_vnni},
    {Isa::avx512, &winograd_avx512},
    {Isa::avx2, &winograd_avx2},
};

}  // namespace

const GemmRow& gemm_row(Isa isa) {
    const GemmRow* gemm = best_row(matrix_rows, isa).gemm;
    return gemm != nullptr ? *gemm : gemm_scalar;
}

const PairsRow* pairs_row(Isa isa) { return best_row(matrix_rows, isa).pairs; }

ProductRate product_rate(Isa isa) {
    const PairsRow* pairs = pairs_row(isa);
    if (pairs != nullptr) return {pairs->lanes, pairs->macs_per_ns};
    return {gemm_row(isa).lanes, gemm_row(isa).macs_per_ns};
}

const DepthwiseRow& depthwise_row(Isa isa) { return best_row(depthwise_rows, isa); }

const LookupRow& lookup_row(Isa isa, bool one_table) {
    return one_table && allows(isa, Isa::vbmi) ? lookup_one_table_vnni : best_row(lookup_rows, isa);
}

const WeightOnlyRow& weight_only_row(Isa isa) { return best_row(weight_only_rows, isa); }

const ConvLineRow* conv_line_row(Isa isa) {
    if (isa == Isa::scalar) return &conv_line_scalar;
    return allows(isa, Isa::vbmi) ? &conv_line_vnni : nullptr;
}

const ConvPoolRow* conv_pool_row(Isa isa) {
    if (isa == Isa::scalar) return &conv_pool_scalar;
    return allows(isa, Isa::vnni) ? &conv_pool_vnni : nullptr;
}

const WinogradRow* winograd_row(Isa isa, int64_t outputs) {
    if (!allows(isa, Isa::avx2)) return nullptr;
    const WinogradRow* row = &best_row(winograd_rows, isa);
    // Two narrow vectors are filled by what fills one wide one.
    return row == &winograd_avx512 && outputs <= winograd_avx2.columns ? &winograd_avx2 : row;
}

const TapsRow* taps_row(Isa isa) { return allows(isa, Isa::vnni) ? &taps_vnni : nullptr; }

}  // namespace octavo

// The table of integer products: family x instruction set -> kernels with their tile constants.
#ifndef OCTAVO_REGISTRY_PRODUCTS_H
#define OCTAVO_REGISTRY_PRODUCTS_H

#include "cpu/isa.h"
#include "kernels/conv.h"
#include "kernels/conv_pool.h"
#include "kernels/depthwise.h"
#include "kernels/gemm.h"
#include "kernels/lookup.h"
#include "kernels/pairs.h"
#include "kernels/taps.h"
#include "kernels/weight_only.h"
#include "kernels/winograd.h"

namespace octavo {

// Where bytes are multiplied and added four at a time (VNNI) or one by one (scalar); scalar where there is family pairs instead.
const GemmRow& gemm_row(Isa isa);
// Null where there is family gemm instead.
const PairsRow* pairs_row(Isa isa);
// Of whichever of the two there is: columns of a vector, multiply-adds a nanosecond.
struct ProductRate {
    int lanes, macs_per_ns;
};
ProductRate product_rate(Isa isa);
const DepthwiseRow& depthwise_row(Isa isa);
// one_table: the weights have one table for all, so that a row of layout columns can serve.
const LookupRow& lookup_row(Isa isa, bool one_table);
const WeightOnlyRow& weight_only_row(Isa isa);
// Null where the instruction set has none (the gemm tiles serve): it takes the byte permutes of VBMI.
const ConvLineRow* conv_line_row(Isa isa);
// Null where the instruction set has none: convolution and maximum stay two steps.
const ConvPoolRow* conv_pool_row(Isa isa);
// For convolutions with so many outputs; null where the instruction set has none.
const WinogradRow* winograd_row(Isa isa, int64_t outputs);
// Null where the instruction set has none: the gemm tiles serve.
const TapsRow* taps_row(Isa isa);

}  // namespace octavo

#endif

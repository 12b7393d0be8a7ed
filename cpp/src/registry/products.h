// The table of integer products: family x instruction set -> kernels with their tile constants.
#ifndef OCTAVO_REGISTRY_PRODUCTS_H
#define OCTAVO_REGISTRY_PRODUCTS_H

#include "cpu/isa.h"
#include "kernels/conv.h"
#include "kernels/conv_pool.h"
#include "kernels/depthwise.h"
#include "kernels/gemm.h"
#include "kernels/lookup.h"

namespace octavo {

const GemmRow& gemm_row(Isa isa);
const DepthwiseRow& depthwise_row(Isa isa);
// one_table: the weights have one table for all, so that a row of layout columns can serve.
const LookupRow& lookup_row(Isa isa, bool one_table);
// Null where the instruction set has none (the gemm tiles serve): it takes the byte permutes of VBMI.
const ConvLineRow* conv_line_row(Isa isa);
// Null where the instruction set has none: convolution and maximum stay two steps.
const ConvPoolRow* conv_pool_row(Isa isa);

}  // namespace octavo

#endif

// Family weight_only: Y[M, N] = X[M, K] * W[N, K]^T + bias, X, Y f32, W quantized, with groups along K (or one of them all).
//
//   t = bias[n], or 0 without
//   for each group g, ascending: p = 0
//       for each k of the group, ascending: p = fma(x[k], float(w[n, k] - zero[g][n]), p)
//       t = fma(p, scale[g][n], t)
//   y = t
// Every instruction set rounds in this order, so all agree to the bit, NaN's payload excepted. NaN and infinities in X take
// part as IEEE 754 says.
//
// W is packed in panels of row.columns columns:
//   bytes  [K][columns] s8
//   codes  [ceil(K / 8)][columns][4]: codes of 16 levels that all columns and groups share; byte i holds k = i in its low and
//          k = 4 + i in its high four bits. Groups begin at multiples of 8.
#ifndef OCTAVO_KERNELS_WEIGHT_ONLY_H
#define OCTAVO_KERNELS_WEIGHT_ONLY_H

#include <stdint.h>

namespace octavo {

struct WeightOnlyArgs {
    const float* x;
    int64_t x_stride;  // elements
    int64_t depth, group_size;
    const void* weights;  // the panel, 64-byte aligned
    const int8_t* table;  // codes: [16]
    // Of the panel's columns, padded to all of them, 64-byte aligned; scales and zeros [groups], group_step elements apart.
    const float* scales;
    const float* zeros;  // null: all 0
    int64_t group_step;
    const float* bias;  // null: none
    float* y;
    int64_t y_stride;  // elements
    int32_t columns;   // to write
};

using WeightOnlyFn = void (*)(const WeightOnlyArgs&);

struct WeightOnlyRow {
    const char* isa;
    int rows, columns;          // of a tile
    int macs_per_ns;            // roughly, to decide what is worth a thread
    const WeightOnlyFn* bytes;  // [rows]: the function for 1, 2, .. rows
    const WeightOnlyFn* codes;  // likewise
    bool fast_codes;            // no slower than bytes
};

extern const WeightOnlyRow weight_only_scalar, weight_only_avx2, weight_only_avx512;

}  // namespace octavo

#endif

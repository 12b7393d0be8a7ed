// Family gemm: C[M, N] = A[M, K] * B[K, N], u8 by s8 to s32, one tile of rows x columns a call, output stage included.
//
// K comes in groups of four bytes. Group g of row i is the four bytes at a + i * a_stride + offsets[g]; so a matrix, the taps of
// a convolution in NHWC, dilation and channel groups differ by the table alone. B is packed in panels of `columns` columns:
//   bytes  [groups][columns][4] s8
//   words  [groups][2][columns][2] s16: of each group the weights 0 and 2, then 1 and 3
// Where an instruction set adds pairs of products in 16 bits, `bytes` is only for panels proved not to overflow there, and
// `words` is exact for all; where it does not, `bytes` is exact for all and there is no `words`.
#ifndef OCTAVO_KERNELS_GEMM_H
#define OCTAVO_KERNELS_GEMM_H

#include <stdint.h>

#include "kernels/output.h"

namespace octavo {

struct GemmArgs {
    const uint8_t* a;
    int64_t a_stride;        // bytes
    const int32_t* offsets;  // [groups]
    int64_t groups;
    const void* b;  // the panel, 64-byte aligned
    const OutputStage* stage;
    int64_t column;           // the panel's first packed column, for the arrays of the stage
    int32_t columns;          // columns to write, 1 to the tile's
    const int32_t* row_sums;  // [rows], read where stage->weight_zero is set
    void* c;                  // the tile's first element
    int64_t c_stride;         // elements from row to row
    const void* residual;     // null: none
    int64_t residual_stride;
};

using GemmFn = void (*)(const GemmArgs&);

struct GemmTile {
    int rows, columns;
    const GemmFn* bytes;  // [rows]: the function for 1, 2, .. rows
    const GemmFn* words;  // likewise, or null
};

struct GemmRow {
    const char* isa;
    const GemmTile* tiles;  // by ascending columns
    int tile_count;
    int lanes;        // columns of a vector
    int macs_per_ns;  // multiply-adds a nanosecond, roughly: to decide what is worth a thread
};

extern const GemmRow gemm_scalar, gemm_vnni;

}  // namespace octavo

#endif

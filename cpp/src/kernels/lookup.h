// Family lookup: C[M, N] = A[M, K] * B[K, N] for few rows, B as 4-bit codes decoded through tables of 16 s8 levels, or with
// groups along K as s8 numbers.
//
// K comes in blocks. A panel has row.columns columns, in one of two layouts:
//   lanes    a table a column; blocks of 32. Columns in parts of row.part: position l of vector v of a part's four is column
//            4 * l + v, 16 bytes of codes: byte i holds k = i in its low and k = 16 + i in its high four bits. Codes
//            [blocks][columns / part][4][part / 4][16], tables [columns / part][4][part / 4][16].
//   columns  one table for all; blocks of 8. Codes [blocks][columns][4]: byte i holds k = i in its low and k = 4 + i in its high
//            four bits. Table [16].
// Bytes lie as the codes of their layout do, but half a block after the other: lanes [blocks][2][columns / part][4][part / 4][16],
// columns [blocks][2][columns][4].
// Rows of A are padded with zeros to whole blocks. Where row.copies is 4, each 16 bytes of them appear four times.
//
// Without groups the sums go through the output stage. With groups of group_blocks blocks along K
//   A_g = zero_point * starts[g][n] + sum of the group's products, X = 0, then X = fma(float(A_g), scales[g][n], X) by ascending g
// and X is what the output stage takes for float(A).
#ifndef OCTAVO_KERNELS_LOOKUP_H
#define OCTAVO_KERNELS_LOOKUP_H

#include <stdint.h>

#include "kernels/output.h"

namespace octavo {

struct LookupArgs {
    const uint8_t* a;
    int64_t a_stride;  // bytes
    int64_t blocks;
    const uint8_t* codes;      // or bytes; 64-byte aligned
    const int8_t* tables;      // likewise; of codes alone
    const OutputStage* stage;  // no weight zero points
    int64_t column;            // first column of the panel
    int32_t columns;           // columns to write
    void* c;
    int64_t c_stride;

    // Read by the functions for groups alone.
    int64_t group_blocks;
    int64_t table_step;     // bytes from the tables of a group to those of the next; 0: the same for all
    int32_t zero_point;     // of A
    const int32_t* starts;  // from the panel's first column on
    const float* scales;    // likewise
    int64_t group_step;     // elements from group to group of both
};

using LookupFn = void (*)(const LookupArgs&);

// A panel without groups as family gemm reads it, for many rows: to [blocks * block / 4][columns][4], 64-byte aligned.
struct DecodeArgs {
    const uint8_t* codes;
    const int8_t* tables;
    int64_t blocks;
    int8_t* to;
};

enum LookupLayout { lookup_lanes, lookup_columns };

struct LookupRow {
    const char* isa;
    LookupLayout layout;
    int block;                // of K
    int columns;              // of a panel
    int part;                 // layout lanes; otherwise the panel
    int copies;               // of each 16 bytes of A: 1 or 4
    int rows;                 // most rows a call
    const LookupFn* sums;     // [rows]: for 1, 2, .. rows
    const LookupFn* grouped;  // likewise, with groups
    const LookupFn* bytes;    // likewise, with groups of bytes
    // Likewise for products of which no two neighbours' sum leaves 16 bits; null: the others are as fast.
    const LookupFn* pair_sums;
    const LookupFn* pair_grouped;
    void (*decode)(const DecodeArgs&);  // null: none
};

extern const LookupRow lookup_scalar, lookup_avx2, lookup_avx512, lookup_vnni, lookup_one_table_vnni;

}  // namespace octavo

#endif

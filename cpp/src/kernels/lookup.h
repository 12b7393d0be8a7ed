// Family lookup: C[M, N] = A[M, K] * B[K, N] for few rows, B as 4-bit codes decoded through a table of 16 s8 levels a column.
//
// K comes in blocks of 32. A panel has row.columns columns in 4 vectors: position l of vector v is column 4 * l + v, 16 bytes of
// codes. Byte i holds k = i in its low and k = 16 + i in its high four bits. Codes: [blocks][4][columns / 4][16]; tables:
// [4][columns / 4][16] s8. Rows of A are padded with zeros to whole blocks.
#ifndef OCTAVO_KERNELS_LOOKUP_H
#define OCTAVO_KERNELS_LOOKUP_H

#include <stdint.h>

#include "kernels/output.h"

namespace octavo {

struct LookupArgs {
    const uint8_t* a;
    int64_t a_stride;  // bytes
    int64_t blocks;
    const uint8_t* codes;
    const int8_t* tables;
    const OutputStage* stage;  // no weight zero points
    int64_t column;            // first column of the panel
    int32_t columns;           // columns to write
    void* c;
    int64_t c_stride;
};

using LookupFn = void (*)(const LookupArgs&);

constexpr int lookup_block = 32;
constexpr int lookup_rows = 4;  // most rows a call

struct LookupRow {
    const char* isa;
    LookupFn rows[lookup_rows];  // for 1, 2, .. rows
    int columns;                 // of a panel
};

extern const LookupRow lookup_scalar, lookup_avx2, lookup_avx512, lookup_vnni;

}  // namespace octavo

#endif

// Family pairs: what family gemm computes, for instruction sets that multiply bytes or words and add two neighbouring products.
//
// A is copied into rows without gaps first, K in groups of four, zeros at the end; so a matrix, taps of a convolution, dilation and
// channel groups are all the same. Rows that share most of their bytes, as pixels of a convolution do, may instead be spans of an
// image, of bytes as it is or made to words as a whole. B is packed in panels of a tile's columns. Three forms:
//   cross   (a0 + w1)(a1 + w0) = a0 w0 + a1 w1 + a0 a1 + w0 w1 in 16-bit factors (Winograd, A New Algorithm for Inner Product, 1968):
//           exact for all codes. The third term is of A's row alone, the fourth of B's column. Rows are words, of each group
//           a0 a2 a1 a3; panels [groups][2][columns][2] s16, of each group w1 w3, then w0 w2.
//   bytes   u8 times s8, two products added in 16 bits. Rows [groups][4] u8, panels [groups][columns][4] s8.
//   quads   the same of two groups, added in 16 bits before they go to 32; the number of groups is even.
// Panels of bytes and quads are proved not to leave 16 bits at packing. Where a few weights break the proof, these are made smaller,
// and what is missing is added as further groups of bytes (`extras`), which name where in a row the bytes are that they meet.
#ifndef OCTAVO_KERNELS_PAIRS_H
#define OCTAVO_KERNELS_PAIRS_H

#include <stdint.h>

#include "kernels/gemm.h"

namespace octavo {

enum PairsForm { pairs_cross, pairs_bytes, pairs_quads };
constexpr int pairs_forms = 3;

// Groups of a row that lie side by side, from `offset` bytes of it on.
struct PairsSpan {
    int32_t offset, groups;
};

// Of GemmArgs: tiles, b, stage, column, columns, row_sums, c and residual; a is the first packed row, a_stride from row to row.
struct PairsArgs : GemmArgs {
    const PairsSpan* spans;
    int64_t span_count;
    const int32_t* terms;      // [the tile's columns], added to the stage's start
    const int32_t* row_terms;  // [tiles * rows], subtracted; cross only
    int64_t extras;
    const int32_t* extra_offsets;  // [extras], bytes of a row
    const void* extra_b;           // [extras][columns][4] s8
};
using PairsFn = void (*)(PairsArgs);

// A part of 16 bytes of a packed row: of the 16 bytes of A at `offset` those that the masks name (128: none). The masks are for rows
// of bytes and, each group in the order of words, for rows of words.
struct RowPiece {
    int32_t offset;
    uint8_t bytes[16], words[16];
};

struct PairsRows {
    const uint8_t* a;
    int64_t pixel_bytes;  // from row to row
    int64_t rows;
    const ByteRun* runs;
    int32_t run_count;
    int32_t chunks;          // of 16 bytes in a row, the last filled up with zeros
    const RowPiece* pieces;  // null, or the runs again: [chunks][pieces_a_chunk], which together are 16 bytes each
    int32_t pieces_a_chunk;
    bool over_read;   // 15 bytes behind a run may be read
    uint8_t* packed;  // 64-byte aligned, 16 bytes to spare in a row
    int64_t stride;   // bytes
    int32_t* terms;   // words: the sum of a0 a1 + a2 a3 of each row
};
using PairsRowsFn = void (*)(const PairsRows&);

// `bytes` bytes of an image, a multiple of 16, to words; terms[i]: the sum of a0 a1 + a2 a3 of all that is before byte 16 i.
struct PairsImage {
    const uint8_t* a;
    int64_t bytes;
    uint8_t* words;  // 64-byte aligned
    int32_t* terms;  // [bytes / 16 + 1]
};
using PairsImageFn = void (*)(const PairsImage&);

struct PairsTile {
    int rows, columns;
    const PairsFn* forms[pairs_forms];  // [rows]: the function for 1, 2, .. rows
};

struct PairsRow {
    const char* isa;
    PairsTile narrow, wide;  // one vector of columns, two
    // The narrow tile where there may be a single row, which takes as long as weights come: the proof holds for more groups of fewer
    // columns, and bytes are half of the words.
    bool narrow_for_any_rows;
    PairsRowsFn bytes, words;  // rows of A for bytes and quads, for cross
    PairsImageFn image;        // spans of A for cross
    int lanes;                 // columns of a vector
    int macs_per_ns;           // multiply-adds a nanosecond, roughly: to decide what is worth a thread
};

extern const PairsRow pairs_avx2, pairs_avx512;

}  // namespace octavo

#endif

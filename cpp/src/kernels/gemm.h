// Family gemm: C[M, N] = A[M, K] * B[K, N], u8 by s8 to s32, tiles of rows x columns, output stage included.
//
// K comes in groups of four bytes. Group g of row i is the four bytes at a + i * a_stride + offsets[g]; so a matrix, the taps of
// a convolution in NHWC, dilation and channel groups differ by the table alone. B is packed in panels of `columns` columns,
// [groups][columns][4] s8.
#ifndef OCTAVO_KERNELS_GEMM_H
#define OCTAVO_KERNELS_GEMM_H

#include <stdint.h>

#include "kernels/output.h"

namespace octavo {

// Groups of K in which all rows of a tile take part, or all but its first, or all but its last.
enum TileRows { tile_rows_all, tile_rows_but_first, tile_rows_but_last };
struct GroupRun {
    int32_t first, count;
    TileRows rows;
};

// What a tile at the border of an image adds up: some of the groups, from sums that start otherwise in its outer rows.
struct TileTaps {
    const GroupRun* runs;
    int64_t run_count;
    const int32_t *first_start, *start, *last_start;  // of the first row, those between, the last; by packed column
};
// Kinds of tiles in a line of pixels: inner ones, with the first pixel, with the last one, with both.
enum { tile_inner, tile_with_first, tile_with_last, tile_kinds = 4 };

struct alignas(64) GemmArgs {
    // What changes from call to call, in one line of the cache.
    const uint8_t* a;
    void* c;                  // the first tile's first element
    const void* residual;     // null: none
    const int32_t* row_sums;  // of all rows, read where stage->weight_zero is set
    int64_t rows, tiles;      // rows of a tile; tiles one below the other
    int64_t ahead;            // bytes from the panel to one that is wanted next and better fetched by then; 0: nothing
    int64_t ends;             // bordered: tile_with_first if the first tile has a line's first pixel, and so on

    const void* b;           // the panel, 64-byte aligned
    const int32_t* offsets;  // [groups]
    int64_t groups;
    int64_t a_stride;      // bytes
    const int32_t* start;  // what the sums start from, by packed column
    const TileTaps* taps;  // bordered: by kind, instead of all groups and start
    const OutputStage* stage;
    int64_t column;    // the panel's first packed column, for the arrays of the stage
    int64_t c_stride;  // elements from row to row
    int64_t residual_stride;
    int32_t columns;  // columns to write, 1 to the tile's
};

// On to the tile below.
__attribute__((always_inline)) static inline void next_tile(GemmArgs& args) {
    args.a += args.rows * args.a_stride;
    args.c = static_cast<uint8_t*>(args.c) + args.rows * args.c_stride * element_bytes(*args.stage);
    if (args.residual != nullptr) {
        args.residual = static_cast<const uint8_t*>(args.residual) + args.rows * args.residual_stride;
    }
    if (args.row_sums != nullptr) args.row_sums += args.rows;
    args.ahead = 0;
    args.tiles--;
}

using GemmFn = void (*)(const GemmArgs&);

struct GemmTile {
    int rows, columns;
    const GemmFn* functions;  // [rows]: the function for 1, 2, .. rows
    // The same for lines of an image with borders, by taps: u8 or s8 results, no weight zero points; or null.
    const GemmFn* bordered = nullptr;
};

// Bytes of a row of A that lie side by side.
struct ByteRun {
    int32_t offset, length;
};

// The sum of a row's codes, for weights with zero points.
struct RowSumsArgs {
    const uint8_t* a;
    int64_t a_stride;  // bytes
    int64_t rows;
    const ByteRun* runs;
    int64_t run_count;
    int32_t* sums;  // [rows]
};

struct GemmRow {
    const char* isa;
    const GemmTile* tiles;  // by ascending columns
    int tile_count;
    void (*row_sums)(const RowSumsArgs&);
    int lanes;        // columns of a vector
    int macs_per_ns;  // multiply-adds a nanosecond, roughly: to decide what is worth a thread
};

extern const GemmRow gemm_scalar, gemm_vnni;

}  // namespace octavo

#endif

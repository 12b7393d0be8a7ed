// Family taps: convolution with three taps side by side over whole lines of an image, 16 outputs at a time, u8 or s8 results,
// no weight zero points. Four bytes of a pixel are read once for all taps of a row that meet them, and taps beyond the image are
// left out.
#ifndef OCTAVO_KERNELS_TAPS_H
#define OCTAVO_KERNELS_TAPS_H

#include <stdint.h>

#include "kernels/gemm.h"

namespace octavo {

// What lines that miss the same rows of taps have in common: the groups inside of each of the three columns, four at least, and
// what the sums of the line's first pixel, of those between and of its last one start from, by packed column.
struct LineTaps {
    int32_t first, count;
    const int32_t *first_start, *start, *last_start;
};

// gemm describes a tile of `rows` pixels, as many tiles side by side as a line has: a, c and residual are of the first line's first
// pixel, and results of the next line follow those of the line before. Its b has the groups of the three columns one column after
// the other; offsets and groups are those of the first column, the others' bytes lie a_stride / stride behind the one before.
// ends: tile_with_first where the first pixel misses the first column of taps, tile_with_last where the last one misses the last.
struct TapsArgs {
    GemmArgs gemm;
    int64_t lines, line_bytes;  // bytes of A from line to line
    const LineTaps* kinds;
    const int32_t* kind_of_line;  // [lines]
};

using TapsFn = void (*)(const TapsArgs&);

struct TapsRow {
    const char* isa;
    GemmTile panel;              // most pixels, and columns; without functions
    int least;                   // pixels of a tile
    const TapsFn* functions[2];  // by stride - 1, [rows - least]
    int macs_per_ns;
};

extern const TapsRow taps_vnni;

}  // namespace octavo

#endif

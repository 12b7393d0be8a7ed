// Family conv_pool: a tile of family gemm and the maximum over 2 x 2 pixels at stride 2, taken of the sums before the output
// stage. Row i of a tile of `rows` results is the largest of the four sums of pixels 2 i and 2 i + 1 in two lines; the lower
// line's bytes lie `lower` behind the upper's. `gemm` describes the upper line's pixels (a_stride from pixel to pixel) and the
// results (c, c_stride); the stage has type u8 or s8 and no weight zero points, and there is no residual.
#ifndef OCTAVO_KERNELS_CONV_POOL_H
#define OCTAVO_KERNELS_CONV_POOL_H

#include <stdint.h>

#include "kernels/gemm.h"

namespace octavo {

struct ConvPoolArgs {
    GemmArgs gemm;
    int64_t lower;  // bytes
};

using ConvPoolFn = void (*)(const ConvPoolArgs&);

struct ConvPoolTile {
    GemmTile panel;         // most rows of results, and columns; without functions
    const ConvPoolFn* fns;  // [rows]: the function for 1, 2, .. rows
};

struct ConvPoolRow {
    const char* isa;
    const ConvPoolTile* tiles;  // by ascending columns
    int tile_count;
    int macs_per_ns;
};

extern const ConvPoolRow conv_pool_scalar, conv_pool_vnni;

}  // namespace octavo

#endif

// Family winograd: convolutions of 3x3 taps at stride 1 by minimal filtering (Winograd, Arithmetic Complexity of Computations, 1980;
// Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2016), F(4x4, 3x3) in integers, and exact.
//
// A tile is 4x4 pixels of the output. The 6x6 pixels d of the input that it sees become B' d B, a filter g becomes G g G', 36
// positions each; at each position these are multiplied over the channels as matrices, and A' m A are the tile's sums. That is 36
// products a channel where the definition takes 144.
//   B'  4  0 -5  0  1  0     G   6  0  0     A'  1  1  1  1  1  0
//       0 -4 -4  1  1  0        -4 -4 -4         0  1 -1  2 -2  0
//       0  4 -4 -1  1  0        -4  4 -4         0  1  1  4  4  0
//       0 -2 -1  2  1  0         1  2  4         0  1 -1  8 -8  2
//       0  2 -1 -2  1  0         1 -2  4
//       0  4  0 -5  0  1         0  0 12
// This G makes the sums 24 * 24 = 64 * 9 times what they are. Of codes 0..255 and weights -128..127 come -12750..17340 and
// -18432..18432, words of 16 bits. Sums are modulo 2^32, where 9 has an inverse: if 64 times a sum fits 32 bits it comes out exact,
// whatever was lost in between.
#ifndef OCTAVO_KERNELS_WINOGRAD_H
#define OCTAVO_KERNELS_WINOGRAD_H

#include <stdint.h>

#include "kernels/gemm.h"

namespace octavo {

constexpr int winograd_pixels = 4, winograd_window = 6;  // of a tile, along each side
constexpr int winograd_positions = winograd_window * winograd_window;
constexpr int winograd_fractions = 6;  // bits below the sums
constexpr int winograd_channels = 16;  // channels in come in multiples of it

// One row of tiles: their words B' d B.
struct WinogradInput {
    const uint8_t* a;  // the image [height, width, channels]
    int64_t height, width, channels;
    int64_t top, left;  // pixel of the image where the first tile's window begins; may lie outside
    int64_t tiles;
    uint8_t padding;  // the code outside of the image
    uint8_t flip;     // 0x80: the top bit of the image's codes is flipped
    uint8_t* words;   // [36 positions][tiles][channels], 32-byte aligned
    int64_t plane;    // bytes from position to position
};
using WinogradInputFn = void (*)(const WinogradInput&);

// The products of some tiles with a panel of filters.
struct WinogradProducts {
    const uint8_t* words;  // as above
    int64_t plane;
    int64_t tiles, channels;
    const void* b;       // the panel [36][channels / 2][columns][2] s16, 64-byte aligned
    uint8_t* sums;       // [36][tiles][columns] s32, 64-byte aligned
    int64_t sums_plane;  // bytes from position to position
};
using WinogradProductsFn = void (*)(const WinogradProducts&);

// The results of one row of tiles. Of GemmArgs: c and residual (of the first tile's first pixel), c_stride, residual_stride, start,
// stage, column and columns; u8 or s8 results without weight zero points.
struct WinogradOutput : GemmArgs {
    const uint8_t* sums;  // of the row's first tile
    int64_t sums_plane;
    int64_t lines;   // that there are, up to 4
    int64_t pixels;  // of a line, of all tiles
    int64_t line;    // elements from line to line, of results and residual
};
using WinogradOutputFn = void (*)(const WinogradOutput&);

struct WinogradRow {
    const char* isa;
    int rows, columns;  // of a tile of the products
    // In products: what a tile costs beside them for each channel in and each one out, and a hundred products of the definition.
    int input_cost, output_cost, direct_cost;
    WinogradInputFn input;
    WinogradProductsFn products;
    WinogradOutputFn output;
    int macs_per_ns;  // products of the definition a nanosecond, roughly: to decide what is worth a thread
};

extern const WinogradRow winograd_avx2, winograd_avx512, winograd_vnni;

}  // namespace octavo

#endif

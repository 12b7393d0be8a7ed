// Family conv: one line of output pixels with few output channels, pixels in lanes. Layers of 1 to 4 input channels (times the
// stride) and 1 to 8 output channels, whose outputs would leave most lanes of a gemm tile empty.
//
// K groups as in family gemm: the bytes at a + p * pixel_stride + offsets[g] for pixel p. Sixteen pixels' groups lie within
// 64 bytes, which are read at once: `a` must have 64 readable bytes from each group of every sixteenth pixel on.
// B is [groups][outputs][4] s8; the stage has type u8 or s8, no weight zero points, and there is no residual.
//
// Groups whose bytes lie apart are joined of up to four pieces: kernel rows whose bytes are no multiple of four leave rests, which
// go into a group together. Byte i of such a group is read at a + p * pixel_stride + offset + i of the piece that has it; 64
// bytes are readable there too. Their B follows that of the other groups, [joined][lines][outputs][4].
//
// With a maximum over 2 x 2 pixels at stride 2, taken of the sums, two lines are computed at once. A group of bytes that both
// lines read is read once: first come the groups of the upper line alone, then those of both, whose B is [2][outputs][4] (the
// upper line's weights, then the lower's), then those of the lower line alone. Joined groups are of both lines.
#ifndef OCTAVO_KERNELS_CONV_H
#define OCTAVO_KERNELS_CONV_H

#include <stdint.h>

#include "kernels/output.h"

namespace octavo {

struct ConvPiece {
    int64_t offset;
    uint64_t bytes;  // which of four, sixteen times
};

struct ConvLineArgs {
    const uint8_t* a;
    const int32_t* offsets;   // [groups[0] + groups[1] + groups[2]]
    int64_t groups[3];        // of the upper line, of both, of the lower; where there is one line, all are of the upper
    const ConvPiece* pieces;  // [joined][pieces_each]: pieces that a group lacks have no bytes
    int64_t joined, pieces_each;
    const int8_t* b;
    const OutputStage* stage;
    int64_t pixels;  // of a line, before the maximum; even where it is taken
    uint8_t* c;      // [pixels, outputs], or [pixels / 2, outputs]
};

using ConvLineFn = void (*)(const ConvLineArgs&);

constexpr int conv_line_outputs = 8;       // most output channels
constexpr int conv_line_pixel_stride = 4;  // most bytes from pixel to pixel

struct ConvLineRow {
    const char* isa;
    ConvLineFn line[conv_line_pixel_stride][conv_line_outputs];    // [pixel stride - 1][outputs - 1]
    ConvLineFn pooled[conv_line_pixel_stride][conv_line_outputs];  // two lines and the maximum
};

extern const ConvLineRow conv_line_scalar, conv_line_vnni;

}  // namespace octavo

#endif

// Family conv: one line of output pixels with few output channels, pixels in lanes. Layers of 1 to 4 input channels (times the
// stride) and 1 to 8 output channels, whose outputs would leave most lanes of a gemm tile empty.
//
// K groups as in family gemm: the bytes at a + p * pixel_stride + offsets[g] for pixel p. Sixteen pixels' groups lie within
// 64 bytes, which are read at once: `a` must have 64 readable bytes from each group of every sixteenth pixel on.
// B is [groups][outputs][4] s8; the stage has type u8 or s8, no weight zero points, and there is no residual.
#ifndef OCTAVO_KERNELS_CONV_H
#define OCTAVO_KERNELS_CONV_H

#include <stdint.h>

#include "kernels/output.h"

namespace octavo {

struct ConvLineArgs {
    const uint8_t* a;
    const int32_t* offsets;  // [groups]
    int64_t groups;
    const int8_t* b;
    const OutputStage* stage;
    int64_t pixels;
    uint8_t* c;  // [pixels, outputs]
};

using ConvLineFn = void (*)(const ConvLineArgs&);

constexpr int conv_line_outputs = 8;       // most output channels
constexpr int conv_line_pixel_stride = 4;  // most bytes from pixel to pixel

struct ConvLineRow {
    const char* isa;
    ConvLineFn line[conv_line_pixel_stride][conv_line_outputs];  // [pixel stride - 1][outputs - 1]
};

extern const ConvLineRow conv_line_scalar, conv_line_vnni;

}  // namespace octavo

#endif

// Family depthwise: one line of output pixels of a convolution with a filter a channel.
//
// Tap t of channel c of pixel p is the byte a[p * pixel_stride + offsets[t] + c]. Channels come in blocks of row.channels (the
// last may be shorter); the arrays of the stage and the weights are in the order row.order within a block.
//   taps_grouped 4: [blocks][taps / 4][channels][4] s8;  2: [blocks][taps / 2][channels][2] s16
// taps is rounded up to the group; added taps have weight 0 and the offset of another tap. The stage has type u8 or s8, no weight
// zero points, and there is no residual. No byte beyond the last channel of a pixel is read by the AVX-512 kernels; others
// may read up to row.over_read bytes more.
#ifndef OCTAVO_KERNELS_DEPTHWISE_H
#define OCTAVO_KERNELS_DEPTHWISE_H

#include <stdint.h>

#include "kernels/output.h"

namespace octavo {

struct DepthwiseArgs {
    const uint8_t* a;
    int64_t pixel_stride;
    const int32_t* offsets;  // [taps]
    int64_t taps;
    const void* b;
    const OutputStage* stage;
    int64_t pixels, channels;
    uint8_t* c;  // [pixels, channels]
};

using DepthwiseFn = void (*)(const DepthwiseArgs&);

struct DepthwiseRow {
    const char* isa;
    DepthwiseFn line;
    int channels;          // of a block
    int taps_grouped;      // 4: s8 weights, 2: s16 weights
    const uint8_t* order;  // [channels]: channel within the block of each packed position
    int over_read;         // bytes read behind a pixel's last channel, at most
    int macs_per_ns;
};

extern const DepthwiseRow depthwise_scalar, depthwise_avx2, depthwise_avx512, depthwise_vnni;

}  // namespace octavo

#endif

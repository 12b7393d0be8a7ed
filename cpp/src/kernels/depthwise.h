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

// Square filters of 3 or 5 taps, columns side by side, stride 1 or 2 along the line: one block of channels over some lines of
// output, where each column of taps is interleaved once and multiplied into all outputs that see it. Nothing outside the
// image is read: columns there are made of the padding code, rows there are rows of it that the caller gives.
//   b: taps_grouped 4: [groups][channels][4] s8;  2: [groups][channels][2] s16, in the block's order
// b and the stage's arrays are those of the block; a stage with a bias has one bias_scale for all channels. The stage is that of
// DepthwiseArgs otherwise.
struct DepthwiseColumnsArgs {
    const uint8_t* const* rows;  // [lines][kernel]: the image's first column
    int64_t channel;             // the block's first one
    bool rows_follow;            // a line's rows are those of the line before, moved on by the stride along the line
    int64_t left, width;         // columns outside the image before the first pixel's first tap; columns of the image
    int64_t channels;            // from column to column, of input and output
    int32_t padding;
    const void* b;
    const OutputStage* stage;
    int64_t lines, pixels;
    uint8_t* c;  // the block's first channel of the first pixel; [lines, pixels, channels]
};

using DepthwiseColumnsFn = void (*)(const DepthwiseColumnsArgs&);

struct DepthwiseColumns {
    DepthwiseColumnsFn lines;  // null: a narrower block is faster
    int groups;
    const int8_t* taps;  // [groups][taps_grouped]: row * kernel + column of the filter; -1: weight 0
};

struct DepthwiseBlock {
    int channels;
    const uint8_t* order;            // [channels], as that of a row
    DepthwiseColumns columns[2][2];  // [kernel 3, 5][stride 1, 2]
};

// Square filters of 3 or 5 taps over images of one width with padding of (kernel - 1) / 2 at the left and as much as the line's
// pixels need at the right: some lines of all channels, 16 a block in their order; the last block begins earlier where they
// fill none. Nothing outside the image is read, nor multiplied: what it would have added is in the starts.
struct DepthwiseImageLine {
    int32_t row;                 // of the first tap, in the image
    int32_t first_tap, end_tap;  // rows of taps inside the image
    int32_t starts;              // offset of the line's starts within those of a block
};

constexpr int depthwise_image_rows = 16;  // read by a call, at most

// b: [blocks][groups][16][4]; the stage is as for the columns, its arrays are [blocks][16] and its start is not read.
struct DepthwiseImageArgs {
    const uint8_t* a;         // the image's first row
    int64_t first_row, rows;  // those inside the image that the lines read
    int64_t channels;
    const void* b;
    const OutputStage* stage;
    const int32_t* starts;  // of the first block; [16] for each class of pixels
    int64_t block_starts, class_starts;
    const DepthwiseImageLine* lines;
    int64_t line_count;
    uint8_t* c;  // [line_count, pixels, channels]
};

struct DepthwiseImage {
    int kernel, stride, width;
    void (*lines)(const DepthwiseImageArgs&);
    int groups;
    const int8_t* taps;  // [groups][4], as for the columns
    // Pixels that have the same columns of taps inside the image are a class.
    int classes;
    const int* class_of;            // [pixels]
    const int8_t (*class_taps)[2];  // [classes]: the first column and the one after the last
};

struct DepthwiseRow {
    const char* isa;
    DepthwiseFn line;
    int channels;          // of a block
    int taps_grouped;      // 4: s8 weights, 2: s16 weights
    const uint8_t* order;  // [channels]: channel within the block of each packed position
    int over_read;         // bytes read behind a pixel's last channel, at most
    int macs_per_ns;
    const DepthwiseBlock* blocks;  // wide ones first; null: none
    int block_count;
    int columns_macs_per_ns;
    const DepthwiseImage* images;
    int image_count;
};

extern const DepthwiseRow depthwise_scalar, depthwise_avx2, depthwise_avx512, depthwise_vnni;
extern const DepthwiseRow depthwise_vbmi_vnni;  // AVX512-VNNI with AVX512-VBMI

}  // namespace octavo

#endif

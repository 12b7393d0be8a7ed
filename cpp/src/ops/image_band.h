// The part of an NHWC image that some lines of a convolution's output read, copied with its padding, so that kernels see every
// tap at a fixed distance.
#ifndef OCTAVO_OPS_IMAGE_BAND_H
#define OCTAVO_OPS_IMAGE_BAND_H

#include <cstddef>
#include <cstdint>

#include "registry/band.h"

namespace octavo {

struct ConvGeometry {
    int64_t channels, height, width;  // input
    int64_t outputs, out_height, out_width;
    int64_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
    int64_t pad_top, pad_left, pad_bottom, pad_right;
    int64_t groups;

    // Input columns and rows that a line, or `lines` lines, of output read.
    int64_t needed_width() const { return (out_width - 1) * stride_w + (kernel_w - 1) * dilation_w + 1; }
    int64_t needed_height(int64_t lines) const { return (lines - 1) * stride_h + (kernel_h - 1) * dilation_h + 1; }
    // Every pixel of the output is of one pixel of the input, in order.
    bool pointwise() const { return kernel_h == 1 && kernel_w == 1 && stride_h == 1 && stride_w == 1 && !padded(); }
    bool padded() const { return pad_top > 0 || pad_left > 0 || pad_bottom > 0 || pad_right > 0; }
};

// The geometry that a copy of all lines with their padding has.
inline ConvGeometry copied(const ConvGeometry& g) {
    ConvGeometry copy = g;
    copy.height = g.needed_height(g.out_height);
    copy.width = g.needed_width();
    copy.pad_top = copy.pad_left = copy.pad_bottom = copy.pad_right = 0;
    return copy;
}

// The windows that 2 x 2 pixels of a convolution's output see together, as a convolution with those windows.
inline ConvGeometry pooled(const ConvGeometry& g) {
    ConvGeometry pool = g;
    pool.kernel_h = (g.kernel_h - 1) * g.dilation_h + 1 + g.stride_h;
    pool.kernel_w = (g.kernel_w - 1) * g.dilation_w + 1 + g.stride_w;
    pool.dilation_h = pool.dilation_w = 1;
    pool.stride_h *= 2;
    pool.stride_w *= 2;
    pool.out_height /= 2;
    pool.out_width /= 2;
    return pool;
}

// Lines [first, first + lines) of the output; rows of the band lie `pitch` bytes apart. padding: the code outside the image, as
// it is to appear; flip: the top bit of the image's codes is flipped on the way.
void copy_band(const BandRow& kernels, const ConvGeometry& g, const uint8_t* image, int64_t first, int64_t lines,
               uint8_t padding, bool flip, uint8_t* band, int64_t pitch);

// Copy with the top bit flipped where asked.
void copy_codes(const uint8_t* from, int64_t count, bool flip, uint8_t* to);

}  // namespace octavo

#endif

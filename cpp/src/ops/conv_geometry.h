// The sizes of a convolution, in logical order [C, H, W].
#ifndef OCTAVO_OPS_CONV_GEOMETRY_H
#define OCTAVO_OPS_CONV_GEOMETRY_H

#include <cstdint>
#include <string>

#include "ops/op.h"

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

// Of a described integer convolution, with its max-pool where it has one: that of the convolution itself. Throws Error where shapes,
// layouts or attributes do not fit together, Refusal for sizes that no kernel takes.
ConvGeometry conv_geometry(const OpDesc& desc, const std::string& where);

}  // namespace octavo

#endif

// The geometry of a convolution or pooling window, and convolution seen with neighbouring pixels as channels.
#ifndef OCTAVO_ONEDNN_GEOMETRY_H
#define OCTAVO_ONEDNN_GEOMETRY_H

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "onednn/operand.h"
#include "onednn/operator.h"
#include "onednn/primitive.h"

namespace octavo::onednn {

struct Geometry {
    octavo_layout layout = OCTAVO_NHWC;
    int64_t ic = 0, ih = 0, iw = 0;
    int64_t oc = 0, oh = 0, ow = 0;
    int64_t groups = 1;
    int64_t kh = 0, kw = 0, sh = 1, sw = 1, dh = 1, dw = 1;
    int64_t pt = 0, pl = 0, pb = 0, pr = 0;  // oneDNN's sense: as much as makes the windows fit, negative never

    // x [N, I, H, W], w [O, I/groups, kh, kw], y [N, O, oh, ow]: checked against each other and the description.
    static Geometry convolution(const Request& request, const Operand& x, const Operand& w, const Operand& y);
    // x [N, C, H, W], y [N, C, oh, ow] of a window; ceil_mode as in PyTorch: the last window starts inside the padded input.
    static Geometry pooling(const Request& request, const Operand& x, const Operand& y);

    // Multiply-adds of a sample.
    int64_t macs() const { return oc * oh * ow * (ic / groups) * kh * kw; }

    int64_t source_elements() const { return ic * ih * iw; }  // of an image
    int64_t result_elements() const { return oc * oh * ow; }
    Dims source(int64_t n) const { return {n, ic, ih, iw}; }
    Dims result(int64_t n) const { return {n, oc, oh, ow}; }
    Dims weights() const { return groups == 1 ? Dims{oc, ic, kh, kw} : Dims{groups, oc / groups, ic / groups, kh, kw}; }
    Dims bias() const { return {oc}; }
    Tag weight_tag() const { return groups == 1 ? Tag::oihw : Tag::goihw; }
    Tag tag() const { return image_tag(layout); }
    Dims strides() const { return {sh, sw}; }
    Dims dilations() const { return {dh - 1, dw - 1}; }
    Dims pad_begin() const { return {pt, pl}; }
    Dims pad_end() const { return {pb, pr}; }
    int64_t weight_elements() const { return oc * (ic / groups) * kh * kw; }

    // A pointwise convolution that skips pixels, and the one with stride 1 of the pixels that it does not skip.
    bool is_sampling() const { return kh == 1 && kw == 1 && (sh > 1 || sw > 1) && pt + pl + pb + pr == 0; }
    Geometry of_samples() const;
    // The pixels: from an image of this geometry to one of of_samples().
    void sample(const float* image, float* samples) const;

    // A band of an NHWC image's lines of results is a convolution of its own, of the lines that its windows meet. has_bands: each
    // line meets some.
    bool has_bands() const { return layout == OCTAVO_NHWC && pt < window_lines() && pb < window_lines(); }
    Geometry band(int64_t first, int64_t end) const;
    // Where the band that begins with this line has its first source element.
    int64_t band_source(int64_t first) const { return std::max<int64_t>(0, first * sh - pt) * iw * ic; }

private:
    int64_t window_lines() const { return dh * (kh - 1) + 1; }
};

// In NHWC memory g neighbouring pixels of a row with C channels are one pixel with g*C channels. A stride-1 convolution of few
// channels is so turned, without touching its input or output, into one whose output channels fill the vector better: the
// weights are repeated g times, each copy shifted by a pixel, in a kernel of ceil((kw + g - 1) / g) or one more columns.
class WidthFold {
public:
    // The best of g = 1, 2, 4 for vectors of output channels; 1 (no fold) where the geometry does not allow more.
    static WidthFold choose(const Geometry& narrow);

    int64_t factor() const { return g_; }
    const Geometry& wide() const { return wide_; }
    // What decides the wide weights beside the narrow ones and the wide shape; nothing without a fold.
    const std::vector<int64_t>& form() const { return form_; }
    // [O, I, kh, kw] to the wide weights, and the wide bias.
    void expand_weights(const float* narrow, float* wide) const;
    void expand_bias(const float* narrow, float* wide) const;
    // The gradients' way: each narrow weight takes the sum of its copies, in a fixed order.
    void collapse_weights(const float* wide, float* narrow) const;
    void collapse_bias(const float* wide, float* narrow) const;

private:
    int64_t g_ = 1;
    int64_t narrow_oc_ = 0, narrow_elements_ = 0;
    Geometry wide_;
    std::vector<std::pair<int32_t, int32_t>> copies_;  // narrow index, wide index
    std::vector<int64_t> form_;
};

// dx of a convolution with few input channels (conv2d_grad_input.cpp).
std::unique_ptr<Operator> create_conv2d_grad_input_gemm(const Request& request, const Geometry& geometry);

}  // namespace octavo::onednn

#endif

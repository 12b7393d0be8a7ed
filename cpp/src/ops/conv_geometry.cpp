#include "ops/conv_geometry.h"

#include "base/sizes.h"
#include "ops/checks.h"

namespace octavo {
namespace {

void require_nhwc(const std::string& where, const Value& value) {
    if (value.dims.size() != 4) shapes_differ(where, value, "four dimensions [N, C, H, W]");
    if (value.layout != OCTAVO_NHWC) {
        throw Error(OCTAVO_INVALID_ARGUMENT,
                    where + ": \"" + value.name + "\" " + value.shape_text() + " must be laid out as NHWC");
    }
}

void require_attributes(const Attributes& a, const std::string& where) {
    if (a.groups < 1)
        throw Error(OCTAVO_INVALID_ARGUMENT,
                    where + ": groups is " + std::to_string(a.groups) + ", must be at least 1");
    for (int i = 0; i < 2; i++) {
        if (a.stride[i] < 1 || a.dilation[i] < 1)
            throw Error(OCTAVO_INVALID_ARGUMENT, where + ": stride and dilation must be at least 1");
    }
    for (int i = 0; i < 4; i++) {
        if (a.pad[i] < 0) throw Error(OCTAVO_INVALID_ARGUMENT, where + ": padding must not be negative");
    }
}

// That a value is of the convolution's result, and has the batch of x.
void require_result(const std::string& where, const Value& value, const Value& x, const ConvGeometry& result) {
    const bool batch_fits = value.batched == x.batched && (x.batched || value.dims[0] == x.dims[0]);
    if (batch_fits && value.dims[1] == result.outputs && value.dims[2] == result.out_height &&
        value.dims[3] == result.out_width)
        return;
    shapes_differ(where, value,
                  "[" + (x.batched ? std::string("N") : std::to_string(x.dims[0])) + ", " +
                      std::to_string(result.outputs) + ", " + std::to_string(result.out_height) + ", " +
                      std::to_string(result.out_width) + "]");
}

}  // namespace

ConvGeometry conv_geometry(const OpDesc& desc, const std::string& where) {
    const Value& x = *desc.inputs[0];
    const Value& w = *desc.inputs[1];
    const Value& y = *desc.outputs[0];
    const Attributes& a = desc.attributes;
    require_nhwc(where, x);
    require_nhwc(where, y);
    if (w.dims.size() != 4) shapes_differ(where, w, "four dimensions [O, I/groups, kh, kw]");
    require_attributes(a, where);
    ConvGeometry g = {};
    g.channels = x.dims[1];
    g.height = x.dims[2];
    g.width = x.dims[3];
    const auto too_large = [&] { return Refusal(where + ": an image of more than 1 GiB"); };
    if (g.height * g.width * g.channels > INT32_MAX / 2) throw too_large();  // no more than the bytes of x
    g.outputs = w.dims[0];
    g.kernel_h = w.dims[2];
    g.kernel_w = w.dims[3];
    g.stride_h = a.stride[0];
    g.stride_w = a.stride[1];
    g.dilation_h = a.dilation[0];
    g.dilation_w = a.dilation[1];
    g.pad_top = a.pad[0];
    g.pad_left = a.pad[1];
    g.pad_bottom = a.pad[2];
    g.pad_right = a.pad[3];
    g.groups = a.groups;
    if (g.channels % g.groups != 0 || g.outputs % g.groups != 0) {
        throw Error(OCTAVO_SHAPE_MISMATCH, where + ": " + std::to_string(g.groups) + " groups do not divide " +
                                               std::to_string(g.channels) + " input and " + std::to_string(g.outputs) +
                                               " output channels");
    }
    if (w.dims[1] != g.channels / g.groups) {
        shapes_differ(where, w,
                      "[O, " + std::to_string(g.channels / g.groups) + ", kh, kw] for an input " + x.shape_text());
    }
    if (a.kernel[0] != g.kernel_h || a.kernel[1] != g.kernel_w) {
        shapes_differ(where, w, "a kernel of " + std::to_string(a.kernel[0]) + " x " + std::to_string(a.kernel[1]));
    }
    if (g.kernel_h * g.kernel_w > 1 << 20) throw Refusal(where + ": the kernel is too large");
    const int64_t reach_h = (g.kernel_h - 1) * g.dilation_h + 1, reach_w = (g.kernel_w - 1) * g.dilation_w + 1;
    const int64_t space_h = g.height + g.pad_top + g.pad_bottom - reach_h,
                  space_w = g.width + g.pad_left + g.pad_right - reach_w;
    if (space_h < 0 || space_w < 0) {
        throw Error(OCTAVO_SHAPE_MISMATCH, where + ": the kernel reaches over " + std::to_string(reach_h) + " x " +
                                               std::to_string(reach_w) + " pixels, more than the padded input " +
                                               x.shape_text());
    }
    g.out_height = space_h / g.stride_h + 1;
    g.out_width = space_w / g.stride_w + 1;
    if (desc.max_pool) require_result(where, *desc.outputs[1], x, g);
    require_result(where, y, x, desc.max_pool ? pooled(g) : g);
    if (desc.inputs.size() > 3 && desc.inputs[3] != nullptr) {
        require_nhwc(where, *desc.inputs[3]);
        require_result(where, *desc.inputs[3], x, g);
    }
    const int64_t plane = checked_multiply(g.needed_height(g.out_height), g.needed_width());
    if (checked_multiply(plane, g.channels) > INT32_MAX / 2) throw too_large();
    return g;
}

}  // namespace octavo

#include "onednn/geometry.h"

#include <algorithm>

namespace octavo::onednn {

namespace {

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

void check_window(const Request& request) {
    const Attributes& d = request.attributes();
    for (int i = 0; i < 2; ++i) {
        if (d.kernel[i] < 1 || d.stride[i] < 1 || d.dilation[i] < 1) {
            request.invalid("kernel, stride and dilation must be at least 1");
        }
    }
    for (int32_t p : d.pad) {
        if (p < 0) request.invalid("padding must not be negative");
    }
}

Geometry window(const Request& request, const Operand& x, const Operand& y) {
    check_window(request);
    request.require_rank(x, 4);
    request.require_rank(y, 4);
    if (x.batched != y.batched) request.mismatch(y.text(), "batched like " + x.text());
    if (x.dims[0] != y.dims[0]) request.mismatch(y.text(), "the batch of " + x.text());
    if (x.layout != y.layout) request.refuse(x.text() + " and " + y.text() + " have different layouts");
    const Attributes& d = request.attributes();
    Geometry g;
    g.layout = x.layout;
    g.ic = x.dims[1], g.ih = x.dims[2], g.iw = x.dims[3];
    g.oc = y.dims[1], g.oh = y.dims[2], g.ow = y.dims[3];
    g.kh = d.kernel[0], g.kw = d.kernel[1];
    g.sh = d.stride[0], g.sw = d.stride[1];
    g.dh = d.dilation[0], g.dw = d.dilation[1];
    g.pt = d.pad[0], g.pl = d.pad[1];
    g.pb = d.pad[2], g.pr = d.pad[3];
    return g;
}

// Output size of one axis, 0 if the window does not fit.
int64_t output_size(int64_t in, int64_t kernel, int64_t stride, int64_t dilation, int64_t begin, int64_t end,
                    bool ceil) {
    const int64_t space = in + begin + end - (dilation * (kernel - 1) + 1);
    if (space < 0) return 0;
    int64_t out = (ceil ? ceil_div(space, stride) : space / stride) + 1;
    if (ceil && (out - 1) * stride >= in + begin) --out;
    return out;
}

void require_output(const Request& request, const Geometry& g, const Operand& y, bool ceil) {
    const std::vector<int64_t> expected = {y.dims[0], y.dims[1], output_size(g.ih, g.kh, g.sh, g.dh, g.pt, g.pb, ceil),
                                           output_size(g.iw, g.kw, g.sw, g.dw, g.pl, g.pr, ceil)};
    if (y.dims != expected) request.mismatch(y.text(), shape_text(expected, y.batched));
}

}  // namespace

Geometry Geometry::convolution(const Request& request, const Operand& x, const Operand& w, const Operand& y) {
    Geometry g = window(request, x, y);
    request.require_rank(w, 4);
    g.groups = std::max(request.attributes().groups, 1);
    if (g.ic % g.groups || g.oc % g.groups) {
        request.mismatch(std::to_string(g.groups) + " groups",
                         "a divisor of the channels of " + x.text() + " and " + y.text());
    }
    request.require_dims(w, {g.oc, g.ic / g.groups, g.kh, g.kw});
    require_output(request, g, y, false);
    return g;
}

Geometry Geometry::pooling(const Request& request, const Operand& x, const Operand& y) {
    Geometry g = window(request, x, y);
    if (g.ic != g.oc) request.mismatch(y.text(), std::to_string(g.ic) + " channels like " + x.text());
    if (2 * g.pt > g.kh || 2 * g.pb > g.kh || 2 * g.pl > g.kw || 2 * g.pr > g.kw) {
        request.invalid("padding must be at most half of the pooling window");
    }
    require_output(request, g, y, request.attributes().ceil_mode != 0);
    return g;
}

Geometry Geometry::band(int64_t first, int64_t end) const {
    const int64_t top = first * sh - pt, bottom = (end - 1) * sh - pt + window_lines();
    Geometry g = *this;
    g.oh = end - first;
    g.ih = std::min(ih, bottom) - std::max<int64_t>(0, top);
    g.pt = std::max<int64_t>(0, -top);
    g.pb = std::max<int64_t>(0, bottom - ih);
    return g;
}

Geometry Geometry::of_samples() const {
    Geometry g = *this;
    g.ih = oh, g.iw = ow;
    g.sh = g.sw = g.dh = g.dw = 1;
    return g;
}

void Geometry::sample(const float* image, float* samples) const {
    const bool last = layout == OCTAVO_NHWC;  // the channels
    const int64_t planes = last ? 1 : ic, width = last ? ic : 1;
    for (int64_t p = 0; p < planes; ++p, image += ih * iw * width) {
        for (int64_t y = 0; y < oh; ++y) {
            const float* from = image + y * sh * iw * width;
            for (int64_t x = 0; x < ow; ++x, from += sw * width, samples += width) std::copy_n(from, width, samples);
        }
    }
}

WidthFold WidthFold::choose(const Geometry& narrow) {
    WidthFold best;
    best.wide_ = narrow;
    best.narrow_oc_ = narrow.oc;
    best.narrow_elements_ = narrow.weight_elements();
    if (narrow.layout != OCTAVO_NHWC || narrow.groups != 1 || narrow.sw != 1 || narrow.dw != 1) return best;

    const int64_t lanes = has_avx512() ? 16 : 8;
    // Vector multiply-adds for the columns of one output pixel and input channel.
    const auto cost = [&](int64_t g, int64_t columns) {
        return static_cast<double>(ceil_div(g * narrow.oc, lanes) * columns * g) / static_cast<double>(g);
    };
    double least = cost(1, narrow.kw);
    for (int64_t g : {2, 4}) {
        if (narrow.iw % g || narrow.ow % g) continue;
        // Wide column t of wide output j is wide input j - left + t; the pixels p of j need narrow pixels from
        // g*j - pl to g*j + g - 1 - pl + kw - 1.
        const int64_t left = ceil_div(narrow.pl, g);
        const int64_t last = narrow.kw + g - 2 - narrow.pl;  // may be negative: then the floor is below 0
        const int64_t columns = (last >= 0 ? last / g : -ceil_div(-last, g)) + left + 1;
        const int64_t right = narrow.ow / g - 1 + columns - narrow.iw / g - left;
        if (right < 0 || columns < 1 || cost(g, columns) >= least) continue;
        least = cost(g, columns);
        best.g_ = g;
        Geometry wide = narrow;
        wide.ic *= g, wide.oc *= g, wide.iw /= g, wide.ow /= g;
        wide.kw = columns, wide.pl = left, wide.pr = right;
        best.wide_ = wide;
    }
    const int64_t g = best.g_;
    if (g == 1) return best;
    const Geometry& wide = best.wide_;
    best.form_ = {g, narrow.kw, narrow.pl, wide.pl};
    for (int64_t o = 0; o < narrow.oc; ++o) {
        for (int64_t i = 0; i < narrow.ic; ++i) {
            for (int64_t r = 0; r < narrow.kh; ++r) {
                for (int64_t s = 0; s < narrow.kw; ++s) {
                    const int64_t from = ((o * narrow.ic + i) * narrow.kh + r) * narrow.kw + s;
                    for (int64_t p = 0; p < g; ++p) {
                        const int64_t pixel = p + s - narrow.pl + g * wide.pl;  // from the first wide column on
                        const int64_t t = pixel / g, q = pixel % g;
                        const int64_t to =
                            (((p * narrow.oc + o) * wide.ic + q * narrow.ic + i) * wide.kh + r) * wide.kw + t;
                        best.copies_.emplace_back(static_cast<int32_t>(from), static_cast<int32_t>(to));
                    }
                }
            }
        }
    }
    return best;
}

void WidthFold::expand_weights(const float* narrow, float* wide) const {
    std::fill_n(wide, wide_.weight_elements(), 0.0f);
    for (const auto& [from, to] : copies_) wide[to] = narrow[from];
}

void WidthFold::expand_bias(const float* narrow, float* wide) const {
    for (int64_t p = 0; p < g_; ++p) std::copy_n(narrow, narrow_oc_, wide + p * narrow_oc_);
}

void WidthFold::collapse_weights(const float* wide, float* narrow) const {
    std::fill_n(narrow, narrow_elements_, 0.0f);
    for (const auto& [from, to] : copies_) narrow[from] += wide[to];
}

void WidthFold::collapse_bias(const float* wide, float* narrow) const {
    std::copy_n(wide, narrow_oc_, narrow);
    for (int64_t p = 1; p < g_; ++p) {
        for (int64_t o = 0; o < narrow_oc_; ++o) narrow[o] += wide[p * narrow_oc_ + o];
    }
}

}  // namespace octavo::onednn

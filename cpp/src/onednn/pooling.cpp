// Pooling in training: max pooling that keeps its indices (oneDNN's), and the gradients.
//
// The index of an output is the number of the tap that won, row by row in the window: the first of equal ones, NaN before all
// numbers and the last NaN before the others, as in PyTorch. A padded tap never wins. Gradients go through the output positions
// in order within a sample, so that they do not depend on the thread count.
#include <algorithm>
#include <cmath>
#include <limits>

#include "onednn/clones.h"
#include "onednn/geometry.h"
#include "onednn/invalid.h"
#include "onednn/operator.h"
#include "onednn/primitive.h"
#include "onednn/threads.h"

namespace octavo::onednn {

namespace {

// Strides of an image's elements, in either layout.
struct Strides {
    int64_t image, channel, row, column;

    Strides(octavo_layout layout, int64_t c, int64_t h, int64_t w)
        : image(c * h * w),
          channel(layout == OCTAVO_NHWC ? 1 : h * w),
          row(layout == OCTAVO_NHWC ? w * c : w),
          column(layout == OCTAVO_NHWC ? c : 1) {}
};

// Taps 0 to kernel - 1 of a window that begins at `start`, of which [begin, end) lie within a size n. Never none: a window's
// padding is at most half of it, the last one of ceil_mode begins inside, and the dilation is at most n.
struct Taps {
    int64_t begin, end;

    Taps(int64_t start, int64_t kernel, int64_t dilation, int64_t n) : begin(0), end(kernel) {
        if (start < 0) begin = (-start + dilation - 1) / dilation;
        if (start + (kernel - 1) * dilation >= n) end = (n - start + dilation - 1) / dilation;
    }
};

// The definition, for one image: what oneDNN gives as well where all are numbers above the least float.
void max_pool_image(const Geometry& g, const float* x, float* y, uint8_t* index, const Strides& out,
                    const Strides& in) {
    for (int64_t oy = 0; oy < g.oh; ++oy) {
        const Taps rows(oy * g.sh - g.pt, g.kh, g.dh, g.ih);
        for (int64_t ox = 0; ox < g.ow; ++ox) {
            const Taps columns(ox * g.sw - g.pl, g.kw, g.dw, g.iw);
            const float* corner = x + (oy * g.sh - g.pt) * in.row + (ox * g.sw - g.pl) * in.column;
            for (int64_t c = 0; c < g.ic; ++c) {
                float best = -INFINITY;
                int64_t won = rows.begin * g.kw + columns.begin;
                for (int64_t r = rows.begin; r < rows.end; ++r) {
                    for (int64_t s = columns.begin; s < columns.end; ++s) {
                        const float v = corner[r * g.dh * in.row + s * g.dw * in.column + c * in.channel];
                        if (!(v > best) && v == v) continue;
                        best = v;
                        won = r * g.kw + s;
                    }
                }
                const int64_t at = oy * out.row + ox * out.column + c * out.channel;
                y[at] = best;
                index[at] = static_cast<uint8_t>(won);
            }
        }
    }
}

// Whether a maximum is the least float or below.
OCTAVO_CLONES bool any_least(const float* y, int64_t n) {
    int32_t any = 0;
    for (int64_t i = 0; i < n; ++i) any |= y[i] <= std::numeric_limits<float>::lowest();
    return any != 0;
}

// What an index can say: which of at most 255 taps won, one of which lies in the image.
void require_indices(const Request& request, const Geometry& g) {
    if (g.kh * g.kw > 255) request.refuse("an index is a byte: windows of more than 255 elements have no room in it");
    if ((g.kh > 1 && g.dh > g.ih) || (g.kw > 1 && g.dw > g.iw))
        request.refuse("a dilation beyond the image: a window may hold nothing of it, and has no maximum then");
}

class MaxPool2dTrain : public Operator {
public:
    explicit MaxPool2dTrain(const Request& request)
        : x_(request.input(0, OCTAVO_F32)), g_(Geometry::pooling(request, x_, request.output(0, OCTAVO_F32))) {
        request.require_alike(request.output(1, OCTAVO_U8), Operand(request.output_desc(0)));
        require_indices(request, g_);
        const Forward pd = forward(1);
        if (pd.workspace_desc() != dnnl::memory::desc(g_.result(1), Type::u8, g_.tag())) {
            request.refuse(std::string("oneDNN's ") + pd.impl_info_str() + " keeps indices in another format");
        }
        kernel_ = std::string("max_pool2d_train_onednn ") + pd.impl_info_str();
    }

    size_t scratch_bytes(int64_t batch, int threads) override {
        const Split cut = split(batch, threads);
        return static_cast<size_t>(cut.threads) * worker_bytes(cut);
    }

    void run(const Run& run) override {
        const Split cut = split(run.batch, run.threads);
        const size_t bytes = worker_bytes(cut);
        auto* index = static_cast<uint8_t*>(run.outputs[1]);
        run_parts(cut, [&](int64_t begin, int64_t end, int, int worker) {
            const float* x = run.in(0) + begin * g_.source_elements();
            const int64_t to = begin * g_.result_elements(), n = (end - begin) * g_.result_elements();
            float* y = run.out(0) + to;
            const InvalidWatch watch;
            call(end - begin)->run({x, y, index + to}, run.scratch + static_cast<size_t>(worker) * bytes);
            // oneDNN drops NaN, and begins with the least float as if that were tap 0, which may be a padded one.
            if (!watch.raised() && !any_least(y, n)) return;
            const Strides out(g_.layout, g_.oc, g_.oh, g_.ow), in(g_.layout, g_.ic, g_.ih, g_.iw);
            for (int64_t image = 0; image < end - begin; ++image) {
                max_pool_image(g_, x + image * in.image, y + image * out.image, index + to + image * out.image, out,
                               in);
            }
        });
    }

    const char* kernel() const override { return kernel_.c_str(); }

private:
    using Forward = dnnl::pooling_forward::primitive_desc;

    Split split(int64_t batch, int threads) const {
        return Split::of(x_.images(batch), x_.elements(batch) * 4, bytes_per_thread, threads);
    }
    size_t worker_bytes(const Split& cut) {
        return whole_lines(std::max(call(cut.smallest())->scratch_bytes(), call(cut.largest())->scratch_bytes()));
    }

    Forward forward(int64_t n) const {
        const dnnl::memory::desc x(g_.source(n), Type::f32, g_.tag()), y(g_.result(n), Type::f32, g_.tag());
        // With ceil_mode the last window may reach further than the padding given.
        const auto reach = [](int64_t out, int64_t stride, int64_t kernel, int64_t dilation, int64_t in,
                              int64_t begin) {
            return std::max<int64_t>(0, (out - 1) * stride + dilation * (kernel - 1) + 1 - in - begin);
        };
        const Dims end = {reach(g_.oh, g_.sh, g_.kh, g_.dh, g_.ih, g_.pt),
                          reach(g_.ow, g_.sw, g_.kw, g_.dw, g_.iw, g_.pl)};
        return Forward(engine(), dnnl::prop_kind::forward_training, dnnl::algorithm::pooling_max, x, y, g_.strides(),
                       {g_.kh, g_.kw}, g_.dilations(), g_.pad_begin(), end, user_scratchpad());
    }

    std::shared_ptr<Call> call(int64_t images) {
        return calls_.get(images, [this](int64_t n) {
            const Forward pd = forward(n);
            return std::make_shared<Call>(dnnl::pooling_forward(pd),
                                          Call::Arguments{{DNNL_ARG_SRC, pd.src_desc()},
                                                          {DNNL_ARG_DST, pd.dst_desc()},
                                                          {DNNL_ARG_WORKSPACE, pd.workspace_desc()}},
                                          pd.scratchpad_desc());
        });
    }

    Operand x_;
    Geometry g_;
    std::string kernel_;
    PerCount<Call> calls_;
};

// One image, any windows: they add to dx, which is zero before. Returns the first index that is no tap inside the image, or -1.
OCTAVO_CLONES int max_pool_grad_image(const Geometry& g, const float* dy, const uint8_t* index, float* dx,
                                      const Strides& out, const Strides& in) {
    if (g.layout != OCTAVO_NHWC && g.ic > 1) {  // plane by plane
        Geometry plane = g;
        plane.ic = 1;
        int wrong = -1;
        for (int64_t c = 0; c < g.ic && wrong < 0; ++c)
            wrong =
                max_pool_grad_image(plane, dy + c * out.channel, index + c * out.channel, dx + c * in.channel, out, in);
        return wrong;
    }
    int64_t offsets[256];  // of a tap from the window's corner
    for (int64_t tap = 0; tap < g.kh * g.kw; ++tap)
        offsets[tap] = tap / g.kw * g.dh * in.row + tap % g.kw * g.dw * in.column;
    for (int64_t y = 0; y < g.oh; ++y) {
        const Taps rows(y * g.sh - g.pt, g.kh, g.dh, g.ih);
        for (int64_t x = 0; x < g.ow; ++x) {
            const Taps columns(x * g.sw - g.pl, g.kw, g.dw, g.iw);
            const bool inside = rows.begin == 0 && rows.end == g.kh && columns.begin == 0 && columns.end == g.kw;
            const int64_t at = y * out.row + x * out.column;
            float* corner = dx + (y * g.sh - g.pt) * in.row + (x * g.sw - g.pl) * in.column;
            for (int64_t c = 0; c < g.ic; ++c) {
                const int tap = index[at + c];
                if (tap >= g.kh * g.kw) return tap;
                if (!inside) {
                    const int64_t r = tap / g.kw, s = tap % g.kw;
                    if (r < rows.begin || r >= rows.end || s < columns.begin || s >= columns.end) return tap;
                }
                corner[offsets[tap] + c] += dy[at + c];
            }
        }
    }
    return -1;
}

// The kw pixels of a window row, channels in vectors of 8: dy where the index is that of the tap, else 0. Reads and writes up to 7
// elements more than the channels; what it writes too much belongs to later elements of the image, which are written after.
inline void tile_row(const float* dy, const int32_t* index, float* dx, int64_t channels, int64_t kw, int32_t tap) {
    for (int64_t s = 0; s < kw; ++s, ++tap, dx += channels) {
        for (int64_t c = 0; c < channels; c += 8) {
            const Int8 won = *reinterpret_cast<const Int8*>(index + c) == tap;
            *reinterpret_cast<Int8*>(dx + c) = *reinterpret_cast<const Int8*>(dy + c) & won;
        }
    }
}

constexpr int64_t most_tile_row = 4096;

// One NHWC image that the windows tile, with rows of dy of at most that many elements: every element of dx is written, in the
// order of memory. Returns the first index that is no tap, or -1.
OCTAVO_CLONES int max_pool_grad_tiles(const Geometry& g, const float* dy, const uint8_t* index, float* dx) {
    const int64_t channels = g.ic, kw = g.kw, ow = g.ow, row = ow * channels;
    const int64_t vectors = (channels + 7) / 8 * 8;
    int32_t wide[most_tile_row + 8];
    std::fill_n(wide + row, 8, -1);
    for (int64_t y = 0; y < g.oh; ++y, dy += row, index += row) {
        int32_t most = 0;
        for (int64_t i = 0; i < row; ++i) {
            wide[i] = index[i];
            most = std::max(most, wide[i]);
        }
        if (most >= g.kh * kw) return most;
        // Pixels whose vectors end within the image's dy; in dx, of which more follows, they then do too.
        const int64_t left = (g.oh - y) * row - vectors;
        const int64_t whole = left < 0 ? 0 : std::min(ow, left / channels + 1);
        for (int64_t r = 0; r < g.kh; ++r, dx += row * kw) {
            const auto tap = static_cast<int32_t>(r * kw);
            for (int64_t x = 0; x < whole; ++x) {
                tile_row(dy + x * channels, wide + x * channels, dx + x * kw * channels, channels, kw, tap);
            }
            for (int64_t i = whole * channels; i < row; ++i) {
                for (int64_t s = 0; s < kw; ++s) {
                    const int64_t at = (i / channels * kw + s) * channels + i % channels;
                    dx[at] = wide[i] == tap + s ? dy[i] : 0.0f;
                }
            }
        }
    }
    return -1;
}

class MaxPool2dGrad : public Operator {
public:
    explicit MaxPool2dGrad(const Request& request)
        : dx_(request.output(0, OCTAVO_F32)), g_(Geometry::pooling(request, dx_, request.input(0, OCTAVO_F32))) {
        request.require_alike(request.input(1, OCTAVO_U8), Operand(request.input_desc(0)));
        require_indices(request, g_);
    }

    void run(const Run& run) override {
        const Strides out(g_.layout, g_.oc, g_.oh, g_.ow), in(g_.layout, g_.ic, g_.ih, g_.iw);
        const int64_t images = dx_.images(run.batch);
        const auto* index = static_cast<const uint8_t*>(run.inputs[1]);
        run_ranges(images, images * in.image * 4, run.threads, [&](int64_t begin, int64_t end) {
            for (int64_t n = begin; n < end; ++n) {
                const float* dy = run.in(0) + n * out.image;
                float* dx = run.out(0) + n * in.image;
                int wrong;
                if (tiles()) {
                    wrong = max_pool_grad_tiles(g_, dy, index + n * out.image, dx);
                } else {
                    std::fill_n(dx, in.image, 0.0f);
                    wrong = max_pool_grad_image(g_, dy, index + n * out.image, dx, out, in);
                }
                if (wrong >= 0) {
                    throw Error(OCTAVO_INVALID_ARGUMENT, "index " + std::to_string(wrong) + " of sample " +
                                                             std::to_string(n) + " is no tap of its " +
                                                             std::to_string(g_.kh) + "x" + std::to_string(g_.kw) +
                                                             " window that lies inside the image");
                }
            }
        });
    }

    const char* kernel() const override { return "max_pool2d_grad_f32"; }

private:
    bool tiles() const {
        return g_.layout == OCTAVO_NHWC && g_.kh == g_.sh && g_.kw == g_.sw && g_.dh == 1 && g_.dw == 1 && g_.pt == 0 &&
               g_.pl == 0 && g_.oh * g_.kh == g_.ih && g_.ow * g_.kw == g_.iw && g_.ow * g_.oc <= most_tile_row;
    }

    Operand dx_;
    Geometry g_;
};

// Adds value / divisor to the window [y0, y1) x [x0, x1) of every channel.
OCTAVO_CLONES void spread(const float* dy, float* dx, int64_t channels, int64_t channel_out, const Strides& in,
                          int64_t y0, int64_t y1, int64_t x0, int64_t x1, float factor) {
    for (int64_t y = y0; y < y1; ++y) {
        for (int64_t x = x0; x < x1; ++x) {
            float* at = dx + y * in.row + x * in.column;
            for (int64_t c = 0; c < channels; ++c) at[c * in.channel] += dy[c * channel_out] * factor;
        }
    }
}

class AvgPool2dGrad : public Operator {
public:
    explicit AvgPool2dGrad(const Request& request)
        : dx_(request.output(0, OCTAVO_F32)),
          g_(Geometry::pooling(request, dx_, request.input(0, OCTAVO_F32))),
          count_pad_(request.attributes().count_include_pad != 0) {
        if (g_.dh != 1 || g_.dw != 1) request.refuse("average pooling has no dilation");
    }

    void run(const Run& run) override {
        const Strides out(g_.layout, g_.oc, g_.oh, g_.ow), in(g_.layout, g_.ic, g_.ih, g_.iw);
        const int64_t images = dx_.images(run.batch);
        run_ranges(images, images * in.image * 4, run.threads, [&](int64_t begin, int64_t end) {
            for (int64_t n = begin; n < end; ++n) image(run.in(0) + n * out.image, run.out(0) + n * in.image, out, in);
        });
    }

    const char* kernel() const override { return "avg_pool2d_grad_f32"; }

private:
    void image(const float* dy, float* dx, const Strides& out, const Strides& in) const {
        std::fill_n(dx, in.image, 0.0f);
        for (int64_t y = 0; y < g_.oh; ++y) {
            const int64_t top = y * g_.sh - g_.pt, bottom = std::min(top + g_.kh, g_.ih + g_.pb);
            for (int64_t x = 0; x < g_.ow; ++x) {
                const int64_t left = x * g_.sw - g_.pl, right = std::min(left + g_.kw, g_.iw + g_.pr);
                const int64_t y0 = std::max<int64_t>(top, 0), y1 = std::min(bottom, g_.ih);
                const int64_t x0 = std::max<int64_t>(left, 0), x1 = std::min(right, g_.iw);
                // PyTorch's divisor: the window within the padded image, or only its part inside the image.
                const int64_t area = count_pad_ ? (bottom - top) * (right - left) : (y1 - y0) * (x1 - x0);
                spread(dy + y * out.row + x * out.column, dx, g_.ic, out.channel, in, y0, y1, x0, x1,
                       1.0f / static_cast<float>(area));
            }
        }
    }

    Operand dx_;
    Geometry g_;
    bool count_pad_;
};

// Window i of o over a size n: floor(i * n / o) to ceil((i + 1) * n / o), as in PyTorch.
class AdaptiveAvgPool2dGrad : public Operator {
public:
    explicit AdaptiveAvgPool2dGrad(const Request& request)
        : dx_(request.output(0, OCTAVO_F32)), dy_(request.input(0, OCTAVO_F32)) {
        request.require_rank(dx_, 4);
        request.require_rank(dy_, 4);
        request.require_dims(dy_, {dx_.dims[0], dx_.dims[1], dy_.dims[2], dy_.dims[3]});
        if (dx_.batched != dy_.batched) request.mismatch(dy_.text(), "batched like " + dx_.text());
        if (dx_.layout != dy_.layout) request.refuse(dx_.text() + " and " + dy_.text() + " have different layouts");
    }

    void run(const Run& run) override {
        const int64_t channels = dx_.dims[1], ih = dx_.dims[2], iw = dx_.dims[3], oh = dy_.dims[2], ow = dy_.dims[3];
        const Strides out(dx_.layout, channels, oh, ow), in(dx_.layout, channels, ih, iw);
        const int64_t images = dx_.images(run.batch);
        const auto first = [](int64_t i, int64_t n, int64_t o) { return i * n / o; };
        const auto last = [](int64_t i, int64_t n, int64_t o) { return ((i + 1) * n + o - 1) / o; };
        run_ranges(images, images * in.image * 4, run.threads, [&](int64_t begin, int64_t end) {
            for (int64_t n = begin; n < end; ++n) {
                float* dx = run.out(0) + n * in.image;
                std::fill_n(dx, in.image, 0.0f);
                for (int64_t y = 0; y < oh; ++y) {
                    for (int64_t x = 0; x < ow; ++x) {
                        const int64_t y0 = first(y, ih, oh), y1 = last(y, ih, oh), x0 = first(x, iw, ow),
                                      x1 = last(x, iw, ow);
                        spread(run.in(0) + n * out.image + y * out.row + x * out.column, dx, channels, out.channel, in,
                               y0, y1, x0, x1, 1.0f / static_cast<float>((y1 - y0) * (x1 - x0)));
                    }
                }
            }
        });
    }

    const char* kernel() const override { return "adaptive_avg_pool2d_grad_f32"; }

private:
    Operand dx_, dy_;
};

}  // namespace

std::unique_ptr<Operator> create_pooling(const Request& request) {
    switch (request.attributes().kind) {
        case OCTAVO_OP_MAX_POOL2D_TRAIN:
            return std::make_unique<MaxPool2dTrain>(request);
        case OCTAVO_OP_MAX_POOL2D_GRAD:
            return std::make_unique<MaxPool2dGrad>(request);
        case OCTAVO_OP_AVG_POOL2D_GRAD:
            return std::make_unique<AvgPool2dGrad>(request);
        default:
            return std::make_unique<AdaptiveAvgPool2dGrad>(request);
    }
}

}  // namespace octavo::onednn

// dx of a convolution with few input channels, NHWC: where the channels of dx would leave most lanes of oneDNN's backward
// kernels empty, a matrix product per run of output rows, col[pixel, (r, s, i)] = sum over o of dy[pixel, o] * w[o, i, r, s],
// then each row of col is added to the window that it came from (5x5 16 -> 6 at 12x12: 8 against 13 microseconds an image).
// A sample's result depends on nothing but that sample, so not on the thread count.
#include <algorithm>

#include "onednn/clones.h"
#include "onednn/geometry.h"
#include "onednn/threads.h"

namespace octavo::onednn {

namespace {

// Adds one window's products to dx: for each of `rows` window rows, `width` floats from `from` at `to`, rows of dx `pitch` apart.
inline void add_window(const float* from, float* to, int64_t rows, int64_t width, int64_t pitch) {
    for (int64_t r = 0; r < rows; ++r, from += width, to += pitch) {
        for (int64_t i = 0; i < width; i += 8) {
            *reinterpret_cast<Float8*>(to + i) += *reinterpret_cast<const Float8*>(from + i);
        }
    }
}

// The same for a window that is not wholly inside the image or has gaps between its columns: `left` is its first column.
inline void add_border_window(const Geometry& g, const float* from, float* to, int64_t rows, int64_t width,
                              int64_t left) {
    const int64_t step = g.dw == 1 ? g.kw : 1;
    for (int64_t r = 0; r < rows; ++r, from += width, to += g.dh * g.iw * g.ic) {
        for (int64_t s = 0; s < g.kw; s += step) {
            const int64_t column = left + s * g.dw;
            const int64_t first = std::max<int64_t>(0, -column), last = std::min(step, g.iw - column);
            for (int64_t i = first * g.ic; i < last * g.ic; ++i) to[column * g.ic + i] += from[s * g.ic + i];
        }
    }
}

// Adds `lines` output rows, the first of them number `line` of the whole batch, to dx [N, H, W, C]. col has for each pixel kh
// rows of `width` floats: the kw*C products of a window row, which without dilation are neighbours in dx too, and zeros up to a
// multiple of 8. Adding these as well, where dx goes on, saves the tail.
OCTAVO_CLONES void add_windows(const Geometry& g, int64_t width, const float* col, int64_t line, int64_t lines,
                               float* dx) {
    const int64_t ow = g.ow, kh = g.kh, ic = g.ic, sw = g.sw, pitch = g.dh * g.iw * ic, image_size = g.ih * g.iw * ic;
    // Windows are taken in steps between which they do not overlap: a load soon after an unaligned store of some of its bytes
    // would wait for it.
    const int64_t apart = (width / ic + sw) / sw;
    for (int64_t l = line; l < line + lines; ++l, col += ow * kh * width) {
        const int64_t top = l % g.oh * g.sh - g.pt;
        const int64_t first = top >= 0 ? 0 : (-top + g.dh - 1) / g.dh;
        const int64_t rows = std::min(kh, (g.ih - top + g.dh - 1) / g.dh) - first;
        if (rows <= 0) continue;
        float* row = dx + l / g.oh * image_size + (top + first * g.dh) * g.iw * ic;
        const float* from = col + first * width;
        // Windows whose padded rows stay inside the image; the last rows of it end where the next one, maybe another thread's, begins.
        const int64_t room = image_size - (top + (first + rows - 1) * g.dh) * g.iw * ic - width;
        const int64_t most = g.dw == 1 ? std::min(g.iw - g.kw, room < 0 ? -1 : room / ic) : -1;
        for (int64_t phase = 0; phase < apart; ++phase) {
            for (int64_t x = phase; x < ow; x += apart) {
                const int64_t left = x * sw - g.pl;
                if (left >= 0 && left <= most) {
                    add_window(from + x * kh * width, row + left * ic, rows, width, pitch);
                } else {
                    add_border_window(g, from + x * kh * width, row, rows, width, left);
                }
            }
        }
    }
}

class Conv2dGradInputGemm : public Operator {
public:
    Conv2dGradInputGemm(const Request& request, const Geometry& geometry)
        : g_(geometry), dy_(request.input(0)), weights_(request, 1) {
        // A piece of col stays in the L2 cache.
        rows_ = std::max<int64_t>(1, 32 * 1024 / (g_.ow * taps()));
    }

    size_t scratch_bytes(int64_t batch, int threads) override {
        return weight_bytes_aligned() + static_cast<size_t>(split(batch, threads).threads) * col_bytes();
    }

    void run(const Run& run) override {
        auto* weights = reinterpret_cast<float*>(run.scratch);
        pack(weights_.get(run.inputs), weights);
        const float* dy = run.in(0);
        float* dx = run.out(0);
        std::byte* cols = run.scratch + weight_bytes_aligned();
        run_parts(split(run.batch, run.threads), [&](int64_t begin, int64_t end, int, int worker) {
            auto* col = reinterpret_cast<float*>(cols + static_cast<size_t>(worker) * col_bytes());
            std::fill(dx + begin * g_.source_elements(), dx + end * g_.source_elements(), 0.0f);
            for (int64_t line = begin * g_.oh; line < end * g_.oh; line += rows_) {
                const int64_t rows = std::min(rows_, end * g_.oh - line);
                dnnl_sgemm('N', 'N', rows * g_.ow, taps(), g_.oc, 1.0f, dy + line * g_.ow * g_.oc, g_.oc, weights,
                           taps(), 0.0f, col, taps());
                add_windows(g_, width(), col, line, rows, dx);
            }
        });
    }

    const char* kernel() const override { return "conv2d_grad_input_onednn sgemm"; }

private:
    int64_t width() const { return g_.dw == 1 ? (g_.kw * g_.ic + 7) / 8 * 8 : g_.kw * g_.ic; }
    int64_t taps() const { return g_.kh * width(); }
    size_t weight_bytes_aligned() const { return whole_lines(static_cast<size_t>(g_.oc * taps()) * sizeof(float)); }
    size_t col_bytes() const { return whole_lines(static_cast<size_t>(rows_ * g_.ow * taps()) * sizeof(float)); }
    Split split(int64_t batch, int threads) const {
        return Split::of(dy_.images(batch), g_.macs() * dy_.images(batch), macs_per_thread, threads);
    }

    // [O, I, kh, kw] to [O, kh, kw, I], the last two padded to `width`.
    void pack(const float* from, float* to) const {
        std::fill_n(to, g_.oc * taps(), 0.0f);
        for (int64_t o = 0; o < g_.oc; ++o) {
            for (int64_t i = 0; i < g_.ic; ++i) {
                for (int64_t r = 0; r < g_.kh; ++r) {
                    for (int64_t k = 0; k < g_.kw; ++k) {
                        to[o * taps() + r * width() + k * g_.ic + i] = *from++;
                    }
                }
            }
        }
    }

    Geometry g_;
    Operand dy_;
    Parameter weights_;
    int64_t rows_;
};

}  // namespace

std::unique_ptr<Operator> create_conv2d_grad_input_gemm(const Request& request, const Geometry& geometry) {
    return std::make_unique<Conv2dGradInputGemm>(request, geometry);
}

}  // namespace octavo::onednn

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

// Adds `rows` output rows, the first of them number `line` of the whole batch, to dx [N, H, W, C].
OCTAVO_CLONES void add_windows(const Geometry& g, const float* col, int64_t line, int64_t rows, float* dx) {
    const int64_t taps = g.kh * g.kw * g.ic;
    for (int64_t l = line; l < line + rows; ++l) {
        const int64_t n = l / g.oh, top = l % g.oh * g.sh - g.pt;
        float* image = dx + n * g.ih * g.iw * g.ic;
        for (int64_t x = 0; x < g.ow; ++x, col += taps) {
            const int64_t left = x * g.sw - g.pl;
            for (int64_t r = 0; r < g.kh; ++r) {
                const int64_t y = top + r * g.dh;
                if (y < 0 || y >= g.ih) continue;
                if (g.dw == 1) {  // the taps of a window row are neighbours in memory
                    const int64_t first = std::max<int64_t>(0, -left), last = std::min(g.kw, g.iw - left);
                    const float* __restrict from = col + (r * g.kw + first) * g.ic;
                    float* __restrict to = image + (y * g.iw + left + first) * g.ic;
                    const int64_t run = (last - first) * g.ic;
                    for (int64_t i = 0; i < run; ++i) to[i] += from[i];
                    continue;
                }
                for (int64_t s = 0; s < g.kw; ++s) {
                    const int64_t column = left + s * g.dw;
                    if (column < 0 || column >= g.iw) continue;
                    const float* __restrict from = col + (r * g.kw + s) * g.ic;
                    float* __restrict to = image + (y * g.iw + column) * g.ic;
                    for (int64_t i = 0; i < g.ic; ++i) to[i] += from[i];
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
        rows_ = std::max<int64_t>(1, 64 * 1024 / (g_.ow * taps()));
    }

    size_t scratch_bytes(int64_t batch, int threads) override {
        return weight_bytes_aligned() + static_cast<size_t>(split(batch, threads)) * col_bytes();
    }

    void run(const Run& run) override {
        const int64_t images = dy_.images(run.batch);
        const int threads = split(run.batch, run.threads);
        ThreadCount count(threads);
        auto* weights = reinterpret_cast<float*>(run.scratch);
        channels_last(weights_.get(run.inputs), weights);
        const float* dy = run.in(0);
        float* dx = run.out(0);
        std::byte* cols = run.scratch + weight_bytes_aligned();
        parallel_ranges(images, threads, [&](int64_t begin, int64_t end, int64_t part) {
            auto* col = reinterpret_cast<float*>(cols + static_cast<size_t>(part) * col_bytes());
            const int64_t image = g_.ih * g_.iw * g_.ic;
            std::fill(dx + begin * image, dx + end * image, 0.0f);
            for (int64_t line = begin * g_.oh; line < end * g_.oh; line += rows_) {
                const int64_t rows = std::min(rows_, end * g_.oh - line);
                dnnl_sgemm('N', 'N', rows * g_.ow, taps(), g_.oc, 1.0f, dy + line * g_.ow * g_.oc, g_.oc, weights,
                           taps(), 0.0f, col, taps());
                add_windows(g_, col, line, rows, dx);
            }
        });
    }

    const char* kernel() const override { return "conv2d_grad_input_onednn sgemm"; }

private:
    int64_t taps() const { return g_.kh * g_.kw * g_.ic; }
    size_t weight_bytes_aligned() const { return (static_cast<size_t>(g_.oc * taps()) * sizeof(float) + 63) / 64 * 64; }
    size_t col_bytes() const { return (static_cast<size_t>(rows_ * g_.ow * taps()) * sizeof(float) + 63) / 64 * 64; }
    int split(int64_t batch, int threads) const {
        return static_cast<int>(
            std::min<int64_t>(threads_for(g_.macs() * dy_.images(batch), macs_per_thread, threads), dy_.images(batch)));
    }

    // [O, I, kh, kw] to [O, kh, kw, I].
    void channels_last(const float* from, float* to) const {
        const int64_t taps = g_.kh * g_.kw;
        for (int64_t o = 0; o < g_.oc; ++o) {
            for (int64_t i = 0; i < g_.ic; ++i) {
                for (int64_t k = 0; k < taps; ++k) to[(o * taps + k) * g_.ic + i] = from[(o * g_.ic + i) * taps + k];
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

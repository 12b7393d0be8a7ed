// Batch normalization (Ioffe and Szegedy, 2015) over N, H, W for each channel: inference, training forward and gradient.
//
// Sums are taken over blocks of a fixed number of pixels and the blocks are then merged in their order in double (for the
// variance by Chan, Golub and LeVeque's formula), so that results do not depend on the thread count.
#include <algorithm>
#include <cmath>
#include <vector>

#include "onednn/clones.h"
#include "onednn/operator.h"
#include "onednn/threads.h"

namespace octavo::onednn {

namespace {

constexpr int64_t block_pixels = 256;

// The pixels of all images, cut into blocks: in NHWC 256 consecutive pixels with all their channels; in NCHW 256 consecutive
// pixels of one channel of one image.
struct Extent {
    bool nhwc;
    int64_t images, channels, pixels;  // pixels of an image

    int64_t total() const { return images * pixels; }
    int64_t blocks() const {
        const int64_t run = nhwc ? total() : pixels;
        return (run + block_pixels - 1) / block_pixels * (nhwc ? 1 : images);
    }
    int64_t bytes() const { return total() * channels * static_cast<int64_t>(sizeof(float)); }
    // First pixel of a block, counted over all images, and how many pixels it has.
    int64_t first(int64_t block) const {
        if (nhwc) return block * block_pixels;
        const int64_t each = blocks() / images;
        return block / each * pixels + block % each * block_pixels;
    }
    int64_t count(int64_t block) const {
        if (nhwc) return std::min(block_pixels, total() - first(block));
        const int64_t each = blocks() / images;
        return std::min(block_pixels, pixels - block % each * block_pixels);
    }
    // Start of a channel's run in NCHW for a pixel counted over all images.
    int64_t plain_offset(int64_t pixel, int64_t channel) const {
        return (pixel / pixels * channels + channel) * pixels + pixel % pixels;
    }
};

// Mean and sum of squared deviations of a block; channels of NHWC in groups of 16 so that the sums stay in registers.
OCTAVO_CLONES void block_moments_nhwc(const float* x, int64_t pixels, int64_t channels, float* mean, float* square) {
    const float inverse = 1.0f / static_cast<float>(pixels);
    int64_t c = 0;
    for (; c + 16 <= channels; c += 16) {
        float sum[16] = {}, m[16], sq[16] = {};
        for (int64_t i = 0; i < pixels; ++i) {
            for (int j = 0; j < 16; ++j) sum[j] += x[i * channels + c + j];
        }
        for (int j = 0; j < 16; ++j) m[j] = sum[j] * inverse;
        for (int64_t i = 0; i < pixels; ++i) {
            for (int j = 0; j < 16; ++j) {
                const float d = x[i * channels + c + j] - m[j];
                sq[j] += d * d;
            }
        }
        for (int j = 0; j < 16; ++j) mean[c + j] = m[j], square[c + j] = sq[j];
    }
    for (; c < channels; ++c) {
        float sum = 0.0f, sq = 0.0f;
        for (int64_t i = 0; i < pixels; ++i) sum += x[i * channels + c];
        const float m = sum * inverse;
        for (int64_t i = 0; i < pixels; ++i) {
            const float d = x[i * channels + c] - m;
            sq += d * d;
        }
        mean[c] = m, square[c] = sq;
    }
}

OCTAVO_CLONES void block_moments_run(const float* x, int64_t n, float* mean, float* square) {
    double sum = 0.0, sq = 0.0;
    for (int64_t i = 0; i < n; ++i) sum += x[i];
    const double m = sum / static_cast<double>(n);
    for (int64_t i = 0; i < n; ++i) sq += (x[i] - m) * (x[i] - m);
    *mean = static_cast<float>(m), *square = static_cast<float>(sq);
}

// Sums of dy and of dy * (x - mean) over a block.
OCTAVO_CLONES void block_products_nhwc(const float* x, const float* dy, int64_t pixels, int64_t channels,
                                       const float* mean, float* sum_dy, float* sum_product) {
    int64_t c = 0;
    for (; c + 16 <= channels; c += 16) {
        float s[16] = {}, p[16] = {}, m[16];
        for (int j = 0; j < 16; ++j) m[j] = mean[c + j];
        for (int64_t i = 0; i < pixels; ++i) {
            for (int j = 0; j < 16; ++j) {
                const float g = dy[i * channels + c + j];
                s[j] += g;
                p[j] += g * (x[i * channels + c + j] - m[j]);
            }
        }
        for (int j = 0; j < 16; ++j) sum_dy[c + j] = s[j], sum_product[c + j] = p[j];
    }
    for (; c < channels; ++c) {
        float s = 0.0f, p = 0.0f;
        for (int64_t i = 0; i < pixels; ++i) {
            const float g = dy[i * channels + c];
            s += g;
            p += g * (x[i * channels + c] - mean[c]);
        }
        sum_dy[c] = s, sum_product[c] = p;
    }
}

OCTAVO_CLONES void block_products_run(const float* x, const float* dy, int64_t n, float mean, float* sum_dy,
                                      float* sum_product) {
    double s = 0.0, p = 0.0;
    for (int64_t i = 0; i < n; ++i) {
        s += dy[i];
        p += static_cast<double>(dy[i]) * (x[i] - mean);
    }
    *sum_dy = static_cast<float>(s), *sum_product = static_cast<float>(p);
}

// y = x * a + b.
OCTAVO_CLONES void scale_nhwc(const float* __restrict x, float* __restrict y, int64_t pixels, int64_t channels,
                              const float* __restrict a, const float* __restrict b, float low, float high) {
    for (int64_t i = 0; i < pixels; ++i) {
        for (int64_t c = 0; c < channels; ++c) {
            const float v = x[i * channels + c] * a[c] + b[c];
            y[i * channels + c] = v < low ? low : v > high ? high : v;
        }
    }
}

OCTAVO_CLONES void scale_run(const float* __restrict x, float* __restrict y, int64_t n, float a, float b, float low,
                             float high) {
    for (int64_t i = 0; i < n; ++i) {
        const float v = x[i] * a + b;
        y[i] = v < low ? low : v > high ? high : v;
    }
}

// dx = a * dy - b * x + c, the three factors a channel.
OCTAVO_CLONES void gradient_nhwc(const float* __restrict x, const float* __restrict dy, float* __restrict dx,
                                 int64_t pixels, int64_t channels, const float* __restrict a, const float* __restrict b,
                                 const float* __restrict mean, const float* __restrict c) {
    for (int64_t i = 0; i < pixels; ++i) {
        for (int64_t k = 0; k < channels; ++k) {
            const int64_t at = i * channels + k;
            dx[at] = a[k] * dy[at] - b[k] * (x[at] - mean[k]) - c[k];
        }
    }
}

OCTAVO_CLONES void gradient_run(const float* __restrict x, const float* __restrict dy, float* __restrict dx, int64_t n,
                                float a, float b, float mean, float c) {
    for (int64_t i = 0; i < n; ++i) dx[i] = a * dy[i] - b * (x[i] - mean) - c;
}

class BatchNorm : public Operator {
protected:
    explicit BatchNorm(const Request& request)
        : x_(request.input(0, OCTAVO_F32)), epsilon_(request.attributes().epsilon) {
        if (x_.rank() < 2) request.mismatch(x_.text(), "rank 2 or more");
        if (!(epsilon_ >= 0.0f)) request.invalid("epsilon must not be negative");
    }

    void require_channel(const Request& request, const Operand& value) const {
        request.require_dims(value, {x_.dims[1]});
    }

    Extent extent(int64_t batch) const {
        const int64_t images = x_.images(batch), channels = x_.dims[1];
        return {x_.layout == OCTAVO_NHWC, images, channels, x_.elements(batch) / (images * channels)};
    }

    // body(block, channel or 0) over all blocks; NCHW calls it for each channel.
    template <class Body>
    void each_block(const Extent& e, int arrays, int threads, const Body& body) const {
        run_ranges(e.blocks(), e.bytes() * arrays, threads, [&](int64_t begin, int64_t end) {
            for (int64_t block = begin; block < end; ++block) body(block);
        });
    }

    void scale(const Extent& e, const float* x, float* y, const float* a, const float* b, float low, float high,
               int threads) const {
        each_block(e, 2, threads, [&](int64_t block) {
            const int64_t first = e.first(block), n = e.count(block);
            if (e.nhwc) {
                scale_nhwc(x + first * e.channels, y + first * e.channels, n, e.channels, a, b, low, high);
                return;
            }
            for (int64_t c = 0; c < e.channels; ++c) {
                const int64_t at = e.plain_offset(first, c);
                scale_run(x + at, y + at, n, a[c], b[c], low, high);
            }
        });
    }

    Operand x_;
    float epsilon_;
};

class BatchNormInference : public BatchNorm {
public:
    explicit BatchNormInference(const Request& request) : BatchNorm(request) {
        for (int i = 1; i <= 4; ++i) {
            parameters_[i - 1] = Parameter(request, i);
            if (!parameters_[i - 1].present()) request.invalid("gamma, beta, mean and var are all needed");
            require_channel(request, request.input(i));
        }
        request.require_alike(request.output(0, OCTAVO_F32), x_);
        const Attributes& d = request.attributes();
        if (d.activation == OCTAVO_RELU) low_ = 0.0f;
        if (d.activation == OCTAVO_CLAMP) low_ = d.clamp_min, high_ = d.clamp_max;
    }

    size_t scratch_bytes(int64_t, int) override { return 2 * static_cast<size_t>(x_.dims[1]) * sizeof(float); }

    void run(const Run& run) override {
        const Extent e = extent(run.batch);
        const float *gamma = parameters_[0].get(run.inputs), *beta = parameters_[1].get(run.inputs);
        const float *mean = parameters_[2].get(run.inputs), *var = parameters_[3].get(run.inputs);
        auto *a = reinterpret_cast<float*>(run.scratch), *b = a + e.channels;
        for (int64_t c = 0; c < e.channels; ++c) {
            a[c] = gamma[c] / std::sqrt(var[c] + epsilon_);
            b[c] = beta[c] - mean[c] * a[c];
        }
        scale(e, run.in(0), run.out(0), a, b, low_, high_, run.threads);
    }

    int64_t weight_bytes() const override {
        int64_t total = 0;
        for (const Parameter& p : parameters_) total += p.bytes();
        return total;
    }
    const char* kernel() const override { return "batch_norm_f32"; }

private:
    Parameter parameters_[4];
    float low_ = -INFINITY, high_ = INFINITY;
};

class BatchNormTrain : public BatchNorm {
public:
    explicit BatchNormTrain(const Request& request)
        : BatchNorm(request), gamma_(request, 1), beta_(request, 2), momentum_(request.attributes().momentum) {
        for (int i = 1; i <= 4; ++i) require_channel(request, request.input(i, OCTAVO_F32));
        request.require_alike(request.output(0, OCTAVO_F32), x_);
        for (int i = 1; i <= 2; ++i) require_channel(request, request.output(i, OCTAVO_F32));
        if (request.attributes().activation != OCTAVO_NO_ACTIVATION)
            request.refuse("no fused activation; use a clamp after it");
    }

    size_t scratch_bytes(int64_t batch, int) override {
        const Extent e = extent(batch);
        return static_cast<size_t>(2 * (e.blocks() + 1) * e.channels) * sizeof(float);
    }

    void run(const Run& run) override {
        const Extent e = extent(run.batch);
        const float* x = run.in(0);
        const int64_t channels = e.channels;
        auto* moments = reinterpret_cast<float*>(run.scratch);  // [blocks][2][channels]
        each_block(e, 1, run.threads, [&](int64_t block) {
            const int64_t first = e.first(block), n = e.count(block);
            float *mean = moments + block * 2 * channels, *square = mean + channels;
            if (e.nhwc) {
                block_moments_nhwc(x + first * channels, n, channels, mean, square);
                return;
            }
            for (int64_t c = 0; c < channels; ++c)
                block_moments_run(x + e.plain_offset(first, c), n, mean + c, square + c);
        });
        float *a = moments + 2 * e.blocks() * channels, *b = a + channels;
        float *running_mean = run.state(3), *running_var = run.state(4), *save_mean = run.out(1),
              *save_inv_std = run.out(2);
        const float *gamma = gamma_.get(run.inputs), *beta = beta_.get(run.inputs);
        for (int64_t c = 0; c < channels; ++c) {
            double mean = 0.0, square = 0.0, count = 0.0;
            for (int64_t block = 0; block < e.blocks(); ++block) {
                const float* m = moments + block * 2 * channels + c;
                const auto n = static_cast<double>(e.count(block));
                const double delta = m[0] - mean;
                square += m[channels] + delta * delta * count * n / (count + n);
                mean += delta * n / (count + n);
                count += n;
            }
            const double variance = square / count;
            const double inverse = 1.0 / std::sqrt(variance + epsilon_);
            save_mean[c] = static_cast<float>(mean);
            save_inv_std[c] = static_cast<float>(inverse);
            const double unbiased = count > 1.0 ? square / (count - 1.0) : variance;
            running_mean[c] += momentum_ * (static_cast<float>(mean) - running_mean[c]);
            running_var[c] += momentum_ * (static_cast<float>(unbiased) - running_var[c]);
            a[c] = static_cast<float>(gamma[c] * inverse);
            b[c] = static_cast<float>(beta[c] - mean * gamma[c] * inverse);
        }
        scale(e, x, run.out(0), a, b, -INFINITY, INFINITY, run.threads);
    }

    const char* kernel() const override { return "batch_norm_train_f32"; }

private:
    Parameter gamma_, beta_;
    float momentum_;
};

// dbeta = sum(dy); dgamma = sum(dy * xhat); dx = gamma * inv_std * (dy - dbeta / M - xhat * dgamma / M), xhat = (x - mean) *
// inv_std, M pixels.
class BatchNormGrad : public BatchNorm {
public:
    explicit BatchNormGrad(const Request& request) : BatchNorm(request), gamma_(request, 2) {
        request.require_alike(request.input(1, OCTAVO_F32), x_);
        for (int i = 2; i <= 4; ++i) require_channel(request, request.input(i, OCTAVO_F32));
        for (int i = 0; i < 3; ++i) wanted_[i] = request.has_output(i);
        if (wanted_[0]) request.require_alike(request.output(0, OCTAVO_F32), x_);
        for (int i = 1; i <= 2; ++i) {
            if (wanted_[i]) require_channel(request, request.output(i, OCTAVO_F32));
        }
    }

    size_t scratch_bytes(int64_t batch, int) override {
        const Extent e = extent(batch);
        return static_cast<size_t>((2 * e.blocks() + 3) * e.channels) * sizeof(float);
    }

    void run(const Run& run) override {
        const Extent e = extent(run.batch);
        const float *x = run.in(0), *dy = run.in(1), *gamma = gamma_.get(run.inputs), *mean = run.in(3),
                    *inverse = run.in(4);
        const int64_t channels = e.channels;
        auto* sums = reinterpret_cast<float*>(run.scratch);  // [blocks][2][channels]
        each_block(e, 2, run.threads, [&](int64_t block) {
            const int64_t first = e.first(block), n = e.count(block);
            float *sum_dy = sums + block * 2 * channels, *sum_product = sum_dy + channels;
            if (e.nhwc) {
                block_products_nhwc(x + first * channels, dy + first * channels, n, channels, mean, sum_dy,
                                    sum_product);
                return;
            }
            for (int64_t c = 0; c < channels; ++c) {
                const int64_t at = e.plain_offset(first, c);
                block_products_run(x + at, dy + at, n, mean[c], sum_dy + c, sum_product + c);
            }
        });
        float *a = sums + 2 * e.blocks() * channels, *b = a + channels, *constant = b + channels;
        const auto count = static_cast<double>(e.total());
        for (int64_t c = 0; c < channels; ++c) {
            double sum_dy = 0.0, sum_product = 0.0;
            for (int64_t block = 0; block < e.blocks(); ++block) {
                sum_dy += sums[block * 2 * channels + c];
                sum_product += sums[block * 2 * channels + channels + c];
            }
            const double std = inverse[c], dgamma = sum_product * std;
            if (wanted_[1]) run.out(1)[c] = static_cast<float>(dgamma);
            if (wanted_[2]) run.out(2)[c] = static_cast<float>(sum_dy);
            a[c] = static_cast<float>(gamma[c] * std);
            b[c] = static_cast<float>(gamma[c] * std * std * dgamma / count);
            constant[c] = static_cast<float>(gamma[c] * std * sum_dy / count);
        }
        if (!wanted_[0]) return;
        float* dx = run.out(0);
        each_block(e, 3, run.threads, [&](int64_t block) {
            const int64_t first = e.first(block), n = e.count(block);
            if (e.nhwc) {
                gradient_nhwc(x + first * channels, dy + first * channels, dx + first * channels, n, channels, a, b,
                              mean, constant);
                return;
            }
            for (int64_t c = 0; c < channels; ++c) {
                const int64_t at = e.plain_offset(first, c);
                gradient_run(x + at, dy + at, dx + at, n, a[c], b[c], mean[c], constant[c]);
            }
        });
    }

    const char* kernel() const override { return "batch_norm_grad_f32"; }

private:
    Parameter gamma_;
    bool wanted_[3];
};

}  // namespace

std::unique_ptr<Operator> create_batch_norm(const Request& request) {
    switch (request.attributes().kind) {
        case OCTAVO_OP_BATCH_NORM:
            return std::make_unique<BatchNormInference>(request);
        case OCTAVO_OP_BATCH_NORM_TRAIN:
            return std::make_unique<BatchNormTrain>(request);
        default:
            return std::make_unique<BatchNormGrad>(request);
    }
}

}  // namespace octavo::onednn

// Training operators that work element by element: gradients of clamp and flatten, dropout.
#include <array>
#include <cmath>
#include <cstring>

#include "onednn/clones.h"
#include "onednn/operator.h"
#include "onednn/threads.h"

namespace octavo::onednn {

namespace {

// 0 at a bound and beyond it, else dy: also where v is NaN, and with a bound that is NaN there is none (PyTorch's threshold and
// hardtanh).
OCTAVO_CLONES void clamp_grad(const float* __restrict v, const float* __restrict dy, float* __restrict dx, int64_t n,
                              float low, float high) {
    for (int64_t i = 0; i < n; ++i) {
        const bool outside = (v[i] <= low) | (v[i] >= high);
        dx[i] = outside ? 0.0f : dy[i];
    }
}

class ClampGrad : public Operator {
public:
    explicit ClampGrad(const Request& request) : x_(request.input(0, OCTAVO_F32)) {
        request.require_alike(request.input(1, OCTAVO_F32), x_);
        request.require_alike(request.output(0, OCTAVO_F32), x_);
        const Attributes& d = request.attributes();
        if (d.activation == OCTAVO_NO_ACTIVATION) request.invalid("an activation is needed");
        if (d.activation == OCTAVO_CLAMP) {
            low_ = d.clamp_min, high_ = d.clamp_max;
            if (!(low_ <= high_)) request.invalid("clamp_min must not exceed clamp_max");
        }
    }

    void run(const Run& run) override {
        const int64_t n = x_.elements(run.batch);
        run_ranges(n, n * 12, run.threads, [&](int64_t begin, int64_t end) {
            clamp_grad(run.in(0) + begin, run.in(1) + begin, run.out(0) + begin, end - begin, low_, high_);
        });
    }

    const char* kernel() const override { return "clamp_grad_f32"; }

private:
    Operand x_;
    float low_ = 0.0f, high_ = NAN;
};

void require_probability(const Request& request) {
    const float p = request.attributes().probability;
    if (!(p >= 0.0f && p < 1.0f)) request.invalid("probability must be at least 0 and below 1");
}

// Philox4x32-10 (Salmon, Moraes, Dror and Shaw, Parallel Random Numbers: As Easy as 1, 2, 3, 2011): four random words for a
// counter and a key.
std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, uint32_t key0, uint32_t key1) {
    for (int round = 0; round < 10; ++round) {
        const uint64_t product0 = uint64_t{0xD2511F53} * counter[0], product1 = uint64_t{0xCD9E8D57} * counter[2];
        counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key0, static_cast<uint32_t>(product1),
                   static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key1, static_cast<uint32_t>(product0)};
        key0 += 0x9E3779B9;
        key1 += 0xBB67AE85;
    }
    return counter;
}

// y = mask ? x / (1 - p) : 0. Element e of the batch, in memory order, is kept if word e mod 4 of Philox with counter e / 4 and
// key (seed, step) is at least p * 2^32: independent of threads, and of batch size as far as the elements are the same.
class DropoutTrain : public Operator {
public:
    explicit DropoutTrain(const Request& request)
        : x_(request.input(0, OCTAVO_F32)), probability_(request.attributes().probability) {
        request.require_dims(request.input(1, OCTAVO_S32), {2});
        request.require_alike(request.output(0, OCTAVO_F32), x_);
        request.require_alike(request.output(1, OCTAVO_U8), x_);
        require_probability(request);
    }

    void run(const Run& run) override {
        const int64_t n = x_.elements(run.batch), groups = (n + 3) / 4;
        const auto* counter = static_cast<const int32_t*>(run.inputs[1]);
        const auto step = static_cast<uint32_t>(counter[0]), seed = static_cast<uint32_t>(counter[1]);
        const auto limit = static_cast<uint64_t>(std::llround(static_cast<double>(probability_) * 4294967296.0));
        const float scale = 1.0f / (1.0f - probability_);
        const float* x = run.in(0);
        float* y = run.out(0);
        auto* mask = static_cast<uint8_t*>(run.outputs[1]);
        run_ranges(groups, n * 32, run.threads, [&](int64_t begin, int64_t end) {
            for (int64_t group = begin; group < end; ++group) {
                const std::array<uint32_t, 4> words = philox(
                    {static_cast<uint32_t>(group), static_cast<uint32_t>(static_cast<uint64_t>(group) >> 32), 0, 0},
                    seed, step);
                for (int64_t e = group * 4; e < std::min(n, group * 4 + 4); ++e) {
                    const bool keep = words[static_cast<size_t>(e % 4)] >= limit;
                    mask[e] = keep;
                    y[e] = keep ? x[e] * scale : 0.0f;
                }
            }
        });
    }

    const char* kernel() const override { return "dropout_train_f32_philox"; }

private:
    Operand x_;
    float probability_;
};

class DropoutGrad : public Operator {
public:
    explicit DropoutGrad(const Request& request)
        : dy_(request.input(0, OCTAVO_F32)), probability_(request.attributes().probability) {
        request.require_alike(request.input(1, OCTAVO_U8), dy_);
        request.require_alike(request.output(0, OCTAVO_F32), dy_);
        require_probability(request);
    }

    void run(const Run& run) override {
        const int64_t n = dy_.elements(run.batch);
        const float scale = 1.0f / (1.0f - probability_);
        const auto* mask = static_cast<const uint8_t*>(run.inputs[1]);
        run_ranges(n, n * 9, run.threads, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) run.out(0)[i] = mask[i] ? run.in(0)[i] * scale : 0.0f;
        });
    }

    const char* kernel() const override { return "dropout_grad_f32"; }

private:
    Operand dy_;
    float probability_;
};

// dy [N, C*H*W] in C, H, W order to dx [N, C, H, W] of any layout.
class FlattenGrad : public Operator {
public:
    explicit FlattenGrad(const Request& request) : dx_(request.output(0, OCTAVO_F32)) {
        request.require_rank(dx_, 4);
        const Operand dy = request.input(0, OCTAVO_F32);
        request.require_dims(dy, {dx_.dims[0], dx_.dims[1] * dx_.dims[2] * dx_.dims[3]});
        if (dy.batched != dx_.batched) request.mismatch(dy.text(), "batched like " + dx_.text());
    }

    void run(const Run& run) override {
        const int64_t images = dx_.images(run.batch), channels = dx_.dims[1], pixels = dx_.dims[2] * dx_.dims[3];
        const int64_t features = channels * pixels;
        const float* dy = run.in(0);
        float* dx = run.out(0);
        run_ranges(images, images * features * 8, run.threads, [&](int64_t begin, int64_t end) {
            if (dx_.layout == OCTAVO_PLAIN) {
                std::memcpy(dx + begin * features, dy + begin * features,
                            static_cast<size_t>((end - begin) * features) * sizeof(float));
                return;
            }
            for (int64_t n = begin; n < end; ++n) {
                const float* from = dy + n * features;
                float* to = dx + n * features;
                for (int64_t p = 0; p < pixels; ++p) {
                    for (int64_t c = 0; c < channels; ++c) to[p * channels + c] = from[c * pixels + p];
                }
            }
        });
    }

    const char* kernel() const override { return "flatten_grad_f32"; }

private:
    Operand dx_;
};

}  // namespace

std::unique_ptr<Operator> create_pointwise(const Request& request) {
    switch (request.attributes().kind) {
        case OCTAVO_OP_CLAMP_GRAD:
            return std::make_unique<ClampGrad>(request);
        case OCTAVO_OP_DROPOUT_TRAIN:
            return std::make_unique<DropoutTrain>(request);
        case OCTAVO_OP_DROPOUT_GRAD:
            return std::make_unique<DropoutGrad>(request);
        default:
            return std::make_unique<FlattenGrad>(request);
    }
}

}  // namespace octavo::onednn

// Parameter updates, element by element, in the formulas of PyTorch's torch.optim.
//
// SGD (torch.optim.SGD): g = grad + weight_decay * p; v = momentum * v + (1 - dampening) * g; d = g + momentum * v with
// Nesterov, else v (g itself when momentum is 0); p = p - lr * d. PyTorch's first step sets v = g; with v = 0 and dampening 0
// the formula gives the same, so a caller that wants dampening passes 0 for it in the first step.
//
// Adam (torch.optim.Adam, Kingma and Ba, 2015): g = grad + weight_decay * p; m = m + (1 - beta1) * (g - m);
// v = beta2 * v + (1 - beta2) * g^2; p = p - lr / (1 - beta1^step) * m / (sqrt(v) / sqrt(1 - beta2^step) + epsilon).
#include <cmath>

#include "onednn/clones.h"
#include "onednn/operator.h"
#include "onednn/threads.h"

namespace octavo::onednn {

namespace {

OCTAVO_CLONES void sgd(float* __restrict p, const float* __restrict grad, float* __restrict v, int64_t n, float lr,
                       float momentum, float keep, float decay, float ahead) {
    for (int64_t i = 0; i < n; ++i) {
        const float g = grad[i] + decay * p[i];
        const float moved = momentum * v[i] + keep * g;
        v[i] = moved;
        // ahead is the momentum with Nesterov; without, the step is the velocity alone.
        p[i] -= lr * (ahead > 0.0f ? g + ahead * moved : moved);
    }
}

OCTAVO_CLONES void sgd_plain(float* __restrict p, const float* __restrict grad, int64_t n, float lr, float decay) {
    for (int64_t i = 0; i < n; ++i) p[i] -= lr * (grad[i] + decay * p[i]);
}

OCTAVO_CLONES void adam(float* __restrict p, const float* __restrict grad, float* __restrict m, float* __restrict v,
                        int64_t n, float beta1_rest, float beta2, float beta2_rest, float decay, float rate, float root,
                        float epsilon) {
    for (int64_t i = 0; i < n; ++i) {
        const float g = grad[i] + decay * p[i];
        m[i] += beta1_rest * (g - m[i]);
        v[i] = beta2 * v[i] + beta2_rest * g * g;
        p[i] -= rate * m[i] / (std::sqrt(v[i]) / root + epsilon);
    }
}

class Update : public Operator {
public:
    Update(const Request& request, int states, int64_t hyper) : size_(request.input(0, OCTAVO_F32).elements()) {
        const Operand param = request.input(0);
        if (param.batched) request.mismatch(param.text(), "a shape without batch");
        request.require_alike(request.input(1, OCTAVO_F32), param);
        for (int i = 2; i < 2 + states; ++i) request.require_alike(request.input(i, OCTAVO_F32), param);
        const Operand numbers = request.input(2 + states, OCTAVO_F32);
        request.require_dims(numbers, {hyper});
    }

protected:
    template <class Body>
    void each(int threads, int arrays, const Body& body) const {
        const int64_t bytes = size_ * arrays * static_cast<int64_t>(sizeof(float));
        run_ranges(size_, bytes, threads, [&](int64_t begin, int64_t end) { body(begin, end - begin); });
    }

private:
    int64_t size_;
};

class SgdStep : public Update {
public:
    explicit SgdStep(const Request& request) : Update(request, 1, 5) {}

    void run(const Run& run) override {
        const float* hyper = run.in(3);
        const float lr = hyper[0], momentum = hyper[1], dampening = hyper[2], decay = hyper[3];
        const bool nesterov = hyper[4] != 0.0f;
        each(run.threads, 5, [&](int64_t at, int64_t n) {
            float* p = run.state(0) + at;
            if (momentum == 0.0f) {
                sgd_plain(p, run.in(1) + at, n, lr, decay);
            } else {
                sgd(p, run.in(1) + at, run.state(2) + at, n, lr, momentum, 1.0f - dampening, decay,
                    nesterov ? momentum : 0.0f);
            }
        });
    }

    const char* kernel() const override { return "sgd_step_f32"; }
};

class AdamStep : public Update {
public:
    explicit AdamStep(const Request& request) : Update(request, 2, 6) {}

    void run(const Run& run) override {
        const float* hyper = run.in(4);
        const double lr = hyper[0], beta1 = hyper[1], beta2 = hyper[2], step = hyper[5];
        const auto rate = static_cast<float>(lr / (1.0 - std::pow(beta1, step)));
        const auto root = static_cast<float>(std::sqrt(1.0 - std::pow(beta2, step)));
        each(run.threads, 7, [&](int64_t at, int64_t n) {
            adam(run.state(0) + at, run.in(1) + at, run.state(2) + at, run.state(3) + at, n,
                 static_cast<float>(1.0 - beta1), hyper[2], static_cast<float>(1.0 - beta2), hyper[4], rate, root,
                 hyper[3]);
        });
    }

    const char* kernel() const override { return "adam_step_f32"; }
};

}  // namespace

std::unique_ptr<Operator> create_optimizer(const Request& request) {
    if (request.attributes().kind == OCTAVO_OP_SGD_STEP) return std::make_unique<SgdStep>(request);
    return std::make_unique<AdamStep>(request);
}

}  // namespace octavo::onednn

// Softmax's gradient and the cross entropy of logits.
#include <cmath>

#include "onednn/operator.h"
#include "onednn/threads.h"

namespace octavo::onednn {

namespace {

// dx = y * (dy - sum(dy * y)) over the last axis.
class SoftmaxGrad : public Operator {
public:
    explicit SoftmaxGrad(const Request& request) : y_(request.input(0, OCTAVO_F32)) {
        request.require_alike(request.input(1, OCTAVO_F32), y_);
        request.require_alike(request.output(0, OCTAVO_F32), y_);
        if (y_.layout != OCTAVO_PLAIN) request.refuse("implemented for plain layout");
        if (y_.rank() == 0) request.mismatch(y_.text(), "rank 1 or more");
    }

    void run(const Run& run) override {
        const int64_t classes = y_.dims.back(), rows = y_.elements(run.batch) / classes;
        const float *y = run.in(0), *dy = run.in(1);
        float* dx = run.out(0);
        run_ranges(rows, rows * classes * 12, run.threads, [&](int64_t begin, int64_t end) {
            for (int64_t row = begin * classes; row < end * classes; row += classes) {
                double dot = 0.0;
                for (int64_t c = row; c < row + classes; ++c) dot += static_cast<double>(dy[c]) * y[c];
                for (int64_t c = row; c < row + classes; ++c) dx[c] = y[c] * static_cast<float>(dy[c] - dot);
            }
        });
    }

    const char* kernel() const override { return "softmax_grad_f32"; }

private:
    Operand y_;
};

// loss = mean over rows of log(sum(exp(l - max))) - (l[label] - max); dlogits = (softmax(l) - onehot(label)) / rows.
// Serial: a few microseconds for 128 x 10, and the sum of the rows then has one order.
class CrossEntropy : public Operator {
public:
    explicit CrossEntropy(const Request& request) : logits_(request.input(0, OCTAVO_F32)) {
        request.require_rank(logits_, 2);
        const Operand labels = request.input(1, OCTAVO_S32);
        request.require_dims(labels, {logits_.dims[0]});
        if (labels.batched != logits_.batched) request.mismatch(labels.text(), "batched like " + logits_.text());
        for (int i = 0; i < 3; ++i) wanted_[i] = request.has_output(i);
        if (wanted_[0] && request.output(0, OCTAVO_F32).elements(2) != 1) {
            request.mismatch(request.output(0).text(), "[1], not batched");
        }
        if (wanted_[1]) request.require_alike(request.output(1, OCTAVO_F32), logits_);
        if (wanted_[2] && request.output(2, OCTAVO_S32).elements(2) != 1) {
            request.mismatch(request.output(2).text(), "[1], not batched");
        }
    }

    void run(const Run& run) override {
        const int64_t classes = logits_.dims[1], rows = logits_.images(run.batch);
        const auto* labels = static_cast<const int32_t*>(run.inputs[1]);
        float* gradient = wanted_[1] ? run.out(1) : nullptr;
        double total = 0.0;
        int32_t correct = 0;
        for (int64_t row = 0; row < rows; ++row) {
            const float* l = run.in(0) + row * classes;
            const int32_t label = labels[row];
            if (label < 0 || label >= classes) {
                throw Error(OCTAVO_INVALID_ARGUMENT, "cross_entropy: label " + std::to_string(label) + " of row " +
                                                         std::to_string(row) + " is not in 0 to " +
                                                         std::to_string(classes - 1));
            }
            int64_t best = 0;
            for (int64_t c = 1; c < classes; ++c) {
                if (l[c] > l[best]) best = c;
            }
            const float top = l[best];
            float sum = 0.0f;
            for (int64_t c = 0; c < classes; ++c) sum += std::exp(l[c] - top);
            total += std::log(sum) - (l[label] - top);
            correct += best == label;
            if (!gradient) continue;
            float* d = gradient + row * classes;
            const float each = 1.0f / (sum * static_cast<float>(rows));
            for (int64_t c = 0; c < classes; ++c) d[c] = std::exp(l[c] - top) * each;
            d[label] -= 1.0f / static_cast<float>(rows);
        }
        if (wanted_[0]) *run.out(0) = static_cast<float>(total / static_cast<double>(rows));
        if (wanted_[2]) *static_cast<int32_t*>(run.outputs[2]) = correct;
    }

    const char* kernel() const override { return "cross_entropy_f32"; }

private:
    Operand logits_;
    bool wanted_[3];
};

}  // namespace

std::unique_ptr<Operator> create_loss(const Request& request) {
    if (request.attributes().kind == OCTAVO_OP_SOFTMAX_GRAD) return std::make_unique<SoftmaxGrad>(request);
    return std::make_unique<CrossEntropy>(request);
}

}  // namespace octavo::onednn

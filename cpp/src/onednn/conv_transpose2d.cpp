// Transposed convolution: what a convolution's gradient by its input computes, whose dy is x here, plus a bias.
#include "onednn/geometry.h"
#include "onednn/operator.h"
#include "onednn/threads.h"

namespace octavo::onednn {

namespace {

class ConvTranspose2d : public Operator {
public:
    explicit ConvTranspose2d(const Request& request)
        : y_(request.output(0, OCTAVO_F32)), product_(create_conv2d_grad_input(request)), bias_(request, 2) {
        if (bias_.present()) request.require_dims(request.input(2, OCTAVO_F32), {y_.dims[1]});
        const std::string made_of = product_->kernel();
        kernel_ = "conv_transpose2d_f32_onednn" + made_of.substr(made_of.find(' '));
    }

    size_t scratch_bytes(int64_t batch, int threads) override { return product_->scratch_bytes(batch, threads); }

    void run(const Run& run) override {
        product_->run(run);
        if (!bias_.present()) return;
        const float* bias = bias_.get(run.inputs);
        const int64_t channels = y_.dims[1], pixels = y_.dims[2] * y_.dims[3];
        const int64_t bytes = y_.elements(run.batch) * static_cast<int64_t>(sizeof(float));
        float* y = run.out(0);
        if (y_.layout == OCTAVO_NHWC) {
            run_ranges(y_.images(run.batch) * pixels, bytes, run.threads, [&](int64_t begin, int64_t end) {
                for (int64_t pixel = begin; pixel < end; ++pixel) {
                    for (int64_t c = 0; c < channels; ++c) y[pixel * channels + c] += bias[c];
                }
            });
            return;
        }
        run_ranges(y_.images(run.batch) * channels, bytes, run.threads, [&](int64_t begin, int64_t end) {
            for (int64_t plane = begin; plane < end; ++plane) {
                const float term = bias[plane % channels];
                for (int64_t i = 0; i < pixels; ++i) y[plane * pixels + i] += term;
            }
        });
    }

    int64_t weight_bytes() const override { return product_->weight_bytes() + bias_.bytes(); }
    const char* kernel() const override { return kernel_.c_str(); }
    const char* reason() const override { return product_->reason(); }

private:
    const Operand y_;
    std::unique_ptr<Operator> product_;
    Parameter bias_;
    std::string kernel_;
};

}  // namespace

std::unique_ptr<Operator> create_conv_transpose2d(const Request& request) {
    return std::make_unique<ConvTranspose2d>(request);
}

}  // namespace octavo::onednn

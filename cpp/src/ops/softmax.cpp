// SOFTMAX: along one axis, or its logarithm.
#include "registry/softmax.h"
#include "ops/checks.h"
#include "ops/factories.h"
#include "ops/line.h"
#include "ops/split.h"

namespace octavo {
namespace {

class SoftmaxOp : public Op {
public:
    SoftmaxOp(const Value& x, const Line& line, bool logarithm, const SoftmaxKernels& kernels)
        : x_(x),
          line_(line),
          along_(kernels.along[logarithm]),
          across_(kernels.across[logarithm]),
          name_(std::string(logarithm ? "log_softmax_f32_" : "softmax_f32_") + kernels.suffix) {}

    void run(const RunArgs& args) const noexcept override {
        const float* x = static_cast<const float*>(x_.at(args.inputs[0]));
        float* y = static_cast<float*>(args.outputs[0]);
        const int64_t outer = samples(line_.batched, args) * line_.outer, count = line_.count, inner = line_.inner;
        if (inner == 1) {
            split(outer, 1, count * 480, args.threads, [&](int64_t begin, int64_t end) {
                for (int64_t row = begin; row < end; row++) along_(x + row * count, y + row * count, count);
            });
            return;
        }
        const int64_t blocks = ceil_div(inner, block);
        split(outer * blocks, 1, count * std::min(inner, block) * 480, args.threads, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; i++) {
                const int64_t column = i % blocks * block, first = i / blocks * count * inner + column;
                across_(x + first, y + first, count, inner, std::min(block, inner - column));
            }
        });
    }

    bool in_place() const override { return true; }
    std::string kernel() const override { return name_; }
    int64_t weight_bytes() const override { return static_cast<int64_t>(x_.bytes()); }

private:
    static constexpr int64_t block = 64;
    Operand x_;
    Line line_;
    void (*along_)(const float*, float*, int64_t);
    void (*across_)(const float*, float*, int64_t, int64_t, int64_t);
    std::string name_;
};

}  // namespace

std::unique_ptr<Op> create_softmax(const OpDesc& desc) {
    const Checks checks(desc, "softmax", 1);
    const Value &x = checks.input(0), &y = checks.output();
    checks.same_shape(x, y);
    checks.same_layout(x, y);
    if (x.dtype != OCTAVO_F32 || y.dtype != OCTAVO_F32) checks.refuse("runs on f32 alone");
    if (x.dims.empty() || (x.batched && x.dims.size() < 2))
        checks.fail(OCTAVO_SHAPE_MISMATCH,
                    "\"" + x.name + "\" has shape " + x.shape_text() + ", expected a last axis beside the batch");
    const Line line = line_along(checks, x, desc.attributes.axis);
    return std::make_unique<SoftmaxOp>(x, line, desc.attributes.log != 0, softmax_kernels(desc.isa));
}

}  // namespace octavo

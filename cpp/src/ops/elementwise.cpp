// ADD, CLAMP, REQUANTIZE: what works element by element in one layout.
#include <algorithm>
#include <limits>

#include "base/memory.h"
#include "base/numerics.h"
#include "ops/checks.h"
#include "ops/factories.h"
#include "ops/output_stage.h"
#include "ops/split.h"
#include "registry/elementwise.h"
#include "registry/map.h"

namespace octavo {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

std::string kernel_name(const char* kind, const Value& value, const ElementwiseKernels& kernels) {
    return std::string(kind) + "_" + type_name(value.dtype) + "_" + kernels.suffix;
}

// ---- ADD

class AddCodesOp : public Op {
public:
    AddCodesOp(const Value& a, const Value& b, const Value& y, const Limits& limits, bool pytorch_tail,
               const ElementwiseKernels& kernels)
        : a_(a),
          b_(b),
          batched_(y.batched),
          pytorch_tail_(pytorch_tail),
          elements_(y.elements()),
          kernel_(y.dtype == OCTAVO_U8 ? kernels.add_u8 : kernels.add_s8),
          name_(kernel_name("add", y, kernels)) {
        p_.scale_a = a.scales[0];
        p_.scale_b = b.scales[0];
        // Finite, so that a sum of 0 stays at the zero point.
        p_.inverse = std::min(1.0f / y.scales[0], std::numeric_limits<float>::max());
        p_.zero_a = a.zero_points[0];
        p_.zero_b = b.zero_points[0];
        p_.zero_y = y.zero_points[0];
        p_.lo = limits.lo;
        p_.hi = limits.hi;
    }

    void run(const RunArgs& args) const noexcept override {
        const int64_t n = samples(batched_, args) * elements_, tail = pytorch_tail_ ? n / group * group : n;
        const char* a = static_cast<const char*>(a_.at(args.inputs[0]));
        const char* b = static_cast<const char*>(b_.at(args.inputs[1]));
        split(n, group, 130, args.threads, [&](int64_t begin, int64_t end) {
            AddCodes p = p_;
            p.a = a + begin;
            p.b = b + begin;
            p.y = static_cast<char*>(args.outputs[0]) + begin;
            p.n = end - begin;
            p.tail = std::min(p.n, tail - begin);
            kernel_(p);
        });
    }

    // With PyTorch's tail, the elements beyond the last whole group of the batch are rounded differently.
    bool couples_batch() const override { return pytorch_tail_ && batched_ && elements_ % group != 0; }
    bool in_place() const override { return true; }
    std::string kernel() const override { return name_; }
    int64_t weight_bytes() const override { return static_cast<int64_t>(a_.bytes() + b_.bytes()); }

private:
    static constexpr int64_t group = 64;
    Operand a_, b_;
    bool batched_, pytorch_tail_;
    int64_t elements_;
    void (*kernel_)(const AddCodes&);
    std::string name_;
    AddCodes p_{};
};

class AddFloatsOp : public Op {
public:
    AddFloatsOp(const Value& a, const Value& b, const Value& y, bool relu, const ElementwiseKernels& kernels)
        : a_(a),
          b_(b),
          batched_(y.batched),
          elements_(y.elements()),
          lo_(relu ? 0.0f : -infinity),
          kernel_(kernels.add_f32),
          name_(kernel_name("add", y, kernels)) {}

    void run(const RunArgs& args) const noexcept override {
        const float* a = static_cast<const float*>(a_.at(args.inputs[0]));
        const float* b = static_cast<const float*>(b_.at(args.inputs[1]));
        float* y = static_cast<float*>(args.outputs[0]);
        split(samples(batched_, args) * elements_, 64, 200, args.threads, [&](int64_t begin, int64_t end) {
            kernel_(a + begin, b + begin, y + begin, end - begin, lo_, infinity);
        });
    }

    bool in_place() const override { return true; }
    std::string kernel() const override { return name_; }
    int64_t weight_bytes() const override { return static_cast<int64_t>(a_.bytes() + b_.bytes()); }

private:
    Operand a_, b_;
    bool batched_;
    int64_t elements_;
    float lo_;
    void (*kernel_)(const float*, const float*, float*, int64_t, float, float);
    std::string name_;
};

// ---- CLAMP

class ClampCodesOp : public Op {
public:
    ClampCodesOp(const Value& x, const Limits& limits, const ElementwiseKernels& kernels)
        : x_(x),
          batched_(x.batched),
          is_signed_(x.dtype == OCTAVO_S8),
          elements_(x.elements()),
          limits_(limits),
          kernels_(kernels),
          name_(kernel_name("clamp", x, kernels)) {}

    void run(const RunArgs& args) const noexcept override {
        const void* from = x_.at(args.inputs[0]);
        split(samples(batched_, args) * elements_, 64, 30, args.threads, [&](int64_t begin, int64_t end) {
            if (is_signed_)
                kernels_.clamp_s8(static_cast<const int8_t*>(from) + begin,
                                  static_cast<int8_t*>(args.outputs[0]) + begin, end - begin, limits_.lo, limits_.hi);
            else
                kernels_.clamp_u8(static_cast<const uint8_t*>(from) + begin,
                                  static_cast<uint8_t*>(args.outputs[0]) + begin, end - begin, limits_.lo, limits_.hi);
        });
    }

    bool in_place() const override { return true; }
    std::string kernel() const override { return name_; }

private:
    Operand x_;
    bool batched_, is_signed_;
    int64_t elements_;
    Limits limits_;
    const ElementwiseKernels& kernels_;
    std::string name_;
};

class ClampFloatsOp : public Op {
public:
    ClampFloatsOp(const Value& x, float lo, float hi, const ElementwiseKernels& kernels)
        : x_(x),
          batched_(x.batched),
          elements_(x.elements()),
          lo_(lo),
          hi_(hi),
          kernel_(kernels.clamp_f32),
          name_(kernel_name("clamp", x, kernels)) {}

    void run(const RunArgs& args) const noexcept override {
        const float* x = static_cast<const float*>(x_.at(args.inputs[0]));
        float* y = static_cast<float*>(args.outputs[0]);
        split(samples(batched_, args) * elements_, 64, 100, args.threads,
              [&](int64_t begin, int64_t end) { kernel_(x + begin, y + begin, end - begin, lo_, hi_); });
    }

    bool in_place() const override { return true; }
    std::string kernel() const override { return name_; }

private:
    Operand x_;
    bool batched_;
    int64_t elements_;
    float lo_, hi_;
    void (*kernel_)(const float*, float*, int64_t, float, float);
    std::string name_;
};

// ---- REQUANTIZE

// A byte has 256 results: they are computed once.
class RequantizeOp : public Op {
public:
    RequantizeOp(const Value& x, const Value& y, const MapKernels& kernels)
        : x_(x),
          batched_(x.batched),
          elements_(x.elements()),
          kernel_(kernels.bytes),
          name_(std::string("requantize_") + type_name(x.dtype) + "_" + type_name(y.dtype) + "_" + kernels.suffix),
          table_(256) {
        const float inverse = 1.0f / y.scales[0];
        for (int byte = 0; byte < 256; byte++) {
            const int32_t code = x.dtype == OCTAVO_S8 ? static_cast<int8_t>(byte) : byte;
            const float real = dequantize(code, x.scales[0], x.zero_points[0]);
            table_[byte] =
                static_cast<uint8_t>(quantize_fused(real, inverse, y.zero_points[0], y.code_min, y.code_max));
        }
    }

    void run(const RunArgs& args) const noexcept override {
        const uint8_t* x = static_cast<const uint8_t*>(x_.at(args.inputs[0]));
        uint8_t* y = static_cast<uint8_t*>(args.outputs[0]);
        split(samples(batched_, args) * elements_, 64, 40, args.threads,
              [&](int64_t begin, int64_t end) { kernel_(x + begin, y + begin, end - begin, table_.data()); });
    }

    bool in_place() const override { return true; }
    std::string kernel() const override { return name_; }

private:
    Operand x_;
    bool batched_;
    int64_t elements_;
    void (*kernel_)(const uint8_t*, uint8_t*, int64_t, const uint8_t*);
    std::string name_;
    AlignedArray<uint8_t> table_;
};

}  // namespace

std::unique_ptr<Op> create_add(const OpDesc& desc) {
    const Checks checks(desc, "add", 2);
    const Value &a = checks.input(0), &b = checks.input(1), &y = checks.output();
    for (const Value* value : {&a, &b, &y}) checks.float_or_codes(*value);
    checks.same_shape(a, b);
    checks.same_shape(a, y);
    for (const Value* value : {&b, &y}) {
        checks.same_type(a, *value);
        checks.same_layout(a, *value);
    }
    if (desc.attributes.activation == OCTAVO_CLAMP)
        checks.fail(OCTAVO_INVALID_ARGUMENT, "takes no activation but relu; a clamp is an operator of its own");
    const bool relu = desc.attributes.activation == OCTAVO_RELU;
    const ElementwiseKernels& kernels = elementwise_kernels(desc.isa);
    if (a.dtype == OCTAVO_F32) return std::make_unique<AddFloatsOp>(a, b, y, relu, kernels);
    // Vectors convert steps to 32-bit integers, and make the least of those beyond: the definition saturates.
    const double most = 255 * (double{a.scales[0]} + double{b.scales[0]}) / double{y.scales[0]};
    const ElementwiseKernels& exact = most < 2147000000 ? kernels : elementwise_kernels(Isa::scalar);
    return std::make_unique<AddCodesOp>(a, b, y, quantized_limits(y, desc.attributes, checks.subject()),
                                        desc.attributes.pytorch_tail != 0, exact);
}

std::unique_ptr<Op> create_clamp(const OpDesc& desc) {
    const Checks checks(desc, "clamp", 1);
    const Value &x = checks.input(0), &y = checks.output();
    checks.float_or_codes(x);
    checks.same_shape(x, y);
    checks.same_parameters(x, y);
    checks.same_layout(x, y);
    const Attributes& d = desc.attributes;
    const float lo = d.activation == OCTAVO_RELU ? 0.0f : d.activation == OCTAVO_CLAMP ? d.clamp_min : -infinity;
    const float hi = d.activation == OCTAVO_CLAMP ? d.clamp_max : infinity;
    const ElementwiseKernels& kernels = elementwise_kernels(desc.isa);
    if (x.dtype == OCTAVO_F32) return std::make_unique<ClampFloatsOp>(x, lo, hi, kernels);
    return std::make_unique<ClampCodesOp>(x, quantized_limits(y, d, checks.subject()), kernels);
}

std::unique_ptr<Op> create_requantize(const OpDesc& desc) {
    const Checks checks(desc, "requantize", 1);
    const Value &x = checks.input(0), &y = checks.output();
    checks.same_shape(x, y);
    checks.same_layout(x, y);
    for (const Value* value : {&x, &y})
        if (!is_codes(*value)) checks.refuse("\"" + value->name + "\" is not u8 or s8 with one scale");
    return std::make_unique<RequantizeOp>(x, y, map_kernels(desc.isa));
}

}  // namespace octavo

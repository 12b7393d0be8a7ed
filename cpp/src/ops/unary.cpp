// UNARY: a function of each number, integer or code.
#include "ops/broadcast.h"
#include "ops/factories.h"
#include "ops/functions.h"
#include "ops/plain_type.h"
#include "registry/map.h"
#include "registry/pointwise.h"

namespace octavo {
namespace {

// Picoseconds of an element.
int64_t cost_of(int32_t function, bool in_vectors) {
    if (!in_vectors) return 6000;
    const bool light = function <= OCTAVO_UNARY_SQRT || function == OCTAVO_UNARY_HARD_SIGMOID ||
                       function == OCTAVO_UNARY_HARD_SWISH || function == OCTAVO_UNARY_LEAKY_RELU ||
                       function == OCTAVO_UNARY_THRESHOLDED_RELU || function >= OCTAVO_UNARY_SOFTSIGN;
    return light ? 100 : 500;
}

// What has one operand, laid out as the result or not.
class UnaryOp : public Op {
public:
    UnaryOp(const Checks& checks, const Value& y, std::string name) : x_(checks, 1, y), name_(std::move(name)) {}
    bool in_place() const override { return x_.direct(0); }
    std::string kernel() const override { return name_; }
    int64_t weight_bytes() const override { return x_.bytes(); }

protected:
    Broadcast x_;

private:
    std::string name_;
};

class UnaryFloatsOp : public UnaryOp {
public:
    UnaryFloatsOp(const Checks& checks, const Value& y, const Attributes& attributes, const PointwiseKernels& kernels,
                  bool in_vectors)
        : UnaryOp(checks, y, std::string("unary_") + unary_name(attributes.function) + "_f32_" + kernels.suffix),
          kernel_(kernels.unary[attributes.function]),
          alpha_(attributes.alpha),
          beta_(attributes.beta),
          cost_(cost_of(attributes.function, in_vectors)) {}

    void run(const RunArgs& args) const noexcept override {
        float* y = static_cast<float*>(args.outputs[0]);
        x_.run(args, cost_, [&](const char* const* x, int64_t first, int64_t n) {
            kernel_(reinterpret_cast<const float*>(x[0]), y + first, n, alpha_, beta_);
        });
    }

private:
    void (*kernel_)(const float*, float*, int64_t, float, float);
    float alpha_, beta_;
    int64_t cost_;
};

// Integers and truth.
class UnaryPlainOp : public UnaryOp {
public:
    UnaryPlainOp(const Checks& checks, const Value& x, const Value& y, const char* function, PlainUnary kernel)
        : UnaryOp(checks, y, std::string("unary_") + function + "_" + type_name(x.dtype) + "_scalar"),
          kernel_(kernel),
          element_bytes_(static_cast<int64_t>(y.element_bytes())) {}

    void run(const RunArgs& args) const noexcept override {
        char* y = static_cast<char*>(args.outputs[0]);
        x_.run(args, 300,
               [&](const char* const* x, int64_t first, int64_t n) { kernel_(x[0], y + first * element_bytes_, n); });
    }

private:
    PlainUnary kernel_;
    int64_t element_bytes_;
};

class IsInfiniteOp : public UnaryOp {
public:
    IsInfiniteOp(const Checks& checks, const Value& y, const Attributes& attributes)
        : UnaryOp(checks, y, "unary_is_inf_f32_scalar"), below_(attributes.alpha != 0), above_(attributes.beta != 0) {}

    void run(const RunArgs& args) const noexcept override {
        uint8_t* y = static_cast<uint8_t*>(args.outputs[0]);
        x_.run(args, 300, [&](const char* const* x, int64_t first, int64_t n) {
            plain_kernels().is_infinite(reinterpret_cast<const float*>(x[0]), y + first, n, below_, above_);
        });
    }

private:
    bool below_, above_;
};

// A byte has 256 results: they are computed once.
class UnaryCodesOp : public UnaryOp {
public:
    UnaryCodesOp(const Checks& checks, const Value& x, const Value& y, const Attributes& attributes,
                 const MapKernels& kernels)
        : UnaryOp(checks, y,
                  std::string("unary_") + unary_name(attributes.function) + "_" + type_name(x.dtype) + "_" +
                      type_name(y.dtype) + "_" + kernels.suffix),
          kernel_(kernels.bytes),
          table_(unary_table(attributes, x, y)) {}

    void run(const RunArgs& args) const noexcept override {
        uint8_t* y = static_cast<uint8_t*>(args.outputs[0]);
        x_.run(args, 40, [&](const char* const* x, int64_t first, int64_t n) {
            kernel_(reinterpret_cast<const uint8_t*>(x[0]), y + first, n, table_.data());
        });
    }

    int64_t weight_bytes() const override { return static_cast<int64_t>(table_.bytes()) + x_.bytes(); }

private:
    void (*kernel_)(const uint8_t*, uint8_t*, int64_t, const uint8_t*);
    AlignedArray<uint8_t> table_;
};

}  // namespace

std::unique_ptr<Op> create_unary(const OpDesc& desc) {
    const Checks checks(desc, "unary", 1);
    const Value &x = checks.input(0), &y = checks.output();
    const Attributes& a = desc.attributes;
    const int32_t function = a.function;
    checks.same_shape(x, y);
    const auto result = [&](octavo_dtype expected) {
        if (y.dtype != expected || !y.scales.empty())
            checks.fail(OCTAVO_INVALID_ARGUMENT, "\"" + y.name + "\" is " + type_name(y.dtype) + ", expected " +
                                                     type_name(expected) + " without a scale");
    };
    if (function == OCTAVO_UNARY_NOT && x.dtype == OCTAVO_BOOL) {
        result(OCTAVO_BOOL);
        return std::make_unique<UnaryPlainOp>(checks, x, y, "not", plain_kernels().logical_not);
    }
    if (x.dtype == OCTAVO_F32 && function > OCTAVO_UNARY_NOT) {
        result(OCTAVO_BOOL);
        if (function == OCTAVO_UNARY_IS_INF) return std::make_unique<IsInfiniteOp>(checks, y, a);
        return std::make_unique<UnaryPlainOp>(checks, x, y, "is_nan", plain_kernels().is_nan);
    }
    if (x.dtype == OCTAVO_F32 && function < OCTAVO_UNARY_NOT) {
        result(OCTAVO_F32);
        const PointwiseKernels& kernels = pointwise_kernels(desc.isa);
        const bool there = kernels.unary[function] != nullptr;
        return std::make_unique<UnaryFloatsOp>(checks, y, a, there ? kernels : pointwise_kernels(Isa::scalar), there);
    }
    if (is_codes(x) && is_codes(y) && function < OCTAVO_UNARY_NOT)
        return std::make_unique<UnaryCodesOp>(checks, x, y, a, map_kernels(desc.isa));
    if (is_integer(x) && function <= OCTAVO_UNARY_SIGN) {
        result(x.dtype);
        return std::make_unique<UnaryPlainOp>(checks, x, y, unary_name(function),
                                              plain_kernels().unary[function][plain_type(x)]);
    }
    checks.refuse(std::string(unary_name(function)) + " of \"" + x.name + "\", " + kind_of(x) + ", to \"" + y.name +
                  "\", " + kind_of(y) + ": numbers run as f32 or as u8 or s8 with one scale; abs, neg and sign of " +
                  "integers too, not of bool, is_nan and is_inf of f32 to bool");
}

}  // namespace octavo

// BINARY: a function of two numbers, integers, truths or codes, broadcast to the result.
#include <algorithm>
#include <limits>

#include "base/numerics.h"
#include "ops/broadcast.h"
#include "ops/factories.h"
#include "ops/functions.h"
#include "ops/plain_type.h"
#include "registry/elementwise.h"
#include "registry/pointwise.h"
#include "registry/quantize.h"

namespace octavo {
namespace {

class BinaryOp : public Op {
public:
    BinaryOp(const Checks& checks, const Value& y, std::string name) : x_(checks, 2, y), name_(std::move(name)) {}
    bool in_place() const override { return x_.direct(0); }
    std::string kernel() const override { return name_; }
    int64_t weight_bytes() const override { return x_.bytes(); }

protected:
    Broadcast x_;

private:
    std::string name_;
};

std::string name_of(int32_t function, const Value& y, const char* suffix) {
    return std::string("binary_") + binary_name(function) + "_" + type_name(y.dtype) + "_" + suffix;
}

using FloatKernel = void (*)(const float*, const float*, float*, int64_t);

class BinaryFloatsOp : public BinaryOp {
public:
    BinaryFloatsOp(const Checks& checks, const Value& y, std::string name, FloatKernel kernel, int64_t cost)
        : BinaryOp(checks, y, std::move(name)), kernel_(kernel), cost_(cost) {}

    void run(const RunArgs& args) const noexcept override {
        float* y = static_cast<float*>(args.outputs[0]);
        x_.run(args, cost_, [&](const char* const* x, int64_t first, int64_t n) {
            kernel_(reinterpret_cast<const float*>(x[0]), reinterpret_cast<const float*>(x[1]), y + first, n);
        });
    }

private:
    FloatKernel kernel_;
    int64_t cost_;
};

// Integers and truths.
class BinaryPlainOp : public BinaryOp {
public:
    BinaryPlainOp(const Checks& checks, const Value& y, int32_t function, PlainBinary kernel)
        : BinaryOp(checks, y, name_of(function, y, "scalar")),
          kernel_(kernel),
          element_bytes_(static_cast<int64_t>(y.element_bytes())) {}

    void run(const RunArgs& args) const noexcept override {
        char* y = static_cast<char*>(args.outputs[0]);
        x_.run(args, 500, [&](const char* const* x, int64_t first, int64_t n) {
            kernel_(x[0], x[1], y + first * element_bytes_, n);
        });
    }

private:
    PlainBinary kernel_;
    int64_t element_bytes_;
};

// A difference is the sum with the second scale negative: every operation gives the same number with the other sign.
class AddCodesOp : public BinaryOp {
public:
    AddCodesOp(const Checks& checks, const Value& a, const Value& b, const Value& y, int32_t function,
               const ElementwiseKernels& kernels)
        : BinaryOp(checks, y, name_of(function, y, kernels.suffix)),
          kernel_(y.dtype == OCTAVO_U8 ? kernels.add_u8 : kernels.add_s8) {
        p_.scale_a = a.scales[0];
        p_.scale_b = function == OCTAVO_BINARY_SUB ? -b.scales[0] : b.scales[0];
        // Finite, so that a sum of 0 stays at the zero point.
        p_.inverse = std::min(1.0f / y.scales[0], std::numeric_limits<float>::max());
        p_.zero_a = a.zero_points[0];
        p_.zero_b = b.zero_points[0];
        p_.zero_y = y.zero_points[0];
        p_.lo = y.code_min;
        p_.hi = y.code_max;
    }

    void run(const RunArgs& args) const noexcept override {
        char* y = static_cast<char*>(args.outputs[0]);
        x_.run(args, 130, [&](const char* const* x, int64_t first, int64_t n) {
            AddCodes p = p_;
            p.a = x[0];
            p.b = x[1];
            p.y = y + first;
            p.n = p.tail = n;
            kernel_(p);
        });
    }

private:
    void (*kernel_)(const AddCodes&);
    AddCodes p_{};
};

class MulCodesOp : public BinaryOp {
public:
    MulCodesOp(const Checks& checks, const MulCodes& parameters, const Value& y, const PointwiseKernels& kernels)
        : BinaryOp(checks, y, name_of(OCTAVO_BINARY_MUL, y, kernels.suffix)),
          kernel_(y.dtype == OCTAVO_U8 ? kernels.mul_u8 : kernels.mul_s8),
          p_(parameters) {}

    void run(const RunArgs& args) const noexcept override {
        char* y = static_cast<char*>(args.outputs[0]);
        x_.run(args, 130, [&](const char* const* x, int64_t first, int64_t n) {
            MulCodes p = p_;
            p.a = x[0];
            p.b = x[1];
            p.y = y + first;
            p.n = n;
            kernel_(p);
        });
    }

private:
    void (*kernel_)(const MulCodes&);
    MulCodes p_;
};

// Any other function of codes: of the real numbers that they stand for, in float32, quantized again.
class BinaryCodesOp : public BinaryOp {
public:
    BinaryCodesOp(const Checks& checks, const Value& a, const Value& b, const Value& y, std::string name,
                  FloatKernel kernel, const QuantizeKernels& kernels)
        : BinaryOp(checks, y, std::move(name)), kernel_(kernel), kernels_(kernels) {
        const Value* inputs[] = {&a, &b};
        for (int i = 0; i < 2; i++) {
            signed_[i] = inputs[i]->dtype == OCTAVO_S8;
            from_[i].scale = inputs[i]->scales[0];
            from_[i].zero_point = inputs[i]->zero_points[0];
        }
        signed_[2] = y.dtype == OCTAVO_S8;
        to_.inverse = 1.0f / y.scales[0];
        to_.zero_point = y.zero_points[0];
        to_.lo = y.code_min;
        to_.hi = y.code_max;
    }

    void run(const RunArgs& args) const noexcept override {
        char* y = static_cast<char*>(args.outputs[0]);
        x_.run(args, 500, [&](const char* const* x, int64_t first, int64_t n) {
            alignas(64) float real[3][block];
            for (int64_t i = 0; i < n; i += block) {
                for (int o = 0; o < 2; o++) {
                    DequantizeRun p = from_[o];
                    p.x = x[o] + i;
                    p.y = real[o];
                    p.n = std::min(block, n - i);
                    (signed_[o] ? kernels_.dequantize_s8 : kernels_.dequantize_u8)(p);
                }
                QuantizeRun p = to_;
                p.x = real[2];
                p.y = y + first + i;
                p.n = std::min(block, n - i);
                kernel_(real[0], real[1], real[2], p.n);
                (signed_[2] ? kernels_.fused_s8 : kernels_.fused_u8)(p);
            }
        });
    }

private:
    static constexpr int64_t block = 512;
    FloatKernel kernel_;
    const QuantizeKernels& kernels_;
    DequantizeRun from_[2] = {};
    QuantizeRun to_{};
    bool signed_[3];
};

bool is_two(const Value& value) {
    if (value.role != OCTAVO_CONSTANT) return false;
    const float* numbers = value.as<float>();
    return std::all_of(numbers, numbers + value.elements(), [](float number) { return number == 2; });
}

std::unique_ptr<Op> floats(const Checks& checks, const Attributes& attributes, const OpDesc& desc) {
    const Value& y = checks.output();
    const PointwiseKernels* kernels = &pointwise_kernels(desc.isa);
    const int32_t function = attributes.function;
    if (function == OCTAVO_BINARY_POW && is_two(checks.input(1)))
        return std::make_unique<BinaryFloatsOp>(checks, y, std::string("binary_square_f32_") + kernels->suffix,
                                                kernels->square, 200);
    const bool in_vectors = kernels->binary[function] != nullptr;
    if (!in_vectors) kernels = &pointwise_kernels(Isa::scalar);
    return std::make_unique<BinaryFloatsOp>(checks, y, name_of(function, y, kernels->suffix), kernels->binary[function],
                                            in_vectors ? 200 : 10000);
}

std::unique_ptr<Op> codes(const Checks& checks, const Attributes& attributes, const OpDesc& desc) {
    const Value &a = checks.input(0), &b = checks.input(1), &y = checks.output();
    const int32_t function = attributes.function;
    const bool one_type = a.dtype == y.dtype && b.dtype == y.dtype;
    // Vectors convert steps to 32-bit integers, and make the least of those beyond: the definition saturates.
    const double limit = 2147000000;
    if (one_type && (function == OCTAVO_BINARY_ADD || function == OCTAVO_BINARY_SUB)) {
        const double most = 255 * (double{a.scales[0]} + double{b.scales[0]}) / double{y.scales[0]};
        return std::make_unique<AddCodesOp>(checks, a, b, y, function,
                                            elementwise_kernels(most < limit ? desc.isa : Isa::scalar));
    }
    if (one_type && function == OCTAVO_BINARY_MUL) {
        MulCodes p{};
        const float multiplier = a.scales[0] * b.scales[0] * (1.0f / y.scales[0]);
        p.multiplier =
            std::min(multiplier, std::numeric_limits<float>::max());  // a product of 0 stays at the zero point
        p.zero_a = a.zero_points[0];
        p.zero_b = b.zero_points[0];
        p.zero_y = y.zero_points[0];
        p.lo = y.code_min;
        p.hi = y.code_max;
        const bool fits = 255 * 255 * double{p.multiplier} < limit;
        return std::make_unique<MulCodesOp>(checks, p, y, pointwise_kernels(fits ? desc.isa : Isa::scalar));
    }
    const PointwiseKernels* kernels = &pointwise_kernels(desc.isa);
    if (kernels->binary[function] == nullptr) kernels = &pointwise_kernels(Isa::scalar);
    return std::make_unique<BinaryCodesOp>(checks, a, b, y, name_of(function, y, kernels->suffix),
                                           kernels->binary[function], quantize_kernels(desc.isa));
}

}  // namespace

std::unique_ptr<Op> create_binary(const OpDesc& desc) {
    const Checks checks(desc, "binary", 2);
    const Value &a = checks.input(0), &b = checks.input(1), &y = checks.output();
    const Attributes& attributes = desc.attributes;
    const int32_t function = attributes.function;
    const bool logic = function >= OCTAVO_BINARY_AND;
    const bool same = a.dtype == b.dtype && a.dtype == y.dtype;
    if (!logic && same && a.dtype == OCTAVO_F32) return floats(checks, attributes, desc);
    if (!logic && is_codes(a) && is_codes(b) && is_codes(y)) return codes(checks, attributes, desc);
    if (!logic && same && is_integer(a) && is_integer(b) && is_integer(y))
        return std::make_unique<BinaryPlainOp>(checks, y, function, plain_kernels().binary[function][plain_type(y)]);
    if (logic && same && a.dtype == OCTAVO_BOOL)
        return std::make_unique<BinaryPlainOp>(checks, y, function,
                                               plain_kernels().logic[function - OCTAVO_BINARY_AND]);
    checks.refuse(
        std::string(binary_name(function)) + " of \"" + a.name + "\", " + kind_of(a) + ", and \"" + b.name + "\", " +
        kind_of(b) + ", to \"" + y.name + "\", " + kind_of(y) +
        (logic ? ": all must be bool" : ": all must be f32, one type of integers, or u8 or s8 with one scale"));
}

}  // namespace octavo

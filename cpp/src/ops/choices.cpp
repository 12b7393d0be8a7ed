// COMPARE, WHERE and CAST: truth from numbers, numbers chosen by truth, and numbers as another type.
#include "ops/broadcast.h"
#include "ops/factories.h"
#include "ops/functions.h"
#include "ops/plain_type.h"

namespace octavo {
namespace {

class CompareOp : public Op {
public:
    CompareOp(const Checks& checks, int32_t relation, PlainBinary kernel)
        : x_(checks, 2, checks.output()),
          kernel_(kernel),
          name_(std::string("compare_") + relation_name(relation) + "_" + type_name(checks.input(0).dtype) +
                "_scalar") {}

    void run(const RunArgs& args) const noexcept override {
        uint8_t* y = static_cast<uint8_t*>(args.outputs[0]);
        x_.run(args, 400, [&](const char* const* x, int64_t first, int64_t n) { kernel_(x[0], x[1], y + first, n); });
    }

    std::string kernel() const override { return name_; }
    int64_t weight_bytes() const override { return x_.bytes(); }

private:
    Broadcast x_;
    PlainBinary kernel_;
    std::string name_;
};

class WhereOp : public Op {
public:
    WhereOp(const Checks& checks)
        : x_(checks, 3, checks.output()),
          element_bytes_(static_cast<int64_t>(checks.output().element_bytes())),
          kernel_(plain_kernels().choose[element_bytes_ == 1   ? 0
                                         : element_bytes_ == 4 ? 1
                                                               : 2]),
          name_(std::string("where_") + type_name(checks.output().dtype) + "_scalar") {}

    void run(const RunArgs& args) const noexcept override {
        char* y = static_cast<char*>(args.outputs[0]);
        x_.run(args, 400, [&](const char* const* x, int64_t first, int64_t n) {
            kernel_(reinterpret_cast<const uint8_t*>(x[0]), x[1], x[2], y + first * element_bytes_, n);
        });
    }

    std::string kernel() const override { return name_; }
    int64_t weight_bytes() const override { return x_.bytes(); }

private:
    Broadcast x_;
    int64_t element_bytes_;
    void (*kernel_)(const uint8_t*, const void*, const void*, void*, int64_t);
    std::string name_;
};

class CastOp : public Op {
public:
    CastOp(const Checks& checks, const Value& x, const Value& y)
        : x_(checks, 1, y),
          element_bytes_(static_cast<int64_t>(y.element_bytes())),
          kernel_(plain_kernels().cast[plain_type(x)][plain_type(y)]),
          name_(std::string("cast_") + type_name(x.dtype) + "_" + type_name(y.dtype) + "_scalar") {}

    void run(const RunArgs& args) const noexcept override {
        char* y = static_cast<char*>(args.outputs[0]);
        x_.run(args, 400,
               [&](const char* const* x, int64_t first, int64_t n) { kernel_(x[0], y + first * element_bytes_, n); });
    }

    std::string kernel() const override { return name_; }
    int64_t weight_bytes() const override { return x_.bytes(); }

private:
    Broadcast x_;
    int64_t element_bytes_;
    PlainUnary kernel_;
    std::string name_;
};

void numbers_without_scale(const Checks& checks, const Value& value) {
    if (!value.scales.empty())
        checks.refuse("\"" + value.name + "\" is " + kind_of(value) + "; numbers without scales can run");
}

}  // namespace

std::unique_ptr<Op> create_compare(const OpDesc& desc) {
    const Checks checks(desc, "compare", 2);
    const Value &a = checks.input(0), &b = checks.input(1), &y = checks.output();
    const int32_t relation = desc.attributes.function;
    checks.same_type(a, b);
    for (const Value* value : {&a, &b}) numbers_without_scale(checks, *value);
    if (y.dtype != OCTAVO_BOOL)
        checks.fail(OCTAVO_INVALID_ARGUMENT, "\"" + y.name + "\" is " + type_name(y.dtype) + ", expected bool");
    if (a.dtype == OCTAVO_BOOL && relation != OCTAVO_RELATION_EQUAL)
        checks.refuse(std::string("\"") + a.name + "\" is bool, which has no order: " + relation_name(relation) +
                      " takes numbers");
    const PlainType type = a.dtype == OCTAVO_BOOL ? plain_u8 : plain_type(a);
    return std::make_unique<CompareOp>(checks, relation, plain_kernels().compare[relation][type]);
}

std::unique_ptr<Op> create_where(const OpDesc& desc) {
    const Checks checks(desc, "where", 3);
    const Value &condition = checks.input(0), &a = checks.input(1), &b = checks.input(2), &y = checks.output();
    if (condition.dtype != OCTAVO_BOOL)
        checks.fail(OCTAVO_INVALID_ARGUMENT,
                    "\"" + condition.name + "\" is " + type_name(condition.dtype) + ", expected bool");
    for (const Value* value : {&a, &b}) checks.same_parameters(*value, y);
    if (y.scales.size() > 1) checks.refuse("\"" + y.name + "\" has several scales");
    return std::make_unique<WhereOp>(checks);
}

std::unique_ptr<Op> create_cast(const OpDesc& desc) {
    const Checks checks(desc, "cast", 1);
    const Value &x = checks.input(0), &y = checks.output();
    checks.same_shape(x, y);
    for (const Value* value : {&x, &y}) numbers_without_scale(checks, *value);
    return std::make_unique<CastOp>(checks, x, y);
}

}  // namespace octavo

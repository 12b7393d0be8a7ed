// What operators ask of their values at description, with messages that name the operator and both shapes.
#ifndef OCTAVO_OPS_CHECKS_H
#define OCTAVO_OPS_CHECKS_H

#include <string>

#include "base/memory.h"
#include "ops/op.h"

namespace octavo {

bool is_codes(const Value& value);  // u8 or s8, quantized per tensor
const char* type_name(octavo_dtype dtype);

// Throws OCTAVO_SHAPE_MISMATCH; `where` begins the message.
[[noreturn]] void shapes_differ(const std::string& where, const Value& value, const std::string& expected);

class Checks {
public:
    // kind: the operator's name in messages and kernels, such as "max_pool2d".
    enum Outputs { first_output, any_output };  // which must be wanted
    Checks(const OpDesc& desc, const char* kind, size_t inputs, Outputs outputs = first_output);

    const Value& input(size_t i) const { return *desc_.inputs[i]; }
    const Value& output() const { return *desc_.outputs[0]; }
    const std::string& subject() const { return subject_; }  // how messages begin

    [[noreturn]] void fail(octavo_status status, const std::string& what) const;
    // Not here, but perhaps in another back end.
    [[noreturn]] void refuse(const std::string& why) const;

    void same_shape(const Value& expected, const Value& found) const;
    void same_layout(const Value& a, const Value& b) const;      // refuses
    void same_type(const Value& a, const Value& b) const;        // refuses
    void same_parameters(const Value& a, const Value& b) const;  // type, scale and zero point; fails
    void holds_codes(const Value& y, const Value& x) const;      // all that x may have; fails
    void float_or_codes(const Value& value) const;               // refuses
    void rank(const Value& value, size_t rank) const;

private:
    const OpDesc& desc_;
    std::string subject_;
};

// An operand at run time: the caller's pointer, or the copy of a constant's data.
class Operand {
public:
    explicit Operand(const Value& value);
    const void* at(const void* run_time) const { return constant_.empty() ? run_time : constant_.data(); }
    size_t bytes() const { return constant_.size(); }

private:
    AlignedArray<std::byte> constant_;
};

// Samples of a value in a run.
inline int64_t samples(bool batched, const RunArgs& args) { return batched ? args.batch : 1; }

}  // namespace octavo

#endif

#include "ops/checks.h"

#include <cstring>

namespace octavo {

bool is_codes(const Value& value) {
    return (value.dtype == OCTAVO_U8 || value.dtype == OCTAVO_S8) && value.scales.size() == 1 && value.axis == -1;
}

const char* type_name(octavo_dtype dtype) {
    static const char* const names[] = {"f32", "u8", "s8", "s32", "code4", "code8", "s64", "bool"};
    return dtype >= OCTAVO_F32 && dtype <= OCTAVO_BOOL ? names[dtype] : "unknown";
}

void shapes_differ(const std::string& where, const Value& value, const std::string& expected) {
    throw Error(OCTAVO_SHAPE_MISMATCH,
                where + ": \"" + value.name + "\" has shape " + value.shape_text() + " instead of " + expected);
}

Checks::Checks(const OpDesc& desc, const char* kind, size_t inputs, Outputs outputs)
    : desc_(desc), subject_("operator \"" + desc.name + "\" (" + kind + ")") {
    if (desc.inputs.size() < inputs || desc.outputs.empty() || (outputs == first_output && desc.outputs[0] == nullptr))
        fail(OCTAVO_INVALID_ARGUMENT, "expected " + std::to_string(inputs) + " inputs and an output");
    for (size_t i = 0; i < inputs; i++)
        if (desc.inputs[i] == nullptr) fail(OCTAVO_INVALID_ARGUMENT, "input " + std::to_string(i) + " is absent");
}

void Checks::fail(octavo_status status, const std::string& what) const { throw Error(status, subject_ + ": " + what); }

void Checks::refuse(const std::string& why) const { throw Refusal(subject_ + ": " + why); }

void Checks::same_shape(const Value& expected, const Value& found) const {
    if (expected.dims != found.dims || expected.batched != found.batched)
        fail(OCTAVO_SHAPE_MISMATCH, "\"" + found.name + "\" has shape " + found.shape_text() + ", expected " +
                                        expected.shape_text() + " like \"" + expected.name + "\"");
}

void Checks::same_layout(const Value& a, const Value& b) const {
    if (a.layout != b.layout) refuse("\"" + a.name + "\" and \"" + b.name + "\" have different layouts");
}

void Checks::same_type(const Value& a, const Value& b) const {
    if (a.dtype != b.dtype)
        refuse("\"" + a.name + "\" is " + type_name(a.dtype) + ", \"" + b.name + "\" " + type_name(b.dtype));
}

void Checks::same_parameters(const Value& a, const Value& b) const {
    if (a.dtype != b.dtype || a.scales != b.scales || a.zero_points != b.zero_points || a.axis != b.axis)
        fail(OCTAVO_INVALID_ARGUMENT, "\"" + a.name + "\" and \"" + b.name +
                                          "\" differ in type, scale or zero point, which this operator keeps");
}

void Checks::holds_codes(const Value& y, const Value& x) const {
    if (y.code_min <= x.code_min && x.code_max <= y.code_max) return;
    fail(OCTAVO_INVALID_ARGUMENT, "\"" + x.name + "\" has codes " + std::to_string(x.code_min) + " to " +
                                      std::to_string(x.code_max) + ", which are copied to \"" + y.name + "\" of " +
                                      std::to_string(y.code_min) + " to " + std::to_string(y.code_max));
}

void Checks::float_or_codes(const Value& value) const {
    if (value.dtype == OCTAVO_F32 || is_codes(value)) return;
    refuse("\"" + value.name + "\" is " + type_name(value.dtype) + " with " + std::to_string(value.scales.size()) +
           " scales; f32, u8 or s8 with one scale can run");
}

void Checks::rank(const Value& value, size_t rank) const {
    if (value.dims.size() != rank)
        fail(OCTAVO_SHAPE_MISMATCH,
             "\"" + value.name + "\" has shape " + value.shape_text() + ", expected rank " + std::to_string(rank));
}

Operand::Operand(const Value& value) {
    if (value.role != OCTAVO_CONSTANT) return;
    constant_ = AlignedArray<std::byte>(value.data.size());
    std::memcpy(constant_.data(), value.data.data(), value.data.size());
}

}  // namespace octavo

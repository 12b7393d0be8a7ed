#include "onednn/operand.h"

namespace octavo::onednn {

namespace {

const char* dtype_name(octavo_dtype dtype) {
    switch (dtype) {
        case OCTAVO_F32:
            return "f32";
        case OCTAVO_U8:
            return "u8";
        case OCTAVO_S8:
            return "s8";
        case OCTAVO_S32:
            return "s32";
        case OCTAVO_CODE4:
            return "4-bit codes";
        case OCTAVO_CODE8:
            return "8-bit codes";
        default:
            return "an unknown type";
    }
}

}  // namespace

std::string shape_text(const std::vector<int64_t>& dims, bool batched) {
    std::string text = "[";
    for (size_t i = 0; i < dims.size(); ++i) {
        if (i) text += ", ";
        text += i == 0 && batched ? "N" : std::to_string(dims[i]);
    }
    return text + "]";
}

Operand::Operand(const octavo_value_desc& desc)
    : name(desc.name ? desc.name : ""),
      dtype(desc.dtype),
      layout(desc.layout),
      constant(desc.role == OCTAVO_CONSTANT),
      batched(desc.batched != 0),
      dims(desc.dims, desc.dims + desc.rank) {
    if (batched && !dims.empty()) dims[0] = 1;
}

int64_t Operand::elements() const {
    int64_t n = 1;
    for (int64_t d : dims) n *= d;
    return n;
}

std::string Operand::text() const {
    return (name.empty() ? std::string("value") : name) + " " + shape_text(dims, batched);
}

Request::Request(const octavo_op_desc& desc, const octavo_value_desc* const* inputs,
                 const octavo_value_desc* const* outputs)
    : attributes_(read_attributes(desc, "operator")),
      input_count_(desc.input_count),
      output_count_(desc.output_count),
      inputs_(inputs),
      outputs_(outputs) {}

void Request::refuse(const std::string& reason) const { throw Refusal(reason); }

void Request::mismatch(const std::string& found, const std::string& expected) const {
    throw Error(OCTAVO_SHAPE_MISMATCH, "found " + found + ", expected " + expected);
}

void Request::invalid(const std::string& what) const { throw Error(OCTAVO_INVALID_ARGUMENT, what); }

const octavo_value_desc& Request::input_desc(int i) const {
    if (!has_input(i)) invalid("input " + std::to_string(i) + " is missing");
    return *inputs_[i];
}

const octavo_value_desc& Request::output_desc(int i) const {
    if (!has_output(i)) invalid("output " + std::to_string(i) + " is missing");
    return *outputs_[i];
}

const void* Request::take_constant(int i) const {
    const octavo_value_desc& desc = input_desc(i);
    if (!desc.data) invalid(input(i).text() + " is constant but has no data");
    taken_ |= uint32_t{1} << i;
    return desc.data;
}

std::shared_ptr<const Constant> Request::keep_constant(int i) const {
    const auto* data = static_cast<const std::byte*>(take_constant(i));
    const Operand value = input(i);
    const bool words = value.dtype == OCTAVO_F32 || value.dtype == OCTAVO_S32;
    const size_t bytes = static_cast<size_t>(value.elements()) * (words ? 4 : 1);
    return made_of(
        i, "data", [](Hash&) {}, [&] { return Constant{std::vector<std::byte>(data, data + bytes)}; });
}

Operand Request::typed(Operand value, octavo_dtype dtype) const {
    if (value.dtype != dtype) {
        refuse(value.text() + " is " + dtype_name(value.dtype) + "; implemented for " + dtype_name(dtype));
    }
    return value;
}

void Request::require_rank(const Operand& value, int rank) const {
    if (value.rank() != rank) mismatch(value.text(), "rank " + std::to_string(rank));
}

void Request::require_dims(const Operand& value, const std::vector<int64_t>& dims) const {
    if (value.dims != dims) mismatch(value.text(), shape_text(dims, value.batched));
}

void Request::require_alike(const Operand& a, const Operand& b) const {
    if (a.dims != b.dims || a.batched != b.batched) mismatch(a.text(), "the shape of " + b.text());
    if (a.layout != b.layout) refuse(a.text() + " and " + b.text() + " have different layouts");
}

SharedObjects& shared_objects() {
    static SharedObjects objects;
    return objects;
}

Parameter::Parameter(const Request& request, int index) {
    if (!request.has_input(index)) return;
    const Operand value = request.input(index, OCTAVO_F32);
    index_ = index;
    constant_ = value.constant;
    if (!constant_) return;
    data_ = request.keep_constant(index);
}

}  // namespace octavo::onednn

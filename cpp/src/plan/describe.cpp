#include "plan/describe.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/text.h"
#include "ops/checks.h"

namespace octavo {
namespace {

[[noreturn]] void refuse(octavo_status status, const std::string& subject, const std::string& what) {
    throw Error(status, subject + ": " + what);
}

bool is_code(octavo_dtype dtype) { return dtype == OCTAVO_CODE4 || dtype == OCTAVO_CODE8; }

struct CodeRange {
    int min, max;
};

// Of the zero points and of the codes that can occur.
CodeRange full_range(octavo_dtype dtype) {
    switch (dtype) {
        case OCTAVO_U8:
            return {0, 255};
        case OCTAVO_S8:
            return {-128, 127};
        case OCTAVO_CODE4:
            return {0, 15};
        case OCTAVO_CODE8:
            return {0, 255};
        default:
            return {0, 0};
    }
}

void check_flag(int64_t flag, const char* field, const std::string& subject) {
    if (flag != 0 && flag != 1) {
        refuse(OCTAVO_INVALID_ARGUMENT, subject, text(field, " is ", flag, ", expected 0 or 1"));
    }
}

void describe_shape(const octavo_value_desc& desc, const std::string& subject, Value* value) {
    if (desc.rank < 0 || desc.rank > OCTAVO_MAX_RANK) {
        refuse(OCTAVO_INVALID_ARGUMENT, subject, text("rank is ", desc.rank, ", expected 0 to ", OCTAVO_MAX_RANK));
    }
    check_flag(desc.batched, "batched", subject);
    value->batched = desc.batched == 1;
    if (value->batched && desc.rank == 0) {
        refuse(OCTAVO_INVALID_ARGUMENT, subject, "a scalar (rank 0) has no batch dimension");
    }
    if (value->batched && (value->role == OCTAVO_CONSTANT || value->role == OCTAVO_STATE)) {
        refuse(OCTAVO_INVALID_ARGUMENT, subject,
               text(role_text(value->role), " values have a fixed shape, expected batched 0"));
    }
    if (value->layout == OCTAVO_NHWC && desc.rank != 4) {
        refuse(OCTAVO_INVALID_ARGUMENT, subject, text("layout NHWC needs rank 4, found rank ", desc.rank));
    }
    if (desc.rank > 0 && desc.dims == nullptr) refuse(OCTAVO_INVALID_ARGUMENT, subject, "dims is null");
    int64_t bytes = static_cast<int64_t>(value->element_bytes());
    for (int64_t i = 0; i < desc.rank; ++i) {
        int64_t dim = value->batched && i == 0 ? 1 : desc.dims[i];
        if (dim < 1) {
            refuse(OCTAVO_INVALID_ARGUMENT, subject, text("dimension ", i, " is ", dim, ", expected at least 1"));
        }
        if (__builtin_mul_overflow(bytes, dim, &bytes)) {
            refuse(OCTAVO_OUT_OF_MEMORY, subject, text("the size overflows at dimension ", i, " of ", dim));
        }
        value->dims.push_back(dim);
    }
}

// How many parameter sets the axis and the group size ask for.
int64_t expected_params(const octavo_value_desc& desc, const std::string& subject, const Value& value) {
    if (desc.axis == -1) {
        if (desc.group_size != 0) {
            refuse(OCTAVO_INVALID_ARGUMENT, subject,
                   text("group_size ", desc.group_size, " needs axis 0, found axis -1"));
        }
        return 1;
    }
    if (desc.axis < 0 || desc.axis >= desc.rank) {
        refuse(OCTAVO_INVALID_ARGUMENT, subject,
               text("quantization axis is ", desc.axis, ", expected -1 (per tensor) or 0 to ", desc.rank - 1));
    }
    if (value.batched && desc.axis == 0) {
        refuse(OCTAVO_INVALID_ARGUMENT, subject, "quantization axis 0 is the batch");
    }
    if (desc.group_size == 0) return value.dims[desc.axis];
    if (desc.group_size < 0 || desc.axis != 0 || desc.rank < 2) {
        refuse(OCTAVO_INVALID_ARGUMENT, subject,
               text("group_size ", desc.group_size, " with axis ", desc.axis, " and rank ", desc.rank,
                    ", expected a size of at least 1, axis 0 and rank 2 or more"));
    }
    int64_t per_channel = 1;
    for (int64_t i = 1; i < desc.rank; ++i) per_channel *= value.dims[i];
    int64_t groups = per_channel / desc.group_size + (per_channel % desc.group_size != 0);
    return value.dims[0] * groups;
}

void describe_table(const octavo_value_desc& desc, const std::string& subject, Value* value) {
    if (!is_code(value->dtype)) {
        if (desc.table != nullptr || desc.table_size != 0) {
            refuse(OCTAVO_INVALID_ARGUMENT, subject,
                   text("a table belongs to CODE4 or CODE8, found dtype ", type_name(value->dtype)));
        }
        return;
    }
    const int most = value->dtype == OCTAVO_CODE4 ? 16 : 256;
    if (desc.table_size < 1 || desc.table_size > most) {
        refuse(OCTAVO_INVALID_ARGUMENT, subject,
               text("table_size is ", desc.table_size, ", expected 1 to ", most, " for ", type_name(value->dtype)));
    }
    if (desc.table == nullptr) refuse(OCTAVO_INVALID_ARGUMENT, subject, "table is null");
    value->table_size = static_cast<int>(desc.table_size);
    value->table.assign(desc.table, desc.table + desc.param_count * desc.table_size);
}

void describe_quantization(const octavo_value_desc& desc, const std::string& subject, Value* value) {
    const CodeRange range = full_range(value->dtype);
    value->code_min = range.min;
    value->code_max = range.max;
    if (desc.param_count == 0) {
        if (is_code(value->dtype)) {
            refuse(OCTAVO_INVALID_ARGUMENT, subject, "table codes need scales, found param_count 0");
        }
        describe_table(desc, subject, value);
        return;
    }
    if (value->dtype == OCTAVO_F32 || value->dtype == OCTAVO_S64 || value->dtype == OCTAVO_BOOL) {
        refuse(OCTAVO_INVALID_ARGUMENT, subject,
               text(type_name(value->dtype), " values have no quantization, found param_count ", desc.param_count));
    }
    const int64_t expected = expected_params(desc, subject, *value);
    if (desc.param_count != expected) {
        refuse(OCTAVO_SHAPE_MISMATCH, subject,
               text("param_count is ", desc.param_count, ", expected ", expected, " (axis ", desc.axis, ", group_size ",
                    desc.group_size, ", shape ", value->shape_text(), ")"));
    }
    if (desc.scales == nullptr) refuse(OCTAVO_INVALID_ARGUMENT, subject, "scales is null");
    for (int64_t i = 0; i < expected; ++i) {
        if (!std::isfinite(desc.scales[i])) {
            refuse(OCTAVO_NOT_FINITE, subject,
                   text("scale ", i, " is ", desc.scales[i], ", expected a finite number above 0"));
        }
        if (!(desc.scales[i] >= FLT_MIN)) {
            refuse(OCTAVO_INVALID_ARGUMENT, subject,
                   text("scale ", i, " is ", desc.scales[i], ", expected a number above 0, at least 2^-126"));
        }
    }
    // A bias or a table has no zero point; its range is the single 0.
    const CodeRange zeros = is_code(value->dtype) ? CodeRange{0, 0} : range;
    for (int64_t i = 0; desc.zero_points != nullptr && i < expected; ++i) {
        if (desc.zero_points[i] < zeros.min || desc.zero_points[i] > zeros.max) {
            refuse(OCTAVO_INVALID_ARGUMENT, subject,
                   text("zero point ", i, " is ", desc.zero_points[i], ", expected ", zeros.min, " to ", zeros.max,
                        " for ", type_name(value->dtype)));
        }
    }
    value->axis = desc.axis;
    value->group_size = desc.group_size;
    value->scales.assign(desc.scales, desc.scales + expected);
    value->zero_points.assign(expected, 0);
    if (desc.zero_points != nullptr) value->zero_points.assign(desc.zero_points, desc.zero_points + expected);
    if (desc.code_min != 0 || desc.code_max != 0) {
        if (desc.code_min >= desc.code_max || desc.code_min < range.min || desc.code_max > range.max) {
            refuse(OCTAVO_INVALID_ARGUMENT, subject,
                   text("codes ", desc.code_min, " to ", desc.code_max, " are no range within ", range.min, " to ",
                        range.max, " of ", type_name(value->dtype)));
        }
        value->code_min = desc.code_min;
        value->code_max = desc.code_max;
    }
    describe_table(desc, subject, value);
}

// In blocks, which compilers make vectors of.
int greatest(const uint8_t* codes, size_t count) {
    constexpr size_t block = 64;
    uint8_t most[block] = {};
    size_t at = 0;
    for (; at + block <= count; at += block) {
        for (size_t i = 0; i < block; ++i) most[i] = std::max(most[i], codes[at + i]);
    }
    for (size_t i = 0; at + i < count; ++i) most[i] = std::max(most[i], codes[at + i]);
    return *std::max_element(most, most + block);
}

void describe_data(const octavo_value_desc& desc, const std::string& subject, Value* value) {
    const bool wanted = value->role == OCTAVO_CONSTANT || value->role == OCTAVO_STATE;
    if (wanted != (desc.data != nullptr)) {
        refuse(OCTAVO_INVALID_ARGUMENT, subject,
               text(role_text(value->role),
                    wanted ? " values need data, found null" : " values have no data, expected null"));
    }
    check_flag(desc.lent, "lent", subject);
    if (desc.identity != nullptr)
        refuse(OCTAVO_INVALID_ARGUMENT, subject, "identity is the library's to give, expected null");
    if (!wanted) return;
    const std::byte* data = static_cast<const std::byte*>(desc.data);
    const size_t bytes = value->sample_bytes();
    const bool lent = desc.lent == 1 && value->role == OCTAVO_CONSTANT;
    value->data = lent ? Contents::lent(data, bytes) : Contents(std::vector<std::byte>(data, data + bytes));
    if (!is_code(value->dtype)) return;
    const auto* codes = static_cast<const uint8_t*>(desc.data);
    if (greatest(codes, bytes) < value->table_size) return;
    size_t i = 0;
    while (codes[i] < value->table_size) i++;
    refuse(OCTAVO_INVALID_ARGUMENT, subject,
           text("code ", i, " is ", static_cast<int>(codes[i]), ", expected 0 to ", value->table_size - 1));
}

// Value numbers in all `most` places, -1 where absent; what is given beyond them must be absent too.
std::vector<int> describe_operands(const int32_t* numbers, int64_t count, int most, int required, int value_count,
                                   const char* what, const std::string& subject) {
    if (count < 0) refuse(OCTAVO_INVALID_ARGUMENT, subject, text(count, " ", what, "s, expected at least 0"));
    if (count > 0 && numbers == nullptr)
        refuse(OCTAVO_INVALID_ARGUMENT, subject, text("the array of ", what, "s is null"));
    const int64_t places = most == any_number ? std::max<int64_t>(required, std::min<int64_t>(count, most)) : most;
    std::vector<int> operands(static_cast<size_t>(places), -1);
    for (int64_t i = 0; i < count; ++i) {
        if (numbers[i] < -1 || numbers[i] >= value_count) {
            refuse(OCTAVO_INVALID_ARGUMENT, subject,
                   text(what, " ", i, " is value ", numbers[i], ", expected -1 to ", value_count - 1));
        }
        if (i < most) {
            operands[i] = numbers[i];
        } else if (numbers[i] != -1) {
            refuse(OCTAVO_INVALID_ARGUMENT, subject, text(count, " ", what, "s, expected at most ", most));
        }
    }
    for (int i = 0; i < required; ++i) {
        if (operands[i] == -1) {
            refuse(OCTAVO_INVALID_ARGUMENT, subject, text(what, " ", i, " is absent, expected at least ", required));
        }
    }
    return operands;
}

}  // namespace

int Node::output_count() const {
    int count = 0;
    for (int output : outputs) count += output >= 0;
    return count;
}

const char* role_text(octavo_role role) {
    constexpr const char* names[] = {"input", "output", "temporary", "constant", "state"};
    return role >= OCTAVO_INPUT && role <= OCTAVO_STATE ? names[role] : "unknown";
}

Value describe_value(const octavo_value_desc& desc, int number) {
    Value value;
    value.name = desc.name != nullptr ? std::string(desc.name) : text("value", number);
    const std::string subject = "value \"" + value.name + "\"";
    if (desc.dtype < OCTAVO_F32 || desc.dtype > OCTAVO_BOOL) {
        refuse(OCTAVO_INVALID_ARGUMENT, subject, text("dtype is ", desc.dtype, ", expected 0 to ", OCTAVO_BOOL));
    }
    if (desc.role < OCTAVO_INPUT || desc.role > OCTAVO_STATE) {
        refuse(OCTAVO_INVALID_ARGUMENT, subject, text("role is ", desc.role, ", expected 0 to ", OCTAVO_STATE));
    }
    if (desc.layout != OCTAVO_PLAIN && desc.layout != OCTAVO_NHWC) {
        refuse(OCTAVO_INVALID_ARGUMENT, subject, text("layout is ", desc.layout, ", expected 0 or 1"));
    }
    if (is_code(desc.dtype) && desc.role != OCTAVO_CONSTANT) {
        refuse(OCTAVO_INVALID_ARGUMENT, subject,
               text(type_name(desc.dtype), " is for constant weights, found role ", role_text(desc.role)));
    }
    if (desc.param_count < 0) {
        refuse(OCTAVO_INVALID_ARGUMENT, subject, text("param_count is ", desc.param_count, ", expected at least 0"));
    }
    value.dtype = desc.dtype;
    value.role = desc.role;
    value.layout = desc.layout;
    describe_shape(desc, subject, &value);
    describe_quantization(desc, subject, &value);
    describe_data(desc, subject, &value);
    return value;
}

Node describe_node(const octavo_op_desc& desc, int number, int value_count) {
    Node node;
    node.signature = find_signature(desc.kind);
    if (node.signature == nullptr) {
        const std::string name = desc.name != nullptr ? desc.name : text("op", number);
        refuse(OCTAVO_INVALID_ARGUMENT, "operator \"" + name + "\"", text("kind ", desc.kind, " is unknown"));
    }
    node.name = desc.name != nullptr ? std::string(desc.name) : text(node.signature->name, number);
    const std::string subject = text("operator \"", node.name, "\" (", node.signature->name, ")");
    if (desc.backend < OCTAVO_BACKEND_AUTO || desc.backend > OCTAVO_BACKEND_ONEDNN) {
        refuse(OCTAVO_INVALID_ARGUMENT, subject, text("backend is ", desc.backend, ", expected 0 to 2"));
    }
    node.attributes = read_attributes(desc, subject);
    node.inputs = describe_operands(desc.inputs, desc.input_count, node.signature->max_inputs,
                                    node.signature->required_inputs, value_count, "input", subject);
    node.outputs = describe_operands(desc.outputs, desc.output_count, node.signature->max_outputs, 0, value_count,
                                     "output", subject);
    if (node.signature->max_outputs > 0 && node.output_count() == 0) {
        refuse(OCTAVO_INVALID_ARGUMENT, subject, "no output is wanted, expected at least one");
    }
    return node;
}

}  // namespace octavo

#include "base/attributes.h"

#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>

#include "base/sized.h"

namespace octavo {
namespace {

constexpr double least_integer = std::numeric_limits<int32_t>::min();
constexpr double most_integer = std::numeric_limits<int32_t>::max(), infinity = HUGE_VAL;
constexpr double least_scale = std::numeric_limits<float>::min();
constexpr double most_real = std::numeric_limits<float>::max();

enum : uint64_t {
    has_kernel = uint64_t{1} << 0,
    has_stride = uint64_t{1} << 1,
    has_dilation = uint64_t{1} << 2,
    has_pad = uint64_t{1} << 3,
    has_groups = uint64_t{1} << 4,
    has_ceil_mode = uint64_t{1} << 5,
    has_count_include_pad = uint64_t{1} << 6,
    has_activation = uint64_t{1} << 7,
    has_clamp_min = uint64_t{1} << 8,
    has_clamp_max = uint64_t{1} << 9,
    has_epsilon = uint64_t{1} << 10,
    has_momentum = uint64_t{1} << 11,
    has_probability = uint64_t{1} << 12,
    has_reduce_range = uint64_t{1} << 13,
    has_pytorch_tail = uint64_t{1} << 14,
    has_axis = uint64_t{1} << 15,
    has_axes = uint64_t{1} << 16,
    has_function = uint64_t{1} << 17,
    has_alpha = uint64_t{1} << 18,
    has_beta = uint64_t{1} << 19,
    has_bias = uint64_t{1} << 20,
    has_log = uint64_t{1} << 21,
    has_greatest = uint64_t{1} << 22,
    has_last = uint64_t{1} << 23,
    has_exclusive = uint64_t{1} << 24,
    has_reverse = uint64_t{1} << 25,
    has_rms = uint64_t{1} << 26,
    has_size = uint64_t{1} << 27,
    has_quotient = uint64_t{1} << 28,
    has_starts = uint64_t{1} << 40,
    has_steps = uint64_t{1} << 41,
    has_before = uint64_t{1} << 42,
    has_pad_mode = uint64_t{1} << 43,
    has_gather_mode = uint64_t{1} << 44,
    has_batch_dims = uint64_t{1} << 45,
    has_diagonal = uint64_t{1} << 46,
    has_upper = uint64_t{1} << 47,
    has_block = uint64_t{1} << 48,
    has_column_row_depth = uint64_t{1} << 49,
    has_interpolation = uint64_t{1} << 50,
    has_coordinates = uint64_t{1} << 51,
    has_nearest = uint64_t{1} << 52,
    has_scales = uint64_t{1} << 53,
    has_roi = uint64_t{1} << 54,
    has_scale_axis = uint64_t{1} << 55,
    has_exclude_outside = uint64_t{1} << 56,
    has_antialias = uint64_t{1} << 57,
    has_cubic_a = uint64_t{1} << 58,
    has_extrapolation = uint64_t{1} << 59,

    required = has_kernel | has_epsilon | has_momentum | has_probability | has_function | has_size | has_starts |
               has_before | has_block,  // where they are taken
    bounds = has_clamp_min | has_clamp_max,
    activations = has_activation | bounds,
    windows = has_kernel | has_stride | has_pad,
    convolutions = windows | has_dilation | has_groups,
    max_pools = windows | has_dilation | has_ceil_mode,
    average_pools = windows | has_ceil_mode | has_count_include_pad,
};

enum class Type { integer, real };

struct Row {
    const char* key;
    uint64_t bit;
    Type type;
    int64_t count;
    size_t offset;       // in Attributes, of so many int32_t or float
    double least, most;  // of each number
    const char* expected;
    size_t count_offset = 0;  // in Attributes, of an int32_t: how many there are, at most `count`; 0: always `count`
};

#define OCTAVO_ATTRIBUTE(name, type, count, least, most, expected) \
    { #name, has_##name, Type::type, count, offsetof(Attributes, name), least, most, expected }

// One for each dimension.
#define OCTAVO_ATTRIBUTES(name, number, least, most, expected)                                                \
    {                                                                                                         \
#name, has_##name, Type::integer, OCTAVO_MAX_RANK, offsetof(Attributes, name), least, most, expected, \
            offsetof(Attributes, number)                                                                      \
    }

constexpr Row rows[] = {
    OCTAVO_ATTRIBUTE(kernel, integer, 2, 1, most_integer, "at least 1"),
    OCTAVO_ATTRIBUTE(stride, integer, 2, 1, most_integer, "at least 1"),
    OCTAVO_ATTRIBUTE(dilation, integer, 2, 1, most_integer, "at least 1"),
    OCTAVO_ATTRIBUTE(pad, integer, 4, 0, most_integer, "at least 0"),
    OCTAVO_ATTRIBUTE(groups, integer, 1, 1, most_integer, "at least 1"),
    OCTAVO_ATTRIBUTE(ceil_mode, integer, 1, 0, 1, "0 or 1"),
    OCTAVO_ATTRIBUTE(count_include_pad, integer, 1, 0, 1, "0 or 1"),
    OCTAVO_ATTRIBUTE(activation, integer, 1, OCTAVO_NO_ACTIVATION, OCTAVO_CLAMP, "0 to 2"),
    OCTAVO_ATTRIBUTE(clamp_min, real, 1, -infinity, infinity, "a number or infinite"),
    OCTAVO_ATTRIBUTE(clamp_max, real, 1, -infinity, infinity, "a number or infinite"),
    OCTAVO_ATTRIBUTE(epsilon, real, 1, 0, most_real, "at least 0"),
    OCTAVO_ATTRIBUTE(momentum, real, 1, 0, 1, "0 to 1"),
    OCTAVO_ATTRIBUTE(probability, real, 1, 0, 1 - 0x1p-24, "at least 0 and below 1"),
    OCTAVO_ATTRIBUTE(reduce_range, integer, 1, 0, 1, "0 or 1"),
    OCTAVO_ATTRIBUTE(pytorch_tail, integer, 1, 0, 1, "0 or 1"),
    OCTAVO_ATTRIBUTE(quotient, integer, 1, 0, 1, "0 or 1"),
    OCTAVO_ATTRIBUTE(axis, integer, 1, -1, OCTAVO_MAX_RANK - 1, "-1 to 7"),
    OCTAVO_ATTRIBUTE(bias, real, 1, -infinity, infinity, "a number or infinite"),
    OCTAVO_ATTRIBUTE(log, integer, 1, 0, 1, "0 or 1"),
    OCTAVO_ATTRIBUTE(greatest, integer, 1, 0, 1, "0 or 1"),
    OCTAVO_ATTRIBUTE(last, integer, 1, 0, 1, "0 or 1"),
    OCTAVO_ATTRIBUTE(exclusive, integer, 1, 0, 1, "0 or 1"),
    OCTAVO_ATTRIBUTE(reverse, integer, 1, 0, 1, "0 or 1"),
    OCTAVO_ATTRIBUTE(rms, integer, 1, 0, 1, "0 or 1"),
    OCTAVO_ATTRIBUTE(size, integer, 1, 1, most_integer, "at least 1"),
    OCTAVO_ATTRIBUTE(function, integer, 1, 0, most_integer, "at least 0"),
    OCTAVO_ATTRIBUTE(alpha, real, 1, -infinity, infinity, "a number or infinite"),
    OCTAVO_ATTRIBUTE(beta, real, 1, -infinity, infinity, "a number or infinite"),
    OCTAVO_ATTRIBUTES(axes, axis_count, 0, OCTAVO_MAX_RANK - 1, "0 to 7"),
    OCTAVO_ATTRIBUTES(starts, start_count, 0, most_integer, "at least 0"),
    OCTAVO_ATTRIBUTES(steps, step_count, least_integer, most_integer, "a number but 0"),
    OCTAVO_ATTRIBUTES(before, before_count, least_integer, most_integer, "a number"),
    OCTAVO_ATTRIBUTE(pad_mode, integer, 1, OCTAVO_PAD_CONSTANT, OCTAVO_PAD_WRAP, "0 to 3"),
    OCTAVO_ATTRIBUTE(gather_mode, integer, 1, OCTAVO_GATHER_SLICES, OCTAVO_GATHER_TUPLES, "0 to 2"),
    OCTAVO_ATTRIBUTE(batch_dims, integer, 1, 0, OCTAVO_MAX_RANK - 1, "0 to 7"),
    OCTAVO_ATTRIBUTE(diagonal, integer, 1, least_integer, most_integer, "a number"),
    OCTAVO_ATTRIBUTE(upper, integer, 1, 0, 1, "0 or 1"),
    OCTAVO_ATTRIBUTE(block, integer, 1, 1, 32768, "1 to 32768"),
    OCTAVO_ATTRIBUTE(column_row_depth, integer, 1, 0, 1, "0 or 1"),
    OCTAVO_ATTRIBUTE(interpolation, integer, 1, OCTAVO_NEAREST, OCTAVO_CUBIC, "0 to 2"),
    OCTAVO_ATTRIBUTE(coordinates, integer, 1, OCTAVO_HALF_PIXEL, OCTAVO_TF_CROP_AND_RESIZE, "0 to 6"),
    OCTAVO_ATTRIBUTE(nearest, integer, 1, OCTAVO_ROUND_PREFER_FLOOR, OCTAVO_CEIL, "0 to 3"),
    {"scales", has_scales, Type::real, OCTAVO_MAX_RANK, offsetof(Attributes, scales), least_scale, most_real, "above 0",
     offsetof(Attributes, scale_count)},
    {"roi", has_roi, Type::real, 2 * OCTAVO_MAX_RANK, offsetof(Attributes, roi), -most_real, most_real, "a number",
     offsetof(Attributes, roi_count)},
    OCTAVO_ATTRIBUTE(scale_axis, integer, 1, -1, OCTAVO_MAX_RANK - 1, "-1 to 7"),
    OCTAVO_ATTRIBUTE(exclude_outside, integer, 1, 0, 1, "0 or 1"),
    OCTAVO_ATTRIBUTE(antialias, integer, 1, 0, 1, "0 or 1"),
    OCTAVO_ATTRIBUTE(cubic_a, real, 1, -most_real, most_real, "a number"),
    OCTAVO_ATTRIBUTE(extrapolation, real, 1, -most_real, most_real, "a number"),
};

#undef OCTAVO_ATTRIBUTES
#undef OCTAVO_ATTRIBUTE

uint64_t taken_by(octavo_op_kind kind) {
    switch (kind) {
        case OCTAVO_OP_CONV2D:
            return convolutions | activations;
        case OCTAVO_OP_CONV_TRANSPOSE2D:
        case OCTAVO_OP_CONV2D_GRAD_INPUT:
        case OCTAVO_OP_CONV2D_GRAD_WEIGHT:
            return convolutions;
        case OCTAVO_OP_ADD:
            return activations | has_pytorch_tail;
        case OCTAVO_OP_LINEAR:
        case OCTAVO_OP_CLAMP:
        case OCTAVO_OP_CLAMP_GRAD:
            return activations;
        case OCTAVO_OP_LINEAR_DYNAMIC:
            return activations | has_reduce_range | has_quotient;
        case OCTAVO_OP_QUANTIZE:
            return has_quotient;
        case OCTAVO_OP_MAX_POOL2D:
        case OCTAVO_OP_MAX_POOL2D_TRAIN:
        case OCTAVO_OP_MAX_POOL2D_GRAD:
            return max_pools;
        case OCTAVO_OP_AVG_POOL2D:
        case OCTAVO_OP_AVG_POOL2D_GRAD:
            return average_pools;
        case OCTAVO_OP_BATCH_NORM:
            return activations | has_epsilon;
        case OCTAVO_OP_BATCH_NORM_TRAIN:
            return has_epsilon | has_momentum;
        case OCTAVO_OP_DROPOUT_TRAIN:
        case OCTAVO_OP_DROPOUT_GRAD:
            return has_probability;
        case OCTAVO_OP_UNARY:
            return has_function | has_alpha | has_beta;
        case OCTAVO_OP_BINARY:
        case OCTAVO_OP_COMPARE:
            return has_function;
        case OCTAVO_OP_SOFTMAX:
            return has_axis | has_log;
        case OCTAVO_OP_REDUCE:
            return has_function | has_axes;
        case OCTAVO_OP_ARG_REDUCE:
            return has_axis | has_greatest | has_last;
        case OCTAVO_OP_TOP_K:
            return has_axis | has_greatest;
        case OCTAVO_OP_CUM_SUM:
            return has_axis | has_exclusive | has_reverse;
        case OCTAVO_OP_LAYER_NORM:
            return has_axis | has_epsilon | has_rms;
        case OCTAVO_OP_GROUP_NORM:
            return has_groups | has_epsilon;
        case OCTAVO_OP_LOCAL_RESPONSE:
            return has_size | has_alpha | has_beta | has_bias;
        case OCTAVO_OP_TRANSPOSE:
            return has_axes;
        case OCTAVO_OP_SLICE:
            return has_starts | has_steps;
        case OCTAVO_OP_CONCAT:
        case OCTAVO_OP_SPLIT:
            return has_axis;
        case OCTAVO_OP_PAD:
            return has_before | has_pad_mode;
        case OCTAVO_OP_GATHER:
            return has_axis | has_gather_mode | has_batch_dims;
        case OCTAVO_OP_TRILU:
            return has_diagonal | has_upper;
        case OCTAVO_OP_ONE_HOT:
            return has_axis;
        case OCTAVO_OP_SPACE_TO_DEPTH:
            return has_block;
        case OCTAVO_OP_DEPTH_TO_SPACE:
            return has_block | has_column_row_depth;
        case OCTAVO_OP_RESIZE:
            return has_interpolation | has_coordinates | has_nearest | has_axes | has_scales | has_scale_axis |
                   has_roi | has_exclude_outside | has_antialias | has_cubic_a | has_extrapolation;
        default:
            return 0;
    }
}

// The last number that "function" may be.
int32_t last_function(octavo_op_kind kind) {
    switch (kind) {
        case OCTAVO_OP_UNARY:
            return OCTAVO_UNARY_IS_INF;
        case OCTAVO_OP_BINARY:
            return OCTAVO_BINARY_XOR;
        case OCTAVO_OP_REDUCE:
            return OCTAVO_REDUCE_LOG_SUM_EXP;
        default:
            return OCTAVO_RELATION_GREATER_OR_EQUAL;
    }
}

[[noreturn]] void refuse(octavo_status status, const std::string& subject, const std::string& what) {
    throw Error(status, subject + ": " + what);
}

const Row& find_row(const char* key, uint64_t taken, const std::string& subject) {
    const Row* found = nullptr;
    std::string keys;
    for (const Row& row : rows) {
        if (std::strcmp(row.key, key) == 0) found = &row;
        if (taken & row.bit) keys += text(keys.empty() ? "" : ", ", row.key);
    }
    const std::string expected = keys.empty() ? "it takes none" : "it takes " + keys;
    if (found == nullptr)
        refuse(OCTAVO_INVALID_ARGUMENT, subject, text("attribute \"", key, "\" is unknown; ", expected));
    if ((taken & found->bit) == 0)
        refuse(OCTAVO_INVALID_ARGUMENT, subject,
               text("attribute \"", key, "\" is not one of this operator; ", expected));
    return *found;
}

std::string place(const Row& row, int64_t i) {
    return row.count == 1 ? std::string(row.key) : text(row.key, "[", i, "]");
}

void read_entry(const octavo_attribute& entry, const Row& row, const std::string& subject, Attributes* to) {
    const bool integers = row.type == Type::integer;
    if ((entry.integers != nullptr) == (entry.reals != nullptr) || integers != (entry.integers != nullptr)) {
        refuse(OCTAVO_INVALID_ARGUMENT, subject,
               text("attribute \"", row.key, "\" has ",
                    entry.integers == nullptr ? (entry.reals == nullptr ? "no numbers" : "real numbers")
                                              : (entry.reals == nullptr ? "integers" : "numbers of both types"),
                    ", expected ", integers ? "integers" : "real numbers"));
    }
    const bool counted = row.count_offset != 0;
    if (counted ? entry.count < 0 || entry.count > row.count : entry.count != row.count) {
        refuse(OCTAVO_INVALID_ARGUMENT, subject,
               text("attribute \"", row.key, "\" has ", entry.count, " numbers, expected ", counted ? "at most " : "",
                    row.count));
    }
    unsigned char* base = reinterpret_cast<unsigned char*>(to);
    unsigned char* field = base + row.offset;
    if (counted) {
        const auto count = static_cast<int32_t>(entry.count);
        std::memcpy(base + row.count_offset, &count, sizeof count);
    }
    for (int64_t i = 0; i < entry.count; ++i) {
        if (integers) {
            const int64_t number = entry.integers[i];
            if (number < static_cast<int64_t>(row.least) || number > static_cast<int64_t>(row.most)) {
                refuse(OCTAVO_INVALID_ARGUMENT, subject,
                       text(place(row, i), " is ", number, ", expected ", row.expected,
                            number > INT32_MAX ? " and of 31 bits" : ""));
            }
            const auto narrow = static_cast<int32_t>(number);
            std::memcpy(field + static_cast<size_t>(i) * sizeof narrow, &narrow, sizeof narrow);
        } else {
            const float number = entry.reals[i];
            if (std::isnan(number) || (std::isinf(number) && row.most < infinity)) {
                refuse(OCTAVO_NOT_FINITE, subject, text(place(row, i), " is ", number, ", expected ", row.expected));
            }
            if (number < row.least || number > row.most) {
                refuse(OCTAVO_INVALID_ARGUMENT, subject,
                       text(place(row, i), " is ", number, ", expected ", row.expected));
            }
            std::memcpy(field + static_cast<size_t>(i) * sizeof number, &number, sizeof number);
        }
    }
}

}  // namespace

Attributes read_attributes(const octavo_op_desc& desc, const std::string& subject) {
    Attributes attributes;
    attributes.kind = desc.kind;
    attributes.backend = desc.backend;
    const uint64_t taken = taken_by(desc.kind);
    uint64_t given = 0;
    const SizedArray<octavo_attribute> entries(desc.attributes, desc.attribute_count,
                                               OCTAVO_SIZE_TO(octavo_attribute, reals), "attributes");
    for (int64_t i = 0; i < entries.count(); ++i) {
        const octavo_attribute entry = entries[i];
        if (entry.key == nullptr)
            refuse(OCTAVO_INVALID_ARGUMENT, subject, text("the key of attribute ", i, " is null"));
        const Row& row = find_row(entry.key, taken, subject);
        if (given & row.bit)
            refuse(OCTAVO_INVALID_ARGUMENT, subject, text("attribute \"", row.key, "\" is given twice"));
        read_entry(entry, row, subject, &attributes);
        given |= row.bit;
    }
    const bool clamp = attributes.activation == OCTAVO_CLAMP;
    for (const Row& row : rows) {
        const bool needed = taken & row.bit & (clamp ? required | bounds : uint64_t{required});
        if (needed && (given & row.bit) == 0)
            refuse(OCTAVO_INVALID_ARGUMENT, subject, text("attribute \"", row.key, "\" is missing"));
    }
    if ((taken & has_function) != 0 && attributes.function > last_function(desc.kind)) {
        refuse(OCTAVO_INVALID_ARGUMENT, subject,
               text("function is ", attributes.function, ", expected 0 to ", last_function(desc.kind)));
    }
    if (clamp && attributes.clamp_min > attributes.clamp_max) {
        refuse(
            OCTAVO_INVALID_ARGUMENT, subject,
            text("clamp to [", attributes.clamp_min, ", ", attributes.clamp_max, "], expected the lower bound first"));
    }
    return attributes;
}

namespace {

int64_t count_of(const Row& row, const Attributes& attributes) {
    if (row.count_offset == 0) return row.count;
    int32_t count;
    std::memcpy(&count, reinterpret_cast<const unsigned char*>(&attributes) + row.count_offset, sizeof count);
    return count;
}

}  // namespace

AttributeEntries::AttributeEntries(const Attributes& attributes) {
    const uint64_t taken = taken_by(attributes.kind);
    size_t integers = 0, reals = 0;
    for (const Row& row : rows) {
        if (taken & row.bit) (row.type == Type::integer ? integers : reals) += static_cast<size_t>(row.count);
    }
    integers_.reserve(integers);  // so that pointers into them stay
    reals_.reserve(reals);
    for (const Row& row : rows) {
        if ((taken & row.bit) == 0) continue;
        octavo_attribute entry{sizeof(octavo_attribute), row.key, count_of(row, attributes), nullptr, nullptr};
        const unsigned char* field = reinterpret_cast<const unsigned char*>(&attributes) + row.offset;
        if (row.type == Type::integer) {
            entry.integers = integers_.data() + integers_.size();
            const auto* numbers = reinterpret_cast<const int32_t*>(field);
            integers_.insert(integers_.end(), numbers, numbers + entry.count);
        } else {
            entry.reals = reals_.data() + reals_.size();
            const auto* numbers = reinterpret_cast<const float*>(field);
            reals_.insert(reals_.end(), numbers, numbers + entry.count);
        }
        entries_.push_back(entry);
    }
}

}  // namespace octavo

#include "base/attributes.h"

#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>

#include "base/sized.h"

namespace octavo {
namespace {

constexpr double most_integer = std::numeric_limits<int32_t>::max(), infinity = HUGE_VAL;
constexpr double most_real = std::numeric_limits<float>::max();

enum : uint32_t {
    has_kernel = 1 << 0,
    has_stride = 1 << 1,
    has_dilation = 1 << 2,
    has_pad = 1 << 3,
    has_groups = 1 << 4,
    has_ceil_mode = 1 << 5,
    has_count_include_pad = 1 << 6,
    has_activation = 1 << 7,
    has_clamp_min = 1 << 8,
    has_clamp_max = 1 << 9,
    has_epsilon = 1 << 10,
    has_momentum = 1 << 11,
    has_probability = 1 << 12,
    has_reduce_range = 1 << 13,
    has_pytorch_tail = 1 << 14,

    required = has_kernel | has_epsilon | has_momentum | has_probability,  // where they are taken
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
    uint32_t bit;
    Type type;
    int64_t count;
    size_t offset;       // in Attributes, of so many int32_t or float
    double least, most;  // of each number
    const char* expected;
};

#define OCTAVO_ATTRIBUTE(name, type, count, least, most, expected) \
    { #name, has_##name, Type::type, count, offsetof(Attributes, name), least, most, expected }

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
};

#undef OCTAVO_ATTRIBUTE

uint32_t taken_by(octavo_op_kind kind) {
    switch (kind) {
        case OCTAVO_OP_CONV2D:
            return convolutions | activations;
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
            return activations | has_reduce_range;
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
        default:
            return 0;
    }
}

[[noreturn]] void refuse(octavo_status status, const std::string& subject, const std::string& what) {
    throw Error(status, subject + ": " + what);
}

const Row& find_row(const char* key, uint32_t taken, const std::string& subject) {
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
    if (entry.count != row.count) {
        refuse(OCTAVO_INVALID_ARGUMENT, subject,
               text("attribute \"", row.key, "\" has ", entry.count, " numbers, expected ", row.count));
    }
    unsigned char* field = reinterpret_cast<unsigned char*>(to) + row.offset;
    for (int64_t i = 0; i < row.count; ++i) {
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
    const uint32_t taken = taken_by(desc.kind);
    uint32_t given = 0;
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
        const bool needed = taken & row.bit & (clamp ? required | bounds : uint32_t{required});
        if (needed && (given & row.bit) == 0)
            refuse(OCTAVO_INVALID_ARGUMENT, subject, text("attribute \"", row.key, "\" is missing"));
    }
    if (clamp && attributes.clamp_min > attributes.clamp_max) {
        refuse(
            OCTAVO_INVALID_ARGUMENT, subject,
            text("clamp to [", attributes.clamp_min, ", ", attributes.clamp_max, "], expected the lower bound first"));
    }
    return attributes;
}

AttributeEntries::AttributeEntries(const Attributes& attributes) {
    const uint32_t taken = taken_by(attributes.kind);
    size_t integers = 0, reals = 0;
    for (const Row& row : rows) {
        if (taken & row.bit) (row.type == Type::integer ? integers : reals) += static_cast<size_t>(row.count);
    }
    integers_.reserve(integers);  // so that pointers into them stay
    reals_.reserve(reals);
    for (const Row& row : rows) {
        if ((taken & row.bit) == 0) continue;
        octavo_attribute entry{sizeof(octavo_attribute), row.key, row.count, nullptr, nullptr};
        const unsigned char* field = reinterpret_cast<const unsigned char*>(&attributes) + row.offset;
        if (row.type == Type::integer) {
            entry.integers = integers_.data() + integers_.size();
            const auto* numbers = reinterpret_cast<const int32_t*>(field);
            integers_.insert(integers_.end(), numbers, numbers + row.count);
        } else {
            entry.reals = reals_.data() + reals_.size();
            const auto* numbers = reinterpret_cast<const float*>(field);
            reals_.insert(reals_.end(), numbers, numbers + row.count);
        }
        entries_.push_back(entry);
    }
}

}  // namespace octavo

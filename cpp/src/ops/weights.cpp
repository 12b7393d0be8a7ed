#include "ops/weights.h"

#include <algorithm>
#include <cstddef>

#include "base/sizes.h"

namespace octavo {

int64_t DenseWeights::groups() const { return group_size > 0 ? ceil_div(depth, group_size) : 1; }

bool DenseWeights::has_zero_points() const {
    return std::any_of(zero_points.begin(), zero_points.end(), [](int32_t zero) { return zero != 0; });
}

int64_t parameter_of(const Value& weight, int64_t depth, int64_t n, int64_t k) {
    if (weight.axis < 0) return 0;
    if (weight.group_size <= 0) return n;
    return n * ceil_div<int64_t>(depth, weight.group_size) + k / weight.group_size;
}

std::optional<Value> low_bit_codes(const Value& weight) {
    if (weight.dtype != OCTAVO_S8 && weight.dtype != OCTAVO_U8) return std::nullopt;
    if (weight.role != OCTAVO_CONSTANT || weight.scales.empty() || weight.data.empty()) return std::nullopt;
    const auto level = [&](std::byte code) {
        return weight.dtype == OCTAVO_S8 ? static_cast<int>(static_cast<int8_t>(code)) : static_cast<int>(code);
    };
    int least = level(weight.data[0]), most = least;
    for (std::byte code : weight.data) {
        least = std::min(least, level(code));
        most = std::max(most, level(code));
        if (most - least > 15) return std::nullopt;
    }
    Value codes = weight;
    codes.dtype = OCTAVO_CODE4;
    codes.zero_points.assign(weight.scales.size(), 0);
    codes.table_size = most - least + 1;
    for (size_t i = 0; i < weight.scales.size(); i++) {
        const int32_t zero = weight.zero_points.empty() ? 0 : weight.zero_points[i];
        const bool same = weight.zero_points.empty() || zero == weight.zero_points[0];
        if ((!same && weight.group_size == 0) || least - zero < -128 || most - zero > 127) return std::nullopt;
        for (int l = least; l <= most; l++) codes.table.push_back(static_cast<int8_t>(l - zero));
    }
    for (std::byte& code : codes.data) code = static_cast<std::byte>(level(code) - least);
    return codes;
}

void require_group_size(const Value& weight, const std::string& where) {
    constexpr int step = 32;
    if (weight.group_size % step == 0) return;
    throw Refusal(where + ": weight \"" + weight.name + "\" has groups of " + std::to_string(weight.group_size) +
                  " along K; multiples of " + std::to_string(step) + " can run");
}

bool has_one_table(const Value& weight) {
    for (size_t at = 0; at < weight.table.size(); at += static_cast<size_t>(weight.table_size)) {
        if (!std::equal(weight.table.begin(), weight.table.begin() + weight.table_size,
                        weight.table.begin() + static_cast<int64_t>(at)))
            return false;
    }
    return true;
}

namespace {

[[noreturn]] void wrong(const std::string& where, const Value& weight, const std::string& what) {
    throw Error(OCTAVO_INVALID_ARGUMENT,
                where + ": weight \"" + weight.name + "\" " + weight.shape_text() + " " + what);
}

AlignedArray<int8_t> decode(const Value& weight, const std::string& where, const DenseWeights& dense) {
    auto values = AlignedArray<int8_t>::uninitialized(weight.data.size());
    const size_t tables = weight.scales.size();
    if (weight.table_size < 1 || weight.table.size() != tables * static_cast<size_t>(weight.table_size)) {
        wrong(where, weight, "has table codes but not a table for each of its " + std::to_string(tables) + " scales");
    }
    const uint8_t* codes = weight.as<uint8_t>();
    const int64_t run = dense.group_size > 0 ? dense.group_size : dense.depth;  // codes of one table
    for (int64_t n = 0; n < dense.outputs; n++) {
        for (int64_t first = 0; first < dense.depth; first += run) {
            const int8_t* table = weight.table.data() + parameter_of(weight, dense.depth, n, first) * weight.table_size;
            for (int64_t k = first; k < std::min(first + run, dense.depth); k++) {
                const int code = codes[n * dense.depth + k];
                if (code >= weight.table_size) {
                    wrong(where, weight,
                          "has the code " + std::to_string(code) + ", but its tables end at " +
                              std::to_string(weight.table_size - 1));
                }
                values[static_cast<size_t>(n * dense.depth + k)] = table[code];
            }
        }
    }
    return values;
}

}  // namespace

DenseWeights dense_weights(const Value& weight, const std::string& where, Groups groups) {
    if (weight.role != OCTAVO_CONSTANT) throw Refusal(where + ": integer kernels need constant weights");
    if (weight.dtype != OCTAVO_S8 && weight.dtype != OCTAVO_U8 && weight.dtype != OCTAVO_CODE4 &&
        weight.dtype != OCTAVO_CODE8) {
        throw Refusal(where + ": integer kernels need s8, u8 or code weights");
    }
    if (weight.group_size > 0 && groups == Groups::refused) {
        throw Refusal(where + ": integer kernels take groups along K, here of " + std::to_string(weight.group_size) +
                      ", of linear weights alone");
    }
    if (weight.dims.size() < 2) wrong(where, weight, "needs a rank of at least 2");
    DenseWeights dense;
    dense.outputs = weight.dims[0];
    dense.depth = checked_product(weight.dims) / dense.outputs;
    dense.per_channel = weight.axis >= 0;
    dense.group_size = weight.group_size;
    if (dense.per_channel && weight.axis != 0)
        wrong(where, weight, "has parameters along axis " + std::to_string(weight.axis) + " instead of 0");
    const int64_t parameters = dense.per_channel ? dense.outputs * dense.groups() : 1;
    if (static_cast<int64_t>(weight.scales.size()) != parameters) {
        wrong(where, weight,
              "has " + std::to_string(weight.scales.size()) + " scales instead of " + std::to_string(parameters));
    }
    const size_t elements = static_cast<size_t>(dense.outputs * dense.depth);
    if (weight.data.size() != elements)
        wrong(where, weight, "has " + std::to_string(weight.data.size()) + " bytes of data");
    const int shift = weight.dtype == OCTAVO_U8 ? 128 : 0;
    for (int64_t i = 0; i < dense.outputs * dense.groups(); i++) {
        const size_t p = dense.per_channel ? static_cast<size_t>(i) : 0;
        const int32_t zero = (weight.zero_points.empty() ? 0 : weight.zero_points[p]) - shift;
        if (zero < -128 || zero > 127)
            wrong(where, weight, "has the zero point " + std::to_string(zero + shift) + ", outside its type");
        dense.scales.push_back(weight.scales[p]);
        dense.zero_points.push_back(zero);
    }
    if (weight.dtype == OCTAVO_S8) {
        dense.values = WeightValues(weight.as<int8_t>());
    } else if (weight.dtype == OCTAVO_U8) {
        auto values = AlignedArray<int8_t>::uninitialized(elements);
        for (size_t i = 0; i < elements; i++) values[i] = static_cast<int8_t>(weight.as<uint8_t>()[i] - shift);
        dense.values = WeightValues(std::move(values));
    } else {
        dense.values = WeightValues(decode(weight, where, dense));
    }
    return dense;
}

}  // namespace octavo

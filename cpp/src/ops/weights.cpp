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

void DenseWeights::describe_values(Hash& key) const { key.add(values.digest()).add(outputs).add(depth); }

void DenseWeights::describe(Hash& key) const {
    describe_values(key);
    key.add(zero_points).add(scales).add(per_channel).add(group_size);
}

void describe_constant(const Value& value, Hash& key) {
    key.add(value.data.digest())
        .add(value.dtype)
        .add(value.dims)
        .add(value.axis)
        .add(value.group_size)
        .add(value.scales);
    key.add(value.zero_points).add(value.table_size).add(value.table);
}

namespace {

// The least and the greatest number of a weight, or two that are more than 15 apart.
struct Levels {
    int least, most;
    size_t bytes() const { return sizeof *this; }
};

Levels levels_of(const Value& weight) {
    const auto level = [&](std::byte code) {
        return weight.dtype == OCTAVO_S8 ? static_cast<int>(static_cast<int8_t>(code)) : static_cast<int>(code);
    };
    Levels levels = {level(weight.data[0]), level(weight.data[0])};
    for (const std::byte code : weight.data) {
        levels.least = std::min(levels.least, level(code));
        levels.most = std::max(levels.most, level(code));
        if (levels.most - levels.least > 15) break;
    }
    return levels;
}

}  // namespace

std::optional<Value> low_bit_codes(const Value& weight, SharedObjects* facts) {
    if (weight.dtype != OCTAVO_S8 && weight.dtype != OCTAVO_U8) return std::nullopt;
    if (weight.role != OCTAVO_CONSTANT || weight.scales.empty() || weight.data.empty()) return std::nullopt;
    const Levels levels = *shared_or_made(
        facts, "levels", [&](Hash& key) { key.add(weight.data.digest()).add(weight.dtype); },
        [&] { return levels_of(weight); }, SharedObjects::Kept::always);
    const int least = levels.least, most = levels.most;
    if (most - least > 15) return std::nullopt;
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
    const auto recipe = [given = weight.data, least] {
        return Hash().add(std::string("codes")).add(given.digest()).add(least).digest();
    };
    codes.data = Contents::made(weight.data.size(), recipe, [given = weight.data, least](std::byte* to) {
        for (const std::byte code : given) *to++ = static_cast<std::byte>(static_cast<int>(code) - least);
    });
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

[[noreturn]] void no_such_code(const Value& weight, const std::string& where, int code) {
    wrong(where, weight,
          "has the code " + std::to_string(code) + ", but its tables end at " + std::to_string(weight.table_size - 1));
}

// Of [outputs, depth] codes.
void decode(const Value& weight, const std::string& where, int64_t outputs, int64_t depth, int8_t* values) {
    const uint8_t* codes = weight.as<uint8_t>();
    const int64_t run = weight.group_size > 0 ? weight.group_size : depth;  // codes of one table
    for (int64_t n = 0; n < outputs; n++) {
        for (int64_t first = 0; first < depth; first += run) {
            const int8_t* table = weight.table.data() + parameter_of(weight, depth, n, first) * weight.table_size;
            for (int64_t k = first; k < std::min(first + run, depth); k++) {
                const int code = codes[n * depth + k];
                if (code >= weight.table_size) no_such_code(weight, where, code);
                values[n * depth + k] = table[code];
            }
        }
    }
}

// The numbers that codes stand for.
WeightValues decoded(const Value& weight, const std::string& where, int64_t outputs, int64_t depth) {
    const size_t tables = weight.scales.size();
    if (weight.table_size < 1 || weight.table.size() != tables * static_cast<size_t>(weight.table_size)) {
        wrong(where, weight, "has table codes but not a table for each of its " + std::to_string(tables) + " scales");
    }
    const auto recipe = [weight, outputs, depth] {
        Hash key;
        describe_constant(weight, key.add(std::string("decoded")).add(outputs).add(depth));
        return key.digest();
    };
    return WeightValues::made(weight.data.size(), recipe, [weight, where, outputs, depth](int8_t* values) {
        decode(weight, where, outputs, depth, values);
    });
}

}  // namespace

void require_codes(const Value& weight, const std::string& where) {
    for (const std::byte code : weight.data) {
        if (static_cast<int>(code) >= weight.table_size) no_such_code(weight, where, static_cast<int>(code));
    }
}

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
        dense.values = WeightValues(weight.data);
    } else if (weight.dtype == OCTAVO_U8) {
        const auto recipe = [given = weight.data] {
            return Hash().add(std::string("less 128")).add(given.digest()).digest();
        };
        dense.values = WeightValues::made(elements, recipe, [given = weight.data](int8_t* to) {
            for (const std::byte value : given) *to++ = static_cast<int8_t>(static_cast<int>(value) - 128);
        });
    } else {
        dense.values = decoded(weight, where, dense.outputs, dense.depth);
    }
    return dense;
}

}  // namespace octavo

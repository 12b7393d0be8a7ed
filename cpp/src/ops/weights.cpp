#include "ops/weights.h"

#include "base/sizes.h"

namespace octavo {

bool DenseWeights::has_zero_points() const {
    for (int32_t zero : zero_points) {
        if (zero != 0) return true;
    }
    return false;
}

namespace {

[[noreturn]] void wrong(const std::string& where, const Value& weight, const std::string& what) {
    throw Error(OCTAVO_INVALID_ARGUMENT,
                where + ": weight \"" + weight.name + "\" " + weight.shape_text() + " " + what);
}

void decode(const Value& weight, const std::string& where, DenseWeights& dense) {
    const size_t tables = weight.scales.size();
    if (weight.table_size < 1 || weight.table.size() != tables * static_cast<size_t>(weight.table_size)) {
        wrong(where, weight, "has table codes but not a table for each of its " + std::to_string(tables) + " scales");
    }
    const uint8_t* codes = weight.as<uint8_t>();
    for (int64_t n = 0; n < dense.outputs; n++) {
        const int8_t* table = weight.table.data() + (dense.per_channel ? n * weight.table_size : 0);
        for (int64_t k = 0; k < dense.depth; k++) {
            const int code = codes[n * dense.depth + k];
            if (code >= weight.table_size) {
                wrong(where, weight,
                      "has the code " + std::to_string(code) + ", but its tables end at " +
                          std::to_string(weight.table_size - 1));
            }
            dense.values[static_cast<size_t>(n * dense.depth + k)] = table[code];
        }
    }
}

}  // namespace

DenseWeights dense_weights(const Value& weight, const std::string& where) {
    if (weight.role != OCTAVO_CONSTANT) throw Refusal(where + ": integer kernels need constant weights");
    if (weight.dtype != OCTAVO_S8 && weight.dtype != OCTAVO_U8 && weight.dtype != OCTAVO_CODE4 &&
        weight.dtype != OCTAVO_CODE8) {
        throw Refusal(where + ": integer kernels need s8, u8 or code weights");
    }
    if (weight.group_size > 0) throw Refusal(where + ": integer kernels have no weight groups along K");
    if (weight.dims.size() < 2) wrong(where, weight, "needs a rank of at least 2");
    DenseWeights dense;
    dense.outputs = weight.dims[0];
    dense.depth = checked_product(weight.dims) / dense.outputs;
    dense.per_channel = weight.axis >= 0;
    if (dense.per_channel && weight.axis != 0)
        wrong(where, weight, "has parameters along axis " + std::to_string(weight.axis) + " instead of 0");
    const size_t parameters = dense.per_channel ? static_cast<size_t>(dense.outputs) : 1;
    if (weight.scales.size() != parameters) {
        wrong(where, weight,
              "has " + std::to_string(weight.scales.size()) + " scales instead of " + std::to_string(parameters));
    }
    const size_t elements = static_cast<size_t>(dense.outputs * dense.depth);
    if (weight.data.size() != elements)
        wrong(where, weight, "has " + std::to_string(weight.data.size()) + " bytes of data");
    const int shift = weight.dtype == OCTAVO_U8 ? 128 : 0;
    for (int64_t n = 0; n < dense.outputs; n++) {
        const size_t p = dense.per_channel ? static_cast<size_t>(n) : 0;
        const int32_t zero = (weight.zero_points.empty() ? 0 : weight.zero_points[p]) - shift;
        if (zero < -128 || zero > 127)
            wrong(where, weight, "has the zero point " + std::to_string(zero + shift) + ", outside its type");
        dense.scales.push_back(weight.scales[p]);
        dense.zero_points.push_back(zero);
    }
    dense.values.resize(elements);
    if (weight.dtype == OCTAVO_CODE4 || weight.dtype == OCTAVO_CODE8) {
        decode(weight, where, dense);
    } else {
        for (size_t i = 0; i < elements; i++) {
            dense.values[i] = static_cast<int8_t>(weight.as<uint8_t>()[i] - shift);
        }
    }
    return dense;
}

}  // namespace octavo

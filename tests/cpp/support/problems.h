// Random quantized products: every type, zero point, bias, activation and saturating input that the operators take.
#ifndef OCTAVO_TESTS_SUPPORT_PROBLEMS_H
#define OCTAVO_TESTS_SUPPORT_PROBLEMS_H

#include <cmath>
#include <cstdint>
#include <vector>

#include "support/reference.h"
#include "support/sweep.h"
#include "support/values.h"

namespace octavo::test {

inline Value random_activation(Random& random, octavo_dtype dtype, std::vector<int64_t> dims, float scale) {
    const int low = dtype == OCTAVO_S8 ? -128 : 0;
    Value v = activation(dtype, std::move(dims), scale, random.zero_point(low, low + 255));
    return v;
}

inline Value random_weights(Random& random, octavo_dtype dtype, std::vector<int64_t> dims, bool extreme) {
    size_t elements = 1;
    for (int64_t d : dims) elements *= static_cast<size_t>(d);
    const bool codes = dtype == OCTAVO_CODE4 || dtype == OCTAVO_CODE8;
    const int levels = codes ? static_cast<int>(random.integer(1, dtype == OCTAVO_CODE4 ? 16 : 256)) : 0;
    const int low = dtype == OCTAVO_S8 ? (random.chance(0.5) ? -127 : -128) : 0;
    const int high = dtype == OCTAVO_S8 ? 127 : codes ? levels - 1 : 255;
    Value w = constant(dtype, dims, random.codes<uint8_t>(elements, low, high, extreme));
    w.axis = random.chance(0.5) ? 0 : -1;
    const size_t parameters = w.axis == 0 ? static_cast<size_t>(dims[0]) : 1;
    for (size_t i = 0; i < parameters; i++) w.scales.push_back(random.real(0.001f, 0.02f));
    if (codes) {
        w.table_size = levels;
        w.table = random.codes<int8_t>(parameters * static_cast<size_t>(levels), -128, 127, false);
    }
    const bool asymmetric = dtype == OCTAVO_U8 || random.chance(0.15);
    for (size_t i = 0; i < parameters; i++) {
        w.zero_points.push_back(!asymmetric          ? 0
                                : dtype == OCTAVO_U8 ? random.zero_point(0, 255)
                                                     : random.zero_point(-128, 127));
    }
    return w;
}

// The same per group along K, of `group` weights; the zero points are those of uniform weights or 0. one_table: codes share one.
inline Value random_groups(Random& random, octavo_dtype dtype, std::vector<int64_t> dims, int group, bool one_table) {
    Value w = random_weights(random, dtype, dims, random.chance(0.1));
    const size_t parameters = static_cast<size_t>(dims[0] * ((dims[1] + group - 1) / group));
    const int zero = w.zero_points[0];
    w.axis = 0;
    w.group_size = group;
    w.scales.clear();
    for (size_t i = 0; i < parameters; i++) w.scales.push_back(random.real(0.001f, 0.02f));
    w.zero_points.assign(parameters, zero);
    if (w.table_size == 0) return w;
    w.zero_points.assign(parameters, 0);
    w.table = random.codes<int8_t>(static_cast<size_t>(w.table_size) * (one_table ? 1 : parameters), -128, 127, false);
    for (size_t i = 1; one_table && i < parameters; i++) {
        w.table.insert(w.table.end(), w.table.begin(), w.table.begin() + w.table_size);
    }
    return w;
}

// The same with the zero points that integer activations take in groups of more than 16 levels.
inline Value random_centred_groups(Random& random, octavo_dtype dtype, std::vector<int64_t> dims, int group,
                                   bool one_table) {
    Value w = random_groups(random, dtype, std::move(dims), group, one_table);
    w.zero_points.assign(w.scales.size(), dtype == OCTAVO_U8 ? 128 : 0);
    return w;
}

// Output scale such that results spread over the codes; bias of the size of the sums.
inline void finish_problem(Random& random, Problem& p, int64_t depth, bool residual_allowed, bool any_type) {
    const int64_t outputs = p.w.dims[0];
    double weight_scale = 0;
    for (float s : p.w.scales) weight_scale += s / static_cast<float>(p.w.scales.size());
    const double spread = p.x.scales[0] * weight_scale * 74 * 74 * std::sqrt(static_cast<double>(depth));
    switch (random.integer(0, 2)) {
        case 0:
            break;
        case 1: {
            std::vector<float> b(static_cast<size_t>(outputs));
            for (float& v : b) v = random.normal() * static_cast<float>(spread / 4);
            p.bias = constant(OCTAVO_F32, {outputs}, b);
            p.has_bias = true;
            break;
        }
        default: {
            std::vector<int32_t> b(static_cast<size_t>(outputs));
            for (int32_t& v : b) v = static_cast<int32_t>(random.integer(-5000, 5000));
            p.bias = constant(OCTAVO_S32, {outputs}, b);
            p.has_bias = true;
            break;
        }
    }
    std::vector<int64_t> dims = p.y.dims;
    const octavo_dtype type = any_type ? random.pick({OCTAVO_U8, OCTAVO_U8, OCTAVO_S8, OCTAVO_F32, OCTAVO_S32})
                                       : random.pick({OCTAVO_U8, OCTAVO_U8, OCTAVO_S8});
    p.attributes.activation = random.pick({OCTAVO_NO_ACTIVATION, OCTAVO_NO_ACTIVATION, OCTAVO_RELU, OCTAVO_CLAMP});
    p.attributes.clamp_min = -static_cast<float>(spread / 2);
    p.attributes.clamp_max = static_cast<float>(spread);
    if (type == OCTAVO_U8 || type == OCTAVO_S8) {
        // Now and then so small a scale that products leave 32 bits.
        const float scale = random.chance(0.02) ? 1e-9f : static_cast<float>(spread / 50 * random.real(0.5f, 2.0f));
        p.y = random_activation(random, type, dims, scale);
        if (random.chance(0.2)) p.y.code_max = 127 - (type == OCTAVO_S8 ? 64 : 0);
        if (residual_allowed && random.chance(0.3)) {
            p.residual =
                random_activation(random, random.pick({OCTAVO_U8, OCTAVO_S8}), dims, scale * random.real(0.3f, 2.0f));
            p.has_residual = true;
        }
    } else {
        p.y = float_value(dims);
        p.y.dtype = type;
        if (type == OCTAVO_S32) {
            p.attributes.activation = OCTAVO_NO_ACTIVATION;
            p.has_bias = p.has_bias && p.bias.dtype == OCTAVO_S32;
        }
    }
}

// A problem whose result is the sums themselves, of codes or, half the time, of integers without a scale.
inline void give_sums(Random& random, Problem& p) {
    const octavo_layout layout = p.y.layout;
    p.y = float_value(p.y.dims);
    p.y.layout = layout;
    p.y.dtype = OCTAVO_S32;
    p.attributes.activation = OCTAVO_NO_ACTIVATION;
    p.has_residual = false;
    p.has_bias = p.has_bias && p.bias.dtype == OCTAVO_S32;
    if (random.chance(0.5)) {
        p.x.scales.clear();
        p.x.zero_points.clear();
    }
}

}  // namespace octavo::test

#endif

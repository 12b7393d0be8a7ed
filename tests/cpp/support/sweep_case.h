// Random plans of one operator with integers each (or a convolution and its pool), as the C interface describes them.
#ifndef OCTAVO_TESTS_SUPPORT_SWEEP_CASE_H
#define OCTAVO_TESTS_SUPPORT_SWEEP_CASE_H

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

#include "support/network.h"
#include "support/problems.h"

namespace octavo::test {

struct SweepCase {
    std::string kind;
    std::vector<Value> values;  // with their roles
    std::vector<OpSpec> ops;
    std::vector<std::vector<uint8_t>> inputs;  // of the INPUT values in their order
    int64_t batch = 1;
    int64_t macs = 0;  // of the whole batch
    bool extreme = false;

    int32_t add(Value value, octavo_role role) {
        value.role = role;
        values.push_back(std::move(value));
        return static_cast<int32_t>(values.size()) - 1;
    }
    int32_t input(const Value& value, std::vector<uint8_t> data) {
        inputs.push_back(std::move(data));
        return add(value, OCTAVO_INPUT);
    }
    OpSpec& op(octavo_op_kind op_kind, std::vector<int32_t> from, int32_t to, const Attributes& attributes) {
        OpSpec spec(attributes);
        spec.kind = op_kind;
        spec.backend = OCTAVO_BACKEND_OCTAVO;
        spec.input_count = static_cast<int>(from.size());
        std::copy(from.begin(), from.end(), spec.inputs);
        spec.output_count = 1;
        spec.outputs[0] = to;
        ops.push_back(spec);
        return ops.back();
    }
    std::string text() const {
        std::ostringstream text;
        text << kind << " batch " << batch;
        for (const Value& v : values) text << " " << v.shape_text() << ":" << v.dtype;
        const OpSpec& a = ops.front();
        text << " kernel " << a.kernel[0] << "," << a.kernel[1] << " stride " << a.stride[0] << "," << a.stride[1]
             << " dilation " << a.dilation[0] << "," << a.dilation[1] << " pad " << a.pad[0] << "," << a.pad[1] << ","
             << a.pad[2] << "," << a.pad[3] << " groups " << a.groups << " activation " << a.activation;
        return text.str();
    }
};

// A value as the C interface takes it; arrays stay its own.
inline ValueSpec described_value(const Value& v) {
    ValueSpec d = {};
    d.dtype = v.dtype;
    d.role = v.role;
    d.layout = v.layout;
    d.batched = v.batched;
    for (int64_t n : v.dims) d.dims[d.rank++] = n;
    d.axis = v.axis;
    d.group_size = v.group_size;
    d.param_count = static_cast<int64_t>(v.scales.size());
    d.scales = v.scales.data();
    d.zero_points = v.zero_points.empty() ? nullptr : v.zero_points.data();
    d.code_min = v.code_min;
    d.code_max = v.code_max;
    d.table_size = v.table_size;
    d.table = v.table.empty() ? nullptr : v.table.data();
    d.data = v.data.empty() ? nullptr : v.data.data();
    return d;
}

inline int low_of(octavo_dtype type) { return type == OCTAVO_S8 ? -128 : 0; }

inline std::vector<uint8_t> real_bytes(Random& random, int64_t count, bool specials) {
    std::vector<float> x(static_cast<size_t>(count));
    for (float& v : x) {
        v = random.normal() * 3;
        if (specials && random.chance(0.02)) v = random.pick({INFINITY, -INFINITY, NAN, 1e-42f, 3e38f});
    }
    std::vector<uint8_t> bytes(x.size() * sizeof(float));
    std::memcpy(bytes.data(), x.data(), bytes.size());
    return bytes;
}

inline std::vector<uint8_t> random_codes_of(Random& random, const Value& v, int64_t batch, bool extreme) {
    return random.codes<uint8_t>(static_cast<size_t>(batch) * v.sample_bytes(), low_of(v.dtype), v.code_max, extreme);
}

// Activations of all types, a reduced range now and then.
inline Value random_input(Random& random, std::vector<int64_t> dims) {
    Value v = random_activation(random, random.pick({OCTAVO_U8, OCTAVO_U8, OCTAVO_S8}), std::move(dims),
                                random.real(0.005f, 0.1f));
    if (random.chance(0.3)) {
        v.code_max = low_of(v.dtype) + 127;
        if (random.chance(0.7)) v.zero_points[0] = std::min<int>(v.zero_points[0], v.code_max);
    }
    return v;
}

// Weights as the C interface takes them: table codes have no zero points.
inline Value random_constants(Random& random, octavo_dtype type, std::vector<int64_t> dims, bool extreme) {
    Value w = random_weights(random, type, std::move(dims), extreme);
    if (w.table_size > 0) std::fill(w.zero_points.begin(), w.zero_points.end(), 0);
    return w;
}

// The operands of a product in the order x, w, bias, residual.
inline std::vector<int32_t> add_operands(Random& random, SweepCase& c, const Problem& p) {
    std::vector<int32_t> from = {c.input(p.x, random_codes_of(random, p.x, c.batch, c.extreme)),
                                 c.add(p.w, OCTAVO_CONSTANT), p.has_bias ? c.add(p.bias, OCTAVO_CONSTANT) : -1};
    if (p.has_residual) from.push_back(c.input(p.residual, random_codes_of(random, p.residual, c.batch, false)));
    return from;
}

inline int64_t size_after(int64_t in, int64_t pads, int64_t kernel, int64_t dilation, int64_t stride) {
    const int64_t space = in + pads - (kernel - 1) * dilation - 1;
    return space < 0 ? 0 : space / stride + 1;
}

inline bool random_conv(Random& random, SweepCase& c, bool large, bool depthwise) {
    Problem p;
    Attributes& a = p.attributes;
    int64_t groups = 1, inputs = 1, outputs = 1;
    const bool tiles = !depthwise && random.chance(0.15);  // 3x3 at stride 1, which minimal filtering takes
    if (tiles) {
        inputs = 16 * random.integer(1, large ? 6 : 3);
        outputs = large ? random.integer(20, 130) : random.size_around(16, 70);
    } else if (depthwise) {
        groups = large ? random.integer(100, 400) : random.size_around(random.pick({8, 16, 32, 64}), 200);
        if (random.chance(0.1)) outputs = 2;
    } else if (large) {
        inputs = random.integer(20, 90);
        outputs = random.integer(20, 130);
    } else {
        switch (random.integer(0, 5)) {
            case 0:  // first layers
                inputs = random.integer(1, 7);
                outputs = random.size_around(16, 40);
                break;
            case 1:  // few outputs
                inputs = random.integer(1, 9);
                outputs = random.integer(1, 10);
                break;
            case 2:
                groups = random.integer(2, 6);
                inputs = random.integer(1, 20);
                outputs = random.integer(1, 20);
                break;
            default:
                inputs = random.size_around(random.pick({4, 16}), 64);
                outputs = random.size_around(random.pick({8, 16, 32, 48}), 100);
        }
    }
    const int64_t kernel_h = tiles ? 3 : random.pick<int64_t>({1, 1, 2, 3, 3, 3, 5, 7}),
                  kernel_w = tiles || random.chance(0.8) ? kernel_h : random.integer(1, 5);
    const int64_t height = large ? random.integer(14, 40) : random.integer(1, 14),
                  width = large || random.chance(0.3) ? random.integer(12, 40) : random.integer(1, 14);
    a.groups = static_cast<int>(groups);
    for (int i = 0; i < 2; i++) {
        a.stride[i] = tiles ? 1 : random.pick({1, 1, 1, 2, 3});
        a.dilation[i] = tiles || random.chance(0.85) ? 1 : static_cast<int>(random.integer(2, 3));
    }
    a.kernel[0] = static_cast<int>(kernel_h);
    a.kernel[1] = static_cast<int>(kernel_w);
    const bool same = random.chance(0.4);
    for (int i = 0; i < 4; i++) a.pad[i] = same ? a.kernel[i % 2] / 2 : random.pick({0, 0, 1, 1, 2, 5});
    if (random.chance(0.25)) std::fill(a.pad, a.pad + 4, 0);
    c.batch = random.integer(1, 3);
    p.x = random_input(random, {1, groups * inputs, height, width});
    const octavo_dtype weights = random.pick({OCTAVO_S8, OCTAVO_S8, OCTAVO_S8, OCTAVO_U8, OCTAVO_CODE4, OCTAVO_CODE8});
    p.w = random_constants(random, depthwise && random.chance(0.7) ? OCTAVO_S8 : weights,
                           {groups * outputs, inputs, kernel_h, kernel_w}, c.extreme);
    const int64_t out_h = size_after(height, a.pad[0] + a.pad[2], kernel_h, a.dilation[0], a.stride[0]),
                  out_w = size_after(width, a.pad[1] + a.pad[3], kernel_w, a.dilation[1], a.stride[1]);
    if (out_h == 0 || out_w == 0) return false;
    p.y.dims = {1, groups * outputs, out_h, out_w};
    const int64_t depth = inputs * kernel_h * kernel_w;
    finish_problem(random, p, depth, true, false);
    c.macs = c.batch * out_h * out_w * groups * outputs * depth;
    const std::vector<int32_t> from = add_operands(random, c, p);
    const bool pooled = !depthwise && !p.has_residual && out_h > 1 && out_w > 1 && random.chance(0.15);
    c.op(OCTAVO_OP_CONV2D, from, c.add(p.y, pooled ? OCTAVO_TEMP : OCTAVO_OUTPUT), a);
    if (!pooled) return true;
    Value y = p.y;
    y.dims = {1, groups * outputs, out_h / 2, out_w / 2};
    Attributes pool;
    pool.kernel[0] = pool.kernel[1] = pool.stride[0] = pool.stride[1] = 2;
    c.op(OCTAVO_OP_MAX_POOL2D, {c.ops[0].outputs[0]}, c.add(y, OCTAVO_OUTPUT), pool);
    return true;
}

inline bool random_linear(Random& random, SweepCase& c, bool large, bool codes) {
    Problem p;
    const int64_t depth = large ? random.integer(200, 900) : random.size_around(16, 400);
    const int64_t features =
        large ? random.integer(100, 600) : random.size_around(random.pick({8, 16, 32, 48, 64}), 260);
    const int64_t rows = random.chance(0.7) ? 1 : random.size_around(8, 30);
    c.batch = large ? random.integer(1, 80) : random.chance(0.3) ? 1 : random.size_around(random.pick({4, 6, 10}), 50);
    std::vector<int64_t> x_dims = {1, depth}, y_dims = {1, features};
    if (rows > 1) {
        x_dims.insert(x_dims.begin() + 1, rows);
        y_dims.insert(y_dims.begin() + 1, rows);
    }
    p.x = random_input(random, x_dims);
    const bool groups = random.chance(codes ? 0.3 : 0.15);
    const octavo_dtype type =
        codes ? OCTAVO_CODE4 : random.pick({OCTAVO_S8, OCTAVO_S8, OCTAVO_S8, OCTAVO_U8, OCTAVO_CODE8});
    p.w = groups
              ? random_centred_groups(random, type, {features, depth}, random.pick({32, 64, 128}), random.chance(0.5))
              : random_constants(random, type, {features, depth}, c.extreme);
    p.y.dims = y_dims;
    finish_problem(random, p, depth, false, true);
    if (groups) {
        p.has_bias = p.has_bias && p.bias.dtype == OCTAVO_F32;
        if (p.y.dtype == OCTAVO_S32) p.y.dtype = OCTAVO_F32;
    }
    c.macs = c.batch * rows * depth * features;
    c.op(OCTAVO_OP_LINEAR, add_operands(random, c, p), c.add(p.y, OCTAVO_OUTPUT), p.attributes);
    return true;
}

// Float activations: quantized at run time, or multiplied with the weights made floats.
inline bool random_float_linear(Random& random, SweepCase& c, bool large, octavo_op_kind kind) {
    const bool dynamic = kind == OCTAVO_OP_LINEAR_DYNAMIC;
    const int64_t depth = large ? random.integer(200, 900) : random.size_around(random.pick({16, 32, 128}), 400);
    const int64_t features =
        large ? random.integer(100, 600) : random.size_around(random.pick({8, 16, 32, 48, 64}), 150);
    const int64_t rows = random.chance(0.8) ? 1 : random.size_around(8, 12);
    c.batch = large ? random.integer(1, 60) : random.chance(0.3) ? 1 : random.size_around(8, 40);
    Attributes a;
    a.reduce_range = dynamic && random.chance(0.5);
    a.activation = random.pick({OCTAVO_NO_ACTIVATION, OCTAVO_RELU, OCTAVO_CLAMP});
    a.clamp_min = -1;
    a.clamp_max = 2;
    const bool groups = random.chance(0.4);
    const octavo_dtype type = random.pick({OCTAVO_S8, OCTAVO_S8, OCTAVO_U8, OCTAVO_CODE4, OCTAVO_CODE4, OCTAVO_CODE8});
    const auto make_groups = dynamic ? random_centred_groups : random_groups;
    Value w = groups ? make_groups(random, type, {features, depth}, random.pick({32, 64, 128}), random.chance(0.5))
                     : random_constants(random, type, {features, depth}, c.extreme);
    if (!groups && w.table_size > 0 && w.axis == 0 && random.chance(0.5)) {  // one table for all columns
        for (size_t i = 0; i < w.table.size(); i++) w.table[i] = w.table[i % static_cast<size_t>(w.table_size)];
    }
    std::vector<int64_t> x_dims = {1, depth}, y_dims = {1, features};
    if (rows > 1) {
        x_dims.insert(x_dims.begin() + 1, rows);
        y_dims.insert(y_dims.begin() + 1, rows);
    }
    std::vector<int32_t> from = {
        c.input(float_value(x_dims), real_bytes(random, c.batch * rows * depth, random.chance(0.2))),
        c.add(w, OCTAVO_CONSTANT)};
    if (random.chance(0.5)) {
        std::vector<float> bias(static_cast<size_t>(features));
        for (float& b : bias) b = random.normal();
        from.push_back(c.add(constant(OCTAVO_F32, {features}, bias), OCTAVO_CONSTANT));
    }
    c.macs = c.batch * rows * depth * features;
    c.op(kind, from, c.add(float_value(y_dims), OCTAVO_OUTPUT), a);
    return true;
}

inline bool random_pool(Random& random, SweepCase& c) {
    Attributes a;
    c.batch = random.integer(1, 4);
    const octavo_op_kind kind =
        random.pick({OCTAVO_OP_MAX_POOL2D, OCTAVO_OP_AVG_POOL2D, OCTAVO_OP_ADAPTIVE_AVG_POOL2D});
    const int64_t channels = random.size_around(random.pick({16, 32, 64}), 200), height = random.integer(1, 12),
                  width = random.integer(1, 20);
    Value x = random_activation(random, random.pick({OCTAVO_U8, OCTAVO_S8}), {1, channels, height, width}, 0.05f);
    if (random.chance(0.3)) x.layout = OCTAVO_PLAIN;
    a.ceil_mode = kind != OCTAVO_OP_ADAPTIVE_AVG_POOL2D && random.chance(0.3);
    int64_t out[2] = {random.integer(1, height), random.integer(1, width)};
    for (int i = 0; i < 2 && kind != OCTAVO_OP_ADAPTIVE_AVG_POOL2D; i++) {
        a.kernel[i] = static_cast<int>(random.integer(1, 4));
        a.stride[i] = static_cast<int>(random.integer(1, 3));
        for (int side : {i, i + 2}) a.pad[side] = static_cast<int>(random.integer(0, a.kernel[i] / 2));
        const int64_t in = x.dims[static_cast<size_t>(2 + i)];
        if (kind == OCTAVO_OP_MAX_POOL2D && in > 2 * a.kernel[i] && random.chance(0.2)) a.dilation[i] = 2;
        out[i] = size_after(in, a.pad[i] + a.pad[i + 2], a.kernel[i], a.dilation[i], a.stride[i]);
        if (out[i] == 0) return false;
        // In ceil mode one more window takes what is left, if it begins before the right padding.
        const int64_t left = in + a.pad[i] + a.pad[i + 2] - (a.kernel[i] - 1) * a.dilation[i] - 1;
        if (a.ceil_mode != 0 && left % a.stride[i] != 0 && out[i] * a.stride[i] < in + a.pad[i]) out[i]++;
    }
    a.count_include_pad = kind == OCTAVO_OP_AVG_POOL2D && random.chance(0.5);
    Value y = x;
    y.dims = {1, channels, out[0], out[1]};
    c.op(kind, {c.input(x, random_codes_of(random, x, c.batch, c.extreme))}, c.add(y, OCTAVO_OUTPUT), a);
    return true;
}

inline bool random_elementwise(Random& random, SweepCase& c) {
    Attributes a;
    c.batch = random.integer(1, 3);
    const bool image = random.chance(0.5);
    const std::vector<int64_t> dims =
        image ? std::vector<int64_t>{1, random.size_around(16, 70), random.integer(1, 9), random.integer(1, 20)}
              : std::vector<int64_t>{1, random.size_around(64, 600)};
    const octavo_dtype type = random.pick({OCTAVO_U8, OCTAVO_S8});
    const float scale = random.real(0.01f, 0.1f);
    const Value x = random_activation(random, type, dims, scale);
    const auto codes = [&](const Value& v) { return c.input(v, random_codes_of(random, v, c.batch, c.extreme)); };
    const auto result = [&](octavo_dtype to) {
        Value y = random_activation(random, to, dims, scale * random.pick({0.5f, 1.0f, 2.0f, 0.77f}));
        if (random.chance(0.2)) y.code_max = low_of(to) + 127;
        return c.add(y, OCTAVO_OUTPUT);
    };
    const octavo_op_kind kind = random.pick({OCTAVO_OP_ADD, OCTAVO_OP_CLAMP, OCTAVO_OP_REQUANTIZE, OCTAVO_OP_QUANTIZE,
                                             OCTAVO_OP_DEQUANTIZE, OCTAVO_OP_REORDER, OCTAVO_OP_FLATTEN});
    Value reals = float_value(dims);
    if (image && random.chance(0.5)) reals.layout = OCTAVO_NHWC;
    switch (kind) {
        case OCTAVO_OP_ADD: {
            a.activation = random.pick({OCTAVO_NO_ACTIVATION, OCTAVO_RELU});
            const int32_t first = codes(x);
            const int32_t second = codes(random_activation(random, type, dims, scale * random.real(0.3f, 3.0f)));
            c.op(kind, {first, second}, result(type), a);
            break;
        }
        case OCTAVO_OP_CLAMP: {
            a.activation = random.pick({OCTAVO_RELU, OCTAVO_CLAMP});
            a.clamp_min = random.real(-4, 0);
            a.clamp_max = random.real(0, 6);
            const int32_t from = codes(x);
            c.op(kind, {from}, c.add(x, OCTAVO_OUTPUT), a);
            break;
        }
        case OCTAVO_OP_REQUANTIZE: {
            const int32_t from = codes(x);
            c.op(kind, {from}, result(random.pick({OCTAVO_U8, OCTAVO_S8})), a);
            break;
        }
        case OCTAVO_OP_QUANTIZE: {
            const int32_t from = c.input(reals, real_bytes(random, c.batch * reals.elements(), random.chance(0.3)));
            c.op(kind, {from}, result(type), a);
            break;
        }
        case OCTAVO_OP_REORDER:
        case OCTAVO_OP_FLATTEN: {
            Value from = x, to = x;
            if (image && random.chance(0.5)) from.layout = OCTAVO_PLAIN;
            to.layout = OCTAVO_PLAIN;
            if (kind == OCTAVO_OP_FLATTEN) {
                to.dims = {1, x.elements()};
            } else if (image && random.chance(0.5)) {
                to.layout = OCTAVO_NHWC;
            }
            c.op(kind, {codes(from)}, c.add(to, OCTAVO_OUTPUT), a);
            break;
        }
        default: {
            const int32_t from = codes(x);
            c.op(kind, {from}, c.add(reals, OCTAVO_OUTPUT), a);
        }
    }
    return true;
}

// False where the numbers drawn make no operator.
inline bool random_case(Random& random, SweepCase& c) {
    c.extreme = random.chance(0.2);
    // Large enough to be worth several threads.
    const bool large = random.chance(0.012);
    const double kind = random.real();
    const auto named = [&](const char* name, bool made) {
        c.kind = name;
        return made && c.macs <= (large ? 12'000'000 : 1'500'000);
    };
    if (kind < 0.38) return named("conv", random_conv(random, c, large, false));
    if (kind < 0.53) return named("depthwise", random_conv(random, c, large, true));
    if (kind < 0.71) return named("linear", random_linear(random, c, large, false));
    if (kind < 0.81) return named("lookup", random_linear(random, c, large, true));
    if (kind < 0.88) return named("dynamic", random_float_linear(random, c, large, OCTAVO_OP_LINEAR_DYNAMIC));
    if (kind < 0.93) return named("weight_only", random_float_linear(random, c, large, OCTAVO_OP_LINEAR));
    if (kind < 0.96) return named("pool", random_pool(random, c));
    return named("elementwise", random_elementwise(random, c));
}

}  // namespace octavo::test

#endif

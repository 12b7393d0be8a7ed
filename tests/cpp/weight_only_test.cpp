// Linear layers on floats with quantized weights, on every instruction set against their definition.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ops/op.h"
#include "support/agree.h"
#include "support/coverage.h"
#include "support/problems.h"

namespace octavo::test {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

struct Layer {
    Value x, w, bias, y;
    bool has_bias = false;
    octavo_activation activation = OCTAVO_NO_ACTIVATION;
    std::vector<float> input;
    int64_t rows = 1;

    int64_t depth() const { return w.dims[1]; }
    int64_t features() const { return w.dims[0]; }
    std::unique_ptr<Op> op(Isa isa) const {
        OpDesc desc = operator_desc(OCTAVO_OP_LINEAR, {&x, &w, has_bias ? &bias : nullptr}, y, isa);
        desc.attributes.activation = activation;
        desc.attributes.clamp_min = -0.5f;
        desc.attributes.clamp_max = 0.75f;
        return create_op(desc);
    }
};

Layer random_layer(Random& random, octavo_dtype type) {
    Layer layer;
    const int64_t depth = random.size_around(32, 300), features = random.size_around(random.pick({32, 64}), 150);
    layer.rows = random.integer(1, 20);
    layer.x = float_value({1, depth});
    layer.y = float_value({1, features});
    layer.w = random.chance(0.5)
                  ? random_groups(random, type, {features, depth}, random.pick({32, 64, 128}), random.chance(0.7))
                  : random_weights(random, type, {features, depth}, random.chance(0.1));
    if (type == OCTAVO_CODE4 || type == OCTAVO_CODE8) layer.w.zero_points.assign(layer.w.scales.size(), 0);
    if (type == OCTAVO_S8 && random.chance(0.3)) {  // of few levels
        change_data(layer.w, [&](size_t, std::byte) { return random.integer(-8, 7); });
        for (int32_t& zero : layer.w.zero_points) zero = static_cast<int32_t>(random.integer(-8, 7));
    } else if (type == OCTAVO_S8 && random.chance(0.3)) {
        for (int32_t& zero : layer.w.zero_points) zero = random.zero_point(-128, 127);
    }
    layer.has_bias = random.chance(0.5);
    std::vector<float> bias(static_cast<size_t>(features));
    for (float& b : bias) b = random.normal();
    layer.bias = constant(OCTAVO_F32, {features}, bias);
    layer.activation = random.pick({OCTAVO_NO_ACTIVATION, OCTAVO_NO_ACTIVATION, OCTAVO_RELU, OCTAVO_CLAMP});
    layer.input.resize(static_cast<size_t>(layer.rows * depth));
    const float size = random.pick({1.0f, 1.0f, 1e-30f, 1e30f});
    for (float& v : layer.input) v = random.normal() * size;
    if (random.chance(0.15)) {
        layer.input[static_cast<size_t>(random.integer(0, layer.rows * depth - 1))] =
            random.pick({static_cast<float>(NAN), infinity, -infinity, 3e38f, 1e-42f, -0.0f});
    }
    return layer;
}

std::vector<float> definition(const Layer& l) {
    const int64_t depth = l.depth(), group = l.w.group_size > 0 ? l.w.group_size : depth;
    std::vector<float> y;
    for (int64_t m = 0; m < l.rows; m++) {
        for (int64_t n = 0; n < l.features(); n++) {
            float total = l.has_bias ? l.bias.as<float>()[n] : 0;
            for (int64_t first = 0; first < depth; first += group) {
                float sum = 0;
                for (int64_t k = first; k < std::min(depth, first + group); k++) {
                    const auto level = static_cast<float>(weight_at(l.w, n, k, depth));
                    sum = std::fmaf(l.input[static_cast<size_t>(m * depth + k)], level, sum);
                }
                total = std::fmaf(sum, l.w.scales[parameters_at(l.w, n, first, depth)], total);
            }
            if (l.activation == OCTAVO_RELU) total = total < 0 ? 0 : total;
            if (l.activation == OCTAVO_CLAMP) total = total < -0.5f ? -0.5f : total > 0.75f ? 0.75f : total;
            y.push_back(total);
        }
    }
    return y;
}

// NaN has no other bits to agree on than that it is one.
std::vector<float> with_one_nan(std::vector<float> values) {
    for (float& v : values) {
        if (std::isnan(v)) v = NAN;
    }
    return values;
}

TEST(WeightOnly, EveryIsaEqualsTheDefinition) {
    Coverage coverage("weight_only");
    Distrust distrust;
    Sweep(600).run([&](Random& random) {
        const Layer layer = random_layer(
            random, random.pick({OCTAVO_S8, OCTAVO_S8, OCTAVO_U8, OCTAVO_CODE4, OCTAVO_CODE4, OCTAVO_CODE8}));
        const std::vector<float> expected = with_one_nan(definition(layer));
        if (layer.activation == OCTAVO_NO_ACTIVATION) distrust.saw(expected);
        const GuardedBuffer<float> x(layer.input, random.chance(0.7) ? Guard::after : Guard::before);
        const Guard guard = random.chance(0.7) ? Guard::after : Guard::before;
        const int threads = static_cast<int>(random.integer(1, 4));
        for (Isa isa : available_isas()) {
            const auto op = layer.op(isa);
            SCOPED_TRACE(op->kernel() + " K" + std::to_string(layer.depth()) + " N" + std::to_string(layer.features()) +
                         " M" + std::to_string(layer.rows));
            EXPECT_TRUE(same_bits(with_one_nan(run_op<float>(*op, layer.rows, threads, {x.data(), nullptr, nullptr},
                                                             expected.size(), guard)),
                                  expected));
            coverage.ran(isa);
        }
        return true;
    });
    EXPECT_TRUE(distrust.trust());
}

TEST(WeightOnly, LargeLayersAreSplitWithoutATrace) {
    Random random(11);
    for (const auto type : {OCTAVO_S8, OCTAVO_CODE4}) {
        Layer layer;
        layer.x = float_value({1, 700});
        layer.y = float_value({1, 1100});
        layer.w = random_groups(random, type, {1100, 700}, 128, true);
        for (const int64_t rows : {1, 3, 70}) {
            layer.rows = rows;
            layer.input.resize(static_cast<size_t>(rows * 700));
            for (float& v : layer.input) v = random.normal();
            const auto op = layer.op(active_isa());
            const std::vector<float> expected = definition(layer);
            for (const int threads : {1, 2, 3, 8}) {
                SCOPED_TRACE(op->kernel() + " rows " + std::to_string(rows) + " threads " + std::to_string(threads));
                EXPECT_TRUE(same_bits(
                    run_op<float>(*op, rows, threads, {layer.input.data(), nullptr, nullptr}, expected.size()),
                    expected));
            }
        }
    }
}

// 0 times infinity is not hidden by a weight of 0, and NaN reaches every feature of its row, no other row.
TEST(WeightOnly, WhatIsNotFiniteStaysInItsRow) {
    Layer layer;
    layer.rows = 3;
    layer.x = float_value({1, 40});
    layer.y = float_value({1, 5});
    layer.w = constant(OCTAVO_S8, {5, 40}, std::vector<int8_t>(200, 2));
    layer.w.scales = {0.5f};
    layer.w.zero_points = {0};
    layer.input.assign(120, 1.0f);
    layer.input[5] = NAN;
    layer.input[80] = infinity;
    for (Isa isa : available_isas()) {
        const auto op = layer.op(isa);
        const auto y = run_op<float>(*op, 3, 1, {layer.input.data(), nullptr, nullptr}, 15);
        for (size_t n = 0; n < 5; n++) {
            EXPECT_TRUE(std::isnan(y[n]));
            EXPECT_EQ(y[5 + n], 40.0f);
            EXPECT_EQ(y[10 + n], infinity);
        }
    }
}

// Codes of one table stay 4 bits, with groups too: their scales come on top.
TEST(WeightOnly, WeightsTakeFourBits) {
    Random random(3);
    Layer layer;
    layer.x = float_value({1, 1024});
    layer.y = float_value({1, 128});
    layer.w = random_groups(random, OCTAVO_CODE4, {128, 1024}, 128, true);
    EXPECT_EQ(layer.op(active_isa())->weight_bytes(), 128 * 1024 / 2 + 16 + 128 * 8 * 4);
    layer.w = random_groups(random, OCTAVO_S8, {128, 1024}, 32, true);
    layer.w.zero_points.assign(layer.w.scales.size(), 0);
    EXPECT_EQ(layer.op(active_isa())->weight_bytes(), 128 * 1024 + 128 * 32 * 4);
}

TEST(WeightOnly, DescriptionsThatDoNotFitAreRefusedWithAReason) {
    const Value x = float_value({1, 64}), y = float_value({1, 5});
    const auto message = [&](const Value& weight, const Value* bias, const Value& result,
                             octavo_status status) -> std::string {
        try {
            create_op(operator_desc(OCTAVO_OP_LINEAR, {&x, &weight, bias}, result, Isa::scalar));
        } catch (const Error& error) {
            EXPECT_EQ(error.status(), status);
            return error.what();
        }
        return "no error";
    };
    const auto says = [](const std::string& text, const char* part) {
        EXPECT_NE(text.find(part), std::string::npos) << text;
    };
    Value w = constant(OCTAVO_S8, {5, 64}, std::vector<int8_t>(320, 1));
    says(message(w, nullptr, y, OCTAVO_UNSUPPORTED), "no float linear layer");
    w.axis = 0;
    w.group_size = 48;
    w.scales.assign(10, 0.1f);
    w.zero_points.assign(10, 0);
    says(message(w, nullptr, y, OCTAVO_UNSUPPORTED), "groups of 48 along K");
    w.group_size = 32;
    EXPECT_EQ(message(w, nullptr, y, OCTAVO_OK), "no error");
    w.zero_points[7] = 128;
    says(message(w, nullptr, y, OCTAVO_INVALID_ARGUMENT), "zero point 128");
    w.zero_points[7] = 0;
    const Value codes = activation(OCTAVO_U8, {1, 5}, 0.1f, 0);
    says(message(w, nullptr, codes, OCTAVO_UNSUPPORTED), "the result is f32");
    const Value short_bias = constant(OCTAVO_F32, {4}, std::vector<float>(4));
    says(message(w, &short_bias, y, OCTAVO_SHAPE_MISMATCH), "[4] instead of [5]");
    const Value whole_bias = constant(OCTAVO_S32, {5}, std::vector<int32_t>(5));
    says(message(w, &whole_bias, y, OCTAVO_UNSUPPORTED), "constant of f32");
    w.dtype = OCTAVO_CODE4;
    w.table_size = 4;
    w.table.assign(39, 1);
    says(message(w, nullptr, y, OCTAVO_INVALID_ARGUMENT), "a table for each of its 10 scales");
    w.table.assign(40, 1);
    change_data(w, [](size_t i, std::byte code) { return i == 70 ? std::byte{9} : code; });
    says(message(w, nullptr, y, OCTAVO_INVALID_ARGUMENT), "code 9, but its tables end at 3");
    w.role = OCTAVO_INPUT;
    says(message(w, nullptr, y, OCTAVO_UNSUPPORTED), "constant weights");
}

}  // namespace
}  // namespace octavo::test

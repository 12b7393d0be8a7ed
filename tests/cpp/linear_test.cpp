// Linear layers on every instruction set against their definition.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "cpu/pool.h"
#include "support/agree.h"
#include "support/coverage.h"
#include "support/problems.h"

namespace octavo::test {
namespace {

Problem random_linear(Random& random, int64_t& batch) {
    Problem p;
    const int64_t depth = random.size_around(16, 300), features = random.size_around(random.pick({16, 48, 64}), 200);
    const int64_t rows = random.chance(0.8) ? 1 : random.integer(1, 20);
    batch = random.chance(0.3) ? 1 : random.size_around(8, 40);
    const bool extreme = random.chance(0.15);
    const octavo_dtype type = random.pick({OCTAVO_U8, OCTAVO_U8, OCTAVO_S8});
    std::vector<int64_t> x_dims = {1, depth}, y_dims = {1, features};
    if (rows > 1) {
        x_dims.insert(x_dims.begin() + 1, rows);
        y_dims.insert(y_dims.begin() + 1, rows);
    }
    p.x = random_activation(random, type, x_dims, random.real(0.005f, 0.1f));
    const int low = type == OCTAVO_S8 ? -128 : 0;
    if (random.chance(0.3)) p.x.code_max = low + 127;
    p.codes = random.codes<uint8_t>(static_cast<size_t>(batch * rows * depth), low, p.x.code_max, extreme);
    const auto weights = random.pick({OCTAVO_S8, OCTAVO_S8, OCTAVO_U8, OCTAVO_CODE4, OCTAVO_CODE4, OCTAVO_CODE8});
    const bool low_bits = weights == OCTAVO_S8 && random.chance(0.3);
    const bool groups = random.chance(0.3);
    p.w = groups ? random_centred_groups(random, weights, {features, depth}, random.pick({32, 64, 128}),
                                         random.chance(0.5))
                 : random_weights(random, weights, {features, depth}, extreme);
    if (low_bits) {
        const int least = random.pick({-8, -8, -4, 0, 112});
        change_data(p.w, [&](size_t, std::byte) { return random.integer(least, least + 15); });
        p.w.zero_points.assign(p.w.scales.size(), random.chance(0.7) ? 0 : least);
        for (int32_t& zero : p.w.zero_points) {
            if (groups && least == -8) zero = static_cast<int32_t>(random.integer(-8, 7));
        }
    }
    p.y.dims = y_dims;
    finish_problem(random, p, depth, false, true);
    if (groups) {
        p.has_bias = p.has_bias && p.bias.dtype == OCTAVO_F32;
        if (p.y.dtype == OCTAVO_S32) p.y.dtype = OCTAVO_F32;
    }
    if (p.y.dtype == OCTAVO_S32) give_sums(random, p);
    p.images = batch * rows;
    return p;
}

OpDesc describe(const Problem& p, Isa isa) {
    OpDesc desc = operator_desc(OCTAVO_OP_LINEAR, p.inputs(), p.y, isa);
    desc.inputs.pop_back();
    desc.attributes.activation = p.attributes.activation;
    desc.attributes.clamp_min = p.attributes.clamp_min;
    desc.attributes.clamp_max = p.attributes.clamp_max;
    return desc;
}

TEST(Linear, EveryIsaEqualsTheDefinition) {
    Coverage coverage("linear");
    Distrust distrust;
    Sweep(700).run([&](Random& random) {
        int64_t batch = 1;
        const Problem p = random_linear(random, batch);
        const std::vector<uint8_t> expected = reference_linear(p, p.images);
        if (p.y.dtype == OCTAVO_U8) distrust.saw(expected);
        const GuardedBuffer<uint8_t> x(p.codes, random.chance(0.7) ? Guard::after : Guard::before);
        const Guard guard = random.chance(0.7) ? Guard::after : Guard::before;
        const int threads = static_cast<int>(random.integer(1, 4));
        for (Isa isa : available_isas()) {
            const auto op = create_op(describe(p, isa));
            SCOPED_TRACE(op->kernel() + " K" + std::to_string(p.w.dims[1]) + " N" + std::to_string(p.w.dims[0]) + " M" +
                         std::to_string(p.images));
            EXPECT_TRUE(same_bits(
                run_op<uint8_t>(*op, batch, threads, {x.data(), nullptr, nullptr}, expected.size(), guard), expected));
            coverage.ran(isa);
        }
        return true;
    });
    EXPECT_TRUE(distrust.trust());
}

// Weights of at most 16 levels need four bits, whatever type they come in.
TEST(Linear, LowBitsArePackedAsSuch) {
    Random random(5);
    Problem p;
    p.x = activation(OCTAVO_U8, {1, 1024}, 0.02f, 128);
    p.y = activation(OCTAVO_U8, {1, 256}, 0.1f, 128);
    p.w = random_groups(random, OCTAVO_S8, {256, 1024}, 128, true);
    p.w.zero_points.assign(p.w.scales.size(), 0);
    change_data(p.w, [&](size_t, std::byte) { return random.integer(-8, 7); });
    for (Isa isa : available_isas()) {
        const auto op = create_op(describe(p, isa));
        EXPECT_NE(op->kernel().find("lookup"), std::string::npos) << op->kernel();
        // A scale and the sum of the weights a group, the output stage's two numbers a channel, tables.
        EXPECT_LE(op->weight_bytes(), 256 * 1024 / 2 + 256 * 8 * 8 + 256 * 8 + 256 * 16);
    }
}

TEST(Linear, LargeLayersAreSplitWithoutATrace) {
    Random random(7);
    for (const auto type : {OCTAVO_S8, OCTAVO_CODE4}) {
        Problem p;
        p.x = activation(OCTAVO_U8, {1, 700}, 0.02f, 128);
        p.w = random_weights(random, type, {1100, 700}, false);
        p.w.zero_points.assign(p.w.scales.size(), 0);
        p.y = activation(OCTAVO_U8, {1, 1100}, 0.02f * 0.01f * 74 * 74 * 26 / 50, 128);
        for (const int64_t batch : {1, 3, 90}) {
            p.images = batch;
            p.codes = random.codes<uint8_t>(static_cast<size_t>(batch * 700), 0, 255, false);
            const auto op = create_op(describe(p, active_isa()));
            const std::vector<uint8_t> expected = reference_linear(p, batch);
            EXPECT_FALSE(mostly_constant(expected));
            for (const int threads : {1, 2, 3, 8}) {
                SCOPED_TRACE(op->kernel() + " batch " + std::to_string(batch) + " threads " + std::to_string(threads));
                EXPECT_TRUE(
                    same_bits(run_op<uint8_t>(*op, batch, threads, {p.codes.data(), nullptr, nullptr}, expected.size()),
                              expected));
            }
        }
    }
}

TEST(Linear, ShapesAtTheEdges) {
    Random random(13);
    std::ifstream in(std::string(OCTAVO_SOURCE_DIR) + "/tests/shapes/edges_linear.txt");
    int shapes = 0;
    for (std::string line; std::getline(in, line);) {
        std::istringstream fields(line);
        std::string name;
        int64_t m = 0, k = 0, n = 0;
        if (line.empty() || line[0] == '#' || !(fields >> name >> m >> k >> n)) continue;
        shapes++;
        Problem p;
        p.images = m;
        p.x = activation(OCTAVO_U8, {1, k}, 0.02f, 128);
        p.codes = random.codes<uint8_t>(static_cast<size_t>(m * k), 0, 255, false);
        p.w = random_weights(random, OCTAVO_S8, {n, k}, false);
        p.y.dims = {1, n};
        finish_problem(random, p, k, false, true);
        const std::vector<uint8_t> expected = reference_linear(p, m);
        for (Isa isa : available_isas()) {
            const auto op = create_op(describe(p, isa));
            SCOPED_TRACE(name + " " + op->kernel());
            EXPECT_TRUE(
                same_bits(run_op<uint8_t>(*op, m, 2, {p.codes.data(), nullptr, nullptr}, expected.size()), expected));
        }
    }
    EXPECT_GE(shapes, 10);
}

TEST(LinearDynamic, EveryIsaEqualsScalar) {
    Coverage coverage("linear_dynamic");
    Distrust distrust;
    Sweep(200).run([&](Random& random) {
        const int64_t depth = random.size_around(32, 200), features = random.size_around(64, 150),
                      batch = random.integer(1, 9);
        std::vector<float> values(static_cast<size_t>(batch * depth));
        const float shift = random.pick({0.0f, 0.0f, 5.0f, -5.0f}), size = random.pick({1.0f, 1e-6f, 1e3f});
        for (float& v : values) v = (random.normal() + shift) * size;
        if (random.chance(0.1)) values[0] = INFINITY;
        if (random.chance(0.1)) values[values.size() / 2] = NAN;
        const Value x = float_value({1, depth}), y = float_value({1, features});
        const Value w =
            random.chance(0.2)
                ? random_centred_groups(random, random.pick({OCTAVO_CODE4, OCTAVO_CODE4, OCTAVO_S8, OCTAVO_U8}),
                                        {features, depth}, random.pick({32, 64, 128}), random.chance(0.5))
                : random_weights(random, random.pick({OCTAVO_S8, OCTAVO_U8, OCTAVO_CODE4, OCTAVO_CODE8}),
                                 {features, depth}, random.chance(0.1));
        std::vector<float> b(static_cast<size_t>(features));
        for (float& v : b) v = random.normal();
        const Value bias = constant(OCTAVO_F32, {features}, b);
        const bool with_bias = random.chance(0.5);
        const GuardedBuffer<float> input(values);
        const int threads = static_cast<int>(random.integer(1, 3)), quotient = random.chance(0.3) ? 1 : 0,
                  reduce = quotient == 0 && random.chance(0.5) ? 1 : 0;
        const int activation = random.pick({OCTAVO_NO_ACTIVATION, OCTAVO_RELU});
        std::vector<float> expected;
        for (Isa isa : available_isas()) {
            OpDesc desc = operator_desc(OCTAVO_OP_LINEAR_DYNAMIC, {&x, &w, with_bias ? &bias : nullptr}, y, isa);
            desc.attributes.reduce_range = reduce;
            desc.attributes.quotient = quotient;
            desc.attributes.activation = activation;
            const auto op = create_op(desc);
            SCOPED_TRACE(op->kernel());
            const auto found = run_op<float>(*op, batch, threads, {input.data(), nullptr, nullptr},
                                             static_cast<size_t>(batch * features));
            if (isa == Isa::scalar) expected = found;
            EXPECT_TRUE(same_bits(found, expected));
            coverage.ran(isa);
        }
        if (activation == OCTAVO_NO_ACTIVATION) distrust.saw(expected);
        return true;
    });
    EXPECT_TRUE(distrust.trust());
}

// The codes are seen through weights that pick one each.
TEST(LinearDynamic, QuotientsAreOnnxsFormula) {
    const std::vector<float> values = {-1, -0.25f, 0, 0.01f, 0.3f, 0.7f, 1.5f, 2};
    const auto n = static_cast<int64_t>(values.size());
    std::vector<int8_t> unit(values.size() * values.size());
    for (size_t i = 0; i < values.size(); i++) unit[i * values.size() + i] = 1;
    Value w = constant(OCTAVO_S8, {n, n}, unit);
    w.scales = {1};
    w.zero_points = {0};
    const Value x = float_value({1, n}), y = float_value({1, n});
    for (const float shift : {0.0f, 1.0f, -2.0f}) {
        std::vector<float> moved = values, expected;
        for (float& v : moved) v += shift;
        const float least = std::min(0.0f, moved.front()), scale = (std::max(0.0f, moved.back()) - least) / 255;
        const float zero = std::nearbyint(-least / scale);
        for (float v : moved)
            expected.push_back((std::min(255.0f, std::max(0.0f, std::nearbyint(v / scale) + zero)) - zero) * scale);
        for (Isa isa : available_isas()) {
            OpDesc desc = operator_desc(OCTAVO_OP_LINEAR_DYNAMIC, {&x, &w, nullptr}, y, isa);
            desc.attributes.quotient = 1;
            EXPECT_TRUE(same_bits(
                run_op<float>(*create_op(desc), 1, 1, {moved.data(), nullptr, nullptr}, values.size()), expected))
                << isa_name(isa) << " " << shift;
        }
    }
    const std::vector<float> zeros(values.size());
    OpDesc desc = operator_desc(OCTAVO_OP_LINEAR_DYNAMIC, {&x, &w, nullptr}, y, Isa::scalar);
    desc.attributes.quotient = 1;
    EXPECT_EQ(run_op<float>(*create_op(desc), 1, 1, {zeros.data(), nullptr, nullptr}, values.size()), zeros);
    desc.attributes.reduce_range = 1;
    EXPECT_THROW(create_op(desc), Refusal);
}

// Weights of one value in one row, u8 codes with zero point 0, sums as they are.
struct LongRow {
    Value x, w, y = float_value({1, 1});

    LongRow(int64_t depth, int weight)
        : x(activation(OCTAVO_U8, {1, depth}, 1.0f, 0)),
          w(constant(OCTAVO_S8, {1, depth},
                     std::vector<int8_t>(static_cast<size_t>(depth), static_cast<int8_t>(weight)))) {
        w.scales = {1.0f};
        w.zero_points = {0};
        y.dtype = OCTAVO_S32;
    }
    OpDesc desc(Isa isa, const Value* bias = nullptr) const {
        return operator_desc(OCTAVO_OP_LINEAR, {&x, &w, bias}, y, isa);
    }
};

std::string refusal_of(const OpDesc& desc) {
    try {
        create_op(desc);
    } catch (const Refusal&) {
        return "another back end might take it";
    } catch (const Error& error) {
        EXPECT_EQ(error.status(), OCTAVO_UNSUPPORTED);
        return error.what();
    }
    return "taken";
}

TEST(Linear, SumsThatCouldPass32BitsAreRefused) {
    for (Isa isa : available_isas()) {
        SCOPED_TRACE(isa_name(isa));
        // 255 * 127 * 66311 is the last multiple that 32 bits hold.
        const LongRow longest(66311, 127);
        const std::vector<uint8_t> all(66311, 255);
        EXPECT_EQ(run_op<int32_t>(*create_op(longest.desc(isa)), 1, 1, {all.data(), nullptr}, 1),
                  (std::vector<int32_t>{2147481735}));
        const std::string message = refusal_of(LongRow(70000, 127).desc(isa));
        EXPECT_NE(message.find("linear \"under test\""), std::string::npos) << message;
        EXPECT_NE(message.find("2266950000"), std::string::npos) << message;
        EXPECT_NE(refusal_of(LongRow(66312, 127).desc(isa)).find("2147514120"), std::string::npos);
        EXPECT_NE(refusal_of(LongRow(70000, -127).desc(isa)).find("-2266950000"), std::string::npos);
        // Codes or weights that do not add up so far are taken.
        LongRow reduced(70000, 127);
        reduced.x.code_max = 127;
        EXPECT_EQ(refusal_of(reduced.desc(isa)), "taken");
        LongRow mixed(70000, 127);
        change_data(mixed.w, [](size_t i, std::byte w) { return i % 2 == 0 ? std::byte{129} : w; });
        EXPECT_EQ(refusal_of(mixed.desc(isa)), "taken");
        const Value bias = constant(OCTAVO_S32, {1}, std::vector<int32_t>{2000000000});
        EXPECT_NE(refusal_of(LongRow(5000, 127).desc(isa, &bias)).find("2161925000"), std::string::npos);
        // At run time any zero point can come out.
        const Value f = float_value({1, 70000}), result = float_value({1, 1});
        EXPECT_EQ(refusal_of(operator_desc(OCTAVO_OP_LINEAR_DYNAMIC, {&f, &mixed.w}, result, isa)), "taken");
        const LongRow row(70000, 127);
        EXPECT_NE(refusal_of(operator_desc(OCTAVO_OP_LINEAR_DYNAMIC, {&f, &row.w}, result, isa)).find("2266950000"),
                  std::string::npos);
    }
}

TEST(Linear, ResultsBeyond32BitsOfStepsSaturate) {
    const std::vector<uint8_t> codes = {0, 1, 200, 255};
    for (Isa isa : available_isas()) {
        SCOPED_TRACE(isa_name(isa));
        for (float y_scale : {1e-9f, 1e-20f, 1e-38f}) {
            const Value x = activation(OCTAVO_U8, {1, 1}, 0.5f, 1);
            Value w = constant(OCTAVO_S8, {2, 1}, std::vector<int8_t>{100, -100});
            w.scales = {1.0f};
            w.zero_points = {0};
            const Value u = activation(OCTAVO_U8, {1, 2}, y_scale, 7), s = activation(OCTAVO_S8, {1, 2}, y_scale, 7);
            const auto op = create_op(operator_desc(OCTAVO_OP_LINEAR, {&x, &w}, u, isa));
            EXPECT_EQ(run_op<uint8_t>(*op, 4, 1, {codes.data(), nullptr}, 8),
                      (std::vector<uint8_t>{0, 255, 7, 7, 255, 0, 255, 0}));
            EXPECT_NE(op->reason(), "");
            EXPECT_EQ(run_op<int8_t>(*create_op(operator_desc(OCTAVO_OP_LINEAR, {&x, &w}, s, isa)), 4, 1,
                                     {codes.data(), nullptr}, 8),
                      (std::vector<int8_t>{-128, 127, 7, 7, 127, -128, 127, -128}));
        }
    }
}

TEST(Linear, DescriptionsThatDoNotFitAreRefusedWithAReason) {
    const Value x = activation(OCTAVO_U8, {1, 7}, 0.1f, 0), y = activation(OCTAVO_U8, {1, 5}, 0.1f, 0);
    Value w = constant(OCTAVO_S8, {5, 8}, std::vector<int8_t>(40, 1));
    w.scales = {0.1f};
    const auto message = [&](const Value& weight, octavo_status status) -> std::string {
        try {
            create_op(operator_desc(OCTAVO_OP_LINEAR, {&x, &weight, nullptr}, y, Isa::scalar));
        } catch (const Error& error) {
            EXPECT_EQ(error.status(), status);
            return error.what();
        }
        return "no error";
    };
    EXPECT_NE(message(w, OCTAVO_SHAPE_MISMATCH).find("[N, 7]"), std::string::npos);
    w = constant(OCTAVO_S8, {5, 7}, std::vector<int8_t>(35, 1));
    w.scales = {0.1f, 0.2f};
    EXPECT_NE(message(w, OCTAVO_INVALID_ARGUMENT).find("2 scales instead of 1"), std::string::npos);
    w.scales = {0.1f};
    w.zero_points = {200};
    EXPECT_NE(message(w, OCTAVO_INVALID_ARGUMENT).find("zero point 200"), std::string::npos);
    w.zero_points = {0};
    w.group_size = 4;
    EXPECT_NE(message(w, OCTAVO_UNSUPPORTED).find("groups of 4 along K; multiples of 32"), std::string::npos);
    w.group_size = 32;
    w.axis = 0;
    w.scales.assign(5, 0.1f);
    w.zero_points.assign(5, 0);
    change_data(w, [](size_t i, std::byte code) { return i == 3 ? std::byte{100} : code; });
    EXPECT_EQ(message(w, OCTAVO_OK), "no error");
    w.zero_points[2] = 3;
    EXPECT_NE(message(w, OCTAVO_UNSUPPORTED).find("zero points other than 0"), std::string::npos);
    change_data(w, [](size_t i, std::byte code) { return i == 3 ? std::byte{1} : code; });
    EXPECT_EQ(message(w, OCTAVO_OK), "no error");
    w.zero_points[2] = 0;
    w.group_size = 4;
    w.dtype = OCTAVO_CODE4;
    w.axis = 0;
    w.table_size = 2;
    w.scales.assign(10, 0.1f);
    w.zero_points.assign(10, 0);
    w.table.assign(20, 3);
    EXPECT_NE(message(w, OCTAVO_UNSUPPORTED).find("groups of 4 along K; multiples of 32"), std::string::npos);
    w.group_size = 32;
    EXPECT_NE(message(w, OCTAVO_INVALID_ARGUMENT).find("10 scales instead of 5"), std::string::npos);
    w.group_size = 0;
    w.axis = -1;
    w.scales = {0.1f};
    w.zero_points = {0};
    EXPECT_NE(message(w, OCTAVO_INVALID_ARGUMENT).find("table for each of its 1 scales"), std::string::npos);
    w.table_size = 1;
    w.table = {3};
    EXPECT_NE(message(w, OCTAVO_INVALID_ARGUMENT).find("code 1"), std::string::npos);
}

}  // namespace
}  // namespace octavo::test

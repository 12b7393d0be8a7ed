// Family lookup: every instruction set and row count equals the same weights decoded beforehand.
#include <gtest/gtest.h>

#include "ops/linear_rows.h"
#include "ops/sum_bounds.h"
#include "support/agree.h"
#include "support/coverage.h"
#include "support/problems.h"

namespace octavo::test {
namespace {

// A problem whose weights are table codes: a table a tensor, a channel (one for all of them now and then) or a group; or bytes in
// groups.
Problem random_codes(Random& random, int64_t depth, int64_t features, int64_t rows) {
    Problem p;
    const bool one_table = random.chance(0.4);
    p.x = random_activation(random, OCTAVO_U8, {1, depth}, 0.02f);
    if (random.chance(0.4)) {
        const auto type = random.pick({OCTAVO_CODE4, OCTAVO_CODE4, OCTAVO_S8, OCTAVO_S8, OCTAVO_U8, OCTAVO_CODE8});
        p.w = random_centred_groups(random, type, {features, depth}, random.pick({32, 64, 128}), one_table);
    } else {
        p.w = random_weights(random, OCTAVO_CODE4, {features, depth}, random.chance(0.2));
        p.w.zero_points.assign(p.w.scales.size(), 0);
        const size_t levels = static_cast<size_t>(p.w.table_size);
        for (size_t i = levels; one_table && i < p.w.table.size(); i++) p.w.table[i] = p.w.table[i - levels];
    }
    p.y.dims = {1, features};
    finish_problem(random, p, depth, false, true);
    if (p.w.group_size > 0) {
        p.has_bias = p.has_bias && p.bias.dtype == OCTAVO_F32;
        if (p.y.dtype == OCTAVO_S32) p.y.dtype = OCTAVO_F32;
    }
    // Of seven bits pairs of products fit 16.
    if (random.chance(0.4)) p.x.code_max = std::max(127, p.x.zero_points[0]);
    p.codes = random.codes<uint8_t>(static_cast<size_t>(rows * depth), 0, p.x.code_max, random.chance(0.2));
    return p;
}

TEST(Lookup, EveryIsaEqualsTheDefinition) {
    Coverage coverage("lookup");
    Distrust distrust;
    Sweep(600).run([&](Random& random) {
        const int64_t depth = random.size_around(32, 300),
                      features = random.size_around(random.pick({16, 32, 64}), 200),
                      rows = random.chance(0.1) ? random.integer(60, 75) : random.integer(1, 20);
        const Problem p = random_codes(random, depth, features, rows);
        const auto expected = reference_linear(p, rows);
        if (p.y.dtype == OCTAVO_U8 && p.attributes.activation == OCTAVO_NO_ACTIVATION) distrust.saw(expected);
        const GuardedBuffer<uint8_t> a(p.codes, random.chance(0.7) ? Guard::after : Guard::before);
        for (Isa isa : available_isas()) {
            const LinearWeights weights(p.w, isa, "lookup", nullptr);
            const StageOperands operands = {&weights.dense,
                                            quantized_input(p.x, "lookup"),
                                            p.has_bias ? &p.bias : nullptr,
                                            nullptr,
                                            &p.y,
                                            &p.attributes,
                                            "lookup"};
            if (!steps_fit_32_bits(operands)) return false;  // the operator takes the definition
            const RowProduct product(isa, weights, {1, depth, features, true}, operands);
            EXPECT_EQ(product.kernel().substr(0, 6), "lookup");
            GuardedBuffer<uint8_t> y(expected.size(), random.chance(0.5) ? Guard::after : Guard::before);
            GuardedBuffer<std::byte> scratch((product.scratch_bytes(rows) + 63) / 64 * 64);
            product.run(a.data(), depth, rows, y.data(), scratch.data(), 0, product.parts());
            if (p.y.dtype == OCTAVO_F32)
                clamp_floats(reinterpret_cast<float*>(y.data()), rows * features, p.attributes, 1);
            EXPECT_TRUE(same_bits(y.copy(), expected))
                << product.kernel() << " rows " << rows << " K " << depth << " N " << features << " type " << p.y.dtype;
            coverage.ran(isa);
        }
        return true;
    });
    EXPECT_TRUE(distrust.trust());
}

// One table for all channels is found whether it is described once or again and again; then wide panels take byte permutes.
TEST(Lookup, OneTableIsRecognized) {
    Random random(4);
    Value w = random_weights(random, OCTAVO_CODE4, {128, 64}, false);
    w.axis = 0;
    w.table_size = 16;
    w.scales.assign(128, 0.1f);
    w.table.resize(128 * 16);
    for (size_t i = 0; i < w.table.size(); i++) w.table[i] = static_cast<int8_t>(i % 16);
    EXPECT_TRUE(has_one_table(w));
    w.table.back() = 99;
    EXPECT_FALSE(has_one_table(w));
    EXPECT_EQ(lookup_row(active_isa(), false).layout, lookup_lanes);
    if (allows(active_isa(), Isa::vbmi)) {
        EXPECT_EQ(lookup_row(active_isa(), true).layout, lookup_columns);
    }
}

// Two codes a byte and 16 levels a table: a layer takes half the bytes of s8 weights, and its tables.
TEST(Lookup, WeightsTakeFourBits) {
    Random random(3);
    Value w = random_weights(random, OCTAVO_CODE4, {128, 1024}, false);
    w.table.resize(w.table.size() * 128, 1);
    const CodeTables tables = {w.table.data(), w.table_size, 1, 0, 0};
    const CodePanels lanes(lookup_row(active_isa(), false), w.as<uint8_t>(), 128, 1024, tables, alone);
    EXPECT_EQ(lanes.bytes(), 128u * 1024 / 2 + 128 * 16);
    const LookupRow& row = lookup_row(active_isa(), true);
    const CodePanels panels(row, w.as<uint8_t>(), 128, 1024, tables, alone);
    EXPECT_EQ(panels.bytes(), 128u * 1024 / 2 + (row.layout == lookup_columns ? 1 : 128) * 16);
    EXPECT_EQ(CodePanels(row, w.as<int8_t>(), 128, 1024, alone).bytes(), 128u * 1024);
}

// Few levels are a table for each zero point, where there are groups.
TEST(Lookup, GroupsOfFewLevelsMayHaveZeroPoints) {
    Random random(5);
    Value w = random_groups(random, OCTAVO_S8, {16, 64}, 32, true);
    change_data(w, [&](size_t, std::byte) { return random.integer(-8, 7); });
    for (int32_t& zero : w.zero_points) zero = static_cast<int32_t>(random.integer(-8, 7));
    const std::optional<Value> codes = low_bit_codes(w, nullptr);
    ASSERT_TRUE(codes);
    for (int64_t i = 0; i < 16 * 64; i++)
        EXPECT_EQ(weight_at(*codes, i / 64, i % 64, 64), weight_at(w, i / 64, i % 64, 64));
    w.group_size = 0;
    w.scales.resize(16);
    w.zero_points.resize(16);
    EXPECT_FALSE(low_bit_codes(w, nullptr));
}

}  // namespace
}  // namespace octavo::test

// Family lookup: every instruction set and row count equals the same weights decoded beforehand.
#include <gtest/gtest.h>

#include "ops/linear_rows.h"
#include "support/agree.h"
#include "support/coverage.h"
#include "support/problems.h"

namespace octavo::test {
namespace {

TEST(Lookup, EveryIsaEqualsDecodedWeights) {
    Coverage coverage("lookup");
    Distrust distrust;
    Sweep(300).run([&](Random& random) {
        const int64_t depth = random.size_around(32, 200), features = random.size_around(16, 100),
                      rows = random.integer(1, 9);
        Problem p;
        p.x = random_activation(random, OCTAVO_U8, {1, depth}, 0.02f);
        p.w = random_weights(random, OCTAVO_CODE4, {features, depth}, random.chance(0.2));
        p.w.zero_points.assign(p.w.scales.size(), 0);
        p.y.dims = {1, features};
        finish_problem(random, p, depth, false, true);
        p.codes = random.codes<uint8_t>(static_cast<size_t>(rows * depth), 0, 255, random.chance(0.2));
        const auto expected = reference_linear(p, rows);
        if (p.y.dtype == OCTAVO_U8 && p.attributes.activation == OCTAVO_NO_ACTIVATION) distrust.saw(expected);
        for (Isa isa : available_isas()) {
            const DenseWeights weights = dense_weights(p.w, "lookup");
            const StageOperands operands = {
                &weights, quantized_input(p.x, "lookup"), p.has_bias ? &p.bias : nullptr, nullptr, &p.y, &p.attributes,
                "lookup"};
            const RowProduct product(isa, p.w, {1, depth, features, true}, operands);
            EXPECT_EQ(product.kernel().substr(0, 6), "lookup");
            const int64_t stride = product.padded_depth();
            GuardedBuffer<uint8_t> a(static_cast<size_t>(rows * stride));
            for (int64_t r = 0; r < rows; r++) {
                std::copy_n(p.codes.begin() + r * depth, depth, a.data() + r * stride);
            }
            GuardedBuffer<uint8_t> y(expected.size(), random.chance(0.5) ? Guard::after : Guard::before);
            product.run(a.data(), stride, rows, y.data(), nullptr, 0, product.parts());
            if (p.y.dtype == OCTAVO_F32)
                clamp_floats(reinterpret_cast<float*>(y.data()), rows * features, p.attributes);
            EXPECT_TRUE(same_bits(y.copy(), expected))
                << product.kernel() << " rows " << rows << " K " << depth << " N " << features << " type " << p.y.dtype;
            coverage.ran(isa);
        }
        return true;
    });
    EXPECT_TRUE(distrust.trust());
}

// Two codes a byte and 16 levels a column: a layer takes half the bytes of s8 weights, and its tables.
TEST(Lookup, WeightsTakeFourBits) {
    Random random(3);
    Value w = random_weights(random, OCTAVO_CODE4, {128, 1024}, false);
    w.zero_points.assign(w.scales.size(), 0);
    const DenseWeights weights = dense_weights(w, "lookup");
    const CodePanels panels(lookup_row(active_isa()), w.as<uint8_t>(), 128, 1024, w.table.data(), w.table_size,
                            w.axis == 0);
    EXPECT_EQ(panels.bytes(), 128u * 1024 / 2 + 128 * 16);
}

}  // namespace
}  // namespace octavo::test

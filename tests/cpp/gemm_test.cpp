// Family gemm: every tile and row count of every instruction set against the scalar definition, and the scalar definition at the
// tiles of the others, so that packing, panels and tails are tested where those do not run.
#include <gtest/gtest.h>

#include "kernels/scalar/gemm_tile.h"
#include "ops/gemm_product.h"
#include "support/agree.h"
#include "support/coverage.h"
#include "support/problems.h"

namespace octavo::test {
namespace {

template <int columns>
GemmTile scalar_tile() {
    static const GemmFn rows[] = {
        gemm_tile<1, columns>,  gemm_tile<2, columns>,  gemm_tile<3, columns>,  gemm_tile<4, columns>,
        gemm_tile<5, columns>,  gemm_tile<6, columns>,  gemm_tile<7, columns>,  gemm_tile<8, columns>,
        gemm_tile<9, columns>,  gemm_tile<10, columns>, gemm_tile<11, columns>, gemm_tile<12, columns>,
        gemm_tile<13, columns>, gemm_tile<14, columns>, gemm_tile<15, columns>, gemm_tile<16, columns>};
    return {16, columns, rows, nullptr};
}

// The scalar definition at a tile of `like`'s width and height.
GemmTile scalar_at(const GemmTile& like) {
    GemmTile tile = like.columns == 8    ? scalar_tile<8>()
                    : like.columns == 16 ? scalar_tile<16>()
                    : like.columns == 32 ? scalar_tile<32>()
                    : like.columns == 48 ? scalar_tile<48>()
                                         : scalar_tile<64>();
    EXPECT_EQ(tile.columns, like.columns);
    EXPECT_GE(tile.rows, like.rows);
    tile.rows = like.rows;
    return tile;
}

struct Case {
    Problem problem;
    DenseWeights weights;
    int64_t rows, depth, stride;
};

std::vector<uint8_t> product(const GemmRow& row, const GemmTile& tile, const Case& c, const uint8_t* a,
                             const uint8_t* residual, Guard guard) {
    GroupLayout layout;
    layout.add_run(0, 0, c.depth);
    const Problem& p = c.problem;
    const StageOperands operands = {&c.weights,
                                    quantized_input(p.x, "gemm"),
                                    p.has_bias ? &p.bias : nullptr,
                                    p.has_residual ? &p.residual : nullptr,
                                    &p.y,
                                    &p.attributes,
                                    "gemm"};
    const GemmProduct gemm(row, tile, layout, operands, 1, 0);
    const size_t bytes = static_cast<size_t>(c.rows * c.weights.outputs) * p.y.element_bytes();
    GuardedBuffer<uint8_t> y(bytes, guard);
    y.fill(0xA5);
    GuardedBuffer<std::byte> scratch((gemm.scratch_bytes(c.rows) + 63) / 64 * 64);
    Lines lines = {};
    lines.a = a;
    lines.pixel_bytes = c.stride;
    lines.lines = 1;
    lines.pixels = c.rows;
    lines.c = y.data();
    lines.residual = p.has_residual ? residual : nullptr;
    lines.scratch = scratch.data();
    gemm.run(lines, 0, gemm.parts());
    return y.copy();
}

TEST(Gemm, EveryTileEqualsScalar) {
    Coverage coverage("gemm");
    Distrust distrust;
    for (Isa isa : available_isas()) {
        const GemmRow& row = gemm_row(isa);
        for (int t = 0; t < row.tile_count; t++) {
            const GemmTile& tile = row.tiles[t];
            for (int rows = 1; rows <= 2 * tile.rows + 1; rows++) {
                SCOPED_TRACE(std::string("gemm_u8s8_") + std::to_string(tile.rows) + "x" +
                             std::to_string(tile.columns) + "_" + row.isa + " rows " + std::to_string(rows));
                Sweep(10).run([&](Random& random) {
                    Case c;
                    c.rows = rows;
                    c.depth = random.chance(0.2) ? random.integer(100, 400) : random.integer(4, 50);
                    c.stride = c.depth + random.pick({0, 0, 1, 7});
                    const int64_t outputs = random.size_around(tile.columns, 2 * tile.columns + 9);
                    const bool extreme = random.chance(0.3);
                    Problem& p = c.problem;
                    p.x = random_activation(random, OCTAVO_U8, {1, c.depth}, 0.02f);
                    if (random.chance(0.3)) p.x.code_max = 127;
                    p.w = random_weights(random, random.pick({OCTAVO_S8, OCTAVO_U8}), {outputs, c.depth}, extreme);
                    p.y.dims = {1, outputs};
                    finish_problem(random, p, c.depth, true, true);
                    p.residual_codes = random.codes<uint8_t>(static_cast<size_t>(rows * outputs), 0, 255, false);
                    c.weights = dense_weights(p.w, "gemm");
                    const size_t bytes = static_cast<size_t>((rows - 1) * c.stride + c.depth);
                    const GuardedBuffer<uint8_t> a(random.codes<uint8_t>(bytes, 0, p.x.code_max, extreme),
                                                   random.chance(0.7) ? Guard::after : Guard::before);
                    const GuardedBuffer<uint8_t> residual(p.residual_codes);
                    const Guard guard = random.chance(0.7) ? Guard::after : Guard::before;
                    const auto expected = product(gemm_scalar, scalar_at(tile), c, a.data(), residual.data(), guard);
                    if (p.y.dtype == OCTAVO_U8 && !extreme) distrust.saw(expected);
                    EXPECT_TRUE(same_bits(product(row, tile, c, a.data(), residual.data(), guard), expected))
                        << "K " << c.depth << " N " << outputs << " type " << p.y.dtype;
                    coverage.ran(isa);
                    return true;
                });
            }
        }
    }
    EXPECT_TRUE(distrust.trust());
}

// The worst that 16-bit pair sums could meet, weights just inside and just outside of what they hold.
TEST(Gemm, PairSumsNeverSaturate) {
    for (const int weight : {127, -128, 64, -64, 65, 128 / 2 + 1, -65}) {
        for (const int code_max : {127, 128, 255}) {
            Problem p;
            p.x = activation(OCTAVO_U8, {1, 64}, 0.02f, 0);
            p.x.code_max = code_max;
            p.w = constant(OCTAVO_S8, {20, 64}, std::vector<int8_t>(20 * 64, static_cast<int8_t>(weight)));
            p.w.scales = {0.01f};
            p.w.zero_points = {0};
            p.y = float_value({1, 20});
            p.y.dtype = OCTAVO_S32;
            const std::vector<uint8_t> a(64, static_cast<uint8_t>(code_max));
            for (Isa isa : available_isas()) {
                OpDesc desc = operator_desc(OCTAVO_OP_LINEAR, {&p.x, &p.w, nullptr}, p.y, isa);
                const auto sums = run_op<int32_t>(*create_op(desc), 1, 1, {a.data(), nullptr, nullptr}, 20);
                for (int32_t sum : sums) EXPECT_EQ(sum, 64 * weight * code_max) << isa_name(isa);
            }
        }
    }
}

}  // namespace
}  // namespace octavo::test

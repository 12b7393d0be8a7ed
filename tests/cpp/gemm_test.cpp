// Families gemm and pairs: every tile, form and row count of every instruction set against the scalar definition, and the scalar
// definition at the tiles of others, so that packing, panels and tails are tested.
#include <gtest/gtest.h>

#include "kernels/scalar/gemm_tile.h"
#include "ops/gemm_product.h"
#include "ops/pairs_product.h"
#include "ops/sum_bounds.h"
#include "support/agree.h"
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
    return {16, columns, rows};
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

StageOperands operands_of(const Case& c) {
    const Problem& p = c.problem;
    return {&c.weights,
            quantized_input(p.x, "gemm"),
            p.has_bias ? &p.bias : nullptr,
            p.has_residual ? &p.residual : nullptr,
            &p.y,
            &p.attributes,
            "gemm"};
}

GroupLayout layout_of(const Case& c) {
    GroupLayout layout;
    layout.add_run(0, 0, c.depth);
    return layout;
}

std::vector<uint8_t> results(const MatrixProduct& product, const Case& c, const uint8_t* a, const uint8_t* residual,
                             Guard guard) {
    const Problem& p = c.problem;
    const size_t bytes = static_cast<size_t>(c.rows * c.weights.outputs) * p.y.element_bytes();
    GuardedBuffer<uint8_t> y(bytes, guard);
    y.fill(0xA5);
    GuardedBuffer<std::byte> scratch((product.scratch_bytes(c.rows) + 63) / 64 * 64);
    Lines lines = {};
    lines.a = a;
    lines.pixel_bytes = c.stride;
    lines.lines = 1;
    lines.pixels = c.rows;
    lines.c = y.data();
    lines.residual = p.has_residual ? residual : nullptr;
    lines.scratch = scratch.data();
    product.run(lines, 0, product.parts());
    return y.copy();
}

// A product of `rows` rows with about `columns` columns, of any type, and its operands in guarded memory.
struct RandomCase : Case {
    RandomCase(Random& random, int64_t row_count, int columns) {
        rows = row_count;
        depth = random.chance(0.2) ? random.integer(100, 400) : random.integer(4, 50);
        stride = depth + random.pick({0, 0, 1, 7});
        const int64_t outputs = random.size_around(columns, 2 * columns + 9);
        extreme = random.chance(0.3);
        Problem& p = problem;
        p.x = random_activation(random, OCTAVO_U8, {1, depth}, 0.02f);
        if (random.chance(0.3)) {
            // No code beyond code_max occurs, the zero point included.
            p.x.code_max = 127;
            p.x.zero_points = {static_cast<int>(random.integer(0, 127))};
        }
        p.w = random_weights(random, random.pick({OCTAVO_S8, OCTAVO_U8}), {outputs, depth}, extreme);
        p.y.dims = {1, outputs};
        finish_problem(random, p, depth, true, true);
        p.residual_codes = random.codes<uint8_t>(static_cast<size_t>(rows * outputs), 0, 255, false);
        weights = dense_weights(p.w, "gemm");
        const size_t bytes = static_cast<size_t>((rows - 1) * stride + depth);
        guard = random.chance(0.7) ? Guard::after : Guard::before;
        a = GuardedBuffer<uint8_t>(random.codes<uint8_t>(bytes, 0, p.x.code_max, extreme), guard);
        residual = GuardedBuffer<uint8_t>(p.residual_codes);
    }
    std::vector<uint8_t> of(const MatrixProduct& product) const {
        return results(product, *this, a.data(), residual.data(), guard);
    }
    std::string text() const {
        return "K " + std::to_string(depth) + " N " + std::to_string(weights.outputs) + " type " +
               std::to_string(problem.y.dtype);
    }

    bool extreme;
    Guard guard;
    GuardedBuffer<uint8_t> a{0}, residual{0};
};

TEST(Gemm, EveryTileEqualsScalar) {
    Distrust distrust;
    for (Isa isa : available_isas()) {
        if (pairs_row(isa) != nullptr) continue;
        const GemmRow* row = &gemm_row(isa);
        for (int t = 0; t < row->tile_count; t++) {
            const GemmTile& tile = row->tiles[t];
            for (int rows = 1; rows <= 2 * tile.rows + 1; rows++) {
                SCOPED_TRACE(std::string("gemm_u8s8_") + std::to_string(tile.rows) + "x" +
                             std::to_string(tile.columns) + "_" + row->isa + " rows " + std::to_string(rows));
                Sweep(10).run([&](Random& random) {
                    const RandomCase c(random, rows, tile.columns);
                    if (!steps_fit_32_bits(operands_of(c))) return false;  // the operator takes the definition
                    const auto expected =
                        c.of(GemmProduct(gemm_scalar, scalar_at(tile), layout_of(c), operands_of(c), 1, 0));
                    if (c.problem.y.dtype == OCTAVO_U8 && !c.extreme) distrust.saw(expected);
                    const GemmProduct product(*row, tile, layout_of(c), operands_of(c), 1, 0);
                    EXPECT_TRUE(same_bits(c.of(product), expected)) << c.text();
                    return true;
                });
            }
        }
    }
    EXPECT_TRUE(distrust.trust());
}

// Each form by itself, whatever the weights: those that break a proof are all in the extras.
TEST(Pairs, EveryFormEqualsScalar) {
    for (Isa isa : available_isas()) {
        const PairsRow* row = pairs_row(isa);
        if (row == nullptr) continue;
        for (const PairsForm form : {pairs_cross, pairs_bytes, pairs_quads}) {
            for (int rows = 1; rows <= 2 * row->wide.rows + 1; rows++) {
                SCOPED_TRACE(std::string(row->isa) + " form " + std::to_string(form) + " rows " + std::to_string(rows));
                Sweep(15).run([&](Random& random) {
                    const RandomCase c(random, rows, random.pick({row->narrow.columns, row->wide.columns}));
                    if (!steps_fit_32_bits(operands_of(c))) return false;  // the operator takes the definition
                    const GemmProduct scalar(gemm_scalar, gemm_scalar.tiles[0], layout_of(c), operands_of(c), 1, 0);
                    const int64_t width = random.pick({0, rows});  // by it panels are narrow or wide
                    const PairsProduct product(*row, layout_of(c), operands_of(c), 1, 0, width, form);
                    EXPECT_TRUE(same_bits(c.of(product), c.of(scalar))) << c.text();
                    return true;
                });
            }
        }
    }
}

// A convolution's image is larger than what is made to words at a time.
TEST(Pairs, AnImageOfSeveralBlocks) {
    Random random(5);
    const int64_t channels = 64, width = 72, lines_in = 70, out = 17, pitch = width * channels;
    Case c;
    c.depth = 9 * channels;
    Problem& p = c.problem;
    p.x = activation(OCTAVO_U8, {1, c.depth}, 0.02f, 3);
    p.w = random_weights(random, OCTAVO_S8, {out, c.depth}, false);
    p.w.zero_points.assign(p.w.scales.size(), 0);
    p.y = activation(OCTAVO_U8, {1, out}, 0.02f * 0.01f * 74 * 74 * 24 / 50, 128);
    c.weights = dense_weights(p.w, "gemm");
    GroupLayout layout;
    layout.pixel_bytes = channels;
    layout.line_bytes = pitch;
    for (int64_t y = 0; y < 3; y++) layout.add_run(y * pitch, 3 * y * channels, 3 * channels);
    const GuardedBuffer<uint8_t> a(random.codes<uint8_t>(static_cast<size_t>(lines_in * pitch), 0, 255, false));
    Lines lines = {};
    lines.a = a.data();
    lines.line_bytes = pitch;
    lines.pixel_bytes = channels;
    lines.lines = lines_in - 2;
    lines.pixels = width - 2;
    const auto of = [&](const MatrixProduct& product) {
        GuardedBuffer<uint8_t> y(static_cast<size_t>(lines.lines * lines.pixels * out));
        GuardedBuffer<std::byte> scratch((product.scratch_bytes(lines.lines * lines.pixels) + 63) / 64 * 64);
        Lines run = lines;
        run.c = y.data();
        run.scratch = scratch.data();
        product.run(run, 0, product.parts());
        return y.copy();
    };
    const auto expected = of(GemmProduct(gemm_scalar, gemm_scalar.tiles[0], layout, operands_of(c), 1, 0));
    EXPECT_FALSE(mostly_constant(expected));
    for (Isa isa : available_isas()) {
        const PairsRow* row = pairs_row(isa);
        for (const PairsForm form : {pairs_cross, pairs_bytes, pairs_quads}) {
            if (row == nullptr) continue;
            SCOPED_TRACE(std::string(row->isa) + " form " + std::to_string(form));
            EXPECT_TRUE(same_bits(of(PairsProduct(*row, layout, operands_of(c), 1, 0, lines.pixels, form)), expected));
        }
    }
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

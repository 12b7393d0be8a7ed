// Float linear layers and their gradients against straight loops in double.
#include <algorithm>
#include <limits>

#include "onednn/one_operator.h"

namespace octavo::test {
namespace {

struct Sizes {
    int64_t m, n, k;
    std::string text() const { return "m" + std::to_string(m) + " n" + std::to_string(n) + " k" + std::to_string(k); }
};

// The demo network's layers at batches 1, 3 and 64, and odd ones.
std::vector<Sizes> sizes() {
    std::vector<Sizes> all = {{1, 1, 1}, {2, 3, 5}, {7, 33, 17}, {5, 16, 64}, {13, 31, 129}};
    for (int64_t batch : {1, 3, 64}) {
        for (const Sizes& layer : {Sizes{0, 120, 576}, Sizes{0, 84, 120}, Sizes{0, 10, 84}}) {
            all.push_back({batch, layer.n, layer.k});
        }
    }
    return all;
}

TEST(OnednnLinear, ForwardIsTheSumOfProducts) {
    Random random(1);
    for (const Sizes& s : sizes()) {
        for (int variant = 0; variant < 8; ++variant) {
            const bool constant = variant & 1, with_bias = variant & 2, relu = variant & 4;
            SCOPED_TRACE(s.text() + " variant " + std::to_string(variant));
            const Floats x = random_floats(random, s.m * s.k), w = random_floats(random, s.n * s.k);
            const Floats bias = random_floats(random, s.n);
            OneOperator op(OCTAVO_OP_LINEAR, s.m);
            op.threads = 1 + variant % 3 % 2;
            if (relu) op.desc.activation = OCTAVO_RELU;
            op.input(x, {s.m, s.k});
            constant ? op.constant(w, {s.n, s.k}) : op.state(w, {s.n, s.k});
            if (with_bias) constant ? op.constant(bias, {s.n}) : op.state(bias, {s.n});
            op.output({s.m, s.n});
            ASSERT_TRUE(op.go());
            Sums expected(s.m * s.n);
            for (int64_t i = 0; i < s.m; ++i) {
                for (int64_t j = 0; j < s.n; ++j) {
                    const int64_t at = i * s.n + j;
                    for (int64_t l = 0; l < s.k; ++l) {
                        expected.add(at, static_cast<double>(x[i * s.k + l]) * w[j * s.k + l]);
                    }
                    if (with_bias) expected.add(at, bias[j]);
                    if (relu) expected.value[at] = std::max(0.0, expected.value[at]);
                }
            }
            ASSERT_TRUE(close_sums(op.result(), expected)) << op.kernel();
        }
    }
}

// NaN comes through an activation; large layers are cut by features or rows, which does not show in the numbers.
TEST(OnednnLinear, NanAndThreads) {
    Random random(4);
    for (const Sizes& s : {Sizes{1, 10, 84}, {3, 33, 17}, {1, 1000, 2048}, {3, 2100, 1030}}) {
        for (int where = 0; where < 4; ++where) {
            SCOPED_TRACE(s.text() + " case " + std::to_string(where));
            const float nan = std::numeric_limits<float>::quiet_NaN();
            Floats x = random_floats(random, s.m * s.k), w = random_floats(random, s.n * s.k);
            Floats bias = random_floats(random, s.n);
            if (where == 1) x.back() = nan;
            if (where == 2) w[w.size() / 2] = nan;
            if (where == 3) bias.back() = nan;
            const auto run = [&](octavo_activation activation, int threads) {
                OneOperator op(OCTAVO_OP_LINEAR, s.m);
                op.threads = threads;
                op.desc.activation = activation;
                op.desc.clamp_min = -0.5f, op.desc.clamp_max = 6.0f;
                op.input(x, {s.m, s.k});
                where % 2 ? op.constant(w, {s.n, s.k}) : op.state(w, {s.n, s.k});
                where % 2 ? op.constant(bias, {s.n}) : op.state(bias, {s.n});
                op.output({s.m, s.n});
                EXPECT_TRUE(op.go());
                return std::pair(op.result(), op.desc);
            };
            const Floats plain = run(OCTAVO_NO_ACTIVATION, 1).first;
            for (const octavo_activation activation : {OCTAVO_RELU, OCTAVO_CLAMP}) {
                for (const int threads : {1, 2, 5}) {
                    const auto [y, desc] = run(activation, threads);
                    ASSERT_TRUE(same_numbers(y, activated(plain, desc))) << threads << " threads";
                    EXPECT_EQ(std::any_of(y.begin(), y.end(), [](float v) { return std::isnan(v); }), where > 0);
                }
            }
        }
    }
}

// A row alone, and with others.
TEST(OnednnLinear, OtherRowsDoNotChangeTheNumbers) {
    Random random(5);
    for (const bool constant : {false, true}) {
        for (const Sizes& s : {Sizes{9, 10, 84}, {9, 33, 17}, {9, 120, 576}, {9, 1000, 2048}}) {
            SCOPED_TRACE(s.text());
            const Floats x = random_floats(random, s.m * s.k), w = random_floats(random, s.n * s.k);
            const auto run = [&](int64_t rows, int threads) {
                OneOperator op(OCTAVO_OP_LINEAR, rows);
                op.threads = threads;
                op.input(Floats(x.begin(), x.begin() + rows * s.k), {rows, s.k});
                constant ? op.constant(w, {s.n, s.k}) : op.state(w, {s.n, s.k});
                op.output({rows, s.n});
                EXPECT_TRUE(op.go());
                Floats y = op.result();
                y.resize(static_cast<size_t>(s.n));
                return y;
            };
            const Floats alone = run(1, 1);
            for (const int64_t rows : {2, 3, 8, 9}) {
                for (const int threads : {1, 2, 4})
                    ASSERT_TRUE(same_bits(run(rows, threads), alone)) << rows << " rows";
            }
        }
    }
}

TEST(OnednnLinear, ForwardOverAllLeadingDimensions) {
    Random random(2);
    const Floats x = random_floats(random, 2 * 3 * 4 * 5), w = random_floats(random, 6 * 5);
    OneOperator op(OCTAVO_OP_LINEAR, 2);
    op.input(x, {2, 3, 4, 5});
    op.constant(w, {6, 5});
    op.output({2, 3, 4, 6});
    ASSERT_TRUE(op.go());
    Sums expected(2 * 3 * 4 * 6);
    for (int64_t row = 0; row < 24; ++row) {
        for (int64_t j = 0; j < 6; ++j) {
            for (int64_t l = 0; l < 5; ++l)
                expected.add(row * 6 + j, static_cast<double>(x[row * 5 + l]) * w[j * 5 + l]);
        }
    }
    EXPECT_TRUE(close_sums(op.result(), expected));
}

TEST(OnednnLinear, GradientsAreTheSumsOfProducts) {
    Random random(3);
    for (const Sizes& s : sizes()) {
        for (int threads : {1, 2}) {
            SCOPED_TRACE(s.text() + " threads " + std::to_string(threads));
            const Floats x = random_floats(random, s.m * s.k), w = random_floats(random, s.n * s.k);
            const Floats dy = random_floats(random, s.m * s.n);
            Sums dx(s.m * s.k), dw(s.n * s.k), dbias(s.n);
            for (int64_t i = 0; i < s.m; ++i) {
                for (int64_t j = 0; j < s.n; ++j) {
                    const double g = dy[i * s.n + j];
                    dbias.add(j, g);
                    for (int64_t l = 0; l < s.k; ++l) {
                        dx.add(i * s.k + l, g * w[j * s.k + l]);
                        dw.add(j * s.k + l, g * x[i * s.k + l]);
                    }
                }
            }
            OneOperator input(OCTAVO_OP_LINEAR_GRAD_INPUT, s.m);
            input.threads = threads;
            input.input(dy, {s.m, s.n});
            input.state(w, {s.n, s.k});
            input.output({s.m, s.k});
            ASSERT_TRUE(input.go());
            EXPECT_TRUE(close_sums(input.result(), dx)) << input.kernel();

            OneOperator weight(OCTAVO_OP_LINEAR_GRAD_WEIGHT, s.m);
            weight.threads = threads;
            weight.input(x, {s.m, s.k});
            weight.input(dy, {s.m, s.n});
            weight.output({s.n, s.k}, false);
            if (threads == 1) weight.output({s.n}, false);
            ASSERT_TRUE(weight.go());
            EXPECT_TRUE(close_sums(weight.result(0), dw)) << weight.kernel();
            if (threads == 1) {
                EXPECT_TRUE(close_sums(weight.result(1), dbias)) << weight.kernel();
            }
            const Floats first = weight.result(0);
            ASSERT_TRUE(weight.run());
            EXPECT_TRUE(same_bits(weight.result(0), first)) << "the same run twice";
        }
    }
}

TEST(OnednnLinear, RefusesWithReasons) {
    OneOperator op(OCTAVO_OP_LINEAR, 2);
    op.input(Floats(2 * 5), {2, 5});
    op.constant(Floats(3 * 4), {3, 4});
    op.output({2, 3});
    EXPECT_FALSE(op.build());
    EXPECT_NE(op.message.find("[N, 5]"), std::string::npos) << op.message;
}

}  // namespace
}  // namespace octavo::test

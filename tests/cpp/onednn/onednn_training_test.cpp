// The small training operators against their formulas: activations, dropout, losses, optimizers.
#include <cmath>

#include "onednn/one_operator.h"

namespace octavo::test {
namespace {

TEST(OnednnTraining, ClampGradPassesStrictlyInside) {
    Random random(1);
    for (int64_t n : {1, 3, 64}) {
        for (octavo_activation activation : {OCTAVO_RELU, OCTAVO_CLAMP}) {
            const int64_t size = n * 1013;
            Floats x = random_floats(random, size);
            const Floats dy = random_floats(random, size);
            const float low = activation == OCTAVO_RELU ? 0.0f : -0.5f,
                        high = activation == OCTAVO_RELU ? INFINITY : 0.75f;
            for (size_t i = 0; i < x.size(); i += 7) x[i] = i % 2 ? low : high;
            for (size_t i = 3; i < x.size(); i += 11) x[i] = NAN;
            OneOperator op(OCTAVO_OP_CLAMP_GRAD, n);
            op.threads = 2;
            op.desc.activation = activation;
            op.desc.clamp_min = -0.5f, op.desc.clamp_max = 0.75f;
            op.input(x, {n, 1013});
            op.input(dy, {n, 1013});
            op.output({n, 1013});
            ASSERT_TRUE(op.go());
            Floats expected(x.size());
            for (size_t i = 0; i < x.size(); ++i) {
                // A ReLU has no upper bound: it passes infinity, as both pass NaN.
                const bool above = activation == OCTAVO_CLAMP && x[i] >= high;
                expected[i] = x[i] <= low || above ? 0.0f : dy[i];
            }
            EXPECT_TRUE(same_bits(op.result(), expected));
        }
    }
}

TEST(OnednnTraining, FlattenGradGivesElementsBack) {
    Random random(2);
    for (octavo_layout layout : {OCTAVO_NHWC, OCTAVO_PLAIN}) {
        const Shape dims = {3, 5, 4, 7};
        const Floats dy = random_floats(random, elements(dims));
        OneOperator op(OCTAVO_OP_FLATTEN_GRAD, 3);
        op.input(dy, {3, 5 * 4 * 7});
        op.output(dims, true, layout);
        ASSERT_TRUE(op.go());
        EXPECT_TRUE(same_bits(to_logical(op.result(), dims, layout), dy));
    }
}

struct Dropout {
    Floats y;
    std::vector<uint8_t> mask;
};

Dropout dropout(const Floats& x, const Shape& dims, float probability, int32_t step, int32_t seed, int threads) {
    OneOperator op(OCTAVO_OP_DROPOUT_TRAIN, dims[0]);
    op.threads = threads;
    op.desc.probability = probability;
    op.input(x, dims);
    op.input(OCTAVO_S32, std::vector<int32_t>{step, seed}, {2}, false);
    op.output(dims);
    op.output(OCTAVO_U8, dims);
    if (!op.go()) return {};
    return {op.result(0), op.result<uint8_t>(1)};
}

TEST(OnednnTraining, DropoutKeepsAndScales) {
    Random random(3);
    const Shape dims = {64, 4999};
    const Floats x = random_floats(random, elements(dims));
    for (float probability : {0.0f, 0.2f, 0.5f}) {
        const Dropout d = dropout(x, dims, probability, 5, 17, 1);
        ASSERT_EQ(d.mask.size(), x.size());
        double kept = 0;
        for (size_t i = 0; i < x.size(); ++i) {
            ASSERT_LE(d.mask[i], 1);
            kept += d.mask[i];
            ASSERT_EQ(d.y[i], d.mask[i] ? x[i] * (1.0f / (1.0f - probability)) : 0.0f);
        }
        // Five deviations of the binomial distribution.
        const double n = static_cast<double>(x.size());
        EXPECT_NEAR(kept, n * (1 - probability), 5 * std::sqrt(n * probability * (1 - probability)));

        OneOperator back(OCTAVO_OP_DROPOUT_GRAD, dims[0]);
        back.desc.probability = probability;
        back.input(x, dims);
        back.input(OCTAVO_U8, d.mask, dims);
        back.output(dims);
        ASSERT_TRUE(back.go());
        EXPECT_TRUE(same_bits(back.result(), d.y));
    }
}

TEST(OnednnTraining, DropoutDependsOnSeedAndStepAlone) {
    const Shape dims = {64, 1000};
    const Floats x(elements(dims), 1.0f);
    const Dropout first = dropout(x, dims, 0.5f, 1, 2, 1);
    EXPECT_TRUE(same_bits(dropout(x, dims, 0.5f, 1, 2, 2).mask, first.mask));
    for (const auto& [step, seed] : {std::pair{2, 2}, std::pair{1, 3}}) {
        const std::vector<uint8_t> other = dropout(x, dims, 0.5f, step, seed, 1).mask;
        size_t same = 0;
        for (size_t i = 0; i < other.size(); ++i) same += other[i] == first.mask[i];
        EXPECT_NEAR(static_cast<double>(same), 32000.0, 5 * std::sqrt(64000 * 0.25));
    }
}

// Philox4x32-10 as published: Random123's known answer for counter 0 and key 0 starts with 6627e8d5. At p = 0.4 (0x66666666) its
// four words 6627e8d5 e169c58d bc57ac4c 9b00dbd8 give 0, 1, 1, 1.
TEST(OnednnTraining, DropoutIsPhilox) {
    const Dropout d = dropout(Floats(4, 1.0f), {1, 4}, 0.4f, 0, 0, 1);
    EXPECT_TRUE(same_bits(d.mask, std::vector<uint8_t>{0, 1, 1, 1}));
}

Doubles softmax(const Doubles& logits) {
    double top = logits[0], sum = 0;
    for (double l : logits) top = std::max(top, l);
    Doubles y;
    for (double l : logits) y.push_back(std::exp(l - top)), sum += y.back();
    for (double& v : y) v /= sum;
    return y;
}

TEST(OnednnTraining, SoftmaxGradIsTheDerivative) {
    Random random(4);
    const int64_t rows = 3, classes = 11;
    Floats y, dy = random_floats(random, rows * classes);
    Doubles expected;
    for (int64_t row = 0; row < rows; ++row) {
        Doubles logits = widen(random_floats(random, classes));
        for (double p : softmax(logits)) y.push_back(static_cast<float>(p));
        const auto loss = [&] {
            const Doubles p = softmax(logits);
            double sum = 0;
            for (int64_t c = 0; c < classes; ++c) sum += p[c] * dy[row * classes + c];
            return sum;
        };
        for (int64_t c = 0; c < classes; ++c) expected.push_back(central_difference(loss, logits, c));
    }
    OneOperator op(OCTAVO_OP_SOFTMAX_GRAD, rows);
    op.input(y, {rows, classes});
    op.input(dy, {rows, classes});
    op.output({rows, classes});
    ASSERT_TRUE(op.go());
    EXPECT_TRUE(close_values(op.result(), expected, 1));
}

TEST(OnednnTraining, CrossEntropyAndItsDerivative) {
    Random random(5);
    for (int64_t rows : {1, 3, 64}) {
        const int64_t classes = 10;
        Floats logits = random_floats(random, rows * classes);
        for (float& l : logits) l *= 5;
        std::vector<int32_t> labels(rows);
        for (int32_t& label : labels) label = static_cast<int32_t>(random.integer(0, classes - 1));
        OneOperator op(OCTAVO_OP_CROSS_ENTROPY, rows);
        op.input(logits, {rows, classes});
        op.input(OCTAVO_S32, labels, {rows});
        op.output({1}, false);
        op.output({rows, classes});
        op.output(OCTAVO_S32, {1}, false);
        ASSERT_TRUE(op.go());
        Doubles l = widen(logits);
        int32_t correct = 0;
        const auto loss = [&] {
            double sum = 0;
            for (int64_t row = 0; row < rows; ++row) {
                sum -=
                    std::log(softmax(Doubles(l.begin() + row * classes, l.begin() + (row + 1) * classes))[labels[row]]);
            }
            return sum / rows;
        };
        for (int64_t row = 0; row < rows; ++row) {
            bool best = true;
            for (int64_t c = 0; c < classes; ++c)
                best &= logits[row * classes + labels[row]] >= logits[row * classes + c];
            correct += best;
        }
        EXPECT_TRUE(close_values(op.result(0), {loss()}, 1));
        EXPECT_EQ(op.result<int32_t>(2)[0], correct);
        const Floats gradient = op.result(1);
        for (size_t i = 0; i < l.size(); ++i) {
            EXPECT_NEAR(gradient[i], central_difference(loss, l, i), 1e-6 / rows + 1e-7);
        }
    }
}

TEST(OnednnTraining, CrossEntropyNamesABadLabel) {
    for (int32_t label : {-1, 10}) {
        OneOperator op(OCTAVO_OP_CROSS_ENTROPY, 2);
        op.input(Floats(20), {2, 10});
        op.input(OCTAVO_S32, std::vector<int32_t>{3, label}, {2});
        op.output({1}, false);
        ASSERT_TRUE(op.build());
        EXPECT_FALSE(op.run());
        EXPECT_EQ(op.status, OCTAVO_INVALID_ARGUMENT);
        EXPECT_NE(op.message.find("label " + std::to_string(label) + " of row 1"), std::string::npos) << op.message;
    }
}

struct Sgd {
    float lr, momentum, dampening, decay;
    bool nesterov;
};

TEST(OnednnTraining, SgdFollowsTheFormula) {
    Random random(6);
    for (const Sgd& h : {Sgd{0.1f, 0, 0, 0, false}, Sgd{0.05f, 0.9f, 0, 5e-4f, false}, Sgd{0.05f, 0.9f, 0, 1e-3f, true},
                         Sgd{0.01f, 0.8f, 0.25f, 0, false}, Sgd{0.1f, 0, 0, 0.01f, false}}) {
        const Floats p = random_floats(random, 1003), g = random_floats(random, 1003), v = random_floats(random, 1003);
        OneOperator op(OCTAVO_OP_SGD_STEP, 1);
        op.state(p, {17, 59});
        op.input(g, {17, 59}, false);
        op.state(v, {17, 59});
        op.input(Floats{h.lr, h.momentum, h.dampening, h.decay, h.nesterov ? 1.0f : 0.0f}, {5}, false);
        ASSERT_TRUE(op.go());
        Doubles expected_p, expected_v;
        for (size_t i = 0; i < p.size(); ++i) {
            const double d = g[i] + static_cast<double>(h.decay) * p[i];
            const double moved =
                h.momentum == 0 ? v[i] : h.momentum * static_cast<double>(v[i]) + (1.0 - h.dampening) * d;
            const double step = h.momentum == 0 ? d : h.nesterov ? d + h.momentum * moved : moved;
            expected_v.push_back(moved);
            expected_p.push_back(p[i] - h.lr * step);
        }
        EXPECT_TRUE(close_values(op.state_of(0), expected_p, 1));
        EXPECT_TRUE(close_values(op.state_of(2), expected_v, 4));
    }
}

TEST(OnednnTraining, AdamFollowsTheFormula) {
    Random random(7);
    for (int step : {1, 2, 1000}) {
        const float lr = 0.01f, beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-8f, decay = step == 2 ? 0.01f : 0.0f;
        const Floats p = random_floats(random, 777), g = random_floats(random, 777);
        Floats m = random_floats(random, 777), v = random_floats(random, 777);
        for (float& x : v) x = x * x;
        if (step == 1) m.assign(777, 0.0f), v.assign(777, 0.0f);
        OneOperator op(OCTAVO_OP_ADAM_STEP, 1);
        op.state(p, {777});
        op.input(g, {777}, false);
        op.state(m, {777});
        op.state(v, {777});
        op.input(Floats{lr, beta1, beta2, epsilon, decay, static_cast<float>(step)}, {6}, false);
        ASSERT_TRUE(op.go());
        Doubles expected;
        for (size_t i = 0; i < p.size(); ++i) {
            const double d = g[i] + static_cast<double>(decay) * p[i];
            const double mean = m[i] + (1.0 - beta1) * (d - m[i]);
            const double square = beta2 * static_cast<double>(v[i]) + (1.0 - beta2) * d * d;
            const double root = std::sqrt(square) / std::sqrt(1 - std::pow(static_cast<double>(beta2), step)) + epsilon;
            expected.push_back(p[i] - lr / (1 - std::pow(static_cast<double>(beta1), step)) * mean / root);
        }
        EXPECT_TRUE(close_values(op.state_of(0), expected, 1));
    }
}

}  // namespace
}  // namespace octavo::test

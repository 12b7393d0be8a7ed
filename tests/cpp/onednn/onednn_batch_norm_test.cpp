// Batch normalization against its definition in double, its gradient against central differences of that.
#include "onednn/one_operator.h"

namespace octavo::test {
namespace {

struct Case {
    Shape dims;
    octavo_layout layout;
    int threads;

    int64_t channels() const { return dims[1]; }
    int64_t pixels() const { return dims[2] * dims[3]; }
    int64_t count() const { return dims[0] * pixels(); }
    // Channel of the element at this logical index.
    int64_t channel(size_t i) const { return static_cast<int64_t>(i) / pixels() % channels(); }
    std::string text() const {
        return std::to_string(dims[0]) + "x" + std::to_string(dims[1]) + "x" + std::to_string(dims[2]) + "x" +
               std::to_string(dims[3]) + (layout == OCTAVO_NHWC ? " nhwc" : " nchw") + " t" + std::to_string(threads);
    }
};

std::vector<Case> cases() {
    std::vector<Case> all;
    for (octavo_layout layout : {OCTAVO_NHWC, OCTAVO_PLAIN}) {
        for (const Shape& dims : std::vector<Shape>{
                 {2, 3, 4, 5}, {3, 16, 9, 7}, {1, 17, 5, 5}, {64, 16, 8, 8}, {5, 40, 20, 20}, {2, 1, 1, 1}}) {
            all.push_back({dims, layout, 1});
        }
        all.push_back({{64, 16, 16, 16}, layout, 2});
    }
    return all;
}

constexpr float epsilon = 1e-5f;

struct Moments {
    Doubles mean, variance;
};

Moments moments(const Case& c, const Doubles& x) {
    Moments m{Doubles(c.channels()), Doubles(c.channels())};
    for (size_t i = 0; i < x.size(); ++i) m.mean[c.channel(i)] += x[i] / c.count();
    for (size_t i = 0; i < x.size(); ++i)
        m.variance[c.channel(i)] += std::pow(x[i] - m.mean[c.channel(i)], 2) / c.count();
    return m;
}

Doubles normalize(const Case& c, const Doubles& x, const Moments& m, const Doubles& gamma, const Doubles& beta) {
    Doubles y(x.size());
    for (size_t i = 0; i < x.size(); ++i) {
        const int64_t k = c.channel(i);
        y[i] = (x[i] - m.mean[k]) / std::sqrt(m.variance[k] + epsilon) * gamma[k] + beta[k];
    }
    return y;
}

// Channels of different means and deviations, the mean several deviations away: where a one-pass variance in float fails.
Floats channel_floats(const Case& c, Random& random) {
    Floats x = random_floats(random, elements(c.dims));
    for (size_t i = 0; i < x.size(); ++i) x[i] = x[i] * (0.5f + 0.25f * c.channel(i)) + 10.0f * (c.channel(i) % 3 - 1);
    return x;
}

TEST(OnednnBatchNorm, TrainingForward) {
    Random random(1);
    for (const Case& c : cases()) {
        SCOPED_TRACE(c.text());
        const Floats x = channel_floats(c, random), gamma = random_floats(random, c.channels());
        const Floats beta = random_floats(random, c.channels()), mean = random_floats(random, c.channels());
        const Floats variance(c.channels(), 2.0f);
        OneOperator op(OCTAVO_OP_BATCH_NORM_TRAIN, c.dims[0]);
        op.threads = c.threads;
        op.desc.epsilon = epsilon, op.desc.momentum = 0.1f;
        op.input(to_layout(x, c.dims, c.layout), c.dims, true, c.layout);
        for (const Floats& p : {gamma, beta, mean, variance}) op.state(p, {c.channels()});
        op.output(c.dims, true, c.layout);
        op.output({c.channels()}, false);
        op.output({c.channels()}, false);
        ASSERT_TRUE(op.go());
        const Moments m = moments(c, widen(x));
        const Doubles y = normalize(c, widen(x), m, widen(gamma), widen(beta));
        Doubles inverse(c.channels()), running_mean(c.channels()), running_variance(c.channels());
        for (int64_t k = 0; k < c.channels(); ++k) {
            const double unbiased = m.variance[k] * c.count() / std::max<int64_t>(1, c.count() - 1);
            inverse[k] = 1 / std::sqrt(m.variance[k] + epsilon);
            running_mean[k] = mean[k] + static_cast<double>(0.1f) * (m.mean[k] - mean[k]);
            running_variance[k] = 2 + static_cast<double>(0.1f) * (unbiased - 2);
        }
        // The input's rounding at 10 deviations and more, times gamma.
        EXPECT_TRUE(close_values(to_logical(op.result(0), c.dims, c.layout), y, 100));
        EXPECT_TRUE(close_values(op.result(1), m.mean, 10));
        if (c.count() > 2) {
            EXPECT_TRUE(close_values(op.result(2), inverse, 8));
        }
        EXPECT_TRUE(close_values(op.state_of(3), running_mean, 10));
        EXPECT_TRUE(close_values(op.state_of(4), running_variance, 10));
    }
}

TEST(OnednnBatchNorm, Inference) {
    Random random(2);
    for (const Case& c : cases()) {
        for (octavo_activation activation : {OCTAVO_NO_ACTIVATION, OCTAVO_RELU}) {
            SCOPED_TRACE(c.text());
            const Floats x = channel_floats(c, random), gamma = random_floats(random, c.channels());
            const Floats beta = random_floats(random, c.channels()), mean = random_floats(random, c.channels());
            Floats variance = random_floats(random, c.channels());
            for (float& v : variance) v = v * v + 0.5f;
            OneOperator op(OCTAVO_OP_BATCH_NORM, c.dims[0]);
            op.threads = c.threads;
            op.desc.epsilon = epsilon;
            op.desc.activation = activation;
            op.input(to_layout(x, c.dims, c.layout), c.dims, true, c.layout);
            for (const Floats& p : {gamma, beta, mean, variance}) op.constant(p, {c.channels()});
            op.output(c.dims, true, c.layout);
            ASSERT_TRUE(op.go());
            Doubles y = normalize(c, widen(x), {widen(mean), widen(variance)}, widen(gamma), widen(beta));
            for (double& v : y) v = activation == OCTAVO_RELU ? std::max(v, 0.0) : v;
            EXPECT_TRUE(close_values(to_logical(op.result(), c.dims, c.layout), y, 50));
        }
    }
}

// The gradient of sum(dy * y) in closed form, for a test against central differences and then as the reference.
struct Gradient {
    Doubles dx, dgamma, dbeta;
};

Gradient gradient(const Case& c, const Doubles& x, const Doubles& dy, const Doubles& gamma) {
    const Moments m = moments(c, x);
    Gradient g{Doubles(x.size()), Doubles(c.channels()), Doubles(c.channels())};
    const auto normal = [&](size_t i) {
        return (x[i] - m.mean[c.channel(i)]) / std::sqrt(m.variance[c.channel(i)] + epsilon);
    };
    for (size_t i = 0; i < x.size(); ++i) {
        g.dbeta[c.channel(i)] += dy[i];
        g.dgamma[c.channel(i)] += dy[i] * normal(i);
    }
    for (size_t i = 0; i < x.size(); ++i) {
        const int64_t k = c.channel(i);
        g.dx[i] = gamma[k] / std::sqrt(m.variance[k] + epsilon) *
                  (dy[i] - g.dbeta[k] / c.count() - normal(i) * g.dgamma[k] / c.count());
    }
    return g;
}

TEST(OnednnBatchNorm, ReferenceGradientIsTheDerivative) {
    Random random(3);
    const Case c{{2, 3, 2, 3}, OCTAVO_PLAIN, 1};
    Doubles x = widen(random_floats(random, 36)), gamma = widen(random_floats(random, 3));
    Doubles beta = widen(random_floats(random, 3));
    const Doubles dy = widen(random_floats(random, 36));
    const auto loss = [&] {
        const Doubles y = normalize(c, x, moments(c, x), gamma, beta);
        double sum = 0;
        for (size_t i = 0; i < y.size(); ++i) sum += dy[i] * y[i];
        return sum;
    };
    const Gradient g = gradient(c, x, dy, gamma);
    for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(central_difference(loss, x, i), g.dx[i], 1e-6);
    for (size_t k = 0; k < gamma.size(); ++k) EXPECT_NEAR(central_difference(loss, gamma, k), g.dgamma[k], 1e-6);
    for (size_t k = 0; k < beta.size(); ++k) EXPECT_NEAR(central_difference(loss, beta, k), g.dbeta[k], 1e-6);
}

TEST(OnednnBatchNorm, Gradient) {
    Random random(4);
    for (const Case& c : cases()) {
        if (c.count() < 4) continue;
        SCOPED_TRACE(c.text());
        const Floats x = channel_floats(c, random), dy = random_floats(random, elements(c.dims));
        const Floats gamma = random_floats(random, c.channels());
        const Moments m = moments(c, widen(x));
        Floats mean(m.mean.begin(), m.mean.end()), inverse(c.channels());
        for (int64_t k = 0; k < c.channels(); ++k)
            inverse[k] = static_cast<float>(1 / std::sqrt(m.variance[k] + epsilon));
        OneOperator op(OCTAVO_OP_BATCH_NORM_GRAD, c.dims[0]);
        op.threads = c.threads;
        op.desc.epsilon = epsilon;
        op.input(to_layout(x, c.dims, c.layout), c.dims, true, c.layout);
        op.input(to_layout(dy, c.dims, c.layout), c.dims, true, c.layout);
        op.state(gamma, {c.channels()});
        op.input(mean, {c.channels()}, false);
        op.input(inverse, {c.channels()}, false);
        op.output(c.dims, true, c.layout);
        op.output({c.channels()}, false);
        op.output({c.channels()}, false);
        ASSERT_TRUE(op.go());
        const Gradient g = gradient(c, widen(x), widen(dy), widen(gamma));
        EXPECT_TRUE(close_values(to_logical(op.result(0), c.dims, c.layout), g.dx, 50));
        // Sums over all pixels, of terms of magnitude about 1 times the deviations' rounding.
        EXPECT_TRUE(close_values(op.result(1), g.dgamma, static_cast<double>(c.count())));
        EXPECT_TRUE(close_values(op.result(2), g.dbeta, static_cast<double>(c.count())));
    }
}

TEST(OnednnBatchNorm, ThreadsDoNotChangeABit) {
    Random random(5);
    const Case c{{64, 16, 16, 16}, OCTAVO_NHWC, 1};
    const Floats x = channel_floats(c, random), ones(16, 1.0f), zeros(16);
    Floats results[2];
    for (int threads : {1, 2}) {
        OneOperator op(OCTAVO_OP_BATCH_NORM_TRAIN, 64);
        op.threads = threads;
        op.desc.epsilon = epsilon, op.desc.momentum = 0.1f;
        op.input(to_layout(x, c.dims, c.layout), c.dims, true, c.layout);
        for (const Floats& p : {ones, zeros, zeros, ones}) op.state(p, {16});
        op.output(c.dims, true, c.layout);
        op.output({16}, false);
        op.output({16}, false);
        ASSERT_TRUE(op.go());
        results[threads - 1] = op.result(0);
    }
    EXPECT_TRUE(same_bits(results[0], results[1]));
}

}  // namespace
}  // namespace octavo::test

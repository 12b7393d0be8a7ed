// Float plans of one network for several shapes hold its weights once.
#include <malloc.h>

#include "octavo/octavo_onednn.h"
#include "support/network.h"
#include "support/sweep.h"

namespace octavo::test {
namespace {

struct DestroyWeights {
    void operator()(octavo_weights* weights) const { octavo_weights_destroy(weights); }
};
using WeightsHandle = std::unique_ptr<octavo_weights, DestroyWeights>;

WeightsHandle new_weights() {
    octavo_weights* weights = nullptr;
    EXPECT_EQ(octavo_weights_create(&weights), OCTAVO_OK) << octavo_last_error();
    return WeightsHandle(weights);
}

struct Parameters {
    Parameters() {
        Random random(5);
        for (std::vector<float>* of : {&first, &wide, &dense}) {
            of->resize(of == &first ? 6 * 3 * 25 : of == &wide ? 512 * 6 * 9 : 1024 * 512);
            for (float& w : *of) w = random.normal() * 0.05f;
        }
        for (int i = 0; i < 512; i++) bias.push_back(random.normal());
    }
    size_t bytes() const { return (first.size() + wide.size() + dense.size()) * sizeof(float); }
    std::vector<float> first, wide, dense, bias;
};

// x [N, 3, size, size] -> conv 5x5 -> conv 3x3 -> average -> linear.
PlanHandle build(const Parameters& p, int64_t size, octavo_weights* weights, octavo_layout layout) {
    Network network;
    const auto floats = [&](octavo_role role, std::vector<int64_t> dims) {
        return network.floats(role, std::move(dims), layout);
    };
    const auto conv = [&](int32_t x, const std::vector<float>& w, std::vector<int64_t> dims, int32_t bias) {
        const int32_t y = floats(OCTAVO_TEMP, {1, dims[0], size, size});
        const int kernel = static_cast<int>(dims[2]);
        OpSpec op = describe_op(OCTAVO_OP_CONV2D, {x, network.constant(w, std::move(dims)), bias}, {y});
        op.kernel[0] = op.kernel[1] = kernel;
        for (int& pad : op.pad) pad = kernel / 2;
        network.op(op);
        return y;
    };
    const int32_t x = floats(OCTAVO_INPUT, {1, 3, size, size});
    int32_t y = conv(x, p.first, {6, 3, 5, 5}, -1);
    y = conv(y, p.wide, {512, 6, 3, 3}, network.constant(p.bias, {512}));
    const int32_t pooled = floats(OCTAVO_TEMP, {1, 512, 1, 1});
    network.op(describe_op(OCTAVO_OP_ADAPTIVE_AVG_POOL2D, {y}, {pooled}));
    const int32_t row = network.floats(OCTAVO_TEMP, {1, 512}), out = network.floats(OCTAVO_OUTPUT, {1, 1024});
    network.op(describe_op(OCTAVO_OP_FLATTEN, {pooled}, {row}));
    network.op(describe_op(OCTAVO_OP_LINEAR, {row, network.constant(p.dense, {1024, 512})}, {out}));
    Options options;
    options.threads = 1;
    options.weights = weights;
    return network.build(options);
}

std::vector<float> results(const PlanHandle& plan, int64_t size) {
    std::vector<float> x(static_cast<size_t>(3 * size * size)), y(1024);
    for (size_t i = 0; i < x.size(); i++) x[i] = static_cast<float>(i % 17) - 8;
    const void* in[] = {x.data()};
    void* out[] = {y.data()};
    EXPECT_EQ(run_plan(plan.get(), 1, in, out), OCTAVO_OK) << octavo_last_error();
    return y;
}

int64_t allocated() {
    const auto all = mallinfo2();
    return static_cast<int64_t>(all.uordblks + all.hblkhd);
}

class FloatWeights : public ::testing::TestWithParam<octavo_layout> {
protected:
    void SetUp() override { ASSERT_EQ(octavo_onednn_register(), OCTAVO_OK) << octavo_last_error(); }
};

constexpr int64_t sizes[] = {12, 16, 19, 24};

TEST_P(FloatWeights, AreHeldOnceWhateverTheShapes) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "the sanitizer's allocator does not say what it holds";
#endif
    const Parameters parameters;
    for (const bool shared : {false, true}) {
        const WeightsHandle weights = new_weights();
        std::vector<PlanHandle> plans;
        plans.push_back(build(parameters, sizes[0], shared ? weights.get() : nullptr, GetParam()));
        const int64_t before = allocated();
        for (const int64_t size : sizes)
            plans.push_back(build(parameters, size, shared ? weights.get() : nullptr, GetParam()));
        const int64_t more = allocated() - before, four = 4 * static_cast<int64_t>(parameters.bytes());
        if (shared) {
            EXPECT_LT(more, four / 4);
        } else {
            EXPECT_GT(more, four) << "the test sees no weights";
        }
    }
}

TEST_P(FloatWeights, GiveTheResultsOfPlansOfTheirOwn) {
    const WeightsHandle weights = new_weights();
    const Parameters parameters;
    Parameters other = parameters;
    other.first[7] += 1;
    other.bias[3] += 1;
    other.dense[100] += 1;
    for (const int64_t size : sizes) {
        for (const Parameters* p : {&parameters, static_cast<const Parameters*>(&other)}) {
            const PlanHandle plan = build(*p, size, weights.get(), GetParam());
            const PlanHandle again = build(*p, size, weights.get(), GetParam());
            const std::vector<float> expected = results(build(*p, size, nullptr, GetParam()), size);
            EXPECT_EQ(results(plan, size), expected) << size;
            EXPECT_EQ(results(again, size), expected) << size;
        }
    }
}

TEST_P(FloatWeights, OutliveTheObjectThatSharedThem) {
    const Parameters parameters;
    WeightsHandle weights = new_weights();
    PlanHandle one = build(parameters, 12, weights.get(), GetParam());
    const PlanHandle two = build(parameters, 16, weights.get(), GetParam());
    const std::vector<float> expected = results(build(parameters, 16, nullptr, GetParam()), 16);
    one.reset();
    weights.reset();
    EXPECT_EQ(results(two, 16), expected);
}

INSTANTIATE_TEST_SUITE_P(Layouts, FloatWeights, ::testing::Values(OCTAVO_PLAIN, OCTAVO_NHWC));

}  // namespace
}  // namespace octavo::test

// The back end under a plan: many callers at once, many batch sizes, a training step as a whole.
#include <time.h>

#include <chrono>
#include <thread>

#include "onednn/one_operator.h"

namespace octavo::test {
namespace {

// Convolution, pooling and a linear layer in float; results of the same input must have the same bytes whoever runs beside.
class FloatPlan : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_EQ(octavo_onednn_register(), OCTAVO_OK);
        Network network;
        const int32_t x = network.floats(OCTAVO_INPUT, {1, 3, 16, 16}, OCTAVO_NHWC);
        const int32_t y = network.floats(OCTAVO_TEMP, {1, 6, 16, 16}, OCTAVO_NHWC);
        const int32_t flat = network.floats(OCTAVO_TEMP, {1, 6 * 16 * 16});
        const int32_t logits = network.floats(OCTAVO_OUTPUT, {1, 10});
        OpSpec conv =
            describe_op(OCTAVO_OP_CONV2D, {x, network.constant(random_floats(random_, 6 * 3 * 25), {6, 3, 5, 5})}, {y});
        conv.kernel[0] = conv.kernel[1] = 5;
        for (int32_t& p : conv.pad) p = 2;
        conv.activation = OCTAVO_RELU;
        network.op(conv);
        network.op(describe_op(OCTAVO_OP_FLATTEN, {y}, {flat}));
        network.op(describe_op(OCTAVO_OP_LINEAR,
                               {flat, network.constant(random_floats(random_, 10 * 1536), {10, 1536}),
                                network.constant(random_floats(random_, 10), {10})},
                               {logits}));
        Options options{};
        options.threads = 1;
        plan_ = network.build(options);
    }

    Floats run(const Floats& x) const {
        const auto batch = static_cast<int64_t>(x.size() / (3 * 256));
        Floats y(static_cast<size_t>(batch * 10));
        const void* inputs[] = {x.data()};
        void* outputs[] = {y.data()};
        EXPECT_EQ(run_plan(plan_.get(), batch, inputs, outputs), OCTAVO_OK) << octavo_last_error();
        return y;
    }

    Random random_{1};
    PlanHandle plan_;
};

TEST_F(FloatPlan, ManyCallersGetTheSameBytes) {
    std::vector<Floats> inputs, expected;
    for (int64_t batch : {1, 2, 3, 8}) {
        inputs.push_back(random_floats(random_, batch * 3 * 256));
        expected.push_back(run(inputs.back()));
    }
    std::vector<int> wrong(8);
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 8; ++caller) {
        callers.emplace_back([&, caller] {
            for (int i = 0; i < 50; ++i) {
                const size_t which = static_cast<size_t>(caller + i) % inputs.size();
                wrong[caller] += run(inputs[which]) != expected[which];
            }
        });
    }
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(wrong, std::vector<int>(8));
}

// More batch sizes than primitives are kept for: the oldest go, and are made again.
TEST_F(FloatPlan, ManyBatchSizes) {
    const Floats one = random_floats(random_, 3 * 256);
    const Floats first = run(one);
    for (int64_t batch = 2; batch < 50; ++batch) {
        Floats many;
        for (int64_t i = 0; i < batch; ++i) many.insert(many.end(), one.begin(), one.end());
        const Floats y = run(many);
        for (size_t i = 0; i < y.size(); ++i) ASSERT_NEAR(y[i], first[i % 10], 1e-3f) << "batch " << batch;
    }
    EXPECT_TRUE(same_bits(run(one), first));
}

double cpu_milliseconds(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) * 1e-6;
}

// One image is work for all threads: others than the caller's come to it sooner or later, however busy the machine is.
TEST(FloatThreads, TakePartInOneSample) {
    ASSERT_EQ(octavo_onednn_register(), OCTAVO_OK);
    for (const bool convolution : {true, false}) {
        Random random(3);
        Network network;
        if (convolution) {
            const int32_t x = network.floats(OCTAVO_INPUT, {1, 64, 28, 28}, OCTAVO_NHWC);
            const int32_t y = network.floats(OCTAVO_OUTPUT, {1, 64, 28, 28}, OCTAVO_NHWC);
            const Shape filters = {64, 64, 3, 3};
            const int32_t w = network.constant(random_floats(random, elements(filters)), filters);
            OpSpec op = describe_op(OCTAVO_OP_CONV2D, {x, w}, {y});
            op.kernel[0] = op.kernel[1] = 3;
            for (int32_t& p : op.pad) p = 1;
            network.op(op);
        } else {
            const int32_t x = network.floats(OCTAVO_INPUT, {1, 2048}), y = network.floats(OCTAVO_OUTPUT, {1, 2000});
            const int32_t w = network.constant(random_floats(random, 2000 * 2048), {2000, 2048});
            network.op(describe_op(OCTAVO_OP_LINEAR, {x, w}, {y}));
        }
        Options options{};
        options.threads = 2;
        const PlanHandle plan = network.build(options);
        const Floats x(64 * 28 * 28, 1.0f);
        Floats y(x.size());
        const void* inputs[] = {x.data()};
        void* outputs[] = {y.data()};
        std::this_thread::sleep_for(std::chrono::milliseconds(20));  // threads of other tests go to sleep
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        const double others = cpu_milliseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_milliseconds(CLOCK_THREAD_CPUTIME_ID);
        double worked = 0;
        while (worked < 3 && std::chrono::steady_clock::now() < end) {
            ASSERT_EQ(run_plan(plan.get(), 1, inputs, outputs), OCTAVO_OK) << octavo_last_error();
            worked = cpu_milliseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_milliseconds(CLOCK_THREAD_CPUTIME_ID) - others;
        }
        EXPECT_GE(worked, 3) << (convolution ? "convolution" : "linear");
    }
}

// A small network trained for some steps: the loss falls, and the same seed and thread count give the same bytes.
class Training {
public:
    explicit Training(int32_t threads) {
        Network network;
        Random random(7);
        const auto state = [&](const Shape& dims, float scale) {
            Floats values = random_floats(random, elements(dims));
            for (float& v : values) v *= scale;
            return network.state(values, dims);
        };
        const auto values = [&](octavo_role role, const Shape& dims, octavo_layout layout = OCTAVO_PLAIN) {
            return network.floats(role, dims, layout);
        };
        const auto fixed = [&](const Shape& dims) {
            return network.value(describe(OCTAVO_F32, OCTAVO_TEMP, dims, false));
        };
        const int32_t x = values(OCTAVO_INPUT, {1, 3, 8, 8}, OCTAVO_NHWC);
        const int32_t labels = network.value(describe(OCTAVO_S32, OCTAVO_INPUT, {1}));
        const int32_t hyper = network.value(describe(OCTAVO_F32, OCTAVO_INPUT, {5}, false));
        const int32_t w1 = state({6, 3, 3, 3}, 0.2f), w2 = state({4, 96}, 0.1f), b2 = state({4}, 0.1f);
        const int32_t conv = values(OCTAVO_TEMP, {1, 6, 8, 8}, OCTAVO_NHWC);
        const int32_t pool = values(OCTAVO_TEMP, {1, 6, 4, 4}, OCTAVO_NHWC);
        const int32_t index = network.value(describe(OCTAVO_U8, OCTAVO_TEMP, {1, 6, 4, 4}, true, OCTAVO_NHWC));
        const int32_t flat = values(OCTAVO_TEMP, {1, 96}), logits = values(OCTAVO_TEMP, {1, 4});
        const int32_t loss = network.value(describe(OCTAVO_F32, OCTAVO_OUTPUT, {1}, false));
        const auto windowed = [&](octavo_op_kind kind, std::initializer_list<int32_t> in,
                                  std::initializer_list<int32_t> out) {
            OpSpec desc = describe_op(kind, in, out);
            const bool pooling = kind == OCTAVO_OP_MAX_POOL2D_TRAIN || kind == OCTAVO_OP_MAX_POOL2D_GRAD;
            for (int i = 0; i < 2; ++i) desc.kernel[i] = pooling ? 2 : 3, desc.stride[i] = pooling ? 2 : 1;
            for (int32_t& p : desc.pad) p = pooling ? 0 : 1;
            return desc;
        };
        OpSpec forward = windowed(OCTAVO_OP_CONV2D, {x, w1}, {conv});
        forward.activation = OCTAVO_RELU;
        network.op(forward);
        network.op(windowed(OCTAVO_OP_MAX_POOL2D_TRAIN, {conv}, {pool, index}));
        network.op(describe_op(OCTAVO_OP_FLATTEN, {pool}, {flat}));
        network.op(describe_op(OCTAVO_OP_LINEAR, {flat, w2, b2}, {logits}));
        const int32_t d_logits = values(OCTAVO_TEMP, {1, 4});
        network.op(describe_op(OCTAVO_OP_CROSS_ENTROPY, {logits, labels}, {loss, d_logits}));
        const int32_t d_w1 = fixed({6, 3, 3, 3}), d_w2 = fixed({4, 96}), d_b2 = fixed({4});
        const int32_t d_flat = values(OCTAVO_TEMP, {1, 96});
        const int32_t d_pool = values(OCTAVO_TEMP, {1, 6, 4, 4}, OCTAVO_NHWC);
        const int32_t d_relu = values(OCTAVO_TEMP, {1, 6, 8, 8}, OCTAVO_NHWC);
        const int32_t d_conv = values(OCTAVO_TEMP, {1, 6, 8, 8}, OCTAVO_NHWC);
        network.op(describe_op(OCTAVO_OP_LINEAR_GRAD_WEIGHT, {flat, d_logits}, {d_w2, d_b2}));
        network.op(describe_op(OCTAVO_OP_LINEAR_GRAD_INPUT, {d_logits, w2}, {d_flat}));
        network.op(describe_op(OCTAVO_OP_FLATTEN_GRAD, {d_flat}, {d_pool}));
        network.op(windowed(OCTAVO_OP_MAX_POOL2D_GRAD, {d_pool, index}, {d_relu}));
        OpSpec clamp = describe_op(OCTAVO_OP_CLAMP_GRAD, {conv, d_relu}, {d_conv});
        clamp.activation = OCTAVO_RELU;
        network.op(clamp);
        network.op(windowed(OCTAVO_OP_CONV2D_GRAD_WEIGHT, {x, d_conv}, {d_w1}));
        for (const auto& [param, grad, dims] :
             {std::tuple{w1, d_w1, Shape{6, 3, 3, 3}}, {w2, d_w2, Shape{4, 96}}, {b2, d_b2, Shape{4}}}) {
            network.op(describe_op(OCTAVO_OP_SGD_STEP, {param, grad, state(dims, 0), hyper}, {}));
        }
        Options options{};
        options.threads = threads;
        plan_ = network.build(options);
        weights_ = w1;
    }

    // The losses of `steps` steps on batches of 64 images whose class shows in the colours.
    Floats run(int steps) {
        Random random(11);
        Floats losses;
        for (int step = 0; step < steps; ++step) {
            Floats x = random_floats(random, 64 * 192);
            std::vector<int32_t> labels(64);
            for (size_t n = 0; n < 64; ++n) {
                labels[n] = static_cast<int32_t>(random.integer(0, 3));
                for (size_t i = 0; i < 192; ++i)
                    x[n * 192 + i] += i % 3 < static_cast<size_t>(labels[n]) ? 1.0f : -1.0f;
            }
            const Floats hyper = {0.05f, 0.9f, 0, 5e-4f, 0};
            float loss = 0;
            const void* inputs[] = {x.data(), labels.data(), hyper.data()};
            void* outputs[] = {&loss};
            EXPECT_EQ(run_plan(plan_.get(), 64, inputs, outputs), OCTAVO_OK) << octavo_last_error();
            losses.push_back(loss);
        }
        return losses;
    }

    Floats weights() const {
        Floats w(6 * 27);
        EXPECT_EQ(octavo_plan_read_state(plan_.get(), weights_, w.data(), 6 * 27 * 4), OCTAVO_OK);
        return w;
    }

private:
    PlanHandle plan_;
    int32_t weights_;
};

TEST(TrainingPlan, LearnsTheSameTwice) {
    ASSERT_EQ(octavo_onednn_register(), OCTAVO_OK);
    for (int32_t threads : {1, 2}) {
        Training one(threads), other(threads);
        const Floats losses = one.run(40);
        EXPECT_LT(losses.back(), 0.2f * losses.front());
        EXPECT_TRUE(same_bits(other.run(40), losses)) << threads << " threads";
        EXPECT_TRUE(same_bits(other.weights(), one.weights())) << threads << " threads";
    }
}

}  // namespace
}  // namespace octavo::test

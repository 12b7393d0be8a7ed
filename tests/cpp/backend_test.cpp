// What the plan makes of a registered back end: who runs what and why, scratch, failures, state, waiting for runs.
#include <algorithm>
#include <atomic>
#include <string>
#include <thread>

#include "octavo/octavo.h"
#include "support/agree.h"
#include "support/fake_backend.h"
#include "support/network.h"

namespace octavo::test {
namespace {

class Backend : public ::testing::Test {
protected:
    void SetUp() override {
        const octavo_backend table = fake_backend();
        ASSERT_EQ(octavo_register_backend(&table), OCTAVO_OK);
        fake_counters().fail_at = -1;
        fake_counters().sleep_millis = 0;
        fake_counters().no_scratch = false;
        fake_counters().runs = 0;
        fake_counters().largest_batch = 0;
    }
    void TearDown() override { EXPECT_EQ(fake_counters().alive, 0) << "an operator was not destroyed"; }
};

OpSpec on_backend(octavo_op_kind kind, std::initializer_list<int32_t> inputs, std::initializer_list<int32_t> outputs) {
    OpSpec desc = describe_op(kind, inputs, outputs);
    desc.backend = OCTAVO_BACKEND_ONEDNN;
    return desc;
}

// `length` times "twice plus one".
PlanHandle chain(int length, int64_t width, Options options = {}) {
    Network network;
    int32_t x = network.floats(OCTAVO_INPUT, {1, width});
    for (int i = 0; i < length; i++) {
        const int32_t y = network.floats(i + 1 == length ? OCTAVO_OUTPUT : OCTAVO_TEMP, {1, width});
        network.op(on_backend(OCTAVO_OP_SOFTMAX, {x}, {y}));
        x = y;
    }
    return network.build(options);
}

TEST_F(Backend, RegistrationIsChecked) {
    EXPECT_EQ(octavo_register_backend(nullptr), OCTAVO_INVALID_ARGUMENT);
    octavo_backend table = fake_backend();
    table.size = 8;
    EXPECT_EQ(octavo_register_backend(&table), OCTAVO_INVALID_ARGUMENT);
    table.size = sizeof table - 8;
    EXPECT_EQ(octavo_register_backend(&table), OCTAVO_INVALID_ARGUMENT);
    table = fake_backend();
    table.run = nullptr;
    EXPECT_EQ(octavo_register_backend(&table), OCTAVO_INVALID_ARGUMENT);
}

TEST_F(Backend, RunsWithScratchOfItsOwn) {
    const int64_t width = 5, batch = 7;
    const PlanHandle plan = chain(6, width);
    std::vector<float> x(width * batch), y(x.size()), expected(x.size());
    for (size_t i = 0; i < x.size(); i++) {
        x[i] = static_cast<float>(i) - 9;
        expected[i] = 64 * x[i] + 63;
    }
    const void* inputs[] = {x.data()};
    void* outputs[] = {y.data()};
    ASSERT_EQ(run_plan(plan.get(), batch, inputs, outputs), OCTAVO_OK) << octavo_last_error();
    EXPECT_TRUE(same_bits(y, expected));
    EXPECT_STREQ(step(plan, 0).kernel, "fake_softmax");
    EXPECT_EQ(fake_counters().largest_batch, batch) << "so few samples are not cut for the back end";
}

// What failed for want of memory may have it the next time, for the same batch.
TEST_F(Backend, AFailureToFindScratchIsOneRunsAlone) {
    const PlanHandle plan = chain(2, 4);
    const std::vector<float> x(12, 1);
    std::vector<float> y(12);
    const void* inputs[] = {x.data()};
    void* outputs[] = {y.data()};
    for (int i = 0; i < 2; i++) {
        fake_counters().no_scratch = true;
        EXPECT_EQ(run_plan(plan.get(), 3, inputs, outputs), OCTAVO_OUT_OF_MEMORY);
        EXPECT_STREQ(octavo_last_error(), "operator \"softmax0\": the fake was told to lack memory");
        EXPECT_EQ(fake_counters().runs, 0) << "without its scratch memory nothing may run";
        fake_counters().no_scratch = false;
    }
    ASSERT_EQ(run_plan(plan.get(), 3, inputs, outputs), OCTAVO_OK) << octavo_last_error();
    EXPECT_TRUE(same_bits(y, std::vector<float>(12, 7)));
}

// All attributes that the kind takes, each with its numbers, those that were not given too.
TEST_F(Backend, SeesAttributesByName) {
    static std::string seen;
    seen.clear();
    octavo_backend table = fake_backend();
    table.create = [](const octavo_op_desc* desc, const octavo_value_desc* const* inputs,
                      const octavo_value_desc* const* outputs, void**, const char**, char*, size_t) -> octavo_status {
        EXPECT_EQ(desc->size, sizeof *desc);
        EXPECT_EQ(inputs[0]->size, sizeof *inputs[0]);
        EXPECT_EQ(outputs[0]->dims[1], 3);
        for (int64_t i = 0; i < desc->attribute_count; i++) {
            const octavo_attribute& a = desc->attributes[i];
            seen += std::string(a.key) + ":";
            for (int64_t j = 0; j < a.count; j++) {
                seen += " " + (a.integers != nullptr ? std::to_string(a.integers[j]) : std::to_string(a.reals[j]));
            }
            seen += "\n";
        }
        return OCTAVO_UNSUPPORTED;
    };
    ASSERT_EQ(octavo_register_backend(&table), OCTAVO_OK);
    Network network;
    const int32_t x = network.floats(OCTAVO_INPUT, {1, 2, 5, 7});
    const int32_t w = network.constant(std::vector<float>(3 * 2 * 3 * 1), {3, 2, 3, 1});
    OpSpec conv = on_backend(OCTAVO_OP_CONV2D, {x, w}, {network.floats(OCTAVO_OUTPUT, {1, 3, 6, 4})});
    conv.kernel[0] = 3;
    conv.stride[1] = 2;
    conv.pad[0] = 1, conv.pad[2] = 2;
    conv.activation = OCTAVO_CLAMP;
    conv.clamp_min = -0.5f, conv.clamp_max = 6;
    network.op(conv);
    octavo_plan* plan = nullptr;
    EXPECT_EQ(octavo_builder_build(network.handle(), nullptr, &plan), OCTAVO_UNSUPPORTED);
    EXPECT_EQ(seen,
              "kernel: 3 1\nstride: 1 2\ndilation: 1 1\npad: 1 0 2 0\ngroups: 1\nactivation: 2\n"
              "clamp_min: -0.500000\nclamp_max: 6.000000\n");
}

TEST_F(Backend, RefusalsAreJoined) {
    Network network;
    const int32_t x = network.floats(OCTAVO_INPUT, {1, 3, 4, 4});
    OpSpec norm = describe_op(OCTAVO_OP_BATCH_NORM, {x}, {});
    for (int i = 0; i < 4; i++) norm.inputs[norm.input_count++] = network.constant({1, 1, 1}, {3});
    norm.outputs[norm.output_count++] = network.floats(OCTAVO_OUTPUT, {1, 3, 4, 4});
    norm.name = "norm";
    network.op(norm);
    octavo_plan* plan = nullptr;
    EXPECT_EQ(octavo_builder_build(network.handle(), nullptr, &plan), OCTAVO_UNSUPPORTED);
    const std::string message = octavo_last_error();
    EXPECT_NE(message.find("operator \"norm\" (batch_norm)"), std::string::npos) << message;
    EXPECT_NE(message.find("octavo: "), std::string::npos) << message;
    EXPECT_NE(message.find("fake: the fake knows no kind 14"), std::string::npos) << message;
    EXPECT_EQ(plan, nullptr);
}

TEST_F(Backend, AskedForAloneItIsNotReplaced) {
    Network network;
    const int32_t x = network.floats(OCTAVO_INPUT, {1, 3});
    const int32_t y = network.floats(OCTAVO_OUTPUT, {1, 3});
    network.op(on_backend(OCTAVO_OP_CLAMP, {x}, {y}));
    octavo_plan* plan = nullptr;
    EXPECT_EQ(octavo_builder_build(network.handle(), nullptr, &plan), OCTAVO_UNSUPPORTED);
    EXPECT_EQ(std::string(octavo_last_error()).find("octavo: "), std::string::npos) << octavo_last_error();
}

TEST_F(Backend, FailureOfARunIsReportedWithItsSentence) {
    const PlanHandle plan = chain(3, 4);
    std::vector<float> x(4), y(4);
    const void* inputs[] = {x.data()};
    void* outputs[] = {y.data()};
    fake_counters().fail_at = 1;
    EXPECT_EQ(run_plan(plan.get(), 1, inputs, outputs), OCTAVO_NOT_FINITE);
    const std::string message = octavo_last_error();
    EXPECT_NE(message.find("softmax1"), std::string::npos) << message;
    EXPECT_NE(message.find("the fake was told to fail"), std::string::npos) << message;
    EXPECT_EQ(run_plan(plan.get(), 1, inputs, outputs), OCTAVO_OK) << "a failed run leaves the plan usable";
}

TEST_F(Backend, FlattenOfChannelsLastIsFoldedIntoTheWeights) {
    const int64_t channels = 3, height = 2, width = 2, features = 12, rows = 4;
    std::vector<float> weights(rows * features);
    for (size_t i = 0; i < weights.size(); i++) weights[i] = static_cast<float>(i * 7 % 23) - 11;
    Network network;
    const int32_t x = network.floats(OCTAVO_INPUT, {1, channels, height, width}, OCTAVO_NHWC);
    const int32_t flat = network.floats(OCTAVO_TEMP, {1, features});
    const int32_t y = network.floats(OCTAVO_OUTPUT, {1, rows});
    OpSpec flatten = describe_op(OCTAVO_OP_FLATTEN, {x}, {flat});
    flatten.name = "flatten";
    network.op(flatten);
    network.op(on_backend(OCTAVO_OP_LINEAR, {flat, network.constant(weights, {rows, features})}, {y}));
    const PlanHandle plan = network.build();

    std::vector<float> image(features), plain(features), out(rows), expected(rows, 0);
    for (int64_t c = 0; c < channels; c++) {
        for (int64_t p = 0; p < height * width; p++) {
            plain[c * height * width + p] = static_cast<float>(c * 10 + p);
            image[p * channels + c] = plain[c * height * width + p];
        }
    }
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t k = 0; k < features; k++) expected[r] += plain[k] * weights[r * features + k];
    }
    const void* inputs[] = {image.data()};
    void* outputs[] = {out.data()};
    ASSERT_EQ(run_plan(plan.get(), 1, inputs, outputs), OCTAVO_OK) << octavo_last_error();
    EXPECT_TRUE(same_bits(out, expected));
    EXPECT_STREQ(step(plan, 0).kernel, "view");
    EXPECT_STREQ(step(plan, 1).fused, "flatten");
    EXPECT_EQ(step(plan, 1).macs, rows * features);
    EXPECT_EQ(step(plan, 1).weight_bytes, rows * features * 4);
}

TEST_F(Backend, StateIsKeptReadAndWritten) {
    Network network;
    const int32_t parameter = network.state({1, 2, 3}, {3});
    const int32_t velocity = network.state({0, 0, 0}, {3});
    const int32_t gradient = network.value(describe(OCTAVO_F32, OCTAVO_INPUT, {3}, false));
    const int32_t hyper = network.value(describe(OCTAVO_F32, OCTAVO_INPUT, {5}, false));
    network.op(on_backend(OCTAVO_OP_SGD_STEP, {parameter, gradient, velocity, hyper}, {}));
    const PlanHandle plan = network.build();
    EXPECT_EQ(octavo_plan_output_count(plan.get()), 0);

    const std::vector<float> g = {1, 10, 100}, h(5);
    const void* inputs[] = {g.data(), h.data()};
    // Runs wait for one another: not one of 4 x 25 additions is lost.
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++) {
        threads.emplace_back([&] {
            for (int i = 0; i < 25; i++) EXPECT_EQ(run_plan(plan.get(), 1, inputs, nullptr), OCTAVO_OK);
        });
    }
    for (std::thread& thread : threads) thread.join();
    std::vector<float> now(3);
    ASSERT_EQ(octavo_plan_read_state(plan.get(), parameter, now.data(), 12), OCTAVO_OK);
    EXPECT_TRUE(same_bits(now, std::vector<float>{101, 1002, 10003}));
    now = {5, 6, 7};
    ASSERT_EQ(octavo_plan_write_state(plan.get(), parameter, now.data(), 12), OCTAVO_OK);
    ASSERT_EQ(run_plan(plan.get(), 1, inputs, nullptr), OCTAVO_OK);
    ASSERT_EQ(octavo_plan_read_state(plan.get(), parameter, now.data(), 12), OCTAVO_OK);
    EXPECT_TRUE(same_bits(now, std::vector<float>{6, 16, 107}));
    EXPECT_EQ(octavo_plan_read_state(plan.get(), parameter, now.data(), 11), OCTAVO_SHAPE_MISMATCH);
    EXPECT_EQ(octavo_plan_read_state(plan.get(), gradient, now.data(), 12), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_plan_read_state(plan.get(), parameter, nullptr, 12), OCTAVO_INVALID_ARGUMENT);
}

// What a run changes is the plan's own: neither the caller's read-only buffer nor a constant, and nothing that it reads as well.
TEST_F(Backend, WhatIsChangedIsState) {
    struct Changed {
        octavo_op_kind kind;
        const char* name;
        int32_t inputs, outputs;
        std::vector<int32_t> states;
    };
    const std::vector<float> data(4, 1);
    for (const Changed& op : {Changed{OCTAVO_OP_SGD_STEP, "sgd_step", 4, 0, {0, 2}},
                              Changed{OCTAVO_OP_ADAM_STEP, "adam_step", 5, 0, {0, 2, 3}},
                              Changed{OCTAVO_OP_BATCH_NORM_TRAIN, "batch_norm_train", 5, 3, {3, 4}}}) {
        for (const int32_t changed : op.states) {
            for (const octavo_role role : {OCTAVO_INPUT, OCTAVO_CONSTANT, OCTAVO_STATE}) {
                Network network;
                OpSpec desc = on_backend(op.kind, {}, {});
                desc.name = "changes";
                for (int32_t i = 0; i < op.inputs; i++) {
                    ValueSpec value = describe(OCTAVO_F32, OCTAVO_INPUT, {4}, false);
                    value.name = i == changed ? "changed" : "other";
                    const bool state = std::count(op.states.begin(), op.states.end(), i) > 0;
                    value.role = i == changed ? role : state ? OCTAVO_STATE : OCTAVO_INPUT;
                    value.data = value.role == OCTAVO_INPUT ? nullptr : data.data();
                    desc.inputs[desc.input_count++] = network.value(value);
                }
                for (int32_t i = 0; i < op.outputs; i++)
                    desc.outputs[desc.output_count++] = network.value(describe(OCTAVO_F32, OCTAVO_OUTPUT, {4}, false));
                OpSpec twice = desc;
                twice.inputs[1] = twice.inputs[changed];
                const std::string subject = std::string("operator \"changes\" (") + op.name + "): value \"changed\" ";
                EXPECT_EQ(add_op(network.handle(), twice), OCTAVO_INVALID_ARGUMENT);
                EXPECT_EQ(std::string(octavo_last_error()).find(subject), 0u) << octavo_last_error();
                EXPECT_EQ(add_op(network.handle(), desc), role == OCTAVO_STATE ? OCTAVO_OK : OCTAVO_INVALID_ARGUMENT);
                if (role == OCTAVO_STATE) continue;
                const std::string expected = subject + "is changed by it and must be state, but its role is " +
                                             (role == OCTAVO_INPUT ? "input" : "constant");
                EXPECT_EQ(octavo_last_error(), expected);
            }
        }
    }
}

TEST_F(Backend, DestroyWaitsForRunsUnderWay) {
    Options options{};
    options.threads = 1;
    PlanHandle plan = chain(3, 4, options);
    fake_counters().sleep_millis = 30;
    std::vector<std::vector<float>> results(3, std::vector<float>(4, -1));
    std::atomic<int> finished{0};
    std::vector<std::thread> threads;
    for (std::vector<float>& y : results) {
        threads.emplace_back([&plan, &y, &finished] {
            const std::vector<float> x(4, 1);
            const void* inputs[] = {x.data()};
            void* outputs[] = {y.data()};
            EXPECT_EQ(run_plan(plan.get(), 1, inputs, outputs), OCTAVO_OK);
            finished++;
        });
    }
    while (fake_counters().runs < 3) std::this_thread::yield();
    octavo_plan_destroy(plan.release());
    EXPECT_EQ(fake_counters().alive, 0);
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(finished, 3);
    for (const std::vector<float>& y : results) EXPECT_TRUE(same_bits(y, std::vector<float>(4, 15)));
}

TEST_F(Backend, ALaterRegistrationIsForLaterPlans) {
    const PlanHandle before = chain(1, 4);
    octavo_backend other = fake_backend();
    other.name = "other";
    other.create = [](const octavo_op_desc*, const octavo_value_desc* const*, const octavo_value_desc* const*, void**,
                      const char**, char*, size_t) -> octavo_status { return OCTAVO_UNSUPPORTED; };
    ASSERT_EQ(octavo_register_backend(&other), OCTAVO_OK);
    Network network;
    const int32_t x = network.floats(OCTAVO_INPUT, {1, 4});
    network.op(on_backend(OCTAVO_OP_SOFTMAX, {x}, {network.floats(OCTAVO_OUTPUT, {1, 4})}));
    octavo_plan* plan = nullptr;
    EXPECT_EQ(octavo_builder_build(network.handle(), nullptr, &plan), OCTAVO_UNSUPPORTED);
    EXPECT_NE(std::string(octavo_last_error()).find("other: refused with status 3"), std::string::npos)
        << octavo_last_error();
    const std::vector<float> in(4, 2);
    std::vector<float> out(4);
    const void* inputs[] = {in.data()};
    void* outputs[] = {out.data()};
    ASSERT_EQ(run_plan(before.get(), 1, inputs, outputs), OCTAVO_OK);
    EXPECT_TRUE(same_bits(out, std::vector<float>(4, 5)));
}

}  // namespace
}  // namespace octavo::test

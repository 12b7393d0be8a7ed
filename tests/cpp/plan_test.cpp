// Plans of Octavo's own kernels: a network end to end against plain loops; random graphs against their operators one by one,
// whatever the chunk, the threads and the instruction set; many callers at once; no allocation in the steady state.
#include <malloc.h>

#include <atomic>
#include <cmath>
#include <map>
#include <thread>

#include "cpu/isa.h"
#include "octavo/octavo.h"
#include "support/agree.h"
#include "support/coverage.h"
#include "support/guarded_buffer.h"
#include "support/network.h"
#include "support/random_graph.h"
#include "support/small_network.h"
#include "support/sweep.h"

namespace {

// Allocations of the whole process, counted while a test asks for it.
std::atomic<bool> counting{false};
std::atomic<int64_t> allocations{0};

[[maybe_unused]] void count_allocation() {
    if (counting.load(std::memory_order_relaxed)) allocations.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

// The C library's own functions under their second names; operator new calls malloc, so all of C++ is seen too.
extern "C" {
void* __libc_malloc(size_t bytes);
void* __libc_calloc(size_t count, size_t bytes);
void* __libc_realloc(void* memory, size_t bytes);
void* __libc_memalign(size_t alignment, size_t bytes);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void* malloc(size_t bytes) {
    count_allocation();
    return __libc_malloc(bytes);
}
void* calloc(size_t count, size_t bytes) {
    count_allocation();
    return __libc_calloc(count, bytes);
}
void* realloc(void* memory, size_t bytes) {
    count_allocation();
    return __libc_realloc(memory, bytes);
}
void* aligned_alloc(size_t alignment, size_t bytes) {
    count_allocation();
    return __libc_memalign(alignment, bytes);
}
#endif
}

namespace octavo::test {
namespace {

// 4 inputs of scale 0.5, 2 outputs with weights of scale 0.25 and 0.125, and a bias of codes 100 and -40.
octavo_status build_with_bias(bool convolution, octavo_backend_id backend, const std::vector<float>& bias_scales,
                              PlanHandle* plan) {
    Network network;
    const octavo_layout layout = convolution ? OCTAVO_NHWC : OCTAVO_PLAIN;
    const std::vector<int64_t> x_dims = convolution ? std::vector<int64_t>{1, 4, 1, 1} : std::vector<int64_t>{1, 4};
    const std::vector<int64_t> y_dims = convolution ? std::vector<int64_t>{1, 2, 1, 1} : std::vector<int64_t>{1, 2};
    const std::vector<int64_t> w_dims = convolution ? std::vector<int64_t>{2, 4, 1, 1} : std::vector<int64_t>{2, 4};
    const int32_t x = network.quantized(OCTAVO_U8, OCTAVO_INPUT, x_dims, 0.5f, 10, layout);
    const int32_t w = network.weights({1, 2, 3, 4, -1, -2, -3, -4}, w_dims, {0.25f, 0.125f});
    const std::vector<int32_t> codes = {100, -40};
    ValueSpec bias = describe(OCTAVO_S32, OCTAVO_CONSTANT, {2}, false);
    bias.name = "shift";
    bias.axis = bias_scales.size() > 1 ? 0 : -1;
    bias.param_count = static_cast<int64_t>(bias_scales.size());
    bias.scales = bias_scales.empty() ? nullptr : bias_scales.data();
    bias.data = codes.data();
    const int32_t b = network.value(bias);
    const int32_t y = network.quantized(OCTAVO_U8, OCTAVO_OUTPUT, y_dims, 0.25f, 50, layout);
    OpSpec op = describe_op(convolution ? OCTAVO_OP_CONV2D : OCTAVO_OP_LINEAR, {x, w, b}, {y});
    op.name = "product";
    op.backend = backend;
    network.op(op);
    const Options options;
    octavo_plan* built = nullptr;
    const octavo_status status = octavo_builder_build(network.handle(), &options, &built);
    plan->reset(built);
    return status;
}

TEST(Plan, AnIntegerBiasCountsInTheUnitOfTheSums) {
    for (bool convolution : {false, true}) {
        for (const std::vector<float>& right : {std::vector<float>{}, {0.125f, 0.0625f}}) {
            PlanHandle plan;
            ASSERT_EQ(build_with_bias(convolution, OCTAVO_BACKEND_AUTO, right, &plan), OCTAVO_OK)
                << octavo_last_error();
            const uint8_t x[] = {11, 10, 10, 12};
            uint8_t y[2] = {};
            const void* inputs[] = {x};
            void* outputs[] = {y};
            ASSERT_EQ(run_plan(plan.get(), 1, inputs, outputs), OCTAVO_OK) << octavo_last_error();
            EXPECT_EQ(y[0], 50 + (100 + 9) / 2);      // (100 + 1*1 + 2*4) * 0.125 / 0.25, half to even
            EXPECT_EQ(y[1], 50 + (-40 - 9 + 1) / 4);  // (-40 - 9) * 0.0625 / 0.25 = -12.25
        }
        for (const std::vector<float>& wrong :
             {std::vector<float>{7.0f}, {0.125f}, {0.125f, 0.125f}, {0.125f, std::nextafterf(0.0625f, 1.0f)}}) {
            for (octavo_backend_id backend : {OCTAVO_BACKEND_AUTO, OCTAVO_BACKEND_OCTAVO, OCTAVO_BACKEND_ONEDNN}) {
                PlanHandle plan;
                EXPECT_EQ(build_with_bias(convolution, backend, wrong, &plan), OCTAVO_INVALID_ARGUMENT);
                const std::string message = octavo_last_error();
                EXPECT_NE(message.find("\"product\""), std::string::npos) << message;
                EXPECT_NE(message.find("\"shift\""), std::string::npos) << message;
            }
        }
    }
}

struct Scales {
    float x, w, y;
    float bias = 1;
    bool integer_bias = false;
};

// Codes 1 to 4 of 4 inputs times 2 rows of weights, plus a bias, in u8 or, with y = 0, in f32; the second row has the scale in question.
octavo_status build_product(octavo_op_kind kind, const Scales& scales, octavo_backend_id backend, PlanHandle* plan) {
    Network network;
    const bool convolution = kind == OCTAVO_OP_CONV2D, dynamic = kind == OCTAVO_OP_LINEAR_DYNAMIC;
    const octavo_layout layout = convolution ? OCTAVO_NHWC : OCTAVO_PLAIN;
    const std::vector<int64_t> x_dims = convolution ? std::vector<int64_t>{1, 4, 1, 1} : std::vector<int64_t>{1, 4};
    const std::vector<int64_t> y_dims = convolution ? std::vector<int64_t>{1, 2, 1, 1} : std::vector<int64_t>{1, 2};
    const std::vector<int64_t> w_dims = convolution ? std::vector<int64_t>{2, 4, 1, 1} : std::vector<int64_t>{2, 4};
    const int32_t x = dynamic ? network.floats(OCTAVO_INPUT, x_dims)
                              : network.quantized(OCTAVO_U8, OCTAVO_INPUT, x_dims, scales.x, 0, layout);
    const int32_t w = network.weights({1, 2, 3, 4, 1, 2, 3, 4}, w_dims, {1.0f, scales.w});
    const std::vector<float> floats = {scales.bias, scales.bias};
    const std::vector<int32_t> codes = {1, 1};
    ValueSpec bias = describe(scales.integer_bias ? OCTAVO_S32 : OCTAVO_F32, OCTAVO_CONSTANT, {2}, false);
    bias.name = "shift";
    bias.data = scales.integer_bias ? static_cast<const void*>(codes.data()) : floats.data();
    const int32_t b = network.value(bias);
    const int32_t y = scales.y == 0 ? network.floats(OCTAVO_OUTPUT, y_dims)
                                    : network.quantized(OCTAVO_U8, OCTAVO_OUTPUT, y_dims, scales.y, 0, layout);
    OpSpec op = describe_op(kind, {x, w, b}, {y});
    op.name = "product";
    op.backend = backend;
    network.op(op);
    const Options options;
    octavo_plan* built = nullptr;
    const octavo_status status = octavo_builder_build(network.handle(), &options, &built);
    plan->reset(built);
    return status;
}

// Scales whose products or quotients floats do not hold gave codes and numbers that were wrong, and said nothing.
TEST(Plan, ScalesWhoseProductsFloatsDoNotHoldAreRefused) {
    const Scales wrong[] = {{1e-25f, 1e-25f, 1},              // 0
                            {1e-20f, 1e-20f, 1},              // no normal number
                            {1e20f, 1e20f, 1},                // infinite
                            {1e-19f, 1e-18f, 10},             // over the result's scale, with a float bias
                            {1e-15f, 1e-15f, 1e-6f, 1e20f}};  // the bias in units of the sums
    for (octavo_op_kind kind : {OCTAVO_OP_CONV2D, OCTAVO_OP_LINEAR})
        for (const Scales& scales : wrong)
            for (octavo_backend_id backend : {OCTAVO_BACKEND_AUTO, OCTAVO_BACKEND_OCTAVO, OCTAVO_BACKEND_ONEDNN}) {
                PlanHandle plan;
                EXPECT_EQ(build_product(kind, scales, backend, &plan), OCTAVO_INVALID_ARGUMENT) << scales.w;
                EXPECT_NE(std::string(octavo_last_error()).find("\"product\""), std::string::npos)
                    << octavo_last_error();
            }
    // Activations get a scale of at least 6.1e-5 in a run.
    PlanHandle plan;
    EXPECT_EQ(build_product(OCTAVO_OP_LINEAR_DYNAMIC, {1, 1e-35f, 0}, OCTAVO_BACKEND_AUTO, &plan),
              OCTAVO_INVALID_ARGUMENT);
    EXPECT_NE(std::string(octavo_last_error()).find("\"product\""), std::string::npos) << octavo_last_error();
}

// At the ends of what is accepted results are right: 1 * 1 + .. + 4 * 4 = 30.
TEST(Plan, ExtremeScalesGiveRightResults) {
    struct Case {
        Scales scales;
        int expected;
    };
    const Case cases[] = {{{1e-18f, 1e-19f, 1e-37f, 1e-36f}, 40},  // 30 * 1e-37 + 1e-36
                          {{1e18f, 1e19f, 1e37f, 1e38f}, 40},
                          {{1e-15f, 1e-15f, 1, 7}, 7},  // the products are nothing beside the bias
                          {{1e-25f, 1e-12f, 1e30f, 0, true}, 0},
                          {{1, 1, 2e-38f, 0, true}, 255},  // beyond all codes
                          {{1, 1, 2, 0, true}, 16}};       // 31 / 2, half to even
    for (octavo_op_kind kind : {OCTAVO_OP_CONV2D, OCTAVO_OP_LINEAR})
        for (const Case& of : cases) {
            PlanHandle plan;
            ASSERT_EQ(build_product(kind, of.scales, OCTAVO_BACKEND_AUTO, &plan), OCTAVO_OK) << octavo_last_error();
            const uint8_t x[] = {1, 2, 3, 4};
            uint8_t y[2] = {};
            const void* inputs[] = {x};
            void* outputs[] = {y};
            ASSERT_EQ(run_plan(plan.get(), 1, inputs, outputs), OCTAVO_OK) << octavo_last_error();
            EXPECT_EQ(y[1], of.expected) << of.scales.x << " * " << of.scales.w << " / " << of.scales.y;
        }
    // Activations so large that their scale times the weights' is beyond the floats: a sum of 0 is 0 all the same.
    PlanHandle plan;
    ASSERT_EQ(build_product(OCTAVO_OP_LINEAR_DYNAMIC, {1, 1e30f, 0, 3}, OCTAVO_BACKEND_AUTO, &plan), OCTAVO_OK);
    const float x[] = {2e38f, -1e38f, 0, 0};
    float y[2] = {};
    const void* inputs[] = {x};
    void* outputs[] = {y};
    ASSERT_EQ(run_plan(plan.get(), 1, inputs, outputs), OCTAVO_OK) << octavo_last_error();
    EXPECT_EQ(y[1], 3);
}

TEST(Plan, TermsOfASumBeyondTheFloatsAreRefused) {
    Network network;
    const int32_t a = network.quantized(OCTAVO_U8, OCTAVO_INPUT, {1, 4}, 3e38f, 128, OCTAVO_PLAIN);
    const int32_t b = network.quantized(OCTAVO_U8, OCTAVO_INPUT, {1, 4}, 3e38f, 128, OCTAVO_PLAIN);
    const int32_t y = network.quantized(OCTAVO_U8, OCTAVO_OUTPUT, {1, 4}, 1, 128, OCTAVO_PLAIN);
    OpSpec op = describe_op(OCTAVO_OP_ADD, {a, b}, {y});
    op.name = "sum";
    network.op(op);
    const Options options;
    octavo_plan* built = nullptr;
    EXPECT_EQ(octavo_builder_build(network.handle(), &options, &built), OCTAVO_INVALID_ARGUMENT);
    EXPECT_NE(std::string(octavo_last_error()).find("\"sum\""), std::string::npos) << octavo_last_error();
}

TEST(Plan, ANetworkGivesWhatPlainLoopsGive) {
    const SmallNetwork network(1);
    const std::vector<float> x = network.images(8), expected = network.expected(x);
    ASSERT_FALSE(mostly_constant(expected));
    Coverage coverage("small network");
    for (Isa isa : available_isas()) {
        Options options{};
        options.isa = isa_name(isa);
        const PlanHandle plan = network.build(options);
        std::vector<float> y(8 * SmallNetwork::outputs, -1);
        ASSERT_EQ(SmallNetwork::run(plan, x, &y), OCTAVO_OK) << octavo_last_error();
        EXPECT_TRUE(same_bits(y, expected)) << isa_name(isa);
        coverage.ran(isa);
    }
}

TEST(Plan, ExplainsItsSteps) {
    Options options{};
    options.profile = 1;
    const SmallNetwork network(1);
    const PlanHandle plan = network.build(options);
    std::map<std::string, octavo_step_info> steps;
    const int32_t count = octavo_plan_step_count(plan.get());
    ASSERT_EQ(count, 9);
    int64_t weight_bytes = 0;
    for (int32_t i = 0; i < count; i++) {
        const octavo_step_info info = step(plan, i);
        steps[info.name] = info;
        weight_bytes += info.weight_bytes;
        EXPECT_STRNE(info.kernel, "") << info.name;
        EXPECT_EQ(info.nanoseconds, -1) << "nothing ran yet";
    }
    EXPECT_STREQ(steps["flatten"].kernel, "view");
    EXPECT_STREQ(step(plan, 6).fused, "flatten");
    EXPECT_EQ(step(plan, 1).macs, 6 * 75 * 16 * 16);
    EXPECT_EQ(step(plan, 6).macs, 24 * 64);
    EXPECT_GE(step(plan, 6).weight_bytes, 24 * 64);
    auto memory = sized<octavo_plan_memory>();
    ASSERT_EQ(octavo_plan_memory_info(plan.get(), &memory), OCTAVO_OK);
    EXPECT_EQ(memory.weight_bytes, weight_bytes);
    EXPECT_GT(memory.arena_bytes, 0);
    EXPECT_EQ(memory.workspaces, 0);
    std::vector<float> y(SmallNetwork::outputs);
    ASSERT_EQ(SmallNetwork::run(plan, network.images(1), &y), OCTAVO_OK);
    for (int32_t i = 0; i < count; i++) EXPECT_GE(step(plan, i).nanoseconds, 0);
    ASSERT_EQ(octavo_plan_memory_info(plan.get(), &memory), OCTAVO_OK);
    EXPECT_EQ(memory.workspaces, 1);
    auto info = sized<octavo_step_info>();
    EXPECT_EQ(octavo_plan_step(plan.get(), count, &info), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_plan_step(plan.get(), -1, &info), OCTAVO_INVALID_ARGUMENT);
}

TEST(Plan, ChunksAndThreadsDoNotShow) {
    const SmallNetwork network(2);
    const int64_t batch = 11;
    const std::vector<float> x = network.images(batch), expected = network.expected(x);
    for (int threads = 1; threads <= 4; threads++) {
        for (int32_t chunk = 0; chunk <= batch; chunk++) {
            Options options{};
            options.threads = threads;
            options.chunk = chunk;
            const PlanHandle plan = network.build(options);
            std::vector<float> y(static_cast<size_t>(batch * SmallNetwork::outputs), -1);
            ASSERT_EQ(SmallNetwork::run(plan, x, &y), OCTAVO_OK) << octavo_last_error();
            ASSERT_TRUE(same_bits(y, expected)) << "threads " << threads << ", chunk " << chunk;
        }
    }
}

TEST(Plan, ASumOfCodesLeavesTheBatchToChunksAndThreads) {
    // 65 elements: of no batch but a multiple of 64 samples do they fill whole vectors.
    constexpr int64_t batch = 37, elements = 65;
    Network network;
    const int32_t x = network.quantized(OCTAVO_U8, OCTAVO_INPUT, {1, elements}, 0.5f, 7);
    const int32_t inner = network.quantized(OCTAVO_U8, OCTAVO_TEMP, {1, elements}, 1.0f, 5);
    const int32_t y = network.quantized(OCTAVO_U8, OCTAVO_OUTPUT, {1, elements}, 2.0f, 3);
    network.op(describe_op(OCTAVO_OP_ADD, {x, x}, {inner}));
    network.op(describe_op(OCTAVO_OP_ADD, {inner, inner}, {y}));
    Random random(1);
    const std::vector<uint8_t> codes = random.codes<uint8_t>(batch * elements, 0, 255, false);
    Options options{};
    options.threads = 3;
    const PlanHandle plan = network.build(options);
    auto memory = sized<octavo_plan_memory>();
    ASSERT_EQ(octavo_plan_memory_info(plan.get(), &memory), OCTAVO_OK);
    EXPECT_GT(memory.chunk, 0);
    const auto run = [&](int64_t first, int64_t count) {
        std::vector<uint8_t> result(static_cast<size_t>(count * elements));
        const void* inputs[] = {codes.data() + first * elements};
        void* outputs[] = {result.data()};
        EXPECT_EQ(run_plan(plan.get(), count, inputs, outputs), OCTAVO_OK) << octavo_last_error();
        return result;
    };
    std::vector<uint8_t> alone;
    for (int64_t i = 0; i < batch; i++) {
        const std::vector<uint8_t> one = run(i, 1);
        alone.insert(alone.end(), one.begin(), one.end());
    }
    EXPECT_FALSE(mostly_constant(alone));
    EXPECT_TRUE(same_bits(run(0, batch), alone));
}

TEST(Plan, EightCallersAtOnceGetTheirOwnResults) {
    const SmallNetwork network(3);
    Options options{};
    options.threads = 2;
    const PlanHandle plan = network.build(options);
    std::vector<std::thread> callers;
    std::atomic<int> wrong{0};
    for (int t = 0; t < 8; t++) {
        callers.emplace_back([&, t] {
            const int64_t batch = 1 + t % 3 * 4;
            const std::vector<float> x = network.images(batch), expected = network.expected(x);
            std::vector<float> y(expected.size());
            for (int i = 0; i < 50; i++) {
                std::fill(y.begin(), y.end(), -1.0f);
                if (SmallNetwork::run(plan, x, &y) != OCTAVO_OK || !same_bits(y, expected)) wrong++;
            }
        });
    }
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(wrong, 0);
    auto memory = sized<octavo_plan_memory>();
    ASSERT_EQ(octavo_plan_memory_info(plan.get(), &memory), OCTAVO_OK);
    EXPECT_LE(memory.workspaces, 9) << "more workspaces than threads that could be at work";
}

TEST(Plan, TheSteadyStateAllocatesNothing) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "allocations are the sanitizer's here";
#endif
    const SmallNetwork network(4);
    for (int threads = 1; threads <= 2; threads++) {
        Options options{};
        options.threads = threads;
        const PlanHandle plan = network.build(options);
        const std::vector<float> one = network.images(1), many = network.images(40);
        std::vector<float> y(40 * SmallNetwork::outputs);
        const void *in_many[] = {many.data()}, *in_one[] = {one.data()};
        void* out[] = {y.data()};
        const RunBuffers of_many(plan.get(), 40, in_many, out), of_one(plan.get(), 1, in_one, out);
        const octavo_run_args run_many = of_many.args(), run_one = of_one.args();
        const auto round = [&] {
            for (int i = 0; i < 200; i++) {
                ASSERT_EQ(octavo_plan_run(plan.get(), &run_many), OCTAVO_OK);
                ASSERT_EQ(octavo_plan_run(plan.get(), &run_one), OCTAVO_OK);
            }
        };
        // Which thread works when is a matter of chance: a second one may come late, and then gets a workspace of its own.
        round();
        auto before = sized<octavo_plan_memory>(), after = before;
        do {
            ASSERT_EQ(octavo_plan_memory_info(plan.get(), &before), OCTAVO_OK);
            allocations = 0;
            counting = true;
            round();
            counting = false;
            ASSERT_EQ(octavo_plan_memory_info(plan.get(), &after), OCTAVO_OK);
        } while (after.workspaces > before.workspaces);
        EXPECT_LE(after.workspaces, threads);
        EXPECT_EQ(allocations, 0) << threads << " threads";
    }
}

TEST(Plan, WrongArgumentsOfARunAreRefused) {
    const SmallNetwork network(5);
    const PlanHandle plan = network.build();
    const std::vector<float> x = network.images(1);
    std::vector<float> y(SmallNetwork::outputs + 1, -1);
    const void* inputs[] = {x.data()};
    void* outputs[] = {y.data()};
    const void* null_input[] = {nullptr};
    void* null_output[] = {nullptr};
    void* crooked[] = {reinterpret_cast<char*>(y.data()) + 1};
    const auto refused = [&](int64_t batch, const void* const* in, void* const* out, octavo_status status,
                             const char* says) {
        EXPECT_EQ(run_plan(plan.get(), batch, in, out), status);
        EXPECT_NE(std::string(octavo_last_error()).find(says), std::string::npos) << octavo_last_error();
    };
    refused(0, inputs, outputs, OCTAVO_SHAPE_MISMATCH, "\"value0\" (of the inputs): shape [0, ");
    refused(-3, inputs, outputs, OCTAVO_SHAPE_MISMATCH, "\"value0\" (of the inputs): shape [-3, ");
    refused(INT64_MAX, inputs, outputs, OCTAVO_OUT_OF_MEMORY, "expected at most");
    refused(1, null_input, outputs, OCTAVO_INVALID_ARGUMENT, "\"value0\" (of the inputs): data is null");
    refused(1, inputs, null_output, OCTAVO_INVALID_ARGUMENT, "(of the outputs): data is null");
    refused(1, inputs, crooked, OCTAVO_INVALID_ARGUMENT, "not aligned");
    for (float v : y) EXPECT_EQ(v, -1) << "a refused run wrote";
    EXPECT_EQ(octavo_plan_input_count(plan.get()), 1);
    EXPECT_EQ(octavo_plan_output_count(plan.get()), 1);
    EXPECT_EQ(octavo_plan_input_bytes(plan.get(), 0, 3), 3 * SmallNetwork::inputs * 4);
    EXPECT_EQ(octavo_plan_output_bytes(plan.get(), 0, 3), 120);
    EXPECT_EQ(octavo_plan_output_bytes(plan.get(), 1, 3), -1);
    EXPECT_EQ(octavo_plan_output_bytes(plan.get(), 0, 0), -1);
    EXPECT_EQ(octavo_plan_output_bytes(plan.get(), 0, INT64_MAX), -1);
}

TEST(Plan, RandomGraphsGiveWhatTheirOperatorsGive) {
    std::map<std::string, int> kernels;
    int views = 0;
    Coverage coverage("random graphs");
    Distrust distrust;
    const std::vector<Isa> isas = available_isas();
    int64_t number = 0;
    Sweep(400).run([&](Random& random) {
        const RandomGraph graph(&random, static_cast<int>(random.integer(1, 14)));
        const int64_t batch = random.integer(1, 6);
        const std::vector<uint8_t> samples =
            random.codes<uint8_t>(static_cast<size_t>(batch) * graph.input_bytes(), 0, 255, random.chance(0.1));
        const std::vector<int> results = graph.outputs();
        const std::vector<std::vector<uint8_t>> values = graph.evaluate(samples, batch);
        std::vector<std::vector<uint8_t>> expected;
        for (int result : results) expected.push_back(values[result]);
        for (const auto& bytes : expected) distrust.saw(bytes);
        const Isa isa = isas[static_cast<size_t>(number++) % isas.size()];
        for (int trial = 0; trial < 3; trial++) {
            Options options{};
            options.isa = isa_name(isa);
            options.threads = static_cast<int32_t>(random.integer(1, 3));
            options.chunk = static_cast<int32_t>(random.integer(0, batch));
            const PlanHandle plan = graph.build(options);
            const Guard guard = random.chance(0.5) ? Guard::after : Guard::before;
            const GuardedBuffer<uint8_t> in(samples, guard);
            std::vector<GuardedBuffer<float>> floats;
            std::vector<GuardedBuffer<uint8_t>> bytes;
            std::vector<void*> outputs;
            for (size_t i = 0; i < results.size(); i++) {
                floats.emplace_back(expected[i].size() / 4, guard);
                bytes.emplace_back(expected[i].size(), guard);
                const bool is_float = graph.tensors()[results[i]].dtype == OCTAVO_F32;
                outputs.push_back(is_float ? static_cast<void*>(floats[i].data()) : bytes[i].data());
            }
            const void* inputs[] = {in.data()};
            EXPECT_EQ(run_plan(plan.get(), batch, inputs, outputs.data()), OCTAVO_OK) << octavo_last_error();
            for (size_t i = 0; i < results.size(); i++) {
                EXPECT_TRUE(same_bits(static_cast<const uint8_t*>(outputs[i]), expected[i].data(), expected[i].size()))
                    << isa_name(isa) << ", value " << results[i] << ", chunk " << options.chunk << ", threads "
                    << options.threads;
            }
            for (int32_t i = 0; i < octavo_plan_step_count(plan.get()); i++) {
                kernels[step(plan, i).kernel]++;
                views += step(plan, i).kernel == std::string("view");
            }
        }
        coverage.ran(isa);
        return true;
    });
    EXPECT_TRUE(distrust.trust());
    EXPECT_GT(views, 0);
    EXPECT_GT(kernels.size(), 5u);
}

}  // namespace
}  // namespace octavo::test

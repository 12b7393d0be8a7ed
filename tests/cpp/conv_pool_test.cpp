// Convolution with the 2 x 2 maximum that follows it: bit for bit what the two operators give one after the other.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "octavo/octavo.h"
#include "support/agree.h"
#include "support/coverage.h"
#include "support/network.h"
#include "support/problems.h"

namespace octavo::test {
namespace {

// p.y is the convolution's result.
bool random_convolution(Random& random, Problem& p) {
    p.attributes.groups = 1;
    const bool few = random.chance(0.6);
    const int64_t channels = few ? random.integer(1, 4) : random.integer(1, 20),
                  outputs = few ? random.integer(1, 9) : random.size_around(random.pick({16, 32, 48}), 70);
    const int64_t kernel_h = random.pick<int64_t>({1, 2, 3, 3, 5, 5, 7}),
                  kernel_w = random.chance(0.8) ? kernel_h : random.integer(1, 5);
    for (int i = 0; i < 2; i++) {
        p.attributes.stride[i] = random.pick({1, 1, 1, 2, 3});
        p.attributes.dilation[i] = random.chance(0.85) ? 1 : 2;
    }
    const bool padded = few || random.chance(0.3);
    for (int& pad : p.attributes.pad) pad = padded ? random.pick({0, 1, 1, 2, 4}) : 0;
    const int64_t height = random.integer(2, 14),
                  width = random.chance(0.5) ? random.integer(15, 75) : random.integer(2, 14);
    p.images = random.integer(1, 3);
    const bool extreme = random.chance(0.15);
    const octavo_dtype type = random.pick({OCTAVO_U8, OCTAVO_U8, OCTAVO_S8});
    p.x = random_activation(random, type, {1, channels, height, width}, random.real(0.005f, 0.1f));
    const int low = type == OCTAVO_S8 ? -128 : 0;
    p.codes = random.codes<uint8_t>(static_cast<size_t>(p.images * channels * height * width), low, low + 255, extreme);
    p.w = random_weights(random, OCTAVO_S8, {outputs, channels, kernel_h, kernel_w}, extreme);
    if (random.chance(0.9)) p.w.zero_points.assign(p.w.scales.size(), 0);
    int64_t out[2];
    for (size_t i = 0; i < 2; i++) {
        const Attributes& a = p.attributes;
        const int64_t space = p.x.dims[2 + i] + a.pad[i] + a.pad[i + 2] - (p.w.dims[2 + i] - 1) * a.dilation[i] - 1;
        out[i] = space / a.stride[i] + 1;
        if (space < 0 || out[i] < 2) return false;
    }
    p.y.dims = {1, outputs, out[0], out[1]};
    finish_problem(random, p, channels * kernel_h * kernel_w, false, false);
    return true;
}

std::vector<uint8_t> largest_of_four(const Problem& p, const std::vector<uint8_t>& codes, const Value& pooled) {
    const int64_t channels = p.y.dims[1], height = p.y.dims[2], width = p.y.dims[3];
    const int flip = p.y.dtype == OCTAVO_S8 ? 128 : 0;
    std::vector<uint8_t> result;
    for (int64_t n = 0; n < p.images; n++) {
        for (int64_t i = 0; i < pooled.dims[2] * pooled.dims[3] * channels; i++) {
            const int64_t c = i % channels, x = i / channels % pooled.dims[3], y = i / channels / pooled.dims[3];
            int most = -1;
            for (int64_t t = 0; t < 4; t++) {
                const int64_t pixel = (n * height + 2 * y + t / 2) * width + 2 * x + t % 2;
                most = std::max(most, codes[static_cast<size_t>(pixel * channels + c)] ^ flip);
            }
            result.push_back(static_cast<uint8_t>(most ^ flip));
        }
    }
    return result;
}

bool has_kernels(Isa isa) { return isa == Isa::scalar || allows(isa, Isa::vnni); }

TEST(ConvPool, EqualsTheTwoOperatorsOrIsRefused) {
    Distrust distrust;
    std::map<std::string, int> kernels;
    std::map<Isa, int> ran, refused;
    Sweep(1500).run([&](Random& random) {
        Problem p;
        if (!random_convolution(random, p)) return false;
        Value pooled = p.y;
        pooled.dims[2] /= 2;
        pooled.dims[3] /= 2;
        const std::vector<uint8_t> expected = largest_of_four(p, reference_conv2d(p), pooled);
        if (p.attributes.activation == OCTAVO_NO_ACTIVATION) distrust.saw(expected);
        const Guard guard = random.chance(0.5) ? Guard::after : Guard::before;
        const GuardedBuffer<uint8_t> x(p.codes, guard);
        const int threads = static_cast<int>(random.integer(1, 3));
        for (Isa isa : available_isas()) {
            OpDesc desc = operator_desc(OCTAVO_OP_CONV2D, p.inputs(), pooled, isa);
            desc.attributes = p.attributes;
            desc.attributes.kind = OCTAVO_OP_CONV2D;
            set_kernel(desc);
            desc.max_pool = true;
            desc.outputs.push_back(&p.y);
            std::unique_ptr<Op> op;
            try {
                op = create_op(desc);
            } catch (const Refusal& refusal) {
                EXPECT_STRNE(refusal.what(), "");
                refused[isa]++;
                continue;
            }
            SCOPED_TRACE(op->kernel() + " " + p.x.shape_text() + " w " + p.w.shape_text() + " y " + p.y.shape_text());
            EXPECT_TRUE(same_bits(
                run_op<uint8_t>(*op, p.images, threads, {x.data(), nullptr, nullptr, nullptr}, expected.size(), guard),
                expected));
            kernels[op->kernel()]++;
            ran[isa]++;
        }
        return true;
    });
    EXPECT_TRUE(distrust.trust());
    for (Isa isa : available_isas()) {
        EXPECT_GT(refused[isa], 0) << isa_name(isa);
        EXPECT_EQ(ran[isa] > 0, has_kernels(isa)) << isa_name(isa);
    }
    EXPECT_GT(kernels.size(), 10u);
}

// Plans of one convolution and one pool, with what follows from `change`.
struct Pair {
    int32_t pad = 1;
    bool read_twice = false;
    octavo_role role = OCTAVO_TEMP;  // of the convolution's result
    int32_t stride = 2;
    float pool_scale = 0.05f;
    octavo_backend_id backend = OCTAVO_BACKEND_AUTO;

    PlanHandle build(Isa isa) const {
        Network network;
        const int32_t x = network.quantized(OCTAVO_U8, OCTAVO_INPUT, {1, 3, 8, 9}, 0.02f, 3, OCTAVO_NHWC);
        const std::vector<int8_t> w(6 * 27, 3);
        const int32_t weights = network.weights(w, {6, 3, 3, 3}, std::vector<float>(6, 0.01f));
        const int64_t h = 6 + 2 * pad, wd = 7 + 2 * pad;
        const int32_t c = network.quantized(OCTAVO_U8, role, {1, 6, h, wd}, 0.05f, 3, OCTAVO_NHWC);
        OpSpec conv = describe_op(OCTAVO_OP_CONV2D, {x, weights}, {c});
        conv.name = "conv";
        conv.kernel[0] = conv.kernel[1] = 3;
        conv.backend = backend;
        for (int32_t& p : conv.pad) p = pad;
        network.op(conv);
        const int64_t ph = stride == 2 ? h / 2 : h - 1, pw = stride == 2 ? wd / 2 : wd - 1;
        const int32_t y = network.quantized(OCTAVO_U8, OCTAVO_OUTPUT, {1, 6, ph, pw}, pool_scale, 3, OCTAVO_NHWC);
        OpSpec pool = describe_op(OCTAVO_OP_MAX_POOL2D, {c}, {y});
        pool.name = "pool";
        for (int i = 0; i < 2; i++) {
            pool.kernel[i] = 2;
            pool.stride[i] = stride;
        }
        network.op(pool);
        if (read_twice) {
            OpSpec clamp =
                describe_op(OCTAVO_OP_CLAMP, {c},
                            {network.quantized(OCTAVO_U8, OCTAVO_OUTPUT, {1, 6, h, wd}, 0.05f, 3, OCTAVO_NHWC)});
            clamp.activation = OCTAVO_RELU;
            network.op(clamp);
        }
        Options options{};
        options.isa = isa_name(isa);
        options.profile = 1;
        return network.build(options);
    }
};

TEST(ConvPool, APlanSaysWhichStepTakesTheMaximum) {
    for (Isa isa : available_isas()) {
        SCOPED_TRACE(isa_name(isa));
        const PlanHandle plan = Pair().build(isa);
        ASSERT_EQ(octavo_plan_step_count(plan.get()), 2);
        const octavo_step_info conv = step(plan, 0), pool = step(plan, 1);
        EXPECT_STREQ(conv.name, "conv");
        EXPECT_STREQ(pool.name, "pool");
        EXPECT_EQ(conv.macs, 6 * 27 * 8 * 9);
        if (has_kernels(isa)) {
            EXPECT_STREQ(conv.fused, "pool");
            EXPECT_NE(std::string(conv.kernel).find("conv2d_max_pool2d_"), std::string::npos) << conv.kernel;
            EXPECT_STREQ(pool.kernel, "view");
            EXPECT_STREQ(pool.reason, "\"conv\" takes the maximum of its sums");
        } else {
            EXPECT_STREQ(conv.fused, "");
            EXPECT_NE(std::string(conv.reason).find("without \"pool\": no kernel of"), std::string::npos)
                << conv.reason;
            EXPECT_NE(std::string(pool.kernel).find("max_pool2d"), std::string::npos) << pool.kernel;
        }
        std::vector<uint8_t> x(3 * 8 * 9, 9), y(6 * 4 * 4);
        const void* inputs[] = {x.data()};
        void* outputs[] = {y.data()};
        ASSERT_EQ(run_plan(plan.get(), 1, inputs, outputs), OCTAVO_OK) << octavo_last_error();
        EXPECT_GE(step(plan, 0).nanoseconds, 0);
        EXPECT_GE(step(plan, 1).nanoseconds, 0);
    }
}

// The convolution's own result is nowhere then.
TEST(ConvPool, TakesNoMemoryForWhatThePoolAbsorbs) {
    Network network;
    const int32_t x = network.quantized(OCTAVO_U8, OCTAVO_INPUT, {1, 4, 32, 32}, 0.02f, 0, OCTAVO_NHWC);
    const int32_t w = network.weights(std::vector<int8_t>(64 * 4, 3), {64, 4, 1, 1}, {0.01f});
    const int32_t c = network.quantized(OCTAVO_U8, OCTAVO_TEMP, {1, 64, 32, 32}, 0.05f, 0, OCTAVO_NHWC);
    network.op(describe_op(OCTAVO_OP_CONV2D, {x, w}, {c}));
    OpSpec pool = describe_op(OCTAVO_OP_MAX_POOL2D, {c},
                              {network.quantized(OCTAVO_U8, OCTAVO_OUTPUT, {1, 64, 16, 16}, 0.05f, 0, OCTAVO_NHWC)});
    for (int i = 0; i < 2; i++) pool.kernel[i] = pool.stride[i] = 2;
    network.op(pool);
    Options options{};
    options.chunk = 1;
    for (Isa isa : available_isas()) {
        options.isa = isa_name(isa);
        const PlanHandle plan = network.build(options);
        auto memory = sized<octavo_plan_memory>();
        ASSERT_EQ(octavo_plan_memory_info(plan.get(), &memory), OCTAVO_OK);
        EXPECT_EQ(step(plan, 0).fused == std::string(), memory.arena_bytes >= 64 * 32 * 32) << isa_name(isa);
    }
}

TEST(ConvPool, StaysTwoStepsWhereTheMaximumIsNotTheOnlyReader) {
    const auto absorbed = [](const Pair& pair) {
        return step(pair.build(Isa::scalar), 0).fused == std::string("pool");
    };
    EXPECT_TRUE(absorbed({}));
    Pair pair;
    pair.read_twice = true;
    EXPECT_FALSE(absorbed(pair));
    pair = {};
    pair.role = OCTAVO_OUTPUT;
    EXPECT_FALSE(absorbed(pair)) << "the caller wants the convolution's result";
    pair = {};
    pair.stride = 1;
    EXPECT_FALSE(absorbed(pair)) << "windows overlap";
    pair = {};
    pair.backend = OCTAVO_BACKEND_OCTAVO;
    EXPECT_TRUE(absorbed(pair));
}

}  // namespace
}  // namespace octavo::test

// Weights that plans share: packed once whatever the shapes, never confused, and gone with the last who uses them.
#include <atomic>
#include <cstring>
#include <thread>

#include "cpu/isa.h"
#include "octavo/octavo.h"
#include "support/network.h"
#include "support/sweep_case.h"

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

octavo_weights_memory usage(const WeightsHandle& weights) {
    auto memory = sized<octavo_weights_memory>();
    EXPECT_EQ(octavo_weights_memory_info(weights.get(), &memory), OCTAVO_OK) << octavo_last_error();
    return memory;
}

// What every kind of layer has, for images of any size: convolutions (by tiles, depthwise, 1 x 1 with zero points, of codes), linear
// layers of bytes and of codes in groups, and one on floats.
struct Parameters {
    explicit Parameters(uint64_t seed) {
        Random random(seed);
        const auto bytes = [&](size_t count, int low, int high) {
            return random.codes<int8_t>(count, low, high, false);
        };
        tiles = bytes(32 * 16 * 9, -128, 127);
        depthwise = bytes(32 * 9, -128, 127);
        points = bytes(48 * 32, -128, 127);
        coded = bytes(16 * 48 * 9, 0, 15);
        dense = bytes(64 * 16, -128, 127);
        grouped = bytes(40 * 64, 0, 15);
        floats = bytes(24 * 40, -128, 127);
        table = bytes(16, -128, 127);
        for (int i = 0; i < 80; i++) scales.push_back(random.real(0.005f, 0.02f));
        for (int i = 0; i < 48; i++) zero_points.push_back(random.zero_point(-128, 127));
        for (int i = 0; i < 32; i++) bias.push_back(random.normal());
    }
    std::vector<int8_t> tiles, depthwise, points, coded, dense, grouped, floats, table;
    std::vector<float> scales, bias;
    std::vector<int32_t> zero_points;
    int64_t lent = 0;
};

class Model {
public:
    Model(const Parameters& p, int64_t size) : p_(p) {
        const int32_t x = image(OCTAVO_INPUT, 16, size, 7);
        int32_t y = conv(x, size, size, 16, 32, 3, 1, weight(OCTAVO_S8, p.tiles, {32, 16, 3, 3}), bias());
        y = conv(y, size, size, 32, 32, 3, 32, weight(OCTAVO_S8, p.depthwise, {32, 1, 3, 3}), -1);
        y = conv(y, size, size, 32, 48, 1, 1, weight(OCTAVO_S8, p.points, {48, 32, 1, 1}, 0, true), -1);
        y = conv(y, size, size, 48, 16, 3, 1, weight(OCTAVO_CODE4, p.coded, {16, 48, 3, 3}), -1);
        const int32_t pooled = image(OCTAVO_TEMP, 16, 1, 7);
        network.op(describe_op(OCTAVO_OP_ADAPTIVE_AVG_POOL2D, {y}, {pooled}));
        const int32_t row = codes(16);
        network.op(describe_op(OCTAVO_OP_FLATTEN, {pooled}, {row}));
        const int32_t wide = codes(64), narrow = codes(40);
        network.op(describe_op(OCTAVO_OP_LINEAR, {row, weight(OCTAVO_S8, p.dense, {64, 16})}, {wide}));
        network.op(describe_op(OCTAVO_OP_LINEAR, {wide, weight(OCTAVO_CODE4, p.grouped, {40, 64}, 32)}, {narrow}));
        const int32_t real = network.floats(OCTAVO_TEMP, {1, 40});
        network.op(describe_op(OCTAVO_OP_DEQUANTIZE, {narrow}, {real}));
        const int32_t out = network.floats(OCTAVO_OUTPUT, {1, 24});
        network.op(describe_op(OCTAVO_OP_LINEAR, {real, weight(OCTAVO_S8, p.floats, {24, 40})}, {out}));
    }

    PlanHandle build(Isa isa, const WeightsHandle& weights) {
        Options options;
        options.isa = isa_name(isa);
        options.threads = 2;
        options.weights = weights.get();
        return network.build(options);
    }

    Network network;

private:
    int32_t image(octavo_role role, int64_t channels, int64_t size, int zero_point) {
        return network.quantized(OCTAVO_U8, role, {1, channels, size, size}, 0.05f, zero_point, OCTAVO_NHWC);
    }
    int32_t codes(int64_t features) { return network.quantized(OCTAVO_U8, OCTAVO_TEMP, {1, features}, 0.05f, 7); }
    int32_t bias() {
        ValueSpec spec = describe(OCTAVO_F32, OCTAVO_CONSTANT, {32}, false);
        spec.name = "bias";
        spec.data = p_.bias.data();
        spec.lent = p_.lent;
        return network.value(spec);
    }
    int32_t weight(octavo_dtype dtype, const std::vector<int8_t>& data, std::vector<int64_t> dims, int group = 0,
                   bool zero_points = false) {
        ValueSpec spec = describe(dtype, OCTAVO_CONSTANT, dims, false);
        spec.name = "weight";
        spec.axis = 0;
        spec.group_size = group;
        spec.param_count = dims[0] * (group > 0 ? dims[1] / group : 1);
        spec.scales = p_.scales.data();
        if (zero_points) spec.zero_points = p_.zero_points.data();
        spec.data = data.data();
        spec.lent = p_.lent;
        std::vector<int8_t> tables;
        for (int64_t i = 0; i < spec.param_count; i++) tables.insert(tables.end(), p_.table.begin(), p_.table.end());
        if (dtype == OCTAVO_CODE4) {
            spec.table = tables.data();
            spec.table_size = 16;
        }
        return network.value(spec);
    }
    int32_t conv(int32_t x, int64_t height, int64_t width, int64_t inputs, int64_t outputs, int kernel, int groups,
                 int32_t w, int32_t b) {
        (void)inputs;
        const int32_t y = network.quantized(OCTAVO_U8, OCTAVO_TEMP, {1, outputs, height, width}, 0.05f, 7, OCTAVO_NHWC);
        OpSpec op = describe_op(OCTAVO_OP_CONV2D, {x, w, b}, {y});
        op.kernel[0] = op.kernel[1] = kernel;
        for (int& pad : op.pad) pad = kernel / 2;
        op.groups = groups;
        network.op(op);
        return y;
    }

    const Parameters& p_;
};

std::vector<float> outputs_of(const PlanHandle& plan, int64_t size) {
    std::vector<uint8_t> x(static_cast<size_t>(2 * 16 * size * size));
    for (size_t i = 0; i < x.size(); i++) x[i] = static_cast<uint8_t>(i * 37 % 251);
    std::vector<float> y(2 * 24);
    const void* in[] = {x.data()};
    void* out[] = {y.data()};
    EXPECT_EQ(run_plan(plan.get(), 2, in, out), OCTAVO_OK) << octavo_last_error();
    return y;
}

const WeightsHandle none;
constexpr int64_t sizes[] = {9, 10, 12, 17, 20, 23, 28, 31, 32, 40};

TEST(Weights, ArePackedOnceWhateverTheShapes) {
    const Parameters parameters(1);
    for (Isa isa : available_isas()) {
        SCOPED_TRACE(isa_name(isa));
        const WeightsHandle weights = new_weights();
        std::vector<PlanHandle> plans;
        int64_t first = 0, separate = 0;
        for (const int64_t size : sizes) {
            plans.push_back(Model(parameters, size).build(isa, weights));
            const PlanHandle alone = Model(parameters, size).build(isa, none);
            EXPECT_EQ(outputs_of(plans.back(), size), outputs_of(alone, size)) << size;
            auto memory = sized<octavo_plan_memory>();
            EXPECT_EQ(octavo_plan_memory_info(alone.get(), &memory), OCTAVO_OK);
            separate += memory.weight_bytes;
            if (first == 0) first = usage(weights).bytes;
        }
        // A layer has as many forms as kernels and tiles take it in over all these sizes, and there are few of them.
        const octavo_weights_memory all = usage(weights);
        EXPECT_LE(all.bytes, 4 * first) << "one plan " << first << " bytes";
        EXPECT_LE(all.bytes, separate / 2) << "plans of their own have " << separate << " bytes";
        for (const int64_t size : sizes) plans.push_back(Model(parameters, size).build(isa, weights));
        EXPECT_EQ(usage(weights).packed, all.packed) << "known shapes were packed again";
        EXPECT_EQ(usage(weights).bytes, all.bytes);
        for (size_t i = 0; i < std::size(sizes); i++)
            EXPECT_EQ(outputs_of(plans[i + std::size(sizes)], sizes[i]), outputs_of(plans[i], sizes[i]));
    }
}

TEST(Weights, OfOneNameAreToldApartByWhatTheyAre) {
    const WeightsHandle weights = new_weights();
    const Parameters first(1);
    std::vector<Parameters> others(7, first);
    others[0].tiles[100] = static_cast<int8_t>(others[0].tiles[100] + 1);
    others[1].scales[3] *= 1.5f;
    others[2].bias[31] += 1;
    others[3].zero_points[47] ^= 1;
    others[4].table[5] = static_cast<int8_t>(others[4].table[5] ^ 64);
    others[5].grouped.back() ^= 1;
    others[6].floats[0] = static_cast<int8_t>(others[6].floats[0] ^ 1);
    for (Isa isa : available_isas()) {
        SCOPED_TRACE(isa_name(isa));
        const PlanHandle plan = Model(first, 12).build(isa, weights);
        const std::vector<float> expected = outputs_of(plan, 12);
        for (const Parameters& other : others) {
            const int64_t before = usage(weights).packed;
            const PlanHandle shared = Model(other, 12).build(isa, weights);
            EXPECT_GT(usage(weights).packed, before) << &other - others.data();
            EXPECT_EQ(outputs_of(shared, 12), outputs_of(Model(other, 12).build(isa, none), 12))
                << &other - others.data();
        }
        EXPECT_EQ(outputs_of(plan, 12), expected);
    }
}

TEST(Weights, AndPlansGoInAnyOrder) {
    const Parameters parameters(2);
    WeightsHandle weights = new_weights();
    PlanHandle one = Model(parameters, 12).build(active_isa(), weights);
    PlanHandle two = Model(parameters, 20).build(active_isa(), weights);
    const std::vector<float> expected = outputs_of(two, 20);
    one.reset();
    EXPECT_EQ(outputs_of(two, 20), expected);
    EXPECT_GT(usage(weights).bytes, 0);
    two.reset();
    // Facts about the weights stay.
    EXPECT_LT(usage(weights).bytes, 200);
    const int64_t packed = usage(weights).packed;
    two = Model(parameters, 20).build(active_isa(), weights);
    EXPECT_GT(usage(weights).packed, packed);
    weights.reset();
    EXPECT_EQ(outputs_of(two, 20), expected);
    octavo_weights_destroy(nullptr);
}

TEST(Weights, ArePackedOnceForPlansThatAreBuiltAtTheSameTime) {
    const Parameters parameters(3);
    const WeightsHandle alone = new_weights(), together = new_weights();
    const PlanHandle plan = Model(parameters, 20).build(active_isa(), alone);
    const std::vector<float> expected = outputs_of(plan, 20);
    std::vector<PlanHandle> plans(8);
    std::vector<std::thread> threads;
    for (PlanHandle& to : plans) {
        threads.emplace_back([&] {
            PlanHandle first = Model(parameters, 20).build(active_isa(), together);
            to = Model(parameters, 20).build(active_isa(), together);
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(usage(together).bytes, usage(alone).bytes);
    for (const PlanHandle& built : plans) EXPECT_EQ(outputs_of(built, 20), expected);
}

TEST(Weights, MayBeLentToTheBuilder) {
    Parameters parameters(4);
    const std::vector<float> expected = outputs_of(Model(parameters, 12).build(active_isa(), none), 12);
    for (const bool shared : {false, true}) {
        const WeightsHandle weights = new_weights();
        auto lent = std::make_unique<Parameters>(4);
        lent->lent = 1;
        PlanHandle plan;
        {
            Model model(*lent, 12);
            lent->tiles[0] ^= 1;  // as it is when the plan is built
            lent->tiles[0] ^= 1;
            plan = model.build(active_isa(), shared ? weights : none);
        }
        for (int8_t& weight : lent->tiles) weight = 0;
        lent.reset();
        EXPECT_EQ(outputs_of(plan, 12), expected);
    }
    // What was copied may change at once.
    Model copied(parameters, 12);
    parameters.tiles.assign(parameters.tiles.size(), 0);
    EXPECT_EQ(outputs_of(copied.build(active_isa(), none), 12), expected);
}

TEST(Weights, OfWrongDescriptionsAreRefused) {
    Network network;
    const uint64_t identity[4] = {};
    const int8_t data[4] = {};
    ValueSpec spec = describe(OCTAVO_S8, OCTAVO_CONSTANT, {2, 2}, false);
    spec.data = data;
    spec.lent = 2;
    int32_t number = -1;
    EXPECT_EQ(add_value(network.handle(), spec, &number), OCTAVO_INVALID_ARGUMENT);
    EXPECT_NE(std::string(octavo_last_error()).find("lent is 2, expected 0 or 1"), std::string::npos);
    spec.lent = 1;
    spec.identity = identity;
    EXPECT_EQ(add_value(network.handle(), spec, &number), OCTAVO_INVALID_ARGUMENT);
    EXPECT_NE(std::string(octavo_last_error()).find("identity"), std::string::npos);
    EXPECT_EQ(octavo_weights_create(nullptr), OCTAVO_INVALID_ARGUMENT);
    auto memory = sized<octavo_weights_memory>();
    EXPECT_EQ(octavo_weights_memory_info(nullptr, &memory), OCTAVO_INVALID_ARGUMENT);
}

// Random layers of every kind: found where they were packed before, with the results of plans of their own.
TEST(Weights, OfRandomLayersAreFoundAgain) {
    Sweep(150).run([&](Random& random) {
        SweepCase c;
        while (!random_case(random, c)) c = SweepCase();
        const WeightsHandle weights = new_weights();
        for (Isa isa : available_isas()) {
            std::vector<uint8_t> expected;
            int64_t packed = 0;
            PlanHandle kept;
            for (int build = 0; build < 3; build++) {
                Network network;
                for (const Value& v : c.values) {
                    ValueSpec spec = described_value(v);
                    spec.lent = build > 0 && v.role == OCTAVO_CONSTANT ? 1 : 0;
                    network.value(spec);
                }
                for (const OpSpec& op : c.ops) network.op(op);
                Options options;
                options.isa = isa_name(isa);
                options.weights = build > 0 ? weights.get() : nullptr;
                PlanHandle plan = network.build(options);
                std::vector<uint8_t> y(static_cast<size_t>(octavo_plan_output_bytes(plan.get(), 0, c.batch)));
                std::vector<const void*> inputs;
                for (const std::vector<uint8_t>& bytes : c.inputs) inputs.push_back(bytes.data());
                void* outputs[] = {y.data()};
                EXPECT_EQ(run_plan(plan.get(), c.batch, inputs.data(), outputs), OCTAVO_OK) << octavo_last_error();
                if (build == 0) expected = y;
                EXPECT_EQ(y, expected) << isa_name(isa) << " " << c.text();
                if (build == 2) {
                    EXPECT_EQ(usage(weights).packed, packed) << isa_name(isa) << " " << c.text();
                }
                packed = usage(weights).packed;
                kept = std::move(plan);
            }
        }
        return true;
    });
}

}  // namespace
}  // namespace octavo::test

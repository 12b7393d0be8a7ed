// Descriptions that are well-formed one by one and wrong, or monstrous, together: each is answered, none read beyond its data.
#include <cstdint>
#include <string>
#include <vector>

#include "cpu/isa.h"
#include "ops/borders.h"
#include "ops/rests.h"
#include "support/network.h"
#include "support/sweep.h"

namespace octavo::test {
namespace {

constexpr float scale = 0.5f;

ValueSpec codes(octavo_role role, std::vector<int64_t> dims, bool batched = true) {
    const octavo_layout layout = dims.size() == 4 ? OCTAVO_NHWC : OCTAVO_PLAIN;
    ValueSpec desc = describe(OCTAVO_U8, role, std::move(dims), batched, layout);
    desc.param_count = 1;
    desc.scales = &scale;
    return desc;
}

ValueSpec with_data(ValueSpec desc, const void* data) {
    desc.role = OCTAVO_CONSTANT;
    desc.batched = 0;
    desc.data = data;
    return desc;
}

void expect_not_built(Network* network, OpSpec op, octavo_status status, const std::string& says,
                      Isa isa = Isa::scalar) {
    // Octavo alone, or whoever takes it; nobody else is there, and that is then what stands in the way.
    static Random random(1);
    op.backend = random.pick({OCTAVO_BACKEND_OCTAVO, OCTAVO_BACKEND_AUTO});
    if (op.backend == OCTAVO_BACKEND_AUTO && status == OCTAVO_UNSUPPORTED) status = OCTAVO_NO_BACKEND;
    network->op(op);
    Options options{};
    options.isa = isa_name(isa);
    octavo_plan* plan = nullptr;
    EXPECT_EQ(octavo_builder_build(network->handle(), &options, &plan), status);
    EXPECT_NE(std::string(octavo_last_error()).find(says), std::string::npos) << octavo_last_error();
    octavo_plan_destroy(plan);
}

TEST(Hostile, ActivationsOfAProductAreNoConstants) {
    const std::vector<uint8_t> data(64, 1);
    const std::vector<float> floats(64, 1);
    const std::vector<int8_t> weights(64, 1);
    const ValueSpec x = with_data(codes(OCTAVO_INPUT, {2, 8}, false), data.data());
    const ValueSpec image = with_data(codes(OCTAVO_INPUT, {1, 4, 2, 2}, false), data.data());
    const ValueSpec reals = with_data(describe(OCTAVO_F32, OCTAVO_INPUT, {2, 8}, false), floats.data());
    const ValueSpec real_result = describe(OCTAVO_F32, OCTAVO_OUTPUT, {2, 4}, false);
    const char* says = "\"x\" is a constant";
    const auto named = [](ValueSpec desc) {
        desc.name = "x";
        return desc;
    };
    {
        Network network;
        const int32_t from = network.value(named(x)), w = network.weights(weights, {4, 8}, {scale});
        const int32_t to = network.value(codes(OCTAVO_OUTPUT, {2, 4}, false));
        expect_not_built(&network, describe_op(OCTAVO_OP_LINEAR, {from, w}, {to}), OCTAVO_UNSUPPORTED, says);
    }
    for (const octavo_op_kind kind : {OCTAVO_OP_LINEAR, OCTAVO_OP_LINEAR_DYNAMIC}) {
        Network network;
        const int32_t from = network.value(named(reals)), w = network.weights(weights, {4, 8}, {scale});
        expect_not_built(&network, describe_op(kind, {from, w}, {network.value(real_result)}), OCTAVO_UNSUPPORTED,
                         says);
    }
    {
        Network network;
        const int32_t from = network.value(named(image)), w = network.weights(weights, {4, 4, 1, 1}, {scale});
        const int32_t to = network.value(codes(OCTAVO_OUTPUT, {1, 4, 2, 2}, false));
        expect_not_built(&network, describe_op(OCTAVO_OP_CONV2D, {from, w}, {to}), OCTAVO_UNSUPPORTED, says);
    }
    {
        Network network;
        const int32_t from = network.value(codes(OCTAVO_INPUT, {1, 4, 2, 2}, false));
        const int32_t w = network.weights(weights, {4, 4, 1, 1}, {scale}), residual = network.value(named(image));
        const int32_t to = network.value(codes(OCTAVO_OUTPUT, {1, 4, 2, 2}, false));
        expect_not_built(&network, describe_op(OCTAVO_OP_CONV2D, {from, w, -1, residual}, {to}), OCTAVO_UNSUPPORTED,
                         says);
    }
}

TEST(Hostile, CodesThatTheResultExcludesAreNotCopiedIntoIt) {
    for (const octavo_op_kind kind : {OCTAVO_OP_REORDER, OCTAVO_OP_FLATTEN}) {
        Network network;
        const int32_t x = network.value(codes(OCTAVO_INPUT, {1, 4, 2, 2}));
        ValueSpec y = codes(OCTAVO_OUTPUT,
                            kind == OCTAVO_OP_FLATTEN ? std::vector<int64_t>{1, 16} : std::vector<int64_t>{1, 4, 2, 2});
        y.layout = OCTAVO_PLAIN;
        y.code_max = 127;
        expect_not_built(&network, describe_op(kind, {x}, {network.value(y)}), OCTAVO_INVALID_ARGUMENT,
                         "codes 0 to 255, which");
    }
}

TEST(Hostile, AConvolutionBeforeAPoolIsOfTheSizeThatItSays) {
    for (const int64_t side : {6, 7}) {  // 6 it is; of both the pool's is 3
        Network network;
        const int32_t x = network.value(codes(OCTAVO_INPUT, {1, 3, 8, 8}));
        const int32_t w = network.weights(std::vector<int8_t>(6 * 27, 1), {6, 3, 3, 3}, {0.01f});
        ValueSpec inner = codes(OCTAVO_TEMP, {1, 6, side, side});
        inner.name = "inner";
        const int32_t c = network.value(inner);
        OpSpec conv = describe_op(OCTAVO_OP_CONV2D, {x, w}, {c});
        conv.kernel[0] = conv.kernel[1] = 3;
        network.op(conv);
        OpSpec pool = describe_op(OCTAVO_OP_MAX_POOL2D, {c}, {network.value(codes(OCTAVO_OUTPUT, {1, 6, 3, 3}))});
        for (int i = 0; i < 2; i++) pool.kernel[i] = pool.stride[i] = 2;
        if (side == 7) {
            expect_not_built(&network, pool, OCTAVO_SHAPE_MISMATCH, "\"inner\" has shape [N, 6, 7, 7]");
            continue;
        }
        network.op(pool);
        EXPECT_NE(network.build(), nullptr);
    }
}

TEST(Hostile, MoreProductsThan63BitsCount) {
    {
        Network network;
        const int32_t x = network.value(codes(OCTAVO_INPUT, {int64_t{1} << 59, 8}, false));
        const int32_t w = network.weights(std::vector<int8_t>(64, 1), {8, 8}, {scale});
        const int32_t y = network.value(codes(OCTAVO_OUTPUT, {int64_t{1} << 59, 8}, false));
        expect_not_built(&network, describe_op(OCTAVO_OP_LINEAR, {x, w}, {y}), OCTAVO_OUT_OF_MEMORY, "address space");
    }
    {
        const std::vector<int64_t> dims = {int64_t{1} << 40, 8, 1024, 512};
        Network network;
        const int32_t x = network.value(codes(OCTAVO_INPUT, dims, false));
        const int32_t w = network.weights(std::vector<int8_t>(64 * 9, 1), {8, 8, 3, 3}, {scale});
        OpSpec conv = describe_op(OCTAVO_OP_CONV2D, {x, w}, {network.value(codes(OCTAVO_OUTPUT, dims, false))});
        conv.kernel[0] = conv.kernel[1] = 3;
        for (int32_t& pad : conv.pad) pad = 1;
        expect_not_built(&network, conv, OCTAVO_OUT_OF_MEMORY, "address space");
    }
}

TEST(Hostile, AnImageAsLargeAsANumberGets) {
    Network network;
    const int32_t x = network.value(codes(OCTAVO_INPUT, {1, 1, INT64_MAX, 1}));
    const int32_t w = network.weights({1}, {1, 1, 1, 1}, {scale});
    OpSpec conv = describe_op(OCTAVO_OP_CONV2D, {x, w}, {network.value(codes(OCTAVO_OUTPUT, {1, 1, 1, 1}))});
    for (int32_t& pad : conv.pad) pad = INT32_MAX;
    expect_not_built(&network, conv, OCTAVO_UNSUPPORTED, "1 GiB");
}

TEST(Hostile, MemoryOfAChunkBeyondTheAddressSpaceIsNotReportedAsLittle) {
    Network network;
    const std::vector<int64_t> dims = {1, int64_t{1} << 40};
    const int32_t x = network.value(codes(OCTAVO_INPUT, dims)), t = network.value(codes(OCTAVO_TEMP, dims));
    network.op(describe_op(OCTAVO_OP_CLAMP, {x}, {t}));
    network.op(describe_op(OCTAVO_OP_CLAMP, {t}, {network.value(codes(OCTAVO_OUTPUT, dims))}));
    Options options{};
    options.chunk = 1 << 30;
    const PlanHandle plan = network.build(options);
    auto memory = sized<octavo_plan_memory>();
    ASSERT_EQ(octavo_plan_memory_info(plan.get(), &memory), OCTAVO_OK) << octavo_last_error();
    EXPECT_GE(memory.arena_bytes, int64_t{1} << 40);
    EXPECT_EQ(memory.chunk, 1 << 30);
}

// Every line of the output misses other rows of taps: what is prepared for each kind of line would take hours, so none is.
TEST(Hostile, TallKernelsHaveNoBordersOfTheirOwn) {
    constexpr int64_t taps = 40000;
    const int32_t zero = 3;
    for (Isa isa : available_isas()) {
        Network network;
        ValueSpec image = codes(OCTAVO_INPUT, {1, 4, 1, 2});
        image.zero_points = &zero;  // so that what lies outside counts
        const int32_t x = network.value(image);
        const int32_t w = network.weights(std::vector<int8_t>(8 * 4 * taps, 1), {8, 4, taps, 1}, {scale});
        OpSpec conv = describe_op(OCTAVO_OP_CONV2D, {x, w}, {network.value(codes(OCTAVO_OUTPUT, {1, 8, taps, 2}))});
        conv.kernel[0] = taps;
        conv.pad[0] = conv.pad[2] = taps - 1;
        network.op(conv);
        Options options{};
        options.isa = isa_name(isa);
        EXPECT_NE(network.build(options), nullptr);
    }
    ConvGeometry g = {};
    g.channels = 4;
    g.outputs = 8;
    g.height = 1;
    g.width = 2;
    g.kernel_w = g.stride_h = g.stride_w = g.dilation_h = g.dilation_w = g.groups = 1;
    g.out_width = 2;
    for (const int64_t rows : {int64_t{3}, taps}) {
        g.kernel_h = g.out_height = rows;
        g.pad_top = rows - 1;
        EXPECT_EQ(Borders::fit(g), rows == 3);
    }
}

// An image of many small windows is not unrolled into a table without end.
TEST(Hostile, WindowsWithoutNumberAreRefused) {
    for (const octavo_op_kind kind : {OCTAVO_OP_ADAPTIVE_AVG_POOL2D, OCTAVO_OP_MAX_POOL2D}) {
        const int64_t side = kind == OCTAVO_OP_MAX_POOL2D ? int64_t{1} << 30 : int64_t{1} << 40;
        Network network;
        const int32_t x = network.value(codes(OCTAVO_INPUT, {1, 1, kind == OCTAVO_OP_MAX_POOL2D ? side : 4, 1}));
        const int32_t y = network.value(codes(OCTAVO_OUTPUT, {1, 1, side, 1}));
        OpSpec pool = describe_op(kind, {x}, {y});
        pool.kernel[0] = pool.kernel[1] = pool.stride[0] = pool.stride[1] = 1;
        expect_not_built(&network, pool, OCTAVO_UNSUPPORTED, "too large");
    }
}

// The rests of an image's rows lie beside them: of rows that are short and far apart, more bytes than offsets count.
TEST(Hostile, OffsetsOfRestsAreCounted) {
    ConvGeometry g = {};
    g.channels = 3;
    g.kernel_h = g.kernel_w = 3;
    g.stride_h = g.stride_w = g.dilation_w = 1;
    g.outputs = 16;
    g.out_height = g.out_width = 1;
    for (const int64_t dilation : {int64_t{1}, int64_t{1} << 20, int64_t{1} << 24}) {
        g.dilation_h = dilation;
        const Rests rests(band_avx512, g, g.needed_width(), 1, 16, true);
        const int64_t reach = (g.kernel_h - 1) * dilation * rests.pitch();
        EXPECT_TRUE(!rests.any() || reach < INT32_MAX) << dilation;
        EXPECT_EQ(rests.any(), dilation == 1);
    }
}

}  // namespace
}  // namespace octavo::test

// What lets the C interface grow: structs of other versions, attributes by name, types that few operators take, and runs that
// bring their shapes. No back end is registered in this program.
#include <cmath>
#include <cstring>
#include <ctime>
#include <functional>
#include <limits>
#include <string>

#include "octavo/octavo.h"
#include "plan/fusion.h"
#include "support/network.h"

namespace octavo::test {
namespace {

// A struct in a version of its own: `more` bytes behind it, or less.
template <class T>
class Version {
public:
    Version(const T& known, int64_t more) : bytes_(sizeof(T) + 64) {
        std::memcpy(bytes_.data(), &known, sizeof(T));
        get()->size = static_cast<size_t>(static_cast<int64_t>(sizeof(T)) + more);
    }
    T* get() { return reinterpret_cast<T*>(bytes_.data()); }
    unsigned char& beyond(size_t i) { return bytes_[sizeof(T) + i]; }

private:
    alignas(8) std::vector<unsigned char> bytes_;
};

// Runs `call` with versions of a struct whose members up to `least` bytes must be there.
template <class T>
void expect_versions(const T& known, size_t least, const std::function<octavo_status(T*)>& call) {
    const auto full = static_cast<int64_t>(sizeof(T)), needed = static_cast<int64_t>(least);
    EXPECT_EQ(call(Version<T>(known, 0).get()), OCTAVO_OK) << octavo_last_error();
    EXPECT_EQ(call(Version<T>(known, needed - full).get()), OCTAVO_OK) << octavo_last_error();
    for (const int64_t size : {int64_t{0}, needed - 8, full + 4, int64_t{4104}, int64_t{-8}}) {
        EXPECT_EQ(call(Version<T>(known, size - full).get()), OCTAVO_INVALID_ARGUMENT) << size;
        EXPECT_NE(std::string(octavo_last_error()).find("size is "), std::string::npos) << octavo_last_error();
    }
    Version<T> newer(known, 16);
    EXPECT_EQ(call(newer.get()), OCTAVO_OK) << octavo_last_error();
}

// The same for what a caller fills: a member that is unknown here is refused if it says something.
template <class T>
void expect_read(const T& known, size_t least, const std::function<octavo_status(T*)>& call) {
    expect_versions(known, least, call);
    Version<T> newer(known, 16);
    newer.beyond(15) = 1;
    EXPECT_EQ(call(newer.get()), OCTAVO_UNSUPPORTED);
    EXPECT_NE(std::string(octavo_last_error()).find("is not 0"), std::string::npos) << octavo_last_error();
}

// And for what the library fills: what is unknown here becomes 0, what the caller does not know stays as it is.
template <class T>
void expect_written(size_t least, const std::function<octavo_status(T*)>& call) {
    expect_versions(sized<T>(), least, call);
    Version<T> newer(sized<T>(), 8);
    for (size_t i = 0; i < 16; i++) newer.beyond(i) = 0xAB;
    ASSERT_EQ(call(newer.get()), OCTAVO_OK) << octavo_last_error();
    for (size_t i = 0; i < 16; i++) EXPECT_EQ(newer.beyond(i), i < 8 ? 0 : 0xAB) << i;
    Version<T> older(sized<T>(), static_cast<int64_t>(least) - static_cast<int64_t>(sizeof(T)));
    auto* bytes = reinterpret_cast<unsigned char*>(older.get());
    std::memset(bytes + sizeof(size_t), 0xAB, sizeof(T) - sizeof(size_t));
    ASSERT_EQ(call(older.get()), OCTAVO_OK) << octavo_last_error();
    EXPECT_EQ(older.get()->size, least);
    for (size_t i = least; i < sizeof(T); i++) EXPECT_EQ(bytes[i], 0xAB) << i;
}

// x [N, 3] -> ReLU -> y.
struct Relu {
    Relu() {
        ValueSpec in = describe(OCTAVO_F32, OCTAVO_INPUT, {1, 3}), out = describe(OCTAVO_F32, OCTAVO_OUTPUT, {1, 3});
        in.name = "x", out.name = "y";
        x = network.value(in), y = network.value(out);
        OpSpec op = describe_op(OCTAVO_OP_CLAMP, {x}, {y});
        op.activation = OCTAVO_RELU;
        network.op(op);
        plan = network.build();
    }
    Network network;
    int32_t x, y;
    PlanHandle plan;
};

TEST(Sizes, OfDescriptions) {
    const int64_t dims[] = {1, 3};
    octavo_value_desc value = sized<octavo_value_desc>();
    value.role = OCTAVO_INPUT;
    value.batched = 1;
    value.rank = 2;
    value.dims = dims;
    Network network;
    const size_t data_end = offsetof(octavo_value_desc, data) + sizeof value.data;
    expect_read<octavo_value_desc>(value, data_end, [&](octavo_value_desc* desc) {
        int32_t number;
        return octavo_builder_value(network.handle(), desc, &number);
    });

    const int32_t x = network.floats(OCTAVO_INPUT, {1, 3});
    int32_t y = -1;
    octavo_op_desc op = sized<octavo_op_desc>();
    op.kind = OCTAVO_OP_SOFTMAX;
    op.input_count = op.output_count = 1;
    op.inputs = &x;
    op.outputs = &y;
    const size_t outputs_end = offsetof(octavo_op_desc, outputs) + sizeof op.outputs;
    expect_read<octavo_op_desc>(op, outputs_end, [&](octavo_op_desc* desc) {
        y = network.floats(OCTAVO_OUTPUT, {1, 3});  // each once
        return octavo_builder_op(network.handle(), desc);
    });

    const int64_t relu = OCTAVO_RELU;
    octavo_attribute attribute = {sizeof attribute, "activation", 1, &relu, nullptr};
    op.kind = OCTAVO_OP_CLAMP;
    op.attribute_count = 1;
    expect_read<octavo_attribute>(attribute, sizeof attribute, [&](octavo_attribute* given) {
        y = network.floats(OCTAVO_OUTPUT, {1, 3});
        op.attributes = given;
        return octavo_builder_op(network.handle(), &op);
    });
}

TEST(Sizes, OfOptionsAndRuns) {
    Relu relu;
    expect_read<octavo_plan_options>(Options(), sizeof(size_t), [&](octavo_plan_options* options) {
        octavo_plan* plan = nullptr;
        const octavo_status status = octavo_builder_build(relu.network.handle(), options, &plan);
        octavo_plan_destroy(plan);
        return status;
    });
    const float x[] = {-1, 2, 3};
    float y[3];
    const void* in[] = {x};
    void* out[] = {y};
    RunBuffers buffers(relu.plan.get(), 1, in, out);
    octavo_run_args args = buffers.args();
    expect_read<octavo_run_args>(args, sizeof args,
                                 [&](octavo_run_args* given) { return octavo_plan_run(relu.plan.get(), given); });
    expect_read<octavo_buffer>(buffers.inputs[0], sizeof(octavo_buffer), [&](octavo_buffer* given) {
        args.inputs = given;
        return octavo_plan_run(relu.plan.get(), &args);
    });
}

TEST(Sizes, OfWhatTheLibraryFills) {
    Relu relu;
    const size_t kernel_end = offsetof(octavo_step_info, kernel) + sizeof(const char*);
    expect_written<octavo_step_info>(
        kernel_end, [&](octavo_step_info* info) { return octavo_plan_step(relu.plan.get(), 0, info); });
    const size_t bytes_end = offsetof(octavo_plan_memory, weight_bytes) + sizeof(int64_t);
    expect_written<octavo_plan_memory>(
        bytes_end, [&](octavo_plan_memory* info) { return octavo_plan_memory_info(relu.plan.get(), info); });
    expect_written<octavo_value_info>(sizeof(octavo_value_info), [&](octavo_value_info* info) {
        return octavo_plan_input(relu.plan.get(), 0, info);
    });
}

TEST(Sizes, ElementsOfAnArrayStandAsFarApartAsTheFirstSays) {
    struct Later {
        octavo_attribute known;
        int64_t unknown;
    };
    const float least[] = {-0.5f}, most[] = {0.5f};
    const int64_t clamp[] = {OCTAVO_CLAMP};
    Later attributes[] = {{{sizeof(Later), "clamp_min", 1, nullptr, least}, 0},
                          {{sizeof(Later), "activation", 1, clamp, nullptr}, 0},
                          {{sizeof(Later), "clamp_max", 1, nullptr, most}, 0}};
    Network network;
    const int32_t x = network.floats(OCTAVO_INPUT, {1, 3}), y = network.floats(OCTAVO_OUTPUT, {1, 3});
    octavo_op_desc op = sized<octavo_op_desc>();
    op.kind = OCTAVO_OP_CLAMP;
    op.input_count = op.output_count = 1;
    op.inputs = &x;
    op.outputs = &y;
    op.attribute_count = 3;
    op.attributes = &attributes[0].known;
    attributes[1].known.size = sizeof(octavo_attribute);
    EXPECT_EQ(octavo_builder_op(network.handle(), &op), OCTAVO_INVALID_ARGUMENT);
    EXPECT_STREQ(octavo_last_error(), "attributes 1: size is 40, expected 48 like the first");
    attributes[1].known.size = sizeof(Later);
    ASSERT_EQ(octavo_builder_op(network.handle(), &op), OCTAVO_OK) << octavo_last_error();
    const PlanHandle plan = network.build();
    const float in[] = {-1, 0.25f, 1};
    float out[3];
    const void* inputs[] = {in};
    void* outputs[] = {out};
    ASSERT_EQ(run_plan(plan.get(), 1, inputs, outputs), OCTAVO_OK) << octavo_last_error();
    EXPECT_EQ(out[0], -0.5f);
    EXPECT_EQ(out[1], 0.25f);
    EXPECT_EQ(out[2], 0.5f);
}

// An operator of one kind with one wrong attribute beside those that it needs.
struct BadAttribute {
    octavo_op_kind kind;
    octavo_attribute attribute;
    octavo_status status;
    const char* says;
};

TEST(Attributes, WrongOnesAreRefusedByName) {
    const int64_t ones[] = {1, 1, 1, 1}, zero[] = {0}, two[] = {2, 2}, far[] = {INT64_C(1) << 32, 1},
                  below[] = {0, 0, 0, -2};
    const int64_t three[] = {3};
    const float one[] = {1}, nan[] = {NAN}, negative[] = {-1}, infinite[] = {INFINITY};
    const int64_t hundred[9] = {100};
    const auto integers = [](const char* key, int64_t count, const int64_t* numbers) {
        return octavo_attribute{sizeof(octavo_attribute), key, count, numbers, nullptr};
    };
    const auto reals = [](const char* key, int64_t count, const float* numbers) {
        return octavo_attribute{sizeof(octavo_attribute), key, count, nullptr, numbers};
    };
    const std::vector<BadAttribute> cases = {
        {OCTAVO_OP_CONV2D, integers("strides", 2, two), OCTAVO_INVALID_ARGUMENT,
         "attribute \"strides\" is unknown; it takes kernel, stride, dilation, pad, groups, activation, clamp_min, "
         "clamp_max"},
        {OCTAVO_OP_CONV2D, integers("", 2, two), OCTAVO_INVALID_ARGUMENT, "attribute \"\" is unknown"},
        {OCTAVO_OP_CONV2D, integers("ceil_mode", 1, ones), OCTAVO_INVALID_ARGUMENT,
         "attribute \"ceil_mode\" is not one of this operator"},
        {OCTAVO_OP_AVG_POOL2D, integers("dilation", 2, ones), OCTAVO_INVALID_ARGUMENT,
         "attribute \"dilation\" is not one of this operator"},
        {OCTAVO_OP_MAX_POOL2D, integers("activation", 1, ones), OCTAVO_INVALID_ARGUMENT,
         "attribute \"activation\" is not one of this operator"},
        {OCTAVO_OP_REORDER, reals("epsilon", 1, one), OCTAVO_INVALID_ARGUMENT,
         "attribute \"epsilon\" is not one of this operator; it takes none"},
        {OCTAVO_OP_CONV2D, reals("stride", 2, one), OCTAVO_INVALID_ARGUMENT,
         "attribute \"stride\" has real numbers, expected integers"},
        {OCTAVO_OP_CLAMP, integers("clamp_min", 1, ones), OCTAVO_INVALID_ARGUMENT,
         "attribute \"clamp_min\" has integers, expected real numbers"},
        {OCTAVO_OP_CLAMP,
         {sizeof(octavo_attribute), "clamp_min", 1, ones, one},
         OCTAVO_INVALID_ARGUMENT,
         "numbers of both types"},
        {OCTAVO_OP_CLAMP, integers("activation", 1, nullptr), OCTAVO_INVALID_ARGUMENT, "has no numbers"},
        {OCTAVO_OP_CONV2D, integers("stride", 1, ones), OCTAVO_INVALID_ARGUMENT,
         "attribute \"stride\" has 1 numbers, expected 2"},
        {OCTAVO_OP_CONV2D, integers("pad", -1, ones), OCTAVO_INVALID_ARGUMENT, "has -1 numbers, expected 4"},
        {OCTAVO_OP_CONV2D, integers("kernel", 2, ones), OCTAVO_INVALID_ARGUMENT, "attribute \"kernel\" is given twice"},
        {OCTAVO_OP_CONV2D, integers("stride", 2, far), OCTAVO_INVALID_ARGUMENT, "stride[0] is 4294967296"},
        {OCTAVO_OP_CONV2D, integers("pad", 4, below), OCTAVO_INVALID_ARGUMENT, "pad[3] is -2, expected at least 0"},
        {OCTAVO_OP_CONV2D, integers("groups", 1, zero), OCTAVO_INVALID_ARGUMENT, "groups is 0"},
        {OCTAVO_OP_MAX_POOL2D, integers("ceil_mode", 1, two), OCTAVO_INVALID_ARGUMENT, "ceil_mode is 2"},
        {OCTAVO_OP_AVG_POOL2D, integers("count_include_pad", 1, two), OCTAVO_INVALID_ARGUMENT,
         "count_include_pad is 2"},
        {OCTAVO_OP_LINEAR_DYNAMIC, integers("reduce_range", 1, two), OCTAVO_INVALID_ARGUMENT, "reduce_range is 2"},
        {OCTAVO_OP_ADD, integers("pytorch_tail", 1, two), OCTAVO_INVALID_ARGUMENT, "pytorch_tail is 2"},
        {OCTAVO_OP_CLAMP, integers("activation", 1, three), OCTAVO_INVALID_ARGUMENT, "activation is 3"},
        {OCTAVO_OP_CLAMP, integers("activation", 1, two), OCTAVO_INVALID_ARGUMENT,
         "attribute \"clamp_min\" is missing"},
        {OCTAVO_OP_CLAMP, reals("clamp_max", 1, nan), OCTAVO_NOT_FINITE, "clamp_max is nan"},
        {OCTAVO_OP_BATCH_NORM, reals("epsilon", 1, negative), OCTAVO_INVALID_ARGUMENT, "epsilon is -1"},
        {OCTAVO_OP_BATCH_NORM, reals("epsilon", 1, infinite), OCTAVO_NOT_FINITE, "epsilon is inf"},
        {OCTAVO_OP_BATCH_NORM_TRAIN, reals("momentum", 1, negative), OCTAVO_INVALID_ARGUMENT, "momentum is -1"},
        {OCTAVO_OP_BATCH_NORM_TRAIN, reals("epsilon", 1, one), OCTAVO_INVALID_ARGUMENT,
         "attribute \"momentum\" is missing"},
        {OCTAVO_OP_UNARY, integers("function", 1, far), OCTAVO_INVALID_ARGUMENT, "function is 4294967296"},
        {OCTAVO_OP_UNARY, integers("function", 1, hundred), OCTAVO_INVALID_ARGUMENT,
         "function is 100, expected 0 to 40"},
        {OCTAVO_OP_COMPARE, integers("function", 1, hundred), OCTAVO_INVALID_ARGUMENT, "expected 0 to 4"},
        {OCTAVO_OP_REDUCE, integers("function", 1, hundred), OCTAVO_INVALID_ARGUMENT, "expected 0 to 9"},
        {OCTAVO_OP_BINARY, integers("alpha", 1, ones), OCTAVO_INVALID_ARGUMENT,
         "attribute \"alpha\" is not one of this operator; it takes function"},
        {OCTAVO_OP_UNARY, reals("alpha", 1, nan), OCTAVO_NOT_FINITE, "alpha is nan"},
        {OCTAVO_OP_REDUCE, integers("axes", 9, hundred), OCTAVO_INVALID_ARGUMENT, "has 9 numbers, expected at most 8"},
        {OCTAVO_OP_REDUCE, integers("axes", 1, hundred), OCTAVO_INVALID_ARGUMENT, "axes[0] is 100"},
        {OCTAVO_OP_LOCAL_RESPONSE, reals("bias", 1, one), OCTAVO_INVALID_ARGUMENT, "attribute \"size\" is missing"},
        {OCTAVO_OP_DROPOUT_TRAIN, reals("probability", 1, one), OCTAVO_INVALID_ARGUMENT, "probability is 1"},
    };
    const octavo_attribute kernel = integers("kernel", 2, ones);
    for (const BadAttribute& bad : cases) {
        Network network;
        std::vector<octavo_attribute> attributes;
        const bool window =
            bad.kind == OCTAVO_OP_CONV2D || bad.kind == OCTAVO_OP_MAX_POOL2D || bad.kind == OCTAVO_OP_AVG_POOL2D;
        if (window) attributes.push_back(kernel);
        attributes.push_back(bad.attribute);
        const std::vector<int32_t> inputs(6, network.floats(OCTAVO_INPUT, {1, 1, 1, 1}));
        const int32_t output = network.floats(OCTAVO_OUTPUT, {1, 1, 1, 1});
        octavo_op_desc op = sized<octavo_op_desc>();
        op.name = "tested";
        op.kind = bad.kind;
        op.input_count = op.output_count = 1;
        op.inputs = inputs.data();
        op.outputs = &output;
        op.attribute_count = static_cast<int64_t>(attributes.size());
        op.attributes = attributes.data();
        EXPECT_EQ(octavo_builder_op(network.handle(), &op), bad.status) << bad.says;
        const std::string message = octavo_last_error();
        EXPECT_NE(message.find(bad.says), std::string::npos) << message;
        EXPECT_EQ(message.find("operator \"tested\" ("), 0u) << message;
    }
}

TEST(Attributes, WhatAnOperatorCannotBeWithoutIsAskedFor) {
    Network network;
    const int32_t x = network.floats(OCTAVO_INPUT, {1, 1, 2, 2}), y = network.floats(OCTAVO_OUTPUT, {1, 1, 1, 1});
    octavo_op_desc op = sized<octavo_op_desc>();
    op.name = "pool";
    op.kind = OCTAVO_OP_MAX_POOL2D;
    op.input_count = op.output_count = 1;
    op.inputs = &x;
    op.outputs = &y;
    EXPECT_EQ(octavo_builder_op(network.handle(), &op), OCTAVO_INVALID_ARGUMENT);
    EXPECT_STREQ(octavo_last_error(), "operator \"pool\" (max_pool2d): attribute \"kernel\" is missing");
    op.attribute_count = 1;
    EXPECT_EQ(octavo_builder_op(network.handle(), &op), OCTAVO_INVALID_ARGUMENT) << "an array that is not there";
    op.attribute_count = -1;
    EXPECT_EQ(octavo_builder_op(network.handle(), &op), OCTAVO_INVALID_ARGUMENT);
    const octavo_attribute unnamed = {sizeof unnamed, nullptr, 0, nullptr, nullptr};
    op.attribute_count = 1;
    op.attributes = &unnamed;
    EXPECT_EQ(octavo_builder_op(network.handle(), &op), OCTAVO_INVALID_ARGUMENT);
    EXPECT_NE(std::string(octavo_last_error()).find("the key of attribute 0 is null"), std::string::npos);
}

template <class T>
void expect_moved(octavo_dtype dtype, octavo_layout from, octavo_layout to) {
    const int64_t channels = 3, height = 2, width = 5, elements = channels * height * width;
    Network network;
    const int32_t x = network.value(describe(dtype, OCTAVO_INPUT, {1, channels, height, width}, true, from));
    const int32_t y = network.value(describe(dtype, OCTAVO_OUTPUT, {1, channels, height, width}, true, to));
    network.op(describe_op(OCTAVO_OP_REORDER, {x}, {y}));
    const int32_t flat = network.value(describe(dtype, OCTAVO_OUTPUT, {1, elements}));
    network.op(describe_op(OCTAVO_OP_FLATTEN, {x}, {flat}));
    const PlanHandle plan = network.build();
    std::vector<T> in(2 * elements), out(in.size()), features(in.size());
    const auto at = [&](octavo_layout layout, int64_t n, int64_t c, int64_t p) {
        const int64_t pixels = height * width;
        return static_cast<size_t>(n * elements + (layout == OCTAVO_PLAIN ? c * pixels + p : p * channels + c));
    };
    const auto number = [&](int64_t n, int64_t c, int64_t p) {
        const int64_t i = (n * channels + c) * height * width + p;
        return static_cast<T>(sizeof(T) == 8 ? (INT64_C(1) << 40) - i : i % 3 == 0);
    };
    for (int64_t n = 0; n < 2; n++)
        for (int64_t c = 0; c < channels; c++)
            for (int64_t p = 0; p < height * width; p++) in[at(from, n, c, p)] = number(n, c, p);
    const void* inputs[] = {in.data()};
    void* outputs[] = {out.data(), features.data()};
    ASSERT_EQ(run_plan(plan.get(), 2, inputs, outputs), OCTAVO_OK) << octavo_last_error();
    for (int64_t n = 0; n < 2; n++) {
        for (int64_t c = 0; c < channels; c++) {
            for (int64_t p = 0; p < height * width; p++) {
                EXPECT_EQ(out[at(to, n, c, p)], number(n, c, p)) << n << " " << c << " " << p;
                EXPECT_EQ(features[at(OCTAVO_PLAIN, n, c, p)], number(n, c, p)) << n << " " << c << " " << p;
            }
        }
    }
}

TEST(Types, IndicesAndFlagsAreMoved) {
    for (const octavo_layout from : {OCTAVO_PLAIN, OCTAVO_NHWC}) {
        for (const octavo_layout to : {OCTAVO_PLAIN, OCTAVO_NHWC}) {
            SCOPED_TRACE(std::to_string(from) + " to " + std::to_string(to));
            expect_moved<int64_t>(OCTAVO_S64, from, to);
            expect_moved<uint8_t>(OCTAVO_BOOL, from, to);
        }
    }
}

TEST(Types, AConstantOfIndicesIsMoved) {
    const int64_t data[] = {INT64_MIN, -1, INT64_MAX};
    Network network;
    ValueSpec constant = describe(OCTAVO_S64, OCTAVO_CONSTANT, {1, 3}, false);
    constant.data = data;
    const int32_t x = network.value(constant), y = network.value(describe(OCTAVO_S64, OCTAVO_OUTPUT, {1, 3}, false));
    network.op(describe_op(OCTAVO_OP_FLATTEN, {x}, {y}));
    const PlanHandle plan = network.build();
    int64_t out[3] = {};
    void* outputs[] = {out};
    ASSERT_EQ(run_plan(plan.get(), 1, nullptr, outputs), OCTAVO_OK) << octavo_last_error();
    for (int i = 0; i < 3; i++) EXPECT_EQ(out[i], data[i]) << i;
}

TEST(Types, OtherOperatorsRefuseThemByName) {
    for (const octavo_dtype dtype : {OCTAVO_S64, OCTAVO_BOOL}) {
        for (const octavo_op_kind kind : {OCTAVO_OP_MAX_POOL2D, OCTAVO_OP_CLAMP, OCTAVO_OP_ADD, OCTAVO_OP_SOFTMAX,
                                          OCTAVO_OP_QUANTIZE, OCTAVO_OP_REQUANTIZE, OCTAVO_OP_LINEAR}) {
            Network network;
            const std::vector<int64_t> dims(kind == OCTAVO_OP_LINEAR ? 2 : 4, 1);
            const int32_t x = network.value(describe(dtype, OCTAVO_INPUT, dims));
            const int32_t y = network.value(describe(dtype, OCTAVO_OUTPUT, dims));
            OpSpec op = describe_op(kind, {x}, {y});
            op.name = "tested";
            op.backend = OCTAVO_BACKEND_OCTAVO;
            if (kind == OCTAVO_OP_CLAMP) op.activation = OCTAVO_RELU;
            if (kind == OCTAVO_OP_ADD || kind == OCTAVO_OP_LINEAR) op.inputs[op.input_count++] = x;
            network.op(op);
            octavo_plan* plan = nullptr;
            EXPECT_EQ(octavo_builder_build(network.handle(), nullptr, &plan), OCTAVO_UNSUPPORTED) << kind;
            const std::string message = octavo_last_error();
            EXPECT_NE(message.find("operator \"tested\""), std::string::npos) << message;
            EXPECT_EQ(plan, nullptr);
            octavo_plan_destroy(plan);
        }
    }
}

class Runs : public ::testing::Test {
protected:
    // a, b [N, 2, 3] -> ADD -> sum; factor [4] unbatched -> ReLU -> kept.
    void SetUp() override {
        const auto value = [&](const char* name, octavo_role role, std::vector<int64_t> dims, bool batched) {
            ValueSpec spec = describe(OCTAVO_F32, role, std::move(dims), batched);
            spec.name = name;
            return network_.value(spec);
        };
        const int32_t a = value("a", OCTAVO_INPUT, {1, 2, 3}, true), b = value("b", OCTAVO_INPUT, {1, 2, 3}, true);
        const int32_t factor = value("factor", OCTAVO_INPUT, {4}, false);
        const int32_t sum = value("sum", OCTAVO_OUTPUT, {1, 2, 3}, true);
        const int32_t kept = value("kept", OCTAVO_OUTPUT, {4}, false);
        network_.op(describe_op(OCTAVO_OP_ADD, {a, b}, {sum}));
        OpSpec relu = describe_op(OCTAVO_OP_CLAMP, {factor}, {kept});
        relu.activation = OCTAVO_RELU;
        network_.op(relu);
        plan_ = network_.build();
        for (int i = 0; i < 12; i++) memory_[0][i] = static_cast<float>(i), memory_[1][i] = 100;
        for (int i = 0; i < 4; i++) memory_[2][i] = static_cast<float>(i) - 2;
        const void* in[] = {memory_[0], memory_[1], memory_[2]};
        void* out[] = {memory_[3], memory_[4]};
        buffers_ = std::make_unique<RunBuffers>(plan_.get(), 2, in, out);
    }

    void expect_refused(octavo_status status, const std::string& says) {
        for (float& y : memory_[3]) y = -7;
        const octavo_run_args args = buffers_->args();
        EXPECT_EQ(octavo_plan_run(plan_.get(), &args), status) << says;
        EXPECT_EQ(std::string(octavo_last_error()), says);
        for (const float y : memory_[3]) EXPECT_EQ(y, -7) << "written in spite of it";
    }

    Network network_;
    PlanHandle plan_;
    float memory_[5][16];
    std::unique_ptr<RunBuffers> buffers_;
};

TEST_F(Runs, TheBatchFollowsFromTheShapes) {
    octavo_run_args args = buffers_->args();
    ASSERT_EQ(octavo_plan_run(plan_.get(), &args), OCTAVO_OK) << octavo_last_error();
    for (int i = 0; i < 12; i++) EXPECT_EQ(memory_[3][i], static_cast<float>(100 + i));
    for (int i = 0; i < 4; i++) EXPECT_EQ(memory_[4][i], static_cast<float>(i < 2 ? 0 : i - 2));
    // One sample of the same buffers: the second is left as it is.
    const int64_t one[] = {1, 2, 3};
    for (octavo_buffer* buffer : {&buffers_->inputs[0], &buffers_->inputs[1], &buffers_->outputs[0]})
        buffer->dims = one;
    for (float& y : memory_[3]) y = -7;
    args = buffers_->args();
    ASSERT_EQ(octavo_plan_run(plan_.get(), &args), OCTAVO_OK) << octavo_last_error();
    for (int i = 0; i < 12; i++) EXPECT_EQ(memory_[3][i], i < 6 ? static_cast<float>(100 + i) : -7);
}

TEST_F(Runs, ThePlanSaysWhatItsBuffersAre) {
    auto info = sized<octavo_value_info>();
    ASSERT_EQ(octavo_plan_input(plan_.get(), 1, &info), OCTAVO_OK);
    EXPECT_STREQ(info.name, "b");
    EXPECT_EQ(info.dtype, OCTAVO_F32);
    EXPECT_EQ(info.layout, OCTAVO_PLAIN);
    EXPECT_EQ(info.batched, 1);
    ASSERT_EQ(info.rank, 3);
    EXPECT_EQ(std::vector<int64_t>(info.dims, info.dims + 3), (std::vector<int64_t>{1, 2, 3}));
    ASSERT_EQ(octavo_plan_output(plan_.get(), 1, &info), OCTAVO_OK);
    EXPECT_STREQ(info.name, "kept");
    EXPECT_EQ(info.batched, 0);
    EXPECT_EQ(octavo_plan_input(plan_.get(), 3, &info), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_plan_output(plan_.get(), -1, &info), OCTAVO_INVALID_ARGUMENT);
}

TEST_F(Runs, OtherShapesAreRefusedByName) {
    octavo_buffer &b = buffers_->inputs[1], &factor = buffers_->inputs[2], &sum = buffers_->outputs[0];
    const octavo_buffer good_b = b, good_factor = factor;
    const int64_t three[] = {3, 2, 3}, none[] = {0, 2, 3}, other[] = {2, 3, 2}, five[] = {5},
                  huge[] = {INT64_MAX, 2, 3};
    b.dims = three;
    expect_refused(OCTAVO_SHAPE_MISMATCH, "\"b\" (of the inputs): a batch of 3, expected 2 like \"a\"");
    b.dims = none;
    expect_refused(OCTAVO_SHAPE_MISMATCH, "\"b\" (of the inputs): shape [0, 2, 3], expected [N, 2, 3], N at least 1");
    b.dims = other;
    expect_refused(OCTAVO_SHAPE_MISMATCH, "\"b\" (of the inputs): shape [2, 3, 2], expected [N, 2, 3], N at least 1");
    b.rank = 2;
    expect_refused(OCTAVO_SHAPE_MISMATCH, "\"b\" (of the inputs): shape [2, 3], expected [N, 2, 3], N at least 1");
    b.rank = INT64_MAX;
    expect_refused(OCTAVO_SHAPE_MISMATCH,
                   "\"b\" (of the inputs): rank 9223372036854775807, expected [N, 2, 3], N at least 1");
    b = good_b;
    b.dims = nullptr;
    expect_refused(OCTAVO_INVALID_ARGUMENT, "\"b\" (of the inputs): dims is null");
    b = good_b;
    factor.dims = five;
    expect_refused(OCTAVO_SHAPE_MISMATCH, "\"factor\" (of the inputs): shape [5], expected [4]");
    factor = good_factor;
    sum.dims = three;
    expect_refused(OCTAVO_SHAPE_MISMATCH, "\"sum\" (of the outputs): a batch of 3, expected 2 like \"a\"");
    for (octavo_buffer* buffer : {&buffers_->inputs[0], &b, &sum}) buffer->dims = huge;
    const octavo_run_args args = buffers_->args();
    EXPECT_EQ(octavo_plan_run(plan_.get(), &args), OCTAVO_OUT_OF_MEMORY) << octavo_last_error();
}

TEST_F(Runs, WrongBuffersAreRefusedByName) {
    octavo_buffer &a = buffers_->inputs[0], &sum = buffers_->outputs[0], &kept = buffers_->outputs[1];
    const octavo_buffer good_a = a, good_sum = sum, good_kept = kept;
    sum.bytes = 47;
    expect_refused(OCTAVO_SHAPE_MISMATCH, "\"sum\" (of the outputs): 47 bytes, expected at least 48");
    sum = good_sum;
    a.bytes = -1;
    expect_refused(OCTAVO_SHAPE_MISMATCH, "\"a\" (of the inputs): -1 bytes, expected at least 48");
    a = good_a;
    a.data = nullptr;
    expect_refused(OCTAVO_INVALID_ARGUMENT, "\"a\" (of the inputs): data is null");
    a.data = reinterpret_cast<char*>(memory_[0]) + 2;
    expect_refused(OCTAVO_INVALID_ARGUMENT, "\"a\" (of the inputs): not aligned to its element of 4 bytes");
    // The last byte of one on the first of the other; side by side they are fine.
    a.data = memory_[3] + 11;
    expect_refused(OCTAVO_INVALID_ARGUMENT, "\"sum\" (of the outputs) overlaps the memory of \"a\" (of the inputs)");
    a = good_a;
    sum.data = memory_[3] + 2;
    kept.data = memory_[3] + 13;
    expect_refused(OCTAVO_INVALID_ARGUMENT,
                   "\"kept\" (of the outputs) overlaps the memory of \"sum\" (of the outputs)");
    sum = good_sum;
    kept.data = memory_[3] + 12;
    octavo_run_args args = buffers_->args();
    EXPECT_EQ(octavo_plan_run(plan_.get(), &args), OCTAVO_OK) << octavo_last_error();
    kept = good_kept;
    buffers_->inputs[1].data = a.data;
    args = buffers_->args();
    EXPECT_EQ(octavo_plan_run(plan_.get(), &args), OCTAVO_OK) << "inputs may be the same memory";
    args.input_count = 2;
    EXPECT_EQ(octavo_plan_run(plan_.get(), &args), OCTAVO_INVALID_ARGUMENT);
    EXPECT_STREQ(octavo_last_error(), "2 inputs, expected 3");
    args = buffers_->args();
    args.outputs = nullptr;
    EXPECT_EQ(octavo_plan_run(plan_.get(), &args), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_plan_run(plan_.get(), nullptr), OCTAVO_INVALID_ARGUMENT);
}

TEST(Builders, TakeManyValuesInAMoment) {
    Network network;
    const ValueSpec spec = describe(OCTAVO_F32, OCTAVO_INPUT, {1});
    const octavo_value_desc value = spec.described();
    int32_t number = -1;
    const std::clock_t start = std::clock();
    for (int i = 0; i < 400000; i++) ASSERT_EQ(octavo_builder_value(network.handle(), &value, &number), OCTAVO_OK);
    EXPECT_EQ(number, 399999);
    // A tenth of that; minutes where all values move at each addition.
    EXPECT_LT(std::clock() - start, 10 * CLOCKS_PER_SEC);
}

// A graph of so many convolutions, each read by a halving pool, and flattens, each read by a linear layer.
struct LongGraph {
    explicit LongGraph(int pairs) {
        Value image;
        image.dtype = OCTAVO_U8;
        image.role = OCTAVO_TEMP;
        image.layout = OCTAVO_NHWC;
        image.dims = {1, 2, 4, 4};
        image.scales = {1};
        image.zero_points = {0};
        Value halved = image, row = image, weights = image;
        halved.dims = {1, 2, 2, 2};
        row.layout = weights.layout = OCTAVO_PLAIN;
        row.dims = {1, 32};
        weights.dims = {32, 32};
        weights.role = OCTAVO_CONSTANT;
        weights.batched = false;
        values = {image, weights};
        for (int i = 0; i < pairs; i++) {
            const int y = static_cast<int>(values.size());
            for (const Value& value : {image, halved, row, row}) values.push_back(value);
            add(OCTAVO_OP_CONV2D, {0, 1, -1, -1}, y);
            add(OCTAVO_OP_MAX_POOL2D, {y}, y + 1);
            add(OCTAVO_OP_FLATTEN, {0}, y + 2);
            add(OCTAVO_OP_LINEAR, {y + 2, 1, -1, -1}, y + 3);
        }
    }
    void add(octavo_op_kind kind, std::vector<int> inputs, int output) {
        Node node;
        node.name = "node" + std::to_string(nodes.size());
        node.signature = find_signature(kind);
        node.attributes.kind = kind;
        for (int i = 0; i < 2; i++) node.attributes.kernel[i] = node.attributes.stride[i] = 2;
        node.inputs = std::move(inputs);
        node.outputs = {output};
        nodes.push_back(std::move(node));
    }

    std::vector<Value> values;
    std::vector<Node> nodes;
};

TEST(Fusions, OfManyNodesAreFoundInAMoment) {
    const LongGraph graph(25000);
    const std::clock_t start = std::clock();
    const std::vector<Fusion> fusions = decide_fusions(graph.values, graph.nodes);
    // A fiftieth of that; half a minute where each node looks through all others for its readers.
    EXPECT_LT(std::clock() - start, 10 * CLOCKS_PER_SEC);
    ASSERT_EQ(fusions.size(), 100000u);
    for (int i = 0; i < 100000; i += 4) {
        ASSERT_EQ(fusions[static_cast<size_t>(i)].pool, i + 1);
        ASSERT_TRUE(fusions[static_cast<size_t>(i) + 2].view);
        ASSERT_EQ(fusions[static_cast<size_t>(i) + 3].columns.pixels, 16);
    }
}

TEST(Fusions, TakeAPoolThatAloneReadsAConvolution) {
    LongGraph graph(1);
    const int y = graph.nodes[0].outputs[0];
    EXPECT_EQ(decide_fusions(graph.values, graph.nodes)[0].pool, 1);
    graph.values.push_back(graph.values[static_cast<size_t>(y) + 1]);
    graph.add(OCTAVO_OP_MAX_POOL2D, {y}, static_cast<int>(graph.values.size()) - 1);
    EXPECT_EQ(decide_fusions(graph.values, graph.nodes)[0].pool, -1) << "two read it";
}

}  // namespace
}  // namespace octavo::test

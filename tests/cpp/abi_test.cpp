// The edge of the C interface: statuses, messages, and an answer to every wrong description and argument. No back end is
// registered in this program.
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <thread>

#include "abi/status.h"
#include "octavo/octavo.h"
#include "support/network.h"

namespace octavo::test {
namespace {

TEST(Status, EveryOneHasAMeaning) {
    for (octavo_status status = OCTAVO_OK; status <= OCTAVO_INTERNAL; status++) {
        EXPECT_STRNE(octavo_status_text(status), "unknown status") << status;
    }
    EXPECT_STREQ(octavo_status_text(OCTAVO_INTERNAL + 1), "unknown status");
    EXPECT_STREQ(octavo_status_text(-1), "unknown status");
}

TEST(Status, ExceptionsBecomeAStatusAndASentence) {
    EXPECT_EQ(guarded([] { throw Error(OCTAVO_BUSY, "one"); }), OCTAVO_BUSY);
    EXPECT_STREQ(octavo_last_error(), "one");
    EXPECT_EQ(guarded([] { throw Refusal("two"); }), OCTAVO_UNSUPPORTED);
    EXPECT_STREQ(octavo_last_error(), "two");
    EXPECT_EQ(guarded([] { throw std::bad_alloc(); }), OCTAVO_OUT_OF_MEMORY);
    EXPECT_EQ(guarded([] { throw std::runtime_error("three"); }), OCTAVO_INTERNAL);
    EXPECT_STREQ(octavo_last_error(), "three");
    EXPECT_EQ(guarded([] { throw 4; }), OCTAVO_INTERNAL);
    EXPECT_EQ(guarded([] {}), OCTAVO_OK);
}

TEST(Status, TheMessageIsTheThreadsOwn) {
    guarded([] { throw Error(OCTAVO_BUSY, "mine"); });
    std::thread([] {
        EXPECT_STREQ(octavo_last_error(), "");
        guarded([] { throw Error(OCTAVO_BUSY, "theirs"); });
        EXPECT_STREQ(octavo_last_error(), "theirs");
    }).join();
    EXPECT_STREQ(octavo_last_error(), "mine");
}

TEST(Status, ALongMessageIsCutBetweenCharacters) {
    // 1 + 2 n bytes of text: the cut at an odd or even place must not leave half of a two-byte character.
    for (const std::string& start : {std::string("x"), std::string("xy")}) {
        std::string message = start;
        for (int i = 0; i < 5000; i++) message += "\xC3\xA9";
        guarded([&] { throw Error(OCTAVO_BUSY, message); });
        const std::string kept = octavo_last_error();
        EXPECT_LT(kept.size(), message.size());
        EXPECT_GT(kept.size(), 1000u);
        EXPECT_EQ((kept.size() - start.size()) % 2, 0u);
        EXPECT_EQ(message.compare(0, kept.size(), kept), 0);
    }
}

// A description that is right, one change that makes it wrong, and what the answer must say.
struct BadValue {
    const char* what;
    std::function<void(ValueSpec*)> change;
    octavo_status status;
    const char* says;
};

// Values that live as long as the descriptions that point to them.
const float scales[] = {0.5f, 0.25f, 2.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f};
const int32_t zeros[] = {0, 3, -4};
const int8_t entries[64] = {1, 2, 3};
const uint8_t codes[64] = {1, 0, 2};
const float not_a_number[] = {std::numeric_limits<float>::quiet_NaN()};
const float zero_scale[] = {0.0f};
const float negative_scale[] = {-1.0f};
const int32_t large_zero[] = {300};

ValueSpec activation() {
    ValueSpec desc = describe(OCTAVO_U8, OCTAVO_TEMP, {1, 3, 8, 8}, true, OCTAVO_NHWC);
    desc.name = "x";
    desc.param_count = 1;
    desc.scales = scales;
    return desc;
}

ValueSpec channel_weights() {
    ValueSpec desc = describe(OCTAVO_S8, OCTAVO_CONSTANT, {3, 16}, false);
    desc.name = "w";
    desc.axis = 0;
    desc.param_count = 3;
    desc.scales = scales;
    desc.zero_points = zeros;
    desc.data = codes;
    return desc;
}

ValueSpec table_weights() {
    ValueSpec desc = describe(OCTAVO_CODE4, OCTAVO_CONSTANT, {3, 16}, false);
    desc.name = "c";
    desc.axis = 0;
    desc.param_count = 3;
    desc.scales = scales;
    desc.table_size = 3;
    desc.table = entries;
    desc.data = codes;
    return desc;
}

void expect_refused(const ValueSpec& good, const std::vector<BadValue>& cases) {
    octavo_builder* builder = nullptr;
    ASSERT_EQ(octavo_builder_create(&builder), OCTAVO_OK);
    int32_t number = -7;
    ASSERT_EQ(add_value(builder, good, &number), OCTAVO_OK) << octavo_last_error();
    EXPECT_EQ(number, 0);
    for (const BadValue& bad : cases) {
        ValueSpec desc = good;
        bad.change(&desc);
        number = -7;
        EXPECT_EQ(add_value(builder, desc, &number), bad.status) << bad.what;
        const std::string message = octavo_last_error();
        EXPECT_NE(message.find(bad.says), std::string::npos) << bad.what << ": " << message;
        if (good.name != nullptr) {
            EXPECT_NE(message.find(std::string("\"") + good.name + "\""), std::string::npos) << message;
        }
        EXPECT_EQ(number, -7) << bad.what;
    }
    ASSERT_EQ(add_value(builder, good, &number), OCTAVO_OK);
    EXPECT_EQ(number, 1) << "a refused value was counted";
    octavo_builder_destroy(builder);
}

TEST(Values, WrongActivationsAreRefused) {
    expect_refused(
        activation(),
        {{"dtype", [](auto* d) { d->dtype = 8; }, OCTAVO_INVALID_ARGUMENT, "dtype is 8"},
         {"dtype below", [](auto* d) { d->dtype = -1; }, OCTAVO_INVALID_ARGUMENT, "dtype is -1"},
         {"role", [](auto* d) { d->role = 5; }, OCTAVO_INVALID_ARGUMENT, "role is 5"},
         {"layout", [](auto* d) { d->layout = 2; }, OCTAVO_INVALID_ARGUMENT, "layout is 2"},
         {"batched", [](auto* d) { d->batched = 2; }, OCTAVO_INVALID_ARGUMENT, "batched is 2"},
         {"rank above", [](auto* d) { d->rank = 9; }, OCTAVO_INVALID_ARGUMENT, "rank is 9, expected 0 to 8"},
         {"rank below", [](auto* d) { d->rank = -1; }, OCTAVO_INVALID_ARGUMENT, "rank is -1"},
         {"rank of NHWC", [](auto* d) { d->rank = 3; }, OCTAVO_INVALID_ARGUMENT, "NHWC needs rank 4, found rank 3"},
         {"scalar batch", [](auto* d) { d->rank = 0, d->layout = OCTAVO_PLAIN; }, OCTAVO_INVALID_ARGUMENT, "scalar"},
         {"dimension 0", [](auto* d) { d->dims[2] = 0; }, OCTAVO_INVALID_ARGUMENT, "dimension 2 is 0"},
         {"overflow", [](auto* d) { d->dims[1] = d->dims[2] = INT64_C(1) << 40; }, OCTAVO_OUT_OF_MEMORY, "overflows"},
         {"param_count", [](auto* d) { d->param_count = -1; }, OCTAVO_INVALID_ARGUMENT, "param_count is -1"},
         {"two for a tensor", [](auto* d) { d->param_count = 2; }, OCTAVO_SHAPE_MISMATCH,
          "param_count is 2, expected 1"},
         {"channels", [](auto* d) { d->axis = 1; }, OCTAVO_SHAPE_MISMATCH, "expected 3"},
         {"axis of the batch", [](auto* d) { d->axis = 0; }, OCTAVO_INVALID_ARGUMENT, "is the batch"},
         {"axis", [](auto* d) { d->axis = 4; }, OCTAVO_INVALID_ARGUMENT, "axis is 4"},
         {"axis below", [](auto* d) { d->axis = -2; }, OCTAVO_INVALID_ARGUMENT, "axis is -2"},
         {"group without axis", [](auto* d) { d->group_size = 4; }, OCTAVO_INVALID_ARGUMENT, "needs axis 0"},
         {"scales null", [](auto* d) { d->scales = nullptr; }, OCTAVO_INVALID_ARGUMENT, "scales is null"},
         {"scale NaN", [](auto* d) { d->scales = not_a_number; }, OCTAVO_NOT_FINITE, "scale 0 is nan"},
         {"scale 0", [](auto* d) { d->scales = zero_scale; }, OCTAVO_INVALID_ARGUMENT, "scale 0 is 0"},
         {"scale below", [](auto* d) { d->scales = negative_scale; }, OCTAVO_INVALID_ARGUMENT, "scale 0 is -1"},
         {"zero point", [](auto* d) { d->zero_points = large_zero; }, OCTAVO_INVALID_ARGUMENT,
          "300, expected 0 to 255"},
         {"codes", [](auto* d) { d->code_max = 256; }, OCTAVO_INVALID_ARGUMENT, "codes 0 to 256"},
         {"codes upside down", [](auto* d) { d->code_min = 9, d->code_max = 8; }, OCTAVO_INVALID_ARGUMENT,
          "codes 9 to 8"},
         {"table", [](auto* d) { d->table = entries; }, OCTAVO_INVALID_ARGUMENT, "table belongs to CODE4"},
         {"table size", [](auto* d) { d->table_size = 4; }, OCTAVO_INVALID_ARGUMENT, "table belongs to CODE4"},
         {"data", [](auto* d) { d->data = codes; }, OCTAVO_INVALID_ARGUMENT, "have no data"},
         {"float with scale", [](auto* d) { d->dtype = OCTAVO_F32; }, OCTAVO_INVALID_ARGUMENT,
          "f32 values have no quantization"},
         {"index with scale", [](auto* d) { d->dtype = OCTAVO_S64; }, OCTAVO_INVALID_ARGUMENT,
          "s64 values have no quantization"},
         {"flag with scale", [](auto* d) { d->dtype = OCTAVO_BOOL; }, OCTAVO_INVALID_ARGUMENT,
          "bool values have no quantization"},
         {"codes as activation", [](auto* d) { d->dtype = OCTAVO_CODE4; }, OCTAVO_INVALID_ARGUMENT,
          "constant weights"}});
}

TEST(Values, WrongWeightsAreRefused) {
    expect_refused(
        channel_weights(),
        {{"data null", [](auto* d) { d->data = nullptr; }, OCTAVO_INVALID_ARGUMENT, "constant values need data"},
         {"state null", [](auto* d) { d->role = OCTAVO_STATE, d->data = nullptr; }, OCTAVO_INVALID_ARGUMENT,
          "state values"},
         {"batched", [](auto* d) { d->batched = 1; }, OCTAVO_INVALID_ARGUMENT, "fixed shape"},
         {"too few", [](auto* d) { d->param_count = 2; }, OCTAVO_SHAPE_MISMATCH, "param_count is 2, expected 3"},
         {"groups", [](auto* d) { d->group_size = 7; }, OCTAVO_SHAPE_MISMATCH, "expected 9"},
         {"group below", [](auto* d) { d->group_size = -1; }, OCTAVO_INVALID_ARGUMENT, "group_size -1"},
         {"groups on axis 1", [](auto* d) { d->group_size = 4, d->axis = 1; }, OCTAVO_INVALID_ARGUMENT, "axis 0"},
         {"zero of s8", [](auto* d) { d->zero_points = large_zero, d->axis = -1, d->param_count = 1; },
          OCTAVO_INVALID_ARGUMENT, "expected -128 to 127"}});
    expect_refused(
        table_weights(),
        {{"size 0", [](auto* d) { d->table_size = 0; }, OCTAVO_INVALID_ARGUMENT, "table_size is 0, expected 1 to 16"},
         {"size 17", [](auto* d) { d->table_size = 17; }, OCTAVO_INVALID_ARGUMENT, "table_size is 17"},
         {"null", [](auto* d) { d->table = nullptr; }, OCTAVO_INVALID_ARGUMENT, "table is null"},
         {"no scale", [](auto* d) { d->param_count = 0; }, OCTAVO_INVALID_ARGUMENT, "need scales"},
         {"zero point", [](auto* d) { d->zero_points = zeros; }, OCTAVO_INVALID_ARGUMENT, "zero point 1 is 3"},
         {"code", [](auto* d) { d->table_size = 2; }, OCTAVO_INVALID_ARGUMENT, "code 2 is 2, expected 0 to 1"}});
}

TEST(Values, NullIsAnswered) {
    octavo_builder* builder = nullptr;
    ASSERT_EQ(octavo_builder_create(&builder), OCTAVO_OK);
    const ValueSpec spec = activation();
    const octavo_value_desc desc = spec.described();
    int32_t number;
    EXPECT_EQ(octavo_builder_create(nullptr), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_builder_value(nullptr, &desc, &number), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_builder_value(builder, nullptr, &number), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_builder_value(builder, &desc, nullptr), OCTAVO_INVALID_ARGUMENT);
    EXPECT_STREQ(octavo_last_error(), "number is null");
    EXPECT_EQ(octavo_builder_op(builder, nullptr), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_builder_build(builder, nullptr, nullptr), OCTAVO_INVALID_ARGUMENT);
    octavo_builder_destroy(builder);
    octavo_builder_destroy(nullptr);
    octavo_plan_destroy(nullptr);
    EXPECT_EQ(octavo_plan_run(nullptr, nullptr), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_plan_input(nullptr, 0, nullptr), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_plan_output(nullptr, 0, nullptr), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_plan_input_count(nullptr), 0);
    EXPECT_EQ(octavo_plan_output_bytes(nullptr, 0, 1), -1);
    EXPECT_EQ(octavo_plan_step(nullptr, 0, nullptr), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_plan_memory_info(nullptr, nullptr), OCTAVO_INVALID_ARGUMENT);
}

struct BadOp {
    const char* what;
    std::function<void(OpSpec*)> change;
    octavo_status status;
    const char* says;
};

TEST(Operators, WrongOnesAreRefused) {
    Network network;
    const int32_t x = network.floats(OCTAVO_INPUT, {1, 3, 8, 8});
    const int32_t w = network.constant(std::vector<float>(9), {3, 3, 1, 1});
    const int32_t y = network.floats(OCTAVO_OUTPUT, {1, 3, 8, 8});
    const int32_t later = network.floats(OCTAVO_TEMP, {1, 3, 8, 8});
    const int32_t taken = network.floats(OCTAVO_TEMP, {1, 3, 8, 8});
    OpSpec relu = describe_op(OCTAVO_OP_CLAMP, {x}, {taken});
    relu.name = "relu";
    network.op(relu);
    OpSpec good = describe_op(OCTAVO_OP_CONV2D, {x, w}, {y});
    good.name = "conv";

    const float nan = std::numeric_limits<float>::quiet_NaN();
    const std::vector<BadOp> cases = {
        {"kind", [](auto* d) { d->kind = 20; }, OCTAVO_INVALID_ARGUMENT, "kind 20 is unknown"},
        {"back end", [](auto* d) { d->backend = 3; }, OCTAVO_INVALID_ARGUMENT, "backend is 3"},
        {"activation", [](auto* d) { d->activation = 3; }, OCTAVO_INVALID_ARGUMENT, "activation is 3"},
        {"clamp", [](auto* d) { d->activation = OCTAVO_CLAMP, d->clamp_min = 1; }, OCTAVO_INVALID_ARGUMENT,
         "clamp to [1, 0]"},
        {"clamp NaN", [=](auto* d) { d->activation = OCTAVO_CLAMP, d->clamp_min = nan; }, OCTAVO_NOT_FINITE,
         "clamp_min is nan"},
        {"kernel", [](auto* d) { d->kernel[1] = 0; }, OCTAVO_INVALID_ARGUMENT, "kernel[1] is 0, expected at least 1"},
        {"stride", [](auto* d) { d->stride[0] = -1; }, OCTAVO_INVALID_ARGUMENT, "stride[0] is -1, expected at least 1"},
        {"dilation", [](auto* d) { d->dilation[0] = 0; }, OCTAVO_INVALID_ARGUMENT, "dilation[0] is 0"},
        {"padding", [](auto* d) { d->pad[3] = -2; }, OCTAVO_INVALID_ARGUMENT, "pad[3] is -2, expected at least 0"},
        {"groups", [](auto* d) { d->groups = 0; }, OCTAVO_INVALID_ARGUMENT, "groups is 0"},
        {"inputs", [](auto* d) { d->input_count = 5, d->inputs[4] = 0; }, OCTAVO_INVALID_ARGUMENT,
         "5 inputs, expected at most 4"},
        {"inputs below", [](auto* d) { d->input_count = -1; }, OCTAVO_INVALID_ARGUMENT, "-1 inputs"},
        {"outputs", [](auto* d) { d->output_count = 2; }, OCTAVO_INVALID_ARGUMENT, "2 outputs, expected at most 1"},
        {"no output", [](auto* d) { d->outputs[0] = -1; }, OCTAVO_INVALID_ARGUMENT, "no output is wanted"},
        {"no weights", [](auto* d) { d->input_count = 1; }, OCTAVO_INVALID_ARGUMENT, "input 1 is absent"},
        {"absent", [](auto* d) { d->inputs[0] = -1; }, OCTAVO_INVALID_ARGUMENT, "input 0 is absent"},
        {"unknown value", [](auto* d) { d->inputs[0] = 99; }, OCTAVO_INVALID_ARGUMENT, "input 0 is value 99"},
        {"unknown value below", [](auto* d) { d->outputs[0] = -2; }, OCTAVO_INVALID_ARGUMENT, "output 0 is value -2"},
        {"not yet written", [=](auto* d) { d->inputs[0] = later; }, OCTAVO_INVALID_ARGUMENT, "read before"},
        {"own output", [=](auto* d) { d->inputs[0] = y; }, OCTAVO_INVALID_ARGUMENT, "read before"},
        {"written again", [=](auto* d) { d->outputs[0] = taken; }, OCTAVO_INVALID_ARGUMENT,
         "written by \"relu\" already"},
        {"input written", [=](auto* d) { d->outputs[0] = x; }, OCTAVO_INVALID_ARGUMENT, "its role is input"},
        {"constant written", [=](auto* d) { d->outputs[0] = w; }, OCTAVO_INVALID_ARGUMENT, "its role is constant"},
    };
    for (const BadOp& bad : cases) {
        OpSpec desc = good;
        bad.change(&desc);
        EXPECT_EQ(add_op(network.handle(), desc), bad.status) << bad.what;
        const std::string message = octavo_last_error();
        EXPECT_NE(message.find(bad.says), std::string::npos) << bad.what << ": " << message;
        EXPECT_NE(message.find("\"conv\""), std::string::npos) << message;
    }
    OpSpec twice = describe_op(OCTAVO_OP_MAX_POOL2D_TRAIN, {x}, {later, later});
    EXPECT_EQ(add_op(network.handle(), twice), OCTAVO_INVALID_ARGUMENT);
    EXPECT_NE(std::string(octavo_last_error()).find("written twice"), std::string::npos) << octavo_last_error();
    network.op(good);  // what was refused left nothing behind
}

TEST(Building, IncompleteNetworksAndWrongOptionsAreRefused) {
    Network empty;
    octavo_plan* plan = nullptr;
    EXPECT_EQ(octavo_builder_build(empty.handle(), nullptr, &plan), OCTAVO_INVALID_ARGUMENT);
    EXPECT_STREQ(octavo_last_error(), "the network has no operators");

    Network network;
    const int32_t x = network.floats(OCTAVO_INPUT, {1, 3});
    ValueSpec unwritten = describe(OCTAVO_F32, OCTAVO_OUTPUT, {1, 3});
    unwritten.name = "logits";
    network.value(unwritten);
    network.op(describe_op(OCTAVO_OP_SOFTMAX, {x}, {network.floats(OCTAVO_OUTPUT, {1, 3})}));
    EXPECT_EQ(octavo_builder_build(network.handle(), nullptr, &plan), OCTAVO_INVALID_ARGUMENT);
    EXPECT_STREQ(octavo_last_error(), "value \"logits\" (output) is written by no operator");

    Options options{};
    options.threads = 1025;
    EXPECT_EQ(octavo_builder_build(network.handle(), &options, &plan), OCTAVO_INVALID_ARGUMENT);
    options = {};
    options.chunk = -1;
    EXPECT_EQ(octavo_builder_build(network.handle(), &options, &plan), OCTAVO_INVALID_ARGUMENT);
    options = {};
    options.profile = 2;
    EXPECT_EQ(octavo_builder_build(network.handle(), &options, &plan), OCTAVO_INVALID_ARGUMENT);
    options = {};
    options.isa = "sse9";
    EXPECT_EQ(octavo_builder_build(network.handle(), &options, &plan), OCTAVO_UNKNOWN_ISA);
    EXPECT_NE(std::string(octavo_last_error()).find("scalar"), std::string::npos) << octavo_last_error();
    EXPECT_EQ(plan, nullptr);
}

TEST(Building, WithoutABackEndTheMessageSaysWhatToLoad) {
    Network network;
    const int32_t x = network.floats(OCTAVO_INPUT, {1, 3});
    const int32_t y = network.floats(OCTAVO_OUTPUT, {1, 2});
    OpSpec linear = describe_op(OCTAVO_OP_LINEAR, {x, network.constant(std::vector<float>(6), {2, 3})}, {y});
    linear.name = "fc";
    network.op(linear);
    octavo_plan* plan = nullptr;
    EXPECT_EQ(octavo_builder_build(network.handle(), nullptr, &plan), OCTAVO_NO_BACKEND);
    const std::string message = octavo_last_error();
    EXPECT_NE(message.find("operator \"fc\" (linear)"), std::string::npos) << message;
    EXPECT_NE(message.find("octavo_onednn_register"), std::string::npos) << message;
}

}  // namespace
}  // namespace octavo::test

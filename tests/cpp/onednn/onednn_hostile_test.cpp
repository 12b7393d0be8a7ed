// Every operator with constants in any place and any back end asked for: it is refused with a sentence, or its runs see the data.
#include <string>
#include <vector>

#include "onednn/one_operator.h"

namespace octavo::test {
namespace {

struct Argument {
    octavo_dtype dtype;
    Shape dims;
    octavo_layout layout = OCTAVO_PLAIN;
    bool must_be_constant = false;
    bool state = false;
};

struct Case {
    octavo_op_kind kind;
    std::vector<Argument> inputs, outputs;
    int32_t kernel = 1;
};

const Argument image = {OCTAVO_F32, {2, 4, 4, 4}, OCTAVO_NHWC};
const Argument halved = {OCTAVO_F32, {2, 4, 2, 2}, OCTAVO_NHWC};
const Argument code_image = {OCTAVO_U8, {2, 4, 4, 4}, OCTAVO_NHWC};
const Argument code_filters = {OCTAVO_S8, {4, 4, 1, 1}, OCTAVO_PLAIN, true};
const Argument filters = {OCTAVO_F32, {4, 4, 1, 1}};
const Argument rows = {OCTAVO_F32, {3, 4}};
const Argument code_rows = {OCTAVO_U8, {3, 4}};
const Argument matrix = {OCTAVO_F32, {4, 4}};
const Argument code_matrix = {OCTAVO_S8, {4, 4}, OCTAVO_PLAIN, true};
const Argument channel = {OCTAVO_F32, {4}};
const Argument channel_state = {OCTAVO_F32, {4}, OCTAVO_PLAIN, false, true};
const Argument bytes = {OCTAVO_U8, {3, 4}};
const Argument taps = {OCTAVO_U8, {2, 4, 2, 2}, OCTAVO_NHWC};

std::vector<Case> cases() {
    const Argument one = {OCTAVO_F32, {1}}, labels = {OCTAVO_S32, {3}}, correct = {OCTAVO_S32, {1}};
    return {
        {OCTAVO_OP_CONV2D, {image, filters, channel, image}, {image}},
        {OCTAVO_OP_CONV2D, {code_image, code_filters}, {code_image}},
        {OCTAVO_OP_LINEAR, {rows, matrix, channel}, {rows}},
        {OCTAVO_OP_LINEAR, {code_rows, code_matrix}, {rows}},
        {OCTAVO_OP_LINEAR, {rows, code_matrix, channel}, {rows}},
        {OCTAVO_OP_LINEAR_DYNAMIC, {rows, code_matrix, channel}, {rows}},
        {OCTAVO_OP_MAX_POOL2D, {image}, {halved}, 2},
        {OCTAVO_OP_AVG_POOL2D, {image}, {halved}, 2},
        {OCTAVO_OP_ADAPTIVE_AVG_POOL2D, {image}, {halved}},
        {OCTAVO_OP_ADD, {image, image}, {image}},
        {OCTAVO_OP_CLAMP, {rows}, {rows}},
        {OCTAVO_OP_SOFTMAX, {rows}, {rows}},
        {OCTAVO_OP_QUANTIZE, {rows}, {code_rows}},
        {OCTAVO_OP_DEQUANTIZE, {code_rows}, {rows}},
        {OCTAVO_OP_REQUANTIZE, {code_rows}, {code_rows}},
        {OCTAVO_OP_REORDER, {image}, {{OCTAVO_F32, image.dims}}},
        {OCTAVO_OP_FLATTEN, {image}, {{OCTAVO_F32, {2, 64}}}},
        {OCTAVO_OP_BATCH_NORM, {image, channel, channel, channel, channel}, {image}},
        {OCTAVO_OP_CONV2D_GRAD_INPUT, {image, filters}, {image}},
        {OCTAVO_OP_CONV2D_GRAD_WEIGHT, {image, image}, {filters, channel}},
        {OCTAVO_OP_LINEAR_GRAD_INPUT, {rows, matrix}, {rows}},
        {OCTAVO_OP_LINEAR_GRAD_WEIGHT, {rows, rows}, {matrix, channel}},
        {OCTAVO_OP_BATCH_NORM_TRAIN,
         {image, channel, channel, channel_state, channel_state},
         {image, channel, channel}},
        {OCTAVO_OP_BATCH_NORM_GRAD, {image, image, channel, channel, channel}, {image, channel, channel}},
        {OCTAVO_OP_CLAMP_GRAD, {rows, rows}, {rows}},
        {OCTAVO_OP_MAX_POOL2D_TRAIN, {image}, {halved, taps}, 2},
        {OCTAVO_OP_MAX_POOL2D_GRAD, {halved, taps}, {image}, 2},
        {OCTAVO_OP_AVG_POOL2D_GRAD, {halved}, {image}, 2},
        {OCTAVO_OP_ADAPTIVE_AVG_POOL2D_GRAD, {halved}, {image}},
        {OCTAVO_OP_FLATTEN_GRAD, {{OCTAVO_F32, {2, 64}}}, {image}},
        {OCTAVO_OP_DROPOUT_TRAIN, {rows, {OCTAVO_S32, {2}}}, {rows, bytes}},
        {OCTAVO_OP_DROPOUT_GRAD, {rows, bytes}, {rows}},
        {OCTAVO_OP_SOFTMAX_GRAD, {rows, rows}, {rows}},
        {OCTAVO_OP_CROSS_ENTROPY, {rows, labels}, {one, rows, correct}},
        {OCTAVO_OP_SGD_STEP, {channel_state, channel, channel_state, {OCTAVO_F32, {5}}}, {}},
        {OCTAVO_OP_ADAM_STEP, {channel_state, channel, channel_state, channel_state, {OCTAVO_F32, {6}}}, {}},
    };
}

std::vector<std::byte> random_bytes(Random& random, const Argument& argument) {
    const auto n = static_cast<size_t>(elements(argument.dims));
    std::vector<std::byte> data(n * (argument.dtype == OCTAVO_F32 || argument.dtype == OCTAVO_S32 ? 4 : 1));
    for (size_t i = 0; i < n; ++i) {
        const float real = random.real(0.1f, 1.0f);
        const auto integer = static_cast<int32_t>(random.integer(0, 3));  // a label, a tap, a code
        if (argument.dtype == OCTAVO_F32) std::memcpy(data.data() + 4 * i, &real, 4);
        if (argument.dtype == OCTAVO_S32) std::memcpy(data.data() + 4 * i, &integer, 4);
        if (data.size() == n) data[i] = static_cast<std::byte>(integer);
    }
    return data;
}

// The results and states after a run, in one string of bytes; a refusal is empty.
std::vector<std::byte> outcome(const Case& c, octavo_backend_id backend, uint32_t constants,
                               const std::vector<std::vector<std::byte>>& data) {
    static const float scale = 0.5f;
    OneOperator op(c.kind, 1);
    op.desc.backend = backend;
    op.desc.probability = 0.5f;
    op.desc.epsilon = 1e-5f;
    op.desc.momentum = 0.1f;
    if (c.kind == OCTAVO_OP_CLAMP || c.kind == OCTAVO_OP_CLAMP_GRAD) op.desc.activation = OCTAVO_RELU;
    for (int i = 0; i < 2; ++i) op.desc.kernel[i] = op.desc.stride[i] = c.kernel;
    const auto value = [&](const Argument& argument, octavo_role role) {
        ValueSpec desc = describe(argument.dtype, role, argument.dims, false, argument.layout);
        const bool index = c.kind == OCTAVO_OP_MAX_POOL2D_GRAD || c.kind == OCTAVO_OP_MAX_POOL2D_TRAIN ||
                           c.kind == OCTAVO_OP_DROPOUT_TRAIN || c.kind == OCTAVO_OP_DROPOUT_GRAD;
        if (!index && (argument.dtype == OCTAVO_U8 || argument.dtype == OCTAVO_S8)) {
            desc.param_count = 1;
            desc.scales = &scale;
        }
        return desc;
    };
    for (size_t i = 0; i < c.inputs.size(); ++i) {
        const Argument& argument = c.inputs[i];
        const bool constant = argument.must_be_constant || (constants >> i & 1) != 0;
        const octavo_role role = argument.state ? OCTAVO_STATE : constant ? OCTAVO_CONSTANT : OCTAVO_INPUT;
        op.add_input(value(argument, role), data[i].data(), data[i].size());
    }
    for (const Argument& argument : c.outputs) op.add_output(value(argument, OCTAVO_OUTPUT));
    if (!op.build()) {
        EXPECT_TRUE(op.status == OCTAVO_UNSUPPORTED || op.status == OCTAVO_NO_BACKEND) << op.status << op.message;
        EXPECT_NE(op.message.find("operator \"tested\""), std::string::npos) << op.message;
        return {};
    }
    EXPECT_TRUE(op.run()) << op.message;
    std::vector<std::byte> all;
    const auto append = [&](const auto& values) {
        const auto* begin = reinterpret_cast<const std::byte*>(values.data());
        all.insert(all.end(), begin, begin + values.size() * sizeof(values[0]));
    };
    for (int i = 0; i < op.desc.output_count; ++i) append(op.result<uint8_t>(i));
    for (size_t i = 0; i < c.inputs.size(); ++i) {
        if (c.inputs[i].state) append(op.state_of(static_cast<int>(i)));
    }
    EXPECT_FALSE(all.empty());
    return all;
}

TEST(OnednnHostile, ConstantsAnywhere) {
    Random random(1);
    int built_with_constants = 0;
    for (const Case& c : cases()) {
        std::vector<std::vector<std::byte>> data;
        for (const Argument& argument : c.inputs) data.push_back(random_bytes(random, argument));
        for (const octavo_backend_id backend : {OCTAVO_BACKEND_AUTO, OCTAVO_BACKEND_OCTAVO, OCTAVO_BACKEND_ONEDNN}) {
            const std::vector<std::byte> expected = outcome(c, backend, 0, data);
            for (uint32_t constants = 1; constants < 1u << c.inputs.size(); ++constants) {
                SCOPED_TRACE("kind " + std::to_string(c.kind) + " back end " + std::to_string(backend) + " constants " +
                             std::to_string(constants));
                const std::vector<std::byte> found = outcome(c, backend, constants, data);
                if (found.empty()) continue;
                ++built_with_constants;
                // int8: who asks for either may get the other's numbers, where one of them does not take constants.
                if (backend == OCTAVO_BACKEND_AUTO && c.inputs[1 % c.inputs.size()].dtype == OCTAVO_S8) continue;
                if (expected.empty()) continue;
                ASSERT_EQ(found, expected);
            }
            // Float by oneDNN takes constants everywhere.
            if (backend == OCTAVO_BACKEND_ONEDNN && !expected.empty()) {
                ASSERT_FALSE(outcome(c, backend, (1u << c.inputs.size()) - 1, data).empty()) << "kind " << c.kind;
            }
        }
    }
    EXPECT_GT(built_with_constants, 200);
}

}  // namespace
}  // namespace octavo::test

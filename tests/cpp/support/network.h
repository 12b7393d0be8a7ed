// Networks described through the C interface, in few words.
#ifndef OCTAVO_TESTS_SUPPORT_NETWORK_H
#define OCTAVO_TESTS_SUPPORT_NETWORK_H

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "octavo/octavo.h"

namespace octavo::test {

struct DestroyPlan {
    void operator()(octavo_plan* plan) const { octavo_plan_destroy(plan); }
};
using PlanHandle = std::unique_ptr<octavo_plan, DestroyPlan>;

// A value description without data or quantization.
inline octavo_value_desc describe(octavo_dtype dtype, octavo_role role, std::vector<int64_t> dims, bool batched = true,
                                  octavo_layout layout = OCTAVO_PLAIN) {
    octavo_value_desc desc{};
    desc.dtype = dtype;
    desc.role = role;
    desc.layout = layout;
    desc.batched = batched;
    desc.rank = static_cast<int32_t>(dims.size());
    for (size_t i = 0; i < dims.size(); i++) desc.dims[i] = dims[i];
    desc.axis = -1;
    return desc;
}

// An operator description with a dense 1x1 window.
inline octavo_op_desc describe_op(octavo_op_kind kind, std::initializer_list<int32_t> inputs,
                                  std::initializer_list<int32_t> outputs) {
    octavo_op_desc desc{};
    desc.kind = kind;
    for (int32_t input : inputs) desc.inputs[desc.input_count++] = input;
    for (int32_t output : outputs) desc.outputs[desc.output_count++] = output;
    for (int i = 0; i < 2; i++) desc.kernel[i] = desc.stride[i] = desc.dilation[i] = 1;
    desc.groups = 1;
    return desc;
}

// A builder whose calls must succeed; a failure fails the test with the library's sentence.
class Network {
public:
    Network() { EXPECT_EQ(octavo_builder_create(&builder_), OCTAVO_OK) << octavo_last_error(); }
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;
    ~Network() { octavo_builder_destroy(builder_); }

    octavo_builder* handle() { return builder_; }
    int32_t value(const octavo_value_desc& desc) {
        int32_t number = -1;
        EXPECT_EQ(octavo_builder_value(builder_, &desc, &number), OCTAVO_OK) << octavo_last_error();
        return number;
    }
    // A quantized activation, per tensor.
    int32_t quantized(octavo_dtype dtype, octavo_role role, std::vector<int64_t> dims, float scale, int32_t zero_point,
                      octavo_layout layout = OCTAVO_PLAIN) {
        octavo_value_desc desc = describe(dtype, role, std::move(dims), true, layout);
        desc.param_count = 1;
        desc.scales = &scale;
        desc.zero_points = &zero_point;
        return value(desc);
    }
    int32_t floats(octavo_role role, std::vector<int64_t> dims, octavo_layout layout = OCTAVO_PLAIN) {
        return value(describe(OCTAVO_F32, role, std::move(dims), true, layout));
    }
    // Weights s8 with a scale for each output channel.
    int32_t weights(const std::vector<int8_t>& data, std::vector<int64_t> dims, const std::vector<float>& scales) {
        octavo_value_desc desc = describe(OCTAVO_S8, OCTAVO_CONSTANT, std::move(dims), false);
        desc.axis = scales.size() == 1 ? -1 : 0;
        desc.param_count = static_cast<int64_t>(scales.size());
        desc.scales = scales.data();
        desc.data = data.data();
        return value(desc);
    }
    int32_t constant(const std::vector<float>& data, std::vector<int64_t> dims) {
        octavo_value_desc desc = describe(OCTAVO_F32, OCTAVO_CONSTANT, std::move(dims), false);
        desc.data = data.data();
        return value(desc);
    }
    int32_t state(const std::vector<float>& data, std::vector<int64_t> dims) {
        octavo_value_desc desc = describe(OCTAVO_F32, OCTAVO_STATE, std::move(dims), false);
        desc.data = data.data();
        return value(desc);
    }
    void op(const octavo_op_desc& desc) {
        EXPECT_EQ(octavo_builder_op(builder_, &desc), OCTAVO_OK) << octavo_last_error();
    }
    PlanHandle build(const octavo_plan_options& options = {}) {
        octavo_plan* plan = nullptr;
        EXPECT_EQ(octavo_builder_build(builder_, &options, &plan), OCTAVO_OK) << octavo_last_error();
        return PlanHandle(plan);
    }

private:
    octavo_builder* builder_ = nullptr;
};

inline octavo_step_info step(const PlanHandle& plan, int32_t index) {
    octavo_step_info info{};
    EXPECT_EQ(octavo_plan_step(plan.get(), index, &info), OCTAVO_OK) << octavo_last_error();
    return info;
}

}  // namespace octavo::test

#endif

// Networks described through the C interface, in few words.
#ifndef OCTAVO_TESTS_SUPPORT_NETWORK_H
#define OCTAVO_TESTS_SUPPORT_NETWORK_H

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/attributes.h"
#include "octavo/octavo.h"

namespace octavo::test {

struct DestroyPlan {
    void operator()(octavo_plan* plan) const { octavo_plan_destroy(plan); }
};
using PlanHandle = std::unique_ptr<octavo_plan, DestroyPlan>;

// A struct of the interface, empty but for its size.
template <class T>
T sized() {
    T made{};
    made.size = sizeof made;
    return made;
}

// A value's description that owns its shape.
struct ValueSpec : octavo_value_desc {
    int64_t dims[OCTAVO_MAX_RANK] = {};

    ValueSpec() : octavo_value_desc{} {
        size = sizeof(octavo_value_desc);
        axis = -1;
    }
    octavo_value_desc described() const {
        octavo_value_desc desc = *this;
        desc.dims = dims;
        return desc;
    }
};

// A value description without data or quantization.
inline ValueSpec describe(octavo_dtype dtype, octavo_role role, std::vector<int64_t> dims, bool batched = true,
                          octavo_layout layout = OCTAVO_PLAIN) {
    ValueSpec desc;
    desc.dtype = dtype;
    desc.role = role;
    desc.layout = layout;
    desc.batched = batched;
    desc.rank = static_cast<int64_t>(dims.size());
    for (size_t i = 0; i < dims.size(); i++) desc.dims[i] = dims[i];
    return desc;
}

// An operator's description in fields, those that are not set with what the interface takes for them.
struct OpSpec : Attributes {
    const char* name = nullptr;
    int input_count = 0, output_count = 0;
    int32_t inputs[6] = {}, outputs[3] = {};

    OpSpec() = default;
    explicit OpSpec(const Attributes& attributes) : Attributes(attributes) {}
};

inline OpSpec describe_op(octavo_op_kind kind, std::initializer_list<int32_t> inputs,
                          std::initializer_list<int32_t> outputs) {
    OpSpec desc;
    desc.kind = kind;
    for (int32_t input : inputs) desc.inputs[desc.input_count++] = input;
    for (int32_t output : outputs) desc.outputs[desc.output_count++] = output;
    return desc;
}

// The entries of an operator: what it cannot be without, and integers that differ from what stands for an absent one, whether the
// kind takes them or not.
class Entries {
public:
    explicit Entries(const OpSpec& spec) {
        const Attributes plain;
        const octavo_op_kind kind = spec.kind;
        const bool window = kind == OCTAVO_OP_CONV2D || kind == OCTAVO_OP_CONV_TRANSPOSE2D ||
                            kind == OCTAVO_OP_CONV2D_GRAD_INPUT || kind == OCTAVO_OP_CONV2D_GRAD_WEIGHT ||
                            kind == OCTAVO_OP_MAX_POOL2D || kind == OCTAVO_OP_AVG_POOL2D ||
                            kind == OCTAVO_OP_MAX_POOL2D_TRAIN || kind == OCTAVO_OP_MAX_POOL2D_GRAD ||
                            kind == OCTAVO_OP_AVG_POOL2D_GRAD;
        const bool norm = kind == OCTAVO_OP_BATCH_NORM || kind == OCTAVO_OP_BATCH_NORM_TRAIN;
        const bool dropout = kind == OCTAVO_OP_DROPOUT_TRAIN || kind == OCTAVO_OP_DROPOUT_GRAD;
        const bool clamp = spec.activation == OCTAVO_CLAMP;
        integers("kernel", spec.kernel, plain.kernel, 2, window);
        integers("stride", spec.stride, plain.stride, 2, false);
        integers("dilation", spec.dilation, plain.dilation, 2, false);
        integers("pad", spec.pad, plain.pad, 4, false);
        integers("groups", &spec.groups, &plain.groups, 1, false);
        integers("ceil_mode", &spec.ceil_mode, &plain.ceil_mode, 1, false);
        integers("count_include_pad", &spec.count_include_pad, &plain.count_include_pad, 1, false);
        integers("activation", &spec.activation, &plain.activation, 1, false);
        integers("reduce_range", &spec.reduce_range, &plain.reduce_range, 1, false);
        integers("pytorch_tail", &spec.pytorch_tail, &plain.pytorch_tail, 1, false);
        real("clamp_min", spec.clamp_min, clamp);
        real("clamp_max", spec.clamp_max, clamp);
        real("epsilon", spec.epsilon, norm);
        real("momentum", spec.momentum, kind == OCTAVO_OP_BATCH_NORM_TRAIN);
        real("probability", spec.probability, dropout);
    }

    std::vector<octavo_attribute> all;

private:
    void integers(const char* key, const int32_t* numbers, const int32_t* plain, int64_t count, bool always) {
        if (!always && std::equal(numbers, numbers + count, plain)) return;
        integers_.emplace_back(numbers, numbers + count);
        all.push_back({sizeof(octavo_attribute), key, count, integers_.back().data(), nullptr});
    }
    void real(const char* key, float number, bool taken) {
        if (!taken) return;
        reals_.push_back(number);
        all.push_back({sizeof(octavo_attribute), key, 1, nullptr, &reals_.back()});
    }

    std::deque<std::vector<int64_t>> integers_;
    std::deque<float> reals_;
};

inline octavo_op_desc described(const OpSpec& spec, const Entries& entries) {
    octavo_op_desc desc{};
    desc.size = sizeof desc;
    desc.name = spec.name;
    desc.kind = spec.kind;
    desc.backend = spec.backend;
    desc.input_count = spec.input_count;
    desc.inputs = spec.inputs;
    desc.output_count = spec.output_count;
    desc.outputs = spec.outputs;
    desc.attribute_count = static_cast<int64_t>(entries.all.size());
    desc.attributes = entries.all.data();
    return desc;
}

inline octavo_status add_value(octavo_builder* builder, const ValueSpec& spec, int32_t* number) {
    const octavo_value_desc desc = spec.described();
    return octavo_builder_value(builder, &desc, number);
}

inline octavo_status add_op(octavo_builder* builder, const OpSpec& spec) {
    const Entries entries(spec);
    const octavo_op_desc desc = described(spec, entries);
    return octavo_builder_op(builder, &desc);
}

struct Options : octavo_plan_options {
    Options() : octavo_plan_options{} { size = sizeof(octavo_plan_options); }
};

// The caller's buffers of a run in the shapes and sizes that the plan has for this batch.
class RunBuffers {
public:
    RunBuffers(const octavo_plan* plan, int64_t batch, const void* const* in, void* const* out) {
        for (int32_t i = 0; i < octavo_plan_input_count(plan); i++) {
            auto info = sized<octavo_value_info>();
            EXPECT_EQ(octavo_plan_input(plan, i, &info), OCTAVO_OK) << octavo_last_error();
            inputs.push_back(buffer(info, batch, const_cast<void*>(in[i]), octavo_plan_input_bytes(plan, i, batch)));
        }
        for (int32_t i = 0; i < octavo_plan_output_count(plan); i++) {
            auto info = sized<octavo_value_info>();
            EXPECT_EQ(octavo_plan_output(plan, i, &info), OCTAVO_OK) << octavo_last_error();
            outputs.push_back(buffer(info, batch, out[i], octavo_plan_output_bytes(plan, i, batch)));
        }
    }
    RunBuffers(const RunBuffers&) = delete;
    RunBuffers& operator=(const RunBuffers&) = delete;

    octavo_run_args args() const {
        return {sizeof(octavo_run_args), static_cast<int64_t>(inputs.size()), inputs.data(),
                static_cast<int64_t>(outputs.size()), outputs.data()};
    }

    std::vector<octavo_buffer> inputs, outputs;

private:
    octavo_buffer buffer(const octavo_value_info& info, int64_t batch, void* data, int64_t bytes) {
        shapes_.emplace_back(info.dims, info.dims + info.rank);
        if (info.batched) shapes_.back()[0] = batch;
        return {sizeof(octavo_buffer), data, bytes, info.rank, shapes_.back().data()};
    }
    std::deque<std::vector<int64_t>> shapes_;
};

inline octavo_status run_plan(octavo_plan* plan, int64_t batch, const void* const* inputs, void* const* outputs) {
    const RunBuffers buffers(plan, batch, inputs, outputs);
    const octavo_run_args args = buffers.args();
    return octavo_plan_run(plan, &args);
}

// A builder whose calls must succeed; a failure fails the test with the library's sentence.
class Network {
public:
    Network() { EXPECT_EQ(octavo_builder_create(&builder_), OCTAVO_OK) << octavo_last_error(); }
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;
    ~Network() { octavo_builder_destroy(builder_); }

    octavo_builder* handle() { return builder_; }
    int32_t value(const ValueSpec& desc) {
        int32_t number = -1;
        EXPECT_EQ(add_value(builder_, desc, &number), OCTAVO_OK) << octavo_last_error();
        return number;
    }
    // A quantized activation, per tensor.
    int32_t quantized(octavo_dtype dtype, octavo_role role, std::vector<int64_t> dims, float scale, int32_t zero_point,
                      octavo_layout layout = OCTAVO_PLAIN) {
        ValueSpec desc = describe(dtype, role, std::move(dims), true, layout);
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
        ValueSpec desc = describe(OCTAVO_S8, OCTAVO_CONSTANT, std::move(dims), false);
        desc.axis = scales.size() == 1 ? -1 : 0;
        desc.param_count = static_cast<int64_t>(scales.size());
        desc.scales = scales.data();
        desc.data = data.data();
        return value(desc);
    }
    int32_t constant(const std::vector<float>& data, std::vector<int64_t> dims) {
        ValueSpec desc = describe(OCTAVO_F32, OCTAVO_CONSTANT, std::move(dims), false);
        desc.data = data.data();
        return value(desc);
    }
    int32_t state(const std::vector<float>& data, std::vector<int64_t> dims) {
        ValueSpec desc = describe(OCTAVO_F32, OCTAVO_STATE, std::move(dims), false);
        desc.data = data.data();
        return value(desc);
    }
    void op(const OpSpec& desc) { EXPECT_EQ(add_op(builder_, desc), OCTAVO_OK) << octavo_last_error(); }
    PlanHandle build(const Options& options = {}) {
        octavo_plan* plan = nullptr;
        EXPECT_EQ(octavo_builder_build(builder_, &options, &plan), OCTAVO_OK) << octavo_last_error();
        return PlanHandle(plan);
    }

private:
    octavo_builder* builder_ = nullptr;
};

inline octavo_step_info step(const PlanHandle& plan, int32_t index) {
    auto info = sized<octavo_step_info>();
    EXPECT_EQ(octavo_plan_step(plan.get(), index, &info), OCTAVO_OK) << octavo_last_error();
    return info;
}

}  // namespace octavo::test

#endif

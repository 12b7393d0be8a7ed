#include "bench/octavo_layer.h"

#include <stdexcept>

namespace octavo::bench {

namespace {

constexpr size_t most_inputs = 2;

}  // namespace

void check(octavo_status status) {
    if (status != OCTAVO_OK) throw std::runtime_error(octavo_last_error());
}

PlanWorkload::PlanWorkload(octavo_plan* plan, int64_t batch, std::vector<Bytes> inputs)
    : plan_(plan), batch_(batch), inputs_(std::move(inputs)), output_(octavo_plan_output_bytes(plan, 0, batch)) {
    if (inputs_.size() > most_inputs || octavo_plan_input_count(plan) != static_cast<int32_t>(inputs_.size()))
        throw std::logic_error("the plan has another number of inputs");
}

PlanWorkload::~PlanWorkload() { octavo_plan_destroy(plan_); }

void PlanWorkload::run() {
    const void* inputs[most_inputs] = {};
    for (size_t i = 0; i < inputs_.size(); ++i) inputs[i] = inputs_[i].data();
    void* outputs[] = {output_.data()};
    check(octavo_plan_run(plan_, batch_, inputs, outputs));
}

octavo_plan* describe_plan(const std::function<void(octavo_builder*)>& describe, int threads, bool profile) {
    octavo_builder* builder = nullptr;
    check(octavo_builder_create(&builder));
    const std::unique_ptr<octavo_builder, decltype(&octavo_builder_destroy)> owner(builder, octavo_builder_destroy);
    describe(builder);
    octavo_plan_options options{};
    options.threads = threads;
    options.profile = profile;
    octavo_plan* plan = nullptr;
    check(octavo_builder_build(builder, &options, &plan));
    return plan;
}

namespace {

octavo_value_desc activations(std::vector<int64_t> dims, octavo_role role, const float* scale, const int32_t* zero) {
    octavo_value_desc desc{};
    desc.dtype = OCTAVO_U8;
    desc.role = role;
    desc.layout = dims.size() == 4 ? OCTAVO_NHWC : OCTAVO_PLAIN;
    desc.batched = 1;
    for (int64_t d : dims) desc.dims[desc.rank++] = d;
    desc.axis = -1;
    desc.param_count = 1;
    desc.scales = scale;
    desc.zero_points = zero;
    return desc;
}

octavo_value_desc weights(const Problem& p, bool as_codes, const std::vector<int32_t>& zeros) {
    const Shape& s = p.shape;
    octavo_value_desc desc{};
    desc.dtype = as_codes ? OCTAVO_CODE4 : OCTAVO_S8;
    desc.role = OCTAVO_CONSTANT;
    desc.dims[desc.rank++] = s.outputs;
    desc.dims[desc.rank++] = s.channels / s.groups;
    if (s.family == Family::conv) desc.dims[2] = desc.dims[3] = s.kernel, desc.rank = 4;
    desc.group_size = s.group_size;
    desc.param_count = s.outputs * s.weight_sets();
    desc.scales = p.w_scales.data();
    desc.zero_points = s.w_zero != 0 ? zeros.data() : nullptr;
    desc.data = as_codes ? p.codes.data() : p.w.data();
    if (as_codes) {
        desc.table_size = 16;
        desc.table = p.tables.data();
    }
    return desc;
}

void make_float(octavo_value_desc* desc) {
    desc->dtype = OCTAVO_F32;
    desc->param_count = desc->code_max = 0;
}

int32_t add(octavo_builder* builder, const octavo_value_desc& desc) {
    int32_t number = -1;
    check(octavo_builder_value(builder, &desc, &number));
    return number;
}

void describe(octavo_builder* builder, const Problem& p, bool as_codes) {
    const Shape& s = p.shape;
    const bool conv = s.family == Family::conv;
    const int32_t x_zero = s.x_zero, y_zero = 0;
    octavo_value_desc x = activations({1, s.channels}, OCTAVO_INPUT, &p.x_scale, &x_zero);
    octavo_value_desc y = activations({1, s.outputs}, OCTAVO_OUTPUT, &p.y_scale, &y_zero);
    if (conv) {
        x = activations({1, s.channels, s.height, s.width}, OCTAVO_INPUT, &p.x_scale, &x_zero);
        y = activations({1, s.outputs, s.out_height(), s.out_width()}, OCTAVO_OUTPUT, &p.y_scale, &y_zero);
    }
    x.code_max = p.code_max;
    if (s.signed_input) {
        x.dtype = OCTAVO_S8;
        x.code_max = p.code_max / 2;
        x.code_min = -x.code_max - 1;
    }
    if (s.float_input || s.dynamic_input) make_float(&x);
    if (s.float_result) make_float(&y);
    const std::vector<int32_t> zeros(static_cast<size_t>(s.outputs), s.w_zero);
    const std::vector<float> bias_reals = p.bias_reals();
    std::vector<float> bias_scales = p.w_scales;
    for (float& scale : bias_scales) scale *= p.x_scale;
    octavo_value_desc bias{};
    bias.role = OCTAVO_CONSTANT;
    bias.dims[bias.rank++] = s.outputs;
    if (s.float_input || s.dynamic_input || s.group_size > 0) {
        bias.dtype = OCTAVO_F32;
        bias.data = bias_reals.data();
    } else {
        bias.dtype = OCTAVO_S32;
        bias.param_count = s.outputs;
        bias.scales = bias_scales.data();
        bias.data = p.bias.data();
    }

    octavo_op_desc op{};
    op.kind = conv ? OCTAVO_OP_CONV2D : s.dynamic_input ? OCTAVO_OP_LINEAR_DYNAMIC : OCTAVO_OP_LINEAR;
    op.backend = OCTAVO_BACKEND_OCTAVO;
    op.inputs[op.input_count++] = add(builder, x);
    op.inputs[op.input_count++] = add(builder, weights(p, as_codes, zeros));
    op.inputs[op.input_count++] = add(builder, bias);
    if (s.residual) {
        octavo_value_desc residual = y;
        residual.role = OCTAVO_INPUT;
        residual.scales = &p.residual_scale;
        residual.code_max = p.code_max;
        op.inputs[op.input_count++] = add(builder, residual);
    }
    op.outputs[op.output_count++] = add(builder, y);
    for (int i = 0; i < 2; ++i) {
        op.kernel[i] = s.kernel;
        op.stride[i] = s.stride;
        op.dilation[i] = 1;
    }
    for (int32_t& pad : op.pad) pad = s.padding;
    op.groups = s.groups;
    op.activation = p.relu ? OCTAVO_RELU : OCTAVO_NO_ACTIVATION;
    check(octavo_builder_op(builder, &op));
}

}  // namespace

std::unique_ptr<Workload> octavo_layer(const Problem& problem, bool as_codes) {
    octavo_plan* plan =
        describe_plan([&](octavo_builder* builder) { describe(builder, problem, as_codes); }, problem.threads);
    std::vector<Bytes> inputs;
    const Shape& shape = problem.shape;
    inputs.push_back(shape.float_input || shape.dynamic_input ? problem.x_reals() : problem.x.copy());
    if (shape.residual) inputs.push_back(problem.residual.copy());
    return std::make_unique<PlanWorkload>(plan, shape.batch, std::move(inputs));
}

}  // namespace octavo::bench

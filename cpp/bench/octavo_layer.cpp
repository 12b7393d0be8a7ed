#include "bench/octavo_layer.h"

#include <stdexcept>

#include "bench/operation.h"

namespace octavo::bench {

void check(octavo_status status) {
    if (status != OCTAVO_OK) throw std::runtime_error(octavo_last_error());
}

PlanWorkload::PlanWorkload(octavo_plan* plan, int64_t batch, std::vector<Bytes> inputs)
    : plan_(plan), inputs_(std::move(inputs)), output_(octavo_plan_output_bytes(plan, 0, batch)) {
    if (octavo_plan_input_count(plan) != static_cast<int32_t>(inputs_.size()))
        throw std::logic_error("the plan has another number of inputs");
    shapes_.reserve(inputs_.size() + 1);
    octavo_value_info info{};
    info.size = sizeof info;
    const auto buffer = [&](Bytes* bytes) {
        shapes_.emplace_back(info.dims, info.dims + info.rank);
        if (info.batched) shapes_.back()[0] = batch;
        buffers_.push_back({sizeof(octavo_buffer), bytes->data(), bytes->size(), info.rank, shapes_.back().data()});
    };
    for (size_t i = 0; i < inputs_.size(); ++i) {
        check(octavo_plan_input(plan, static_cast<int32_t>(i), &info));
        buffer(&inputs_[i]);
    }
    check(octavo_plan_output(plan, 0, &info));
    buffer(&output_);
}

PlanWorkload::~PlanWorkload() { octavo_plan_destroy(plan_); }

void PlanWorkload::run() {
    const auto inputs = static_cast<int64_t>(inputs_.size());
    const octavo_run_args args{sizeof args, inputs, buffers_.data(), 1, buffers_.data() + inputs};
    check(octavo_plan_run(plan_, &args));
}

octavo_plan* describe_plan(const std::function<void(octavo_builder*)>& describe, int threads, bool profile) {
    octavo_builder* builder = nullptr;
    check(octavo_builder_create(&builder));
    const std::unique_ptr<octavo_builder, decltype(&octavo_builder_destroy)> owner(builder, octavo_builder_destroy);
    describe(builder);
    octavo_plan_options options{};
    options.size = sizeof options;
    options.threads = threads;
    options.profile = profile;
    octavo_plan* plan = nullptr;
    check(octavo_builder_build(builder, &options, &plan));
    return plan;
}

namespace {

octavo_value_desc activations(const std::vector<int64_t>& dims, octavo_role role, const float* scale,
                              const int32_t* zero) {
    octavo_value_desc desc = describe_value(OCTAVO_U8, role, dims.size() == 4 ? OCTAVO_NHWC : OCTAVO_PLAIN, true, dims);
    desc.param_count = 1;
    desc.scales = scale;
    desc.zero_points = zero;
    return desc;
}

octavo_value_desc weights(const Problem& p, bool as_codes, const std::vector<int64_t>& dims,
                          const std::vector<int32_t>& zeros) {
    const Shape& s = p.shape;
    octavo_value_desc desc =
        describe_value(as_codes ? OCTAVO_CODE4 : OCTAVO_S8, OCTAVO_CONSTANT, OCTAVO_PLAIN, false, dims);
    desc.axis = 0;
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

void describe(octavo_builder* builder, const Problem& p, bool as_codes) {
    const Shape& s = p.shape;
    const bool conv = s.family == Family::conv;
    const int32_t x_zero = s.x_zero, y_zero = s.y_zero;
    std::vector<int64_t> x_dims = {1, s.channels}, w_dims = {s.outputs, s.channels / s.groups}, y_dims = {1, s.outputs};
    if (conv) {
        x_dims.insert(x_dims.end(), {s.height, s.width});
        w_dims.insert(w_dims.end(), {s.kernel, s.kernel});
        y_dims.insert(y_dims.end(), {s.out_height(), s.out_width()});
    }
    octavo_value_desc x = activations(x_dims, OCTAVO_INPUT, &p.x_scale, &x_zero);
    octavo_value_desc y = activations(y_dims, OCTAVO_OUTPUT, &p.y_scale, &y_zero);
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
    // As the converter has it, which keeps biases in float: an s32 bias is rounded, and gives other codes than PyTorch's.
    const std::vector<int64_t> bias_dims = {s.outputs};
    octavo_value_desc bias = describe_value(OCTAVO_F32, OCTAVO_CONSTANT, OCTAVO_PLAIN, false, bias_dims);
    bias.data = bias_reals.data();

    Operation op;
    op.kind = conv ? OCTAVO_OP_CONV2D : s.dynamic_input ? OCTAVO_OP_LINEAR_DYNAMIC : OCTAVO_OP_LINEAR;
    op.backend = OCTAVO_BACKEND_OCTAVO;
    op.inputs = {add_value(builder, x), add_value(builder, weights(p, as_codes, w_dims, zeros)),
                 add_value(builder, bias)};
    if (s.residual) {
        octavo_value_desc residual = y;
        residual.role = OCTAVO_INPUT;
        residual.scales = &p.residual_scale;
        residual.code_max = p.code_max;
        op.inputs.push_back(add_value(builder, residual));
    }
    op.outputs = {add_value(builder, y)};
    if (conv) op.kernel = s.kernel, op.stride = s.stride, op.padding = s.padding, op.groups = s.groups;
    op.relu = p.relu;
    op.add_to(builder);
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

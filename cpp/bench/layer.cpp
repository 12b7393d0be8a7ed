#include "bench/layer.h"

#include <memory>
#include <random>
#include <stdexcept>

namespace octavo::bench {

namespace {

void check(octavo_status status) {
    if (status != OCTAVO_OK) throw std::runtime_error(octavo_last_error());
}

// Every contender sees the same numbers: the seed is the layer's.
class Numbers {
public:
    explicit Numbers(const Shape& shape) : engine_(static_cast<uint32_t>(shape.macs() + shape.channels)) {}
    int integer(int low, int high) { return low + static_cast<int>(engine_() % static_cast<uint32_t>(high - low + 1)); }

private:
    std::mt19937 engine_;
};

constexpr float x_scale = 0.02f, w_scale = 0.004f;
constexpr int32_t x_zero = 0, w_zero = 0, y_zero = 0;

// Wide enough for the sums of K products of such numbers, so that results are spread over the codes.
float result_scale(const Shape& shape) {
    const double products = static_cast<double>(shape.channels) / shape.groups * shape.kernel * shape.kernel;
    float scale = 0.004f;
    for (double k = 1; k < products; k *= 4) scale *= 2;
    return scale;
}

octavo_value_desc value(octavo_dtype dtype, octavo_role role, std::initializer_list<int64_t> dims) {
    octavo_value_desc desc{};
    desc.dtype = dtype;
    desc.role = role;
    desc.batched = role == OCTAVO_CONSTANT ? 0 : 1;
    for (int64_t d : dims) desc.dims[desc.rank++] = d;
    desc.layout = desc.rank == 4 && role != OCTAVO_CONSTANT ? OCTAVO_NHWC : OCTAVO_PLAIN;
    desc.axis = -1;
    return desc;
}

void quantize(octavo_value_desc* desc, const float* scale, const int32_t* zero) {
    if (desc->dtype == OCTAVO_F32) return;
    desc->param_count = 1;
    desc->scales = scale;
    desc->zero_points = zero;
}

int64_t elements(const octavo_value_desc& desc) {
    int64_t n = 1;
    for (int i = 0; i < desc.rank; ++i) n *= desc.dims[i];
    return n;
}

// Codes, or the reals that they stand for.
std::vector<std::byte> fill(octavo_dtype dtype, int64_t count, float scale, int low, int high, Numbers* numbers) {
    std::vector<std::byte> bytes(static_cast<size_t>(count) * (dtype == OCTAVO_F32 ? sizeof(float) : 1));
    for (int64_t i = 0; i < count; ++i) {
        const int code = numbers->integer(low, high);
        if (dtype == OCTAVO_F32) {
            reinterpret_cast<float*>(bytes.data())[i] = static_cast<float>(code) * scale;
        } else {
            bytes[static_cast<size_t>(i)] = static_cast<std::byte>(code);
        }
    }
    return bytes;
}

struct DestroyBuilder {
    void operator()(octavo_builder* builder) const { octavo_builder_destroy(builder); }
};

}  // namespace

const char* contender_name(Contender contender) {
    switch (contender) {
        case Contender::octavo_int8:
            return "octavo_int8";
        case Contender::onednn_int8:
            return "onednn_int8";
        default:
            return "onednn_float";
    }
}

Layer::Layer(const Shape& shape, Contender contender) : batch_(shape.batch) {
    Numbers numbers(shape);
    const bool is_float = contender == Contender::onednn_float;
    const octavo_dtype in_type = is_float || shape.family == Family::quantize ? OCTAVO_F32 : OCTAVO_U8;
    const octavo_dtype out_type = is_float ? OCTAVO_F32 : OCTAVO_U8;
    const octavo_dtype w_type = is_float ? OCTAVO_F32 : OCTAVO_S8;
    const float y_scale =
        shape.family == Family::pool || shape.family == Family::quantize ? x_scale : result_scale(shape);

    octavo_op_desc op{};
    op.backend = contender == Contender::octavo_int8 ? OCTAVO_BACKEND_OCTAVO : OCTAVO_BACKEND_ONEDNN;
    for (int i = 0; i < 2; ++i) {
        op.kernel[i] = shape.kernel;
        op.stride[i] = shape.stride;
        op.dilation[i] = 1;
    }
    for (int32_t& pad : op.pad) pad = shape.padding;
    op.groups = shape.groups;

    octavo_value_desc x, y, w{};
    switch (shape.family) {
        case Family::linear:
            op.kind = OCTAVO_OP_LINEAR;
            x = value(in_type, OCTAVO_INPUT, {1, shape.channels});
            y = value(out_type, OCTAVO_OUTPUT, {1, shape.outputs});
            w = value(w_type, OCTAVO_CONSTANT, {shape.outputs, shape.channels});
            break;
        case Family::conv:
            op.kind = OCTAVO_OP_CONV2D;
            x = value(in_type, OCTAVO_INPUT, {1, shape.channels, shape.height, shape.width});
            y = value(out_type, OCTAVO_OUTPUT, {1, shape.outputs, shape.out_height(), shape.out_width()});
            w = value(w_type, OCTAVO_CONSTANT,
                      {shape.outputs, shape.channels / shape.groups, shape.kernel, shape.kernel});
            break;
        case Family::pool:
            op.kind = OCTAVO_OP_MAX_POOL2D;
            x = value(in_type, OCTAVO_INPUT, {1, shape.channels, shape.height, shape.width});
            y = value(out_type, OCTAVO_OUTPUT, {1, shape.channels, shape.out_height(), shape.out_width()});
            break;
        case Family::quantize:
            op.kind = OCTAVO_OP_QUANTIZE;
            x = value(in_type, OCTAVO_INPUT, {1, shape.channels, shape.height, shape.width});
            x.layout = OCTAVO_PLAIN;
            y = value(out_type, OCTAVO_OUTPUT, {1, shape.channels, shape.height, shape.width});
            break;
    }
    quantize(&x, &x_scale, &x_zero);
    quantize(&y, &y_scale, &y_zero);

    octavo_builder* made = nullptr;
    check(octavo_builder_create(&made));
    const std::unique_ptr<octavo_builder, DestroyBuilder> builder(made);
    std::vector<std::byte> weights;
    check(octavo_builder_value(made, &x, &op.inputs[op.input_count++]));
    if (w.rank > 0) {
        op.activation = OCTAVO_RELU;
        weights = fill(w_type, elements(w), w_scale, -127, 127, &numbers);
        w.data = weights.data();
        quantize(&w, &w_scale, &w_zero);
        check(octavo_builder_value(made, &w, &op.inputs[op.input_count++]));
    }
    check(octavo_builder_value(made, &y, &op.outputs[op.output_count++]));
    check(octavo_builder_op(made, &op));
    octavo_plan_options options{};
    options.threads = 1;
    options.chunk = static_cast<int32_t>(batch_);
    check(octavo_builder_build(made, &options, &plan_));

    input_ = fill(in_type, batch_ * elements(x), x_scale, 0, 127, &numbers);
    output_.resize(static_cast<size_t>(octavo_plan_output_bytes(plan_, 0, batch_)));
}

Layer::~Layer() { octavo_plan_destroy(plan_); }

void Layer::run() {
    const void* inputs[] = {input_.data()};
    void* outputs[] = {output_.data()};
    check(octavo_plan_run(plan_, batch_, inputs, outputs));
}

std::string Layer::kernel() const {
    octavo_step_info info{};
    check(octavo_plan_step(plan_, 0, &info));
    return info.kernel;
}

}  // namespace octavo::bench

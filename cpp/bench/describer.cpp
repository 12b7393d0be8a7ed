#include "bench/describer.h"

#include <utility>

#include "bench/operation.h"

namespace octavo::bench {

namespace {

constexpr float input_scale = 0.02f, weight_scale = 0.004f;

int64_t product(const std::vector<int64_t>& dims) {
    int64_t n = 1;
    for (int64_t d : dims) n *= d;
    return n;
}

// Wide enough for sums of so many products of such numbers, so that results are spread over the codes.
float result_scale(float scale, int64_t products) {
    scale *= weight_scale * 32;
    for (int64_t k = 1; k < products; k *= 4) scale *= 2;
    return scale;
}

std::string op_name(octavo_op_kind kind) {
    switch (kind) {
        case OCTAVO_OP_QUANTIZE:
            return "quantize";
        case OCTAVO_OP_REORDER:
            return "reorder";
        case OCTAVO_OP_CONV2D:
            return "conv";
        case OCTAVO_OP_LINEAR:
            return "linear";
        case OCTAVO_OP_FLATTEN:
            return "flatten";
        case OCTAVO_OP_DEQUANTIZE:
            return "dequantize";
        default:
            return "pool";
    }
}

}  // namespace

Describer::Describer(octavo_builder* builder, Contender contender, int code_max)
    : builder_(builder),
      float_(contender == Contender::onednn_float),
      backend_(contender == Contender::octavo ? OCTAVO_BACKEND_OCTAVO : OCTAVO_BACKEND_ONEDNN),
      code_max_(code_max) {}

Edge Describer::value(std::vector<int64_t> dims, octavo_dtype dtype, octavo_role role, octavo_layout layout,
                      float scale) {
    const int32_t zero_point = 0;
    octavo_value_desc desc = describe_value(dtype, role, layout, true, dims);
    if (dtype != OCTAVO_F32) {
        desc.param_count = 1;
        desc.scales = &scale;
        desc.zero_points = &zero_point;
        desc.code_max = code_max_;
    }
    const int32_t number = add_value(builder_, desc);
    return {number, std::move(dims), scale};
}

Edge Describer::inner(std::vector<int64_t> dims, float scale) {
    const octavo_layout layout = dims.size() == 4 ? OCTAVO_NHWC : OCTAVO_PLAIN;
    return value(std::move(dims), float_ ? OCTAVO_F32 : OCTAVO_U8, OCTAVO_TEMP, layout, scale);
}

Edge Describer::image(std::vector<int64_t> dims) {
    return input_ = value(std::move(dims), OCTAVO_F32, OCTAVO_INPUT, OCTAVO_PLAIN, input_scale);
}

Bytes Describer::numbers(octavo_dtype dtype, int64_t count, float scale, int low, int high) {
    Bytes bytes(count * (dtype == OCTAVO_F32 ? static_cast<int64_t>(sizeof(float)) : 1));
    for (int64_t i = 0; i < count; ++i) {
        const int code = low + static_cast<int>(engine_() % static_cast<uint32_t>(high - low + 1));
        if (dtype == OCTAVO_F32) {
            bytes.as<float>()[i] = static_cast<float>(code) * scale;
        } else {
            bytes.as<int8_t>()[i] = static_cast<int8_t>(code);
        }
    }
    return bytes;
}

int32_t Describer::weights(std::vector<int64_t> dims) {
    const octavo_dtype dtype = float_ ? OCTAVO_F32 : OCTAVO_S8;
    const Bytes data = numbers(dtype, product(dims), weight_scale, -127, 127);
    const std::vector<float> scales(static_cast<size_t>(dims[0]), weight_scale);
    octavo_value_desc desc = describe_value(dtype, OCTAVO_CONSTANT, OCTAVO_PLAIN, false, dims);
    if (!float_) {
        desc.axis = 0;
        desc.param_count = dims[0];
        desc.scales = scales.data();
    }
    desc.data = data.data();
    return add_value(builder_, desc);
}

void Describer::op(octavo_op_kind kind, std::vector<int32_t> inputs, const Edge& result, const Window& window,
                   bool relu) {
    Operation operation;
    operation.name = op_name(kind) + std::to_string(ops_++);
    operation.kind = kind;
    operation.backend = kind == OCTAVO_OP_CONV2D || kind == OCTAVO_OP_LINEAR ? backend_ : OCTAVO_BACKEND_AUTO;
    operation.inputs = std::move(inputs);
    operation.outputs = {result.number};
    operation.kernel = window.kernel, operation.stride = window.stride, operation.padding = window.padding;
    operation.relu = relu;
    operation.add_to(builder_);
}

Edge Describer::quantize(const Edge& image) {
    const Edge y = inner(image.dims, input_scale);
    op(float_ ? OCTAVO_OP_REORDER : OCTAVO_OP_QUANTIZE, {image.number}, y);
    return y;
}

Edge Describer::conv(const Edge& x, int64_t channels, const Window& window, bool relu, const Edge* residual) {
    const int64_t fan = x.dims[1];
    std::vector<int64_t> dims = {1, channels};
    for (size_t i = 2; i < 4; ++i) dims.push_back((x.dims[i] + 2 * window.padding - window.kernel) / window.stride + 1);
    const Edge y = inner(dims, result_scale(x.scale, fan * window.kernel * window.kernel));
    std::vector<int32_t> inputs = {x.number, weights({channels, fan, window.kernel, window.kernel})};
    if (residual != nullptr) inputs.insert(inputs.end(), {-1, residual->number});
    op(OCTAVO_OP_CONV2D, inputs, y, window, relu);
    return y;
}

Edge Describer::linear(const Edge& x, int64_t outputs, bool relu) {
    const Edge y = inner({1, outputs}, result_scale(x.scale, x.dims[1]));
    op(OCTAVO_OP_LINEAR, {x.number, weights({outputs, x.dims[1]})}, y, {}, relu);
    return y;
}

Edge Describer::max_pool(const Edge& x, const Window& window) {
    const int64_t height = (x.dims[2] - window.kernel) / window.stride + 1;
    const int64_t width = (x.dims[3] - window.kernel) / window.stride + 1;
    const Edge y = inner({1, x.dims[1], height, width}, x.scale);
    op(OCTAVO_OP_MAX_POOL2D, {x.number}, y, window);
    return y;
}

Edge Describer::global_average(const Edge& x) {
    const Edge y = inner({1, x.dims[1], 1, 1}, x.scale);
    op(OCTAVO_OP_ADAPTIVE_AVG_POOL2D, {x.number}, y);
    return y;
}

Edge Describer::flatten(const Edge& x) {
    const Edge y = inner({1, product(x.dims)}, x.scale);
    op(OCTAVO_OP_FLATTEN, {x.number}, y);
    return y;
}

void Describer::logits(const Edge& x, int64_t outputs) {
    const auto output = [&] { return value({1, outputs}, OCTAVO_F32, OCTAVO_OUTPUT, OCTAVO_PLAIN, 1); };
    if (float_) {
        const Edge y = output();
        op(OCTAVO_OP_LINEAR, {x.number, weights({outputs, x.dims[1]})}, y);
    } else {
        const Edge codes = linear(x, outputs, false), y = output();
        op(OCTAVO_OP_DEQUANTIZE, {codes.number}, y);
    }
}

Bytes Describer::pixels() { return numbers(OCTAVO_F32, product(input_.dims), input_scale, 0, 127); }

}  // namespace octavo::bench

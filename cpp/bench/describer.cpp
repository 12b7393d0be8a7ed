#include "bench/describer.h"

#include <stdexcept>

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

}  // namespace

void check(octavo_status status) {
    if (status != OCTAVO_OK) throw std::runtime_error(octavo_last_error());
}

Describer::Describer(Contender contender, uint32_t seed)
    : float_(contender == Contender::onednn_float),
      backend_(contender == Contender::octavo_int8 ? OCTAVO_BACKEND_OCTAVO : OCTAVO_BACKEND_ONEDNN),
      engine_(seed) {
    check(octavo_builder_create(&builder_));
}

Describer::~Describer() { octavo_builder_destroy(builder_); }

Edge Describer::value(std::vector<int64_t> dims, octavo_dtype dtype, octavo_role role, octavo_layout layout,
                      float scale) {
    const int32_t zero_point = 0;
    octavo_value_desc desc{};
    desc.dtype = dtype;
    desc.role = role;
    desc.layout = layout;
    desc.batched = 1;
    for (int64_t d : dims) desc.dims[desc.rank++] = d;
    desc.axis = -1;
    if (dtype != OCTAVO_F32) {
        desc.param_count = 1;
        desc.scales = &scale;
        desc.zero_points = &zero_point;
    }
    Edge edge{0, std::move(dims), scale};
    check(octavo_builder_value(builder_, &desc, &edge.number));
    return edge;
}

Edge Describer::result(std::vector<int64_t> dims, float scale, bool last) {
    const octavo_layout layout = dims.size() == 4 ? OCTAVO_NHWC : OCTAVO_PLAIN;
    return value(std::move(dims), float_ ? OCTAVO_F32 : OCTAVO_U8, last ? OCTAVO_OUTPUT : OCTAVO_TEMP, layout, scale);
}

Edge Describer::input(std::vector<int64_t> dims) {
    input_type_ = float_ ? OCTAVO_F32 : OCTAVO_U8;
    const octavo_layout layout = dims.size() == 4 ? OCTAVO_NHWC : OCTAVO_PLAIN;
    return input_ = value(std::move(dims), input_type_, OCTAVO_INPUT, layout, input_scale);
}

Edge Describer::image(std::vector<int64_t> dims) {
    input_type_ = OCTAVO_F32;
    return input_ = value(std::move(dims), OCTAVO_F32, OCTAVO_INPUT, OCTAVO_PLAIN, input_scale);
}

std::vector<std::byte> Describer::numbers(octavo_dtype dtype, int64_t count, float scale, int low, int high) {
    std::vector<std::byte> bytes(static_cast<size_t>(count) * (dtype == OCTAVO_F32 ? sizeof(float) : 1));
    for (int64_t i = 0; i < count; ++i) {
        const int code = low + static_cast<int>(engine_() % static_cast<uint32_t>(high - low + 1));
        if (dtype == OCTAVO_F32) {
            reinterpret_cast<float*>(bytes.data())[i] = static_cast<float>(code) * scale;
        } else {
            bytes[static_cast<size_t>(i)] = static_cast<std::byte>(code);
        }
    }
    return bytes;
}

int32_t Describer::weights(std::vector<int64_t> dims) {
    const octavo_dtype dtype = float_ ? OCTAVO_F32 : OCTAVO_S8;
    const std::vector<std::byte> data = numbers(dtype, product(dims), weight_scale, -127, 127);
    const std::vector<float> scales(static_cast<size_t>(dims[0]), weight_scale);
    octavo_value_desc desc{};
    desc.dtype = dtype;
    desc.role = OCTAVO_CONSTANT;
    for (int64_t d : dims) desc.dims[desc.rank++] = d;
    if (!float_) {
        desc.param_count = dims[0];
        desc.scales = scales.data();
    }
    desc.data = data.data();
    int32_t number = -1;
    check(octavo_builder_value(builder_, &desc, &number));
    return number;
}

// own: an operator that is not the contest's; whoever has it runs it.
void Describer::op(octavo_op_kind kind, std::vector<int32_t> inputs, const Edge& result, const Window& window,
                   bool relu, bool own) {
    octavo_op_desc desc{};
    desc.kind = kind;
    desc.backend = own ? OCTAVO_BACKEND_AUTO : backend_;
    for (int32_t input : inputs) desc.inputs[desc.input_count++] = input;
    desc.outputs[desc.output_count++] = result.number;
    for (int i = 0; i < 2; ++i) {
        desc.kernel[i] = window.kernel;
        desc.stride[i] = window.stride;
        desc.dilation[i] = 1;
    }
    for (int32_t& pad : desc.pad) pad = window.padding;
    desc.groups = window.groups;
    desc.activation = relu ? OCTAVO_RELU : OCTAVO_NO_ACTIVATION;
    check(octavo_builder_op(builder_, &desc));
}

Edge Describer::quantize(const Edge& image, bool last) {
    const Edge y = result(image.dims, input_scale, last);
    op(float_ ? OCTAVO_OP_REORDER : OCTAVO_OP_QUANTIZE, {image.number}, y, {}, false, true);
    return y;
}

Edge Describer::conv(const Edge& x, int64_t channels, const Window& window, bool relu, const Edge* residual,
                     bool last) {
    const int64_t fan = x.dims[1] / window.groups;
    std::vector<int64_t> dims = {1, channels};
    for (size_t i = 2; i < 4; ++i) dims.push_back((x.dims[i] + 2 * window.padding - window.kernel) / window.stride + 1);
    const Edge y = result(dims, result_scale(x.scale, fan * window.kernel * window.kernel), last);
    std::vector<int32_t> inputs = {x.number, weights({channels, fan, window.kernel, window.kernel})};
    if (residual != nullptr) inputs.insert(inputs.end(), {-1, residual->number});
    op(OCTAVO_OP_CONV2D, inputs, y, window, relu);
    return y;
}

Edge Describer::linear(const Edge& x, int64_t outputs, bool relu, bool last) {
    const Edge y = result({1, outputs}, result_scale(x.scale, x.dims[1]), last);
    op(OCTAVO_OP_LINEAR, {x.number, weights({outputs, x.dims[1]})}, y, {}, relu);
    return y;
}

Edge Describer::max_pool(const Edge& x, const Window& window, bool last) {
    const int64_t height = (x.dims[2] - window.kernel) / window.stride + 1;
    const int64_t width = (x.dims[3] - window.kernel) / window.stride + 1;
    const Edge y = result({1, x.dims[1], height, width}, x.scale, last);
    op(OCTAVO_OP_MAX_POOL2D, {x.number}, y, window, false, true);
    return y;
}

Edge Describer::global_average(const Edge& x) {
    const Edge y = result({1, x.dims[1], 1, 1}, x.scale, false);
    op(OCTAVO_OP_ADAPTIVE_AVG_POOL2D, {x.number}, y, {}, false, true);
    return y;
}

Edge Describer::flatten(const Edge& x) {
    const Edge y = result({1, product(x.dims)}, x.scale, false);
    op(OCTAVO_OP_FLATTEN, {x.number}, y, {}, false, true);
    return y;
}

void Describer::logits(const Edge& x) {
    const Edge y = value(x.dims, OCTAVO_F32, OCTAVO_OUTPUT, OCTAVO_PLAIN, 1);
    op(OCTAVO_OP_DEQUANTIZE, {x.number}, y, {}, false, true);
}

std::unique_ptr<Workload> Describer::build(int64_t batch) {
    octavo_plan_options options{};
    options.threads = 1;
    octavo_plan* plan = nullptr;
    check(octavo_builder_build(builder_, &options, &plan));
    return std::make_unique<Workload>(plan, batch,
                                      numbers(input_type_, batch * product(input_.dims), input_scale, 0, 127));
}

std::unique_ptr<Workload> make_layer(const Shape& shape, Contender contender) {
    Describer network(contender, static_cast<uint32_t>(shape.macs() + shape.channels));
    const Window window{shape.kernel, shape.stride, shape.padding, shape.groups};
    const std::vector<int64_t> dims = {1, shape.channels, shape.height, shape.width};
    switch (shape.family) {
        case Family::quantize:
            if (contender != Contender::octavo_int8) throw std::runtime_error("the peer has no such operator");
            network.quantize(network.image(dims), true);
            break;
        case Family::conv:
            network.conv(network.input(dims), shape.outputs, window, true, nullptr, true);
            break;
        case Family::pool:
            if (contender != Contender::octavo_int8) throw std::runtime_error("the peer has no such operator");
            network.max_pool(network.input(dims), window, true);
            break;
        case Family::linear:
            network.linear(network.input({1, shape.channels}), shape.outputs, true, true);
            break;
    }
    return network.build(shape.batch);
}

namespace {

// The network of the README on 32x32 colour images.
Edge demo(Describer* network, const Edge& image) {
    const Window pool{2, 2};
    Edge x = network->quantize(image);
    x = network->max_pool(network->conv(x, 6, {5, 1, 2}, true), pool);
    x = network->max_pool(network->conv(x, 16, {5}, true), pool);
    x = network->flatten(x);
    x = network->linear(x, 120, true);
    x = network->linear(x, 84, true);
    return network->linear(x, 10, false, network->is_float());
}

// Three stages of three blocks, 16, 32 and 64 channels; a block adds its input, or a 1x1 convolution of it where the shape
// changes, to its second convolution.
Edge resnet20(Describer* network, const Edge& image) {
    Edge x = network->conv(network->quantize(image), 16, {3, 1, 1}, true);
    for (int stage = 0; stage < 3; ++stage) {
        for (int block = 0; block < 3; ++block) {
            const int64_t channels = 16 << stage;
            const int stride = stage > 0 && block == 0 ? 2 : 1;
            const Edge shortcut = stride == 2 ? network->conv(x, channels, {1, 2, 0}, false) : x;
            const Edge inner = network->conv(x, channels, {3, stride, 1}, true);
            x = network->conv(inner, channels, {3, 1, 1}, true, &shortcut);
        }
    }
    return network->linear(network->flatten(network->global_average(x)), 10, false, network->is_float());
}

}  // namespace

std::unique_ptr<Workload> make_network(const std::string& name, int64_t batch, Contender contender) {
    Describer network(contender, 1);
    const Edge image = network.image({1, 3, 32, 32});
    const Edge y = name == "demo" ? demo(&network, image) : resnet20(&network, image);
    if (!network.is_float()) network.logits(y);
    return network.build(batch);
}

}  // namespace octavo::bench

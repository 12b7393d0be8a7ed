// The alternative int8 back end: convolution and linear layers on u8 or s8 activations and s8 weights, by oneDNN.
//
// y = saturate(round_half_even(act(sum (x - zx) w * sx * sw + bias [+ residual]) / sy + zy)), or that before the division for f32
// results. oneDNN multiplies in another order than Octavo's kernels, so a result may differ from theirs by one step.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "onednn/activation.h"
#include "onednn/detours.h"
#include "onednn/geometry.h"
#include "onednn/operator.h"
#include "onednn/primitive.h"
#include "onednn/threads.h"

namespace octavo::onednn {

namespace {

// Products of bytes take a quarter of the time of floats, or less.
constexpr int64_t int8_macs_per_thread = 4 * macs_per_thread;

Type type_of(octavo_dtype dtype) {
    switch (dtype) {
        case OCTAVO_U8:
            return Type::u8;
        case OCTAVO_S8:
            return Type::s8;
        default:
            return Type::f32;
    }
}

struct TensorScale {
    float scale = 1.0f;
    int32_t zero_point = 0;
};

// Scale and zero point of a tensor that has one of each; 1 and 0 for f32.
TensorScale tensor_scale(const Request& request, const octavo_value_desc& desc) {
    const Operand value(desc);
    if (value.dtype == OCTAVO_F32) return {};
    if (value.dtype != OCTAVO_U8 && value.dtype != OCTAVO_S8) request.refuse(value.text() + " must be u8, s8 or f32");
    if (desc.param_count != 1 || !desc.scales) request.refuse(value.text() + " must have one scale and one zero point");
    return {desc.scales[0], desc.zero_points ? desc.zero_points[0] : 0};
}

// What convolution and linear share: types, scales, the bias in real numbers, the tail of the computation.
struct Quantization {
    octavo_dtype x_type, y_type;
    TensorScale x, y, residual;
    std::vector<float> w;  // a scale, or one an output channel
    std::vector<float> bias;
    bool has_residual;
    octavo_dtype residual_type = OCTAVO_U8;
    float low = -INFINITY, high = INFINITY;  // of the real result, if that becomes an integer

    explicit Quantization(const Request& request)
        : x_type(request.input(0).dtype),
          y_type(request.output(0).dtype),
          x(tensor_scale(request, request.input_desc(0))),
          y(tensor_scale(request, request.output_desc(0))),
          has_residual(request.has_input(3)) {
        if (x_type == OCTAVO_F32) request.refuse("float activations with integer weights are not implemented");
        weights(request);
        real_bias(request);
        if (has_residual) {
            const octavo_value_desc& desc = request.input_desc(3);
            request.require_alike(request.input(3), request.output(0));
            residual = tensor_scale(request, desc);
            residual_type = desc.dtype;
            if ((residual_type == OCTAVO_F32) != (y_type == OCTAVO_F32)) {
                request.refuse("the residual must be float or integer as the result is");
            }
        }
        range(request);
    }

    dnnl::primitive_attr attributes(int channel_mask) const {
        dnnl::primitive_attr attr = user_scratchpad();
        attr.set_scales_mask(DNNL_ARG_SRC, 0);
        attr.set_scales_mask(DNNL_ARG_WEIGHTS, w.size() == 1 ? 0 : channel_mask);
        if (x.zero_point != 0) attr.set_zero_points_mask(DNNL_ARG_SRC, 0);
        if (y_type != OCTAVO_F32) attr.set_scales_mask(DNNL_ARG_DST, 0);
        if (y.zero_point != 0) attr.set_zero_points_mask(DNNL_ARG_DST, 0);
        dnnl::post_ops ops;
        if (has_residual) ops.append_sum(residual.scale, residual.zero_point, type_of(residual_type));
        if (low == 0.0f && high == INFINITY) {
            ops.append_eltwise(dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
        } else if (low > -INFINITY || high < INFINITY) {
            ops.append_eltwise(dnnl::algorithm::eltwise_clip, std::max(low, std::numeric_limits<float>::lowest()),
                               std::min(high, std::numeric_limits<float>::max()));
        }
        attr.set_post_ops(ops);
        return attr;
    }

    // The arguments after source, weights, bias and result, with `append` for each (argument, elements, type, data).
    template <class Append>
    void each_parameter(const Append& append) const {
        append(DNNL_ARG_ATTR_SCALES | DNNL_ARG_SRC, 1, Type::f32, &x.scale);
        append(DNNL_ARG_ATTR_SCALES | DNNL_ARG_WEIGHTS, static_cast<int64_t>(w.size()), Type::f32, w.data());
        append(DNNL_ARG_ATTR_ZERO_POINTS | DNNL_ARG_SRC, x.zero_point != 0, Type::s32, &x.zero_point);
        append(DNNL_ARG_ATTR_SCALES | DNNL_ARG_DST, y_type != OCTAVO_F32, Type::f32, &y.scale);
        append(DNNL_ARG_ATTR_ZERO_POINTS | DNNL_ARG_DST, y.zero_point != 0, Type::s32, &y.zero_point);
    }

private:
    void weights(const Request& request) {
        const octavo_value_desc& desc = request.input_desc(1);
        const Operand value(desc);
        if (value.dtype != OCTAVO_S8)
            request.refuse(value.text() + " must be s8: table codes and u8 weights are not implemented");
        if (!value.constant) request.refuse(value.text() + " must be constant");
        if (desc.group_size > 0) request.refuse(value.text() + " has scales a group, which are not implemented");
        if (!desc.scales || desc.param_count < 1) request.invalid(value.text() + " has no scale");
        if (desc.param_count > 1 && (desc.axis != 0 || desc.param_count != value.dims[0])) {
            request.refuse(value.text() + " must have one scale, or one for each output channel");
        }
        w.assign(desc.scales, desc.scales + desc.param_count);
        for (int64_t i = 0; desc.zero_points && i < desc.param_count; ++i) {
            if (desc.zero_points[i] != 0)
                request.refuse(value.text() + " has zero points other than 0, which are not implemented");
        }
    }

    void real_bias(const Request& request) {
        if (!request.has_input(2)) return;
        const octavo_value_desc& desc = request.input_desc(2);
        const Operand value(desc);
        if (!value.constant) request.refuse(value.text() + " must be constant");
        request.require_dims(value, {request.input(1).dims[0]});
        const void* data = request.take_constant(2);
        const auto n = static_cast<size_t>(value.elements());
        bias.resize(n);
        if (value.dtype == OCTAVO_F32) {
            std::memcpy(bias.data(), data, n * sizeof(float));
        } else if (value.dtype == OCTAVO_S32) {
            const auto* integers = static_cast<const int32_t*>(data);
            for (size_t i = 0; i < n; ++i) {
                bias[i] = static_cast<float>(static_cast<double>(integers[i]) * x.scale * w[w.size() == 1 ? 0 : i]);
            }
        } else {
            request.refuse(value.text() + " must be s32 or f32");
        }
    }

    // The activation of an integer result, cut by the codes that it may take where these are fewer than its type has. A float
    // result is activated after oneDNN: a NaN of the bias or the residual stays NaN.
    void range(const Request& request) {
        if (y_type == OCTAVO_F32) return;
        const Attributes& d = request.attributes();
        if (d.activation == OCTAVO_RELU) low = 0.0f;
        if (d.activation == OCTAVO_CLAMP) low = d.clamp_min, high = d.clamp_max;
        const octavo_value_desc& desc = request.output_desc(0);
        if (desc.code_min == 0 && desc.code_max == 0) return;
        const int32_t least = y_type == OCTAVO_U8 ? 0 : -128, most = y_type == OCTAVO_U8 ? 255 : 127;
        if (desc.code_min > least) low = std::max(low, static_cast<float>(desc.code_min - y.zero_point) * y.scale);
        if (desc.code_max < most) high = std::min(high, static_cast<float>(desc.code_max - y.zero_point) * y.scale);
    }
};

class Int8 : public Operator {
public:
    size_t scratch_bytes(int64_t batch, int threads) override {
        const Split cut = split(batch, threads);
        return static_cast<size_t>(cut.threads) * worker_bytes(cut);
    }

    void run(const Run& run) override {
        const Split cut = split(run.batch, run.threads);
        const size_t bytes = worker_bytes(cut);
        run_parts(cut, [&](int64_t begin, int64_t end, int, int worker) {
            const std::shared_ptr<Variant> v = variant(end - begin);
            const auto* x = static_cast<const std::byte*>(run.inputs[0]) + begin * sample_x_;
            auto* y = static_cast<std::byte*>(run.outputs[0]) + begin * sample_y_;
            if (q_.has_residual && run.inputs[3] != run.outputs[0]) {
                const auto* residual = static_cast<const std::byte*>(run.inputs[3]) + begin * sample_y_;
                std::memcpy(y, residual, static_cast<size_t>((end - begin) * sample_y_));
            }
            v->call->run({x, v->weights->data(), q_.bias.data(), y, &q_.x.scale, q_.w.data(), &q_.x.zero_point,
                          &q_.y.scale, &q_.y.zero_point},
                         run.scratch + static_cast<size_t>(worker) * bytes);
            if (q_.y_type == OCTAVO_F32) {
                activate(attributes_, reinterpret_cast<float*>(y),
                         (end - begin) * sample_y_ / static_cast<int64_t>(sizeof(float)));
            }
        });
    }

    int64_t weight_bytes() const override {
        return packed_->bytes() + static_cast<int64_t>((q_.bias.size() + q_.w.size()) * sizeof(float));
    }
    const char* kernel() const override { return kernel_.c_str(); }
    const char* reason() const override { return reason_.c_str(); }

protected:
    struct Variant {
        std::optional<Call> call;
        std::shared_ptr<Buffer> weights;
    };

    explicit Int8(const Request& request) : q_(request), attributes_(request.attributes()), x_(request.input(0)) {
        codes_ = request.keep_constant(1);
        require_exact_sums(request);
    }

    // No sum may wrap or saturate silently. Without VNNI oneDNN adds two products of bytes in 16 bits, and shifts s8 activations to u8.
    void require_exact_sums(const Request& request) const {
        const auto* codes = static_cast<const int8_t*>(codes_->data());
        const int64_t count = static_cast<int64_t>(codes_->bytes());
        const int64_t outputs = request.input(1).dims[0], depth = count / outputs;
        for (int64_t o = 0; o < outputs; ++o) {
            int64_t sum = 0;
            for (int64_t i = o * depth; i < (o + 1) * depth; ++i) sum += std::abs(static_cast<int>(codes[i]));
            if (sum * 255 > std::numeric_limits<int32_t>::max())
                request.refuse("the sums of output " + std::to_string(o) + " can reach " + std::to_string(sum * 255) +
                               ", which 32 bits do not hold");
        }
        if (has_vnni()) return;
        if (q_.x_type != OCTAVO_U8) request.refuse("without VNNI oneDNN rounds the weights of s8 activations");
        int most = 0;
        for (int64_t i = 0; i < count; ++i) most = std::max(most, std::abs(static_cast<int>(codes[i])));
        const octavo_value_desc& x = request.input_desc(0);
        const int top = x.code_max > 0 ? x.code_max : 255;
        if (2 * most * top > 32767) {
            request.refuse("without VNNI oneDNN's 16-bit sums of two products could saturate: codes reach " +
                           std::to_string(top) + ", weights " + std::to_string(most));
        }
    }

    void pack(const Request& request, const dnnl::memory::desc& plain) {
        packed_ = PackedWeights::of(request, 1, plain, {}, [&] { return PackedWeights::Data(codes_, codes_->data()); });
    }

    // Samples of a run (images or rows), and the multiply-adds of one.
    virtual int64_t samples(int64_t batch) const = 0;
    virtual int64_t macs() const = 0;
    virtual std::shared_ptr<Variant> make(int64_t samples) = 0;

    // Elements of a sample, once the shapes are known; a float result has four bytes each.
    void set_samples(int64_t x, int64_t y) { sample_x_ = x, sample_y_ = q_.y_type == OCTAVO_F32 ? 4 * y : y; }

    std::shared_ptr<Variant> variant(int64_t samples) {
        return variants_.get(samples, [this](int64_t n) { return make(n); });
    }

    template <class Primitive, class Desc>
    std::shared_ptr<Variant> prepare(const Desc& pd) {
        Call::Arguments arguments = {{DNNL_ARG_SRC, pd.src_desc()},
                                     {DNNL_ARG_WEIGHTS, pd.weights_desc()},
                                     {DNNL_ARG_BIAS, pd.bias_desc()},
                                     {DNNL_ARG_DST, pd.dst_desc()}};
        q_.each_parameter([&](int argument, int64_t n, Type type, const void*) {
            arguments.emplace_back(argument, n ? dnnl::memory::desc({n}, type, Tag::x) : dnnl::memory::desc());
        });
        auto v = std::make_shared<Variant>();
        v->weights = packed_->pack(pd.weights_desc());
        v->call.emplace(Primitive(pd), arguments, pd.scratchpad_desc());
        return v;
    }

    Split split(int64_t batch, int threads) const {
        return Split::of(samples(batch), macs() * samples(batch), int8_macs_per_thread, threads);
    }
    size_t worker_bytes(const Split& cut) {
        return whole_lines(
            std::max(variant(cut.smallest())->call->scratch_bytes(), variant(cut.largest())->call->scratch_bytes()));
    }

    Quantization q_;
    Attributes attributes_;
    Operand x_;
    std::shared_ptr<const Constant> codes_;
    std::shared_ptr<PackedWeights> packed_;
    std::string kernel_, reason_;
    PerCount<Variant> variants_;
    int64_t sample_x_ = 0, sample_y_ = 0;  // bytes
};

class Conv2dInt8 : public Int8 {
public:
    explicit Conv2dInt8(const Request& request)
        : Int8(request), g_(Geometry::convolution(request, x_, request.input(1), request.output(0))) {
        set_samples(g_.source_elements(), g_.result_elements());
        pack(request, dnnl::memory::desc(g_.weights(), Type::s8, g_.weight_tag()));
        const Forward pd = forward(1, &reason_);
        kernel_ = std::string("conv2d_int8_onednn ") + pd.impl_info_str();
        packed_->pack(pd.weights_desc());
    }

private:
    using Forward = dnnl::convolution_forward::primitive_desc;

    int64_t samples(int64_t batch) const override { return x_.images(batch); }
    int64_t macs() const override { return g_.macs(); }

    Forward forward(int64_t n, std::string* reasons = nullptr) const {
        const auto make = [&] {
            return Forward(engine(), dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
                           {g_.source(n), type_of(q_.x_type), g_.tag()}, {g_.weights(), Type::s8, Tag::any},
                           q_.bias.empty() ? dnnl::memory::desc() : dnnl::memory::desc(g_.bias(), Type::f32, Tag::x),
                           {g_.result(n), type_of(q_.y_type), g_.tag()}, g_.strides(), g_.dilations(), g_.pad_begin(),
                           g_.pad_end(), q_.attributes(g_.groups == 1 ? 1 : 3));
        };
        return choose_implementation(
            Pass::int8, g_, make, [](const std::string&) { return true; }, reasons);
    }

    std::shared_ptr<Variant> make(int64_t images) override {
        return prepare<dnnl::convolution_forward>(forward(images));
    }

    Geometry g_;
};

class LinearInt8 : public Int8 {
public:
    explicit LinearInt8(const Request& request) : Int8(request) {
        const Operand w = request.input(1), y = request.output(0);
        request.require_rank(w, 2);
        n_ = w.dims[0], k_ = w.dims[1];
        if (x_.rank() < (x_.batched ? 2 : 1) || x_.dims.back() != k_) {
            request.mismatch(x_.text(), "a last dimension of " + std::to_string(k_));
        }
        std::vector<int64_t> expected = x_.dims;
        expected.back() = n_;
        request.require_dims(y, expected);
        if (x_.batched != y.batched) request.mismatch(y.text(), "batched like " + x_.text());
        set_samples(k_, n_);
        pack(request, dnnl::memory::desc({k_, n_}, Type::s8, Tag::ba));
        const Forward pd = forward(samples(1));
        kernel_ = std::string("linear_int8_onednn ") + pd.impl_info_str();
        packed_->pack(pd.weights_desc());
    }

private:
    using Forward = dnnl::matmul::primitive_desc;

    int64_t samples(int64_t batch) const override { return x_.elements(batch) / k_; }
    int64_t macs() const override { return n_ * k_; }

    Forward forward(int64_t m) const {
        return Forward(engine(), {{m, k_}, type_of(q_.x_type), Tag::ab}, {{k_, n_}, Type::s8, Tag::any},
                       q_.bias.empty() ? dnnl::memory::desc() : dnnl::memory::desc({1, n_}, Type::f32, Tag::ab),
                       {{m, n_}, type_of(q_.y_type), Tag::ab}, q_.attributes(2));
    }

    std::shared_ptr<Variant> make(int64_t rows) override { return prepare<dnnl::matmul>(forward(rows)); }

    int64_t n_ = 0, k_ = 0;
};

}  // namespace

std::unique_ptr<Operator> create_int8(const Request& request) {
    if (request.attributes().kind == OCTAVO_OP_CONV2D) return std::make_unique<Conv2dInt8>(request);
    return std::make_unique<LinearInt8>(request);
}

}  // namespace octavo::onednn

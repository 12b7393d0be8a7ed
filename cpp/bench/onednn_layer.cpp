#include "bench/onednn_layer.h"

#include "bench/onednn_workload.h"

namespace octavo::bench {

namespace {

using dnnl::memory;
using Tag = memory::format_tag;
using Type = memory::data_type;

class Layer {
public:
    Layer(const Problem& problem, bool as_float)
        : p_(problem),
          s_(problem.shape),
          float_(as_float),
          type_(as_float                     ? Type::f32
                : problem.shape.signed_input ? Type::s8
                                             : Type::u8) {}

    std::unique_ptr<Workload> make() const {
        onednn_threads(p_.threads);
        return s_.family == Family::conv ? conv() : linear();
    }

private:
    dnnl::primitive_attr attributes(int channel_mask) const {
        dnnl::primitive_attr attr;
        if (!float_) {
            attr.set_scales_mask(DNNL_ARG_SRC, 0);
            attr.set_scales_mask(DNNL_ARG_WEIGHTS, channel_mask);
            if (!s_.float_result) attr.set_scales_mask(DNNL_ARG_DST, 0);
            if (s_.x_zero != 0) attr.set_zero_points_mask(DNNL_ARG_SRC, 0);
            if (s_.y_zero != 0) attr.set_zero_points_mask(DNNL_ARG_DST, 0);
            if (s_.w_zero != 0) attr.set_zero_points_mask(DNNL_ARG_WEIGHTS, 0);
        }
        dnnl::post_ops ops;
        if (s_.residual) ops.append_sum(float_ ? 1.0f : p_.residual_scale);
        if (p_.relu) ops.append_eltwise(dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
        attr.set_post_ops(ops);
        return attr;
    }

    // What results overwrite: the residual, if there is one.
    memory results(const memory::desc& wanted) const {
        if (!s_.residual) return memory(wanted, onednn_cpu());
        const memory::desc plain({1, s_.outputs, s_.out_height(), s_.out_width()}, float_ ? Type::f32 : Type::u8,
                                 Tag::nhwc);
        return operand(
            p_.residual,
            [this](int64_t i) { return static_cast<float>(p_.residual.as<uint8_t>()[i]) * p_.residual_scale; }, plain,
            wanted);
    }

    // Activations into the codes that the layer reads; null where it reads them as they are.
    std::unique_ptr<Workload> quantization(const memory& codes) const {
        if (float_ || !s_.dynamic_input) return nullptr;
        const Bytes reals = p_.x_reals();
        const memory::desc plain({s_.batch, s_.channels}, Type::f32, Tag::ab);
        dnnl::primitive_attr attr;
        attr.set_scales_mask(DNNL_ARG_DST, 0);
        if (s_.x_zero != 0) attr.set_zero_points_mask(DNNL_ARG_DST, 0);
        const dnnl::reorder::primitive_desc pd(onednn_cpu(), plain, onednn_cpu(), codes.get_desc(), attr);
        OnednnArguments arguments = {
            {DNNL_ARG_FROM, onednn_operand(plain, reals.data(), plain)},
            {DNNL_ARG_TO, codes},
            {DNNL_ARG_ATTR_SCALES | DNNL_ARG_DST, onednn_vector(std::vector<float>{p_.x_scale})}};
        if (s_.x_zero != 0)
            arguments[DNNL_ARG_ATTR_ZERO_POINTS | DNNL_ARG_DST] = onednn_vector(std::vector<int32_t>{s_.x_zero});
        return std::make_unique<OnednnWorkload>(dnnl::reorder(pd), std::move(arguments), p_.threads, DNNL_ARG_TO);
    }

    // Reals or codes of x and w, in the order of the problem.
    template <class Real>
    memory operand(const Bytes& codes, const Real& real, const memory::desc& plain, const memory::desc& wanted) const {
        if (!float_) return onednn_operand(plain, codes.data(), wanted);
        std::vector<float> reals(static_cast<size_t>(codes.size()));
        for (size_t i = 0; i < reals.size(); ++i) reals[i] = real(static_cast<int64_t>(i));
        return onednn_operand(plain, reals.data(), wanted);
    }

    template <class Primitive, class Desc>
    std::unique_ptr<Workload> workload(const Desc& pd, const memory::desc& x, const memory::desc& w) const {
        const std::vector<float> bias = p_.bias_reals();
        const memory::desc b = pd.bias_desc();
        OnednnArguments arguments = {
            {DNNL_ARG_SRC, operand(
                               p_.x, [this](int64_t i) { return p_.x_real(i); }, x, pd.src_desc())},
            {DNNL_ARG_WEIGHTS, operand(
                                   p_.w, [this](int64_t i) { return p_.w_real(i); }, w, pd.weights_desc())},
            {DNNL_ARG_BIAS, onednn_operand(b, bias.data(), b)},
            {DNNL_ARG_DST, results(pd.dst_desc())}};
        if (!float_) {
            arguments[DNNL_ARG_ATTR_SCALES | DNNL_ARG_SRC] = onednn_vector(std::vector<float>{p_.x_scale});
            arguments[DNNL_ARG_ATTR_SCALES | DNNL_ARG_WEIGHTS] = onednn_vector(p_.w_scales);
            if (!s_.float_result)
                arguments[DNNL_ARG_ATTR_SCALES | DNNL_ARG_DST] = onednn_vector(std::vector<float>{p_.y_scale});
            if (s_.x_zero != 0)
                arguments[DNNL_ARG_ATTR_ZERO_POINTS | DNNL_ARG_SRC] = onednn_vector(std::vector<int32_t>{s_.x_zero});
            if (s_.y_zero != 0)
                arguments[DNNL_ARG_ATTR_ZERO_POINTS | DNNL_ARG_DST] = onednn_vector(std::vector<int32_t>{s_.y_zero});
            if (s_.w_zero != 0)
                arguments[DNNL_ARG_ATTR_ZERO_POINTS | DNNL_ARG_WEIGHTS] =
                    onednn_vector(std::vector<int32_t>{s_.w_zero});
        }
        std::unique_ptr<Workload> before = quantization(arguments.at(DNNL_ARG_SRC));
        auto layer = std::make_unique<OnednnWorkload>(Primitive(pd), std::move(arguments), p_.threads);
        if (before == nullptr) return layer;
        return std::make_unique<Sequence>(std::move(before), std::move(layer));
    }

    Type result_type() const { return float_ || s_.float_result ? Type::f32 : Type::u8; }
    Type weight_type() const { return float_ ? Type::f32 : Type::s8; }

    std::unique_ptr<Workload> linear() const {
        const int64_t m = s_.batch, k = s_.channels, n = s_.outputs;
        const memory::desc x({m, k}, type_, Tag::ab), y({m, n}, result_type(), Tag::ab);
        const dnnl::matmul::primitive_desc pd(onednn_cpu(), x, {{k, n}, weight_type(), Tag::any},
                                              {{1, n}, Type::f32, Tag::ab}, y, attributes(2));
        return workload<dnnl::matmul>(pd, x, {{k, n}, weight_type(), Tag::ba});
    }

    std::unique_ptr<Workload> conv() const {
        const Tag tag = float_ ? Tag::any : Tag::nhwc;
        const memory::dims xs = {1, s_.channels, s_.height, s_.width};
        const memory::dims ys = {1, s_.outputs, s_.out_height(), s_.out_width()};
        const int64_t fan = s_.channels / s_.groups, k = s_.kernel;
        memory::dims ws = {s_.outputs, fan, k, k};
        if (s_.groups > 1) ws = {s_.groups, s_.outputs / s_.groups, fan, k, k};
        const memory::dims strides(2, s_.stride), pads(2, s_.padding);
        const dnnl::convolution_forward::primitive_desc pd(
            onednn_cpu(), dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, {xs, type_, tag},
            {ws, weight_type(), Tag::any}, {{s_.outputs}, Type::f32, Tag::x}, {ys, result_type(), tag}, strides, pads,
            pads, attributes(s_.groups > 1 ? 3 : 1));
        return workload<dnnl::convolution_forward>(pd, {xs, type_, Tag::nhwc},
                                                   {ws, weight_type(), s_.groups > 1 ? Tag::goihw : Tag::oihw});
    }

    const Problem& p_;
    const Shape& s_;
    bool float_;
    Type type_;
};

}  // namespace

std::unique_ptr<Workload> onednn_layer(const Problem& problem, bool as_float) {
    return Layer(problem, as_float).make();
}

}  // namespace octavo::bench

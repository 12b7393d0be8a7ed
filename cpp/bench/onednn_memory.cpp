#include "bench/memory_work.h"
#include "bench/onednn_workload.h"

namespace octavo::bench {

namespace {

using dnnl::memory;
using Tag = memory::format_tag;
using Type = memory::data_type;

class Memory {
public:
    explicit Memory(const Problem& problem) : p_(problem), s_(problem.shape) {}

    std::unique_ptr<Workload> make() const {
        onednn_threads(p_.threads);
        if (s_.operation == "quantize") return reorder(Type::f32, Tag::nhwc, Type::u8);
        if (s_.operation == "quantize_image") return reorder(Type::f32, Tag::nchw, Type::u8);
        if (s_.operation == "dequantize") return reorder(Type::u8, Tag::nhwc, Type::f32);
        if (s_.operation == "requantize") return reorder(Type::u8, Tag::nhwc, Type::u8);
        if (s_.operation == "max_pool") return pool(dnnl::algorithm::pooling_max);
        if (s_.operation == "avg_pool") return pool(dnnl::algorithm::pooling_avg_exclude_padding);
        if (s_.operation == "add") return add();
        throw std::runtime_error("has no " + s_.operation);
    }

private:
    memory::desc images(Type type, Tag tag) const { return {{1, s_.channels, s_.height, s_.width}, type, tag}; }
    memory::desc codes() const { return images(Type::u8, Tag::nhwc); }

    memory input(const memory::desc& desc) const {
        if (desc.get_data_type() == Type::u8) return onednn_operand(desc, p_.x.data(), desc);
        std::vector<float> reals;
        for (int64_t i = 0; i < p_.x.size(); ++i) reals.push_back(p_.x_real(i));
        return onednn_operand(desc, reals.data(), desc);
    }

    std::unique_ptr<Workload> workload(const dnnl::primitive& primitive, OnednnArguments arguments) const {
        return std::make_unique<OnednnWorkload>(primitive, std::move(arguments), p_.threads);
    }

    std::unique_ptr<Workload> reorder(Type from, Tag tag, Type to) const {
        const memory x = input(images(from, tag)), y(images(to, Tag::nhwc), onednn_cpu());
        OnednnArguments arguments = {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}};
        dnnl::primitive_attr attr;
        if (from == Type::u8) {
            attr.set_scales_mask(DNNL_ARG_SRC, 0);
            arguments[DNNL_ARG_ATTR_SCALES | DNNL_ARG_SRC] = onednn_vector(std::vector<float>{p_.x_scale});
        }
        if (to == Type::u8) {
            attr.set_scales_mask(DNNL_ARG_DST, 0);
            arguments[DNNL_ARG_ATTR_SCALES | DNNL_ARG_DST] = onednn_vector(std::vector<float>{p_.y_scale});
        }
        return workload(dnnl::reorder(dnnl::reorder::primitive_desc(x, y, attr)), arguments);
    }

    std::unique_ptr<Workload> pool(dnnl::algorithm algorithm) const {
        const memory::desc y({1, s_.channels, s_.out_height(), s_.out_width()}, Type::u8, Tag::nhwc);
        const memory::dims kernel(2, s_.kernel), stride(2, s_.stride), padding(2, s_.padding), dense(2, 0);
        const dnnl::pooling_forward::primitive_desc pd(onednn_cpu(), dnnl::prop_kind::forward_inference, algorithm,
                                                       codes(), y, stride, kernel, dense, padding, padding);
        return workload(dnnl::pooling_forward(pd),
                        {{DNNL_ARG_SRC, input(codes())}, {DNNL_ARG_DST, memory(y, onednn_cpu())}});
    }

    std::unique_ptr<Workload> add() const {
        dnnl::primitive_attr attr;
        OnednnArguments arguments = {{DNNL_ARG_SRC_0, input(codes())},
                                     {DNNL_ARG_SRC_1, input(codes())},
                                     {DNNL_ARG_DST, memory(codes(), onednn_cpu())}};
        // Sources alone can be scaled, so the result's scale goes into theirs.
        for (int source : {DNNL_ARG_SRC_0, DNNL_ARG_SRC_1}) {
            attr.set_scales_mask(source, 0);
            arguments[DNNL_ARG_ATTR_SCALES | source] = onednn_vector(std::vector<float>{p_.x_scale / p_.y_scale});
        }
        const dnnl::binary::primitive_desc pd(onednn_cpu(), dnnl::algorithm::binary_add, codes(), codes(), codes(),
                                              attr);
        return workload(dnnl::binary(pd), arguments);
    }

    const Problem& p_;
    const Shape& s_;
};

}  // namespace

std::unique_ptr<Workload> onednn_memory(const Problem& problem) { return Memory(problem).make(); }

}  // namespace octavo::bench

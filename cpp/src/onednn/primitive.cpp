#include "onednn/primitive.h"

#include <limits>

namespace octavo::onednn {

const dnnl::engine& engine() {
    static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
    return cpu;
}

bool has_avx512() {
    switch (dnnl::get_effective_cpu_isa()) {
        case dnnl::cpu_isa::isa_default:
        case dnnl::cpu_isa::sse41:
        case dnnl::cpu_isa::avx:
        case dnnl::cpu_isa::avx2:
        case dnnl::cpu_isa::avx2_vnni:
        case dnnl::cpu_isa::avx2_vnni_2:
            return false;
        default:
            return true;
    }
}

bool has_vnni() {
    switch (dnnl::get_effective_cpu_isa()) {
        case dnnl::cpu_isa::isa_default:
        case dnnl::cpu_isa::sse41:
        case dnnl::cpu_isa::avx:
        case dnnl::cpu_isa::avx2:
        case dnnl::cpu_isa::avx512_core:
            return false;
        default:
            return true;
    }
}

dnnl::primitive_attr user_scratchpad() {
    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    return attr;
}

dnnl::primitive_attr fused(const Attributes& attributes, const dnnl::memory::desc* residual) {
    dnnl::primitive_attr attr = user_scratchpad();
    dnnl::post_ops ops;
    if (residual) ops.append_binary(dnnl::algorithm::binary_add, *residual);
    if (attributes.activation == OCTAVO_RELU) ops.append_eltwise(dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
    if (attributes.activation == OCTAVO_CLAMP) {
        ops.append_eltwise(dnnl::algorithm::eltwise_clip, attributes.clamp_min, attributes.clamp_max);
    }
    attr.set_post_ops(ops);
    return attr;
}

Call::Call(const dnnl::primitive& primitive, const Arguments& arguments, const dnnl::memory::desc& scratchpad)
    : primitive_(primitive), scratch_bytes_(scratchpad.get_size()) {
    for (const auto& argument : arguments) {
        present_.push_back(argument.second.get_size() > 0);
        if (present_.back()) arguments_.push_back(argument);
    }
    if (scratch_bytes_ > 0) arguments_.emplace_back(DNNL_ARG_SCRATCHPAD, scratchpad);
}

std::unique_ptr<Call> Call::reorder(const dnnl::memory::desc& from, const dnnl::memory::desc& to) {
    if (from == to) return nullptr;
    const dnnl::reorder::primitive_desc pd(engine(), from, engine(), to, user_scratchpad());
    return std::make_unique<Call>(dnnl::reorder(pd), Arguments{{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}},
                                  pd.scratchpad_desc());
}

std::unique_ptr<Call::Set> Call::borrow() const {
    {
        std::lock_guard<std::mutex> lock(mutex_);
        if (!sets_.empty()) {
            std::unique_ptr<Set> set = std::move(sets_.back());
            sets_.pop_back();
            return set;
        }
    }
    auto set = std::make_unique<Set>();
    set->stream = dnnl::stream(engine());
    for (const auto& [id, desc] : arguments_) {
        set->memories.push_back(dnnl::memory(desc, engine(), DNNL_MEMORY_NONE));
        set->arguments.push_back({id, set->memories.back().get()});
    }
    return set;
}

void Call::run(std::initializer_list<const void*> data, void* scratch) const {
    std::unique_ptr<Set> set = borrow();
    size_t at = 0, argument = 0;
    for (const void* pointer : data) {
        if (!present_[argument++]) continue;
        set->memories[at++].set_data_handle(const_cast<void*>(pointer));
    }
    if (scratch_bytes_ > 0) set->memories[at].set_data_handle(scratch);
    const dnnl_status_t status = dnnl_primitive_execute(primitive_.get(), set->stream.get(),
                                                        static_cast<int>(set->arguments.size()), set->arguments.data());
    {
        std::lock_guard<std::mutex> lock(mutex_);
        sets_.push_back(std::move(set));
    }
    if (status != dnnl_success) {
        throw Error(OCTAVO_INTERNAL, "oneDNN: execution failed with status " + std::to_string(status));
    }
}

std::shared_ptr<PackedWeights> PackedWeights::of(const Request& request, int input, const dnnl::memory::desc& plain,
                                                 const std::vector<int64_t>& form, const std::function<Data()>& make) {
    struct Handle {
        std::shared_ptr<PackedWeights> weights;
        size_t bytes() const { return static_cast<size_t>(weights->bytes()); }
    };
    const auto describe = [&](Hash& key) {
        key.add(form).add(plain.get_dims()).add(plain.get_strides()).add(static_cast<int>(plain.get_data_type()));
    };
    const auto handle = request.made_of(input, "packed weights", describe, [&] {
        Data data = make();
        return Handle{std::make_shared<PackedWeights>(plain, std::move(data.first), data.second)};
    });
    // The weights live as long as their handle does, and that as long as they are found by it.
    return {handle, handle->weights.get()};
}

std::shared_ptr<Buffer> PackedWeights::pack(const dnnl::memory::desc& wanted) {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [desc, buffer] : packed_) {
        if (desc == wanted) return buffer;
    }
    auto buffer = std::make_shared<Buffer>(wanted.get_size());
    dnnl::memory from(plain_, engine(), const_cast<void*>(data_)), to(wanted, engine(), buffer->data());
    dnnl::stream stream(engine());
    dnnl::reorder(from, to).execute(stream, from, to);
    stream.wait();
    packed_.emplace_back(wanted, buffer);
    return buffer;
}

int64_t PackedWeights::bytes() const {
    std::lock_guard<std::mutex> lock(mutex_);
    int64_t total = 0;
    for (const auto& [desc, buffer] : packed_) total += static_cast<int64_t>(buffer->bytes());
    return total;
}

}  // namespace octavo::onednn

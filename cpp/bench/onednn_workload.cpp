#include "bench/onednn_workload.h"

#include <omp.h>

#include <cstring>

namespace octavo::bench {

using dnnl::memory;

const dnnl::engine& onednn_cpu() {
    static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    return engine;
}

void onednn_threads(int threads) { omp_set_num_threads(threads); }

void OnednnWorkload::run() {
    onednn_threads(threads_);
    primitive_.execute(stream_, arguments_);
    stream_.wait();
    if (output_.size() != 0) return;
    const memory& y = arguments_.at(result_);
    output_ = Bytes(static_cast<int64_t>(y.get_desc().get_size()));
    std::memcpy(output_.data(), y.get_data_handle(), static_cast<size_t>(output_.size()));
}

memory onednn_operand(const memory::desc& plain, const void* data, const memory::desc& wanted) {
    memory from(plain, onednn_cpu());
    std::memcpy(from.get_data_handle(), data, plain.get_size());
    if (plain == wanted) return from;
    memory to(wanted, onednn_cpu());
    dnnl::stream stream(onednn_cpu());
    dnnl::reorder(from, to).execute(stream, from, to);
    stream.wait();
    return to;
}

namespace {

template <class T>
memory vector_of(const std::vector<T>& values, memory::data_type type) {
    const memory::desc desc({static_cast<int64_t>(values.size())}, type, memory::format_tag::x);
    return onednn_operand(desc, values.data(), desc);
}

}  // namespace

memory onednn_vector(const std::vector<float>& values) { return vector_of(values, memory::data_type::f32); }
memory onednn_vector(const std::vector<int32_t>& values) { return vector_of(values, memory::data_type::s32); }

}  // namespace octavo::bench

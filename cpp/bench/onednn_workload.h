// A oneDNN primitive with its operands, called as a program would that uses nothing else.
#ifndef OCTAVO_BENCH_ONEDNN_WORKLOAD_H
#define OCTAVO_BENCH_ONEDNN_WORKLOAD_H

#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>
#include <vector>

#include "bench/workload.h"

namespace octavo::bench {

const dnnl::engine& onednn_cpu();
// How many threads primitives take that are made or run from now on.
void onednn_threads(int threads);

using OnednnArguments = std::unordered_map<int, dnnl::memory>;

class OnednnWorkload : public Workload {
public:
    // result: which argument is the output.
    OnednnWorkload(const dnnl::primitive& primitive, OnednnArguments arguments, int threads, int result = DNNL_ARG_DST)
        : primitive_(primitive),
          arguments_(std::move(arguments)),
          stream_(onednn_cpu()),
          threads_(threads),
          result_(result) {}

    void run() override;
    // Of the first run.
    const Bytes& output() const override { return output_; }

private:
    dnnl::primitive primitive_;
    OnednnArguments arguments_;
    dnnl::stream stream_;
    int threads_, result_;
    Bytes output_;
};

// Elements of the description `plain` in the format of `wanted`.
dnnl::memory onednn_operand(const dnnl::memory::desc& plain, const void* data, const dnnl::memory::desc& wanted);
dnnl::memory onednn_vector(const std::vector<float>& values);
dnnl::memory onednn_vector(const std::vector<int32_t>& values);

}  // namespace octavo::bench

#endif

// A plan with its buffers, ready to be run again and again on one thread.
#ifndef OCTAVO_BENCH_WORKLOAD_H
#define OCTAVO_BENCH_WORKLOAD_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/contender.h"
#include "bench/shapes.h"
#include "octavo/octavo.h"

namespace octavo::bench {

class Workload {
public:
    Workload(octavo_plan* plan, int64_t batch, std::vector<std::byte> input);
    ~Workload();
    Workload(const Workload&) = delete;
    Workload& operator=(const Workload&) = delete;

    // Throws std::runtime_error with the library's sentence.
    void run();
    const std::vector<std::byte>& output() const { return output_; }
    // Multiply-adds of the whole batch.
    int64_t macs() const;

private:
    octavo_plan* plan_;
    int64_t batch_;
    std::vector<std::byte> input_, output_;
};

// One layer alone, with ReLU where its family has an activation, on u8 (or f32) NHWC values. Throws std::runtime_error where the
// contender does not run it. Every contender sees the same numbers.
std::unique_ptr<Workload> make_layer(const Shape& shape, Contender contender);

// A whole network, "demo" or "resnet20", on f32 NCHW images, to f32 logits; random weights.
std::unique_ptr<Workload> make_network(const std::string& name, int64_t batch, Contender contender);

}  // namespace octavo::bench

#endif

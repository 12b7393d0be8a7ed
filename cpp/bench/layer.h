// One layer as a plan, run by Octavo's kernels or by a peer, on the same random data.
#ifndef OCTAVO_BENCH_LAYER_H
#define OCTAVO_BENCH_LAYER_H

#include <cstddef>
#include <string>
#include <vector>

#include "bench/shapes.h"
#include "octavo/octavo.h"

namespace octavo::bench {

enum class Contender { octavo_int8, onednn_int8, onednn_float };
constexpr Contender contenders[] = {Contender::octavo_int8, Contender::onednn_int8, Contender::onednn_float};
const char* contender_name(Contender contender);

class Layer {
public:
    // With ReLU where the family has an activation. Throws std::runtime_error with the library's sentence where the contender
    // does not run this layer.
    Layer(const Shape& shape, Contender contender);
    ~Layer();
    Layer(const Layer&) = delete;
    Layer& operator=(const Layer&) = delete;

    // On one thread. Throws std::runtime_error.
    void run();
    const std::vector<std::byte>& output() const { return output_; }
    std::string kernel() const;

private:
    octavo_plan* plan_ = nullptr;
    int64_t batch_;
    std::vector<std::byte> input_, output_;
};

}  // namespace octavo::bench

#endif

// Networks for the C interface in the types of a contender: codes u8 and s8, or the reals that they stand for.
#ifndef OCTAVO_BENCH_DESCRIBER_H
#define OCTAVO_BENCH_DESCRIBER_H

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "bench/octavo_layer.h"
#include "bench/row.h"

namespace octavo::bench {

// A value of the network: its number, its logical shape (the batch as 1) and what its codes mean.
struct Edge {
    int32_t number;
    std::vector<int64_t> dims;
    float scale;
};

struct Window {
    int kernel = 0, stride = 1, padding = 0;  // kernel 0: none
};

// Operators take and give inner values, NHWC where the rank is 4. Convolutions and linear layers are the contender's; what it
// lacks is run by whoever has it. Weights are random, the same for every contender.
class Describer {
public:
    // contender: octavo, onednn_int8 or onednn_float. Codes of activations are 0..code_max.
    Describer(octavo_builder* builder, Contender contender, int code_max);

    Edge image(std::vector<int64_t> dims);  // the input, f32 NCHW
    Edge quantize(const Edge& image);       // a float contender's: the change of layout
    Edge conv(const Edge& x, int64_t channels, const Window& window, bool relu, const Edge* residual = nullptr);
    Edge linear(const Edge& x, int64_t outputs, bool relu);
    Edge max_pool(const Edge& x, const Window& window);
    Edge global_average(const Edge& x);
    Edge flatten(const Edge& x);
    void logits(const Edge& x, int64_t outputs);  // the last linear layer, f32

    Bytes pixels();  // of one image

private:
    Edge value(std::vector<int64_t> dims, octavo_dtype dtype, octavo_role role, octavo_layout layout, float scale);
    Edge inner(std::vector<int64_t> dims, float scale);
    int32_t weights(std::vector<int64_t> dims);
    void op(octavo_op_kind kind, std::vector<int32_t> inputs, const Edge& result, const Window& window = {},
            bool relu = false);
    Bytes numbers(octavo_dtype dtype, int64_t count, float scale, int low, int high);

    octavo_builder* const builder_;
    const bool float_;
    const octavo_backend_id backend_;
    const int code_max_;
    std::mt19937 engine_{1};
    Edge input_{};
    int ops_ = 0;
};

}  // namespace octavo::bench

#endif

// Networks for the C interface in the types of a contender: codes u8 and s8, or the reals that they stand for.
#ifndef OCTAVO_BENCH_DESCRIBER_H
#define OCTAVO_BENCH_DESCRIBER_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "bench/contender.h"
#include "bench/workload.h"
#include "octavo/octavo.h"

namespace octavo::bench {

// Throws std::runtime_error with octavo_last_error.
void check(octavo_status status);

// A value of the network: its number, its logical shape (the batch as 1) and what its codes mean.
struct Edge {
    int32_t number;
    std::vector<int64_t> dims;
    float scale;
};

struct Window {
    int kernel = 1, stride = 1, padding = 0, groups = 1;
};

class Describer {
public:
    Describer(Contender contender, uint32_t seed);
    ~Describer();
    Describer(const Describer&) = delete;
    Describer& operator=(const Describer&) = delete;

    bool is_float() const { return float_; }
    // The caller's images or rows: codes (or the reals they stand for) in NHWC, or f32 in NCHW for a whole network.
    Edge input(std::vector<int64_t> dims);
    Edge image(std::vector<int64_t> dims);
    // Operators in inner values, NHWC where the rank is 4; `last`: the result is the plan's output.
    Edge quantize(const Edge& image, bool last = false);  // a float contender's: the change of layout
    Edge conv(const Edge& x, int64_t channels, const Window& window, bool relu, const Edge* residual = nullptr,
              bool last = false);
    Edge linear(const Edge& x, int64_t outputs, bool relu, bool last = false);
    Edge max_pool(const Edge& x, const Window& window, bool last = false);
    Edge global_average(const Edge& x);
    Edge flatten(const Edge& x);
    void logits(const Edge& x);  // dequantized, the plan's output

    std::unique_ptr<Workload> build(int64_t batch);

private:
    Edge value(std::vector<int64_t> dims, octavo_dtype dtype, octavo_role role, octavo_layout layout, float scale);
    Edge result(std::vector<int64_t> dims, float scale, bool last);
    int32_t weights(std::vector<int64_t> dims);
    void op(octavo_op_kind kind, std::vector<int32_t> inputs, const Edge& result, const Window& window = {},
            bool relu = false, bool own = false);
    std::vector<std::byte> numbers(octavo_dtype dtype, int64_t count, float scale, int low, int high);

    const bool float_;
    const octavo_backend_id backend_;
    std::mt19937 engine_;
    octavo_builder* builder_ = nullptr;
    Edge input_{};
    octavo_dtype input_type_ = OCTAVO_U8;
};

}  // namespace octavo::bench

#endif

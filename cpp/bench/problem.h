// The numbers of a row, the same for every contender: activations, weights, what they stand for.
#ifndef OCTAVO_BENCH_PROBLEM_H
#define OCTAVO_BENCH_PROBLEM_H

#include <cstdint>
#include <vector>

#include "bench/bytes.h"
#include "bench/shapes.h"

namespace octavo::bench {

struct Problem {
    Shape shape;
    int threads = 1;
    int code_max = 255;  // activations are 0..code_max; s8 ones half of that less
    float x_scale = 0.02f, y_scale = 1;
    Bytes x;                      // u8 or s8 [batch, channels] or NHWC
    Bytes residual;               // u8 like the results
    float residual_scale = 1;     // its zero point is 0
    Bytes w;                      // s8 [outputs, depth]; of table codes: what they stand for
    Bytes codes;                  // table codes [outputs, depth], one a byte
    std::vector<int8_t> tables;   // [outputs, sets an output, 16], their meaning
    std::vector<float> w_scales;  // [outputs, sets an output]
    std::vector<int32_t> bias;    // [outputs], at x_scale * w_scales of the first set
    bool relu = false;

    Problem(const Shape& shape, int threads, int code_max);

    // The reals that the codes stand for.
    Bytes x_reals() const;
    float x_real(int64_t i) const {
        const int code = shape.signed_input ? x.as<int8_t>()[i] : x.as<uint8_t>()[i];
        return static_cast<float>(code - shape.x_zero) * x_scale;
    }
    float w_real(int64_t i) const {
        return static_cast<float>(w.as<int8_t>()[i] - shape.w_zero) * w_scales[static_cast<size_t>(weight_set(i))];
    }
    std::vector<float> bias_reals() const;

private:
    int64_t weight_set(int64_t i) const {
        const int64_t output = i / shape.depth(), k = i % shape.depth();
        return output * shape.weight_sets() + (shape.group_size > 0 ? k / shape.group_size : 0);
    }
    void make_table_codes();
};

}  // namespace octavo::bench

#endif

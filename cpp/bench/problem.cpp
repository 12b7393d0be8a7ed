#include "bench/problem.h"

#include <cmath>
#include <random>

namespace octavo::bench {

namespace {

constexpr float weight_deviation = 32;  // of weight codes: as a trained layer's, whose largest weight is 127

}  // namespace

Problem::Problem(const Shape& s, int threads_, int code_max_) : shape(s), threads(threads_), code_max(code_max_) {
    std::mt19937 engine(static_cast<uint32_t>(s.inputs() + s.macs()));
    x = Bytes(s.inputs());
    for (int64_t i = 0; i < s.inputs(); ++i)
        x.as<uint8_t>()[i] = static_cast<uint8_t>(engine() % static_cast<uint32_t>(code_max + 1));
    if (s.family == Family::memory) {
        // Pooling keeps the scale.
        y_scale = s.kernel > 1 ? x_scale : 0.03f;
        return;
    }

    const int64_t weights = s.outputs * s.depth();
    w = Bytes(weights);
    // Bell-shaped: the sum of four numbers. Trained weights are, and what a kernel may do without VNNI depends on them.
    for (int64_t i = 0; i < weights; ++i) {
        const uint32_t random = engine();
        int sum = -510;
        for (int byte = 0; byte < 4; ++byte) sum += static_cast<int>(random >> (8 * byte) & 255);
        w.as<int8_t>()[i] =
            static_cast<int8_t>(std::lround(std::min(std::max(sum * weight_deviation / 148, -127.0f), 127.0f)));
    }
    if (s.family == Family::table4) {
        for (int level = 0; level < 16; ++level)
            table.push_back(static_cast<int8_t>(std::lround(8.4 * (2 * level - 15))));
        codes = Bytes(weights);
        for (int64_t i = 0; i < weights; ++i) {
            const int code =
                std::min(std::max(static_cast<int>(std::lround((w.as<int8_t>()[i] / 8.4 + 15) / 2)), 0), 15);
            codes.as<uint8_t>()[i] = static_cast<uint8_t>(code);
            w.as<int8_t>()[i] = table[static_cast<size_t>(code)];
        }
    }
    for (int64_t o = 0; o < s.outputs; ++o) {
        w_scales.push_back(0.004f + 0.0001f * static_cast<float>(engine() % 10));
        bias.push_back(static_cast<int32_t>(engine() % 2001) - 1000);
    }
    // Two deviations of the sums are the whole range of codes.
    y_scale = x_scale * 0.0045f * std::sqrt(static_cast<float>(s.depth())) * 0.577f * static_cast<float>(code_max) *
              weight_deviation * 2 / 255;
    relu = !s.float_result;
}

}  // namespace octavo::bench

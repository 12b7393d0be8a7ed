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
    const int least = s.signed_input ? -(code_max + 1) / 2 : 0;
    for (int64_t i = 0; i < s.inputs(); ++i) {
        const auto code = static_cast<int>(engine() % static_cast<uint32_t>(code_max + 1));
        x.as<uint8_t>()[i] = static_cast<uint8_t>(code + least);
    }
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
    for (int64_t o = 0; o < s.outputs; ++o) {
        for (int64_t set = 0; set < s.weight_sets(); ++set)
            w_scales.push_back(0.004f + 0.0001f * static_cast<float>(engine() % 10));
        bias.push_back(static_cast<int32_t>(engine() % 2001) - 1000);
    }
    if (s.family == Family::table4) make_table_codes();
    // Two deviations of the sums are the whole range of codes.
    y_scale = x_scale * 0.0045f * std::sqrt(static_cast<float>(s.depth())) * 0.577f * static_cast<float>(code_max) *
              weight_deviation * 2 / 255;
    relu = !s.float_result && s.y_zero == 0;
    if (!s.residual) return;
    residual = Bytes(s.results());
    for (int64_t i = 0; i < s.results(); ++i)
        residual.as<uint8_t>()[i] = static_cast<uint8_t>(engine() % static_cast<uint32_t>(code_max + 1));
    residual_scale = y_scale * 0.7f;
}

Bytes Problem::x_reals() const {
    Bytes reals(4 * x.size());
    for (int64_t i = 0; i < x.size(); ++i) reals.as<float>()[i] = x_real(i);
    return reals;
}

std::vector<float> Problem::bias_reals() const {
    std::vector<float> reals;
    const auto sets = static_cast<size_t>(shape.weight_sets());
    for (size_t o = 0; o < bias.size(); ++o)
        reals.push_back(static_cast<float>(bias[o]) * x_scale * w_scales[o * sets]);
    return reals;
}

// Levels at equal distances, up to 126 or, in a set that has a table of its own, somewhat less. Weights take the nearest.
void Problem::make_table_codes() {
    std::vector<float> steps;
    for (size_t set = 0; set < w_scales.size(); ++set) {
        steps.push_back(8.4f - (shape.own_tables ? 0.1f * static_cast<float>(set % 10) : 0));
        for (int level = 0; level < 16; ++level)
            tables.push_back(static_cast<int8_t>(std::lround(steps[set] * static_cast<float>(2 * level - 15))));
    }
    codes = Bytes(w.size());
    for (int64_t i = 0; i < w.size(); ++i) {
        const auto set = static_cast<size_t>(weight_set(i));
        const long nearest = std::lround((static_cast<float>(w.as<int8_t>()[i]) / steps[set] + 15) / 2);
        const auto code = static_cast<uint8_t>(std::min(std::max(nearest, 0L), 15L));
        codes.as<uint8_t>()[i] = code;
        w.as<int8_t>()[i] = tables[16 * set + code];
    }
}

}  // namespace octavo::bench

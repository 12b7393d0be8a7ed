#include "ops/sum_bounds.h"

#include <algorithm>
#include <cmath>

namespace octavo {
namespace {

struct Bounds {
    int64_t least, most;
};

// Of weights [first, end) of output n. A product is greatest where the activation is at one end of its codes, by the weight's sign.
Bounds sum_bounds(const DenseWeights& weights, const Activations& x, int64_t n, int64_t first, int64_t end) {
    const int8_t* values = weights.values.data() + n * weights.depth;
    const int32_t group = weights.group_size > 0 ? static_cast<int32_t>(first / weights.group_size) : 0;
    const int32_t zero = weights.zero_points[static_cast<size_t>(n * weights.groups() + group)];
    int64_t above = 0, below = 0;
    for (int64_t k = first; k < end; k++) {
        const int32_t w = values[k] - zero;
        above += w > 0 ? w : 0;
        below += w < 0 ? -w : 0;
    }
    const int64_t up = x.code_max - x.zero_point, down = x.zero_point - x.code_min;
    return {-(down * above + up * below), up * above + down * below};
}

// No sum of so many products is beyond it.
int64_t most_of_any(const DenseWeights& weights, int64_t depth) {
    const bool zero_points = weights.has_zero_points();
    return depth * 255 * (zero_points ? 255 : 128);
}

int64_t integer_bias(const Value* bias, int64_t n) {
    return bias != nullptr && bias->dtype == OCTAVO_S32 ? bias->as<int32_t>()[n] : 0;
}

[[noreturn]] void too_large(const StageOperands& operands, int64_t n, const Bounds& bounds) {
    throw Error(OCTAVO_UNSUPPORTED, operands.where + ": the sums of output " + std::to_string(n) + " can reach " +
                                        std::to_string(bounds.least) + " to " + std::to_string(bounds.most) +
                                        ", which 32 bits do not hold; smaller weights or fewer of them are needed");
}

}  // namespace

void require_32_bit_sums(const StageOperands& operands) {
    require_bias(operands);
    const DenseWeights& weights = *operands.weights;
    const int64_t run = weights.group_size > 0 ? std::min(weights.group_size, weights.depth) : weights.depth;
    const bool has_bias = operands.bias != nullptr && operands.bias->dtype == OCTAVO_S32;
    const int64_t most = most_of_any(weights, run);
    if (!has_bias && most <= INT32_MAX) return;
    for (int64_t n = 0; n < weights.outputs; n++) {
        const int64_t bias = integer_bias(operands.bias, n);
        if (most + std::abs(bias) <= INT32_MAX) continue;
        for (int64_t first = 0; first < weights.depth; first += run) {
            Bounds bounds = sum_bounds(weights, operands.x, n, first, std::min(first + run, weights.depth));
            bounds.least += bias;
            bounds.most += bias;
            if (bounds.least < INT32_MIN || bounds.most > INT32_MAX) too_large(operands, n, bounds);
        }
    }
}

bool steps_fit_32_bits(const StageOperands& operands) {
    const DenseWeights& weights = *operands.weights;
    const Value& y = *operands.y;
    if (y.dtype != OCTAVO_U8 && y.dtype != OCTAVO_S8) return true;
    require_bias(operands);
    quantized_input(y, operands.where);
    if (operands.residual != nullptr) quantized_input(*operands.residual, operands.where);
    constexpr double limit = 2147000000;  // 2^31 less what the roundings of the steps add
    const double y_scale = y.scales[0];
    const double residual = operands.residual != nullptr ? 255.0 * operands.residual->scales[0] / y_scale : 0;
    const int64_t most = most_of_any(weights, weights.depth), groups = weights.groups();
    for (int64_t n = 0; n < weights.outputs; n++) {
        // Groups have scales of their own: the greatest counts for all.
        double scale = 0;
        for (int64_t g = 0; g < groups; g++)
            scale = std::max<double>(scale, weights.scales[static_cast<size_t>(n * groups + g)]);
        const double steps = double{operands.x.scale} * scale / y_scale;
        const double bias = operands.bias == nullptr ? 0
                            : operands.bias->dtype == OCTAVO_S32
                                ? std::abs(static_cast<double>(integer_bias(operands.bias, n))) * steps
                                : std::abs(double{operands.bias->as<float>()[n]}) / y_scale;
        const auto fits = [&](int64_t sum) { return static_cast<double>(sum) * steps + bias + residual < limit; };
        if (fits(most)) continue;
        if (weights.group_size > 0) return false;
        const Bounds bounds = sum_bounds(weights, operands.x, n, 0, weights.depth);
        if (!fits(std::max(-bounds.least, bounds.most))) return false;
    }
    return true;
}

}  // namespace octavo

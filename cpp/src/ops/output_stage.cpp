#include "ops/output_stage.h"

#include <algorithm>
#include <limits>

#include "base/numerics.h"
#include "ops/checks.h"
#include "ops/split.h"
#include "pack/bytes.h"

namespace octavo {

void refuse_constant(const Value& x, const std::string& where) {
    if (x.role == OCTAVO_CONSTANT)
        throw Refusal(where + ": \"" + x.name + "\" is a constant, where activations are expected");
}

Activations quantized_input(const Value& x, const std::string& where) {
    if (x.dtype != OCTAVO_U8 && x.dtype != OCTAVO_S8)
        throw Refusal(where + ": integer kernels need u8 or s8 activations");
    refuse_constant(x, where);
    if (x.scales.size() != 1 || x.axis >= 0) {
        throw Error(OCTAVO_INVALID_ARGUMENT, where + ": \"" + x.name + "\" " + x.shape_text() +
                                                 " needs one scale and zero point, of the whole tensor; it has " +
                                                 std::to_string(x.scales.size()));
    }
    Activations a = {};
    a.scale = x.scales[0];
    a.flip = x.dtype == OCTAVO_S8;
    const int shift = a.flip ? 128 : 0;
    a.zero_point = (x.zero_points.empty() ? 0 : x.zero_points[0]) + shift;
    if (a.zero_point < 0 || a.zero_point > 255) {
        throw Error(OCTAVO_INVALID_ARGUMENT, where + ": \"" + x.name + "\" has the zero point " +
                                                 std::to_string(a.zero_point - shift) + ", outside its type");
    }
    a.code_min = std::max(0, std::min(x.code_min + shift, a.zero_point));
    a.code_max = std::min(255, std::max(x.code_max + shift, a.zero_point));
    return a;
}

Activations product_input(const Value& x, const Value& y, const std::string& where) {
    const bool integers = (x.dtype == OCTAVO_U8 || x.dtype == OCTAVO_S8) && x.scales.empty();
    if (!integers || y.dtype != OCTAVO_S32) return quantized_input(x, where);
    refuse_constant(x, where);
    const bool flip = x.dtype == OCTAVO_S8;
    return {1, flip ? 128 : 0, flip, 0, 255};
}

Limits quantized_limits(const Value& y, const Attributes& attributes, const std::string& where) {
    const Activations a = quantized_input(y, where);
    const int zero_point = a.flip ? a.zero_point - 128 : a.zero_point;
    const int least = a.flip ? -128 : 0;
    const Limits codes = {std::max(y.code_min, least), std::min(y.code_max, least + 255)};
    const auto bound = [&](float v) { return quantize_bound(v, a.scale, zero_point, codes.lo, codes.hi); };
    switch (attributes.activation) {
        case OCTAVO_RELU:
            return {bound(0), codes.hi};
        case OCTAVO_CLAMP:
            return {bound(attributes.clamp_min), bound(attributes.clamp_max)};
        default:
            return codes;
    }
}

int64_t PackedStage::bytes() const {
    return static_cast<int64_t>(start.bytes() + weight_zero.bytes() + bias.bytes() + bias_scale.bytes() +
                                multiplier.bytes());
}

OutputStage PackedStage::stage() const {
    OutputStage stage = values;
    stage.start = start.data();
    stage.weight_zero = weight_zero.empty() ? nullptr : weight_zero.data();
    stage.bias = bias.empty() ? nullptr : bias.data();
    stage.bias_scale = bias_scale.empty() ? nullptr : bias_scale.data();
    stage.multiplier = multiplier.empty() ? nullptr : multiplier.data();
    return stage;
}

void require_bias(const StageOperands& operands) {
    const Value* bias = operands.bias;
    if (bias == nullptr) return;
    if (bias->role != OCTAVO_CONSTANT || (bias->dtype != OCTAVO_F32 && bias->dtype != OCTAVO_S32)) {
        throw Refusal(operands.where + ": integer kernels need a constant bias of f32 or s32");
    }
    const int64_t outputs = operands.weights->outputs;
    if (bias->elements() != outputs || bias->data.size() != static_cast<size_t>(outputs) * 4) {
        shapes_differ(operands.where, *bias, "[" + std::to_string(outputs) + "]");
    }
}

namespace {

void describe_activations(const Value& value, Hash& key) {
    key.add(value.dtype).add(value.scales).add(value.zero_points).add(value.code_min).add(value.code_max);
}

// All that make_stage looks at.
void describe_stage(const StageOperands& operands, const std::vector<int64_t>& order, Hash& key) {
    operands.weights->describe(key);
    const Activations& x = operands.x;
    key.add(order).add(x.scale).add(x.zero_point).add(x.flip).add(x.code_min).add(x.code_max);
    describe_activations(*operands.y, key);
    key.add(operands.residual != nullptr);
    if (operands.residual != nullptr) describe_activations(*operands.residual, key);
    key.add(operands.bias != nullptr);
    if (operands.bias != nullptr) describe_constant(*operands.bias, key);
    const Attributes& a = *operands.attributes;
    key.add(a.activation).add(a.clamp_min).add(a.clamp_max);
}

PackedStage make_stage(const StageOperands& operands, const std::vector<int64_t>& order) {
    const DenseWeights& weights = *operands.weights;
    const Value& y = *operands.y;
    const Value* bias = operands.bias;
    const size_t columns = order.size();
    require_bias(operands);
    PackedStage packed;
    OutputStage& stage = packed.values;
    float y_scale = 1;
    switch (y.dtype) {
        case OCTAVO_U8:
        case OCTAVO_S8: {
            stage.type = y.dtype == OCTAVO_U8 ? output_u8 : output_s8;
            const Limits limits = quantized_limits(y, *operands.attributes, operands.where);
            stage.lo = limits.lo;
            stage.hi = limits.hi;
            stage.zero_point = y.zero_points.empty() ? 0 : y.zero_points[0];
            y_scale = y.scales[0];
            break;
        }
        case OCTAVO_F32:
            stage.type = output_f32;
            break;
        case OCTAVO_S32:
            stage.type = output_s32;
            break;
        default:
            throw Error(OCTAVO_INVALID_ARGUMENT, operands.where + ": the output's type is one of weights");
    }
    const bool quantized = stage.type == output_u8 || stage.type == output_s8;
    const bool float_bias = bias != nullptr && bias->dtype == OCTAVO_F32;
    if (stage.type == output_s32 && (float_bias || operands.attributes->activation != OCTAVO_NO_ACTIVATION)) {
        throw Refusal(operands.where + ": an s32 result takes neither a float bias nor an activation");
    }
    if (operands.residual != nullptr) {
        const Activations r = quantized_input(*operands.residual, operands.where);
        if (!quantized) throw Refusal(operands.where + ": a residual needs a quantized result");
        stage.residual_signed = r.flip ? 1 : 0;
        stage.residual_zero = r.flip ? r.zero_point - 128 : r.zero_point;
        stage.residual_scale = r.scale / y_scale;
    }
    packed.start = AlignedArray<int32_t>(columns);
    if (weights.has_zero_points()) packed.weight_zero = AlignedArray<int32_t>(columns);
    if (stage.type != output_s32) packed.multiplier = AlignedArray<float>(columns);
    if (float_bias) packed.bias = AlignedArray<float>(columns);
    if (float_bias && quantized) packed.bias_scale = AlignedArray<float>(columns);
    for (size_t i = 0; i < columns; i++) {
        if (order[i] < 0) continue;
        const size_t n = static_cast<size_t>(order[i]);
        const SignedSums sums = signed_sums(weights.values.data() + order[i] * weights.depth, weights.depth);
        int64_t start = operands.x.zero_point * (weights.depth * weights.zero_points[n] - sums.high - sums.low);
        if (bias != nullptr && bias->dtype == OCTAVO_S32) start += bias->as<int32_t>()[n];
        packed.start[i] = static_cast<int32_t>(static_cast<uint64_t>(start));
        if (!packed.weight_zero.empty()) packed.weight_zero[i] = weights.zero_points[n];
        const float product_scale = operands.x.scale * weights.scales[n];
        // Of a result of codes finite, so that it leaves a sum of 0 at the zero point.
        if (!packed.multiplier.empty())
            packed.multiplier[i] =
                quantized ? std::min(product_scale / y_scale, std::numeric_limits<float>::max()) : product_scale;
        if (!float_bias) continue;
        const float b = bias->as<float>()[n];
        if (!quantized) {
            packed.bias[i] = b;
        } else if (weights.per_channel) {
            packed.bias[i] = b / product_scale;
            packed.bias_scale[i] = 1;
        } else {
            packed.bias[i] = b;
            packed.bias_scale[i] = 1.0f / product_scale;
        }
    }
    return packed;
}

}  // namespace

std::shared_ptr<const PackedStage> pack_stage(const StageOperands& operands, const std::vector<int64_t>& order) {
    return shared_or_made(
        operands.shared, "stage", [&](Hash& key) { describe_stage(operands, order, key); },
        [&] { return make_stage(operands, order); });
}

void clamp_floats(float* y, int64_t count, const Attributes& attributes, int threads) {
    if (attributes.activation == OCTAVO_NO_ACTIVATION) return;
    const bool relu = attributes.activation == OCTAVO_RELU;
    const float lo = relu ? 0 : attributes.clamp_min, hi = attributes.clamp_max;
    split(count, 64, 100, threads, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) y[i] = y[i] < lo ? lo : y[i];
        for (int64_t i = begin; !relu && i < end; i++) y[i] = y[i] > hi ? hi : y[i];
    });
}

}  // namespace octavo

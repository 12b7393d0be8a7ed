#include "plan/units.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstdio>
#include <string>

#include "base/status.h"
#include "base/text.h"
#include "ops/checks.h"

namespace octavo {
namespace {

// Nine digits, which tell any two floats apart.
std::string exact_text(float value) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.9g", static_cast<double>(value));
    return digits;
}

bool is_normal(float x) { return x >= FLT_MIN && x <= FLT_MAX; }

// An operator of products of quantized activations, or of those that it quantizes itself, and weights.
struct Product {
    const OpDesc& desc;
    std::string subject;
    const Value &x, &w, &y;
    const Value* bias;

    [[noreturn]] void refuse(const std::string& what) const { throw Error(OCTAVO_INVALID_ARGUMENT, subject + what); }

    float unit(float x_scale, size_t i) const { return x_scale * w.scales[i]; }

    std::string scales_text(float x_scale, size_t i) const {
        return text("the scales of \"", x.name, "\" and \"", w.name, "\", ", exact_text(x_scale), " and ",
                    exact_text(w.scales[i]), " (", i, "), multiply to ", exact_text(unit(x_scale, i)));
    }
};

void check_product(const Product& p, float x_scale) {
    const bool quantized = is_codes(p.y);
    const bool float_bias = p.bias != nullptr && p.bias->dtype == OCTAVO_F32;
    for (size_t i = 0; i < p.w.scales.size(); i++) {
        const float unit = p.unit(x_scale, i);
        if (!is_normal(unit))
            p.refuse(text(p.scales_text(x_scale, i), ", expected ", exact_text(FLT_MIN), " to ", exact_text(FLT_MAX)));
        // A float bias is divided by the unit, and that times the multiplier is its code.
        if (quantized && float_bias && unit / p.y.scales[0] < FLT_MIN)
            p.refuse(text(p.scales_text(x_scale, i), "; over that of \"", p.y.name, "\", ", exact_text(p.y.scales[0]),
                          ", it is ", exact_text(unit / p.y.scales[0]), ", expected at least ", exact_text(FLT_MIN),
                          " where the bias is f32"));
    }
    if (!quantized || !float_bias || p.bias->role != OCTAVO_CONSTANT || p.w.group_size > 0) return;
    const auto outputs = static_cast<size_t>(p.bias->elements());
    if (p.bias->data.size() != outputs * sizeof(float) || (p.w.scales.size() != 1 && p.w.scales.size() != outputs))
        return;
    for (size_t o = 0; o < outputs; o++) {
        const float bias = p.bias->as<float>()[o], unit = p.unit(x_scale, p.w.scales.size() == 1 ? 0 : o);
        if (std::isfinite(bias) && !std::isfinite(bias / unit))
            p.refuse(text(p.scales_text(x_scale, p.w.scales.size() == 1 ? 0 : o), "; bias ", o, " of \"", p.bias->name,
                          "\", ", exact_text(bias), ", is beyond the floats in that unit"));
    }
}

// A residual is added in steps of the result: the sum of two infinite terms would be no number.
void check_residual(const Product& p, const Value& residual) {
    constexpr float most = 0x1p64f;
    if (!is_codes(p.y) || residual.scales.size() != 1) return;
    const float y_scale = p.y.scales[0];
    const auto check = [&](const std::string& what, float scale) {
        if (scale / y_scale > most)
            p.refuse(text(what, " is ", exact_text(scale), ", more than 2^64 times that of \"", p.y.name, "\", ",
                          exact_text(y_scale)));
    };
    check(text("the scale of the residual \"", residual.name, "\""), residual.scales[0]);
    for (size_t i = 0; i < p.w.scales.size(); i++)
        check(text("the product of the scales of \"", p.x.name, "\" and \"", p.w.name, "\""), p.unit(p.x.scales[0], i));
}

// An s32 bias is added to the sums of products, so that it must count in their unit, sx * sw. Without scales it does. Weights with
// groups have no common unit; who computes refuses them.
void check_bias_unit(const Product& p) {
    if (p.bias == nullptr || p.bias->dtype != OCTAVO_S32 || p.bias->scales.empty() || p.w.group_size > 0) return;
    const std::vector<float>& scales = p.bias->scales;
    const size_t outputs = std::max(scales.size(), p.w.scales.size());
    for (size_t o = 0; o < outputs; ++o) {
        const float unit = p.unit(p.x.scales[0], p.w.scales.size() == 1 ? 0 : o);
        const float scale = scales[scales.size() == 1 ? 0 : o];
        if (scale == unit) continue;
        p.refuse(text("s32 bias \"", p.bias->name, "\" has scale ", exact_text(scale), " for output ", o, ", expected ",
                      exact_text(unit), ", the product of the scales of \"", p.x.name, "\" and \"", p.w.name,
                      "\"; a bias of other units is given as f32"));
    }
}

// Sums of two infinite terms would be no number.
void check_term(const Value& x, const std::string& subject) {
    if (!is_codes(x)) return;
    const int zero_point = x.zero_points.empty() ? 0 : x.zero_points[0];
    const int furthest = std::max(x.code_max - zero_point, zero_point - x.code_min);
    if (!std::isfinite(static_cast<float>(furthest) * x.scales[0]))
        throw Error(OCTAVO_INVALID_ARGUMENT, text(subject, "\"", x.name, "\" has scale ", exact_text(x.scales[0]),
                                                  ", of which ", furthest, " steps are beyond the floats"));
}

}  // namespace

void check_units(const OpDesc& desc, const Signature& signature) {
    const octavo_op_kind kind = desc.attributes.kind;
    const std::string subject = text("operator \"", desc.name, "\" (", signature.name, "): ");
    if (kind == OCTAVO_OP_ADD) {
        for (size_t i = 0; i < 2; i++) check_term(*desc.inputs[i], subject);
        return;
    }
    const bool dynamic = kind == OCTAVO_OP_LINEAR_DYNAMIC;
    if (kind != OCTAVO_OP_CONV2D && kind != OCTAVO_OP_LINEAR && !dynamic) return;
    if (desc.inputs[1]->scales.empty()) return;
    const Product p{desc,
                    subject,
                    *desc.inputs[0],
                    *desc.inputs[1],
                    *desc.outputs[0],
                    desc.inputs.size() > 2 ? desc.inputs[2] : nullptr};
    if (dynamic) {
        constexpr float least_scale = 6.1e-5f;  // that activations get in a run
        check_product(p, least_scale);
    } else if (p.x.scales.size() == 1) {
        check_product(p, p.x.scales[0]);
        check_bias_unit(p);
        if (desc.inputs.size() > 3 && desc.inputs[3] != nullptr) check_residual(p, *desc.inputs[3]);
    }
}

}  // namespace octavo

// Integer linear layers and convolutions by their definition, from unpacked operands: what every packed kernel must equal. Sums are
// 64-bit; the output stage is that of kernels/output.h, written again.
#ifndef OCTAVO_TESTS_SUPPORT_REFERENCE_H
#define OCTAVO_TESTS_SUPPORT_REFERENCE_H

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "ops/op.h"

namespace octavo::test {

// One quantized product with its operands; x [images, C, H, W] in NHWC or [rows, K] (then H = W = 1).
struct Problem {
    Value x, w, bias, residual, y;
    bool has_bias = false, has_residual = false;
    Attributes attributes;
    std::vector<uint8_t> codes, residual_codes;
    int64_t images = 1;

    std::vector<const Value*> inputs() const {
        return {&x, &w, has_bias ? &bias : nullptr, has_residual ? &residual : nullptr};
    }
};

inline int code_at(octavo_dtype dtype, const uint8_t* codes, int64_t i) {
    return dtype == OCTAVO_S8 ? static_cast<int8_t>(codes[i]) : codes[i];
}

// Number of the parameter set of weight i of output n.
inline size_t parameters_at(const Value& w, int64_t n, int64_t i, int64_t depth) {
    if (w.axis < 0) return 0;
    if (w.group_size == 0) return static_cast<size_t>(n);
    return static_cast<size_t>(n * ((depth + w.group_size - 1) / w.group_size) + i / w.group_size);
}

// Weight i of output n as a whole number, its zero point subtracted.
inline int weight_at(const Value& w, int64_t n, int64_t i, int64_t depth) {
    const size_t p = parameters_at(w, n, i, depth);
    const int zero = w.zero_points.empty() ? 0 : w.zero_points[p];
    const uint8_t code = w.as<uint8_t>()[n * depth + i];
    if (w.dtype == OCTAVO_CODE4 || w.dtype == OCTAVO_CODE8)
        return w.table[p * static_cast<size_t>(w.table_size) + code] - zero;
    return code_at(w.dtype, &code, 0) - zero;
}

class Result {
public:
    explicit Result(octavo_dtype dtype) : dtype_(dtype) {}
    void add(int64_t sum, const Problem& p, int64_t n, int64_t residual_i) {
        const size_t channel = p.w.axis >= 0 ? static_cast<size_t>(n) : 0;
        if (p.has_bias && p.bias.dtype == OCTAVO_S32) sum += p.bias.as<int32_t>()[n];
        const int32_t a = static_cast<int32_t>(static_cast<uint64_t>(sum));
        if (dtype_ == OCTAVO_S32) return put(a);
        add(static_cast<float>(a), p.x.scales[0] * p.w.scales[channel], p, n, residual_i);
    }
    // x: the sum as a float; scale: what one of its steps is worth.
    void add(float x, float scale, const Problem& p, int64_t n, int64_t residual_i) {
        const bool float_bias = p.has_bias && p.bias.dtype == OCTAVO_F32;
        const Attributes& d = p.attributes;
        if (dtype_ == OCTAVO_F32) {
            float y = float_bias ? std::fmaf(x, scale, p.bias.as<float>()[n]) : x * scale;
            if (d.activation == OCTAVO_RELU) y = y < 0 ? 0 : y;
            if (d.activation == OCTAVO_CLAMP) y = y < d.clamp_min ? d.clamp_min : y > d.clamp_max ? d.clamp_max : y;
            return put(y);
        }
        if (float_bias && p.w.axis >= 0) x = x + p.bias.as<float>()[n] / scale;
        if (float_bias && p.w.axis < 0) x = std::fmaf(p.bias.as<float>()[n], 1.0f / scale, x);
        const float y_scale = p.y.scales[0];
        const int zero = p.y.zero_points[0];
        float v = x * (scale / y_scale);
        if (p.has_residual) {
            const int r = code_at(p.residual.dtype, p.residual_codes.data(), residual_i) - p.residual.zero_points[0];
            const float other = static_cast<float>(r) * (p.residual.scales[0] / y_scale);
            v = v + other;
        }
        // Far enough beyond all codes; NaN becomes the least.
        const float within = v > 1e6f ? 1e6f : v >= -1e6f ? v : -1e6f;
        const int64_t q = static_cast<int64_t>(std::nearbyint(within)) + zero;
        int64_t lo = p.y.code_min, hi = p.y.code_max;
        if (d.activation == OCTAVO_RELU) lo = zero > lo ? (zero < hi ? zero : hi) : lo;
        if (d.activation == OCTAVO_CLAMP) {
            // A bound is a number by itself: product and sum are rounded one after the other.
            const auto bound = [&](float b) -> int64_t {
                const volatile float steps = b * (1.0f / y_scale);
                const float code = steps + static_cast<float>(zero);
                if (code <= static_cast<float>(p.y.code_min)) return p.y.code_min;
                if (code >= static_cast<float>(p.y.code_max)) return p.y.code_max;
                return static_cast<int64_t>(std::nearbyint(code));
            };
            lo = bound(d.clamp_min);
            hi = bound(d.clamp_max);
        }
        bytes.push_back(static_cast<uint8_t>(q < lo ? lo : q > hi ? hi : q));
    }
    std::vector<uint8_t> bytes;

private:
    template <class T>
    void put(T value) {
        const auto* from = reinterpret_cast<const uint8_t*>(&value);
        bytes.insert(bytes.end(), from, from + sizeof value);
    }
    octavo_dtype dtype_;
};

// The result's bytes.
inline std::vector<uint8_t> reference_linear(const Problem& p, int64_t rows) {
    const int64_t depth = p.w.dims[1], features = p.w.dims[0];
    const int zero = p.x.zero_points.empty() ? 0 : p.x.zero_points[0];
    std::vector<int> weights(static_cast<size_t>(depth * features));
    for (int64_t i = 0; i < depth * features; i++)
        weights[static_cast<size_t>(i)] = weight_at(p.w, i / depth, i % depth, depth);
    Result result(p.y.dtype);
    for (int64_t m = 0; m < rows; m++) {
        for (int64_t n = 0; n < features; n++) {
            const int64_t group = p.w.group_size > 0 ? p.w.group_size : depth;
            int64_t sum = 0;
            float real = 0;
            for (int64_t k = 0; k < depth; k++) {
                sum += (code_at(p.x.dtype, p.codes.data(), m * depth + k) - zero) *
                       weights[static_cast<size_t>(n * depth + k)];
                if (p.w.group_size == 0 || ((k + 1) % group != 0 && k + 1 != depth)) continue;
                real = std::fmaf(static_cast<float>(sum), p.w.scales[parameters_at(p.w, n, k, depth)], real);
                sum = 0;
            }
            if (p.w.group_size > 0) {
                result.add(real, p.x.scales[0], p, n, 0);
            } else {
                result.add(sum, p, n, 0);
            }
        }
    }
    return result.bytes;
}

inline std::vector<uint8_t> reference_conv2d(const Problem& p) {
    const int64_t channels = p.x.dims[1], height = p.x.dims[2], width = p.x.dims[3];
    const int64_t outputs = p.w.dims[0], inputs = p.w.dims[1], kernel_h = p.w.dims[2], kernel_w = p.w.dims[3];
    const int64_t out_height = p.y.dims[2], out_width = p.y.dims[3], depth = inputs * kernel_h * kernel_w;
    const Attributes& d = p.attributes;
    const int zero = p.x.zero_points.empty() ? 0 : p.x.zero_points[0];
    std::vector<int> weights(static_cast<size_t>(outputs * depth));  // [O][kh][kw][I]
    for (int64_t n = 0; n < outputs; n++) {
        for (int64_t i = 0; i < depth; i++) {
            const int64_t taps = kernel_h * kernel_w;
            weights[static_cast<size_t>(n * depth + i % taps * inputs + i / taps)] = weight_at(p.w, n, i, depth);
        }
    }
    Result result(p.y.dtype);
    int64_t at = 0;
    for (int64_t image = 0; image < p.images; image++) {
        for (int64_t oy = 0; oy < out_height; oy++) {
            for (int64_t ox = 0; ox < out_width; ox++) {
                for (int64_t n = 0; n < outputs; n++) {
                    int64_t sum = 0;
                    for (int64_t ky = 0; ky < kernel_h; ky++) {
                        const int64_t y = oy * d.stride[0] - d.pad[0] + ky * d.dilation[0];
                        if (y < 0 || y >= height) continue;
                        for (int64_t kx = 0; kx < kernel_w; kx++) {
                            const int64_t x = ox * d.stride[1] - d.pad[1] + kx * d.dilation[1];
                            if (x < 0 || x >= width) continue;
                            const int64_t pixel =
                                ((image * height + y) * width + x) * channels + n / (outputs / d.groups) * inputs;
                            const int* w = weights.data() + n * depth + (ky * kernel_w + kx) * inputs;
                            for (int64_t i = 0; i < inputs; i++)
                                sum += (code_at(p.x.dtype, p.codes.data(), pixel + i) - zero) * w[i];
                        }
                    }
                    result.add(sum, p, n, at++);
                }
            }
        }
    }
    return result.bytes;
}

}  // namespace octavo::test

#endif

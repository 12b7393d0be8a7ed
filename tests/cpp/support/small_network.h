// A quantized network of the demo's kind, through the C interface and as plain loops.
#ifndef OCTAVO_TESTS_SUPPORT_SMALL_NETWORK_H
#define OCTAVO_TESTS_SUPPORT_SMALL_NETWORK_H

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/numerics.h"
#include "octavo/octavo.h"
#include "support/network.h"
#include "support/sweep.h"

namespace octavo::test {

struct Quantized {
    float scale;
    int32_t zero_point;
};

// The demo network's kind, small: quantize, conv 3 -> 6 5x5 padding 2 + ReLU, max pool, conv 6 -> 16 5x5 + ReLU, max pool,
// flatten, linear + ReLU, linear, dequantize; weights per channel, float biases.
class SmallNetwork {
public:
    static constexpr int64_t side = 16;
    static constexpr int64_t inputs = 3 * side * side, outputs = 10;

    explicit SmallNetwork(uint64_t seed) : random_(seed) {
        conv1_ = layer(6, 3 * 25, 0.02f);
        conv2_ = layer(16, 6 * 25, 0.01f);
        fc1_ = layer(24, 16 * 2 * 2, 0.01f);
        fc2_ = layer(10, 24, 0.01f);
    }

    PlanHandle build(Options options = {}) const {
        Network network;
        const int32_t x = network.floats(OCTAVO_INPUT, {1, 3, side, side});
        const int32_t q = activation(&network, {1, 3, side, side}, 0, OCTAVO_NHWC);
        network.op(describe_op(OCTAVO_OP_QUANTIZE, {x}, {q}));
        int32_t c =
            convolution(&network, q, conv1_, {6, 3, 5, 5}, 2, activation(&network, {1, 6, 16, 16}, 1, OCTAVO_NHWC));
        c = pool(&network, c, activation(&network, {1, 6, 8, 8}, 1, OCTAVO_NHWC));
        c = convolution(&network, c, conv2_, {16, 6, 5, 5}, 0, activation(&network, {1, 16, 4, 4}, 2, OCTAVO_NHWC));
        c = pool(&network, c, activation(&network, {1, 16, 2, 2}, 2, OCTAVO_NHWC));
        const int32_t flat = activation(&network, {1, 64}, 2, OCTAVO_PLAIN);
        OpSpec flatten = describe_op(OCTAVO_OP_FLATTEN, {c}, {flat});
        flatten.name = "flatten";
        network.op(flatten);
        const int32_t hidden =
            linear(&network, flat, fc1_, {24, 64}, OCTAVO_RELU, activation(&network, {1, 24}, 3, OCTAVO_PLAIN));
        const int32_t logits = linear(&network, hidden, fc2_, {10, 24}, OCTAVO_NO_ACTIVATION,
                                      activation(&network, {1, 10}, 4, OCTAVO_PLAIN));
        network.op(describe_op(OCTAVO_OP_DEQUANTIZE, {logits}, {network.floats(OCTAVO_OUTPUT, {1, 10})}));
        return network.build(options);
    }

    std::vector<float> images(int64_t batch) const {
        Random random(static_cast<uint64_t>(batch) + 77);
        std::vector<float> x(static_cast<size_t>(batch * inputs));
        for (float& v : x) v = random.real(-1, 1);
        return x;
    }

    // Plain loops, channels first.
    std::vector<float> expected(const std::vector<float>& images) const {
        std::vector<float> all;
        for (size_t n = 0; n < images.size() / inputs; n++) {
            std::vector<int> x;
            for (int64_t i = 0; i < inputs; i++) {
                const float v = images[n * inputs + static_cast<size_t>(i)];
                x.push_back(quantize_fused(v, 1 / edges_[0].scale, edges_[0].zero_point, 0, 255));
            }
            x = pooled(convolved(x, 3, 16, conv1_, 2, edges_[0], edges_[1]), 6, 16);
            x = pooled(convolved(x, 6, 8, conv2_, 0, edges_[1], edges_[2]), 16, 4);
            x = multiplied(x, fc1_, edges_[2], edges_[3], true);
            x = multiplied(x, fc2_, edges_[3], edges_[4], false);
            for (int q : x) all.push_back(dequantize(q, edges_[4].scale, edges_[4].zero_point));
        }
        return all;
    }

    static octavo_status run(const PlanHandle& plan, const std::vector<float>& x, std::vector<float>* y) {
        const void* buffers[] = {x.data()};
        void* results[] = {y->data()};
        return run_plan(plan.get(), static_cast<int64_t>(x.size()) / inputs, buffers, results);
    }

private:
    struct Layer {
        std::vector<int8_t> weights;
        std::vector<float> scales, bias;
        int64_t fan;
    };

    Layer layer(int64_t channels, int64_t fan, float largest) {
        Layer made;
        made.fan = fan;
        made.weights = random_.codes<int8_t>(static_cast<size_t>(channels * fan), -127, 127, false);
        for (int64_t i = 0; i < channels; i++) {
            made.scales.push_back(random_.real(largest / 4, largest));
            made.bias.push_back(random_.real(-0.5f, 0.5f));
        }
        return made;
    }

    int32_t activation(Network* network, std::vector<int64_t> dims, int edge, octavo_layout layout) const {
        return network->quantized(OCTAVO_U8, OCTAVO_TEMP, std::move(dims), edges_[edge].scale, edges_[edge].zero_point,
                                  layout);
    }
    static int32_t convolution(Network* network, int32_t x, const Layer& layer, std::vector<int64_t> shape, int pad,
                               int32_t y) {
        OpSpec op = describe_op(
            OCTAVO_OP_CONV2D,
            {x, network->weights(layer.weights, shape, layer.scales), network->constant(layer.bias, {shape[0]})}, {y});
        op.kernel[0] = op.kernel[1] = 5;
        for (int32_t& p : op.pad) p = pad;
        op.activation = OCTAVO_RELU;
        network->op(op);
        return y;
    }
    static int32_t pool(Network* network, int32_t x, int32_t y) {
        OpSpec op = describe_op(OCTAVO_OP_MAX_POOL2D, {x}, {y});
        for (int i = 0; i < 2; i++) op.kernel[i] = op.stride[i] = 2;
        network->op(op);
        return y;
    }
    static int32_t linear(Network* network, int32_t x, const Layer& layer, std::vector<int64_t> shape,
                          octavo_activation activation, int32_t y) {
        OpSpec op = describe_op(
            OCTAVO_OP_LINEAR,
            {x, network->weights(layer.weights, shape, layer.scales), network->constant(layer.bias, {shape[0]})}, {y});
        op.activation = activation;
        network->op(op);
        return y;
    }

    static int output_stage(int sum, const Layer& layer, size_t channel, Quantized in, Quantized out, bool relu) {
        const float aw = in.scale * layer.scales[channel];
        const float x = static_cast<float>(sum) + layer.bias[channel] / aw;
        return requantize(x, aw / out.scale, out.zero_point, relu ? out.zero_point : 0, 255);
    }
    static std::vector<int> convolved(const std::vector<int>& x, int channels, int side, const Layer& layer, int pad,
                                      Quantized in, Quantized out) {
        std::vector<int> y;
        const int result = side + 2 * pad - 4;
        for (size_t o = 0; o < layer.bias.size(); o++) {
            for (int row = 0; row < result; row++) {
                for (int column = 0; column < result; column++) {
                    int sum = 0;
                    for (int c = 0; c < channels; c++) {
                        for (int t = 0; t < 25; t++) {
                            const int r = row + t / 5 - pad, s = column + t % 5 - pad;
                            if (r < 0 || r >= side || s < 0 || s >= side) continue;
                            sum += (x[static_cast<size_t>((c * side + r) * side + s)] - in.zero_point) *
                                   layer.weights[(o * static_cast<size_t>(channels) + static_cast<size_t>(c)) * 25 +
                                                 static_cast<size_t>(t)];
                        }
                    }
                    y.push_back(output_stage(sum, layer, o, in, out, true));
                }
            }
        }
        return y;
    }
    static std::vector<int> pooled(const std::vector<int>& x, int channels, int side) {
        std::vector<int> y;
        for (int c = 0; c < channels; c++) {
            for (int row = 0; row < side; row += 2) {
                for (int column = 0; column < side; column += 2) {
                    const auto at = [&](int r, int s) { return x[static_cast<size_t>((c * side + r) * side + s)]; };
                    y.push_back(std::max(std::max(at(row, column), at(row, column + 1)),
                                         std::max(at(row + 1, column), at(row + 1, column + 1))));
                }
            }
        }
        return y;
    }
    static std::vector<int> multiplied(const std::vector<int>& x, const Layer& layer, Quantized in, Quantized out,
                                       bool relu) {
        std::vector<int> y;
        for (size_t o = 0; o < layer.bias.size(); o++) {
            int sum = 0;
            for (size_t k = 0; k < x.size(); k++) sum += (x[k] - in.zero_point) * layer.weights[o * x.size() + k];
            y.push_back(output_stage(sum, layer, o, in, out, relu));
        }
        return y;
    }

    Random random_;
    Layer conv1_, conv2_, fc1_, fc2_;
    const Quantized edges_[5] = {{2 / 127.0f, 64}, {0.05f, 0}, {0.08f, 3}, {0.1f, 0}, {0.12f, 61}};
};

}  // namespace octavo::test

#endif

// The int8 operators of oneDNN against exact integer sums and Octavo's output stage: equal but for a step, and seldom that.
#include <algorithm>
#include <cmath>
#include <limits>

#include "onednn/one_operator.h"

namespace octavo::test {
namespace {

struct Steps {
    int64_t total = 0, off_by_one = 0;
};

// Integer activations.
struct Codes {
    octavo_dtype dtype;
    std::vector<int> values;
    float scale;
    int32_t zero_point;

    std::vector<uint8_t> bytes() const { return std::vector<uint8_t>(values.begin(), values.end()); }
    ValueSpec describe_as(octavo_role role, const Shape& dims, octavo_layout layout) const {
        ValueSpec desc = describe(dtype, role, dims, true, layout);
        desc.param_count = dtype == OCTAVO_F32 ? 0 : 1;
        desc.scales = &scale;
        desc.zero_points = &zero_point;
        return desc;
    }
};

int least(octavo_dtype dtype) { return dtype == OCTAVO_U8 ? 0 : -128; }

Codes random_codes(Random& random, octavo_dtype dtype, int64_t n, float scale) {
    Codes codes{dtype, {}, scale, static_cast<int32_t>(random.zero_point(least(dtype), least(dtype) + 255))};
    for (int64_t i = 0; i < n; ++i)
        codes.values.push_back(static_cast<int>(random.integer(least(dtype), least(dtype) + 255)));
    return codes;
}

std::vector<int> read(const OneOperator& op, octavo_dtype dtype) {
    std::vector<int> values;
    for (uint8_t byte : op.result<uint8_t>()) values.push_back(dtype == OCTAVO_U8 ? byte : static_cast<int8_t>(byte));
    return values;
}

struct Layer {
    octavo_dtype x_type, y_type;
    bool per_channel, relu, integer_bias, residual;
};

Layer random_layer(Random& random, bool may_have_residual) {
    const octavo_dtype y = random.pick<octavo_dtype>({OCTAVO_U8, OCTAVO_U8, OCTAVO_S8, OCTAVO_F32});
    return {random.pick<octavo_dtype>({OCTAVO_U8, OCTAVO_S8}),
            y,
            random.chance(0.5),
            random.chance(0.5),
            random.chance(0.5),
            may_have_residual && y != OCTAVO_F32 && random.chance(0.3)};
}

// On a CPU without VNNI, where a sum could saturate, a refusal is the right answer.
bool refused_for_want_of_vnni(const OneOperator& op) {
    return op.status == OCTAVO_UNSUPPORTED && op.message.find("without VNNI") != std::string::npos;
}

// Weights of the whole range or, as any CPU can take, of up to 60.
std::vector<int8_t> random_weights(Random& random, int64_t n) {
    const int most = random.chance(0.3) ? 60 : 127;
    return random.codes<int8_t>(static_cast<size_t>(n), most == 60 ? -60 : -128, most, false);
}

// A layer of `outputs` channels with everything but the shape: sum(k) is the exact sum of result k, channel(k) its channel.
// False if this CPU's oneDNN refuses it.
template <class Sum, class Channel>
bool check_layer(OneOperator& op, const Layer& layer, Random& random, const Shape& w_dims, const std::vector<int8_t>& w,
                 const Codes& x, const Shape& y_dims, octavo_layout layout, const Sum& sum, const Channel& channel,
                 Steps& steps) {
    const int64_t outputs = w_dims[0], results = elements(y_dims);
    std::vector<float> scales;
    for (int64_t i = 0; i < (layer.per_channel ? outputs : 1); ++i) scales.push_back(random.real(0.001f, 0.01f));
    ValueSpec weights = describe(OCTAVO_S8, OCTAVO_CONSTANT, w_dims, false);
    weights.axis = layer.per_channel ? 0 : -1;
    weights.param_count = static_cast<int64_t>(scales.size());
    weights.scales = scales.data();
    op.add_input(weights, w.data(), w.size());
    const auto scale_of = [&](int64_t o) { return static_cast<double>(x.scale) * scales[layer.per_channel ? o : 0]; };

    std::vector<double> bias(outputs);
    if (layer.integer_bias) {
        std::vector<int32_t> integers(outputs);
        std::vector<float> bias_scales(outputs);
        for (int64_t o = 0; o < outputs; ++o) {
            integers[o] = static_cast<int32_t>(random.integer(-2000, 2000));
            bias_scales[o] = static_cast<float>(scale_of(o));
            bias[o] = integers[o] * scale_of(o);
        }
        ValueSpec desc = describe(OCTAVO_S32, OCTAVO_CONSTANT, {outputs}, false);
        desc.axis = layer.per_channel ? 0 : -1;
        desc.param_count = layer.per_channel ? outputs : 1;
        desc.scales = bias_scales.data();
        op.add_input(desc, integers.data(), integers.size() * 4);
    } else {
        const Floats floats = random_floats(random, outputs);
        for (int64_t o = 0; o < outputs; ++o) bias[o] = floats[o];
        op.constant(floats, {outputs});
    }
    Codes y{
        layer.y_type, {}, random.real(0.02f, 0.06f), random.zero_point(least(layer.y_type), least(layer.y_type) + 255)};
    Codes residual;
    if (layer.residual) {
        residual = random_codes(random, layer.y_type, results, 0.01f);
        std::vector<uint8_t> logical = residual.bytes();
        logical = to_layout(logical, y_dims, layout);
        op.add_input(residual.describe_as(OCTAVO_INPUT, y_dims, layout), logical.data(), logical.size());
    }
    if (layer.relu) op.desc.activation = OCTAVO_RELU;
    op.add_output(y.describe_as(OCTAVO_OUTPUT, y_dims, layout));
    if (!op.build() && refused_for_want_of_vnni(op)) return false;
    EXPECT_TRUE(op.run()) << op.message;
    if (op.status != OCTAVO_OK) return true;

    const std::vector<int> codes = layer.y_type == OCTAVO_F32 ? std::vector<int>()
                                   : y_dims.size() == 4       ? to_logical(read(op, layer.y_type), y_dims, layout)
                                                              : read(op, layer.y_type);
    const Floats floats = layer.y_type != OCTAVO_F32 ? Floats()
                          : y_dims.size() == 4       ? to_logical(op.result(), y_dims, layout)
                                                     : op.result();
    for (int64_t k = 0; k < results; ++k) {
        double real = static_cast<double>(sum(k)) * scale_of(channel(k)) + bias[channel(k)];
        if (layer.residual) real += (residual.values[k] - residual.zero_point) * static_cast<double>(residual.scale);
        if (layer.relu) real = std::max(real, 0.0);
        if (layer.y_type == OCTAVO_F32) {
            // The sum is exact; four float roundings on magnitudes up to those of its terms follow.
            EXPECT_NEAR(floats[k], real,
                        8 * 0x1p-24 * (std::fabs(sum(k) * scale_of(channel(k))) + std::fabs(bias[channel(k)]) + 1));
            continue;
        }
        const double code = std::nearbyint(real / y.scale) + y.zero_point;
        const int low = least(layer.y_type);
        const int expected = static_cast<int>(std::min(std::max(code, low + 0.0), low + 255.0));
        EXPECT_LE(std::abs(codes[k] - expected), 1) << "result " << k << " of " << op.kernel();
        steps.total++;
        steps.off_by_one += codes[k] != expected;
        if (::testing::Test::HasFailure()) return true;
    }
    return true;
}

// Rounding differs only where a value lies within float rounding of a half.
void expect_seldom(const Steps& steps) {
    EXPECT_GT(steps.total, 1000);
    EXPECT_LE(steps.off_by_one * 1000, steps.total)
        << steps.off_by_one << " of " << steps.total << " results are a step off";
    std::printf("%lld of %lld results a step off\n", static_cast<long long>(steps.off_by_one),
                static_cast<long long>(steps.total));
}

TEST(OnednnInt8, Conv2d) {
    Steps steps;
    Sweep(60).run([&](Random& random) {
        const bool demo = random.chance(0.2);
        const int64_t groups = demo ? 1 : random.pick({1, 1, 1, 2});
        const int64_t n = random.integer(1, 3), ic = demo ? 3 : groups * random.integer(1, 20);
        const int64_t oc = demo ? 6 : groups * random.integer(1, 20), k = demo ? 5 : random.integer(1, 3);
        const int64_t size = demo ? 32 : random.integer(3, 12), pad = random.integer(0, k / 2),
                      stride = random.integer(1, 2);
        const int64_t out = (size + 2 * pad - k) / stride + 1;
        const Layer layer = random_layer(random, true);
        const Codes x = random_codes(random, layer.x_type, n * ic * size * size, 0.02f);
        const std::vector<int8_t> w = random_weights(random, oc * (ic / groups) * k * k);
        OneOperator op(OCTAVO_OP_CONV2D, n);
        op.desc.kernel[0] = op.desc.kernel[1] = static_cast<int32_t>(k);
        op.desc.stride[0] = op.desc.stride[1] = static_cast<int32_t>(stride);
        for (int32_t& p : op.desc.pad) p = static_cast<int32_t>(pad);
        op.desc.groups = static_cast<int32_t>(groups);
        const Shape x_dims = {n, ic, size, size}, y_dims = {n, oc, out, out};
        const std::vector<uint8_t> bytes = to_layout(x.bytes(), x_dims, OCTAVO_NHWC);
        op.add_input(x.describe_as(OCTAVO_INPUT, x_dims, OCTAVO_NHWC), bytes.data(), bytes.size());
        const auto channel = [&](int64_t i) { return i / (out * out) % oc; };
        const auto sum = [&](int64_t i) {
            const int64_t b = i / (oc * out * out), o = channel(i), y = i / out % out, u = i % out, icg = ic / groups;
            int64_t total = 0;
            for (int64_t c = 0; c < icg; ++c) {
                for (int64_t r = 0; r < k * k; ++r) {
                    const int64_t v = y * stride - pad + r / k, h = u * stride - pad + r % k;
                    if (v < 0 || v >= size || h < 0 || h >= size) continue;
                    const int64_t at = ((b * ic + o / (oc / groups) * icg + c) * size + v) * size + h;
                    total += (x.values[at] - x.zero_point) * w[(o * icg + c) * k * k + r];
                }
            }
            return total;
        };
        return check_layer(op, layer, random, {oc, ic / groups, k, k}, w, x, y_dims, OCTAVO_NHWC, sum, channel, steps);
    });
    expect_seldom(steps);
}

TEST(OnednnInt8, Linear) {
    Steps steps;
    Sweep(60).run([&](Random& random) {
        const int64_t m = random.integer(1, 70), n = random.size_around(16, 130), k = random.size_around(16, 600);
        const Layer layer = random_layer(random, false);
        const Codes x = random_codes(random, layer.x_type, m * k, 0.02f);
        const std::vector<int8_t> w = random_weights(random, n * k);
        OneOperator op(OCTAVO_OP_LINEAR, m);
        const std::vector<uint8_t> bytes = x.bytes();
        op.add_input(x.describe_as(OCTAVO_INPUT, {m, k}, OCTAVO_PLAIN), bytes.data(), bytes.size());
        const auto sum = [&](int64_t i) {
            int64_t total = 0;
            for (int64_t l = 0; l < k; ++l) {
                total += (x.values[i / n * k + l] - x.zero_point) * w[i % n * k + l];
            }
            return total;
        };
        return check_layer(
            op, layer, random, {n, k}, w, x, {m, n}, OCTAVO_PLAIN, sum, [&](int64_t i) { return i % n; }, steps);
    });
    expect_seldom(steps);
}

TEST(OnednnInt8, NanOfTheBiasOrTheResidualComesThroughAnActivation) {
    Random random(5);
    const Shape x_dims = {3, 4, 5, 6}, y_dims = {3, 7, 5, 6};
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const Codes x = random_codes(random, OCTAVO_U8, elements(x_dims), 0.02f);
    const std::vector<uint8_t> bytes = x.bytes();
    const std::vector<int8_t> w = random.codes<int8_t>(7 * 4, -60, 60, false);  // which any CPU can take
    const float w_scale = 0.01f;
    for (const bool convolution : {true, false}) {
        for (const bool in_residual : {false, true}) {
            if (in_residual && !convolution) continue;
            Floats bias = random_floats(random, 7), residual = random_floats(random, elements(y_dims));
            if (in_residual) residual[50] = nan;
            if (!in_residual) bias[2] = nan;
            const auto run = [&](octavo_activation activation, int threads) {
                OneOperator op(convolution ? OCTAVO_OP_CONV2D : OCTAVO_OP_LINEAR, convolution ? 3 : 90);
                op.threads = threads;
                op.desc.activation = activation;
                op.desc.clamp_min = -0.5f, op.desc.clamp_max = 1.0f;
                const octavo_layout layout = convolution ? OCTAVO_NHWC : OCTAVO_PLAIN;
                op.add_input(x.describe_as(OCTAVO_INPUT, convolution ? x_dims : Shape{90, 4}, layout), bytes.data(),
                             bytes.size());
                ValueSpec weights =
                    describe(OCTAVO_S8, OCTAVO_CONSTANT, convolution ? Shape{7, 4, 1, 1} : Shape{7, 4}, false);
                weights.param_count = 1;
                weights.scales = &w_scale;
                op.add_input(weights, w.data(), w.size());
                op.constant(bias, {7});
                if (in_residual) op.input(residual, y_dims, true, layout);
                op.output(convolution ? y_dims : Shape{90, 7}, true, layout);
                EXPECT_TRUE(op.go());
                return std::pair(op.result(), op.desc);
            };
            const Floats plain = run(OCTAVO_NO_ACTIVATION, 1).first;
            for (const octavo_activation activation : {OCTAVO_RELU, OCTAVO_CLAMP}) {
                for (const int threads : {1, 2}) {
                    const auto [y, desc] = run(activation, threads);
                    EXPECT_TRUE(same_numbers(y, activated(plain, desc))) << desc.kind << " " << in_residual;
                    EXPECT_EQ(std::count_if(y.begin(), y.end(), [](float v) { return std::isnan(v); }),
                              in_residual ? 1 : 90);
                }
            }
        }
    }
}

TEST(OnednnInt8, ReducedCodesClampTheResult) {
    OneOperator op(OCTAVO_OP_LINEAR, 2);
    const Codes x{OCTAVO_U8, {200, 250, 0, 9}, 1.0f, 10};
    const std::vector<uint8_t> bytes = x.bytes();
    op.add_input(x.describe_as(OCTAVO_INPUT, {2, 2}, OCTAVO_PLAIN), bytes.data(), bytes.size());
    const std::vector<int8_t> w = {1, 1};
    const float one = 1.0f;
    ValueSpec weights = describe(OCTAVO_S8, OCTAVO_CONSTANT, {1, 2}, false);
    weights.param_count = 1;
    weights.scales = &one;
    op.add_input(weights, w.data(), 2);
    const Codes y{OCTAVO_U8, {}, 2.0f, 3};
    ValueSpec result = y.describe_as(OCTAVO_OUTPUT, {2, 1}, OCTAVO_PLAIN);
    result.code_min = 2, result.code_max = 127;
    op.add_output(result);
    ASSERT_TRUE(op.go());
    EXPECT_EQ(read(op, OCTAVO_U8), (std::vector<int>{127, 2}));
}

TEST(OnednnInt8, ABoundNearATieHasTheCodeThatItHasEverywhere) {
    std::vector<uint8_t> bytes;
    for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<uint8_t>(i));
    const int8_t w = 1;
    const float one = 1.0f;
    Sweep(150).run([&](Random& random) {
        // y = x.
        const Codes x{OCTAVO_U8,
                      {},
                      random.pick({0.1f, random.real(0.001f, 0.3f)}),
                      static_cast<int32_t>(random.zero_point(0, 255))};
        OneOperator op(OCTAVO_OP_LINEAR, 256);
        op.add_input(x.describe_as(OCTAVO_INPUT, {256, 1}, OCTAVO_PLAIN), bytes.data(), bytes.size());
        ValueSpec weights = describe(OCTAVO_S8, OCTAVO_CONSTANT, {1, 1}, false);
        weights.param_count = 1;
        weights.scales = &one;
        op.add_input(weights, &w, 1);
        op.add_output(x.describe_as(OCTAVO_OUTPUT, {256, 1}, OCTAVO_PLAIN));
        const auto tie = [&](int low, int high) {
            return (static_cast<float>(random.integer(low, high) - x.zero_point) + 0.5f) * x.scale;
        };
        op.desc.activation = OCTAVO_CLAMP;
        op.desc.clamp_min = tie(-3, 100);
        op.desc.clamp_max = tie(101, 258);
        EXPECT_TRUE(op.go()) << op.message;
        // PyTorch's scalar quantization: product and sum are rounded one after the other.
        const auto code = [&](float bound) {
            const volatile float steps = bound * (1.0f / x.scale);
            return static_cast<int>(std::nearbyint(steps + static_cast<float>(x.zero_point)));
        };
        std::vector<int> expected;
        for (int i = 0; i < 256; ++i)
            expected.push_back(std::min(std::max(i, code(op.desc.clamp_min)), code(op.desc.clamp_max)));
        for (int& q : expected) q = std::min(std::max(q, 0), 255);
        EXPECT_EQ(read(op, OCTAVO_U8), expected);
        return true;
    });
}

TEST(OnednnInt8, SumsThatCouldPass32BitsAreRefused) {
    constexpr int64_t depth = 70000;
    OneOperator op(OCTAVO_OP_LINEAR, 1);
    const Codes x{OCTAVO_U8, std::vector<int>(depth, 255), 1.0f, 0};
    const std::vector<uint8_t> bytes = x.bytes();
    op.add_input(x.describe_as(OCTAVO_INPUT, {1, depth}, OCTAVO_PLAIN), bytes.data(), bytes.size());
    const std::vector<int8_t> w(depth, 127);
    const float one = 1.0f;
    ValueSpec weights = describe(OCTAVO_S8, OCTAVO_CONSTANT, {1, depth}, false);
    weights.param_count = 1;
    weights.scales = &one;
    op.add_input(weights, w.data(), w.size());
    op.add_output(describe(OCTAVO_F32, OCTAVO_OUTPUT, {1, 1}));
    EXPECT_FALSE(op.build());
    EXPECT_EQ(op.status, OCTAVO_UNSUPPORTED);
    EXPECT_NE(op.message.find("2266950000"), std::string::npos) << op.message;
}

TEST(OnednnInt8, RefusesWithReasons) {
    const auto attempt = [](octavo_dtype weight_type, int32_t zero_point) {
        OneOperator op(OCTAVO_OP_LINEAR, 2);
        const Codes x{OCTAVO_U8, {1, 2, 3, 4}, 1.0f, 10};
        const std::vector<uint8_t> bytes = x.bytes();
        op.add_input(x.describe_as(OCTAVO_INPUT, {2, 2}, OCTAVO_PLAIN), bytes.data(), bytes.size());
        const std::vector<int8_t> w = {1, 1};
        const float one = 1.0f;
        ValueSpec weights = describe(weight_type, OCTAVO_CONSTANT, {1, 2}, false);
        weights.param_count = 1;
        weights.scales = &one;
        weights.zero_points = &zero_point;
        op.add_input(weights, w.data(), 2);
        op.add_output(Codes{OCTAVO_U8, {}, 2.0f, 3}.describe_as(OCTAVO_OUTPUT, {2, 1}, OCTAVO_PLAIN));
        EXPECT_FALSE(op.build());
        EXPECT_EQ(op.status, OCTAVO_UNSUPPORTED);
        return op.message;
    };
    EXPECT_NE(attempt(OCTAVO_U8, 0).find("must be s8"), std::string::npos);
    EXPECT_NE(attempt(OCTAVO_S8, 3).find("zero points"), std::string::npos);
}

}  // namespace
}  // namespace octavo::test

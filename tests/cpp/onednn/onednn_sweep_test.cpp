// Random layers through the oneDNN library: float operators and gradients against sums in double, int8 against Octavo's scalar
// kernels, every buffer of every oneDNN call between guard pages, on each instruction set that oneDNN can be capped to. Some
// hundreds here; scripts/sweep runs as many as it is asked for. What crashes is reported like what is wrong.
// Environment: OCTAVO_SWEEP_SHAPES (default 300), OCTAVO_SWEEP_FAILURES (after how many to stop, default 10), and those of
// support/sweep.h.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>

#include "onednn/convolution.h"
#include "onednn/guarded_calls.h"
#include "onednn/max_pooling.h"
#include "support/forked_sweep.h"

namespace octavo::test {
namespace {

// The values of ONEDNN_MAX_CPU_ISA that a block of cases runs under, the uncapped more often.
const char* const caps[] = {"DEFAULT", "AVX2",      "DEFAULT",          "AVX512_CORE",
                            "DEFAULT", "AVX2_VNNI", "AVX512_CORE_VNNI", "SSE41"};

ForkedSweep* sweep = nullptr;
const char* cap = "";

void report_crash(int signal, siginfo_t* info, void*) {
    char text[512];
    GuardedArguments::describe_fault(info->si_addr, text, sizeof text);
    const bool written = write(STDERR_FILENO, text, strlen(text)) > 0;
    ::signal(signal, SIG_DFL);
    raise(written ? signal : SIGABRT);
}

void prepare(int64_t block) {
    cap = caps[block % static_cast<int64_t>(std::size(caps))];
    setenv("ONEDNN_MAX_CPU_ISA", cap, 1);
    struct sigaction action = {};
    action.sa_sigaction = report_crash;
    action.sa_flags = SA_SIGINFO;
    for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) sigaction(signal, &action, nullptr);
}

// Runs `check` with the buffers' ends and then with their beginnings at guard pages.
template <class Check>
void on_both_sides(const std::string& text, const Check& check) {
    for (Guard side : {Guard::after, Guard::before}) {
        guarded_side = side;
        sweep->say(std::string(cap) + " " + text);
        check();
    }
}

void count(const Ran& ran) {
    if (guarded_side == Guard::after) sweep->count(std::string(cap) + " " + ran.kernel);
}

// A geometry with something to stumble over: few channels, strides that skip pixels, windows beside the image, padding as wide
// as the window, groups. False if it has no output or is too large to sum.
bool random_geometry(Random& random, bool integers, Conv& c) {
    const bool pointwise = random.chance(0.35);
    c.n = random.integer(1, 4);
    c.ih = random.chance(0.1) ? random.integer(14, 40) : random.integer(1, 13);
    c.iw = random.chance(0.1) ? random.integer(14, 40) : random.integer(1, 13);
    const auto channels = [&] { return random.chance(0.7) ? random.integer(1, 17) : random.size_around(16, 70); };
    switch (random.integer(0, 5)) {
        case 0:  // depthwise, or nearly
            c.groups = channels();
            c.ic = c.groups * (random.chance(0.8) ? 1 : random.integer(1, 3));
            c.oc = c.groups * random.pick({1, 1, 1, 2, 3});
            break;
        case 1:
            c.groups = random.integer(2, 5);
            c.ic = c.groups * random.integer(1, 17);
            c.oc = c.groups * random.integer(1, 17);
            break;
        default:
            c.groups = 1;
            c.ic = channels();
            c.oc = channels();
    }
    const auto kernel = [&] { return random.chance(0.1) ? random.integer(6, 9) : random.integer(1, 5); };
    c.kh = pointwise ? 1 : kernel(), c.kw = pointwise ? 1 : kernel();
    c.sh = random.integer(1, 4), c.sw = random.integer(1, 4);
    if (random.chance(0.3)) c.sh = c.sw = 1;
    c.dh = random.chance(0.7) ? 1 : random.integer(2, 4), c.dw = random.chance(0.7) ? 1 : random.integer(2, 4);
    const int64_t wide = random.chance(0.3) ? 1 : 0;
    for (int i = 0; i < 4; ++i) {
        const int64_t window = i % 2 == 0 ? (c.kh - 1) * c.dh + 1 : (c.kw - 1) * c.dw + 1;
        c.pad[i] = pointwise && !wide ? 0 : random.integer(0, wide ? window + 3 : (window - 1) / 2);
    }
    if (random.chance(0.5)) c.pad[2] = c.pad[0], c.pad[3] = c.pad[1];
    c.layout = integers ? OCTAVO_NHWC : random.pick({OCTAVO_NHWC, OCTAVO_NHWC, OCTAVO_NHWC, OCTAVO_PLAIN});
    // Images that strides divide, which oneDNN treats differently.
    if (random.chance(0.4)) c.ih = random.integer(1, 8) * c.sh, c.iw = random.integer(1, 8) * c.sw;
    if (!c.fits()) return false;
    const int64_t line = c.oc * c.ow() * (c.ic / c.groups) * c.kh * c.kw;  // multiply-adds
    // Enough for two threads to share, at times: images, or the lines of one.
    const bool shared = random.chance(0.15);
    if (shared && random.chance(0.5)) {
        c.n = 1;
        c.ih += std::max<int64_t>(0, 2200000 / line + 1 - c.oh()) * c.sh;
    } else if (shared) {
        c.n = std::clamp<int64_t>(2200000 / (line * c.oh()) + 1, c.n, 64);
    }
    const int64_t macs = line * c.oh();
    return c.n * macs <= (shared ? 4000000 : 1000000) && elements(c.x()) <= 400000 && elements(c.y()) <= 400000;
}

bool float_convolution(Random& random) {
    Conv c{};
    if (!random_geometry(random, false, c)) return false;
    Choices options;
    options.bias = random.chance(0.5), options.constant = random.chance(0.5), options.residual = random.chance(0.2);
    options.activation = random.pick<octavo_activation>({OCTAVO_NO_ACTIVATION, OCTAVO_RELU, OCTAVO_CLAMP});
    options.threads = static_cast<int>(random.integer(1, 2));
    options.constant_bias = random.chance(0.5);
    const int64_t kind = random.integer(0, 2);
    const std::string threads = " threads " + std::to_string(options.threads);
    const Random data = random;
    on_both_sides((kind == 0   ? "forward "
                   : kind == 1 ? "grad input "
                               : "grad weight ") +
                      c.text() + threads,
                  [&] {
                      Random again = data;
                      Ran ran;
                      if (kind == 0) ran = check_forward(c, options, again);
                      if (kind == 1) ran = check_grad_input(c, options.threads, again);
                      if (kind == 2) ran = check_grad_weight(c, options.bias, options.threads, again);
                      count(ran);
                  });
    return true;
}

struct IntegerLayer {
    octavo_op_kind kind;
    Shape x, w, y;
    octavo_layout layout;
    const Conv* conv;  // null: linear

    explicit IntegerLayer(const Conv& c)
        : kind(OCTAVO_OP_CONV2D), x(c.x()), w(c.w()), y(c.y()), layout(OCTAVO_NHWC), conv(&c) {}
    IntegerLayer(int64_t m, int64_t n, int64_t k)
        : kind(OCTAVO_OP_LINEAR), x{m, k}, w{n, k}, y{m, n}, layout(OCTAVO_PLAIN), conv(nullptr) {}
};

std::vector<double> numbers(const OneOperator& op, octavo_dtype type) {
    if (type == OCTAVO_F32) return widen(op.result());
    std::vector<double> values;
    for (uint8_t byte : op.result<uint8_t>()) values.push_back(type == OCTAVO_U8 ? byte : static_cast<int8_t>(byte));
    return values;
}

// One layer with random codes on oneDNN and on Octavo's scalar kernels: a step apart at most.
Ran check_integers(Random& random, const IntegerLayer& layer, int threads) {
    const std::vector<octavo_dtype> types = {OCTAVO_U8, OCTAVO_U8, OCTAVO_S8};
    const octavo_dtype x_type = random.pick(types);
    const octavo_dtype y_type = layer.kind == OCTAVO_OP_LINEAR && random.chance(0.2) ? OCTAVO_F32 : random.pick(types);
    const auto low = [](octavo_dtype type) { return type == OCTAVO_U8 ? 0 : -128; };
    const int64_t outputs = layer.w[0], window = elements(layer.w) / outputs;
    const float x_scale = random.real(0.01f, 0.05f);
    // Results that fill their range.
    const float y_scale = x_scale * 0.005f * 40.0f * std::sqrt(static_cast<float>(window));
    const int32_t x_zero = random.zero_point(low(x_type), low(x_type) + 255);
    const int32_t y_zero = random.zero_point(low(y_type), low(y_type) + 255);
    OneOperator op(layer.kind, layer.x[0]);
    op.threads = threads;
    if (layer.conv) layer.conv->attributes(op.desc);
    const auto quantized = [&](octavo_dtype type, octavo_role role, const Shape& dims, const float* scale,
                               const int32_t* zero) {
        ValueSpec desc = describe(type, role, dims, true, layer.layout);
        if (type == OCTAVO_F32) return desc;
        desc.param_count = 1;
        desc.scales = scale;
        desc.zero_points = zero;
        return desc;
    };
    const auto x = random.codes<uint8_t>(static_cast<size_t>(elements(layer.x)), 0, 255, false);
    op.add_input(quantized(x_type, OCTAVO_INPUT, layer.x, &x_scale, &x_zero), x.data(), x.size());
    const int most = random.chance(0.6) ? 60 : 127;
    const auto w = random.codes<int8_t>(static_cast<size_t>(elements(layer.w)), -most, most, false);
    std::vector<float> scales(random.chance(0.5) ? static_cast<size_t>(outputs) : 1);
    for (float& s : scales) s = random.real(0.002f, 0.008f);
    ValueSpec weights = describe(OCTAVO_S8, OCTAVO_CONSTANT, layer.w, false);
    weights.axis = scales.size() > 1 ? 0 : -1;
    weights.param_count = static_cast<int64_t>(scales.size());
    weights.scales = scales.data();
    op.add_input(weights, w.data(), w.size());
    const bool residual = layer.kind == OCTAVO_OP_CONV2D && random.chance(0.25);
    if (const int64_t bias = random.integer(0, 2); bias == 1) {
        Floats floats(static_cast<size_t>(outputs));
        for (float& b : floats) b = random.normal() * y_scale * 20;
        op.constant(floats, {outputs});
    } else if (bias == 2) {
        std::vector<int32_t> integers(static_cast<size_t>(outputs));
        for (int32_t& b : integers) b = static_cast<int32_t>(random.integer(-2000, 2000));
        std::vector<float> bias_scales = scales;
        for (float& s : bias_scales) s *= x_scale;
        ValueSpec desc = describe(OCTAVO_S32, OCTAVO_CONSTANT, {outputs}, false);
        desc.axis = weights.axis;
        desc.param_count = weights.param_count;
        desc.scales = bias_scales.data();
        op.add_input(desc, integers.data(), integers.size() * sizeof(int32_t));
    } else if (residual) {
        op.absent();
    }
    const float residual_scale = y_scale * random.real(0.2f, 0.5f);
    const int32_t residual_zero = random.zero_point(low(y_type), low(y_type) + 255);
    if (residual) {
        const auto codes = random.codes<uint8_t>(static_cast<size_t>(elements(layer.y)), 0, 255, false);
        op.add_input(quantized(y_type, OCTAVO_INPUT, layer.y, &residual_scale, &residual_zero), codes.data(),
                     codes.size());
    }
    op.desc.activation = random.pick<octavo_activation>({OCTAVO_NO_ACTIVATION, OCTAVO_RELU, OCTAVO_CLAMP});
    if (op.desc.activation == OCTAVO_CLAMP) op.desc.clamp_min = -30 * y_scale, op.desc.clamp_max = 50 * y_scale;
    op.add_output(quantized(y_type, OCTAVO_OUTPUT, layer.y, &y_scale, &y_zero));

    if (!op.build()) {
        // On a CPU without VNNI, where a sum could saturate, a refusal is the right answer.
        EXPECT_TRUE(op.status == OCTAVO_UNSUPPORTED && op.message.find("without VNNI") != std::string::npos)
            << op.message;
        return {};
    }
    const Ran ran = op.ran();
    EXPECT_TRUE(op.run()) << op.message;
    if (op.status != OCTAVO_OK) return ran;
    const std::vector<double> found = numbers(op, y_type);
    op.desc.backend = OCTAVO_BACKEND_OCTAVO;
    op.isa = "scalar";
    if (!op.go()) return ran;
    // A code apart at most; float results round an exact sum some four times on either side.
    const double bound = y_type == OCTAVO_F32 ? 64 * 0x1p-24 * 128 * y_scale : 1;
    const std::vector<double> expected = numbers(op, y_type);
    size_t wrong = 0, first = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
        if (std::fabs(found[i] - expected[i]) <= bound) continue;
        if (wrong++ == 0) first = i;
    }
    EXPECT_EQ(wrong, 0u) << ran.kernel << ": of " << expected.size() << " results, first " << first << ": "
                         << found[first] << " instead of " << expected[first];
    return ran;
}

bool integer_convolution(Random& random) {
    Conv c{};
    if (!random_geometry(random, true, c)) return false;
    const int threads = static_cast<int>(random.integer(1, 2));
    const Random data = random;
    on_both_sides("int8 " + c.text() + " threads " + std::to_string(threads), [&] {
        Random again = data;
        count(check_integers(again, IntegerLayer(c), threads));
    });
    return true;
}

struct Matrices {
    int64_t m, n, k;
    std::string text() const { return "m" + std::to_string(m) + " n" + std::to_string(n) + " k" + std::to_string(k); }
};

Matrices random_matrices(Random& random) {
    Matrices s{random.integer(1, 40), random.size_around(16, 130), random.size_around(16, 300)};
    if (random.chance(0.15)) s.m = std::clamp<int64_t>(2200000 / (s.n * s.k) + 1, s.m, 200);
    return s;
}

bool integer_linear(Random& random) {
    const Matrices s = random_matrices(random);
    const int threads = static_cast<int>(random.integer(1, 2));
    const Random data = random;
    on_both_sides("int8 linear " + s.text() + " threads " + std::to_string(threads), [&] {
        Random again = data;
        count(check_integers(again, IntegerLayer(s.m, s.n, s.k), threads));
    });
    return true;
}

Ran check_linear(int64_t kind, const Matrices& s, int threads, Random& random) {
    const Floats x = random_floats(random, s.m * s.k), w = random_floats(random, s.n * s.k);
    const Floats bias = random_floats(random, s.n), dy = random_floats(random, s.m * s.n);
    const bool with_bias = random.chance(0.5), constant = random.chance(0.5);
    Sums y(s.m * s.n), dx(s.m * s.k), dw(s.n * s.k), dbias(s.n);
    for (int64_t i = 0; i < s.m; ++i) {
        for (int64_t j = 0; j < s.n; ++j) {
            const int64_t at = i * s.n + j;
            for (int64_t l = 0; l < s.k; ++l) {
                const double xv = x[i * s.k + l], wv = w[j * s.k + l];
                if (kind == 0) y.add(at, xv * wv);
                if (kind == 1) dx.add(i * s.k + l, dy[at] * wv);
                if (kind == 2) dw.add(j * s.k + l, dy[at] * xv);
            }
            dbias.add(j, dy[at]);
            if (with_bias) y.add(at, bias[j]);
        }
    }
    const octavo_op_kind kinds[] = {OCTAVO_OP_LINEAR, OCTAVO_OP_LINEAR_GRAD_INPUT, OCTAVO_OP_LINEAR_GRAD_WEIGHT};
    OneOperator op(kinds[kind], s.m);
    op.threads = threads;
    if (kind == 2) {
        op.input(x, {s.m, s.k});
        op.input(dy, {s.m, s.n});
        op.output({s.n, s.k}, false);
        if (with_bias) op.output({s.n}, false);
    } else {
        op.input(kind == 0 ? x : dy, {s.m, kind == 0 ? s.k : s.n});
        constant ? op.constant(w, {s.n, s.k}) : op.state(w, {s.n, s.k});
        if (kind == 0 && with_bias) constant ? op.constant(bias, {s.n}) : op.state(bias, {s.n});
        op.output({s.m, kind == 0 ? s.n : s.k});
    }
    if (!op.go()) return {};
    EXPECT_TRUE(close_sums(op.result(), kind == 0 ? y : kind == 1 ? dx : dw)) << op.kernel();
    if (kind == 2 && with_bias) {
        EXPECT_TRUE(close_sums(op.result(1), dbias)) << op.kernel();
    }
    return op.ran();
}

bool float_linear(Random& random) {
    const Matrices s = random_matrices(random);
    const int64_t kind = random.integer(0, 2);
    const int threads = static_cast<int>(random.integer(1, 2));
    const Random data = random;
    on_both_sides(std::string(kind == 0   ? "linear "
                              : kind == 1 ? "linear grad input "
                                          : "linear grad weight ") +
                      s.text() + " threads " + std::to_string(threads),
                  [&] {
                      Random again = data;
                      count(check_linear(kind, s, threads, again));
                  });
    return true;
}

bool max_pool(Random& random) {
    Pool p{};
    p.n = random.integer(1, 4), p.c = random.integer(1, 40), p.ih = random.integer(1, 20), p.iw = random.integer(1, 20);
    p.kh = random.integer(1, 5), p.kw = random.integer(1, 5), p.sh = random.integer(1, 4), p.sw = random.integer(1, 4);
    for (int i = 0; i < 4; ++i) p.pad[i] = random.integer(0, (i % 2 == 0 ? p.kh : p.kw) / 2);
    if (p.ih + p.pad[0] + p.pad[2] < p.kh || p.iw + p.pad[1] + p.pad[3] < p.kw) return false;
    p.ceil = random.chance(0.3);
    p.layout = random.pick({OCTAVO_NHWC, OCTAVO_NHWC, OCTAVO_PLAIN});
    const int threads = static_cast<int>(random.integer(1, 2));
    const Random data = random;
    on_both_sides("max pool " + p.text() + " threads " + std::to_string(threads), [&] {
        Random again = data;
        count(check_max_pool(p, threads, again));
    });
    return true;
}

bool random_layer(Random& random, int64_t family) {
    if (family < 12) return float_convolution(random);
    if (family < 16) return integer_convolution(random);
    if (family < 18) return float_linear(random);
    return family == 18 ? integer_linear(random) : max_pool(random);
}

// The layers whose faults were seen first. Right, within their memory, and said why.
TEST(OnednnSweep, DetoursAreTakenAndSaidWhy) {
    enum Kind { forward, weight_gradient, int8 };
    struct Known {
        Kind kind;
        Conv conv;
        int threads;
        const char* reason;
    };
    const Known known[] = {
        {weight_gradient, {16, 4, 56, 56, 8, 1, 1, 2, 2}, 1, "sampled first"},
        {weight_gradient, {2, 1, 64, 64, 8, 1, 1, 2, 2}, 1, "sampled first"},
        {weight_gradient, {8, 8, 64, 64, 16, 1, 1, 2, 2}, 2, "sampled first"},
        {weight_gradient, {2, 6, 12, 12, 5, 1, 1, 2, 3, 1, 1, {}, 1, OCTAVO_PLAIN}, 1, "sampled first"},
        {weight_gradient, {2, 6, 12, 12, 4, 1, 1, 2, 3, 1, 1, {}, 2}, 1, "sampled first"},
        {forward, {1, 9, 1, 1, 4, 1, 1, 1, 3, 1, 1, {0, 5, 0, 3}}, 1, "beside the image"},
        {forward, {3, 9, 4, 2, 32, 1, 1, 4, 3, 3, 3, {1, 1, 1, 1}}, 1, "beside the image"},
        {int8, {1, 16, 6, 6, 32, 3, 3, 1, 1, 1, 1, {3, 3, 3, 3}, 16}, 1, "beside the image"},
        {int8, {1, 16, 3, 3, 32, 3, 3, 2, 2, 1, 1, {4, 4, 4, 4}, 16}, 1, "beside the image"},
        {int8, {2, 1, 33, 5, 12, 5, 4, 1, 3, 1, 1, {2, 1, 1, 0}}, 1, "one channel"},
        {int8, {2, 4, 12, 8, 12, 3, 5, 1, 1, 1, 1, {0, 2, 0, 2}, 4}, 1, "one channel"},
        {int8, {1, 1, 3, 6, 70, 1, 2, 2, 1, 2, 1}, 1, "one channel"},
    };
    const auto layers = static_cast<int64_t>(std::size(known));
    // A block of them for each cap.
    ForkedSweep cases(layers * static_cast<int64_t>(std::size(caps)), layers);
    sweep = &cases;
    cases.run(prepare, [&](Random& random) {
        const Known& k = known[cases.at() % layers];
        const Random data = random;
        on_both_sides(k.conv.text(), [&] {
            Random again = data;
            Choices options;
            options.bias = options.constant = true;
            const Ran ran = k.kind == forward           ? check_forward(k.conv, options, again)
                            : k.kind == weight_gradient ? check_grad_weight(k.conv, true, k.threads, again)
                                                        : check_integers(again, IntegerLayer(k.conv), k.threads);
            // Older instruction sets have other implementations, some without the fault; a refusal has its reason too.
            if (std::string(cap) == "DEFAULT" && __builtin_cpu_supports("avx512vnni") && !ran.kernel.empty()) {
                EXPECT_NE(ran.reason.find(k.reason), std::string::npos) << ran.kernel << ": " << ran.reason;
            }
        });
        return true;
    });
}

int number(const char* variable, int otherwise) {
    const char* text = std::getenv(variable);
    return text != nullptr && *text != 0 ? std::atoi(text) : otherwise;
}

TEST(OnednnSweep, EveryLayerIsRightAndStaysInItsMemory) {
    const int shapes = number("OCTAVO_SWEEP_SHAPES", 300), failures = number("OCTAVO_SWEEP_FAILURES", 10);
    ASSERT_GT(shapes, 0) << "OCTAVO_SWEEP_SHAPES";
    ForkedSweep cases(shapes, 50, static_cast<size_t>(failures));
    sweep = &cases;
    cases.run(prepare, [](Random& random) {
        const int64_t family = random.integer(0, 19);
        // Every number of the sweep is a layer: what makes none is drawn again.
        while (!random_layer(random, family)) continue;
        return true;
    });
    cases.print_counts("layers");
}

}  // namespace
}  // namespace octavo::test

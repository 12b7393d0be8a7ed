// Convolutions on every instruction set against their definition.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "support/agree.h"
#include "support/coverage.h"
#include "support/problems.h"

namespace octavo::test {
namespace {

OpDesc describe(const Problem& p, Isa isa) {
    OpDesc desc = operator_desc(OCTAVO_OP_CONV2D, p.inputs(), p.y, isa);
    desc.attributes = p.attributes;
    desc.attributes.kind = OCTAVO_OP_CONV2D;
    set_kernel(desc);
    return desc;
}

std::string shape(const Problem& p) {
    std::ostringstream text;
    const Attributes& a = p.attributes;
    text << " images " << p.images << " x " << p.x.shape_text() << " w " << p.w.shape_text() << " groups " << a.groups
         << " stride " << a.stride[0] << "," << a.stride[1] << " dilation " << a.dilation[0] << "," << a.dilation[1]
         << " pad " << a.pad[0] << "," << a.pad[1] << "," << a.pad[2] << "," << a.pad[3] << " types " << p.x.dtype
         << p.w.dtype << p.y.dtype;
    return text.str();
}

// False if the kernel does not fit into the image.
bool fit_output(Problem& p, int64_t outputs) {
    const Attributes& a = p.attributes;
    int64_t out[2];
    for (size_t i = 0; i < 2; i++) {
        const int64_t space = p.x.dims[2 + i] + a.pad[i] + a.pad[i + 2] - (p.w.dims[2 + i] - 1) * a.dilation[i] - 1;
        if (space < 0) return false;
        out[i] = space / a.stride[i] + 1;
    }
    p.y.dims = {1, outputs, out[0], out[1]};
    return true;
}

bool random_conv2d(Random& random, Problem& p) {
    int64_t groups = 1, inputs = 1, outputs = 1;
    switch (random.integer(0, 4)) {
        case 0:  // few input channels, few outputs: first layers
            inputs = random.integer(1, 4);
            outputs = random.integer(1, 10);
            break;
        case 1:  // depthwise
            groups = random.pick<int64_t>({1, 7, 8, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 96, 130});
            outputs = random.chance(0.8) ? 1 : 2;
            break;
        case 2:  // groups
            groups = random.integer(2, 6);
            inputs = random.integer(1, 9);
            outputs = random.integer(1, 9);
            break;
        default:
            inputs = random.size_around(16, 40);
            outputs = random.size_around(random.pick({16, 32, 48}), 80);
    }
    const int64_t kernel_h = random.pick<int64_t>({1, 1, 2, 3, 3, 5, 7}),
                  kernel_w = random.chance(0.8) ? kernel_h : random.integer(1, 5);
    const int64_t height = random.integer(1, 14),
                  width = random.chance(0.3) ? random.integer(15, 40) : random.integer(1, 14);
    p.attributes.groups = static_cast<int>(groups);
    for (int i = 0; i < 2; i++) {
        p.attributes.stride[i] = random.pick({1, 1, 1, 2, 3});
        p.attributes.dilation[i] = random.chance(0.8) ? 1 : static_cast<int>(random.integer(2, 3));
    }
    for (int& pad : p.attributes.pad) pad = random.pick({0, 0, 1, 1, 2, 5});
    if (random.chance(0.3)) {
        for (int& pad : p.attributes.pad) pad = 0;
    }
    p.images = random.integer(1, 3);
    const bool extreme = random.chance(0.15);
    const octavo_dtype type = random.pick({OCTAVO_U8, OCTAVO_U8, OCTAVO_S8});
    p.x = random_activation(random, type, {1, groups * inputs, height, width}, random.real(0.005f, 0.1f));
    const int low = type == OCTAVO_S8 ? -128 : 0;
    if (random.chance(0.3)) p.x.code_max = low + 127;
    p.codes = random.codes<uint8_t>(static_cast<size_t>(p.images * groups * inputs * height * width), low, p.x.code_max,
                                    extreme);
    p.w = random_weights(random, random.pick({OCTAVO_S8, OCTAVO_S8, OCTAVO_S8, OCTAVO_U8, OCTAVO_CODE4, OCTAVO_CODE8}),
                         {groups * outputs, inputs, kernel_h, kernel_w}, extreme);
    if (!fit_output(p, groups * outputs)) return false;
    finish_problem(random, p, inputs * kernel_h * kernel_w, true, false);
    if (p.has_residual) {
        const size_t elements = static_cast<size_t>(p.images * p.y.dims[1] * p.y.dims[2] * p.y.dims[3]);
        p.residual_codes = random.codes<uint8_t>(elements, 0, 255, false);
    }
    return true;
}

void every_isa_equals(const std::vector<uint8_t>& expected, const Problem& p, Random& random, Coverage& coverage) {
    const GuardedBuffer<uint8_t> x(p.codes, random.chance(0.7) ? Guard::after : Guard::before);
    const GuardedBuffer<uint8_t> residual(p.residual_codes);
    const Guard guard = random.chance(0.7) ? Guard::after : Guard::before;
    const int threads = static_cast<int>(random.integer(1, 4));
    for (Isa isa : available_isas()) {
        const auto op = create_op(describe(p, isa));
        SCOPED_TRACE(op->kernel() + shape(p));
        EXPECT_TRUE(same_bits(run_op<uint8_t>(*op, p.images, threads, {x.data(), nullptr, nullptr, residual.data()},
                                              expected.size(), guard),
                              expected));
        coverage.ran(isa);
    }
}

TEST(Conv2d, EveryIsaEqualsTheDefinition) {
    Coverage coverage("conv2d");
    Distrust distrust;
    Sweep(1500).run([&](Random& random) {
        Problem p;
        if (!random_conv2d(random, p)) return false;
        const std::vector<uint8_t> expected = reference_conv2d(p);
        if (p.attributes.activation == OCTAVO_NO_ACTIVATION) distrust.saw(expected);
        every_isa_equals(expected, p, random, coverage);
        return true;
    });
    EXPECT_TRUE(distrust.trust());
}

TEST(Conv2d, SumsOfEveryIsaEqualTheDefinition) {
    Coverage coverage("conv2d to s32");
    Sweep(500).run([&](Random& random) {
        Problem p;
        if (!random_conv2d(random, p)) return false;
        give_sums(random, p);
        every_isa_equals(reference_conv2d(p), p, random, coverage);
        return true;
    });
}

TEST(Conv2d, SumsTakeNeitherResidualNorActivationNorFloatBias) {
    Random random(1);
    Problem p;
    while (!random_conv2d(random, p) || !p.has_residual) p = {};
    give_sums(random, p);
    const auto refused = [&](const Problem& changed) {
        EXPECT_THROW(create_op(describe(changed, Isa::scalar)), Error);
    };
    Problem with = p;
    with.has_residual = true;
    refused(with);
    with = p;
    with.attributes.activation = OCTAVO_RELU;
    refused(with);
    with = p;
    with.has_bias = true;
    with.bias = constant(OCTAVO_F32, {p.w.dims[0]}, std::vector<float>(static_cast<size_t>(p.w.dims[0])));
    refused(with);
    with = p;
    with.x.scales.clear();
    with.x.zero_points.clear();
    with.y.dtype = OCTAVO_F32;
    refused(with);
}

// Taps of whole groups of channels and padding that only the outer pixels see: borders without a copy, narrow and wide lines.
bool random_bordered(Random& random, Problem& p) {
    const int64_t groups = random.pick<int64_t>({1, 1, 1, 2}), inputs = 4 * random.integer(1, 12);
    const int64_t outputs = random.size_around(random.pick({16, 32, 48, 64}), 130);
    p.attributes.groups = static_cast<int>(groups);
    const int64_t kernel_h = random.pick<int64_t>({3, 3, 3, 2, 5}), kernel_w = random.pick<int64_t>({3, 3, 3, 2, 1});
    for (int i = 0; i < 2; i++) {
        p.attributes.stride[i] = random.pick({1, 1, 2});
        p.attributes.dilation[i] = 1;
    }
    p.attributes.pad[0] = random.pick({0, 1, 1, 2, 7});
    p.attributes.pad[1] = random.pick({0, 1, 1});
    p.attributes.pad[2] = random.pick({0, 1, 1, 2});
    p.attributes.pad[3] = random.pick({0, 1, 1});
    p.images = random.integer(1, 2);
    const bool extreme = random.chance(0.2);
    const int64_t height = random.integer(1, 9), width = random.integer(2, 36);
    p.x = random_activation(random, OCTAVO_U8, {1, groups * inputs, height, width}, random.real(0.005f, 0.1f));
    p.codes = random.codes<uint8_t>(static_cast<size_t>(p.images * groups * inputs * height * width), 0, 255, extreme);
    p.w = random_weights(random, OCTAVO_S8, {groups * outputs, inputs, kernel_h, kernel_w}, extreme);
    p.w.zero_points.assign(p.w.scales.size(), 0);
    if (!fit_output(p, groups * outputs)) return false;
    finish_problem(random, p, inputs * kernel_h * kernel_w, true, false);
    if (p.has_residual) {
        const size_t elements = static_cast<size_t>(p.images * p.y.dims[1] * p.y.dims[2] * p.y.dims[3]);
        p.residual_codes = random.codes<uint8_t>(elements, 0, 255, false);
    }
    return true;
}

TEST(Conv2d, BordersOnEveryIsaEqualTheDefinition) {
    Coverage coverage("convolution with borders");
    int without_copy = 0;  // padded images that no copy was made of
    int whole_lines = 0;   // of these, by family taps
    Sweep(600).run([&](Random& random) {
        Problem p;
        if (!random_bordered(random, p)) return false;
        const std::vector<uint8_t> expected = reference_conv2d(p);
        every_isa_equals(expected, p, random, coverage);
        for (Isa isa : available_isas()) {
            const Attributes& o = p.attributes;
            const bool padded = o.pad[0] + o.pad[1] + o.pad[2] + o.pad[3] > 0;
            if (!allows(isa, Isa::vnni) || !padded) continue;
            const auto op = create_op(describe(p, isa));
            if (op->scratch_bytes(1, 1) == 0) without_copy++;
            if (op->kernel().rfind("conv2d_taps_", 0) == 0) whole_lines++;
        }
        return true;
    });
    if (!isa_supported(Isa::vnni)) return;
    EXPECT_GT(without_copy, 100);
    EXPECT_GT(whole_lines, 50);
}

// 3x3 taps at stride 1 over whole chunks of channels, whose tiles reach over every border.
bool random_tiled(Random& random, Problem& p) {
    const int64_t inputs = 16 * random.integer(1, 6), outputs = random.size_around(random.pick({16, 32, 64}), 130);
    for (int i = 0; i < 2; i++) p.attributes.stride[i] = p.attributes.dilation[i] = 1;
    p.attributes.groups = 1;
    for (int& pad : p.attributes.pad) pad = random.pick({0, 1, 1, 1, 2, 5});
    p.images = random.integer(1, 2);
    const octavo_dtype type = random.pick({OCTAVO_U8, OCTAVO_U8, OCTAVO_S8});
    const int low = type == OCTAVO_S8 ? -128 : 0;
    p.x = random_activation(random, type, {1, inputs, random.integer(1, 18), random.integer(1, 34)},
                            random.real(0.005f, 0.1f));
    if (random.chance(0.3)) p.x.code_max = low + 127;
    const bool extreme = random.chance(0.2);
    p.codes = random.codes<uint8_t>(static_cast<size_t>(p.images * inputs * p.x.dims[2] * p.x.dims[3]), low,
                                    p.x.code_max, extreme);
    p.w = random_weights(random, OCTAVO_S8, {outputs, inputs, 3, 3}, extreme);
    p.w.zero_points.assign(p.w.scales.size(), 0);
    if (!fit_output(p, outputs)) return false;
    finish_problem(random, p, inputs * 9, true, false);
    if (p.has_residual) {
        const size_t elements = static_cast<size_t>(p.images * outputs * p.y.dims[2] * p.y.dims[3]);
        p.residual_codes = random.codes<uint8_t>(elements, 0, 255, false);
    }
    return true;
}

TEST(Conv2d, TilesOnEveryIsaEqualTheDefinition) {
    Coverage coverage("convolution by tiles");
    Distrust distrust;
    std::map<Isa, int> by_tiles;
    Sweep(400).run([&](Random& random) {
        Problem p;
        if (!random_tiled(random, p)) return false;
        const std::vector<uint8_t> expected = reference_conv2d(p);
        if (p.attributes.activation == OCTAVO_NO_ACTIVATION) distrust.saw(expected);
        every_isa_equals(expected, p, random, coverage);
        for (Isa isa : available_isas())
            by_tiles[isa] += create_op(describe(p, isa))->kernel().find("winograd") != std::string::npos;
        return true;
    });
    EXPECT_TRUE(distrust.trust());
    for (Isa isa : available_isas()) {
        if (isa == Isa::scalar) continue;
        EXPECT_GT(by_tiles[isa], 10) << isa_name(isa);
    }
}

// Every width of channels over the blocks, squares of 3 and 5 beside others, strides 1 and 2 beside others, padding beyond the image.
bool random_depthwise(Random& random, Problem& p) {
    const int64_t channels = random.integer(1, 130);
    const int64_t kernel = random.pick<int64_t>({3, 3, 5, 5, 4, 7});
    p.attributes.groups = static_cast<int>(channels);
    for (int i = 0; i < 2; i++) {
        p.attributes.stride[i] = random.pick({1, 1, 2, 2, 3});
        p.attributes.dilation[i] = random.pick({1, 1, 1, 1, 2});
    }
    for (int& pad : p.attributes.pad) pad = random.pick({0, 1, 1, 2, 2, 9});
    p.images = random.integer(1, 2);
    const bool extreme = random.chance(0.2);
    const octavo_dtype type = random.pick({OCTAVO_U8, OCTAVO_U8, OCTAVO_S8});
    const int64_t height = random.integer(1, 9), width = random.integer(1, 13);
    p.x = random_activation(random, type, {1, channels, height, width}, random.real(0.005f, 0.1f));
    const int low = type == OCTAVO_S8 ? -128 : 0;
    p.codes = random.codes<uint8_t>(static_cast<size_t>(p.images * channels * height * width), low, low + 255, extreme);
    p.w = random_weights(random, OCTAVO_S8, {channels, 1, kernel, kernel}, extreme);
    p.w.zero_points.assign(p.w.scales.size(), 0);
    if (!fit_output(p, channels)) return false;
    finish_problem(random, p, kernel * kernel, false, false);
    return true;
}

TEST(Conv2d, DepthwiseOnEveryIsaEqualsTheDefinition) {
    Coverage coverage("depthwise convolution");
    Distrust distrust;
    std::map<std::string, int> kernels;
    Sweep(1500).run([&](Random& random) {
        Problem p;
        if (!random_depthwise(random, p)) return false;
        const std::vector<uint8_t> expected = reference_conv2d(p);
        if (p.attributes.activation == OCTAVO_NO_ACTIVATION) distrust.saw(expected);
        const Guard guard = random.chance(0.5) ? Guard::after : Guard::before;
        const GuardedBuffer<uint8_t> x(p.codes, guard);
        const int threads = static_cast<int>(random.integer(1, 3));
        for (Isa isa : available_isas()) {
            const auto op = create_op(describe(p, isa));
            SCOPED_TRACE(op->kernel() + shape(p));
            EXPECT_TRUE(same_bits(
                run_op<uint8_t>(*op, p.images, threads, {x.data(), nullptr, nullptr, nullptr}, expected.size(), guard),
                expected));
            kernels[op->kernel()]++;
            coverage.ran(isa);
        }
        return true;
    });
    EXPECT_TRUE(distrust.trust());
    for (const char* size : {"_3x3_", "_5x5_"}) {
        for (Isa isa : available_isas()) {
            if (isa == Isa::scalar) continue;
            const bool ran = std::any_of(kernels.begin(), kernels.end(), [&](const auto& kernel) {
                const std::string end = std::string("_") + isa_name(isa);
                return kernel.first.find(size) != std::string::npos && kernel.first.size() > end.size() &&
                       kernel.first.compare(kernel.first.size() - end.size(), end.size(), end) == 0;
            });
            EXPECT_TRUE(ran) << size << isa_name(isa);
        }
    }
}

struct ConvShape {
    std::string name;
    int64_t c, h, w, o, k, s, p, g;
};

std::vector<ConvShape> shapes_of(const std::string& file) {
    std::ifstream in(std::string(OCTAVO_SOURCE_DIR) + "/tests/shapes/" + file);
    std::vector<ConvShape> shapes;
    for (std::string line; std::getline(in, line);) {
        if (line.empty() || line[0] == '#') continue;
        ConvShape s;
        std::istringstream fields(line);
        if (fields >> s.name >> s.c >> s.h >> s.w >> s.o >> s.k >> s.s >> s.p >> s.g) shapes.push_back(s);
    }
    return shapes;
}

TEST(Conv2d, ShapesOfNetworksWhateverTheThreads) {
    Random random(11);
    std::vector<ConvShape> shapes;
    for (const char* file : {"demo_conv.txt", "resnet20_conv.txt", "cifar_conv.txt"}) {
        const std::vector<ConvShape> more = shapes_of(file);
        ASSERT_FALSE(more.empty()) << file;
        shapes.insert(shapes.end(), more.begin(), more.end());
    }
    for (const ConvShape& s : shapes) {
        Problem p;
        p.images = 2;
        p.x = activation(OCTAVO_U8, {1, s.c, s.h, s.w}, 0.02f, 7);
        p.codes = random.codes<uint8_t>(static_cast<size_t>(p.images * s.c * s.h * s.w), 0, 255, false);
        p.attributes = operator_desc(OCTAVO_OP_CONV2D, {}, p.x, Isa::scalar).attributes;
        for (int& stride : p.attributes.stride) stride = static_cast<int>(s.s);
        for (int& pad : p.attributes.pad) pad = static_cast<int>(s.p);
        p.attributes.groups = static_cast<int>(s.g);
        p.w = random_weights(random, OCTAVO_S8, {s.o, s.c / s.g, s.k, s.k}, false);
        p.w.zero_points.assign(p.w.scales.size(), 0);
        ASSERT_TRUE(fit_output(p, s.o)) << s.name;
        finish_problem(random, p, s.c / s.g * s.k * s.k, false, false);
        const std::vector<uint8_t> expected = reference_conv2d(p);
        for (Isa isa : available_isas()) {
            const auto op = create_op(describe(p, isa));
            for (const int threads : {1, 2, 5}) {
                SCOPED_TRACE(s.name + " " + op->kernel() + " threads " + std::to_string(threads));
                ASSERT_TRUE(same_bits(run_op<uint8_t>(*op, p.images, threads,
                                                      {p.codes.data(), nullptr, nullptr, nullptr}, expected.size()),
                                      expected));
            }
        }
    }
}

// Every family: images of one code, weights of one value a channel, so that inner results are beyond all steps or none.
TEST(Conv2d, ResultsBeyond32BitsOfStepsSaturate) {
    struct Layer {
        int64_t channels, outputs, groups, size, kernel;
    };
    for (const Layer& layer : {Layer{16, 32, 1, 14, 3}, Layer{32, 32, 32, 14, 3}, Layer{3, 6, 1, 32, 5},
                               Layer{64, 64, 1, 8, 1}, Layer{16, 16, 16, 7, 5}}) {
        const Value x = activation(OCTAVO_U8, {1, layer.channels, layer.size, layer.size}, 0.5f, 3);
        const int64_t depth = layer.channels / layer.groups * layer.kernel * layer.kernel;
        std::vector<int8_t> values;
        for (int64_t i = 0; i < layer.outputs * depth; i++)
            values.push_back(i / depth % 3 == 0 ? 0 : i / depth % 3 == 1 ? 100 : -100);
        Value w =
            constant(OCTAVO_S8, {layer.outputs, layer.channels / layer.groups, layer.kernel, layer.kernel}, values);
        w.scales = {1.0f};
        w.zero_points = {0};
        const Value y = activation(OCTAVO_U8, {1, layer.outputs, layer.size, layer.size}, 1e-9f, 5);
        const auto pixels = static_cast<size_t>(layer.size * layer.size);
        const std::vector<uint8_t> codes(pixels * static_cast<size_t>(layer.channels), 200);
        std::vector<uint8_t> expected;
        for (size_t i = 0; i < pixels * static_cast<size_t>(layer.outputs); i++) {
            const int64_t channel = static_cast<int64_t>(i) % layer.outputs % 3;
            expected.push_back(channel == 0 ? 5 : channel == 1 ? 255 : 0);
        }
        for (Isa isa : available_isas()) {
            SCOPED_TRACE(std::string(isa_name(isa)) + " " + w.shape_text());
            OpDesc desc = operator_desc(OCTAVO_OP_CONV2D, {&x, &w}, y, isa);
            desc.attributes.groups = static_cast<int>(layer.groups);
            for (int32_t& pad : desc.attributes.pad) pad = static_cast<int32_t>(layer.kernel / 2);
            const auto op = create_op(desc);
            EXPECT_NE(op->reason().find("2^31"), std::string::npos) << op->kernel();
            EXPECT_TRUE(same_bits(run_op<uint8_t>(*op, 1, 1, {codes.data(), nullptr}, expected.size()), expected));
        }
    }
}

TEST(Conv2d, DescriptionsThatDoNotFitAreRefusedWithAReason) {
    const Value x = activation(OCTAVO_U8, {1, 4, 5, 5}, 0.1f, 0);
    Value y = activation(OCTAVO_U8, {1, 6, 3, 3}, 0.1f, 0);
    Value w = constant(OCTAVO_S8, {6, 3, 3, 3}, std::vector<int8_t>(162, 1));
    w.scales = {0.1f};
    int kernel = 3;
    const auto message = [&](octavo_status status) -> std::string {
        OpDesc desc = operator_desc(OCTAVO_OP_CONV2D, {&x, &w, nullptr, nullptr}, y, Isa::scalar);
        desc.attributes.kernel[0] = kernel;
        try {
            create_op(desc);
        } catch (const Error& error) {
            EXPECT_EQ(error.status(), status);
            return error.what();
        }
        return "no error";
    };
    EXPECT_NE(message(OCTAVO_SHAPE_MISMATCH).find("[O, 4, kh, kw]"), std::string::npos);
    w = constant(OCTAVO_S8, {6, 4, 3, 3}, std::vector<int8_t>(216, 1));
    w.scales = {0.1f};
    EXPECT_EQ(message(OCTAVO_OK), "no error");
    kernel = 2;
    EXPECT_NE(message(OCTAVO_SHAPE_MISMATCH).find("a kernel of 2 x 3"), std::string::npos);
    kernel = 3;
    y.dims[3] = 4;
    EXPECT_NE(message(OCTAVO_SHAPE_MISMATCH).find("[N, 6, 3, 3]"), std::string::npos);
    y.dims[3] = 3;
    y.layout = OCTAVO_PLAIN;
    EXPECT_NE(message(OCTAVO_INVALID_ARGUMENT).find("NHWC"), std::string::npos);
}

}  // namespace
}  // namespace octavo::test

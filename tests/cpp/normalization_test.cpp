// Layer, RMS, group and local response normalization against plain loops in double, of any shapes and layouts, the same bits on every
// instruction set and number of threads.
#include <gtest/gtest.h>

#include <cmath>

#include "support/agree.h"
#include "support/coverage.h"
#include "support/shapes.h"

namespace octavo::test {
namespace {

void fill(Random& random, Tensor* t, float middle, float spread) {
    for (int64_t i = 0; i < product(t->dims); i++) t->as<float>()[i] = middle + random.normal() * spread;
}

// Runs everywhere; the outputs of scalar on one thread.
std::vector<std::vector<float>> run_everywhere(OpDesc desc, int64_t batch, const std::vector<const void*>& inputs,
                                               const std::vector<size_t>& sizes, Coverage& coverage) {
    std::vector<std::vector<float>> scalar;
    for (Isa isa : available_isas()) {
        desc.isa = isa;
        const auto op = create_op(desc);
        SCOPED_TRACE(op->kernel());
        for (int threads : {1, 3}) {
            std::vector<GuardedBuffer<float>> results;
            std::vector<void*> outputs;
            for (size_t size : sizes) results.emplace_back(size);
            for (size_t i = 0; i < sizes.size(); i++)
                outputs.push_back(desc.outputs[i] == nullptr ? nullptr : results[i].data());
            GuardedBuffer<std::byte> scratch((op->scratch_bytes(batch, threads) + 63) / 64 * 64);
            op->run({batch, inputs.data(), outputs.data(), scratch.data(), threads});
            for (size_t i = 0; i < sizes.size(); i++) {
                if (scalar.size() <= i) scalar.push_back(results[i].copy());
                EXPECT_TRUE(same_bits(results[i].copy(), scalar[i]));
            }
        }
        coverage.ran(isa);
    }
    return scalar;
}

struct Moments {
    double sum = 0, squares = 0, n = 0;
};

TEST(LayerNorm, FromAnyAxisOn) {
    Coverage coverage("layer norm");
    Sweep(300).run([&](Random& random) {
        const size_t rank = static_cast<size_t>(random.integer(2, 5));
        Dims dims = random_dims(random, rank);
        const bool batched = random.chance(0.6);
        if (batched) dims[0] = random.integer(1, 4);
        if (random.chance(0.03)) dims[rank - 1] = random.integer(5000, 9000);
        int axis = static_cast<int>(random.integer(batched ? 1 : 0, static_cast<int64_t>(rank) - 1));
        const octavo_layout layout = random_layout(random, rank);
        if (layout == OCTAVO_NHWC) axis = 1;
        Tensor x = tensor(OCTAVO_F32, dims, batched, layout);
        const float middle = random.pick({0.0f, 1.0f, 1000.0f});
        fill(random, &x, middle, random.pick({0.1f, 2.0f}));
        const bool rms = random.chance(0.3);
        Dims inner(dims.begin() + axis, dims.end());
        std::vector<Tensor> parameters;
        for (int i = 0; i < 2; i++) {
            Dims own = inner;
            for (int64_t& d : own)
                if (random.chance(0.2)) d = 1;
            parameters.push_back(tensor(OCTAVO_F32, own, false));
            fill(random, &parameters.back(), 1, 0.3f);
            make_constant(&parameters.back());
        }
        Dims rows = dims;
        for (size_t d = static_cast<size_t>(axis); d < rank; d++) rows[d] = 1;
        const Tensor statistic = tensor(OCTAVO_F32, rows, batched);
        const bool with_scale = random.chance(0.7), with_bias = random.chance(0.7);
        const bool with_mean = random.chance(0.5), with_inverse = random.chance(0.5);
        OpDesc d = operator_desc(OCTAVO_OP_LAYER_NORM, {&x.value}, x.value, Isa::scalar);
        d.inputs.push_back(with_scale ? &parameters[0].value : nullptr);
        d.inputs.push_back(with_bias ? &parameters[1].value : nullptr);
        d.outputs = {&x.value, with_mean ? &statistic.value : nullptr, with_inverse ? &statistic.value : nullptr};
        d.attributes.axis = axis;
        d.attributes.rms = rms;
        d.attributes.epsilon = 1e-5f;
        const auto size = static_cast<size_t>(product(dims)), count = static_cast<size_t>(product(rows));
        const auto found =
            run_everywhere(d, batched ? dims[0] : 1, {x.data.data(), nullptr, nullptr}, {size, count, count}, coverage);
        std::vector<Moments> moments(count);
        const auto row_of = [&](Dims at) {
            for (size_t i = static_cast<size_t>(axis); i < rank; i++) at[i] = 0;
            return static_cast<size_t>(statistic.place(at));
        };
        each_index(dims, [&](const Dims& at) {
            Moments& m = moments[row_of(at)];
            m.sum += x.as<float>()[x.place(at)];
            m.n++;
        });
        each_index(dims, [&](const Dims& at) {
            Moments& m = moments[row_of(at)];
            const double from = x.as<float>()[x.place(at)] - (rms ? 0 : m.sum / m.n);
            m.squares += from * from;
        });
        each_index(dims, [&](const Dims& at) {
            const size_t row = row_of(at), place = static_cast<size_t>(x.place(at));
            const Moments& m = moments[row];
            const double mean = rms ? 0 : m.sum / m.n, inverse = 1 / std::sqrt(m.squares / m.n + double{1e-5f});
            const auto parameter = [&](bool with, Tensor& t, double otherwise) {
                return with ? double{t.as<float>()[t.broadcast_place(at)]} : otherwise;
            };
            const double scale = parameter(with_scale, parameters[0], 1), bias = parameter(with_bias, parameters[1], 0);
            const double normal = (x.as<float>()[place] - mean) * inverse;
            EXPECT_NEAR(found[0][place], normal * scale + bias,
                        2e-6 * (std::fabs(normal * scale) + std::fabs(bias) + 1));
            if (with_mean) {
                EXPECT_NEAR(found[1][row], mean, 1e-6 * std::fabs(mean) + 1e-7);
            }
            if (with_inverse) {
                EXPECT_NEAR(found[2][row], inverse, 3e-6 * inverse);
            }
        });
        return true;
    });
}

TEST(LayerNorm, ARowThatIsNoNumberStaysNone) {
    Tensor x = tensor(OCTAVO_F32, {3, 20}, false);
    for (int i = 0; i < 60; i++) x.as<float>()[i] = static_cast<float>(i % 7);
    x.as<float>()[3] = std::nanf("");
    x.as<float>()[25] = HUGE_VALF;
    for (Isa isa : available_isas()) {
        OpDesc d = operator_desc(OCTAVO_OP_LAYER_NORM, {&x.value}, x.value, isa);
        d.attributes.epsilon = 1e-5f;
        const auto y = run_op<float>(*create_op(d), 1, 1, {x.data.data()}, 60);
        for (int i = 0; i < 60; i++) EXPECT_EQ(std::isnan(y[i]), i < 40) << i;
    }
}

TEST(GroupNorm, AnyGroupsAndLayouts) {
    Coverage coverage("group norm");
    Sweep(300).run([&](Random& random) {
        const size_t rank = static_cast<size_t>(random.integer(2, 5));
        Dims dims = random_dims(random, rank);
        const bool batched = random.chance(0.6);
        const int64_t groups = random.pick({1, 2, 3, 5, 8}), channels = groups * random.pick({1, 2, 3, 8});
        dims[0] = random.integer(1, 4);
        dims[1] = channels;
        if (rank == 4 && random.chance(0.1)) dims[2] = random.integer(100, 300);
        Tensor x = tensor(OCTAVO_F32, dims, batched, random_layout(random, rank));
        Tensor scale = tensor(OCTAVO_F32, {channels}, false), bias = tensor(OCTAVO_F32, {channels}, false);
        fill(random, &x, random.pick({0.0f, 100.0f}), 1.5f);
        fill(random, &scale, 1, 0.3f);
        fill(random, &bias, 0, 0.3f);
        if (random.chance(0.5)) make_constant(&scale);
        OpDesc d = operator_desc(OCTAVO_OP_GROUP_NORM, {&x.value, &scale.value, &bias.value}, x.value, Isa::scalar);
        d.attributes.groups = static_cast<int32_t>(groups);
        d.attributes.epsilon = 1e-5f;
        const auto found = run_everywhere(d, batched ? dims[0] : 1, {x.data.data(), scale.run_time(), bias.data.data()},
                                          {static_cast<size_t>(product(dims))}, coverage);
        std::vector<Moments> moments(static_cast<size_t>(dims[0] * groups));
        const auto group_of = [&](const Dims& at) {
            return static_cast<size_t>(at[0] * groups + at[1] / (channels / groups));
        };
        each_index(dims, [&](const Dims& at) {
            Moments& m = moments[group_of(at)];
            m.sum += x.as<float>()[x.place(at)];
            m.n++;
        });
        each_index(dims, [&](const Dims& at) {
            Moments& m = moments[group_of(at)];
            const double from = x.as<float>()[x.place(at)] - m.sum / m.n;
            m.squares += from * from;
        });
        each_index(dims, [&](const Dims& at) {
            const Moments& m = moments[group_of(at)];
            const auto place = static_cast<size_t>(x.place(at));
            const double normal = (x.as<float>()[place] - m.sum / m.n) / std::sqrt(m.squares / m.n + double{1e-5f});
            const double expected = normal * scale.as<float>()[at[1]] + bias.as<float>()[at[1]];
            EXPECT_NEAR(found[0][place], expected, 2e-6 * (std::fabs(normal) + 1));
        });
        return true;
    });
}

TEST(LocalResponse, AnySizesAndLayouts) {
    Coverage coverage("local response");
    Sweep(300).run([&](Random& random) {
        const size_t rank = static_cast<size_t>(random.integer(2, 5));
        Dims dims = random_dims(random, rank);
        const bool batched = random.chance(0.6);
        dims[0] = random.integer(1, 3);
        dims[1] = random.pick({1, 2, 5, 17, 64, 600});
        Tensor x = tensor(OCTAVO_F32, dims, batched, random_layout(random, rank));
        fill(random, &x, 0, 2);
        OpDesc d = operator_desc(OCTAVO_OP_LOCAL_RESPONSE, {&x.value}, x.value, Isa::scalar);
        const int64_t size = random.pick({1, 2, 3, 5, 8, 700});
        d.attributes.size = static_cast<int32_t>(size);
        d.attributes.alpha = random.pick({0.0001f, 0.5f});
        d.attributes.beta = random.pick({0.75f, 0.5f, 1.0f});
        d.attributes.bias = random.pick({1.0f, 2.0f});
        const auto found =
            run_everywhere(d, batched ? dims[0] : 1, {x.data.data()}, {static_cast<size_t>(product(dims))}, coverage);
        each_index(dims, [&](Dims at) {
            const auto place = static_cast<size_t>(x.place(at));
            const int64_t channel = at[1];
            double sum = 0;
            for (int64_t c = std::max<int64_t>(0, channel - (size - 1) / 2);
                 c <= std::min(dims[1] - 1, channel + size / 2); c++) {
                at[1] = c;
                const double v = x.as<float>()[x.place(at)];
                sum += v * v;
            }
            const double base =
                double{d.attributes.bias} + double{d.attributes.alpha} / static_cast<double>(size) * sum;
            const double expected = x.as<float>()[place] / std::pow(base, double{d.attributes.beta});
            EXPECT_NEAR(found[0][place], expected, 3e-6 * std::fabs(expected) + 1e-9);
        });
        return true;
    });
}

std::string refusal(const OpDesc& desc) {
    try {
        create_op(desc);
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

TEST(Normalization, RefusesWhatDoesNotFit) {
    const Tensor x = tensor(OCTAVO_F32, {2, 6, 4}, true), six = tensor(OCTAVO_F32, {6}, false),
                 four = tensor(OCTAVO_F32, {4}, false);
    OpDesc d = operator_desc(OCTAVO_OP_GROUP_NORM, {&x.value, &six.value, &six.value}, x.value, Isa::scalar);
    d.attributes.groups = 4;
    EXPECT_NE(refusal(d).find("4 groups do not divide the 6 channels of \"t\""), std::string::npos);
    d.attributes.groups = 3;
    EXPECT_EQ(refusal(d), "");
    d.inputs[1] = &four.value;
    EXPECT_NE(refusal(d).find("has shape [4] instead of [6], one a channel"), std::string::npos);
    OpDesc layer = operator_desc(OCTAVO_OP_LAYER_NORM, {&x.value, &six.value}, x.value, Isa::scalar);
    layer.attributes.axis = 0;
    EXPECT_NE(refusal(layer).find("along axis 0, the batch of \"t\""), std::string::npos);
    layer.attributes.axis = 2;
    EXPECT_NE(refusal(layer).find("has shape [6], expected one that is broadcast"), std::string::npos);
    layer.inputs[1] = &four.value;
    EXPECT_EQ(refusal(layer), "");
    layer.outputs.push_back(&x.value);
    EXPECT_NE(refusal(layer).find("with 1 from the axis on"), std::string::npos);
    const Tensor image = tensor(OCTAVO_F32, {2, 3, 4, 5}, true, OCTAVO_NHWC);
    OpDesc last = operator_desc(OCTAVO_OP_LAYER_NORM, {&image.value}, image.value, Isa::scalar);
    last.attributes.axis = 3;
    EXPECT_NE(refusal(last).find("which lies channels last"), std::string::npos);
}

}  // namespace
}  // namespace octavo::test

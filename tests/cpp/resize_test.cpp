// Resize against sums over all elements of x, in double; equal bits on every instruction set and number of threads.
#include "support/movement.h"

#include <cmath>

#include "support/values.h"

namespace octavo::test {
namespace {

struct Shares {
    std::vector<double> of;  // of each element along an axis
    bool outside = false;
};

// What ONNX's Resize says, written out for one axis: each element's share in place i.
Shares shares(const Attributes& a, int64_t i, int64_t n, int64_t m, double scale, double start, double end) {
    const auto size = static_cast<double>(n), to = static_cast<double>(m), at = static_cast<double>(i);
    double x = (at + 0.5) / scale - 0.5;
    if (a.coordinates == OCTAVO_HALF_PIXEL_SYMMETRIC)
        x = size / 2 * (1 - to / (size * scale)) + (at + 0.5) / scale - 0.5;
    if (a.coordinates == OCTAVO_PYTORCH_HALF_PIXEL && m == 1) x = 0;
    if (a.coordinates == OCTAVO_ALIGN_CORNERS) x = size * scale == 1 ? 0 : at * (size - 1) / (size * scale - 1);
    if (a.coordinates == OCTAVO_ASYMMETRIC) x = at / scale;
    if (a.coordinates == OCTAVO_TF_HALF_PIXEL_FOR_NN) x = (at + 0.5) / scale;
    if (a.coordinates == OCTAVO_TF_CROP_AND_RESIZE)
        x = m == 1 ? (start + end) * (size - 1) / 2 : start * (size - 1) + at * (end - start) * (size - 1) / (to - 1);
    Shares found{std::vector<double>(static_cast<size_t>(n), 0.0)};
    found.outside = a.coordinates == OCTAVO_TF_CROP_AND_RESIZE && (x < 0 || x > size - 1);
    const auto add = [&](double place, double share) {
        found.of[static_cast<size_t>(std::min(std::max(place, 0.0), size - 1))] += share;
    };
    if (a.interpolation == OCTAVO_NEAREST) {
        add(a.nearest == OCTAVO_CEIL                ? std::ceil(x)
            : a.nearest == OCTAVO_ROUND_PREFER_CEIL ? std::floor(x + 0.5)
            : a.nearest == OCTAVO_FLOOR             ? std::floor(x)
                                                    : std::ceil(x - 0.5),
            1);
        return found;
    }
    const double width = a.antialias ? std::min(scale, 1.0) : 1, cubic = static_cast<double>(a.cubic_a);
    double total = 0;
    std::vector<std::pair<double, double>> all;
    for (double k = std::floor(x) - 3 / width - 3; k <= x + 3 / width + 3; k++) {
        const double place = std::floor(k), d = std::fabs(place - x) * width;
        double share = a.interpolation == OCTAVO_LINEAR ? std::max(0.0, 1 - d)
                       : d <= 1                         ? (cubic + 2) * d * d * d - (cubic + 3) * d * d + 1
                       : d < 2 ? cubic * d * d * d - 5 * cubic * d * d + 8 * cubic * d - 4 * cubic
                               : 0;
        if (a.exclude_outside && (place < 0 || place >= size)) share = 0;
        all.emplace_back(place, share);
        total += share;
    }
    for (const auto& [place, share] : all) add(place, share / total);
    return found;
}

struct ResizeCase {
    Attributes a;
    Value x, y;
    int64_t batch;
    std::vector<std::vector<Shares>> along;  // by axis and place
};

ResizeCase random_case(Random& random, octavo_dtype dtype, int interpolation) {
    ResizeCase c;
    const bool batched = random.chance(0.6);
    c.batch = batched ? random.integer(1, 2) : 1;
    const int64_t rank = random.chance(0.7) ? 4 : random.integer(batched ? 2 : 1, 5);
    const Index dims = any_dims(random, rank, batched, random.chance(0.02) ? 30000 : 300);
    c.a.kind = OCTAVO_OP_RESIZE;
    c.a.interpolation = interpolation;
    c.a.coordinates = static_cast<int>(random.integer(OCTAVO_HALF_PIXEL, OCTAVO_TF_CROP_AND_RESIZE));
    c.a.nearest = static_cast<int>(random.integer(OCTAVO_ROUND_PREFER_FLOOR, OCTAVO_CEIL));
    c.a.exclude_outside = random.chance(0.3);
    c.a.antialias = interpolation != OCTAVO_NEAREST && random.chance(0.3);
    c.a.cubic_a = random.pick({-0.75f, -0.5f});
    c.a.extrapolation = random.pick({0.0f, 3.0f});
    Index to = dims;
    std::vector<int> axes;
    for (int64_t d = batched ? 1 : 0; d < rank; d++)
        if (random.chance(rank == 4 && d > 1 ? 0.8 : 0.3)) axes.push_back(static_cast<int>(d));
    if (axes.empty()) axes.push_back(static_cast<int>(rank - 1));
    const bool by_scale = random.chance(0.5);
    std::copy(axes.begin(), axes.end(), c.a.axes);
    c.a.axis_count = static_cast<int>(axes.size());
    std::vector<double> scales(dims.size(), 1.0), starts(dims.size(), 0.0), ends(dims.size(), 1.0);
    for (size_t k = 0; k < axes.size(); k++) {
        const auto d = static_cast<size_t>(axes[k]);
        const int64_t n = dims[d];
        float scale = random.pick({2.0f, 0.5f, 1.0f, 3.0f, 1.5f, 0.7f, 2.3f});
        if (std::floor(static_cast<float>(n) * scale) < 1) scale = 1;
        to[d] = static_cast<int64_t>(std::floor(static_cast<double>(n) * static_cast<double>(scale)));
        scales[d] = by_scale ? static_cast<double>(scale) : static_cast<double>(to[d]) / static_cast<double>(n);
        if (by_scale) c.a.scales[c.a.scale_count++] = scale;
        starts[d] = static_cast<double>(c.a.roi[k] = random.pick({0.0f, 0.25f, -0.125f}));
        ends[d] = static_cast<double>(c.a.roi[axes.size() + k] = random.pick({1.0f, 0.75f, 1.25f}));
    }
    c.a.roi_count = static_cast<int>(2 * axes.size());
    c.x = moved(dtype, dims, batched, any_layout(random, dims));
    c.y = moved(dtype, to, batched, c.x.layout);
    for (size_t d = 0; d < dims.size(); d++) {
        const bool resized = std::find(axes.begin(), axes.end(), static_cast<int>(d)) != axes.end();
        c.along.emplace_back();
        for (int64_t i = 0; i < (d == 0 && batched ? c.batch : to[d]); i++) {
            if (resized) {
                c.along[d].push_back(shares(c.a, i, dims[d], to[d], scales[d], starts[d], ends[d]));
            } else {
                Shares one{std::vector<double>(static_cast<size_t>(d == 0 && batched ? c.batch : dims[d]), 0.0)};
                one.of[static_cast<size_t>(i)] = 1;
                c.along[d].push_back(one);
            }
        }
    }
    return c;
}

template <class T>
void check_resize(Random& random, octavo_dtype dtype, int interpolation, Coverage& coverage) {
    ResizeCase c = random_case(random, dtype, interpolation);
    const Index from = run_dims(c.x, c.batch), to = run_dims(c.y, c.batch);
    std::vector<T> x(static_cast<size_t>(product(from)));
    for (T& value : x)
        value = static_cast<T>(dtype == OCTAVO_F32 ? random.normal()
                                                   : static_cast<float>(random.integer(c.x.code_min, c.x.code_max)));
    std::vector<double> expected(static_cast<size_t>(product(to)));
    each_index(to, [&](const Index& index) {
        double& sum = expected[place_of(index, to, c.y.layout)];
        for (size_t d = 0; d < to.size(); d++) {
            if (!c.along[d][static_cast<size_t>(index[d])].outside) continue;
            const double value = static_cast<double>(c.a.extrapolation);
            sum = dtype == OCTAVO_F32 ? value : value / 0.5 + c.y.zero_points[0];
            return;
        }
        // Along one axis after the other, elements without a share left out.
        Index at(to.size(), 0);
        const auto add = [&](const auto& self, size_t d, double share) -> void {
            if (d == to.size()) {
                sum += share * static_cast<double>(x[place_of(at, from, c.x.layout)]);
                return;
            }
            const std::vector<double>& of = c.along[d][static_cast<size_t>(index[d])].of;
            for (size_t k = 0; k < of.size(); k++) {
                if (of[k] == 0) continue;
                at[d] = static_cast<int64_t>(k);
                self(self, d + 1, share * of[k]);
            }
        };
        add(add, 0, 1.0);
    });
    std::vector<T> definition;
    for (Isa isa : available_isas()) {
        OpDesc desc{"under test", c.a, {&c.x}, {&c.y}, isa};
        const auto op = create_op(desc);
        SCOPED_TRACE(op->kernel());
        for (int threads : {1, static_cast<int>(random.pick({2, 3, 7}))}) {
            const Guard guard = random.pick({Guard::after, Guard::before});
            const GuardedBuffer<T> in(x, guard);
            const std::vector<T> found = run_op<T>(*op, c.batch, threads, {in.data()}, expected.size(), guard);
            if (definition.empty()) {
                definition = found;
                for (size_t i = 0; i < found.size(); i++) {
                    if (dtype == OCTAVO_F32) {
                        ASSERT_NEAR(static_cast<double>(found[i]), expected[i], 3e-5) << "element " << i;
                    } else {
                        // Sums in float may fall on the other side of a tie.
                        const double code = std::min(std::max(expected[i], c.y.code_min + 0.0), c.y.code_max + 0.0);
                        ASSERT_LE(std::fabs(static_cast<double>(found[i]) - code), 0.5 + 1e-3) << "element " << i;
                    }
                }
            }
            ASSERT_TRUE(same_bits(found, definition));
        }
        coverage.ran(isa);
    }
}

TEST(Resize, NearestTakesElements) {
    Coverage coverage("resize nearest");
    Sweep(300).run([&](Random& random) {
        if (random.chance(0.5))
            check_resize<float>(random, OCTAVO_F32, OCTAVO_NEAREST, coverage);
        else
            check_resize<uint8_t>(random, OCTAVO_U8, OCTAVO_NEAREST, coverage);
        return true;
    });
}

TEST(Resize, LinearAndCubicOfFloats) {
    Coverage coverage("resize of floats");
    Sweep(400).run([&](Random& random) {
        check_resize<float>(random, OCTAVO_F32, random.pick({OCTAVO_LINEAR, OCTAVO_CUBIC}), coverage);
        return true;
    });
}

TEST(Resize, LinearAndCubicOfCodes) {
    Coverage coverage("resize of codes");
    Sweep(400).run([&](Random& random) {
        const int interpolation = random.pick({OCTAVO_LINEAR, OCTAVO_CUBIC});
        if (random.chance(0.5))
            check_resize<uint8_t>(random, OCTAVO_U8, interpolation, coverage);
        else
            check_resize<int8_t>(random, OCTAVO_S8, interpolation, coverage);
        return true;
    });
}

TEST(Resize, TwiceAsLargeByHand) {
    const Value x = moved(OCTAVO_U8, {1, 1, 1, 2}, true, OCTAVO_NHWC),
                y = moved(OCTAVO_U8, {1, 1, 1, 4}, true, OCTAVO_NHWC);
    for (Isa isa : available_isas()) {
        OpDesc desc{"under test", {}, {&x}, {&y}, isa};
        desc.attributes.kind = OCTAVO_OP_RESIZE;
        desc.attributes.interpolation = OCTAVO_LINEAR;
        const uint8_t codes[] = {10, 20};  // 12.5 and 17.5 between: ties to even
        EXPECT_EQ(run_op<uint8_t>(*create_op(desc), 1, 1, {codes}, 4), (std::vector<uint8_t>{10, 12, 18, 20}));
        desc.attributes.interpolation = OCTAVO_NEAREST;
        EXPECT_EQ(run_op<uint8_t>(*create_op(desc), 1, 1, {codes}, 4), (std::vector<uint8_t>{10, 10, 20, 20}));
    }
}

TEST(Resize, MessagesNameWhatDoesNotFit) {
    const Value x = moved(OCTAVO_F32, {1, 2, 4, 4}, true), y = moved(OCTAVO_F32, {1, 2, 8, 8}, true);
    const auto expect = [](const OpDesc& desc, octavo_status status, const std::string& part) {
        try {
            create_op(desc);
            ADD_FAILURE() << "nothing fails, expected " << part;
        } catch (const Error& error) {
            EXPECT_EQ(error.status(), status) << error.what();
            EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
        }
    };
    OpDesc desc{"grows", {}, {&x}, {&y}, Isa::scalar};
    desc.attributes.kind = OCTAVO_OP_RESIZE;
    desc.attributes.interpolation = OCTAVO_LINEAR;
    desc.attributes.axis_count = 1;
    desc.attributes.axes[0] = 3;
    expect(desc, OCTAVO_SHAPE_MISMATCH, "expected 4 in dimension 2");
    desc.attributes.axis_count = 0;
    desc.attributes.scale_count = 2;
    expect(desc, OCTAVO_SHAPE_MISMATCH, "scales has 2 numbers, expected 4");
    desc.attributes.scale_count = 0;
    desc.attributes.coordinates = OCTAVO_TF_CROP_AND_RESIZE;
    expect(desc, OCTAVO_SHAPE_MISMATCH, "roi has 0 numbers, expected 8");
    desc.attributes.coordinates = OCTAVO_HALF_PIXEL;
    desc.attributes.interpolation = OCTAVO_CUBIC;
    desc.attributes.cubic_a = 1e30f;
    expect(desc, OCTAVO_UNSUPPORTED, "weights are too large");
    desc.attributes.interpolation = OCTAVO_LINEAR;
    Value nhwc = y;
    nhwc.layout = OCTAVO_NHWC;
    desc.outputs = {&nhwc};
    expect(desc, OCTAVO_UNSUPPORTED, "different layouts");
    desc.outputs = {&y};
    desc.attributes.antialias = 1;
    desc.attributes.scale_count = 4;
    for (float& scale : desc.attributes.scales) scale = 1e-30f;
    expect(desc, OCTAVO_UNSUPPORTED, "too many weights");
}

}  // namespace
}  // namespace octavo::test

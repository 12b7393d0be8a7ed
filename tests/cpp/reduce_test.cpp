// Reductions and softmax along any axes, of any shapes and layouts, against plain loops in double or integers, on every instruction set
// and with several threads.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/agree.h"
#include "support/coverage.h"
#include "support/shapes.h"

namespace octavo::test {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

// x, the axes, and y with its shape.
struct Case {
    Tensor x, y;
    std::vector<int> axes;
    int64_t batch = 1, count = 1;

    Case(Random& random, octavo_dtype dtype) {
        const size_t rank = static_cast<size_t>(random.integer(1, 6));
        Dims dims = random_dims(random, rank);
        const bool batched = rank > 1 && random.chance(0.6);
        if (random.chance(0.03) && rank > 2) dims[rank - 2] = random.integer(500, 1500);  // for several threads
        if (batched) batch = dims[0] = random.integer(1, 4);
        x = tensor(dtype, dims, batched, random_layout(random, rank));
        for (int axis = batched ? 1 : 0; axis < static_cast<int>(rank); axis++)
            if (random.chance(0.5)) axes.push_back(axis);
        if (axes.empty()) axes.push_back(static_cast<int>(rank) - 1);
        const bool keep = random.chance(0.5);
        Dims kept;
        for (int axis = 0; axis < static_cast<int>(rank); axis++) {
            const bool gone = reduces(axis);
            if (gone) count *= dims[axis];
            if (!gone || keep) kept.push_back(gone ? 1 : dims[axis]);
        }
        y = tensor(dtype, kept, batched, random_layout(random, kept.size()));
    }

    bool reduces(int axis) const { return std::find(axes.begin(), axes.end(), axis) != axes.end(); }
    int64_t place_in_y(const Dims& at) const {
        Dims to;
        for (int axis = 0; axis < static_cast<int>(at.size()); axis++) {
            if (!reduces(axis)) to.push_back(at[axis]);
            if (reduces(axis) && y.dims.size() == at.size()) to.push_back(0);
        }
        return y.place(to);
    }
    OpDesc desc(int kind) const {
        OpDesc d = operator_desc(OCTAVO_OP_REDUCE, {&x.value}, y.value, Isa::scalar);
        d.attributes.function = kind;
        for (int axis : axes) d.attributes.axes[d.attributes.axis_count++] = axis;
        return d;
    }
    // f(accumulated, element) over the elements of each result, in the order of logical indices.
    template <class A, class T, class F>
    std::vector<A> fold(A start, const F& f) {
        std::vector<A> sums(static_cast<size_t>(product(y.dims)), start);
        each_index(x.dims, [&](const Dims& at) {
            A& sum = sums[static_cast<size_t>(place_in_y(at))];
            sum = f(sum, x.as<T>()[x.place(at)]);
        });
        return sums;
    }
};

// The same bits on every instruction set and number of threads; those of scalar.
template <class T>
std::vector<T> run_everywhere(Random& random, const Case& c, OpDesc desc, Coverage& coverage) {
    const size_t size = static_cast<size_t>(product(c.y.dims));
    std::vector<T> scalar;
    for (Isa isa : available_isas()) {
        desc.isa = isa;
        const auto op = create_op(desc);
        SCOPED_TRACE(op->kernel() + " " + c.x.value.shape_text());
        EXPECT_FALSE(op->couples_batch());
        for (int threads : {1, 3}) {
            const Guard guard = random.pick({Guard::after, Guard::before});
            const GuardedBuffer<std::byte> input(c.x.data, guard);
            const std::vector<T> found = run_op<T>(*op, c.batch, threads, {input.data()}, size, guard);
            if (scalar.empty()) scalar = found;
            EXPECT_TRUE(same_bits(found, scalar));
        }
        coverage.ran(isa);
    }
    return scalar;
}

std::vector<double> exact(Case& c, int kind) {
    const auto add = [](double a, double b) { return a + b; };
    switch (kind) {
        case OCTAVO_REDUCE_MAX:
            return c.fold<double, float>(-infinity, [](double a, float b) { return std::fmax(a, b); });
        case OCTAVO_REDUCE_MIN:
            return c.fold<double, float>(infinity, [](double a, float b) { return std::fmin(a, b); });
        case OCTAVO_REDUCE_PROD:
            return c.fold<double, float>(1, [](double a, float b) { return a * b; });
        case OCTAVO_REDUCE_L1:
            return c.fold<double, float>(0, [](double a, float b) { return a + std::fabs(b); });
        case OCTAVO_REDUCE_L2:
        case OCTAVO_REDUCE_SUM_SQUARE: {
            auto sums = c.fold<double, float>(0, [](double a, float b) { return a + double{b} * b; });
            for (double& s : sums)
                if (kind == OCTAVO_REDUCE_L2) s = std::sqrt(s);
            return sums;
        }
        case OCTAVO_REDUCE_LOG_SUM_EXP: {
            auto sums = c.fold<double, float>(0, [](double a, float b) { return a + std::exp(double{b}); });
            for (double& s : sums) s = std::log(s);
            return sums;
        }
        default: {
            auto sums = c.fold<double, float>(0, add);
            for (double& s : sums) {
                if (kind == OCTAVO_REDUCE_MEAN) s /= static_cast<double>(c.count);
                if (kind == OCTAVO_REDUCE_LOG_SUM) s = std::log(s);
            }
            return sums;
        }
    }
}

TEST(Reduce, FloatsOfAnyAxes) {
    Coverage coverage("reduce f32");
    Sweep(500).run([&](Random& random) {
        Case c(random, OCTAVO_F32);
        const int kind = static_cast<int>(random.integer(0, OCTAVO_REDUCE_LOG_SUM_EXP));
        const bool positive = kind == OCTAVO_REDUCE_LOG_SUM;
        for (int64_t i = 0; i < product(c.x.dims); i++)
            c.x.as<float>()[i] = kind == OCTAVO_REDUCE_PROD ? random.real(0.9f, 1.1f)
                                 : positive                 ? random.real(0.1f, 3.0f)
                                                            : random.real(-3.0f, 5.0f);
        const std::vector<float> found = run_everywhere<float>(random, c, c.desc(kind), coverage);
        const std::vector<double> expected = exact(c, kind);
        for (size_t i = 0; i < found.size(); i++) {
            const double bound = 1e-6 * std::fabs(expected[i]) +
                                 (kind == OCTAVO_REDUCE_LOG_SUM || kind == OCTAVO_REDUCE_LOG_SUM_EXP ? 1e-6 : 1e-12);
            EXPECT_NEAR(found[i], expected[i], bound) << "kind " << kind << " at " << i;
        }
        return true;
    });
}

TEST(Reduce, SpecialFloats) {
    const float nan = std::nanf("");
    // Rows of 20, of columns too: with a NaN, of -inf alone, with +inf, of great numbers.
    const std::vector<float> values = {nan, -infinity, infinity, 1000};
    for (bool along : {true, false}) {
        Tensor x = tensor(OCTAVO_F32, along ? Dims{4, 20} : Dims{20, 4}, false), y = tensor(OCTAVO_F32, {4}, false);
        for (int row = 0; row < 4; row++)
            for (int i = 0; i < 20; i++) {
                const bool fill = row == 1 || row == 3 || i == 7;
                x.as<float>()[along ? row * 20 + i : i * 4 + row] = fill ? values[row] : static_cast<float>(i);
            }
        for (Isa isa : available_isas()) {
            const auto of = [&](int kind) {
                OpDesc d = operator_desc(OCTAVO_OP_REDUCE, {&x.value}, y.value, isa);
                d.attributes.function = kind;
                d.attributes.axes[0] = along ? 1 : 0;
                d.attributes.axis_count = 1;
                return run_op<float>(*create_op(d), 1, 1, {x.data.data()}, 4);
            };
            const auto most = of(OCTAVO_REDUCE_MAX), least = of(OCTAVO_REDUCE_MIN), log = of(OCTAVO_REDUCE_LOG_SUM_EXP);
            EXPECT_TRUE(std::isnan(most[0]));
            EXPECT_TRUE(std::isnan(least[0]));
            EXPECT_TRUE(std::isnan(log[0]));
            EXPECT_EQ(most[1], -infinity);
            EXPECT_EQ(least[1], -infinity);
            EXPECT_EQ(log[1], -infinity);
            EXPECT_EQ(most[2], infinity);
            EXPECT_EQ(least[2], 0);
            EXPECT_EQ(log[2], infinity);
            EXPECT_NEAR(log[3], 1000 + std::log(20.0), 1e-3);
        }
    }
}

template <class T>
void integers(octavo_dtype dtype) {
    Coverage coverage("reduce integers");
    Sweep(100).run([&](Random& random) {
        Case c(random, dtype);
        for (int64_t i = 0; i < product(c.x.dims); i++) c.x.as<T>()[i] = static_cast<T>(random.integer(-100, 100));
        const int kind = random.pick(
            {OCTAVO_REDUCE_SUM, OCTAVO_REDUCE_MEAN, OCTAVO_REDUCE_MAX, OCTAVO_REDUCE_MIN, OCTAVO_REDUCE_PROD});
        const std::vector<T> found = run_everywhere<T>(random, c, c.desc(kind), coverage);
        const bool low = kind == OCTAVO_REDUCE_MAX, high = kind == OCTAVO_REDUCE_MIN;
        const int64_t start = low ? INT64_MIN : high ? INT64_MAX : kind == OCTAVO_REDUCE_PROD ? 1 : 0;
        const auto sums = c.template fold<int64_t, T>(start, [&](int64_t a, T b) {
            if (low) return std::max<int64_t>(a, b);
            if (high) return std::min<int64_t>(a, b);
            if (kind == OCTAVO_REDUCE_PROD)
                return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(int64_t{b}));
            return a + b;
        });
        for (size_t i = 0; i < found.size(); i++)
            EXPECT_EQ(found[i], static_cast<T>(kind == OCTAVO_REDUCE_MEAN ? sums[i] / c.count : sums[i])) << kind;
        return true;
    });
}

TEST(Reduce, Integers) {
    integers<uint8_t>(OCTAVO_U8);
    integers<int8_t>(OCTAVO_S8);
    integers<int32_t>(OCTAVO_S32);
    integers<int64_t>(OCTAVO_S64);
}

template <class T>
void codes(octavo_dtype dtype) {
    Coverage coverage("reduce codes");
    const int least = dtype == OCTAVO_S8 ? -128 : 0;
    Sweep(250).run([&](Random& random) {
        Case c(random, dtype);
        for (Value* value : {&c.x.value, &c.y.value}) {
            value->scales = {0.1f};
            value->zero_points = {least + 7};
            value->code_min = least;
            value->code_max = least + 255;
        }
        if (random.chance(0.2)) {
            c.y.value.code_min = least + 30;
            c.y.value.code_max = least + 180;
        }
        for (int64_t i = 0; i < product(c.x.dims); i++)
            c.x.as<T>()[i] = static_cast<T>(random.integer(least, least + 255));
        const int kind = random.pick({OCTAVO_REDUCE_MEAN, OCTAVO_REDUCE_MAX, OCTAVO_REDUCE_MIN});
        const bool own = kind == OCTAVO_REDUCE_MEAN && random.chance(0.5);  // a scale of its own
        if (own) {
            c.y.value.scales = {random.pick({0.1f, 0.0312f, 0.7f, 1e-20f})};
            c.y.value.zero_points = {least + static_cast<int>(random.integer(0, 255))};
        }
        const std::vector<T> found = run_everywhere<T>(random, c, c.desc(kind), coverage);
        const double start = kind == OCTAVO_REDUCE_MAX ? -1000 : kind == OCTAVO_REDUCE_MIN ? 1000 : 0;
        const auto sums = c.template fold<double, T>(start, [&](double a, T b) {
            return kind == OCTAVO_REDUCE_MAX ? std::fmax(a, b) : kind == OCTAVO_REDUCE_MIN ? std::fmin(a, b) : a + b;
        });
        for (size_t i = 0; i < found.size(); i++) {
            double q = kind == OCTAVO_REDUCE_MEAN ? std::nearbyint(sums[i] / static_cast<double>(c.count)) : sums[i];
            if (own && (c.y.value.scales != c.x.value.scales || c.y.value.zero_points != c.x.value.zero_points)) {
                const double count = static_cast<double>(c.count), scale = c.y.value.scales[0];
                q = std::nearbyint((sums[i] - count * (least + 7)) * c.x.value.scales[0] / (count * scale));
                q += c.y.value.zero_points[0];
            }
            EXPECT_EQ(int{found[i]}, std::fmin(std::fmax(q, c.y.value.code_min), c.y.value.code_max)) << kind;
        }
        return true;
    });
}

TEST(Reduce, CodesKeepTheirParametersOrMeansHaveTheirOwn) {
    codes<uint8_t>(OCTAVO_U8);
    codes<int8_t>(OCTAVO_S8);
}

std::string refusal(const OpDesc& desc) {
    try {
        create_op(desc);
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

TEST(Reduce, RefusesWhatDoesNotFit) {
    const Tensor x = tensor(OCTAVO_F32, {2, 3, 4}, true), y = tensor(OCTAVO_F32, {2, 3}, true);
    const auto message = [&](std::vector<int> axes, const Tensor& to, int kind = OCTAVO_REDUCE_SUM) {
        OpDesc d = operator_desc(OCTAVO_OP_REDUCE, {&x.value}, to.value, Isa::scalar);
        d.attributes.function = kind;
        for (int axis : axes) d.attributes.axes[d.attributes.axis_count++] = axis;
        return refusal(d);
    };
    EXPECT_EQ(message({2}, y), "");
    EXPECT_EQ(message({2}, tensor(OCTAVO_F32, {2, 3, 1}, true)), "");
    EXPECT_NE(message({0}, y).find("along axis 0, the batch of \"t\""), std::string::npos);
    EXPECT_NE(message({3}, y).find("axis 3 of \"t\", which has shape [N, 3, 4], expected 0 to 2"), std::string::npos);
    EXPECT_NE(message({}, y).find("no axis is given"), std::string::npos);
    EXPECT_NE(message({2, 2}, y).find("axis 2 is given twice"), std::string::npos);
    EXPECT_NE(message({1}, y).find("has shape [N, 3], expected that of \"t\", [N, 3, 4]"), std::string::npos);
    const Tensor s = tensor(OCTAVO_S32, {2, 3, 4}, true), t = tensor(OCTAVO_S32, {2, 3}, true);
    OpDesc d = operator_desc(OCTAVO_OP_REDUCE, {&s.value}, t.value, Isa::scalar);
    d.attributes.function = OCTAVO_REDUCE_L2;
    d.attributes.axes[0] = 2;
    d.attributes.axis_count = 1;
    EXPECT_NE(refusal(d).find("l2 of \"t\", s32: f32 runs"), std::string::npos);
}

TEST(Softmax, AlongAnyAxisAndItsLogarithm) {
    Coverage coverage("softmax axes");
    Sweep(300).run([&](Random& random) {
        Case c(random, OCTAVO_F32);
        c.y = c.x;
        c.axes.resize(1);
        const int axis = c.axes[0];
        const bool log = random.chance(0.5);
        for (int64_t i = 0; i < product(c.x.dims); i++) c.x.as<float>()[i] = random.normal() * 5;
        OpDesc d = operator_desc(OCTAVO_OP_SOFTMAX, {&c.x.value}, c.y.value, Isa::scalar);
        d.attributes.axis = axis == static_cast<int>(c.x.dims.size()) - 1 && random.chance(0.5) ? -1 : axis;
        d.attributes.log = log;
        const std::vector<float> found = run_everywhere<float>(random, c, d, coverage);
        each_index(c.x.dims, [&](Dims at) {
            const size_t place = static_cast<size_t>(c.x.place(at));
            const double own = c.x.as<float>()[place];
            double sum = 0;
            for (at[axis] = 0; at[axis] < c.x.dims[axis]; at[axis]++)
                sum += std::exp(c.x.as<float>()[c.x.place(at)] - own);
            const double expected = log ? -std::log(sum) : 1 / sum;
            EXPECT_NEAR(found[place], expected, (log ? 3e-6 : 0) + 2e-6 * std::fabs(expected));
        });
        return true;
    });
}

TEST(Softmax, SpecialColumns) {
    const float nan = std::nanf("");
    Tensor x = tensor(OCTAVO_F32, {3, 4}, false);
    const float values[12] = {1, nan, -infinity, infinity, 2, 0, -infinity, 0, 3, 0, -infinity, 0};
    std::copy(values, values + 12, x.as<float>());
    for (Isa isa : available_isas()) {
        for (int log : {0, 1}) {
            OpDesc d = operator_desc(OCTAVO_OP_SOFTMAX, {&x.value}, x.value, isa);
            d.attributes.axis = 0;
            d.attributes.log = log;
            const auto y = run_op<float>(*create_op(d), 1, 1, {x.data.data()}, 12);
            for (int i = 0; i < 12; i++) EXPECT_EQ(std::isnan(y[i]), i % 4 != 0) << i;
        }
    }
}

TEST(Softmax, TheBatchIsNoAxis) {
    const Tensor x = tensor(OCTAVO_F32, {2, 3}, true);
    OpDesc d = operator_desc(OCTAVO_OP_SOFTMAX, {&x.value}, x.value, Isa::scalar);
    d.attributes.axis = 0;
    EXPECT_NE(refusal(d).find("along axis 0, the batch of \"t\""), std::string::npos);
    d.attributes.axis = 2;
    EXPECT_NE(refusal(d).find("axis 2 of \"t\""), std::string::npos);
}

}  // namespace
}  // namespace octavo::test

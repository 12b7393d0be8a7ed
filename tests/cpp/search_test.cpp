// Searches for the parameters of schemes: every instruction set's kernels against scalar's, on buffers that end at a guard page.
#include <gtest/gtest.h>

#include <cmath>

#include "registry/search.h"
#include "support/agree.h"
#include "support/coverage.h"
#include "support/guarded_buffer.h"
#include "support/sweep.h"

namespace octavo::test {
namespace {

GuardedBuffer<double> doubles(Random& random, size_t n) {
    return GuardedBuffer<double>(n, random.pick({Guard::after, Guard::before}));
}

TEST(Search, BestSplit) {
    Coverage coverage("best split");
    Sweep(400).run([&](Random& random) {
        const int64_t n = random.integer(1, 200);
        GuardedBuffer<double> weights = doubles(random, n + 1), sums = doubles(random, n + 1),
                              squares = doubles(random, n + 1), before = doubles(random, n + 1);
        weights.data()[0] = sums.data()[0] = squares.data()[0] = before.data()[0] = 0;
        double value = random.normal();
        for (int64_t i = 0; i < n; i++) {
            const double weight = random.pick({1.0, 1.0, static_cast<double>(random.integer(1, 9))});
            weights.data()[i + 1] = weights.data()[i] + weight;
            sums.data()[i + 1] = sums.data()[i] + weight * value;
            squares.data()[i + 1] = squares.data()[i] + weight * value * value;
            before.data()[i + 1] = random.chance(0.3) ? before.data()[i] : random.real(0, 3);  // ties
            value += random.pick({0.0f, random.real(0, 0.1f), random.real(0, 1)});
        }
        const PrefixSums of{weights.data(), sums.data(), squares.data()};
        const int64_t end = random.integer(1, n), to = random.integer(0, end - 1), from = random.integer(0, to);
        double least = 0;
        const int64_t expected = search_kernels(Isa::scalar).best_split(before.data(), of, from, to, end, &least);
        EXPECT_GE(expected, from);
        EXPECT_LE(expected, to);
        for (Isa isa : available_isas()) {
            double error = -1;
            EXPECT_EQ(search_kernels(isa).best_split(before.data(), of, from, to, end, &error), expected);
            EXPECT_TRUE(same_bits(&error, &least, 1));
            coverage.ran(isa);
        }
        return true;
    });
}

TEST(Search, RoundingErrors) {
    Coverage coverage("rounding errors");
    Sweep(200).run([&](Random& random) {
        const size_t n = static_cast<size_t>(random.integer(1, 40)), count = static_cast<size_t>(random.integer(1, 60));
        GuardedBuffer<double> levels = doubles(random, n), weights = doubles(random, n);
        GuardedBuffer<float> scales(count, random.pick({Guard::after, Guard::before}));
        const double unit = random.pick({1.0, 1e-12, 1e12});
        for (double& v : levels) v = random.normal() * unit;
        for (double& v : weights) v = static_cast<double>(random.integer(1, 50));
        for (float& v : scales) v = static_cast<float>(random.real(0.005f, 0.05f) * unit);
        const RoundedLevels of{levels.data(), weights.data(), static_cast<int64_t>(n)};
        const auto errors = [&](Isa isa) {
            GuardedBuffer<double> y(count);
            search_kernels(isa).rounding_errors(of, scales.data(), static_cast<int64_t>(count), y.data());
            return y.copy();
        };
        const std::vector<double> expected = errors(Isa::scalar);
        for (Isa isa : available_isas()) {
            EXPECT_TRUE(same_bits(errors(isa), expected));
            coverage.ran(isa);
        }
        return true;
    });
}

TEST(Search, SpreadError) {
    Coverage coverage("spread error");
    Sweep(200).run([&](Random& random) {
        const size_t n = static_cast<size_t>(random.integer(1, 100));
        GuardedBuffer<double> from = doubles(random, n), to = doubles(random, n), counts = doubles(random, n);
        for (size_t i = 0; i < n; i++) {
            from.data()[i] = random.normal();
            to.data()[i] = from.data()[i] + (random.chance(0.2) ? 0 : static_cast<double>(random.real(0, 0.3f)));
            counts.data()[i] = static_cast<double>(random.integer(1, 1000));
        }
        const double step = static_cast<double>(random.real(0.01f, 1));
        const Steps steps{step, -step * static_cast<double>(random.integer(0, 20)),
                          step * static_cast<double>(random.integer(1, 20))};
        const auto sums = [&](Isa isa) {
            std::vector<double> parts(16);
            search_kernels(isa).spread_error({from.data(), to.data(), counts.data(), static_cast<int64_t>(n)}, steps,
                                             parts.data());
            return parts;
        };
        const std::vector<double> expected = sums(Isa::scalar);
        for (Isa isa : available_isas()) {
            EXPECT_TRUE(same_bits(sums(isa), expected));
            coverage.ran(isa);
        }
        return true;
    });
}

TEST(Search, RangeErrors) {
    Coverage coverage("range errors");
    Sweep(200).run([&](Random& random) {
        const size_t n = static_cast<size_t>(random.pick({random.integer(1, 80), random.integer(200, 600)}));
        GuardedBuffer<float> x(n, random.pick({Guard::after, Guard::before})),
            scales(range_lanes, random.pick({Guard::after, Guard::before})),
            least(range_lanes, random.pick({Guard::after, Guard::before}));
        const float unit = random.pick({1.0f, 1e-12f, 1e30f}), steps = static_cast<float>(random.integer(1, 255));
        for (float& v : x) v = random.normal() * unit;
        for (float& v : scales) v = random.real(0.005f, 2) * unit;
        for (float& v : least) v = -static_cast<float>(random.integer(0, static_cast<int64_t>(steps)));
        const std::vector<double> before(range_lanes, static_cast<double>(random.real(0, 9)));
        const auto errors = [&](Isa isa) {
            std::vector<double> sums = before;
            search_kernels(isa).range_errors(x.data(), static_cast<int64_t>(n), {scales.data(), least.data(), steps},
                                             sums.data());
            return sums;
        };
        const std::vector<double> expected = errors(Isa::scalar);
        const double scale = scales.data()[3], first = least.data()[3];
        double by_hand = before[3];
        for (float v : x) {
            const double code =
                std::min(std::max(std::nearbyint(v / scale), first), first + static_cast<double>(steps));
            by_hand += (v / scale - code) * (v / scale - code);
        }
        EXPECT_NEAR(expected[3], by_hand, by_hand * 1e-3);
        for (Isa isa : available_isas()) {
            EXPECT_TRUE(same_bits(errors(isa), expected));
            coverage.ran(isa);
        }
        return true;
    });
}

}  // namespace
}  // namespace octavo::test

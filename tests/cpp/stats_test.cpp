// Statistics of arrays: every instruction set's kernels against scalar's, on buffers that end at a guard page.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "registry/stats.h"
#include "support/agree.h"
#include "support/coverage.h"
#include "support/guarded_buffer.h"
#include "support/sweep.h"

namespace octavo::test {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

GuardedBuffer<float> random_floats(Random& random, int64_t n, bool specials) {
    GuardedBuffer<float> x(static_cast<size_t>(n), random.pick({Guard::after, Guard::before}));
    const float spread = random.pick({1.0f, 1e-30f, 1e30f});
    for (float& v : x) {
        v = random.normal() * spread;
        if (specials && random.chance(0.1)) v = random.pick({infinity, -infinity, std::nanf(""), -0.0f, 0.0f, 1e-45f});
    }
    return x;
}

int64_t random_size(Random& random) { return random.chance(0.1) ? 0 : random.size_around(64, 1000); }

TEST(Stats, Range) {
    Coverage coverage("range");
    Sweep(500).run([&](Random& random) {
        const int64_t n = random_size(random);
        const GuardedBuffer<float> x = random_floats(random, n, random.chance(0.5));
        Range expected{infinity, -infinity, 0, 0};
        stats_kernels(Isa::scalar).range(x.data(), n, &expected);
        for (Isa isa : available_isas()) {
            Range found{infinity, -infinity, 0, 0};
            stats_kernels(isa).range(x.data(), n, &found);
            EXPECT_TRUE(same_bits(&found.min, &expected.min, 2));
            EXPECT_EQ(found.nan_count, expected.nan_count);
            EXPECT_EQ(found.inf_count, expected.inf_count);
            coverage.ran(isa);
        }
        return true;
    });
}

TEST(Stats, Histogram) {
    Coverage coverage("histogram");
    Sweep(600).run([&](Random& random) {
        const int64_t n = random_size(random);
        GuardedBuffer<float> x(static_cast<size_t>(n), random.pick({Guard::after, Guard::before}));
        // Scaled up, floats may do; with many bins or scaled down they may not.
        const int exponent = static_cast<int>(random.integer(-140, random.pick({0, 100})));
        const int64_t first = random.pick({random.integer(-2000, 2000), random.integer(-10, 0),
                                           random.integer(-5, 5) * (int64_t{1} << random.integer(20, 40))});
        const int64_t bins = random.pick({random.integer(1, 3000), random.integer(65530, 65540)});
        for (float& v : x) {
            const double bin =
                static_cast<double>(first) + random.pick({random.real(), 0.0, 0.5, 1.0}) * static_cast<double>(bins);
            v = static_cast<float>(std::ldexp(bin, exponent));
            if (random.chance(0.1))
                v = random.pick({infinity, -infinity, std::nanf(""), 3e38f, -3e38f, 1e-45f, -1e-45f, -0.0f, v * 2, -v,
                                 static_cast<float>(std::ldexp(first - 1, exponent))});
        }
        const Bins of{std::ldexp(1.0, -exponent), static_cast<double>(first), bins};
        const auto count = [&](Isa isa) {
            const size_t stride = static_cast<size_t>(bins) + 1 + static_cast<size_t>(random.integer(0, 5));
            GuardedBuffer<uint32_t> tables(4 * stride, random.pick({Guard::after, Guard::before}));
            tables.fill(0);
            stats_kernels(isa).histogram(x.data(), n, of, tables.data(), static_cast<int64_t>(stride));
            std::vector<uint32_t> sums(static_cast<size_t>(bins) + 1);
            for (size_t i = 0; i < sums.size(); i++)
                for (size_t t = 0; t < 4; t++) sums[i] += tables[t * stride + i];
            return sums;
        };
        std::vector<uint32_t> expected(static_cast<size_t>(bins) + 1);
        for (float v : x) {
            const double bin = std::isfinite(v) ? std::floor(std::ldexp(static_cast<double>(v), -exponent)) -
                                                      static_cast<double>(first)
                                                : -1.0;
            expected[bin < 0 || bin >= static_cast<double>(bins) ? expected.size() - 1 : static_cast<size_t>(bin)]++;
        }
        for (Isa isa : available_isas()) {
            EXPECT_TRUE(same_bits(count(isa), expected));
            coverage.ran(isa);
        }
        return true;
    });
}

TEST(Stats, NearestLevel) {
    Coverage coverage("nearest level");
    Distrust distrust;
    Sweep(400).run([&](Random& random) {
        const int64_t n = random_size(random);
        const int levels = static_cast<int>(random.pick({random.integer(1, 16), random.integer(1, 256)}));
        std::vector<float> thresholds(256, infinity);
        float at = -2;
        for (int i = 0; i + 1 < levels; i++) thresholds[i] = at += random.real(0, 5.0f / static_cast<float>(levels));
        LevelSearch search{thresholds.data(), 0};
        while (1 << search.depth < levels) search.depth++;
        GuardedBuffer<float> x(static_cast<size_t>(n));
        for (float& v : x) {
            v = random.normal();
            if (levels > 1 && random.chance(0.2)) v = thresholds[random.integer(0, levels - 2)];
            if (random.chance(0.02)) v = random.pick({infinity, -infinity, std::nanf("")});
        }
        const auto codes = [&](Isa isa, int64_t* nan_count) {
            GuardedBuffer<uint8_t> y(static_cast<size_t>(n));
            *nan_count = stats_kernels(isa).nearest_level(x.data(), n, search, y.data());
            return y.copy();
        };
        int64_t expected_nan = 0;
        const std::vector<uint8_t> expected = codes(Isa::scalar, &expected_nan);
        for (size_t i = 0; i < expected.size(); i++) {
            int above = 0;
            for (int t = 0; t + 1 < levels; t++) above += x[i] > thresholds[t];
            EXPECT_EQ(expected[i], above);
        }
        if (levels > 4) distrust.saw(expected);
        for (Isa isa : available_isas()) {
            int64_t nan_count = 0;
            EXPECT_TRUE(same_bits(codes(isa, &nan_count), expected));
            EXPECT_EQ(nan_count, expected_nan);
            coverage.ran(isa);
        }
        return true;
    });
    EXPECT_TRUE(distrust.trust());
}

TEST(Stats, SumsHaveTheSameBits) {
    Coverage coverage("sums of squares");
    Sweep(400).run([&](Random& random) {
        const int64_t n = random_size(random);
        const GuardedBuffer<float> a = random_floats(random, n, false), b = random_floats(random, n, false);
        const float scale = random.real(0.001f, 0.1f);
        const AffineCodes codes{scale, 1.0f / scale, static_cast<int32_t>(random.zero_point(0, 255)), 0,
                                random.pick({15, 127, 255})};
        struct Sums {
            double affine[sum_parts] = {}, error[sum_parts] = {}, power[sum_parts] = {};
        };
        const auto sum = [&](Isa isa) {
            Sums sums;
            const StatsKernels& kernels = stats_kernels(isa);
            // In two calls, the first of a multiple of 16.
            const int64_t half = n / 32 * 16;
            kernels.affine_error(a.data(), half, codes, sums.affine);
            kernels.affine_error(a.data() + half, n - half, codes, sums.affine);
            kernels.squared_error(a.data(), b.data(), half, sums.error, sums.power);
            kernels.squared_error(a.data() + half, b.data() + half, n - half, sums.error, sums.power);
            return sums;
        };
        const Sums expected = sum(Isa::scalar);
        for (Isa isa : available_isas()) {
            const Sums found = sum(isa);
            EXPECT_TRUE(same_bits(found.affine, expected.affine, sum_parts));
            EXPECT_TRUE(same_bits(found.error, expected.error, sum_parts));
            EXPECT_TRUE(same_bits(found.power, expected.power, sum_parts));
            coverage.ran(isa);
        }
        return true;
    });
}

}  // namespace
}  // namespace octavo::test

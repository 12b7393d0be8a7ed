// The whole-array functions of the C interface: results by hand or by a plain loop, any thread count, wrong arguments.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "octavo/octavo.h"
#include "support/agree.h"
#include "support/guarded_buffer.h"
#include "support/sweep.h"

namespace octavo::test {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

std::vector<float> normals(Random& random, size_t n) {
    std::vector<float> x(n);
    for (float& v : x) v = random.normal();
    return x;
}

// Runs body with one thread, then with several.
template <class F>
void with_threads(const F& body) {
    const int32_t before = octavo_threads();
    for (int32_t threads : {1, 2, 5}) {
        ASSERT_EQ(octavo_set_threads(threads), OCTAVO_OK);
        body();
    }
    octavo_set_threads(before);
}

TEST(Arrays, MinMaxOfChannels) {
    const float nan = std::nanf("");
    // [outer 2, channels 2, inner 2]
    const std::vector<float> x = {1, -2, nan, infinity, 7, -0.0f, -infinity, nan};
    float min[2], max[2];
    int64_t nans, infs;
    ASSERT_EQ(octavo_min_max(x.data(), 2, 2, 2, min, max, &nans, &infs), OCTAVO_OK);
    EXPECT_EQ(min[0], -2);
    EXPECT_EQ(max[0], 7);
    EXPECT_EQ(min[1], infinity);
    EXPECT_EQ(max[1], -infinity);
    EXPECT_EQ(nans, 2);
    EXPECT_EQ(infs, 2);
    ASSERT_EQ(octavo_min_max(nullptr, 0, 1, 3, min, max, &nans, &infs), OCTAVO_OK);
    EXPECT_EQ(min[0], infinity);
    EXPECT_EQ(max[0], -infinity);
}

TEST(Arrays, MinMaxEqualsAPlainLoop) {
    Sweep(60).run([&](Random& random) {
        const int64_t outer = random.integer(1, 4), channels = random.pick({1, 2, 7, 64});
        const int64_t inner = random.pick({random.integer(1, 3), random.integer(1, 300), random.integer(1, 4000)});
        const std::vector<float> x = normals(random, static_cast<size_t>(outer * channels * inner));
        std::vector<float> low(static_cast<size_t>(channels), infinity), high(static_cast<size_t>(channels), -infinity);
        for (int64_t i = 0; i < outer * channels * inner; i++) {
            float &a = low[i / inner % channels], &b = high[i / inner % channels];
            a = std::min(a, x[i]);
            b = std::max(b, x[i]);
        }
        with_threads([&] {
            std::vector<float> min(low.size()), max(low.size());
            int64_t nans, infs;
            ASSERT_EQ(octavo_min_max(x.data(), outer, channels, inner, min.data(), max.data(), &nans, &infs),
                      OCTAVO_OK);
            EXPECT_TRUE(same_bits(min, low));
            EXPECT_TRUE(same_bits(max, high));
            EXPECT_EQ(nans + infs, 0);
        });
        return true;
    });
}

TEST(Arrays, HistogramByHand) {
    // Bins of width 0.5 from -1: [-1, -0.5), [-0.5, 0), [0, 0.5), [0.5, 1).
    const std::vector<float> x = {-1, -0.5f, -1e-45f, -0.0f, 0, 0.49999997f, 0.5f, std::nanf(""), infinity};
    int64_t counts[4] = {10, 0, 0, 0};
    ASSERT_EQ(octavo_histogram(x.data(), static_cast<int64_t>(x.size()), -1, -2, 4, counts), OCTAVO_OK)
        << octavo_last_error();
    EXPECT_EQ(std::vector<int64_t>(counts, counts + 4), (std::vector<int64_t>{11, 2, 3, 1}));
}

TEST(Arrays, HistogramOfTheExtremes) {
    const std::vector<float> x = {3.4e38f, -3.4e38f, 1e-45f, -1e-45f};
    int64_t counts[3] = {};
    ASSERT_EQ(octavo_histogram(x.data(), 4, 127, -2, 3, counts), OCTAVO_INVALID_ARGUMENT);
    EXPECT_NE(std::string(octavo_last_error()).find("element 0 is 3.39999995e+38, outside the 3 bins"),
              std::string::npos)
        << octavo_last_error();
    EXPECT_EQ(counts[0] + counts[1] + counts[2], 0);
    int64_t wide[4] = {};
    ASSERT_EQ(octavo_histogram(x.data(), 4, 127, -2, 4, wide), OCTAVO_OK) << octavo_last_error();
    EXPECT_EQ(std::vector<int64_t>(wide, wide + 4), (std::vector<int64_t>{1, 1, 1, 1}));
}

TEST(Arrays, HistogramEqualsAPlainLoop) {
    Sweep(30).run([&](Random& random) {
        const int64_t n = random.pick({random.integer(1, 100), random.integer(1, 500000)});
        const std::vector<float> x = normals(random, static_cast<size_t>(n));
        const int exponent = static_cast<int>(random.integer(-18, 0));  // up to millions of bins, too many for tables
        const int64_t first = -static_cast<int64_t>(std::ldexp(7, -exponent)), bins = -2 * first;
        std::vector<int64_t> expected(static_cast<size_t>(bins));
        for (float v : x)
            expected[static_cast<size_t>(std::floor(std::ldexp(v, -exponent)) - static_cast<double>(first))]++;
        with_threads([&] {
            std::vector<int64_t> counts(expected.size());
            ASSERT_EQ(octavo_histogram(x.data(), n, exponent, first, bins, counts.data()), OCTAVO_OK)
                << octavo_last_error();
            EXPECT_TRUE(same_bits(counts, expected));
        });
        return true;
    });
}

TEST(Arrays, HistogramNamesTheFirstOutside) {
    std::vector<float> x(1000, 1.5f);
    x[100] = std::nanf("");
    x[200] = infinity;
    std::vector<int64_t> counts(8, 1);
    ASSERT_EQ(octavo_histogram(x.data(), 1000, 0, -4, 8, counts.data()), OCTAVO_OK) << octavo_last_error();
    EXPECT_EQ(counts, (std::vector<int64_t>{1, 1, 1, 1, 1, 999, 1, 1}));
    x[700] = 4;
    x[900] = -5;
    ASSERT_EQ(octavo_histogram(x.data(), 1000, 0, -4, 8, counts.data()), OCTAVO_INVALID_ARGUMENT);
    EXPECT_NE(std::string(octavo_last_error()).find("element 700 is 4, outside the 8 bins from -4"), std::string::npos)
        << octavo_last_error();
    EXPECT_EQ(counts, (std::vector<int64_t>{1, 1, 1, 1, 1, 999, 1, 1}));
}

TEST(Arrays, QuantizeHasTwoFormulas) {
    // 1/3 is rounded; the fused form sees the product exactly, the other one rounds it first.
    Sweep(40).run([&](Random& random) {
        const int64_t outer = random.integer(1, 3), channels = random.integer(1, 6),
                      inner = random.size_around(64, 5000);
        const size_t n = static_cast<size_t>(outer * channels * inner);
        std::vector<float> x = normals(random, n), scales;
        std::vector<int32_t> zero_points;
        for (int64_t c = 0; c < channels; c++) {
            scales.push_back(random.real(0.001f, 0.05f));
            zero_points.push_back(random.zero_point(-128, 127));
        }
        for (size_t i = 0; i < n; i += 3)  // ties
            x[i] = (static_cast<float>(random.integer(-200, 200)) + 0.5f) * scales[i / inner % channels];
        std::vector<int8_t> expected(n);
        std::vector<float> decoded(n);
        for (size_t i = 0; i < n; i++) {
            const size_t c = i / inner % channels;
            const float inverse = 1 / scales[c], z = static_cast<float>(zero_points[c]);
            const float v = channels == 1 ? std::fma(x[i], inverse, z) : x[i] * inverse + z;
            expected[i] = static_cast<int8_t>(std::min(100.0f, std::max(-128.0f, std::nearbyint(v))));
            decoded[i] = static_cast<float>(expected[i] - zero_points[c]) * scales[c];
        }
        with_threads([&] {
            GuardedBuffer<int8_t> q(n);
            GuardedBuffer<float> y(n);
            ASSERT_EQ(octavo_quantize(x.data(), outer, channels, inner, scales.data(), zero_points.data(), OCTAVO_S8,
                                      -128, 100, q.data()),
                      OCTAVO_OK);
            EXPECT_TRUE(same_bits(q, expected));
            ASSERT_EQ(octavo_dequantize(q.data(), OCTAVO_S8, outer, channels, inner, scales.data(), zero_points.data(),
                                        y.data()),
                      OCTAVO_OK);
            EXPECT_TRUE(same_bits(y, decoded));
        });
        return true;
    });
}

TEST(Arrays, DequantizeS32Wraps) {
    const int32_t q[] = {INT32_MIN, 0, INT32_MAX}, zero_point = 1;
    const float scale = 0.5f;
    float x[3];
    ASSERT_EQ(octavo_dequantize(q, OCTAVO_S32, 1, 1, 3, &scale, &zero_point, x), OCTAVO_OK);
    EXPECT_EQ(x[0], 1073741824.0f);
    EXPECT_EQ(x[1], -0.5f);
    EXPECT_EQ(x[2], 1073741824.0f);
}

TEST(Arrays, NearestLevelEqualsTheExactSearch) {
    Sweep(80).run([&](Random& random) {
        const int count = static_cast<int>(random.pick({random.integer(1, 20), random.integer(1, 256)}));
        std::vector<float> levels;
        for (int i = 0; i < count; i++)
            levels.push_back(random.pick({random.normal(), random.normal() * 1e-20f, random.normal() * 1e20f,
                                          static_cast<float>(random.integer(-5, 5))}));
        std::sort(levels.begin(), levels.end());
        std::vector<float> x = normals(random, 700);
        for (size_t i = 0; i + 1 < levels.size(); i++) {  // midpoints and their neighbours
            const float middle = static_cast<float>((static_cast<double>(levels[i]) + levels[i + 1]) / 2);
            x.push_back(middle);
            x.push_back(std::nextafter(middle, infinity));
            x.push_back(std::nextafter(middle, -infinity));
        }
        x.push_back(infinity);
        x.push_back(-infinity);
        GuardedBuffer<uint8_t> codes(x.size());
        EXPECT_EQ(octavo_nearest_level(x.data(), static_cast<int64_t>(x.size()), levels.data(), count, codes.data()),
                  OCTAVO_OK);
        for (size_t i = 0; i < x.size(); i++) {
            size_t best = x[i] == infinity ? levels.size() - 1 : 0;
            // Where extended precision cannot tell two levels apart, either will do.
            using Real = long double;
            if (std::isfinite(x[i]))
                for (size_t l = 1; l < levels.size(); l++)
                    if (std::fabs(static_cast<Real>(x[i]) - levels[l]) <
                        std::fabs(static_cast<Real>(x[i]) - levels[best]))
                        best = l;
            while (best > 0 && levels[best - 1] == levels[best]) best--;
            const Real found = std::fabs(static_cast<Real>(x[i]) - levels[codes[i]]);
            const Real least = std::fabs(static_cast<Real>(x[i]) - levels[best]);
            EXPECT_TRUE(codes[i] == best || found == least)
                << x[i] << " to " << levels[codes[i]] << ", not " << levels[best];
        }
        return true;
    });
}

TEST(Arrays, NearestLevelTiesAndEquals) {
    const float levels[] = {-1, 0, 0, 1, 4};
    const float x[] = {-0.5f, 0.5f, 2.5f, 0, 2.5000002f, 100, -100};
    uint8_t codes[7];
    ASSERT_EQ(octavo_nearest_level(x, 7, levels, 5, codes), OCTAVO_OK);
    EXPECT_EQ(std::vector<uint8_t>(codes, codes + 7), (std::vector<uint8_t>{0, 1, 3, 1, 4, 4, 0}));
    const float nan = std::nanf("");
    EXPECT_EQ(octavo_nearest_level(&nan, 1, levels, 5, codes), OCTAVO_NOT_FINITE);
    const float descending[] = {1, 0};
    EXPECT_EQ(octavo_nearest_level(x, 7, descending, 2, codes), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_nearest_level(x, 7, &nan, 1, codes), OCTAVO_NOT_FINITE);
    for (int32_t count : {0, 257}) EXPECT_EQ(octavo_nearest_level(x, 7, levels, count, codes), OCTAVO_INVALID_ARGUMENT);
}

double pairwise(std::vector<double> parts) {
    for (size_t step = 8; step > 0; step /= 2)
        for (size_t i = 0; i < step; i++) parts[i] += parts[i + step];
    return parts[0];
}

TEST(Arrays, ErrorsAreSummedInTheStatedOrder) {
    Sweep(60).run([&](Random& random) {
        const int64_t n = random.size_around(16, 100000);
        const std::vector<float> a = normals(random, static_cast<size_t>(n)),
                                 b = normals(random, static_cast<size_t>(n));
        const float scale = random.real(0.001f, 0.1f);
        std::vector<double> affine(16), error(16), power(16);
        for (int64_t i = 0; i < n; i++) {
            const float v = std::nearbyint(std::fma(a[i], 1 / scale, 3.0f));
            const float q = std::min(200.0f, std::max(0.0f, v));
            const double d = static_cast<double>(a[i]) - static_cast<double>((q - 3) * scale);
            const double e = static_cast<double>(a[i]) - b[i];
            affine[i % 16] += d * d;
            error[i % 16] += e * e;
            power[i % 16] += static_cast<double>(a[i]) * a[i];
        }
        double found = -1, found_error = -1, found_power = -1;
        EXPECT_EQ(octavo_affine_error(a.data(), n, scale, 3, 0, 200, &found), OCTAVO_OK);
        EXPECT_EQ(found, pairwise(affine));
        EXPECT_EQ(octavo_squared_error(a.data(), b.data(), n, &found_error, &found_power), OCTAVO_OK);
        EXPECT_EQ(found_error, pairwise(error));
        EXPECT_EQ(found_power, pairwise(power));
        EXPECT_EQ(octavo_squared_error(a.data(), b.data(), n, nullptr, nullptr), OCTAVO_OK);
        return true;
    });
}

TEST(Arrays, OfNothingThereIsNothingToDo) {
    constexpr int64_t many = int64_t{1} << 61;
    float min[2], max[2];
    const float scales[] = {1, 1};
    const int32_t zero_points[] = {0, 0};
    int64_t nan = -1, inf = -1;
    EXPECT_EQ(octavo_min_max(nullptr, many, 2, 0, min, max, &nan, &inf), OCTAVO_OK);
    for (int c : {0, 1}) {
        EXPECT_EQ(min[c], infinity);
        EXPECT_EQ(max[c], -infinity);
    }
    EXPECT_EQ(nan + inf, 0);
    EXPECT_EQ(octavo_min_max(nullptr, many, 1, 0, min, max, &nan, &inf), OCTAVO_OK);
    EXPECT_EQ(octavo_quantize(nullptr, many, 2, 0, scales, zero_points, OCTAVO_U8, 0, 255, nullptr), OCTAVO_OK);
    EXPECT_EQ(octavo_dequantize(nullptr, OCTAVO_S32, many, 2, 0, scales, zero_points, nullptr), OCTAVO_OK);
}

TEST(Arrays, WrongArgumentsAreRefused) {
    float x[4] = {1, 2, 3, 4}, y[4], scale = 0.1f, zero = 0, nan = std::nanf("");
    int32_t z = 0, far = 300;
    int64_t n1, n2, counts[4] = {};
    uint8_t q[4];
    double sum;
    EXPECT_EQ(octavo_min_max(x, -1, 1, 1, y, y, &n1, &n2), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_min_max(x, 1, 0, 4, y, y, &n1, &n2), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_min_max(nullptr, 1, 1, 4, y, y, &n1, &n2), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_min_max(x, 1, 1, 4, nullptr, y, &n1, &n2), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_min_max(x, INT64_MAX, 2, 4, y, y, &n1, &n2), OCTAVO_OUT_OF_MEMORY);
    EXPECT_EQ(octavo_min_max(x, 0, INT64_MAX, 0, y, y, &n1, &n2), OCTAVO_OUT_OF_MEMORY);
    EXPECT_EQ(octavo_histogram(x, 4, 0, 0, 4, counts), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_histogram(x, 4, 0, 0, 0, counts), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_histogram(x, 4, 1000, 0, 4, counts), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_histogram(x, 4, 0, INT64_MIN, 4, counts), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_histogram(x, 4, 0, 0, 5, nullptr), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_quantize(x, 1, 1, 4, &zero, &z, OCTAVO_U8, 0, 255, q), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_quantize(x, 1, 1, 4, &nan, &z, OCTAVO_U8, 0, 255, q), OCTAVO_NOT_FINITE);
    EXPECT_EQ(octavo_quantize(x, 1, 1, 4, &scale, &far, OCTAVO_U8, 0, 255, q), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_quantize(x, 1, 1, 4, &scale, &z, OCTAVO_S32, 0, 255, q), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_quantize(x, 1, 1, 4, &scale, &z, OCTAVO_U8, 0, 256, q), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_quantize(x, 1, 1, 4, &scale, &z, OCTAVO_U8, 9, 8, q), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_quantize(x, 1, 1, 4, nullptr, &z, OCTAVO_U8, 0, 255, q), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_dequantize(q, OCTAVO_F32, 1, 1, 4, &scale, &z, y), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_affine_error(x, 4, -1, 0, 0, 255, &sum), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_affine_error(x, 4, 1, 0, 5, 4, &sum), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_affine_error(x, 4, 1, 0, 0, 255, nullptr), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_squared_error(x, nullptr, 4, &sum, nullptr), OCTAVO_INVALID_ARGUMENT);
    EXPECT_GT(std::string(octavo_last_error()).size(), 0u);
}

}  // namespace
}  // namespace octavo::test

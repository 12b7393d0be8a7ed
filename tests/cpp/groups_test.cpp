// The functions of groups of the C interface: results by hand or by a plain search, any thread count, wrong arguments.
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

// x as rows of groups.
struct Case {
    int64_t rows, columns, group;
    std::vector<float> x;

    int64_t per_row() const { return (columns + group - 1) / group; }
    int64_t groups() const { return rows * per_row(); }
    std::vector<float> part(int64_t i) const {
        const int64_t begin = i / per_row() * columns + i % per_row() * group;
        return {x.begin() + begin, x.begin() + std::min(begin + group, (i / per_row() + 1) * columns)};
    }
};

Case random_case(Random& random, int64_t most) {
    Case c{random.integer(1, 6), random.integer(1, most), 0, {}};
    c.group = random.pick({c.columns, random.integer(1, c.columns), random.integer(1, 40)});
    const float unit = random.pick({1.0f, 1e-6f, 1e6f});
    const int kind = static_cast<int>(random.integer(0, 3));
    for (int64_t i = 0; i < c.rows * c.columns; i++) {
        const float v = random.normal();
        c.x.push_back(unit * (kind == 0   ? v
                              : kind == 1 ? std::fabs(v)
                              : kind == 2 ? std::nearbyint(2 * v)
                                          : v * v * v));
    }
    return c;
}

// Whatever body returns with one thread it must return with several.
template <class F>
auto with_threads(const F& body) {
    const int32_t before = octavo_threads();
    octavo_set_threads(1);
    const auto expected = body();
    for (int32_t threads : {2, 5}) {
        octavo_set_threads(threads);
        EXPECT_TRUE(same_bits(body(), expected)) << threads << " threads";
    }
    octavo_set_threads(before);
    return expected;
}

TEST(Groups, RangesCodesAndLevelsAreThoseOfEachGroupAlone) {
    Sweep(60).run([&](Random& random) {
        const Case c = random_case(random, 300);
        const size_t groups = static_cast<size_t>(c.groups()), n = c.x.size();
        std::vector<float> scales, levels;
        std::vector<int32_t> zero_points;
        for (size_t i = 0; i < groups; i++) {
            scales.push_back(random.real(0.01f, 0.1f));
            zero_points.push_back(random.zero_point(-100, 100));
            std::vector<float> of = {random.normal(), random.normal(), random.normal()};
            std::sort(of.begin(), of.end());
            levels.insert(levels.end(), of.begin(), of.end());
        }
        std::vector<float> min(groups), max(groups);
        std::vector<int8_t> q(n);
        std::vector<float> decoded(n);
        std::vector<uint8_t> codes(n);
        int64_t nans = -1, infs = -1;
        with_threads([&] {
            EXPECT_EQ(
                octavo_group_min_max(c.x.data(), c.rows, c.columns, c.group, min.data(), max.data(), &nans, &infs),
                OCTAVO_OK);
            EXPECT_EQ(octavo_group_quantize(c.x.data(), c.rows, c.columns, c.group, scales.data(), zero_points.data(),
                                            OCTAVO_S8, -120, 100, q.data()),
                      OCTAVO_OK);
            EXPECT_EQ(octavo_group_dequantize(q.data(), OCTAVO_S8, c.rows, c.columns, c.group, scales.data(),
                                              zero_points.data(), decoded.data()),
                      OCTAVO_OK);
            EXPECT_EQ(
                octavo_group_nearest_level(c.x.data(), c.rows, c.columns, c.group, levels.data(), 3, codes.data()),
                OCTAVO_OK);
            std::vector<float> all = min;
            all.insert(all.end(), max.begin(), max.end());
            all.insert(all.end(), decoded.begin(), decoded.end());
            all.insert(all.end(), codes.begin(), codes.end());
            return all;
        });
        EXPECT_EQ(nans + infs, 0);
        size_t at = 0;
        for (size_t i = 0; i < groups; i++) {
            const std::vector<float> part = c.part(static_cast<int64_t>(i));
            const auto size = static_cast<int64_t>(part.size());
            float low = 0, high = 0;
            std::vector<int8_t> own_q(part.size());
            std::vector<float> own_decoded(part.size());
            std::vector<uint8_t> own_codes(part.size());
            octavo_min_max(part.data(), 1, 1, size, &low, &high, &nans, &infs);
            octavo_quantize(part.data(), 1, 1, size, &scales[i], &zero_points[i], OCTAVO_S8, -120, 100, own_q.data());
            octavo_dequantize(own_q.data(), OCTAVO_S8, 1, 1, size, &scales[i], &zero_points[i], own_decoded.data());
            octavo_nearest_level(part.data(), size, &levels[3 * i], 3, own_codes.data());
            EXPECT_EQ(min[i], low);
            EXPECT_EQ(max[i], high);
            for (size_t j = 0; j < part.size(); j++, at++) {
                EXPECT_EQ(q[at], own_q[j]);
                EXPECT_EQ(decoded[at], own_decoded[j]);
                EXPECT_EQ(codes[at], own_codes[j]);
            }
        }
        EXPECT_EQ(at, n);
        return true;
    });
}

double affine_error(const std::vector<float>& x, float lo, float hi, int32_t q_min, int32_t q_max, bool symmetric) {
    const float steps = static_cast<float>(q_max - q_min);
    const float scale = std::max(symmetric ? hi / (steps / 2) : (hi - lo) / steps, 0x1p-23f);
    const int32_t zero_point =
        symmetric ? 0 : std::min(q_max, q_min - static_cast<int32_t>(std::nearbyint(lo / scale)));
    double sum = -1;
    EXPECT_EQ(octavo_affine_error(x.data(), static_cast<int64_t>(x.size()), scale, zero_point, q_min, q_max, &sum),
              OCTAVO_OK);
    return sum;
}

// No worse than any of many ranges, but for five parts in a hundred: every value that changes its level makes a minimum.
TEST(Groups, FitRangeFindsAlmostTheLeastError) {
    Sweep(60).run([&](Random& random) {
        const Case c = random_case(random, 120);
        const size_t groups = static_cast<size_t>(c.groups());
        const bool symmetric = random.chance(0.5);
        const int32_t most = random.pick({1, 7, 127}), q_min = symmetric ? -most : 0,
                      q_max = symmetric ? most : 2 * most;
        std::vector<float> lo(groups), hi(groups);
        with_threads([&] {
            EXPECT_EQ(octavo_group_fit_range(c.x.data(), c.rows, c.columns, c.group, OCTAVO_RANGE_LEAST_ERROR, 100,
                                             q_min, q_max, symmetric, lo.data(), hi.data()),
                      OCTAVO_OK)
                << octavo_last_error();
            std::vector<float> all = lo;
            all.insert(all.end(), hi.begin(), hi.end());
            return all;
        });
        for (size_t i = 0; i < groups; i++) {
            const std::vector<float> part = c.part(static_cast<int64_t>(i));
            const float least = std::min(0.0f, *std::min_element(part.begin(), part.end()));
            const float greatest = std::max(0.0f, *std::max_element(part.begin(), part.end()));
            const float reach = std::max(-least, greatest);
            const double found = affine_error(part, lo[i], hi[i], q_min, q_max, symmetric);
            EXPECT_LE(found, affine_error(part, symmetric ? -reach : least, symmetric ? reach : greatest, q_min, q_max,
                                          symmetric));
            for (int k = 1; k <= 300; k++) {
                const float share = static_cast<float>(k) / 300;
                const double other =
                    affine_error(part, symmetric ? -reach * share : least * share,
                                 symmetric ? reach * share : greatest * share, q_min, q_max, symmetric);
                EXPECT_LE(found, other * 1.05 + 1e-30) << "share " << share;
            }
        }
        return true;
    });
}

// Squared error of codes least .. least + steps times a scale.
double window_error(const std::vector<float>& x, double scale, int32_t least, int32_t steps) {
    double sum = 0;
    for (float v : x) {
        const double code = std::max<double>(least, std::min<double>(least + steps, std::nearbyint(v / scale)));
        sum += (v - code * scale) * (v - code * scale);
    }
    return sum;
}

// Every scale of many, with every zero point: nothing is better by more than a twentieth.
TEST(Groups, FitRangeIsAsGoodAsADenseSearch) {
    Sweep(120).run([&](Random& random) {
        const int kind = static_cast<int>(random.integer(0, 3));
        const bool symmetric = random.chance(0.5);
        const int32_t bits = random.pick({2, 3, 4, 6, 8}), full = (1 << bits) - 1;
        // Signed codes from -2^(bits-1) on, narrow ones, one bit less; and those with a zero point.
        const int32_t q_max = symmetric ? full / 2 : full, q_min = !symmetric ? 0 : -q_max - random.pick({0, 0, 1});
        const int32_t steps = q_max - q_min;
        const bool every_zero_point = !symmetric && (kind == 0 || kind == 3);
        std::vector<float> x(
            static_cast<size_t>(every_zero_point && bits > 4 ? random.integer(6, 30) : random.pick({6, 20, 64, 500})));
        for (float& v : x) {
            const float normal = random.normal();
            v = kind == 0   ? normal
                : kind == 1 ? std::fabs(normal)
                : kind == 2 ? -normal * normal
                            : normal * normal * normal;
        }
        if (random.chance(0.3)) x[0] = 9;
        const auto n = static_cast<int64_t>(x.size());
        float lo = 0, hi = 0;
        EXPECT_EQ(
            octavo_group_fit_range(x.data(), 1, n, n, OCTAVO_RANGE_LEAST_ERROR, 100, q_min, q_max, symmetric, &lo, &hi),
            OCTAVO_OK);
        const double found = affine_error(x, lo, hi, q_min, q_max, symmetric);
        const float least = std::min(0.0f, *std::min_element(x.begin(), x.end()));
        const float most = std::max(0.0f, *std::max_element(x.begin(), x.end()));
        const double whole = symmetric ? std::max(-least, most) / q_max : (most - least) / static_cast<double>(steps);
        const int scales = every_zero_point ? (bits > 4 ? 60 : 500) : 4000;
        double best = found;
        for (int i = 1; i <= scales; i++) {
            const double scale = whole * (bits > 4 ? 0.5 + 0.7 * i / scales : 2.0 * i / scales);
            const int32_t from = symmetric ? q_min : most == 0 || every_zero_point ? -steps : 0;
            for (int32_t code = from; code <= (every_zero_point ? 0 : from); code++)
                best = std::min(best, window_error(x, scale, code, steps));
        }
        // On a histogram of the same values in narrow bins the range that was found on them is not better either.
        const float min = *std::min_element(x.begin(), x.end()), max = *std::max_element(x.begin(), x.end());
        const auto first = static_cast<int64_t>(std::floor(min * 1024));
        std::vector<int64_t> counts(static_cast<size_t>(static_cast<int64_t>(std::floor(max * 1024)) - first + 1));
        const auto bins = static_cast<int64_t>(counts.size());
        octavo_histogram(x.data(), n, -10, first, bins, counts.data());
        const auto spread = [&](float from, float to) {
            const float scale = (to - from) / static_cast<float>(steps);
            const int32_t zero_point =
                symmetric ? 0 : std::min(q_max, q_min - static_cast<int32_t>(std::nearbyint(from / scale)));
            double sum = 0;
            EXPECT_EQ(octavo_histogram_error(counts.data(), -10, first, bins, min, max, scale, zero_point, q_min, q_max,
                                             &sum),
                      OCTAVO_OK);
            return sum;
        };
        float low = 0, high = 0;
        EXPECT_EQ(octavo_histogram_fit_range(counts.data(), -10, first, bins, min, max, OCTAVO_RANGE_LEAST_ERROR, 100,
                                             q_min, q_max, symmetric, &low, &high),
                  OCTAVO_OK);
        EXPECT_LE(spread(low, high), spread(lo, hi) * 1.05);
        EXPECT_LE(found, best * 1.05) << bits << " bits, " << n << " values of kind " << kind << ", symmetric "
                                      << symmetric;
        return true;
    });
}

// A large group is cut into blocks for the threads.
TEST(Groups, FitRangeOfALargeArray) {
    Random random(7);
    std::vector<float> x(300'000);
    for (float& v : x) v = random.normal();
    float lo = 0, hi = 0;
    with_threads([&] {
        EXPECT_EQ(
            octavo_group_fit_range(x.data(), 1, 300'000, 300'000, OCTAVO_RANGE_LEAST_ERROR, 100, -7, 7, 1, &lo, &hi),
            OCTAVO_OK);
        return std::vector<float>{lo, hi};
    });
    EXPECT_NEAR(hi, 2.35, 0.1);  // 15 levels for a normal source: a step of 0.335 (Max, 1960)
    EXPECT_EQ(lo, -hi);
}

// Bins as octavo.h has them, and the counts of x in them.
struct Histogram {
    int32_t exponent = -149;
    int64_t first = 0;
    std::vector<int64_t> counts;

    Histogram(const std::vector<float>& x, float min, float max, int64_t most) {
        const float magnitude = std::max(std::fabs(min), std::fabs(max));
        const auto bin = [&](float v) {
            return static_cast<int64_t>(std::floor(std::ldexp(static_cast<double>(v), -exponent)));
        };
        exponent = magnitude < 0x1p-126f ? -126 : std::max(-126, std::ilogb(magnitude) - 23);
        while (bin(max) - bin(min) >= most) exponent++;
        first = bin(min);
        counts.resize(static_cast<size_t>(bin(max) - first + 1));
        octavo_histogram(x.data(), static_cast<int64_t>(x.size()), exponent, first, static_cast<int64_t>(counts.size()),
                         counts.data());
    }

    float width() const { return std::ldexp(1.0f, exponent); }
};

// The range of every group is that of its histogram alone; and it is what the method promises.
TEST(Groups, FitRangeByAllMethods) {
    Sweep(150).run([&](Random& random) {
        const Case c = random_case(random, 400);
        const size_t groups = static_cast<size_t>(c.groups());
        const bool symmetric = random.chance(0.5);
        const int32_t bits = random.pick({2, 3, 4, 8}), q_max = symmetric ? (1 << bits) / 2 - 1 : (1 << bits) - 1,
                      q_min = symmetric ? -q_max : 0;
        const octavo_range method =
            random.pick({OCTAVO_RANGE_PERCENTILE, OCTAVO_RANGE_ANALYTICAL, OCTAVO_RANGE_ENTROPY});
        const double percent = method == OCTAVO_RANGE_PERCENTILE ? random.pick({50.0, 90.0, 99.0, 100.0}) : 100;
        std::vector<float> lo(groups), hi(groups);
        with_threads([&] {
            EXPECT_EQ(octavo_group_fit_range(c.x.data(), c.rows, c.columns, c.group, method, percent, q_min, q_max,
                                             symmetric, lo.data(), hi.data()),
                      OCTAVO_OK)
                << octavo_last_error();
            std::vector<float> all = lo;
            all.insert(all.end(), hi.begin(), hi.end());
            return all;
        });
        for (size_t i = 0; i < groups; i++) {
            std::vector<float> x = c.part(static_cast<int64_t>(i));
            std::sort(x.begin(), x.end());
            const auto n = static_cast<int64_t>(x.size());
            const float min = x.front() + 0.0f, max = x.back() + 0.0f;
            const Histogram of(x, min, max, std::max<int64_t>(2048, std::min<int64_t>(16384, 32 * n)));
            float low = 0, high = 0;
            EXPECT_EQ(octavo_histogram_fit_range(of.counts.data(), of.exponent, of.first,
                                                 static_cast<int64_t>(of.counts.size()), min, max, method, percent,
                                                 q_min, q_max, symmetric, &low, &high),
                      OCTAVO_OK);
            EXPECT_EQ(lo[i], low);
            EXPECT_EQ(hi[i], high);
            const float reach = std::max(std::fabs(min), std::fabs(max));
            EXPECT_LE(hi[i], symmetric ? reach : max);
            EXPECT_GE(lo[i], symmetric ? -reach : min);
            if (symmetric) {
                EXPECT_EQ(lo[i], -hi[i]);
            }
            const bool one_sign = min >= 0 || max <= 0, one_bin = of.counts.size() == 1;
            if (method == OCTAVO_RANGE_PERCENTILE) {
                // As many as must be are inside, and one less if the range were narrower by a bin.
                const auto inside = [&](float from, float to) {
                    return std::count_if(x.begin(), x.end(), [&](float v) { return v >= from && v <= to; });
                };
                const double least = percent / 100 * static_cast<double>(n);
                EXPECT_GE(static_cast<double>(inside(lo[i] - of.width(), hi[i] + of.width())), least - 1e-9);
                const bool has_ends = symmetric || !one_sign || percent < 100;
                if (has_ends && !one_bin && hi[i] - lo[i] > 4 * of.width()) {
                    EXPECT_LE(static_cast<double>(inside(lo[i] + of.width(), hi[i] - of.width())), least + 1);
                }
            }
            if (method == OCTAVO_RANGE_ANALYTICAL && symmetric) {
                // The nearer of the two constants of Banner et al. gives the range.
                const double laplace[] = {2.831, 3.897, 5.029, 0, 0, 0, 9.897},
                             normal[] = {1.711, 2.152, 2.559, 0, 0, 0, 3.924};
                double absolute = 0, squared = 0;
                for (float v : x) {
                    absolute += std::fabs(v) / static_cast<double>(n);
                    squared += static_cast<double>(v) * v / static_cast<double>(n);
                }
                const double a = std::min<double>(reach, laplace[bits - 2] * absolute),
                             b = std::min<double>(reach, normal[bits - 2] * std::sqrt(squared));
                EXPECT_LE(std::min(std::fabs(hi[i] - a), std::fabs(hi[i] - b)), 4 * of.width() + 1e-6 * reach);
            }
        }
        return true;
    });
}

// The divergence as Migacz defines it, P against Q bin by bin, and the threshold with the least: of as many bins as there are levels
// and of all that end a bin that holds something.
TEST(Groups, EntropyIsTheLeastDivergence) {
    Sweep(30).run([&](Random& random) {
        std::vector<float> x(static_cast<size_t>(random.pick({64, 300, 5000})));
        for (float& v : x) v = random.normal() * (random.chance(0.02) ? 4.0f : 1.0f);
        if (random.chance(0.3)) x[0] = 40;
        float greatest = 0;
        std::vector<float> magnitudes;
        for (float v : x) {
            magnitudes.push_back(std::fabs(v));
            greatest = std::max(greatest, std::fabs(v));
        }
        const int32_t q_max = random.pick({3, 7, 127}), levels = q_max + 1;
        const auto n = static_cast<int64_t>(x.size());
        float lo = 0, hi = 0;
        EXPECT_EQ(octavo_group_fit_range(x.data(), 1, n, n, OCTAVO_RANGE_ENTROPY, 100, -q_max, q_max, 1, &lo, &hi),
                  OCTAVO_OK);
        Histogram of(magnitudes, 0, greatest, 2048);
        const float min = *std::min_element(x.begin(), x.end()), max = *std::max_element(x.begin(), x.end());
        const Histogram own(x, min, max, std::max<int64_t>(2048, std::min<int64_t>(16384, 32 * n)));
        if (own.exponent > of.exponent) return false;  // the values' bins are wider: others than these
        double least = std::numeric_limits<double>::infinity(), best = 0;
        for (size_t bins = static_cast<size_t>(levels); bins <= of.counts.size(); bins++) {
            if (of.counts[bins - 1] == 0 && bins > static_cast<size_t>(levels)) continue;
            std::vector<double> p(of.counts.begin(), of.counts.begin() + static_cast<int64_t>(bins)), q(bins);
            double inside = 0, outside = 0;
            for (double count : p) inside += count;
            for (size_t i = bins; i < of.counts.size(); i++) outside += static_cast<double>(of.counts[i]);
            if (inside == 0) continue;
            std::vector<double> cut = p;
            cut.back() += outside;
            for (size_t level = 0; level < static_cast<size_t>(levels); level++) {
                const size_t from = level * bins / levels, to = (level + 1) * bins / levels;
                double held = 0, occupied = 0;
                for (size_t i = from; i < to; i++) {
                    held += p[i];
                    occupied += cut[i] > 0;
                }
                for (size_t i = from; i < to; i++) q[i] = std::max(held, 1e-4) / occupied;
            }
            double divergence = 0;
            for (size_t i = 0; i < bins; i++)
                if (cut[i] > 0)
                    divergence += cut[i] / (inside + outside) * std::log(cut[i] / (inside + outside) / (q[i] / inside));
            if (divergence <= least + 1e-12) {
                least = std::min(least, divergence);
                best = static_cast<double>(bins);
            }
        }
        EXPECT_NEAR(hi, std::min<double>(greatest, best * of.width()), 1e-6);
        return true;
    });
}

// Distance of x from the nearest of levels, squared and summed.
double nearest(const std::vector<float>& x, const std::vector<double>& levels) {
    double sum = 0;
    for (float v : x) {
        double least = std::numeric_limits<double>::infinity();
        for (double level : levels) least = std::min(least, (v - level) * (v - level));
        sum += least;
    }
    return sum;
}

// The least error of cutting sorted x from `from` on into at most k runs, by trying every cut.
double brute_force(const std::vector<float>& x, size_t from, int k) {
    if (from == x.size()) return 0;
    double best = std::numeric_limits<double>::infinity();
    for (size_t to = k == 1 ? x.size() : from + 1; to <= x.size(); to++) {
        double mean = 0, error = 0;
        for (size_t i = from; i < to; i++) mean += x[i] / static_cast<double>(to - from);
        for (size_t i = from; i < to; i++) error += (x[i] - mean) * (x[i] - mean);
        best = std::min(best, error + (k == 1 ? 0 : brute_force(x, to, k - 1)));
    }
    return best;
}

TEST(Groups, FitLevelsIsExact) {
    Sweep(80).run([&](Random& random) {
        Case c = random_case(random, 30);
        c.group = std::min<int64_t>(c.group, 10);
        const size_t groups = static_cast<size_t>(c.groups());
        const auto count = static_cast<int32_t>(random.integer(1, 5));
        std::vector<float> levels(groups * count), scales(groups);
        std::vector<int8_t> entries(groups * count);
        int32_t most = 0;
        with_threads([&] {
            EXPECT_EQ(octavo_group_fit_levels(c.x.data(), nullptr, c.rows, c.columns, c.group, count, levels.data(),
                                              entries.data(), scales.data(), &most),
                      OCTAVO_OK);
            std::vector<float> all = levels;
            all.insert(all.end(), scales.begin(), scales.end());
            all.insert(all.end(), entries.begin(), entries.end());
            return all;
        });
        EXPECT_LE(most, count);
        for (size_t i = 0; i < groups; i++) {
            std::vector<float> part = c.part(static_cast<int64_t>(i));
            std::sort(part.begin(), part.end());
            const std::vector<double> own(levels.begin() + i * count, levels.begin() + (i + 1) * count);
            EXPECT_TRUE(std::is_sorted(own.begin(), own.end()));
            const double power = nearest(part, {0.0});
            EXPECT_NEAR(nearest(part, own), brute_force(part, 0, count), power * 1e-12);
            for (int32_t j = 0; j < count; j++)  // of at least 64 entries the nearest
                EXPECT_NEAR(own[j], static_cast<double>(entries[i * count + j]) * scales[i], scales[i] * 0.5001);
        }
        return true;
    });
}

// More than 65,536 distinct values go through bins. Lloyd-Max for a normal source and 16 levels: 20.22 dB (Max, Quantizing for minimum
// distortion, 1960); the sums of twelve numbers that stand for one here have no tails beyond 6, and a little less error.
TEST(Groups, FitLevelsOfALargeArray) {
    Random random(3);
    std::vector<float> x(200'000), levels(16);
    for (float& v : x) v = random.normal();
    std::vector<int8_t> entries(16);
    float scale = 0;
    int32_t most = 0;
    ASSERT_EQ(octavo_group_fit_levels(x.data(), nullptr, 1, 200'000, 200'000, 16, levels.data(), entries.data(), &scale,
                                      &most),
              OCTAVO_OK);
    const double error = nearest(x, {levels.begin(), levels.end()}), power = nearest(x, {0.0});
    EXPECT_NEAR(10 * std::log10(power / error), 20.4, 0.2);
}

TEST(Groups, FitScaleIsExact) {
    Sweep(80).run([&](Random& random) {
        const Case c = random_case(random, 60);
        const size_t groups = static_cast<size_t>(c.groups());
        const std::vector<int8_t> entries =
            random.pick({std::vector<int8_t>{1, 2, 4, 8, 16, 32, 64}, std::vector<int8_t>{1},
                         std::vector<int8_t>{11, 16, 23, 32, 45, 64, 90}});
        std::vector<float> scales(groups);
        with_threads([&] {
            EXPECT_EQ(octavo_group_fit_scale(c.x.data(), nullptr, c.rows, c.columns, c.group, entries.data(),
                                             static_cast<int32_t>(entries.size()), scales.data()),
                      OCTAVO_OK);
            return scales;
        });
        for (size_t i = 0; i < groups; i++) {
            const std::vector<float> part = c.part(static_cast<int64_t>(i));
            const auto error = [&](double scale) {
                std::vector<double> levels = {0};
                for (int8_t entry : entries) levels.insert(levels.end(), {entry * scale, -entry * scale});
                return nearest(part, levels);
            };
            const double found = error(scales[i]), power = nearest(part, {0.0});
            float greatest = 0;
            for (float v : part) greatest = std::max(greatest, std::fabs(v));
            for (int k = 1; k <= 1000; k++)
                EXPECT_LE(found, error(3.0 * greatest * k / 1000 / entries.back()) + power * 1e-12);
        }
        return true;
    });
}

TEST(Groups, DeadGroupsHaveTheLeastScale) {
    const std::vector<float> x = {1e-36f, -7e-37f, 0, 0};
    const int8_t entry = 64;
    float levels[4], scales[2];
    int8_t entries[4];
    int32_t most = 0;
    ASSERT_EQ(octavo_group_fit_levels(x.data(), nullptr, 2, 2, 2, 2, levels, entries, scales, &most), OCTAVO_OK);
    EXPECT_EQ(scales[0], 0x1p-64f);
    EXPECT_EQ(scales[1], 0x1p-23f);
    EXPECT_EQ(entries[0], 0);
    ASSERT_EQ(octavo_group_fit_scale(x.data(), nullptr, 2, 2, 2, &entry, 1, scales), OCTAVO_OK);
    EXPECT_EQ(scales[0], 0x1p-64f);
    EXPECT_EQ(scales[1], 0x1p-23f);
}

// With values spread evenly over narrow bins the error is that of the values.
TEST(Groups, HistogramErrorAndRange) {
    Random random(5);
    std::vector<float> x(20'000);
    for (float& v : x) v = random.normal();
    float min = 0, max = 0;
    int64_t nans, infs;
    octavo_min_max(x.data(), 1, 1, 20'000, &min, &max, &nans, &infs);
    std::vector<int64_t> counts(4096);
    ASSERT_EQ(octavo_histogram(x.data(), 20'000, -8, -2048, 4096, counts.data()), OCTAVO_OK);
    double spread = 0, exact = 0;
    ASSERT_EQ(octavo_histogram_error(counts.data(), -8, -2048, 4096, min, max, 0.4f, 7, 0, 15, &spread), OCTAVO_OK);
    ASSERT_EQ(octavo_affine_error(x.data(), 20'000, 0.4f, 7, 0, 15, &exact), OCTAVO_OK);
    EXPECT_NEAR(spread, exact, exact * 0.01);
    for (int32_t symmetric : {0, 1}) {
        const int32_t q_min = symmetric ? -7 : 0, q_max = symmetric ? 7 : 15;
        float lo, hi, data_lo, data_hi;
        ASSERT_EQ(octavo_histogram_fit_range(counts.data(), -8, -2048, 4096, min, max, OCTAVO_RANGE_LEAST_ERROR, 100,
                                             q_min, q_max, symmetric, &lo, &hi),
                  OCTAVO_OK);
        ASSERT_EQ(octavo_group_fit_range(x.data(), 1, 20'000, 20'000, OCTAVO_RANGE_LEAST_ERROR, 100, q_min, q_max,
                                         symmetric, &data_lo, &data_hi),
                  OCTAVO_OK);
        EXPECT_LE(affine_error(x, lo, hi, q_min, q_max, symmetric),
                  affine_error(x, data_lo, data_hi, q_min, q_max, symmetric) * 1.02);
    }
}

TEST(Groups, WrongArgumentsAreRefused) {
    float x[4] = {1, 2, 3, 4}, y[4], scale[4] = {1, 1, 1, 1};
    const float bad[2] = {1, infinity};
    const int32_t z[4] = {};
    const int8_t entries[2] = {1, 1};
    const int64_t none[4] = {}, negative[4] = {1, -1, 1, 1};
    int8_t q[4];
    uint8_t codes[4];
    int64_t n1, n2;
    int32_t most;
    double sum;
    EXPECT_EQ(octavo_group_min_max(x, 2, 2, 0, y, y, &n1, &n2), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_group_min_max(x, -1, 2, 1, y, y, &n1, &n2), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_group_min_max(x, INT64_MAX, 2, 1, y, y, &n1, &n2), OCTAVO_OUT_OF_MEMORY);
    EXPECT_EQ(octavo_group_min_max(nullptr, 2, 2, 1, y, y, &n1, &n2), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_group_min_max(nullptr, 0, 2, 1, nullptr, nullptr, &n1, &n2), OCTAVO_OK);
    EXPECT_EQ(octavo_group_quantize(x, 2, 2, 1, scale, z, OCTAVO_S32, 0, 1, q), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_group_quantize(x, 2, 2, 1, scale, z, OCTAVO_S8, 5, 1, q), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_group_dequantize(q, OCTAVO_F32, 2, 2, 1, scale, z, y), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_group_nearest_level(x, 2, 2, 2, scale, 0, codes), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_group_fit_range(x, 2, 2, 2, OCTAVO_RANGE_LEAST_ERROR, 100, 3, 3, 0, y, y),
              OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_group_fit_range(x, 2, 2, 2, OCTAVO_RANGE_LEAST_ERROR, 100, 1, 3, 1, y, y),
              OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_group_fit_range(bad, 1, 2, 2, OCTAVO_RANGE_LEAST_ERROR, 100, -7, 7, 1, y, y), OCTAVO_NOT_FINITE);
    EXPECT_EQ(octavo_group_fit_levels(bad, nullptr, 1, 2, 2, 2, y, q, scale, &most), OCTAVO_NOT_FINITE);
    EXPECT_EQ(octavo_group_fit_levels(x, none, 1, 4, 4, 2, y, q, scale, &most), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_group_fit_levels(x, negative, 1, 4, 4, 2, y, q, scale, &most), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_group_fit_levels(x, nullptr, 1, 4, 4, 257, y, q, scale, &most), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_group_fit_scale(x, nullptr, 1, 4, 4, entries, 2, scale), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_histogram_error(none, 0, 0, 4, 0, 1, 1, 0, 0, 1, &sum), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_histogram_error(negative, 0, 0, 4, 0, 1, 1, 0, 0, 1, &sum), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_histogram_fit_range(nullptr, 0, 0, 4, 0, 1, OCTAVO_RANGE_ENTROPY, 100, 0, 1, 0, y, y),
              OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_group_fit_range(x, 2, 2, 2, 4, 100, -7, 7, 1, y, y), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_group_fit_range(x, 2, 2, 2, OCTAVO_RANGE_PERCENTILE, 49, -7, 7, 1, y, y), OCTAVO_INVALID_ARGUMENT);
    EXPECT_GT(std::string(octavo_last_error()).size(), 0u);
}

}  // namespace
}  // namespace octavo::test

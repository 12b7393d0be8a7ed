// The range with the least squared error. The error has many local minima: each level that moves past a value makes one. So a grid
// comes first, and then a golden-section search around its best point. A range with both signs is searched by its common factor,
// then one end at a time. The whole range is always among the candidates: clipping never has a greater error than not clipping.
#include "ops/fit_range.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/status.h"
#include "kernels/stats.h"
#include "ops/array_checks.h"
#include "ops/arrays.h"
#include "ops/split.h"
#include "registry/search.h"

namespace octavo {
namespace {

constexpr int grid = 512, refinements = 24, rounds = 3;
constexpr double narrowest = 1.0 / 64;  // of the whole range

// PyTorch's formulas, as Java has them.
float scale_of(const RangeCodes& codes, float lo, float hi) {
    constexpr float least = 0x1p-23f;
    const float steps = static_cast<float>(codes.q_max - codes.q_min);
    const float scale = codes.symmetric ? std::max(-lo, hi) / (steps / 2) : (hi - lo) / steps;
    return std::max(scale, least);
}

int32_t zero_point_of(const RangeCodes& codes, float lo, float scale) {
    if (codes.symmetric) return 0;
    const float steps = static_cast<float>(codes.q_max - codes.q_min);
    const float below = std::min(-std::nearbyint(lo / scale), steps);
    return codes.q_min + static_cast<int32_t>(below);
}

// base^(1 / n) for a base in (0, 1]: Newton's method comes down from 1, in operations that are the same everywhere.
double root(double base, int n) {
    double x = 1;
    for (int i = 0; i < 16; i++) {
        double power = 1;
        for (int k = 1; k < n; k++) power *= x;
        x -= (power * x - base) / (n * power);
    }
    return x;
}

// The number up to `greatest` for which f is least, of those tried; 1 is tried first and wins ties.
template <class F>
double minimize(double greatest, const F& f) {
    const double step = root(narrowest / greatest, grid - 1), golden = (std::sqrt(5.0) - 1) / 2;
    double best = 1, least = f(1.0), x = greatest;
    const auto attempt = [&](double at) {
        const double value = f(at);
        if (value < least) {
            best = at;
            least = value;
        }
        return value;
    };
    for (int i = 0; i < grid; i++, x *= step) attempt(x);
    double left = best * step, right = std::min(best / step, greatest);
    double a = right - golden * (right - left), b = left + golden * (right - left);
    double at_a = attempt(a), at_b = attempt(b);
    for (int i = 0; i < refinements; i++) {
        if (at_a <= at_b) {
            right = b;
            b = a;
            at_b = at_a;
            a = right - golden * (right - left);
            at_a = attempt(a);
        } else {
            left = a;
            a = b;
            at_a = at_b;
            b = left + golden * (right - left);
            at_b = attempt(b);
        }
    }
    return best;
}

float scaled(float bound, double reach) { return static_cast<float>(bound * reach); }

// error(scale, zero_point): of the data whose least and greatest values are min and max.
template <class Error>
void search(const RangeCodes& codes, float min, float max, const Error& error, float* lo, float* hi) {
    const auto at = [&](float from, float to) {
        const float scale = scale_of(codes, from, to);
        return std::isfinite(scale) ? error(scale, zero_point_of(codes, from, scale))
                                    : std::numeric_limits<double>::infinity();
    };
    const float least = std::min(min, 0.0f), most = std::max(max, 0.0f);
    if (codes.symmetric) {
        // Where one end of the codes lies half a step inside, the range may reach until the greatest value is a level there.
        const int32_t nearer = std::max(1, std::min(codes.q_max, -codes.q_min));
        const double greatest = (codes.q_max - codes.q_min) / 2.0 / nearer;
        const float magnitude = std::max(-least, most);
        *hi = scaled(magnitude, minimize(greatest, [&](double r) { return at(0, scaled(magnitude, r)); }));
        *lo = -*hi;
        return;
    }
    const double both = minimize(1, [&](double r) { return at(scaled(least, r), scaled(most, r)); });
    *lo = scaled(least, both);
    *hi = scaled(most, both);
    if (least == 0 || most == 0) return;
    double best = at(*lo, *hi);
    for (int round = 0; round < rounds; round++) {
        const float next_hi = scaled(most, minimize(1, [&](double r) { return at(*lo, scaled(most, r)); }));
        const float next_lo = scaled(least, minimize(1, [&](double r) { return at(scaled(least, r), next_hi); }));
        const double next = at(next_lo, next_hi);
        if (!(next < best)) break;
        best = next;
        *lo = next_lo;
        *hi = next_hi;
    }
}

// Sums of blocks are added in their order, whoever computes them.
double error_of(const float* x, int64_t n, float scale, int32_t zero_point, const RangeCodes& codes) {
    constexpr int64_t block = int64_t{1} << 16;
    const auto sum = [&](int64_t begin, int64_t end) {
        return array_affine_error(x + begin, end - begin, scale, zero_point, codes.q_min, codes.q_max);
    };
    if (n <= block) return sum(0, n);
    constexpr int64_t most = 256;
    double total = 0;
    for (int64_t from = 0; from < n; from += most * block) {
        double sums[most];
        const int64_t blocks = std::min(most, ceil_div(n - from, block));
        split(blocks, 1, block * 200, default_threads(), [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; i++) sums[i] = sum(from + i * block, std::min(n, from + (i + 1) * block));
        });
        for (int64_t i = 0; i < blocks; i++) total += sums[i];
    }
    return total;
}

// The occupied bins of a histogram; the outer ones end at the least and greatest value.
class Occupied {
public:
    explicit Occupied(const Counted& x) {
        const double width = std::ldexp(1.0, x.exponent);
        for (int64_t i = 0; i < x.bins; i++) {
            if (x.counts[i] == 0) continue;
            from_.push_back(std::max(static_cast<double>(x.first + i) * width, static_cast<double>(x.min)));
            to_.push_back(std::min(static_cast<double>(x.first + i + 1) * width, static_cast<double>(x.max)));
            counts_.push_back(static_cast<double>(x.counts[i]));
        }
    }

    double error(float scale, int32_t zero_point, int32_t q_min, int32_t q_max) const {
        const double s = scale;
        double parts[sum_parts] = {};
        search_kernels(active_isa())
            .spread_error({from_.data(), to_.data(), counts_.data(), static_cast<int64_t>(counts_.size())},
                          {s, (q_min - zero_point) * s, (q_max - zero_point) * s}, parts);
        return sum_pairwise(parts);
    }

private:
    std::vector<double> from_, to_, counts_;
};

}  // namespace

void group_fit_range(const float* x, const Groups& groups, const RangeCodes& codes, float* lo, float* hi) {
    int64_t nans = 0, infs = 0;
    group_min_max(x, groups, lo, hi, &nans, &infs);
    if (nans + infs > 0)
        throw Error(OCTAVO_NOT_FINITE, std::to_string(nans + infs) + " of the numbers are NaN or infinite");
    constexpr int64_t candidates = 600;
    for_groups(groups, candidates * groups.size * 200, [&](int64_t group, int) {
        const float* part = x + groups.begin(group);
        const int64_t n = groups.length(group);
        const auto error = [&](float scale, int32_t zero_point) { return error_of(part, n, scale, zero_point, codes); };
        search(codes, lo[group], hi[group], error, &lo[group], &hi[group]);
    });
}

double histogram_error(const Counted& x, float scale, int32_t zero_point, int32_t q_min, int32_t q_max) {
    check_scale(scale, 0);
    constexpr CodeRange any{-(1 << 22), 1 << 22};
    check_codes(q_min, q_max, any);
    check_zero_point(zero_point, 0, any);
    return Occupied(x).error(scale, zero_point, q_min, q_max);
}

void histogram_fit_range(const Counted& x, const RangeCodes& codes, float* lo, float* hi) {
    const Occupied occupied(x);
    const auto error = [&](float scale, int32_t zero_point) {
        return occupied.error(scale, zero_point, codes.q_min, codes.q_max);
    };
    search(codes, x.min, x.max, error, lo, hi);
}

}  // namespace octavo

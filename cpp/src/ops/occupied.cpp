#include "ops/occupied.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

#include "kernels/stats.h"
#include "ops/arrays.h"
#include "registry/search.h"

namespace octavo {
namespace {

int64_t bin_of(float x, double per_unit) { return static_cast<int64_t>(std::floor(static_cast<double>(x) * per_unit)); }

}  // namespace

int32_t covering_exponent(float min, float max, int64_t most_bins) {
    const float magnitude = std::max(std::fabs(min), std::fabs(max));
    constexpr int32_t least = FLT_MIN_EXP - 1, fraction = FLT_MANT_DIG - 1;
    int32_t exponent =
        magnitude < FLT_MIN ? least : std::max(least, static_cast<int32_t>(std::ilogb(magnitude)) - fraction);
    double per_unit = std::ldexp(1.0, -exponent);
    for (; bin_of(max, per_unit) - bin_of(min, per_unit) >= most_bins; exponent++) per_unit /= 2;
    return exponent;
}

void Occupied::begin(int32_t exponent, float min, float max) {
    exponent_ = exponent;
    width_ = std::ldexp(1.0, exponent);
    total_ = 0;
    min_ = min;
    max_ = max;
    bins_.clear();
    from_.clear();
    to_.clear();
    counts_.clear();
}

void Occupied::add(int64_t bin, double count) {
    bins_.push_back(bin);
    from_.push_back(std::max(static_cast<double>(bin) * width_, static_cast<double>(min_)));
    to_.push_back(std::min(static_cast<double>(bin + 1) * width_, static_cast<double>(max_)));
    counts_.push_back(count);
    total_ += count;
}

void Occupied::set(const Counted& x) {
    begin(x.exponent, x.min, x.max);
    for (int64_t i = 0; i < x.bins; i++)
        if (x.counts[i] > 0) add(x.first + i, static_cast<double>(x.counts[i]));
}

void Occupied::set(const float* x, int64_t n, float min, float max, int64_t most_bins) {
    const int32_t exponent = covering_exponent(min, max, most_bins);
    const double per_unit = std::ldexp(1.0, -exponent);
    const int64_t first = bin_of(min, per_unit), bins = bin_of(max, per_unit) - first + 1;
    if (n > bins) {
        dense_.assign(static_cast<size_t>(bins), 0);
        array_histogram(x, n, exponent, first, bins, dense_.data());
        set({dense_.data(), exponent, first, bins, min, max});
        return;
    }
    begin(exponent, min, max);
    sorted_.assign(x, x + n);
    std::sort(sorted_.begin(), sorted_.end());
    for (size_t i = 0; i < sorted_.size();) {
        const int64_t bin = bin_of(sorted_[i], per_unit);
        const size_t from = i;
        while (i < sorted_.size() && bin_of(sorted_[i], per_unit) == bin) i++;
        add(bin, static_cast<double>(i - from));
    }
}

double Occupied::error(const Steps& levels) const {
    double parts[sum_parts] = {};
    search_kernels(active_isa()).spread_error({from_.data(), to_.data(), counts_.data(), size()}, levels, parts);
    return sum_pairwise(parts);
}

double Occupied::error(float scale, int32_t zero_point, int32_t q_min, int32_t q_max) const {
    const double s = scale;
    return error({s, (q_min - zero_point) * s, (q_max - zero_point) * s});
}

}  // namespace octavo

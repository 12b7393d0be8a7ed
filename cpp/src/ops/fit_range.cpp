// The range with the least squared error. The error has many local minima: each level that moves past a value makes one, and the
// fewer values there are the deeper they lie. So many scales are tried, and finer ones around the best few of them. Of a range with
// both signs the codes too must be chosen that lie below 0: those whose clipped values weigh the same at either end, next to which the
// least error lies. The whole range is always among the candidates: clipping never has a greater error than not clipping.
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
#include "ops/weighted_values.h"
#include "registry/search.h"

namespace octavo {
namespace {

// Scales are tried from twice that of the whole range, above which half of one does all that it does, down to 1/64: so many in
// each of the octaves above a quarter, and fewer below. The fewer values, the narrower and deeper the minima.
constexpr int fine_octaves = 3, octaves = 7;
struct Density {
    int64_t values;  // up to which it is for
    int fine, coarse;
};
constexpr Density densities[] = {{32, 1024, 128}, {4096, 256, 32}, {std::numeric_limits<int64_t>::max(), 128, 32}};

const Density& density_for(int64_t values) {
    const Density* of = densities;
    while (values > of->values) of++;
    return *of;
}

constexpr int kept = 8, closer = 16, rounds = 2;  // scales around each of the best, in each round

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

// Ranges to try: codes least .. least + the steps of all, times a scale.
struct Windows {
    std::vector<float> scales, least;
    std::vector<double> errors;

    size_t size() const { return scales.size(); }

    void clear() {
        scales.clear();
        least.clear();
    }

    void add(double scale, double first) {
        scales.push_back(static_cast<float>(scale));
        least.push_back(static_cast<float>(first));
    }

    // Whole vectors of them, the last standing for those that are missing.
    void fill_up() {
        while (scales.size() % range_lanes != 0) add(scales.back(), least.back());
        errors.resize(scales.size());
    }
};

// A scale whose error is less than its neighbours', and how far these are away.
struct Minimum {
    double error;
    float scale, least;
    double reach;
};

// What a search works with, used again for the next group.
struct Workspace {
    std::vector<double> scales;
    Windows windows;
    std::vector<Minimum> minima;
};

// The lower end of a window of some width for which the values clipped at either end weigh the same, as the width becomes less.
// Values: ascending, value(i), weight(i), size().
template <class Values>
class Balance {
public:
    explicit Balance(const Values& values) : values_(values), last_(values.size() - 1) {}

    double lower_end(double width) {
        double low = (values_.value(0) + values_.value(last_) - width) / 2;
        if (width >= values_.value(last_) - values_.value(0)) return low;  // nothing is clipped
        if (below_.count > 0 || above_.count > 0) low = balanced(width);
        for (int i = 0; i < 8 && move(low, low + width); i++) low = balanced(width);
        return low;
    }

private:
    struct Clipped {
        int64_t count = 0;  // of distinct values
        double weight = 0, sum = 0;
    };

    double balanced(double width) const {
        return (below_.sum + above_.sum - above_.weight * width) / (below_.weight + above_.weight);
    }

    void add(Clipped* to, int64_t i, double sign) const {
        to->count += sign > 0 ? 1 : -1;
        to->weight += sign * values_.weight(i);
        to->sum += sign * values_.weight(i) * values_.value(i);
    }

    // Takes in what is outside low .. high, and that alone. Says whether this changed anything.
    bool move(double low, double high) {
        const int64_t below = below_.count, above = above_.count;
        while (below_.count <= last_ && values_.value(below_.count) < low) add(&below_, below_.count, 1);
        while (below_.count > 0 && values_.value(below_.count - 1) >= low) add(&below_, below_.count - 1, -1);
        while (above_.count <= last_ && values_.value(last_ - above_.count) > high)
            add(&above_, last_ - above_.count, 1);
        while (above_.count > 0 && values_.value(last_ - above_.count + 1) <= high)
            add(&above_, last_ - above_.count + 1, -1);
        return below_.count != below || above_.count != above;
    }

    const Values& values_;
    int64_t last_;
    Clipped below_, above_;
};

// The scales of a search, descending.
void set_scales(double whole, const Density& density, std::vector<double>* scales) {
    scales->clear();
    double octave = 2 * whole;
    for (int i = 0; i < octaves; i++, octave /= 2) {
        const int points = i < fine_octaves ? density.fine : density.coarse;
        for (int k = 0; k < points; k++) scales->push_back(octave * (1 - 0.5 * k / points));
    }
}

// For each scale the two windows next to the balanced one, whose end is taken for straight between every so many scales.
template <class Values>
void add_balanced(Balance<Values> balance, const std::vector<double>& scales, int32_t steps, Windows* windows) {
    constexpr size_t stride = 16;
    double end = balance.lower_end(scales[0] * steps);
    for (size_t i = 0; i < scales.size(); i += stride) {
        const size_t next = std::min(i + stride, scales.size() - 1);
        const double next_end = balance.lower_end(scales[next] * steps);
        for (size_t k = i; k < std::min(i + stride, scales.size()); k++) {
            const double share = next == i ? 0 : static_cast<double>(k - i) / static_cast<double>(next - i);
            const double code = std::floor((end + (next_end - end) * share) / scales[k]);
            const double first = std::max<double>(-steps, std::min(-1.0, code));
            windows->add(scales[k], first);
            windows->add(scales[k], first + 1);
        }
        end = next_end;
    }
}

// The best few scales of those that are better than their neighbours. each: windows of a scale, which lie side by side.
void find_minima(size_t each, const Workspace& work, std::vector<Minimum>* minima) {
    const std::vector<double>&scales = work.scales, &errors = work.windows.errors;
    const auto best_of = [&](size_t i) {
        const size_t first = i * each;
        return each == 2 && errors[first + 1] < errors[first] ? first + 1 : first;
    };
    minima->clear();
    double before = std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < scales.size(); i++) {
        const size_t at = best_of(i), last = scales.size() - 1;
        const double here = errors[at];
        if (here <= before && !(i < last && errors[best_of(i + 1)] <= here)) {
            const double reach = (scales[i > 0 ? i - 1 : 0] - scales[std::min(i + 1, last)]) / 2;
            minima->push_back({here, work.windows.scales[at], work.windows.least[at], reach});
        }
        before = here;
    }
    const auto less = [](const Minimum& a, const Minimum& b) { return a.error < b.error; };
    std::stable_sort(minima->begin(), minima->end(), less);
    if (minima->size() > kept) minima->resize(kept);
}

// Of data whose least and greatest values are min and max. balance(): a Balance of them; errors(windows): sets those of the windows,
// roughly; error(scale, zero_point): exactly.
template <class MakeBalance, class Errors, class Error>
void search(const RangeCodes& codes, float min, float max, const Density& density, const MakeBalance& balance,
            const Errors& errors, const Error& error, Workspace* work, float* lo, float* hi) {
    const float least = std::min(min, 0.0f), most = std::max(max, 0.0f), magnitude = std::max(-least, most);
    const int32_t steps = codes.q_max - codes.q_min;
    *lo = codes.symmetric ? -magnitude : least;
    *hi = codes.symmetric ? magnitude : most;
    const float whole = scale_of(codes, *lo, *hi);
    if (magnitude == 0 || !std::isfinite(whole)) return;
    // Of symmetric codes one end may lie half a step inside: it is a level there when the scale is greater.
    const double nearer = std::max(1, std::min(codes.q_max, -codes.q_min));
    set_scales(codes.symmetric ? static_cast<double>(magnitude) / nearer : static_cast<double>(whole), density,
               &work->scales);

    Windows& windows = work->windows;
    windows.clear();
    const bool both_signs = !codes.symmetric && least < 0 && most > 0;
    if (both_signs) {
        add_balanced(balance(), work->scales, steps, &windows);
    } else {
        const int32_t first = codes.symmetric ? codes.q_min : least == 0 ? 0 : -steps;
        for (double scale : work->scales) windows.add(scale, first);
    }
    windows.fill_up();
    errors(&windows);
    std::vector<Minimum>& minima = work->minima;
    find_minima(both_signs ? 2 : 1, *work, &minima);

    for (int round = 0; round < rounds; round++) {
        windows.clear();
        for (Minimum& of : minima) {
            for (int k = 1; k <= closer / 2; k++) {
                const double away = of.reach * k / (closer / 2);
                windows.add(of.scale - away, of.least);
                windows.add(of.scale + away, of.least);
            }
            of.reach /= closer / 2;
        }
        windows.fill_up();
        errors(&windows);
        for (size_t i = 0; i < windows.size(); i++) {
            Minimum& of = minima[i / closer];
            if (windows.errors[i] < of.error) {
                of.error = windows.errors[i];
                of.scale = windows.scales[i];
            }
        }
    }

    double best = error(whole, zero_point_of(codes, *lo, whole));
    for (const Minimum& of : minima) {
        const float half = static_cast<float>(steps) / 2;
        const float from = of.scale * (codes.symmetric ? -half : of.least);
        const float to = of.scale * (codes.symmetric ? half : of.least + static_cast<float>(steps));
        const float scale = scale_of(codes, from, to);
        if (!std::isfinite(scale)) continue;
        const double e = error(scale, zero_point_of(codes, from, scale));
        if (e < best) {
            best = e;
            *lo = from;
            *hi = to;
        }
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

// Sixteen windows at a time, on as many threads as that is worth.
void set_errors(const float* x, int64_t n, int32_t steps, Windows* of) {
    const SearchKernels& kernels = search_kernels(active_isa());
    const auto vectors = static_cast<int64_t>(of->size() / range_lanes);
    std::fill(of->errors.begin(), of->errors.end(), 0.0);
    split(vectors, 1, n * 1'200, default_threads(), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin * range_lanes; i < end * range_lanes; i += range_lanes) {
            double* errors = of->errors.data() + i;
            const float* scales = of->scales.data() + i;
            kernels.range_errors(x, n, {scales, of->least.data() + i, static_cast<float>(steps)}, errors);
            for (int k = 0; k < range_lanes; k++)
                errors[k] *= static_cast<double>(scales[k]) * static_cast<double>(scales[k]);
        }
    });
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

    int64_t size() const { return static_cast<int64_t>(counts_.size()); }
    double value(int64_t i) const { return (from_[static_cast<size_t>(i)] + to_[static_cast<size_t>(i)]) / 2; }
    double weight(int64_t i) const { return counts_[static_cast<size_t>(i)]; }

    double error(float scale, int32_t zero_point, int32_t q_min, int32_t q_max) const {
        const double s = scale;
        return error({s, (q_min - zero_point) * s, (q_max - zero_point) * s});
    }

    double error(const Steps& steps) const {
        double parts[sum_parts] = {};
        search_kernels(active_isa()).spread_error({from_.data(), to_.data(), counts_.data(), size()}, steps, parts);
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
    struct Worker {
        WeightedValues values;
        Workspace work;
    };
    std::vector<Worker> workers(static_cast<size_t>(group_workers(groups)));
    const int32_t steps = codes.q_max - codes.q_min;
    for_groups(groups, groups.size * 200'000, [&](int64_t group, int thread) {
        Worker& worker = workers[static_cast<size_t>(thread)];
        const float* part = x + groups.begin(group);
        const int64_t n = groups.length(group);
        const auto balance = [&] {
            worker.values.gather(part, nullptr, n, false);
            return Balance<WeightedValues>(worker.values);
        };
        const auto errors = [&](Windows* windows) { set_errors(part, n, steps, windows); };
        const auto error = [&](float scale, int32_t zero_point) { return error_of(part, n, scale, zero_point, codes); };
        search(codes, lo[group], hi[group], density_for(n), balance, errors, error, &worker.work, &lo[group],
               &hi[group]);
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
    const auto balance = [&] { return Balance<Occupied>(occupied); };
    const auto errors = [&](Windows* windows) {
        for (size_t i = 0; i < windows->size(); i++) {
            const double scale = windows->scales[i], first = scale * static_cast<double>(windows->least[i]);
            windows->errors[i] = occupied.error({scale, first, first + scale * (codes.q_max - codes.q_min)});
        }
    };
    Workspace work;
    search(codes, x.min, x.max, density_for(occupied.size()), balance, errors, error, &work, lo, hi);
}

}  // namespace octavo

// The range with the least squared error. The error has many local minima: each level that moves past a value makes one, and the
// fewer values there are the deeper they lie. So many scales are tried, and finer ones around the best few of them. Of a range with
// both signs the codes too must be chosen that lie below 0: those whose clipped values weigh the same at either end, next to which the
// least error lies. The whole range is always among the candidates: clipping never has a greater error than not clipping.
#ifndef OCTAVO_OPS_LEAST_ERROR_H
#define OCTAVO_OPS_LEAST_ERROR_H

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "ops/range_codes.h"

namespace octavo {

// Scales are tried from twice that of the whole range, above which half of one does all that it does, down to 1/64: so many in
// each of the octaves above a quarter, and fewer below. The fewer values, the narrower and deeper the minima.
constexpr int fine_octaves = 3, octaves = 7;
struct Density {
    int64_t values;  // up to which it is for
    int fine, coarse;
};
constexpr Density densities[] = {{32, 1024, 128}, {4096, 256, 32}, {std::numeric_limits<int64_t>::max(), 128, 32}};

inline const Density& density_for(int64_t values) {
    const Density* of = densities;
    while (values > of->values) of++;
    return *of;
}

constexpr int kept = 8, closer = 16, rounds = 2;  // scales around each of the best, in each round

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
struct SearchWorkspace {
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
inline void set_scales(double whole, const Density& density, std::vector<double>* scales) {
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
inline void find_minima(size_t each, const SearchWorkspace& work, std::vector<Minimum>* minima) {
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
void least_error_range(const RangeCodes& codes, float min, float max, const Density& density,
                       const MakeBalance& balance, const Errors& errors, const Error& error, SearchWorkspace* work,
                       float* lo, float* hi) {
    const float least = std::min(min, 0.0f), most = std::max(max, 0.0f), magnitude = std::max(-least, most);
    const int32_t steps = codes.steps();
    *lo = codes.symmetric ? -magnitude : least;
    *hi = codes.symmetric ? magnitude : most;
    const float whole = codes.scale_of(*lo, *hi);
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

    double best = error(whole, codes.zero_point_of(*lo, whole));
    for (const Minimum& of : minima) {
        const float half = static_cast<float>(steps) / 2;
        const float from = of.scale * (codes.symmetric ? -half : of.least);
        const float to = of.scale * (codes.symmetric ? half : of.least + static_cast<float>(steps));
        const float scale = codes.scale_of(from, to);
        if (!std::isfinite(scale)) continue;
        const double e = error(scale, codes.zero_point_of(from, scale));
        if (e < best) {
            best = e;
            *lo = from;
            *hi = to;
        }
    }
}

}  // namespace octavo

#endif

// Searches for the parameters of schemes on vectors, half a vector's lanes of doubles at a time.
#ifndef OCTAVO_KERNELS_SEARCH_VECTORS_H
#define OCTAVO_KERNELS_SEARCH_VECTORS_H

#include "kernels/search.h"
#include "kernels/vectors.h"

namespace octavo {
namespace {

constexpr int64_t doubles = lanes / 2;

inline DVec clamp(DVec x, double low, double high) { return max(min(x, dvec(high)), dvec(low)); }

int64_t best_split(const double* before, const PrefixSums& of, int64_t from, int64_t to, int64_t end, double* error) {
    const DVec weight_end = dvec(of.weights[end]), sum_end = dvec(of.sums[end]), square_end = dvec(of.squares[end]);
    const DVec infinite = dvec(__builtin_inf());
    DVec least = infinite, best = dvec(static_cast<double>(from)), at = best + lane_numbers();
    for (int64_t j = from; j <= to; j += doubles) {
        // Lanes behind the end divide nothing by 1, and lose.
        const DMask k = first_double_lanes(to + 1 - j);
        const DVec weight = select(k, weight_end - load(of.weights + j, k), dvec(1));
        const DVec sum = sum_end - load(of.sums + j, k);
        const DVec around_mean = square_end - load(of.squares + j, k) - sum * sum / weight;
        const DVec e = load(before + j, k) + max(around_mean, dvec(0));
        const DMask less = (e < least) & k;
        least = select(less, e, least);
        best = select(less, at, best);
        at = at + dvec(doubles);
    }
    *error = min_of(least);
    return static_cast<int64_t>(min_of(select(least == dvec(*error), best, infinite)));
}

void rounding_errors(const RoundedLevels& of, const float* scales, int64_t count, double* errors) {
    for (int64_t i = 0; i < count; i += doubles) {
        const int64_t rest = count - i < doubles ? count - i : doubles;
        const DVec scale = low_half(load(scales + i, first_lanes(rest)));  // 0 where nothing is stored
        DVec sum = dvec(0);
        for (int64_t j = 0; j < of.n; j++) {
            const DVec level = dvec(of.levels[j]);
            const DVec d = level - clamp(whole_nearest(level / scale), -greatest_entry, greatest_entry) * scale;
            sum = sum + dvec(of.weights[j]) * d * d;
        }
        store(errors + i, sum, first_double_lanes(rest));
    }
}

inline DVec cube(DVec x) { return x * x * x; }

inline DVec integral(DVec x, const Steps& p) {
    const DVec first = dvec(p.first), step = dvec(p.step), inside = clamp(x, p.first, p.last);
    const DVec k = whole_nearest((inside - first) / step);
    const DVec cubes = cube(inside - (first + k * step)) + cube(x - inside);
    return k * dvec(p.step * p.step * p.step / 12) + cubes / dvec(3);
}

void spread_error(const Spreads& of, const Steps& p, double* parts) {
    const DVec first = dvec(p.first), step = dvec(p.step);
    for (int64_t i = 0; i < of.n; i += doubles) {
        const DMask k = first_double_lanes(of.n - i);
        const DVec from = load(of.from + i, k), to = load(of.to + i, k), width = to - from;
        const DVec d = from - clamp(first + whole_nearest((from - first) / step) * step, p.first, p.last);
        const DVec spread = (integral(to, p) - integral(from, p)) / width;
        const DVec mean = select(dvec(0) < width, spread, d * d);
        double* part = parts + i % 16;
        store(part, add_where(k, load(part), load(of.counts + i, k) * mean));
    }
}

void range_errors(const float* x, int64_t n, const RangeLanes& of, double* errors) {
    for (int64_t lane = 0; lane < range_lanes; lane += lanes, errors += lanes) {
        const Vec inverse = vec(1) / load(of.scales + lane), least = load(of.least + lane),
                  greatest = least + vec(of.steps);
        DVec low = load(errors), high = load(errors + doubles);
        for (int64_t from = 0; from < n; from += range_block) {
            const int64_t end = from + range_block < n ? from + range_block : n;
            Vec sum = vec(0);
            for (int64_t i = from; i < end; i++) {
                const Vec t = vec(x[i]) * inverse, d = t - max(min(whole_nearest(t), greatest), least);
                sum = sum + d * d;
            }
            low = low + low_half(sum);
            high = high + high_half(sum);
        }
        store(errors, low);
        store(errors + doubles, high);
    }
}

}  // namespace
}  // namespace octavo

#endif

// Searches for the parameters of schemes, the definition.
#include "kernels/search.h"

#include <math.h>

namespace octavo {
namespace {

int64_t best_split(const double* before, const PrefixSums& of, int64_t from, int64_t to, int64_t end, double* error) {
    double least = HUGE_VAL;
    int64_t best = from;
    for (int64_t j = from; j <= to; j++) {
        const double weight = of.weights[end] - of.weights[j], sum = of.sums[end] - of.sums[j];
        const double around_mean = of.squares[end] - of.squares[j] - sum * sum / weight;
        const double e = before[j] + (around_mean > 0 ? around_mean : 0);
        if (e < least) {
            least = e;
            best = j;
        }
    }
    *error = least;
    return best;
}

void rounding_errors(const RoundedLevels& of, const float* scales, int64_t count, double* errors) {
    for (int64_t i = 0; i < count; i++) {
        const double scale = scales[i];
        double sum = 0;
        for (int64_t j = 0; j < of.n; j++) {
            double entry = nearbyint(of.levels[j] / scale);
            entry = entry < greatest_entry ? entry : greatest_entry;
            entry = entry > -greatest_entry ? entry : -greatest_entry;
            const double d = of.levels[j] - entry * scale;
            sum += of.weights[j] * d * d;
        }
        errors[i] = sum;
    }
}

// With levels at a distance s, the squared distance to the nearest level has the antiderivative k s^3 / 12 + r^3 / 3, k being the
// number of the nearest level and r the signed distance to it; beyond the ends the cube of the distance to the end goes on.
double integral(double x, const Steps& p) {
    double inside = x < p.last ? x : p.last;
    inside = inside > p.first ? inside : p.first;
    const double k = nearbyint((inside - p.first) / p.step);
    const double r = inside - (p.first + k * p.step), outside = x - inside;
    return k * (p.step * p.step * p.step / 12) + (r * r * r + outside * outside * outside) / 3;
}

double distance(double x, const Steps& p) {
    double nearest = p.first + nearbyint((x - p.first) / p.step) * p.step;
    nearest = nearest < p.last ? nearest : p.last;
    nearest = nearest > p.first ? nearest : p.first;
    return x - nearest;
}

void spread_error(const Spreads& of, const Steps& p, double* parts) {
    for (int64_t i = 0; i < of.n; i++) {
        const double width = of.to[i] - of.from[i], d = distance(of.from[i], p);
        const double mean = width > 0 ? (integral(of.to[i], p) - integral(of.from[i], p)) / width : d * d;
        parts[i % 16] += of.counts[i] * mean;
    }
}

void range_errors(const float* x, int64_t n, const RangeLanes& of, double* errors) {
    for (int64_t from = 0; from < n; from += range_block) {
        const int64_t end = from + range_block < n ? from + range_block : n;
        for (int lane = 0; lane < range_lanes; lane++) {
            const float inverse = 1 / of.scales[lane], least = of.least[lane], greatest = least + of.steps;
            float sum = 0;
            for (int64_t i = from; i < end; i++) {
                const float t = x[i] * inverse;
                float code = nearbyintf(t);
                code = code < greatest ? code : greatest;
                code = code > least ? code : least;
                sum += (t - code) * (t - code);
            }
            errors[lane] += static_cast<double>(sum);
        }
    }
}

}  // namespace

const SearchKernels search_scalar = {"scalar", best_split, rounding_errors, spread_error, range_errors};

}  // namespace octavo

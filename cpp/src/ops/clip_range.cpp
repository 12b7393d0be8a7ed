#include "ops/clip_range.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace octavo {
namespace {

// The value below which a share of all lies. Bins: count(i), edge(i) the lower one.
template <class Count, class Edge>
float quantile(int64_t bins, const Count& count, const Edge& edge, double width, double wanted, float min, float max) {
    double below = 0;
    for (int64_t i = 0; i < bins; i++) {
        if (below + count(i) >= wanted) {
            const double x = edge(i) + (wanted - below) / count(i) * width;
            return static_cast<float>(std::max<double>(min, std::min<double>(max, x)));
        }
        below += count(i);
    }
    return max;
}

float quantile(const Occupied& of, double share) {
    return quantile(
        of.size(), [&](int64_t i) { return of.weight(i); },
        [&](int64_t i) { return static_cast<double>(of.bin(i)) * of.width(); }, of.width(), share * of.total(),
        of.min(), of.max());
}

float greatest_magnitude(const Occupied& of) { return std::max(std::fabs(of.min()), std::fabs(of.max())); }

bool one_sign(const Occupied& of) { return of.min() >= 0 || of.max() <= 0; }

// Minima of the formulas in units of b and sigma, for 2 to 9 bits.
constexpr int least_bits = 2, most_bits = 9;
constexpr double laplace_reach[] = {2.831, 3.897, 5.029, 6.205, 7.413, 8.646, 9.897, 11.163};
constexpr double normal_reach[] = {1.711, 2.152, 2.559, 2.936, 3.287, 3.615, 3.924, 4.216};

// The natural logarithm of a number above 0, in operations that are the same everywhere: of m in [sqrt(1/2), sqrt(2)),
// log m = 2 (s + s^3/3 + s^5/5 ..), s = (m - 1) / (m + 1).
double logarithm(double x) {
    constexpr double log_two = 0.6931471805599453, root_half = 0.7071067811865476;
    int exponent = 0;
    double m = std::frexp(x, &exponent);
    if (m < root_half) {
        m *= 2;
        exponent--;
    }
    const double s = (m - 1) / (m + 1), square = s * s;
    double sum = 0;
    for (int k = 23; k >= 3; k -= 2) sum = (sum + 1.0 / k) * square;
    return exponent * log_two + 2 * (s + s * sum);
}

// Of counts, most of which are small.
class Logarithms {
public:
    Logarithms() {
        for (int i = 1; i < small; i++) of_[i] = logarithm(i);
    }

    double operator()(double count) const { return count < small ? of_[static_cast<int>(count)] : logarithm(count); }

private:
    static constexpr int small = 2048;
    double of_[small] = {};
};

const Logarithms& logarithms() {
    static const Logarithms of;
    return of;
}

double information(double count) { return count > 0 ? count * logarithms()(count) : 0; }

constexpr double empty_level = 1e-4;  // the count that a level without values gets where what is cut off lies on it

// Sum over the first n bins, of which the first `held` of `bins` are occupied, of P times the logarithm of Q, P not normalized: what
// is cut off lies on bin n - 1.
double cross_information(const std::vector<Magnitudes::Bin>& bins, size_t held, int64_t n, int64_t levels,
                         double cut_off, double inside) {
    static const double log_empty = logarithm(empty_level);
    const Logarithms& log = logarithms();
    const double log_inside = log(inside);
    const bool more = cut_off > 0 && bins[held - 1].bin < n - 1;  // on a bin that would be empty
    double sum = 0;
    for (size_t i = 0; i < held;) {
        // The bins of a level are those from floor(level n / levels) on: a bin's level is the last that begins at or before it.
        const int64_t level = ((bins[i].bin + 1) * levels - 1) / n, end = (level + 1) * n / levels;
        double count = 0, occupied = 0;
        for (; i < held && bins[i].bin < end; i++) {
            count += bins[i].count;
            occupied++;
        }
        double mass = count;
        if (end == n) {
            mass += cut_off;
            occupied += more ? 1 : 0;
            cut_off = 0;
        }
        sum += mass * (log(count) - log(occupied) - log_inside);
    }
    return sum + (cut_off > 0 ? cut_off * (log_empty - log_inside) : 0);
}

// `bins`: of magnitudes. Where to cut them, as a number of bins.
int64_t least_divergence(const std::vector<Magnitudes::Bin>& bins, int64_t levels) {
    double total = 0;
    for (const Magnitudes::Bin& of : bins) total += of.count;
    const double log_total = logarithms()(total);
    int64_t best = bins.back().bin + 1;
    double least = std::numeric_limits<double>::infinity();
    // Of bins 0 .. next - 1, which lie before the last one.
    size_t next = 0;
    double information_below = 0, below = 0;
    const auto advance = [&] {
        information_below += information(bins[next].count);
        below += bins[next++].count;
    };
    const auto consider = [&](int64_t n) {
        const bool ends = bins[next].bin == n - 1;
        const double last = total - below, inside = below + (ends ? bins[next].count : 0);
        if (inside == 0) return;
        const double cross = cross_information(bins, next + (ends ? 1 : 0), n, levels, total - inside, inside);
        const double divergence = (information_below + information(last)) / total - log_total - cross / total;
        if (divergence <= least) {  // of equal ones the widest
            least = divergence;
            best = n;
        }
    };
    while (next < bins.size() && bins[next].bin < levels - 1) advance();
    if (next < bins.size()) consider(levels);
    for (; next < bins.size(); advance())
        if (bins[next].bin >= levels) consider(bins[next].bin + 1);
    return best;
}

}  // namespace

void Magnitudes::set(const Occupied& of) {
    bins_.clear();
    // The negative bins downwards and the others upwards are ascending magnitudes both.
    int64_t up = 0;
    while (up < of.size() && of.bin(up) < 0) up++;
    int64_t down = up - 1;
    while (down >= 0 || up < of.size()) {
        const int64_t left = down >= 0 ? -of.bin(down) - 1 : std::numeric_limits<int64_t>::max();
        const int64_t right = up < of.size() ? of.bin(up) : std::numeric_limits<int64_t>::max();
        const int64_t bin = std::min(left, right);
        bins_.push_back({bin, 0});
        if (left == bin) bins_.back().count += of.weight(down--);
        if (right == bin) bins_.back().count += of.weight(up++);
    }
}

void Magnitudes::widen(int shift) {
    size_t kept = 0;
    for (const Bin& of : bins_) {
        const int64_t bin = of.bin >> std::min(shift, 63);
        if (kept > 0 && bins_[kept - 1].bin == bin)
            bins_[kept - 1].count += of.count;
        else
            bins_[kept++] = {bin, of.count};
    }
    bins_.resize(kept);
}

Limits percentile_range(const Occupied& of, const RangeCodes& codes, double share, Magnitudes* work) {
    if (codes.symmetric) {
        work->set(of);
        const std::vector<Magnitudes::Bin>& bins = work->bins();
        const float min = of.min() > 0 ? of.min() : of.max() < 0 ? -of.max() : 0;
        const float reach = quantile(
            static_cast<int64_t>(bins.size()), [&](int64_t i) { return bins[static_cast<size_t>(i)].count; },
            [&](int64_t i) { return static_cast<double>(bins[static_cast<size_t>(i)].bin) * of.width(); }, of.width(),
            share * of.total(), min, greatest_magnitude(of));
        return {-reach, reach};
    }
    const double cut = one_sign(of) ? 1 - share : (1 - share) / 2;
    const float lo = of.min() >= 0 ? of.min() : quantile(of, cut);
    const float hi = of.max() <= 0 ? of.max() : quantile(of, 1 - cut);
    return {lo, std::max(lo, hi)};
}

Limits analytical_range(const Occupied& of, const RangeCodes& codes) {
    const bool half = !codes.symmetric && one_sign(of);
    double centre = 0, absolute = 0, squared = 0;
    if (!codes.symmetric && !half) {
        for (int64_t i = 0; i < of.size(); i++) centre += of.weight(i) * of.middle(i);
        centre /= of.total();
    }
    for (int64_t i = 0; i < of.size(); i++) {
        const double x = of.middle(i) - centre;
        absolute += of.weight(i) * std::fabs(x);
        squared += of.weight(i) * x * x;
    }
    int bits = half ? 1 : 0;
    for (int32_t steps = codes.steps(); steps > 0; steps /= 2) bits++;
    const int entry = std::max(least_bits, std::min(most_bits, bits)) - least_bits;
    const auto limits = [&](double alpha) -> Limits {
        if (codes.symmetric) {
            const float reach = static_cast<float>(std::min<double>(alpha, greatest_magnitude(of)));
            return {-reach, reach};
        }
        return {static_cast<float>(std::max<double>(of.min(), centre - alpha)),
                static_cast<float>(std::min<double>(of.max(), centre + alpha))};
    };
    const auto error = [&](const Limits& range) {
        const float lo = std::min(range.lo, 0.0f), scale = codes.scale_of(lo, std::max(range.hi, 0.0f));
        return of.error(scale, codes.zero_point_of(lo, scale), codes.q_min, codes.q_max);
    };
    const Limits laplace = limits(laplace_reach[entry] * (absolute / of.total()));
    const Limits normal = limits(normal_reach[entry] * std::sqrt(squared / of.total()));
    return error(laplace) <= error(normal) ? laplace : normal;
}

Limits entropy_range(const Occupied& of, const RangeCodes& codes, Magnitudes* work) {
    constexpr int64_t entropy_bins = 2048;  // as in Migacz's talk; a power-of-two width makes it 1,025 to 2,048
    const int64_t all = codes.steps() + 1;
    const float magnitude = greatest_magnitude(of);
    work->set(of);
    const int32_t exponent = std::max(of.exponent(), covering_exponent(0, magnitude, entropy_bins));
    work->widen(exponent - of.exponent());
    const int64_t bins = least_divergence(work->bins(), codes.symmetric || !one_sign(of) ? (all + 1) / 2 : all);
    const float reach =
        static_cast<float>(std::min<double>(magnitude, std::ldexp(static_cast<double>(bins), exponent)));
    if (codes.symmetric) return {-reach, reach};
    return {std::max(of.min(), -reach), std::min(of.max(), reach)};
}

}  // namespace octavo

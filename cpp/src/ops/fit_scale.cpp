// The scale of a table with the least squared error, found exactly.
//
// With the levels 0 and +-s e[j], values that have been given their entries cost sum w (|x| - s e)^2 = sum w x^2 - 2 s P + s^2 Q,
// P = sum w |x| e, Q = sum w e^2; at best, with s = P / Q, sum w x^2 - P^2 / Q. The nearest levels are the best entries for a
// scale, so the least error of all scales is the least of all ways to give entries that are nearest for some scale. As s falls
// from infinity, where all values have 0, one value after the other moves on to its next entry, at s = 2 |x| / (e[j-1] + e[j]):
// these moves are made in order, and the greatest P^2 / Q is kept.
#include <algorithm>
#include <cfloat>
#include <cmath>
#include <string>
#include <vector>

#include "ops/array_checks.h"
#include "ops/groups.h"
#include "ops/levels.h"
#include "ops/weighted_values.h"

namespace octavo {
namespace {

constexpr int32_t most_entries = 127;

float fit_scale(const WeightedValues& of, const int8_t* entries, int32_t count) {
    const int64_t n = of.size();
    if (of.value(n - 1) == 0) return scale_of_zeros;
    // next[j]: how many values have not yet moved from entry j - 1 to j, the least ones; the greatest of them is the next.
    int64_t next[most_entries];
    double at[most_entries], between[most_entries];
    const auto entry = [&](int32_t j) { return j < 0 ? 0.0 : static_cast<double>(entries[j]); };
    const auto set_next = [&](int32_t j) { at[j] = next[j] > 0 ? of.value(next[j] - 1) * between[j] : -1; };
    for (int32_t j = 0; j < count; j++) {
        between[j] = 2 / (entry(j - 1) + entry(j));
        next[j] = n;
        set_next(j);
    }
    const double most = FLT_MAX / entry(count - 1);
    double p = 0, q = 0, best = 0, scale = 0;
    for (int64_t move = 0; move < n * count; move++) {
        int32_t first = 0;
        for (int32_t j = 1; j < count; j++)
            if (at[j] > at[first]) first = j;
        const int64_t i = --next[first];
        set_next(first);
        const double weight = of.weight(i), from = entry(first - 1), to = entry(first);
        p += weight * of.value(i) * (to - from);
        q += weight * (to * to - from * from);
        // Scales that do as well put the greatest value at a higher entry, down to where the sums' rounding ends.
        constexpr double tie = 1 - 1e-12;
        const double gain = p * p / q;
        if (gain >= best * tie && p / q <= most) {
            best = gain > best ? gain : best;
            scale = p / q;
        }
    }
    return std::max(static_cast<float>(scale), least_table_scale);
}

}  // namespace

void group_fit_scale(const float* x, const int64_t* counts, const Groups& groups, const int8_t* entries, int32_t count,
                     float* scales) {
    if (count < 1 || count > most_entries) invalid("count is " + std::to_string(count) + ", expected 1 to 127 entries");
    for (int32_t i = 0; i < count; i++)
        if (entries[i] <= (i > 0 ? entries[i - 1] : 0))
            invalid("entry " + std::to_string(i) + " is " + std::to_string(entries[i]) +
                    ", expected ascending entries above 0");
    check_counted(x, counts, groups);
    std::vector<WeightedValues> workers(static_cast<size_t>(group_workers(groups)));
    for (WeightedValues& values : workers) values.reserve(groups.size, counts != nullptr);
    for_groups(groups, groups.size * count * 10'000, [&](int64_t group, int thread) {
        WeightedValues& values = workers[static_cast<size_t>(thread)];
        const int64_t from = groups.begin(group);
        values.gather(x + from, counts == nullptr ? nullptr : counts + from, groups.length(group), true);
        scales[group] = fit_scale(values, entries, count);
    });
}

}  // namespace octavo

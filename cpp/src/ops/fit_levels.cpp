// Levels of least squared error, and their rounding to multiples of one scale.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "ops/array_checks.h"
#include "ops/clusters.h"
#include "ops/groups.h"
#include "ops/levels.h"
#include "registry/search.h"

namespace octavo {
namespace {

// The scales that put the level of greatest magnitude at 64 to 127, in steps of 1/8: below, entries would be wasted.
constexpr int steps = 8, least_top = 64, candidates = (greatest_entry - least_top) * steps + 1;

// Of the scales the one whose rounding costs least, the largest number of entries winning ties.
float rounded(const std::vector<double>& levels, const std::vector<double>& weights, const SearchKernels& kernels,
              int8_t* entries) {
    double greatest = 0;
    for (double level : levels) greatest = std::max(greatest, std::fabs(level));
    const auto n = static_cast<int64_t>(levels.size());
    if (greatest == 0) {
        std::fill(entries, entries + n, int8_t{0});
        return scale_of_zeros;
    }
    float scales[candidates];
    double errors[candidates];
    for (int i = 0; i < candidates; i++)
        scales[i] = std::max(static_cast<float>(greatest * steps / (greatest_entry * steps - i)), least_table_scale);
    kernels.rounding_errors({levels.data(), weights.data(), n}, scales, candidates, errors);
    const double scale = scales[std::min_element(errors, errors + candidates) - errors];
    for (int64_t i = 0; i < n; i++) {
        const double entry = std::nearbyint(levels[static_cast<size_t>(i)] / scale);
        entries[i] = static_cast<int8_t>(std::max<double>(-greatest_entry, std::min<double>(greatest_entry, entry)));
    }
    return static_cast<float>(scale);
}

// What one thread works with.
struct Worker {
    WeightedValues values;
    Clusters clusters;
};

}  // namespace

int32_t group_fit_levels(const float* x, const int64_t* counts, const Groups& groups, int32_t count, float* levels,
                         int8_t* entries, float* scales) {
    if (count < 1 || count > 256) invalid("count is " + std::to_string(count) + ", expected 1 to 256 levels");
    check_counted(x, counts, groups);
    std::vector<Worker> workers(static_cast<size_t>(group_workers(groups)));
    for (Worker& worker : workers) {
        worker.values.reserve(groups.size, counts != nullptr);
        worker.clusters.reserve(groups.size, count);
    }
    std::vector<int32_t> sizes(static_cast<size_t>(groups.count()));
    const SearchKernels& kernels = search_kernels(active_isa());
    for_groups(groups, groups.size * count * 30'000, [&](int64_t group, int thread) {
        Worker& worker = workers[static_cast<size_t>(thread)];
        const int64_t from = groups.begin(group);
        worker.values.gather(x + from, counts == nullptr ? nullptr : counts + from, groups.length(group), false);
        worker.values.accumulate();
        worker.clusters.fit(worker.values, count, kernels);
        const std::vector<double>& means = worker.clusters.means();
        int8_t* entry = entries + group * count;
        float* level = levels + group * count;
        scales[group] = rounded(means, worker.clusters.weights(), kernels, entry);
        const auto size = static_cast<int32_t>(means.size());
        for (int32_t i = 0; i < count; i++) {
            level[i] = static_cast<float>(means[static_cast<size_t>(std::min(i, size - 1))]);
            entry[i] = entry[std::min(i, size - 1)];
        }
        sizes[static_cast<size_t>(group)] = size;
    });
    return sizes.empty() ? 0 : *std::max_element(sizes.begin(), sizes.end());
}

}  // namespace octavo

// Functions of arrays whose elements have parameters by groups. Results do not depend on instruction set or threads.
#ifndef OCTAVO_OPS_GROUPS_H
#define OCTAVO_OPS_GROUPS_H

#include <algorithm>
#include <cstdint>

#include "base/sizes.h"
#include "cpu/pool.h"
#include "octavo/octavo.h"
#include "ops/split.h"

namespace octavo {

// Rows of `columns` elements; each `size` consecutive elements of a row are a group, the last of a row may have fewer.
struct Groups {
    int64_t rows, columns, size;

    int64_t per_row() const { return ceil_div(columns, size); }
    int64_t count() const { return rows * per_row(); }
    int64_t begin(int64_t group) const { return group / per_row() * columns + group % per_row() * size; }
    int64_t length(int64_t group) const { return std::min(size, columns - group % per_row() * size); }
};

// How many workers for_groups may call with.
inline int group_workers(const Groups& groups) { return groups.count() > 1 ? default_threads() : 1; }

// Calls body(group, worker) for every group, on as many threads as that is worth. cost: picoseconds of a group.
template <class F>
void for_groups(const Groups& groups, int64_t cost, const F& body) {
    const int threads = default_threads();
    const int64_t count = groups.count(), worth = count * std::min(cost, worth_a_thread) / worth_a_thread;
    const int64_t parts = std::max<int64_t>(1, std::min<int64_t>({count, worth, int64_t{8} * threads}));
    if (parts == 1) {  // a body that splits its group has the threads to itself
        for (int64_t group = 0; group < count; group++) body(group, 0);
        return;
    }
    parallel_for(parts, threads, [&](int64_t i, int worker) {
        for (int64_t group = count * i / parts; group < count * (i + 1) / parts; group++) body(group, worker);
    });
}

// min, max: [groups.count()]; counts over the whole array. -0 counts as +0.
void group_min_max(const float* x, const Groups& groups, float* min, float* max, int64_t* nan_count,
                   int64_t* inf_count);

// By the per-tensor formula. scales, zero_points: [groups.count()].
void group_quantize(const float* x, const Groups& groups, const float* scales, const int32_t* zero_points,
                    octavo_dtype dtype, int32_t q_min, int32_t q_max, void* q);
void group_dequantize(const void* q, octavo_dtype dtype, const Groups& groups, const float* scales,
                      const int32_t* zero_points, float* x);

// levels: [groups.count()][count], those of a group ascending, equal neighbours allowed. Throws OCTAVO_NOT_FINITE for a NaN in x.
void group_nearest_level(const float* x, const Groups& groups, const float* levels, int32_t count, uint8_t* codes);

// The `count` levels of least squared error, ascending, and the entries and scale that they are rounded to; a group with fewer
// distinct values repeats its last level. counts: how often each x occurs, null: once. levels, entries: [groups.count()][count];
// returns the most levels that a group has. Throws OCTAVO_NOT_FINITE.
int32_t group_fit_levels(const float* x, const int64_t* counts, const Groups& groups, int32_t count, float* levels,
                         int8_t* entries, float* scales);

// The scale of least squared error for the levels 0 and +-scale * entries, which are above 0 and ascend. Throws OCTAVO_NOT_FINITE.
void group_fit_scale(const float* x, const int64_t* counts, const Groups& groups, const int8_t* entries, int32_t count,
                     float* scales);

}  // namespace octavo

#endif

#include "plan/arena.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/memory.h"
#include "base/sizes.h"

namespace octavo {
namespace {

bool touch(const Lifetime& a, const Lifetime& b) { return a.first <= b.last && b.first <= a.last; }

}  // namespace

Arena plan_arena(const std::vector<Lifetime>& lifetimes) {
    std::vector<size_t> order(lifetimes.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return lifetimes[a].bytes > lifetimes[b].bytes; });
    int64_t sum = 0;
    std::vector<size_t> sizes;
    for (const Lifetime& lifetime : lifetimes) {
        sum = checked_add(sum, checked_add(static_cast<int64_t>(lifetime.bytes), static_cast<int64_t>(alignment)));
        sizes.push_back(round_up(lifetime.bytes, alignment));
    }

    Arena arena;
    arena.offsets.assign(lifetimes.size(), 0);
    std::vector<size_t> placed;  // in the order of their offsets
    for (size_t item : order) {
        size_t best_gap = std::numeric_limits<size_t>::max(), best = 0, end = 0;
        for (size_t other : placed) {
            if (!touch(lifetimes[item], lifetimes[other])) continue;
            const size_t start = arena.offsets[other];
            if (start > end && start - end >= sizes[item] && start - end < best_gap) {
                best_gap = start - end;
                best = end;
            }
            end = std::max(end, start + sizes[other]);
        }
        arena.offsets[item] = best_gap == std::numeric_limits<size_t>::max() ? end : best;
        arena.bytes = std::max(arena.bytes, arena.offsets[item] + sizes[item]);
        placed.insert(std::upper_bound(placed.begin(), placed.end(), item,
                                       [&](size_t a, size_t b) { return arena.offsets[a] < arena.offsets[b]; }),
                      item);
    }
    return arena;
}

}  // namespace octavo

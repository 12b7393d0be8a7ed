// The arena: values that live at the same time never overlap, and the memory is close to what must live at once.
#include "plan/arena.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/memory.h"
#include "base/status.h"
#include "support/sweep.h"

namespace octavo::test {
namespace {

size_t rounded(size_t bytes) { return (bytes + alignment - 1) / alignment * alignment; }

size_t most_alive(const std::vector<Lifetime>& lifetimes) {
    size_t most = 0;
    for (const Lifetime& moment : lifetimes) {
        size_t alive = 0;
        for (const Lifetime& other : lifetimes) {
            if (other.first <= moment.first && moment.first <= other.last) alive += rounded(other.bytes);
        }
        most = std::max(most, alive);
    }
    return most;
}

TEST(Arena, NothingNeedsNothing) { EXPECT_EQ(plan_arena({}).bytes, 0u); }

TEST(Arena, AChainNeedsItsLargestNeighbours) {
    // Sizes 64, 640, 128, 320: at most two live at once, 768 bytes.
    const Arena arena = plan_arena({{64, 0, 1}, {640, 1, 2}, {128, 2, 3}, {320, 3, 4}});
    EXPECT_EQ(arena.bytes, 768u);
}

TEST(Arena, AGapIsUsedWhereItFitsBest) {
    // Two long-lived values leave gaps of 256 and 128 bytes when the values beside them end; 128 bytes go into the smaller.
    const std::vector<Lifetime> lifetimes = {{1024, 0, 9}, {512, 0, 9}, {256, 0, 3},
                                             {128, 0, 3},  {130, 5, 6}, {100, 5, 6}};
    const Arena arena = plan_arena(lifetimes);
    EXPECT_EQ(arena.bytes, most_alive(lifetimes));
}

TEST(Arena, LiveValuesNeverOverlap) {
    std::set<size_t> sizes;
    Sweep(500).run([&](Random& random) {
        std::vector<Lifetime> lifetimes(static_cast<size_t>(random.integer(1, 40)));
        for (Lifetime& lifetime : lifetimes) {
            const int first = static_cast<int>(random.integer(0, 30));
            const int length = static_cast<int>(random.chance(0.2) ? random.integer(0, 30) : random.integer(0, 3));
            const int64_t largest = random.pick({64, 5000, 1000000});
            lifetime = {static_cast<size_t>(random.integer(1, largest)), first, first + length};
        }
        const Arena arena = plan_arena(lifetimes);
        EXPECT_EQ(arena.offsets.size(), lifetimes.size());
        size_t sum = 0;
        for (size_t i = 0; i < lifetimes.size(); i++) {
            EXPECT_EQ(arena.offsets[i] % alignment, 0u);
            EXPECT_LE(arena.offsets[i] + lifetimes[i].bytes, arena.bytes);
            sum += rounded(lifetimes[i].bytes);
            for (size_t j = 0; j < i; j++) {
                const bool apart = lifetimes[i].last < lifetimes[j].first || lifetimes[j].last < lifetimes[i].first ||
                                   arena.offsets[i] + lifetimes[i].bytes <= arena.offsets[j] ||
                                   arena.offsets[j] + lifetimes[j].bytes <= arena.offsets[i];
                EXPECT_TRUE(apart) << "values " << i << " and " << j;
            }
        }
        EXPECT_GE(arena.bytes, most_alive(lifetimes));
        EXPECT_LE(arena.bytes, sum);
        sizes.insert(arena.bytes);
        return true;
    });
    EXPECT_GT(sizes.size(), 100u) << "the sweep saw almost the same case again and again";
}

TEST(Arena, ASumThatOverflowsIsRefused) {
    const size_t huge = static_cast<size_t>(INT64_MAX) - 100;
    try {
        plan_arena({{huge, 0, 0}, {huge, 0, 0}});
        FAIL() << "accepted";
    } catch (const Error& error) {
        EXPECT_EQ(error.status(), OCTAVO_OUT_OF_MEMORY);
    }
}

}  // namespace
}  // namespace octavo::test

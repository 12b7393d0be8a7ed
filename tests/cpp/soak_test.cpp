// Long use: many runs and many plans leave no memory behind, from many threads at once.
#include <malloc.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <thread>

#include "support/agree.h"
#include "support/small_network.h"

namespace octavo::test {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int run_count = 4000, plan_count = 60;
#else
constexpr int run_count = 100000, plan_count = 400;
#endif
constexpr int callers = 8;

// Bytes that malloc has handed out. Under a sanitizer the count is the sanitizer's business, and leaks are what it looks for.
size_t allocated() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

size_t resident() {
    std::ifstream file("/proc/self/statm");
    size_t all = 0, pages = 0;
    file >> all >> pages;
    return pages * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

template <class Body>
void on_threads(int count, const Body& body) {
    std::vector<std::thread> threads;
    for (int t = 0; t < count; t++) threads.emplace_back([&body, t] { body(t); });
    for (std::thread& thread : threads) thread.join();
}

TEST(Soak, RunsLeaveNothingBehind) {
    const SmallNetwork network(11);
    Options options{};
    options.threads = 2;
    const PlanHandle plan = network.build(options);
    const std::vector<float> one = network.images(1), three = network.images(3);
    const std::vector<float> expected_one = network.expected(one), expected_three = network.expected(three);
    std::atomic<int64_t> runs{0}, wrong{0};
    const auto work = [&](int64_t until) {
        std::vector<float> y1(expected_one.size()), y3(expected_three.size());
        for (int64_t i = runs++; i < until; i = runs++) {
            if (SmallNetwork::run(plan, one, &y1) != OCTAVO_OK || y1 != expected_one) wrong++;
            if (i % 8 != 0) continue;
            if (SmallNetwork::run(plan, three, &y3) != OCTAVO_OK || y3 != expected_three) wrong++;
        }
    };
    const auto round = [&](int64_t count) {
        runs = 0;
        on_threads(callers, [&](int) { work(count); });
    };
    round(run_count / 10);  // every workspace that there will be, and the C library's own caches
    const size_t before = allocated(), resident_before = resident();
    round(run_count);
    const size_t after = allocated(), resident_after = resident();
    EXPECT_EQ(wrong, 0);
    std::printf("[ measured ] %d runs: %zd bytes allocated, %zd resident\n", run_count,
                static_cast<ssize_t>(after - before), static_cast<ssize_t>(resident_after - resident_before));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    // A leak of one byte a run would be 100,000. Without one, what malloc counts still moves by some 20,000 on a busy machine:
    // its caches a thread, and a workspace for callers that had not met before.
    EXPECT_LT(after, before + run_count / 2);
    EXPECT_LT(resident_after, resident_before + (size_t{4} << 20));
#endif
}

TEST(Soak, PlansLeaveNothingBehind) {
    const SmallNetwork network(12);
    const std::vector<float> x = network.images(4), expected = network.expected(x);
    std::atomic<int64_t> wrong{0};
    const auto round = [&](int count) {
        std::atomic<int> next{0};
        on_threads(callers, [&](int) {
            while (next.fetch_add(1) < count) {
                const PlanHandle plan = network.build();
                std::vector<float> y(expected.size());
                if (SmallNetwork::run(plan, x, &y) != OCTAVO_OK || y != expected) wrong++;
            }
        });
    };
    round(plan_count / 4);
    const size_t before = allocated();
    round(plan_count);
    const size_t after = allocated();
    EXPECT_EQ(wrong, 0);
    std::printf("[ measured ] %d plans: %zd bytes allocated\n", plan_count, static_cast<ssize_t>(after - before));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    EXPECT_LT(after, before + 100000);  // less than a hundredth of what the plans held
#endif
}

}  // namespace
}  // namespace octavo::test

// The pool of threads: every index once, whatever the callers do.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cpu/isa.h"
#include "cpu/pool.h"
#include "octavo/octavo.h"

namespace octavo::test {
namespace {

// Adds 1 for each index seen; fails where a worker number is out of range or used twice at a time.
class Watch {
public:
    Watch(int64_t count, int threads) : seen_(static_cast<size_t>(count)), busy_(static_cast<size_t>(threads)) {}

    void visit(int64_t i, int worker) {
        if (worker < 0 || static_cast<size_t>(worker) >= busy_.size() || busy_[worker].exchange(1) != 0) clashes_++;
        seen_[i]++;
        busy_[worker] = 0;
    }
    bool right() const {
        for (const auto& n : seen_)
            if (n != 1) return false;
        return clashes_ == 0;
    }

private:
    std::vector<std::atomic<int>> seen_, busy_;
    std::atomic<int> clashes_{0};
};

TEST(Threads, EveryIndexOnceAndWorkersApart) {
    for (int threads : {1, 2, 3, 8, 40})
        for (int64_t count : {0, 1, 2, 3, 7, 64, 1000}) {
            Watch watch(count, threads);
            parallel_for(count, threads, [&](int64_t i, int worker) { watch.visit(i, worker); });
            EXPECT_TRUE(watch.right()) << count << " on " << threads;
        }
}

TEST(Threads, ManySmallJobsInARow) {
    for (int i = 0; i < 20000; i++) {
        Watch watch(5, 3);
        parallel_for(5, 3, [&](int64_t index, int worker) { watch.visit(index, worker); });
        ASSERT_TRUE(watch.right());
    }
}

TEST(Threads, JobsAfterTheWorkersParked) {
    for (int i = 0; i < 20; i++) {
        usleep(2000);
        Watch watch(50, 4);
        parallel_for(50, 4, [&](int64_t index, int worker) { watch.visit(index, worker); });
        ASSERT_TRUE(watch.right());
    }
}

TEST(Threads, OneThreadIsTheCallersAlone) {
    const std::thread::id caller = std::this_thread::get_id();
    int elsewhere = 0;
    parallel_for(1000, 1,
                 [&](int64_t, int worker) { elsewhere += std::this_thread::get_id() != caller || worker != 0; });
    EXPECT_EQ(elsewhere, 0);
}

TEST(Threads, OthersHelpWithLongWork) {
    std::mutex mutex;
    std::set<std::thread::id> ids;
    for (int attempt = 0; attempt < 50 && ids.size() < 2; attempt++)
        parallel_for(8, 2, [&](int64_t, int) {
            usleep(2000);
            std::lock_guard<std::mutex> lock(mutex);
            ids.insert(std::this_thread::get_id());
        });
    EXPECT_EQ(ids.size(), 2u);
}

// Where all are in the job at once, none had the time to help another: each has its own.
TEST(Threads, EachThreadBeginsWithItsOwnShare) {
    constexpr int threads = 3;
    int together = 0;
    for (int attempt = 0; attempt < 50 && together < 10; attempt++) {
        std::atomic<int> there{0};
        int doer[threads] = {};
        parallel_for(threads, threads, [&](int64_t i, int worker) {
            doer[i] = worker;
            there++;
            for (int wait = 0; wait < 100 && there < threads; wait++) usleep(100);
        });
        if (std::set<int>(doer, doer + threads).size() < threads) continue;
        together++;
        for (int i = 0; i < threads; i++) EXPECT_EQ(doer[i], i);
    }
    EXPECT_EQ(together, 10);
}

TEST(Threads, NestedCallsRunOnTheirCaller) {
    Watch outer(20, 4);
    std::atomic<int> wrong{0};
    parallel_for(20, 4, [&](int64_t i, int worker) {
        outer.visit(i, worker);
        const std::thread::id here = std::this_thread::get_id();
        int sum = 0;
        parallel_for(10, 4, [&](int64_t j, int inner) {
            if (std::this_thread::get_id() != here || inner != 0) wrong++;
            sum += static_cast<int>(j);
        });
        if (sum != 45) wrong++;
    });
    EXPECT_TRUE(outer.right());
    EXPECT_EQ(wrong, 0);
}

TEST(Threads, CallersAtTheSameTime) {
    std::atomic<int> wrong{0};
    std::vector<std::thread> callers;
    for (int t = 0; t < 6; t++)
        callers.emplace_back([&] {
            for (int i = 0; i < 2000; i++) {
                Watch watch(9, 3);
                parallel_for(9, 3, [&](int64_t index, int worker) { watch.visit(index, worker); });
                if (!watch.right()) wrong++;
            }
        });
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(wrong, 0);
}

TEST(Threads, TheChildOfAForkWorksAndEnds) {
    std::atomic<int> sum{0};
    parallel_for(100, 4, [&](int64_t i, int) { sum += static_cast<int>(i); });
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        alarm(20);
        std::atomic<int> again{0};
        parallel_for(100, 4, [&](int64_t i, int) { again += static_cast<int>(i); });
        std::exit(again == 4950 ? 0 : 1);  // through the destructors, as a program ends
    }
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    EXPECT_EQ(sum, 4950);
}

TEST(Threads, TheProgramEndsWhileThreadsWork) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        alarm(20);
        std::thread([] {
            for (;;) parallel_for(64, 4, [](int64_t, int) { usleep(50); });
        }).detach();
        usleep(20000);
        std::exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST(Threads, TheDefaultIsTheLimitUntilSet) {
    EXPECT_EQ(octavo_threads(), std::min(cpu_limit(), 1024));
    ASSERT_EQ(octavo_set_threads(3), OCTAVO_OK);
    EXPECT_EQ(octavo_threads(), 3);
    for (int32_t wrong : {0, -1, 1025}) {
        EXPECT_EQ(octavo_set_threads(wrong), OCTAVO_INVALID_ARGUMENT);
        EXPECT_NE(std::string(octavo_last_error()).find(std::to_string(wrong)), std::string::npos);
    }
    EXPECT_EQ(octavo_threads(), 3);
    ASSERT_EQ(octavo_set_threads(cpu_limit()), OCTAVO_OK);
}

TEST(Threads, BackEndsRunOnThem) {
    for (int32_t threads : {1, 2, 5}) {
        struct Job {
            std::atomic<int> calls[40] = {};
            std::atomic<int> in_use[5] = {};
            std::atomic<int> defects{0};
        } job;
        ASSERT_EQ(octavo_parallel_for(
                      40, threads,
                      [](void* context, int64_t index, int32_t worker) {
                          Job& job = *static_cast<Job*>(context);
                          job.defects += worker < 0 || worker >= 5 || job.in_use[worker].exchange(1) != 0;
                          ++job.calls[index];
                          job.in_use[worker].store(0);
                      },
                      &job),
                  OCTAVO_OK);
        EXPECT_EQ(job.defects, 0);
        for (const std::atomic<int>& calls : job.calls) EXPECT_EQ(calls, 1);
    }
    const octavo_task nothing = [](void*, int64_t, int32_t) { ADD_FAILURE() << "called"; };
    EXPECT_EQ(octavo_parallel_for(0, 2, nothing, nullptr), OCTAVO_OK);
    EXPECT_EQ(octavo_parallel_for(-1, 2, nothing, nullptr), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_parallel_for(1, 0, nothing, nullptr), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(octavo_parallel_for(1, 1, nullptr, nullptr), OCTAVO_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace octavo::test

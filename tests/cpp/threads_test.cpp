// The pool of threads: every index once, whatever the callers do.
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cpu/isa.h"
#include "cpu/patience.h"
#include "cpu/pool.h"
#include "octavo/octavo.h"
#include "support/agree.h"
#include "support/network.h"
#include "support/sweep.h"

// Threads that this program makes, or is refused, while a test asks for it.
namespace {
std::atomic<bool> refuse_threads{false};
std::atomic<int> attempts{0};
}  // namespace

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*body)(void*),
                              void* argument) {
    static const auto create = reinterpret_cast<decltype(&pthread_create)>(dlsym(RTLD_NEXT, "pthread_create"));
    attempts++;
    return refuse_threads ? EAGAIN : create(thread, attributes, body, argument);
}

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

int exit_status(pid_t child) {
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Threads, AProgramMayEndInAJob) {
    pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        alarm(20);
        signal(SIGTERM, [](int) { std::exit(3); });
        parallel_for(100000, 2, [](int64_t, int worker) {
            if (worker == 0) raise(SIGTERM);
            usleep(100);  // so that the caller comes to one on a busy machine too
        });
        _exit(1);
    }
    EXPECT_EQ(exit_status(child), 3) << "exit in the caller's signal handler";
    child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        alarm(20);
        for (;;)
            parallel_for(4, 2, [](int64_t, int worker) {
                usleep(2000);
                if (worker == 1) std::exit(3);
            });
    }
    EXPECT_EQ(exit_status(child), 3) << "exit in a worker's task";
}

// A plan whose one run takes a while.
class LongRun {
public:
    LongRun() {
        constexpr int64_t size = 1024;
        Network network;
        const int32_t x = network.quantized(OCTAVO_U8, OCTAVO_INPUT, {1, size}, 0.01f, 3);
        const int32_t w = network.weights(std::vector<int8_t>(size * size, 1), {size, size}, {0.01f});
        const int32_t y = network.quantized(OCTAVO_U8, OCTAVO_OUTPUT, {1, size}, 0.5f, 0);
        network.op(describe_op(OCTAVO_OP_LINEAR, {x, w}, {y}));
        Options options;
        options.threads = 1;
        plan_ = network.build(options);
    }
    void run() {
        std::vector<uint8_t> x(256 * 1024), y(256 * 1024);
        const void* inputs[] = {x.data()};
        void* outputs[] = {y.data()};
        EXPECT_EQ(run_plan(plan_.get(), 256, inputs, outputs), OCTAVO_OK);
    }
    PlanHandle plan_;
};

TEST(Threads, TheChildOfAForkDestroysAPlanThatRanInTheParent) {
    LongRun work;
    std::atomic<bool> stop{false};
    std::thread runner([&] {
        while (!stop) work.run();
    });
    for (int attempt = 0; attempt < 5; attempt++) {
        usleep(20000);
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            alarm(20);
            octavo_plan_destroy(work.plan_.release());
            _exit(3);
        }
        EXPECT_EQ(exit_status(child), 3);
    }
    stop = true;
    runner.join();
    work.run();
}

int cpus_of_this_thread() {
    cpu_set_t mask;
    CPU_ZERO(&mask);
    sched_getaffinity(0, sizeof mask, &mask);
    return CPU_COUNT(&mask);
}

// Run by the next test, in a process of its own: the first caller is pinned to a CPU.
TEST(ThreadsChild, DISABLED_ThePinnedCallerIsTheFirst) {
    std::atomic<int> seen{0};
    int threads = 0;
    std::thread([&] {
        cpu_set_t mask;
        CPU_ZERO(&mask);
        CPU_SET(sched_getcpu(), &mask);
        ASSERT_EQ(sched_setaffinity(0, sizeof mask, &mask), 0);
        threads = octavo_threads();
        for (int attempt = 0; attempt < 100 && seen == 0; attempt++)
            parallel_for(2, 2, [&](int64_t, int worker) {
                usleep(2000);
                if (worker == 1) seen = cpus_of_this_thread();
            });
        EXPECT_EQ(cpus_of_this_thread(), 1);
    }).join();
    EXPECT_EQ(threads, std::min(cpu_limit(), 1024));
    EXPECT_EQ(seen, cpus_of_this_thread());
}

TEST(Threads, WhereTheFirstCallerIsPinnedTheOthersAreNot) {
    if (cpus_of_this_thread() < 2) GTEST_SKIP() << "one CPU";
    char self[4096] = "";
    ASSERT_GT(readlink("/proc/self/exe", self, sizeof self - 1), 0);
    EXPECT_EQ(std::system(("'" + std::string(self) +
                           "' --gtest_also_run_disabled_tests --gtest_brief=1 "
                           "--gtest_filter=ThreadsChild.DISABLED_ThePinned*")
                              .c_str()),
              0);
}

int threads_of_this_process() {
    int count = 0;
    DIR* tasks = opendir("/proc/self/task");
    while (const dirent* entry = readdir(tasks)) count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

TEST(Threads, WorkersThatNoJobNeedsEnd) {
    parallel_for(100, 50, [](int64_t, int) { usleep(500); });
    const int many = threads_of_this_process();
    EXPECT_GE(many, 50);
    int left = many;
    for (int wait = 0; wait < 300 && left > 2; wait++) {
        usleep(100000);
        left = threads_of_this_process();
    }
    EXPECT_LE(left, 2);
    Watch watch(100, 50);
    parallel_for(100, 50, [&](int64_t index, int worker) { watch.visit(index, worker); });
    EXPECT_TRUE(watch.right());
}

TEST(Threads, ThatCannotBeMadeAreNotTriedAtEveryJob) {
    refuse_threads = true;
    attempts = 0;
    // More of them than any test before needed.
    for (int i = 0; i < 200; i++) {
        Watch watch(100, 70);
        parallel_for(100, 70, [&](int64_t index, int worker) { watch.visit(index, worker); });
        ASSERT_TRUE(watch.right());
    }
    EXPECT_GE(attempts, 1);
    EXPECT_LE(attempts, 20);
    refuse_threads = false;
    usleep(1000000);
    for (int i = 0; i < 100 && threads_of_this_process() < 70; i++) {
        usleep(100000);
        parallel_for(100, 70, [](int64_t, int) {});
    }
    EXPECT_GE(threads_of_this_process(), 70);
}

TEST(Threads, OfSeldomJobsTheySleepInsteadOfSpinning) {
    using std::chrono::microseconds;
    Patience patience(microseconds(100));
    std::vector<int64_t> spun;
    for (int job = 0; job < 8; job++) {
        spun.push_back(patience.time().count());
        patience.was_in_vain();
        patience.waited(microseconds(1000));
    }
    EXPECT_EQ(spun, (std::vector<int64_t>{100, 50, 25, 12, 6, 3, 3, 3}));
    patience.was_in_vain();
    patience.waited(microseconds(99));
    EXPECT_EQ(patience.time().count(), 100) << "spinning would have met the job";
    patience.was_in_vain();
    patience.waited(microseconds(100));
    EXPECT_EQ(patience.time().count(), 50);
    Patience under_a_quota(Patience::shortest);
    under_a_quota.was_in_vain();
    under_a_quota.waited(microseconds(1));
    EXPECT_EQ(under_a_quota.time(), Patience::shortest);
}

// What the settings of a caller's thread must not change.
std::vector<float> results_of_all_kinds(const std::vector<float>& x, const PlanHandle& dynamic) {
    std::vector<float> y(8 * 40), back(x.size());
    const void* inputs[] = {x.data()};
    void* outputs[] = {y.data()};
    EXPECT_EQ(run_plan(dynamic.get(), 8, inputs, outputs), OCTAVO_OK) << octavo_last_error();
    const float scale = 0.01f;
    const int32_t zero_point = 3;
    std::vector<int8_t> q(x.size());
    EXPECT_EQ(octavo_quantize(x.data(), 1, 1, 2400, &scale, &zero_point, OCTAVO_S8, -128, 127, q.data()), OCTAVO_OK);
    EXPECT_EQ(octavo_dequantize(q.data(), OCTAVO_S8, 1, 1, 2400, &scale, &zero_point, back.data()), OCTAVO_OK);
    double sums[2] = {};
    EXPECT_EQ(octavo_squared_error(x.data(), back.data(), 2400, &sums[0], &sums[1]), OCTAVO_OK);
    y.insert(y.end(), back.begin(), back.end());
    float halves[4];  // of their bits: a conversion here would round as the thread does
    std::memcpy(halves, sums, sizeof sums);
    y.insert(y.end(), halves, halves + 4);
    float min = 0, max = 0;
    int64_t nan, inf;
    EXPECT_EQ(octavo_min_max(x.data(), 1, 1, 2400, &min, &max, &nan, &inf), OCTAVO_OK);
    y.push_back(min);
    y.push_back(max);
    return y;
}

TEST(Threads, TheCallersRoundingAndSubnormalsAreItsOwn) {
    Random random(7);
    std::vector<int8_t> weights = random.codes<int8_t>(300 * 40, -127, 127, false);
    const auto build = [&](int threads) {
        Network network;
        const int32_t x = network.floats(OCTAVO_INPUT, {1, 300}), w = network.weights(weights, {40, 300}, {0.0123f});
        const int32_t y = network.floats(OCTAVO_OUTPUT, {1, 40});
        network.op(describe_op(OCTAVO_OP_LINEAR_DYNAMIC, {x, w}, {y}));
        Options options;
        options.threads = threads;
        return network.build(options);
    };
    std::vector<float> x(8 * 300);
    for (float& v : x) v = random.normal() * random.pick({1.0f, 1e-39f});
    const std::vector<float> expected = results_of_all_kinds(x, build(2));
    constexpr unsigned upward = 0x5f80, zeros = 0x9fc0, trapping = 0x1f00;
    for (unsigned settings : {upward, zeros, trapping}) {
        // Of a thread of its own, whose workers begin with what it has.
        std::thread([&] {
            __builtin_ia32_ldmxcsr(settings);
            const std::vector<float> results = results_of_all_kinds(x, build(2));
            std::vector<unsigned> seen(60);
            const octavo_task look = [](void* context, int64_t i, int32_t) {
                usleep(200);
                (*static_cast<std::vector<unsigned>*>(context))[static_cast<size_t>(i)] =
                    __builtin_ia32_stmxcsr() & ~0x3fu;
            };
            EXPECT_EQ(octavo_parallel_for(60, 60, look, &seen), OCTAVO_OK);
            const unsigned after = __builtin_ia32_stmxcsr();
            __builtin_ia32_ldmxcsr(0x1f80);
            EXPECT_EQ(after & ~0x3fu, settings & ~0x3fu);
            EXPECT_TRUE(same_bits(results, expected)) << std::hex << settings;
            for (unsigned s : seen) EXPECT_EQ(s, 0x1f80u);
        }).join();
    }
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

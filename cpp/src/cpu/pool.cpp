// One job at a time, described by plain fields and guarded by one atomic word: which workers may still join it and how many are
// inside. The caller never depends on a worker: it works through the indices itself and waits only for those who joined. So
// parked, late or missing workers (also after a fork) cost speed, not progress. Each thread begins with a share of the indices
// that is the same from job to job, so that what the last job left in its caches is what it needs; then it helps the others.
#include "cpu/pool.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "cpu/float_environment.h"
#include "cpu/isa.h"
#include "cpu/limit.h"
#include "cpu/patience.h"

namespace octavo {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

constexpr int max_threads = 1024;
constexpr microseconds long_spin{100};
// A worker that no job needed for so long ends.
constexpr std::chrono::seconds idle_time{5};
// After a thread could not be made, the next attempt waits; twice as long after each failure, up to a minute.
constexpr std::chrono::milliseconds first_pause{500}, longest_pause{60000};

void pause() { __builtin_ia32_pause(); }

// Where a quota is less than the CPUs, spinning takes it from the work.
microseconds longest_spin() {
    static const microseconds time = quota_limits() ? Patience::shortest : long_spin;
    return time;
}

// Spins for a while until done() holds; false: it did not.
template <class Done>
bool spin(microseconds time, const Done& done) {
    const auto end = Clock::now() + time;
    do {
        for (int i = 0; i < 16; ++i) {
            if (done()) return true;
            pause();
        }
    } while (Clock::now() < end);
    return false;
}

// True while the thread is inside a job, as its caller or as a worker; a signal's handler may look.
thread_local volatile bool in_a_job = false;

class Pool {
public:
    // False: the pool has another caller.
    bool run(int64_t count, int threads, Task task, void* context);
    void stop();

private:
    // State: low 16 bits the workers inside the job, next 16 the threads that it is open to (0: closed), the rest a number that
    // grows with each job, so that a worker can tell a new one.
    static constexpr uint64_t one_inside = 1, one_thread = uint64_t{1} << 16, one_job = uint64_t{1} << 32;
    static uint64_t inside(uint64_t state) { return state & 0xffff; }
    static uint64_t open_to(uint64_t state) { return state >> 16 & 0xffff; }
    static uint64_t job(uint64_t state) { return state / one_job; }

    struct alignas(64) Share {
        std::atomic<int64_t> next{0};
        int64_t end = 0;
    };
    struct Worker {
        std::thread thread;  // also of one that has ended
        std::condition_variable wake;
        std::atomic<bool> alive{false}, sleeps{false};
    };

    void grow(int workers);
    void work(int worker);
    bool park(int worker, uint64_t last);
    bool open(int worker, uint64_t last) const;
    void take_indices(int worker);
    bool join_job(int worker, uint64_t* last);
    void leave_job();

    std::atomic<bool> busy_{false}, stopped_{false};
    std::atomic<uint64_t> state_{0};
    std::atomic<bool> caller_sleeps_{false};
    std::mutex mutex_;
    std::condition_variable done_;
    Worker workers_[max_threads];  // 0, the caller, is none
    Clock::time_point next_attempt_{};
    std::chrono::milliseconds next_pause_ = first_pause;

    // The job. Written by the caller while nobody is inside, read by those inside.
    Task task_ = nullptr;
    void* context_ = nullptr;
    int threads_ = 0;
    Share shares_[max_threads];
};

void Pool::take_indices(int worker) {
    for (int i = 0; i < threads_; i++) {
        Share& share = shares_[(worker + i) % threads_];
        for (;;) {
            const int64_t index = share.next.fetch_add(1, std::memory_order_relaxed);
            if (index >= share.end) break;
            task_(context_, index, worker);
        }
    }
}

bool Pool::join_job(int worker, uint64_t* last) {
    uint64_t state = state_.load(std::memory_order_relaxed);
    while (open_to(state) > static_cast<uint64_t>(worker) && job(state) != *last) {
        if (state_.compare_exchange_weak(state, state + one_inside, std::memory_order_acq_rel)) {
            *last = job(state);
            return true;
        }
    }
    return false;
}

void Pool::leave_job() {
    const uint64_t before = state_.fetch_sub(one_inside, std::memory_order_seq_cst);
    if (inside(before) == 1 && caller_sleeps_.load(std::memory_order_seq_cst)) {
        std::lock_guard<std::mutex> lock(mutex_);
        done_.notify_one();
    }
}

// A job that the worker has not seen, or the end.
bool Pool::open(int worker, uint64_t last) const {
    const uint64_t state = state_.load(std::memory_order_seq_cst);
    return (open_to(state) > static_cast<uint64_t>(worker) && job(state) != last) || stopped_.load();
}

void Pool::work(int worker) {
    // A new thread has its maker's environment and CPUs; who that was is chance.
    const FloatEnvironment environment;
    take_process_affinity();
    uint64_t last = 0;
    Patience patience(longest_spin());
    while (!stopped_.load()) {
        if (join_job(worker, &last)) {
            in_a_job = true;
            take_indices(worker);
            in_a_job = false;
            leave_job();
        }
        const auto idle_since = Clock::now();
        if (spin(patience.time(), [&] { return open(worker, last); })) continue;
        patience.was_in_vain();
        if (!park(worker, last)) return;
        patience.waited(Clock::now() - idle_since);
    }
}

// Sleeps until there is something to do; false: for too long, the worker is no longer alive.
bool Pool::park(int worker, uint64_t last) {
    Worker& self = workers_[worker];
    std::unique_lock<std::mutex> lock(mutex_);
    self.sleeps.store(true, std::memory_order_seq_cst);
    // By the system's clock: waiting by the steady one needs a newer C library.
    const auto end = std::chrono::system_clock::now() + idle_time;
    const bool woken = self.wake.wait_until(lock, end, [&] { return open(worker, last); });
    self.sleeps.store(false, std::memory_order_seq_cst);
    if (!woken) self.alive.store(false, std::memory_order_release);
    return woken;
}

void Pool::grow(int workers) {
    int first = 1;
    while (first <= workers && workers_[first].alive.load(std::memory_order_acquire)) first++;
    if (first > workers || Clock::now() < next_attempt_) return;
    // Signals are for the program's own threads.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (int i = first; i <= workers; i++) {
        Worker& worker = workers_[i];
        if (worker.alive.load(std::memory_order_acquire)) continue;
        if (worker.thread.joinable()) worker.thread.join();
        try {
            worker.alive.store(true, std::memory_order_relaxed);
            worker.thread = std::thread([this, i] { work(i); });
            pthread_setname_np(worker.thread.native_handle(), "octavo");
            next_pause_ = first_pause;
        } catch (const std::exception&) {
            // No more threads to be had: those there are, and the caller, do the work.
            worker.alive.store(false, std::memory_order_relaxed);
            next_attempt_ = Clock::now() + next_pause_;
            next_pause_ = std::min(2 * next_pause_, longest_pause);
            break;
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

bool Pool::run(int64_t count, int threads, Task task, void* context) {
    const bool outer = in_a_job;
    in_a_job = true;
    const bool taken = !busy_.exchange(true, std::memory_order_acquire);
    if (!taken || stopped_.load()) {
        if (taken) busy_.store(false, std::memory_order_release);
        in_a_job = outer;
        return false;
    }
    grow(threads - 1);
    task_ = task;
    context_ = context;
    threads_ = threads;
    const int64_t least = count / threads, larger = count % threads;
    for (int64_t i = 0, next = 0; i < threads; i++) {
        shares_[i].next.store(next, std::memory_order_relaxed);
        shares_[i].end = next += least + (i < larger ? 1 : 0);
    }
    const uint64_t next_job = (job(state_.load(std::memory_order_relaxed)) + 1) * one_job;
    state_.store(next_job + static_cast<uint64_t>(threads) * one_thread, std::memory_order_seq_cst);
    for (int i = 1; i < threads; i++) {
        if (!workers_[i].sleeps.load(std::memory_order_seq_cst)) continue;
        std::lock_guard<std::mutex> lock(mutex_);
        workers_[i].wake.notify_one();
    }

    take_indices(0);

    // Close the job: nobody joins any more; then wait for those inside.
    uint64_t state = state_.load(std::memory_order_relaxed);
    while (!state_.compare_exchange_weak(state, state - open_to(state) * one_thread, std::memory_order_acq_rel)) {
    }
    const auto empty = [&] { return inside(state_.load(std::memory_order_seq_cst)) == 0; };
    if (!spin(longest_spin(), empty)) {
        std::unique_lock<std::mutex> lock(mutex_);
        caller_sleeps_.store(true, std::memory_order_seq_cst);
        done_.wait(lock, empty);
        caller_sleeps_.store(false, std::memory_order_relaxed);
    }
    busy_.store(false, std::memory_order_release);
    in_a_job = outer;
    return true;
}

void Pool::stop() {
    stopped_.store(true);
    // A program that ends inside a job, by a task or by a signal's handler, can wait neither for the job nor for itself.
    if (in_a_job) return;
    {
        std::lock_guard<std::mutex> lock(mutex_);
        for (Worker& worker : workers_) worker.wake.notify_one();
    }
    // Late callers must find workers_ at rest: take the pool as a caller does, and keep it.
    while (busy_.exchange(true, std::memory_order_acquire)) std::this_thread::yield();
    for (Worker& worker : workers_) {
        if (worker.thread.joinable()) worker.thread.join();
    }
}

// Never destroyed: threads of the program may call while it ends.
std::atomic<Pool*> the_pool{nullptr};

Pool& pool() {
    static const bool made = [] {
        the_pool.store(new Pool);
        // The child of a fork starts with a pool of its own: the parent's threads and locks are not there.
        pthread_atfork(nullptr, nullptr, [] { the_pool.store(new Pool); });
        return true;
    }();
    static_cast<void>(made);
    return *the_pool.load(std::memory_order_acquire);
}

// When the library is unloaded or the program ends, no thread may be left in its code.
struct StopAtUnload {
    ~StopAtUnload() {
        if (Pool* there = the_pool.load()) there->stop();
    }
} stop_at_unload;

std::atomic<int> chosen_threads{0};

}  // namespace

int default_threads() {
    static const int limit = std::min(cpu_limit(), max_threads);
    const int chosen = chosen_threads.load(std::memory_order_relaxed);
    return chosen > 0 ? chosen : limit;
}

void set_default_threads(int threads) {
    chosen_threads.store(std::min(std::max(threads, 1), max_threads), std::memory_order_relaxed);
}

void parallel_for(int64_t count, int threads, Task task, void* context) {
    threads = static_cast<int>(std::min<int64_t>({threads, count, max_threads}));
    if (threads > 1 && pool().run(count, threads, task, context)) return;
    for (int64_t i = 0; i < count; ++i) task(context, i, 0);
}

}  // namespace octavo

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
#include <vector>

#include "cpu/isa.h"

namespace octavo {
namespace {

constexpr int max_threads = 1024;
// A parked thread comes back after some 50 us, as long as many a layer takes; the next one should find the workers awake.
constexpr std::chrono::microseconds spin_time{100};

void pause() { __builtin_ia32_pause(); }

// Spins for a while until done() holds; false: it did not.
template <class Done>
bool spin(const Done& done) {
    const auto end = std::chrono::steady_clock::now() + spin_time;
    do {
        for (int i = 0; i < 16; ++i) {
            if (done()) return true;
            pause();
        }
    } while (std::chrono::steady_clock::now() < end);
    return false;
}

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

    void grow(int workers);
    void work(int worker);
    void take_indices(int worker);
    bool join_job(int worker, uint64_t* last);
    void leave_job();

    std::atomic<bool> busy_{false}, stopped_{false};
    std::atomic<uint64_t> state_{0};
    std::atomic<int> sleepers_{0};
    std::atomic<bool> caller_sleeps_{false};
    std::mutex mutex_;
    std::condition_variable wake_, done_;
    std::vector<std::thread> workers_;

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

void Pool::work(int worker) {
    uint64_t last = 0;
    const auto open = [&] {
        const uint64_t state = state_.load(std::memory_order_seq_cst);
        return (open_to(state) > static_cast<uint64_t>(worker) && job(state) != last) || stopped_.load();
    };
    while (!stopped_.load()) {
        if (join_job(worker, &last)) {
            take_indices(worker);
            leave_job();
        }
        if (spin(open)) continue;
        std::unique_lock<std::mutex> lock(mutex_);
        sleepers_.fetch_add(1, std::memory_order_seq_cst);
        wake_.wait(lock, open);
        sleepers_.fetch_sub(1, std::memory_order_seq_cst);
    }
}

void Pool::grow(int workers) {
    if (static_cast<int>(workers_.size()) >= workers) return;
    // Signals are for the program's own threads.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
        workers_.reserve(static_cast<size_t>(workers));
        while (static_cast<int>(workers_.size()) < workers) {
            const int worker = static_cast<int>(workers_.size()) + 1;  // 0 is the caller
            workers_.emplace_back([this, worker] { work(worker); });
            pthread_setname_np(workers_.back().native_handle(), "octavo");
        }
    } catch (const std::exception&) {
        // No more threads to be had: those there are, and the caller, do the work.
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

bool Pool::run(int64_t count, int threads, Task task, void* context) {
    if (busy_.exchange(true, std::memory_order_acquire)) return false;
    if (stopped_.load()) {
        busy_.store(false, std::memory_order_release);
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
    if (sleepers_.load(std::memory_order_seq_cst) > 0) {
        std::lock_guard<std::mutex> lock(mutex_);
        wake_.notify_all();
    }

    take_indices(0);

    // Close the job: nobody joins any more; then wait for those inside.
    uint64_t state = state_.load(std::memory_order_relaxed);
    while (!state_.compare_exchange_weak(state, state - open_to(state) * one_thread, std::memory_order_acq_rel)) {
    }
    const auto empty = [&] { return inside(state_.load(std::memory_order_seq_cst)) == 0; };
    if (!spin(empty)) {
        std::unique_lock<std::mutex> lock(mutex_);
        caller_sleeps_.store(true, std::memory_order_seq_cst);
        done_.wait(lock, empty);
        caller_sleeps_.store(false, std::memory_order_relaxed);
    }
    busy_.store(false, std::memory_order_release);
    return true;
}

void Pool::stop() {
    stopped_.store(true);
    {
        std::lock_guard<std::mutex> lock(mutex_);
        wake_.notify_all();
    }
    // Late callers must find workers_ at rest: take the pool as a caller does, and keep it.
    while (busy_.exchange(true, std::memory_order_acquire)) std::this_thread::yield();
    for (std::thread& thread : workers_) thread.join();
    workers_.clear();
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

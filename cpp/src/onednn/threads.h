// Threads of this library are liboctavo's. oneDNN's own, which are OpenMP's, are kept to the calling one: they would be a second
// pool, wait for each other inside every operator, and spin while they do.
#ifndef OCTAVO_ONEDNN_THREADS_H
#define OCTAVO_ONEDNN_THREADS_H

#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <mutex>

#include "octavo/octavo.h"

namespace octavo::onednn {

// While one lives, oneDNN makes and runs primitives on the calling thread alone; then a program's own OpenMP count is back.
class OneThread {
public:
    OneThread() : before_(omp_get_max_threads()) {
        if (before_ != 1) omp_set_num_threads(1);
    }
    ~OneThread() {
        if (before_ != 1) omp_set_num_threads(before_);
    }
    OneThread(const OneThread&) = delete;
    OneThread& operator=(const OneThread&) = delete;

private:
    int before_;
};

constexpr int64_t macs_per_thread = 1000000;
constexpr int64_t bytes_per_thread = 256 * 1024;

// How a run is cut: `count` images, rows or elements in `parts` contiguous ranges, whose sizes differ by one at most.
struct Split {
    int64_t count = 1;
    int parts = 1, threads = 1;
    int bands = 1;  // of each image, as many parts

    // For work in units of which `per_thread`, some 20 microseconds, are worth a thread. Two parts a thread: who is held up by other
    // programs has the other part taken off its hands.
    static Split of(int64_t count, int64_t work, int64_t per_thread, int threads) {
        Split split;
        split.count = count;
        const int64_t worthwhile = std::clamp<int64_t>(work / per_thread, 1, std::max(threads, 1));
        if (worthwhile > 1)
            split.parts = static_cast<int>(std::clamp<int64_t>(2 * worthwhile, 1, std::max<int64_t>(count, 1)));
        split.threads = std::min(static_cast<int>(worthwhile), split.parts);
        return split;
    }
    // The same, but fewer images than threads are cut into bands, at most `most` each: a part then is a band, and there is one for
    // each thread, since smaller ones cost oneDNN more.
    static Split of_bands(int64_t count, int64_t most, int64_t work, int64_t per_thread, int threads) {
        Split split = of(count, work, per_thread, threads);
        const int64_t worthwhile = std::clamp<int64_t>(work / per_thread, 1, std::max(threads, 1));
        const int64_t bands = std::min((worthwhile + count - 1) / count, most);
        if (bands < 2) return split;
        split.bands = static_cast<int>(bands);
        split.count = count * bands;
        split.parts = static_cast<int>(split.count);
        split.threads = static_cast<int>(std::min(worthwhile, split.count));
        return split;
    }
    int64_t begin(int part) const { return count * part / parts; }
    int64_t smallest() const { return count / parts; }
    int64_t largest() const { return (count + parts - 1) / parts; }
};

// body(begin, end, part, worker) for every part; no two at the same time have the same worker, which is below split.threads. The
// first exception of a part is thrown again once all are done.
template <class Body>
void run_parts(const Split& split, const Body& body) {
    if (split.parts == 1) {
        body(int64_t{0}, split.count, 0, 0);
        return;
    }
    struct Job {
        const Split& split;
        const Body& body;
        std::mutex mutex;
        std::exception_ptr failure;
    } job{split, body, {}, nullptr};
    octavo_parallel_for(
        split.parts, split.threads,
        [](void* context, int64_t index, int32_t worker) {
            Job& job = *static_cast<Job*>(context);
            const int part = static_cast<int>(index);
            try {
                const OneThread one;
                job.body(job.split.begin(part), job.split.begin(part + 1), part, static_cast<int>(worker));
            } catch (...) {
                std::lock_guard<std::mutex> lock(job.mutex);
                if (!job.failure) job.failure = std::current_exception();
            }
        },
        &job);
    if (job.failure) std::rethrow_exception(job.failure);
}

// body(begin, end) on ranges of elements, for loops whose result does not depend on how they are cut.
template <class Body>
void run_ranges(int64_t count, int64_t bytes, int threads, const Body& body) {
    run_parts(Split::of(count, bytes, bytes_per_thread, threads),
              [&](int64_t begin, int64_t end, int, int) { body(begin, end); });
}

}  // namespace octavo::onednn

#endif

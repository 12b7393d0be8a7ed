// Threads of this library are OpenMP's, because oneDNN's are: one runtime, its count set for the length of a call.
#ifndef OCTAVO_ONEDNN_THREADS_H
#define OCTAVO_ONEDNN_THREADS_H

#include <omp.h>

#include <algorithm>
#include <cstdint>

namespace octavo::onednn {

// Sets the calling thread's OpenMP count and puts the former one back, so that a caller's own OpenMP regions keep theirs.
class ThreadCount {
public:
    explicit ThreadCount(int threads) : before_(omp_get_max_threads()) {
        if (before_ != threads) omp_set_num_threads(threads);
        now_ = threads;
    }
    ~ThreadCount() {
        if (before_ != now_) omp_set_num_threads(before_);
    }
    ThreadCount(const ThreadCount&) = delete;
    ThreadCount& operator=(const ThreadCount&) = delete;

private:
    int before_, now_;
};

// Threads worth waking for so much work: each gets at least `per_thread` units, some 20 microseconds.
inline int threads_for(int64_t work, int64_t per_thread, int threads) {
    return static_cast<int>(std::clamp<int64_t>(work / per_thread, 1, std::max(threads, 1)));
}

constexpr int64_t macs_per_thread = 1000000;
constexpr int64_t bytes_per_thread = 256 * 1024;

// body(begin, end, part) on contiguous ranges that cover [0, count), one a thread, part < threads. body must not throw, and
// must give the same result however the range is cut.
template <class Body>
void parallel_ranges(int64_t count, int threads, const Body& body) {
    if (threads <= 1 || count <= 1) {
        body(int64_t{0}, count, int64_t{0});
        return;
    }
#pragma omp parallel num_threads(threads)
    {
        const int64_t parts = omp_get_num_threads(), part = omp_get_thread_num();
        const int64_t begin = count * part / parts, end = count * (part + 1) / parts;
        if (begin < end) body(begin, end, part);
    }
}

}  // namespace octavo::onednn

#endif

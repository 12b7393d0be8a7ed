// The process's worker threads.
#ifndef OCTAVO_CPU_POOL_H
#define OCTAVO_CPU_POOL_H

#include <cstdint>

namespace octavo {

// Process default for plans that do not set a count (octavo_threads).
int default_threads();
void set_default_threads(int threads);

using Task = void (*)(void* context, int64_t index, int worker);

// Calls task(context, i, worker) for each i in [0, count), worker in [0, threads), on at most `threads` threads, the caller's
// included; no two calls at the same time have the same worker number. The caller works too and returns when all are done. If the
// pool is busy (another caller, or a nested call) or threads is 1, all runs on the caller alone. Tasks must not throw. The caller is
// in a FloatEnvironment if tasks compute with floats: workers are, and reading the state of the unit waits for what it computes.
void parallel_for(int64_t count, int threads, Task task, void* context);

// The same for a callable, without allocation.
template <class F>
void parallel_for(int64_t count, int threads, const F& body) {
    parallel_for(
        count, threads, [](void* f, int64_t i, int worker) { (*static_cast<const F*>(f))(i, worker); },
        const_cast<void*>(static_cast<const void*>(&body)));
}

}  // namespace octavo

#endif

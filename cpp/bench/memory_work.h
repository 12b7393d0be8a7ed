// Memory-bound work by Octavo, by oneDNN, and what the machine itself can do.
#ifndef OCTAVO_BENCH_MEMORY_WORK_H
#define OCTAVO_BENCH_MEMORY_WORK_H

#include <memory>

#include "bench/peak.h"
#include "bench/problem.h"
#include "bench/workload.h"

namespace octavo::bench {

// Bytes that a run must read and write. Throws std::runtime_error for an unknown operation.
int64_t bytes_moved(const Shape& shape);
// Whether Octavo's function for it runs on the calling thread alone.
bool one_thread_only(const Shape& shape);

std::unique_ptr<Workload> octavo_memory(const Problem& problem);
// Throws std::exception where oneDNN has nothing like it.
std::unique_ptr<Workload> onednn_memory(const Problem& problem);
// The same number of bytes by memcpy, or read only where the operation writes next to nothing; on as many threads.
std::unique_ptr<Workload> machine_memory(const Problem& problem, const Peak& peak);

}  // namespace octavo::bench

#endif

#include "cpu/fork.h"

#include <pthread.h>

#include <atomic>

namespace octavo {
namespace {

std::atomic<uint32_t> generation{0};

[[maybe_unused]] const int registered = pthread_atfork(nullptr, nullptr, [] { generation.fetch_add(1); });

}  // namespace

uint32_t fork_generation() { return generation.load(std::memory_order_relaxed); }

}  // namespace octavo

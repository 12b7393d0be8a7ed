#include "bench/pin.h"

#include <omp.h>
#include <sched.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include "bench/octavo_layer.h"
#include "octavo/octavo.h"

namespace octavo::bench {

namespace {

const std::vector<int>& cpus() {
    static const std::vector<int> all = [] {
        std::vector<int> found;
        cpu_set_t mask;
        CPU_ZERO(&mask);
        sched_getaffinity(0, sizeof mask, &mask);
        for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
            if (CPU_ISSET(cpu, &mask)) found.push_back(cpu);
        }
        return found;
    }();
    return all;
}

// The calling thread.
void pin(const cpu_set_t& mask) {
    if (sched_setaffinity(0, sizeof mask, &mask) != 0)
        throw std::runtime_error("the thread cannot be pinned to its CPU");
}

// Of the i-th thread.
void pin_to_one(int i) {
    cpu_set_t mask;
    CPU_ZERO(&mask);
    CPU_SET(cpus().at(cpus().size() - 1 - static_cast<size_t>(i)), &mask);
    pin(mask);
}

// Each thread of Octavo takes one index, if all wait until all have one.
struct Meeting {
    std::atomic<int> there{0};
    int count;

    static void join(void* self, int64_t, int32_t worker) {
        auto& meeting = *static_cast<Meeting*>(self);
        pin_to_one(worker);
        ++meeting.there;
        while (meeting.there < meeting.count) std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
};

}  // namespace

int allowed_cpus() { return static_cast<int>(cpus().size()); }

void limit_to(int count) {
    cpu_set_t mask;
    CPU_ZERO(&mask);
    for (int i = 0; i < count; ++i) CPU_SET(cpus().at(cpus().size() - 1 - static_cast<size_t>(i)), &mask);
    pin(mask);
}

void pin_threads(int count) {
    Meeting meeting;
    meeting.count = count;
    check(octavo_parallel_for(count, count, Meeting::join, &meeting));
#pragma omp parallel num_threads(count)
    pin_to_one(omp_get_thread_num());
}

}  // namespace octavo::bench

#include "bench/pin.h"

#include <sched.h>

#include <stdexcept>
#include <vector>

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

}  // namespace

int allowed_cpus() { return static_cast<int>(cpus().size()); }

void pin_to(int count) {
    cpu_set_t mask;
    CPU_ZERO(&mask);
    for (int i = 0; i < count; ++i) CPU_SET(cpus().at(cpus().size() - 1 - static_cast<size_t>(i)), &mask);
    if (sched_setaffinity(0, sizeof mask, &mask) != 0)
        throw std::runtime_error("the thread cannot be pinned to its CPU");
}

}  // namespace octavo::bench

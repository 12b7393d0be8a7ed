#include "bench/peak.h"

#include <time.h>

#include <algorithm>
#include <stdexcept>

namespace octavo::bench {

namespace {

struct Loops {
    const char* isa;
    int64_t (*products)(int64_t);
    void (*read)(const std::byte*, size_t);
};

constexpr Loops all[] = {{"scalar", products_scalar, read_scalar},
                         {"avx2", products_avx2, read_avx2},
                         {"avx512", products_avx512, read_avx512},
                         {"vnni", products_vnni, read_vnni},
                         {"vbmi", products_vnni, read_vnni}};  // VBMI multiplies nothing

double thread_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double best_gops(int64_t (*products)(int64_t)) {
    constexpr int64_t steps = 50000;
    double best = 0;
    products(steps);
    for (int i = 0; i < 100; ++i) {
        const double start = thread_seconds();
        const int64_t macs = products(steps);
        best = std::max(best, 2e-9 * static_cast<double>(macs) / (thread_seconds() - start));
    }
    return best;
}

}  // namespace

Peak::Peak(const std::string& isa) : gops_(0), read_(nullptr) {
    for (const Loops& loops : all) {
        if (isa != loops.isa) continue;
        gops_ = best_gops(loops.products);
        read_ = loops.read;
    }
    if (read_ == nullptr) throw std::runtime_error("no peak loop for the instruction set " + isa);
}

}  // namespace octavo::bench
